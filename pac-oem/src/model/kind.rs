//! What can go wrong, and what can be done about each.

/// What a program can do about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RetryClass {
    /// A person must change a setting, a licence or the key file; asking again does not help.
    Never,
    /// This record needs a correction; go on with others.
    AfterFix,
    /// Read the record again, merge, and repeat once.
    ReRead,
    /// Repeat the same call with the same key after a while.
    Backoff,
    /// The connection is gone; make a new one.
    Reconnect,
}

macro_rules! kinds {
    ($( $(#[$note:meta])* $variant:ident, $code:literal, $name:literal, $retry:ident; )+) => {
        /// What went wrong.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum PacErrorKind {
            $( $(#[$note])* $variant, )+
        }

        impl PacErrorKind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$( Self::$variant, )+];

            /// The word for it.
            pub const fn name(self) -> &'static str {
                match self { $( Self::$variant => $name, )+ }
            }

            /// What can be done about it.
            pub const fn retry(self) -> RetryClass {
                match self { $( Self::$variant => RetryClass::$retry, )+ }
            }

            const fn number(self) -> u16 {
                match self { $( Self::$variant => $code, )+ }
            }
        }
    };
}

kinds! {
    /// A frame did not begin as it must.
    BadHeader, 100, "bad-header", Reconnect;
    /// The other side speaks another version of the framing.
    WireVersion, 101, "wire-version", Never;
    /// A frame is longer than allowed.
    FrameTooLarge, 102, "frame-too-large", Reconnect;
    /// A frame was not complete in time.
    SlowFrame, 103, "slow-frame", Reconnect;
    /// The payload is no well-formed document of this interface.
    XmlMalformed, 110, "xml-malformed", Reconnect;
    /// The payload has a document type, an entity, a processing instruction or a prefix.
    XmlForbidden, 111, "xml-forbidden", Never;
    /// A value has a wrong form, or a required one is absent.
    SchemaViolation, 112, "schema-violation", AfterFix;
    /// The payload is too deep or too big.
    XmlLimit, 113, "xml-limit", AfterFix;
    /// A message that the receiver does not know.
    UnknownMessage, 114, "unknown-message", Never;
    /// Request numbers did not rise.
    BadRequestId, 115, "bad-request-id", Reconnect;
    /// The first message was not the greeting.
    HelloRequired, 200, "hello-required", Reconnect;
    /// The server does not know this client's certificate.
    ClientUnknown, 201, "client-unknown", Never;
    /// An operator of the server has withdrawn this client.
    ClientRevoked, 202, "client-revoked", Never;
    /// The client's certificate has expired.
    ClientExpired, 203, "client-expired", Never;
    /// The client does not belong to that organisation.
    OrgForbidden, 204, "org-forbidden", Never;
    /// Server and client have no profile in common.
    ProfileUnsupported, 205, "profile-unsupported", Never;
    /// The interface is not licensed on the server.
    LicenceMissing, 206, "licence-missing", Never;
    /// Too many sessions are open.
    TooManySessions, 207, "too-many-sessions", Backoff;
    /// No such person, credential or reader.
    NotFound, 300, "not-found", AfterFix;
    /// A person with that external key exists.
    AlreadyExists, 301, "already-exists", ReRead;
    /// An access group or reader that is named does not exist.
    ReferenceMissing, 302, "reference-missing", AfterFix;
    /// The record was changed since it was read.
    RevisionConflict, 303, "revision-conflict", ReRead;
    /// Somebody else has the credential.
    CredentialInUse, 304, "credential-in-use", AfterFix;
    /// The credential's number does not suit its type.
    CredentialFormat, 305, "credential-format", AfterFix;
    /// A value is not acceptable.
    Validation, 306, "validation", AfterFix;
    /// The value or record cannot be changed by clients.
    ReadOnly, 307, "read-only", AfterFix;
    /// An operator has the record open.
    RecordLocked, 308, "record-locked", Backoff;
    /// More of something than the server or its licence takes.
    LimitExceeded, 309, "limit-exceeded", AfterFix;
    /// The idempotency key was used for something else: a bug of the caller.
    KeyReused, 310, "key-reused", Never;
    /// Records after the cursor are no longer kept.
    CursorExpired, 400, "cursor-expired", AfterFix;
    /// The log began anew.
    EpochChanged, 401, "epoch-changed", AfterFix;
    /// The log is shorter than the cursor says: an old backup was restored.
    CursorAhead, 402, "cursor-ahead", AfterFix;
    /// The log is already subscribed to.
    AlreadySubscribed, 403, "already-subscribed", AfterFix;
    /// The log is not subscribed to.
    NotSubscribed, 404, "not-subscribed", AfterFix;
    /// The list of people must be begun again.
    PageExpired, 405, "page-expired", ReRead;
    /// The controller cannot be reached.
    DeviceOffline, 500, "device-offline", Backoff;
    /// The controller did not answer in time.
    DeviceTimeout, 501, "device-timeout", Backoff;
    /// The command is not carried out: locked down, too old, or out of range.
    CommandRefused, 502, "command-refused", Never;
    /// The server does not offer this.
    NotSupported, 503, "not-supported", Never;
    /// A fault inside the server.
    Internal, 900, "internal", Backoff;
    /// The server is busy.
    Busy, 901, "busy", Backoff;
    /// The server is going down.
    ShuttingDown, 902, "shutting-down", Reconnect;
    /// Too many calls in a short time.
    RateLimited, 903, "rate-limited", Backoff;
    /// An error that this version does not know; [`PacError::code`](super::PacError::code) has its number.
    Other, 0, "other", AfterFix;

    /// A setting cannot work; nothing was sent.
    Config, 0, "config", Never;
    /// The key file cannot be read.
    KeyUnreadable, 0, "key_unreadable", Never;
    /// Others can read the key file.
    KeyPermissions, 0, "key_permissions", Never;
    /// The key file is longer than any key file is.
    KeyTooLarge, 0, "key_too_large", Never;
    /// The key file is not PEM; it may be a key file of PAC itself, which this driver cannot use.
    KeyNotPem, 0, "key_not_pem", Never;
    /// The key file has no certificate.
    KeyNoCertificate, 0, "key_no_certificate", Never;
    /// The key file has no private key.
    KeyNoPrivateKey, 0, "key_no_private_key", Never;
    /// The private key is encrypted.
    KeyEncrypted, 0, "key_encrypted", Never;
    /// The key file has several private keys.
    KeyAmbiguous, 0, "key_ambiguous", Never;
    /// Private key and certificate do not belong together.
    KeyMismatch, 0, "key_mismatch", Never;
    /// Certificate or private key cannot be used.
    KeyUnusable, 0, "key_unusable", Never;
    /// The certificate's time is over.
    KeyExpired, 0, "key_expired", Never;
    /// No connection came about.
    Unreachable, 0, "unreachable", Reconnect;
    /// No answer in time; the connection was closed.
    Timeout, 0, "timeout", Reconnect;
    /// The connection broke.
    ConnectionLost, 0, "connection-lost", Reconnect;
    /// The server's certificate is not trusted.
    ServerUntrusted, 0, "server-untrusted", Never;
    /// The port speaks no TLS, or no version or algorithm in common.
    TlsIncompatible, 0, "tls-incompatible", Never;
    /// The server said that it ends the session.
    Closing, 0, "closing", Reconnect;
    /// The session was closed on our side.
    Closed, 0, "closed", Reconnect;
    /// Records are missing in the log although they were asked for again.
    LogGap, 0, "log-gap", Reconnect;
    /// The server answered something that does not belong to the question.
    Protocol, 0, "protocol", Reconnect;
}

