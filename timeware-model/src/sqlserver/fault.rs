//! SQL Server's errors in the words of this crate (rule S12).

use std::fmt;

use tiberius::error::{Error as Driver, IoErrorKind, TokenError};

use crate::error::{Error, ErrorKind};
use crate::sql::{Fault, Nature};

/// What the server said, without its text: that may hold the values of a row.
#[derive(Debug)]
struct Said {
    number: u32,
    state: u8,
    severity: u8,
    line: u32,
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { number, state, severity, line } = self;
        write!(f, "SQL Server answered with error {number}, severity {severity}, state {state}, line {line}")
    }
}

impl std::error::Error for Said {}

impl From<&TokenError> for Said {
    fn from(token: &TokenError) -> Self {
        Self { number: token.code(), state: token.state(), severity: token.class(), line: token.line() }
    }
}

/// An error of a statement.
pub(super) fn fault(error: Driver) -> Fault {
    match error {
        Driver::Server(token) => said(&token),
        Driver::Io { .. } | Driver::Tls(_) => lost().with_cause(error),
        // The driver could not make sense of what came; the connection is not in step any more.
        other => Fault::new(Nature::Final, Error::new(ErrorKind::Protocol, "the server's answer cannot be read"))
            .with_cause(other),
    }
}

/// The connection is gone.
pub(super) fn lost() -> Fault {
    Fault::new(Nature::Lost, Error::new(ErrorKind::Unavailable, "the connection to SQL Server was lost"))
}

/// A statement took longer than it may.
pub(super) fn too_slow() -> Fault {
    let error = Error::new(ErrorKind::Unavailable, "SQL Server did not answer in time");
    Fault::new(Nature::Lost, error.with_remedy("raise timeware.sqlserver.command_timeout_s, or see what blocks it"))
}

/// Whether the connection can be used after this error.
pub(super) fn leaves_it_sound(error: &Driver) -> bool {
    matches!(error, Driver::Server(token) if token.class() < 20)
}

fn said(token: &TokenError) -> Fault {
    let cause = Said::from(token);
    let (nature, error) = match token.code() {
        2627 | 2601 => (Nature::Duplicate, Error::new(ErrorKind::Duplicate, "a record with this key exists already")),
        547 => (Nature::Refused, Error::new(ErrorKind::NotFound, "a record named does not exist")),
        1205 => (Nature::Busy, Error::new(ErrorKind::Unavailable, "another program's transaction went first")),
        1222 => (Nature::Busy, Error::new(ErrorKind::Unavailable, "another program holds the rows for too long")),
        40613 | 49918..=49920 => (Nature::Busy, Error::new(ErrorKind::Unavailable, "the database is busy")),
        229 | 230 | 262 | 297 | 300 => (Nature::Final, no_right()),
        207 | 208 | 4104 => (Nature::Final, not_there()),
        3906 => (Nature::Final, Error::new(ErrorKind::ReadOnly, "the database may only be read")),
        242 | 515 | 2628 | 3609 | 8115 | 8152 | 50_000.. => {
            (Nature::Refused, Error::new(ErrorKind::Rejected, "the database refused a value"))
        }
        _ if token.class() >= 20 => return lost().with_cause(cause),
        1105 | 9002 => (Nature::Final, Error::new(ErrorKind::Unavailable, "the database is full")),
        number => {
            let reason = format!("the database refused a statement with error {number}");
            (Nature::Final, Error::new(ErrorKind::Protocol, reason))
        }
    };
    Fault::new(nature, error.with_source(cause))
}

fn no_right() -> Error {
    let remedy = "check-schema prints the statements that give it";
    Error::config("timeware.sqlserver.user", "the login lacks a right", remedy)
}

fn not_there() -> Error {
    let remedy = "check-schema compares the database with the settings";
    Error::config("timeware.tables", "a table or column is not there any more", remedy)
}

/// An error of connecting, told apart by its remedy.
pub(super) fn connecting(error: Driver, target: &str) -> Error {
    let config =
        |key: &str, reason: String, remedy: &str| Error::config(format!("timeware.sqlserver.{key}"), reason, remedy);
    match error {
        Driver::Server(token) => signing_in(&token, target),
        Driver::Tls(text) => config(
            "ca_file",
            format!("the certificate of {target} is not trusted: {}", first_line(&text)),
            "name the authority that signed it in ca_file, and the server as its certificate names it",
        ),
        Driver::Io { kind: IoErrorKind::InvalidData, ref message } => {
            let reason = format!("no encrypted connection to {target} came about: {}", first_line(message));
            config("encrypt", reason, "check which protocols and certificates the server offers")
        }
        Driver::Io { kind: IoErrorKind::TimedOut, .. } => {
            unreachable(format!("{target} did not answer in time"), error)
        }
        Driver::Io { kind: IoErrorKind::UnexpectedEof | IoErrorKind::ConnectionReset, .. } => {
            unreachable(format!("{target} hung up before the sign-in was done"), error)
        }
        Driver::Io { .. } => unreachable(format!("{target} cannot be reached"), error),
        Driver::Routing { host, port } => {
            config("host", format!("the server sends us on to {host}:{port}"), "name that server")
        }
        other => config(
            "encrypt",
            format!("{target} and we agree on no encryption"),
            "let the server offer TLS, or change timeware.sqlserver.encrypt",
        )
        .with_source(other),
    }
}

/// The network has no way there.
pub(super) fn unreachable(reason: String, cause: impl std::error::Error + Send + Sync + 'static) -> Error {
    let remedy = "check host, port or instance, that the server has TCP switched on, and the firewall";
    Error::new(ErrorKind::Unavailable, reason).with_remedy(remedy).with_source(cause)
}

fn signing_in(token: &TokenError, target: &str) -> Error {
    let config =
        |key: &str, reason: String, remedy: &str| Error::config(format!("timeware.sqlserver.{key}"), reason, remedy);
    let error = match token.code() {
        18452 => {
            config("user", "the server takes Windows accounts only".to_owned(), "switch SQL logins on at the server")
        }
        18456 => config(
            "user",
            format!("{target}: login or password is wrong, or the login is off"),
            "check user and password, and that the server takes SQL logins",
        ),
        18470 | 18486 | 18487 | 18488 => config(
            "user",
            "the login is locked, off, or needs a new password".to_owned(),
            "have it set right at the server",
        ),
        4060 | 911 => config(
            "database",
            format!("{target}: there is no such database, or the login may not open it"),
            "check the name, and make a user for the login in that database",
        ),
        40613 | 49918..=49920 => {
            return Error::new(ErrorKind::Unavailable, "the database is busy").with_source(Said::from(token));
        }
        number => {
            config("host", format!("{target} refused the connection with error {number}"), "see the log of the server")
        }
    };
    error.with_source(Said::from(token))
}

/// What the driver says, up to its advice for programmers.
fn first_line(text: &str) -> &str {
    let end = text.find(" To connect anyway").unwrap_or(text.len());
    text.get(..end).unwrap_or(text).lines().next().unwrap_or_default()
}
