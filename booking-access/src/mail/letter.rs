//! What somebody is told.

use std::fmt;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use sync_core::model::SecretText;

use super::dates::Language;

/// A letter to one person about their bookings and their code.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Letter {
    /// Key of the person: the address, folded.
    pub person: String,
    /// Where it goes: the address as it was written.
    pub address: String,
    /// Given name, perhaps empty.
    pub first_name: String,
    /// Family name.
    pub sur_name: String,
    /// Why it is written.
    pub kind: LetterKind,
    /// What they show at the door.
    pub code: LetterCode,
    /// Version of the code; 0 without one.
    pub version: u32,
    /// All bookings that are not over yet; in a cancellation those that were called off.
    pub bookings: Vec<Stay>,
    /// Begin of their validity at the door system.
    pub valid_from: DateTime<Utc>,
    /// End of their validity at the door system.
    pub valid_until: DateTime<Utc>,
    /// Their language, where it is known.
    pub language: Option<Language>,
    /// The code is for what ends by `valid_until`; bookings after that get codes of their own.
    pub codes_to_follow: bool,
}

/// One booking in a letter.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stay {
    /// Begin.
    pub start: DateTime<Utc>,
    /// End.
    pub end: DateTime<Utc>,
    /// What was booked.
    pub resource: String,
    /// The zone in which it was booked, where that is known.
    pub zone: Option<Tz>,
}

/// Why a letter is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum LetterKind {
    /// The code is new.
    Code,
    /// A booking is new.
    Booked,
    /// A booking moved in time or place.
    Changed,
    /// A booking begins soon.
    Reminder,
    /// Bookings were called off. Such a letter has no code.
    Cancelled,
}

/// What is shown at the door.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum LetterCode {
    /// A PIN.
    Pin(SecretText),
    /// The number in a QR picture.
    Qr(SecretText),
    /// A card or fob that staff hand out.
    OwnCard,
    /// The code follows this many hours before the booking begins.
    Withheld(u32),
    /// Nothing.
    None,
}

impl Letter {
    /// A letter without names, in the language of the site.
    pub fn new(
        kind: LetterKind,
        person: impl Into<String>,
        code: LetterCode,
        version: u32,
        mut bookings: Vec<Stay>,
        validity: (DateTime<Utc>, DateTime<Utc>),
    ) -> Self {
        let person = person.into();
        bookings.sort();
        let code = if kind == LetterKind::Cancelled { LetterCode::None } else { code };
        Self {
            address: person.clone(),
            person,
            first_name: String::new(),
            sur_name: String::new(),
            kind,
            code,
            version,
            bookings,
            valid_from: validity.0,
            valid_until: validity.1,
            language: None,
            codes_to_follow: false,
        }
    }

    /// With given and family name.
    pub fn named(mut self, first_name: impl Into<String>, sur_name: impl Into<String>) -> Self {
        (self.first_name, self.sur_name) = (first_name.into(), sur_name.into());
        self
    }

    /// To the address as it was written.
    pub fn to(mut self, address: impl Into<String>) -> Self {
        self.address = address.into();
        self
    }

    /// With bookings after the end of the validity, which get codes of their own.
    pub fn with_codes_to_follow(mut self) -> Self {
        self.codes_to_follow = true;
        self
    }

    /// In another language than that of the site.
    pub fn in_language(mut self, language: Language) -> Self {
        self.language = Some(language);
        self
    }
}

impl Stay {
    /// A booking of a resource.
    pub fn new(resource: impl Into<String>, start: DateTime<Utc>, end: DateTime<Utc>) -> Self {
        Self { start, end, resource: resource.into(), zone: None }
    }
}

/// By time, then by resource.
impl Ord for Stay {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let zone = |stay: &Self| stay.zone.map(Tz::name);
        let by_time = (self.start, self.end).cmp(&(other.start, other.end));
        by_time.then_with(|| self.resource.cmp(&other.resource)).then_with(|| zone(self).cmp(&zone(other)))
    }
}

impl PartialOrd for Stay {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl LetterKind {
    /// Its name in the store and in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Booked => "booked",
            Self::Changed => "changed",
            Self::Reminder => "reminder",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether it tells all that stands, so that a newer one makes an older one superfluous.
    pub(super) fn tells_all(self) -> bool {
        matches!(self, Self::Code | Self::Booked | Self::Changed)
    }
}

impl LetterCode {
    pub(super) fn form(&self) -> &'static str {
        match self {
            Self::Pin(_) => "pin",
            Self::Qr(_) => "qr",
            Self::OwnCard => "card",
            Self::Withheld(_) => "withheld",
            Self::None => "none",
        }
    }
}

/// Hides who and what.
impl fmt::Debug for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Letter")
            .field("kind", &self.kind)
            .field("code", &self.code)
            .field("version", &self.version)
            .field("bookings", &self.bookings.len())
            .finish_non_exhaustive()
    }
}

/// Hides the code.
impl fmt::Debug for LetterCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.form())
    }
}
