//! Folders and formats, as an administrator sets them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::bookings_out::LINE_FORMAT;
use super::date_format::DateFormat;
use super::fixed::FixedLayout;
use super::line_format::LineFormat;
use super::text::Encoding;

/// Where the files of an Astrow installation are, and how they are written. A part without a folder is not used.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "sync", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct FilesConfig {
    /// Zone of the Astrow server, such as `Europe/Brussels`: its files have local times without an offset.
    pub time_zone: String,
    /// Whether Astrow shows hexadecimal badge numbers.
    #[serde(default)]
    pub hex_badges: bool,
    /// Encoding of the files that Astrow writes.
    #[serde(default)]
    pub encoding: Encoding,
    /// Bookings into Astrow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bookings_in: Option<BookingsIn>,
    /// Bookings out of Astrow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bookings_out: Option<BookingsOut>,
    /// Folder of the employees import.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub employees_in: Option<PathBuf>,
    /// File of the employees export.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub employees_out: Option<PathBuf>,
}

/// Bookings into Astrow by its bookings import.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "sync", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct BookingsIn {
    /// The import folder; Astrow moves its files to `completed`, `failed` or `incomplete` below it.
    pub folder: PathBuf,
    /// Delimited, or of fixed width.
    #[serde(default)]
    pub format: BookingFormat,
    /// Date format of the import screen.
    #[serde(default = "default_date_format")]
    pub date_format: String,
    /// What stands for a code that is not there: one blank, or nothing.
    #[serde(default = "default_empty_code")]
    pub empty_code: String,
    /// Places of the fields, for fixed width.
    #[serde(default)]
    pub layout: FixedLayout,
    /// Numbers of the file terminals by serial number, for fixed width.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub terminal_numbers: BTreeMap<String, u16>,
    /// Seconds to wait for Astrow to move a file; a little more than its import interval.
    #[serde(default = "default_wait_seconds")]
    pub wait_seconds: f64,
}

/// Bookings out of Astrow by its bookings export.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "sync", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct BookingsOut {
    /// The folder into which Astrow writes.
    pub folder: PathBuf,
    /// The line format that is set at Astrow.
    #[serde(default = "default_line_format")]
    pub line_format: String,
    /// How it writes dates.
    #[serde(default = "default_date_format")]
    pub date_format: String,
}

/// The two forms of booking files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "sync", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum BookingFormat {
    /// Delimited by commas, with a header.
    #[default]
    Csv,
    /// Records of fixed width.
    Fixed,
}

/// A setting of files that cannot work.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FilesFault {
    /// Its key, as in `bookings_in.date_format`.
    pub setting: &'static str,
    /// What is wrong.
    pub reason: String,
}

impl FilesConfig {
    /// Settings of a server in a zone, without any folder yet.
    pub fn new(time_zone: impl Into<String>) -> Self {
        Self {
            time_zone: time_zone.into(),
            hex_badges: false,
            encoding: Encoding::default(),
            bookings_in: None,
            bookings_out: None,
            employees_in: None,
            employees_out: None,
        }
    }

    /// Sets further settings.
    pub fn with(mut self, set: impl FnOnce(&mut Self)) -> Self {
        set(&mut self);
        self
    }

    /// The zone.
    pub fn zone(&self) -> Option<Tz> {
        self.time_zone.trim().parse().ok()
    }

    /// Everything that cannot work; nothing is read.
    pub fn faults(&self) -> Vec<FilesFault> {
        let mut faults = Vec::new();
        if self.zone().is_none() {
            let reason = format!("{:?} is no zone; write it like Europe/Brussels", self.time_zone);
            faults.push(FilesFault { setting: "time_zone", reason });
        }
        let none = self.bookings_in.is_none() && self.bookings_out.is_none();
        if none && self.employees_in.is_none() && self.employees_out.is_none() {
            let reason = "no folder is set: there is nothing to read or write".to_owned();
            faults.push(FilesFault { setting: "bookings_in", reason });
        }
        faults.extend(self.bookings_in.as_ref().map(BookingsIn::faults).unwrap_or_default());
        faults.extend(self.bookings_out.as_ref().map(BookingsOut::faults).unwrap_or_default());
        if self.employees_in.as_deref().is_some_and(|folder| work_folder(folder).is_none()) {
            let reason = "has no folder beside it; files are written there before they are moved in".to_owned();
            faults.push(FilesFault { setting: "employees_in", reason });
        }
        faults
    }
}

impl BookingsIn {
    /// The usual form into a folder.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            format: BookingFormat::default(),
            date_format: default_date_format(),
            empty_code: default_empty_code(),
            layout: FixedLayout::default(),
            terminal_numbers: BTreeMap::new(),
            wait_seconds: default_wait_seconds(),
        }
    }

    pub(super) fn wait(&self) -> Duration {
        Duration::try_from_secs_f64(self.wait_seconds).unwrap_or_default()
    }

    fn faults(&self) -> Vec<FilesFault> {
        let mut faults = Vec::new();
        let mut fault = |setting, reason: String| faults.push(FilesFault { setting, reason });
        if let Err(error) = self.date_format.parse::<DateFormat>() {
            fault("bookings_in.date_format", error.to_string());
        }
        if !["", " "].contains(&self.empty_code.as_str()) {
            fault("bookings_in.empty_code", "must be one blank or nothing".to_owned());
        }
        if work_folder(&self.folder).is_none() {
            let reason = "has no folder beside it; files are written there before they are moved in".to_owned();
            fault("bookings_in.folder", reason);
        }
        if !(self.wait_seconds.is_finite() && (0.0..=3600.0).contains(&self.wait_seconds)) {
            fault("bookings_in.wait_seconds", "must lie between 0 and 3600".to_owned());
        }
        if self.format == BookingFormat::Fixed {
            for reason in self.layout.faults() {
                fault("bookings_in.layout", reason);
            }
            if self.layout.terminal.position > 0 && self.terminal_numbers.is_empty() {
                let reason = "names no terminal, but the layout has a field for its number".to_owned();
                fault("bookings_in.terminal_numbers", reason);
            }
        }
        faults
    }
}

impl BookingsOut {
    /// The line format of this project from a folder.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), line_format: default_line_format(), date_format: default_date_format() }
    }

    fn faults(&self) -> Vec<FilesFault> {
        let mut faults = Vec::new();
        if let Err(error) = self.date_format.parse::<DateFormat>() {
            faults.push(FilesFault { setting: "bookings_out.date_format", reason: error.to_string() });
        }
        match self.line_format.parse::<LineFormat>() {
            Err(error) => faults.push(FilesFault { setting: "bookings_out.line_format", reason: error.to_string() }),
            Ok(format) if !(format.has("DATETIME") || format.has("DATE") && format.has("TIME")) => {
                let reason = "needs $DATETIME$, or $DATE$ and $TIME$".to_owned();
                faults.push(FilesFault { setting: "bookings_out.line_format", reason });
            }
            Ok(_) => {}
        }
        faults
    }
}

/// The folder of ours beside an import folder, on the same volume: files are written there and moved in when they are whole.
pub(super) fn work_folder(folder: &Path) -> Option<PathBuf> {
    let mut name = folder.file_name()?.to_owned();
    name.push(".pac-bridge");
    folder.parent().map(|parent| parent.join(name))
}

fn default_date_format() -> String {
    "dd/MM/yyyy".to_owned()
}

fn default_empty_code() -> String {
    " ".to_owned()
}

fn default_line_format() -> String {
    LINE_FORMAT.to_owned()
}

const fn default_wait_seconds() -> f64 {
    90.0
}
