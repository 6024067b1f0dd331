//! The server itself: version, product, features.

use std::fmt;
use std::str::FromStr;

use connector_http::{Error, ErrorKind, Phase, get};
use serde_json::Value;

use crate::answer;
use crate::client::Net2Client;
use crate::json::{FromJson, Object, Shape, readable};
use crate::operation::operation;
use crate::route::api;

/// A version of Net2: major and minor, then whatever the server adds.
///
/// Compared by its numbers; `6.02` and `6.2` are the same version.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServerVersion(Vec<u32>);

impl ServerVersion {
    /// The oldest version this crate is meant for.
    pub fn oldest_supported() -> Self {
        Self(vec![6, 2])
    }

    /// Major and minor.
    pub fn new(major: u32, minor: u32) -> Self {
        Self(vec![major, minor])
    }

    /// The numbers in order.
    pub fn numbers(&self) -> &[u32] {
        &self.0
    }
}

/// The text is no version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the text has no version number in it")]
#[non_exhaustive]
pub struct NoVersion;

impl FromStr for ServerVersion {
    type Err = NoVersion;

    /// Takes the first dotted number in the text, such as in `Net2 v6.07.14853.6254 SR1`.
    fn from_str(text: &str) -> Result<Self, NoVersion> {
        let dotted = |word: &str| -> Option<Vec<u32>> {
            let word = word.trim_matches(|c: char| !c.is_ascii_digit());
            let numbers: Option<Vec<u32>> = word.split('.').map(|part| part.parse().ok()).collect();
            numbers.filter(|numbers| (1..=8).contains(&numbers.len()))
        };
        let words: Vec<_> = text.split(|c: char| c.is_whitespace() || c == ',').filter_map(dotted).collect();
        let best = words.iter().find(|numbers| numbers.len() > 1).or(words.first()).cloned().ok_or(NoVersion)?;
        Ok(Self(best))
    }
}

impl fmt::Display for ServerVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, number) in self.0.iter().enumerate() {
            match place {
                0 => write!(f, "{number}")?,
                1 => write!(f, ".{number:02}")?,
                _ => write!(f, ".{number}")?,
            }
        }
        Ok(())
    }
}

/// The edition of Net2.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProductType {
    /// Net2 Lite: one access level per user.
    Lite,
    /// Net2 Pro: several access levels per user.
    Pro,
    /// Something else, in the server's words.
    Unknown(String),
}

impl From<&str> for ProductType {
    fn from(text: &str) -> Self {
        let lower = text.trim().to_ascii_lowercase();
        match lower.as_str() {
            "1" => Self::Lite,
            "2" => Self::Pro,
            name if name.contains("lite") => Self::Lite,
            name if name.contains("pro") => Self::Pro,
            _ => Self::Unknown(text.to_owned()),
        }
    }
}

/// What a check of the connection found.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServerInfo {
    /// The version, if the server tells it.
    pub version: Option<ServerVersion>,
    /// The edition, if the server tells it.
    pub product: Option<ProductType>,
    /// How many doors the operator sees.
    pub doors: usize,
}

/// The server itself.
#[derive(Clone, Debug)]
pub struct Server(pub(crate) Net2Client);

impl Server {
    /// Reads the version; `None` if the server does not tell it.
    ///
    /// # Errors
    /// `Protocol` if what it tells is no version; else as any read.
    pub async fn version(&self) -> Result<Option<ServerVersion>, Error> {
        absent_is_none(self.0.send(&GetServerVersion::new()).await)
    }

    /// Reads the edition; `None` if the server does not tell it.
    ///
    /// # Errors
    /// As any read: see [`ErrorKind`].
    pub async fn product_type(&self) -> Result<Option<ProductType>, Error> {
        absent_is_none(self.0.send(&GetProductType::new()).await)
    }

    /// Reads the features, in the server's own form.
    ///
    /// # Errors
    /// `NotFound` where the server has no such call; else as any read.
    pub async fn features(&self) -> Result<Value, Error> {
        self.0.send(&GetFeatures::new()).await
    }

    /// Reads the properties, in the server's own form.
    ///
    /// # Errors
    /// `NotFound` where the server has no such call; else as any read.
    pub async fn properties(&self) -> Result<Value, Error> {
        self.0.send(&GetProperties::new()).await
    }

    /// Reads which versions were installed before, in the server's own form.
    ///
    /// # Errors
    /// `NotFound` where the server has no such call; else as any read.
    pub async fn version_history(&self) -> Result<Value, Error> {
        self.0.send(&GetVersionHistory::new()).await
    }

    /// Reads the versions of the API, in the server's own form.
    ///
    /// # Errors
    /// `NotFound` where the server has no such call; else as any read.
    pub async fn api_versions(&self) -> Result<Value, Error> {
        self.0.send(&GetApiVersions::new()).await
    }

