//! Reads a payload: well-formed, nothing forbidden, within limits.

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Error as XmlError, Reader, XmlVersion};

use super::element::{Element, NAMESPACE, is_legal};
use super::refusal::{Code, Refusal};

const DEPTH: usize = 8;
const ATTRIBUTES: usize = 40;
const VALUE: usize = 1024;
const ELEMENTS: usize = 20_000;

/// Why a payload is refused, and the number of the request if it could be read.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::pac) struct Unread {
    pub(in crate::pac) id: Option<u32>,
    pub(in crate::pac) refusal: Refusal,
}

/// Reads one document.
pub(in crate::pac) fn document(payload: &[u8]) -> Result<Element, Unread> {
    let mut parser = Parser::default();
    parser.run(payload).map_err(|refusal| {
        let root = parser.open.first().or(parser.root.as_ref());
        let id = root.and_then(|root| root.get("id")).and_then(|id| id.parse().ok());
        Unread { id, refusal }
    })
}

#[derive(Default)]
struct Parser {
    open: Vec<Element>,
    root: Option<Element>,
    elements: usize,
}

impl Parser {
    fn run(&mut self, payload: &[u8]) -> Result<Element, Refusal> {
        let text = std::str::from_utf8(payload).map_err(|_| malformed("The payload is not UTF-8."))?;
        if text.starts_with('\u{feff}') {
            return Err(malformed("A byte order mark is not allowed."));
        }
        if !text.chars().all(is_legal) {
            return Err(malformed("There is a character that XML cannot hold."));
        }
        let mut reader = Reader::from_str(text);
        let mut first = true;
        loop {
            let event = reader.read_event().map_err(|error| told(&error))?;
            if self.take(event, first)? {
                break;
            }
            first = false;
        }
        if !self.open.is_empty() {
            return Err(malformed("An element is not closed."));
        }
        self.root.take().ok_or_else(|| malformed("There is no element."))
    }

    /// Takes one event; true at the end.
    fn take(&mut self, event: Event<'_>, first: bool) -> Result<bool, Refusal> {
        match event {
            Event::Eof => return Ok(true),
            Event::DocType(_) => return Err(forbidden("DOCTYPE is not allowed.")),
            Event::PI(_) => return Err(forbidden("Processing instructions are not allowed.")),
            Event::Decl(_) if !first => return Err(malformed("The declaration stands in the wrong place.")),
            Event::Decl(declaration) => {
                if let Some(Ok(encoding)) = declaration.encoding()
                    && !encoding.as_ref().eq_ignore_ascii_case("utf-8")
                {
                    return Err(malformed("The declaration does not say UTF-8."));
                }
            }
            Event::Start(tag) => {
                let element = self.element(&tag)?;
                self.open.push(element);
            }
            Event::Empty(tag) => {
                let element = self.element(&tag)?;
                self.close(element)?;
            }
            Event::End(_) => {
                let element = self.open.pop().ok_or_else(|| malformed("A tag closes nothing."))?;
                self.close(element)?;
            }
            Event::Text(text) => self.text(&text)?,
            Event::CData(text) => self.text(&text)?,
            Event::GeneralRef(reference) => match reference.resolve_char_ref() {
                Ok(Some(letter)) if is_legal(letter) => self.text(letter.encode_utf8(&mut [0; 4]))?,
                Ok(None) if ["lt", "gt", "amp", "apos", "quot"].contains(&&*reference) => self.text("?")?,
                Ok(None) => return Err(forbidden("Entities are not allowed.")),
                _ => return Err(malformed("A character reference is wrong.")),
            },
            Event::Comment(_) => {}
        }
        Ok(false)
    }

