//! One connection to a mail server, step by step.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use lettre::Address;
use lettre::transport::smtp::client::{AsyncSmtpConnection, AsyncTokioStream};
use lettre::transport::smtp::commands::{Data, Mail, Quit, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};
use lettre::transport::smtp::{Error, response};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::super::config::TlsMode;
use super::super::reach::{self, cut, late};
use super::super::transport::Envelope;
use super::clear::{Clear, Greeted, Reply};
use super::{Answer, Failure, Smtp, Step};

/// Steps that worked, and what was seen.
pub(in super::super) type Trace = Vec<(Step, String)>;

/// A connection on which letters can be sent.
pub(in super::super) struct Session {
    connection: AsyncSmtpConnection,
    patience: Duration,
    patience_for_letter: Duration,
}

impl Session {
    /// Finds the server, connects, protects the connection, and signs on.
    pub(in super::super) async fn open(smtp: &Smtp, trace: &mut Trace) -> Result<Self, Failure> {
        let addresses = reach::look_up(&smtp.reach()).await?;
        trace.push((
            Step::Name,
            addresses.iter().map(|address| address.ip().to_string()).collect::<Vec<_>>().join(", "),
        ));
        let (stream, peer) = reach::connect(&smtp.reach(), &addresses).await?;
        trace.push((Step::Connect, peer.to_string()));
        let (stream, encrypted) = protect(smtp, stream, peer).await?;
        let shown = if encrypted { "the connection is encrypted" } else { "NOT encrypted" };
        trace.push((Step::Tls, shown.to_owned()));
        let hello = ClientId::default();
        let greet = AsyncSmtpConnection::connect_with_transport(stream, &hello);
        let connection = within(smtp.patience, Step::Connect, greet).await?;
        let mut session = Self { connection, patience: smtp.patience, patience_for_letter: smtp.patience_for_letter };
        session.sign_on(smtp, encrypted, trace).await?;
        Ok(session)
    }

    async fn sign_on(&mut self, smtp: &Smtp, encrypted: bool, trace: &mut Trace) -> Result<(), Failure> {
        let Some(sign_on) = &smtp.sign_on else { return Ok(()) };
        if !encrypted {
            return Err(Failure::nothing(Step::SignOn, "the server offers no TLS, and nobody signs on without"));
        }
        if self.connection.server_info().get_auth_mechanism(sign_on.mechanisms).is_none() {
            let wanted: Vec<_> = sign_on.mechanisms.iter().map(ToString::to_string).collect();
            let text = format!("the server does not offer to sign on by {}", wanted.join(" or "));
            return Err(Failure::nothing(Step::SignOn, text));
        }
        let credentials = sign_on.credentials().await?;
        let auth = self.connection.auth(sign_on.mechanisms, &credentials);
        // The text of a failure may repeat what was sent: only the server's own words are told.
        let signed = timeout(self.patience, auth).await;
        match signed.map_err(|_| late(Step::SignOn))? {
            Ok(_) => {
                trace.push((Step::SignOn, format!("as {}", sign_on.user)));
                Ok(())
            }
            Err(error) if error.status().is_some() => Err(failure(Step::SignOn, &error)),
            Err(_) => Err(Failure::nothing(Step::SignOn, "the server did not accept the sign-on")),
        }
    }

    /// Names the sender of the next letter.
    pub(in super::super) async fn sender(
        &mut self,
        from: &str,
        message: &[u8],
        envelope: &Envelope,
    ) -> Result<(), Failure> {
        let sender: Address =
            from.parse().map_err(|_| Failure::nothing(Step::Sender, "the sender is no mail address"))?;
        let mut parameters = Vec::new();
        let info = self.connection.server_info();
        if !from.is_ascii() || envelope.to().iter().any(|to| !to.is_ascii()) {
            if !info.supports_feature(Extension::SmtpUtfEight) {
                let text = "the server takes no addresses with letters beyond ASCII";
                return Err(Failure::new(Step::Recipient, text, Answer::Never));
            }
            parameters.push(MailParameter::SmtpUtfEight);
        }
        if !message.is_ascii() && info.supports_feature(Extension::EightBitMime) {
            parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
        }
        let mail = self.connection.command(Mail::new(Some(sender), parameters));
        within(self.patience, Step::Sender, mail).await.map(drop)
    }

