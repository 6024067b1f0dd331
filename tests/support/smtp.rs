//! A real SMTP server, written by others, that keeps what it gets.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// A real SMTP server (`aiosmtpd`) on a free port of loopback; it ends with the value.
#[derive(Debug)]
pub struct SmtpServer {
    child: Child,
    folder: TempDir,
    port: u16,
}

/// A message that arrived, as Python's own mail library reads it.
#[derive(Debug)]
pub struct Kept {
    /// Who sent it and to whom, by the envelope.
    pub envelope: Value,
    /// Headers, structure, texts, pictures, defects.
    pub mail: Value,
}

impl SmtpServer {
    /// Starts it with the arguments of `python/smtp_server.py`.
    pub fn start(arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut child = Command::new(python())
            .arg(script("smtp_server.py"))
            .arg(folder.path())
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3 starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let info: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("the SMTP server said {line:?}"));
        let port = info.get("port").and_then(Value::as_u64).unwrap();
        Self { child, folder, port: u16::try_from(port).unwrap() }
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Refuses every recipient for the moment, or takes them again.
    pub fn be_down(&self, down: bool) {
        let sign = self.folder.path().join("down");
        if down { fs::write(sign, "").unwrap() } else { fs::remove_file(sign).unwrap() }
    }

    /// Everything that arrived so far, in order.
    pub fn kept(&self) -> Vec<Kept> {
        let mut files: Vec<PathBuf> = fs::read_dir(self.folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "eml"))
            .collect();
        files.sort();
        files.iter().map(|file| Kept::read(file)).collect()
    }
}

impl Drop for SmtpServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Kept {
    fn read(file: &Path) -> Self {
        let output = Command::new(python()).arg(script("read_mail.py")).arg(file).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let envelope = fs::read(file.with_extension("json")).unwrap();
        Self {
            envelope: serde_json::from_slice(&envelope).unwrap(),
            mail: serde_json::from_slice(&output.stdout).unwrap(),
        }
    }

    /// A header; empty if there is none.
    pub fn header(&self, name: &str) -> &str {
        self.mail.pointer(&format!("/headers/{name}")).and_then(Value::as_str).unwrap_or_default()
    }

    /// The text version.
    pub fn text(&self) -> &str {
        self.mail.get("text").and_then(Value::as_str).unwrap_or_default()
    }

    /// The HTML version.
    pub fn html(&self) -> &str {
        self.mail.get("html").and_then(Value::as_str).unwrap_or_default()
    }

    /// What an independent reader sees in each picture.
    pub fn decoded(&self) -> Vec<String> {
        let pictures = self.mail.get("pictures").and_then(Value::as_array).unwrap();
        let files = pictures.iter().filter_map(|picture| picture.get("file").and_then(Value::as_str));
        files
            .map(|file| {
                let output = Command::new("zbarimg").args(["--quiet", "--raw", file]).output().expect("zbarimg runs");
                String::from_utf8_lossy(&output.stdout).trim().to_owned()
            })
            .collect()
    }
}

/// The Python that has `aiosmtpd`: Debian's own, where the package is Debian's.
fn python() -> &'static str {
    if Path::new("/usr/bin/python3").exists() { "/usr/bin/python3" } else { "python3" }
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("python").join(name)
}
