//! One connection to a mailbox, step by step.

use std::collections::BTreeSet;
use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;

use async_imap::error::{Error, Result as ImapResult};
use async_imap::imap_proto::{Response, Status};
use async_imap::types::Fetch;
use async_imap::{Authenticator, Client};
use chrono::NaiveDate;
use futures::{Stream, TryStreamExt as _};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::client::TlsStream;

use super::super::config::AuthMode;
use super::super::reach::{self, cut, late};
use super::super::smtp::{Answer, Failure, Step, Trace};
use super::config::MailboxTls;
use super::limited::Limited;
use super::mailbox::BounceMailbox;
use super::report::{LONGEST, may_be_report};

/// Most bytes that one look takes from the server.
const MOST_BYTES: usize = 48 * 1024 * 1024;
/// Mails asked about in one command.
const AT_ONCE: usize = 100;

type Wire = Limited<TcpStream>;

/// A mailbox that is open.
pub(super) struct Session {
    session: async_imap::Session<TlsStream<Wire>>,
    patience: Duration,
}

impl Session {
    /// Finds the server, connects, protects the connection, and signs on.
    pub(super) async fn open(mailbox: &BounceMailbox, trace: &mut Trace) -> Result<Self, Failure> {
        let to = mailbox.reach();
        let addresses = reach::look_up(&to).await?;
        let shown: Vec<String> = addresses.iter().map(|address: &SocketAddr| address.ip().to_string()).collect();
        trace.push((Step::Name, shown.join(", ")));
        let (stream, peer) = reach::connect(&to, &addresses).await?;
        trace.push((Step::Connect, peer.to_string()));
        let client = protect(mailbox, Limited::new(stream, MOST_BYTES)).await?;
        trace.push((Step::Tls, "the connection is encrypted".to_owned()));
        let session = sign_on(mailbox, client).await?;
        trace.push((Step::SignOn, format!("as {}", mailbox.user())));
        Ok(Self { session, patience: to.patience })
    }

    /// Opens a folder without any right to change it; answers how many mails are in it.
    pub(super) async fn examine(&mut self, folder: &str) -> Result<u32, Failure> {
        let opened = within(self.patience, Step::Folder, self.session.examine(folder)).await?;
        Ok(opened.exists)
    }

    /// Opens a folder; answers the number under which its mails keep theirs.
    pub(super) async fn select(&mut self, folder: &str) -> Result<u32, Failure> {
        let opened = within(self.patience, Step::Folder, self.session.select(folder)).await?;
        Ok(opened.uid_validity.unwrap_or_default())
    }

    /// Numbers of the mails behind the last one that is known, and since a day, in order.
    pub(super) async fn behind(&mut self, last: u32, since: NaiveDate) -> Result<BTreeSet<u32>, Failure> {
        let first = last.saturating_add(1);
        let query = format!("UNDELETED SINCE {} UID {first}:*", since.format("%d-%b-%Y"));
        let found = within(self.patience, Step::Folder, self.session.uid_search(query)).await?;
        // The last mail of all is always in such a range.
        Ok(found.into_iter().filter(|uid| *uid >= first).collect())
    }

    /// Those among mails that may be delivery reports. Only what kind of mail each is, is read.
    pub(super) async fn reports_among(&mut self, uids: &[u32]) -> Result<BTreeSet<u32>, Failure> {
        let mut reports = BTreeSet::new();
        for some in uids.chunks(AT_ONCE) {
            let query = "(UID BODY.PEEK[HEADER.FIELDS (CONTENT-TYPE)])";
            let fetched = self.fetch(&listed(some), query).await?;
            let is_report = |mail: &&Fetch| mail.header().is_some_and(may_be_report);
            reports.extend(fetched.iter().filter(is_report).filter_map(|mail| mail.uid));
        }
        Ok(reports)
    }

    /// The beginning of a mail, as much of it as a report needs; empty if it is gone.
    pub(super) async fn read(&mut self, uid: u32) -> Result<Vec<u8>, Failure> {
        let fetched = self.fetch(&uid.to_string(), &format!("(UID BODY.PEEK[]<0.{LONGEST}>)")).await?;
        let own = fetched.iter().find(|mail| mail.uid == Some(uid));
        Ok(own.and_then(Fetch::body).map(<[u8]>::to_vec).unwrap_or_default())
    }

    /// Marks mails as read, and moves them where that is wanted.
    pub(super) async fn settle(&mut self, uids: &[u32], move_to: Option<&str>) -> Result<(), Failure> {
        for some in uids.chunks(AT_ONCE) {
            let set = listed(some);
            let marked = self.session.uid_store(&set, "+FLAGS.SILENT (\\Seen)");
            drain(self.patience, marked).await?;
            let Some(folder) = move_to else { continue };
            let can = within(self.patience, Step::Folder, self.session.capabilities()).await?;
            if can.has_str("MOVE") {
                within(self.patience, Step::Folder, self.session.uid_mv(&set, folder)).await?;
            } else {
                within(self.patience, Step::Folder, self.session.uid_copy(&set, folder)).await?;
                drain(self.patience, self.session.uid_store(&set, "+FLAGS.SILENT (\\Deleted)")).await?;
            }
        }
        Ok(())
    }

    /// Says good-bye; whatever comes of it.
    pub(super) async fn close(mut self) {
        let _ = timeout(self.patience.min(Duration::from_secs(5)), self.session.logout()).await;
    }

