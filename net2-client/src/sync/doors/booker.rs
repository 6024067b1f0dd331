//! Between a user of Net2 and a booker.

use chrono::NaiveDate;
use sync_core::connector::{FieldCaps, Marker, Record};
use sync_core::model::{Canonical, Entity as _, Known, Person, SecretText, SyncKey};

use super::config::BookersConfig;
use super::site::Site;
use crate::permissions::PermissionSet;
use crate::sync::details::HeldToken;
use crate::sync::person;
use crate::token_types::TokenType;
use crate::users::{NewUser, User, UserChanges};

/// What stands beside a user, as far as it was read.
#[derive(Clone, Debug, Default)]
pub(super) struct Beside {
    pub(super) access: PermissionSet,
    pub(super) code: Known<SecretText>,
    /// The user is in no department at all.
    pub(super) unplaced: bool,
}

/// How Net2 stores the fields of a booker.
pub(super) fn field_caps(config: &BookersConfig) -> Vec<FieldCaps> {
    let text = Canonical::text(50);
    let memo = Canonical { max_chars: Some(NOTES_CHARS), ..Canonical::exact() };
    let mut caps = vec![
        FieldCaps::full("first_name", text),
        // Net2 wants one of both names: this one is never cleared.
        FieldCaps::required("last_name", text),
        // Net2 keeps capitals, and they make no other address.
        FieldCaps::full("email", Canonical::name(50)),
        FieldCaps::full("doors", Canonical::exact()),
        FieldCaps::full("pin", Canonical::exact()),
        FieldCaps::full("notes", memo),
        // A start cannot be emptied, and an end must not: access would not end by itself any more.
        FieldCaps::required("valid_from", Canonical::exact()),
        FieldCaps::required("valid_until", Canonical::exact()),
    ];
    if config.code_kind().is_some() {
        caps.push(FieldCaps::full("code", Canonical::exact()));
    }
    caps
}

/// Whether a user carries the marker: that very word, among others or alone.
pub(super) fn is_marked(config: &BookersConfig, site: &Site, user: &User) -> bool {
    let parts = |c: char| c.is_whitespace() || c == ',' || c == ';';
    let field = user.custom_field(site.marker_field).unwrap_or_default();
    field.split(parts).any(|word| word == config.marker_text)
}

/// The key that a marked user carries.
pub(super) fn key(site: &Site, user: &User) -> Option<SyncKey> {
    split(user.custom_field(site.memo_field).unwrap_or_default()).0
}

/// The record of a marked user; what stands beside it is unknown where it was not read.
pub(super) fn record(site: &Site, user: &User, beside: Option<&Beside>) -> Record<Person> {
    let (key, notes) = split(user.custom_field(site.memo_field).unwrap_or_default());
    let mapped = person::record(&site.mapping, NaiveDate::MIN, user, None).value;
    let mut value = Person {
        first_name: mapped.first_name,
        last_name: mapped.last_name,
        email: mapped.email,
        pin: mapped.pin,
        valid_from: mapped.valid_from,
        valid_until: mapped.valid_until,
        notes: Known::from_text(notes),
        ..Person::default()
    };
    if let Some(beside) = beside {
        let mut doors = site.rules.shown(&beside.access);
        if beside.unplaced {
            doors.insert(NO_DEPARTMENT.to_owned());
        }
        value.doors = if doors.is_empty() { Known::Empty } else { Known::Value(doors) };
        value.code = beside.code.clone();
    }
    let marker = Some(key.map_or(Marker::TextOnly, Marker::Ours));
    Record { id: user.id.get().into(), value, revision: None, marker }
}

/// The user to create: names, mail address, PIN, dates, marker, key and notes, all in one request.
pub(super) fn new_user(config: &BookersConfig, site: &Site, booker: &Person, key: SyncKey) -> NewUser {
    person::unmarked_user(&site.mapping, &mapped(booker)).with(|user| {
        user.custom_field(site.marker_field, config.marker_text.as_str())
            .custom_field(site.memo_field, joined(Some(key), notes(booker).unwrap_or_default()))
    })
}

/// What of the changes a user does not have yet.
pub(super) fn user_changes(site: &Site, changes: &Person, current: &User) -> UserChanges {
    let now = record(site, current, None).value;
    let mut left = changes.clone();
    for field in Person::fields() {
        if (field.get)(&left) == (field.get)(&now) {
            // Unknown fits every field.
            let _ = (field.set)(&mut left, sync_core::model::FieldValue::Unknown);
        }
    }
    let user = person::user_changes(&site.mapping, &mapped(&left), None, None);
    match notes(&left) {
        Some(notes) => user.custom_field(site.memo_field, joined(key(site, current), notes)),
        None => user,
    }
}

