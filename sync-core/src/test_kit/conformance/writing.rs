//! What every sink of records has to pass.

use std::collections::BTreeSet;

use super::reading::list;
use super::{Breach, Samples, check, declared, difference, failed};
use crate::connector::{
    Changes, CreateClass, Draft, ErrorClass, Key, Marker, Precondition, Record, Removal, Sink, SnapshotCaps, SyncError,
};
use crate::model::{Entity, ExternalId, Field, FieldValue, Scalar, SyncKey};

/// Steps that a record made of several calls may take.
const STEPS: usize = 4;

/// A new record has an id of its own, is answered as it is stored, carries our key where that is declared, is in the
/// list, and holds what was sent after as many updates as a record of several calls may take.
///
/// # Errors
/// It does not, or it fails.
pub async fn sink_creates<T: Entity>(sink: &dyn Sink<T>, samples: &Samples<T>) -> Result<(), Breach> {
    let before: BTreeSet<ExternalId> = list(sink).await?.records.into_iter().map(|record| record.id).collect();
    let (_, value) = samples.fresh();
    let key = samples.key(sink);
    let made = create(sink, samples, &value, key).await?;
    check(!before.contains(&made.id), || format!("the new record has the id {} of another", made.id))?;
    same_as_read(sink, &made, "a creation").await?;
    if sink.writes().marker_in_create {
        check(made.marker == Some(Marker::Ours(key)), || "the new record does not carry our key".to_owned())?;
        let found = sink.find(&Key::Marker(key)).await.map_err(|error| failed("searching by our key", &error))?;
        check(found.len() == 1 && found.iter().all(|record| record.id == made.id), || {
            format!("{} records are found by the key of one", found.len())
        })?;
        let never = samples.key(sink);
        let found = sink.find(&Key::Marker(never)).await.map_err(|error| failed("searching by our key", &error))?;
        check(found.is_empty(), || "a record is found by a key that was never sent".to_owned())?;
    }
    let whole = complete(sink, samples, made, &value).await?;
    if sink.reads().snapshot == SnapshotCaps::Full {
        let listed = list(sink).await?.records;
        let listed = listed.iter().find(|record| record.id == whole.id);
        let listed = listed.ok_or_else(|| Breach("the new record is not in the list".to_owned()))?;
        let differs = difference(&declared(sink, &whole.value), &declared(sink, &listed.value));
        check(differs.is_none(), || {
            format!("{:?} is other in the list than in the answer", differs.unwrap_or_default())
        })?;
    }
    Ok(())
}

/// Class K: the same attempt again makes nothing new. Class U: the same key again is refused as a duplicate.
///
/// # Errors
/// It does not, or it fails.
pub async fn sink_knows_a_repeat<T: Entity>(sink: &dyn Sink<T>, samples: &Samples<T>) -> Result<(), Breach> {
    let (_, value) = samples.fresh();
    let draft = Draft { value, key: samples.key(sink) };
    let attempt = samples.attempt();
    let made = sink.create(&draft, &attempt).await.map_err(|error| failed("creating", &error))?;
    let again = match sink.writes().create {
        CreateClass::Keyed(_) => sink.create(&draft, &attempt).await,
        CreateClass::Unique => sink.create(&draft, &samples.attempt()).await,
        CreateClass::Searchable | CreateClass::Unsafe => return Ok(()),
    };
    match again {
        Ok(record) => {
            check(record.id == made.id, || format!("a repeat made a second record: {} beside {}", record.id, made.id))?;
        }
        Err(error) => {
            expect_class(&error, ErrorClass::Duplicate, "a repeat")?;
            check(sink.writes().create == CreateClass::Unique, || {
                "class K answers a repeat with a refusal".to_owned()
            })?;
            let clash = error.clashing_key().map(str::to_owned);
            check(clash.is_some(), || "a duplicate does not say which key clashes".to_owned())?;
        }
    }
    if sink.writes().marker_in_create {
        let found = sink.find(&Key::Marker(draft.key)).await.map_err(|error| failed("searching by our key", &error))?;
        check(found.len() == 1, || format!("after a repeat {} records carry one key", found.len()))?;
    }
    Ok(())
}

