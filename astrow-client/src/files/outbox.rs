//! Files into an import folder of Astrow: at most one waits, none is sent twice without a reason.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};

use super::folder::{Place, Watched, file_name};
use super::sent::{Fate, Memory, Sent, SentRow};
use super::settings::work_folder;
use crate::model::{AstrowError, AstrowErrorKind};

/// One import folder and what was written into it.
#[derive(Debug)]
pub(super) struct Outbox {
    watched: Watched,
    extension: &'static str,
    memory: Mutex<Option<Memory>>,
}

/// What is known of something that may have been written before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// Never written, or a person has said that it may be written again.
    New,
    /// Written; the place of its row, from 0.
    Sent { file: Sent, row: usize },
}

impl Outbox {
    pub(super) fn new(folder: &Path, extension: &'static str) -> Result<Self, AstrowError> {
        let work = work_folder(folder).ok_or_else(|| {
            AstrowError::new(AstrowErrorKind::Config, format!("{} has no folder beside it", folder.display()))
        })?;
        let watched = Watched { folder: folder.to_owned(), work };
        Ok(Self { watched, extension, memory: Mutex::new(None) })
    }

    /// What became of whatever has this reference. Where it was written more than once, the one that Astrow took counts, else
    /// the last.
    pub(super) fn known(&self, reference: &str, now: DateTime<Utc>) -> Result<Known, AstrowError> {
        let mut lock = self.open()?;
        let memory = opened(&mut lock)?;
        let mut last = Known::New;
        for file in memory.files_of(reference) {
            let Some(sent) = self.look(memory, &file, now).map_err(|error| self.fault(error))? else { continue };
            let Some(row) = sent.rows.iter().position(|row| row.reference == reference) else { continue };
            let done = sent.fate == Fate::Completed;
            last = Known::Sent { file: sent, row };
            if done {
                return Ok(last);
            }
        }
        match &last {
            Known::Sent { file, .. } if file.fate == Fate::Failed && file.confirmed => Ok(Known::New),
            _ => Ok(last),
        }
    }

    /// Writes rows into a new file.
    ///
    /// # Errors
    /// Nothing was written where an earlier file still waits, or was refused and nobody has looked at it.
    pub(super) fn send(&self, rows: Vec<SentRow>, bytes: &[u8], now: DateTime<Utc>) -> Result<Sent, AstrowError> {
        self.watched.prepare().map_err(|error| self.fault(error))?;
        let mut lock = self.open()?;
        let memory = opened(&mut lock)?;
        self.ready_for_more(memory, now)?;
        let file = file_name(now, memory.next_number(), self.extension);
        let sent = Sent { file, at: now, rows, fate: Fate::Open, since: None, confirmed: false };
        let mut write = || -> io::Result<()> {
            memory.forget_old(now)?;
            self.watched.lay_ready(&sent.file, bytes)?;
            memory.remember(sent.clone())?;
            self.watched.hand_over(&sent.file)
        };
        match write() {
            Ok(()) => Ok(sent),
            Err(error) => {
                // It never got into the folder, which its note tells at the next look as well.
                let _ = self.look(memory, &sent.file, now);
                Err(self.fault(error))
            }
        }
    }

    /// The file as it stands now.
    pub(super) fn state(&self, file: &str, now: DateTime<Utc>) -> Result<Option<Sent>, AstrowError> {
        let mut lock = self.open()?;
        self.look(opened(&mut lock)?, file, now).map_err(|error| self.fault(error))
    }

    /// A person has looked at a file that was refused or taken in part: what is not booked may be sent again.
    pub(super) fn confirm(&self, file: &str) -> Result<bool, AstrowError> {
        let mut lock = self.open()?;
        opened(&mut lock)?.confirm(file).map_err(|error| self.fault(error))
    }

    /// Files that need a person, or whose fate is not known yet.
    pub(super) fn unsettled(&self, now: DateTime<Utc>) -> Result<Vec<Sent>, AstrowError> {
        let mut lock = self.open()?;
        let memory = opened(&mut lock)?;
        let mut found = Vec::new();
        for file in memory.unsettled() {
            let sent = self.look(memory, &file, now).map_err(|error| self.fault(error))?;
            found.extend(sent.filter(|sent| sent.fate != Fate::Completed && !sent.confirmed));
        }
        Ok(found)
    }

