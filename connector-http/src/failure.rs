//! Why no connection came about, told apart so that a connection test can name the cause.

use crate::Fingerprint;
use std::fmt;

/// Why no connection to the server came about.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConnectFailure {
    /// The host name has no address.
    Dns,
    /// The host is there, nothing listens on the port.
    Refused,
    /// No way to the host.
    Unreachable,
    /// No answer in time.
    Timeout,
    /// The connection was cut while it was being made.
    Closed,
    /// The connection stood, but no trusted TLS session came about.
    Tls(TlsFailure),
    /// Something else; the cause is in the error's source.
    Other,
}

/// Why no trusted TLS session came about.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum TlsFailure {
    /// The certificate was issued by nobody we trust.
    UntrustedIssuer,
    /// The certificate is made for other names than the one we called.
    NameMismatch {
        /// Names that the certificate is good for.
        presented: Vec<String>,
    },
    /// The certificate's time is over.
    Expired,
    /// The certificate's time has not come; often a wrong clock.
    NotYetValid,
    /// The certificate was withdrawn.
    Revoked,
    /// The certificate is not one of the pinned ones.
    PinMismatch {
        /// Fingerprint of the certificate that the server showed.
        seen: Fingerprint,
    },
    /// The server shows a certificate authority as its own certificate; only pinning accepts that.
    AuthorityAsServer,
    /// The server does not hold the key of the certificate that it shows.
    BadSignature,
    /// Whatever answers on that port does not speak TLS.
    NotTls,
    /// No common version or algorithm.
    Incompatible,
    /// Something else, in the words of the TLS library.
    Other(String),
}

impl fmt::Display for ConnectFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dns => "the host name has no address",
            Self::Refused => "nothing listens on that port",
            Self::Unreachable => "there is no way to the host",
            Self::Timeout => "no answer in time",
            Self::Closed => "the connection was cut while it was being made",
            Self::Other => "the connection failed",
            Self::Tls(failure) => return failure.fmt(f),
        })
    }
}

impl fmt::Display for TlsFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UntrustedIssuer => "the certificate was issued by nobody we trust",
            Self::NameMismatch { presented } if presented.is_empty() => {
                "the certificate is not made for the host name that was called"
            }
            Self::NameMismatch { presented } => {
                return write!(
                    f,
                    "the certificate is not made for the host name that was called, but for {}",
                    presented.join(", ")
                );
            }
            Self::Expired => "the certificate has expired",
            Self::NotYetValid => "the certificate is not valid yet (is the clock right?)",
            Self::Revoked => "the certificate was revoked",
            Self::PinMismatch { seen } => {
                return write!(f, "the certificate is not a pinned one; the server shows {seen}");
            }
            Self::AuthorityAsServer => {
                "the server shows a certificate authority as its own certificate; only pinning its fingerprint accepts that"
            }
            Self::BadSignature => "the server does not hold the key of the certificate it shows",
            Self::NotTls => "whatever answers on that port does not speak TLS",
            Self::Incompatible => "server and client have no TLS version or algorithm in common",
            Self::Other(text) => return write!(f, "the TLS handshake failed: {text}"),
        })
    }
}

impl ConnectFailure {
    /// What a person can do about it.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Dns => "check the spelling of the host name, and the name service of this machine",
            Self::Refused => "check the port, and whether the service is running and switched on",
            Self::Unreachable => "check the network, its cables and routes",
            Self::Timeout => "check host, port and the firewalls between; a slow server needs longer time-outs",
            Self::Closed => "check the port, and whether http:// and https:// were mixed up",
            Self::Other => "see the cause",
            Self::Tls(failure) => failure.remedy(),
        }
    }
}

impl TlsFailure {
    /// What a person can do about it.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::UntrustedIssuer => {
                "compare the certificate's fingerprint on the server itself and pin it, or give the root that issued it"
            }
            Self::NameMismatch { .. } => "call the server by a name its certificate carries, or pin the fingerprint",
            Self::Expired => "renew the certificate on the server; pin the old one only until then",
            Self::NotYetValid => "set the clocks of both machines right",
            Self::Revoked => "replace the certificate on the server",
            Self::PinMismatch { .. } => {
                "if the server's certificate was renewed, compare the fingerprint on the server itself and add it; \
                 otherwise somebody stands between"
            }
            Self::AuthorityAsServer => "pin the certificate's fingerprint after comparing it on the server itself",
            Self::BadSignature => "do not go on: somebody may stand between",
            Self::NotTls => "check the port, or use http:// where the server offers no TLS",
            Self::Incompatible => "switch TLS 1.2 or 1.3 on at the server",
            Self::Other(_) => "see the cause",
        }
    }
}

impl From<TlsFailure> for ConnectFailure {
    fn from(failure: TlsFailure) -> Self {
        Self::Tls(failure)
    }
}
