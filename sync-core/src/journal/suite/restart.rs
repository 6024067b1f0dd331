//! What a journal keeps when its process ends.

use chrono::Duration;
use serde_json::json;

use super::samples::{agree, at, audit, event, event_key, intent, page, pair, see, seen, stream};
use crate::journal::{
    Absence, AuditRow, Durability, EventState, EventUpdate, Intent, IntentState, Journal, LedgerEvent, Link,
    OutcomeRow, Seen, Side, Write,
};
use crate::model::HashKey;

pub(super) async fn all<J: Journal>(make: &impl AsyncFn() -> J) {
    the_hash_key_stays(&make().await).await;
}

/// What was in a journal before its process ended.
#[derive(Debug, PartialEq)]
pub struct Again {
    hash_key: HashKey,
    seen: Vec<Seen>,
    history: Vec<u64>,
    links: Vec<Link>,
    intents: Vec<Intent>,
    outcomes: u64,
    audit: Vec<AuditRow>,
    documents: Vec<(String, serde_json::Value)>,
    events: Vec<Option<LedgerEvent>>,
}

/// Stores something of every kind and tells what a journal on the same store has to hold.
///
/// # Panics
/// When the journal refuses it.
pub async fn fill(journal: &impl Journal) -> Again {
    agree(journal, "1", "a").await;
    see(journal, Side::Primary, vec![seen("2", 1)]).await;
    let snapshot = journal.begin_snapshot(&stream(Side::Primary)).await.unwrap();
    journal.compare(snapshot, &page(&[("1", 1)])).await.unwrap();
    let derive = Absence::Derive { min_absence: Duration::zero() };
    journal.end_snapshot(snapshot, at(1), derive).await.unwrap();
    let outcome = OutcomeRow { pair: pair(), class: "remove".to_owned(), at: at(0), approved: false };
    let writes = vec![
        Write::Intent(Box::new(intent(7, "1", 0, IntentState::Prepared))),
        Write::Outcome(outcome),
        Write::Audit(audit("1", 0)),
        Write::Put { kind: "cursor", key: "left".to_owned(), value: json!({"position": 2}) },
        Write::Events(vec![event(1), event(2)]),
        Write::EventStates(vec![EventUpdate::new(event_key(1), EventState::Ignored).because("kind")]),
    ];
    journal.commit(Durability::D1, writes).await.unwrap();
    look(journal).await
}

/// Checks that a journal on the same store still holds what [`fill`] stored.
///
/// # Panics
/// When it does not.
pub async fn still_filled(journal: &impl Journal, before: &Again) {
    assert_eq!(&look(journal).await, before);
    let known = journal.commit(Durability::D1, vec![Write::Events(vec![event(1), event(2)])]).await.unwrap();
    assert_eq!(known.new_events, 0);
}

async fn look(journal: &impl Journal) -> Again {
    let snapshot = journal.begin_snapshot(&stream(Side::Primary)).await.unwrap();
    Again {
        hash_key: journal.hash_key().await.unwrap(),
        seen: journal.all_seen(&stream(Side::Primary)).await.unwrap(),
        history: journal.snapshot_counts(snapshot).await.unwrap().history,
        links: journal.links(&pair()).await.unwrap(),
        intents: journal.open_intents(&pair()).await.unwrap(),
        outcomes: journal.outcomes_since(&pair(), "remove", at(0)).await.unwrap(),
        audit: journal.audit(None, 9).await.unwrap(),
        documents: journal.documents("cursor", "").await.unwrap(),
        events: vec![journal.event(&event_key(1)).await.unwrap(), journal.event(&event_key(2)).await.unwrap()],
    }
}

async fn the_hash_key_stays(journal: &impl Journal) {
    assert_eq!(journal.hash_key().await.unwrap(), journal.hash_key().await.unwrap());
}
