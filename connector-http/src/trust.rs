//! Which server certificates are believed: the system's roots, one more root, some roots alone, or pinned ones.

use crate::{Error, ErrorKind, Fingerprint, TlsFailure};
use rustls::{
    AlertDescription, CertificateError, ClientConfig, DigitallySignedStruct, OtherError, RootCertStore,
    SignatureScheme, SupportedProtocolVersion,
    client::{
        Resumption, WebPkiServerVerifier,
        danger::{DangerousClientConfigBuilder, HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime, pem::PemObject},
    version::{TLS12, TLS13},
};
use rustls_platform_verifier::Verifier;
use std::sync::Arc;

/// Which server certificates are believed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Trust {
    /// What the operating system trusts.
    #[default]
    System,
    /// What the operating system trusts, and certificates issued by these roots (PEM, one or more).
    ///
    /// This does not help with a self-signed server certificate that is marked as an authority, nor with one made for
    /// another name: pin those.
    ExtraRoot(Vec<u8>),
    /// Certificates issued by these roots (PEM, one or more) for the name that was called, and no others.
    ///
    /// What the operating system trusts does not count.
    OnlyRoots(Vec<u8>),
    /// Only these server certificates, whatever name or issuer they carry and however old they are.
    ///
    /// A list, because servers renew their certificates: add the new one before the change.
    PinnedSha256(Vec<Fingerprint>),
    /// Any certificate of anybody: whoever sits between reads passwords and opens doors.
    DangerouslyAcceptAny,
}

impl Trust {
    /// A TLS client configuration that believes exactly this; no protocols (ALPN) are set.
    ///
    /// # Errors
    /// `Config` for an empty pin list, unreadable PEM, or a system without any root certificate.
    pub fn client_config(&self) -> Result<Arc<ClientConfig>, Error> {
        client_config(self.verifier()?)
    }

    /// A TLS client configuration that believes exactly this and shows a certificate of its own.
    ///
    /// TLS 1.3, with `tls12` also 1.2; no session is taken up again, and no protocols (ALPN) are set. The chain begins with
    /// the client's own certificate.
    ///
    /// # Errors
    /// As [`client_config`](Self::client_config), and `Config` when certificate and key do not belong together.
    pub fn client_config_for(
        &self,
        chain: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
        tls12: bool,
    ) -> Result<Arc<ClientConfig>, Error> {
        let mut config = versions(tls12)?
            .with_custom_certificate_verifier(self.verifier()?)
            .with_client_auth_cert(chain, key)
            .map_err(|e| Error::new(ErrorKind::Config, "the client's certificate is not usable").with_source(e))?;
        config.resumption = Resumption::disabled();
        Ok(Arc::new(config))
    }

    /// The decision alone.
    pub(crate) fn verifier(&self) -> Result<Arc<dyn ServerCertVerifier>, Error> {
        let provider = provider();
        let basis = match self {
            Self::System => Verifier::new(provider.clone()).map(Basis::Roots).map_err(|e| {
                Error::new(ErrorKind::Config, "the system has no usable root certificates").with_source(e)
            })?,
            Self::ExtraRoot(pem) => {
                Verifier::new_with_extra_roots(roots(pem)?, provider.clone()).map(Basis::Roots).map_err(|e| {
                    Error::new(ErrorKind::Config, "the extra root certificate is not usable").with_source(e)
                })?
            }
            Self::OnlyRoots(pem) => only(roots(pem)?, provider.clone())?,
            Self::PinnedSha256(pins) if pins.is_empty() => {
                return Err(Error::new(ErrorKind::Config, "the list of pinned certificates is empty"));
            }
            Self::PinnedSha256(pins) => Basis::Pins(pins.clone()),
            Self::DangerouslyAcceptAny => Basis::Anybody,
        };
        Ok(Arc::new(TrustVerifier { basis, provider }))
    }
}

pub(crate) fn client_config(verifier: Arc<dyn ServerCertVerifier>) -> Result<Arc<ClientConfig>, Error> {
    Ok(Arc::new(versions(true)?.with_custom_certificate_verifier(verifier).with_no_client_auth()))
}

fn versions(tls12: bool) -> Result<DangerousClientConfigBuilder, Error> {
    let versions: &[&SupportedProtocolVersion] = if tls12 { &[&TLS13, &TLS12] } else { &[&TLS13] };
    let builder = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(versions)
        .map_err(|e| Error::new(ErrorKind::Config, "no TLS version is available").with_source(e))?;
    Ok(builder.dangerous())
}

fn only(roots: Vec<CertificateDer<'static>>, provider: Arc<CryptoProvider>) -> Result<Basis, Error> {
    let wrong = "the root certificate is not usable";
    let mut store = RootCertStore::empty();
    for root in roots {
        store.add(root).map_err(|e| Error::new(ErrorKind::Config, wrong).with_source(e))?;
    }
    WebPkiServerVerifier::builder_with_provider(Arc::new(store), provider)
        .build()
        .map(Basis::OnlyRoots)
        .map_err(|e| Error::new(ErrorKind::Config, wrong).with_source(e))
}

