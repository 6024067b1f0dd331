//! How the calls of the interface are declared: one value per call, pure in both directions.

use connector_http::{Error, ErrorKind, get, join, json_request};
use http::{HeaderValue, Method, Request, header};
use serde::Serialize;
use url::Url;
use uuid::Uuid;

use crate::model::Etag;

/// Declares a call: its members, its name, whether it may be repeated, its request and its answer.
macro_rules! operation {
    (
        $(#[$doc:meta])*
        $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty),* $(,)? } = $label:literal, $replay:ident -> $output:ty;
        request($op:ident, $base:ident) => $request:expr;
        response($parts:ident, $body:ident) => $response:expr;
    ) => {
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub struct $name { $($(#[$field_doc])* pub $field: $type),* }

        impl connector_http::Operation for $name {
            const NAME: &'static str = $label;
            const REPLAY: connector_http::Replay = connector_http::Replay::$replay;
            type Output = $output;

            fn request(&self, $base: &url::Url) -> Result<http::Request<Vec<u8>>, connector_http::Error> {
                let $op = self;
                $request
            }

            fn response(
                &self,
                $parts: &http::response::Parts,
                $body: &[u8],
            ) -> Result<$output, connector_http::Error> {
                crate::rest::problem::expect_success($parts, $body)?;
                $response
            }
        }
    };
}
pub(crate) use operation;

/// A read, with those query values that are there.
pub(crate) fn read(base: &Url, path: &[&str], query: &[(&str, Option<&str>)]) -> Result<Request<Vec<u8>>, Error> {
    let mut url = join(base, path)?;
    let given: Vec<_> = query.iter().filter_map(|(name, value)| Some((*name, (*value)?))).collect();
    if !given.is_empty() {
        url.query_pairs_mut().extend_pairs(given);
    }
    get(url)
}

/// A write of JSON that is not larger than the server takes.
pub(crate) fn write(
    method: Method,
    base: &Url,
    path: &[&str],
    body: &(impl Serialize + ?Sized),
) -> Result<Request<Vec<u8>>, Error> {
    let request = json_request(method, join(base, path)?, body)?;
    if request.body().len() > LARGEST_BODY {
        return Err(Error::new(ErrorKind::TooLarge, "the body would be larger than 4 MiB; nothing was sent"));
    }
    Ok(request)
}

/// A POST of JSON with the key of its attempt.
pub(crate) fn post(
    base: &Url,
    path: &[&str],
    body: &(impl Serialize + ?Sized),
    key: Uuid,
) -> Result<Request<Vec<u8>>, Error> {
    let mut request = write(Method::POST, base, path, body)?;
    set(&mut request, "idempotency-key", &key.to_string())?;
    Ok(request)
}

/// The same request, on the condition that the record is still the one that was read.
pub(crate) fn if_unchanged(mut request: Request<Vec<u8>>, etag: &Etag) -> Result<Request<Vec<u8>>, Error> {
    set(&mut request, header::IF_MATCH.as_str(), etag.as_str())?;
    Ok(request)
}

fn set(request: &mut Request<Vec<u8>>, name: &'static str, value: &str) -> Result<(), Error> {
    let value = HeaderValue::from_str(value)
        .map_err(|_| Error::new(ErrorKind::Rejected, "the revision cannot be sent in a header"))?;
    request.headers_mut().insert(name, value);
    Ok(())
}

/// What the server takes at most.
pub(crate) const LARGEST_BODY: usize = 4 << 20;
