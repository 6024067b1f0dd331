//! Bookings of attendance.

use std::fmt;

use chrono::{DateTime, FixedOffset};
use serde::{Deserialize, Serialize};

use super::hidden::shows;
use super::id::PersNo;
use super::words::{BookingDirection, BookingStatus, RejectionCode};

/// A booking to be made.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Booking {
    /// The key by which Astrow takes it once: `pac:<epoch>:<seq>` for an event of PAC.
    pub key: String,
    /// The badge number of the employee, as Astrow writes it.
    pub badge_no: String,
    /// The employee, where the bridge knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pers_no: Option<PersNo>,
    /// When it was made.
    pub at: DateTime<FixedOffset>,
    /// The serial number of the terminal.
    pub terminal_serial: String,
    /// Which way.
    pub direction: BookingDirection,
    /// Master code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mc: Option<String>,
    /// Cost centre.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cc: Option<String>,
    /// The event that it comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pac_event: Option<PacEvent>,
}

/// An event of PAC, by its place in the log.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PacEvent {
    /// The life of the log.
    pub epoch: String,
    /// Its number in that life.
    pub seq: u64,
}

/// What became of a booking.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct BookingOutcome {
    /// The key of the booking.
    pub key: String,
    /// What became of it.
    pub status: BookingStatus,
    /// The number that Astrow gave to it.
    pub booking_id: Option<String>,
    /// Why it was rejected.
    pub code: Option<RejectionCode>,
    /// In Astrow's words.
    pub details: Option<String>,
}

/// A booking as Astrow has it.
///
/// The contract names the list and not its members; this takes those of [`Booking`] and [`BookingOutcome`].
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct BookingRecord {
    /// The number that Astrow gave to it.
    pub booking_id: Option<String>,
    /// The key of the bridge, for a booking that came through one.
    pub key: Option<String>,
    /// The employee.
    pub pers_no: Option<PersNo>,
    /// The employee number, where only that is known.
    pub employee_no: Option<String>,
    /// The badge number.
    pub badge_no: Option<String>,
    /// When it was made.
    pub at: DateTime<FixedOffset>,
    /// The serial number of the terminal.
    pub terminal_serial: Option<String>,
    /// Which way.
    pub direction: Option<BookingDirection>,
    /// Master code.
    pub mc: Option<String>,
    /// Cost centre.
    pub cc: Option<String>,
    /// Whether it counts.
    pub status: Option<BookingStatus>,
    /// The event of PAC that it comes from.
    pub pac_event: Option<PacEvent>,
}

impl Booking {
    /// A booking at a terminal.
    pub fn new(
        key: impl Into<String>,
        badge_no: impl Into<String>,
        at: DateTime<FixedOffset>,
        terminal_serial: impl Into<String>,
        direction: BookingDirection,
    ) -> Self {
        Self {
            key: key.into(),
            badge_no: badge_no.into(),
            pers_no: None,
            at,
            terminal_serial: terminal_serial.into(),
            direction,
            mc: None,
            cc: None,
            pac_event: None,
        }
    }

    /// A booking that comes from an event of PAC, whose key it takes.
    pub fn of_event(
        event: PacEvent,
        badge_no: impl Into<String>,
        at: DateTime<FixedOffset>,
        terminal_serial: impl Into<String>,
        direction: BookingDirection,
    ) -> Self {
        let key = format!("pac:{event}");
        Self { pac_event: Some(event), ..Self::new(key, badge_no, at, terminal_serial, direction) }
    }
}

impl PacEvent {
    /// The event with this number in this life of the log.
    pub fn new(epoch: impl Into<String>, seq: u64) -> Self {
        Self { epoch: epoch.into(), seq }
    }
}

/// As `<epoch>:<seq>`.
impl fmt::Display for PacEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.epoch, self.seq)
    }
}

impl BookingOutcome {
    /// What became of a booking.
    pub fn new(key: impl Into<String>, status: BookingStatus) -> Self {
        Self { key: key.into(), status, booking_id: None, code: None, details: None }
    }

    /// A booking that was rejected.
    pub fn rejected(key: impl Into<String>, code: RejectionCode) -> Self {
        Self { code: Some(code), ..Self::new(key, BookingStatus::Rejected) }
    }

    /// Whether Astrow has the booking: processed, queued, or there already.
    pub fn is_taken(&self) -> bool {
        matches!(self.status, BookingStatus::Processed | BookingStatus::Queued | BookingStatus::Duplicate)
    }
}

impl BookingRecord {
    /// A booking of which only the time is known.
    pub fn new(at: DateTime<FixedOffset>) -> Self {
        Self {
            booking_id: None,
            key: None,
            pers_no: None,
            employee_no: None,
            badge_no: None,
            at,
            terminal_serial: None,
            direction: None,
            mc: None,
            cc: None,
            status: None,
            pac_event: None,
        }
    }
}

shows! { Booking: key, pers_no, at, terminal_serial, direction }
shows! { BookingRecord: booking_id, key, pers_no, at, terminal_serial, direction, status }
