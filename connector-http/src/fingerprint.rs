//! SHA-256 fingerprints of certificates, as administrators copy them from a browser.

use sha2::{Digest, Sha256};
use std::{fmt, str::FromStr};

/// SHA-256 of a server certificate (the leaf, DER encoded).
///
/// Reads hexadecimal with or without colons, spaces or dashes, in either case; writes upper case with colons.
///
/// ```
/// use connector_http::Fingerprint;
/// let bare: Fingerprint = "00".repeat(32).parse()?;
/// assert_eq!(bare.to_string().parse::<Fingerprint>()?, bare);
/// # Ok::<(), connector_http::InvalidFingerprint>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint([u8; 32]);

/// A text that is no SHA-256 fingerprint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a SHA-256 fingerprint has 64 hexadecimal digits, with or without colons; this text has {digits}")]
pub struct InvalidFingerprint {
    digits: usize,
}

impl Fingerprint {
    /// Takes the 32 bytes as they are.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Fingerprint of a DER encoded certificate.
    pub fn of(der: &[u8]) -> Self {
        Self(Sha256::digest(der).into())
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl FromStr for Fingerprint {
    type Err = InvalidFingerprint;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let text = text.get(..7).filter(|p| p.eq_ignore_ascii_case("sha256:")).map_or(text, |p| &text[p.len()..]);
        let bare: String = text.chars().filter(|c| !matches!(c, ':' | ' ' | '-')).collect();
        let mut bytes = [0; 32];
        hex::decode_to_slice(&bare, &mut bytes)
            .map_err(|_| InvalidFingerprint { digits: bare.chars().filter(char::is_ascii_hexdigit).count() })?;
        Ok(Self(bytes))
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, byte) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(":")?;
            }
            write!(f, "{byte:02X}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

impl From<[u8; 32]> for Fingerprint {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_fingerprint_survives_its_text(bytes: [u8; 32]) {
            let print = Fingerprint::new(bytes);
            prop_assert_eq!(print.to_string().parse::<Fingerprint>().unwrap(), print);
            prop_assert_eq!(hex::encode(bytes).parse::<Fingerprint>().unwrap(), print);
        }

        #[test]
        fn any_text_is_read_without_panic(text in ".{0,80}") {
            let _ = text.parse::<Fingerprint>();
        }
    }

    #[test]
    fn forms_of_browsers_and_tools_are_read() {
        let plain: Fingerprint = "ab".repeat(32).parse().unwrap();
        for text in [vec!["AB"; 32].join(":"), vec!["ab"; 32].join(" "), format!(" SHA256:{}\n", "Ab".repeat(32))] {
            assert_eq!(text.parse::<Fingerprint>().unwrap(), plain, "{text}");
        }
    }

    #[test]
    fn a_wrong_length_is_told() {
        let error = "abcd".parse::<Fingerprint>().unwrap_err();
        assert!(error.to_string().ends_with("this text has 4"), "{error}");
    }
}
