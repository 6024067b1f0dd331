//! Writes one document: elements with attributes.

use super::Scalar;
use std::fmt::Write as _;

/// Characters that XML 1.0 allows.
pub(crate) const fn is_legal(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..='\u{10ffff}')
}

/// A document that is being written.
#[derive(Debug, Default)]
pub(crate) struct XmlWriter {
    text: String,
    /// The start tag is not closed yet.
    in_tag: bool,
    replaced: bool,
}

impl XmlWriter {
    /// An element; `inside` writes its attributes first, then its children.
    pub(crate) fn element(&mut self, name: &str, inside: impl FnOnce(&mut Self)) {
        self.close_tag();
        let _ = write!(self.text, "<{name}");
        self.in_tag = true;
        inside(self);
        if std::mem::take(&mut self.in_tag) {
            self.text.push_str("/>");
        } else {
            let _ = write!(self.text, "</{name}>");
        }
    }

    pub(crate) fn attribute(&mut self, name: &str, value: &impl Scalar) {
        let _ = write!(self.text, " {name}=\"");
        self.escaped(&value.text());
        self.text.push('"');
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.close_tag();
        self.escaped(text);
    }

    pub(crate) fn finish(self) -> String {
        if self.replaced {
            tracing::warn!("a text holds characters that XML forbids; they were replaced");
        }
        self.text
    }

    fn close_tag(&mut self) {
        if std::mem::take(&mut self.in_tag) {
            self.text.push('>');
        }
    }

    fn escaped(&mut self, text: &str) {
        for c in text.chars() {
            match c {
                '<' => self.text.push_str("&lt;"),
                '>' => self.text.push_str("&gt;"),
                '&' => self.text.push_str("&amp;"),
                '"' => self.text.push_str("&quot;"),
                '\t' | '\n' | '\r' => {
                    let _ = write!(self.text, "&#{};", u32::from(c));
                }
                c if is_legal(c) => self.text.push(c),
                _ => {
                    self.replaced = true;
                    self.text.push('\u{fffd}');
                }
            }
        }
    }
}
