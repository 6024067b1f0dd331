//! One connection, from its first byte to its last.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use anyhow::{Context, ensure};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use super::errors::SqlError;
use super::session::{Outcome, Session};
use super::state::Shared;
use super::wire::login::Login;
use super::wire::packet::{Kind, Message, Messages, Wrapped};
use super::wire::prelogin::{self, Agreed};
use super::wire::request::{self, Request};
use super::wire::tokens::{self, Change, Part};
use crate::tcp::Wire;

/// The newest version that is spoken, and the oldest.
const NEWEST: u32 = 0x7400_0004;
const OLDEST: u32 = 0x730a_0003;

/// A stream, encrypted or not.
trait Duplex: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Duplex for T {}

type Stream = Messages<Box<dyn Duplex>>;

impl Wire for Shared {
    async fn serve(self: Arc<Self>, stream: TcpStream) -> anyhow::Result<()> {
        serve(stream, self).await
    }
}

async fn serve(stream: TcpStream, shared: Arc<Shared>) -> anyhow::Result<()> {
    stream.set_nodelay(true)?;
    let mut messages = Messages::new(stream);
    let Some(first) = messages.next().await? else { return Ok(()) };
    ensure!(first.kind == Kind::PreLogin, "a connection begins with a pre-login");
    let (answer, agreed) = prelogin::agree(shared.encryption(), prelogin::wish(&first.body));
    messages.answer(&prelogin::answer(answer)).await?;
    let Some(agreed) = agreed else { return Ok(()) };
    let (mut messages, login) = secure(messages.into_inner(), agreed, &shared).await?;
    let Some(login) = login else { return Ok(()) };
    ensure!(login.kind == Kind::Login, "a login is expected");
    let login = Login::read(&login.body)?;
    let Some(session) = enter(&mut messages, &login, &shared).await? else { return Ok(()) };
    converse(messages, session).await
}

/// Encrypts as agreed, and reads the login.
async fn secure(stream: TcpStream, agreed: Agreed, shared: &Shared) -> anyhow::Result<(Stream, Option<Message>)> {
    if agreed == Agreed::Plain {
        let mut messages: Stream = Messages::new(Box::new(stream));
        let login = messages.next().await?;
        return Ok((messages, login));
    }
    let tls = shared.tls.as_ref().context("no certificate")?;
    let (wrapped, wrapping) = Wrapped::new(stream);
    let stream = tls.acceptor.accept(wrapped).await.context("no TLS with this client")?;
    wrapping.store(false, Ordering::SeqCst);
    if agreed == Agreed::Everything {
        let mut messages: Stream = Messages::new(Box::new(stream));
        let login = messages.next().await?;
        return Ok((messages, login));
    }
    // The login alone was encrypted; all that follows is bare.
    let mut messages = Messages::new(stream);
    let login = messages.next().await?;
    let (wrapped, _) = messages.into_inner().into_inner();
    Ok((Messages::new(Box::new(wrapped.into_inner())), login))
}

/// Lets a login in, or says why not.
async fn enter(messages: &mut Stream, login: &Login, shared: &Arc<Shared>) -> anyhow::Result<Option<Session>> {
    let refused = refusal(login, shared);
    if !refused.is_empty() {
        messages.answer(&tokens::refusal(&refused, &shared.settings.server_name)).await?;
        return Ok(None);
    }
    let session = {
        let shared = Arc::clone(shared);
        let (user, application) = (login.user.clone(), login.application.clone());
        tokio::task::spawn_blocking(move || Session::open(&shared, &user, &application)).await??
    };
    let size = if login.packet_size == 0 { 4096 } else { usize::try_from(login.packet_size)?.clamp(512, 32_767) };
    let database = &shared.settings.database;
    let info = |number, message: String| Part::Info(SqlError { class: 10, ..SqlError::new(number, message) });
    let parts = [
        Part::Change(Change::Database { new: database.clone(), old: "master".to_owned() }),
        info(5701, format!("Changed database context to '{database}'.")),
        Part::Change(Change::Collation),
        Part::Change(Change::Language),
        info(5703, "Changed language setting to us_english.".to_owned()),
        Part::Change(Change::PacketSize { new: size, old: 4096 }),
    ];
    let version = login.version.clamp(OLDEST, NEWEST);
    messages.answer(&tokens::welcome(version, &parts, &shared.settings.server_name)).await?;
    messages.set_packet_size(size);
    Ok(Some(session))
}

/// Why a login cannot come in.
fn refusal(login: &Login, shared: &Shared) -> Vec<SqlError> {
    let settings = &shared.settings;
    let failed = SqlError::new(18_456, format!("Login failed for user '{}'.", login.user));
    if let Some(number) = shared.login_fault() {
        return vec![if number == 18_456 { failed } else { SqlError::injected(number) }];
    }
    if !login.user.eq_ignore_ascii_case(&settings.user) || login.password != settings.password {
        return vec![failed];
    }
    let wanted = if login.database.is_empty() { &settings.database } else { &login.database };
    if !wanted.eq_ignore_ascii_case(&settings.database) {
        let text = format!("Cannot open database \"{wanted}\" requested by the login. The login failed.");
        return vec![SqlError::new(4060, text), failed];
    }
    Vec::new()
}

/// Request after request.
async fn converse(mut messages: Stream, mut session: Session) -> anyhow::Result<()> {
    while let Some(message) = messages.next().await? {
        let request = request::read(&message)?;
        if matches!(request, Request::Attention) {
            messages.answer(&tokens::attention_heard()).await?;
            continue;
        }
        let (back, outcome, waiting) = run(&mut messages, session, request).await?;
        session = back;
        match (waiting, outcome) {
            (Waiting::Gone, _) | (_, Outcome::Cut) => break,
            (Waiting::Attention, _) => messages.answer(&tokens::attention_heard()).await?,
            (Waiting::Answer, Outcome::Answer(answer)) => messages.answer(&answer).await?,
        }
        if session.is_closing() {
            break;
        }
    }
    // A transaction that is still open is undone, which takes SQLite.
    tokio::task::spawn_blocking(move || drop(session)).await?;
    Ok(())
}

/// What the client waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Waiting {
    Answer,
    /// It has asked to stop.
    Attention,
    /// It has left.
    Gone,
}

/// Runs a request, and hears the client meanwhile.
async fn run(messages: &mut Stream, session: Session, request: Request) -> anyhow::Result<(Session, Outcome, Waiting)> {
    let cancel = session.cancel();
    let interrupt = session.interrupt();
    let mut running = tokio::task::spawn_blocking(move || {
        let mut session = session;
        let outcome = session.request(&request);
        (session, outcome)
    });
    let mut waiting = Waiting::Answer;
    loop {
        tokio::select! {
            biased;
            done = &mut running => {
                let (session, outcome) = done?;
                return Ok((session, outcome, waiting));
            }
            heard = messages.next(), if waiting == Waiting::Answer => {
                waiting = match heard {
                    Ok(Some(Message { kind: Kind::Attention, .. })) => Waiting::Attention,
                    _ => Waiting::Gone,
                };
                cancel.ring();
                interrupt.interrupt();
            }
        }
    }
}
