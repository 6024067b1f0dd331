//! What a call gets: the booking system's own answers, and what a fault makes of them.

use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, NaiveDateTime, Utc};
use flate2::Compression;
use flate2::write::GzEncoder;
use http::{HeaderMap, HeaderName, Method, header};
use sha2::{Digest, Sha256};

use super::faults::{Fault, FaultKind};
use super::render::{Page, body};
use super::server::Server;
use super::switches::Writer;
use super::world::{Asked, Link, Style, World};
use crate::call::Call;

/// How an answer leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Leaving {
    Whole,
    /// The connection closes after so many bytes of the body.
    Cut(usize),
    Never,
}

/// An answer before it is sent.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(HeaderName, String)>,
    pub(super) body: Vec<u8>,
    pub(super) chunked: bool,
    pub(super) leaving: Leaving,
}

const HTML: &str = "text/html; charset=UTF-8";

impl Answer {
    fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        let headers = vec![(header::CONTENT_TYPE, content_type.to_owned())];
        Self { status, headers, body: body.into(), chunked: false, leaving: Leaving::Whole }
    }

    fn page(status: u16, title: &str, text: &str) -> Self {
        Self::new(
            status,
            HTML,
            format!("<!DOCTYPE html>\n<html><head><title>{title}</title></head><body>{text}</body></html>\n"),
        )
    }

    fn bare(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new(), chunked: false, leaving: Leaving::Whole }
    }

    fn with(mut self, name: HeaderName, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// Answers a call, with the fault that meets it.
pub(super) fn answer(server: &mut Server, call: &Call, query: &str, fault: Option<&Fault>) -> Answer {
    if call.method != Method::GET {
        return Answer::page(405, "Method Not Allowed", "Only GET.").with(header::ALLOW, "GET");
    }
    let Some(fault) = fault else { return plain(server, call, None) };
    match fault.kind {
        FaultKind::Error => error(fault),
        FaultKind::Drop => Answer { leaving: Leaving::Never, ..Answer::bare(500) },
        FaultKind::LoginPage => sign_in_page(),
        FaultKind::LoginRedirect => to_sign_in(),
        FaultKind::Redirect => redirect(call, query, fault),
        FaultKind::WrongKey => wrong_key(&server.world),
        FaultKind::NotModified => Answer::bare(304),
        FaultKind::Bomb => bomb(&server.world, call, fault.at.unwrap_or(80 * 1024 * 1024)),
        FaultKind::Short => {
            let answer = plain(server, call, None);
            let at = fault.at.unwrap_or(answer.body.len() / 2).min(answer.body.len());
            Answer { leaving: Leaving::Cut(at), ..answer }
        }
        FaultKind::Delay | FaultKind::Truncate | FaultKind::WithoutEnd | FaultKind::Empty => {
            plain(server, call, Some(fault))
        }
    }
}

/// The booking system's own answer; the fault may still change the calendar.
fn plain(server: &mut Server, call: &Call, fault: Option<&Fault>) -> Answer {
    let (link, past_days, future_days) = match server.world.asked(call) {
        Asked::Nothing => return Answer::page(404, "Not Found", "Not found."),
        Asked::SignIn => return sign_in_page(),
        asked => match refused(&server.world, call) {
            Some(answer) => return answer,
            None => match asked {
                Asked::Feed { link, past_days, future_days } => (link, past_days, future_days),
                _ => return wrong_key(&server.world),
            },
        },
    };
    let empty = fault.is_some_and(|fault| fault.kind == FaultKind::Empty);
    let page = Page { past_days, future_days, empty, ..Page::new(&server.world, link) };
    let validators = validators(server, &page);
    if matches(&call.headers, &validators) {
        return Answer { headers: validators, ..Answer::bare(304) };
    }
    let world = &server.world;
    let mut text = body(world, &page).into_bytes();
    match fault.map(|fault| (fault.kind, fault.at)) {
        Some((FaultKind::Truncate, at)) => text.truncate(at.unwrap_or(text.len() / 2)),
        Some((FaultKind::WithoutEnd, _)) => without_end(&mut text),
        _ => {}
    }
    calendar(server, call, text, validators)
}

/// What stands before every feed of Booked: trouble and sign-in.
fn refused(world: &World, call: &Call) -> Option<Answer> {
    if world.style != Style::Booked {
        return None;
    }
    let switches = &world.switches;
    if switches.database_down {
        return Some(Answer::page(200, "Error", "Error connecting to database: the server has gone away."));
    }
    if switches.login_required {
        return Some(to_sign_in());
    }
    if switches.writer == Writer::Escaped && !switches.password.is_empty() {
        let wanted = format!("Basic {}", STANDARD.encode(&switches.password));
        let sent = call.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        if sent != Some(wanted.as_str()) {
            let asks = "Basic realm=\"calendar\"";
            return Some(Answer::page(401, "Unauthorized", "Sign in.").with(header::WWW_AUTHENTICATE, asks));
        }
    }
    None
}

fn wrong_key(world: &World) -> Answer {
    let quiet = world.style == Style::Booked && world.switches.writer != Writer::Escaped;
    match world.switches.wrong_key_status {
        0 if quiet => {}
        200 => {}
        0 => return Answer::page(404, "Not Found", "Not found."),
        status => return Answer::page(status, "Error", "This feed is not available."),
    }
    let page = Page { empty: true, ..Page::new(world, Link::Venue) };
    Answer::new(200, content_type(world), body(world, &page))
}

fn calendar(server: &mut Server, call: &Call, text: Vec<u8>, validators: Vec<(HeaderName, String)>) -> Answer {
    server.answers += 1;
    let number = server.answers;
    let world = &server.world;
    let mut answer = Answer::new(200, content_type(world), text);
    answer.headers.extend(validators);
    answer.chunked = world.switches.chunked;
    if world.style == Style::Booked {
        let session = hex::encode(Sha256::digest(format!("session/{number}")));
        let session = session.chars().take(26).collect::<String>();
        answer = answer
            .with(header::CACHE_CONTROL, "no-store, no-cache, must-revalidate")
            .with(header::SET_COOKIE, format!("PHPSESSID={session}; path=/; HttpOnly"));
    }
    let takes = |headers: &HeaderMap| {
        headers
            .get(header::ACCEPT_ENCODING)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|text| text.contains("gzip"))
    };
    if world.switches.gzip && takes(&call.headers) {
        answer.body = packed(&answer.body, 0);
        answer = answer.with(header::CONTENT_ENCODING, "gzip").with(header::VARY, "Accept-Encoding");
    }
    answer
}