/// An update changes the fields that it names and no others, and is answered as it is stored.
///
/// # Errors
/// It does not, or it fails.
pub async fn sink_changes_alone<T: Entity>(sink: &dyn Sink<T>, samples: &Samples<T>) -> Result<(), Breach> {
    let Some(change) = &samples.change else { return Ok(()) };
    let (n, before) = make(sink, samples).await?;
    let change = change(n);
    let after = update(sink, samples, &before.id, &change).await?;
    same_as_read(sink, &after, "an update").await?;
    check(after.marker == before.marker, || "an update changed our key in the record".to_owned())?;
    let (was, is, wanted) = (declared(sink, &before.value), declared(sink, &after.value), declared(sink, &change));
    for (name, value) in &is {
        let expected = wanted.get(name).filter(|wanted| wanted.is_known()).or(was.get(name));
        let named = wanted.get(name).is_some_and(FieldValue::is_known);
        let why = if named { "was set and reads back otherwise" } else { "was not mentioned and changed" };
        check(Some(value) == expected, || format!("{name:?} {why}"))?;
    }
    Ok(())
}

/// What is declared as clearable can be cleared, one field at a time, and nothing else goes with it.
///
/// # Errors
/// It cannot, or it fails.
pub async fn sink_clears<T: Entity>(sink: &dyn Sink<T>, samples: &Samples<T>) -> Result<(), Breach> {
    let reads = sink.reads();
    let (_, mut record) = make(sink, samples).await?;
    for field in T::fields() {
        let clearable = reads.field(field.name).is_some_and(|caps| caps.clearable && caps.writable);
        let value = (field.get)(&record.value);
        // A yes or no is never nothing.
        let has_value = matches!(value, FieldValue::Value(_) | FieldValue::Set(_));
        if !clearable || !has_value || matches!(value, FieldValue::Value(Scalar::Bool(_) | Scalar::Secret(_))) {
            continue;
        }
        let cleared = update(sink, samples, &record.id, &with(field, FieldValue::Empty)?).await?;
        check((field.get)(&cleared.value) == FieldValue::Empty, || {
            format!("{:?} is declared as clearable and does not get empty", field.name)
        })?;
        let (mut was, mut is) = (declared(sink, &record.value), declared(sink, &cleared.value));
        was.remove(field.name);
        is.remove(field.name);
        let differs = difference(&was, &is);
        check(differs.is_none(), || {
            format!("clearing {:?} changed {:?} as well", field.name, differs.unwrap_or_default())
        })?;
        record = cleared;
    }
    Ok(())
}

/// I-16: what is written reads back in the declared canonical form, however long and oddly spaced it is.
///
/// # Errors
/// It does not, or it fails.
pub async fn sink_reads_back<T: Entity>(sink: &dyn Sink<T>, samples: &Samples<T>) -> Result<(), Breach> {
    let reads = sink.reads();
    let (n, record) = make(sink, samples).await?;
    let texts = T::fields().iter().filter(|field| samples.texts.contains(&field.name));
    for field in texts {
        let Some(caps) = reads.field(field.name).filter(|caps| caps.writable) else { continue };
        let long = "abcdefghi ".repeat(caps.canonical.max_chars.map_or(3, |max| max / 10 + 2));
        for text in
            [format!("Two  Blanks{n}"), format!(" outer {n} "), format!("Zoé Ångström{n}"), format!("q{n}{long}")]
        {
            // What the engine sends: the form that the side declares to store.
            let sent = caps.canonical.stored_form(&FieldValue::Value(Scalar::Text(text)));
            let after = update(sink, samples, &record.id, &with(field, sent.clone())?).await?;
            let back = (field.get)(&after.value);
            check(caps.canonical.compare_form(&back) == caps.canonical.compare_form(&sent), || {
                format!("{:?} was set to {sent} and reads back as {back}", field.name)
            })?;
        }
    }
    Ok(())
}

/// Where revisions are declared, a write with an old one is refused as a conflict and changes nothing.
///
/// # Errors
/// It does not, or it fails.
pub async fn sink_heeds_preconditions<T: Entity>(sink: &dyn Sink<T>, samples: &Samples<T>) -> Result<(), Breach> {
    let Some(change) = samples.change.as_ref().filter(|_| sink.writes().precondition) else { return Ok(()) };
    let (n, record) = make(sink, samples).await?;
    check(record.revision.is_some(), || "revisions are declared, and a record has none".to_owned())?;
    let newer = update(sink, samples, &record.id, &change(n)).await?;
    let old = Precondition { revision: record.revision.clone() };
    let late = Changes(samples.fresh().1);
    let refused = sink.update(&record.id, &late, &old, &samples.attempt()).await;
    match refused {
        Ok(_) => return Err(Breach("a write with an old revision went through".to_owned())),
        Err(error) => expect_class(&error, ErrorClass::Conflict, "a write with an old revision")?,
    }
    let now = read(sink, &record.id).await?;
    check(declared(sink, &now.value) == declared(sink, &newer.value), || "a refused write changed something".to_owned())
}

