//! One connection: statements, transactions, and whether it can still be used.

use std::time::Duration;

use tiberius::{Client, ToSql};
use tokio::net::TcpStream;
use tokio_util::compat::Compat;

use super::fault::{fault, leaves_it_sound, too_slow};
use super::wire;
use crate::error::{Error, ErrorKind};
use crate::sql::value::{Row, Value};
use crate::sql::{Database, Fault, Step};

const BEGIN: &str = "SET XACT_ABORT ON; BEGIN TRANSACTION";
const COMMIT: &str = "COMMIT TRANSACTION";
/// After an error the server has rolled back already.
const ROLL_BACK: &str = "IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION";

/// A connection to the server. A statement that is given up half-way leaves it unsound.
pub(super) struct Session {
    client: Client<Compat<TcpStream>>,
    command_timeout: Duration,
    sound: bool,
}

impl Session {
    pub(super) fn new(client: Client<Compat<TcpStream>>, command_timeout: Duration) -> Self {
        Self { client, command_timeout, sound: true }
    }

    /// Whether the next call may use it.
    pub(super) fn is_sound(&self) -> bool {
        self.sound
    }

    pub(super) async fn begin(&mut self) -> Step<()> {
        self.batch(BEGIN).await
    }

    pub(super) async fn commit(&mut self) -> Step<()> {
        self.batch(COMMIT).await
    }

    /// Where this fails the connection is given up, which rolls back too.
    pub(super) async fn roll_back(&mut self) {
        if self.sound && self.batch(ROLL_BACK).await.is_err() {
            self.sound = false;
        }
    }

    /// Runs statements without parameters.
    pub(super) async fn batch(&mut self, text: &str) -> Step<()> {
        let timeout = self.command_timeout;
        let client = &mut self.client;
        let run = async { client.simple_query(text).await?.into_results().await };
        self.sound = false;
        let answer = tokio::time::timeout(timeout, run).await;
        self.told(answer).map(|_| ())
    }

    async fn query(&mut self, text: &str, values: &[Value]) -> Step<Vec<Vec<tiberius::Row>>> {
        let timeout = self.command_timeout;
        let bound: Vec<&dyn ToSql> = values.iter().map(|value| value as &dyn ToSql).collect();
        let client = &mut self.client;
        let run = async { client.query(text, &bound).await?.into_results().await };
        self.sound = false;
        let answer = tokio::time::timeout(timeout, run).await;
        self.told(answer)
    }

    /// The connection is sound again once an answer has been read to its end.
    fn told<T>(&mut self, answer: Result<tiberius::Result<T>, tokio::time::error::Elapsed>) -> Step<T> {
        match answer {
            Ok(Ok(answer)) => {
                self.sound = true;
                Ok(answer)
            }
            Ok(Err(error)) => {
                self.sound = leaves_it_sound(&error);
                Err(fault(error))
            }
            Err(_) => Err(too_slow()),
        }
    }

    /// The number that a statement answers with at its end.
    async fn number(&mut self, text: &str, values: &[Value]) -> Step<Option<i64>> {
        let rows = self.rows(text, values).await?;
        let row = rows.first().ok_or_else(|| {
            Fault::from(Error::new(ErrorKind::Protocol, "the server did not say what a statement did"))
        })?;
        row.maybe_integer(0)
    }
}

impl Database for Session {
    /// The last set of rows: a trigger of the vendor may answer before.
    async fn rows(&mut self, text: &str, values: &[Value]) -> Step<Vec<Row>> {
        let last = self.query(text, values).await?.pop().unwrap_or_default();
        let row = |row: tiberius::Row| Row::new(row.cells().map(|(_, cell)| wire::read(cell)).collect());
        Ok(last.into_iter().map(row).collect())
    }

    async fn change(&mut self, text: &str, values: &[Value]) -> Step<u64> {
        let count = self.number(text, values).await?.unwrap_or_default();
        Ok(u64::try_from(count).unwrap_or_default())
    }

    async fn insert(&mut self, text: &str, values: &[Value]) -> Step<Option<i64>> {
        self.number(text, values).await
    }
}
