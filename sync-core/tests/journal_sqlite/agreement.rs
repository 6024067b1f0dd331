//! Random batches on both journals: the same answers to every question.

use chrono::{DateTime, Duration, FixedOffset, Utc};
use proptest::prelude::*;
use proptest::sample::select;
use sync_core::journal::{
    Absence, AuditEntry, Baseline, CandidateQuery, Durability, EventFilter, EventState, EventUpdate, Intent, IntentId,
    IntentKind, IntentState, Journal, LedgerEvent, Link, LinkState, MemoryJournal, OutcomeRow, Ownership, RemovalStep,
    Seen, Side, SnapshotId, SqliteJournal, Stream, Write,
};
use sync_core::model::{
    Direction, EndpointName, EntityKind, EventClass, EventKey, ExternalId, Fields, Fingerprint, Pair, SyncKey,
};

const IDS: [&str; 6] = ["1", "10", "2", "9", "é", ""];

/// One thing done to both journals.
#[derive(Clone, Debug)]
enum Step {
    Commit(Durability, Vec<Write>),
    Begin(Stream),
    Compare(usize, Vec<(ExternalId, Fingerprint)>),
    End(usize, DateTime<Utc>, Absence),
}

fn pairs() -> [Pair; 2] {
    [Pair::new(EntityKind::Person, "left", "right"), Pair::new(EntityKind::Person, "left", "third")]
}

fn at(minute: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + Duration::days(20_000) + Duration::minutes(minute)
}

fn print(n: u8) -> Fingerprint {
    Fingerprint::from_bytes([n; 16])
}

fn id() -> impl Strategy<Value = ExternalId> {
    select(&IDS[..]).prop_map(ExternalId::from)
}

fn stream() -> impl Strategy<Value = Stream> {
    select(vec!["left", "right", "third"]).prop_map(|name| Stream::new(name, EntityKind::Person))
}

fn pair() -> impl Strategy<Value = Pair> {
    select(pairs().to_vec())
}

fn key() -> impl Strategy<Value = SyncKey> {
    (0..8_u32).prop_map(|n| SyncKey::new(&pairs()[0], &"left".into(), &"key".into(), n))
}

fn minute() -> impl Strategy<Value = DateTime<Utc>> {
    (0..20_i64).prop_map(at)
}

fn seen() -> impl Strategy<Value = Seen> {
    (id(), 0..3_u8, prop_oneof![4 => Just((0, None)), 1 => Just((1, Some(at(3))))]).prop_map(
        |(id, n, (missing, missing_at))| Seen {
            title: format!("{id} {n}"),
            id,
            fingerprint: print(n),
            fields: Fields::default(),
            marker: None,
            revision: None,
            invalid: None,
            missing,
            missing_at,
        },
    )
}

fn link() -> impl Strategy<Value = Link> {
    let states = select(vec![LinkState::Pending, LinkState::Live, LinkState::Live, LinkState::Held, LinkState::Dead]);
    let ends = (prop::option::weighted(0.9, id()), prop::option::weighted(0.9, id()), 0..3_u8, 0..3_u8);
    let rest = (0..3_u32, 0..2_u64, prop::bool::weighted(0.1), prop::option::weighted(0.2, minute()));
    (key(), pair(), states, ends, rest, prop::bool::weighted(0.1)).prop_map(
        |(key, pair, state, (primary, secondary, p, s), (generation, revision, due, retry_at), removed)| Link {
            key,
            pair,
            primary,
            secondary,
            generation,
            state,
            held_because: None,
            ownership: Ownership::Adopted,
            primary_seen: print(p),
            secondary_seen: print(s),
            revision,
            due,
            retry_at,
            attempts: 0,
            baseline: Baseline::default(),
            removed: removed.then(|| RemovalStep {
                cause: "c".to_owned(),
                step: "s".to_owned(),
                at: at(0),
                deleting: false,
            }),
        },
    )
}

fn intent() -> impl Strategy<Value = Intent> {
    let states = select(vec![IntentState::Prepared, IntentState::InDoubt, IntentState::Confirmed, IntentState::Held]);
    (0..5_u64, pair(), key(), states, minute(), 1..3_u32).prop_map(|(n, pair, key, state, prepared_at, attempt)| {
        Intent {
            id: IntentId(u64::MAX - n),
            pair,
            key,
            side: Side::Secondary,
            kind: IntentKind::Update,
            record: None,
            title: String::new(),
            payload: Fields::default(),
            removal: None,
            attempt,
            attempt_key: String::new(),
            state,
            prepared_at,
            note: None,
        }
    })
}

