//! Astrow's folders: files of bookings and employees come in, exports go out.

mod bookings_in;
mod employees_in;
mod export;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use tempfile::TempDir;
use tracing::warn;

pub use bookings_in::{Field, Layout};
pub use employees_in::Template;

use super::switches::Switches;
use super::world::World;

/// Folders that somebody chose.
#[derive(Debug, Clone, Default)]
pub(super) struct Folders {
    pub(super) bookings: Option<PathBuf>,
    pub(super) employees: Option<PathBuf>,
    pub(super) export: Option<PathBuf>,
}

/// Where a file went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum FileResult {
    /// Every row was taken.
    Completed,
    /// No row was taken.
    Failed,
    /// Some rows were taken.
    Incomplete,
}

impl FileResult {
    /// The folder of that name.
    pub fn folder(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Incomplete => "incomplete",
        }
    }
}

/// What was done with a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Imported {
    /// Name of the file.
    pub name: String,
    /// Where it went or, if moves are slow, will go.
    pub result: FileResult,
    /// How many rows it has.
    pub rows: usize,
    /// How many of them were taken.
    pub taken: usize,
    /// What is wrong with the others.
    pub problems: Vec<String>,
}

/// The folders, and what is going on in them.
#[derive(Debug, Clone)]
pub(crate) struct Files {
    /// Removes the temporary folders in the end.
    _temporary: Option<Arc<TempDir>>,
    bookings: PathBuf,
    employees: PathBuf,
    export: PathBuf,
    watch: Option<Duration>,
    looked: Option<Instant>,
    moving: Vec<Moving>,
    exports: u32,
    /// The next change when employees were exported last.
    exported: Option<u64>,
}

/// A file on its slow way to a result folder.
#[derive(Debug, Clone)]
struct Moving {
    file: PathBuf,
    result: FileResult,
    due: DateTime<Utc>,
}

/// The rows of a file: taken, or why not.
type Rows<T> = Vec<Result<T, String>>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Content {
    Bookings,
    Employees,
}

impl Files {
    /// Makes all folders.
    pub(super) fn open(folders: &Folders, watch: Option<Duration>) -> anyhow::Result<Self> {
        let chosen = [&folders.bookings, &folders.employees, &folders.export];
        let temporary = if chosen.iter().all(|folder| folder.is_some()) {
            None
        } else {
            Some(Arc::new(tempfile::tempdir().context("there is no temporary folder")?))
        };
        let root = temporary.as_ref().map(|folder| folder.path().to_owned()).unwrap_or_default();
        let place = |folder: &Option<PathBuf>, name: &str| folder.clone().unwrap_or_else(|| root.join(name));
        let files = Self {
            bookings: place(&folders.bookings, "bookings-in"),
            employees: place(&folders.employees, "employees-in"),
            export: place(&folders.export, "export"),
            _temporary: temporary,
            watch,
            looked: None,
            moving: Vec::new(),
            exports: 0,
            exported: None,
        };
        for folder in [&files.bookings, &files.employees] {
            for result in [FileResult::Completed, FileResult::Failed, FileResult::Incomplete] {
                let folder = folder.join(result.folder());
                fs::create_dir_all(&folder).with_context(|| format!("{} cannot be made", folder.display()))?;
            }
        }
        fs::create_dir_all(&files.export).with_context(|| format!("{} cannot be made", files.export.display()))?;
        Ok(files)
    }

    pub(super) fn bookings(&self) -> &Path {
        &self.bookings
    }

    pub(super) fn employees(&self) -> &Path {
        &self.employees
    }

    pub(super) fn export(&self) -> &Path {
        &self.export
    }

    /// Files in a folder that are ready, by name.
    fn ready(&self, folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
        let entries = fs::read_dir(folder).with_context(|| format!("{} cannot be read", folder.display()))?;
        let mut ready: Vec<PathBuf> = entries
            .filter_map(Result::ok)
            .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()))
            .map(|entry| entry.path())
            .filter(|file| !unfinished(file) && !self.moving.iter().any(|moving| moving.file == *file))
            .collect();
        ready.sort();
        Ok(ready)
    }

    fn finish_moves(&mut self, now: DateTime<Utc>) -> anyhow::Result<()> {
        let (due, waiting) = std::mem::take(&mut self.moving).into_iter().partition(|moving| moving.due <= now);
        self.moving = waiting;
        let due: Vec<Moving> = due;
        due.into_iter().try_for_each(|moving| move_to(&moving.file, moving.result))
    }
}

