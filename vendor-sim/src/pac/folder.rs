//! A site in a folder, so that it outlives the program.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tempfile::NamedTempFile;

use super::clients::Clients;
use super::pki::{Authority, Identity, ServerCertificate, VALID};
use super::world::World;

const AUTHORITY: &str = "authority.json";
const SERVER: &str = "server.json";
const CLIENTS: &str = "clients.json";
const WORLD: &str = "world.json";
const CA: &str = "ca.pem";

/// The folder of a site.
#[derive(Debug, Clone)]
pub struct PacFolder(PathBuf);

impl PacFolder {
    /// Makes a site: an authority, a server certificate, no client.
    ///
    /// # Errors
    /// If there is one already, or the folder cannot be written.
    pub fn init(path: &Path) -> anyhow::Result<Self> {
        ensure!(!path.join(AUTHORITY).exists(), "{} holds a site already", path.display());
        fs::create_dir_all(path).with_context(|| format!("{} cannot be made", path.display()))?;
        let folder = Self(path.to_owned());
        let authority = Authority::generate("PAC simulator authority")?;
        folder.write(SERVER, &authority.server(ServerCertificate::ByAuthority)?)?;
        folder.write(CLIENTS, &Clients::default())?;
        fs::write(path.join(CA), &authority.pem)?;
        folder.write(AUTHORITY, &authority)?;
        Ok(folder)
    }

    /// The site in a folder.
    ///
    /// # Errors
    /// If there is none.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        ensure!(path.join(AUTHORITY).exists(), "{} holds no site; `init` makes one", path.display());
        Ok(Self(path.to_owned()))
    }

    /// Adds a client; its key file. A client of the same name gets a new key.
    ///
    /// # Errors
    /// If the name is no name, or the folder cannot be written.
    pub fn add_client(&self, name: &str) -> anyhow::Result<String> {
        let mut clients = self.clients()?;
        let key = clients.add(&self.authority()?, name, VALID)?;
        self.keep_clients(&clients)?;
        Ok(key)
    }

    /// Disables a client; a running server closes its sessions within moments.
    ///
    /// # Errors
    /// If there is none of this name, or the folder cannot be written.
    pub fn revoke_client(&self, name: &str) -> anyhow::Result<()> {
        let mut clients = self.clients()?;
        let mut count = 0;
        clients.each_mut(Some(name)).for_each(|row| {
            row.enabled = false;
            count += 1;
        });
        ensure!(count > 0, "there is no client '{name}'");
        self.keep_clients(&clients)
    }

    /// Where the authority's certificate lies.
    pub fn ca_path(&self) -> PathBuf {
        self.0.join(CA)
    }

    pub(super) fn authority(&self) -> anyhow::Result<Authority> {
        self.read(AUTHORITY)
    }

    pub(super) fn server(&self) -> anyhow::Result<Identity> {
        self.read(SERVER)
    }

    pub(super) fn clients(&self) -> anyhow::Result<Clients> {
        self.read(CLIENTS)
    }

    pub(super) fn keep_clients(&self, clients: &Clients) -> anyhow::Result<()> {
        self.write(CLIENTS, clients)
    }

    /// The world as it was kept, if it was.
    pub(super) fn world(&self) -> anyhow::Result<Option<World>> {
        if self.0.join(WORLD).exists() { self.read(WORLD).map(Some) } else { Ok(None) }
    }

    pub(super) fn keep_world(&self, world: &World) -> anyhow::Result<()> {
        self.write(WORLD, world)
    }

    fn read<T: DeserializeOwned>(&self, name: &str) -> anyhow::Result<T> {
        let path = self.0.join(name);
        let file = File::open(&path).with_context(|| format!("{} cannot be read", path.display()))?;
        serde_json::from_reader(std::io::BufReader::new(file)).with_context(|| format!("{} is damaged", path.display()))
    }

    /// Replaces a file; it is always the old one or the new one, and nobody else can read it.
    fn write(&self, name: &str, value: &impl Serialize) -> anyhow::Result<()> {
        let mut file = NamedTempFile::new_in(&self.0)?;
        file.write_all(&serde_json::to_vec(value)?)?;
        file.persist(self.0.join(name))?;
        Ok(())
    }
}

/// Writes a key file that only its owner can read.
///
/// # Errors
/// If it cannot be written.
pub fn write_key_file(path: &Path, key: &str) -> anyhow::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).with_context(|| format!("{} cannot be written", path.display()))?;
    #[cfg(unix)]
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    file.write_all(key.as_bytes())?;
    Ok(())
}
