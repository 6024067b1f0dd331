//! A mail server that does as it is told, on a port of its own.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// How the server behaves.
#[derive(Clone, Default)]
pub(crate) struct Behaviour {
    /// TLS from the first byte.
    pub(crate) implicit: bool,
    /// It does not offer STARTTLS.
    pub(crate) no_starttls: bool,
    /// It says something in the clear right after agreeing to STARTTLS.
    pub(crate) speaks_on: bool,
    /// Mechanisms that it offers.
    pub(crate) auth: &'static str,
    /// Answers to commands by their first word; `.` is the end of a letter, the empty one the greeting.
    pub(crate) answers: BTreeMap<&'static str, &'static str>,
    /// It cuts the connection instead of answering this.
    pub(crate) cuts_at: Option<&'static str>,
    /// It never answers this.
    pub(crate) silent_at: Option<&'static str>,
}

/// A running server.
pub(crate) struct Server {
    pub(crate) port: u16,
    pub(crate) root: String,
    pub(crate) fingerprint: String,
    log: Arc<Mutex<Vec<String>>>,
    letters: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Behaviour {
    pub(crate) fn answering(word: &'static str, answer: &'static str) -> Self {
        Self { answers: BTreeMap::from([(word, answer)]), ..Self::default() }
    }
}

impl Server {
    pub(crate) async fn start(behaviour: Behaviour) -> Self {
        let (acceptor, root, fingerprint) = certificate();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (log, letters) = (Arc::<Mutex<Vec<String>>>::default(), Arc::<Mutex<Vec<Vec<u8>>>>::default());
        let visit = Visit { behaviour, acceptor, log: log.clone(), letters: letters.clone() };
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let visit = visit.clone();
                tokio::spawn(async move { visit.receive(stream).await });
            }
        });
        Self { port, root, fingerprint, log, letters }
    }

    /// Commands that were heard, in order.
    pub(crate) fn log(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }

    pub(crate) fn heard(&self, word: &str) -> bool {
        self.log().iter().any(|line| line.starts_with(word))
    }

    pub(crate) fn letters(&self) -> Vec<Vec<u8>> {
        self.letters.lock().unwrap().clone()
    }
}

#[derive(Clone)]
struct Visit {
    behaviour: Behaviour,
    acceptor: TlsAcceptor,
    log: Arc<Mutex<Vec<String>>>,
    letters: Arc<Mutex<Vec<Vec<u8>>>>,
}

enum After {
    Ended,
    Encrypt,
}

impl Visit {
    async fn receive(&self, stream: TcpStream) -> io::Result<()> {
        if self.behaviour.implicit {
            let mut stream = BufReader::new(self.acceptor.accept(stream).await?);
            return self.talk(&mut stream, true, true).await.map(drop);
        }
        let mut stream = BufReader::new(stream);
        if let After::Encrypt = self.talk(&mut stream, true, false).await? {
            let mut stream = BufReader::new(self.acceptor.accept(stream.into_inner()).await?);
            self.talk(&mut stream, false, true).await?;
        }
        Ok(())
    }

    async fn talk<S>(&self, stream: &mut BufReader<S>, greet: bool, encrypted: bool) -> io::Result<After>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        if greet && !self.answer(stream, "", "220 mail.example").await? {
            return Ok(After::Ended);
        }
        let mut line = String::new();
        loop {
            line.clear();
            if stream.read_line(&mut line).await? == 0 {
                return Ok(After::Ended);
            }
            self.log.lock().unwrap().push(line.trim_end().to_owned());
            let word = line.split_whitespace().next().unwrap_or_default().to_uppercase();
            let go_on = match word.as_str() {
                "EHLO" => {
                    let starttls = if encrypted || self.behaviour.no_starttls { "" } else { "250-STARTTLS\r\n" };
                    let auth = self.behaviour.auth;
                    let hello =
                        format!("250-mail.example\r\n{starttls}250-AUTH {auth}\r\n250-8BITMIME\r\n250 SMTPUTF8");
                    self.answer(stream, "EHLO", &hello).await?
                }
                "STARTTLS" => {
                    let answer = if self.behaviour.speaks_on { "220 go\r\n250 ahead" } else { "220 go" };
                    if !self.answer(stream, "STARTTLS", answer).await?
                        || self.behaviour.answers.contains_key("STARTTLS")
                    {
                        return Ok(After::Ended);
                    }
                    return Ok(After::Encrypt);
                }
                "AUTH" if line.trim_end() == "AUTH LOGIN" => {
                    for question in ["334 VXNlcm5hbWU6", "334 UGFzc3dvcmQ6"] {
                        stream.write_all(format!("{question}\r\n").as_bytes()).await?;
                        line.clear();
                        stream.read_line(&mut line).await?;
                        self.log.lock().unwrap().push(line.trim_end().to_owned());
                    }
                    self.answer(stream, "AUTH", "235 welcome").await?
                }
                "AUTH" => self.answer(stream, "AUTH", "235 welcome").await?,
                "DATA" => {
                    let go_on = self.answer(stream, "DATA", "354 go on").await?;
                    go_on && (self.behaviour.answers.contains_key("DATA") || self.letter(stream).await?)
                }
                "QUIT" => {
                    self.answer(stream, "QUIT", "221 bye").await?;
                    false
                }
                "MAIL" => self.answer(stream, "MAIL", "250 ok").await?,
                "RCPT" => self.answer(stream, "RCPT", "250 ok").await?,
                _ => self.answer(stream, "", "500 what").await?,
            };
            if !go_on {
                return Ok(After::Ended);
            }
        }
    }

    async fn letter<S: AsyncRead + AsyncWrite + Unpin>(&self, stream: &mut BufReader<S>) -> io::Result<bool> {
        let mut letter = Vec::new();
        loop {
            let mut line = Vec::new();
            if stream.read_until(b'\n', &mut line).await? == 0 {
                return Ok(false);
            }
            if line == b".\r\n" {
                break;
            }
            letter.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
        }
        self.letters.lock().unwrap().push(letter);
        self.answer(stream, ".", "250 have it").await
    }

    /// Whether the conversation goes on.
    async fn answer<S: AsyncWrite + Unpin>(&self, stream: &mut S, to: &'static str, usual: &str) -> io::Result<bool> {
        if self.behaviour.cuts_at == Some(to) {
            return Ok(false);
        }
        if self.behaviour.silent_at == Some(to) {
            std::future::pending::<()>().await;
        }
        let answer = self.behaviour.answers.get(to).copied().unwrap_or(usual);
        stream.write_all(format!("{answer}\r\n").as_bytes()).await?;
        stream.flush().await?;
        Ok(true)
    }
}

/// A certificate for `localhost`, the root that issued it as PEM, and its fingerprint.
fn certificate() -> (TlsAcceptor, String, String) {
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let root = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(vec!["localhost".to_owned()]).unwrap().signed_by(&key, &root).unwrap();
    let private = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config =
        ServerConfig::builder().with_no_client_auth().with_single_cert(vec![leaf.der().clone()], private).unwrap();
    let fingerprint = connector_http::Fingerprint::of(leaf.der()).to_string();
    (TlsAcceptor::from(Arc::new(config)), root.pem(), fingerprint)
}
