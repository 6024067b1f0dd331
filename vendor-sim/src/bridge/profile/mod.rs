//! The profile on the server's side: which paths, member names, values, pages and times are served.
//!
//! A contract is written down once as a table of its members ([`Kind`]). The simulators make their answers as the
//! contract has them; a profile then moves every member to where its file says.

mod read;
mod shape;
mod time;

use std::collections::BTreeMap;

use serde_json::Value;
pub(crate) use shape::put;
use shape::{Shape, Spellings};
pub(crate) use time::{TimeForm, instant, instant_text};

use crate::host::Call;

/// What a contract says of the things that a profile may change.
#[derive(Debug)]
pub(crate) struct Contract {
    /// Section of the file that belongs to the client alone.
    pub(crate) own_section: &'static str,
    pub(crate) auth: fn() -> Auth,
    pub(crate) base: &'static str,
    /// Name in the file, and path below the base.
    pub(crate) paths: &'static [(&'static str, &'static str)],
    pub(crate) kinds: &'static [Kind],
    /// Whether there may be a section `events` that chooses between events and visits.
    pub(crate) visits: bool,
}

/// One kind of object, by the name of its section.
#[derive(Debug)]
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    /// Other names of its section.
    pub(crate) aliases: &'static [&'static str],
    pub(crate) fields: &'static [Field],
    /// The member that stays when an object inside a list is a plain value.
    pub(crate) plain: &'static str,
}

/// One member of an object.
#[derive(Debug)]
pub(crate) struct Field {
    /// Where the contract has it.
    pub(crate) pointer: &'static str,
    pub(crate) what: What,
    /// Other names than the pointer in small letters.
    pub(crate) aliases: &'static [&'static str],
}

/// How a member is treated.
#[derive(Debug, Clone, Copy)]
pub(crate) enum What {
    Plain,
    Instant,
    /// A day.
    Date,
    /// An object whose members are named one by one.
    Object,
    /// Words of a section `values`, and the words of the contract.
    Values(&'static str, &'static [&'static str]),
    /// A list of objects of another kind, and with which words before it a field of theirs is named.
    Inner(&'static str, &'static [&'static str]),
}

/// Who may call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Auth {
    Header { name: String, prefix: String },
    Basic,
    Session,
}

impl Auth {
    /// `Authorization: Bearer …`.
    pub(crate) fn bearer() -> Self {
        Self::Header { name: "Authorization".to_owned(), prefix: "Bearer ".to_owned() }
    }
}

/// How long lists are cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    Link,
    Page,
    Offset,
    AfterId,
    None,
}

/// Pages: how they are asked for, and where their parts stand.
#[derive(Debug, Clone)]
pub(crate) struct Paging {
    pub(crate) style: Style,
    /// An empty pointer: the answer is the list.
    pub(crate) items: String,
    pub(crate) next: String,
    /// Where the next cursor stands, which is no link.
    pub(crate) next_cursor: String,
    pub(crate) total: String,
    pub(crate) as_of: String,
    pub(crate) last: String,
    pub(crate) reset: String,
    pub(crate) limit_param: String,
    pub(crate) page_param: String,
    pub(crate) offset_param: String,
    pub(crate) after_param: String,
    pub(crate) first_page: usize,
}

impl Default for Paging {
    fn default() -> Self {
        let text = |text: &str| text.to_owned();
        Self {
            style: Style::Link,
            items: text("/items"),
            next: text("/next"),
            next_cursor: text("/next"),
            total: String::new(),
            as_of: text("/asOf"),
            last: text("/last"),
            reset: text("/reset"),
            limit_param: text("limit"),
            page_param: text("page"),
            offset_param: text("offset"),
            after_param: text("after"),
            first_page: 1,
        }
    }
}

/// Where a visit has its times in the contract's example.
pub(crate) const IN_AT: &str = "/in_datetime";
pub(crate) const OUT_AT: &str = "/out_datetime";

/// What is served.
#[derive(Debug, Clone)]
pub(crate) struct Profile {
    pub(crate) auth: Auth,
    pub(crate) base: String,
    /// Templates with the base, by name; what is not there is not served.
    paths: BTreeMap<&'static str, String>,
    pub(crate) paging: Paging,
    shapes: BTreeMap<&'static str, Shape>,
    pub(crate) time: TimeForm,
    /// A pattern for days; `None`: as `2026-03-02`.
    date_format: Option<String>,
    /// One record with both times instead of two events.
    pub(crate) visits: bool,
    pub(crate) by_day_path: String,
    /// Names of parameters by their names in the contract, in small letters; empty: the server does not know it.
    query: BTreeMap<String, String>,
    /// Where the members of a problem stand, by their names in the contract.
    problem: BTreeMap<String, String>,
    /// Other words: names of problems, and what a query says.
    words: BTreeMap<&'static str, Spellings>,
}

impl Profile {
    /// The contract as it is.
    pub(crate) fn built_in(contract: &'static Contract) -> Self {
        let paths = contract.paths.iter().map(|(name, path)| (*name, format!("{}{path}", contract.base)));
        Self {
            auth: (contract.auth)(),
            base: contract.base.to_owned(),
            paths: paths.collect(),
            paging: Paging::default(),
            shapes: contract.kinds.iter().map(|kind| (kind.name, Shape::of(kind))).collect(),
            time: TimeForm::default(),
            date_format: None,
            visits: false,
            by_day_path: "/sites/{site}/history?date={date}".to_owned(),
            query: BTreeMap::new(),
            problem: BTreeMap::new(),
            words: BTreeMap::new(),
        }
    }

    /// A file of the form of the contract's section 8, laid over the contract.
    ///
    /// # Errors
    /// The text is not TOML, or names something that the contract does not know; the message says what.
    pub(crate) fn parse(contract: &'static Contract, text: &str) -> anyhow::Result<Self> {
        read::profile(contract, text)
    }

    /// Whether something under this name is served.
    pub(crate) fn serves(&self, name: &str) -> bool {
        self.paths.contains_key(name)
    }

    /// The name of a path, and what stands in the places of its template.
    pub(crate) fn route(&self, path: &str) -> Option<(&'static str, Vec<(String, String)>)> {
        // A template without places goes before one that takes anything.
        let mut found: Vec<_> =
            self.paths.iter().filter_map(|(name, template)| Some((*name, places(template, path)?))).collect();
        found.sort_by_key(|(_, places)| places.len());
        found.into_iter().next()
    }

    /// An object of the contract as this profile shows it.
    pub(crate) fn show(&self, kind: &str, object: Value, time: &TimeForm) -> Value {
        match self.shapes.get(kind) {
            Some(shape) if !(shape.is_contract() && *time == TimeForm::default()) => {
                shape.show(&self.shapes, object, time, self.date_format.as_deref())
            }
            _ => object,
        }
    }

    /// An object that a caller sent, as the contract has it; `Err` names the member that cannot be read.
    pub(crate) fn take(&self, kind: &str, object: &Value) -> Result<Value, &'static str> {
        match self.shapes.get(kind) {
            Some(shape) => shape.take(&self.shapes, object, &self.time),
            None => Ok(object.clone()),
        }
    }

    /// What a call says for a parameter of the contract.
    pub(crate) fn asked<'a>(&self, call: &'a Call, name: &str) -> Option<&'a str> {
        call.param(self.parameter(name)).filter(|_| !self.parameter(name).is_empty())
    }

    /// What a parameter of the contract is called.
    pub(crate) fn parameter<'a>(&'a self, name: &'a str) -> &'a str {
        self.query.get(&small(name)).map_or(name, String::as_str)
    }

    /// A word of the contract for one of those that belong to no member.
    pub(crate) fn other_word(&self, section: &str, text: &str) -> String {
        self.words.get(section).map_or_else(|| text.to_owned(), |words| words.contract_word(text))
    }

    /// A problem as this profile shows it; `name` is its name in the contract.
    pub(crate) fn show_problem(&self, name: &str, problem: Value) -> Value {
        let mut shown = Value::Object(serde_json::Map::new());
        let Value::Object(members) = problem else { return problem };
        for (member, value) in members {
            let value = match self.words.get("problem").filter(|_| member == "type") {
                Some(words) => words.spelled(name, value),
                None => value,
            };
            let own = format!("/{member}");
            let place = self.problem.get(&small(&member)).unwrap_or(&own);
            if !place.is_empty() {
                put(&mut shown, place, value);
            }
        }
        shown
    }

    /// Whether a member is shown at all.
    pub(crate) fn shows(&self, kind: &str, pointer: &str) -> bool {
        self.shapes.get(kind).is_some_and(|shape| shape.shows(pointer))
    }

    /// A word of the contract for one that stands in a query.
    pub(crate) fn word(&self, kind: &str, pointer: &str, text: &str) -> String {
        self.shapes.get(kind).map_or_else(|| text.to_owned(), |shape| shape.word(pointer, text))
    }
}

