//! Reads one document, element by element, in bounded memory.

use crate::model::{PacError, PacErrorKind};
use quick_xml::{
    Reader, XmlVersion,
    events::{BytesStart, Event},
};

/// The one namespace.
pub(crate) const NAMESPACE: &str = "urn:pac-oem:bridge:1";

const DEPTH: usize = 8;
const ATTRIBUTES: usize = 40;
const VALUE: usize = 1024;
/// Nobody writes 1024 bytes in more than this, even when each is a reference.
const RAW_VALUE: usize = 8 * VALUE;
const ELEMENTS: usize = 20_000;
const NAME: usize = 64;

/// An element with its attributes; its content is still in the reader.
#[derive(Debug)]
pub(crate) struct Element {
    name: String,
    path: String,
    attributes: Vec<(String, String)>,
}

impl Element {
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// What is wrong with an attribute, or with the element itself when `attribute` is empty.
    pub(crate) fn fault(&self, attribute: &str, text: impl Into<String>) -> PacError {
        let path = match attribute {
            "" => self.path.clone(),
            name => format!("{}/@{name}", self.path),
        };
        PacError::new(PacErrorKind::SchemaViolation, text).with_path(path.trim_start_matches('/'))
    }
}

/// A cursor over a document.
pub(crate) struct XmlReader<'a> {
    inner: Reader<&'a [u8]>,
    open: Vec<String>,
    elements: usize,
    begun: bool,
}

enum Step {
    Start(Element),
    End,
    Text(String),
    Eof,
}

impl<'a> XmlReader<'a> {
    /// Takes a payload and reads up to its root.
    pub(crate) fn document(payload: &'a [u8]) -> Result<(Self, Element), PacError> {
        let text = std::str::from_utf8(payload).map_err(|e| malformed("the text is not UTF-8").with_source(e))?;
        if text.starts_with('\u{feff}') {
            return Err(malformed("the text begins with a byte order mark"));
        }
        let mut inner = Reader::from_str(text);
        let config = inner.config_mut();
        config.expand_empty_elements = true;
        config.check_comments = true;
        let mut reader = Self { inner, open: Vec::new(), elements: 0, begun: false };
        loop {
            match reader.step()? {
                Step::Start(root) => return Ok((reader, root)),
                Step::Text(text) if text.trim().is_empty() => {}
                Step::Text(_) | Step::End => return Err(malformed("text before the root")),
                Step::Eof => return Err(malformed("there is no root")),
            }
        }
    }

    /// The next child of the element that was entered last; none at its end, which is then left.
    pub(crate) fn child(&mut self) -> Result<Option<Element>, PacError> {
        loop {
            match self.step()? {
                Step::Start(element) => return Ok(Some(element)),
                Step::End => return Ok(None),
                Step::Text(_) => {}
                Step::Eof => return Err(ends_early()),
            }
        }
    }

    /// Leaves the element that was entered last, whatever is still in it.
    pub(crate) fn leave(&mut self) -> Result<(), PacError> {
        let outside = self.open.len().saturating_sub(1);
        while self.open.len() > outside {
            if matches!(self.step()?, Step::Eof) {
                return Err(ends_early());
            }
        }
        Ok(())
    }

    /// The text of the element that was entered last, which is then left.
    pub(crate) fn text(&mut self) -> Result<String, PacError> {
        let mut whole = String::new();
        loop {
            match self.step()? {
                Step::Text(text) if whole.len() + text.len() <= VALUE => whole.push_str(&text),
                Step::Text(_) => return Err(limit("a text is too long")),
                Step::Start(_) => self.leave()?,
                Step::End => return Ok(whole),
                Step::Eof => return Err(ends_early()),
            }
        }
    }

    /// Nothing may follow the root.
    pub(crate) fn finish(&mut self) -> Result<(), PacError> {
        loop {
            match self.step()? {
                Step::Eof => return Ok(()),
                Step::Text(text) if text.trim().is_empty() => {}
                _ => return Err(malformed("something follows the root")),
            }
        }
    }

    fn step(&mut self) -> Result<Step, PacError> {
        loop {
            let before = self.inner.buffer_position();
            let event = self.inner.read_event().map_err(|e| malformed("the text is not well-formed").with_source(e))?;
            match event {
                Event::Start(start) | Event::Empty(start) => return self.enter(&start).map(Step::Start),
                Event::End(_) => {
                    self.open.pop();
                    return Ok(Step::End);
                }
                Event::Text(text) => return legal(text.xml10_content().into_owned()).map(Step::Text),
                Event::CData(text) => return legal(text.into_inner().into_owned()).map(Step::Text),
                Event::GeneralRef(reference) => return resolve(&reference).map(Step::Text),
                Event::Comment(_) => {}
                Event::Decl(declaration) => self.declaration(before, &declaration)?,
                Event::PI(_) => return Err(forbidden("a processing instruction is not allowed")),
                Event::DocType(_) => return Err(forbidden("a document type is not allowed")),
                Event::Eof if self.open.is_empty() => return Ok(Step::Eof),
                Event::Eof => return Err(ends_early()),
            }
        }
    }

