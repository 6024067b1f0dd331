//! One element of a document, as it came or as it will go.

use std::fmt::{Display, Write};

/// The namespace of all documents.
pub(in crate::pac) const NAMESPACE: &str = "urn:pac-oem:bridge:1";

/// An element with its attributes and children.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::pac) struct Element {
    pub(in crate::pac) name: String,
    pub(in crate::pac) attributes: Vec<(String, String)>,
    pub(in crate::pac) children: Vec<Element>,
    pub(in crate::pac) text: String,
}

impl Element {
    pub(in crate::pac) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    /// A root element.
    pub(in crate::pac) fn root(name: &str) -> Self {
        Self::new(name).with("xmlns", NAMESPACE)
    }

    pub(in crate::pac) fn with(mut self, name: &str, value: impl Display) -> Self {
        self.attributes.push((name.to_owned(), value.to_string()));
        self
    }

    /// With an attribute that may be absent.
    pub(in crate::pac) fn with_some(self, name: &str, value: Option<impl Display>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    pub(in crate::pac) fn holding(mut self, children: impl IntoIterator<Item = Element>) -> Self {
        self.children.extend(children);
        self
    }

    pub(in crate::pac) fn saying(mut self, text: &str) -> Self {
        text.clone_into(&mut self.text);
        self
    }

    /// An attribute's value.
    pub(in crate::pac) fn get(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Children of one kind.
    pub(in crate::pac) fn each<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Element> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The document.
    pub(in crate::pac) fn render(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }

    fn write(&self, out: &mut String) {
        let _ = write!(out, "<{}", self.name);
        for (name, value) in &self.attributes {
            let _ = write!(out, " {name}=\"");
            escape(value, out);
            out.push('"');
        }
        if self.children.is_empty() && self.text.is_empty() {
            out.push_str("/>");
            return;
        }
        out.push('>');
        escape(&self.text, out);
        self.children.iter().for_each(|child| child.write(out));
        let _ = write!(out, "</{}>", self.name);
    }

    /// What two requests with the same content have in common, whatever the order of attributes.
    pub(in crate::pac) fn canonical(&self) -> String {
        let mut sorted = self.clone();
        sorted.sort();
        sorted.render()
    }

    fn sort(&mut self) {
        self.attributes.retain(|(name, _)| name != "xmlns");
        self.attributes.sort();
        self.children.iter_mut().for_each(Self::sort);
    }
}

/// Writes text so that it stands in an attribute or between tags; what XML cannot hold becomes U+FFFD.
fn escape(text: &str, out: &mut String) {
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' => out.push_str("&#9;"),
            '\n' => out.push_str("&#10;"),
            '\r' => out.push_str("&#13;"),
            letter if is_legal(letter) => out.push(letter),
            _ => out.push('\u{fffd}'),
        }
    }
}

/// Whether XML 1.0 can hold this character.
pub(in crate::pac) fn is_legal(letter: char) -> bool {
    matches!(letter, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_of_all_kinds_are_written_so_that_they_can_be_read() {
        let name = "Zoë \"Łuk\" & <ß> 🦊\u{1}";
        let text = Element::new("Person").with("first", name).render();
        assert_eq!(text, "<Person first=\"Zoë &quot;Łuk&quot; &amp; &lt;ß&gt; 🦊\u{fffd}\"/>");
    }

    #[test]
    fn the_order_of_attributes_makes_no_other_content() {
        let one = Element::new("A").with("b", 1).with("a", 2);
        let other = Element::new("A").with("a", 2).with("b", 1);
        assert_eq!(one.canonical(), other.canonical());
        assert_ne!(one.canonical(), Element::new("A").with("a", 2).canonical());
    }
}
