//! The rooms of one tenant as an endpoint.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex as StdMutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use connector_http::{Error, ErrorKind};
use futures::future::FutureExt as _;
use futures::stream::{self, BoxStream, StreamExt as _};
use secrecy::SecretString;
use sha2::{Digest as _, Sha256};
use sync_core::connector::{
    CheckReport, CompleteSignal, End, Endpoint, EndpointIdentity, Key, Page, ReadCaps, Record, SnapshotCaps, Source,
    SyncError, Window as SpanOfTime,
};
use sync_core::model::{Booking, EndpointName, ExternalId};
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

use super::config::{OutlookConfig, RoomConfig};
use super::judge::{self, Beat};
use super::report::{Outcome, PollReport, RoomStatus};
use super::states::{RoomState, RoomStates};
use super::{check, merge, sync_error};
use crate::address::Address;
use crate::calendar::{RoomBookings, Rules, Window};
use crate::client::GraphClient;
use crate::fault::{Fault, FaultKind};

/// The rooms of one tenant as a source of bookings.
pub struct GraphRooms {
    name: EndpointName,
    pub(super) config: OutlookConfig,
    pub(super) client: GraphClient,
    pub(super) rules: Rules,
    pub(super) rooms: Vec<Room>,
    /// What concerns the tenant as a whole.
    pub(super) tenant: Kept,
    pub(super) states: Arc<dyn RoomStates>,
    settings: String,
    /// Of what the last snapshot told, not of what is known since: a poll in between makes an old list no newer.
    as_of: StdMutex<Option<DateTime<Utc>>>,
}

/// One room with its state.
pub(super) struct Room {
    pub(super) config: RoomConfig,
    pub(super) address: Address,
    pub(super) kept: Kept,
    /// Somebody said that there is something new.
    pub(super) soon: AtomicBool,
    /// Held by whoever reads the room, so that there is one reading at a time.
    pub(super) turn: Mutex<()>,
}

/// A state, loaded once. Never held during a request: what is known can always be read.
pub(super) struct Kept {
    key: String,
    state: Mutex<Option<RoomState>>,
}

impl GraphRooms {
    /// The rooms of a section of the configuration, and the value of the secret that stands behind its reference.
    ///
    /// # Errors
    /// `Config` with the first fault of the section.
    pub fn new(
        name: impl Into<EndpointName>,
        config: OutlookConfig,
        secret: Option<SecretString>,
        states: Arc<dyn RoomStates>,
    ) -> Result<Self, Error> {
        let client = config.client(secret)?;
        Self::with_client(name, config, client, states)
    }

    /// The rooms of a section of the configuration, on a client that exists already.
    ///
    /// # Errors
    /// `Config` where the section names no room, or one without an address.
    pub fn with_client(
        name: impl Into<EndpointName>,
        config: OutlookConfig,
        client: GraphClient,
        states: Arc<dyn RoomStates>,
    ) -> Result<Self, Error> {
        if let Some(fault) = config.faults().into_iter().find(|fault| fault.setting == "rooms") {
            return Err(Error::new(ErrorKind::Config, format!("rooms: {}: {}", fault.reason, fault.remedy)));
        }
        let room = |room: &RoomConfig| {
            let address = Address::new(&room.address)?;
            let kept = Kept { key: address.to_string(), state: Mutex::default() };
            Some(Room { config: room.clone(), address, kept, soon: AtomicBool::new(false), turn: Mutex::default() })
        };
        let rooms = config.rooms.iter().filter_map(room).collect();
        let rules = config.rules();
        let settings = settings_of(&rules, config.horizon_days);
        let tenant = Kept { key: format!("tenant {}", config.name.replace('@', " ")), state: Mutex::default() };
        let name = name.into();
        Ok(Self { name, config, client, rules, rooms, tenant, states, settings, as_of: StdMutex::default() })
    }

    /// The client behind it.
    pub const fn client(&self) -> &GraphClient {
        &self.client
    }

    /// Its section of the configuration.
    pub const fn config(&self) -> &OutlookConfig {
        &self.config
    }

