//! Reads a profile file.

use std::collections::BTreeMap;

use anyhow::{Context, anyhow, bail, ensure};
use serde_json::Value;
use toml::Table;

use super::shape::{Placed, Shape, Spellings, words};
use super::{Auth, Contract, Field, IN_AT, Kind, OUT_AT, Paging, Profile, Style, TimeForm, What};
use crate::clock::Zone;

/// Reads a file over a contract; an error tells everything that is wrong, one line each.
pub(super) fn profile(contract: &'static Contract, text: &str) -> anyhow::Result<Profile> {
    let file: Table = toml::from_str(text).context("the profile is not TOML")?;
    let mut profile = Profile::built_in(contract);
    let mut faults = Faults::default();
    for (name, section) in &file {
        let Some(section) = section.as_table() else {
            faults.note(Err(anyhow!("'{name}' is not a section")));
            continue;
        };
        match name.as_str() {
            own if own == contract.own_section => {}
            "auth" => faults.note(auth(section).map(|auth| profile.auth = auth)),
            "paths" => faults.note(paths(contract, &mut profile, section)),
            "paging" => faults.note(paging(&mut profile.paging, section)),
            "fields" => fields(contract, &mut profile, section, &mut faults),
            "values" => values(contract, &mut profile, section, &mut faults),
            "time" => faults.note(time(&mut profile, section)),
            "query" => faults.note(texts(section, "query").map(|names| profile.query = names)),
            "problem" => faults.note(texts(section, "problem").map(|places| profile.problem = places)),
            "events" if contract.visits => faults.note(visits(&mut profile, section)),
            _ => faults.note(Err(anyhow!("there is no section [{name}]"))),
        }
    }
    faults.none()?;
    spread_changes(&mut profile);
    Ok(profile)
}

/// What is wrong with a file.
#[derive(Debug, Default)]
struct Faults(Vec<String>);

impl Faults {
    fn note(&mut self, result: anyhow::Result<()>) {
        if let Err(error) = result {
            self.0.push(format!("{error:#}"));
        }
    }

    fn none(self) -> anyhow::Result<()> {
        if self.0.is_empty() { Ok(()) } else { bail!(self.0.join("\n")) }
    }
}

/// An object whose parts changed has changed itself.
fn spread_changes(profile: &mut Profile) {
    let changed: Vec<&str> = profile.shapes.iter().filter(|(_, shape)| shape.changed).map(|(name, _)| *name).collect();
    for shape in profile.shapes.values_mut() {
        let inside = |field: &Placed| matches!(field.what, What::Inner(kind, _) if changed.contains(&kind));
        shape.changed |= shape.fields.iter().any(inside);
    }
}

fn text<'a>(section: &'a Table, name: &str, key: &str) -> anyhow::Result<Option<&'a str>> {
    section.get(key).map(|value| value.as_str().with_context(|| format!("{name}.{key} is not text"))).transpose()
}

fn known(section: &Table, name: &str, keys: &[&str]) -> anyhow::Result<()> {
    match section.keys().find(|key| !keys.contains(&key.as_str())) {
        Some(key) => bail!("{name}.{key} is not known; there are {}", keys.join(", ")),
        None => Ok(()),
    }
}

fn auth(section: &Table) -> anyhow::Result<Auth> {
    known(section, "auth", &["kind", "header", "prefix"])?;
    let kind = text(section, "auth", "kind")?.unwrap_or("bearer");
    let header = text(section, "auth", "header")?;
    let prefix = text(section, "auth", "prefix")?;
    Ok(match kind {
        "bearer" => Auth::bearer(),
        "header" => Auth::Header {
            name: header.context("auth.header is missing: which header?")?.to_owned(),
            prefix: prefix.unwrap_or_default().to_owned(),
        },
        "basic" => Auth::Basic,
        "session" => Auth::Session,
        other => bail!("auth.kind: '{other}' is none of bearer, header, basic, session"),
    })
}

