//! Between a user of Net2 and a person of the engine.

use std::collections::BTreeSet;

use chrono::{Days, NaiveDate};
use sync_core::connector::{FieldCaps, Marker, Record};
use sync_core::model::{
    AccessPolicy, Canonical, Credential, Department, Entity as _, Known, Person, RefKey, SecretText, SyncKey,
};

use super::config::Net2Config;
use super::details::Details;
use crate::id::{AccessLevelId, CustomFieldId, DepartmentId};
use crate::text::Pin;
use crate::time::ServerTime;
use crate::users::{Change, NewUser, User, UserChanges};

/// How Net2 stores a person's fields.
pub(super) fn field_caps(config: &Net2Config) -> Vec<FieldCaps> {
    let text = Canonical::text(50);
    let mut caps = vec![
        FieldCaps::full("first_name", text),
        FieldCaps::full("middle_name", text),
        // Net2 wants one of both names: this one is never cleared.
        FieldCaps::required("last_name", text),
        FieldCaps::full("telephone", text),
        FieldCaps::full("department", Canonical::exact()),
        FieldCaps::full("policies", Canonical::exact()),
        FieldCaps::full("credentials", Canonical::exact()),
        FieldCaps::full("pin", Canonical::exact()),
        FieldCaps::full("valid_from", Canonical::exact()),
        FieldCaps::full("valid_until", Canonical::exact()),
        FieldCaps::required("active", Canonical::exact()),
    ];
    for (name, field) in custom(config) {
        let max = field.usual_max_length().map_or(4000, |max| max as usize);
        caps.push(FieldCaps::full(name, Canonical::text(max)));
    }
    caps
}

/// The fields of a person that stand in custom fields of this site.
fn custom(config: &Net2Config) -> impl Iterator<Item = (&'static str, CustomFieldId)> {
    let fields = config.fields;
    [
        ("post_code", fields.post_code),
        ("mobile", fields.mobile),
        ("email", fields.email),
        ("vehicle_registration", fields.vehicle_registration),
        ("personnel_number", fields.personnel_number),
    ]
    .into_iter()
    .filter(|(_, field)| *field > 0)
    .map(|(name, field)| (name, CustomFieldId::new(field.into())))
}

fn slot<'a>(person: &'a mut Person, name: &str) -> Option<&'a mut Known<String>> {
    match name {
        "post_code" => Some(&mut person.post_code),
        "mobile" => Some(&mut person.mobile),
        "email" => Some(&mut person.email),
        "vehicle_registration" => Some(&mut person.vehicle_registration),
        "personnel_number" => Some(&mut person.personnel_number),
        _ => None,
    }
}

/// The record of a user, with what its details say; without details those fields are unknown.
pub(super) fn record(config: &Net2Config, today: NaiveDate, user: &User, details: Option<&Details>) -> Record<Person> {
    let text = |value: &Option<String>| Known::from_text(value.clone().unwrap_or_default());
    let last_day = user.expiry_date.map(|date| before(date.date(), config.expiry_offset_days));
    let mut person = Person {
        first_name: text(&user.first_name),
        middle_name: text(&user.middle_name),
        last_name: text(&user.last_name),
        telephone: text(&user.telephone),
        pin: Known::from_option(user.pin.as_ref().map(|pin| SecretText::new(pin.as_str()))),
        valid_from: Known::from_option(user.activate_date.map(ServerTime::date)),
        valid_until: Known::from_option(last_day),
        active: Known::Value(last_day.is_none_or(|day| day >= today)),
        ..Person::default()
    };
    for (name, field) in custom(config) {
        if let Some(slot) = slot(&mut person, name) {
            *slot = Known::from_text(user.custom_field(field).unwrap_or_default());
        }
    }
    if let Some(details) = details {
        person.department = department(details.department);
        person.policies = policies(&details.access.access_levels);
        person.credentials = credentials(details);
    }
    let marker = config.marker_id().and_then(|field| marker(config, user.custom_field(field)?));
    Record { id: user.id.get().into(), value: person, revision: None, marker }
}

