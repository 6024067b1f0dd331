//! One call: a GET at an address that the profile made. There is no other kind of call.

use std::marker::PhantomData;

use connector_http::profile::Profile;
use connector_http::{Error, Operation, Replay, decode, get};
use http::Request;
use http::response::Parts;
use serde_json::Value;
use url::Url;

/// Names a call in spans, errors and recordings.
pub(crate) trait Named: Send + Sync {
    const NAME: &'static str;
}

/// Reads one address.
pub(crate) struct Get<'a, N> {
    profile: &'a Profile,
    url: Url,
    name: PhantomData<N>,
}

impl<'a, N: Named> Get<'a, N> {
    pub(crate) fn new(profile: &'a Profile, url: Url) -> Self {
        Self { profile, url, name: PhantomData }
    }
}

impl<N: Named> Operation for Get<'_, N> {
    const NAME: &'static str = N::NAME;
    const REPLAY: Replay = Replay::Safe;
    type Output = Value;

    fn request(&self, _base: &Url) -> Result<Request<Vec<u8>>, Error> {
        get(self.url.clone())
    }

    fn response(&self, parts: &Parts, body: &[u8]) -> Result<Value, Error> {
        if parts.status.is_success() { decode(parts, body) } else { Err(self.profile.problem(parts, body)) }
    }
}
