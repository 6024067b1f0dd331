//! Files into a folder that another program watches, and where that program has put them.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

/// Where a file of ours is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Still with us: it never got into the folder.
    Unsent,
    /// In the folder, waiting.
    Waiting,
    /// Taken as a whole.
    Completed,
    /// Refused as a whole.
    Failed,
    /// Taken in part.
    Incomplete,
    /// Nowhere.
    Gone,
}

/// A folder that another program watches, and our own folder beside it.
#[derive(Clone, Debug)]
pub(super) struct Watched {
    pub(super) folder: PathBuf,
    pub(super) work: PathBuf,
}

impl Watched {
    /// Makes our folder; the watched one must be there.
    pub(super) fn prepare(&self) -> io::Result<()> {
        if !self.folder.is_dir() {
            return Err(io::Error::new(io::ErrorKind::NotFound, "the import folder does not exist"));
        }
        fs::create_dir_all(&self.work)
    }

    /// Writes a file beside the folder, whole and on the disk.
    pub(super) fn lay_ready(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        store(&self.work.join(name), bytes)
    }

    /// Moves a file that lies ready into the folder, in one step.
    pub(super) fn hand_over(&self, name: &str) -> io::Result<()> {
        let target = self.folder.join(name);
        if target.try_exists()? {
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, "a file of this name waits already"));
        }
        fs::rename(self.work.join(name), &target)?;
        sync_folder(&self.folder);
        Ok(())
    }

    /// Takes back a file that lies ready.
    pub(super) fn take_back(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.work.join(name))
    }

    /// Where a file is now.
    pub(super) fn place(&self, name: &str) -> io::Result<Place> {
        if self.folder.join(name).try_exists()? {
            return Ok(Place::Waiting);
        }
        for (sub, place) in
            [("completed", Place::Completed), ("failed", Place::Failed), ("incomplete", Place::Incomplete)]
        {
            if is_in(&self.folder.join(sub), name)? {
                return Ok(place);
            }
        }
        Ok(if self.work.join(name).try_exists()? { Place::Unsent } else { Place::Gone })
    }

    /// Our files that wait.
    pub(super) fn waiting(&self) -> io::Result<Vec<String>> {
        let mut names = names(&self.folder)?;
        names.retain(|name| name.starts_with(PREFIX));
        names.sort();
        Ok(names)
    }
}

/// Writes a file and waits until it is on the disk.
fn store(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.flush()?;
    file.sync_all()
}

/// Writes a file of ours in place of the one that is there, which stays as it was if this fails.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let beside = path.with_extension("new");
    store(&beside, bytes)?;
    fs::rename(&beside, path)
}

/// Name of a file: when it was made, and a running number.
pub(super) fn file_name(at: DateTime<Utc>, number: u32, extension: &str) -> String {
    format!("{PREFIX}{}-{number:04}.{extension}", at.format("%Y%m%dT%H%M%SZ"))
}

/// The running number in a name of ours.
pub(super) fn number_in(name: &str) -> Option<u32> {
    name.strip_prefix(PREFIX)?.split(['-', '.']).nth(1)?.parse().ok()
}

/// Names of the files in a folder.
pub(super) fn names(folder: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_file()
            && let Some(name) = entry.file_name().to_str()
        {
            names.push(name.to_owned());
        }
    }
    Ok(names)
}

/// Whether a file is in a folder: under its own name, or with something before or behind it.
fn is_in(folder: &Path, name: &str) -> io::Result<bool> {
    if folder.join(name).try_exists()? {
        return Ok(true);
    }
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    match names(folder) {
        Ok(names) => Ok(names.iter().any(|other| other.contains(stem))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// The move itself is on the disk only with its folder; where that cannot be asked for, the system does it in its time.
fn sync_folder(folder: &Path) {
    if let Ok(opened) = File::open(folder) {
        let _ = opened.sync_all();
    }
}

const PREFIX: &str = "pac-";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_carry_time_and_number() {
        let name = file_name("2026-03-02T07:05:09Z".parse().unwrap(), 42, "csv");
        assert_eq!(name, "pac-20260302T070509Z-0042.csv");
        assert_eq!(number_in(&name), Some(42));
        assert_eq!(number_in("pac-x.csv"), None);
    }

    #[test]
    fn a_file_is_found_wherever_it_was_put() {
        let root = tempfile::tempdir().unwrap();
        let watched = Watched { folder: root.path().join("in"), work: root.path().join("in.own") };
        assert!(watched.prepare().is_err(), "the import folder is not made by us");
        fs::create_dir_all(watched.folder.join("completed")).unwrap();
        fs::create_dir_all(watched.folder.join("failed")).unwrap();
        watched.prepare().unwrap();
        watched.lay_ready("pac-1-0001.csv", b"x").unwrap();
        assert_eq!(watched.place("pac-1-0001.csv").unwrap(), Place::Unsent);
        watched.hand_over("pac-1-0001.csv").unwrap();
        assert_eq!(watched.place("pac-1-0001.csv").unwrap(), Place::Waiting);
        watched.lay_ready("pac-1-0001.csv", b"y").unwrap();
        assert!(watched.hand_over("pac-1-0001.csv").is_err(), "nothing is written over");
        watched.take_back("pac-1-0001.csv").unwrap();
        assert_eq!(watched.waiting().unwrap(), ["pac-1-0001.csv"]);
        assert_eq!(names(&watched.work).unwrap(), Vec::<String>::new());
        fs::rename(watched.folder.join("pac-1-0001.csv"), watched.folder.join("completed/pac-1-0001_done.csv"))
            .unwrap();
        assert_eq!(watched.place("pac-1-0001.csv").unwrap(), Place::Completed);
        assert_eq!(watched.place("pac-1-0002.csv").unwrap(), Place::Gone);
    }
}
