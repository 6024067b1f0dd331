//! Certificates, key files and a TLS server with a greeting, for tests of the whole way.

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls::{
    RootCertStore, ServerConfig, SupportedProtocolVersion,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer},
    server::{WebPkiClientVerifier, danger::ClientCertVerifier},
};
use std::{os::unix::fs::PermissionsExt as _, path::PathBuf, sync::Arc};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use tokio_rustls::TlsAcceptor;

pub(crate) struct Authority {
    pub(crate) pem: String,
    der: CertificateDer<'static>,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "a root of ours");
        let root = params.self_signed(&key).unwrap();
        Self { pem: root.pem(), der: root.der().clone(), issuer: Issuer::new(params, key) }
    }

    pub(crate) fn issue(&self, params: &CertificateParams) -> (Certificate, KeyPair) {
        let key = KeyPair::generate().unwrap();
        (params.signed_by(&key, &self.issuer).unwrap(), key)
    }

    /// Takes clients that it issued.
    pub(crate) fn clients(&self) -> Arc<dyn ClientCertVerifier> {
        let mut roots = RootCertStore::empty();
        roots.add(self.der.clone()).unwrap();
        let provider = Arc::new(aws_lc_rs::default_provider());
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap()
    }

    /// A key file as it is handed out.
    pub(crate) fn key_file(&self) -> KeyOnDisk {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, "Head office bridge");
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        let (certificate, key) = self.issue(&params);
        KeyOnDisk::new(&format!("Client: Head office bridge\n{}{}", certificate.pem(), key.serialize_pem()))
    }
}

pub(crate) struct KeyOnDisk {
    pub(crate) path: PathBuf,
    _folder: TempDir,
}

impl KeyOnDisk {
    pub(crate) fn new(text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bridge.oemkey");
        std::fs::write(&path, text).unwrap();
        let key = Self { path, _folder: folder };
        key.set_mode(0o600);
        key
    }

    pub(crate) fn set_mode(&self, mode: u32) {
        std::fs::set_permissions(&self.path, std::fs::Permissions::from_mode(mode)).unwrap();
    }
}

pub(crate) fn server_params() -> CertificateParams {
    CertificateParams::new(vec!["127.0.0.1".to_owned(), "pac.example".to_owned()]).unwrap()
}

/// A server that greets whoever it lets in; its port.
pub(crate) async fn serve(
    identity: (&Certificate, &KeyPair),
    clients: Arc<dyn ClientCertVerifier>,
    versions: &[&'static SupportedProtocolVersion],
) -> u16 {
    let key = PrivateKeyDer::try_from(identity.1.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(versions)
        .unwrap()
        .with_client_cert_verifier(clients)
        .with_single_cert(vec![identity.0.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut stream) = acceptor.accept(socket).await else { return };
                let mut hello = [0; 4096];
                let _ = stream.read(&mut hello).await;
                let _ = stream.write_all(&greeting()).await;
                // Until the client hangs up.
                while stream.read(&mut hello).await.is_ok_and(|read| read > 0) {}
            });
        }
    });
    port
}

fn greeting() -> Vec<u8> {
    let now = chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
    let text = format!(
        r#"<Response xmlns="urn:pac-oem:bridge:1" re="1" status="ok"><Welcome server="A test" version="1" profile="1" session="6f1c2a34-0b7d-4c55-9a11-2f6f3f0c9d10" now="{now}" tz="UTC" organisation="o" origin="oem:x"><Limits maxFrame="8388608" maxInFlight="8" maxPage="500" maxWindow="500" idleSeconds="90" maxDoorSeconds="60"/></Welcome></Response>"#
    );
    format!("OEM/01/{:08}/{text}", text.len()).into_bytes()
}
