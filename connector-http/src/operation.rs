//! A vendor call as a value: it builds its request and reads its answer without any input or output.

use crate::Error;
use http::{Request, response::Parts};
use url::Url;

/// Whether a call may be repeated when nobody knows what became of the first one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Replay {
    /// Only reads. May always be repeated.
    Safe,
    /// Writes a whole resource or removes it: twice is the same as once.
    Idempotent,
    /// Twice is not once: door commands, creations.
    Never,
}

/// One call to a vendor system, complete with how to read the answer.
///
/// Both methods are pure, so a test needs no server.
///
/// ```
/// use connector_http::{Error, Operation, Replay, decode, expect_success, get, join};
/// use http::{Request, response::Parts};
/// use url::Url;
///
/// struct DoorName(i64);
///
/// impl Operation for DoorName {
///     const NAME: &'static str = "acme.door_name";
///     const REPLAY: Replay = Replay::Safe;
///     type Output = String;
///
///     fn request(&self, base: &Url) -> Result<Request<Vec<u8>>, Error> {
///         get(join(base, &["doors", &self.0.to_string(), "name"])?)
///     }
///
///     fn response(&self, parts: &Parts, body: &[u8]) -> Result<String, Error> {
///         expect_success(parts, body)?;
///         decode(parts, body)
///     }
/// }
///
/// let request = DoorName(0).request(&Url::parse("https://acme.example/api/")?)?;
/// assert_eq!(request.uri(), "https://acme.example/api/doors/0/name");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Operation: Send + Sync {
    /// Name in spans, errors and file names, such as `net2.get_door`.
    const NAME: &'static str;
    /// Whether the transport may repeat the call.
    const REPLAY: Replay;
    /// What the answer means.
    type Output: Send;

    /// Builds the request below the base address.
    ///
    /// # Errors
    /// When the value cannot be said in a request; nothing was sent.
    fn request(&self, base: &Url) -> Result<Request<Vec<u8>>, Error>;

    /// Reads the answer; called for every status, also failures.
    ///
    /// # Errors
    /// When the server refused, or the answer cannot be understood.
    fn response(&self, parts: &Parts, body: &[u8]) -> Result<Self::Output, Error>;
}