fn roots(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, Error> {
    let wrong = "the root certificate is not readable PEM";
    let roots = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|e| Error::new(ErrorKind::Config, wrong).with_source(e))?;
    if roots.is_empty() { Err(Error::new(ErrorKind::Config, wrong)) } else { Ok(roots) }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

/// Believes on one basis; whatever that is, the server must prove that it holds the certificate's key.
#[derive(Debug)]
struct TrustVerifier {
    basis: Basis,
    provider: Arc<CryptoProvider>,
}

#[derive(Debug)]
enum Basis {
    Roots(Verifier),
    OnlyRoots(Arc<WebPkiServerVerifier>),
    Pins(Vec<Fingerprint>),
    Anybody,
}

/// Travels through rustls' error so that the fingerprint can be shown.
#[derive(Debug, thiserror::Error)]
#[error("the certificate {seen} is not pinned")]
struct NotPinned {
    seen: Fingerprint,
}

impl ServerCertVerifier for TrustVerifier {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let seen = Fingerprint::of(leaf);
        match &self.basis {
            Basis::Roots(verifier) => verifier.verify_server_cert(leaf, others, name, ocsp, now).map_err(impostor),
            Basis::OnlyRoots(verifier) => verifier.verify_server_cert(leaf, others, name, ocsp, now).map_err(impostor),
            Basis::Pins(pins) if !pins.contains(&seen) => {
                Err(CertificateError::Other(OtherError(Arc::new(NotPinned { seen }))).into())
            }
            Basis::Pins(_) | Basis::Anybody => Ok(ServerCertVerified::assertion()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// A root of the right name and the wrong key vouches for nobody; the handshake itself was not at fault.
fn impostor(error: rustls::Error) -> rustls::Error {
    match error {
        rustls::Error::InvalidCertificate(CertificateError::BadSignature) => CertificateError::UnknownIssuer.into(),
        other => other,
    }
}

impl From<&rustls::Error> for TlsFailure {
    /// Names the cause that an administrator can act on.
    fn from(error: &rustls::Error) -> Self {
        use rustls::Error as Tls;
        match error {
            Tls::InvalidCertificate(cause) => certificate_failure(cause),
            Tls::InvalidMessage(_) | Tls::InappropriateMessage { .. } | Tls::PeerSentOversizedRecord => Self::NotTls,
            Tls::PeerIncompatible(_)
            | Tls::NoApplicationProtocol
            | Tls::AlertReceived(AlertDescription::HandshakeFailure | AlertDescription::ProtocolVersion) => {
                Self::Incompatible
            }
            other => Self::Other(other.to_string()),
        }
    }
}

fn certificate_failure(cause: &CertificateError) -> TlsFailure {
    use CertificateError as Cause;
    match cause {
        Cause::UnknownIssuer => TlsFailure::UntrustedIssuer,
        Cause::NotValidForName => TlsFailure::NameMismatch { presented: Vec::new() },
        Cause::NotValidForNameContext { presented, .. } => TlsFailure::NameMismatch { presented: presented.clone() },
        Cause::Expired | Cause::ExpiredContext { .. } => TlsFailure::Expired,
        Cause::NotValidYet | Cause::NotValidYetContext { .. } => TlsFailure::NotYetValid,
        Cause::Revoked => TlsFailure::Revoked,
        Cause::BadSignature => TlsFailure::BadSignature,
        Cause::Other(OtherError(inner)) => match inner.downcast_ref::<NotPinned>() {
            Some(NotPinned { seen }) => TlsFailure::PinMismatch { seen: *seen },
            None if format!("{inner:?}").contains("CaUsedAsEndEntity") => TlsFailure::AuthorityAsServer,
            None => TlsFailure::Other(inner.to_string()),
        },
        other => TlsFailure::Other(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_cannot_work_are_told_before_anything_is_sent() {
        for trust in [
            Trust::PinnedSha256(Vec::new()),
            Trust::ExtraRoot(b"not a certificate".to_vec()),
            Trust::OnlyRoots(Vec::new()),
            Trust::OnlyRoots(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".to_vec()),
            Trust::ExtraRoot(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".to_vec()),
        ] {
            assert_eq!(trust.client_config().unwrap_err().kind(), ErrorKind::Config, "{trust:?}");
        }
    }

    #[test]
    fn pins_need_no_roots_of_the_system() {
        assert!(Trust::PinnedSha256(vec![Fingerprint::new([7; 32])]).client_config().is_ok());
        assert!(Trust::DangerouslyAcceptAny.client_config().is_ok());
    }
}
