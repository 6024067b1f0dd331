//! Looking at a server's certificate before it is trusted.

use crate::model::{PacError, PacErrorKind};
use chrono::{DateTime, Utc};
use connector_http::{Fingerprint, Trust, probe};
use std::time::Duration;
use url::Url;

/// A server's certificate, to be shown to a person and stored as trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServerCertificate {
    /// The certificate itself.
    pub pem: String,
    /// What to compare on the server, and to pin.
    pub sha256: Fingerprint,
    /// Whose it is.
    pub subject: String,
    /// Who issued it.
    pub issuer: String,
    /// First moment of its time.
    pub not_before: Option<DateTime<Utc>>,
    /// Last moment of its time.
    pub not_after: Option<DateTime<Utc>>,
    /// Names and addresses that it is good for.
    pub names: Vec<String>,
    /// Issued by itself: only the fingerprint can be trusted, not the certificate as a root.
    pub self_signed: bool,
}

/// Fetches the certificate that a server shows. Nobody vouches for it yet: compare the fingerprint on the server itself.
///
/// Nothing is sent, no key file is needed.
///
/// # Errors
/// `Unreachable` or `TlsIncompatible` when there is no certificate to be seen.
pub async fn server_certificate(address: &str, port: u16, timeout: Duration) -> Result<ServerCertificate, PacError> {
    let bare = address.trim_matches(['[', ']']);
    let host = if bare.contains(':') { format!("[{bare}]") } else { bare.to_owned() };
    let url = Url::parse(&format!("https://{host}:{port}/"))
        .map_err(|error| PacError::new(PacErrorKind::Config, "the address cannot be used").with_source(error))?;
    let found = probe(&url, &Trust::DangerouslyAcceptAny, timeout).await.map_err(|error| {
        let tls = matches!(error.failure(), Some(connector_http::ConnectFailure::Tls(_)));
        let kind = if tls { PacErrorKind::TlsIncompatible } else { PacErrorKind::Unreachable };
        PacError::new(kind, error.to_string()).with_source(error)
    })?;
    let missing = || PacError::new(PacErrorKind::TlsIncompatible, "the server shows no certificate");
    let certificate = found.certificate.ok_or_else(missing)?;
    Ok(ServerCertificate {
        pem: certificate.pem(),
        sha256: certificate.fingerprint,
        subject: certificate.subject,
        issuer: certificate.issuer,
        not_before: certificate.not_before,
        not_after: certificate.not_after,
        names: certificate.names,
        self_signed: certificate.self_signed,
    })
}
