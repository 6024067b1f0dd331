//! Getting there: TLS agreed, verified, refused; an instance found by its name.

use tiberius::EncryptionLevel;
use vendor_sim::sqlserver::{Encryption, SqlServerSim};

use crate::client::{batch, config, connect_with, number};

/// The certificate in a file, as the client wants it.
struct Pem(std::path::PathBuf);

impl Pem {
    fn of(sim: &SqlServerSim) -> Self {
        let path = std::env::temp_dir().join(format!("sqlserver-sim-{}-{}.pem", std::process::id(), sim.port()));
        std::fs::write(&path, sim.certificate_pem().unwrap()).unwrap();
        Self(path)
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for Pem {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[tokio::test]
async fn a_verified_certificate_lets_everything_be_encrypted() {
    for name in ["localhost", "127.0.0.1"] {
        let sim = SqlServerSim::builder().tls(true).start().await.unwrap();
        let pem = Pem::of(&sim);
        let mut config = config(&sim);
        config.host(name);
        config.encryption(EncryptionLevel::Required);
        config.trust_cert_ca(pem.path());
        let mut client = connect_with(config).await.unwrap();
        let long = "x".repeat(50_000);
        let rows = client.query("SELECT @P1", &[&long.as_str()]).await.unwrap().into_first_result().await.unwrap();
        assert_eq!(rows.first().unwrap().get::<&str, _>(0).unwrap().len(), 50_000, "{name}");
    }
}

#[tokio::test]
async fn a_certificate_that_is_not_known_or_has_another_name_is_refused() {
    let sim = SqlServerSim::builder().tls(true).start().await.unwrap();
    let mut unknown = config(&sim);
    unknown.encryption(EncryptionLevel::Required);
    assert!(connect_with(unknown).await.is_err());
    let other = SqlServerSim::builder().tls(true).tls_names(["sql01.example.org"]).start().await.unwrap();
    let pem = Pem::of(&other);
    let mut named = config(&other);
    named.encryption(EncryptionLevel::Required);
    named.trust_cert_ca(pem.path());
    assert!(connect_with(named).await.is_err());
    assert_eq!((sim.logins(), other.logins()), (0, 0));
}

#[tokio::test]
async fn the_login_alone_can_be_encrypted() {
    let sim = SqlServerSim::builder().tls(true).start().await.unwrap();
    let mut config = config(&sim);
    config.encryption(EncryptionLevel::Off);
    config.trust_cert();
    let mut client = connect_with(config).await.unwrap();
    assert_eq!(number(&mut client, "SELECT COUNT(*) FROM dbo.tversion").await, 1);
    assert!(batch(&mut client, "SELECT * FROM dbo.temployee").await.unwrap().is_empty());
}

#[tokio::test]
async fn a_server_without_encryption_does_not_get_the_password_of_a_client_that_wants_it() {
    let sim = SqlServerSim::builder().tls(true).start().await.unwrap();
    sim.set_encryption(Encryption::NotSupported);
    let mut config = config(&sim);
    config.encryption(EncryptionLevel::Required);
    config.trust_cert();
    assert!(connect_with(config).await.is_err());
    assert_eq!(sim.logins(), 0);
}

#[tokio::test]
async fn a_server_that_requires_encryption_refuses_a_client_without() {
    let sim = SqlServerSim::builder().encryption(Encryption::Required).start().await.unwrap();
    assert!(connect_with(config(&sim)).await.is_err());
    let mut off = config(&sim);
    off.encryption(EncryptionLevel::Off);
    off.trust_cert();
    connect_with(off).await.unwrap();
    assert_eq!(sim.logins(), 1);
}

#[tokio::test]
async fn a_named_instance_is_found_through_its_browser() {
    use tiberius::SqlBrowser;
    use tokio_util::compat::TokioAsyncWriteCompatExt;

    let sim = SqlServerSim::builder().instance("TIMEWARE").start().await.unwrap();
    let mut config = config(&sim);
    config.instance_name("timeware");
    config.port(sim.browser_port().unwrap());
    let stream = tokio::net::TcpStream::connect_named(&config).await.unwrap();
    assert_eq!(stream.peer_addr().unwrap(), sim.address());
    let mut client = Box::pin(tiberius::Client::connect(config, stream.compat_write())).await.unwrap();
    assert_eq!(number(&mut client, "SELECT COUNT(*) FROM dbo.tversion").await, 1);
}
