//! An endpoint in memory with every capability flag, and a way to be its operator.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use futures::StreamExt as _;
use futures::stream::BoxStream;

use crate::connector::{
    AttemptKey, Changes, CheckReport, CompleteSignal, CreateClass, Draft, End, Endpoint, EndpointIdentity, ErrorClass,
    FieldCaps, InvalidRecord, Key, LateApply, Marker, Page, Precondition, ReadCaps, Record, Removal, RemovalCaps, Sink,
    SnapshotCaps, Source, SyncError, Update, Window, WriteCaps,
};
use crate::model::{Canonical, EndpointName, Entity, ExternalId, FieldValue, Scalar, SyncKey};

/// One side of a world: a list of records that operators and the engine change.
#[derive(Debug)]
pub struct FakeSide<T: Entity> {
    name: EndpointName,
    reads: ReadCaps,
    writes: WriteCaps,
    page: usize,
    state: Mutex<State<T>>,
}

#[derive(Debug)]
struct State<T> {
    identity: String,
    next: i64,
    records: BTreeMap<ExternalId, Kept<T>>,
    invalid: BTreeMap<ExternalId, InvalidRecord>,
    attempts: BTreeMap<u128, ExternalId>,
    creates: BTreeMap<SyncKey, u32>,
    /// Names of fields that two records may not share.
    unique: BTreeSet<&'static str>,
    /// Ids whose writes are refused.
    poisoned: BTreeSet<ExternalId>,
    broken_snapshot: Option<End>,
    as_of: Option<DateTime<Utc>>,
    writes: u64,
    /// Fields that are declared and yet never delivered.
    blind: BTreeSet<&'static str>,
    /// What an endpoint makes of a text that it is given, without saying so.
    mangled: BTreeMap<&'static str, fn(&str) -> String>,
    /// Ids that a snapshot lists twice.
    repeated: BTreeSet<ExternalId>,
    /// Ids in the order of the next snapshots; unnamed ones come after.
    order: Vec<ExternalId>,
}

#[derive(Clone, Debug)]
struct Kept<T> {
    value: T,
    marker: Option<Marker>,
    revision: u64,
}

impl<T: Entity> FakeSide<T> {
    /// An empty side that can do everything: class U, patch, no lag, all fields writable.
    pub fn new(name: &str) -> Self {
        let fields = T::fields().iter().map(|field| FieldCaps::full(field.name, Canonical::exact())).collect();
        Self {
            name: name.into(),
            reads: ReadCaps {
                snapshot: SnapshotCaps::Full,
                complete_signal: CompleteSignal::Count,
                read_lag: Duration::ZERO,
                fields,
                references: Vec::new(),
            },
            writes: WriteCaps {
                create: CreateClass::Unique,
                marker_in_create: true,
                late_apply: LateApply::Bounded,
                request_lifetime: Duration::from_mins(1),
                update: Update::Patch,
                precondition: false,
                removal: RemovalCaps {
                    unlink_credentials: true,
                    disable: true,
                    mark_leaver: true,
                    delete: true,
                    ..RemovalCaps::default()
                },
                parallel: 4,
            },
            page: 100,
            state: Mutex::new(State {
                identity: format!("{name}-1"),
                next: 1,
                records: BTreeMap::new(),
                invalid: BTreeMap::new(),
                attempts: BTreeMap::new(),
                creates: BTreeMap::new(),
                unique: BTreeSet::new(),
                poisoned: BTreeSet::new(),
                broken_snapshot: None,
                as_of: None,
                writes: 0,
                blind: BTreeSet::new(),
                mangled: BTreeMap::new(),
                repeated: BTreeSet::new(),
                order: Vec::new(),
            }),
        }
    }

    /// With another creation class.
    pub fn creating(mut self, class: CreateClass) -> Self {
        self.writes.create = class;
        self.writes.marker_in_create = class != CreateClass::Unsafe;
        self
    }

    /// With other abilities to write.
    pub fn writing(mut self, change: impl FnOnce(&mut WriteCaps)) -> Self {
        change(&mut self.writes);
        self
    }

    /// With other abilities to read.
    pub fn reading(mut self, change: impl FnOnce(&mut ReadCaps)) -> Self {
        change(&mut self.reads);
        self
    }

    /// With pages of this many records.
    pub fn paged(mut self, records: usize) -> Self {
        self.page = records.max(1);
        self
    }

