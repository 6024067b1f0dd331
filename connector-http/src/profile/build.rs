//! From TOML to a profile: a file over the built-in one, every fault found.

use super::{
    Auth, AuthKind, BuiltIn, Fields, Inner, InvalidProfile, Paging, PagingStyle, PathTemplate, Placed, Profile,
    ProfileFault, Setting, TimeFormat, TimeRules, ValueMap, document::Document, document::Entry, pointer, time,
};
use http::{HeaderName, header};
use serde_json::Value;
use std::{collections::BTreeMap, sync::Arc};

pub(super) fn profile(file: Option<(&str, &str)>, shape: &'static BuiltIn) -> Result<Profile, InvalidProfile> {
    let mut builder = Builder::new(shape, file.map_or(BUILT_IN, |(_, name)| name));
    if let Some((text, _)) = file {
        builder.overlay(Document::read(text));
    }
    let inner = builder.inner();
    let mut faults = builder.faults;
    faults.sort_by_key(|fault| fault.line);
    if faults.is_empty() { Ok(Profile(Arc::new(inner))) } else { Err(InvalidProfile::new(faults)) }
}

type Table = BTreeMap<(String, String), Placed>;

struct Builder {
    shape: &'static BuiltIn,
    file: String,
    base: Table,
    merged: Table,
    /// What the file says in `[values.*]`, in its order.
    spellings: Vec<Entry>,
    faults: Vec<ProfileFault>,
}

impl Builder {
    fn new(shape: &'static BuiltIn, file: &str) -> Self {
        let document = Document::read(shape.toml);
        let placed = |entry: Entry| ((entry.section, entry.key), Placed { setting: entry.setting, line: None });
        let base: Table = document.entries.into_iter().map(placed).collect();
        let mut builder = Self {
            shape,
            file: file.to_owned(),
            merged: base.clone(),
            base,
            spellings: Vec::new(),
            faults: Vec::new(),
        };
        for (line, place, reason) in document.unreadable {
            builder.say(Some(line), place, &reason, "the built-in profile has to be repaired");
        }
        builder
    }

    fn overlay(&mut self, document: Document) {
        for (line, place, reason) in document.unreadable {
            self.say(Some(line), place, &reason, "write it as TOML: key = \"text\" below a [section]");
        }
        for (section, line) in document.sections {
            self.check_section(&section, line);
        }
        let named: Vec<_> = document.entries.iter().filter(|entry| entry.section == "paths").cloned().collect();
        for entry in document.entries {
            if entry.section.is_empty() {
                let place = entry.key.clone();
                self.say(Some(entry.line), place, "stands outside of a section", &self.sections());
            } else if self.knows_section(&entry.section) {
                self.overlay_entry(entry);
            }
        }
        self.follow_lists(&named);
    }

    /// Where a file names the path of a list and not the one of an item of it, the item goes with its list.
    fn follow_lists(&mut self, named: &[Entry]) {
        for list in named {
            let built_in = self.base.get(&key("paths", &list.key)).and_then(|placed| placed.setting.as_text());
            let (Some(built_in), Some(text)) = (built_in, list.setting.as_text()) else { continue };
            let item = format!("{built_in}/{{id}}");
            let is_item = |placed: &Placed| placed.setting.as_text() == Some(item.as_str());
            let found = self.base.iter().find(|((section, _), placed)| section == "paths" && is_item(placed));
            let Some((place, _)) = found else { continue };
            if named.iter().any(|entry| entry.key == place.1) {
                continue;
            }
            let follows =
                if text.is_empty() { String::new() } else { format!("{}/{{id}}", text.trim_end_matches('/')) };
            self.merged.insert(place.clone(), Placed { setting: Setting::Text(follows), line: Some(list.line) });
        }
    }

