//! The quick way: who was changed by others since the last look.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, PoisonError};

use futures::FutureExt as _;
use sync_core::connector::SyncError;
use sync_core::model::ExternalId;

use super::PacEndpoint;
use crate::model::{Change, ChangeEntity, Cursor, Epoch, LogStream, PacErrorKind, PacSession, PersonId, Rev};

/// What changed at PAC since a place in its log of changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PacChanges {
    /// People who were made, changed or deleted by others.
    pub people: BTreeSet<ExternalId>,
    /// Access groups, controllers or readers changed.
    pub definitions: bool,
    /// Part of the log is gone, or it began anew: only a whole list of people shows what changed.
    pub lost: bool,
    /// Where to look from the next time; none where the next whole list of people says it.
    pub position: Option<String>,
}

/// Revisions that our own writes led to.
#[derive(Debug, Default)]
pub(super) struct Written(HashMap<PersonId, Rev>);

impl Written {
    pub(super) fn note(&mut self, id: PersonId, rev: Rev) {
        if self.0.len() >= REMEMBERED && !self.0.contains_key(&id) {
            // Whoever is forgotten is read once more than needed.
            self.0.clear();
        }
        let newest = self.0.entry(id).or_insert(rev);
        *newest = rev.max(*newest);
    }

    /// Whether a change is one of ours of which we know.
    fn explains(&self, change: &Change) -> bool {
        let known = self.0.get(&PersonId::new(change.id));
        matches!((known, change.rev), (Some(known), Some(rev)) if rev <= *known)
    }
}

impl PacEndpoint {
    /// Where the log of changes stood when the last whole list of people began.
    pub fn listed_position(&self) -> Option<String> {
        let cursor = *self.listed_at.lock().unwrap_or_else(PoisonError::into_inner);
        cursor.map(|cursor| Position(cursor).to_string())
    }

    /// Where the log of changes ended when the present session began; nothing where the server keeps none.
    ///
    /// # Errors
    /// Whatever keeps the server from answering.
    pub async fn head_of_changes(&self) -> Result<Option<String>, SyncError> {
        let session = self.session().await?;
        Ok(session.server().log(LogStream::Changes).map(|log| Position(log.head()).to_string()))
    }

    /// What others changed behind a place in the log of changes. Without a place, behind the last whole list of people.
    ///
    /// Our own changes are left out, but for those of which we do not know that they were stored: a lost reply, or another
    /// program with the same key file.
    ///
    /// # Errors
    /// Whatever keeps the server from answering.
    pub async fn changes(&self, after: Option<&str>) -> Result<PacChanges, SyncError> {
        let listed = self.listed_position();
        let Some(Position(mut at)) = after.or(listed.as_deref()).and_then(|text| text.parse().ok()) else {
            return Ok(PacChanges { lost: true, ..PacChanges::default() });
        };
        let origin = self.session().await?.server().origin.clone();
        let mut changes = PacChanges::default();
        loop {
            let ask = |session: Arc<dyn PacSession>| {
                async move { session.read_log(LogStream::Changes, at, BATCH).await }.boxed()
            };
            let batch = match self.read(ask).await {
                Ok(batch) if batch.lost.is_none() => batch,
                Ok(_) => return Ok(lost(changes)),
                Err(error) if is_lost(error.kind()) => {
                    self.renew(LogStream::Changes, &error).await;
                    return Ok(lost(changes));
                }
                Err(error) => return Err(error.into()),
            };
            batch.changes().iter().for_each(|change| self.take(change, &origin, &mut changes));
            let end = batch.cursor().filter(|end| end.seq > at.seq);
            at = end.unwrap_or(at);
            if end.is_none() || !batch.more {
                changes.position = Some(Position(at).to_string());
                return Ok(changes);
            }
        }
    }

    fn take(&self, change: &Change, origin: &str, changes: &mut PacChanges) {
        let written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        match change.entity {
            ChangeEntity::Person if change.origin == origin && written.explains(change) => {}
            ChangeEntity::Person => {
                changes.people.insert(i64::from(change.id).into());
            }
            _ => changes.definitions = true,
        }
    }
}

fn lost(changes: PacChanges) -> PacChanges {
    PacChanges { lost: true, definitions: true, position: None, ..changes }
}

fn is_lost(kind: PacErrorKind) -> bool {
    matches!(kind, PacErrorKind::CursorExpired | PacErrorKind::EpochChanged | PacErrorKind::CursorAhead)
}

/// A place in a log as it is kept: `5D1E00C7A2B49F03:870`.
struct Position(Cursor);

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.0.epoch, self.0.seq)
    }
}

impl FromStr for Position {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (epoch, seq) = text.split_once(':').ok_or(())?;
        let epoch: Epoch = epoch.parse().map_err(|_| ())?;
        Ok(Self(Cursor::new(epoch, seq.parse().map_err(|_| ())?)))
    }
}

/// Records of one request.
const BATCH: u16 = 500;
/// People whose last revision by us is remembered.
const REMEMBERED: usize = 100_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ChangeOp;
    use chrono::DateTime;

    #[test]
    fn a_change_of_ours_is_known_by_its_revision() {
        let mut written = Written::default();
        written.note(PersonId::new(101), Rev::new(8));
        written.note(PersonId::new(101), Rev::new(7));
        let time = DateTime::parse_from_rfc3339("2026-03-02T08:02:07+01:00").unwrap();
        let mut change = Change::new(1, time, ChangeEntity::Person, ChangeOp::Updated, 101);
        assert!(!written.explains(&change), "no revision told");
        for (rev, ours) in [(7, true), (8, true), (9, false)] {
            change.rev = Some(Rev::new(rev));
            assert_eq!(written.explains(&change), ours, "{rev}");
        }
        change.id = 102;
        assert!(!written.explains(&change));
    }

    #[test]
    fn a_place_survives_its_text() {
        for text in ["5D1E00C7A2B49F03:870", "5D1E00C7A2B49F03:0"] {
            assert_eq!(text.parse::<Position>().ok().unwrap().to_string(), text);
        }
        for text in ["", "870", "5D1E:870", "5D1E00C7A2B49F03:-1"] {
            assert!(text.parse::<Position>().is_err(), "{text}");
        }
    }
}
