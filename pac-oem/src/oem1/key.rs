//! What is in a key file: certificates and one private key, as PEM.

use crate::model::{KeyFile, KeySummary, KeyWarning, PacError, PacErrorKind};
use chrono::{DateTime, TimeDelta, Utc};
use connector_http::Fingerprint;
use rustls::{
    crypto::aws_lc_rs::sign::any_supported_type,
    pki_types::{
        CertificateDer, PrivateKeyDer, PrivatePkcs1KeyDer, PrivatePkcs8KeyDer, PrivateSec1KeyDer,
        pem::{PemObject, SectionKind},
    },
    sign::CertifiedKey,
};
use x509_parser::{certificate::X509Certificate, prelude::FromDer};

const LONGEST: usize = 64 * 1024;
const LONGEST_VALIDITY: TimeDelta = TimeDelta::days(825);
const WARN_BEFORE: TimeDelta = TimeDelta::days(30);

/// With what the client shows who it is.
pub(crate) struct Identity {
    pub(crate) chain: Vec<CertificateDer<'static>>,
    pub(crate) key: PrivateKeyDer<'static>,
    pub(crate) summary: KeySummary,
}

impl Identity {
    /// Reads a key file; an expired one is an error.
    pub(crate) fn read(file: &KeyFile, now: DateTime<Utc>) -> Result<Self, PacError> {
        let text = text(&file.bytes)?;
        let (chain, key, old_form) = sections(text)?;
        fits(&chain, &key)?;
        let mut summary = summary(&chain, now)?;
        if old_form {
            summary.warnings.push(KeyWarning::OldKeyForm);
        }
        if file.loose_permissions {
            summary.warnings.push(KeyWarning::LoosePermissions);
        }
        Ok(Self { chain, key, summary })
    }
}

fn text(bytes: &[u8]) -> Result<&str, PacError> {
    if bytes.len() > LONGEST {
        return Err(fault(PacErrorKind::KeyTooLarge, "a key file has 64 KiB at most"));
    }
    let not_pem = || fault(PacErrorKind::KeyNotPem, "the key file is no PEM text");
    let text = std::str::from_utf8(bytes).map_err(|_| not_pem())?;
    if !text.contains("-----BEGIN ") {
        return Err(not_pem());
    }
    if text.contains("-----BEGIN ENCRYPTED PRIVATE KEY-----") || text.contains("Proc-Type: 4,ENCRYPTED") {
        return Err(fault(PacErrorKind::KeyEncrypted, "the private key is encrypted"));
    }
    Ok(text)
}

type Sections = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>, bool);

fn sections(text: &str) -> Result<Sections, PacError> {
    let mut chain = Vec::new();
    let mut keys: Vec<(PrivateKeyDer<'static>, bool)> = Vec::new();
    for section in <(SectionKind, Vec<u8>)>::pem_slice_iter(text.as_bytes()) {
        // The cause is left out: it might quote the key.
        let (kind, der) = section.map_err(|_| fault(PacErrorKind::KeyNotPem, "a block of the key file is damaged"))?;
        match kind {
            SectionKind::Certificate => chain.push(CertificateDer::from(der)),
            SectionKind::PrivateKey => keys.push((PrivatePkcs8KeyDer::from(der).into(), false)),
            SectionKind::EcPrivateKey => keys.push((PrivateSec1KeyDer::from(der).into(), true)),
            SectionKind::RsaPrivateKey => keys.push((PrivatePkcs1KeyDer::from(der).into(), true)),
            _ => {}
        }
    }
    if chain.is_empty() {
        return Err(fault(PacErrorKind::KeyNoCertificate, "the key file has no certificate"));
    }
    if keys.len() > 1 {
        return Err(fault(PacErrorKind::KeyAmbiguous, "the key file has several private keys"));
    }
    let Some((key, old_form)) = keys.pop() else {
        return Err(fault(PacErrorKind::KeyNoPrivateKey, "the key file has no private key"));
    };
    Ok((chain, key, old_form))
}

fn fits(chain: &[CertificateDer<'static>], key: &PrivateKeyDer<'_>) -> Result<(), PacError> {
    let unusable = || fault(PacErrorKind::KeyUnusable, "the private key is of no known kind");
    let key = any_supported_type(key).map_err(|_| unusable())?;
    let pair = CertifiedKey::new(chain.to_vec(), key);
    match pair.keys_match() {
        Ok(()) | Err(rustls::Error::InconsistentKeys(rustls::InconsistentKeys::Unknown)) => Ok(()),
        Err(rustls::Error::InconsistentKeys(_)) => {
            Err(fault(PacErrorKind::KeyMismatch, "private key and certificate do not belong together"))
        }
        Err(error) => {
            Err(fault(PacErrorKind::KeyUnusable, "the certificate of the key file is not usable").with_source(error))
        }
    }
}

fn summary(chain: &[CertificateDer<'static>], now: DateTime<Utc>) -> Result<KeySummary, PacError> {
    let unusable = || fault(PacErrorKind::KeyUnusable, "the certificate of the key file cannot be read");
    let leaf = chain.first().ok_or_else(unusable)?;
    let (_, parsed) = X509Certificate::from_der(leaf).map_err(|_| unusable())?;
    let client = parsed.subject().iter_common_name().next().and_then(|name| name.as_str().ok()).unwrap_or_default();
    let mut summary = KeySummary::new(client);
    summary.fingerprint = Some(Fingerprint::of(leaf));
    summary.issuer = parsed.issuer().to_string();
    summary.not_before = DateTime::from_timestamp(parsed.validity().not_before.timestamp(), 0);
    summary.not_after = DateTime::from_timestamp(parsed.validity().not_after.timestamp(), 0);
    if let Some(not_after) = summary.not_after {
        if not_after < now {
            let text = format!("the certificate of the key file expired on {}", not_after.format("%Y-%m-%d"));
            return Err(fault(PacErrorKind::KeyExpired, text));
        }
        if not_after - now < WARN_BEFORE {
            summary.warnings.push(KeyWarning::ExpiresSoon { not_after });
        }
    }
    summary.warnings.extend(profile(&parsed, &summary, now).into_iter().map(KeyWarning::Profile));
    Ok(summary)
}

/// How the certificate differs from what client certificates should be.
fn profile(parsed: &X509Certificate<'_>, summary: &KeySummary, now: DateTime<Utc>) -> Vec<&'static str> {
    let mut odd = Vec::new();
    if parsed.is_ca() {
        odd.push("is that of an authority");
    }
    if !matches!(parsed.extended_key_usage(), Ok(Some(usage)) if usage.value.client_auth) {
        odd.push("is not marked for clients");
    }
    if matches!(parsed.key_usage(), Ok(Some(usage)) if !usage.value.digital_signature()) {
        odd.push("may not be used for signing");
    }
    match (summary.not_before, summary.not_after) {
        (Some(from), _) if from > now => odd.push("is not valid yet (is the clock right?)"),
        (Some(from), Some(until)) if until - from > LONGEST_VALIDITY => odd.push("is valid for more than 825 days"),
        _ => {}
    }
    odd
}

fn fault(kind: PacErrorKind, text: impl Into<String>) -> PacError {
    PacError::new(kind, text)
}
