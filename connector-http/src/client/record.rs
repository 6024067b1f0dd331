//! Writes down every exchange, without its secrets.

use super::{
    exchange::{Exchange, RecordedRequest, RecordedResponse},
    scrub::Scrubber,
    transport::{OperationName, Transport},
};
use crate::{Error, ErrorKind, Secrets};
use async_trait::async_trait;
use http::{Request, Response};
use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tracing::warn;

/// A road that writes one JSON file for each exchange that came to an answer; see [`Exchange`] for the format.
///
/// Of secrets only stand-ins are written: the same one for the same secret, so that a recording can be replayed.
/// Names of people are **not** hidden; add their fields to the [`Secrets`], or record a server of invented people.
#[derive(Debug)]
pub struct Recorder {
    inner: Arc<dyn Transport>,
    folder: PathBuf,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    next: u32,
    scrubber: Scrubber,
}

impl Recorder {
    /// Records what goes over the inner road; files of an earlier recording stay, numbers go on.
    ///
    /// # Errors
    /// `Config` when the folder cannot be made.
    pub fn new(inner: Arc<dyn Transport>, folder: impl Into<PathBuf>) -> Result<Self, Error> {
        let folder = folder.into();
        let next = prepare(&folder).map_err(|e| {
            let message = format!("nothing can be recorded to {}", folder.display());
            Error::new(ErrorKind::Config, message).with_source(e)
        })?;
        let scrubber = Scrubber::numbered(Secrets::default());
        Ok(Self { inner, folder, state: Mutex::new(State { next, scrubber }) })
    }

    /// Hides these names instead of the usual ones (start from [`Secrets::default`]).
    pub fn secrets(self, secrets: Secrets) -> Self {
        self.state().scrubber = Scrubber::numbered(secrets);
        self
    }

    fn write(&self, operation: &str, mut exchange: Exchange) -> io::Result<()> {
        let number = {
            let mut state = self.state();
            state.scrubber.exchange(&mut exchange);
            state.next += 1;
            state.next - 1
        };
        let mut text = serde_json::to_vec_pretty(&exchange)?;
        text.push(b'\n');
        fs::write(self.folder.join(format!("{number:04}_{operation}.json")), text)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Transport for Recorder {
    async fn round_trip(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, Error> {
        let name = request.extensions().get::<OperationName>().map(|name| name.0);
        let recorded = RecordedRequest::of(&request);
        let answer = self.inner.round_trip(request).await?;
        let file = name.map_or_else(|| recorded.method.to_lowercase(), str::to_owned);
        let response = RecordedResponse::of(&answer);
        let exchange = Exchange { operation: name.map(str::to_owned), request: recorded, response };
        if let Err(error) = self.write(&file, exchange) {
            // The call itself went well; its caller must not take it for failed.
            warn!(%error, operation = file, "an exchange could not be recorded");
        }
        Ok(answer)
    }
}

/// Makes the folder and says which number comes next.
fn prepare(folder: &Path) -> io::Result<u32> {
    fs::create_dir_all(folder)?;
    let mut next = 1;
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name();
        let number = name.to_string_lossy().split('_').next().and_then(|number| number.parse::<u32>().ok());
        next = next.max(number.unwrap_or(0).saturating_add(1));
    }
    Ok(next)
}
