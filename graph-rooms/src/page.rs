//! Pages of a list, and the way to the next one.

use std::collections::HashSet;
use std::fmt;

use connector_http::{Error, ErrorKind, url_without_values};
use http::response::Parts;
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

use crate::answer;

/// One page of a list, with the items that could not be read set aside.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Page<T> {
    /// What could be read.
    pub items: Vec<T>,
    /// What could not.
    pub invalid: Vec<Invalid>,
    /// Where the list goes on.
    pub next: Option<NextLink>,
    /// Where changes from here on are told; only on the last page of such a list.
    pub delta: Option<NextLink>,
    /// How many there are in all, as far as the server says so.
    pub count: Option<u64>,
}

/// An item of a list that does not have the shape it should have.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Invalid {
    /// Its id, if at least that could be read.
    pub id: Option<String>,
    /// The field at fault; empty if it is the item itself.
    pub field: String,
    /// What is wrong with it, without its value.
    pub why: String,
}

/// A link that the server gave, followed as it is, but only to the server it came from.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct NextLink(Url);

impl NextLink {
    /// A link by its text.
    ///
    /// # Errors
    /// `Protocol` for something that is no link.
    pub fn new(text: &str) -> Result<Self, Error> {
        let no_link = |_| Error::new(ErrorKind::Protocol, "the link to the next page is none");
        Url::parse(text).map(Self).map_err(no_link)
    }

    /// The whole link. It tells what was asked for; keep it, do not log it.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The address to be asked, if it is on the server at `base`.
    ///
    /// # Errors
    /// `Protocol` for another scheme, host or port: the token is not sent there.
    pub(crate) fn on(&self, base: &Url) -> Result<Url, Error> {
        let Self(link) = self;
        let same = link.scheme() == base.scheme()
            && link.host_str() == base.host_str()
            && link.port_or_known_default() == base.port_or_known_default()
            && link.username().is_empty()
            && link.password().is_none();
        if same {
            return Ok(link.clone());
        }
        Err(Error::new(ErrorKind::Protocol, "the link to the next page leads to another server and is not followed"))
    }
}

impl fmt::Debug for NextLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NextLink({})", url_without_values(&self.0))
    }
}

impl<T: DeserializeOwned> Page<T> {
    /// Reads an answer.
    pub(crate) fn read(parts: &Parts, body: &[u8]) -> Result<Self, Error> {
        Self::of(answer::json(parts, body)?).map_err(|what| {
            let text = format!("the answer is no page of a list: {what}");
            Error::new(ErrorKind::Protocol, text).with_status(parts.status).with_excerpt(body)
        })
    }

    fn of(answer: Value) -> Result<Self, &'static str> {
        let Value::Object(mut answer) = answer else { return Err("it is no object") };
        let Some(Value::Array(values)) = answer.remove("value") else { return Err("it has no list `value`") };
        let mut link = |name: &str| match answer.remove(name) {
            None | Some(Value::Null) => Ok(None),
            // Left out, a broken link would make part of a list look like the whole.
            Some(Value::String(text)) => NextLink::new(&text).map(Some).map_err(|_| "its link is none"),
            Some(_) => Err("its link is no text"),
        };
        let (next, delta) = (link("@odata.nextLink")?, link("@odata.deltaLink")?);
        let count = answer.get("@odata.count").and_then(|count| match count {
            Value::String(text) => text.parse().ok(),
            other => other.as_u64(),
        });
        let mut page = Self { items: Vec::with_capacity(values.len()), invalid: Vec::new(), next, delta, count };
        for value in values {
            match item(value) {
                Ok(item) => page.items.push(item),
                Err(invalid) => page.invalid.push(invalid),
            }
        }
        Ok(page)
    }
}

/// One thing of a list or of an answer.
pub(crate) fn item<T: DeserializeOwned>(value: Value) -> Result<T, Invalid> {
    let id = value.get("id").and_then(Value::as_str).filter(|id| !id.is_empty()).map(str::to_owned);
    serde_path_to_error::deserialize(value).map_err(|error| {
        let field = error.path().to_string();
        let field = if field == "." { String::new() } else { field };
        Invalid { id, field, why: why(&error.inner().to_string()) }
    })
}

/// What serde says may hold the value; our own words do not.
fn why(cause: &str) -> String {
    if let Some(field) = cause.strip_prefix("missing field ") {
        return format!("{field} is missing");
    }
    if cause.starts_with("is ") { cause.to_owned() } else { "has another shape than expected".to_owned() }
}

/// Guards a walk over pages: no link twice, and not for ever.
#[derive(Debug)]
pub(crate) struct Walk {
    seen: HashSet<NextLink>,
    pages: usize,
}

impl Walk {
    pub(crate) fn new() -> Self {
        Self { seen: HashSet::new(), pages: 1 }
    }

    /// Whether the next page may be asked for.
    pub(crate) fn follow(&mut self, link: &NextLink) -> Result<(), Error> {
        self.pages += 1;
        if !self.seen.insert(link.clone()) {
            return Err(Error::new(ErrorKind::Protocol, "the list leads back to a page that was read already"));
        }
        if self.pages > MOST_PAGES {
            return Err(Error::new(ErrorKind::Protocol, "the list has more pages than can be true"));
        }
        Ok(())
    }
}

pub(crate) const MOST_PAGES: usize = 1000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_followed_only_to_its_own_server() {
        let base = Url::parse("https://graph.example/").unwrap();
        for (link, followed) in [
            ("https://graph.example/v1.0/x?$skip=5", true),
            ("https://GRAPH.example:443/v1.0/x", true),
            ("http://graph.example/v1.0/x", false),
            ("https://graph.example:8443/v1.0/x", false),
            ("https://graph.example.evil.example/v1.0/x", false),
            ("https://graph.example@evil.example/v1.0/x", false),
            ("https://evil.example\\@graph.example/v1.0/x", false),
            ("https://user:pw@graph.example/v1.0/x", false),
        ] {
            assert_eq!(NextLink::new(link).unwrap().on(&base).is_ok(), followed, "{link}");
        }
    }

    #[test]
    fn a_link_does_not_show_what_it_asks_for() {
        let shown = format!("{:?}", NextLink::new("https://graph.example/x?$deltatoken=zz").unwrap());
        assert!(!shown.contains("zz"), "{shown}");
    }
}