fn paths(contract: &'static Contract, profile: &mut Profile, section: &Table) -> anyhow::Result<()> {
    let mut names: Vec<&str> = contract.paths.iter().map(|(name, _)| *name).collect();
    // A server has no use for a path of the client's own.
    names.extend(["base", "root"]);
    known(section, "paths", &names)?;
    let base = text(section, "paths", "base")?.unwrap_or(contract.base).trim_end_matches('/');
    base.clone_into(&mut profile.base);
    profile.paths.clear();
    for (name, built_in) in contract.paths {
        let path = match text(section, "paths", name)? {
            Some(path) => path.to_owned(),
            None => beside(contract, section, name, built_in)?,
        };
        if !path.is_empty() {
            ensure!(path.starts_with('/'), "paths.{name}: '{path}' does not begin with /");
            profile.paths.insert(name, format!("{base}{path}"));
        }
    }
    Ok(())
}

/// The path of one item when only the path of its list is named.
fn beside(contract: &Contract, section: &Table, name: &str, built_in: &str) -> anyhow::Result<String> {
    let Some(list) = built_in.strip_suffix("/{id}") else { return Ok(built_in.to_owned()) };
    let list_name = contract.paths.iter().find(|(_, path)| *path == list).map_or(name, |(name, _)| *name);
    Ok(match text(section, "paths", list_name)? {
        Some("") => String::new(),
        Some(list) => format!("{list}/{{id}}"),
        None => built_in.to_owned(),
    })
}

fn paging(paging: &mut Paging, section: &Table) -> anyhow::Result<()> {
    let keys = [
        "style",
        "items",
        "next",
        "total",
        "as_of",
        "last",
        "reset",
        "limit_param",
        "size_param",
        "page_param",
        "offset_param",
        "after_param",
        "first_page",
        "next_cursor",
        // How much the client asks for is its own business.
        "page_size",
    ];
    known(section, "paging", &keys)?;
    if let Some(style) = text(section, "paging", "style")? {
        paging.style = match style {
            "link" => Style::Link,
            "page" => Style::Page,
            "offset" => Style::Offset,
            "after-id" => Style::AfterId,
            "none" => Style::None,
            other => bail!("paging.style: '{other}' is none of link, page, offset, after-id, none"),
        };
    }
    for (key, place) in around(paging) {
        if let Some(wanted) = text(section, "paging", key)? {
            pointer(wanted).with_context(|| format!("paging.{key}"))?;
            wanted.clone_into(place);
        }
    }
    let params = [
        ("limit_param", &mut paging.limit_param),
        ("page_param", &mut paging.page_param),
        ("offset_param", &mut paging.offset_param),
        ("after_param", &mut paging.after_param),
    ];
    for (key, param) in params {
        if let Some(wanted) = text(section, "paging", key)? {
            wanted.clone_into(param);
        }
    }
    if let Some(size) = text(section, "paging", "size_param")? {
        size.clone_into(&mut paging.limit_param);
    }
    if let Some(first) = section.get("first_page") {
        let first = first.as_integer().and_then(|number| usize::try_from(number).ok());
        paging.first_page = first.context("paging.first_page is not a number from 0 on")?;
    }
    Ok(())
}

