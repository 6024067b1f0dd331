//! Bookings out of Astrow: the files of its bookings export, in the line format that is set there.

use chrono::NaiveDateTime;

use super::date_format::{DateFormat, read_time};
use super::line_format::{LineFormat, Values};
use super::text::{BadLine, Encoding, Parsed, lines};

/// The line format that we ask the administrator to set.
pub const LINE_FORMAT: &str = "$EMPLOYEENR$;$DATETIME$;$DIRECTION$;$SERIALNUMBER$;$MCCODE$;$CCCODE$;$SYNCED$";

/// One booking of an export. The values of direction and synced are not public: they are texts and decide nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct ExportedBooking {
    /// When, in the zone of the Astrow server.
    pub at: NaiveDateTime,
    /// Its line, from 1.
    pub line: usize,
    values: Values,
}

impl ExportedBooking {
    /// The value of a placeholder, such as `SERIALNUMBER`; none if the format lacks it or the line has nothing there.
    pub fn value(&self, placeholder: &str) -> Option<&str> {
        self.values.get(placeholder).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Number of the employee.
    pub fn employee_no(&self) -> Option<&str> {
        self.value("EMPLOYEENR")
    }

    /// Serial number of the terminal.
    pub fn terminal(&self) -> Option<&str> {
        self.value("SERIALNUMBER")
    }
}

/// Who is not shown.
impl std::fmt::Debug for ExportedBooking {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ExportedBooking").field("line", &self.line).field("at", &self.at).finish_non_exhaustive()
    }
}

/// The bookings of one export file. A bad line is named and stops no other.
///
/// # Errors
/// In words: the file is not in the declared encoding.
pub fn read_bookings(
    bytes: &[u8],
    encoding: Encoding,
    format: &LineFormat,
    date: &DateFormat,
) -> Result<Parsed<ExportedBooking>, String> {
    let read = lines(bytes, encoding)?;
    let mut parsed = Parsed { items: Vec::new(), bad: Vec::new(), whole: read.ended };
    for line in read.lines.iter().filter(|line| !line.text.trim().is_empty()) {
        let booking = format.read(&line.text).and_then(|values| {
            let at = instant(&values, date)?;
            Ok(ExportedBooking { at, line: line.number, values })
        });
        match booking {
            Ok(booking) => parsed.items.push(booking),
            Err(why) => parsed.bad.push(BadLine::new(line.number, why)),
        }
    }
    Ok(parsed)
}

fn instant(values: &Values, date: &DateFormat) -> Result<NaiveDateTime, String> {
    let value = |name: &str| values.get(name).map(String::as_str);
    let found = match (value("DATETIME"), value("DATE"), value("TIME")) {
        (Some(both), _, _) => date.read(both),
        (None, Some(day), Some(time)) => date.read_date(day).zip(read_time(time)).map(|(day, time)| day.and_time(time)),
        _ => return Err("the line format has no date and time".to_owned()),
    };
    found.ok_or_else(|| format!("its time is not written as {date} HH:mm"))
}
