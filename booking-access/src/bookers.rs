//! The people that bookings ask for, as a source that the engine reads.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, SecondsFormat, Utc};
use futures::StreamExt as _;
use futures::stream::{self, BoxStream};
use rusqlite::Connection;
use sync_core::clock::Clock;
use sync_core::connector::{
    CheckReport, CodeKind, CompleteSignal, Endpoint, EndpointIdentity, ErrorClass, FieldCaps, Key, Page, ReadCaps,
    Record, SnapshotCaps, Source, SyncError, Window,
};
use sync_core::model::{Canonical, EndpointName, ExternalId, FieldValue, Known, Person, Scalar};

use crate::codes::{Issued, active_or_reserved, retiring};
use crate::grants::{Grants, Holder};
use crate::store::{PersonRow, all_people, person_by_key};
use crate::{Access, AccessError};

/// The name under which the engine knows this source.
pub const BOOKINGS: &str = "bookings";

/// Says who stays: the field is empty for somebody whom the door system is to let go.
pub(crate) const STAYS: &str = "title";
/// What it says.
pub(crate) const STAYING: &str = "booker";

/// Fields that are always delivered.
///
/// Codes too, where none are made: those that were issued before are taken away, all others are unknown to us and stay.
const FIELDS: [&str; 11] =
    ["first_name", "last_name", STAYS, "email", "doors", "notes", "valid_from", "valid_until", "active", "pin", "code"];

/// The people that bookings ask for at the time of the question.
///
/// A person's id is the folded mail address. Whoever needs a code is listed once one is reserved on disk. Whoever is due
/// for removal stays listed until the door system has let them go, without what keeps them in the scope of the link.
#[derive(Debug)]
pub struct Bookers {
    name: EndpointName,
    access: Arc<Access>,
    clock: Arc<dyn Clock>,
    room: Room,
}

/// How much the door system's fields hold.
#[derive(Clone, Copy, Debug, Default)]
struct Room {
    first_name: Option<usize>,
    last_name: Option<usize>,
    notes: Option<usize>,
}

impl Bookers {
    /// The people of `access` for a door system with these fields.
    pub fn new(access: Arc<Access>, clock: Arc<dyn Clock>, doors: &ReadCaps) -> Self {
        let chars = |name: &str| doors.field(name).and_then(|field| field.canonical.max_chars);
        let room = Room { first_name: chars("first_name"), last_name: chars("last_name"), notes: chars("notes") };
        Self { name: BOOKINGS.into(), access, clock, room }
    }

    /// What stands behind.
    pub fn access(&self) -> &Arc<Access> {
        &self.access
    }

    fn record(&self, listed: &Listed<'_>, now: DateTime<Utc>) -> Record<Person> {
        let Listed { row, holder, issued, leftover, grants } = listed;
        let mut person = Person {
            doors: if holder.is_listed(now) { known_set(grants.doors(holder, now)) } else { Known::Empty },
            title: if holder.is_listed(now) { Known::Value(STAYING.to_owned()) } else { Known::Empty },
            notes: Known::from_text(notes(grants, holder, now, self.room.notes)),
            valid_from: holder.valid_from.map_or(Known::Unknown, |at| Known::Value(self.access.day(at))),
            valid_until: holder.end_of_validity.map_or(Known::Unknown, |at| Known::Value(self.access.day(at))),
            active: Known::Value(true),
            ..Person::default()
        };
        if self.access.config().privacy.pseudonyms {
            person.first_name = Known::Empty;
            person.last_name = Known::Value(format!("Booker {}", row.id));
            person.email = Known::Empty;
        } else {
            person.first_name = Known::from_text(cut(&row.first_name, self.room.first_name));
            person.last_name = Known::from_text(cut(&row.last_name, self.room.last_name));
            person.email = Known::Value(row.key.clone());
        }
        for kind in leftover {
            *code_field(&mut person, *kind) = Known::Empty;
        }
        if let Some(issued) = issued {
            *code_field(&mut person, issued.kind) = Known::Value(issued.code.clone());
        }
        Record::new(row.key.as_str(), person)
    }

