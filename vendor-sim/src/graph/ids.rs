//! Ids of events: opaque, case-sensitive, another one in each mailbox.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use chrono::{Datelike, NaiveDate};

use super::world::Key;

const USUAL: &str = "AAMkAGI2ThVSAAA";
const IMMUTABLE: &str = "AAkALgAAAAAAHYQ";

/// Odd, so that multiplying with it can be undone.
const SCRAMBLE: u64 = 0x9e37_79b9_7f4a_7c15;

/// The id of an event in a mailbox.
pub(super) fn event_id(mailbox: &str, key: Key, immutable: bool, slashed: bool) -> String {
    let mut bytes = Vec::with_capacity(16);
    bytes.extend(hash(mailbox).to_be_bytes());
    bytes.extend(key.meeting.wrapping_mul(SCRAMBLE).to_be_bytes());
    bytes.extend(key.day.map_or(0, |day| day.num_days_from_ce()).to_be_bytes());
    let text = if slashed { STANDARD.encode(bytes) } else { URL_SAFE.encode(bytes) };
    // The marks are in every such id, so that nobody gets away without encoding it.
    let mark = if slashed { "/+" } else { "-_" };
    format!("{}{mark}{text}", if immutable { IMMUTABLE } else { USUAL })
}

/// The event with this id in this mailbox.
pub(super) fn event_key(mailbox: &str, id: &str) -> Option<Key> {
    let rest = id.strip_prefix(USUAL).or_else(|| id.strip_prefix(IMMUTABLE))?;
    let rest = rest.strip_prefix("-_").or_else(|| rest.strip_prefix("/+"))?;
    let bytes = URL_SAFE.decode(rest).or_else(|_| STANDARD.decode(rest)).ok()?;
    let (owner, rest) = bytes.split_first_chunk::<4>()?;
    let (meeting, rest) = rest.split_first_chunk::<8>()?;
    let day = i32::from_be_bytes(*rest.first_chunk::<4>()?);
    (rest.len() == 4 && *owner == hash(mailbox).to_be_bytes()).then_some(())?;
    let day = if day == 0 { None } else { Some(NaiveDate::from_num_days_from_ce_opt(day)?) };
    Some(Key { meeting: u64::from_be_bytes(*meeting).wrapping_mul(inverse()), day })
}

fn hash(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

/// By Newton: each round doubles the number of right bits.
fn inverse() -> u64 {
    (0..6).fold(SCRAMBLE, |guess, _| guess.wrapping_mul(2u64.wrapping_sub(SCRAMBLE.wrapping_mul(guess))))
}

/// A stable GUID for a text.
pub(super) fn guid(text: &str) -> String {
    let (first, second) = (hash(text), hash(&format!("{text}/second")));
    let (third, fourth) = (hash(&format!("{text}/third")), hash(&format!("{text}/fourth")));
    format!(
        "{first:08x}-{:04x}-4{:03x}-8{:03x}-{:04x}{fourth:08x}",
        second >> 16,
        second & 0xfff,
        third >> 20,
        third & 0xffff
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_lead_back_to_their_event_in_their_mailbox_only() {
        let day = NaiveDate::from_ymd_opt(2027, 3, 28);
        for key in [Key { meeting: 1, day: None }, Key { meeting: u64::MAX, day }] {
            for (immutable, slashed) in [(false, false), (true, true)] {
                let id = event_id("quay1@rooms.example.org", key, immutable, slashed);
                assert_eq!(event_key("quay1@rooms.example.org", &id), Some(key), "{id}");
                assert_eq!(event_key("quay2@rooms.example.org", &id), None);
                assert_eq!(event_key("quay1@rooms.example.org", &id.to_lowercase()), None);
            }
        }
    }
}
