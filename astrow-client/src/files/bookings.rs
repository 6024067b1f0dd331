//! Bookings by files: written by the import, read from the export, the one compared with the other.

use std::collections::HashSet;
use std::path::PathBuf;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::booking_row::{BookingRow, RowError, csv_file, csv_line, file};
use super::bookings_out::{ExportedBooking, read_bookings};
use super::date_format::DateFormat;
use super::driver::{FilesDriver, Inner};
use super::inbox::{Stamp, fault, in_order, read, unreadable};
use super::line_format::LineFormat;
use super::local_time::{instants, local_minute};
use super::outbox::{Known, Outbox, refused, waits};
use super::sent::{Fate, Sent, SentRow};
use super::settings::{BookingFormat, BookingsIn, BookingsOut};
use super::text::{Encoding, Parsed};
use crate::model::{
    AstrowCapability, AstrowError, AstrowErrorKind, Booking, BookingOutcome, BookingRecord, BookingStatus, InvalidItem,
    Page, PageCursor, RejectionCode,
};

/// Rows in one file.
pub(super) const MOST_ROWS: usize = 1_000;
/// A status of our own: Astrow took a file in part, and nobody knows yet whether this row was in that part.
pub(crate) const UNKNOWN: &str = "unknown";
/// An export that is younger than a file by less may have been made before its bookings were in it.
const EXPORT_MARGIN: TimeDelta = TimeDelta::minutes(2);
/// Distance between two looks at a file that waits.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The bookings import.
#[derive(Debug)]
pub(super) struct BookingsImport {
    pub(super) outbox: Outbox,
    settings: BookingsIn,
    date: DateFormat,
}

/// The bookings export.
#[derive(Debug)]
pub(super) struct BookingsExport {
    pub(super) folder: PathBuf,
    line: LineFormat,
    date: DateFormat,
    encoding: Encoding,
}

/// What is to be done with one booking.
#[derive(Debug)]
enum Step {
    Done(BookingOutcome),
    Write { row: SentRow, line: String, twice: bool },
}

impl BookingsImport {
    pub(super) fn new(settings: &BookingsIn) -> Result<Self, AstrowError> {
        let extension = if settings.format == BookingFormat::Csv { "csv" } else { "txt" };
        Ok(Self {
            outbox: Outbox::new(&settings.folder, extension)?,
            date: date_format(&settings.date_format)?,
            settings: settings.clone(),
        })
    }

    fn line(&self, row: &BookingRow) -> Result<String, RowError> {
        match self.settings.format {
            BookingFormat::Csv => csv_line(row, &self.date, &self.settings.empty_code),
            BookingFormat::Fixed => self.settings.layout.line(row, &self.settings.terminal_numbers),
        }
    }

    fn whole(&self, lines: &[String]) -> String {
        let lines = lines.iter().map(String::as_str);
        if self.settings.format == BookingFormat::Csv { csv_file(lines) } else { file(lines) }
    }

    /// How a row is called in reports: its file and its line.
    fn name(&self, sent: &Sent, row: usize) -> String {
        let header = usize::from(self.settings.format == BookingFormat::Csv);
        format!("{} line {}", sent.file, row + 1 + header)
    }
}

impl BookingsExport {
    pub(super) fn new(settings: &BookingsOut, encoding: Encoding) -> Result<Self, AstrowError> {
        let config = |error: &dyn std::fmt::Display| AstrowError::new(AstrowErrorKind::Config, error.to_string());
        Ok(Self {
            folder: settings.folder.clone(),
            line: settings.line_format.parse().map_err(|error| config(&error))?,
            date: date_format(&settings.date_format)?,
            encoding,
        })
    }

