//! Bookings into Astrow: records of fixed width.

use std::collections::BTreeMap;

use chrono::{Datelike as _, Timelike as _};
use serde::{Deserialize, Serialize};

use super::booking_row::{BookingRow, RowError, required};

/// Where each field of a record stands, as on Astrow's screen for its booking input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "sync", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct FixedLayout {
    /// Card number, zeros before it.
    pub card: FixedField,
    /// Year, two or four digits.
    pub year: FixedField,
    /// Month, two digits.
    pub month: FixedField,
    /// Day, two digits.
    pub day: FixedField,
    /// Hours, two digits.
    pub hours: FixedField,
    /// Minutes, two digits.
    pub minutes: FixedField,
    /// Master code, two digits, `00` for none.
    pub mc: FixedField,
    /// Number of the terminal, three digits.
    pub terminal: FixedField,
}

/// Place of one field; position 0 says that it is not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "sync", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "a position and a length are all there is")]
pub struct FixedField {
    /// Position of its first character, from 1.
    pub position: u16,
    /// How many characters.
    pub length: u16,
}

impl Default for FixedLayout {
    fn default() -> Self {
        let field = |position, length| FixedField { position, length };
        Self {
            card: field(1, 10),
            year: field(11, 4),
            month: field(15, 2),
            day: field(17, 2),
            hours: field(19, 2),
            minutes: field(21, 2),
            mc: field(23, 2),
            terminal: field(25, 3),
        }
    }
}

impl FixedField {
    fn is_used(self) -> bool {
        self.position > 0
    }

    /// First character and the one behind the last, from 0.
    fn span(self) -> (usize, usize) {
        let start = usize::from(self.position).saturating_sub(1);
        (start, start + usize::from(self.length))
    }
}

impl FixedLayout {
    /// What cannot work, in words that name the field.
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        for (name, field, lengths, needed) in [
            ("card", self.card, 1..=64, true),
            ("year", self.year, 2..=4, true),
            ("month", self.month, 2..=2, true),
            ("day", self.day, 2..=2, true),
            ("hours", self.hours, 2..=2, true),
            ("minutes", self.minutes, 2..=2, true),
            ("mc", self.mc, 2..=2, false),
            ("terminal", self.terminal, 3..=3, false),
        ] {
            if !field.is_used() {
                if needed {
                    faults.push(format!("{name} is not used, but a booking needs it"));
                }
                continue;
            }
            if !lengths.contains(&field.length) || (name == "year" && field.length == 3) {
                faults.push(format!("{name} cannot have the length {}", field.length));
            }
            if field.position > 1_000 {
                faults.push(format!("{name} stands behind position 1000"));
            }
        }
        let mut used: Vec<_> = self.fields().into_iter().filter(|(_, field)| field.is_used()).collect();
        used.sort_by_key(|(_, field)| field.position);
        for pair in used.windows(2) {
            if let [(first, one), (second, other)] = pair
                && one.span().1 > other.span().0
            {
                faults.push(format!("{first} and {second} overlap"));
            }
        }
        faults
    }

    /// Characters of one record, without its end.
    pub fn length(&self) -> usize {
        self.fields().iter().filter(|(_, field)| field.is_used()).map(|(_, field)| field.span().1).max().unwrap_or(0)
    }

    /// One record, without its end. Terminals are looked up by their serial number.
    ///
    /// # Errors
    /// A value does not fit its field, or has none.
    pub fn line(&self, row: &BookingRow, terminals: &BTreeMap<String, u16>) -> Result<String, RowError> {
        if row.cc.as_deref().is_some_and(|code| !code.is_empty()) {
            return Err(RowError::NoField("the cost centre"));
        }
        let mc = row.mc.as_deref().unwrap_or_default();
        if !mc.is_empty() && !self.mc.is_used() {
            return Err(RowError::NoField("the master code"));
        }
        if !mc.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(RowError::NotNumeric("the master code"));
        }
        let card = required(&row.badge, "the badge number")?;
        if !card.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(RowError::Characters("the badge number"));
        }
        let mut record = vec![b' '; self.length()];
        let date = row.at.date();
        let year = if self.year.length == 2 { date.year().rem_euclid(100) } else { date.year() };
        put(&mut record, self.card, card, "the badge number")?;
        put(&mut record, self.year, &year.to_string(), "the year")?;
        put(&mut record, self.month, &date.month().to_string(), "the month")?;
        put(&mut record, self.day, &date.day().to_string(), "the day")?;
        put(&mut record, self.hours, &row.at.hour().to_string(), "the hour")?;
        put(&mut record, self.minutes, &row.at.minute().to_string(), "the minute")?;
        put(&mut record, self.mc, mc, "the master code")?;
        if self.terminal.is_used() {
            let number = terminals.get(&row.terminal).ok_or(RowError::NoTerminalNumber)?;
            put(&mut record, self.terminal, &number.to_string(), "the number of the terminal")?;
        }
        Ok(record.into_iter().map(char::from).collect())
    }

    fn fields(&self) -> [(&'static str, FixedField); 8] {
        [
            ("card", self.card),
            ("year", self.year),
            ("month", self.month),
            ("day", self.day),
            ("hours", self.hours),
            ("minutes", self.minutes),
            ("mc", self.mc),
            ("terminal", self.terminal),
        ]
    }
}

/// Writes an ASCII value to the right of its field, zeros before it.
fn put(record: &mut [u8], field: FixedField, value: &str, name: &'static str) -> Result<(), RowError> {
    if !field.is_used() {
        return Ok(());
    }
    let (start, end) = field.span();
    let too_long = RowError::TooLong { field: name, length: end - start };
    let Some(room) = record.get_mut(start..end) else { return Err(too_long) };
    if value.len() > room.len() {
        return Err(too_long);
    }
    let zeros = room.len() - value.len();
    for (place, byte) in room.iter_mut().zip(std::iter::repeat_n(b'0', zeros).chain(value.bytes())) {
        *place = byte;
    }
    Ok(())
}