    /// Reads the rooms whose time has come, a few at a time, and keeps what their calendars say. One report for each, and
    /// one for the tenant where the sign-in fails or Graph cannot be reached.
    ///
    /// A room that cannot be read to the end is a report like any other and changes nothing: neither for it, nor for others.
    /// Where nobody can be asked, no further room is tried.
    pub async fn poll(&self, now: DateTime<Utc>) -> Vec<PollReport> {
        self.poll_rooms(now, false).await
    }

    /// The same for all rooms at once, for an operator who does not want to wait.
    pub async fn poll_all(&self, now: DateTime<Utc>) -> Vec<PollReport> {
        self.poll_rooms(now, true).await
    }

    /// Has a room read with the next poll, whatever its time. `false` if there is no such room.
    pub fn read_soon(&self, address: &str) -> bool {
        let address = Address::new(address);
        let found = self.rooms.iter().find(|room| Some(&room.address) == address.as_ref());
        found.is_some_and(|room| {
            room.soon.store(true, Ordering::Release);
            true
        })
    }

    /// When the next room is due; it may lie in the past.
    ///
    /// # Errors
    /// Whatever keeps a state from being read.
    pub async fn next_try(&self, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, SyncError> {
        let tenant = self.state(&self.tenant).await?;
        let blocked = tenant.next_try.filter(|_| !tenant.is_due(now));
        let mut first: Option<DateTime<Utc>> = None;
        for room in &self.rooms {
            let due = |state: &RoomState| self.is_due(room, state, now);
            let next = |state: &RoomState| if due(state) { now } else { state.next_try.unwrap_or(now) };
            let next = self.look(&room.kept, next).await?;
            first = Some(first.map_or(next, |first| first.min(next)));
        }
        Ok(first.map(|first| blocked.map_or(first, |blocked| first.max(blocked))))
    }

    /// How the tenant and its rooms are doing; the tenant comes first.
    ///
    /// # Errors
    /// Whatever keeps a state from being read.
    pub async fn statuses(&self, now: DateTime<Utc>) -> Result<Vec<RoomStatus>, SyncError> {
        let mut statuses = Vec::with_capacity(self.rooms.len() + 1);
        let tenant = self.state(&self.tenant).await?;
        statuses.push(self.status(&self.config.name, "", &tenant, now));
        for room in &self.rooms {
            let (name, address) = (&room.config.resource, room.address.as_str());
            statuses.push(self.look(&room.kept, |state| self.status(name, address, state, now)).await?);
        }
        Ok(statuses)
    }

    fn status(&self, name: &str, address: &str, state: &RoomState, now: DateTime<Utc>) -> RoomStatus {
        RoomStatus {
            name: name.to_owned(),
            address: address.to_owned(),
            last_try: state.last_try,
            last_good: state.last_good,
            next_try: state.next_try,
            status: state.status,
            outcome: state.outcome,
            detail: state.detail.clone(),
            remedy: state.remedy.clone(),
            bookings: state.bookings.len(),
            doubtful: state.bookings.iter().filter(|known| known.booking.doubtful).count(),
            problems: state.problems_total,
            late: judge::is_late(state, self.beat(), now),
            stale: judge::is_stale(state, self.beat(), now),
            alarms: state.alarms.keys().copied().collect(),
            told_until: state.watch.as_ref().and_then(|watch| watch.until),
        }
    }

    async fn poll_rooms(&self, now: DateTime<Utc>, all: bool) -> Vec<PollReport> {
        let tenant = match self.state(&self.tenant).await {
            Ok(state) => state,
            Err(error) => return vec![self.unread(&self.config.name, "", &error, now)],
        };
        if !all && !tenant.is_due(now) && tenant.outcome.is_some_and(|outcome| !outcome.is_good()) {
            return Vec::new();
        }
        let (due, mut reports) = self.due(now, all).await;
        if due.is_empty() {
            return reports;
        }
        let signed_in = if all { self.client.sign_in().await } else { self.client.stay_signed_in().await };
        let stop = StdMutex::new(signed_in.err());
        let until = Instant::now() + self.beat().interval;
        // Boxed, so that callers may be `Send` whatever the lifetime of a room is.
        let reads: Vec<_> = due.into_iter().map(|room| self.poll_room(room, now, until, &stop).boxed()).collect();
        let read = stream::iter(reads).buffered(self.client.max_in_flight()).filter_map(|report| async { report });
        reports.extend(read.collect::<Vec<_>>().await);
        let stopped = stop.into_inner().unwrap_or_else(PoisonError::into_inner);
        let heard =
            stopped.is_some() || reports.iter().any(|report| report.status.is_some() || report.outcome.is_good());
        if heard {
            reports.extend(self.conclude_tenant(stopped.as_ref(), now).await);
        }
        reports
    }

    /// Rooms whose time has come, and reports of those whose state cannot be read.
    async fn due(&self, now: DateTime<Utc>, all: bool) -> (Vec<&Room>, Vec<PollReport>) {
        let (mut due, mut reports) = (Vec::new(), Vec::new());
        for room in &self.rooms {
            match self.look(&room.kept, |state| all || self.is_due(room, state, now)).await {
                Ok(true) => due.push(room),
                Ok(false) => {}
                Err(error) => {
                    reports.push(self.unread(&room.config.resource, room.address.as_str(), &error, now));
                }
            }
        }
        (due, reports)
    }

    /// A room is read anew where the settings changed, but not one that Graph asked to leave alone.
    fn is_due(&self, room: &Room, state: &RoomState, now: DateTime<Utc>) -> bool {
        let busy = state.outcome == Some(Outcome::Busy);
        let soon = room.soon.load(Ordering::Acquire) || state.settings != self.settings;
        state.is_due(now) || soon && !busy
    }

    async fn poll_room(
        &self,
        room: &Room,
        now: DateTime<Utc>,
        until: Instant,
        stop: &StdMutex<Option<Error>>,
    ) -> Option<PollReport> {
        let _turn = room.turn.lock().await;
        let stopped = || stop.lock().unwrap_or_else(PoisonError::into_inner).is_some();
        if stopped() || Instant::now() >= until {
            return None;
        }
        room.soon.store(false, Ordering::Release);
        let window = self.window(now);
        let result = self.read(room, window).await;
        if let Err(error) = &result
            && concerns_all(error)
        {
            stop.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error.clone());
            room.soon.store(true, Ordering::Release);
            return None;
        }
        let mut state = match self.state(&room.kept).await {
            Ok(state) => state,
            Err(error) => return Some(self.unread(&room.config.resource, room.address.as_str(), &error, now)),
        };
        state.settings.clone_from(&self.settings);
        let (outcome, error) = match result {
            Ok(reading) => {
                let (resource, address) = (&room.config.resource, room.address.as_str());
                (judge::take_over(&mut state, resource, address, reading, window), None)
            }
            Err(error) => (judge::outcome_of(&error), Some(error)),
        };
        let report =
            self.conclude(&mut state, &room.config.resource, room.address.as_str(), outcome, error.as_ref(), now);
        Some(self.keep(&room.kept, state, report).await)
    }