/// Every declared way of removal does what it says, twice does no harm, and what was disabled can be enabled again.
///
/// # Errors
/// It does not, or it fails.
pub async fn sink_removes<T: Entity>(sink: &dyn Sink<T>, samples: &Samples<T>) -> Result<(), Breach> {
    let caps = sink.writes().removal;
    let today = chrono::NaiveDate::from_ymd_opt(2026, 1, 31).unwrap_or_default();
    let ways = [
        (caps.unlink_credentials, Removal::UnlinkCredentials),
        (caps.disable, Removal::Disable),
        (caps.mark_leaver, Removal::MarkLeaver(today)),
        (caps.delete, Removal::Delete),
    ];
    for (_, how) in ways.into_iter().filter(|(declared, _)| *declared) {
        let (_, before) = make(sink, samples).await?;
        remove(sink, samples, &before.id, &how).await?;
        if how == Removal::Delete {
            let left = sink.get(&before.id).await.map_err(|error| failed("reading a deleted record", &error))?;
            check(left.is_none(), || "a deleted record is still there".to_owned())?;
            continue;
        }
        remove(sink, samples, &before.id, &how).await?;
        let after = read(sink, &before.id).await?;
        withdrawn(&before, &after, &how)?;
        returns(sink, samples, &before, &how).await?;
    }
    Ok(())
}

/// A write to an id without a record says so, in its own class.
///
/// # Errors
/// It does not.
pub async fn sink_names_the_missing<T: Entity>(sink: &dyn Sink<T>, samples: &Samples<T>) -> Result<(), Breach> {
    let none = Precondition::default();
    if let Some(change) = &samples.change {
        let answer = sink.update(&samples.missing, &Changes(change(0)), &none, &samples.attempt()).await;
        let error = answer.err().ok_or_else(|| Breach("a missing record was updated".to_owned()))?;
        expect_class(&error, ErrorClass::NotFound, "updating a missing record")?;
    }
    let caps = sink.writes().removal;
    let how = match caps {
        caps if caps.disable => Removal::Disable,
        caps if caps.delete => Removal::Delete,
        _ => return Ok(()),
    };
    let answer = sink.remove(&samples.missing, &how, &none, &samples.attempt()).await;
    let error = answer.err().ok_or_else(|| Breach("a missing record was removed".to_owned()))?;
    expect_class(&error, ErrorClass::NotFound, "removing a missing record")
}

// Steps

async fn create<T: Entity>(
    sink: &dyn Sink<T>,
    samples: &Samples<T>,
    value: &T,
    key: SyncKey,
) -> Result<Record<T>, Breach> {
    let draft = Draft { value: value.clone(), key };
    sink.create(&draft, &samples.attempt()).await.map_err(|error| failed("creating", &error))
}

/// A new record with everything that its sample says, and the number of that sample.
async fn make<T: Entity>(sink: &dyn Sink<T>, samples: &Samples<T>) -> Result<(usize, Record<T>), Breach> {
    let (n, value) = samples.fresh();
    let made = create(sink, samples, &value, samples.key(sink)).await?;
    Ok((n, complete(sink, samples, made, &value).await?))
}

/// Sets what a creation left out, as the engine would.
async fn complete<T: Entity>(
    sink: &dyn Sink<T>,
    samples: &Samples<T>,
    mut record: Record<T>,
    wanted: &T,
) -> Result<Record<T>, Breach> {
    let reads = sink.reads();
    for _ in 0..STEPS {
        let is = declared(sink, &record.value);
        let mut left = T::default();
        let mut open = None;
        for (name, value) in declared(sink, wanted) {
            let writable = reads.field(name).is_some_and(|caps| caps.writable);
            let nothing = matches!(value, FieldValue::Unknown | FieldValue::Empty);
            if let (true, false, Some(field)) = (writable && is.get(name) != Some(&value), nothing, T::field(name)) {
                open = Some(name);
                set(&mut left, field, (field.get)(wanted))?;
            }
        }
        let Some(_) = open else { return Ok(record) };
        record = update(sink, samples, &record.id, &left).await?;
    }
    let is = declared(sink, &record.value);
    let lacks = declared(sink, wanted).into_iter().find(|(name, value)| {
        let writable = reads.field(name).is_some_and(|caps| caps.writable);
        writable && !matches!(value, FieldValue::Unknown | FieldValue::Empty) && is.get(name) != Some(value)
    });
    check(lacks.is_none(), || {
        format!("{:?} does not read back as it was sent", lacks.map(|(name, _)| name).unwrap_or_default())
    })?;
    Ok(record)
}

