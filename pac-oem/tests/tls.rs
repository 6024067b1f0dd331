//! Who trusts whom: real handshakes on loopback.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may stop")]

mod support;

use pac_oem::{
    Fingerprint, PacClient, Trust, driver,
    model::{PacEndpoint, PacError, PacErrorKind, PacSession, RetryClass},
    read_key_file, server_certificate,
};
use rcgen::{BasicConstraints, IsCa, date_time_ymd};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, SignatureScheme,
    client::danger::HandshakeSignatureValid,
    pki_types::{CertificateDer, UnixTime},
    server::danger::{ClientCertVerified, ClientCertVerifier},
    version::{TLS12, TLS13},
};
use std::{sync::Arc, time::Duration};
use support::{Authority, KeyOnDisk, serve, server_params};
use tokio::{io::AsyncWriteExt, net::TcpListener};

const LIMIT: Duration = Duration::from_secs(5);

fn endpoint(port: u16, key: &KeyOnDisk, trust: Trust) -> PacEndpoint {
    PacEndpoint::new("127.0.0.1", port, &key.path, trust)
}

async fn connect(endpoint: &PacEndpoint) -> Result<Arc<dyn PacSession>, PacError> {
    let key = read_key_file(&endpoint.key_path, endpoint.allow_loose_key_permissions)?;
    driver("oem1").unwrap().connect(endpoint, key).await
}

async fn refusal(endpoint: &PacEndpoint) -> PacError {
    connect(endpoint).await.err().expect("a refusal")
}

fn roots(authority: &Authority) -> Trust {
    Trust::OnlyRoots(authority.pem.clone().into_bytes())
}

#[tokio::test]
async fn both_sides_know_each_other() {
    let ours = Authority::new();
    let (leaf, key) = ours.issue(&server_params());
    let port = serve((&leaf, &key), ours.clients(), &[&TLS13, &TLS12]).await;
    let file = ours.key_file();
    let session = connect(&endpoint(port, &file, roots(&ours))).await.unwrap();
    assert_eq!((session.server().name.as_str(), session.server().tls.as_str()), ("A test", "TLS 1.3"));
    let mut named = endpoint(port, &file, roots(&ours));
    named.server_name = Some("pac.example".into());
    assert!(connect(&named).await.is_ok());
}

#[tokio::test]
async fn servers_that_are_not_trusted_are_told_apart() {
    let (ours, theirs) = (Authority::new(), Authority::new());
    let file = ours.key_file();
    let (leaf, key) = ours.issue(&server_params());
    let port = serve((&leaf, &key), ours.clients(), &[&TLS13]).await;

    let foreign = refusal(&endpoint(port, &file, roots(&theirs))).await;
    assert_eq!((foreign.kind(), foreign.retry()), (PacErrorKind::ServerUntrusted, RetryClass::Never));
    assert!(foreign.message().contains("issued by nobody we trust"), "{foreign}");

    let mut named = endpoint(port, &file, roots(&ours));
    named.server_name = Some("other.example".into());
    let name = refusal(&named).await;
    assert!(name.kind() == PacErrorKind::ServerUntrusted && name.message().contains("pac.example"), "{name}");

    let pin = Trust::PinnedSha256(vec![Fingerprint::new([7; 32])]);
    let pinned = refusal(&endpoint(port, &file, pin)).await;
    assert!(pinned.message().contains(&Fingerprint::of(leaf.der()).to_string()), "{pinned}");

    for trust in [Trust::System, Trust::DangerouslyAcceptAny, Trust::ExtraRoot(ours.pem.clone().into_bytes())] {
        let config = refusal(&endpoint(port, &file, trust)).await;
        assert_eq!(config.kind(), PacErrorKind::Config, "no way around");
    }
}

#[tokio::test]
async fn a_pin_takes_a_self_made_certificate_in_its_time_alone() {
    let ours = Authority::new();
    let file = ours.key_file();
    for (year, good) in [(2020, false), (2090, true)] {
        let key = rcgen::KeyPair::generate().unwrap();
        let mut params = server_params();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.not_before = date_time_ymd(2019, 1, 1);
        params.not_after = date_time_ymd(year, 1, 1);
        let leaf = params.self_signed(&key).unwrap();
        let port = serve((&leaf, &key), ours.clients(), &[&TLS13]).await;
        let pin = Trust::PinnedSha256(vec![Fingerprint::of(leaf.der())]);
        match connect(&endpoint(port, &file, pin)).await {
            Ok(_) => assert!(good),
            Err(error) => {
                assert_eq!((good, error.kind()), (false, PacErrorKind::ServerUntrusted));
                assert!(error.message().contains("expired"), "{error}");
            }
        }
        let as_root = refusal(&endpoint(port, &file, Trust::OnlyRoots(leaf.pem().into_bytes()))).await;
        assert_eq!(as_root.kind(), PacErrorKind::ServerUntrusted);
    }
}

