//! Links, and batches that fail.

use std::collections::BTreeMap;

use super::samples::{at, audit, boxed, commit, dead, event, intent, key, link, pair, refused, see, seen, stream};
use crate::journal::{
    IntentState, Journal, JournalErrorKind, Link, LinkState, OutcomeRow, Ownership, RemovalStep, Side, Write,
};
use crate::model::EntityKind;

pub(super) async fn all<J: Journal>(make: &impl AsyncFn() -> J) {
    a_link_reads_back_as_it_was_written(&make().await).await;
    a_record_is_in_one_link_at_most(&make().await).await;
    dead_links_free_their_records(&make().await).await;
    a_record_moves_between_links_within_a_batch(&make().await).await;
    links_are_listed_in_order_and_counted(&make().await).await;
    a_failed_batch_leaves_nothing(&make().await).await;
}

async fn a_link_reads_back_as_it_was_written(journal: &impl Journal) {
    let plain = link("1", "a");
    let full = Link {
        secondary: None,
        state: LinkState::Held,
        held_because: Some("two candidates".to_owned()),
        ownership: Ownership::Adopted,
        revision: u64::MAX,
        due: true,
        retry_at: Some(at(5)),
        attempts: 3,
        removed: Some(RemovalStep {
            cause: "missing".to_owned(),
            step: "disable".to_owned(),
            at: at(1),
            deleting: false,
        }),
        ..link("2", "b")
    };
    commit(journal, vec![boxed(plain.clone()), boxed(full.clone())]).await;
    assert_eq!(journal.link(plain.key).await.unwrap(), Some(plain.clone()));
    assert_eq!(journal.link(full.key).await.unwrap(), Some(full.clone()));
    assert_eq!(journal.link(key("3", 0)).await.unwrap(), None);
    assert_eq!(journal.link_of(&pair(), Side::Secondary, &"a".into()).await.unwrap(), Some(plain.clone()));
    assert_eq!(journal.link_of(&pair(), Side::Primary, &"2".into()).await.unwrap(), Some(full.clone()));
    assert_eq!(journal.link_of(&pair(), Side::Primary, &"a".into()).await.unwrap(), None);

    commit(journal, vec![Write::Due(plain.key), Write::Unlink(full.key), Write::Unlink(key("3", 0))]).await;
    assert_eq!(journal.link(plain.key).await.unwrap(), Some(Link { due: true, ..plain }));
    assert_eq!(journal.link(full.key).await.unwrap(), None);
    assert_eq!(journal.link_of(&pair(), Side::Primary, &"2".into()).await.unwrap(), None);
}

async fn a_record_is_in_one_link_at_most(journal: &impl Journal) {
    commit(journal, vec![boxed(link("1", "a"))]).await;
    let second_primary = Link { key: key("1", 1), ..link("1", "b") };
    for clash in [second_primary, link("2", "a")] {
        for state in [LinkState::Pending, LinkState::Live, LinkState::Held] {
            let refused = refused(journal, vec![boxed(Link { state, ..clash.clone() })]).await;
            assert_eq!(refused.kind(), JournalErrorKind::Invariant);
        }
    }
    let elsewhere = Link { pair: crate::model::Pair::new(EntityKind::Person, "left", "third"), ..link("1", "a") };
    commit(journal, vec![boxed(Link { key: key("1", 9), ..elsewhere })]).await;
    assert_eq!(journal.links(&pair()).await.unwrap(), [link("1", "a")]);
}

async fn dead_links_free_their_records(journal: &impl Journal) {
    commit(journal, vec![boxed(dead("1", "a", 0)), boxed(dead("1", "a", 1))]).await;
    let alive = Link { key: key("1", 2), generation: 2, ..link("1", "a") };
    commit(journal, vec![boxed(alive.clone())]).await;
    assert_eq!(journal.link_of(&pair(), Side::Primary, &"1".into()).await.unwrap(), Some(alive.clone()));
    let refused = refused(journal, vec![boxed(Link { state: LinkState::Live, ..dead("1", "a", 0) })]).await;
    assert_eq!(refused.kind(), JournalErrorKind::Invariant);
    commit(journal, vec![boxed(Link { state: LinkState::Dead, ..alive })]).await;
    assert_eq!(journal.link_of(&pair(), Side::Primary, &"1".into()).await.unwrap(), None);
}

