//! The server's own authority, its certificate, and the keys of clients.

use std::time::Duration;

use anyhow::Context;
use chrono::{DateTime, Utc};
use rcgen::string::Ia5String;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SanType, date_time_ymd,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use serde::{Deserialize, Serialize};

use crate::tls::fingerprint;

/// How long certificates are good, if not told otherwise.
pub(super) const VALID: Duration = Duration::from_hours(24 * 820);

/// What the server shows to its clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum ServerCertificate {
    /// One that the own authority made for `127.0.0.1`, `::1` and `localhost`.
    #[default]
    ByAuthority,
    /// A self-signed one that is marked as an authority, as some products make it.
    SelfSigned,
    /// One of the own authority, for another name.
    OtherName,
    /// One of the own authority that has expired.
    Expired,
}

/// An authority with its key.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Authority {
    pub(super) pem: String,
    key: String,
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Authority").finish_non_exhaustive()
    }
}

/// A certificate with its key.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Identity {
    pub(super) pem: String,
    key: String,
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Identity").field("fingerprint", &self.fingerprint().ok()).finish_non_exhaustive()
    }
}

impl Authority {
    pub(super) fn generate(name: &str) -> anyhow::Result<Self> {
        let key = KeyPair::generate()?;
        let mut params = named(name);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(1));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        valid(&mut params, -86_400, 3650 * 86_400);
        Ok(Self { pem: params.self_signed(&key)?.pem(), key: key.serialize_pem() })
    }

    pub(super) fn der(&self) -> anyhow::Result<CertificateDer<'static>> {
        Ok(CertificateDer::from_pem_slice(self.pem.as_bytes())?)
    }

    /// A certificate for the server.
    pub(super) fn server(&self, kind: ServerCertificate) -> anyhow::Result<Identity> {
        let names: &[&str] = match kind {
            ServerCertificate::OtherName => &["elsewhere.example"],
            _ => &["localhost", "127.0.0.1", "::1"],
        };
        let mut params = CertificateParams::new(names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>())?;
        params.distinguished_name = named("PAC simulator").distinguished_name;
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        match kind {
            ServerCertificate::Expired => valid(&mut params, -40 * 86_400, -86_400),
            _ => valid(&mut params, -86_400, 820 * 86_400),
        }
        let key = KeyPair::generate()?;
        let pem = if kind == ServerCertificate::SelfSigned {
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            params.self_signed(&key)?.pem()
        } else {
            params.signed_by(&key, &self.issuer()?)?.pem()
        };
        Ok(Identity { pem, key: key.serialize_pem() })
    }

    /// A certificate for a client, good from now for so long; an expired one if the time is zero.
    pub(super) fn client(&self, name: &str, slug: &str, valid_for: Duration) -> anyhow::Result<Identity> {
        let mut params = named(name);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        params.subject_alt_names = vec![SanType::URI(Ia5String::try_from(format!("urn:pac-oem:client:{slug}"))?)];
        if valid_for.is_zero() {
            valid(&mut params, -40 * 86_400, -86_400);
        } else {
            valid(&mut params, -3600, i64::try_from(valid_for.as_secs())?);
        }
        let key = KeyPair::generate()?;
        Ok(Identity { pem: params.signed_by(&key, &self.issuer()?)?.pem(), key: key.serialize_pem() })
    }

    fn issuer(&self) -> anyhow::Result<Issuer<'_, KeyPair>> {
        Ok(Issuer::from_ca_cert_pem(&self.pem, KeyPair::from_pem(&self.key)?)?)
    }
}

impl Identity {
    pub(super) fn der(&self) -> anyhow::Result<CertificateDer<'static>> {
        Ok(CertificateDer::from_pem_slice(self.pem.as_bytes())?)
    }

    pub(super) fn key(&self) -> anyhow::Result<PrivateKeyDer<'static>> {
        Ok(PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from_pem_slice(self.key.as_bytes())?))
    }

    /// SHA-256 of the certificate in small hex letters.
    pub(super) fn fingerprint(&self) -> anyhow::Result<String> {
        Ok(fingerprint(&self.der()?))
    }

    /// The key file that a client is given.
    pub(super) fn key_file(&self, name: &str) -> String {
        let one_line: String = name.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
        format!("Client: {one_line}\nProfile: oem1\n{}{}", self.pem, self.key)
    }
}

/// When a certificate ends.
pub(super) fn not_after(certificate: &[u8]) -> anyhow::Result<DateTime<Utc>> {
    let (_, parsed) = x509_parser::parse_x509_certificate(certificate)?;
    DateTime::from_timestamp(parsed.validity().not_after.timestamp(), 0).context("the certificate never ends")
}

fn named(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

/// Good from one second to another, counted from now.
fn valid(params: &mut CertificateParams, from: i64, until: i64) {
    let now = Utc::now().timestamp();
    let at = |step: i64| {
        date_time_ymd(1970, 1, 1) + Duration::from_secs(u64::try_from(now.saturating_add(step)).unwrap_or_default())
    };
    params.not_before = at(from);
    params.not_after = at(until);
}
