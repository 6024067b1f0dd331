//! Two sides full of people: reading both, joining, planning.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures::{FutureExt as _, StreamExt as _};
use serde_json::{Value, json};
use sync_core::clock::SystemClock;
use sync_core::connector::{Record, Source as _};
use sync_core::journal::{
    Baseline, BaselineField, Durability, Journal as _, Link, LinkState, Ownership, Seen, Side, SqliteJournal, Stream,
    Write,
};
use sync_core::model::{Entity as _, Fields, HashKey, Pair, Person, SyncKey};
use sync_core::reconcile::{Context, Reconciler, Silent, SyncLink as _};

use crate::generated::{FIELDS, GeneratedPeople, id_at};
use crate::measure::Stopwatch;

const ROWS_PER_COMMIT: u64 = 5_000;

fn journal_at(folder: &Path) -> PathBuf {
    folder.join("journal.db")
}

fn reconciler(people: u64, changed_percent: u64) -> Reconciler<Person> {
    let primary = Arc::new(GeneratedPeople::primary(people, changed_percent));
    Reconciler::new(primary, Arc::new(GeneratedPeople::secondary(people)))
}

/// Fills a journal with both sides and a link for everyone, as after a run that left nothing to do.
pub(crate) async fn seed(people: u64, folder: &Path) -> anyhow::Result<Value> {
    let journal = SqliteJournal::open(journal_at(folder))?;
    let watch = Stopwatch::start();
    let link = reconciler(people, 0);
    let (pair, revision, key) = (link.pair().clone(), link.settings().revision(), journal.hash_key().await?);
    let (primary, secondary) = (GeneratedPeople::primary(people, 0), GeneratedPeople::secondary(people));
    let mut partners: Vec<(u64, u64)> = (0..people).map(|n| (secondary.person_at(n), n)).collect();
    for (source, side) in [(&primary, Side::Primary), (&secondary, Side::Secondary)] {
        for from in (0..people).step_by(5_000) {
            let rows = (from..(from + ROWS_PER_COMMIT).min(people)).map(|n| seen(&source.record(n), &key)).collect();
            journal.commit(Durability::D2, vec![Write::See(Stream::of(&pair, side), rows)]).await?;
        }
    }
    partners.sort_unstable();
    for chunk in partners.chunks(5_000) {
        let links = chunk.iter().map(|(person, position)| {
            let print = Fields::fingerprint(&primary.record(*person).value, &FIELDS, &key);
            let fields = Fields::of(&primary.record(*person).value, &FIELDS, &key);
            Write::Link(Box::new(agreed(&pair, revision, *person, *position, print, &fields)))
        });
        journal.commit(Durability::D2, links.collect()).await?;
    }
    Ok(watch.stop(json!({})))
}

fn agreed(
    pair: &Pair,
    revision: u64,
    person: u64,
    position: u64,
    print: sync_core::model::Fingerprint,
    fields: &Fields,
) -> Link {
    let agreed = |(name, value): (&str, &sync_core::model::FieldValue)| {
        (name.to_owned(), BaselineField { value: value.clone(), primary: Some(value.clone()) })
    };
    Link {
        key: SyncKey::new(pair, &pair.primary, &id_at(person).into(), 0),
        pair: pair.clone(),
        primary: Some(id_at(person).into()),
        secondary: Some(id_at(position).into()),
        generation: 0,
        state: LinkState::Live,
        held_because: None,
        ownership: Ownership::Owned,
        primary_seen: print,
        secondary_seen: print,
        revision,
        due: false,
        retry_at: None,
        attempts: 0,
        baseline: Baseline(fields.iter().map(agreed).collect::<BTreeMap<_, _>>()),
        removed: None,
    }
}

fn seen(record: &Record<Person>, key: &HashKey) -> Seen {
    Seen {
        id: record.id.clone(),
        fingerprint: Fields::fingerprint(&record.value, &FIELDS, key),
        fields: Fields::of(&record.value, &FIELDS, key),
        title: record.value.title(),
        marker: None,
        revision: None,
        invalid: None,
        missing: 0,
        missing_at: None,
    }
}

/// Reads both sides, joins them in the journal and plans.
pub(crate) async fn plan(people: u64, changed_percent: u64, folder: &Path) -> anyhow::Result<Value> {
    let journal = SqliteJournal::open(journal_at(folder))?;
    let clock = SystemClock::new(|duration| tokio::time::sleep(duration).boxed());
    let context = Context { journal: &journal, clock: &clock, progress: &Silent, actor: "bench", today: None };
    let link = reconciler(people, changed_percent);
    let watch = Stopwatch::start();
    let plan = link.plan(&context).await?;
    let differing = plan.actions.len();
    Ok(watch.stop(json!({
        "actions": plan.actions.len(),
        "differing": differing,
        "primary": plan.primary_records,
        "secondary": plan.secondary_records,
    })))
}

/// What it costs to make the people of both sides, which a vendor would do.
pub(crate) async fn make(people: u64) -> anyhow::Result<Value> {
    let watch = Stopwatch::start();
    let mut made = 0;
    for side in [GeneratedPeople::primary(people, 1), GeneratedPeople::secondary(people)] {
        let mut pages = side.snapshot(None);
        while let Some(page) = pages.next().await {
            made += std::hint::black_box(page?).records.len();
        }
    }
    Ok(watch.stop(json!({ "made": made })))
}
