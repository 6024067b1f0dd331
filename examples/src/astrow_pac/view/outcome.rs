//! What became of an event, in the words of Astrow's view.

use std::collections::{BTreeMap, HashMap};

use astrow_client::model::ShownStatus;
use sync_core::events::reason;
use sync_core::journal::{EventState, LedgerEvent};
use sync_core::model::{EndpointName, EventKey};
use sync_service::{Desk, Failure};

use super::unsettled::Mark;

/// Said of an event that is not in the ledger yet.
pub(super) const NOT_YET: &str = "not looked at yet";
/// What the engine says of an event that an earlier life of the log had too.
const JOINED: &str = "joined ";

/// What became of an event, and why.
pub(in crate::astrow_pac) fn outcome(row: &LedgerEvent) -> (ShownStatus, Option<String>) {
    let why = row.reason.as_deref().unwrap_or_default();
    match row.state {
        EventState::Delivered if row.target.as_deref().is_some_and(|target| target.starts_with("queue")) => {
            (ShownStatus::Queued, None)
        }
        EventState::Delivered => (ShownStatus::Processed, None),
        EventState::Rejected => (ShownStatus::Rejected, Some(refusal(why).to_owned())),
        // The code that Astrow's users know it by.
        EventState::Ignored if why.starts_with("repeat") => (ShownStatus::Rejected, Some("repeat-swipe".to_owned())),
        EventState::Ignored => (ShownStatus::None, not_counted(why).map(str::to_owned)),
        state => (ShownStatus::None, Some(waits(state, why, row.attempts).to_owned())),
    }
}

/// What to remember of an event that is shown in this way.
pub(super) fn mark(row: Option<&LedgerEvent>) -> Mark {
    let Some(row) = row else { return Mark::open(NOT_YET) };
    let words = outcome(row).1.unwrap_or_default();
    match row.state {
        EventState::Delivered | EventState::Ignored => Mark::SETTLED,
        EventState::Rejected => Mark::refused(&words),
        _ => Mark::open(&words),
    }
}

/// Rows of the ledger by the numbers of PAC's events. What an earlier life of the log had too is that one's row.
pub(super) async fn rows(
    desk: &Desk,
    pac: &EndpointName,
    epoch: &str,
    numbers: &[u64],
) -> Result<BTreeMap<u64, LedgerEvent>, Failure> {
    let identities: HashMap<String, u64> = numbers.iter().map(|seq| (format!("{epoch}:{seq}"), *seq)).collect();
    let asked: Vec<String> = identities.keys().cloned().collect();
    let mut rows = BTreeMap::new();
    for part in asked.chunks(AT_ONCE) {
        for row in desk.journal().revisions(pac, part).await? {
            let Some(seq) = row.identity.as_ref().and_then(|identity| identities.get(identity)) else { continue };
            let first = match joined(&row) {
                Some(key) => desk.journal().event(&key).await?,
                None => None,
            };
            rows.insert(*seq, first.unwrap_or(row));
        }
    }
    Ok(rows)
}

/// The event that this one is once more.
fn joined(row: &LedgerEvent) -> Option<EventKey> {
    let endpoint = &row.key.endpoint;
    let number = row.reason.as_deref()?.strip_prefix(JOINED)?.strip_prefix(endpoint.as_str())?.strip_prefix(':')?;
    let (epoch, number) = number.split_once('.').unwrap_or(("0", number));
    Some(EventKey { endpoint: endpoint.clone(), epoch: epoch.parse().ok()?, number: number.parse().ok()? })
}

/// Of our own reasons a sentence behind the code; Astrow's come with theirs.
fn refusal(why: &str) -> &str {
    match why {
        reason::NO_PERSON => "not-linked: nobody in Astrow was linked with its person in time",
        reason::NO_DEVICE => "not-linked: its reader did not become one that books in time",
        "" => "Astrow refused it",
        other => other,
    }
}

fn not_counted(why: &str) -> Option<&'static str> {
    Some(match why {
        reason::DEVICE_SUSPENDED => "its reader does not book",
        reason::BEFORE_TAKE_FROM => "it happened before the time from which bookings count",
        reason::NOBODY => "it names nobody",
        reason::VOIDED => "it was taken back",
        reason::SUPERSEDED => "it was changed later",
        reason::UNCHANGED => "it was booked before",
        _ => return None,
    })
}