#[tokio::test]
async fn refusals_of_the_client_are_told_apart() {
    let (ours, theirs) = (Authority::new(), Authority::new());
    let (leaf, key) = ours.issue(&server_params());
    let port = serve((&leaf, &key), ours.clients(), &[&TLS13, &TLS12]).await;
    let stranger = theirs.key_file();
    let foreign = refusal(&endpoint(port, &stranger, roots(&ours))).await;
    assert_eq!((foreign.kind(), foreign.retry()), (PacErrorKind::ClientUnknown, RetryClass::Never));
    assert!(!foreign.kind().remedy().is_empty());

    let file = ours.key_file();
    for (complaint, kind) in [
        (CertificateError::Expired, PacErrorKind::ClientExpired),
        (CertificateError::Revoked, PacErrorKind::ClientRevoked),
        (CertificateError::UnknownIssuer, PacErrorKind::ClientUnknown),
        (CertificateError::BadEncoding, PacErrorKind::ClientUnknown),
    ] {
        for version in [&TLS13, &TLS12] {
            let port = serve((&leaf, &key), Arc::new(Complains(complaint.clone())), &[version]).await;
            let mut endpoint = endpoint(port, &file, roots(&ours));
            endpoint.allow_tls12 = true;
            assert_eq!(refusal(&endpoint).await.kind(), kind, "{complaint:?} {version:?}");
        }
    }
}

#[tokio::test]
async fn tls_12_is_spoken_only_when_allowed() {
    let ours = Authority::new();
    let (leaf, key) = ours.issue(&server_params());
    let port = serve((&leaf, &key), ours.clients(), &[&TLS12]).await;
    let file = ours.key_file();
    let mut endpoint = endpoint(port, &file, roots(&ours));
    assert_eq!(refusal(&endpoint).await.kind(), PacErrorKind::TlsIncompatible);
    endpoint.allow_tls12 = true;
    assert_eq!(connect(&endpoint).await.unwrap().server().tls, "TLS 1.2");
}

#[tokio::test]
async fn what_is_no_such_server_is_told() {
    let ours = Authority::new();
    let file = ours.key_file();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let plain = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        socket.write_all(b"220 mail.example ESMTP\r\n").await.unwrap();
        // Accepts the next one, and says nothing.
        listener.accept().await.unwrap()
    });
    let mut endpoint = endpoint(port, &file, roots(&ours));
    assert_eq!(refusal(&endpoint).await.kind(), PacErrorKind::TlsIncompatible);
    endpoint.connect_timeout = Duration::from_millis(200);
    assert_eq!(refusal(&endpoint).await.kind(), PacErrorKind::Timeout);
    drop(plain.await.unwrap());
    endpoint.connect_timeout = LIMIT;
    assert_eq!(refusal(&endpoint).await.kind(), PacErrorKind::Unreachable);
    endpoint.organisation = 2;
    assert_eq!(refusal(&endpoint).await.kind(), PacErrorKind::Config);
}

#[tokio::test]
async fn the_certificate_is_shown_without_a_key_file() {
    let ours = Authority::new();
    let (leaf, key) = ours.issue(&server_params());
    for version in [&TLS13, &TLS12] {
        let port = serve((&leaf, &key), ours.clients(), &[version]).await;
        let seen = server_certificate("127.0.0.1", port, LIMIT).await.unwrap();
        assert_eq!(seen.sha256, Fingerprint::of(leaf.der()), "{version:?}");
        assert!(seen.names.contains(&"127.0.0.1".to_owned()) && !seen.self_signed && seen.not_after.is_some());
        assert_eq!(seen.pem.replace("\r\n", "\n"), leaf.pem().replace("\r\n", "\n"));
    }
    let gone = server_certificate("127.0.0.1", 1, LIMIT).await.unwrap_err();
    assert_eq!(gone.kind(), PacErrorKind::Unreachable);
}

#[tokio::test]
async fn key_files_that_others_can_read_are_refused_unless_allowed() {
    let ours = Authority::new();
    let file = ours.key_file();
    let mut endpoint = endpoint(1, &file, roots(&ours));
    file.set_mode(0o640);
    let client = |endpoint: &PacEndpoint| PacClient::new(driver("oem1").unwrap(), endpoint.clone());
    assert_eq!(client(&endpoint).inspect_key().unwrap_err().kind(), PacErrorKind::KeyPermissions);
    endpoint.allow_loose_key_permissions = true;
    let warnings = client(&endpoint).inspect_key().unwrap().warnings;
    assert!(warnings.iter().any(|warning| warning.to_string().contains("others can read")), "{warnings:?}");
    endpoint.key_path = "no such file".into();
    assert_eq!(client(&endpoint).inspect_key().unwrap_err().kind(), PacErrorKind::KeyUnreadable);
}

/// Finds the same fault with every client.
#[derive(Debug)]
struct Complains(CertificateError);

impl ClientCertVerifier for Complains {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        Err(self.0.clone().into())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ECDSA_NISTP256_SHA256, SignatureScheme::ED25519]
    }
}
