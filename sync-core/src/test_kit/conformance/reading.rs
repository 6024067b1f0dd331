//! What every source of records has to pass.

use std::collections::BTreeSet;

use futures::StreamExt as _;

use super::{Breach, check, declared, difference, failed};
use crate::connector::{CompleteSignal, End, Key, Record, SnapshotCaps, Source};
use crate::model::{Entity, ExternalId, FieldValue};

/// Records that are looked at one by one.
const LOOKED_AT: usize = 20;

/// The connection test has steps, and none of them fails.
///
/// # Errors
/// A step failed, or there is none.
pub async fn source_answers_the_check<T: Entity>(source: &dyn Source<T>) -> Result<(), Breach> {
    let report = source.check().await;
    check(!report.steps.is_empty(), || "the connection test has no steps".to_owned())?;
    let failing = report.steps.iter().find(|step| step.outcome == crate::connector::StepOutcome::Failed);
    check(failing.is_none(), || {
        failing.map_or_else(String::new, |step| format!("the step {:?} failed: {}", step.name, step.detail))
    })
}

/// Asked twice, the endpoint gives the same facts, and at least one.
///
/// # Errors
/// It does not, or it fails.
pub async fn source_identifies_itself<T: Entity>(source: &dyn Source<T>) -> Result<(), Breach> {
    let first = source.identify().await.map_err(|error| failed("identifying", &error))?;
    check(!first.facts.is_empty(), || "no fact proves which installation this is".to_owned())?;
    let again = source.identify().await.map_err(|error| failed("identifying", &error))?;
    check(first == again, || "asked twice, it is two installations".to_owned())
}

/// A list ends once and regularly, counts right, has every id once, and shows only declared fields.
///
/// # Errors
/// It does not, or it fails.
pub async fn source_lists_whole<T: Entity>(source: &dyn Source<T>) -> Result<(), Breach> {
    if source.reads().snapshot != SnapshotCaps::Full {
        return Ok(());
    }
    let listed = list(source).await?;
    let ids: BTreeSet<&ExternalId> = listed.records.iter().map(|record| &record.id).chain(&listed.invalid).collect();
    let count = listed.records.len() + listed.invalid.len();
    check(ids.len() == count, || format!("{count} records are listed under {} ids", ids.len()))?;
    check(listed.end.complete, || "the list says that it is not whole".to_owned())?;
    if source.reads().complete_signal == CompleteSignal::Count {
        check(listed.end.count.is_some(), || "a count is declared, and the list has none".to_owned())?;
    }
    if let Some(told) = listed.end.count {
        check(told == count as u64, || format!("the list has {count} records and says {told}"))?;
    }
    let reads = source.reads();
    for record in &listed.records {
        for field in T::fields().iter().filter(|field| reads.field(field.name).is_none()) {
            let shown = (field.get)(&record.value).is_known();
            check(!shown, || format!("the field {:?} is shown and not declared", field.name))?;
        }
    }
    let again = list(source).await?;
    check(again.records.len() == listed.records.len(), || "a second list has another length".to_owned())
}

/// A record read alone is as in the list, in every declared field: otherwise it would look changed each time.
///
/// # Errors
/// It does not, or it fails.
pub async fn source_gets_what_it_lists<T: Entity>(source: &dyn Source<T>) -> Result<(), Breach> {
    for record in list(source).await?.records.iter().take(LOOKED_AT) {
        let alone = source.get(&record.id).await.map_err(|error| failed("reading one record", &error))?;
        let alone = alone.ok_or_else(|| Breach(format!("record {} is listed and cannot be read alone", record.id)))?;
        check(alone.id == record.id, || format!("asked for {}, got {}", record.id, alone.id))?;
        check(alone.marker == record.marker, || format!("record {} has another marker alone than listed", record.id))?;
        let differs = difference(&declared(source, &record.value), &declared(source, &alone.value));
        check(differs.is_none(), || {
            format!("record {}: {:?} is other alone than listed", record.id, differs.unwrap_or_default())
        })?;
    }
    Ok(())
}

/// Every record is found by each of its identity fields, whatever the case and spacing that the side does not store.
///
/// # Errors
/// It does not, or it fails.
pub async fn source_finds<T: Entity>(source: &dyn Source<T>) -> Result<(), Breach> {
    let reads = source.reads();
    for record in list(source).await?.records.iter().take(LOOKED_AT) {
        for field in T::fields().iter().filter(|field| field.identity) {
            let Some(caps) = reads.field(field.name) else { continue };
            let value = (field.get)(&record.value);
            if !matches!(value, FieldValue::Value(_)) {
                continue;
            }
            let key = Key::Field { name: field.name, value: caps.canonical.compare_form(&value) };
            let found = source.find(&key).await.map_err(|error| failed("searching", &error))?;
            check(found.iter().any(|other| other.id == record.id), || {
                format!("record {} is not found by its {:?}", record.id, field.name)
            })?;
        }
    }
    Ok(())
}

/// A missing id is no record and no failure.
///
/// # Errors
/// It is one.
pub async fn source_does_not_find_what_is_not_there<T: Entity>(
    source: &dyn Source<T>,
    missing: &ExternalId,
) -> Result<(), Breach> {
    let found = source.get(missing).await.map_err(|error| failed("asking for a missing id", &error))?;
    check(found.is_none(), || format!("there is a record under the id {missing}, which should be missing"))
}

pub(super) struct Listed<T> {
    pub(super) records: Vec<Record<T>>,
    pub(super) invalid: Vec<ExternalId>,
    pub(super) end: End,
}

pub(super) async fn list<T: Entity>(source: &dyn Source<T>) -> Result<Listed<T>, Breach> {
    let (mut records, mut invalid, mut end) = (Vec::new(), Vec::new(), None);
    let mut pages = source.snapshot(None);
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| failed("listing", &error))?;
        check(end.is_none(), || "there are pages after the one that carries the end".to_owned())?;
        records.extend(page.records);
        invalid.extend(page.invalid.into_iter().map(|record| record.id));
        end = page.end;
    }
    let end = end.ok_or_else(|| Breach("the last page does not carry the end".to_owned()))?;
    Ok(Listed { records, invalid, end })
}
