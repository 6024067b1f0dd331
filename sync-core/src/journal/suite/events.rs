//! The ledger of events.

use std::collections::BTreeMap;

use super::samples::{at, commit, event, event_key, refused};
use crate::journal::{Durability, EventFilter, EventState, EventUpdate, Journal, JournalErrorKind, LedgerEvent, Write};
use crate::model::{Direction, EndpointName, EventClass, EventKey, Remark};

pub(super) async fn all<J: Journal>(make: &impl AsyncFn() -> J) {
    events_enter_once(&make().await).await;
    an_event_reads_back_as_it_came(&make().await).await;
    states_change_and_counts_follow(&make().await).await;
    an_unknown_event_fails_the_batch(&make().await).await;
    filters_choose_and_pages_follow(&make().await).await;
    contents_of_a_span_come_in_order(&make().await).await;
    delivered_events_of_a_person_in_a_span(&make().await).await;
    numbers_of_one_event_are_found_by_its_identity(&make().await).await;
}

async fn numbers_of_one_event_are_found_by_its_identity(journal: &impl Journal) {
    let named = |number, identity: &str| LedgerEvent { identity: Some(identity.to_owned()), ..event(number) };
    let elsewhere = EventKey { endpoint: "other".into(), ..event_key(4) };
    let foreign = LedgerEvent { key: elsewhere, ..named(4, "a") };
    let events = vec![named(7, "a"), event(3), named(2, "b"), named(5, "c"), named(1, "a"), foreign];
    commit(journal, vec![Write::Events(events)]).await;
    let wanted = ["a".to_owned(), "b".to_owned(), "a".to_owned(), "unheard of".to_owned()];
    let found = journal.revisions(&left(), &wanted).await.unwrap();
    assert_eq!(found.iter().map(|event| event.key.number).collect::<Vec<_>>(), [1, 2, 7]);
    assert!(journal.revisions(&"nobody".into(), &wanted).await.unwrap().is_empty());
}

fn left() -> EndpointName {
    "left".into()
}

async fn numbers(journal: &impl Journal, filter: &EventFilter) -> Vec<i64> {
    journal.events(filter).await.unwrap().iter().map(|event| event.key.number).collect()
}

async fn events_enter_once(journal: &impl Journal) {
    let first = journal.commit(Durability::D2, vec![Write::Events(vec![event(2), event(1), event(2)])]).await.unwrap();
    assert_eq!(first.new_events, 2);
    let changed = LedgerEvent { code: 99, ..event(2) };
    let second = journal.commit(Durability::D2, vec![Write::Events(vec![changed, event(3)])]).await.unwrap();
    assert_eq!(second.new_events, 1);
    assert_eq!(journal.event(&event_key(2)).await.unwrap(), Some(event(2)));
    let other_life = EventKey { epoch: 1, ..event_key(2) };
    let third = journal.commit(Durability::D2, vec![Write::Events(vec![LedgerEvent { key: other_life, ..event(2) }])]);
    assert_eq!(third.await.unwrap().new_events, 1);
    assert_eq!(journal.event_counts(&left()).await.unwrap(), BTreeMap::from([(EventState::Ready, 4)]));
}

async fn an_event_reads_back_as_it_came(journal: &impl Journal) {
    let bare = LedgerEvent {
        person: None,
        device: None,
        credential: None,
        direction: Direction::Unknown,
        class: EventClass::AntiPassback,
        content: 0,
        code: i64::MIN,
        ..event(-5)
    };
    let full = LedgerEvent {
        identity: Some("ev-5".to_owned()),
        remark: Some(Remark::Voided),
        state: EventState::Held,
        reason: Some("clock".to_owned()),
        target: Some("twork 1".to_owned()),
        retry_at: Some(at(9)),
        attempts: 4,
        ..event(5)
    };
    commit(journal, vec![Write::Events(vec![bare.clone(), full.clone()])]).await;
    assert_eq!(journal.event(&bare.key).await.unwrap(), Some(bare.clone()));
    let stored = journal.event(&full.key).await.unwrap().unwrap();
    assert_eq!(stored, full);
    assert_eq!(stored.occurred.offset(), full.occurred.offset());
    assert_eq!(journal.event(&event_key(6)).await.unwrap(), None);
}

async fn states_change_and_counts_follow(journal: &impl Journal) {
    commit(journal, vec![Write::Events((1..=6).map(event).collect())]).await;
    let waiting =
        EventUpdate { retry_at: Some(at(3)), attempts: 2, ..EventUpdate::new(event_key(2), EventState::Waiting) };
    let delivered =
        EventUpdate { target: Some("twork 8".to_owned()), ..EventUpdate::new(event_key(1), EventState::Delivered) };
    let ignored = EventUpdate::new(event_key(3), EventState::Ignored).because("kind");
    commit(journal, vec![Write::EventStates(vec![waiting.because("person"), delivered, ignored])]).await;
    let expected = LedgerEvent {
        state: EventState::Waiting,
        reason: Some("person".to_owned()),
        retry_at: Some(at(3)),
        attempts: 2,
        ..event(2)
    };
    assert_eq!(journal.event(&event_key(2)).await.unwrap(), Some(expected));
    let counts = BTreeMap::from([
        (EventState::Ready, 3),
        (EventState::Delivered, 1),
        (EventState::Ignored, 1),
        (EventState::Waiting, 1),
    ]);
    assert_eq!(journal.event_counts(&left()).await.unwrap(), counts);
    commit(journal, vec![Write::EventStates(vec![EventUpdate::new(event_key(2), EventState::Ready)])]).await;
    assert_eq!(journal.event(&event_key(2)).await.unwrap(), Some(event(2)));
    let counts = journal.event_counts(&left()).await.unwrap();
    assert_eq!((counts.get(&EventState::Ready), counts.get(&EventState::Waiting)), (Some(&4), None));
    assert!(journal.event_counts(&"right".into()).await.unwrap().is_empty());
}

