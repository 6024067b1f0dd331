//! What an event takes up.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;
use std::sync::Arc;

use crate::event::Event;
use crate::property::Property;
use crate::text::{collapse, decode_entities, first_chars, name_key, split_list, unescape};
use crate::{Dialect, Options, ProblemKind};

/// The resources a caller knows, and those that a body named so far.
#[derive(Debug)]
pub(crate) struct Resources<'o> {
    options: &'o Options,
    dialect: Dialect,
    /// Spelling of the caller by the form in which names are compared.
    known: HashMap<String, &'o str>,
    /// What a `LOCATION` seen before came to.
    places: HashMap<String, Rc<[Found]>>,
    /// What all `RESOURCES` lines of an event, joined, came to.
    lists: HashMap<String, Arc<[String]>>,
    /// The key of the list that is looked for.
    joined: String,
    fixed: Option<Arc<[String]>>,
    unknown: HashSet<String>,
    /// Some of the names, to tell one from several.
    seen: Vec<String>,
}

/// A name and whether the caller knows it.
#[derive(Clone, Debug)]
struct Found {
    name: String,
    known: bool,
}

impl<'o> Resources<'o> {
    pub(crate) fn new(options: &'o Options, dialect: Dialect) -> Self {
        let known = options.resources.iter().rev().map(|name| (name_key(name), name.as_str())).collect();
        Self {
            options,
            dialect,
            known,
            places: HashMap::new(),
            lists: HashMap::new(),
            joined: String::new(),
            fixed: options.fixed_resource.clone().map(|fixed| [fixed].into()),
            unknown: HashSet::new(),
            seen: Vec::new(),
        }
    }

    /// Whether the body named more than one resource.
    pub(crate) fn are_several(&self) -> bool {
        self.seen.len() > 1
    }

    /// The resources of an event, in the order of the feed, none twice.
    pub(crate) fn of(&mut self, event: &Event<'_>, notes: &mut Vec<(ProblemKind, u32)>) -> Arc<[String]> {
        if let Some(fixed) = &self.fixed {
            return Arc::clone(fixed);
        }
        if self.dialect == Dialect::Type2Template || event.resources.is_empty() {
            return self.elsewhere(event, notes);
        }
        self.joined.clear();
        for line in &event.resources {
            self.joined.push_str(line.value());
            self.joined.push('\n');
        }
        if let Some(known) = self.lists.get(&self.joined) {
            return Arc::clone(known);
        }
        let notes_before = notes.len();
        let listed = self.listed(event);
        let by_themselves = !listed.is_empty();
        let names = if by_themselves { self.names(listed, notes) } else { self.elsewhere(event, notes) };
        // An unknown name is noted once; then its list may be remembered as well.
        let as_always = by_themselves && notes.len() == notes_before;
        if as_always && self.lists.len() < REMEMBERED && self.joined.len() <= LONGEST_NAME {
            self.lists.insert(self.joined.clone(), Arc::clone(&names));
        }
        names
    }

    /// Those of an event whose `RESOURCES` name none.
    fn elsewhere(&mut self, event: &Event<'_>, notes: &mut Vec<(ProblemKind, u32)>) -> Arc<[String]> {
        let mut found = Vec::new();
        if self.dialect != Dialect::Type2Template {
            found = event.attendees.iter().filter_map(|property| self.room(property)).collect();
        }
        if found.is_empty()
            && let Some(place) = &event.location
        {
            found = self.place(place).iter().map(|found| (place.line, found.clone())).collect();
        }
        self.names(found, notes)
    }

    fn names(&mut self, lines: Vec<(u32, Found)>, notes: &mut Vec<(ProblemKind, u32)>) -> Arc<[String]> {
        let mut names: Vec<String> = Vec::with_capacity(lines.len().min(self.options.limits.resources));
        let mut seen = HashSet::new();
        let several = lines.len() > 1;
        for (line, found) in lines {
            if several && !seen.insert(found.name.clone()) {
                continue;
            }
            if names.len() >= self.options.limits.resources {
                notes.push((ProblemKind::TooManyResources, line));
                break;
            }
            self.note(&found, line, notes);
            names.push(found.name);
        }
        if names.is_empty() {
            names.extend(self.options.default_resource.clone());
        }
        names.into()
    }

