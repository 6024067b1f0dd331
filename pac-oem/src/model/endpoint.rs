//! Where the server is, and with what we show who we are.

use chrono::{DateTime, Utc};
use connector_http::{Fingerprint, Trust};
use std::{fmt, path::PathBuf, time::Duration};
use zeroize::Zeroizing;

/// Credential material exactly as PAC Access Central handed it out.
#[non_exhaustive]
pub struct KeyFile {
    /// Where it was read.
    pub path: PathBuf,
    /// Its content, wiped from memory when dropped.
    pub bytes: Zeroizing<Vec<u8>>,
    /// Others can read the file, and that was allowed.
    pub loose_permissions: bool,
}

impl KeyFile {
    /// Material that was read before; see [`read_key_file`](crate::read_key_file).
    pub fn new(path: impl Into<PathBuf>, bytes: Vec<u8>) -> Self {
        Self { path: path.into(), bytes: Zeroizing::new(bytes), loose_permissions: false }
    }
}

impl fmt::Debug for KeyFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyFile").field("path", &self.path).finish_non_exhaustive()
    }
}

/// What can be said of a key file without the network.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeySummary {
    /// Name of the client.
    pub client: String,
    /// Fingerprint by which the server knows the client.
    pub fingerprint: Option<Fingerprint>,
    /// Who issued it.
    pub issuer: String,
    /// First moment of its time.
    pub not_before: Option<DateTime<Utc>>,
    /// Last moment of its time.
    pub not_after: Option<DateTime<Utc>>,
    /// What should be seen to, though it works.
    pub warnings: Vec<KeyWarning>,
}

impl KeySummary {
    /// A key of which only the client's name is known.
    pub fn new(client: impl Into<String>) -> Self {
        Self {
            client: client.into(),
            fingerprint: None,
            issuer: String::new(),
            not_before: None,
            not_after: None,
            warnings: Vec::new(),
        }
    }
}

/// Something about a key file that should be seen to.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyWarning {
    /// Fewer than thirty days are left.
    ExpiresSoon {
        /// Last moment of its time.
        not_after: DateTime<Utc>,
    },
    /// The private key is in an old form (SEC1 or PKCS#1); PKCS#8 is asked for.
    OldKeyForm,
    /// Others can read the file.
    LoosePermissions,
    /// The certificate is not made for clients as it should be.
    Profile(&'static str),
}

impl fmt::Display for KeyWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ExpiresSoon { not_after } => {
                write!(f, "the key file is good until {} only", not_after.format("%Y-%m-%d"))
            }
            Self::OldKeyForm => f.write_str("the private key is in an old form; ask for one in PKCS#8"),
            Self::LoosePermissions => f.write_str("others can read the key file"),
            Self::Profile(what) => write!(f, "the client certificate {what}"),
        }
    }
}

/// Where the server is, and how to speak with it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PacEndpoint {
    /// Address or host name of the server.
    pub address: String,
    /// Port; PAC's own one is not public.
    pub port: u16,
    /// Path of the key file; read anew for every connection.
    pub key_path: PathBuf,
    /// Number of the organisation; only 1 is there.
    pub organisation: u32,
    /// Which server is believed: [`Trust::OnlyRoots`] or [`Trust::PinnedSha256`], nothing else.
    pub trust: Trust,
    /// Name to look for in the certificate, instead of the address.
    pub server_name: Option<String>,
    /// Speak TLS 1.2 if the server has no 1.3.
    pub allow_tls12: bool,
    /// Use a key file that others can read.
    pub allow_loose_key_permissions: bool,
    /// Longest wait for a session.
    pub connect_timeout: Duration,
    /// Longest wait for an answer; lists are given twice as long.
    pub request_timeout: Duration,
    /// Write whole messages to the log at level trace; they hold personal data.
    pub trace_frames: bool,
    /// Program that speaks, for the server's log.
    pub product: String,
    /// Version of that program.
    pub product_version: String,
}

impl PacEndpoint {
    /// A server at that address; everything else as is usual.
    pub fn new(address: impl Into<String>, port: u16, key_path: impl Into<PathBuf>, trust: Trust) -> Self {
        Self {
            address: address.into(),
            port,
            key_path: key_path.into(),
            organisation: 1,
            trust,
            server_name: None,
            allow_tls12: false,
            allow_loose_key_permissions: false,
            connect_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(30),
            trace_frames: false,
            product: env!("CARGO_PKG_NAME").to_owned(),
            product_version: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }
}
