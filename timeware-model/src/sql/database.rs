//! What the rules ask of a connection.

use std::future::Future;

use super::fault::Step;
use super::value::{Row, Value};

/// A connection that runs statements; the embedded one answers at once, so that its futures never wait.
///
/// Values go in as parameters, and no null ever does (rules S1, S15).
pub(crate) trait Database: Send {
    /// The rows of a query.
    fn rows(&mut self, text: &str, values: &[Value]) -> impl Future<Output = Step<Vec<Row>>> + Send;

    /// How many rows a change met.
    fn change(&mut self, text: &str, values: &[Value]) -> impl Future<Output = Step<u64>> + Send;

    /// The id of the row that an insert made; `None` when it made none.
    fn insert(&mut self, text: &str, values: &[Value]) -> impl Future<Output = Step<Option<i64>>> + Send;
}
