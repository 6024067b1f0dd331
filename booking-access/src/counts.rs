//! Numbers for reports.

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::store::{millis, timeline_counts};
use crate::{Access, AccessError};

/// What happened since a time, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Bookings that stand, past ones included as long as they are kept.
    pub bookings: u64,
    /// Rights of one person to one door that the door system confirmed since.
    pub granted: u64,
    /// Rights of one person to one door whose withdrawal the door system confirmed since.
    pub withdrawn: u64,
    /// Letters to bookers that the mail server took since.
    pub mails: u64,
    /// What a person should look at now.
    pub problems: u64,
}

impl Access {
    /// What happened since a time, in numbers.
    ///
    /// # Errors
    /// The store.
    pub fn counts(&self, since: DateTime<Utc>, now: DateTime<Utc>) -> Result<Counts, AccessError> {
        let problems = self.problems(now)?.len() as u64;
        self.store().with(|connection| {
            let query = "SELECT count(*) FROM bookings WHERE state = 'live'";
            let bookings: i64 = connection.query_row(query, [], |row| row.get(0))?;
            let query = "SELECT count(*) FROM mail WHERE state = 'sent' AND kind != 'fault' AND finished >= ?1";
            let mails: i64 = connection.query_row(query, [millis(since)], |row| row.get(0))?;
            let (granted, withdrawn) = timeline_counts(connection, since)?;
            let unsigned = |count: i64| u64::try_from(count).unwrap_or_default();
            Ok(Counts { bookings: unsigned(bookings), granted, withdrawn, mails: unsigned(mails), problems })
        })
    }
}