    pub(super) fn test(&self) -> Result<String, AstrowError> {
        let files = in_order(&self.folder)?;
        let Some((_, newest)) = files.last() else { return Ok("no export yet".to_owned()) };
        let parsed = self.read(newest)?;
        let bad = match parsed.bad.first() {
            Some(first) => {
                format!(", {} lines cannot be used, the first is {}: {}", parsed.bad.len(), first.line, first.why)
            }
            None => String::new(),
        };
        Ok(format!("{} files, the newest has {} bookings{bad}", files.len(), parsed.items.len()))
    }

    fn read(&self, path: &std::path::Path) -> Result<Parsed<ExportedBooking>, AstrowError> {
        let bytes = read(path)?.bytes;
        read_bookings(&bytes, self.encoding, &self.line, &self.date).map_err(|why| unreadable(path, &why))
    }

    /// Whether an export has a row: nothing where that cannot be told yet.
    fn has(&self, row: &SentRow, employee_no: &str, sent: &Sent) -> Result<Option<bool>, AstrowError> {
        let taken = sent.since.unwrap_or(sent.at);
        let mut later = false;
        for (stamp, path) in in_order(&self.folder)? {
            if stamp.written() < sent.at {
                continue;
            }
            let parsed = self.read(&path)?;
            let found = parsed.items.iter().any(|booking| {
                booking.employee_no() == Some(employee_no)
                    && booking.terminal() == Some(row.terminal.as_str())
                    && minute(booking.at) == minute(row.at)
            });
            if found {
                return Ok(Some(true));
            }
            later |= stamp.written() >= taken + EXPORT_MARGIN && parsed.whole;
        }
        Ok(later.then_some(false))
    }
}

impl FilesDriver {
    pub(super) async fn book(&self, bookings: &[Booking]) -> Result<Vec<BookingOutcome>, AstrowError> {
        let mut outcomes = Vec::with_capacity(bookings.len());
        for part in bookings.chunks(MOST_ROWS) {
            let part = part.to_vec();
            let steps = self.blocking(move |inner| inner.steps(&part)).await?;
            outcomes.extend(self.write(steps).await?);
        }
        Ok(outcomes)
    }

    /// Writes what is to be written into one file, and waits until Astrow has moved it.
    async fn write(&self, steps: Vec<Step>) -> Result<Vec<BookingOutcome>, AstrowError> {
        let rows: Vec<_> = steps
            .iter()
            .filter_map(|step| match step {
                Step::Write { row, line, .. } => Some((row.clone(), line.clone())),
                Step::Done(_) => None,
            })
            .collect();
        if rows.is_empty() {
            return Ok(steps.into_iter().map(|step| step.outcome(None)).collect());
        }
        let sent = self.blocking(move |inner| inner.send(rows)).await?;
        let sent = self.wait_for(sent).await?;
        let inner = &self.inner;
        let mut place = 0;
        let outcome = |step: Step| {
            let row = place;
            place += usize::from(matches!(step, Step::Write { .. }));
            let named = inner.bookings_in.as_ref().map(|import| import.name(&sent, row));
            step.outcome(named.filter(|_| sent.fate == Fate::Completed))
        };
        Ok(steps.into_iter().map(outcome).collect())
    }

    async fn wait_for(&self, sent: Sent) -> Result<Sent, AstrowError> {
        let wait = self.inner.bookings_in.as_ref().map(|import| import.settings.wait()).unwrap_or_default();
        let begun = self.inner.clock.now();
        loop {
            let file = sent.file.clone();
            let state = self.blocking(move |inner| inner.import()?.outbox.state(&file, inner.now())).await?;
            let state = state.ok_or_else(|| AstrowError::new(AstrowErrorKind::Files, "the file was taken back"))?;
            match state.fate {
                Fate::Failed => return Err(refused(&sent.file)),
                Fate::Open if self.inner.clock.now().duration_since(begun) < wait => {
                    self.inner.clock.sleep(LOOK_EVERY.min(wait)).await;
                }
                Fate::Open => {
                    let text = format!("the file {} still waits for Astrow's import", sent.file);
                    return Err(AstrowError::new(AstrowErrorKind::OutcomeUnknown, text)
                        .with_remedy("see whether the Astrow IO service runs and watches this folder"));
                }
                Fate::Completed | Fate::Incomplete | Fate::Gone => return Ok(state),
            }
        }
    }

