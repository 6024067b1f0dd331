//! What a request for a feed came back with.

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, Utc};
use connector_http::ConnectFailure;
use serde::{Deserialize, Serialize};

/// What a request came back with, before anybody has judged it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fetched {
    /// The answer.
    pub answer: Answer,
    /// Status of the last answer, if there was any.
    pub status: Option<u16>,
    /// Where the feed says it has moved for good, without its secret.
    pub moved: Option<String>,
}

/// An answer, or what came instead.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Answer {
    /// 200 with its body.
    Body(FeedBody),
    /// 304: what we have is still true.
    NotModified {
        /// How long the server lets it be kept.
        max_age: Option<Duration>,
    },
    /// Another status.
    Status {
        /// How long the server wants to be left alone.
        retry_after: Option<Duration>,
    },
    /// No usable answer.
    Failed(Failure),
}

/// The body of a good answer.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FeedBody {
    /// Unpacked.
    pub bytes: Vec<u8>,
    /// What the server knows this version by.
    pub validators: Validators,
    /// How long the server lets it be kept.
    pub max_age: Option<Duration>,
}

/// What a server knows a version of its feed by.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Validators {
    /// `ETag`.
    pub etag: Option<String>,
    /// `Last-Modified`.
    pub last_modified: Option<String>,
    /// When the body came that they belong to.
    pub read_at: Option<DateTime<Utc>>,
}

/// Why there is no usable answer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Failure {
    /// No connection.
    Connect(ConnectFailure),
    /// No whole answer in time.
    Timeout,
    /// The transfer broke off.
    Broken,
    /// More bytes than allowed.
    TooLarge,
    /// Far more bytes than were packed.
    Bomb,
    /// Sent somewhere that is not followed.
    Redirect(&'static str),
    /// The host is this machine, its own link, or the metadata service of a cloud.
    PrivateAddress,
    /// Plain http, which is not allowed for this link.
    PlainHttp,
    /// A setting cannot work.
    Config(String),
    /// Something that makes no sense.
    Protocol(&'static str),
}

impl Fetched {
    /// An answer with its status.
    pub fn new(answer: Answer, status: Option<u16>) -> Self {
        Self { answer, status, moved: None }
    }
}

impl FeedBody {
    /// A body that came without anything to know it by.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self { bytes: bytes.into(), validators: Validators::default(), max_age: None }
    }
}

impl Validators {
    /// Whether there is anything to ask with.
    pub(super) fn is_empty(&self) -> bool {
        self.etag.is_none() && self.last_modified.is_none()
    }
}

impl Failure {
    /// What a person can do about it.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Connect(failure) => failure.remedy(),
            Self::Timeout => "see whether the server is slow or a firewall stands between; it is tried again",
            Self::Broken => "nothing if it was once; else see what stands between here and the server",
            Self::TooLarge | Self::Bomb | Self::Protocol(_) => "check that the link is the one of a booking feed",
            Self::Redirect(_) => "get the feed's present link from the booking system",
            Self::PrivateAddress => "check the link; for a server on this machine set `allow_private = true`",
            Self::PlainHttp => {
                "use the https link; plain http lets anybody on the way open doors (`allow_http = true`)"
            }
            Self::Config(_) => "correct the setting",
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect(failure) => return write!(f, "no connection: {failure}"),
            Self::Timeout => "no whole answer in time",
            Self::Broken => "the transfer broke off",
            Self::TooLarge => "the answer is larger than allowed",
            Self::Bomb => "the answer unpacks to far more than it should",
            Self::Redirect(text) | Self::Protocol(text) => text,
            Self::PrivateAddress => "the host is this machine, its own link, or the metadata service of a cloud",
            Self::PlainHttp => "the connection would not be encrypted",
            Self::Config(text) => text,
        })
    }
}

/// Hides the body.
impl fmt::Debug for FeedBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FeedBody").field("bytes", &self.bytes.len()).finish_non_exhaustive()
    }
}