fn department(id: DepartmentId) -> Known<RefKey> {
    let some = (id != DepartmentId::NONE).then(|| RefKey { entity: Department::KIND, id: id.get().into() });
    Known::from_option(some)
}

fn policies(levels: &[AccessLevelId]) -> Known<BTreeSet<RefKey>> {
    let real = levels.iter().filter(|level| **level != AccessLevelId::NONE && !level.is_private());
    set(real.map(|level| RefKey { entity: AccessPolicy::KIND, id: level.get().into() }).collect())
}

fn credentials(details: &Details) -> Known<BTreeSet<Credential>> {
    set(details.cards().map(|card| Credential::new("", card.as_str())).collect())
}

fn set<T: Ord>(set: BTreeSet<T>) -> Known<BTreeSet<T>> {
    if set.is_empty() { Known::Empty } else { Known::Value(set) }
}

fn before(day: NaiveDate, days: u8) -> NaiveDate {
    day.checked_sub_days(Days::new(days.into())).unwrap_or(day)
}

/// The expiry to write for a last day of validity.
pub(super) fn expiry(config: &Net2Config, last_day: NaiveDate) -> ServerTime {
    let days = Days::new(config.expiry_offset_days.into());
    ServerTime::day(last_day.checked_add_days(days).unwrap_or(last_day))
}

/// Our mark in a custom field. Our word alone was left by a predecessor.
fn marker(config: &Net2Config, text: &str) -> Option<Marker> {
    let word = config.marker_text.as_str();
    let key = Marker::key_in(word, text).map(Marker::Ours);
    key.or_else(|| (text.trim() == word).then_some(Marker::TextOnly))
}

/// The user to create for a person, mark included; department, cards and access follow by their own calls.
pub(super) fn new_user(config: &Net2Config, person: &Person, key: SyncKey) -> NewUser {
    let user = unmarked_user(config, person);
    match config.marker_id() {
        Some(field) => user.with(|user| user.custom_field(field, Marker::text(&config.marker_text, key))),
        None => user,
    }
}

/// The same without a mark.
pub(super) fn unmarked_user(config: &Net2Config, person: &Person) -> NewUser {
    let name = |known: &Known<String>| known.value().cloned().unwrap_or_default();
    let rest = Person { first_name: Known::Unknown, last_name: Known::Unknown, ..person.clone() };
    NewUser::new(name(&person.first_name), name(&person.last_name)).with(|_| {
        let base = user_changes(config, &rest, None, None);
        let base = match person.first_name.value() {
            Some(first) => base.first_name(first.clone()),
            None => base,
        };
        match person.last_name.value() {
            Some(last) => base.last_name(last.clone()),
            None => base,
        }
    })
}

/// The changes to a user that a person's known fields ask for. `current` and `today` decide what `active` means.
pub(super) fn user_changes(
    config: &Net2Config,
    person: &Person,
    current: Option<&User>,
    today: Option<NaiveDate>,
) -> UserChanges {
    let mut changes = UserChanges::new()
        .first_name(change(&person.first_name))
        .middle_name(change(&person.middle_name))
        .last_name(change(&person.last_name))
        .telephone(change(&person.telephone))
        .pin(match &person.pin {
            Known::Unknown => Change::Keep,
            Known::Empty => Change::Clear,
            Known::Value(secret) => Change::Set(Pin::new(secret.expose())),
        })
        .activate_date(day_change(person.valid_from, ServerTime::day))
        .expiry_date(day_change(person.valid_until, |day| expiry(config, day)));
    for (name, field) in custom(config) {
        let mut copy = person.clone();
        match slot(&mut copy, name) {
            Some(Known::Value(text)) => changes = changes.custom_field(field, text.clone()),
            Some(Known::Empty) => changes = changes.custom_field(field, ""),
            _ => {}
        }
    }
    if let (Some(current), Some(today), false) = (current, today, person.valid_until.is_known()) {
        changes = reactivated(config, person, current, today, changes);
    }
    changes
}

