//! Reading by SQL: what REST cannot tell, such as who owns a card or which area a door leads to.
//!
//! Needs a powerful operator, and statements may end up in the logs of the server. Everything else goes by REST.

mod reports;
mod row;
mod select;

use connector_http::{Error, get};

pub use reports::{CardRow, DoorArea, UserRow};
pub use row::Row;
pub use select::{Select, Where};

use crate::answer;
use crate::client::Net2Client;
use crate::operation::operation;
use crate::route::api_with;

/// Reading by SQL.
#[derive(Clone, Debug)]
pub struct CustomQuery(pub(crate) Net2Client);

impl CustomQuery {
    /// Runs a statement made of typed parts.
    ///
    /// # Errors
    /// `Permission` or `NotFound` where the server does not offer this; else as any read.
    pub async fn select(&self, select: &Select) -> Result<Vec<Row>, Error> {
        self.querydb(&select.to_string()).await
    }

    /// Runs a statement as it is: the escape hatch. Never put text from outside into it; see [`Select`].
    ///
    /// # Errors
    /// As [`CustomQuery::select`]; `Rejected` if the server refuses the statement.
    pub async fn querydb(&self, sql: &str) -> Result<Vec<Row>, Error> {
        self.0.send_long(&QueryDb::new(sql.to_owned())).await
    }
}

operation! {
    /// `GET /customquery/querydb?query=…`.
    QueryDb { sql: String } = "net2.query_db", Safe -> Vec<Row>;
    request(op, base) => get(api_with(base, &["customquery", "querydb"], &[("query", &op.sql)])?);
    response(parts, body) => answer::list(parts, body).map_err(|error| {
        let refused = parts.status.as_u16() == 500 && answer::message(body).is_some();
        if refused { error.with_kind(connector_http::ErrorKind::Rejected) } else { error }
    });
}