fn event_key() -> impl Strategy<Value = EventKey> {
    (select(vec!["left", "right"]), 0..2_u32, -2..4_i64).prop_map(|(endpoint, epoch, number)| EventKey {
        endpoint: endpoint.into(),
        epoch,
        number,
    })
}

fn event_state() -> impl Strategy<Value = EventState> {
    select(&EventState::ALL[..])
}

fn event() -> impl Strategy<Value = LedgerEvent> {
    (event_key(), minute(), event_state(), prop::option::of(id()), any::<u64>()).prop_map(
        |(key, occurred, state, person, content)| LedgerEvent {
            key,
            occurred: occurred.with_timezone(&FixedOffset::east_opt(-7_200).unwrap()),
            received: occurred,
            class: EventClass::Denied,
            code: 1,
            device: person.clone(),
            person,
            credential: None,
            direction: Direction::Both,
            identity: None,
            remark: None,
            content,
            state,
            reason: None,
            target: None,
            retry_at: None,
            attempts: 0,
        },
    )
}

fn audit() -> impl Strategy<Value = AuditEntry> {
    (id(), minute()).prop_map(|(record, at)| AuditEntry {
        at,
        actor: "a".to_owned(),
        pair: String::new(),
        endpoint: String::new(),
        record,
        action: "update".to_owned(),
        field: None,
        old: None,
        new: None,
        reason: String::new(),
        plan: None,
    })
}