/// Whether somebody still writes the file.
fn unfinished(file: &Path) -> bool {
    let name = name_of(file);
    name.starts_with('.') || [".tmp", ".part"].iter().any(|end| name.to_lowercase().ends_with(end))
}

fn name_of(file: &Path) -> String {
    file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// Moves a file to the sub-folder of its result; an older one of that name stays.
fn move_to(file: &Path, result: FileResult) -> anyhow::Result<()> {
    let folder = file.parent().unwrap_or(file).join(result.folder());
    let name = name_of(file);
    let mut target = folder.join(&name);
    let mut number = 0;
    while target.exists() {
        number += 1;
        target = folder.join(format!("{number}-{name}"));
    }
    // Somebody may have taken the file away meanwhile.
    if !file.exists() {
        return Ok(());
    }
    fs::rename(file, &target).with_context(|| format!("{} cannot be moved", file.display()))
}

impl World {
    pub(crate) fn import_now(&mut self) -> anyhow::Result<Vec<Imported>> {
        let now = self.clock.now();
        self.files.finish_moves(now)?;
        let mut done = Vec::new();
        for (folder, content) in
            [(self.files.bookings.clone(), Content::Bookings), (self.files.employees.clone(), Content::Employees)]
        {
            for file in self.files.ready(&folder)? {
                let bytes = fs::read(&file).with_context(|| format!("{} cannot be read", file.display()))?;
                let imported = self.import(content, &name_of(&file), &bytes);
                let result = imported.result;
                done.push(imported);
                match TimeDelta::try_milliseconds(i64::try_from(self.switches.slow_move).unwrap_or(i64::MAX)) {
                    Some(wait) if !wait.is_zero() => {
                        self.files.moving.push(Moving { file, result, due: now + wait });
                    }
                    _ => move_to(&file, result)?,
                }
            }
        }
        Ok(done)
    }

    /// Takes the rows of a file.
    fn import(&mut self, content: Content, name: &str, bytes: &[u8]) -> Imported {
        let refused = |why: &str| Imported {
            name: name.to_owned(),
            result: FileResult::Failed,
            rows: 0,
            taken: 0,
            problems: vec![why.to_owned()],
        };
        let licence = if content == Content::Bookings { "file-terminal" } else { "employees-import" };
        if Switches::take(&mut self.switches.file_failed) {
            return refused("the import failed");
        }
        if !self.licensed(licence) {
            return refused("the licence is missing");
        }
        let Ok(text) = std::str::from_utf8(bytes) else { return refused("this is no text") };
        let stop = Switches::take(&mut self.switches.file_incomplete);
        let rows = match content {
            Content::Bookings => self.import_bookings(name, text, stop),
            Content::Employees => self.import_employees(text, stop),
        };
        let taken = rows.iter().filter(|row| row.is_ok()).count();
        let result = match (taken, rows.len()) {
            _ if stop => FileResult::Incomplete,
            (0, _) => FileResult::Failed,
            (taken, all) if taken == all => FileResult::Completed,
            _ => FileResult::Incomplete,
        };
        let (name, count) = (name.to_owned(), rows.len());
        Imported { name, result, rows: count, taken, problems: rows.into_iter().filter_map(Result::err).collect() }
    }

    /// Looks into the folders if it is time for that.
    pub(crate) fn watch_folders(&mut self) {
        let Some(every) = self.files.watch else { return };
        if self.files.looked.is_some_and(|looked| looked.elapsed() < every) {
            return;
        }
        self.files.looked = Some(Instant::now());
        if let Err(error) = self.import_now().and_then(|_| self.export_new()) {
            warn!(error = format!("{error:#}"), "the folders cannot be used");
        }
    }
}

/// The lines of a text without their ends; the last one may be without an end.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty())
}

/// How many of so many rows are taken before a planned stop.
fn before_stop(rows: usize, stop: bool) -> usize {
    if stop { rows / 2 } else { rows }
}
