//! A door system in memory that remembers who could open which door when.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use futures::StreamExt as _;
use futures::stream::BoxStream;

use super::FakeSide;
use crate::clock::Clock;
use crate::connector::{
    AttemptKey, Changes, CheckReport, CodeInUse, CodeKind, CreateClass, DoorCommand, DoorSystem, Draft, End, Endpoint,
    EndpointIdentity, ErrorClass, FieldCaps, Key, Page, Precondition, ReadCaps, Record, Removal, RemovalCaps, Sink,
    Source, SyncError, Window, WriteCaps,
};
use crate::model::{Canonical, Device, EndpointName, ExternalId, Known, Person};

/// A door system in memory: our people, foreign people, doors, and a record of who could open which door when.
///
/// It behaves as such systems do: a created record is found by its key and by nothing else, a code is in use once, people can
/// only be deleted, and the marker tells ours from foreign ones.
pub struct FakeDoors {
    side: FakeSide<Person>,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    doors: BTreeMap<String, String>,
    away: bool,
    /// Doors of everybody at the last look.
    now: BTreeMap<String, BTreeSet<String>>,
    changes: Vec<Change>,
    commands: Vec<(DateTime<Utc>, DoorCommand)>,
    calls: u64,
}

/// Somebody's doors became others.
#[derive(Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "tests compare with literals")]
pub struct Change {
    /// When.
    pub at: DateTime<Utc>,
    /// Whose: the mail address in small letters, or the id of somebody without one.
    pub person: String,
    /// The doors from now on.
    pub doors: BTreeSet<String>,
}

/// A span in which somebody could open a door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "tests compare with literals")]
pub struct Held {
    /// From.
    pub from: DateTime<Utc>,
    /// To; none while it lasts.
    pub to: Option<DateTime<Utc>>,
}

impl FakeDoors {
    /// A system without doors and people.
    pub fn new(name: &str, clock: Arc<dyn Clock>) -> Self {
        let text = Canonical::text(50);
        let fields = vec![
            FieldCaps::full("first_name", text),
            FieldCaps::required("last_name", text),
            FieldCaps::full("email", Canonical::name(50)),
            FieldCaps::full("doors", Canonical::exact()),
            FieldCaps::full("pin", Canonical::exact()),
            FieldCaps::full("code", Canonical::exact()),
            FieldCaps::full("notes", Canonical { max_chars: Some(2_000), ..Canonical::exact() }),
            FieldCaps::full("valid_from", Canonical::exact()),
            FieldCaps::full("valid_until", Canonical::exact()),
        ];
        let side = FakeSide::new(name)
            .creating(CreateClass::Searchable)
            .writing(|caps| caps.removal = RemovalCaps { delete: true, ..RemovalCaps::default() })
            .reading(|caps| caps.fields = fields);
        side.unique("pin");
        side.unique("code");
        Self { side, clock, state: Mutex::default() }
    }

    /// With one more door.
    #[must_use]
    pub fn door(self, id: &str, name: &str) -> Self {
        self.lock().doors.insert(id.to_owned(), name.to_owned());
        self
    }

    /// An operator adds somebody without the marker.
    pub fn put_foreign(&self, person: Person) -> ExternalId {
        let id = self.side.put(person);
        self.look();
        id
    }

    /// A predecessor has left somebody with the marker and without a key.
    pub fn put_marked(&self, person: Person) -> ExternalId {
        let id = self.side.put(person);
        self.side.mark_with_text(&id);
        self.look();
        id
    }

    /// An operator changes somebody; nothing happens if there is no such person.
    pub fn edit(&self, id: &ExternalId, change: impl FnOnce(&mut Person)) {
        self.side.edit(id, change);
        self.look();
    }

    /// An operator deletes somebody.
    pub fn delete(&self, id: &ExternalId) {
        self.side.delete(id);
        self.look();
    }

    /// Does not answer, or answers again.
    pub fn away(&self, away: bool) {
        self.lock().away = away;
    }

    /// What stands behind it, for faults of single records and other installations. Doors that are changed there are not
    /// noticed before the next write.
    pub fn side(&self) -> &FakeSide<Person> {
        &self.side
    }

    /// Everybody with this mail address, foreign people included.
    pub fn people(&self, email: &str) -> Vec<Record<Person>> {
        let wanted = folded(email);
        self.side.all().into_iter().filter(|record| address(&record.value).as_ref() == Some(&wanted)).collect()
    }