fn content_type(world: &World) -> &'static str {
    match world.style {
        Style::Skedda => "text/calendar; charset=utf-8",
        Style::Booked => "text/Calendar;charset=UTF-8",
    }
}

/// `ETag` and `Last-Modified` of a page, as far as switched on.
fn validators(server: &mut Server, page: &Page) -> Vec<(HeaderName, String)> {
    let (etag, last_modified) = (server.world.switches.etag, server.world.switches.last_modified);
    if !etag && !last_modified {
        return Vec::new();
    }
    // The moment of generation is in some bodies; a page that differs in nothing else is the same page.
    let still = Page { stamp: DateTime::<Utc>::default(), ..page.clone() };
    let hash: String = hex::encode(Sha256::digest(body(&server.world, &still))).chars().take(20).collect();
    let now = server.world.now();
    let place = format!("{:?}/{:?}/{:?}", page.link, page.past_days, page.future_days);
    let known = server.versions.entry(place).or_insert_with(|| (hash.clone(), now));
    if known.0 != hash {
        *known = (hash.clone(), now);
    }
    let since = known.1.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
    let both = [(etag, header::ETAG, format!("\"{hash}\"")), (last_modified, header::LAST_MODIFIED, since)];
    both.into_iter().filter(|(on, ..)| *on).map(|(_, name, value)| (name, value)).collect()
}

/// Whether the caller has this version; a tag counts before a date.
fn matches(sent: &HeaderMap, validators: &[(HeaderName, String)]) -> bool {
    let own = |name: &HeaderName| validators.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str());
    let text = |name: HeaderName| sent.get(name).and_then(|value| value.to_str().ok());
    if let (Some(tag), Some(wanted)) = (own(&header::ETAG), text(header::IF_NONE_MATCH)) {
        return wanted.split(',').any(|one| one.trim().trim_start_matches("W/") == tag || one.trim() == "*");
    }
    let date = |text: &str| NaiveDateTime::parse_from_str(text, "%a, %d %b %Y %H:%M:%S GMT").ok();
    match (own(&header::LAST_MODIFIED).and_then(date), text(header::IF_MODIFIED_SINCE).and_then(date)) {
        (Some(changed), Some(known)) => changed <= known,
        _ => false,
    }
}

fn without_end(text: &mut Vec<u8>) {
    let end = b"END:VCALENDAR";
    if let Some(at) = text.windows(end.len()).rposition(|part| part == end) {
        text.truncate(at);
    }
}

fn error(fault: &Fault) -> Answer {
    let answer = match &fault.body {
        Some(body) => Answer::new(fault.status, &fault.content_type, body.clone()),
        None => Answer::page(fault.status, "Error", "Something went wrong."),
    };
    match &fault.retry_after {
        Some(wait) => answer.with(header::RETRY_AFTER, wait),
        None => answer,
    }
}

fn redirect(call: &Call, query: &str, fault: &Fault) -> Answer {
    let status = if [301, 302, 303, 307, 308].contains(&fault.status) { fault.status } else { 302 };
    let beside = || format!("/moved{}?{query}", call.path);
    let location = fault.location.clone().unwrap_or_else(beside);
    Answer::page(status, "Moved", "Moved.").with(header::LOCATION, location)
}

fn to_sign_in() -> Answer {
    Answer::page(302, "Found", "Sign in first.").with(header::LOCATION, "/Web/index.php?redirect=export")
}

fn sign_in_page() -> Answer {
    let form = "<form method=\"post\"><input name=\"email\"><input name=\"password\" type=\"password\"></form>";
    Answer::page(200, "Log In", form)
}

fn bomb(world: &World, call: &Call, size: usize) -> Answer {
    let link = match world.asked(call) {
        Asked::Feed { link, .. } => link,
        _ => Link::Venue,
    };
    let text = body(world, &Page::new(world, link)).into_bytes();
    let blanks = size.saturating_sub(text.len());
    Answer::new(200, content_type(world), packed(&text, blanks)).with(header::CONTENT_ENCODING, "gzip")
}

/// The text and so many line ends after it, packed.
fn packed(text: &[u8], more: usize) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::default());
    let piece = vec![b'\n'; 64 * 1024];
    let mut written = packer.write_all(text);
    let mut left = more;
    while left > 0 && written.is_ok() {
        let part = left.min(piece.len());
        written = packer.write_all(piece.get(..part).unwrap_or_default());
        left -= part;
    }
    // Writing into memory does not fail.
    written.and_then(|()| packer.finish()).unwrap_or_default()
}