    /// Names the recipients of the letter; one that is accepted is enough.
    pub(in super::super) async fn recipients(&mut self, to: &[String]) -> Result<(), Failure> {
        let mut refused = Err(Failure::new(Step::Recipient, "the letter has no recipient", Answer::Never));
        let mut accepted = false;
        for to in to {
            let Ok(address) = to.parse::<Address>() else { continue };
            let rcpt = self.connection.command(Rcpt::new(address, Vec::new()));
            match within(self.patience, Step::Recipient, rcpt).await {
                Ok(_) => accepted = true,
                Err(failure) if failure.answer == Answer::Nothing => return Err(failure),
                Err(failure) => refused = Err(failure),
            }
        }
        if accepted { Ok(()) } else { refused }
    }

    /// Hands the letter over.
    pub(in super::super) async fn letter(&mut self, message: &[u8]) -> Result<(), Failure> {
        // Without an answer to DATA nothing of the letter was sent.
        within(self.patience, Step::Letter, self.connection.command(Data)).await.map_err(|failure| {
            let step = if failure.answer == Answer::Nothing { Step::Connect } else { Step::Letter };
            Failure { step, ..failure }
        })?;
        within(self.patience_for_letter, Step::Letter, self.connection.message(message)).await.map(drop)
    }

    /// Says good-bye; whatever comes of it.
    pub(in super::super) async fn quit(mut self) {
        let _ = timeout(self.patience.min(Duration::from_secs(5)), self.connection.command(Quit)).await;
    }
}

/// The stream to go on with, and whether it is encrypted.
async fn protect(
    smtp: &Smtp,
    mut stream: TcpStream,
    peer: SocketAddr,
) -> Result<(Box<dyn AsyncTokioStream>, bool), Failure> {
    match smtp.mode() {
        TlsMode::None => Ok((Box::new(stream), false)),
        TlsMode::Implicit => Ok((Box::new(Greeted::not_yet(reach::encrypt(&smtp.reach(), stream).await?, peer)), true)),
        TlsMode::Starttls | TlsMode::Opportunistic => {
            let asked = timeout(smtp.patience, ask_for_tls(&mut stream)).await.map_err(|_| late(Step::Tls))??;
            match asked {
                Asked::Yes => Ok((Box::new(Greeted::new(reach::encrypt(&smtp.reach(), stream).await?, peer)), true)),
                Asked::No(_) if smtp.mode() == TlsMode::Opportunistic => {
                    tracing::warn!("the mail server offers no TLS: letters go in the clear");
                    Ok((Box::new(Greeted::new(stream, peer)), false))
                }
                Asked::No(why) => Err(Failure::nothing(Step::Tls, why)),
            }
        }
    }
}

enum Asked {
    Yes,
    No(String),
}

async fn ask_for_tls(stream: &mut TcpStream) -> Result<Asked, Failure> {
    let mut clear = Clear::new(stream);
    let step = |error: io::Error| cut(Step::Tls, &error);
    positive(Step::Connect, clear.reply().await.map_err(|error| cut(Step::Connect, &error))?)?;
    let hello = clear.command(&format!("EHLO {}", ClientId::default())).await.map_err(step)?;
    let offer = positive(Step::Tls, hello)?;
    if !offer.offers("STARTTLS") {
        return Ok(Asked::No("the server does not offer STARTTLS".to_owned()));
    }
    let go = clear.command("STARTTLS").await.map_err(step)?;
    if go.code != 220 {
        return Ok(Asked::No(format!("the server refused STARTTLS: {}", go.text())));
    }
    if clear.is_ahead() {
        return Err(Failure::nothing(Step::Tls, "the server spoke on in the clear: somebody may sit between"));
    }
    Ok(Asked::Yes)
}

fn positive(step: Step, reply: Reply) -> Result<Reply, Failure> {
    match reply.code {
        200..400 => Ok(reply),
        400..500 => Err(Failure::new(step, reply.text(), Answer::Later)),
        _ => Err(Failure::new(step, reply.text(), Answer::Never)),
    }
}

async fn within<T>(
    patience: Duration,
    step: Step,
    doing: impl Future<Output = Result<T, Error>>,
) -> Result<T, Failure> {
    match timeout(patience, doing).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) => Err(failure(step, &error)),
        Err(_) => Err(late(step)),
    }
}

fn failure(step: Step, error: &Error) -> Failure {
    let answer = match error.status().map(|code| code.severity) {
        Some(response::Severity::TransientNegativeCompletion) => Answer::Later,
        Some(response::Severity::PermanentNegativeCompletion) => Answer::Never,
        _ => Answer::Nothing,
    };
    let words = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
    let text = match error.status() {
        Some(code) => format!("{code} {words}"),
        None if words.is_empty() => error.to_string(),
        None => words,
    };
    Failure::new(step, text, answer)
}
