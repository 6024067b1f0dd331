//! A small server that does what it is told, and calendars for it.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, reason = "test support; each file takes what it needs")]

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use chrono::{DateTime, Duration, TimeZone as _, Utc};
use ical_bookings::http::{Feed, FeedLink, FeedSettings};
use ical_bookings::{Options, Window};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// The secret in every link, and the mark of every person and title: none may be seen anywhere.
pub const SECRET: &str = "hunter2";

pub fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 6, 1, 12, 0, 0).unwrap()
}

/// One event a day from tomorrow on.
pub fn calendar(count: usize) -> String {
    calendar_of(0..count)
}

pub fn calendar_of(days: impl IntoIterator<Item = usize>) -> String {
    let events = days.into_iter().map(|n| {
        event(&format!("day{n}@rooms.example"), now() + Duration::days(i64::try_from(n).unwrap() + 1), "Hall")
    });
    wrap(&events.collect::<String>())
}

pub fn event(uid: &str, start: DateTime<Utc>, room: &str) -> String {
    let mut text = String::new();
    let stamp = |at: DateTime<Utc>| at.format("%Y%m%dT%H%M%SZ").to_string();
    let end = stamp(start + Duration::hours(1));
    write!(
        text,
        "BEGIN:VEVENT\r\nUID:{uid}\r\nDTSTAMP:20260601T000000Z\r\nDTSTART:{}\r\nDTEND:{end}\r\nSUMMARY:Title of {SECRET}\r\n\
         LOCATION:{room}\r\nATTENDEE;CN=Ada {SECRET}:mailto:ada.{SECRET}@example.org\r\nEND:VEVENT\r\n",
        stamp(start)
    )
    .unwrap();
    text
}

pub fn wrap(events: &str) -> String {
    format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Test//EN\r\n{events}END:VCALENDAR\r\n")
}

/// 200 with a length.
pub fn ok(body: impl AsRef<[u8]>) -> Reply {
    with(200, &[], body)
}

pub fn status(status: u16) -> Reply {
    with(status, &[], "")
}

pub fn with(status: u16, headers: &[(&str, &str)], body: impl AsRef<[u8]>) -> Reply {
    let mut head = format!("HTTP/1.1 {status} x\r\nConnection: close\r\n");
    for (name, value) in headers {
        write!(head, "{name}: {value}\r\n").unwrap();
    }
    if status != 304 && !headers.iter().any(|(name, _)| *name == "Content-Length") {
        write!(head, "Content-Length: {}\r\n", body.as_ref().len()).unwrap();
    }
    Reply::Bytes([head.as_bytes(), b"\r\n", body.as_ref()].concat())
}

/// What the server does with a request.
#[derive(Clone)]
pub enum Reply {
    /// Sends these and hangs up.
    Bytes(Vec<u8>),
    /// Sends these and keeps the line open without another word.
    Stall(Vec<u8>),
}

/// A server; requests to a path get its replies in turn, the last one for ever.
pub struct Server {
    pub port: u16,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

#[derive(Default)]
struct Shared {
    replies: Mutex<BTreeMap<String, VecDeque<Reply>>>,
    seen: Mutex<Vec<String>>,
}

impl Server {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared::default());
        let serving = shared.clone();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, serving.clone()));
            }
        });
        Self { port, shared, task }
    }

    pub fn on(&self, path: &str, replies: impl IntoIterator<Item = Reply>) -> &Self {
        self.shared.replies.lock().unwrap().insert(path.to_owned(), replies.into_iter().collect());
        self
    }

    /// Heads of the requests so far, in lower case.
    pub fn seen(&self) -> Vec<String> {
        self.shared.seen.lock().unwrap().clone()
    }

    pub fn link(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}?k={SECRET}", self.port)
    }

    /// A feed at a path of this server.
    pub fn feed(&self, path: &str) -> Feed {
        feed(&self.link(path), |_| {})
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A feed that may talk to this machine.
pub fn feed(link: &str, change: impl FnOnce(&mut FeedSettings)) -> Feed {
    let mut settings = FeedSettings::default();
    (settings.allow_http, settings.allow_private) = (true, true);
    change(&mut settings);
    let mut options = Options::new(Window::new(now(), now()));
    options.resources = vec!["Hall".to_owned(), "Attic".to_owned()];
    Feed::new("rooms", FeedLink::new(&link.into()).unwrap(), settings, options)
}

async fn serve(mut stream: TcpStream, shared: Arc<Shared>) {
    let mut head = Vec::new();
    let mut piece = [0; 4096];
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        match stream.read(&mut piece).await {
            Ok(0) | Err(_) => return,
            Ok(read) => head.extend(piece.iter().take(read)),
        }
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let path = head.split([' ', '?']).nth(1).unwrap_or_default().to_owned();
    shared.seen.lock().unwrap().push(head.to_lowercase());
    let reply = {
        let mut replies = shared.replies.lock().unwrap();
        let queue = replies.entry(path).or_default();
        if queue.len() > 1 { queue.pop_front() } else { queue.front().cloned() }
    };
    match reply.unwrap_or_else(|| status(500)) {
        Reply::Bytes(bytes) => {
            let _ = stream.write_all(&bytes).await;
            let _ = stream.shutdown().await;
        }
        Reply::Stall(bytes) => {
            let _ = stream.write_all(&bytes).await;
            std::future::pending::<()>().await;
        }
    }
}
