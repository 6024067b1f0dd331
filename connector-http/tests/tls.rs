//! Real handshakes on loopback: kinds of server certificates, each under each trust.
#![cfg(feature = "client")]
#![allow(clippy::unwrap_used, reason = "a test may stop")]

mod support;

use connector_http::{
    ConnectFailure, Error, ErrorKind, Fingerprint, HttpClient, ManualClock, Phase, RetryPolicy, TlsFailure, Trust,
    probe,
};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use std::{net::SocketAddr, sync::Arc, time::Duration};
use support::Read;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use tokio_rustls::TlsAcceptor;
use url::Url;

/// What a server shows, and the root that would vouch for it.
struct Identity {
    leaf: CertificateDer<'static>,
    key: KeyPair,
    root_pem: String,
}

impl Identity {
    fn issued(names: &[&str], shape: impl FnOnce(&mut CertificateParams)) -> Self {
        let root_key = KeyPair::generate().unwrap();
        let mut root = CertificateParams::new(Vec::new()).unwrap();
        root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        root.distinguished_name.push(rcgen::DnType::CommonName, "a root of ours");
        let root_pem = root.self_signed(&root_key).unwrap().pem();
        let issuer = Issuer::new(root, root_key);
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>()).unwrap();
        shape(&mut params);
        let leaf = params.signed_by(&key, &issuer).unwrap();
        Self { leaf: leaf.der().clone(), key, root_pem }
    }

    fn proper() -> Self {
        Self::issued(&["127.0.0.1"], |_| ())
    }

    fn for_another_name() -> Self {
        Self::issued(&["net2.elsewhere.example"], |_| ())
    }

    fn expired() -> Self {
        Self::issued(&["127.0.0.1"], |params| {
            params.not_before = date_time_ymd(2019, 1, 1);
            params.not_after = date_time_ymd(2020, 1, 1);
        })
    }

    /// As access control servers make them: signed by itself, marked as an authority.
    fn self_made() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let leaf = params.self_signed(&key).unwrap();
        Self { leaf: leaf.der().clone(), key, root_pem: leaf.pem() }
    }

    fn pin(&self) -> Trust {
        Trust::PinnedSha256(vec![Fingerprint::new([0; 32]), Fingerprint::of(&self.leaf)])
    }

    fn root(&self) -> Trust {
        Trust::ExtraRoot(self.root_pem.clone().into_bytes())
    }

    async fn serve(&self) -> SocketAddr {
        serve(self.leaf.clone(), &self.key).await
    }
}

/// Hands out a certificate with whatever key, fitting or not.
#[derive(Debug)]
struct Shown(Arc<CertifiedKey>);

impl ResolvesServerCert for Shown {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.clone())
    }
}

async fn serve(leaf: CertificateDer<'static>, key: &KeyPair) -> SocketAddr {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let key = provider.key_provider.load_private_key(key).unwrap();
    let shown = Shown(Arc::new(CertifiedKey::new(vec![leaf], key)));
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(shown));
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}").await;
            let _ = stream.shutdown().await;
        }
    });
    address
}

async fn call(address: SocketAddr, trust: Trust) -> Result<(), Error> {
    let client = HttpClient::builder(&format!("https://{address}"))
        .trust(trust)
        .retry(RetryPolicy::never())
        .clock(Arc::new(ManualClock::default()))
        .build()?;
    client.send(&Read("doors")).await.map(|_| ())
}

async fn failure(identity: &Identity, trust: Trust) -> Option<TlsFailure> {
    let address = identity.serve().await;
    let probed = probe(&url(address), &trust, Duration::from_secs(10)).await.unwrap();
    let called = call(address, trust).await.err();
    if let Some(error) = &called {
        assert_eq!((error.kind(), error.phase()), (ErrorKind::Auth, Phase::NotSent), "{error:?}");
    }
    let called = called.map(|error| match error.failure() {
        Some(ConnectFailure::Tls(failure)) => failure,
        other => panic!("{other:?}"),
    });
    assert_eq!(probed.failure, called, "the probe and the call agree");
    assert_eq!(probed.certificate.unwrap().fingerprint, Fingerprint::of(&identity.leaf));
    called
}

fn url(address: SocketAddr) -> Url {
    Url::parse(&format!("https://{address}")).unwrap()
}