/// The number of a token that carries a code; several make a text that is the code of nobody, so that they are replaced.
pub(super) fn code(tokens: &[HeldToken], kind: Option<&TokenType>) -> Known<SecretText> {
    let Some(kind) = kind else { return Known::Unknown };
    let ours = tokens.iter().filter(|token| !token.is_lost && token.kind.as_ref() == Some(kind));
    let numbers: Vec<_> = ours.map(|token| plain_number(token.value.as_str())).collect();
    if numbers.is_empty() { Known::Empty } else { Known::Value(SecretText::new(numbers.join("+"))) }
}

/// A number without leading zeros, which Net2 drops.
pub(super) fn plain_number(text: &str) -> &str {
    let text = text.trim();
    match text.trim_start_matches('0') {
        "" if text.is_empty() => text,
        "" => "0",
        rest => rest,
    }
}

/// The part of a booker that stands in the fields of a user.
fn mapped(booker: &Person) -> Person {
    Person {
        first_name: booker.first_name.clone(),
        last_name: booker.last_name.clone(),
        email: booker.email.clone(),
        pin: booker.pin.clone(),
        valid_from: booker.valid_from,
        valid_until: booker.valid_until,
        ..Person::default()
    }
}

fn notes(booker: &Person) -> Option<&str> {
    match &booker.notes {
        Known::Unknown => None,
        Known::Empty => Some(""),
        Known::Value(notes) => Some(notes),
    }
}

/// Key and notes of a memo. A first line that is no key is a note.
fn split(memo: &str) -> (Option<SyncKey>, String) {
    let (first, rest) = memo.split_once('\n').unwrap_or((memo, ""));
    let digits = first.trim_end().strip_prefix('#').filter(|digits| digits.len() == KEY_CHARS - 1);
    match digits.and_then(|digits| digits.parse().ok()) {
        Some(key) => (Some(key), rest.replace("\r\n", "\n")),
        None => (None, memo.replace("\r\n", "\n")),
    }
}

fn joined(key: Option<SyncKey>, notes: &str) -> String {
    match key {
        Some(key) if notes.is_empty() => format!("#{key}"),
        Some(key) => format!("#{key}\n{notes}"),
        None => notes.to_owned(),
    }
}

/// What stands in `doors` of somebody who never got into the department of bookers.
pub(super) const NO_DEPARTMENT: &str = "in no department";

const KEY_CHARS: usize = 33;
const NOTES_CHARS: usize = 2000;
/// What the memo has to hold: the key, a line break, the notes.
pub(super) const MEMO_CHARS: usize = KEY_CHARS + 2 + NOTES_CHARS;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::TokenValue;
    use proptest::prelude::*;

    fn token(value: &str, kind: TokenType, is_lost: bool) -> HeldToken {
        HeldToken { value: TokenValue::new(value), kind: Some(kind), is_lost }
    }

    #[test]
    fn only_tokens_of_the_kind_are_codes_and_two_are_none() {
        let fob = token("1111", TokenType::Keyfob, false);
        let lost = token("2222", TokenType::Unspecified, true);
        let ours = token("0042", TokenType::Unspecified, false);
        let other = token("43", TokenType::Unspecified, false);
        let kind = Some(&TokenType::Unspecified);
        let shown = |tokens: &[HeldToken]| code(tokens, kind).into_value().map(|code| code.expose().to_owned());
        assert_eq!(shown(&[fob.clone(), lost]), None);
        assert_eq!(shown(&[fob, ours.clone()]).as_deref(), Some("42"));
        assert_eq!(shown(&[ours.clone(), other]).as_deref(), Some("42+43"));
        assert_eq!(code(&[ours], None), Known::Unknown);
        assert_eq!(plain_number("000"), "0");
    }

    #[test]
    fn a_first_line_that_is_no_key_is_a_note() {
        for memo in ["#nothing", "##0123", "#0123", "Court 1|10:00\r\nmore", "#", ""] {
            assert_eq!(split(memo), (None, memo.replace("\r\n", "\n")), "{memo:?}");
        }
    }

    proptest! {
        #[test]
        fn key_and_notes_survive_the_memo(number: u128, notes in "[a-z |\n]{0,60}", dos: bool) {
            let key: SyncKey = format!("{number:032x}").parse().unwrap();
            let memo = joined(Some(key), &notes);
            let memo = if dos { memo.replace('\n', "\r\n") } else { memo };
            prop_assert_eq!(split(&memo), (Some(key), notes));
        }
    }
}
