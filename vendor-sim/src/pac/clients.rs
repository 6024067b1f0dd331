//! The clients that the server knows, by the fingerprint of their certificate.

use std::time::Duration;

use anyhow::ensure;
use serde::{Deserialize, Serialize};

use super::pki::Authority;

/// A row of the registry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Client {
    pub(super) fingerprint: String,
    pub(super) name: String,
    /// As `oem:head-office-bridge`.
    pub(super) origin: String,
    pub(super) enabled: bool,
    /// Told to have expired, whatever the certificate says.
    pub(super) expired: bool,
}

/// All clients.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Clients(Vec<Client>);

impl Clients {
    /// Adds a client; its key file.
    pub(super) fn add(&mut self, authority: &Authority, name: &str, valid_for: Duration) -> anyhow::Result<String> {
        let slug = slug(name);
        ensure!(!slug.is_empty() && name.chars().count() <= 60, "a client needs a name of up to 60 letters");
        let identity = authority.client(name, &slug, valid_for)?;
        // A client of the same name gets a new key: the old one is no longer known.
        self.0.retain(|known| known.name != name);
        self.0.push(Client {
            fingerprint: identity.fingerprint()?,
            name: name.to_owned(),
            origin: format!("oem:{slug}"),
            enabled: true,
            expired: false,
        });
        Ok(identity.key_file(name))
    }

    pub(super) fn with_fingerprint(&self, fingerprint: &str) -> Option<&Client> {
        self.0.iter().find(|known| known.fingerprint == fingerprint)
    }

    /// The rows with this name, or all of them.
    pub(super) fn each_mut<'a>(&'a mut self, name: Option<&'a str>) -> impl Iterator<Item = &'a mut Client> {
        self.0.iter_mut().filter(move |known| name.is_none_or(|name| known.name == name))
    }

    /// Takes a row out: the server does not know the client any more.
    pub(super) fn remove(&mut self, name: &str) -> Option<Client> {
        let at = self.0.iter().position(|known| known.name == name)?;
        Some(self.0.remove(at))
    }
}

/// A name in small letters with hyphens.
pub(super) fn slug(name: &str) -> String {
    let plain = |letter: char| if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { ' ' };
    let words: String = name.chars().map(plain).collect();
    words.split_whitespace().collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_of_origin_is_made_of_the_name() {
        assert_eq!(slug("Head office bridge"), "head-office-bridge");
        assert_eq!(slug("  Zoë's  bridge (2) "), "zo-s-bridge-2");
    }
}
