//! Reading the key file from disk.

use crate::model::{KeyFile, PacError, PacErrorKind};
use std::{fs, io::Read as _, path::Path};
use zeroize::Zeroizing;

/// Longest key file that is read at all; what is in it is for the driver to judge.
const LONGEST: u64 = 1024 * 1024;

/// Reads a key file.
///
/// On Unix, a file that others can read is refused unless `allow_loose` says otherwise.
///
/// # Errors
/// `KeyUnreadable`, `KeyPermissions` or `KeyTooLarge`.
pub fn read_key_file(path: &Path, allow_loose: bool) -> Result<KeyFile, PacError> {
    let loose = others_can_read(path)?;
    if loose && !allow_loose {
        let text = format!("others can read {}", path.display());
        return Err(PacError::new(PacErrorKind::KeyPermissions, text));
    }
    let file = fs::File::open(path).map_err(|error| unreadable(path, error))?;
    let mut bytes = Zeroizing::new(Vec::new());
    file.take(LONGEST + 1).read_to_end(&mut bytes).map_err(|error| unreadable(path, error))?;
    if bytes.len() as u64 > LONGEST {
        return Err(PacError::new(PacErrorKind::KeyTooLarge, format!("{} is no key file", path.display())));
    }
    let mut key = KeyFile::new(path, Vec::new());
    key.bytes = bytes;
    key.loose_permissions = loose;
    Ok(key)
}

fn unreadable(path: &Path, error: std::io::Error) -> PacError {
    PacError::new(PacErrorKind::KeyUnreadable, format!("{} cannot be read", path.display())).with_source(error)
}

#[cfg(unix)]
fn others_can_read(path: &Path) -> Result<bool, PacError> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = fs::metadata(path).map_err(|error| unreadable(path, error))?.permissions().mode();
    Ok(mode & 0o044 != 0)
}

#[cfg(not(unix))]
fn others_can_read(_: &Path) -> Result<bool, PacError> {
    Ok(false)
}