/// What stands around the items of a list.
fn around(paging: &mut Paging) -> [(&'static str, &mut String); 7] {
    [
        ("items", &mut paging.items),
        ("next", &mut paging.next),
        ("next_cursor", &mut paging.next_cursor),
        ("total", &mut paging.total),
        ("as_of", &mut paging.as_of),
        ("last", &mut paging.last),
        ("reset", &mut paging.reset),
    ]
}

fn fields(contract: &'static Contract, profile: &mut Profile, section: &Table, faults: &mut Faults) {
    for (name, entries) in section {
        let Some(entries) = entries.as_table() else {
            faults.note(Err(anyhow!("fields.{name} is not a section")));
            continue;
        };
        // What stands around the items may also be named here.
        if name == "page" {
            faults.note(page_fields(&mut profile.paging, entries));
            continue;
        }
        match kind(contract, name) {
            Ok(kind) => {
                for (key, place) in entries {
                    faults.note(
                        one_field(contract, profile, kind, key, place).with_context(|| format!("fields.{name}.{key}")),
                    );
                }
                objects(profile, kind, entries);
            }
            Err(error) => faults.note(Err(error)),
        }
    }
}

fn page_fields(paging: &mut Paging, entries: &Table) -> anyhow::Result<()> {
    known(entries, "fields.page", &around(paging).map(|(key, _)| key))?;
    for (key, place) in around(paging) {
        if let Some(wanted) = text(entries, "fields.page", key)? {
            pointer(wanted).with_context(|| format!("fields.page.{key}"))?;
            wanted.clone_into(place);
        }
    }
    Ok(())
}

/// Members of an object go where the object goes: those named with their own place inside it, the others as they were.
fn objects(profile: &mut Profile, kind: &Kind, entries: &Table) {
    let Some(shape) = profile.shapes.get_mut(kind.name) else { return };
    for object in kind.fields.iter().filter(|field| matches!(field.what, What::Object)) {
        let named_as =
            |field: &Field| entries.iter().find(|(key, _)| named(field, key)).and_then(|(_, place)| place.as_str());
        let Some(moved) = named_as(object) else { continue };
        for field in kind.fields {
            let Some(inside) = field.pointer.strip_prefix(object.pointer).filter(|rest| rest.starts_with('/')) else {
                continue;
            };
            let place = match named_as(field) {
                Some("") => String::new(),
                Some(whole) if moved.is_empty() || whole.starts_with(&format!("{moved}/")) => whole.to_owned(),
                Some(relative) => format!("{moved}{relative}"),
                None if moved.is_empty() => String::new(),
                None => format!("{moved}{inside}"),
            };
            place_field(shape, kind, field, &place);
        }
    }
}

fn one_field(
    contract: &'static Contract,
    profile: &mut Profile,
    kind: &'static Kind,
    key: &str,
    place: &toml::Value,
) -> anyhow::Result<()> {
    let place = place.as_str().context("this is not text")?;
    pointer(place)?;
    let (kind, field) =
        find(contract, kind, key).with_context(|| format!("this is not known; there are {}", names(contract, kind)))?;
    if let Some(shape) = profile.shapes.get_mut(kind.name) {
        place_field(shape, kind, field, place);
    }
    // A visit is the other form of events: what both have moves in both.
    if let ("event", Some(visit)) = (kind.name, profile.shapes.get_mut("visit")) {
        place_field(visit, kind, field, place);
    }
    Ok(())
}

fn place_field(shape: &mut Shape, kind: &Kind, field: &Field, place: &str) {
    if let Some(placed) = shape.fields.iter_mut().find(|placed| placed.contract == field.pointer) {
        let wanted = (!place.is_empty()).then(|| place.to_owned());
        shape.changed |= placed.place != wanted;
        if wanted.is_none() && kind.plain == field.pointer {
            shape.plain = Some(field.pointer);
        }
        placed.place = wanted;
    }
}

fn pointer(text: &str) -> anyhow::Result<()> {
    ensure!(text.is_empty() || text.starts_with('/'), "'{text}' is not a JSON pointer: it begins with / or is empty");
    Ok(())
}

fn kind(contract: &'static Contract, name: &str) -> anyhow::Result<&'static Kind> {
    let kinds: Vec<&str> = contract.kinds.iter().map(|kind| kind.name).collect();
    let found = contract.kinds.iter().find(|kind| kind.name == name || kind.aliases.contains(&name));
    found.with_context(|| format!("there is no section [fields.{name}]; there are {}", kinds.join(", ")))
}

/// A field by name: of the kind itself, or of the objects inside it with their word before it.
fn find(contract: &'static Contract, kind: &'static Kind, key: &str) -> Option<(&'static Kind, &'static Field)> {
    // What only the other form of events has may be named among events.
    let visit = contract.kinds.iter().find(|other| kind.name == "event" && other.name == "visit");
    for kind in [kind].into_iter().chain(visit) {
        if let Some(field) = kind.fields.iter().find(|field| named(field, key)) {
            return Some((kind, field));
        }
    }
    for field in kind.fields {
        let What::Inner(inner, prefixes) = field.what else { continue };
        let inner = contract.kinds.iter().find(|kind| kind.name == inner)?;
        for prefix in prefixes {
            let rest = key.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('_'));
            if let Some(found) = rest.and_then(|rest| inner.fields.iter().find(|field| named(field, rest))) {
                return Some((inner, found));
            }
        }
    }
    None
}

fn named(field: &Field, key: &str) -> bool {
    logical(field.pointer) == key || field.aliases.contains(&key)
}

/// `/address/postCode` is `address_post_code`.
fn logical(pointer: &str) -> String {
    let mut name = String::new();
    for character in pointer.chars().skip(1) {
        match character {
            '/' => name.push('_'),
            upper if upper.is_ascii_uppercase() => {
                name.push('_');
                name.push(upper.to_ascii_lowercase());
            }
            other => name.push(other),
        }
    }
    name
}

fn names(contract: &Contract, kind: &Kind) -> String {
    let mut names: Vec<String> = kind.fields.iter().map(|field| logical(field.pointer)).collect();
    for field in kind.fields {
        if let What::Inner(inner, prefixes) = field.what
            && let Some(inner) = contract.kinds.iter().find(|kind| kind.name == inner)
            && let Some(prefix) = prefixes.first()
        {
            names.extend(inner.fields.iter().map(|field| format!("{prefix}_{}", logical(field.pointer))));
        }
    }
    names.join(", ")
}

fn values(contract: &'static Contract, profile: &mut Profile, section: &Table, faults: &mut Faults) {
    for (name, entries) in section {
        match entries.as_table() {
            Some(entries) => faults.note(one_value(contract, profile, name, entries)),
            None => faults.note(Err(anyhow!("values.{name} is not a section"))),
        }
    }
}

/// Words that belong to no member: names of problems, and what a query says.
const OTHER_WORDS: [(&str, &[&str]); 2] = [("problem", &[]), ("enabled_query", &["all", "true", "false"])];

fn one_value(contract: &'static Contract, profile: &mut Profile, name: &str, entries: &Table) -> anyhow::Result<()> {
    if let Some((own, known)) = OTHER_WORDS.iter().find(|(own, _)| *own == name) {
        profile.words.insert(own, spellings(name, entries, known)?);
        return Ok(());
    }
    let mut found = false;
    for shape in profile.shapes.values_mut() {
        let mut changed = false;
        for field in &mut shape.fields {
            if let What::Values(section, words) = field.what
                && section == name
            {
                field.spellings = Some(spellings(name, entries, words)?);
                (found, changed) = (true, true);
            }
        }
        shape.changed |= changed;
    }
    ensure!(found, "there is no section [values.{name}]; there are {}", value_sections(contract).join(", "));
    Ok(())
}

fn value_sections(contract: &Contract) -> Vec<&'static str> {
    let fields = contract.kinds.iter().flat_map(|kind| kind.fields);
    let mut sections: Vec<&str> = fields
        .filter_map(|field| match field.what {
            What::Values(section, _) => Some(section),
            _ => None,
        })
        .collect();
    sections.sort_unstable();
    sections.dedup();
    sections
}