    fn all(&self, now: DateTime<Utc>) -> Result<Vec<Record<Person>>, AccessError> {
        let grants = self.access.grants();
        let (people, mut issued, left) = self.access.store().with(|connection| {
            let people = all_people(connection)?;
            let mut issued = BTreeMap::new();
            for row in &people {
                if let Some(code) = active_or_reserved(connection, self.access.sealer(), &row.key)? {
                    issued.insert(row.key.clone(), code);
                }
            }
            Ok::<_, AccessError>((people, issued, leftovers(connection, &self.access)?))
        })?;
        let mut records = Vec::new();
        for row in &people {
            let Some(holder) = grants.person(&row.key) else { continue };
            let issued = issued.remove(&row.key);
            if is_shown(row, holder, issued.as_ref(), &self.access, now) {
                let leftover = left.get(&row.key).cloned().unwrap_or_default();
                records.push(self.record(&Listed { row, holder, issued, leftover, grants: &grants }, now));
            }
        }
        Ok(records)
    }

    fn one(&self, key: &str, now: DateTime<Utc>) -> Result<Option<Record<Person>>, AccessError> {
        let grants = self.access.grants();
        let found = self.access.store().with(|connection| {
            let Some(row) = person_by_key(connection, key)? else { return Ok::<_, AccessError>(None) };
            let issued = active_or_reserved(connection, self.access.sealer(), key)?;
            let mut left = leftovers(connection, &self.access)?;
            Ok(Some((row, issued, left.remove(key).unwrap_or_default())))
        })?;
        let Some((row, issued, leftover)) = found else { return Ok(None) };
        let Some(holder) = grants.person(&row.key) else { return Ok(None) };
        let shown = is_shown(&row, holder, issued.as_ref(), &self.access, now);
        Ok(shown.then(|| self.record(&Listed { row: &row, holder, issued, leftover, grants: &grants }, now)))
    }
}

struct Listed<'a> {
    row: &'a PersonRow,
    holder: &'a Holder,
    issued: Option<Issued>,
    /// Kinds of code that are to be taken away and have no successor of their kind.
    leftover: BTreeSet<CodeKind>,
    grants: &'a Grants,
}

/// Whether the engine hears of somebody: the door system has them, or they may be made there with all that they need.
fn is_shown(row: &PersonRow, holder: &Holder, issued: Option<&Issued>, access: &Access, now: DateTime<Utc>) -> bool {
    let ready = row.examined && (access.codes().kind().is_none() || issued.is_some());
    row.door_user.is_some() || (ready && holder.is_listed(now))
}

/// Kinds of code that are to be taken away, by person.
fn leftovers(connection: &Connection, access: &Access) -> Result<BTreeMap<String, BTreeSet<CodeKind>>, AccessError> {
    let mut found: BTreeMap<String, BTreeSet<CodeKind>> = BTreeMap::new();
    for issued in retiring(connection, access.sealer())? {
        found.entry(issued.person).or_default().insert(issued.kind);
    }
    Ok(found)
}

pub(crate) fn code_field(person: &mut Person, kind: CodeKind) -> &mut Known<sync_core::model::SecretText> {
    match kind {
        CodeKind::Pin => &mut person.pin,
        CodeKind::Number => &mut person.code,
    }
}

fn known_set(set: BTreeSet<String>) -> Known<BTreeSet<String>> {
    if set.is_empty() { Known::Empty } else { Known::Value(set) }
}