    /// An operator adds a record; returns its id.
    pub fn put(&self, value: T) -> ExternalId {
        let mut state = self.lock();
        let id = state.take_id();
        state.records.insert(id.clone(), Kept { value, marker: None, revision: 1 });
        id
    }

    /// An operator changes a record; nothing happens if there is none.
    pub fn edit(&self, id: &ExternalId, change: impl FnOnce(&mut T)) {
        if let Some(kept) = self.lock().records.get_mut(id) {
            change(&mut kept.value);
            kept.revision += 1;
        }
    }

    /// An operator removes a record.
    pub fn delete(&self, id: &ExternalId) {
        self.lock().records.remove(id);
    }

    /// An operator puts a record under an id, as a restored backup would.
    pub fn restore(&self, id: &ExternalId, value: T, key: Option<SyncKey>) {
        self.lock().records.insert(id.clone(), Kept { value, marker: key.map(Marker::Ours), revision: 1 });
    }

    /// A predecessor of ours has left its text in a record, without a key.
    pub fn mark_with_text(&self, id: &ExternalId) {
        if let Some(kept) = self.lock().records.get_mut(id) {
            kept.marker = Some(Marker::TextOnly);
        }
    }

    /// Never delivers a field, though it is declared.
    pub fn hide(&self, field: &'static str) {
        self.lock().blind.insert(field);
    }

    /// Keeps something else than it is given in a text field, without declaring so.
    pub fn mangle(&self, field: &'static str, how: fn(&str) -> String) {
        self.lock().mangled.insert(field, how);
    }

    /// Lists a record twice in every snapshot.
    pub fn repeat(&self, id: &ExternalId) {
        self.lock().repeated.insert(id.clone());
    }

    /// Lists records in this order; ids that are not named come after.
    pub fn arrange(&self, order: Vec<ExternalId>) {
        self.lock().order = order;
    }

    /// Turns a record into one that cannot be read.
    pub fn spoil(&self, id: &ExternalId, field: &str, why: &str) {
        let mut state = self.lock();
        state.invalid.insert(id.clone(), InvalidRecord::new(id.clone(), field, why));
    }

    /// Makes a spoilt record readable again.
    pub fn mend(&self, id: &ExternalId) {
        self.lock().invalid.remove(id);
    }

    /// Refuses every write to a record, or accepts it again.
    pub fn poison(&self, id: &ExternalId, poisoned: bool) {
        let mut state = self.lock();
        if poisoned {
            state.poisoned.insert(id.clone());
        } else {
            state.poisoned.remove(id);
        }
    }

    /// Refuses a second record with the same value of this field.
    pub fn unique(&self, field: &'static str) {
        self.lock().unique.insert(field);
    }

    /// Another installation answers under this name from now on.
    pub fn replace_installation(&self, identity: &str) {
        identity.clone_into(&mut self.lock().identity);
    }

    /// Lists come from a copy of this instant from now on.
    pub fn copy_of(&self, made: DateTime<Utc>) {
        self.lock().as_of = Some(made);
    }

    /// Snapshots end like this from now on; `None` = regularly.
    pub fn break_snapshots(&self, end: Option<End>) {
        self.lock().broken_snapshot = end;
    }

    /// All records in order of ids.
    pub fn all(&self) -> Vec<Record<T>> {
        let state = self.lock();
        state.records.iter().map(|(id, kept)| kept.record(id)).collect()
    }