/// "Active" without a date of its own: an end in the past goes away, an end is set to yesterday.
fn reactivated(
    config: &Net2Config,
    person: &Person,
    current: &User,
    today: NaiveDate,
    changes: UserChanges,
) -> UserChanges {
    let over = current.expiry_date.is_some_and(|date| before(date.date(), config.expiry_offset_days) < today);
    match person.active {
        Known::Value(true) if over => changes.expiry_date(Change::Clear),
        Known::Value(false) if !over => match ended(current, today) {
            Some(end) => changes.expiry_date(end),
            None => changes,
        },
        _ => changes,
    }
}

/// Yesterday, unless the validity begins later than that.
pub(super) fn ended(current: &User, today: NaiveDate) -> Option<ServerTime> {
    let yesterday = before(today, 1);
    let begins = current.activate_date.map(ServerTime::date);
    begins.is_none_or(|begin| begin < yesterday).then(|| ServerTime::day(yesterday))
}

fn change(known: &Known<String>) -> Change<String> {
    match known {
        Known::Unknown => Change::Keep,
        Known::Empty => Change::Clear,
        Known::Value(text) => Change::Set(text.clone()),
    }
}

fn day_change(known: Known<NaiveDate>, to: impl Fn(NaiveDate) -> ServerTime) -> Change<ServerTime> {
    match known {
        Known::Unknown => Change::Keep,
        Known::Empty => Change::Clear,
        Known::Value(day) => Change::Set(to(day)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sync_core::model::{EndpointName, EntityKind, Pair};

    fn config() -> Net2Config {
        let mut config = Net2Config::new("https://h", "Op", "env:P", "c", "UTC");
        config.marker_field = Some(13);
        config
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn user(expiry: &str) -> User {
        serde_json::from_str(&format!(
            r#"{{"id":42,"firstName":"Maya","lastName":" ","expiryDate":{expiry},"activateDate":"2027-01-01T00:00:00",
                "customFields":[{{"id":9,"value":"m@example.org"}},{{"id":13,"value":"DOORSYNC"}}]}}"#
        ))
        .unwrap()
    }

    #[test]
    fn a_list_row_leaves_access_unknown() {
        let record = record(&config(), day("2027-03-01"), &user("null"), None);
        assert_eq!(record.value.policies, Known::Unknown);
        assert_eq!(record.value.department, Known::Unknown);
        assert_eq!(record.value.last_name, Known::Empty);
        assert_eq!(record.value.email, Known::from_text("m@example.org"));
        assert_eq!(record.marker, Some(Marker::TextOnly));
    }

    #[test]
    fn the_last_day_survives_the_way_there_and_back() {
        let config = config();
        for last in ["2027-03-31", "2028-02-28", "2027-12-31"] {
            let expiry = expiry(&config, day(last));
            let user = user(&format!("\"{expiry}\""));
            assert_eq!(record(&config, day("2027-03-01"), &user, None).value.valid_until, Known::Value(day(last)));
        }
    }

    #[test]
    fn validity_that_ended_is_inactive_and_activating_takes_the_end_away() {
        let (config, today) = (config(), day("2027-03-10"));
        let over = user("\"2027-03-10T00:00:00\"");
        assert_eq!(record(&config, today, &over, None).value.active, Known::Value(false));
        let active = Person { active: Known::Value(true), ..Person::default() };
        let changes = user_changes(&config, &active, Some(&over), Some(today));
        assert_eq!(changes, user_changes(&config, &Person::default(), None, None).expiry_date(Change::Clear));
    }

    #[test]
    fn our_mark_is_found_again() {
        let pair = Pair::new(EntityKind::Person, "a", "b");
        let key = SyncKey::new(&pair, &EndpointName::new("a"), &"7".into(), 0);
        assert_eq!(marker(&config(), &Marker::text(&config().marker_text, key)), Some(Marker::Ours(key)));
        assert_eq!(marker(&config(), "DOORSYNCED"), None);
        assert!(Marker::text(&config().marker_text, key).len() <= 50);
    }
}