    /// A whole calendar, in bounded time.
    async fn read(&self, room: &Room, window: Window) -> Result<RoomBookings, Error> {
        let handle = self.client.room(room.config.user());
        let work = handle.events_by(window.widened(), self.config.page_size);
        let late = || Error::new(ErrorKind::Unavailable, "the calendar could not be read to its end in time");
        let calendar = timeout(LONGEST_READING, work).await.map_err(|_| late())??;
        Ok(calendar.judged(Some(&room.address), window, &self.rules))
    }

    /// From a day ago, for whoever grants time after a booking, to the horizon.
    pub(super) fn window(&self, now: DateTime<Utc>) -> Window {
        let ahead = TimeDelta::days(self.config.horizon_days.into());
        Window::new(now - TimeDelta::days(1), now + ahead)
    }

    fn beat(&self) -> Beat {
        Beat {
            interval: Duration::from_mins(1) * self.config.interval_minutes,
            stale_after: Duration::from_hours(1) * self.config.stale_hours,
        }
    }

    fn conclude(
        &self,
        state: &mut RoomState,
        room: &str,
        address: &str,
        outcome: Outcome,
        error: Option<&Error>,
        now: DateTime<Utc>,
    ) -> PollReport {
        let next_try = judge::conclude(state, outcome, error, self.beat(), now, judge::chance());
        let (alarms, ended) = judge::alarms(state, self.beat(), now);
        tracing::info!(
            tenant = self.config.name,
            room,
            outcome = outcome.as_str(),
            status = state.status,
            bookings = state.bookings.len(),
            "room read"
        );
        PollReport {
            room: room.to_owned(),
            address: address.to_owned(),
            outcome,
            detail: state.detail.clone(),
            remedy: state.remedy.clone(),
            status: state.status,
            bookings: state.bookings.len(),
            next_try,
            alarms,
            ended,
            store_fault: None,
        }
    }

