//! The messages: what stands in which attribute, and which body belongs to which root.

mod envelope;
mod error;
mod log;
mod people;
mod record;
mod session;
mod site;

pub(crate) use envelope::{Incoming, NoticeBody, Request, RequestBody, Response, ResponseBody, decode};
#[cfg(test)]
pub(crate) use envelope::{Notice, decode_request};
pub(crate) use error::ErrorBody;
pub(crate) use log::{Ack, Batch, LogRead, Logged, StreamRef, Subscribe, Subscribed};
pub(crate) use people::{
    BookingPut, CredentialRemove, CredentialSet, GroupsSet, PersonGet, PersonList, PersonPut, PersonRef, StateSet,
};
#[cfg(test)]
pub(crate) use session::CapabilityName;
pub(crate) use session::{Bye, Closing, Empty, Hello, Ping, Pong, Welcome};
pub(crate) use site::{CommandAccepted, DefinitionsAnswer, DefinitionsGet, DoorOpen};

use record::{Record, record};
