//! Files that Astrow writes: read whole, never changed, never deleted.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use chrono::{DateTime, Utc};

use super::folder::names;
use crate::model::{AstrowError, AstrowErrorKind};

/// What was read, and when it was written.
#[derive(Clone, Debug)]
pub(super) struct Read {
    pub(super) bytes: Vec<u8>,
    pub(super) stamp: Stamp,
}

/// Tells one state of a file from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Stamp {
    written: SystemTime,
    length: u64,
}

impl Stamp {
    pub(super) fn written(self) -> DateTime<Utc> {
        self.written.into()
    }
}

/// A file as it is, if nobody writes it meanwhile.
pub(super) fn read(path: &Path) -> Result<Read, AstrowError> {
    let before = stamp(path)?;
    if before.length > MOST_BYTES {
        let text = format!("{} is larger than {} MiB", path.display(), MOST_BYTES >> 20);
        return Err(AstrowError::new(AstrowErrorKind::TooLarge, text));
    }
    let mut bytes = Vec::new();
    let mut file = File::open(path).map_err(|error| fault(path, error))?;
    file.by_ref().take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(|error| fault(path, error))?;
    if stamp(path)? != before || bytes.len() as u64 != before.length {
        let text = format!("{} is being written at this moment", path.display());
        return Err(AstrowError::new(AstrowErrorKind::Unreachable, text).with_remedy("nothing: it is read again later"));
    }
    Ok(Read { bytes, stamp: before })
}

pub(super) fn stamp(path: &Path) -> Result<Stamp, AstrowError> {
    let meta = fs::metadata(path).map_err(|error| fault(path, error))?;
    let written = meta.modified().map_err(|error| fault(path, error))?;
    Ok(Stamp { written, length: meta.len() })
}

/// The files of a folder in the order in which they were written.
pub(super) fn in_order(folder: &Path) -> Result<Vec<(Stamp, PathBuf)>, AstrowError> {
    let mut found = Vec::new();
    for name in names(folder).map_err(|error| fault(folder, error))? {
        let path = folder.join(name);
        match stamp(&path) {
            Ok(stamp) => found.push((stamp, path)),
            // Moved away between listing and looking.
            Err(_) if !path.exists() => {}
            Err(error) => return Err(error),
        }
    }
    found.sort_by(|(a, one), (b, other)| (a.written, one).cmp(&(b.written, other)));
    Ok(found)
}

pub(super) fn fault(path: &Path, error: io::Error) -> AstrowError {
    let text = format!("{} cannot be read: {error}", path.display());
    AstrowError::new(AstrowErrorKind::Files, text).with_source(error)
}

/// A file that is not as it was declared.
pub(super) fn unreadable(path: &Path, why: &str) -> AstrowError {
    AstrowError::new(AstrowErrorKind::Protocol, format!("{} {why}", path.display()))
        .with_remedy("compare the export at Astrow with the settings of this driver")
}

/// More than any export that anybody reads.
const MOST_BYTES: u64 = 256 << 20;