#[tokio::test]
async fn a_pin_accepts_every_kind_of_certificate() {
    for identity in [Identity::proper(), Identity::for_another_name(), Identity::self_made(), Identity::expired()] {
        assert_eq!(failure(&identity, identity.pin()).await, None);
    }
}

#[tokio::test]
async fn an_extra_root_accepts_only_what_it_issued_for_this_name_and_time() {
    let proper = Identity::proper();
    assert_eq!(failure(&proper, proper.root()).await, None);
    let other = Identity::for_another_name();
    let presented = match failure(&other, other.root()).await {
        Some(TlsFailure::NameMismatch { presented }) => presented.join(" "),
        failure => panic!("{failure:?}"),
    };
    assert!(presented.contains("net2.elsewhere.example"), "{presented}");
    let expired = Identity::expired();
    assert_eq!(failure(&expired, expired.root()).await, Some(TlsFailure::Expired));
    assert_eq!(failure(&proper, other.root()).await, Some(TlsFailure::UntrustedIssuer));
}

#[tokio::test]
async fn an_extra_root_does_not_help_with_a_self_made_authority() {
    let identity = Identity::self_made();
    assert_eq!(failure(&identity, identity.root()).await, Some(TlsFailure::AuthorityAsServer));
}

#[tokio::test]
async fn the_system_trusts_none_of_them() {
    if Trust::System.client_config().is_err() {
        return; // a machine without any root certificate trusts nobody and says so when the client is built
    }
    for identity in [Identity::proper(), Identity::for_another_name()] {
        assert_eq!(failure(&identity, Trust::System).await, Some(TlsFailure::UntrustedIssuer));
    }
    assert!(failure(&Identity::self_made(), Trust::System).await.is_some());
}

#[tokio::test]
async fn a_wrong_pin_shows_the_fingerprint_that_was_seen() {
    let identity = Identity::self_made();
    let seen = Fingerprint::of(&identity.leaf);
    let trust = Trust::PinnedSha256(vec![Fingerprint::new([9; 32])]);
    assert_eq!(failure(&identity, trust.clone()).await, Some(TlsFailure::PinMismatch { seen }));
    let error = call(identity.serve().await, trust).await.unwrap_err();
    assert!(error.to_string().contains(&seen.to_string()), "{error}");
}

#[tokio::test]
async fn a_stolen_certificate_without_its_key_is_refused_under_a_pin() {
    let (victim, thief) = (Identity::proper(), Identity::proper());
    for trust in [victim.pin(), victim.root(), Trust::DangerouslyAcceptAny] {
        let address = serve(victim.leaf.clone(), &thief.key).await;
        let error = call(address, trust.clone()).await.unwrap_err();
        assert_eq!(error.failure(), Some(TlsFailure::BadSignature.into()), "{error:?}");
        let probed = probe(&url(address), &trust, Duration::from_secs(10)).await.unwrap();
        assert_eq!(probed.failure, Some(TlsFailure::BadSignature));
    }
}

#[tokio::test]
async fn accept_any_accepts_any() {
    assert_eq!(failure(&Identity::self_made(), Trust::DangerouslyAcceptAny).await, None);
}

#[tokio::test]
async fn a_port_without_tls_is_told() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut hello = [0; 4096];
            let _ = stream.read(&mut hello).await;
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n").await;
        }
    });
    let trust = Trust::DangerouslyAcceptAny;
    let error = call(address, trust.clone()).await.unwrap_err();
    assert_eq!(error.failure(), Some(TlsFailure::NotTls.into()));
    assert_eq!(error.kind(), ErrorKind::Config);
    let probed = probe(&url(address), &trust, Duration::from_secs(10)).await.unwrap_err();
    assert_eq!(probed.failure(), Some(TlsFailure::NotTls.into()));
}

#[tokio::test]
async fn a_probe_shows_the_certificate_of_an_unbelieved_server() {
    let identity = Identity::expired();
    let probed = probe(&url(identity.serve().await), &identity.root(), Duration::from_secs(10)).await.unwrap();
    let certificate = probed.certificate.unwrap();
    assert_eq!(certificate.names, ["127.0.0.1"]);
    assert!(certificate.issuer.contains("a root of ours"), "{}", certificate.issuer);
    assert_eq!(certificate.not_after.unwrap().to_rfc3339(), "2020-01-01T00:00:00+00:00");
    assert!(!certificate.self_signed);
}
