use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncReadExt;
use vendor_sim::pac::{PacSim, ServerCertificate};

use crate::client::{Client, HELLO, code, config, site};

/// What TLS says to a client with this key.
async fn alert(sim: &PacSim, key: &str) -> String {
    match Client::dial(sim.address(), config(&sim.ca_pem(), key)).await {
        Err(error) => error.to_string(),
        // The refusal comes with the first read.
        Ok(mut client) => client.stream.read_u8().await.unwrap_err().to_string(),
    }
}

#[tokio::test]
async fn a_client_of_another_authority_or_out_of_date_is_refused_by_tls() {
    let (sim, _) = site(0).await;
    let foreign = alert(&sim, &sim.foreign_client("Foreign").unwrap()).await;
    assert!(foreign.contains("UnknownCA") || foreign.contains("DecryptError"), "{foreign}");
    let expired = alert(&sim, &sim.expired_client("Expired").unwrap()).await;
    assert!(expired.contains("CertificateExpired"), "{expired}");
    assert_eq!(sim.logins(), 1);
}

#[tokio::test]
async fn without_certificate_there_is_no_connection() {
    let (sim, _) = site(0).await;
    let mut settings = config(&sim.ca_pem(), &sim.add_client("Any").unwrap());
    settings.client_auth_cert_resolver = Arc::new(Nothing);
    let error = match Client::dial(sim.address(), settings).await {
        Err(error) => error.to_string(),
        Ok(mut client) => client.stream.read_u8().await.unwrap_err().to_string(),
    };
    assert!(error.contains("CertificateRequired"), "{error}");
}

#[derive(Debug)]
struct Nothing;

impl rustls::client::ResolvesClientCert for Nothing {
    fn resolve(&self, _: &[&[u8]], _: &[rustls::SignatureScheme]) -> Option<Arc<rustls::sign::CertifiedKey>> {
        None
    }

    fn has_certs(&self) -> bool {
        false
    }
}

#[tokio::test]
async fn tls_13_is_spoken_or_12_when_it_is_wanted() {
    let (_sim, client) = site(0).await;
    assert_eq!(client.stream.get_ref().1.protocol_version(), Some(rustls::ProtocolVersion::TLSv1_3));
    let old = PacSim::builder().tls12(true).start().await.unwrap();
    let client = Client::new(&old).await;
    assert_eq!(client.stream.get_ref().1.protocol_version(), Some(rustls::ProtocolVersion::TLSv1_2));
}

#[tokio::test]
async fn the_server_can_show_certificates_that_a_client_must_not_take() {
    for kind in [ServerCertificate::SelfSigned, ServerCertificate::OtherName, ServerCertificate::Expired] {
        let sim = PacSim::builder().certificate(kind).start().await.unwrap();
        let key = sim.add_client("Careful").unwrap();
        assert!(Client::dial(sim.address(), config(&sim.ca_pem(), &key)).await.is_err(), "{kind:?}");
    }
    let mut sim = PacSim::start().await.unwrap();
    let before = sim.server_fingerprint();
    let after = sim.change_certificate(ServerCertificate::ByAuthority).unwrap();
    assert!(before != after && after == sim.server_fingerprint());
    Client::new(&sim).await;
}

#[tokio::test]
async fn a_session_ends_when_its_certificate_does() {
    let (sim, _) = site(0).await;
    let key = sim.add_client_for("Short", Duration::from_secs(3)).unwrap();
    let mut client = Client::connect(&sim, &key).await;
    assert_eq!(code(&client.ask(HELLO).await), 0);
    assert!(client.receive().await.unwrap().contains(r#"<Closing reason="client-expired"/>"#));
    assert_eq!(client.receive().await, None);
}