    fn declaration(&self, at: u64, declaration: &quick_xml::events::BytesDecl<'_>) -> Result<(), PacError> {
        if at != 0 || self.begun {
            return Err(forbidden("an XML declaration stands at the beginning only"));
        }
        match declaration.encoding() {
            None => Ok(()),
            Some(Ok(name)) if name.eq_ignore_ascii_case("utf-8") => Ok(()),
            Some(_) => Err(malformed("the declaration names another encoding than UTF-8")),
        }
    }

    fn enter(&mut self, start: &BytesStart<'_>) -> Result<Element, PacError> {
        self.begun = true;
        self.elements += 1;
        if self.elements > ELEMENTS {
            return Err(limit("too many elements"));
        }
        if self.open.len() >= DEPTH {
            return Err(limit("elements are nested too deeply"));
        }
        let name = plain_name(start.name().0)?;
        self.open.push(name.clone());
        let attributes = Self::attributes(start)?;
        let path = self.open.get(1..).unwrap_or_default().join("/");
        Ok(Element { name, path, attributes })
    }

    fn attributes(start: &BytesStart<'_>) -> Result<Vec<(String, String)>, PacError> {
        let mut attributes = Vec::new();
        // Names are compared here, among forty at most: the library compares each with all before it, however many.
        let mut raw = start.attributes();
        raw.with_checks(false);
        for (count, attribute) in raw.enumerate() {
            let attribute = attribute.map_err(|e| malformed("an attribute is not well-formed").with_source(e))?;
            if count >= ATTRIBUTES {
                return Err(limit("an element has too many attributes"));
            }
            if attribute.value.len() > RAW_VALUE {
                return Err(limit("an attribute is too long"));
            }
            let value = attribute
                .normalized_value(XmlVersion::Implicit1_0)
                .map_err(|e| malformed("an attribute holds an unknown reference").with_source(e))?;
            if value.len() > VALUE {
                return Err(limit("an attribute is too long"));
            }
            if attribute.value.contains('<') {
                return Err(malformed("an attribute holds an opening bracket"));
            }
            let value = legal(value.into_owned())?;
            if attribute.key.0 == "xmlns" {
                if value != NAMESPACE {
                    return Err(malformed("the namespace is another one"));
                }
                continue;
            }
            let name = plain_name(attribute.key.0)?;
            if attributes.iter().any(|(known, _)| *known == name) {
                return Err(malformed("an attribute stands twice"));
            }
            attributes.push((name, value));
        }
        Ok(attributes)
    }
}

/// A name without prefix.
fn plain_name(name: &str) -> Result<String, PacError> {
    if name.contains(':') {
        return Err(forbidden("a namespace prefix is not allowed"));
    }
    if name.len() > NAME {
        return Err(limit("a name is too long"));
    }
    let begins = name.chars().next().is_some_and(|c| c.is_alphabetic() || c == '_');
    if !begins || !name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.')) {
        return Err(malformed("a name holds something that no name holds"));
    }
    Ok(name.to_owned())
}

fn resolve(reference: &quick_xml::events::BytesRef<'_>) -> Result<String, PacError> {
    let unknown = || malformed("a reference is not one of the five, nor a number");
    match reference.resolve_char_ref().map_err(|e| unknown().with_source(e))? {
        Some(char) => legal(char.to_string()),
        None => quick_xml::escape::resolve_predefined_entity(reference).map(str::to_owned).ok_or_else(unknown),
    }
}

fn legal(text: String) -> Result<String, PacError> {
    if text.chars().all(super::writer::is_legal) { Ok(text) } else { Err(malformed("a character that XML forbids")) }
}

fn malformed(text: &str) -> PacError {
    PacError::new(PacErrorKind::XmlMalformed, text)
}

fn forbidden(text: &str) -> PacError {
    PacError::new(PacErrorKind::XmlForbidden, text)
}

fn limit(text: &str) -> PacError {
    PacError::new(PacErrorKind::XmlLimit, text)
}

fn ends_early() -> PacError {
    malformed("the text ends inside an element")
}
