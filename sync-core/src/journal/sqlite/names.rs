//! Names as small integers.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension as _};

use super::fault::{Fault, Found};
use crate::journal::Stream;
use crate::model::{EndpointName, Pair};

/// Numbers that were looked up before. A number never changes once it is committed.
#[derive(Debug, Default)]
pub(super) struct Names {
    endpoints: HashMap<EndpointName, i64>,
    streams: HashMap<Stream, i64>,
    pairs: HashMap<Pair, i64>,
}

const FIND_ENDPOINT: &str = "SELECT n FROM endpoint WHERE name = ?1";
const FIND_STREAM: &str = "SELECT n FROM stream WHERE endpoint = ?1 AND entity = ?2";
const FIND_PAIR: &str = "SELECT n FROM pair WHERE entity = ?1 AND primary_name = ?2 AND secondary_name = ?3";

impl Names {
    /// Forgets everything: some of it may have been rolled back.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    pub(super) fn find_endpoint(&mut self, connection: &Connection, name: &EndpointName) -> Found<Option<i64>> {
        if let Some(n) = self.endpoints.get(name) {
            return Ok(Some(*n));
        }
        let n = connection.prepare_cached(FIND_ENDPOINT)?.query_row([name.as_str()], |row| row.get(0)).optional()?;
        n.inspect(|n| {
            self.endpoints.insert(name.clone(), *n);
        });
        Ok(n)
    }

    pub(super) fn make_endpoint(&mut self, connection: &Connection, name: &EndpointName) -> Found<i64> {
        if let Some(n) = self.find_endpoint(connection, name)? {
            return Ok(n);
        }
        connection.prepare_cached("INSERT INTO endpoint (name) VALUES (?1)")?.execute([name.as_str()])?;
        let n = connection.last_insert_rowid();
        self.endpoints.insert(name.clone(), n);
        Ok(n)
    }

    pub(super) fn find_stream(&mut self, connection: &Connection, stream: &Stream) -> Found<Option<i64>> {
        if let Some(n) = self.streams.get(stream) {
            return Ok(Some(*n));
        }
        let parts = [stream.endpoint.as_str(), stream.entity.as_str()];
        let n = connection.prepare_cached(FIND_STREAM)?.query_row(parts, |row| row.get(0)).optional()?;
        n.inspect(|n| {
            self.streams.insert(stream.clone(), *n);
        });
        Ok(n)
    }

    pub(super) fn make_stream(&mut self, connection: &Connection, stream: &Stream) -> Found<i64> {
        if let Some(n) = self.find_stream(connection, stream)? {
            return Ok(n);
        }
        let parts = [stream.endpoint.as_str(), stream.entity.as_str()];
        connection.prepare_cached("INSERT INTO stream (endpoint, entity) VALUES (?1, ?2)")?.execute(parts)?;
        let n = connection.last_insert_rowid();
        self.streams.insert(stream.clone(), n);
        Ok(n)
    }

    pub(super) fn find_pair(&mut self, connection: &Connection, pair: &Pair) -> Found<Option<i64>> {
        if let Some(n) = self.pairs.get(pair) {
            return Ok(Some(*n));
        }
        let n = connection.prepare_cached(FIND_PAIR)?.query_row(parts(pair), |row| row.get(0)).optional()?;
        n.inspect(|n| {
            self.pairs.insert(pair.clone(), *n);
        });
        Ok(n)
    }

    pub(super) fn make_pair(&mut self, connection: &Connection, pair: &Pair) -> Found<i64> {
        if let Some(n) = self.find_pair(connection, pair)? {
            return Ok(n);
        }
        let insert = "INSERT INTO pair (entity, primary_name, secondary_name) VALUES (?1, ?2, ?3)";
        connection.prepare_cached(insert)?.execute(parts(pair))?;
        let n = connection.last_insert_rowid();
        self.pairs.insert(pair.clone(), n);
        Ok(n)
    }
}

/// The pair behind a number.
pub(super) fn pair(connection: &Connection, n: i64) -> Found<Pair> {
    let mut find = connection.prepare_cached("SELECT entity, primary_name, secondary_name FROM pair WHERE n = ?1")?;
    let (entity, primary, secondary): (String, String, String) =
        find.query_row([n], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    Ok(Pair::new(entity.parse().map_err(|_| Fault::corrupt("a pair"))?, primary, secondary))
}

fn parts(pair: &Pair) -> [&str; 3] {
    [pair.entity.as_str(), pair.primary.as_str(), pair.secondary.as_str()]
}
