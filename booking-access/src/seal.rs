//! What stands on disk only sealed: codes and letters that were not sent yet.

use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 24;
const HASH_BLOCK: usize = 64;

/// Seals with a key that stands in a file of its own, so that a copy of the store alone is useless.
///
/// Everything is sealed for a purpose, and opens for the same purpose only.
pub struct Sealer {
    seal_key: Zeroizing<[u8; KEY_BYTES]>,
    hash_key: Zeroizing<[u8; KEY_BYTES]>,
}

/// Something cannot be sealed or opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// The key file cannot be read or made.
    #[error("the key file cannot be read or made")]
    File(#[from] io::Error),
    /// The key file does not hold a key.
    #[error("the key file does not hold a key")]
    NoKey,
    /// The operating system gives no random bytes.
    #[error("the operating system gives no random bytes")]
    Random,
    /// It was sealed with another key or for another purpose, or it was changed since.
    #[error("it was sealed with another key, or it is damaged")]
    Broken,
}

impl Sealer {
    /// Reads the key from its file; makes the file, for its owner alone, if there is none.
    ///
    /// # Errors
    /// The file can neither be read nor made, or holds something else.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, SealError> {
        let path = path.as_ref();
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        match fs::read(path) {
            Ok(bytes) => {
                let bytes = Zeroizing::new(bytes);
                *key = bytes.as_slice().try_into().map_err(|_| SealError::NoKey)?;
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                random(key.as_mut_slice())?;
                write_key(path, key.as_slice())?;
            }
            Err(error) => return Err(error.into()),
        }
        Ok(Self::with_key(&key))
    }

    /// Seals with a key that is nowhere else: for tests and demonstrations.
    ///
    /// # Errors
    /// The operating system gives no random bytes.
    pub fn for_this_process() -> Result<Self, SealError> {
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        random(key.as_mut_slice())?;
        Ok(Self::with_key(&key))
    }

    fn with_key(key: &[u8; KEY_BYTES]) -> Self {
        Self { seal_key: Zeroizing::new(keyed(key, &[b"seal"])), hash_key: Zeroizing::new(keyed(key, &[b"hash"])) }
    }

    /// Sealed for a purpose, each time anew.
    pub(crate) fn seal(&self, purpose: &str, clear: &[u8]) -> Result<Vec<u8>, SealError> {
        let mut sealed = vec![0; NONCE_BYTES];
        random(&mut sealed)?;
        let nonce = XNonce::try_from(sealed.as_slice()).map_err(|_| SealError::Random)?;
        let payload = Payload { msg: clear, aad: purpose.as_bytes() };
        sealed.extend(self.cipher().encrypt(&nonce, payload).map_err(|_| SealError::Broken)?);
        Ok(sealed)
    }

    /// What was sealed for this purpose.
    pub(crate) fn unseal(&self, purpose: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let (nonce, body) = sealed.split_at_checked(NONCE_BYTES).ok_or(SealError::Broken)?;
        let nonce = XNonce::try_from(nonce).map_err(|_| SealError::Broken)?;
        let payload = Payload { msg: body, aad: purpose.as_bytes() };
        self.cipher().decrypt(&nonce, payload).map(Zeroizing::new).map_err(|_| SealError::Broken)
    }

    /// The same for the same parts and purpose, and nobody without the key can tell from what.
    pub(crate) fn hash(&self, purpose: &str, parts: &[&[u8]]) -> [u8; KEY_BYTES] {
        let mut all = vec![purpose.as_bytes()];
        all.extend_from_slice(parts);
        keyed(&self.hash_key, &all)
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&Key::from(*self.seal_key))
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealer(***)")
    }
}

/// Random bytes of the operating system.
pub(crate) fn random(bytes: &mut [u8]) -> Result<(), SealError> {
    getrandom::fill(bytes).map_err(|_| SealError::Random)
}

