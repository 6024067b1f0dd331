//! A real IMAP server, written by others, with one mailbox.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{MetadataExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use crate::{Certificate, until_within};

/// Who an IMAP server runs as where the test is root: it refuses to be root itself.
const NOBODY: (u32, u32, &str, &str) = (65_534, 65_534, "nobody", "nogroup");

/// A real IMAP server (Dovecot) on free ports of loopback, for the user `bounces`; it ends with the value.
#[derive(Debug)]
pub struct ImapServer {
    child: Child,
    folder: TempDir,
    owner: Option<(u32, u32)>,
    implicit: u16,
    starttls: u16,
}

impl ImapServer {
    /// Starts it with this certificate and this password.
    pub fn start(certificate: &Certificate, password: &str) -> Self {
        // A port may be taken by another between its choice and the start.
        (0..5).find_map(|_| Self::try_start(certificate, password)).expect("dovecot starts")
    }

    fn try_start(certificate: &Certificate, password: &str) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let root = fs::metadata(folder.path()).unwrap().uid() == 0;
        let (user, group) = if root { (NOBODY.2.to_owned(), NOBODY.3.to_owned()) } else { (id("-un"), id("-gn")) };
        let (implicit, starttls) = (free_port(), free_port());
        for name in ["cert.pem", "key.pem"] {
            fs::copy(certificate.file(name), folder.path().join(name)).unwrap();
        }
        fs::write(folder.path().join("users"), format!("bounces:{{PLAIN}}{password}::::\n")).unwrap();
        for part in ["new", "cur", "tmp", ".Done/new", ".Done/cur", ".Done/tmp"] {
            fs::create_dir_all(folder.path().join("mail").join(part)).unwrap();
        }
        fs::write(folder.path().join("dovecot.conf"), config(folder.path(), &user, &group, implicit, starttls))
            .unwrap();
        let owner = root.then_some((NOBODY.0, NOBODY.1));
        if let Some(owner) = owner {
            give(folder.path(), owner);
        }
        let mut command = Command::new(program());
        command.arg("-F").arg("-c").arg(folder.path().join("dovecot.conf"));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        if let Some((user, group)) = owner {
            command.uid(user).gid(group);
        }
        let mut child = command.spawn().expect("dovecot is installed");
        let mut gone = false;
        until_within(Duration::from_mins(1), "the IMAP server", || {
            gone = child.try_wait().unwrap().is_some();
            gone || [implicit, starttls].iter().all(|port| TcpStream::connect(("127.0.0.1", *port)).is_ok())
        });
        (!gone).then_some(Self { child, folder, owner, implicit, starttls })
    }

    /// Its port for TLS from the first byte.
    pub fn implicit(&self) -> u16 {
        self.implicit
    }

    /// Its port for STARTTLS.
    pub fn starttls(&self) -> u16 {
        self.starttls
    }

    /// A mail arrives.
    pub fn deliver(&self, name: &str, mail: &str) {
        let (written, there) = (self.place("tmp").join(name), self.place("new").join(name));
        fs::write(&written, mail).unwrap();
        if let Some((user, group)) = self.owner {
            chown(&written, Some(user), Some(group)).unwrap();
        }
        fs::rename(written, there).unwrap();
    }

    /// Mails in the inbox, or the folder `Done`, by name, each with whether it is marked as read.
    pub fn mails(&self, done: bool) -> Vec<(String, bool)> {
        let at = |part: &str| self.place(&if done { format!(".Done/{part}") } else { part.to_owned() });
        let mut found = Vec::new();
        for entry in [at("new"), at("cur")].into_iter().flat_map(|folder| fs::read_dir(folder).unwrap()) {
            let name = entry.unwrap().file_name().to_string_lossy().into_owned();
            let (name, flags) = name.split_once(":2,").unwrap_or((&name, ""));
            let name = name.split_once(',').map_or(name, |(name, _)| name);
            found.push((name.to_owned(), flags.contains('S')));
        }
        found.sort();
        found
    }

    fn place(&self, part: &str) -> PathBuf {
        self.folder.path().join("mail").join(part)
    }
}

impl Drop for ImapServer {
    fn drop(&mut self) {
        // Asked kindly, it ends its own processes too.
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        let _ = self.child.wait();
    }
}

fn config(folder: &Path, user: &str, group: &str, implicit: u16, starttls: u16) -> String {
    let at = folder.display();
    format!(
        "base_dir = {at}/run\nstate_dir = {at}/state\nlog_path = {at}/log\nprotocols = imap\nlisten = 127.0.0.1\n\
         ssl = required\nssl_cert = <{at}/cert.pem\nssl_key = <{at}/key.pem\ndisable_plaintext_auth = yes\n\
         auth_mechanisms = plain\nmail_location = maildir:{at}/mail\nfirst_valid_uid = 0\nfirst_valid_gid = 0\n\
         mail_uid = {user}\nmail_gid = {group}\ndefault_internal_user = {user}\ndefault_internal_group = {group}\n\
         default_login_user = {user}\nservice anvil {{\n chroot =\n}}\n\
         service imap-login {{\n chroot =\n inet_listener imap {{\n port = {starttls}\n }}\n\
         \x20inet_listener imaps {{\n port = {implicit}\n ssl = yes\n }}\n}}\n\
         passdb {{\n driver = passwd-file\n args = {at}/users\n}}\n\
         userdb {{\n driver = static\n args = uid={user} gid={group} home={at}\n}}\n"
    )
}

fn id(what: &str) -> String {
    let output = Command::new("id").arg(what).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Debian keeps it where only root's search path leads.
fn program() -> &'static str {
    if Path::new("/usr/sbin/dovecot").exists() { "/usr/sbin/dovecot" } else { "dovecot" }
}

fn give(path: &Path, owner: (u32, u32)) {
    chown(path, Some(owner.0), Some(owner.1)).unwrap();
    if path.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            give(&entry.unwrap().path(), owner);
        }
    }
}