async fn a_record_moves_between_links_within_a_batch(journal: &impl Journal) {
    commit(journal, vec![boxed(link("1", "a")), boxed(link("2", "b"))]).await;
    commit(journal, vec![boxed(link("1", "b")), boxed(link("2", "a"))]).await;
    assert_eq!(journal.link_of(&pair(), Side::Secondary, &"a".into()).await.unwrap(), Some(link("2", "a")));
    let taken = vec![boxed(link("3", "a")), Write::Unlink(key("2", 0))];
    commit(journal, taken).await;
    assert_eq!(journal.link_of(&pair(), Side::Secondary, &"a".into()).await.unwrap(), Some(link("3", "a")));
    commit(journal, vec![boxed(link("4", "c")), boxed(link("4", "d")), boxed(link("5", "c"))]).await;
    assert_eq!(journal.link_of(&pair(), Side::Secondary, &"c".into()).await.unwrap(), Some(link("5", "c")));
}

async fn links_are_listed_in_order_and_counted(journal: &impl Journal) {
    let pending = Link { primary: None, state: LinkState::Pending, ..link("zz", "p") };
    let links = [pending, link("10", "c"), link("2", "b"), link("é", "a")];
    let writes = links.iter().rev().cloned().chain([dead("0", "x", 0), dead("0", "x", 1)]).map(boxed).collect();
    commit(journal, writes).await;
    assert_eq!(journal.links(&pair()).await.unwrap(), links);
    let expected = BTreeMap::from([(LinkState::Pending, 1), (LinkState::Live, 3), (LinkState::Dead, 2)]);
    assert_eq!(journal.link_counts(&pair()).await.unwrap(), expected);
    let unheard = crate::model::Pair::new(EntityKind::Department, "left", "right");
    assert!(journal.links(&unheard).await.unwrap().is_empty());
    assert!(journal.link_counts(&unheard).await.unwrap().is_empty());
}

async fn a_failed_batch_leaves_nothing(journal: &impl Journal) {
    see(journal, Side::Primary, vec![seen("1", 1)]).await;
    commit(journal, vec![boxed(link("1", "a")), Write::Audit(audit("a", 0))]).await;
    let snapshot = journal.begin_snapshot(&stream(Side::Primary)).await.unwrap();
    let outcome = OutcomeRow { pair: pair(), class: "create".to_owned(), at: at(0), approved: false };
    let put = |value: i64| Write::Put { kind: "cursor", key: "left".to_owned(), value: value.into() };
    commit(journal, vec![put(1)]).await;
    let writes = vec![
        Write::See(stream(Side::Primary), vec![seen("1", 2), seen("2", 1)]),
        Write::Gone(stream(Side::Primary), "1".into(), at(1)),
        put(2),
        Write::Audit(audit("a", 1)),
        Write::Outcome(outcome),
        Write::Intent(Box::new(intent(1, "1", 0, IntentState::Prepared))),
        Write::Events(vec![event(1)]),
        boxed(link("3", "c")),
        boxed(link("4", "a")),
        Write::Delete { kind: "cursor", key: "left".to_owned() },
    ];
    let error = refused(journal, writes).await;
    assert_eq!(error.kind(), JournalErrorKind::Invariant);
    assert!(error.to_string().contains("secondary a would be in two links"), "{error}");

    assert_eq!(journal.all_seen(&stream(Side::Primary)).await.unwrap(), [seen("1", 1)]);
    assert_eq!(journal.snapshot_counts(snapshot).await.unwrap().present, 0);
    assert_eq!(journal.document("cursor", "left").await.unwrap(), Some(1.into()));
    assert_eq!(journal.audit(None, 9).await.unwrap().len(), 1);
    assert_eq!(journal.outcomes_since(&pair(), "create", at(0)).await.unwrap(), 0);
    assert!(journal.open_intents(&pair()).await.unwrap().is_empty());
    assert!(journal.event_counts(&"left".into()).await.unwrap().is_empty());
    assert_eq!(journal.links(&pair()).await.unwrap(), [link("1", "a")]);

    commit(journal, vec![Write::Events(vec![event(1)]), Write::Audit(audit("a", 1))]).await;
    assert_eq!(journal.audit(None, 9).await.unwrap()[0].number, 2);
}
