//! What building a request and reading an answer need to know of a server.

use std::fmt;

use chrono::{DateTime, FixedOffset};
use chrono_tz::Tz;
use connector_http::profile::{Item, Misfit, Profile};
use connector_http::{Error, ErrorKind, decode, get, json_request};
use http::{HeaderName, HeaderValue, Method, Request, response::Parts};
use serde_json::Value;
use url::Url;

use crate::id::IdempotencyKey;
use crate::listing::{InvalidItem, Listing};

/// What building a request and reading an answer need to know of a server: its profile and its zone. Cheap to clone.
#[derive(Clone)]
pub struct Dialect {
    profile: Profile,
    zone: Option<Tz>,
}

/// Something that is read through a profile.
pub(crate) trait Read: Sized {
    /// Its section of the profile.
    const OBJECT: &'static str;

    fn read(item: Item<'_>, zone: Option<Tz>) -> Result<Self, Misfit>;
}

impl Dialect {
    /// By a profile; `zone` is the server's, for times without an offset.
    pub const fn new(profile: Profile, zone: Option<Tz>) -> Self {
        Self { profile, zone }
    }

    /// The profile.
    pub const fn profile(&self) -> &Profile {
        &self.profile
    }

    /// The server's zone, where it is known.
    pub const fn zone(&self) -> Option<Tz> {
        self.zone
    }

    /// Address of a call, with the parameters that have a value and that the vendor has.
    pub(crate) fn url(
        &self,
        base: &Url,
        path: &str,
        id: Option<&str>,
        query: &[(&str, Option<&str>)],
    ) -> Result<Url, Error> {
        let holes: Vec<_> = id.iter().map(|id| ("id", *id)).collect();
        let mut url = self.profile.url(base, path, &holes)?;
        for (name, value) in query {
            if let Some(value) = value {
                self.profile.query(&mut url, name, value);
            }
        }
        Ok(url)
    }

    pub(crate) fn get(&self, base: &Url, path: &str, id: Option<&str>) -> Result<Request<Vec<u8>>, Error> {
        get(self.url(base, path, id, &[])?)
    }

    /// A creation, with the key of its attempt where the vendor takes one.
    pub(crate) fn post(
        &self,
        base: &Url,
        path: &str,
        body: &Value,
        key: IdempotencyKey,
    ) -> Result<Request<Vec<u8>>, Error> {
        let request = json_request(Method::POST, self.url(base, path, None, &[])?, body)?;
        self.with_header(request, "idempotency", Some(&key.to_string()))
    }

    pub(crate) fn patch(
        &self,
        base: &Url,
        (path, id): (&str, &str),
        body: &Value,
        etag: Option<&str>,
    ) -> Result<Request<Vec<u8>>, Error> {
        let request = json_request(Method::PATCH, self.url(base, path, Some(id), &[])?, body)?;
        self.with_header(request, "if_match", etag)
    }

    pub(crate) fn delete(
        &self,
        base: &Url,
        (path, id): (&str, &str),
        etag: Option<&str>,
    ) -> Result<Request<Vec<u8>>, Error> {
        let mut request = self.get(base, path, Some(id))?;
        *request.method_mut() = Method::DELETE;
        self.with_header(request, "if_match", etag)
    }

    fn with_header(
        &self,
        mut request: Request<Vec<u8>>,
        name: &str,
        value: Option<&str>,
    ) -> Result<Request<Vec<u8>>, Error> {
        let (Some(header), Some(value)) = (self.profile.header(name), value) else { return Ok(request) };
        let unsendable = || Error::new(ErrorKind::Rejected, "a revision cannot be sent in a header");
        let header: HeaderName = header.parse().map_err(|_| unsendable())?;
        let value = HeaderValue::from_str(value).map_err(|_| unsendable())?;
        request.headers_mut().insert(header, value);
        Ok(request)
    }

    /// Passes a success, turns a refusal into its error.
    pub(crate) fn check(&self, parts: &Parts, body: &[u8]) -> Result<(), Error> {
        if parts.status.is_success() { Ok(()) } else { Err(self.profile.problem(parts, body)) }
    }

    pub(crate) fn json(&self, parts: &Parts, body: &[u8]) -> Result<Value, Error> {
        self.check(parts, body)?;
        decode(parts, body)
    }

    /// One object, the answer of a path of the profile.
    pub(crate) fn one<T: Read>(&self, parts: &Parts, body: &[u8], path: &str) -> Result<T, Error> {
        let value = self.json(parts, body)?;
        let path = self.profile.path_text(path);
        Ok(T::read(self.profile.item(T::OBJECT, &value, &path), self.zone)?)
    }

    /// What stands beside the items of a page, at a pointer of `[paging]`.
    pub(crate) fn beside<'a>(&self, answer: &'a Value, name: &str) -> Option<&'a Value> {
        answer.pointer(self.profile.text("paging", name)?).filter(|value| !value.is_null())
    }

    /// When a list was made. A time that cannot be read tells nothing.
    pub(crate) fn as_of(&self, answer: &Value) -> Option<DateTime<FixedOffset>> {
        self.profile.instant(self.beside(answer, "as_of")?, self.zone).ok()
    }

    /// The objects of a page; one that cannot be read is set aside, unless none of them can.
    pub(crate) fn listing<T: Read>(&self, items: &[Value], path: &str) -> Result<Listing<T>, Error> {
        let mut listing = Listing::default();
        let mut first = None;
        for (position, value) in items.iter().enumerate() {
            let item = self.profile.item(T::OBJECT, value, path);
            match T::read(item, self.zone) {
                Ok(read) => listing.items.push(read),
                Err(misfit) => {
                    let id = item.id_opt("id").ok().flatten();
                    listing.invalid.push(InvalidItem {
                        id,
                        position,
                        field: misfit.name().to_owned(),
                        reason: misfit.to_string(),
                    });
                    first.get_or_insert(misfit);
                }
            }
        }
        match first {
            Some(misfit) if listing.items.is_empty() => Err(misfit.into()),
            _ => Ok(listing),
        }
    }
}

impl fmt::Debug for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dialect").field("profile", &self.profile.file_name()).field("zone", &self.zone).finish()
    }
}

/// Fails where the profile has a field and the answer has nothing there.
pub(crate) fn needed(item: Item<'_>, name: &str, expected: &'static str) -> Result<(), Misfit> {
    if item.has(name) && item.raw(name).is_none() { Err(item.misfit_of(name, expected)) } else { Ok(()) }
}

/// The revision in an answer's header.
pub(crate) fn etag(parts: &Parts) -> Option<String> {
    parts.headers.get(http::header::ETAG)?.to_str().ok().map(str::to_owned)
}
