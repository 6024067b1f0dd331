//! Two hashes: of the bytes, and of what they mean.

use sha2::{Digest as _, Sha256};

use crate::snapshot::{Booking, Digest, Person, Role, Status};
use crate::text::fold_case;

/// The hash of a body, which changes with every byte.
///
/// A body that was read before needs no second reading. Some systems, those of type 1 among them, change theirs at every
/// fetch: of those [`Snapshot::semantic_hash`](crate::Snapshot::semantic_hash) tells whether anything happened.
pub fn body_hash(body: &[u8]) -> Digest {
    Digest(Sha256::digest(body).into())
}

/// Changes when a booking comes, goes, moves, or is for others; the bookings are in order.
pub(crate) fn semantic_hash(bookings: &[Booking]) -> Digest {
    let (mut hash, mut buffer) = (Sha256::new(), Vec::with_capacity(2 * AT_ONCE));
    for booking in bookings {
        text(&booking.uid, &mut buffer);
        times(booking, &mut buffer);
        people_and_resources(booking, &mut buffer);
        if buffer.len() >= AT_ONCE {
            hash.update(&buffer);
            buffer.clear();
        }
    }
    hash.update(&buffer);
    Digest(hash.finalize().into())
}

/// Bytes that are hashed together.
const AT_ONCE: usize = 16 * 1024;

fn times(booking: &Booking, out: &mut Vec<u8>) {
    let mut bytes = [0; 26];
    let (times, marks) = bytes.split_at_mut(24);
    let instance = booking.instance.map_or(i64::MIN, |instance| instance.timestamp());
    let numbers = [instance, booking.start.timestamp(), booking.end.timestamp()];
    for (place, number) in times.chunks_exact_mut(8).zip(numbers) {
        place.copy_from_slice(&number.to_le_bytes());
    }
    marks.copy_from_slice(&[status(booking.status), u8::from(booking.held)]);
    out.extend_from_slice(&bytes);
}

/// Every part with its length or kind before it, so that no two bookings look alike.
fn people_and_resources(booking: &Booking, out: &mut Vec<u8>) {
    length(booking.people.len(), out);
    match &*booking.people {
        [only] => person(only.email.as_deref(), only, out),
        people => {
            let folded = people.iter().map(|person| (person.email.as_deref().map(fold_case), person));
            let mut people: Vec<_> = folded.collect();
            people.sort_unstable_by(|(email, one), (other_email, other)| {
                (email, &one.name, one.role).cmp(&(other_email, &other.name, other.role))
            });
            for (email, one) in people {
                person(email.as_deref(), one, out);
            }
        }
    }
    length(booking.resources.len(), out);
    if let [only] = &*booking.resources {
        return text(only, out);
    }
    let mut resources: Vec<&str> = booking.resources.iter().map(String::as_str).collect();
    resources.sort_unstable();
    for resource in resources {
        text(resource, out);
    }
}

/// Case of an address does not count.
fn person(email: Option<&str>, person: &Person, out: &mut Vec<u8>) {
    out.push(role(person.role));
    out.push(u8::from(email.is_some()));
    match email.unwrap_or_default() {
        email if email.is_ascii() => {
            length(email.len(), out);
            let begin = out.len();
            out.extend_from_slice(email.as_bytes());
            out.get_mut(begin..).unwrap_or_default().make_ascii_lowercase();
        }
        email => text(&fold_case(email), out),
    }
    out.push(u8::from(person.name.is_some()));
    text(person.name.as_deref().unwrap_or_default(), out);
}

fn status(status: Status) -> u8 {
    match status {
        Status::Confirmed => 0,
        Status::Tentative => 1,
        Status::Cancelled => 2,
    }
}

fn role(role: Role) -> u8 {
    match role {
        Role::Organizer => 0,
        Role::Attendee => 1,
    }
}

/// Nothing in a body is longer than 32 bits tell.
fn length(value: usize, out: &mut Vec<u8>) {
    out.extend_from_slice(&u32::try_from(value).unwrap_or(u32::MAX).to_le_bytes());
}

fn text(value: &str, out: &mut Vec<u8>) {
    length(value.len(), out);
    out.extend_from_slice(value.as_bytes());
}
