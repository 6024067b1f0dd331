//! Answers calls from recorded exchanges.

use super::{
    exchange::{Exchange, RecordedRequest},
    scrub::Scrubber,
    transport::Transport,
};
use crate::{Error, ErrorKind, Phase, Secrets};
use async_trait::async_trait;
use http::{Request, Response};
use std::{
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// A road that leads to a folder of recorded exchanges instead of a server.
///
/// A request is answered by the first unused exchange with the same method, path, query and body; what is secret in them
/// is not compared. A request that was not recorded fails with a text that says what is left.
#[derive(Debug)]
pub struct Replayer {
    secrets: Secrets,
    repeat: bool,
    slots: Mutex<Vec<Slot>>,
}

#[derive(Debug)]
struct Slot {
    exchange: Exchange,
    request: RecordedRequest,
    used: bool,
}

impl Replayer {
    /// Reads a folder as a [`Recorder`](crate::Recorder) writes it.
    ///
    /// # Errors
    /// `Config` when the folder or a file cannot be read, or there is none.
    pub fn open(folder: impl AsRef<Path>) -> Result<Self, Error> {
        Exchange::read_folder(folder.as_ref()).map(Self::new)
    }

    /// Takes exchanges as values.
    pub fn new(exchanges: Vec<Exchange>) -> Self {
        let secrets = Secrets::default();
        let slots = exchanges.into_iter().map(|exchange| Slot::new(exchange, &secrets)).collect();
        Self { secrets, repeat: false, slots: Mutex::new(slots) }
    }

    /// Gives the last fitting exchange again when all were used.
    pub fn repeating(mut self) -> Self {
        self.repeat = true;
        self
    }

    /// The secrets that the recorder hid, if not the usual ones.
    pub fn secrets(mut self, secrets: Secrets) -> Self {
        for slot in self.slots().iter_mut() {
            *slot = Slot::new(slot.exchange.clone(), &secrets);
        }
        self.secrets = secrets;
        self
    }

    /// Method and path of every exchange that nobody asked for yet.
    pub fn unused(&self) -> Vec<String> {
        self.slots().iter().filter(|slot| !slot.used).map(|slot| line(&slot.request)).collect()
    }

    fn answer(&self, asked: &RecordedRequest) -> Result<Response<Vec<u8>>, Error> {
        let mut slots = self.slots();
        let fits = |slot: &&mut Slot| same(&slot.request, asked);
        if let Some(slot) = slots.iter_mut().filter(fits).find(|slot| !slot.used) {
            slot.used = true;
            return slot.exchange.response.to_response();
        }
        match slots.iter().rev().find(|slot| self.repeat && same(&slot.request, asked)) {
            Some(slot) => slot.exchange.response.to_response(),
            None => Err(unexpected(asked, &slots)),
        }
    }

    fn slots(&self) -> MutexGuard<'_, Vec<Slot>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Transport for Replayer {
    async fn round_trip(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, Error> {
        self.answer(&blind(RecordedRequest::of(&request), &self.secrets))
    }
}

impl Slot {
    fn new(exchange: Exchange, secrets: &Secrets) -> Self {
        Self { request: blind(exchange.request.clone(), secrets), exchange, used: false }
    }
}

fn blind(mut request: RecordedRequest, secrets: &Secrets) -> RecordedRequest {
    Scrubber::blind(secrets.clone()).request(&mut request);
    request
}

fn same(recorded: &RecordedRequest, asked: &RecordedRequest) -> bool {
    same_place(recorded, asked) && recorded.query == asked.query && recorded.body == asked.body
}

fn same_place(recorded: &RecordedRequest, asked: &RecordedRequest) -> bool {
    recorded.method.eq_ignore_ascii_case(&asked.method) && recorded.path == asked.path
}

fn unexpected(asked: &RecordedRequest, slots: &[Slot]) -> Error {
    let near = slots.iter().find(|slot| same_place(&slot.request, asked));
    let reason = match near {
        Some(slot) if same(&slot.request, asked) => "it was recorded, but asked for more often than that".to_owned(),
        Some(slot) if slot.request.query != asked.query => "it was recorded with another query".to_owned(),
        Some(_) => "it was recorded with another body".to_owned(),
        None => {
            let left: Vec<_> = slots.iter().filter(|slot| !slot.used).map(|slot| line(&slot.request)).collect();
            format!("left are: {}", if left.is_empty() { "none".to_owned() } else { left.join(", ") })
        }
    };
    let message = format!("no recorded exchange answers {}; {reason}", line(asked));
    Error::new(ErrorKind::Protocol, message).with_phase(Phase::NotSent)
}

fn line(request: &RecordedRequest) -> String {
    format!("{} {}", request.method, request.path)
}
