//! Names and keys: endpoints, external ids, sync keys, fingerprints.

use std::fmt;
use std::hash::Hasher as _;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use siphasher::sip128::{Hasher128 as _, SipHasher13, SipHasher24};

use super::EntityKind;

/// Name of one configured instance of an outside system, such as `net2-hq`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EndpointName(String);

/// An endpoint's own identifier of a record: opaque text, scoped to endpoint and entity.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ExternalId(String);

/// Two endpoints kept in agreement for one kind of record; the primary's data wins.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Pair {
    /// The kind of record.
    pub entity: EntityKind,
    /// The side whose data wins.
    pub primary: EndpointName,
    /// The side that follows.
    pub secondary: EndpointName,
}

/// Our own 128-bit key of a logical record: same inputs, same key, on every machine, for ever.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SyncKey(u128);

/// 128-bit keyed hash over the known fields of a record.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Fingerprint(u64, u64);

/// Key of an installation's fingerprints and sealed secrets; kept in the journal's own store.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct HashKey([u8; 16]);

/// Keyed 128-bit hash over length-prefixed parts. They are gathered and hashed at once: this runs for every record
/// read, and many small writes cost more than one long one.
pub struct Hasher128 {
    key: [u8; 16],
    gathered: Vec<u8>,
}

macro_rules! text_id {
    ($name:ident) => {
        impl $name {
            /// Wraps the text.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text)
            }
        }

        impl FromStr for $name {
            type Err = std::convert::Infallible;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Ok(Self(text.to_owned()))
            }
        }
    };
}

text_id!(EndpointName);
text_id!(ExternalId);

impl From<i64> for ExternalId {
    fn from(number: i64) -> Self {
        Self(number.to_string())
    }
}

impl Pair {
    /// A pair for one kind of record.
    pub fn new(entity: EntityKind, primary: impl Into<EndpointName>, secondary: impl Into<EndpointName>) -> Self {
        Self { entity, primary: primary.into(), secondary: secondary.into() }
    }

    /// The pair in which the other side leads.
    pub fn turned(&self) -> Self {
        Self { entity: self.entity, primary: self.secondary.clone(), secondary: self.primary.clone() }
    }

    /// `net2/person → timeware/person`, the way it is written in reports.
    pub fn title(&self) -> String {
        format!("{}/{} → {}/{}", self.primary, self.entity, self.secondary, self.entity)
    }
}

impl fmt::Display for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}>{}", self.entity, self.primary, self.secondary)
    }
}

impl SyncKey {
    /// The key of a record that began its life at `origin` under `id`, in its `generation`-th life.
    ///
    /// The hash key is fixed, so that a lost journal finds its own records again.
    pub fn new(pair: &Pair, origin: &EndpointName, id: &ExternalId, generation: u32) -> Self {
        let mut hasher = SipHasher24::new_with_keys(0x6b65_795f_7379_6e63, 0x0001_0000_0000_0000);
        for part in [pair.entity.as_str(), pair.primary.as_str(), pair.secondary.as_str(), origin.as_str(), id.as_str()]
        {
            hasher.write_usize_le(part.len());
            hasher.write(part.as_bytes());
        }
        hasher.write(&generation.to_le_bytes());
        let hash = hasher.finish128();
        Self((u128::from(hash.h1) << 64) | u128::from(hash.h2))
    }

    /// The key as a number, for ordered storage.
    pub fn get(self) -> u128 {
        self.0
    }
}

trait WriteLength {
    fn write_usize_le(&mut self, n: usize);
}

impl<H: std::hash::Hasher> WriteLength for H {
    fn write_usize_le(&mut self, n: usize) {
        self.write(&(n as u64).to_le_bytes());
    }
}

impl fmt::Display for SyncKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for SyncKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SyncKey({self})")
    }
}

impl FromStr for SyncKey {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        u128::from_str_radix(text, 16).map(Self)
    }
}

impl Serialize for SyncKey {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for SyncKey {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl Fingerprint {
    /// Sixteen bytes, for storage.
    pub fn to_bytes(self) -> [u8; 16] {
        ((u128::from(self.0) << 64) | u128::from(self.1)).to_be_bytes()
    }

    /// Back from storage.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        let n = u128::from_be_bytes(bytes);
        #[expect(clippy::cast_possible_truncation, reason = "the two halves of 128 bits")]
        Self((n >> 64) as u64, n as u64)
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}{:016x}", self.0, self.1)
    }
}

impl HashKey {
    /// A key from stored bytes.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The bytes, for storage.
    pub fn to_bytes(self) -> [u8; 16] {
        self.0
    }

    /// Starts a fingerprint.
    pub fn hasher(&self) -> Hasher128 {
        Hasher128 { key: self.0, gathered: Vec::with_capacity(256) }
    }

    /// The sealed form of a secret: equal secrets have equal seals within one installation.
    pub fn seal(&self, clear: &str) -> String {
        let mut hasher = SipHasher24::new_with_key(&self.0);
        hasher.write(clear.as_bytes());
        let hash = hasher.finish128();
        format!("{:016x}{:016x}", hash.h1, hash.h2)
    }
}

impl fmt::Debug for HashKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HashKey(***)")
    }
}

impl Hasher128 {
    /// Adds one part; its length goes in first, so that parts cannot run together.
    pub fn part(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.gathered.extend_from_slice(bytes);
    }

    /// Adds a number.
    pub fn number(&mut self, n: u64) {
        self.gathered.extend_from_slice(&n.to_le_bytes());
    }

    /// The fingerprint of everything added.
    pub fn finish(&self) -> Fingerprint {
        let hash = SipHasher13::new_with_key(&self.key).hash(&self.gathered);
        Fingerprint(hash.h1, hash.h2)
    }
}

impl fmt::Debug for Hasher128 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hasher128")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair() -> Pair {
        Pair::new(EntityKind::Person, "net2", "timeware")
    }

    #[test]
    fn sync_keys_never_change_between_versions() {
        let key = SyncKey::new(&pair(), &"net2".into(), &"42".into(), 0);
        assert_eq!(key.to_string().len(), 32);
        assert_eq!(key.to_string().parse::<SyncKey>().unwrap(), key);
        assert_ne!(key, SyncKey::new(&pair(), &"net2".into(), &"42".into(), 1));
        assert_ne!(key, SyncKey::new(&pair(), &"timeware".into(), &"42".into(), 0));
    }

    #[test]
    fn parts_of_a_fingerprint_cannot_run_together() {
        let key = HashKey::from_bytes([1; 16]);
        let (mut a, mut b) = (key.hasher(), key.hasher());
        a.part(b"ab");
        a.part(b"c");
        b.part(b"a");
        b.part(b"bc");
        assert_ne!(a.finish(), b.finish());
        assert_eq!(Fingerprint::from_bytes(a.finish().to_bytes()), a.finish());
    }
}
