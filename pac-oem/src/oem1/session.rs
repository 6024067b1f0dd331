//! A session: every call of the seam as a message.

use super::{
    follow::Follow,
    gap::GapMemory,
    link::{Link, Pushed, StreamState},
    wire::{
        Ack, BookingPut, CredentialRemove, CredentialSet, DefinitionsGet, DoorOpen, Empty, GroupsSet, LogRead,
        PersonGet, PersonList, PersonPut, PersonRef, Ping, RequestBody, ResponseBody, StateSet, StreamRef,
    },
};
use crate::model::{
    ActiveFilter, BookingDraft, Capability, CloseReason, CommandId, Credential, CredentialKey, Cursor, Definitions,
    Deleted, DoorReason, Etag, GroupGrant, Limits, LogBatch, LogStream, PacError, PacErrorKind, PacSession, PageToken,
    Person, PersonDraft, PersonId, PersonKey, PersonPage, PersonState, PutMode, ReaderId, Records, Saved, ServerInfo,
    SiteStatus, WriteOpts,
};
use async_trait::async_trait;
use chrono::{TimeDelta, Utc};
use futures::stream::BoxStream;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::mpsc;
use uuid::Uuid;

/// The server refuses door commands that are older than this; so do we.
const FRESH_COMMAND: Duration = Duration::from_secs(10);

/// A session with a server that speaks this profile.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    link: Link,
    info: Arc<ServerInfo>,
    request_timeout: Duration,
    gaps: Arc<GapMemory>,
}

/// The answer that belongs to the question, or an error.
macro_rules! expect {
    ($answer:expr, $variant:ident) => {
        match $answer {
            ResponseBody::$variant(body) => Ok(body),
            other => Err(unexpected(&other)),
        }
    };
}

impl Session {
    pub(crate) fn new(link: Link, info: ServerInfo, request_timeout: Duration, gaps: Arc<GapMemory>) -> Self {
        Self { link, info: Arc::new(info), request_timeout, gaps }
    }

    pub(crate) fn link(&self) -> &Link {
        &self.link
    }

    pub(crate) fn gaps(&self) -> &GapMemory {
        &self.gaps
    }

    pub(crate) fn limits(&self) -> Limits {
        self.info.limits
    }

    pub(crate) fn request_timeout(&self) -> Duration {
        self.request_timeout
    }

    pub(crate) async fn read(&self, stream: LogStream, after: Cursor, max: u16) -> Result<LogBatch, PacError> {
        let max = max.clamp(1, 500);
        let body = RequestBody::LogRead(LogRead { stream, epoch: after.epoch, after: after.seq, max });
        let (epoch, records, more) = match self.ask_long(body).await? {
            ResponseBody::EventBatch(batch) if stream == LogStream::Events => {
                (batch.epoch, Records::Events(batch.records), batch.more)
            }
            ResponseBody::ChangeBatch(batch) if stream == LogStream::Changes => {
                (batch.epoch, Records::Changes(batch.records), batch.more)
            }
            other => return Err(unexpected(&other)),
        };
        if epoch != after.epoch {
            let error = PacError::new(PacErrorKind::EpochChanged, "the log began anew");
            return Err(error.with_log(Some(epoch), None));
        }
        self.gaps.batch(stream, after, records, more)
    }

    pub(crate) async fn subscribe_to(
        &self,
        body: RequestBody,
        stream: LogStream,
        window: u16,
    ) -> Result<mpsc::Receiver<Pushed>, PacError> {
        let (answer, feed) = self.link.subscribe(body, stream, window, self.request_timeout).await?;
        expect!(answer, Subscribed)?;
        Ok(feed)
    }

    pub(crate) async fn unsubscribe(&self, stream: LogStream) -> Result<(), PacError> {
        let answer = self.ask(RequestBody::Unsubscribe(StreamRef { stream })).await?;
        expect!(answer, Done).map(drop)
    }

    async fn ask(&self, body: RequestBody) -> Result<ResponseBody, PacError> {
        self.link.call(body, None, self.request_timeout, self.request_timeout).await
    }

    /// Lists are given twice as long.
    async fn ask_long(&self, body: RequestBody) -> Result<ResponseBody, PacError> {
        self.link.call(body, None, self.request_timeout * 2, self.request_timeout).await
    }

    async fn write(&self, key: Uuid, body: RequestBody) -> Result<ResponseBody, PacError> {
        self.link.call(body, Some(key), self.request_timeout, self.request_timeout).await
    }

