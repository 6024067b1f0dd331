//! A TOML file with the places of everything in it, so that every fault has its line.

use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue, Deserializer};

use super::{ConfigFault, Shared};
use crate::FileFault;

/// Faults that are looked for before giving up.
const MOST_FAULTS: usize = 20;
/// Names less like each other than this are not proposed.
const ALIKE: f64 = 0.75;

/// A TOML file, or a part of it.
#[derive(Debug)]
pub(super) struct Document<'a> {
    file: PathBuf,
    text: &'a str,
    table: DeTable<'a>,
}

impl<'a> Document<'a> {
    /// Reads TOML; what cannot be read at all is a fault, and the rest goes on.
    pub(super) fn parse(file: &Path, text: &'a str) -> (Self, Vec<FileFault>) {
        let (table, errors) = DeTable::parse_recoverable(text);
        let document = Self { file: file.to_owned(), text, table: table.into_inner() };
        let faults = errors
            .into_iter()
            .map(|error| {
                let what = format!("this is no TOML: {}", error.message());
                document.fault(error.span(), what, "Compare with the file that `init` writes")
            })
            .collect();
        (document, faults)
    }

    /// Takes the shared sections out; of split sections only the shared keys.
    pub(super) fn take_shared(&mut self) -> Self {
        let mut shared = DeTable::new();
        let names: Vec<_> = self.table.keys().cloned().collect();
        for name in names {
            let section = name.get_ref().as_ref().to_owned();
            if !Shared::SECTIONS.contains(&section.as_str()) {
                continue;
            }
            let Some(mut value) = self.table.remove(&name) else { continue };
            if Shared::SPLIT.contains(&section.as_str()) {
                let rest = split(&mut value);
                if let Some(rest) = rest {
                    self.table.insert(name.clone(), rest);
                }
            }
            shared.insert(name, value);
        }
        Self { file: self.file.clone(), text: self.text, table: shared }
    }

    /// Reads the document into a type, collecting fault after fault: whatever is at fault is left out, and the rest is
    /// read again. `others` are names that are known elsewhere, for proposals.
    pub(super) fn read<T: DeserializeOwned>(mut self, others: &[&str], faults: &mut Vec<FileFault>) -> Option<T> {
        let mut removed: Vec<String> = Vec::new();
        let before = faults.len();
        while faults.len() - before < MOST_FAULTS {
            let whole = Spanned::new(0..self.text.len(), self.table.clone());
            let error = match T::deserialize(Deserializer::from(whole)) {
                Ok(value) => return (faults.len() == before).then_some(value),
                Err(error) => error,
            };
            let missing = quoted(error.message(), "missing field `");
            if missing.is_some_and(|name| removed.iter().any(|gone| gone == name)) {
                return None;
            }
            let place = error.span().and_then(|span| find(&self.table, &span));
            match quoted(error.message(), "unknown field `").filter(|unknown| others.contains(unknown)) {
                Some(section) => faults.extend(self.only_shared(section)),
                None => faults.push(self.describe(&error, place.as_deref(), others)),
            }
            match place {
                Some(path) if !path.is_empty() => {
                    removed.extend(path.last().cloned());
                    remove(&mut self.table, &path);
                }
                _ => return None,
            }
        }
        None
    }

    /// The fault of a setting with its line; that of the section if the setting is not in the file.
    pub(super) fn locate(&self, fault: &ConfigFault) -> FileFault {
        let mut span = None;
        let mut table = Some(&self.table);
        for name in fault.setting.split('.') {
            let name = name.split('[').next().unwrap_or_default();
            let found = table.and_then(|table| table.iter().find(|(key, _)| key.get_ref().as_ref() == name));
            let Some((key, value)) = found else { break };
            span = Some(key.span());
            table = value.get_ref().as_table();
        }
        self.fault(span, format!("{}: {}", fault.setting, fault.what), &fault.remedy)
    }

    /// A shared section in which this program has no settings of its own.
    fn only_shared(&self, section: &str) -> Vec<FileFault> {
        let found = self.table.iter().find(|(key, _)| key.get_ref().as_ref() == section);
        let keys = found.and_then(|(_, value)| value.get_ref().as_table()).into_iter().flatten();
        keys.map(|(key, _)| {
            let what = format!("there is no setting \"{section}.{}\"", key.get_ref());
            self.fault(Some(key.span()), what, "Known is: interval")
        })
        .collect()
    }

