//! TCP, TLS and what their failures mean.

use super::key::Identity;
use crate::model::{PacEndpoint, PacError, PacErrorKind};
use chrono::Utc;
use connector_http::{TlsFailure, Trust};
use rustls::{AlertDescription, ProtocolVersion, pki_types::ServerName};
use std::{io, sync::Arc};
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};
use x509_parser::{certificate::X509Certificate, prelude::FromDer};

/// Connects and shakes hands. With TLS 1.3 a refusal of the client is seen at the first read only.
pub(crate) async fn connect(endpoint: &PacEndpoint, identity: Identity) -> Result<TlsStream<TcpStream>, PacError> {
    if !matches!(endpoint.trust, Trust::OnlyRoots(_) | Trust::PinnedSha256(_)) {
        let text = "a server of PAC is trusted by its own root or by the fingerprint of its certificate";
        return Err(PacError::new(PacErrorKind::Config, text));
    }
    let config = endpoint
        .trust
        .client_config_for(identity.chain, identity.key, endpoint.allow_tls12)
        .map_err(|error| PacError::new(PacErrorKind::Config, "certificates cannot be used").with_source(error))?;
    let name = server_name(endpoint)?;
    let host = endpoint.address.trim_matches(['[', ']']);
    let socket = TcpStream::connect((host, endpoint.port)).await.map_err(unreachable)?;
    // Small messages go at once; a failure here costs speed alone.
    let _ = socket.set_nodelay(true);
    let stream =
        TlsConnector::from(config).connect(name, socket).await.map_err(|error| handshake(&error).with_source(error))?;
    in_its_time(&stream)?;
    Ok(stream)
}

/// Version in use, such as `TLS 1.3`.
pub(crate) fn version(stream: &TlsStream<TcpStream>) -> String {
    match stream.get_ref().1.protocol_version() {
        Some(ProtocolVersion::TLSv1_3) => "TLS 1.3".to_owned(),
        Some(ProtocolVersion::TLSv1_2) => "TLS 1.2".to_owned(),
        _ => String::new(),
    }
}

/// What a broken connection means: the refusal of the client, or nothing in particular.
pub(crate) fn broken(error: &io::Error) -> PacError {
    match tls_error(error) {
        Some(rustls::Error::AlertReceived(alert)) => refused(*alert),
        Some(_) => PacError::new(PacErrorKind::ConnectionLost, "the TLS session broke"),
        None => PacError::new(PacErrorKind::ConnectionLost, "the connection broke"),
    }
}

fn server_name(endpoint: &PacEndpoint) -> Result<ServerName<'static>, PacError> {
    let name = endpoint.server_name.as_deref().unwrap_or(&endpoint.address);
    ServerName::try_from(name.trim_matches(['[', ']']).to_owned())
        .map_err(|_| PacError::new(PacErrorKind::Config, "the name of the server can stand in no certificate"))
}

fn unreachable(error: io::Error) -> PacError {
    let text = match error.kind() {
        io::ErrorKind::ConnectionRefused => "nothing listens on that port",
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => "there is no way to the host",
        io::ErrorKind::TimedOut => "the host does not answer",
        _ => "no connection came about",
    };
    PacError::new(PacErrorKind::Unreachable, text).with_source(error)
}

fn handshake(error: &io::Error) -> PacError {
    match tls_error(error) {
        Some(rustls::Error::AlertReceived(alert)) => refused(*alert),
        Some(cause) => match TlsFailure::from(cause) {
            failure @ (TlsFailure::NotTls | TlsFailure::Incompatible | TlsFailure::Other(_)) => {
                PacError::new(PacErrorKind::TlsIncompatible, failure.to_string())
            }
            failure => PacError::new(PacErrorKind::ServerUntrusted, failure.to_string()),
        },
        None => PacError::new(PacErrorKind::ConnectionLost, "the connection was cut during the TLS handshake"),
    }
}

fn refused(alert: AlertDescription) -> PacError {
    let (kind, text) = match alert {
        AlertDescription::CertificateExpired => {
            (PacErrorKind::ClientExpired, "the server says that the client's certificate has expired")
        }
        AlertDescription::CertificateRevoked => {
            (PacErrorKind::ClientRevoked, "the server says that the client's certificate is revoked")
        }
        AlertDescription::UnknownCA
        | AlertDescription::BadCertificate
        | AlertDescription::UnsupportedCertificate
        | AlertDescription::CertificateUnknown
        | AlertDescription::CertificateRequired
        | AlertDescription::DecryptError
        | AlertDescription::AccessDenied => {
            (PacErrorKind::ClientUnknown, "the server does not accept the client's certificate")
        }
        AlertDescription::ProtocolVersion
        | AlertDescription::HandshakeFailure
        | AlertDescription::InsufficientSecurity => {
            (PacErrorKind::TlsIncompatible, "server and client have no TLS version or algorithm in common")
        }
        _ => (PacErrorKind::ConnectionLost, "the server ended the TLS session"),
    };
    PacError::new(kind, text)
}

/// A pin says nothing of dates.
fn in_its_time(stream: &TlsStream<TcpStream>) -> Result<(), PacError> {
    let untrusted = |text: &str| PacError::new(PacErrorKind::ServerUntrusted, text);
    let leaf = stream.get_ref().1.peer_certificates().and_then(|chain| chain.first());
    let leaf = leaf.ok_or_else(|| untrusted("the server shows no certificate"))?;
    let (_, parsed) = X509Certificate::from_der(leaf).map_err(|_| untrusted("the certificate cannot be read"))?;
    let now = Utc::now().timestamp();
    if parsed.validity().not_after.timestamp() < now {
        return Err(untrusted(&TlsFailure::Expired.to_string()));
    }
    if parsed.validity().not_before.timestamp() > now {
        return Err(untrusted(&TlsFailure::NotYetValid.to_string()));
    }
    Ok(())
}

fn tls_error(error: &io::Error) -> Option<&rustls::Error> {
    let inner: &(dyn std::error::Error + 'static) = error.get_ref()?;
    inner.downcast_ref::<rustls::Error>().or_else(|| inner.downcast_ref::<Arc<rustls::Error>>().map(AsRef::as_ref))
}
