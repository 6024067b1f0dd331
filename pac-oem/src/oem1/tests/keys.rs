//! Key files, good and bad.

use crate::{
    model::{KeyFile, KeySummary, KeyWarning, PacError, PacErrorKind},
    oem1::key::Identity,
};
use chrono::{DateTime, Datelike as _, TimeDelta, Utc};
use rcgen::{BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose};

/// Valid since more than a year ago, for so many days from now.
fn lasting(days: i64) -> CertificateParams {
    let date = |days| {
        let day = Utc::now() + TimeDelta::days(days);
        rcgen::date_time_ymd(day.year(), day.month().try_into().unwrap(), day.day().try_into().unwrap())
    };
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.not_before = date(-400);
    params.not_after = date(days);
    params
}

fn params(days: i64) -> CertificateParams {
    let mut params = lasting(days);
    params.distinguished_name.push(DnType::CommonName, "Head office bridge");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params
}

fn pair(params: &CertificateParams) -> (String, String) {
    let key = KeyPair::generate().unwrap();
    (params.self_signed(&key).unwrap().pem(), key.serialize_pem())
}

fn good() -> (String, String) {
    pair(&params(100))
}

fn read(text: impl Into<Vec<u8>>) -> Result<KeySummary, PacError> {
    read_at(text, Utc::now())
}

fn read_at(text: impl Into<Vec<u8>>, now: DateTime<Utc>) -> Result<KeySummary, PacError> {
    Identity::read(&KeyFile::new("bridge.oemkey", text.into()), now).map(|identity| identity.summary)
}

#[test]
fn a_key_file_with_commentary_is_read() {
    let (certificate, key) = good();
    let summary = read(format!("Client: Head office bridge\nProfile: oem1\n{certificate}\nso\n{key}\nend")).unwrap();
    assert_eq!((summary.client.as_str(), summary.warnings.as_slice()), ("Head office bridge", &[][..]));
    assert!(summary.fingerprint.is_some() && summary.not_after.unwrap() > Utc::now());
}

#[test]
fn every_refusal_has_its_name() {
    let (certificate, key) = good();
    let (other_certificate, other_key) = good();
    let encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
    let old = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END RSA PRIVATE KEY-----\n";
    for (text, kind) in [
        (String::new(), PacErrorKind::KeyNotPem),
        ("PAC licence blob 0123".to_owned(), PacErrorKind::KeyNotPem),
        ("-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n".to_owned(), PacErrorKind::KeyNotPem),
        ("-----BEGIN CERTIFICATE-----\nAAAA".to_owned(), PacErrorKind::KeyNotPem),
        (key.clone(), PacErrorKind::KeyNoCertificate),
        (certificate.clone(), PacErrorKind::KeyNoPrivateKey),
        (format!("{certificate}{encrypted}"), PacErrorKind::KeyEncrypted),
        (format!("{certificate}{old}"), PacErrorKind::KeyEncrypted),
        (format!("{certificate}{key}{other_key}"), PacErrorKind::KeyAmbiguous),
        (format!("{certificate}{other_key}"), PacErrorKind::KeyMismatch),
        (format!("{other_certificate}{certificate}{key}"), PacErrorKind::KeyMismatch),
        (format!("{}{key}", "x".repeat(70_000)), PacErrorKind::KeyTooLarge),
        (format!("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n{key}"), PacErrorKind::KeyUnusable),
        (
            format!("{certificate}-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"),
            PacErrorKind::KeyUnusable,
        ),
    ] {
        let error = read(text.clone()).unwrap_err();
        assert_eq!(error.kind(), kind, "{text}");
        assert_eq!(error.retry(), crate::model::RetryClass::Never);
    }
    assert_eq!(read(vec![0x30, 0x82, 0xff]).unwrap_err().kind(), PacErrorKind::KeyNotPem);
}

#[test]
fn a_key_file_is_missed_before_and_refused_after_its_time() {
    let (certificate, key) = pair(&params(20));
    let text = format!("{certificate}{key}");
    assert!(matches!(read(text.clone()).unwrap().warnings.as_slice(), [KeyWarning::ExpiresSoon { .. }]));
    let late = Utc::now() + TimeDelta::days(21);
    assert_eq!(read_at(text.clone(), late).unwrap_err().kind(), PacErrorKind::KeyExpired);
    let early = Utc::now() - TimeDelta::days(500);
    let warnings = read_at(text, early).unwrap().warnings;
    assert!(
        matches!(warnings.as_slice(), [KeyWarning::Profile(what)] if what.contains("not valid yet")),
        "{warnings:?}"
    );
}

#[test]
fn an_old_form_of_the_key_works_with_a_warning() {
    let key = KeyPair::generate().unwrap();
    let certificate = params(100).self_signed(&key).unwrap().pem();
    let sec1 = sec1(&key.serialize_der());
    let summary = read(format!("{certificate}{sec1}")).unwrap();
    assert_eq!(summary.warnings, [KeyWarning::OldKeyForm]);
}

/// The inner octet string of a PKCS#8 key on P-256 is its SEC1 form.
fn sec1(pkcs8: &[u8]) -> String {
    let at = pkcs8.windows(2).position(|pair| pair == [0x30, 0x6b] || pair == [0x30, 0x77]).unwrap();
    let text = chunked(&pkcs8[at..]);
    format!("-----BEGIN EC PRIVATE KEY-----\n{text}-----END EC PRIVATE KEY-----\n")
}

fn chunked(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().fold(0u32, |sum, byte| sum << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let digit = DIGITS[(word >> (18 - 6 * place)) as usize & 63];
            text.push(if place <= chunk.len() { char::from(digit) } else { '=' });
        }
    }
    text + "\n"
}

#[test]
fn a_certificate_of_another_purpose_works_with_warnings() {
    let mut odd = params(500);
    odd.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    odd.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    odd.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let (certificate, key) = pair(&odd);
    let warnings = read(format!("{certificate}{key}")).unwrap().warnings;
    let told: Vec<_> = warnings.iter().map(ToString::to_string).collect();
    assert_eq!(told.len(), 4, "{told:?}");
}

#[test]
fn key_bytes_are_shown_nowhere() {
    let (certificate, key) = good();
    let file = KeyFile::new("bridge.oemkey", format!("{certificate}{key}").into_bytes());
    assert!(!format!("{file:?}").contains("BEGIN"));
    let damaged = key.replace("-----END PRIVATE KEY-----", "!!");
    let error = read(format!("{certificate}{damaged}")).unwrap_err();
    let line = key.lines().nth(1).unwrap();
    assert!(!format!("{error:?} {error}").contains(line));
}
