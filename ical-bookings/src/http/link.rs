//! The link of a feed, which is its password.

use std::fmt;

use connector_http::{Error, ErrorKind};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use url::Url;

/// The link of a feed. It is shown as scheme, host and six digits of a hash.
///
/// ```
/// use ical_bookings::http::FeedLink;
/// let link = FeedLink::new(&"webcal://rooms.example/ical?k=hunter2".into())?;
/// assert!(link.to_string().starts_with("https://rooms.example #"));
/// assert!(!link.to_string().contains("hunter2"));
/// # Ok::<(), connector_http::Error>(())
/// ```
#[derive(Clone)]
pub struct FeedLink {
    url: Url,
    basic: Option<(String, SecretString)>,
    label: String,
    digest: [u8; 32],
}

impl FeedLink {
    /// A link out of its text; `webcal` is `https`, `user:password@` becomes a sign-in.
    ///
    /// # Errors
    /// `Config` when the text is no web address. The text is not repeated.
    pub fn new(text: &SecretString) -> Result<Self, Error> {
        let text = text.expose_secret().trim();
        let mut url = Url::parse(&as_https(text)).map_err(|_| wrong("the link is no web address"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(wrong("the link must begin with https://, webcal:// or http://"));
        }
        if url.host_str().is_none_or(str::is_empty) {
            return Err(wrong("the link names no host"));
        }
        let basic = sign_in(&url);
        bare(&mut url);
        let digest = Sha256::digest(text.as_bytes()).into();
        Ok(Self { label: label(&url, &digest), url, basic, digest })
    }

    /// Scheme, host and six digits of a hash: what may be shown.
    pub fn label(&self) -> &str {
        &self.label
    }

    /// Whether anybody on the way can read and change what comes.
    pub fn is_plain(&self) -> bool {
        self.url.scheme() == "http"
    }

    /// Scheme, host and port, for a look at the server.
    pub fn server(&self) -> Url {
        let mut server = self.url.clone();
        server.set_path("");
        server.set_query(None);
        server
    }

    pub(super) fn url(&self) -> &Url {
        &self.url
    }

    /// User and password for the first host.
    pub(super) fn basic(&self) -> Option<(&str, &str)> {
        self.basic.as_ref().map(|(user, password)| (user.as_str(), password.expose_secret()))
    }

    pub(super) fn digest(&self) -> &[u8; 32] {
        &self.digest
    }
}

/// What may be shown of any address.
pub(super) fn label_of(url: &Url) -> String {
    label(url, &Sha256::digest(url.as_str().as_bytes()).into())
}

/// Takes out of an address what is not for the server's eyes, or not of the address.
pub(super) fn bare(url: &mut Url) {
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_fragment(None);
}

fn label(url: &Url, digest: &[u8; 32]) -> String {
    let [first, second, third, ..] = digest;
    format!("{}://{} #{first:02x}{second:02x}{third:02x}", url.scheme(), url.host_str().unwrap_or_default())
}

fn as_https(text: &str) -> String {
    let rest = ["webcals://", "webcal://"].iter().find_map(|scheme| {
        text.get(..scheme.len()).filter(|start| start.eq_ignore_ascii_case(scheme)).and(text.get(scheme.len()..))
    });
    rest.map_or_else(|| text.to_owned(), |rest| format!("https://{rest}"))
}

fn sign_in(url: &Url) -> Option<(String, SecretString)> {
    if url.username().is_empty() && url.password().is_none() {
        return None;
    }
    Some((decoded(url.username()), decoded(url.password().unwrap_or_default()).into()))
}

/// Undoes percent escapes.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let escape = (first == b'%').then(|| after.get(..2)).flatten().and_then(|pair| std::str::from_utf8(pair).ok());
        if let Some(byte) = escape.and_then(|pair| u8::from_str_radix(pair, 16).ok()) {
            bytes.push(byte);
            rest = after.get(2..).unwrap_or_default();
        } else {
            bytes.push(first);
            rest = after;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn wrong(message: &'static str) -> Error {
    Error::new(ErrorKind::Config, message)
}

impl fmt::Display for FeedLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.label)
    }
}

impl fmt::Debug for FeedLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FeedLink").field(&self.label).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(text: &str) -> FeedLink {
        FeedLink::new(&text.into()).unwrap()
    }

    #[test]
    fn webcal_is_https_and_a_sign_in_leaves_the_address() {
        let link = link("WebCals://me%40x:p%25s@rooms.example:8443/a/hunter2?k=hunter2#hunter2");
        assert_eq!(link.url().as_str(), "https://rooms.example:8443/a/hunter2?k=hunter2");
        assert_eq!(link.basic(), Some(("me@x", "p%s")));
        assert_eq!(link.server().as_str(), "https://rooms.example:8443/");
    }

    #[test]
    fn only_scheme_host_and_six_digits_are_shown() {
        let link = link("https://u:hunter2@rooms.example/hunter2?k=hunter2");
        for shown in [format!("{link}"), format!("{link:?}")] {
            assert!(shown.contains("https://rooms.example #") && !shown.contains("hunter2"), "{shown}");
        }
        assert_eq!(link.label().len(), "https://rooms.example #123456".len());
    }

    #[test]
    fn other_texts_are_refused_without_being_repeated() {
        for text in ["hunter2", "ftp://hunter2.example/x", "file:///hunter2", "mailto:hunter2", "https://"] {
            let error = FeedLink::new(&text.into()).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{text}");
        }
    }
}