    /// A report of the tenant where something is wrong with it as a whole, or was until now.
    async fn conclude_tenant(&self, stopped: Option<&Error>, now: DateTime<Utc>) -> Option<PollReport> {
        let name = &self.config.name;
        let mut state = match self.state(&self.tenant).await {
            Ok(state) => state,
            Err(error) => return Some(self.unread(name, "", &error, now)),
        };
        let outcome = stopped.map_or(Outcome::Unchanged, judge::outcome_of);
        let quiet = stopped.is_none() && state.outcome.is_some_and(Outcome::is_good) && state.alarms.is_empty();
        let first = stopped.is_none() && state.outcome.is_none();
        let mut report = self.conclude(&mut state, name, "", outcome, stopped, now);
        if stopped.is_none() {
            // Rooms have their own times.
            state.next_try = None;
            "reachable".clone_into(&mut state.detail);
            "reachable".clone_into(&mut report.detail);
            report.next_try = now;
        }
        let report = self.keep(&self.tenant, state, report).await;
        (!(quiet || first) || report.store_fault.is_some()).then_some(report)
    }

    /// Keeps a state before anybody acts on it. One that cannot be kept holds as long as this value lives.
    async fn keep(&self, kept: &Kept, state: RoomState, mut report: PollReport) -> PollReport {
        if let Err(error) = self.put(kept, state).await {
            tracing::error!(room = report.room, %error, "the state of a room is not kept");
            report.store_fault = Some(error.to_string());
        }
        report
    }

    pub(super) async fn put(&self, kept: &Kept, state: RoomState) -> Result<(), SyncError> {
        let saved = self.states.save(&kept.key, &state).await;
        *kept.state.lock().await = Some(state);
        saved
    }

    /// The state of a room, loaded once.
    pub(super) async fn state(&self, kept: &Kept) -> Result<RoomState, SyncError> {
        self.look(kept, RoomState::clone).await
    }

    /// Looks at the state of a room, which may be large.
    pub(super) async fn look<T>(&self, kept: &Kept, at: impl FnOnce(&RoomState) -> T) -> Result<T, SyncError> {
        let mut state = kept.state.lock().await;
        if state.is_none() {
            *state = Some(self.states.load(&kept.key).await?.unwrap_or_default());
        }
        Ok(at(state.get_or_insert_default()))
    }

    /// Everything that is known, as one list, and when the room that was not heard of for longest was last read.
    async fn known(&self) -> Result<(Page<Booking>, Option<DateTime<Utc>>), SyncError> {
        let mut states = Vec::with_capacity(self.rooms.len());
        for room in &self.rooms {
            states.push(self.state(&room.kept).await?);
        }
        let complete = states.iter().all(was_read);
        let as_of = as_of(&states);
        let merged = merge::merge(&states);
        let end = Some(End { count: None, complete });
        Ok((Page { records: merged.records, invalid: merged.invalid, end }, as_of))
    }

    fn unread(&self, room: &str, address: &str, error: &SyncError, now: DateTime<Utc>) -> PollReport {
        tracing::error!(tenant = self.config.name, room, %error, "the state of a room cannot be read");
        PollReport {
            room: room.to_owned(),
            address: address.to_owned(),
            outcome: Outcome::Failed,
            detail: "what is known of it cannot be read; it is not asked for".to_owned(),
            remedy: "see whether the disk is full or the file damaged".to_owned(),
            status: None,
            bookings: 0,
            next_try: now + TimeDelta::minutes(1),
            alarms: Vec::new(),
            ended: Vec::new(),
            store_fault: Some(error.to_string()),
        }
    }
}

