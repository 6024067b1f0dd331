//! Small records, links and events to test with.

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, FixedOffset, Utc};

use crate::connector::Marker;
use crate::journal::{
    AuditEntry, Baseline, BaselineField, Durability, EventState, Intent, IntentId, IntentKind, IntentState, Journal,
    JournalError, LedgerEvent, Link, LinkState, Ownership, Seen, Side, Stream, Write,
};
use crate::model::{
    Direction, EntityKind, EventClass, EventKey, ExternalId, FieldValue, Fields, Fingerprint, Pair, Scalar, SyncKey,
};

/// Configuration revision of all links.
pub(super) const REVISION: u64 = 3;

pub(super) fn pair() -> Pair {
    Pair::new(EntityKind::Person, "left", "right")
}

pub(super) fn stream(side: Side) -> Stream {
    Stream::of(&pair(), side)
}

pub(super) fn at(minute: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + Duration::days(20_000) + Duration::minutes(minute)
}

pub(super) fn fingerprint(n: u128) -> Fingerprint {
    Fingerprint::from_bytes(n.to_be_bytes())
}

pub(super) fn text(text: &str) -> FieldValue {
    FieldValue::Value(Scalar::Text(text.to_owned()))
}

pub(super) fn seen(id: &str, print: u128) -> Seen {
    Seen {
        id: id.into(),
        fingerprint: fingerprint(print),
        fields: Fields::from_iter([("name".to_owned(), text(id)), ("mail".to_owned(), FieldValue::Empty)]),
        title: format!("record {id}"),
        marker: None,
        revision: None,
        invalid: None,
        missing: 0,
        missing_at: None,
    }
}

pub(super) fn marked(id: &str, print: u128) -> Seen {
    Seen {
        marker: Some(Marker::Ours(key(id, 0))),
        revision: Some("W/\"7\"".to_owned()),
        invalid: Some(crate::journal::Invalid { field: "mail".to_owned(), why: "two at signs".to_owned() }),
        ..seen(id, print)
    }
}

pub(super) fn key(primary: &str, generation: u32) -> SyncKey {
    SyncKey::new(&pair(), &"left".into(), &primary.into(), generation)
}

/// A live link that agrees with `seen(primary, 1)` and `seen(secondary, 1)`.
pub(super) fn link(primary: &str, secondary: &str) -> Link {
    Link {
        key: key(primary, 0),
        pair: pair(),
        primary: Some(primary.into()),
        secondary: Some(secondary.into()),
        generation: 0,
        state: LinkState::Live,
        held_because: None,
        ownership: Ownership::Owned,
        primary_seen: fingerprint(1),
        secondary_seen: fingerprint(1),
        revision: REVISION,
        due: false,
        retry_at: None,
        attempts: 0,
        baseline: Baseline(BTreeMap::from([(
            "name".to_owned(),
            BaselineField { value: text("x"), primary: Some(FieldValue::Empty) },
        )])),
        removed: None,
    }
}

/// A dead link in its own life.
pub(super) fn dead(primary: &str, secondary: &str, generation: u32) -> Link {
    Link { key: key(primary, generation), generation, state: LinkState::Dead, ..link(primary, secondary) }
}

pub(super) fn intent(id: u64, primary: &str, minute: i64, state: IntentState) -> Intent {
    Intent {
        id: IntentId(id),
        pair: pair(),
        key: key(primary, 0),
        side: Side::Secondary,
        kind: IntentKind::Create,
        record: None,
        title: format!("record {primary}"),
        payload: Fields::from_iter([("name".to_owned(), text(primary))]),
        removal: None,
        attempt: 1,
        attempt_key: "a1".to_owned(),
        state,
        prepared_at: at(minute),
        note: None,
    }
}

pub(super) fn audit(record: &str, minute: i64) -> AuditEntry {
    AuditEntry {
        at: at(minute),
        actor: "schedule".to_owned(),
        pair: pair().to_string(),
        endpoint: "right".to_owned(),
        record: record.into(),
        action: "update".to_owned(),
        field: Some("name".to_owned()),
        old: None,
        new: Some("***".to_owned()),
        reason: "changed at the primary".to_owned(),
        plan: None,
    }
}

pub(super) fn event_key(number: i64) -> EventKey {
    EventKey { endpoint: "left".into(), epoch: 0, number }
}

pub(super) fn event(number: i64) -> LedgerEvent {
    let offset = FixedOffset::east_opt(3_600);
    LedgerEvent {
        key: event_key(number),
        occurred: at(number).with_timezone(&offset.unwrap()),
        received: at(number + 1),
        class: EventClass::Granted,
        code: 20,
        person: Some("7".into()),
        device: Some("2".into()),
        credential: Some("12345678".to_owned()),
        direction: Direction::In,
        identity: None,
        remark: None,
        content: u64::MAX - number.unsigned_abs(),
        state: EventState::Ready,
        reason: None,
        target: None,
        retry_at: None,
        attempts: 0,
    }
}

pub(super) async fn commit(journal: &impl Journal, writes: Vec<Write>) {
    journal.commit(Durability::D2, writes).await.unwrap();
}

pub(super) async fn refused(journal: &impl Journal, writes: Vec<Write>) -> JournalError {
    journal.commit(Durability::D1, writes).await.unwrap_err()
}

pub(super) async fn see(journal: &impl Journal, side: Side, rows: Vec<Seen>) {
    commit(journal, vec![Write::See(stream(side), rows)]).await;
}

pub(super) fn boxed(link: Link) -> Write {
    Write::Link(Box::new(link))
}

/// Both sides agree on a link between `primary` and `secondary`.
pub(super) async fn agree(journal: &impl Journal, primary: &str, secondary: &str) {
    see(journal, Side::Primary, vec![seen(primary, 1)]).await;
    see(journal, Side::Secondary, vec![seen(secondary, 1)]).await;
    commit(journal, vec![boxed(link(primary, secondary))]).await;
}

/// A page for `compare`.
pub(super) fn page(rows: &[(&str, u128)]) -> Vec<(ExternalId, Fingerprint)> {
    rows.iter().map(|(id, print)| (ExternalId::from(*id), fingerprint(*print))).collect()
}