/// `word = [spellings]`, or `"spelling" = "word"`.
fn spellings(name: &str, entries: &Table, known: &[&str]) -> anyhow::Result<Spellings> {
    let mut found = Spellings::default();
    for (key, value) in entries {
        // Yes and no are as good as true and false.
        let key = match key.as_str() {
            "yes" if known.contains(&"true") => "true",
            "no" if known.contains(&"false") => "false",
            key => key,
        };
        if let Some(list) = value.as_array() {
            ensure!(known.is_empty() || known.contains(&key), "values.{name}.{key} is not a word of the contract");
            // Here the order is the writer's wish.
            let list: Vec<Value> = list.iter().map(|one| plain(name, key, one)).collect::<anyhow::Result<_>>()?;
            found.0.insert(key.to_owned(), list);
            continue;
        }
        let word = words(plain(name, key, value)?);
        match (known.contains(&word.as_str()), known.contains(&key)) {
            (false, true) => found.0.entry(key.to_owned()).or_default().push(plain(name, key, value)?),
            (false, false) if !known.is_empty() => bail!("values.{name}: '{word}' is not a word of the contract"),
            _ => {
                let mut list = found.0.remove(&word).unwrap_or_default();
                let place = if key == word { 0 } else { list.len() };
                list.insert(place, key.into());
                found.0.insert(word, list);
            }
        }
    }
    Ok(found)
}

