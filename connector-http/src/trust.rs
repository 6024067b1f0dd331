//! Which server certificates are believed: the system's roots, one more root, or pinned ones.

use crate::{Error, ErrorKind, Fingerprint, TlsFailure};
use rustls::{
    AlertDescription, CertificateError, ClientConfig, DigitallySignedStruct, OtherError, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject},
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
    let config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|e| Error::new(ErrorKind::Config, "no TLS version is available").with_source(e))?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

fn roots(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, Error> {
    let wrong = "the extra root certificate is not readable PEM";
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
            // A root of the right name and the wrong key vouches for nobody; the handshake itself was not at fault.
            Basis::Roots(verifier) => verifier.verify_server_cert(leaf, others, name, ocsp, now).map_err(|e| match e {
                rustls::Error::InvalidCertificate(CertificateError::BadSignature) => {
                    CertificateError::UnknownIssuer.into()
                }
                other => other,
            }),
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