fn write() -> impl Strategy<Value = Write> {
    let word = select(vec!["a", "b", "aa", "ab"]);
    prop_oneof![
        4 => (stream(), prop::collection::vec(seen(), 0..5)).prop_map(|(stream, rows)| Write::See(stream, rows)),
        1 => (stream(), id(), minute()).prop_map(|(stream, id, at)| Write::Gone(stream, id, at)),
        6 => link().prop_map(|link| Write::Link(Box::new(link))),
        1 => key().prop_map(Write::Unlink),
        1 => key().prop_map(Write::Due),
        1 => intent().prop_map(|intent| Write::Intent(Box::new(intent))),
        1 => (pair(), minute(), any::<bool>()).prop_map(|(pair, at, approved)| {
            Write::Outcome(OutcomeRow { pair, class: "remove".to_owned(), at, approved })
        }),
        1 => audit().prop_map(Write::Audit),
        1 => (word.clone(), any::<i64>())
            .prop_map(|(key, n)| Write::Put { kind: "k", key: key.to_owned(), value: n.into() }),
        1 => word.prop_map(|key| Write::Delete { kind: "k", key: key.to_owned() }),
        2 => prop::collection::vec(event(), 0..4).prop_map(Write::Events),
        1 => (event_key(), event_state()).prop_map(|(key, state)| Write::EventStates(vec![EventUpdate::new(key, state)])),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let absence = prop_oneof![
        Just(Absence::Keep),
        (0..6_i64).prop_map(|n| Absence::Derive { min_absence: Duration::minutes(n) })
    ];
    let page = prop::collection::vec((id(), (0..3_u8).prop_map(print)), 0..7);
    let durability = select(vec![Durability::D1, Durability::D2]);
    prop_oneof![
        6 => (durability, prop::collection::vec(write(), 1..5)).prop_map(|(durability, writes)| Step::Commit(durability, writes)),
        1 => stream().prop_map(Step::Begin),
        2 => (0..3_usize, page).prop_map(|(n, page)| Step::Compare(n, page)),
        1 => (0..3_usize, minute(), absence).prop_map(|(n, at, absence)| Step::End(n, at, absence)),
    ]
}

/// Does a step and tells what came back, failures by kind.
async fn take(journal: &impl Journal, open: &mut Vec<SnapshotId>, step: &Step) -> String {
    match step {
        Step::Commit(durability, writes) => {
            let done = journal.commit(*durability, writes.clone()).await;
            format!("{:?}", done.map_err(|error| error.kind()))
        }
        Step::Begin(stream) => {
            open.push(journal.begin_snapshot(stream).await.unwrap());
            String::new()
        }
        Step::Compare(n, page) => match open.get(*n) {
            Some(id) => format!("{:?}", journal.compare(*id, page).await.map_err(|error| error.kind())),
            None => String::new(),
        },
        Step::End(n, at, absence) => {
            if *n < open.len() {
                let id = open.remove(*n);
                journal.end_snapshot(id, *at, *absence).await.unwrap();
            }
            String::new()
        }
    }
}

/// Everything that the journal answers, as text; `Debug` hides values, so those are compared as JSON.
async fn answers(journal: &impl Journal, open: &[SnapshotId]) -> Vec<String> {
    let mut all = Vec::new();
    let mut note = |text: String| all.push(text);
    let json = |value: &Seen| serde_json::to_string(value).unwrap();
    for id in open {
        note(format!("{:?}", journal.snapshot_counts(*id).await.unwrap()));
    }
    for endpoint in ["left", "right", "third"] {
        let stream = Stream::new(endpoint, EntityKind::Person);
        for row in journal.all_seen(&stream).await.unwrap() {
            assert_eq!(journal.seen(&stream, &row.id).await.unwrap().as_ref(), Some(&row));
            note(json(&row));
        }
    }
    for pair in pairs() {
        for (revision, now) in [(0, at(0)), (1, at(10))] {
            let query = CandidateQuery { pair: pair.clone(), revision, now };
            for candidate in journal.candidates(&query).await.unwrap() {
                let (primary, secondary) =
                    (candidate.primary.as_ref().map(json), candidate.secondary.as_ref().map(json));
                note(format!("{} {primary:?} {secondary:?}", serde_json::to_string(&candidate.link).unwrap()));
            }
        }
        for side in [Side::Primary, Side::Secondary] {
            note(journal.unlinked(&pair, side).await.unwrap().iter().map(json).collect());
            for id in IDS {
                let link = journal.link_of(&pair, side, &id.into()).await.unwrap();
                note(serde_json::to_string(&link).unwrap());
            }
        }
        for link in journal.links(&pair).await.unwrap() {
            assert_eq!(journal.link(link.key).await.unwrap().as_ref(), Some(&link));
            note(serde_json::to_string(&link).unwrap());
        }
        note(format!("{:?}", journal.link_counts(&pair).await.unwrap()));
        note(serde_json::to_string(&journal.open_intents(&pair).await.unwrap()).unwrap());
        note(journal.outcomes_since(&pair, "remove", at(9)).await.unwrap().to_string());
    }
    note(serde_json::to_string(&journal.audit(None, 99).await.unwrap()).unwrap());
    note(serde_json::to_string(&journal.audit(Some(&"é".into()), 2).await.unwrap()).unwrap());
    note(format!("{:?}", journal.documents("k", "").await.unwrap()));
    note(format!("{:?}", journal.documents("k", "a").await.unwrap()));
    for endpoint in ["left", "right"].map(EndpointName::from) {
        let filters = [
            EventFilter::states(&endpoint, &EventState::ALL, 99),
            EventFilter::states(&endpoint, &[EventState::Ready, EventState::Doubtful], 2),
            EventFilter {
                person: Some("1".into()),
                after: Some(EventKey { endpoint: "left".into(), epoch: 0, number: 1 }),
                since: Some(at(5)),
                ..EventFilter::states(&endpoint, &[EventState::Waiting, EventState::Delivered], 3)
            },
        ];
        for filter in filters {
            for event in journal.events(&filter).await.unwrap() {
                assert_eq!(journal.event(&event.key).await.unwrap().as_ref(), Some(&event));
                note(format!("{event:?} {:?} {}", event.person, event.content));
            }
        }
        note(format!("{:?}", journal.event_contents(&endpoint, 1, -1, 2).await.unwrap()));
        note(format!("{:?}", journal.delivered_of(&endpoint, &"1".into(), at(2), at(12)).await.unwrap()));
        note(format!("{:?}", journal.event_counts(&endpoint).await.unwrap()));
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn both_journals_answer_alike(steps in prop::collection::vec(step(), 1..25)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let (memory, sqlite) = (MemoryJournal::new(), SqliteJournal::open_in_memory().unwrap());
            let (mut in_memory, mut in_sqlite) = (Vec::new(), Vec::new());
            for step in &steps {
                let expected = take(&memory, &mut in_memory, step).await;
                prop_assert_eq!(take(&sqlite, &mut in_sqlite, step).await, expected, "{:?}", step);
                let expected = answers(&memory, &in_memory).await;
                prop_assert_eq!(answers(&sqlite, &in_sqlite).await, expected, "after {:?}", step);
            }
            Ok(())
        })?;
    }
}
