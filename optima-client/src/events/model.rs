//! An event as it is read.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, FixedOffset};
use chrono_tz::Tz;
use connector_http::profile::{Item, Misfit};

use crate::dialect::Read;
use crate::id::{BadgeId, DoorId, EventId, ReaderId};
use crate::readers::{Named, named};
use crate::words::{CredentialKind, EventClass, ReaderDirection};

/// An event. Who and with which card stays out of `Debug`.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Event {
    /// Its id, unique for ever.
    pub id: EventId,
    /// Its number in order of arrival.
    pub seq: i64,
    /// The life of the event store.
    pub epoch: Option<String>,
    /// When it happened, by the reader.
    pub at: DateTime<FixedOffset>,
    /// When the server received it: much later if a controller was cut off.
    pub received_at: Option<DateTime<FixedOffset>>,
    /// What happened.
    pub class: EventClass,
    /// The vendor's own code.
    pub code: Option<i64>,
    /// Whose badge.
    pub badge: Option<Named<BadgeId>>,
    /// What was shown to the reader.
    pub credential: Option<ShownCredential>,
    /// Where.
    pub reader: Option<Named<ReaderId>>,
    /// At which door.
    pub door: Option<Named<DoorId>>,
    /// Which way the reader pointed at that time.
    pub direction: ReaderDirection,
    /// Why somebody was refused, as the server says it.
    pub reason: Option<String>,
}

/// What was shown to a reader.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ShownCredential {
    /// What it is.
    pub kind: CredentialKind,
    /// Its number, of a card.
    pub number: Option<String>,
}

/// A position in the event log: the last number read, and the life of the store. As text `<epoch>:<seq>`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EventCursor {
    epoch: Option<String>,
    seq: i64,
}

/// The text is no position of an event log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a position of the event log is written <epoch>:<number>")]
pub struct InvalidCursor;

impl EventCursor {
    /// Behind a number, in whatever life of the store.
    pub const fn after(seq: i64) -> Self {
        Self { epoch: None, seq }
    }

    /// Behind an event.
    pub fn behind(event: &Event) -> Self {
        Self { epoch: event.epoch.clone(), seq: event.seq }
    }

    /// The number.
    pub const fn seq(&self) -> i64 {
        self.seq
    }

    /// The life of the store.
    pub fn epoch(&self) -> Option<&str> {
        self.epoch.as_deref()
    }

    /// Whether an event belongs to another life of the store: its numbers say nothing about this position.
    pub fn is_of_another_life(&self, event: &Event) -> bool {
        matches!((&self.epoch, &event.epoch), (Some(mine), Some(theirs)) if mine != theirs)
    }
}

impl fmt::Display for EventCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.epoch.as_deref().unwrap_or_default(), self.seq)
    }
}

impl FromStr for EventCursor {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        let (epoch, seq) = text.rsplit_once(':').unwrap_or(("", text));
        let seq = seq.trim().parse().map_err(|_| InvalidCursor)?;
        Ok(Self { epoch: Some(epoch.to_owned()).filter(|epoch| !epoch.is_empty()), seq })
    }
}

impl Read for Event {
    const OBJECT: &'static str = "event";

    fn read(item: Item<'_>, zone: Option<Tz>) -> Result<Self, Misfit> {
        let seq = if item.has("seq") { item.int("seq")? } else { item.int("id")? };
        Ok(Self {
            id: item.id("id")?.into(),
            seq,
            epoch: item.id_opt("epoch")?,
            at: item.instant("at", zone)?,
            received_at: item.instant_opt("received_at", zone)?,
            class: item.word("class", "event_class")?.into(),
            code: item.int_opt("code")?,
            badge: named(item, "badge_id", "badge_name")?,
            credential: shown(item)?,
            reader: named(item, "reader_id", "reader_name")?,
            door: named(item, "door_id", "door_name")?,
            direction: item.word_opt("direction", "direction")?.map_or(ReaderDirection::None, Into::into),
            reason: item.text_opt("reason")?,
        })
    }
}

fn shown(item: Item<'_>) -> Result<Option<ShownCredential>, Misfit> {
    let kind: Option<CredentialKind> = item.word_opt("credential_type", "credential_type")?.map(Into::into);
    let hidden = matches!(kind, Some(CredentialKind::Pin | CredentialKind::Biometric));
    let number = if hidden { None } else { item.id_opt("credential_number")? };
    Ok(match (kind, number) {
        (None, None) => None,
        (kind, number) => Some(ShownCredential { kind: kind.unwrap_or(CredentialKind::Card), number }),
    })
}

/// Who and with which card stays out.
impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event")
            .field("seq", &self.seq)
            .field("at", &self.at)
            .field("class", &self.class)
            .field("reader", &self.reader)
            .finish_non_exhaustive()
    }
}

/// The number stays out.
impl fmt::Debug for ShownCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ShownCredential").field("kind", &self.kind).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_written_and_read_back() {
        for text in ["2025A:52318", ":7", "a:b:9"] {
            let cursor: EventCursor = text.parse().unwrap();
            assert_eq!(cursor.to_string(), text);
        }
        assert_eq!("12".parse::<EventCursor>(), Ok(EventCursor::after(12)));
        assert!("x:".parse::<EventCursor>().is_err());
    }
}