    /// Ours with this mail address.
    pub fn ours(&self, email: &str) -> Option<Record<Person>> {
        self.people(email).into_iter().find(|record| record.marker.is_some())
    }

    /// The doors that open now for whoever has this mail address.
    pub fn doors_of(&self, email: &str) -> BTreeSet<String> {
        self.look();
        self.lock().now.get(&folded(email)).cloned().unwrap_or_default()
    }

    /// All changes of doors, oldest first.
    pub fn changes(&self) -> Vec<Change> {
        self.look();
        self.lock().changes.clone()
    }

    /// The spans in which somebody could open a door, by mail address.
    pub fn held(&self, email: &str, door: &str) -> Vec<Held> {
        let person = folded(email);
        let mut spans: Vec<Held> = Vec::new();
        for change in self.changes().into_iter().filter(|change| change.person == person) {
            let open = spans.last_mut().filter(|span| span.to.is_none());
            match (change.doors.contains(door), open) {
                (true, None) => spans.push(Held { from: change.at, to: None }),
                (false, Some(span)) => span.to = Some(change.at),
                _ => {}
            }
        }
        spans
    }

    /// Door commands that arrived, oldest first.
    pub fn commands(&self) -> Vec<(DateTime<Utc>, DoorCommand)> {
        self.lock().commands.clone()
    }

    /// Calls that were answered or refused, of every kind.
    pub fn calls(&self) -> u64 {
        self.lock().calls
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes down whose doors have become others.
    fn look(&self) {
        let mut now: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for record in self.side.all() {
            let person = address(&record.value).unwrap_or_else(|| record.id.to_string());
            now.entry(person).or_default().extend(record.value.doors.into_value().unwrap_or_default());
        }
        let at = self.clock.now();
        let mut state = self.lock();
        let everybody: BTreeSet<String> = state.now.keys().chain(now.keys()).cloned().collect();
        for person in everybody {
            let doors = now.get(&person).cloned().unwrap_or_default();
            if state.now.get(&person).cloned().unwrap_or_default() != doors {
                state.changes.push(Change { at, person, doors });
            }
        }
        state.now = now;
    }

    fn answering(&self) -> Result<(), SyncError> {
        let mut state = self.lock();
        state.calls += 1;
        if state.away { Err(SyncError::new(ErrorClass::Transient, "connection refused")) } else { Ok(()) }
    }

    /// Whether a record carries the marker.
    async fn marked(&self, id: &ExternalId) -> Result<Option<Record<Person>>, SyncError> {
        Ok(self.side.get(id).await?.filter(|record| record.marker.is_some()))
    }

    fn known_doors(&self, person: &Person) -> Result<(), SyncError> {
        let state = self.lock();
        let unknown = person.doors.value().into_iter().flatten().find(|door| !state.doors.contains_key(*door));
        match unknown {
            None => Ok(()),
            Some(door) => {
                Err(SyncError::new(ErrorClass::Invalid, format!("there is no door {door}")).with_field("doors"))
            }
        }
    }
}

#[async_trait]
impl Endpoint for FakeDoors {
    fn name(&self) -> &EndpointName {
        self.side.name()
    }

    async fn identify(&self) -> Result<EndpointIdentity, SyncError> {
        self.answering()?;
        self.side.identify().await
    }

    async fn check(&self) -> CheckReport {
        let mut report = CheckReport::default();
        match self.answering() {
            Ok(()) => report.passed("reads", format!("{} people", self.side.len())),
            Err(error) => report.failed("port", error.message(), "Look whether it runs"),
        }
        report
    }
}

#[async_trait]
impl Source<Person> for FakeDoors {
    fn reads(&self) -> ReadCaps {
        self.side.reads()
    }

    fn snapshot(&self, window: Option<Window>) -> BoxStream<'_, Result<Page<Person>, SyncError>> {
        if let Err(error) = self.answering() {
            return futures::stream::iter([Err(error)]).boxed();
        }
        let mut listed = 0;
        let pages = self.side.snapshot(window).map(move |page| {
            let mut page = page?;
            page.records.retain(|record| record.marker.is_some());
            listed += (page.records.len() + page.invalid.len()) as u64;
            page.end = page.end.map(|end| End { count: end.complete.then_some(listed), ..end });
            Ok(page)
        });
        pages.boxed()
    }

