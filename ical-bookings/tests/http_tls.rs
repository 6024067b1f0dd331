//! Real handshakes: which servers a feed is believed from.
#![cfg(feature = "http")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop")]

mod http_support;

use std::sync::Arc;

use connector_http::{Fingerprint, Trust};
use http_support::*;
use ical_bookings::http::{AlarmKind, Feed, FeedState, Outcome, PollReport};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::{ServerConfig, crypto::aws_lc_rs, pki_types::PrivateKeyDer};

/// A server with a certificate of its own making, which says the same to everybody.
struct Tls {
    port: u16,
    fingerprint: Fingerprint,
    pem: String,
}

impl Tls {
    async fn start(reply: Reply) -> Self {
        let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
        let der = made.cert.der().clone();
        let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![der.clone()], key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let Reply::Bytes(bytes) = reply else { panic!("only whole answers here") };
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let Ok(mut stream) = acceptor.accept(stream).await else { continue };
                let _ = stream.read(&mut [0; 4096]).await;
                let _ = stream.write_all(&bytes).await;
                let _ = stream.shutdown().await;
            }
        });
        Self { port, fingerprint: Fingerprint::of(&der), pem: made.cert.pem() }
    }

    fn feed(&self, trust: Trust) -> Feed {
        let link = format!("webcal://127.0.0.1:{}/f?k={SECRET}", self.port);
        feed(&link, |settings| (settings.trust, settings.allow_http) = (trust, true))
    }
}

async fn poll(feed: &Feed) -> PollReport {
    feed.poll(&mut FeedState::default(), now()).await
}

#[tokio::test]
async fn a_pinned_or_rooted_server_is_believed_and_no_other() {
    let server = Tls::start(ok(calendar(2))).await;
    let pinned = Trust::PinnedSha256(vec![server.fingerprint]);
    assert_eq!(poll(&server.feed(pinned)).await.outcome, Outcome::New);
    let rooted = Trust::ExtraRoot(server.pem.clone().into_bytes());
    assert_eq!(poll(&server.feed(rooted)).await.outcome, Outcome::New);
    let report = poll(&server.feed(Trust::PinnedSha256(vec![Fingerprint::new([7; 32])]))).await;
    assert_eq!(report.outcome, Outcome::Failed);
    assert!(report.detail.contains(&server.fingerprint.to_string()), "{report:?}");
    assert!(!format!("{report:?}").contains(SECRET));
    assert_eq!(poll(&server.feed(Trust::PinnedSha256(Vec::new()))).await.outcome, Outcome::Failed);
}

#[tokio::test]
async fn nothing_leads_out_of_tls() {
    let plain = Server::start().await;
    plain.on("/f", [ok(calendar(1))]);
    let server = Tls::start(with(302, &[("Location", &plain.link("/f"))], "")).await;
    let report = poll(&server.feed(Trust::PinnedSha256(vec![server.fingerprint]))).await;
    assert_eq!((report.outcome, plain.seen().len()), (Outcome::Refused, 0));
    assert_eq!(report.alarms[0].kind, AlarmKind::Refused);
}

#[tokio::test]
async fn a_way_into_tls_is_followed() {
    let server = Tls::start(ok(calendar(1))).await;
    let plain = Server::start().await;
    plain.on("/f", [with(301, &[("Location", &format!("https://127.0.0.1:{}/f?k={SECRET}", server.port))], "")]);
    let feed = feed(&plain.link("/f"), |settings| settings.trust = Trust::PinnedSha256(vec![server.fingerprint]));
    let report = poll(&feed).await;
    assert_eq!((report.outcome, report.alarms[0].kind), (Outcome::New, AlarmKind::Moved));
    assert!(report.alarms[0].text.contains("https://127.0.0.1 #"), "{report:?}");
    assert!(!format!("{report:?}").contains(SECRET));
}

#[tokio::test]
async fn a_server_without_tls_behind_https_is_named_as_such() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.read(&mut [0; 4096]).await;
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        }
    });
    let pin = Trust::PinnedSha256(vec![Fingerprint::new([7; 32])]);
    let link = format!("https://127.0.0.1:{port}/f");
    let report = poll(&feed(&link, |settings| settings.trust = pin)).await;
    assert!(report.detail.contains("TLS"), "{report:?}");
}