impl PacErrorKind {
    /// The number of a server's error; none for what is found on our side.
    pub const fn code(self) -> Option<u16> {
        match self.number() {
            0 => None,
            number => Some(number),
        }
    }

    /// The kind of a server's error number.
    pub fn from_code(code: u16) -> Self {
        let known = Self::ALL.iter().copied().find(|kind| code != 0 && kind.number() == code);
        known.unwrap_or(Self::Other)
    }

    /// What a person can do about it; empty where there is nothing to say.
    pub const fn remedy(self) -> &'static str {
        match self {
            Self::ClientUnknown => {
                "add this client in the OEM interface of the server, and use the key file made there"
            }
            Self::ClientRevoked => "enable the client in the OEM interface of the server, or use another key file",
            Self::ClientExpired | Self::KeyExpired => "have a new key file made on the server",
            Self::OrgForbidden => "the organisation is 1, and the client must belong to it",
            Self::LicenceMissing => "license the OEM interface on the server",
            Self::KeyPermissions => "let only the account of this program read the key file (chmod 600)",
            Self::KeyNotPem => "this may be a key file of PAC itself: only the driver of a licensee reads those",
            Self::KeyEncrypted => "have the key file made without a password",
            Self::ServerUntrusted => "compare the server's certificate on the server itself, then store it as trusted",
            Self::TlsIncompatible => "check the port; the server must speak TLS 1.3, or TLS 1.2 must be allowed",
            Self::Unreachable => "check address, port, the network and whether the server's service runs",
            _ => "",
        }
    }
}
