//! A client of a few lines.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use vendor_sim::pac::PacSim;

/// Longer than anything here takes.
const LONG: Duration = Duration::from_secs(30);

pub(crate) struct Client {
    pub(crate) stream: TlsStream<TcpStream>,
    id: u32,
    keys: u32,
    /// Notices that came between.
    pub(crate) notices: VecDeque<String>,
}

/// The settings of a client with this key file.
pub(crate) fn config(ca: &str, key: &str) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(ca.as_bytes()).unwrap()).unwrap();
    let chain = CertificateDer::pem_slice_iter(key.as_bytes()).map(Result::unwrap).collect();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_client_auth_cert(chain, PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap())
        .unwrap()
}

impl Client {
    /// TLS alone.
    pub(crate) async fn dial(address: std::net::SocketAddr, config: ClientConfig) -> std::io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        let name = ServerName::try_from("127.0.0.1").unwrap();
        let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await?;
        Ok(Self { stream, id: 0, keys: 0, notices: VecDeque::new() })
    }

    /// TLS as this client.
    pub(crate) async fn connect(sim: &PacSim, key: &str) -> Self {
        Self::dial(sim.address(), config(&sim.ca_pem(), key)).await.unwrap()
    }

    /// TLS and a hello that goes well.
    pub(crate) async fn greeted(sim: &PacSim, key: &str) -> Self {
        let mut client = Self::connect(sim, key).await;
        let welcome = client.ask(HELLO).await;
        assert!(welcome.contains("<Welcome "), "{welcome}");
        client
    }

    /// The same as a new client of this simulator.
    pub(crate) async fn new(sim: &PacSim) -> Self {
        Self::greeted(sim, &sim.add_client("Head office bridge").unwrap()).await
    }

    pub(crate) async fn send(&mut self, payload: &str) {
        let frame = format!("OEM/01/{:08}/{payload}", payload.len());
        self.stream.write_all(frame.as_bytes()).await.unwrap();
        self.stream.flush().await.unwrap();
    }

    /// The next frame; `None` when the server has ended the connection.
    pub(crate) async fn receive(&mut self) -> Option<String> {
        tokio::time::timeout(LONG, self.read_frame()).await.expect("the server says nothing")
    }

    async fn read_frame(&mut self) -> Option<String> {
        let mut header = [0; 16];
        self.stream.read_exact(&mut header).await.ok()?;
        let text = std::str::from_utf8(&header).ok()?;
        let len = text.strip_prefix("OEM/01/")?.strip_suffix('/')?.parse().ok()?;
        let mut payload = vec![0; len];
        self.stream.read_exact(&mut payload).await.ok()?;
        String::from_utf8(payload).ok()
    }

    /// The answer to a request without key.
    pub(crate) async fn ask(&mut self, body: &str) -> String {
        self.request("", body).await.expect("the connection ended")
    }

    /// The answer to a write with a key of its own.
    pub(crate) async fn write(&mut self, body: &str) -> String {
        self.keys += 1;
        let key = format!("00000000-0000-4000-8000-{:012}", self.keys);
        self.write_with(&key, body).await.expect("the connection ended")
    }

    pub(crate) async fn write_with(&mut self, key: &str, body: &str) -> Option<String> {
        self.request(&format!(" key=\"{key}\""), body).await
    }

    pub(crate) async fn request(&mut self, key: &str, body: &str) -> Option<String> {
        let id = self.start(key, body).await;
        loop {
            let answer = self.receive().await?;
            if answer.starts_with("<Notice ") {
                self.notices.push_back(answer);
                continue;
            }
            assert!(attribute(&answer, "re") == id.to_string() || answer.contains(" re=\"0\""), "{answer}");
            return Some(answer);
        }
    }

    /// Sends a request and does not wait.
    pub(crate) async fn start(&mut self, key: &str, body: &str) -> u32 {
        self.id += 1;
        let id = self.id;
        self.send(&format!(r#"<Request xmlns="urn:pac-oem:bridge:1" id="{id}" org="1"{key}>{body}</Request>"#)).await;
        id
    }

    /// The next notice.
    pub(crate) async fn notice(&mut self) -> Option<String> {
        match self.notices.pop_front() {
            Some(notice) => Some(notice),
            None => self.receive().await,
        }
    }

    /// The number of the next request will be this.
    pub(crate) fn set_id(&mut self, next: u32) {
        self.id = next - 1;
    }
}

pub(crate) const HELLO: &str = r#"<Hello client="Head office bridge" product="test" version="0.1.0" profileMin="1" profileMax="1" now="2026-03-02T07:58:01.120+01:00"/>"#;

/// The first attribute of this name.
pub(crate) fn attribute(text: &str, name: &str) -> String {
    let from = text.find(&format!(" {name}=\"")).unwrap_or_else(|| panic!("no {name} in {text}"));
    text[from + name.len() + 3..].split('"').next().unwrap().to_owned()
}

/// The numbers of all records in a batch.
pub(crate) fn numbers(text: &str) -> Vec<u64> {
    text.split(" seq=\"").skip(1).map(|rest| rest.split('"').next().unwrap().parse().unwrap()).collect()
}

/// The code of an error answer; 0 if it is none.
pub(crate) fn code(text: &str) -> u16 {
    if text.contains("status=\"error\"") { attribute(text, "code").parse().unwrap() } else { 0 }
}

/// A site with as many persons, and a client of it.
pub(crate) async fn site(people: u32) -> (PacSim, Client) {
    let sim = PacSim::builder().people(people).start().await.unwrap();
    let client = Client::new(&sim).await;
    (sim, client)
}
