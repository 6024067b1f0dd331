//! Files of bookings: with commas, or with fields of fixed width.

use chrono::{NaiveDate, NaiveDateTime};

use super::{Rows, before_stop, lines};
use crate::astrow::world::{BookingSource, Direction, Incoming, World, has};

/// Where a field of fixed width stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Field {
    /// First character, from 1; 0: the field is not used.
    pub start: usize,
    /// How many characters.
    pub length: usize,
}

impl Field {
    /// A field.
    pub fn new(start: usize, length: usize) -> Self {
        Self { start, length }
    }

    /// The field of a line; empty if it is not used.
    fn of(self, line: &str) -> Option<&str> {
        match self.start.checked_sub(1) {
            None => Some(""),
            Some(from) => line.get(from..from + self.length),
        }
    }
}

/// The layout of files with fields of fixed width.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// Card number.
    pub card: Field,
    /// Year with two or four digits.
    pub year: Field,
    /// Month.
    pub month: Field,
    /// Day.
    pub day: Field,
    /// Hours.
    pub hours: Field,
    /// Minutes.
    pub minutes: Field,
    /// Master code; `00`: none.
    pub mc: Field,
    /// Number that Astrow gave the terminal.
    pub terminal: Field,
}

impl Default for Layout {
    fn default() -> Self {
        Self {
            card: Field::new(1, 10),
            year: Field::new(11, 4),
            month: Field::new(15, 2),
            day: Field::new(17, 2),
            hours: Field::new(19, 2),
            minutes: Field::new(21, 2),
            mc: Field::new(23, 2),
            terminal: Field::new(25, 3),
        }
    }
}

/// A row as it was read.
struct Row {
    badge: String,
    at: NaiveDateTime,
    mc: Option<String>,
    cc: Option<String>,
    serial: String,
}

impl World {
    /// Takes the bookings of a file.
    pub(super) fn import_bookings(&mut self, name: &str, text: &str, stop: bool) -> Rows<()> {
        let header = usize::from(self.switches.csv_header && !self.switches.fixed_width);
        let read: Rows<(usize, Row)> = lines(text)
            .skip(header)
            .map(|(number, line)| {
                let row = if self.switches.fixed_width { self.fixed_row(line) } else { self.csv_row(line) };
                row.map(|row| (number, row)).map_err(|problem| format!("line {number}: {problem}"))
            })
            .collect();
        let taken = before_stop(read.len(), stop);
        let mut rows = Vec::new();
        for (at, row) in read.into_iter().enumerate() {
            let row = row.and_then(|row| if at < taken { Ok(row) } else { Err("the import stopped".to_owned()) });
            rows.push(row.map(|(number, row)| self.take_row(format!("file:{name}:{number}"), row)));
        }
        rows
    }

    fn take_row(&mut self, key: String, row: Row) {
        let at = self.with_offset(self.zone.instant(row.at));
        let booking = Incoming {
            key,
            badge_no: row.badge,
            pers_no: None,
            at,
            terminal_serial: row.serial,
            direction: Direction::Auto,
            mc: row.mc,
            cc: row.cc,
            pac_event: None,
        };
        self.book(&booking, BookingSource::File);
    }

    /// Badge, date and time, master code, cost centre, serial of the terminal.
    fn csv_row(&self, line: &str) -> Result<Row, String> {
        let cells: Vec<&str> = line.split(',').map(str::trim).collect();
        let [badge, at, mc, cc, serial] = cells.as_slice() else {
            return Err(format!("5 columns are needed, there are {}", cells.len()));
        };
        self.lookups.terminal(serial).ok_or_else(|| format!("there is no terminal '{serial}'"))?;
        Ok(Row {
            badge: self.file_badge(badge)?,
            at: date_time(at, &self.switches.date_format)?,
            mc: self.master_code(mc)?,
            cc: self.cost_centre(cc)?,
            serial: (*serial).to_owned(),
        })
    }

