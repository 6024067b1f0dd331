//! Which readers give bookings, and how.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sync_core::model::Direction;

use crate::model::BookingDirection;

/// Readers that give bookings, by the access system's id. A reader that is not named gives none.
pub type Readers = BTreeMap<String, ReaderBooking>;

/// How the events of a reader become bookings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ReaderBooking {
    /// Serial number of the file terminal for bookings in, and for those without a direction.
    pub serial_in: String,
    /// Serial number of the file terminal for bookings out; the one for bookings in if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serial_out: Option<String>,
    /// Where the direction comes from.
    #[serde(default)]
    pub direction: ReaderDirectionRule,
    /// Master code of its bookings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mc: Option<String>,
    /// Cost centre of its bookings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cc: Option<String>,
}

/// Where the direction of a booking comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum ReaderDirectionRule {
    /// The reader's own.
    #[default]
    Reader,
    /// Always in.
    In,
    /// Always out.
    Out,
    /// Astrow finds out by the order of the day.
    Auto,
}

impl ReaderBooking {
    /// A reader with its own direction and one terminal for both.
    pub fn new(serial: impl Into<String>) -> Self {
        let (serial_out, mc, cc) = (None, None, None);
        Self { serial_in: serial.into(), serial_out, direction: ReaderDirectionRule::default(), mc, cc }
    }

    /// Sets further members.
    pub fn with(mut self, set: impl FnOnce(&mut Self)) -> Self {
        set(&mut self);
        self
    }

    /// The direction of a booking.
    pub(super) fn direction(&self, passed: Direction) -> BookingDirection {
        match (self.direction, passed) {
            (ReaderDirectionRule::In, _) | (ReaderDirectionRule::Reader, Direction::In) => BookingDirection::In,
            (ReaderDirectionRule::Out, _) | (ReaderDirectionRule::Reader, Direction::Out) => BookingDirection::Out,
            _ => BookingDirection::Auto,
        }
    }

    /// The terminal of a booking.
    pub(super) fn serial(&self, direction: &BookingDirection) -> &str {
        match (direction, self.serial_out.as_deref()) {
            (BookingDirection::Out, Some(serial)) => serial,
            _ => &self.serial_in,
        }
    }

    /// All its terminals.
    pub(super) fn serials(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.serial_in.as_str()).chain(self.serial_out.as_deref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn direction_and_terminal_follow_the_rule() {
        use ReaderDirectionRule as Rule;
        let reader = |rule| {
            ReaderBooking::new("a").with(|reader| {
                reader.serial_out = Some("b".to_owned());
                reader.direction = rule;
            })
        };
        for (rule, passed, direction, serial) in [
            (Rule::Reader, Direction::In, BookingDirection::In, "a"),
            (Rule::Reader, Direction::Out, BookingDirection::Out, "b"),
            (Rule::Reader, Direction::Unknown, BookingDirection::Auto, "a"),
            (Rule::In, Direction::Out, BookingDirection::In, "a"),
            (Rule::Out, Direction::In, BookingDirection::Out, "b"),
            (Rule::Auto, Direction::Out, BookingDirection::Auto, "a"),
        ] {
            let reader = reader(rule);
            let found = reader.direction(passed);
            assert_eq!((found.clone(), reader.serial(&found)), (direction, serial), "{rule:?} {passed}");
        }
    }
}
