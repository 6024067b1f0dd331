//! Bookings as a calendar file. It invites nobody and holds no code.

use chrono::{DateTime, Utc};
use icalendar::{Calendar, Component as _, Event, EventLike as _};
use sha2::{Digest as _, Sha256};

use super::letter::Stay;
use super::template::plain;

/// The calendar file of some bookings.
pub(super) fn calendar(bookings: &[Stay], site_name: &str, domain: &str, written: DateTime<Utc>) -> String {
    let mut calendar = Calendar::empty();
    for (name, value) in [("VERSION", "2.0"), ("PRODID", "-//booking-access//EN"), ("METHOD", "PUBLISH")] {
        calendar.append_property((name, value));
    }
    for stay in bookings {
        let resource = plain(&stay.resource);
        let mut event = Event::new();
        event.uid(&uid(stay, domain)).timestamp(written).summary(&resource).starts(stay.start).ends(stay.end);
        let site = plain(site_name);
        event.location(&if site.is_empty() { resource } else { format!("{resource}, {site}") });
        calendar.push(event.done());
    }
    calendar.to_string()
}

/// The same each time the same booking is told.
fn uid(stay: &Stay, domain: &str) -> String {
    let mut hash = Sha256::new_with_prefix(stay.start.timestamp().to_be_bytes());
    hash.update(stay.end.timestamp().to_be_bytes());
    hash.update(&stay.resource);
    let hash = hash.finalize();
    format!("{}@{domain}", hex::encode(hash.get(..16).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone as _;

    use super::*;

    #[test]
    fn a_booking_is_published_and_invites_nobody() {
        let at = |hour| Utc.with_ymd_and_hms(2026, 11, 24, hour, 0, 0).unwrap();
        let stay = Stay::new("Room 1;\r\nATTENDEE:mailto:x@example.org", at(9), at(10));
        let text = calendar(&[stay.clone(), Stay::new("Desk", at(9), at(11))], "Site", "example.org", at(0));
        let lines: Vec<_> = text.split("\r\n").collect();
        for line in ["METHOD:PUBLISH", "DTSTART:20261124T090000Z", "DTEND:20261124T100000Z", "DTSTAMP:20261124T000000Z"]
        {
            assert!(lines.contains(&line), "{line} in {text}");
        }
        assert!(!lines.iter().any(|line| line.starts_with("ATTENDEE") || line.starts_with("ORGANIZER")), "{text}");
        assert_eq!(text.matches("BEGIN:VEVENT").count(), 2);
        let again = || calendar(std::slice::from_ref(&stay), "", "example.org", at(0));
        assert_eq!(again(), again());
    }
}
