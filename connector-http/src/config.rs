//! What every server's section of a configuration file needs.

use std::fs;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Error, ErrorKind, Fingerprint, Trust};

/// Which certificate of a server to trust.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum TrustConfig {
    /// Whatever the operating system trusts.
    #[default]
    System,
    /// That, and the roots in a PEM file.
    ExtraRoot(PathBuf),
    /// Exactly the certificates with these SHA-256 fingerprints; the connection test shows the server's.
    PinnedSha256(Vec<String>),
}

/// A setting that cannot work.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConfigFault {
    /// Its key in the section.
    pub setting: &'static str,
    /// What is wrong.
    pub reason: String,
    /// What to do.
    pub remedy: String,
}

impl TrustConfig {
    /// The trust that it stands for; a file is read.
    ///
    /// # Errors
    /// `Config` if the file cannot be read or a fingerprint is none.
    pub fn load(&self) -> Result<Trust, Error> {
        let wrong = |text: String| Error::new(ErrorKind::Config, text);
        match self {
            Self::System => Ok(Trust::System),
            Self::ExtraRoot(path) => read(path).map(Trust::ExtraRoot),
            Self::PinnedSha256(pins) if pins.is_empty() => Err(wrong("names no fingerprint".to_owned())),
            Self::PinnedSha256(pins) => pins
                .iter()
                .map(|pin| pin.parse::<Fingerprint>().map_err(|_| wrong(format!("{pin:?} is no SHA-256 fingerprint"))))
                .collect::<Result<_, _>>()
                .map(Trust::PinnedSha256),
        }
    }
}

impl ConfigFault {
    /// A fault of a setting.
    pub fn new(setting: &'static str, reason: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { setting, reason: reason.into(), remedy: remedy.into() }
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    fs::read(path)
        .map_err(|error| Error::new(ErrorKind::Config, format!("{} cannot be read", path.display())).with_source(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_trust_is_written_in_its_own_way() {
        let read = |text: &str| serde_json::from_str::<TrustConfig>(text).unwrap();
        assert_eq!(read("\"system\""), TrustConfig::System);
        assert_eq!(read(r#"{"extra_root":"root.pem"}"#), TrustConfig::ExtraRoot("root.pem".into()));
        let pin = "00".repeat(32);
        assert!(read(&format!(r#"{{"pinned_sha256":["{pin}"]}}"#)).load().is_ok());
    }

    #[test]
    fn what_cannot_be_trusted_says_why() {
        for (trust, word) in [
            (TrustConfig::PinnedSha256(Vec::new()), "no fingerprint"),
            (TrustConfig::PinnedSha256(vec!["zz".to_owned()]), "zz"),
            (TrustConfig::ExtraRoot("no such file".into()), "no such file"),
        ] {
            let error = trust.load().unwrap_err();
            assert!(error.message().contains(word), "{error}");
        }
    }
}