fn plain(name: &str, key: &str, value: &toml::Value) -> anyhow::Result<Value> {
    Ok(match value {
        toml::Value::String(text) => text.as_str().into(),
        toml::Value::Integer(number) => (*number).into(),
        toml::Value::Boolean(flag) => (*flag).into(),
        _ => bail!("values.{name}.{key} is not text, a number or a flag"),
    })
}

fn time(profile: &mut Profile, section: &Table) -> anyhow::Result<()> {
    known(section, "time", &["format", "zone_if_missing", "date_format"])?;
    let zone = match text(section, "time", "zone_if_missing")?.filter(|name| !name.is_empty()) {
        Some(name) => {
            Zone::named(name).with_context(|| format!("time.zone_if_missing: '{name}' is not a time zone"))?
        }
        None => Zone::default(),
    };
    profile.time = TimeForm::named(text(section, "time", "format")?.unwrap_or("rfc3339"), zone)?;
    if let Some(date) = text(section, "time", "date_format")? {
        // A day has no zone; the pattern is checked as one of instants.
        TimeForm::named(date, zone).context("time.date_format")?;
        profile.date_format = Some(date.to_owned()).filter(|_| date.contains('%'));
        profile.shapes.values_mut().for_each(|shape| shape.changed = true);
    }
    Ok(())
}

/// A section of texts by any names.
fn texts(section: &Table, name: &str) -> anyhow::Result<BTreeMap<String, String>> {
    let one = |key: &String| Ok((key.clone(), text(section, name, key)?.unwrap_or_default().to_owned()));
    section.keys().map(one).collect()
}

fn visits(profile: &mut Profile, section: &Table) -> anyhow::Result<()> {
    known(section, "events", &["style", "visit_lookback_days", "in_at", "out_at", "by_day_path"])?;
    for (key, here) in [("in_at", IN_AT), ("out_at", OUT_AT)] {
        let Some(wanted) = text(section, "events", key)? else { continue };
        ensure!(!wanted.is_empty(), "events.{key} is empty");
        pointer(wanted).with_context(|| format!("events.{key}"))?;
        let shape = profile.shapes.get_mut("visit");
        for placed in shape.into_iter().flat_map(Shape::moved).filter(|placed| placed.contract == here) {
            placed.place = Some(wanted.to_owned());
        }
    }
    if let Some(path) = text(section, "events", "by_day_path")? {
        path.clone_into(&mut profile.by_day_path);
    }
    profile.visits = match text(section, "events", "style")?.unwrap_or("event") {
        "event" => false,
        "visit" => true,
        other => bail!("events.style: '{other}' is neither event nor visit"),
    };
    Ok(())
}
