//! One conditional GET with its redirects.

use std::error::Error as StdError;
use std::io;
use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use chrono::{DateTime, Utc};
use connector_http::{ConnectFailure, Fingerprint, TlsFailure, Trust, retry_after};
use reqwest::header::{self, HeaderMap, HeaderName};
use reqwest::{Client, Response, StatusCode};
use url::Url;

use super::{Answer, Failure, FeedBody, FeedLink, FeedSettings, Fetched, Validators, address, link, packed, redirect};

/// Asks for the feed, conditionally if there are validators.
pub(super) async fn fetch(
    link: &FeedLink,
    settings: &FeedSettings,
    validators: Option<&Validators>,
    largest: usize,
    now: DateTime<Utc>,
) -> Fetched {
    let mut request = Request { link, settings, validators, largest, now, status: None, moved: None };
    let answer = match tokio::time::timeout(settings.whole_timeout, request.follow()).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(failure)) => Answer::Failed(failure),
        Err(_) => Answer::Failed(Failure::Timeout),
    };
    Fetched { answer, status: request.status, moved: request.moved }
}

struct Request<'a> {
    link: &'a FeedLink,
    settings: &'a FeedSettings,
    validators: Option<&'a Validators>,
    largest: usize,
    now: DateTime<Utc>,
    status: Option<u16>,
    moved: Option<String>,
}

impl Request<'_> {
    async fn follow(&mut self) -> Result<Answer, Failure> {
        let mut url = self.link.url().clone();
        let mut for_good = true;
        for _ in 0..=redirect::MOST {
            let response = self.get(&url).await?;
            let status = response.status().as_u16();
            self.status = Some(status);
            let Some(kind) = redirect::kind(status) else { return self.answer(response).await };
            url = redirect::next(&url, text(response.headers(), &header::LOCATION))?;
            for_good &= kind == redirect::Moved::ForGood;
            if for_good {
                self.moved = Some(link::label_of(&url));
            }
        }
        Err(Failure::Redirect("the answers point from address to address"))
    }

    /// One request to one address that was looked up and checked just now.
    async fn get(&self, url: &Url) -> Result<Response, Failure> {
        if url.scheme() != "https" && !self.settings.allow_http {
            return Err(Failure::PlainHttp);
        }
        let addresses = address::allowed(url, self.settings.allow_private).await?;
        let client = client(url, &addresses, self.settings)?;
        let mut request = client
            .get(url.clone())
            .header(header::ACCEPT, "text/calendar, text/plain;q=0.5, */*;q=0.1")
            .header(header::ACCEPT_ENCODING, "gzip")
            .header(header::USER_AGENT, &self.settings.user_agent);
        if let Some((user, password)) = self.link.basic().filter(|_| url.origin() == self.link.url().origin()) {
            request = request.basic_auth(user, Some(password));
        }
        if let Some(validators) = self.validators {
            if let Some(etag) = &validators.etag {
                request = request.header(header::IF_NONE_MATCH, etag);
            }
            if let Some(date) = &validators.last_modified {
                request = request.header(header::IF_MODIFIED_SINCE, date);
            }
        }
        request.send().await.map_err(|error| why(&error))
    }

    async fn answer(&self, response: Response) -> Result<Answer, Failure> {
        let headers = response.headers();
        let max_age = max_age(headers);
        match response.status() {
            StatusCode::OK => {
                let validators = Validators {
                    etag: text(headers, &header::ETAG).map(str::to_owned),
                    last_modified: text(headers, &header::LAST_MODIFIED).map(str::to_owned),
                    read_at: Some(self.now),
                };
                let bytes = body(response, self.largest).await?;
                Ok(Answer::Body(FeedBody { bytes, validators, max_age }))
            }
            StatusCode::NOT_MODIFIED => Ok(Answer::NotModified { max_age }),
            _ => Ok(Answer::Status { retry_after: retry_after(headers, SystemTime::from(self.now)) }),
        }
    }
}

