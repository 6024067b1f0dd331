//! Several reads in one request. Needs the permissions of what is read.
//!
//! It saves round trips, not quota: Graph counts each read, and runs at most four of a batch together. So nothing else of this
//! client is under way meanwhile.

use std::collections::BTreeMap;
use std::time::Duration;

use connector_http::{Error, ErrorKind, Operation, Replay, SendOptions, json_request, retry_after};
use http::response::Parts;
use http::{HeaderName, HeaderValue, Method, Request, Response};
use serde_json::{Map, Value, json};
use tokio::time::{Instant, sleep};
use url::Url;

use crate::answer;
use crate::client::GraphClient;
use crate::fault::{Fault, FaultKind};
use crate::route::api;

/// Reads in one request, as the vendor allows at most.
pub const LARGEST_BATCH: usize = 20;

impl GraphClient {
    /// Makes several reads, up to twenty in one request; the results come in the order of the reads, each by itself.
    ///
    /// A read that was throttled, failed for a passing reason, or was left out of the answer is made again with the others of
    /// its kind, after the longest wait that was asked for: four times in all, and a minute at most.
    ///
    /// # Errors
    /// Only for the batch as a whole, such as when no token can be had.
    pub async fn batch<O: Operation>(&self, reads: &[O]) -> Result<Vec<Result<O::Output, Error>>, Error> {
        let mut results = Vec::with_capacity(reads.len());
        for some in reads.chunks(LARGEST_BATCH) {
            results.extend(self.one_batch(some).await?);
        }
        Ok(results)
    }

    async fn one_batch<O: Operation>(&self, reads: &[O]) -> Result<Vec<Result<O::Output, Error>>, Error> {
        let until = Instant::now() + LONGEST;
        let mut results: Vec<Option<Result<O::Output, Error>>> = reads.iter().map(|_| None).collect();
        for attempt in 1.. {
            let open: Vec<(usize, &O)> =
                reads.iter().enumerate().filter(|(at, _)| is_open(results.get(*at).and_then(Option::as_ref))).collect();
            if open.is_empty() {
                break;
            }
            let mut answers = self.send_alone(&Batch { reads: &open }, SendOptions::default()).await?;
            let mut longest: Option<Duration> = None;
            for (at, read) in open {
                let result = one(read, answers.remove(&at));
                longest = longest.max(result.as_ref().err().and_then(Error::retry_after));
                if let Some(place) = results.get_mut(at) {
                    *place = Some(result);
                }
            }
            let wait = longest.unwrap_or_else(|| backoff(attempt));
            if attempt >= ATTEMPTS || Instant::now() + wait >= until {
                break;
            }
            if results.iter().any(|result| is_open(result.as_ref())) {
                sleep(wait).await;
            }
        }
        Ok(results.into_iter().map(|result| result.unwrap_or_else(|| Err(unanswered()))).collect())
    }
}

fn is_open<T>(result: Option<&Result<T, Error>>) -> bool {
    match result {
        None => true,
        Some(Ok(_)) => false,
        Some(Err(error)) => error.is_transient(),
    }
}

/// What an answer of a batch means to the read that it belongs to.
fn one<O: Operation>(read: &O, answer: Option<(Parts, Vec<u8>)>) -> Result<O::Output, Error> {
    let Some((parts, body)) = answer else { return Err(unanswered().with_operation(O::NAME)) };
    read.response(&parts, &body).map_err(|error| {
        let mut error = error.with_status(parts.status).with_operation(O::NAME);
        if Fault::of(&error).kind == FaultKind::Throttled {
            error = error.with_kind(ErrorKind::RateLimited);
        }
        match retry_after(&parts.headers, std::time::SystemTime::now()) {
            Some(wait) if error.is_transient() => error.with_retry_after(wait),
            _ => error,
        }
    })
}

fn unanswered() -> Error {
    Error::new(ErrorKind::Unavailable, "the answer to the batch lacks this read")
        .with_source(Fault::new(FaultKind::Transient))
}

fn backoff(attempt: u32) -> Duration {
    let part = f64::from(getrandom::u32().unwrap_or(u32::MAX)) / f64::from(u32::MAX);
    Duration::from_secs(1 << attempt.saturating_sub(1).min(5)).mul_f64(part.max(0.1))
}

/// `POST /$batch` of reads only, so it may be repeated.
struct Batch<'a, O> {
    reads: &'a [(usize, &'a O)],
}

impl<O: Operation> Operation for Batch<'_, O> {
    const NAME: &'static str = "graph.batch";
    const REPLAY: Replay = Replay::Safe;
    type Output = BTreeMap<usize, (Parts, Vec<u8>)>;

    fn request(&self, base: &Url) -> Result<Request<Vec<u8>>, Error> {
        let root = api(base, &[])?;
        let requests: Vec<Value> = self
            .reads
            .iter()
            .map(|(at, read)| item_of(*at, &read.request(base)?, &root))
            .collect::<Result<_, Error>>()?;
        json_request(Method::POST, api(base, &["$batch"])?, &json!({ "requests": requests }))
    }

    fn response(&self, parts: &Parts, body: &[u8]) -> Result<Self::Output, Error> {
        let odd = || Error::new(ErrorKind::Protocol, "the answer is none to a batch").with_status(parts.status);
        let Value::Object(mut answer) = answer::json(parts, body)? else { return Err(odd()) };
        let Some(Value::Array(responses)) = answer.remove("responses") else { return Err(odd()) };
        let asked = |at: &usize| self.reads.iter().any(|(other, _)| other == at);
        Ok(responses.into_iter().filter_map(read_item).filter(|(at, _)| asked(at)).collect())
    }
}

fn item_of(at: usize, request: &Request<Vec<u8>>, root: &Url) -> Result<Value, Error> {
    if request.method() != Method::GET {
        return Err(Error::new(ErrorKind::Config, "only reads go into a batch"));
    }
    let address = request.uri().path_and_query().map_or("", |address| address.as_str());
    let url = address.strip_prefix(root.path()).unwrap_or(address);
    let header =
        |name: &HeaderName, value: &HeaderValue| Some((name.as_str().to_owned(), Value::from(value.to_str().ok()?)));
    let headers: Map<String, Value> =
        request.headers().iter().filter_map(|(name, value)| header(name, value)).collect();
    Ok(json!({ "id": at.to_string(), "method": "GET", "url": url, "headers": headers }))
}

/// One answer, with header names in any case. What cannot be read counts as missing.
fn read_item(item: Value) -> Option<(usize, (Parts, Vec<u8>))> {
    let Value::Object(mut item) = item else { return None };
    let at = match item.get("id")? {
        Value::String(id) => id.parse().ok()?,
        other => usize::try_from(other.as_u64()?).ok()?,
    };
    let status = u16::try_from(item.get("status")?.as_u64()?).ok()?;
    let mut response = Response::builder().status(status);
    if let Some(Value::Object(headers)) = item.get("headers") {
        for (name, value) in headers {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(&text)) {
                response = response.header(name, value);
            }
        }
    }
    let body = match item.remove("body") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::String(text)) => text.into_bytes(),
        Some(json) => serde_json::to_vec(&json).ok()?,
    };
    let (parts, ()) = response.body(()).ok()?.into_parts();
    Some((at, (parts, body)))
}

const ATTEMPTS: u32 = 4;
const LONGEST: Duration = Duration::from_mins(1);