/// The bookings of a person that are not over, a line each, without names; the oldest are left out where there is no room.
fn notes(grants: &Grants, holder: &Holder, now: DateTime<Utc>, room: Option<usize>) -> String {
    let plain = |text: &str| text.replace(|c: char| c == '|' || c.is_control(), " ");
    let time = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Secs, true);
    let mut bookings: Vec<_> = holder.not_over(now).collect();
    bookings.sort_by_key(|grant| (grant.start, grant.end, grant.booking));
    let mut lines: Vec<String> = bookings
        .into_iter()
        .map(|grant| {
            let (resource, key) = (plain(grants.resource_of(grant)), plain(grants.key_of(grant)));
            format!("{resource}|{}|{}|{key}", time(grant.start), time(grant.end))
        })
        .collect();
    let fits = |lines: &[String]| {
        let chars = lines.iter().map(|line| line.chars().count() + 1).sum::<usize>().saturating_sub(1);
        room.is_none_or(|room| chars <= room)
    };
    while !lines.is_empty() && !fits(&lines) {
        lines.remove(0);
    }
    lines.join("\n")
}

/// Cut at a blank, if there is one, to what fits.
fn cut(text: &str, room: Option<usize>) -> String {
    let Some(room) = room.filter(|room| text.chars().count() > *room) else { return text.to_owned() };
    let hard: String = text.chars().take(room).collect();
    let splits_word = text.chars().nth(room).is_some_and(|next| !next.is_whitespace());
    match hard.rsplit_once(' ') {
        Some((whole, _)) if splits_word && !whole.trim().is_empty() => whole.trim_end().to_owned(),
        _ => hard.trim_end().to_owned(),
    }
}

impl From<AccessError> for SyncError {
    fn from(error: AccessError) -> Self {
        match error {
            AccessError::Endpoint(error) => error,
            other => Self::new(ErrorClass::Transient, other.to_string()).with_source(other),
        }
    }
}

#[async_trait]
impl Endpoint for Bookers {
    fn name(&self) -> &EndpointName {
        &self.name
    }

    async fn identify(&self) -> Result<EndpointIdentity, SyncError> {
        Ok(EndpointIdentity::of("kind", "bookings"))
    }

    async fn check(&self) -> CheckReport {
        let mut report = CheckReport::default();
        match self.access.store().with(|connection| all_people(connection).map(|people| people.len())) {
            Ok(people) => report.passed("store", format!("{people} people")),
            Err(error) => report.failed("store", error.to_string(), "Look at the file and its folder"),
        }
        report
    }
}

#[async_trait]
impl Source<Person> for Bookers {
    fn reads(&self) -> ReadCaps {
        ReadCaps {
            snapshot: SnapshotCaps::Full,
            complete_signal: CompleteSignal::Count,
            read_lag: std::time::Duration::ZERO,
            fields: FIELDS.map(|name| FieldCaps::read_only(name, Canonical::exact())).into(),
            references: Vec::new(),
        }
    }

    fn snapshot(&self, _window: Option<Window>) -> BoxStream<'_, Result<Page<Person>, SyncError>> {
        let page = self.all(self.clock.now()).map(|records| Page::whole(records, Vec::new())).map_err(SyncError::from);
        stream::iter([page]).boxed()
    }

    async fn get(&self, id: &ExternalId) -> Result<Option<Record<Person>>, SyncError> {
        Ok(self.one(id.as_str(), self.clock.now())?)
    }

    async fn find(&self, by: &Key) -> Result<Vec<Record<Person>>, SyncError> {
        let Key::Field { name: "email", value: FieldValue::Value(Scalar::Text(email)) } = by else {
            return Ok(Vec::new());
        };
        Ok(self.one(&email.trim().to_lowercase(), self.clock.now())?.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_cut_between_words() {
        assert_eq!(cut("van der Berg", Some(9)), "van der");
        assert_eq!(cut("van der Berg", Some(7)), "van der");
        assert_eq!(cut("Featherstonehaugh", Some(5)), "Feath");
        assert_eq!(cut("Berg", Some(4)), "Berg");
        assert_eq!(cut("Berg", None), "Berg");
    }
}
