//! Switches: which of the ways known from real feeds this one follows.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::switching;

/// Who writes the feed of the Booked style.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Writer {
    /// Booked 2 and `LibreBooking` of 2024: nothing is escaped or folded, no line end at the end.
    #[default]
    Template,
    /// Newer `LibreBooking`: escaped and folded; a wrong key is 404.
    Escaped,
    /// Early Booked: no status, alarms stand after the event.
    EarlyBooked,
    /// `phpScheduleIt`: another order, no name of the person, a whole address in the uid.
    PhpScheduleIt,
}

/// How lines end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum LineEnds {
    /// CR and LF.
    #[default]
    #[serde(rename = "crlf")]
    CrLf,
    /// LF alone.
    Lf,
    /// CR alone.
    Cr,
}

/// All switches with their defaults.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is an independent oddity of a real feed")]
pub struct Switches {
    /// Who writes the Booked style.
    pub writer: Writer,
    /// How lines end.
    pub line_ends: LineEnds,
    /// A byte order mark comes first.
    pub bom: bool,
    /// Answers carry an `ETag`, and a matching request gets 304.
    pub etag: bool,
    /// Answers carry `Last-Modified`, and a matching request gets 304.
    pub last_modified: bool,
    /// Answers are packed for who takes gzip.
    pub gzip: bool,
    /// Answers come in chunks, without `Content-Length`.
    pub chunked: bool,
    /// Booked: feeds are switched off; answered like a wrong key.
    pub subscriptions_off: bool,
    /// Booked: a feed needs a sign-in on the page it redirects to.
    pub login_required: bool,
    /// Booked: 200 with an error page.
    pub database_down: bool,
    /// Escaped writer: asks for this `user:password`; empty asks for none.
    pub password: String,
    /// Who booked and why is hidden in the whole feed.
    pub hide_details: bool,
    /// Template writer: names of people and rooms were stored HTML-escaped.
    pub html_names: bool,
    /// A person's own feed shows addresses with `-noreply`.
    pub own_noreply: bool,
    /// A plug-in adds `ATTENDEE` lines for participants.
    pub plugin_attendees: bool,
    /// Template writer: line breaks of the description are written as `\n`.
    pub description_breaks_escaped: bool,
    /// Skedda: a comma in a room's name is not escaped in `RESOURCES`.
    pub resources_comma_raw: bool,
    /// Events name no room.
    pub rooms_gone: bool,
    /// No event at all.
    pub empty: bool,
    /// Bookings, by id, that the feed leaves out.
    pub left_out: Vec<i64>,
    /// Days back; below 0: as the style does.
    pub past_days: i64,
    /// Days ahead; below 0: as the style does.
    pub future_days: i64,
    /// Status for a wrong key; 0: as the style does.
    pub wrong_key_status: u16,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            writer: Writer::default(),
            line_ends: LineEnds::default(),
            bom: false,
            etag: false,
            last_modified: false,
            gzip: false,
            chunked: false,
            subscriptions_off: false,
            login_required: false,
            database_down: false,
            password: String::new(),
            hide_details: false,
            html_names: true,
            own_noreply: false,
            plugin_attendees: false,
            description_breaks_escaped: false,
            resources_comma_raw: false,
            rooms_gone: false,
            empty: false,
            left_out: Vec::new(),
            past_days: -1,
            future_days: -1,
            wrong_key_status: 0,
        }
    }
}

impl Switches {
    /// Sets one switch by name from text: `on`, `off`, a number, a word, or a list with commas.
    ///
    /// # Errors
    /// Unknown name, or a value that does not fit.
    pub fn set(&mut self, name: &str, value: &str) -> anyhow::Result<()> {
        *self = switching::set(self, name, value)?;
        Ok(())
    }

    /// Sets several switches from a JSON object.
    ///
    /// # Errors
    /// Unknown name, or a value that does not fit; nothing is changed then.
    pub fn merge(&mut self, changes: &Value) -> anyhow::Result<()> {
        *self = switching::merge(self, changes)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn switches_are_set_by_name() {
        let mut switches = Switches::default();
        for (name, value) in [("writer", "php_schedule_it"), ("line_ends", "lf"), ("left_out", "3,4"), ("etag", "on")] {
            switches.set(name, value).unwrap();
        }
        assert_eq!((switches.writer, switches.line_ends), (Writer::PhpScheduleIt, LineEnds::Lf));
        assert_eq!((switches.left_out, switches.etag), (vec![3, 4], true));
        assert!(Switches::default().set("writer", "pen").is_err());
    }
}