async fn an_unknown_event_fails_the_batch(journal: &impl Journal) {
    commit(journal, vec![Write::Events(vec![event(1)])]).await;
    let updates = [1, 2].map(|number| EventUpdate::new(event_key(number), EventState::Delivered));
    let refused = refused(journal, vec![Write::EventStates(updates.into())]).await;
    assert_eq!(refused.kind(), JournalErrorKind::Invariant);
    assert_eq!(journal.event(&event_key(1)).await.unwrap(), Some(event(1)));
}

async fn filters_choose_and_pages_follow(journal: &impl Journal) {
    let mut events: Vec<_> = (1..=8).map(event).collect();
    events.push(LedgerEvent { key: EventKey { endpoint: "other".into(), ..event_key(1) }, ..event(1) });
    events.push(LedgerEvent { key: EventKey { epoch: 1, ..event_key(1) }, device: Some("9".into()), ..event(9) });
    events[5].person = None;
    commit(journal, vec![Write::Events(events)]).await;
    let set = |number, state, reason: &str| EventUpdate::new(event_key(number), state).because(reason);
    let updates = vec![
        set(2, EventState::Waiting, "person"),
        set(3, EventState::Waiting, "device"),
        set(4, EventState::Delivered, "sent"),
        set(5, EventState::Rejected, "no_person"),
    ];
    commit(journal, vec![Write::EventStates(updates)]).await;

    let of = |states: &[EventState], limit| EventFilter::states(&left(), states, limit);
    let open = [EventState::Waiting, EventState::Ready];
    assert_eq!(numbers(journal, &of(&open, 99)).await, [1, 2, 3, 6, 7, 8, 1]);
    assert_eq!(numbers(journal, &of(&open, 3)).await, [1, 2, 3]);
    assert_eq!(numbers(journal, &of(&EventState::ALL, 99)).await, [1, 2, 3, 4, 5, 6, 7, 8, 1]);
    assert_eq!(numbers(journal, &of(&[], 99)).await, [0_i64; 0]);
    assert_eq!(numbers(journal, &of(&[EventState::Delivered, EventState::Ready], 3)).await, [1, 4, 6]);

    let after = |number| EventFilter { after: Some(event_key(number)), ..of(&open, 2) };
    assert_eq!(numbers(journal, &after(3)).await, [6, 7]);
    assert_eq!(numbers(journal, &after(7)).await, [8, 1]);
    let epoch = EventFilter { after: Some(EventKey { epoch: 1, ..event_key(1) }), ..of(&EventState::ALL, 9) };
    assert_eq!(numbers(journal, &epoch).await, [0_i64; 0]);
    let elsewhere = |name: &str| EventKey { endpoint: name.into(), ..event_key(3) };
    let before_all = EventFilter { after: Some(elsewhere("a")), ..of(&EventState::ALL, 1) };
    assert_eq!(numbers(journal, &before_all).await, [1]);
    assert_eq!(numbers(journal, &EventFilter { after: Some(elsewhere("z")), ..before_all }).await, [0_i64; 0]);

    let all = of(&EventState::ALL, 99);
    let reason = EventFilter { reason: Some("person".to_owned()), ..all.clone() };
    assert_eq!(numbers(journal, &reason).await, [2]);
    let device = EventFilter { device: Some("9".into()), ..all.clone() };
    assert_eq!(numbers(journal, &device).await, [1]);
    let person = EventFilter { person: Some("7".into()), since: Some(at(6)), ..all };
    assert_eq!(numbers(journal, &person).await, [7, 8, 1]);
    let nobody = EventFilter::states(&"nobody".into(), &EventState::ALL, 9);
    assert_eq!(numbers(journal, &nobody).await, [0_i64; 0]);
}

async fn contents_of_a_span_come_in_order(journal: &impl Journal) {
    commit(journal, vec![Write::Events([5, -1, 3, 9].map(event).into())]).await;
    let contents = journal.event_contents(&left(), 0, -1, 5).await.unwrap();
    assert_eq!(contents, [-1, 3, 5].map(|number| (number, event(number).content)));
    assert!(journal.event_contents(&left(), 1, 0, 99).await.unwrap().is_empty());
    assert!(journal.event_contents(&"right".into(), 0, 0, 99).await.unwrap().is_empty());
}

async fn delivered_events_of_a_person_in_a_span(journal: &impl Journal) {
    let mut events: Vec<_> = (1..=6).map(event).collect();
    events[2].person = Some("8".into());
    commit(journal, vec![Write::Events(events)]).await;
    let delivered = [6, 2, 3, 4].map(|number| EventUpdate::new(event_key(number), EventState::Delivered));
    commit(journal, vec![Write::EventStates(delivered.into())]).await;
    let of = async |from, to| {
        let found = journal.delivered_of(&left(), &"7".into(), at(from), at(to)).await.unwrap();
        found.iter().map(|event| event.key.number).collect::<Vec<_>>()
    };
    assert_eq!(of(0, 9).await, [2, 4, 6]);
    assert_eq!(of(2, 4).await, [2, 4]);
    assert_eq!(of(5, 5).await, [0_i64; 0]);
}