/// `updatedAfter` is `updated_after`.
fn small(name: &str) -> String {
    let mut small = String::new();
    for character in name.chars() {
        if character.is_ascii_uppercase() {
            small.push('_');
        }
        small.push(character.to_ascii_lowercase());
    }
    small
}

/// What stands in the places of a template, if the path fits it; a query in the template is not looked at.
pub(crate) fn places(template: &str, path: &str) -> Option<Vec<(String, String)>> {
    let template = template.split('?').next().unwrap_or_default();
    let pieces = |text: &str| text.split('/').filter(|piece| !piece.is_empty()).map(str::to_owned).collect::<Vec<_>>();
    let (wanted, given) = (pieces(template), pieces(path));
    if wanted.len() != given.len() {
        return None;
    }
    let mut found = Vec::new();
    for (wanted, given) in wanted.iter().zip(&given) {
        let given = decoded(given);
        match wanted.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
            Some(name) => found.push((name.to_owned(), given)),
            None if *wanted == given => {}
            None => return None,
        }
    }
    Some(found)
}

/// A piece of a path with its `%xx` undone.
fn decoded(piece: &str) -> String {
    let plus = piece.replace('+', "%2B");
    url::form_urlencoded::parse(format!("p={plus}").as_bytes())
        .next()
        .map_or_else(String::new, |(_, value)| value.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_fit_their_templates() {
        assert_eq!(places("/api/v1/badges/{id}", "/api/v1/badges/b%2D5"), Some(vec![("id".into(), "b-5".into())]));
        assert_eq!(places("/api/v1/badges", "/api/v1/badges/"), Some(vec![]));
        assert_eq!(places("/a/{site}/h?date={date}", "/a/1/h"), Some(vec![("site".into(), "1".into())]));
        assert_eq!(places("/api/v1/badges", "/api/v1/readers"), None);
    }
}