    /// The folder is there, and ours beside it can be written.
    pub(super) fn test(&self) -> Result<(), AstrowError> {
        self.watched.prepare().map_err(|error| self.fault(error))?;
        self.open().map(drop)
    }

    pub(super) fn folder(&self) -> &Path {
        &self.watched.folder
    }

    fn ready_for_more(&self, memory: &mut Memory, now: DateTime<Utc>) -> Result<(), AstrowError> {
        for file in memory.unsettled() {
            let sent = self.look(memory, &file, now).map_err(|error| self.fault(error))?;
            if sent.is_some_and(|sent| sent.fate == Fate::Failed && !sent.confirmed) {
                return Err(refused(&file));
            }
        }
        match self.watched.waiting().map_err(|error| self.fault(error))?.first() {
            Some(file) => Err(waits(file)),
            None => Ok(()),
        }
    }

    /// Notes where a file is now; one that never got into the folder is forgotten.
    fn look(&self, memory: &mut Memory, file: &str, now: DateTime<Utc>) -> io::Result<Option<Sent>> {
        let Some(sent) = memory.fresh(file)? else { return Ok(None) };
        if sent.fate == Fate::Completed {
            return Ok(Some(sent));
        }
        let place = self.watched.place(file)?;
        if place == Place::Unsent {
            self.watched.take_back(file)?;
            memory.forget(file)?;
            return Ok(None);
        }
        memory.note(file, place, now)?;
        let after = memory.fresh(file)?;
        if let Some(after) = after.as_ref().filter(|after| after.fate != sent.fate) {
            alarm(after);
        }
        Ok(after)
    }

    fn open(&self) -> Result<MutexGuard<'_, Option<Memory>>, AstrowError> {
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        if memory.is_none() {
            *memory = Some(Memory::open(self.notes()).map_err(|error| self.fault(error))?);
        }
        Ok(memory)
    }

    fn notes(&self) -> PathBuf {
        self.watched.work.join("sent")
    }

    fn fault(&self, error: io::Error) -> AstrowError {
        let folder = self.watched.folder.display();
        match error.kind() {
            io::ErrorKind::CrossesDevices => AstrowError::new(
                AstrowErrorKind::Config,
                format!("{folder} and the folder beside it are not on the same volume"),
            )
            .with_source(error),
            _ => AstrowError::new(AstrowErrorKind::Files, format!("{folder} could not be used: {error}"))
                .with_source(error),
        }
    }
}

fn opened(memory: &mut Option<Memory>) -> Result<&mut Memory, AstrowError> {
    memory.as_mut().ok_or_else(|| AstrowError::new(AstrowErrorKind::Files, "the notes on sent files are not open"))
}

fn alarm(sent: &Sent) {
    let file = sent.file.as_str();
    match sent.fate {
        Fate::Failed => {
            tracing::error!(file, "Astrow refused a file; nothing more is sent until somebody confirms it");
        }
        Fate::Incomplete => tracing::error!(file, "Astrow took a file in part; it is compared with the next export"),
        Fate::Gone => tracing::error!(file, "a file is gone from Astrow's folders; its rows are unknown"),
        Fate::Completed => tracing::info!(file, "Astrow took a file"),
        Fate::Open => {}
    }
}

/// Nothing more goes out before a person has looked.
pub(super) fn refused(file: &str) -> AstrowError {
    let text = format!("Astrow refused the file {file}: it is in its folder `failed`");
    AstrowError::new(AstrowErrorKind::Config, text)
        .with_remedy("compare the file with the settings of Astrow's import screen, then confirm the file to have its bookings sent again")
}

/// Nothing more goes out before Astrow has taken what is there.
pub(super) fn waits(file: &str) -> AstrowError {
    AstrowError::new(AstrowErrorKind::Unreachable, format!("the file {file} still waits for Astrow's import"))
        .with_remedy("see whether the Astrow IO service runs and watches this folder")
}
