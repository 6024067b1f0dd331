//! What every event source and every event sink has to pass, with the abilities that it declares.
//!
//! Each function brings the endpoint into one situation and tells in words what is not as declared. Sources need a
//! log with some events that stands still meanwhile; sinks need clockings that they can book.

use std::collections::BTreeSet;

use futures::StreamExt as _;

use crate::connector::{Cursor, Delivered, DeliveryClass, ErrorClass, EventPage, EventSink, EventSource, SyncError};
use crate::model::{AccessEvent, Clocking};

/// What an event source or sink does otherwise than it declares.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct EventBreach(String);

/// Numbers ascend over all pages, every cursor covers its page, and the log has at least `expected` events.
///
/// # Errors
/// The source breaks the rule or fails.
pub async fn source_in_order(source: &dyn EventSource, expected: usize) -> Result<(), EventBreach> {
    let pages = read(source, None).await?;
    let mut last = None;
    let mut cursor = None;
    for page in &pages {
        for event in &page.events {
            check(last.is_none_or(|last| event.number > last), || {
                format!("number {} comes after {last:?}", event.number)
            })?;
            last = Some(event.number);
        }
        let newest = page.events.last().map(|event| event.number);
        check(newest.is_none_or(|newest| page.cursor.position >= newest), || {
            format!("the cursor {} lies before event {newest:?} of its page", page.cursor.position)
        })?;
        let moved = cursor.is_none_or(|before| page.cursor.position >= before);
        check(moved, || format!("the cursor went back to {}", page.cursor.position))?;
        cursor = Some(page.cursor.position);
    }
    let count = pages.iter().map(|page| page.events.len()).sum::<usize>();
    check(count >= expected, || format!("the log shows {count} events, not {expected}"))
}

/// Reading on from any event gives exactly the events after it.
///
/// # Errors
/// The source breaks the rule or fails.
pub async fn source_resumes(source: &dyn EventSource) -> Result<(), EventBreach> {
    let all = events(source, None).await?;
    let last = all.len().saturating_sub(1);
    let positions: BTreeSet<usize> = [0, all.len() / 2, last].into();
    for position in positions {
        let Some(event) = all.get(position) else { continue };
        let rest = events(source, Some(Cursor { position: event.number })).await?;
        check(all.get(position + 1..) == Some(rest.as_slice()), || {
            format!("after number {} come other events than in the whole log", event.number)
        })?;
    }
    Ok(())
}

/// Reading twice gives the same events, and so does reading from every page's cursor.
///
/// # Errors
/// The source breaks the rule or fails.
pub async fn source_pages_agree(source: &dyn EventSource) -> Result<(), EventBreach> {
    let first = events(source, None).await?;
    check(first == events(source, None).await?, || "a second reading shows other events".to_owned())?;
    for page in read(source, None).await? {
        let rest = events(source, Some(page.cursor)).await?;
        let expected = first.iter().filter(|event| event.number > page.cursor.position);
        check(expected.eq(rest.iter()), || {
            format!("reading on from the cursor {} shows other events", page.cursor.position)
        })?;
    }
    Ok(())
}

/// An empty batch has an empty answer.
///
/// # Errors
/// The sink breaks the rule.
pub async fn sink_takes_an_empty_batch(sink: &dyn EventSink) -> Result<(), EventBreach> {
    let answers = sink.deliver(&[]).await;
    check(answers.is_empty(), || format!("an empty batch has {} answers", answers.len()))
}

/// A clocking that was delivered is known afterwards, as far as the sink's class promises.
///
/// Keyed: a second delivery is a duplicate with the same reference. Keyed and searchable: it can be looked up, and
/// what was never delivered cannot. Unsafe: it is delivered once, and nothing else is asked of it.
///
/// # Errors
/// The sink breaks the rule or fails.
pub async fn sink_answers_again(
    sink: &dyn EventSink,
    clocking: &Clocking,
    never_sent: &Clocking,
) -> Result<(), EventBreach> {
    let first = deliver_one(sink, clocking).await?;
    check(!first.duplicate, || "the first delivery is called a duplicate".to_owned())?;
    let class = sink.accepts().class;
    if class == DeliveryClass::Keyed {
        let again = deliver_one(sink, clocking).await?;
        check(again.duplicate, || "a second delivery of a keyed sink is not called a duplicate".to_owned())?;
        check(again.reference == first.reference, || "the same event has two bookings".to_owned())?;
    }
    if class != DeliveryClass::Unsafe {
        let found = sink.find(&clocking.key).await.map_err(|error| failed("looking up", &error))?;
        let found = found.ok_or_else(|| EventBreach("what was delivered cannot be found".to_owned()))?;
        check(found.reference == first.reference, || "another booking is found than was made".to_owned())?;
        let absent = sink.find(&never_sent.key).await.map_err(|error| failed("looking up", &error))?;
        check(absent.is_none(), || "something is found that was never delivered".to_owned())?;
    }
    Ok(())
}

/// A clocking that the sink must refuse does not keep the others of its batch from being booked.
///
/// # Errors
/// The sink breaks the rule or fails.
pub async fn sink_keeps_good_from_bad(
    sink: &dyn EventSink,
    good: &[Clocking],
    bad: &Clocking,
) -> Result<(), EventBreach> {
    let middle = good.len() / 2;
    let mut batch = good.to_vec();
    batch.insert(middle, bad.clone());
    let answers = sink.deliver(&batch).await;
    check(answers.len() == batch.len(), || format!("{} answers to {} clockings", answers.len(), batch.len()))?;
    for (position, answer) in answers.iter().enumerate() {
        match answer {
            Ok(_) => check(position != middle, || "the bad clocking was booked".to_owned())?,
            Err(error) if position == middle => {
                check(!error.may_have_been_applied(), || format!("a refusal leaves doubt: {}", error.class()))?;
            }
            Err(error) if error.class() == ErrorClass::Duplicate => {}
            Err(error) => return Err(failed("a good clocking beside a bad one", error)),
        }
    }
    Ok(())
}

async fn read(source: &dyn EventSource, from: Option<Cursor>) -> Result<Vec<EventPage>, EventBreach> {
    let pages: Vec<_> = source.read(from).collect().await;
    pages.into_iter().collect::<Result<_, _>>().map_err(|error| failed("reading", &error))
}

async fn events(source: &dyn EventSource, from: Option<Cursor>) -> Result<Vec<AccessEvent>, EventBreach> {
    Ok(read(source, from).await?.into_iter().flat_map(|page| page.events).collect())
}

async fn deliver_one(sink: &dyn EventSink, clocking: &Clocking) -> Result<Delivered, EventBreach> {
    let mut answers = sink.deliver(std::slice::from_ref(clocking)).await;
    check(answers.len() == 1, || format!("{} answers to one clocking", answers.len()))?;
    match answers.pop() {
        Some(Ok(delivered)) => Ok(delivered),
        Some(Err(error)) if error.class() == ErrorClass::Duplicate => Err(EventBreach(
            "a duplicate comes as a failure; a keyed sink answers with the booking that exists".to_owned(),
        )),
        Some(Err(error)) => Err(failed("delivering", &error)),
        None => Err(EventBreach("no answer".to_owned())),
    }
}

fn check(holds: bool, breach: impl FnOnce() -> String) -> Result<(), EventBreach> {
    if holds { Ok(()) } else { Err(EventBreach(breach())) }
}

fn failed(what: &str, error: &SyncError) -> EventBreach {
    EventBreach(format!("{what} failed ({}): {}", error.class(), error.chain()))
}
