//! Sign-in with a certificate: an assertion signed with its key (PS256).

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use connector_http::{Error, ErrorKind};
use rustls::SignatureScheme;
use rustls::crypto::aws_lc_rs::sign::any_supported_type;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::SigningKey;
use secrecy::SecretString;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use url::Url;
use x509_parser::prelude::{FromDer as _, X509Certificate};

/// A certificate with its private key.
pub(crate) struct Certificate {
    key: Arc<dyn SigningKey>,
    /// SHA-256 of the certificate, as the header wants it.
    thumbprint: String,
}

impl Certificate {
    /// Reads both from PEM texts.
    pub(crate) fn read(certificate: &[u8], key: &[u8]) -> Result<Self, Error> {
        let wrong = |what: &'static str| Error::new(ErrorKind::Config, what);
        let certificate = CertificateDer::from_pem_slice(certificate)
            .map_err(|_| wrong("the certificate is no certificate in PEM form"))?;
        let key = PrivateKeyDer::from_pem_slice(key)
            .map_err(|_| wrong("the key of the certificate is no private key in PEM form"))?;
        let key = any_supported_type(&key).map_err(|_| wrong("the key of the certificate cannot be used"))?;
        if key.choose_scheme(&[SignatureScheme::RSA_PSS_SHA256]).is_none() {
            return Err(wrong("the key of the certificate is no RSA key, which Entra needs"));
        }
        let (_, read) = X509Certificate::from_der(&certificate)
            .map_err(|_| wrong("the certificate is no certificate in PEM form"))?;
        if key.public_key().is_some_and(|public| public.as_ref() != read.public_key().raw) {
            return Err(wrong("the certificate belongs to another key"));
        }
        let thumbprint = URL_SAFE_NO_PAD.encode(Sha256::digest(&certificate));
        Ok(Self { key, thumbprint })
    }

    /// An assertion that is good for five minutes.
    pub(crate) fn assertion(&self, endpoint: &Url, client: &str, now: SystemTime) -> Result<SecretString, Error> {
        let now = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let until = now + LIFE;
        let header = json!({ "alg": "PS256", "typ": "JWT", "x5t#S256": self.thumbprint });
        let claims = json!({
            "aud": endpoint.as_str(), "iss": client, "sub": client, "jti": random_id(),
            "nbf": now.as_secs(), "iat": now.as_secs(), "exp": until.as_secs(),
        });
        let part = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let content = format!("{}.{}", part(&header), part(&claims));
        let failed = || Error::new(ErrorKind::Config, "the key of the certificate cannot sign");
        let signer = self.key.choose_scheme(&[SignatureScheme::RSA_PSS_SHA256]).ok_or_else(failed)?;
        let signature = signer.sign(content.as_bytes()).map_err(|_| failed())?;
        Ok(format!("{content}.{}", URL_SAFE_NO_PAD.encode(signature)).into())
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate").field("thumbprint", &self.thumbprint).finish_non_exhaustive()
    }
}

/// A random id in the usual form.
pub(crate) fn random_id() -> String {
    let mut bytes = [0; 16];
    // Without randomness the id is not unique, which only makes a request harder to find again.
    let _ = getrandom::fill(&mut bytes);
    let number = u128::from_be_bytes(bytes) & !(0xf << 76) & !(0x3 << 62) | 0x4 << 76 | 0x2 << 62;
    let hex = format!("{number:032x}");
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
    [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-")
}

const LIFE: Duration = Duration::from_mins(5);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_the_usual_form_and_differ() {
        let id = random_id();
        assert_eq!((id.len(), id.as_bytes()[14]), (36, b'4'));
        assert!(b"89ab".contains(&id.as_bytes()[19]), "{id}");
        assert_ne!(id, random_id());
    }

    #[test]
    fn what_is_no_certificate_is_said() {
        assert!(Certificate::read(b"x", b"y").unwrap_err().message().contains("no certificate"));
    }
}