/// A client for this one address, which it cannot leave.
fn client(url: &Url, addresses: &[SocketAddr], settings: &FeedSettings) -> Result<Client, Failure> {
    let config = |text: &str| Failure::Config(text.to_owned());
    // Without TLS nobody has to be trusted, and the system needs no roots for it.
    let nobody = Trust::PinnedSha256(vec![Fingerprint::new([0; 32])]);
    let trust = if url.scheme() == "https" { &settings.trust } else { &nobody };
    let mut tls = trust.client_config().map_err(|error| config(error.message()))?.as_ref().clone();
    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Client::builder()
        .tls_backend_preconfigured(tls)
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .no_proxy()
        .gzip(false)
        .connect_timeout(settings.connect_timeout)
        .pool_max_idle_per_host(0)
        .resolve_to_addrs(url.host_str().unwrap_or_default(), addresses)
        .build()
        .map_err(|_| config("no HTTP client can be made of these settings"))
}

async fn body(mut response: Response, largest: usize) -> Result<Vec<u8>, Failure> {
    let declared = text(response.headers(), &header::CONTENT_LENGTH).and_then(|length| length.parse::<u64>().ok());
    let encoding = text(response.headers(), &header::CONTENT_ENCODING).unwrap_or_default().trim().to_ascii_lowercase();
    if declared.is_some_and(|length| length > largest as u64) {
        return Err(Failure::TooLarge);
    }
    let mut bytes = Vec::new();
    while let Some(piece) = response.chunk().await.map_err(|error| cut(&error))? {
        if bytes.len().saturating_add(piece.len()) > largest {
            return Err(Failure::TooLarge);
        }
        bytes.extend_from_slice(&piece);
    }
    if declared.is_some_and(|length| length != bytes.len() as u64) {
        return Err(Failure::Broken);
    }
    match encoding.as_str() {
        "" | "identity" => Ok(bytes),
        "gzip" | "x-gzip" => packed::unpack(&bytes, largest as u64),
        _ => Err(Failure::Protocol("the answer is packed in a way that was not asked for")),
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn max_age(headers: &HeaderMap) -> Option<Duration> {
    let value = text(headers, &header::CACHE_CONTROL)?.to_ascii_lowercase();
    let seconds =
        value.split(',').find_map(|part| part.trim().strip_prefix("max-age=")?.trim_matches('"').parse().ok());
    seconds.map(Duration::from_secs)
}

/// The transfer of a body failed.
fn cut(error: &reqwest::Error) -> Failure {
    if error.is_timeout() { Failure::Timeout } else { Failure::Broken }
}

/// The cause of a failure, without the address that reqwest's own text holds.
fn why(error: &reqwest::Error) -> Failure {
    if error.is_builder() {
        return Failure::Config("the request cannot be sent; check `user_agent`".to_owned());
    }
    match find(error) {
        Some(found) => Failure::Connect(found),
        None if error.is_timeout() => Failure::Timeout,
        None => Failure::Connect(ConnectFailure::Other),
    }
}

/// Walks the chain; an `io::Error` hides its inner error from `source()`, so that is looked into as well.
fn find(error: &(dyn StdError + 'static)) -> Option<ConnectFailure> {
    let mut next = Some(error);
    while let Some(cause) = next {
        if let Some(tls) = cause.downcast_ref::<rustls::Error>() {
            return Some(TlsFailure::from(tls).into());
        }
        let io = cause.downcast_ref::<io::Error>();
        if let Some(found) = io.and_then(|error| from_io(error.kind())) {
            return Some(found);
        }
        let inner = io.and_then(io::Error::get_ref).map(|inner| inner as &(dyn StdError + 'static));
        next = inner.or_else(|| cause.source());
    }
    None
}

fn from_io(kind: io::ErrorKind) -> Option<ConnectFailure> {
    match kind {
        io::ErrorKind::ConnectionRefused => Some(ConnectFailure::Refused),
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable | io::ErrorKind::NetworkDown => {
            Some(ConnectFailure::Unreachable)
        }
        io::ErrorKind::TimedOut => Some(ConnectFailure::Timeout),
        io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe
        | io::ErrorKind::UnexpectedEof => Some(ConnectFailure::Closed),
        _ => None,
    }
}
