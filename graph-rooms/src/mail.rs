//! Mail through Graph, for programs that may not use SMTP any more. Needs `Mail.Send`.
//!
//! This permission lets an application write as everybody; limit it to one mailbox.

use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use connector_http::{Error, ErrorKind, Operation, Replay, get};
use http::response::Parts;
use http::{HeaderValue, Method, Request, header};
use url::Url;

use crate::answer;
use crate::client::GraphClient;
use crate::route::api;

/// `POST /users/{user}/sendMail` with a whole message. Needs `Mail.Send`.
#[derive(Clone)]
pub struct SendMail {
    user: String,
    message: Vec<u8>,
}

impl SendMail {
    /// A message in MIME form, with all its headers, sent as this user.
    pub fn new(user: impl Into<String>, message: impl Into<Vec<u8>>) -> Self {
        Self { user: user.into(), message: message.into() }
    }
}

impl GraphClient {
    /// Sends a message in MIME form, with all its headers, as this user. Needs `Mail.Send`.
    ///
    /// It is sent at most once: nothing is repeated once it left this machine.
    ///
    /// # Errors
    /// `OutcomeUnknown` where no clear answer came: it may have been sent. Anything else says that it was not.
    ///
    /// # Cancel safety
    /// A dropped call may have sent the message.
    pub async fn send_mail(&self, user: &str, message: &[u8]) -> Result<(), Error> {
        self.send(&SendMail::new(user, message)).await
    }
}

impl Operation for SendMail {
    const NAME: &'static str = "graph.send_mail";
    const REPLAY: Replay = Replay::Never;
    type Output = ();

    fn request(&self, base: &Url) -> Result<Request<Vec<u8>>, Error> {
        if self.message.is_empty() {
            return Err(Error::new(ErrorKind::Rejected, "an empty message cannot be sent"));
        }
        let mut request = get(api(base, &["users", &self.user, "sendMail"])?)?;
        *request.method_mut() = Method::POST;
        request.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"));
        *request.body_mut() = BASE64_STANDARD.encode(&self.message).into_bytes();
        Ok(request)
    }

    fn response(&self, parts: &Parts, body: &[u8]) -> Result<(), Error> {
        answer::check(parts, body)
    }
}

impl fmt::Debug for SendMail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendMail").field("bytes", &self.message.len()).finish_non_exhaustive()
    }
}
