//! Reading the key file from disk.

use crate::model::{KeyFile, PacEndpoint, PacError, PacErrorKind};
use std::{fs, io::Read as _, path::Path};
use zeroize::Zeroizing;

/// Longest key file that is read at all; what is in it is for the driver to judge.
const LONGEST: u64 = 1024 * 1024;

/// Reads the key file of an endpoint.
///
/// On Unix, a file that others can read is refused unless the endpoint allows it.
///
/// # Errors
/// `KeyUnreadable`, `KeyPermissions` or `KeyTooLarge`.
pub fn read_key_file(endpoint: &PacEndpoint) -> Result<KeyFile, PacError> {
    let path = &endpoint.key_path;
    let loose = others_can_read(path)?;
    if loose && !endpoint.allow_loose_key_permissions {
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