/// HMAC-SHA-256 over the parts, each with its length before it.
fn keyed(key: &[u8; KEY_BYTES], parts: &[&[u8]]) -> [u8; KEY_BYTES] {
    let pad = |byte: u8| {
        let mut block = Zeroizing::new([byte; HASH_BLOCK]);
        block.iter_mut().zip(key).for_each(|(padded, key)| *padded ^= key);
        block
    };
    let mut inner = Sha256::new_with_prefix(pad(0x36).as_slice());
    for part in parts {
        inner.update((part.len() as u64).to_be_bytes());
        inner.update(part);
    }
    Sha256::new_with_prefix(pad(0x5c).as_slice()).chain_update(inner.finalize()).finalize().into()
}

/// Written whole beside its place first: a crash leaves no half key.
fn write_key(path: &Path, key: &[u8]) -> io::Result<()> {
    let beside = path.with_extension("new");
    match fs::remove_file(&beside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&beside)?;
    file.write_all(key)?;
    file.sync_all()?;
    drop(file);
    // A link fails if another process was faster, rather than replacing the key that it already uses.
    match fs::hard_link(&beside, path) {
        Ok(()) => fs::remove_file(&beside)?,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(error),
        Err(_) => fs::rename(&beside, path)?,
    }
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).map_or(Ok(()), sync_folder)
}

#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    fs::File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "same shape as on Unix")]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sealed_opens_again_with_the_same_file_and_for_the_same_purpose_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret.key");
        let sealed = Sealer::open(&path).unwrap().seal("code", b"4821").unwrap();
        let again = Sealer::open(&path).unwrap();
        assert_eq!(again.unseal("code", &sealed).unwrap().as_slice(), b"4821");
        assert!(again.unseal("mail", &sealed).is_err());
        assert!(Sealer::for_this_process().unwrap().unseal("code", &sealed).is_err());
        for cut in 0..sealed.len() {
            assert!(again.unseal("code", &sealed[..cut]).is_err());
        }
        let mut changed = sealed.clone();
        changed[30] ^= 1;
        assert!(again.unseal("code", &changed).is_err());
        assert!(!sealed.windows(4).any(|bytes| bytes == b"4821"));
    }

    #[test]
    fn sealing_twice_differs_and_hashing_twice_does_not() {
        let sealer = Sealer::for_this_process().unwrap();
        assert_ne!(sealer.seal("code", b"1").unwrap(), sealer.seal("code", b"1").unwrap());
        assert_eq!(sealer.hash("code", &[b"ab"]), sealer.hash("code", &[b"ab"]));
        assert_ne!(sealer.hash("code", &[b"ab"]), sealer.hash("code", &[b"a", b"b"]));
        assert_ne!(sealer.hash("code", &[b"ab"]), sealer.hash("mail", &[b"ab"]));
        assert_ne!(sealer.hash("code", &[b"ab"]), Sealer::for_this_process().unwrap().hash("code", &[b"ab"]));
    }

    #[test]
    fn the_keyed_hash_is_hmac_sha_256() {
        // Computed with Python's `hmac` over the same parts with their lengths before them.
        let expected = "beb6733ed119eb3e802a3564593b10beef2d13f8b29597dda7b99d07da0c2ab8";
        assert_eq!(hex::encode(keyed(&[7; KEY_BYTES], &[b"code", b"4821"])), expected);
    }

    #[cfg(unix)]
    #[test]
    fn the_key_file_is_for_its_owner_alone_and_never_replaced() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret.key");
        Sealer::open(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(write_key(&path, &[1; KEY_BYTES]).is_err());
        fs::write(&path, b"short").unwrap();
        assert!(matches!(Sealer::open(&path), Err(SealError::NoKey)));
    }

    #[test]
    fn debug_shows_no_key() {
        assert_eq!(format!("{:?}", Sealer::with_key(&[7; KEY_BYTES])), "Sealer(***)");
    }
}
