//! Errors as the server tells them.

use super::element::Element;
use crate::pac::world::Epoch;

/// The known errors: number, name, retry class.
macro_rules! codes {
    ($($code:ident = $number:literal $name:literal $retry:literal),* $(,)?) => {
        /// What is wrong.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(in crate::pac) enum Code { $($code),* }

        impl Code {
            pub(in crate::pac) fn number(self) -> u16 {
                match self { $(Self::$code => $number),* }
            }

            fn name(self) -> &'static str {
                match self { $(Self::$code => $name),* }
            }

            pub(in crate::pac) fn retry(self) -> &'static str {
                match self { $(Self::$code => $retry),* }
            }
        }
    };
}

codes! {
    BadHeader = 100 "bad-header" "reconnect",
    WireVersion = 101 "wire-version" "never",
    FrameTooLarge = 102 "frame-too-large" "reconnect",
    SlowFrame = 103 "slow-frame" "reconnect",
    Malformed = 110 "xml-malformed" "reconnect",
    Forbidden = 111 "xml-forbidden" "never",
    Schema = 112 "schema-violation" "after-fix",
    XmlLimit = 113 "xml-limit" "after-fix",
    UnknownMessage = 114 "unknown-message" "never",
    BadRequestId = 115 "bad-request-id" "reconnect",
    HelloRequired = 200 "hello-required" "reconnect",
    ClientUnknown = 201 "client-unknown" "never",
    ClientRevoked = 202 "client-revoked" "never",
    ClientExpired = 203 "client-expired" "never",
    OrgForbidden = 204 "org-forbidden" "never",
    ProfileUnsupported = 205 "profile-unsupported" "never",
    LicenceMissing = 206 "licence-missing" "never",
    TooManySessions = 207 "too-many-sessions" "backoff",
    NotFound = 300 "not-found" "after-fix",
    AlreadyExists = 301 "already-exists" "re-read",
    ReferenceMissing = 302 "reference-missing" "after-fix",
    RevisionConflict = 303 "revision-conflict" "re-read",
    CredentialInUse = 304 "credential-in-use" "after-fix",
    CredentialFormat = 305 "credential-format" "after-fix",
    Validation = 306 "validation" "after-fix",
    ReadOnly = 307 "read-only" "after-fix",
    RecordLocked = 308 "record-locked" "backoff",
    LimitExceeded = 309 "limit-exceeded" "after-fix",
    KeyReused = 310 "key-reused" "never",
    CursorExpired = 400 "cursor-expired" "after-fix",
    EpochChanged = 401 "epoch-changed" "after-fix",
    CursorAhead = 402 "cursor-ahead" "after-fix",
    AlreadySubscribed = 403 "already-subscribed" "after-fix",
    NotSubscribed = 404 "not-subscribed" "after-fix",
    PageExpired = 405 "page-expired" "re-read",
    DeviceOffline = 500 "device-offline" "backoff",
    DeviceTimeout = 501 "device-timeout" "backoff",
    CommandRefused = 502 "command-refused" "never",
    NotSupported = 503 "not-supported" "never",
    Busy = 901 "busy" "backoff",
    ShuttingDown = 902 "shutting-down" "reconnect",
    RateLimited = 903 "rate-limited" "backoff",
}

/// An error answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::pac) struct Refusal {
    pub(in crate::pac) code: Code,
    told: Box<Told>,
}

/// What is told besides the code.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Told {
    message: String,
    path: Option<String>,
    retry_after_ms: Option<u32>,
    rev: Option<u32>,
    holder: Option<String>,
    first: Option<u64>,
    epoch: Option<Epoch>,
}

impl Refusal {
    pub(in crate::pac) fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, told: Box::new(Told { message: message.into(), ..Told::default() }) }
    }

    pub(in crate::pac) fn at(mut self, path: impl Into<String>) -> Self {
        self.told.path = Some(path.into());
        self
    }

    pub(in crate::pac) fn after_ms(mut self, wait: u32) -> Self {
        self.told.retry_after_ms = Some(wait);
        self
    }

    pub(in crate::pac) fn rev(mut self, rev: u32) -> Self {
        self.told.rev = Some(rev);
        self
    }

    pub(in crate::pac) fn holder(mut self, holder: impl Into<String>) -> Self {
        self.told.holder = Some(holder.into());
        self
    }

    pub(in crate::pac) fn log(mut self, epoch: Epoch, first: u64) -> Self {
        self.told.epoch = Some(epoch);
        self.told.first = Some(first);
        self
    }

    /// Whether the connection ends with it.
    pub(in crate::pac) fn closes(&self) -> bool {
        self.code.retry() == "reconnect" || matches!(self.code, Code::WireVersion | Code::Forbidden)
    }

    pub(in crate::pac) fn element(&self) -> Element {
        let cut = |text: &str| text.chars().take(256).collect::<String>();
        Element::new("Error")
            .with("code", self.code.number())
            .with("name", self.code.name())
            .with("retry", self.code.retry())
            .with_some("retryAfterMs", self.told.retry_after_ms)
            .with_some("path", self.told.path.as_deref().map(cut))
            .with_some("rev", self.told.rev)
            .with_some("holder", self.told.holder.as_deref())
            .with_some("first", self.told.first)
            .with_some("epoch", self.told.epoch)
            .holding([Element::new("Message").saying(&cut(&self.told.message))])
    }
}