    fn overlay_entry(&mut self, mut entry: Entry) {
        if entry.section.starts_with("values.") {
            self.spellings.push(entry);
            return;
        }
        if entry.section == "paging" && entry.key == "size_param" {
            "limit_param".clone_into(&mut entry.key);
        }
        let place = (entry.section.clone(), entry.key.clone());
        let Some(known) = self.base.get(&place) else {
            let keys = self.keys(&entry.section);
            self.fault_at(&entry, "is not known", &format!("use one of: {keys}"));
            return;
        };
        let expected = known.setting.kind();
        if expected != entry.setting.kind() {
            let found = entry.setting.kind();
            self.fault_at(&entry, &format!("is {found}"), &format!("write {expected}"));
            return;
        }
        self.merged.insert(place, Placed { setting: entry.setting, line: Some(entry.line) });
    }

    fn inner(&mut self) -> Inner {
        let auth = self.auth();
        let base = self.path("base").unwrap_or_default();
        let names = self.names("paths");
        let paths =
            names.into_iter().filter(|name| name != "base").map(|name| (name.clone(), self.path(&name))).collect();
        self.check_choices();
        Inner {
            vendor: self.shape.vendor,
            file: self.file.clone(),
            shape: self.shape,
            auth,
            base,
            paths,
            paging: self.paging(),
            fields: self.fields(),
            values: self.values(),
            time: self.time(),
            settings: self.settings(),
        }
    }

    fn auth(&mut self) -> Auth {
        let kind = self.text("auth", "kind");
        let kind = AuthKind::parse(&kind).unwrap_or_else(|| {
            self.fault("auth", "kind", "is no way of signing in", "use bearer, header, basic or session");
            AuthKind::Bearer
        });
        let standard = Auth { kind, header: header::AUTHORIZATION, prefix: "Bearer ".to_owned() };
        let own_header = self.is_from_file("auth", "header");
        // What the built-in profile says of the header belongs to its own way of signing in.
        let own = self.same_as_built_in("auth", "kind") || own_header || self.is_from_file("auth", "prefix");
        if !own || matches!(kind, AuthKind::Bearer | AuthKind::Basic) {
            self.check_standard_header(kind);
            return standard;
        }
        let name = if own_header || self.same_as_built_in("auth", "kind") {
            self.text("auth", "header")
        } else {
            header::AUTHORIZATION.to_string()
        };
        let header = name.parse::<HeaderName>().unwrap_or_else(|_| {
            self.fault("auth", "header", "is no name of a header", "write it like X-Api-Key");
            header::AUTHORIZATION
        });
        let prefix = self.text("auth", "prefix");
        if prefix.chars().any(char::is_control) {
            self.fault("auth", "prefix", "has a control character", "write plain text");
        }
        Auth { kind, header, prefix }
    }

    fn check_standard_header(&mut self, kind: AuthKind) {
        let word = if kind == AuthKind::Basic { "basic" } else { "bearer" };
        for (key, usual) in [("header", "authorization"), ("prefix", "bearer")] {
            let text = self.text("auth", key);
            if self.is_from_file("auth", key) && !text.trim().eq_ignore_ascii_case(usual) {
                self.fault(
                    "auth",
                    key,
                    &format!("has no effect with kind {word}"),
                    "use kind = \"header\", or leave it out",
                );
            }
        }
    }

    fn path(&mut self, name: &str) -> Option<PathTemplate> {
        let text = self.text("paths", name);
        if text.is_empty() {
            if self.shape.required_paths.contains(&name) {
                self.fault("paths", name, "is empty, but nothing works without it", "write its path");
            }
            return None;
        }
        let template = match PathTemplate::parse(&text) {
            Ok(template) => template,
            Err(reason) => {
                self.fault("paths", name, reason, "write it like /badges/{id}");
                return None;
            }
        };
        let built_in = self.base.get(&key("paths", name)).and_then(|placed| placed.setting.as_text());
        let expected = built_in.and_then(|text| PathTemplate::parse(text).ok()).unwrap_or_default();
        for hole in expected.holes() {
            if !template.holes().contains(&hole) {
                self.fault("paths", name, &format!("lacks {{{hole}}}"), "write where the value goes");
            }
        }
        for hole in template.holes() {
            if !expected.holes().contains(&hole) && !self.shape.placeholders.contains(&hole) {
                let known = braces(&[expected.holes(), self.shape.placeholders.to_vec()].concat());
                self.fault("paths", name, &format!("has {{{hole}}}, for which there is no value"), &known);
            }
        }
        Some(template)
    }