fn waits(state: EventState, why: &str, attempts: u32) -> &str {
    match (state, why) {
        (_, reason::PERSON) => "waits until its person is linked with an employee",
        (_, reason::DEVICE) => "waits until its reader is known",
        (_, reason::CLOCK) => "held: by its time it lies in the future",
        (_, reason::TOO_OLD) => "held: too old to be booked without an order",
        (_, reason::PERIOD_CLOSED) => "held: its period is closed in Astrow",
        (_, reason::LEAVER) => "held: its person had left by then",
        (_, reason::CHANGED) => "held: it was changed after it had been booked",
        (EventState::Ready | EventState::Sending, reason::APPROVED) => "is processed again by order",
        (EventState::Ready | EventState::Sending, _) if attempts > 0 => "is tried again: Astrow has not taken it yet",
        (EventState::Ready | EventState::Sending, _) => "waits to be booked",
        (_, "") => "waits for a person to decide",
        (_, other) => other,
    }
}

/// Rows that the journal is asked for at once.
const AT_ONCE: usize = 500;

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{DateTime, Utc};
    use sync_core::model::{Direction, EventClass};

    fn row(state: EventState, why: &str) -> LedgerEvent {
        LedgerEvent {
            key: EventKey { endpoint: "pac".into(), epoch: 0, number: 7 },
            occurred: DateTime::<Utc>::UNIX_EPOCH.fixed_offset(),
            received: DateTime::UNIX_EPOCH,
            class: EventClass::Granted,
            code: 10,
            person: None,
            device: None,
            credential: None,
            direction: Direction::Unknown,
            identity: None,
            remark: None,
            content: 1,
            state,
            reason: Some(why.to_owned()).filter(|why| !why.is_empty()),
            target: None,
            retry_at: None,
            attempts: 0,
        }
    }

    #[test]
    fn no_reason_of_the_engine_is_shown_as_a_bare_word() {
        let reasons = [
            reason::DEVICE_SUSPENDED,
            reason::BEFORE_TAKE_FROM,
            reason::NOBODY,
            reason::PERSON,
            reason::DEVICE,
            reason::CLOCK,
            reason::TOO_OLD,
            reason::PERIOD_CLOSED,
            reason::NO_PERSON,
            reason::NO_DEVICE,
            reason::LEAVER,
            reason::VOIDED,
            reason::SUPERSEDED,
            reason::UNCHANGED,
            reason::CHANGED,
            reason::APPROVED,
        ];
        let ends = |why| match why {
            reason::NO_PERSON | reason::NO_DEVICE => EventState::Rejected,
            reason::PERSON | reason::DEVICE => EventState::Waiting,
            reason::APPROVED => EventState::Ready,
            reason::CLOCK | reason::TOO_OLD | reason::PERIOD_CLOSED | reason::LEAVER | reason::CHANGED => {
                EventState::Held
            }
            _ => EventState::Ignored,
        };
        for why in reasons {
            let words = outcome(&row(ends(why), why)).1.unwrap();
            assert!(words.contains(' ') && !words.contains('_'), "{why}: {words}");
        }
        assert_eq!(outcome(&row(EventState::Ignored, reason::KIND)), (ShownStatus::None, None));
    }

    #[test]
    fn a_code_of_astrow_is_shown_with_its_words() {
        let words = "terminal-not-in-group: TG-DOCK";
        assert_eq!(outcome(&row(EventState::Rejected, words)), (ShownStatus::Rejected, Some(words.to_owned())));
        let repeat = outcome(&row(EventState::Ignored, "repeat of pac:6"));
        assert_eq!(repeat, (ShownStatus::Rejected, Some("repeat-swipe".to_owned())));
    }

    #[test]
    fn only_what_may_change_is_remembered() {
        for state in [EventState::Delivered, EventState::Ignored] {
            assert_eq!(mark(Some(&row(state, ""))), Mark::SETTLED);
        }
        for state in [EventState::Ready, EventState::Waiting, EventState::Held, EventState::Rejected] {
            assert_ne!(mark(Some(&row(state, ""))), Mark::SETTLED, "{state:?}");
        }
        assert_ne!(mark(None), mark(Some(&row(EventState::Ready, ""))), "it is told once it is in the ledger");
    }

    #[test]
    fn a_joined_event_names_the_one_that_it_is() {
        for (text, epoch, number) in [("joined pac:12", 0, 12), ("joined pac:3.12", 3, 12)] {
            let key = EventKey { endpoint: "pac".into(), epoch, number };
            assert_eq!(joined(&row(EventState::Ignored, text)), Some(key.clone()));
            assert_eq!(text, format!("joined {key}"));
        }
        assert_eq!(joined(&row(EventState::Ignored, "joined other:1")), None);
    }
}