    fn fixed_row(&self, line: &str) -> Result<Row, String> {
        let layout = &self.layout;
        let field = |field: Field, name: &str| field.of(line).ok_or_else(|| format!("the line ends before the {name}"));
        let number = |from: Field, name: &str| {
            let text = field(from, name)?;
            let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            digits.then(|| text.parse::<u32>().ok()).flatten().ok_or_else(|| format!("'{text}' is no {name}"))
        };
        let year = number(layout.year, "year")?;
        let year = if layout.year.length <= 2 { 2000 + year } else { year };
        let day = NaiveDate::from_ymd_opt(
            i32::try_from(year).unwrap_or_default(),
            number(layout.month, "month")?,
            number(layout.day, "day")?,
        );
        let at = day.zip(Some((number(layout.hours, "hours")?, number(layout.minutes, "minutes")?)));
        let at = at.and_then(|(day, (hours, minutes))| day.and_hms_opt(hours, minutes, 0)).ok_or("this is no time")?;
        let terminal = number(layout.terminal, "terminal")?;
        let known = self.lookups.terminals.iter().find(|known| known.number == terminal);
        let card = field(layout.card, "card")?.trim();
        let card = card.trim_start_matches('0');
        let mc = field(layout.mc, "master code")?;
        Ok(Row {
            badge: self.file_badge(if card.is_empty() { "0" } else { card })?,
            at,
            mc: if mc == "00" { None } else { self.master_code(mc.trim())? },
            cc: None,
            serial: known.ok_or_else(|| format!("there is no terminal {terminal}"))?.serial.clone(),
        })
    }

    fn file_badge(&self, text: &str) -> Result<String, String> {
        let fits = self.usual_base().value(text).is_some();
        if fits { Ok(text.to_owned()) } else { Err(format!("'{text}' is no badge number")) }
    }

    fn master_code(&self, text: &str) -> Result<Option<String>, String> {
        let known = text.is_empty() || has(&self.lookups.master_codes, text);
        let code = Some(text.to_owned()).filter(|text| !text.is_empty());
        if known { Ok(code) } else { Err(format!("there is no master code '{text}'")) }
    }

    fn cost_centre(&self, text: &str) -> Result<Option<String>, String> {
        let known = text.is_empty() || has(&self.lookups.cost_centres, text);
        let code = Some(text.to_owned()).filter(|text| !text.is_empty());
        if known { Ok(code) } else { Err(format!("there is no cost centre '{text}'")) }
    }
}

/// Reads a time in a format as `dd/MM/yyyy HH:mm`, digit by digit.
fn date_time(text: &str, format: &str) -> Result<NaiveDateTime, String> {
    let format = chrono_format(format);
    let time = NaiveDateTime::parse_from_str(text, &format).ok();
    // The reader of times takes a single digit for two.
    let time = time.filter(|time| time.format(&format).to_string() == text);
    time.ok_or_else(|| format!("'{text}' is no date and time"))
}

/// A format as the screen has it, in chrono's letters.
pub(super) fn chrono_format(format: &str) -> String {
    let pairs = [("yyyy", "%Y"), ("yy", "%y"), ("MM", "%m"), ("dd", "%d"), ("HH", "%H"), ("mm", "%M"), ("ss", "%S")];
    pairs.iter().fold(format.to_owned(), |format, (screen, chrono)| format.replace(screen, chrono))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_digit_by_digit() {
        let read = |text| date_time(text, "dd/MM/yyyy HH:mm").map(|time| time.to_string()).ok();
        assert_eq!(read("02/03/2026 08:01").as_deref(), Some("2026-03-02 08:01:00"));
        for wrong in
            ["2/3/2026 08:01", "02/03/2026 8:01", "02/03/26 08:01", "02/03/2026 08:01:14", "03/13/2026 08:01", ""]
        {
            assert_eq!(read(wrong), None, "{wrong}");
        }
        assert!(date_time("2026-03-02 08:01", "yyyy-MM-dd HH:mm").is_ok());
    }
}