    fn paging(&mut self) -> Paging {
        let style = PagingStyle::parse(&self.text("paging", "style")).unwrap_or_else(|| {
            self.fault("paging", "style", "is no style of paging", "use link, page, offset, after-id or none");
            PagingStyle::None
        });
        let needed = match style {
            PagingStyle::Link => "next",
            PagingStyle::Page => "page_param",
            PagingStyle::Offset => "offset_param",
            PagingStyle::AfterId => "after_param",
            PagingStyle::None => "items",
        };
        if needed != "items" && self.text("paging", needed).is_empty() {
            self.fault(
                "paging",
                needed,
                "is empty, but this style of paging needs it",
                "fill it in, or choose another style",
            );
        }
        let page_size = self.int("paging", "page_size");
        if !(1..=10_000).contains(&page_size) {
            self.fault("paging", "page_size", "is no number of items", "write a number from 1 to 10000");
        }
        Paging {
            style,
            items: self.pointer("paging", "items"),
            next: self.pointer("paging", "next"),
            total: self.pointer("paging", "total"),
            limit_param: self.text("paging", "limit_param"),
            page_param: self.text("paging", "page_param"),
            offset_param: self.text("paging", "offset_param"),
            after_param: self.text("paging", "after_param"),
            first_page: self.int("paging", "first_page"),
            page_size,
        }
    }

    fn fields(&mut self) -> BTreeMap<String, Fields> {
        let mut objects: BTreeMap<String, Fields> = BTreeMap::new();
        for section in self.sections_below("fields.") {
            let object = section.trim_start_matches("fields.").to_owned();
            let shape = self.shape.objects.iter().find(|shape| shape.name == object);
            let mut fields = Fields::default();
            for name in self.names(&section) {
                let pointer = self.pointer(&section, &name);
                let needed = shape.is_some_and(|shape| {
                    let element = shape.lists.iter().any(|list| list.element == name);
                    shape.required.contains(&name.as_str()) && !element
                });
                if pointer.is_empty() && needed {
                    self.fault(
                        &section,
                        &name,
                        "is empty, but nothing works without it",
                        "write where it stands: /name",
                    );
                }
                fields.0.insert(name, Some(pointer).filter(|pointer| !pointer.is_empty()));
            }
            objects.insert(object, fields);
        }
        objects
    }

    fn values(&mut self) -> BTreeMap<String, ValueMap> {
        let mut maps = BTreeMap::new();
        for section in self.sections_below("values.") {
            let map = self.value_map(&section);
            maps.insert(section.trim_start_matches("values.").to_owned(), map);
        }
        maps
    }

    fn value_map(&mut self, section: &str) -> ValueMap {
        let words: Vec<String> = self.names(section);
        let mut map: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for word in &words {
            let setting = self.base.get(&key(section, word)).map(|placed| &placed.setting);
            map.insert(word.clone(), setting.map(scalars).unwrap_or_default());
        }
        let mine: Vec<Entry> = self.spellings.iter().filter(|entry| entry.section == section).cloned().collect();
        let mut own: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for entry in mine {
            if let Some((word, spellings)) = self.spelling(&entry, &words) {
                own.entry(word).or_default().extend(spellings);
            }
        }
        for (word, spellings) in &own {
            // What the file says of a spelling wins over what the built-in profile says of it.
            for known in map.values_mut() {
                known.retain(|known| !spellings.contains(known));
            }
            map.insert(word.clone(), spellings.clone());
        }
        ValueMap::new(map.into_iter().collect())
    }

