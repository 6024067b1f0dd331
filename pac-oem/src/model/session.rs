//! The seam between this crate and a wire: what a driver does.

use super::{
    ActiveFilter, BookingDraft, Capability, CommandId, Credential, CredentialKey, Cursor, Definitions, Etag,
    GroupGrant, KeyFile, KeySummary, LogBatch, LogStream, PacEndpoint, PacError, PageToken, Person, PersonDraft,
    PersonId, PersonKey, PersonPage, PersonState, PutMode, ReaderId, Rev, ServerInfo, SiteStatus,
};
use async_trait::async_trait;
use chrono::TimeDelta;
use futures::stream::BoxStream;
use std::{fmt, sync::Arc, time::Duration};
use uuid::Uuid;

/// Speaks one interface of PAC's.
///
/// A licensee of PAC writes one of these against PAC's own documentation; nothing else has to change.
#[async_trait]
pub trait PacDriver: Send + Sync {
    /// Its name in settings and logs.
    fn name(&self) -> &'static str;

    /// What can be said of a key file without the network.
    ///
    /// # Errors
    /// One of the `Key…` kinds.
    fn inspect_key(&self, key: &KeyFile) -> Result<KeySummary, PacError>;

    /// Begins a session, within the endpoint's `connect_timeout`.
    ///
    /// # Errors
    /// Whatever stands between: settings, network, trust, the server's refusal.
    async fn connect(&self, endpoint: &PacEndpoint, key: KeyFile) -> Result<Arc<dyn PacSession>, PacError>;
}

/// A session with a PAC server.
///
/// Every call ends within its time limit. An error says with
/// [`may_have_been_applied`](PacError::may_have_been_applied) whether a write is in doubt; a session never repeats a
/// write by itself.
#[async_trait]
pub trait PacSession: Send + Sync {
    /// What the server said of itself.
    fn server(&self) -> &ServerInfo;

    /// Whether the server can do that; calls that need something else are refused with `NotSupported`.
    fn supports(&self, capability: Capability) -> bool {
        self.server().supports(capability)
    }

    /// Its clock less ours, as last seen.
    fn clock_skew(&self) -> TimeDelta {
        self.server().clock_skew
    }

    /// Why calls are not answered any more; none while they are.
    fn ended(&self) -> Option<PacError> {
        None
    }

    /// Whether calls can still be answered.
    fn is_open(&self) -> bool {
        self.ended().is_none()
    }

    /// Everything that is set up; nothing when it is still what `etag` names.
    ///
    /// # Errors
    /// As for every call: the server's refusal, or a lost connection.
    async fn definitions(&self, etag: Option<&Etag>) -> Result<Option<Definitions>, PacError>;

    /// Controllers and doors at this moment.
    ///
    /// # Errors
    /// As for every call.
    async fn status(&self) -> Result<SiteStatus, PacError>;

    /// A page of people.
    ///
    /// # Errors
    /// `PageExpired` when the list must be begun again; else as for every call.
    async fn people(&self, page: Option<PageToken>, filter: ActiveFilter) -> Result<PersonPage, PacError>;

    /// One person, or nobody.
    ///
    /// # Errors
    /// As for every call.
    async fn person(&self, by: PersonKey) -> Result<Option<Person>, PacError>;

    /// Writes a person whole, with groups and credentials.
    ///
    /// # Errors
    /// Kinds of the 300s; else as for every call.
    async fn put_person(&self, person: PersonDraft, mode: PutMode, opts: WriteOpts) -> Result<Saved, PacError>;

    /// Writes whether a person is active, and until when.
    ///
    /// # Errors
    /// Kinds of the 300s; else as for every call.
    async fn set_person_state(&self, id: PersonId, state: PersonState, opts: WriteOpts) -> Result<Saved, PacError>;

    /// Deletes a person; one who is not there is no error.
    ///
    /// # Errors
    /// Kinds of the 300s; else as for every call.
    async fn delete_person(&self, id: PersonId, opts: WriteOpts) -> Result<Deleted, PacError>;

    /// Replaces the access groups of a person; an empty list is no access.
    ///
    /// # Errors
    /// Kinds of the 300s; else as for every call.
    async fn set_groups(&self, id: PersonId, groups: Vec<GroupGrant>, opts: WriteOpts) -> Result<Saved, PacError>;

    /// Adds or changes one credential; with `take_over` it may be taken from somebody else.
    ///
    /// # Errors
    /// `CredentialInUse` with the holder; other kinds of the 300s; else as for every call.
    async fn set_credential(
        &self,
        id: PersonId,
        credential: Credential,
        take_over: bool,
        opts: WriteOpts,
    ) -> Result<Saved, PacError>;

