//! Two hashes: of the bytes, and of what they mean.

use sha2::{Digest as _, Sha256};

use crate::snapshot::{Booking, Digest};
use crate::text::fold_case;

/// Changes with every byte.
pub(crate) fn body_hash(body: &[u8]) -> Digest {
    Digest(Sha256::digest(body).into())
}

/// Changes when a booking comes, goes, moves, or is for others. The bookings are in order.
pub(crate) fn semantic_hash(bookings: &[Booking]) -> Digest {
    let mut hash = Sha256::new();
    let mut buffer = Vec::with_capacity(512);
    for booking in bookings {
        buffer.clear();
        write(booking, &mut buffer);
        hash.update(&buffer);
    }
    Digest(hash.finalize().into())
}

/// Every part with its length or kind before it, so that no two bookings look alike.
fn write(booking: &Booking, out: &mut Vec<u8>) {
    text(Some(&booking.uid), out);
    number(booking.instance.map_or(i64::MIN, |instance| instance.timestamp()), out);
    number(booking.start.timestamp(), out);
    number(booking.end.timestamp(), out);
    text(Some(booking.status.as_str()), out);
    out.push(u8::from(booking.held));
    let people = booking.people.iter();
    let mut people: Vec<_> =
        people.map(|person| (person.email.as_deref().map(fold_case), person.name.as_deref(), person.role)).collect();
    people.sort_unstable();
    number(i64::try_from(people.len()).unwrap_or(i64::MAX), out);
    for (email, name, role) in people {
        text(email.as_deref(), out);
        text(name, out);
        text(Some(role.as_str()), out);
    }
    let mut resources: Vec<&str> = booking.resources.iter().map(String::as_str).collect();
    resources.sort_unstable();
    number(i64::try_from(resources.len()).unwrap_or(i64::MAX), out);
    for resource in resources {
        text(Some(resource), out);
    }
}

fn number(value: i64, out: &mut Vec<u8>) {
    out.extend_from_slice(&value.to_le_bytes());
}

fn text(value: Option<&str>, out: &mut Vec<u8>) {
    out.push(u8::from(value.is_some()));
    let value = value.unwrap_or_default();
    number(i64::try_from(value.len()).unwrap_or(i64::MAX), out);
    out.extend_from_slice(value.as_bytes());
}