    /// What the `RESOURCES` of an event name.
    fn listed(&self, event: &Event<'_>) -> Vec<(u32, Found)> {
        let most = self.options.limits.resources.saturating_mul(2);
        let lines = event.resources.iter();
        let names = lines
            .flat_map(|property| self.resource_list(property.value()).into_iter().map(|found| (property.line, found)));
        names.take(most).collect()
    }

    /// What a `LOCATION` comes to; the same text does not have to be looked at again.
    fn place(&mut self, property: &Property<'_>) -> Rc<[Found]> {
        let value = property.value();
        if let Some(found) = self.places.get(value) {
            return Rc::clone(found);
        }
        let found: Rc<[Found]> = self.location(value).into();
        if self.places.len() < REMEMBERED && value.len() <= LONGEST_NAME {
            self.places.insert(value.to_owned(), Rc::clone(&found));
        }
        found
    }

    fn resource_list(&self, value: &str) -> Vec<Found> {
        let whole = self.found(&unescape(value, false));
        if whole.as_ref().is_some_and(|found| found.known) {
            return whole.into_iter().collect();
        }
        let most = self.options.limits.resources.saturating_mul(2);
        split_list(value).take(most).filter_map(|part| self.found(&unescape(part, false))).collect()
    }

    /// One name; several only if each of them is known.
    fn location(&self, value: &str) -> Vec<Found> {
        let text = unescape(value, self.dialect == Dialect::Type2Template);
        let Some(whole) = self.found(&text) else { return Vec::new() };
        if whole.known || self.known.is_empty() {
            return vec![whole];
        }
        [';', ','].iter().find_map(|&separator| self.all_known(&text, separator)).unwrap_or_else(|| vec![whole])
    }

    fn all_known(&self, text: &str, separator: char) -> Option<Vec<Found>> {
        if !text.contains(separator) || text.len() > LONGEST_LIST {
            return None;
        }
        text.split(separator).map(|part| self.found(part).filter(|found| found.known)).collect()
    }

    /// The room that an invitation names, unless it declined.
    fn room(&self, property: &Property<'_>) -> Option<(u32, Found)> {
        let room = ["ROOM", "RESOURCE"].iter().any(|kind| property.parameter_is("CUTYPE", kind));
        if !room || property.parameter_is("PARTSTAT", "DECLINED") {
            return None;
        }
        Some((property.line, self.found(&property.parameter("CN")?)?))
    }

    fn found(&self, name: &str) -> Option<Found> {
        let type2 = matches!(self.dialect, Dialect::Type2Template | Dialect::Type2Escaped);
        let decoded = if type2 { decode_entities(name) } else { Cow::Borrowed(name) };
        let name = collapse(&decoded);
        if name.is_empty() {
            return None;
        }
        let known = if self.known.is_empty() { None } else { self.known.get(&name_key(&name)) };
        Some(match known {
            Some(known) => Found { name: (*known).to_owned(), known: true },
            None => Found { name: first_chars(&name, LONGEST_NAME).to_owned(), known: false },
        })
    }

    /// Unknown names are reported once each.
    fn note(&mut self, found: &Found, line: u32, notes: &mut Vec<(ProblemKind, u32)>) {
        if self.seen.len() < 2 && !self.seen.contains(&found.name) {
            self.seen.push(found.name.clone());
        }
        if !found.known && !self.known.is_empty() && self.unknown.len() < REMEMBERED {
            let key = name_key(&found.name);
            if self.unknown.insert(key) {
                notes.push((ProblemKind::UnknownResource, line));
            }
        }
    }
}

/// Lines and unknown names that are remembered.
const REMEMBERED: usize = 10_000;

/// Bytes of a text that may be several names.
const LONGEST_LIST: usize = 10_000;

/// Characters of a name that are kept.
const LONGEST_NAME: usize = 500;