    /// What became of a booking by its key, as far as files tell: nothing if it was never written.
    ///
    /// # Errors
    /// `Unreachable` while it is not known yet, `Config` while its file was refused and nobody has looked.
    pub async fn outcome(&self, key: &str) -> Result<Option<BookingOutcome>, AstrowError> {
        let key = key.to_owned();
        self.blocking(move |inner| inner.known(&key)).await
    }
}

impl Inner {
    fn import(&self) -> Result<&BookingsImport, AstrowError> {
        self.bookings_in.as_ref().ok_or_else(|| AstrowError::unsupported(AstrowCapability::BookingsWrite))
    }

    fn steps(&self, bookings: &[Booking]) -> Result<Vec<Step>, AstrowError> {
        let mut seen = HashSet::new();
        let mut steps = Vec::with_capacity(bookings.len());
        for booking in bookings {
            steps.push(if seen.insert(booking.key.as_str()) {
                self.step(booking)?
            } else {
                Step::Done(BookingOutcome::new(&*booking.key, BookingStatus::Duplicate))
            });
        }
        Ok(steps)
    }

    /// What is known of a booking, and else how it is written.
    fn step(&self, booking: &Booking) -> Result<Step, AstrowError> {
        let import = self.import()?;
        if let Some(outcome) = self.known(&booking.key)? {
            return Ok(Step::Done(outcome));
        }
        let minute = local_minute(booking.at.to_utc(), self.zone);
        if minute.twice {
            tracing::warn!(key = %booking.key, at = %booking.at, "a booking in the hour that comes twice: its file cannot say which");
        }
        let row = BookingRow {
            badge: booking.badge_no.clone(),
            at: minute.at,
            mc: booking.mc.clone(),
            cc: booking.cc.clone(),
            terminal: booking.terminal_serial.clone(),
        };
        Ok(match import.line(&row) {
            Ok(line) => {
                let row =
                    SentRow { reference: booking.key.clone(), badge: row.badge, at: row.at, terminal: row.terminal };
                Step::Write { row, line, twice: minute.twice }
            }
            Err(error) => {
                let code = RejectionCode::Unknown("unwritable".to_owned());
                let mut outcome = BookingOutcome::rejected(&*booking.key, code);
                outcome.details = Some(error.to_string());
                Step::Done(outcome)
            }
        })
    }

    fn known(&self, key: &str) -> Result<Option<BookingOutcome>, AstrowError> {
        let import = self.import()?;
        let Known::Sent { file, row } = import.outbox.known(key, self.now())? else { return Ok(None) };
        let taken = |status| {
            let mut outcome = BookingOutcome::new(key, status);
            outcome.booking_id = Some(import.name(&file, row));
            Ok(Some(outcome))
        };
        match file.fate {
            Fate::Completed => taken(BookingStatus::Duplicate),
            Fate::Open => Err(waits(&file.file)),
            Fate::Failed => Err(refused(&file.file)),
            Fate::Incomplete | Fate::Gone => match self.in_export(&file, row)? {
                Some(true) => taken(BookingStatus::Duplicate),
                Some(false) => Ok(None),
                None if file.confirmed => Ok(None),
                None => {
                    let mut outcome = BookingOutcome::new(key, BookingStatus::Unknown(UNKNOWN.to_owned()));
                    outcome.details =
                        Some(format!("{} was taken in part; no export shows yet what is missing", file.file));
                    Ok(Some(outcome))
                }
            },
        }
    }

