//! Looks at a server's certificate, so that a connection test can show it even when it is not believed.

use super::{
    connect_error::{describe, of_io},
    transport::{lookup, unsent},
};
use crate::{ConnectFailure, Error, ErrorKind, Fingerprint, Phase, TlsFailure, Trust, trust};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use chrono::{DateTime, Utc};
use rustls::{
    DigitallySignedStruct, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    pki_types::{CertificateDer, ServerName, UnixTime},
};
use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use url::{Host, Url};
use x509_parser::{certificate::X509Certificate, extensions::GeneralName, prelude::FromDer};

/// What was found at an address.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Probe {
    /// Where the connection went.
    pub address: SocketAddr,
    /// The certificate that the server showed; none at an address without TLS.
    pub certificate: Option<Certificate>,
    /// Why the certificate is not believed; none when it is.
    pub failure: Option<TlsFailure>,
}

/// A server certificate, as far as it can be shown to a person.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Certificate {
    /// What to pin.
    pub fingerprint: Fingerprint,
    /// The certificate itself (DER).
    pub der: Vec<u8>,
    /// Whose it is.
    pub subject: String,
    /// Who issued it.
    pub issuer: String,
    /// Names and addresses that it is good for.
    pub names: Vec<String>,
    /// First moment of its time.
    pub not_before: Option<DateTime<Utc>>,
    /// Last moment of its time.
    pub not_after: Option<DateTime<Utc>>,
    /// Issued by itself.
    pub self_signed: bool,
}

/// Connects, looks at the certificate, and hangs up; no request is sent.
///
/// # Errors
/// `Unavailable` or `Config` with [`Error::failure`] when there is no host, no listener or no TLS; a certificate that is
/// not believed is no error but in [`Probe::failure`].
pub async fn probe(url: &Url, trust: &Trust, timeout: Duration) -> Result<Probe, Error> {
    let work = connect(url, trust);
    tokio::time::timeout(timeout, work).await.unwrap_or_else(|_| Err(describe(ConnectFailure::Timeout, Phase::NotSent)))
}

async fn connect(url: &Url, trust: &Trust) -> Result<Probe, Error> {
    let (stream, address) = tcp(url).await?;
    if url.scheme() != "https" {
        return Ok(Probe { address, certificate: None, failure: None });
    }
    let watcher = Arc::new(Watcher { inner: trust.verifier()?, seen: Mutex::default() });
    let config = trust::client_config(watcher.clone())?;
    let handshake = TlsConnector::from(config).connect(server_name(url)?, stream).await;
    let (certificate, mut failure) = watcher.findings();
    if let Err(error) = handshake {
        match of_io(&error) {
            ConnectFailure::Tls(found) if certificate.is_some() => failure = Some(found),
            other => return Err(describe(other, Phase::NotSent).with_source(error)),
        }
    }
    Ok(Probe { address, certificate, failure })
}

async fn tcp(url: &Url) -> Result<(TcpStream, SocketAddr), Error> {
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for address in addresses(url).await? {
        match TcpStream::connect(address).await {
            Ok(stream) => return Ok((stream, address)),
            Err(error) => last = error,
        }
    }
    Err(describe(of_io(&last), Phase::NotSent).with_source(last))
}

async fn addresses(url: &Url) -> Result<Vec<SocketAddr>, Error> {
    let port = url.port_or_known_default().ok_or_else(|| unsent(ErrorKind::Config, "the address names no port"))?;
    match url.host() {
        Some(Host::Ipv4(ip)) => Ok(vec![(ip, port).into()]),
        Some(Host::Ipv6(ip)) => Ok(vec![(ip, port).into()]),
        Some(Host::Domain(name)) => {
            lookup(name, port).await.map_err(|e| describe(ConnectFailure::Dns, Phase::NotSent).with_source(e))
        }
        None => Err(unsent(ErrorKind::Config, "the address names no host")),
    }
}

fn server_name(url: &Url) -> Result<ServerName<'static>, Error> {
    let unusable = || unsent(ErrorKind::Config, "the host name cannot be asked for a certificate");
    match url.host() {
        Some(Host::Ipv4(ip)) => Ok(ServerName::IpAddress(std::net::IpAddr::from(ip).into())),
        Some(Host::Ipv6(ip)) => Ok(ServerName::IpAddress(std::net::IpAddr::from(ip).into())),
        Some(Host::Domain(name)) => ServerName::try_from(name.to_owned()).map_err(|_| unusable()),
        None => Err(unusable()),
    }
}

/// Asks the real verifier, remembers what it says, and lets the handshake go on.
#[derive(Debug)]
struct Watcher {
    inner: Arc<dyn ServerCertVerifier>,
    seen: Mutex<(Option<Certificate>, Option<TlsFailure>)>,
}

impl Watcher {
    fn findings(&self) -> (Option<Certificate>, Option<TlsFailure>) {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, (Option<Certificate>, Option<TlsFailure>)> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ServerCertVerifier for Watcher {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let verdict = self.inner.verify_server_cert(leaf, others, name, ocsp, now);
        *self.lock() = (Some(Certificate::read(leaf)), verdict.err().as_ref().map(TlsFailure::from));
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}

impl Certificate {
    /// The certificate as a PEM text, to be stored.
    pub fn pem(&self) -> String {
        let text = STANDARD.encode(&self.der);
        let lines = text.as_bytes().chunks(64).map(String::from_utf8_lossy).collect::<Vec<_>>();
        format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
    }

    /// Shows what can be read; the fingerprint always.
    fn read(der: &[u8]) -> Self {
        let mut certificate = Self {
            fingerprint: Fingerprint::of(der),
            der: der.to_vec(),
            subject: String::new(),
            issuer: String::new(),
            names: Vec::new(),
            not_before: None,
            not_after: None,
            self_signed: false,
        };
        if let Ok((_, parsed)) = X509Certificate::from_der(der) {
            certificate.subject = parsed.subject().to_string();
            certificate.issuer = parsed.issuer().to_string();
            certificate.names = names(&parsed);
            certificate.not_before = DateTime::from_timestamp(parsed.validity().not_before.timestamp(), 0);
            certificate.not_after = DateTime::from_timestamp(parsed.validity().not_after.timestamp(), 0);
            certificate.self_signed = parsed.subject().as_raw() == parsed.issuer().as_raw();
        }
        certificate
    }
}

fn names(parsed: &X509Certificate<'_>) -> Vec<String> {
    let Ok(Some(names)) = parsed.subject_alternative_name() else { return Vec::new() };
    names.value.general_names.iter().filter_map(name).collect()
}

fn name(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => match <[u8; 4]>::try_from(*bytes) {
            Ok(v4) => Some(std::net::Ipv4Addr::from(v4).to_string()),
            Err(_) => <[u8; 16]>::try_from(*bytes).ok().map(|v6| std::net::Ipv6Addr::from(v6).to_string()),
        },
        _ => None,
    }
}