async fn update<T: Entity>(
    sink: &dyn Sink<T>,
    samples: &Samples<T>,
    id: &ExternalId,
    changes: &T,
) -> Result<Record<T>, Breach> {
    let changes = Changes(changes.clone());
    let answer = sink.update(id, &changes, &Precondition::default(), &samples.attempt()).await;
    let record = answer.map_err(|error| failed("updating", &error))?;
    check(record.id == *id, || format!("an update of {id} is answered with {}", record.id))?;
    Ok(record)
}

async fn remove<T: Entity>(
    sink: &dyn Sink<T>,
    samples: &Samples<T>,
    id: &ExternalId,
    how: &Removal,
) -> Result<(), Breach> {
    let answer = sink.remove(id, how, &Precondition::default(), &samples.attempt()).await;
    answer.map_err(|error| failed(&format!("removing by {}", how.as_str()), &error))
}

async fn read<T: Entity>(sink: &dyn Sink<T>, id: &ExternalId) -> Result<Record<T>, Breach> {
    let record = sink.get(id).await.map_err(|error| failed("reading one record", &error))?;
    record.ok_or_else(|| Breach(format!("record {id} is gone")))
}

async fn same_as_read<T: Entity>(sink: &dyn Sink<T>, answer: &Record<T>, what: &str) -> Result<(), Breach> {
    let read = read(sink, &answer.id).await?;
    let differs = difference(&declared(sink, &answer.value), &declared(sink, &read.value));
    check(differs.is_none() && answer.marker == read.marker, || {
        format!("{what} is answered otherwise than it is stored: {:?}", differs.unwrap_or("marker"))
    })
}

fn withdrawn<T: Entity>(before: &Record<T>, after: &Record<T>, how: &Removal) -> Result<(), Breach> {
    let value =
        |record: &Record<T>, name| T::field(name).map_or(FieldValue::Unknown, |field| (field.get)(&record.value));
    let way = how.as_str();
    let credentials = value(after, "credentials");
    check(matches!(credentials, FieldValue::Empty | FieldValue::Unknown), || {
        format!("after {way} the record still has credentials")
    })?;
    match how {
        Removal::UnlinkCredentials => check(value(before, "active") == value(after, "active"), || {
            format!("after {way} the record is active no more")
        }),
        Removal::Disable => check(value(after, "active") != FieldValue::Value(Scalar::Bool(true)), || {
            format!("after {way} the record is still active")
        }),
        _ => Ok(()),
    }
}

/// I-34 at the endpoint: one update gives back what was withdrawn.
async fn returns<T: Entity>(
    sink: &dyn Sink<T>,
    samples: &Samples<T>,
    before: &Record<T>,
    how: &Removal,
) -> Result<(), Breach> {
    let reads = sink.reads();
    let mut back = T::default();
    let mut names = Vec::new();
    for (name, wanted) in [
        ("active", FieldValue::Value(Scalar::Bool(true))),
        ("leave_date", FieldValue::Empty),
        ("credentials", T::field("credentials").map_or(FieldValue::Unknown, |field| (field.get)(&before.value))),
    ] {
        let caps = reads.field(name).filter(|caps| caps.writable && (caps.clearable || wanted != FieldValue::Empty));
        if let (Some(_), Some(field), true) = (caps, T::field(name), wanted.is_known()) {
            set(&mut back, field, wanted)?;
            names.push(name);
        }
    }
    if names.is_empty() {
        return Ok(());
    }
    let after = update(sink, samples, &before.id, &back).await?;
    let (is, wanted) = (declared(sink, &after.value), declared(sink, &back));
    let lacks = names.iter().find(|name| is.get(**name) != wanted.get(**name));
    check(lacks.is_none(), || {
        format!("after {} the field {:?} cannot be given back", how.as_str(), lacks.copied().unwrap_or_default())
    })
}

fn with<T: Entity>(field: &Field<T>, value: FieldValue) -> Result<T, Breach> {
    let mut record = T::default();
    set(&mut record, field, value)?;
    Ok(record)
}

fn set<T: Entity>(record: &mut T, field: &Field<T>, value: FieldValue) -> Result<(), Breach> {
    (field.set)(record, value).map_err(|error| Breach(format!("{:?}: {error}", field.name)))
}

fn expect_class(error: &SyncError, class: ErrorClass, what: &str) -> Result<(), Breach> {
    check(error.class() == class, || format!("{what} is answered with {} instead of {class}: {error}", error.class()))
}