    fn describe(&self, error: &toml::de::Error, path: Option<&[String]>, others: &[&str]) -> FileFault {
        let message = error.message();
        let setting = path.map(|path| path.join(".")).unwrap_or_default();
        if let Some(unknown) = quoted(message, "unknown field `") {
            let known: Vec<&str> = message.split('`').skip(3).step_by(2).chain(others.iter().copied()).collect();
            let remedy = match nearest(unknown, &known) {
                Some(name) => format!("Did you mean \"{name}\"?"),
                None if known.is_empty() => "Nothing can be set here".to_owned(),
                None => format!("Known are: {}", known.join(", ")),
            };
            return self.fault(error.span(), format!("there is no setting \"{setting}\""), &remedy);
        }
        if let Some(missing) = quoted(message, "missing field `") {
            let section = if setting.is_empty() { missing.to_owned() } else { format!("{setting}.{missing}") };
            let what = format!("the setting \"{section}\" is missing");
            return self.fault(error.span(), what, "Add it; the file that `init` writes shows how");
        }
        let what = if setting.is_empty() { message.to_owned() } else { format!("{setting}: {message}") };
        self.fault(error.span(), what.trim_end_matches('.').to_owned(), "The file that `init` writes shows how")
    }

    fn fault(&self, span: Option<Range<usize>>, what: String, remedy: &str) -> FileFault {
        let start = span.map_or(0, |span| span.start);
        let line = self.text.get(..start).map_or(0, |before| before.matches('\n').count()) + 1;
        FileFault { file: self.file.clone(), line, what, remedy: remedy.to_owned() }
    }
}

/// Leaves `interval` in a section and returns the rest, if there is any.
fn split<'a>(section: &mut Spanned<DeValue<'a>>) -> Option<Spanned<DeValue<'a>>> {
    let span = section.span();
    let DeValue::Table(table) = section.get_mut() else { return None };
    let mut rest = DeTable::new();
    let names: Vec<_> = table.keys().filter(|name| name.get_ref() != "interval").cloned().collect();
    for name in names {
        if let Some(value) = table.remove(&name) {
            rest.insert(name, value);
        }
    }
    (!rest.is_empty()).then(|| Spanned::new(span, DeValue::Table(rest)))
}

/// The path to the innermost entry whose key or value has this place.
fn find(table: &DeTable<'_>, span: &Range<usize>) -> Option<Vec<String>> {
    for (key, value) in table {
        let name = key.get_ref().as_ref().to_owned();
        if let Some(mut path) = value.get_ref().as_table().and_then(|inner| find(inner, span)) {
            path.insert(0, name);
            return Some(path);
        }
        let value_span = value.span();
        let within = value_span.start <= span.start && span.end <= value_span.end && !value_span.is_empty();
        if key.span() == *span || within {
            return Some(vec![name]);
        }
    }
    None
}

fn remove(table: &mut DeTable<'_>, path: &[String]) {
    let Some((name, rest)) = path.split_first() else { return };
    let Some(key) = table.keys().find(|key| key.get_ref().as_ref() == name.as_str()).cloned() else { return };
    if rest.is_empty() {
        table.remove(&key);
    } else if let Some(DeValue::Table(inner)) = table.get_mut(&key).map(Spanned::get_mut) {
        remove(inner, rest);
    }
}

/// The name in backticks that follows `lead`.
fn quoted<'m>(message: &'m str, lead: &str) -> Option<&'m str> {
    message.split_once(lead)?.1.split('`').next()
}

fn nearest<'k>(unknown: &str, known: &[&'k str]) -> Option<&'k str> {
    let likeness = |name: &&str| (strsim::jaro_winkler(unknown, name) * 1_000.0).round();
    let best = known.iter().copied().max_by(|a, b| likeness(a).total_cmp(&likeness(b)))?;
    (likeness(&best) >= ALIKE * 1_000.0).then_some(best)
}