    /// Number of records.
    pub fn len(&self) -> usize {
        self.lock().records.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Writes that arrived, refused ones included.
    pub fn writes_seen(&self) -> u64 {
        self.lock().writes
    }

    /// Creates that arrived for a sync key.
    pub fn creates_seen(&self) -> BTreeMap<SyncKey, u32> {
        self.lock().creates.clone()
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A record as it is before anything is entered.
    fn blank(&self) -> T {
        let mut blank = T::default();
        for caps in &self.reads.fields {
            clear(&mut blank, caps.name, FieldValue::Empty);
        }
        blank
    }

    /// A record as this side delivers it.
    fn delivered(&self, state: &State<T>, id: &ExternalId, kept: &Kept<T>) -> Record<T> {
        let mut record = kept.record(id);
        for field in T::fields() {
            if self.reads.field(field.name).is_none() || state.blind.contains(field.name) {
                // Setting `Unknown` fits every field.
                let _ = (field.set)(&mut record.value, FieldValue::Unknown);
            }
        }
        record
    }
}

impl<T: Entity> State<T> {
    fn take_id(&mut self) -> ExternalId {
        let id = ExternalId::from(self.next);
        self.next += 1;
        id
    }

    fn clash(&self, value: &T, own: Option<&ExternalId>) -> Option<&'static str> {
        self.unique.iter().copied().find(|name| {
            let Some(field) = T::field(name) else { return false };
            let wanted = (field.get)(value);
            let others = self.records.iter().filter(|(id, _)| Some(*id) != own);
            let mut same = others.filter(|(_, kept)| (field.get)(&kept.value) == wanted);
            wanted.is_known() && wanted != FieldValue::Empty && same.next().is_some()
        })
    }

    fn accept(&mut self, id: &ExternalId, precondition: &Precondition) -> Result<&mut Kept<T>, SyncError> {
        self.writes += 1;
        if self.poisoned.contains(id) {
            return Err(SyncError::new(ErrorClass::Invalid, "refused").with_field("first_name"));
        }
        let kept = self.records.get_mut(id).ok_or_else(|| SyncError::new(ErrorClass::NotFound, "no such record"))?;
        match &precondition.revision {
            Some(revision) if *revision != kept.revision.to_string() => {
                Err(SyncError::new(ErrorClass::Conflict, "the record has changed"))
            }
            _ => Ok(kept),
        }
    }
}

impl<T: Entity> Kept<T> {
    fn record(&self, id: &ExternalId) -> Record<T> {
        Record {
            id: id.clone(),
            value: self.value.clone(),
            revision: Some(self.revision.to_string()),
            marker: self.marker.clone(),
        }
    }
}

#[async_trait]
impl<T: Entity> Endpoint for FakeSide<T> {
    fn name(&self) -> &EndpointName {
        &self.name
    }

    async fn identify(&self) -> Result<EndpointIdentity, SyncError> {
        Ok(EndpointIdentity::of("installation", self.lock().identity.clone()))
    }

    async fn check(&self) -> CheckReport {
        let mut report = CheckReport::default();
        report.passed("reads", format!("{} records", self.len()));
        report
    }
}

#[async_trait]
impl<T: Entity> Source<T> for FakeSide<T> {
    fn reads(&self) -> ReadCaps {
        self.reads.clone()
    }

    fn as_of(&self) -> Option<DateTime<Utc>> {
        self.lock().as_of
    }

    fn snapshot(&self, _window: Option<Window>) -> BoxStream<'_, Result<Page<T>, SyncError>> {
        let state = self.lock();
        let (mut records, mut invalid) = (Vec::new(), Vec::new());
        let position = |id: &ExternalId| state.order.iter().position(|named| named == id).unwrap_or(usize::MAX);
        let mut listed: Vec<_> = state.records.iter().collect();
        listed.sort_by_key(|(id, _)| position(id));
        for (id, kept) in listed {
            match state.invalid.get(id) {
                Some(record) => invalid.push(record.clone()),
                None => records.push(self.delivered(&state, id, kept)),
            }
            if state.repeated.contains(id) {
                records.push(self.delivered(&state, id, kept));
            }
        }
        let count = (records.len() + invalid.len()) as u64;
        let end = state.broken_snapshot.unwrap_or(End { count: Some(count), complete: true });
        drop(state);
        let mut pages: Vec<_> = records
            .chunks(self.page)
            .map(|chunk| Page { records: chunk.to_vec(), invalid: Vec::new(), end: None })
            .collect();
        pages.push(Page { records: Vec::new(), invalid, end: Some(end) });
        futures::stream::iter(pages.into_iter().map(Ok)).boxed()
    }

    async fn get(&self, id: &ExternalId) -> Result<Option<Record<T>>, SyncError> {
        let state = self.lock();
        Ok(state.records.get(id).map(|kept| self.delivered(&state, id, kept)))
    }

    async fn find(&self, by: &Key) -> Result<Vec<Record<T>>, SyncError> {
        let state = self.lock();
        let found = state.records.iter().filter(|(_, kept)| match by {
            Key::Marker(key) => kept.marker == Some(Marker::Ours(*key)),
            Key::Field { name, value } => T::field(name).is_some_and(|field| {
                let canonical = self.reads.field(name).map(|caps| caps.canonical).unwrap_or_default();
                canonical.compare_form(&(field.get)(&kept.value)) == canonical.compare_form(value)
            }),
        });
        Ok(found.map(|(id, kept)| self.delivered(&state, id, kept)).collect())
    }
}

