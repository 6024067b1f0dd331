//! A TOML text as sections, keys and lines.

use std::fmt;
use toml::de::{DeTable, DeValue};

/// A value in a profile file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Setting {
    /// Text.
    Text(String),
    /// A whole number.
    Int(i64),
    /// Yes or no.
    Bool(bool),
    /// Several of these.
    List(Vec<Setting>),
}

/// A key of a section.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) section: String,
    pub(super) key: String,
    pub(super) setting: Setting,
    pub(super) line: usize,
}

/// What a text says, and what could not be read of it.
#[derive(Debug, Default)]
pub(super) struct Document {
    pub(super) entries: Vec<Entry>,
    /// Every section that has a header, also an empty one.
    pub(super) sections: Vec<(String, usize)>,
    /// Line, place, reason.
    pub(super) unreadable: Vec<(usize, String, String)>,
}

impl Setting {
    /// The text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The number, if it is one.
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Self::Int(number) => Some(*number),
            _ => None,
        }
    }

    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "a text",
            Self::Int(_) => "a whole number",
            Self::Bool(_) => "true or false",
            Self::List(_) => "a list",
        }
    }
}

/// As one would write it in JSON; lists with commas.
impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Int(number) => number.fmt(f),
            Self::Bool(truth) => truth.fmt(f),
            Self::List(items) => {
                for (place, item) in items.iter().enumerate() {
                    if place > 0 {
                        f.write_str(", ")?;
                    }
                    item.fmt(f)?;
                }
                Ok(())
            }
        }
    }
}

impl Document {
    pub(super) fn read(text: &str) -> Self {
        let lines = Lines::of(text);
        let (table, errors) = DeTable::parse_recoverable(text);
        let mut document = Self::default();
        for error in errors {
            let line = error.span().map_or(1, |span| lines.at(span.start));
            document.unreadable.push((line, "TOML".to_owned(), error.message().trim().replace('\n', " ")));
        }
        if document.unreadable.is_empty() {
            document.walk("", table.get_ref(), &lines);
        }
        document.entries.sort_by_key(|entry| entry.line);
        document
    }

    fn walk(&mut self, section: &str, table: &DeTable<'_>, lines: &Lines) {
        for (key, value) in table {
            let (name, line) = (key.get_ref().as_ref(), lines.at(key.span().start));
            if let DeValue::Table(inner) = value.get_ref() {
                let inner_section = if section.is_empty() { name.to_owned() } else { format!("{section}.{name}") };
                let group = !inner.is_empty() && inner.iter().all(|(_, value)| value.get_ref().is_table());
                if !group {
                    self.sections.push((inner_section.clone(), line));
                }
                self.walk(&inner_section, inner, lines);
                continue;
            }
            match setting(value.get_ref()) {
                Some(setting) => {
                    self.entries.push(Entry { section: section.to_owned(), key: name.to_owned(), setting, line });
                }
                None => self.unreadable.push((line, format!("[{section}] {name}"), NO_SETTING.to_owned())),
            }
        }
    }
}

fn setting(value: &DeValue<'_>) -> Option<Setting> {
    match value {
        DeValue::String(text) => Some(Setting::Text(text.to_string())),
        DeValue::Integer(number) => {
            let digits = number.as_str().replace('_', "");
            i64::from_str_radix(&digits, number.radix()).ok().map(Setting::Int)
        }
        DeValue::Boolean(truth) => Some(Setting::Bool(*truth)),
        DeValue::Array(items) => {
            items.iter().map(|item| setting(item.get_ref())).collect::<Option<_>>().map(Setting::List)
        }
        _ => None,
    }
}

/// Where the lines of a text begin.
struct Lines(Vec<usize>);

impl Lines {
    fn of(text: &str) -> Self {
        Self(std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect())
    }

    fn at(&self, offset: usize) -> usize {
        self.0.partition_point(|begin| *begin <= offset)
    }
}

const NO_SETTING: &str = "is neither a text, a whole number, true or false, nor a list of these";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_know_section_key_and_line() {
        let document = Document::read("[a]\nx = \"1\"\n\n[b.c]\n\"y.z\" = [1, true]\n[d]\n");
        let entries: Vec<_> = document
            .entries
            .iter()
            .map(|e| (e.section.as_str(), e.key.as_str(), e.setting.to_string(), e.line))
            .collect();
        assert_eq!(entries, [("a", "x", "1".to_owned(), 2), ("b.c", "y.z", "1, true".to_owned(), 5)]);
        assert!(document.sections.contains(&("d".to_owned(), 6)), "{:?}", document.sections);
    }

    #[test]
    fn what_is_no_toml_is_told_with_its_line() {
        let document = Document::read("[a]\nx = \n");
        assert_eq!(document.unreadable.first().map(|(line, ..)| *line), Some(2), "{document:?}");
    }

    #[test]
    fn dates_and_fractions_are_no_settings() {
        assert_eq!(Document::read("[a]\nx = 1.5\ny = 2026-01-01\n").unreadable.len(), 2);
    }
}
