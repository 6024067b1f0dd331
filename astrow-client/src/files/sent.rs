//! What was written into an import folder, remembered beside it: which row came from what, and what became of its file.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::folder::{Place, names, number_in, replace};

/// A file that was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sent {
    pub(super) file: String,
    pub(super) at: DateTime<Utc>,
    pub(super) rows: Vec<SentRow>,
    #[serde(default)]
    pub(super) fate: Fate,
    /// Since when the fate is known.
    #[serde(default)]
    pub(super) since: Option<DateTime<Utc>>,
    /// A person has looked at it: what is not there may be sent again.
    #[serde(default)]
    pub(super) confirmed: bool,
}

/// One row of a file.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SentRow {
    /// What it came from.
    pub(super) reference: String,
    pub(super) badge: String,
    pub(super) at: NaiveDateTime,
    pub(super) terminal: String,
}

/// What became of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Fate {
    /// Not known yet.
    #[default]
    Open,
    Completed,
    Failed,
    Incomplete,
    /// It is nowhere any more.
    Gone,
}

/// Whose row it is stays out.
impl std::fmt::Debug for SentRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SentRow").field("reference", &self.reference).finish_non_exhaustive()
    }
}

/// All files that were written, as far as they are still remembered.
#[derive(Debug)]
pub(super) struct Memory {
    folder: PathBuf,
    files: BTreeMap<String, Sent>,
    /// Files by what their rows came from, the newest last.
    by_reference: HashMap<String, Vec<String>>,
}

impl Memory {
    /// Reads what is remembered. A note that cannot be read is put aside, never taken for nothing.
    pub(super) fn open(folder: PathBuf) -> io::Result<Self> {
        fs::create_dir_all(&folder)?;
        let mut memory = Self { folder, files: BTreeMap::new(), by_reference: HashMap::new() };
        let mut found: Vec<_> = names(&memory.folder)?.into_iter().filter(|name| is_note(name)).collect();
        found.sort();
        for name in found {
            let path = memory.folder.join(&name);
            let sent: Sent = serde_json::from_slice(&fs::read(&path)?).map_err(|error| {
                let text = format!("the note {} cannot be read: {error}", path.display());
                io::Error::new(io::ErrorKind::InvalidData, text)
            })?;
            memory.take_up(sent);
        }
        Ok(memory)
    }

    /// Remembers a file, on the disk before anything else.
    pub(super) fn remember(&mut self, sent: Sent) -> io::Result<()> {
        self.write(&sent)?;
        self.take_up(sent);
        Ok(())
    }

    /// The note on a file, as it is on the disk: another process may have confirmed it.
    pub(super) fn fresh(&mut self, file: &str) -> io::Result<Option<Sent>> {
        if !self.files.contains_key(file) {
            return Ok(None);
        }
        match fs::read(self.path(file)) {
            Ok(bytes) => {
                let sent: Sent = serde_json::from_slice(&bytes).map_err(io::Error::from)?;
                self.files.insert(file.to_owned(), sent.clone());
                Ok(Some(sent))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(self.files.get(file).cloned()),
            Err(error) => Err(error),
        }
    }

    /// Notes where a file was found.
    pub(super) fn note(&mut self, file: &str, place: Place, now: DateTime<Utc>) -> io::Result<()> {
        let fate = match place {
            Place::Completed => Fate::Completed,
            Place::Failed => Fate::Failed,
            Place::Incomplete => Fate::Incomplete,
            Place::Gone => Fate::Gone,
            Place::Waiting | Place::Unsent => Fate::Open,
        };
        let Some(mut sent) = self.fresh(file)?.filter(|sent| sent.fate != fate) else { return Ok(()) };
        // What was seen once stays: Astrow's folders may be tidied up.
        if fate == Fate::Gone && sent.fate != Fate::Open {
            return Ok(());
        }
        sent.fate = fate;
        sent.since = Some(now);
        self.remember_again(sent)
    }

    /// Notes that a person has looked at a file; `false` if nothing is known of it.
    pub(super) fn confirm(&mut self, file: &str) -> io::Result<bool> {
        let Some(mut sent) = self.fresh(file)? else { return Ok(false) };
        sent.confirmed = true;
        self.remember_again(sent)?;
        Ok(true)
    }

    /// Files whose fate is not known yet, and those that need a person.
    pub(super) fn unsettled(&self) -> Vec<String> {
        let settled = |sent: &Sent| sent.fate == Fate::Completed || sent.confirmed;
        self.files.values().filter(|sent| !settled(sent)).map(|sent| sent.file.clone()).collect()
    }

    /// The files that had a row from this, the newest last.
    pub(super) fn files_of(&self, reference: &str) -> Vec<String> {
        self.by_reference.get(reference).cloned().unwrap_or_default()
    }

    /// The number of the next file.
    pub(super) fn next_number(&self) -> u32 {
        let newest = self.files.values().max_by_key(|sent| (sent.at, &sent.file));
        newest.and_then(|sent| number_in(&sent.file)).map_or(1, |number| if number >= 9_999 { 1 } else { number + 1 })
    }

    /// Forgets a file that never got into the folder.
    pub(super) fn forget(&mut self, file: &str) -> io::Result<()> {
        if let Some(sent) = self.files.remove(file) {
            for row in &sent.rows {
                if let Some(files) = self.by_reference.get_mut(&row.reference) {
                    files.retain(|other| other != file);
                }
            }
        }
        remove(&self.path(file))
    }

    /// Forgets settled files of long ago.
    pub(super) fn forget_old(&mut self, now: DateTime<Utc>) -> io::Result<()> {
        let old = |sent: &&Sent| {
            (sent.fate == Fate::Completed || sent.confirmed) && now - sent.at > TimeDelta::days(REMEMBERED_DAYS)
        };
        let files: Vec<_> = self.files.values().filter(old).map(|sent| sent.file.clone()).collect();
        files.iter().try_for_each(|file| self.forget(file))
    }

    fn remember_again(&mut self, sent: Sent) -> io::Result<()> {
        self.write(&sent)?;
        self.files.insert(sent.file.clone(), sent);
        Ok(())
    }

    fn write(&self, sent: &Sent) -> io::Result<()> {
        replace(&self.path(&sent.file), &serde_json::to_vec(sent)?)
    }

    fn take_up(&mut self, sent: Sent) {
        for row in &sent.rows {
            self.by_reference.entry(row.reference.clone()).or_default().push(sent.file.clone());
        }
        self.files.insert(sent.file.clone(), sent);
    }

    fn path(&self, file: &str) -> PathBuf {
        self.folder.join(format!("{file}.json"))
    }
}

fn is_note(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|extension| extension == "json")
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// As long as an event may be compared with one that was booked.
const REMEMBERED_DAYS: i64 = 40;
