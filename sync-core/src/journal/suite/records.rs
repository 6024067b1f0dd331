//! Intents, outcomes, audit trail, documents.

use serde_json::json;

use super::samples::{at, audit, boxed, commit, intent, link, pair};
use crate::journal::{Intent, IntentState, Journal, OutcomeRow, Write};
use crate::model::{EntityKind, Pair};

pub(super) async fn all<J: Journal>(make: &impl AsyncFn() -> J) {
    open_intents_come_oldest_first(&make().await).await;
    outcomes_count_within_a_window(&make().await).await;
    the_audit_trail_is_a_chain(&make().await).await;
    documents_are_found_by_prefix(&make().await).await;
}

async fn open_intents_come_oldest_first(journal: &impl Journal) {
    let elsewhere = Pair::new(EntityKind::Department, "left", "right");
    let open = [intent(9, "1", 1, IntentState::InDoubt), intent(4, "2", 5, IntentState::Prepared)];
    let writes = [
        open[1].clone(),
        open[0].clone(),
        intent(u64::MAX, "3", 0, IntentState::Confirmed),
        intent(2, "4", 0, IntentState::Held),
        intent(3, "5", 0, IntentState::Rejected),
        Intent { pair: elsewhere.clone(), ..intent(5, "6", 0, IntentState::Prepared) },
    ];
    commit(journal, writes.into_iter().map(|intent| Write::Intent(Box::new(intent))).collect()).await;
    assert_eq!(journal.open_intents(&pair()).await.unwrap(), open);
    assert_eq!(journal.open_intents(&elsewhere).await.unwrap().len(), 1);

    let again = Intent { attempt: 2, attempt_key: "a2".to_owned(), ..open[0].clone() };
    let done = Intent { state: IntentState::Confirmed, record: Some("77".into()), ..open[1].clone() };
    commit(journal, [again.clone(), done].map(|intent| Write::Intent(Box::new(intent))).into()).await;
    assert_eq!(journal.open_intents(&pair()).await.unwrap(), [again]);
}

async fn outcomes_count_within_a_window(journal: &impl Journal) {
    let row = |class: &str, minute, approved| {
        Write::Outcome(OutcomeRow { pair: pair(), class: class.to_owned(), at: at(minute), approved })
    };
    let other = OutcomeRow {
        pair: Pair::new(EntityKind::Department, "left", "right"),
        class: "remove".to_owned(),
        at: at(9),
        approved: false,
    };
    commit(
        journal,
        vec![
            row("remove", 1, false),
            row("remove", 2, false),
            row("remove", 2, true),
            row("create", 3, false),
            row("remove", 3, false),
            Write::Outcome(other),
            boxed(link("1", "a")),
        ],
    )
    .await;
    for (since, expected) in [(0, 3), (2, 2), (3, 1), (4, 0)] {
        assert_eq!(journal.outcomes_since(&pair(), "remove", at(since)).await.unwrap(), expected);
    }
    assert_eq!(journal.outcomes_since(&pair(), "extend", at(0)).await.unwrap(), 0);
}

async fn the_audit_trail_is_a_chain(journal: &impl Journal) {
    commit(journal, vec![Write::Audit(audit("1", 0)), Write::Audit(audit("2", 1))]).await;
    commit(journal, vec![Write::Audit(audit("1", 2))]).await;
    let rows = journal.audit(None, usize::MAX).await.unwrap();
    assert_eq!(rows.iter().map(|row| row.number).collect::<Vec<_>>(), [3, 2, 1]);
    let mut previous = String::new();
    for row in rows.iter().rev() {
        assert_eq!(row.hash, row.entry.chained(&previous));
        previous.clone_from(&row.hash);
    }
    let of_one = journal.audit(Some(&"1".into()), 9).await.unwrap();
    assert_eq!(of_one.iter().map(|row| &row.entry).collect::<Vec<_>>(), [&audit("1", 2), &audit("1", 0)]);
    assert_eq!(journal.audit(None, 1).await.unwrap(), rows[..1]);
}

async fn documents_are_found_by_prefix(journal: &impl Journal) {
    let put = |kind: &'static str, key: &str, value| Write::Put { kind, key: key.to_owned(), value };
    commit(
        journal,
        vec![
            put("cursor", "net2/b", json!({"position": 7})),
            put("cursor", "net2/a", json!([1, null, "x"])),
            put("cursor", "net2", json!(1)),
            put("cursor", "net3", json!(2)),
            put("hold", "net2/c", json!("other kind")),
        ],
    )
    .await;
    let found = journal.documents("cursor", "net2/").await.unwrap();
    assert_eq!(found, [("net2/a".to_owned(), json!([1, null, "x"])), ("net2/b".to_owned(), json!({"position": 7}))]);
    assert_eq!(journal.documents("cursor", "").await.unwrap().len(), 4);
    assert_eq!(journal.document("hold", "net2/c").await.unwrap(), Some(json!("other kind")));

    commit(journal, vec![put("cursor", "net3", json!(3))]).await;
    commit(journal, vec![Write::Delete { kind: "cursor", key: "net2".to_owned() }]).await;
    assert_eq!(journal.document("cursor", "net3").await.unwrap(), Some(json!(3)));
    assert_eq!(journal.document("cursor", "net2").await.unwrap(), None);
}