    async fn save(&self, opts: WriteOpts, body: RequestBody) -> Result<Saved, PacError> {
        expect!(self.write(opts.idempotency, body).await?, Saved)
    }

    fn need(&self, capability: Capability) -> Result<(), PacError> {
        if self.info.supports(capability) {
            return Ok(());
        }
        Err(PacError::new(PacErrorKind::NotSupported, format!("the server does not offer {capability}")))
    }
}

fn unexpected(body: &ResponseBody) -> PacError {
    PacError::new(PacErrorKind::Protocol, format!("{} does not answer the question", body.name()))
}

fn invalid(text: &str, path: &str) -> PacError {
    PacError::new(PacErrorKind::Validation, text).with_path(path)
}

fn label(value: &str, path: &str) -> Result<(), PacError> {
    if value.chars().count() > 64 { Err(invalid("64 characters are allowed", path)) } else { Ok(()) }
}

const fn reads(stream: LogStream) -> Capability {
    match stream {
        LogStream::Changes => Capability::ChangesRead,
        _ => Capability::EventsRead,
    }
}

const fn pushes(stream: LogStream) -> Capability {
    match stream {
        LogStream::Changes => Capability::ChangesPush,
        _ => Capability::EventsPush,
    }
}

#[async_trait]
impl PacSession for Session {
    fn server(&self) -> &ServerInfo {
        &self.info
    }

    fn clock_skew(&self) -> TimeDelta {
        self.link.skew()
    }

    fn ended(&self) -> Option<PacError> {
        self.link.end()
    }

    async fn definitions(&self, etag: Option<&Etag>) -> Result<Option<Definitions>, PacError> {
        self.need(Capability::DefinitionsRead)?;
        let answer = self.ask(RequestBody::DefinitionsGet(DefinitionsGet { if_not: etag.cloned() })).await?;
        let answer = expect!(answer, Definitions)?;
        if answer.unchanged {
            return Ok(None);
        }
        let mut definitions = Definitions::new(answer.etag);
        definitions.access_groups = answer.access_groups;
        definitions.controllers = answer.controllers;
        definitions.readers = answer.readers;
        Ok(Some(definitions))
    }

    async fn status(&self) -> Result<SiteStatus, PacError> {
        self.need(Capability::StatusRead)?;
        expect!(self.ask(RequestBody::StatusGet(Empty {})).await?, Status)
    }

    async fn people(&self, page: Option<PageToken>, filter: ActiveFilter) -> Result<PersonPage, PacError> {
        self.need(Capability::PeopleRead)?;
        let size = self.info.limits.max_page.max(1);
        let asked = page.clone();
        let answer = self.ask_long(RequestBody::PersonList(PersonList { page, size, active: filter })).await?;
        let page = expect!(answer, PersonPage)?;
        if page.next.is_some() && page.next == asked {
            return Err(PacError::new(PacErrorKind::Protocol, "the list of people goes in a circle"));
        }
        Ok(page)
    }

    async fn person(&self, by: PersonKey) -> Result<Option<Person>, PacError> {
        self.need(Capability::PeopleRead)?;
        let get = match by {
            PersonKey::Id(id) => PersonGet { id: Some(id), ..PersonGet::default() },
            PersonKey::Ext(ext) => {
                label(&ext, "PersonGet/@ext")?;
                PersonGet { ext: Some(ext), ..PersonGet::default() }
            }
            PersonKey::Credential(key) => {
                key.check().map_err(|error| error.with_path("PersonGet/@credNumber"))?;
                PersonGet {
                    credential_type: Some(key.kind),
                    credential_number: Some(key.number),
                    facility: key.facility,
                    ..PersonGet::default()
                }
            }
        };
        match self.ask(RequestBody::PersonGet(get)).await {
            Err(error) if error.kind() == PacErrorKind::NotFound => Ok(None),
            answer => expect!(answer?, Person).map(|person| Some(*person)),
        }
    }

    async fn put_person(&self, person: PersonDraft, mode: PutMode, opts: WriteOpts) -> Result<Saved, PacError> {
        self.need(Capability::PeopleWrite)?;
        person.check()?;
        let put = PersonPut { mode, if_rev: opts.if_rev, people: vec![person] };
        self.save(opts, RequestBody::PersonPut(put)).await
    }

    async fn set_person_state(&self, id: PersonId, state: PersonState, opts: WriteOpts) -> Result<Saved, PacError> {
        self.need(Capability::PeopleWrite)?;
        let set = StateSet { id, active: state.active, until: state.until, if_rev: opts.if_rev };
        self.save(opts, RequestBody::PersonState(set)).await
    }