    /// `word = ["spelling", …]`, or `"spelling" = "word"`.
    fn spelling(&mut self, entry: &Entry, words: &[String]) -> Option<(String, Vec<Value>)> {
        let name = entry.section.trim_start_matches("values.");
        let open = self.shape.open_values.contains(&name);
        let known = |word: &str| open || words.iter().any(|known| known == word);
        let found = match &entry.setting {
            Setting::List(items) if known(&entry.key) => {
                let spellings = scalars(&entry.setting);
                if spellings.len() != items.len() || spellings.is_empty() {
                    self.fault_at(
                        entry,
                        "is a list without values, or of lists",
                        "write the vendor's spellings: [\"A\", \"B\"]",
                    );
                    return None;
                }
                Some((entry.key.clone(), spellings))
            }
            Setting::Text(word) if known(word) => Some((word.clone(), vec![Value::String(entry.key.clone())])),
            _ => None,
        };
        let Some((word, spellings)) = found else {
            let remedy = format!("write one of [{}] = [\"the vendor's spelling\"]", words.join(", "));
            self.fault_at(entry, "does not say which of our words it is", &remedy);
            return None;
        };
        for spelling in &spellings {
            let other = self.spellings.iter().find(|other| {
                other.section == entry.section
                    && other.line < entry.line
                    && word_of(other, spelling).is_some_and(|w| w != word)
            });
            if let Some(line) = other.map(|other| other.line) {
                self.fault_at(
                    entry,
                    &format!("has a spelling that line {line} gives another word"),
                    "keep one of them",
                );
            }
        }
        Some((word, spellings))
    }

    fn time(&mut self) -> TimeRules {
        let format = TimeFormat::parse(&self.text("time", "format")).unwrap_or_else(|reason| {
            let remedy = "use rfc3339, unix-s, unix-ms, or a pattern with day and time such as %d.%m.%Y %H:%M:%S";
            self.fault("time", "format", reason, remedy);
            TimeFormat::Rfc3339
        });
        let zone = self.text("time", "zone_if_missing");
        let zone_if_missing = if zone.is_empty() {
            None
        } else {
            let read = zone.parse().ok();
            if read.is_none() {
                self.fault("time", "zone_if_missing", "is no time zone", "write it like Europe/London");
            }
            read
        };
        let date_format = self.text("time", "date_format");
        if !time::is_pattern(&date_format) {
            self.fault("time", "date_format", "is no pattern", "write it like %Y-%m-%d");
        }
        TimeRules { format, zone_if_missing, date_format }
    }

    fn settings(&mut self) -> BTreeMap<(String, String), Placed> {
        for name in self.names("problem") {
            self.pointer("problem", &name);
        }
        for name in self.names("headers") {
            let text = self.text("headers", &name);
            if !text.is_empty() && text.parse::<HeaderName>().is_err() {
                self.fault("headers", &name, "is no name of a header", "write it like If-Match, or \"\" for none");
            }
        }
        // Pointers to what stands beside the items of a page, as far as the vendor has more than the usual.
        for name in self.names("paging").into_iter().filter(|name| !PAGING.contains(&name.as_str())) {
            self.pointer("paging", &name);
        }
        let typed = |section: &str| {
            ["auth", "paths", "time"].contains(&section)
                || section.starts_with("fields.")
                || section.starts_with("values.")
        };
        self.merged
            .iter()
            .filter(|((section, _), _)| !typed(section))
            .map(|(k, placed)| (k.clone(), placed.clone()))
            .collect()
    }

    fn check_choices(&mut self) {
        for (section, name, texts) in self.shape.choices {
            if !texts.contains(&self.text(section, name).as_str()) {
                self.fault(
                    section,
                    name,
                    "is not one of the texts that it can be",
                    &format!("use {}", texts.join(", ")),
                );
            }
        }
    }

    fn pointer(&mut self, section: &str, name: &str) -> String {
        let text = self.text(section, name);
        if !text.is_empty() && !pointer::is_valid(&text) {
            self.fault(section, name, "is no JSON pointer", "write it like /person/name, or \"\" where there is none");
        }
        text
    }