/// A failure that says nothing about the room: there is no token, or nobody answers.
fn concerns_all(error: &Error) -> bool {
    match Fault::of(error).kind {
        FaultKind::SignIn(_) => true,
        FaultKind::Transient => error.status().is_none() && error.failure().is_some(),
        _ => false,
    }
}

/// A room that was read, or that cannot be read by the tenant's will and so never told anything that could be missing now.
fn was_read(state: &RoomState) -> bool {
    state.last_good.is_some() || matches!(state.outcome, Some(Outcome::Denied | Outcome::Gone | Outcome::Mailbox))
}

/// The oldest reading among rooms that can be read. One that cannot keeps what it told, so that nothing of it is missing.
fn as_of(states: &[RoomState]) -> Option<DateTime<Utc>> {
    let good = |state: &&RoomState| state.outcome.is_some_and(Outcome::is_good);
    let readable: Vec<_> = states.iter().filter(good).map(|state| state.last_good).collect();
    if readable.is_empty() {
        return states.iter().filter_map(|state| state.last_good).min();
    }
    readable.into_iter().min().flatten()
}

/// A short mark of everything that decides what a calendar comes to. Addresses hide in `Debug`, so they are added.
fn settings_of(rules: &Rules, horizon_days: u32) -> String {
    let mut text = format!("{rules:?} {horizon_days}");
    for address in rules.groups.iter().chain(&rules.rooms) {
        text = text + " " + address.as_str();
    }
    hex::encode(Sha256::digest(text))
}

#[async_trait]
impl Endpoint for GraphRooms {
    fn name(&self) -> &EndpointName {
        &self.name
    }

    /// That the sign-in accepts this application in this tenant is what can be known: tokens are opaque.
    async fn identify(&self) -> Result<EndpointIdentity, SyncError> {
        self.client.stay_signed_in().await.map_err(sync_error)?;
        let mut identity = EndpointIdentity::of("tenant", self.client.tenant().to_lowercase());
        identity.facts.insert("application".to_owned(), self.client.client_id().to_lowercase());
        Ok(identity)
    }

    async fn check(&self) -> CheckReport {
        check::run(self).await
    }

    fn server_time(&self) -> Option<DateTime<Utc>> {
        self.client.server_time()
    }
}

#[async_trait]
impl Source<Booking> for GraphRooms {
    fn reads(&self) -> ReadCaps {
        ReadCaps { snapshot: SnapshotCaps::Windowed, complete_signal: CompleteSignal::EndMark, ..ReadCaps::default() }
    }

    /// What is known; nobody is asked. It is complete once every room has been read, be that before a restart: whatever a room
    /// that cannot be read now had before is still listed.
    fn snapshot(&self, window: Option<SpanOfTime>) -> BoxStream<'_, Result<Page<Booking>, SyncError>> {
        let page = async move {
            let (mut page, as_of) = self.known().await?;
            *self.as_of.lock().unwrap_or_else(PoisonError::into_inner) = as_of;
            if let Some(window) = window {
                page.records.retain(|record| record.value.start < window.to && record.value.end > window.from);
            }
            Ok(page)
        };
        stream::once(page).boxed()
    }

    /// When the rooms behind the last snapshot were last read to the end: the oldest of these times among the rooms that can
    /// be read, over restarts too. None before the first snapshot.
    fn as_of(&self) -> Option<DateTime<Utc>> {
        *self.as_of.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn get(&self, id: &ExternalId) -> Result<Option<Record<Booking>>, SyncError> {
        Ok(self.known().await?.0.records.into_iter().find(|record| record.id == *id))
    }

    /// Bookings carry no key but their id.
    async fn find(&self, _by: &Key) -> Result<Vec<Record<Booking>>, SyncError> {
        Ok(Vec::new())
    }
}

impl fmt::Debug for GraphRooms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GraphRooms").field("name", &self.name).field("rooms", &self.rooms.len()).finish_non_exhaustive()
    }
}

/// Of one room, all its pages and repeats.
const LONGEST_READING: Duration = Duration::from_mins(3);