    async fn fetch(&mut self, set: &str, query: &str) -> Result<Vec<Fetch>, Failure> {
        let fetching = async { self.session.uid_fetch(set, query).await?.try_collect().await };
        within(self.patience, Step::Folder, fetching).await
    }
}

/// Takes whatever the server tells of the mails that were changed; nothing of it is needed.
async fn drain<S>(patience: Duration, asked: impl Future<Output = ImapResult<S>>) -> Result<(), Failure>
where
    S: Stream<Item = ImapResult<Fetch>>,
{
    let draining = async { asked.await?.try_for_each(|_| async { Ok(()) }).await };
    within(patience, Step::Folder, draining).await
}

fn listed(uids: &[u32]) -> String {
    uids.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

/// A client of the connection once it is encrypted. Whatever came in the clear before is not believed.
async fn protect(mailbox: &BounceMailbox, stream: Wire) -> Result<Client<TlsStream<Wire>>, Failure> {
    let to = mailbox.reach();
    match mailbox.mode() {
        MailboxTls::Implicit => {
            let mut client = Client::new(reach::encrypt(&to, stream).await?);
            greeted(to.patience, Step::Connect, &mut client).await?;
            Ok(client)
        }
        MailboxTls::Starttls => {
            let mut clear = Client::new(stream);
            greeted(to.patience, Step::Connect, &mut clear).await?;
            let asked = within(to.patience, Step::Tls, clear.run_command_and_check_ok("STARTTLS", None)).await;
            asked.map_err(|failure| Failure {
                text: format!("the server refuses STARTTLS: {}", failure.text),
                ..failure
            })?;
            Ok(Client::new(reach::encrypt(&to, clear.into_inner()).await?))
        }
    }
}

async fn greeted<S>(patience: Duration, step: Step, client: &mut Client<S>) -> Result<(), Failure>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + std::fmt::Debug + Send,
{
    let greeting = timeout(patience, client.read_response()).await.map_err(|_| late(step))?;
    let strange = || Failure::nothing(step, "whatever answers there does not speak IMAP");
    let greeting = greeting.map_err(|error| cut(step, &error))?.ok_or_else(strange)?;
    match greeting.parsed() {
        Response::Data { status: Status::Ok, .. } => Ok(()),
        Response::Data { status: Status::Bye, .. } => {
            Err(Failure::new(step, "the server wants to talk to nobody now", Answer::Later))
        }
        _ => Err(strange()),
    }
}

async fn sign_on(
    mailbox: &BounceMailbox,
    client: Client<TlsStream<Wire>>,
) -> Result<async_imap::Session<TlsStream<Wire>>, Failure> {
    let secret = mailbox.secret.reveal().await?;
    let user = mailbox.user();
    let patience = mailbox.reach().patience;
    let in_ascii = user.is_ascii() && secret.expose_secret().is_ascii();
    let signing = async {
        let signed = match mailbox.auth() {
            AuthMode::Xoauth2 => client.authenticate("XOAUTH2", Shown::token(user, &secret)).await,
            // A command line has no other letters; every server knows it.
            AuthMode::Plain | AuthMode::Login if in_ascii => client.login(user, secret.expose_secret()).await,
            AuthMode::Plain | AuthMode::Login => client.authenticate("PLAIN", Shown::password(user, &secret)).await,
        };
        signed.map_err(|(error, _)| error)
    };
    match timeout(patience, signing).await.map_err(|_| late(Step::SignOn))? {
        Ok(session) => Ok(session),
        Err(Error::No(said) | Error::Bad(said)) => Err(Failure::new(Step::SignOn, said, Answer::Never)),
        // The text of any other failure may repeat what was sent.
        Err(_) => Err(Failure::nothing(Step::SignOn, "the server did not accept the sign-on")),
    }
}

/// What is shown once, at the first question; a server that asks on wants to tell why it refuses.
struct Shown(Option<SecretString>);

impl Shown {
    fn token(user: &str, token: &SecretString) -> Self {
        Self(Some(SecretString::from(format!("user={user}\x01auth=Bearer {}\x01\x01", token.expose_secret()))))
    }

    fn password(user: &str, password: &SecretString) -> Self {
        Self(Some(SecretString::from(format!("\0{user}\0{}", password.expose_secret()))))
    }
}

impl Authenticator for Shown {
    type Response = String;

    fn process(&mut self, _: &[u8]) -> String {
        self.0.take().map(|secret| secret.expose_secret().to_owned()).unwrap_or_default()
    }
}

async fn within<T>(patience: Duration, step: Step, doing: impl Future<Output = ImapResult<T>>) -> Result<T, Failure> {
    match timeout(patience, doing).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) => Err(failure(step, error)),
        Err(_) => Err(late(step)),
    }
}

/// Only what the server says of the command is told: other failures quote what was read, which may be a stranger's mail.
fn failure(step: Step, error: Error) -> Failure {
    match error {
        Error::No(said) | Error::Bad(said) => Failure::new(step, said, Answer::Never),
        Error::Io(error) if error.kind() != std::io::ErrorKind::Other => cut(step, &error),
        Error::ConnectionLost => Failure::nothing(step, "the connection was cut"),
        _ => Failure::nothing(step, "the server's answer cannot be read"),
    }
}
