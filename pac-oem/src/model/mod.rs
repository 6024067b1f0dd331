//! What a PAC system holds and what can go wrong: the words that every driver shares. No I/O.

mod booking;
mod credential;
mod definitions;
mod draft;
mod endpoint;
mod error;
mod event;
mod id;
mod kind;
mod log;
mod person;
mod server;
mod session;
mod status;
mod words;

pub use booking::BookingDraft;
pub use credential::{Credential, CredentialKey, CredentialState, CredentialType};
pub use definitions::{AccessGroup, Controller, Definitions, Direction, Reader};
pub use draft::{PersonDraft, PutMode};
pub use endpoint::{KeyFile, KeySummary, KeyWarning, PacEndpoint};
pub use error::PacError;
pub use event::{Event, EventType, Severity};
pub use id::{CommandId, ControllerId, DoorId, Etag, GroupId, PageToken, PersonId, ReaderId, Rev};
pub use kind::{PacErrorKind, RetryClass};
pub use log::{Change, ChangeEntity, ChangeOp, Cursor, Epoch, InvalidEpoch, LogBatch, LogStream, LostRange, Records};
pub use person::{ActiveFilter, FreeField, GroupGrant, Person, PersonKey, PersonPage, PersonState};
pub use server::{Capability, ClockState, Limits, LogPosition, ServerInfo};
pub use session::{CloseReason, Deleted, DoorReason, PacDriver, PacSession, Saved, WriteOpts};
pub use status::{ControllerStatus, DoorAlarm, DoorLock, DoorPosition, DoorStatus, SiteStatus};

pub(crate) use words::words;
