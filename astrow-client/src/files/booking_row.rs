//! Bookings into Astrow: the delimited file of its bookings import.

use chrono::NaiveDateTime;

use super::date_format::DateFormat;

/// One booking on its way into a file, in what Astrow can take.
#[derive(Clone, PartialEq, Eq)]
pub struct BookingRow {
    /// Badge number as Astrow shows it.
    pub badge: String,
    /// When, in the zone of the Astrow server; seconds are cut.
    pub at: NaiveDateTime,
    /// Master code.
    pub mc: Option<String>,
    /// Cost centre.
    pub cc: Option<String>,
    /// Serial number of the file terminal.
    pub terminal: String,
}

/// Why a booking cannot be written into a file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RowError {
    /// A value that must be there is missing.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// A value has characters that the file has no room for.
    #[error("{0} has characters other than letters, digits and . - / : and blank")]
    Characters(&'static str),
    /// A value does not fit its field.
    #[error("{field} does not fit into {length} characters")]
    TooLong {
        /// Which.
        field: &'static str,
        /// How long its field is.
        length: usize,
    },
    /// A value must be a number.
    #[error("{0} is not a number")]
    NotNumeric(&'static str),
    /// The layout has no field for a value that is there.
    #[error("the layout has no field for {0}")]
    NoField(&'static str),
    /// The terminal has no number in the settings.
    #[error("the terminal has no number in `terminal_numbers`")]
    NoTerminalNumber,
}

/// Who is not shown.
impl std::fmt::Debug for BookingRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BookingRow").field("at", &self.at).field("terminal", &self.terminal).finish_non_exhaustive()
    }
}

/// The header line of the delimited form.
pub const HEADER: &str = "Badgenr, Date and time, MC code, CC code, Terminal serial";

/// One line of the delimited form, without its end.
///
/// # Errors
/// A value is missing or has characters that would need quoting.
pub fn csv_line(row: &BookingRow, date: &DateFormat, empty_code: &str) -> Result<String, RowError> {
    let badge = required(&row.badge, "the badge number")?;
    let terminal = required(&row.terminal, "the terminal")?;
    let code = |code: &Option<String>, name| match code.as_deref().filter(|code| !code.is_empty()) {
        Some(code) => plain(code, name).map(str::to_owned),
        None => Ok(empty_code.to_owned()),
    };
    let (mc, cc) = (code(&row.mc, "the master code")?, code(&row.cc, "the cost centre")?);
    Ok(format!("{badge},{},{mc},{cc},{terminal}", date.minute(row.at)))
}

/// A whole file of the delimited form: header, lines, each ended by CR LF.
pub fn csv_file<'a>(lines: impl IntoIterator<Item = &'a str>) -> String {
    file(std::iter::once(HEADER).chain(lines))
}

/// Lines, each ended by CR LF.
pub(super) fn file<'a>(lines: impl IntoIterator<Item = &'a str>) -> String {
    lines.into_iter().fold(String::new(), |text, line| text + line + "\r\n")
}

pub(super) fn required<'a>(value: &'a str, name: &'static str) -> Result<&'a str, RowError> {
    if value.trim().is_empty() { Err(RowError::Missing(name)) } else { plain(value, name) }
}

fn plain<'a>(value: &'a str, name: &'static str) -> Result<&'a str, RowError> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | ':' | ' ' | '.' | '-');
    if value.chars().all(fits) { Ok(value) } else { Err(RowError::Characters(name)) }
}