#[async_trait]
impl<T: Entity> Sink<T> for FakeSide<T> {
    fn writes(&self) -> WriteCaps {
        self.writes.clone()
    }

    async fn create(&self, draft: &Draft<T>, attempt: &AttemptKey) -> Result<Record<T>, SyncError> {
        let mut state = self.lock();
        state.writes += 1;
        *state.creates.entry(draft.key).or_default() += 1;
        let keyed = matches!(self.writes.create, CreateClass::Keyed(_));
        if let Some(id) = state.attempts.get(&attempt.get()).filter(|_| keyed) {
            let kept = state.records.get(id).map(|kept| self.delivered(&state, id, kept));
            return kept.ok_or_else(|| SyncError::new(ErrorClass::NotFound, "the record of this attempt is gone"));
        }
        let ours = state.records.values().any(|kept| kept.marker == Some(Marker::Ours(draft.key)));
        if self.writes.create == CreateClass::Unique && ours {
            return Err(SyncError::new(ErrorClass::Duplicate, "the key is taken").with_clashing_key("sync_key"));
        }
        if let Some(field) = state.clash(&draft.value, None) {
            return Err(SyncError::new(ErrorClass::Duplicate, "taken").with_clashing_key(field));
        }
        let id = state.take_id();
        let marker = self.writes.marker_in_create.then_some(Marker::Ours(draft.key));
        let value = stored(&self.reads, &state.mangled, &self.blank(), &draft.value);
        let kept = Kept { value, marker, revision: 1 };
        let record = self.delivered(&state, &id, &kept);
        state.records.insert(id.clone(), kept);
        state.attempts.insert(attempt.get(), id);
        Ok(record)
    }

    async fn update(
        &self,
        id: &ExternalId,
        changes: &Changes<T>,
        precondition: &Precondition,
        _attempt: &AttemptKey,
    ) -> Result<Record<T>, SyncError> {
        let mut state = self.lock();
        if let Some(field) = state.clash(&changes.0, Some(id)) {
            state.writes += 1;
            return Err(SyncError::new(ErrorClass::Duplicate, "taken").with_clashing_key(field));
        }
        let mangled = state.mangled.clone();
        let kept = state.accept(id, precondition)?;
        kept.value = stored(&self.reads, &mangled, &kept.value, &changes.0);
        kept.revision += 1;
        let kept = kept.clone();
        Ok(self.delivered(&state, id, &kept))
    }

    async fn remove(
        &self,
        id: &ExternalId,
        how: &Removal,
        precondition: &Precondition,
        _attempt: &AttemptKey,
    ) -> Result<(), SyncError> {
        let mut state = self.lock();
        if *how == Removal::Delete {
            state.accept(id, precondition)?;
            state.records.remove(id);
            return Ok(());
        }
        let kept = state.accept(id, precondition)?;
        kept.revision += 1;
        clear(&mut kept.value, "credentials", FieldValue::Empty);
        if *how != Removal::UnlinkCredentials {
            clear(&mut kept.value, "active", FieldValue::Value(Scalar::Bool(false)));
            clear(&mut kept.value, "policies", FieldValue::Empty);
        }
        if let Removal::MarkLeaver(date) = how {
            clear(&mut kept.value, "leave_date", FieldValue::Value(Scalar::Date(*date)));
        }
        Ok(())
    }
}

/// What a side keeps of a write: known fields overlay, in the form that the side can store.
fn stored<T: Entity>(caps: &ReadCaps, mangled: &BTreeMap<&str, fn(&str) -> String>, old: &T, new: &T) -> T {
    let mut value = old.clone();
    for field in T::fields() {
        let written = (field.get)(new);
        if let (true, Some(caps)) = (written.is_known(), caps.field(field.name)) {
            let kept = match (caps.canonical.stored_form(&written), mangled.get(field.name)) {
                (FieldValue::Value(Scalar::Text(text)), Some(how)) => FieldValue::Value(Scalar::Text(how(&text))),
                (kept, _) => kept,
            };
            let _ = (field.set)(&mut value, kept);
        }
    }
    value
}

fn clear<T: Entity>(record: &mut T, name: &str, value: FieldValue) {
    if let Some(field) = T::field(name) {
        let _ = (field.set)(record, value);
    }
}