    async fn get(&self, id: &ExternalId) -> Result<Option<Record<Person>>, SyncError> {
        self.answering()?;
        self.marked(id).await
    }

    async fn find(&self, by: &Key) -> Result<Vec<Record<Person>>, SyncError> {
        self.answering()?;
        let mut found = self.side.find(by).await?;
        found.retain(|record| record.marker.is_some());
        Ok(found)
    }
}

#[async_trait]
impl Sink<Person> for FakeDoors {
    fn writes(&self) -> WriteCaps {
        self.side.writes()
    }

    async fn create(&self, draft: &Draft<Person>, attempt: &AttemptKey) -> Result<Record<Person>, SyncError> {
        self.answering()?;
        self.known_doors(&draft.value)?;
        let made = self.side.create(draft, attempt).await;
        self.look();
        made
    }

    async fn update(
        &self,
        id: &ExternalId,
        changes: &Changes<Person>,
        precondition: &Precondition,
        attempt: &AttemptKey,
    ) -> Result<Record<Person>, SyncError> {
        self.answering()?;
        self.marked(id).await?.ok_or_else(nobody)?;
        self.known_doors(&changes.0)?;
        let answer = self.side.update(id, changes, precondition, attempt).await;
        self.look();
        answer
    }

    async fn remove(
        &self,
        id: &ExternalId,
        how: &Removal,
        precondition: &Precondition,
        attempt: &AttemptKey,
    ) -> Result<(), SyncError> {
        self.answering()?;
        self.marked(id).await?.ok_or_else(nobody)?;
        if *how != Removal::Delete {
            return Err(SyncError::new(ErrorClass::Config, "people can only be deleted here"));
        }
        let removed = self.side.remove(id, how, precondition, attempt).await;
        self.look();
        removed
    }
}

#[async_trait]
impl DoorSystem for FakeDoors {
    async fn doors(&self) -> Result<Vec<Record<Device>>, SyncError> {
        self.answering()?;
        let doors = self.lock().doors.clone();
        let device = |name: String| Device { name: Known::Value(name), ..Device::default() };
        Ok(doors.into_iter().map(|(id, name)| Record::new(id, device(name))).collect())
    }

    async fn codes(&self) -> Result<Vec<CodeInUse>, SyncError> {
        self.answering()?;
        let mut codes = Vec::new();
        for Record { id, value, .. } in self.side.all() {
            for (kind, code) in [(CodeKind::Pin, value.pin), (CodeKind::Number, value.code)] {
                codes.extend(code.into_value().map(|code| CodeInUse { holder: id.clone(), kind, code }));
            }
        }
        codes.sort_unstable();
        Ok(codes)
    }

    async fn strangers(&self, emails: &BTreeSet<String>) -> Result<Vec<Record<Person>>, SyncError> {
        self.answering()?;
        let wanted: BTreeSet<String> = emails.iter().map(|email| folded(email)).collect();
        let mut strangers = self.side.all();
        strangers.retain(|record| record.marker.is_none());
        strangers.retain(|record| address(&record.value).is_some_and(|address| wanted.contains(&address)));
        Ok(strangers)
    }

    async fn command(&self, command: &DoorCommand) -> Result<(), SyncError> {
        self.answering()?;
        let (DoorCommand::Open(door) | DoorCommand::HoldOpen(door) | DoorCommand::Close(door)) = command;
        let at = self.clock.now();
        let mut state = self.lock();
        if !state.doors.contains_key(door.as_str()) {
            return Err(SyncError::new(ErrorClass::NotFound, "there is no such door"));
        }
        state.commands.push((at, command.clone()));
        Ok(())
    }
}

impl fmt::Debug for FakeDoors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FakeDoors").field("name", self.side.name()).finish_non_exhaustive()
    }
}

/// Mail addresses are people's data.
impl fmt::Debug for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Change").field("at", &self.at).field("doors", &self.doors).finish_non_exhaustive()
    }
}

fn nobody() -> SyncError {
    SyncError::new(ErrorClass::NotFound, "no such person")
}

fn address(person: &Person) -> Option<String> {
    person.email.value().map(|email| folded(email))
}

fn folded(email: &str) -> String {
    email.trim().to_lowercase()
}