    fn text(&self, section: &str, name: &str) -> String {
        let placed = self.merged.get(&key(section, name));
        placed.and_then(|placed| placed.setting.as_text()).unwrap_or_default().to_owned()
    }

    fn int(&self, section: &str, name: &str) -> i64 {
        self.merged.get(&key(section, name)).and_then(|placed| placed.setting.as_int()).unwrap_or_default()
    }

    fn is_from_file(&self, section: &str, name: &str) -> bool {
        self.merged.get(&key(section, name)).is_some_and(|placed| placed.line.is_some())
    }

    fn same_as_built_in(&self, section: &str, name: &str) -> bool {
        let setting = |table: &Table| table.get(&key(section, name)).map(|placed| placed.setting.clone());
        setting(&self.base) == setting(&self.merged)
    }

    fn names(&self, section: &str) -> Vec<String> {
        self.base.keys().filter(|(known, _)| known == section).map(|(_, name)| name.clone()).collect()
    }

    fn keys(&self, section: &str) -> String {
        self.names(section).join(", ")
    }

    fn sections_below(&self, prefix: &str) -> Vec<String> {
        let mut sections: Vec<_> = self
            .base
            .keys()
            .map(|(section, _)| section.clone())
            .filter(|section| section.starts_with(prefix))
            .collect();
        sections.dedup();
        sections
    }

    fn sections(&self) -> String {
        let mut sections: Vec<_> = self.base.keys().map(|(section, _)| format!("[{section}]")).collect();
        sections.dedup();
        format!("use one of the sections {}", sections.join(", "))
    }

    fn knows_section(&self, section: &str) -> bool {
        self.base.keys().any(|(known, _)| known == section)
    }

    fn check_section(&mut self, section: &str, line: usize) {
        if !self.knows_section(section) {
            self.say(Some(line), format!("[{section}]"), "is not known", &self.sections());
        }
    }

    /// A fault of a merged setting: the line of the file, if it stands there.
    fn fault(&mut self, section: &str, name: &str, reason: &str, remedy: &str) {
        let line = self.merged.get(&key(section, name)).and_then(|placed| placed.line);
        self.say(line, format!("[{section}] {name}"), reason, remedy);
    }

    fn fault_at(&mut self, entry: &Entry, reason: &str, remedy: &str) {
        self.say(Some(entry.line), format!("[{}] {}", entry.section, entry.key), reason, remedy);
    }

    fn say(&mut self, line: Option<usize>, place: String, reason: &str, remedy: &str) {
        self.faults.push(ProfileFault::new(&self.file, line, place, reason, remedy));
    }
}

fn key(section: &str, name: &str) -> (String, String) {
    (section.to_owned(), name.to_owned())
}

fn braces(names: &[&str]) -> String {
    if names.is_empty() {
        return "write a path without holes".to_owned();
    }
    let names: Vec<_> = names.iter().map(|name| format!("{{{name}}}")).collect();
    format!("use {}", names.join(", "))
}

fn scalars(setting: &Setting) -> Vec<Value> {
    match setting {
        Setting::Text(text) => vec![text.as_str().into()],
        Setting::Int(number) => vec![(*number).into()],
        Setting::Bool(truth) => vec![(*truth).into()],
        Setting::List(items) => {
            items.iter().filter(|item| !matches!(item, Setting::List(_))).flat_map(scalars).collect()
        }
    }
}

/// The word that an entry gives a spelling.
fn word_of(entry: &Entry, spelling: &Value) -> Option<String> {
    match &entry.setting {
        Setting::Text(word) => (spelling.as_str() == Some(entry.key.as_str())).then(|| word.clone()),
        list => scalars(list).contains(spelling).then(|| entry.key.clone()),
    }
}

const PAGING: [&str; 10] = [
    "style",
    "items",
    "next",
    "total",
    "limit_param",
    "page_param",
    "offset_param",
    "after_param",
    "first_page",
    "page_size",
];
const BUILT_IN: &str = "builtin";
