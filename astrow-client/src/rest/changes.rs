//! What changed in Astrow, from a place on.

use std::time::Duration;

use connector_http::{Error, decode};
use http::response::Parts;
use serde::Deserialize;
use serde_json::Value;

use super::client::{AstrowClient, LONGEST_WAIT};
use super::list::read_items;
use super::operation::{operation, read};
use crate::model::{AstrowError, ChangeCursor, ChangePage};

/// What changed in Astrow. [`AstrowInfo::changes_next`](crate::AstrowInfo) tells where the list stands now.
#[derive(Clone, Debug)]
pub struct Changes(pub(crate) AstrowClient);

impl Changes {
    /// What changed since a place, waiting for it up to 25 seconds.
    ///
    /// # Errors
    /// `CursorExpired` where the place is too old: everything has to be read once. Else as any read.
    ///
    /// # Cancel safety
    /// Safe: asking again from the same place gives the same.
    pub async fn since(&self, cursor: &ChangeCursor, wait: Duration) -> Result<ChangePage, AstrowError> {
        let wait = wait.min(LONGEST_WAIT);
        self.0.send_waiting(&GetChanges { cursor: cursor.clone(), wait }, wait).await
    }
}

operation! {
    /// Reads what changed.
    GetChanges {
        /// From where on.
        cursor: ChangeCursor,
        /// How long the server may wait for something.
        wait: Duration,
    } = "astrow.changes", Safe -> ChangePage;
    request(op, base) => {
        let wait = op.wait.min(LONGEST_WAIT).as_secs().to_string();
        read(base, &["changes"], &[("cursor", Some(op.cursor.as_str())), ("wait", Some(&wait))])
    };
    response(parts, body) => changes(parts, body);
}

#[derive(Deserialize)]
struct Raw {
    items: Vec<Value>,
    next: ChangeCursor,
    #[serde(default)]
    reset: bool,
}

fn changes(parts: &Parts, body: &[u8]) -> Result<ChangePage, Error> {
    let Raw { items, next, reset } = decode(parts, body)?;
    let (items, invalid) = read_items(items, "cursor");
    Ok(ChangePage { items, invalid, next, reset })
}