    async fn delete_person(&self, id: PersonId, opts: WriteOpts) -> Result<Deleted, PacError> {
        self.need(Capability::PeopleDelete)?;
        let delete = RequestBody::PersonDelete(PersonRef { id, if_rev: opts.if_rev });
        expect!(self.write(opts.idempotency, delete).await?, Deleted)
    }

    async fn set_groups(&self, id: PersonId, groups: Vec<GroupGrant>, opts: WriteOpts) -> Result<Saved, PacError> {
        self.need(Capability::GroupsWrite)?;
        let mut draft = PersonDraft::new("-");
        draft.groups.clone_from(&groups);
        draft.check()?;
        self.save(opts, RequestBody::GroupsSet(GroupsSet { person: id, if_rev: opts.if_rev, groups })).await
    }

    async fn set_credential(
        &self,
        id: PersonId,
        credential: Credential,
        take_over: bool,
        opts: WriteOpts,
    ) -> Result<Saved, PacError> {
        self.need(Capability::CredentialsWrite)?;
        credential.key().check().map_err(|error| error.with_path("CredentialSet/Credential"))?;
        let set = CredentialSet { person: id, take_over, if_rev: opts.if_rev, credentials: vec![credential] };
        self.save(opts, RequestBody::CredentialSet(set)).await
    }

    async fn remove_credential(&self, id: PersonId, key: CredentialKey, opts: WriteOpts) -> Result<Saved, PacError> {
        self.need(Capability::CredentialsWrite)?;
        key.check().map_err(|error| error.with_path("CredentialRemove/@number"))?;
        let CredentialKey { kind, number, facility } = key;
        let remove = CredentialRemove { person: id, kind, number, facility, if_rev: opts.if_rev };
        self.save(opts, RequestBody::CredentialRemove(remove)).await
    }

    async fn put_booking(&self, booking: BookingDraft, opts: WriteOpts) -> Result<(), PacError> {
        self.need(Capability::BookingsWrite)?;
        booking.check()?;
        let put = RequestBody::BookingPut(BookingPut { bookings: vec![booking] });
        expect!(self.write(opts.idempotency, put).await?, Done).map(drop)
    }

    async fn read_log(&self, stream: LogStream, after: Cursor, max: u16) -> Result<LogBatch, PacError> {
        self.need(reads(stream))?;
        self.read(stream, after, max).await
    }

    async fn subscribe(
        &self,
        stream: LogStream,
        after: Cursor,
    ) -> Result<BoxStream<'static, Result<LogBatch, PacError>>, PacError> {
        self.need(pushes(stream))?;
        Ok(Follow::begin(self.clone(), stream, after).await?.batches())
    }

    async fn ack(&self, stream: LogStream, upto: Cursor) -> Result<(), PacError> {
        // While missing records are read, the server pushes nothing and counts nothing.
        if self.link.stream_state(stream) == StreamState::Mending {
            return Ok(());
        }
        expect!(self.ask(RequestBody::Ack(Ack { stream, seq: upto.seq })).await?, Done).map(drop)
    }

    async fn open_door(
        &self,
        reader: ReaderId,
        seconds: u16,
        why: DoorReason,
        opts: WriteOpts,
    ) -> Result<CommandId, PacError> {
        self.need(Capability::DoorOpen)?;
        let most = self.info.limits.max_door_seconds;
        if !(1..=most).contains(&seconds) {
            let text = format!("a door is released for 1 to {most} seconds");
            return Err(PacError::new(PacErrorKind::CommandRefused, text).with_path("DoorOpen/@seconds"));
        }
        label(&why.operator, "DoorOpen/@operator")?;
        if why.reason.as_deref().unwrap_or_default().chars().count() > 256 {
            return Err(invalid("256 characters are allowed", "DoorOpen/@reason"));
        }
        let open = DoorOpen { reader, seconds, operator: why.operator, reason: why.reason };
        let fresh = FRESH_COMMAND.min(self.request_timeout);
        let body = RequestBody::DoorOpen(open);
        let answer = self.link.call(body, Some(opts.idempotency), self.request_timeout, fresh).await?;
        expect!(answer, CommandAccepted).map(|accepted| accepted.command)
    }

    async fn ping(&self) -> Result<Duration, PacError> {
        let begin = Instant::now();
        expect!(self.ask(RequestBody::Ping(Ping { t: Utc::now().into() })).await?, Pong)?;
        Ok(begin.elapsed())
    }

    async fn close(&self, reason: CloseReason) {
        self.link.close(reason).await;
    }
}
