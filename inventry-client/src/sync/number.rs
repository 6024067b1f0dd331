//! Numbers for events of servers that do not count: the instant in the high bits, the id in the low ones.
//!
//! The engine knows an event by its number and reads a log by rising numbers. Seconds since the year 2000 take 32 bits, a
//! hash of the id 31: two events share a number only if they share the second and, once in two thousand million, the hash.
//!
//! Where the server tells when it changed an event, that is its instant, so that a later version has the higher number. Both
//! ways of a visit share it then: a bit of the hash is given up to have the way in before the way out.

use chrono::{DateTime, TimeDelta, Utc};

use crate::events::Event;

const ID_BITS: u32 = 31;
/// 2000-01-01T00:00:00Z.
const BEGINNING: i64 = 946_684_800;

/// Numbers that a span of time covers.
pub(super) const fn span(seconds: i64) -> i64 {
    seconds.saturating_mul(1 << ID_BITS)
}

/// The number of an event.
pub(super) fn of(event: &Event) -> i64 {
    let hash = i64::from(hash(event.id.as_str()));
    let low = match event.updated_at {
        Some(_) => (hash >> 1) | (i64::from(event.event_type.is_out()) << (ID_BITS - 1)),
        None => hash,
    };
    first_at(event.known_at()) + low
}

/// The lowest number of an instant.
pub(super) fn first_at(instant: DateTime<Utc>) -> i64 {
    let seconds = instant.timestamp().saturating_sub(BEGINNING).clamp(0, i64::from(u32::MAX));
    span(seconds)
}

/// The instant of a number, at full seconds.
pub(super) fn instant(number: i64) -> DateTime<Utc> {
    let seconds = number.max(0) >> ID_BITS;
    DateTime::UNIX_EPOCH + TimeDelta::seconds(BEGINNING + seconds)
}

/// FNV-1a, folded: the same on every machine and for ever, since numbers are stored.
fn hash(id: &str) -> u32 {
    let full = id
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    let folded = (full >> 32) ^ full;
    u32::try_from(folded & ((1 << ID_BITS) - 1)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::tests::event;
    use crate::words::EventType;
    use proptest::prelude::*;

    #[test]
    fn numbers_never_change_between_versions_of_this_crate() {
        let event = event("v-9001#in", EventType::SignIn);
        assert_eq!(instant(of(&event)), event.at.to_utc());
        assert_eq!(of(&event), 1_772_437_269_i64.saturating_sub(BEGINNING) * (1 << 31) + i64::from(hash("v-9001#in")));
        assert_eq!(hash(""), 0x4fd0_bfc1);
        assert_eq!(hash("a"), 0x2962_30c0);
    }

    #[test]
    fn when_the_server_stored_it_decides_over_when_it_happened() {
        let mut event = event("e", EventType::SignIn);
        event.recorded_at = Some("2026-03-05T00:00:00Z".parse().unwrap());
        assert_eq!(instant(of(&event)), event.known_at());
    }

    #[test]
    fn a_later_version_is_higher_and_a_way_in_comes_before_the_way_out() {
        let number = |at: &str, updated: &str, kind: EventType| {
            let mut event = event(if kind.is_out() { "v#out" } else { "v#in" }, kind);
            event.at = at.parse().unwrap();
            event.updated_at = Some(updated.parse().unwrap());
            of(&event)
        };
        let first = number("2026-03-02T08:00:00Z", "2026-03-02T08:00:01Z", EventType::SignIn);
        let moved = number("2026-03-02T07:30:00Z", "2026-03-02T16:00:01Z", EventType::SignIn);
        let out = number("2026-03-02T16:00:00Z", "2026-03-02T16:00:01Z", EventType::SignOut);
        assert!(first < moved && moved < out && out < first_at("2026-03-02T16:00:02Z".parse().unwrap()));
    }

    proptest! {
        #[test]
        fn later_is_higher(at in 0_i64..4_000_000_000, more in 1_i64..1000, one in ".{0,12}", other in ".{0,12}") {
            let number = |seconds: i64, id: &str| {
                let mut event = event(id, EventType::SignIn);
                event.recorded_at = Some(DateTime::UNIX_EPOCH + TimeDelta::seconds(BEGINNING + seconds));
                of(&event)
            };
            let (first, second) = (number(at, &one), number(at + more, &other));
            prop_assert!(first < second && first >= 0);
            prop_assert_eq!(instant(first).timestamp(), BEGINNING + at);
        }
    }
}