    /// Makes sure that the server is at least of a version, and returns its own.
    ///
    /// A server that does not tell its version passes with `None`.
    ///
    /// # Errors
    /// `Config` if the server is older; else as [`Server::version`].
    pub async fn require_version(&self, oldest: &ServerVersion) -> Result<Option<ServerVersion>, Error> {
        match self.version().await? {
            Some(version) if version < *oldest => {
                let text = format!("the server is Net2 {version}, at least {oldest} is needed");
                Err(Error::new(ErrorKind::Config, text).with_phase(Phase::Answered))
            }
            version => Ok(version),
        }
    }
}

fn absent_is_none<T>(result: Result<T, Error>) -> Result<Option<T>, Error> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

operation! {
    /// `GET /serversettings/version`: a bare text or number, or an object around it.
    GetServerVersion {} = "net2.get_server_version", Safe -> ServerVersion;
    request(op, base) => get(api(base, &["serversettings", "version"])?);
    response(parts, body) => said(parts, body, "version")?.parse().map_err(|none: NoVersion| {
        Error::new(ErrorKind::Protocol, "the server's version is no version").with_status(parts.status).with_source(none)
    });
}

operation! {
    /// `GET /serversettings/productType`: a bare text or number, or an object around it.
    GetProductType {} = "net2.get_product_type", Safe -> ProductType;
    request(op, base) => get(api(base, &["serversettings", "productType"])?);
    response(parts, body) => said(parts, body, "productType").map(|text| text.as_str().into());
}

operation! {
    /// `GET /serversettings/features`.
    GetFeatures {} = "net2.get_features", Safe -> Value;
    request(op, base) => get(api(base, &["serversettings", "features"])?);
    response(parts, body) => raw(parts, body);
}

operation! {
    /// `GET /serversettings/properties`.
    GetProperties {} = "net2.get_properties", Safe -> Value;
    request(op, base) => get(api(base, &["serversettings", "properties"])?);
    response(parts, body) => raw(parts, body);
}

operation! {
    /// `GET /serversettings/version/history`.
    GetVersionHistory {} = "net2.get_version_history", Safe -> Value;
    request(op, base) => get(api(base, &["serversettings", "version", "history"])?);
    response(parts, body) => raw(parts, body);
}

operation! {
    /// `GET /versions`.
    GetApiVersions {} = "net2.get_api_versions", Safe -> Value;
    request(op, base) => get(api(base, &["versions"])?);
    response(parts, body) => raw(parts, body);
}

impl FromJson for ServerVersion {
    fn from_json(value: Value) -> Result<Self, Shape> {
        String::from_json(value)?.parse().map_err(|NoVersion| Shape::malformed("a version"))
    }
}

readable!(ServerVersion);

fn raw(parts: &http::response::Parts, body: &[u8]) -> Result<Value, Error> {
    answer::check(parts, body)?;
    if answer::is_empty(body) { Ok(Value::Null) } else { answer::json(parts, body) }
}

/// The one thing a server says: bare, or under its name, or under any single key.
fn said(parts: &http::response::Parts, body: &[u8], key: &'static str) -> Result<String, Error> {
    answer::check(parts, body)?;
    let value = match answer::json(parts, body) {
        Ok(value) => value,
        // A version without quotes, such as 6.07.14853, is not JSON.
        Err(error) => match std::str::from_utf8(body) {
            Ok(text) if text.len() < 100 && !text.trim_start().starts_with(['<', '{']) => {
                Value::String(text.to_owned())
            }
            _ => return Err(error),
        },
    };
    let value = match value {
        Value::Object(map) => {
            let mut only = map.clone().into_iter();
            let single = only.next().map(|(_, value)| value).filter(|_| map.len() == 1);
            let named = Object::from_json(Value::Object(map)).ok().and_then(|mut object| object.take(key));
            named.or(single).unwrap_or_default()
        }
        other => other,
    };
    String::from_json(value).map_err(|shape| answer::misfit(parts, shape))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn version(text: &str) -> ServerVersion {
        text.parse().unwrap()
    }

    #[test]
    fn versions_compare_by_their_numbers() {
        assert!(version("6.01") < ServerVersion::oldest_supported());
        assert!(version("6.05.10330.5472") > ServerVersion::oldest_supported());
        assert!(version("Net2 v7.0 SR2") > version("6.9"));
        assert_eq!(version("6.02"), version("6.2"));
        assert!("none".parse::<ServerVersion>().is_err());
    }

    #[test]
    fn a_version_may_come_bare_or_wrapped() {
        let parts = http::Response::builder().status(200).body(()).unwrap().into_parts().0;
        for body in [r#""6.07""#, "6.07", r#"{"Version":"6.07"}"#, r#"{"value":"6.07"}"#, "6.07.14853.6254"] {
            let text = said(&parts, body.as_bytes(), "version").unwrap();
            assert!(version(&text) > ServerVersion::oldest_supported(), "{body} {text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_reads_without_panic(text in ".{0,60}") {
            let _ = text.parse::<ServerVersion>();
        }
    }
}