    /// Takes a credential away; one that is not there is no error.
    ///
    /// # Errors
    /// Kinds of the 300s; else as for every call.
    async fn remove_credential(&self, id: PersonId, key: CredentialKey, opts: WriteOpts) -> Result<Saved, PacError>;

    /// Hands over an attendance booking; a repeat of its key changes nothing.
    ///
    /// # Errors
    /// `NotSupported` where the server has no such thing; else as for every call.
    async fn put_booking(&self, booking: BookingDraft, opts: WriteOpts) -> Result<(), PacError>;

    /// Reads a log after a position; answers at once, perhaps with nothing.
    ///
    /// # Errors
    /// `CursorExpired`, `EpochChanged`, `CursorAhead` with what the log still holds; else as for every call.
    async fn read_log(&self, stream: LogStream, after: Cursor, max: u16) -> Result<LogBatch, PacError>;

    /// Follows a log after a position.
    ///
    /// The stream ends with an error when the connection is lost; begin again with the cursor that was stored. The
    /// server stops when nothing is acknowledged; see [`ack`](Self::ack).
    ///
    /// # Errors
    /// As for [`read_log`](Self::read_log).
    async fn subscribe(
        &self,
        stream: LogStream,
        after: Cursor,
    ) -> Result<BoxStream<'static, Result<LogBatch, PacError>>, PacError>;

    /// Says that everything up to there is stored.
    ///
    /// # Errors
    /// `NotSubscribed`; else as for every call.
    async fn ack(&self, stream: LogStream, upto: Cursor) -> Result<(), PacError>;

    /// Releases the door of a reader for some seconds. Never repeat this by itself.
    ///
    /// # Errors
    /// `CommandRefused`, `DeviceOffline`; else as for every call.
    async fn open_door(
        &self,
        reader: ReaderId,
        seconds: u16,
        why: DoorReason,
        opts: WriteOpts,
    ) -> Result<CommandId, PacError>;

    /// Asks for a sign of life; the time there and back.
    ///
    /// # Errors
    /// As for every call.
    async fn ping(&self) -> Result<Duration, PacError>;

    /// Takes leave and hangs up.
    async fn close(&self, reason: CloseReason);
}

/// What goes with every write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct WriteOpts {
    /// Names the attempt: a repeat with the same key is carried out once.
    pub idempotency: Uuid,
    /// Only if the record is still this one.
    pub if_rev: Option<Rev>,
}

impl WriteOpts {
    /// An attempt of its own, whatever the record is by now.
    pub const fn new(idempotency: Uuid) -> Self {
        Self { idempotency, if_rev: None }
    }

    /// Only if the record is still this one.
    pub const fn if_rev(mut self, rev: Rev) -> Self {
        self.if_rev = Some(rev);
        self
    }
}

/// A write was carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Saved {
    /// Whose record.
    pub id: PersonId,
    /// Its revision now.
    pub rev: Rev,
    /// It was made by this write.
    pub created: bool,
    /// Something is different now.
    pub changed: bool,
}

impl Saved {
    /// A record at that revision.
    pub const fn new(id: PersonId, rev: Rev, created: bool, changed: bool) -> Self {
        Self { id, rev, created, changed }
    }
}

/// A person is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Deleted {
    /// Who.
    pub id: PersonId,
    /// There was such a person before.
    pub existed: bool,
}

impl Deleted {
    /// That person is gone.
    pub const fn new(id: PersonId, existed: bool) -> Self {
        Self { id, existed }
    }
}

/// Who wants a door released, and why.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DoorReason {
    /// Who, as it shall stand in the log.
    pub operator: String,
    /// Why.
    pub reason: Option<String>,
}

impl DoorReason {
    /// On behalf of that operator.
    pub fn new(operator: impl Into<String>) -> Self {
        Self { operator: operator.into(), reason: None }
    }

    /// With a reason in words.
    pub fn because(mut self, reason: impl Into<String>) -> Self {
        self.reason = Some(reason.into());
        self
    }
}

impl fmt::Debug for DoorReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DoorReason").finish_non_exhaustive()
    }
}

/// Why a session is ended by us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CloseReason {
    /// The program ends.
    Stop,
    /// Settings changed.
    Reconfigured,
    /// The server did something that it must not.
    Protocol,
}

impl CloseReason {
    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stop => "client-stop",
            Self::Reconfigured => "reconfigured",
            Self::Protocol => "protocol",
        }
    }
}