    /// Whether an export has the row of a file that was taken in part.
    fn in_export(&self, sent: &Sent, row: usize) -> Result<Option<bool>, AstrowError> {
        let (Some(export), Some(row)) = (&self.bookings_out, sent.rows.get(row)) else { return Ok(None) };
        let Some(employee_no) = self.employee_no_of(&row.badge) else { return Ok(None) };
        export.has(row, &employee_no, sent)
    }

    fn send(&self, rows: Vec<(SentRow, String)>) -> Result<Sent, AstrowError> {
        let import = self.import()?;
        let (rows, lines): (Vec<_>, Vec<_>) = rows.into_iter().unzip();
        import.outbox.send(rows, import.whole(&lines).as_bytes(), self.now())
    }

    /// The bookings of the next export file after a place.
    pub(super) fn bookings(&self, after: Option<&PageCursor>) -> Result<Page<BookingRecord>, AstrowError> {
        let export = self.bookings_out.as_ref();
        let export = export.ok_or_else(|| AstrowError::unsupported(AstrowCapability::BookingsRead))?;
        let files = in_order(&export.folder)?;
        let later = |(stamp, path): &&(Stamp, PathBuf)| after.is_none_or(|after| place(*stamp, path) > *after);
        let Some((stamp, path)) = files.iter().find(later) else { return Ok(Page::default()) };
        let parsed = export.read(path)?;
        if !parsed.whole {
            let error = std::io::Error::other("its last line has no end");
            return Err(fault(path, error));
        }
        let mut page = Page { next: Some(place(*stamp, path)), ..Page::default() };
        page.as_of = Some(stamp.written().fixed_offset());
        for bad in parsed.bad {
            page.invalid.push(InvalidItem::new(None, bad.line, format!("line {}", bad.line), bad.why));
        }
        for booking in parsed.items {
            if let Some(record) = self.record(&booking) {
                page.items.push(record);
            } else {
                let why = "a local time that the clocks of the zone never showed";
                page.invalid.push(InvalidItem::new(None, booking.line, format!("line {}", booking.line), why));
            }
        }
        Ok(page)
    }

    fn record(&self, booking: &ExportedBooking) -> Option<BookingRecord> {
        let text = |name| booking.value(name).map(str::to_owned);
        let at: DateTime<Utc> = *instants(booking.at, self.zone).first()?;
        let mut record = BookingRecord::new(at.with_timezone(&self.zone).fixed_offset());
        record.employee_no = text("EMPLOYEENR");
        record.terminal_serial = text("SERIALNUMBER");
        record.mc = text("MCCODE");
        record.cc = text("CCCODE");
        Some(record)
    }
}

impl Step {
    /// The outcome, of a row that was written with the name of its place if Astrow took it.
    fn outcome(self, taken: Option<String>) -> BookingOutcome {
        match (self, taken) {
            (Self::Done(outcome), _) => outcome,
            (Self::Write { row, twice, .. }, Some(name)) => {
                let mut outcome = BookingOutcome::new(row.reference, BookingStatus::Processed);
                outcome.booking_id = Some(name);
                outcome.details = twice.then(|| "in the hour that comes twice".to_owned());
                outcome
            }
            (Self::Write { row, .. }, None) => {
                let mut outcome = BookingOutcome::new(row.reference, BookingStatus::Unknown(UNKNOWN.to_owned()));
                outcome.details = Some("its file was taken in part".to_owned());
                outcome
            }
        }
    }
}

fn date_format(text: &str) -> Result<DateFormat, AstrowError> {
    text.parse().map_err(|error: super::InvalidDateFormat| AstrowError::new(AstrowErrorKind::Config, error.to_string()))
}

fn minute(at: chrono::NaiveDateTime) -> i64 {
    at.and_utc().timestamp().div_euclid(60)
}

/// Where a file stands in the order of files.
fn place(stamp: Stamp, path: &std::path::Path) -> PageCursor {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    PageCursor::new(format!("{:024}/{name}", stamp.written().timestamp_nanos_opt().unwrap_or_default()))
}