    fn element(&mut self, tag: &BytesStart<'_>) -> Result<Element, Refusal> {
        if self.root.is_some() {
            return Err(malformed("There is more than one document."));
        }
        self.elements += 1;
        if self.elements > ELEMENTS {
            return Err(limit("There are too many elements."));
        }
        if self.open.len() >= DEPTH {
            return Err(limit("The elements are nested too deep."));
        }
        let mut element = Element::new(unprefixed(tag.name().as_ref())?);
        for attribute in tag.attributes() {
            let attribute = attribute.map_err(|_| malformed("An attribute is wrong."))?;
            let name = unprefixed(attribute.key.as_ref())?;
            let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|error| told(&error))?;
            if element.attributes.len() >= ATTRIBUTES {
                return Err(limit("An element has too many attributes."));
            }
            if value.len() > VALUE {
                return Err(limit("An attribute is too long."));
            }
            if !value.chars().all(is_legal) {
                return Err(malformed("There is a character that XML cannot hold."));
            }
            if name == "xmlns" && value != NAMESPACE {
                return Err(malformed("That is another namespace."));
            }
            element.attributes.push((name.to_owned(), value.into_owned()));
        }
        Ok(element)
    }

    fn close(&mut self, element: Element) -> Result<(), Refusal> {
        match self.open.last_mut() {
            Some(parent) => parent.children.push(element),
            None if self.root.is_some() => return Err(malformed("There is more than one document.")),
            None => self.root = Some(element),
        }
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), Refusal> {
        if text.trim().is_empty() {
            return Ok(());
        }
        if self.open.is_empty() {
            return Err(malformed("There is text outside the document."));
        }
        Err(Refusal::new(Code::Schema, "There is text where none belongs."))
    }
}

/// A name without prefix.
fn unprefixed(name: &str) -> Result<&str, Refusal> {
    if name.contains(':') { Err(forbidden("Namespace prefixes are not allowed.")) } else { Ok(name) }
}

fn told(error: &XmlError) -> Refusal {
    match error {
        XmlError::Escape(quick_xml::escape::EscapeError::UnrecognizedEntity(..)) => {
            forbidden("Entities are not allowed.")
        }
        _ => malformed("The payload is not well-formed."),
    }
}

fn malformed(message: &str) -> Refusal {
    Refusal::new(Code::Malformed, message)
}

fn forbidden(message: &str) -> Refusal {
    Refusal::new(Code::Forbidden, message)
}

fn limit(message: &str) -> Refusal {
    Refusal::new(Code::XmlLimit, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> u16 {
        document(text.as_bytes()).unwrap_err().refusal.code.number()
    }

    #[test]
    fn a_document_is_read_with_its_references() {
        let text =
            r#"<?xml version="1.0" encoding="UTF-8"?><Request id="7"><Ping t="a &amp; &#233;&#x1F98A;"/> </Request>"#;
        let root = document(text.as_bytes()).unwrap();
        assert_eq!((root.name.as_str(), root.get("id")), ("Request", Some("7")));
        assert_eq!(root.children[0].get("t"), Some("a & é🦊"));
    }

    #[test]
    fn what_is_no_good_xml_is_told_apart() {
        for wrong in ["", "hello", "<a>", "<a/><b/>", "<a></b>", "<a b='1' b='2'/>", "\u{feff}<a/>", "<a b='&#0;'/>"] {
            assert_eq!(code(wrong), 110, "{wrong:?}");
        }
        assert_eq!(code("<a xmlns='urn:other'/>"), 110);
        assert_eq!(code("<?xml version='1.0' encoding='latin1'?><a/>"), 110);
        assert_eq!(document(b"<a>\xff</a>").unwrap_err().refusal.code, Code::Malformed);
        for wrong in
            ["<!DOCTYPE a><a/>", "<?run it?><a/>", "<x:a/>", "<a xsi:type='b'/>", "<a b='&me;'/>", "<a>&me;</a>"]
        {
            assert_eq!(code(wrong), 111, "{wrong:?}");
        }
        assert_eq!(code("<a>words</a>"), 112);
    }

    #[test]
    fn limits_hold_and_the_request_is_still_known() {
        let deep = format!("<Request id='5'>{}{}</Request>", "<a>".repeat(8), "</a>".repeat(8));
        let unread = document(deep.as_bytes()).unwrap_err();
        assert_eq!((unread.id, unread.refusal.code), (Some(5), Code::XmlLimit));
        assert!(document(format!("<a b='{}'/>", "é".repeat(512)).as_bytes()).is_ok());
        assert_eq!(code(&format!("<a b='{}'/>", "é".repeat(513))), 113);
        let many = (0..41).map(|n| format!(" a{n}='1'")).collect::<Vec<_>>().concat();
        assert_eq!(code(&format!("<a{many}/>")), 113);
        assert_eq!(code(&format!("<a>{}</a>", "<b/>".repeat(20_000))), 113);
    }
}
