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
            // It complains at length about every client that does not trust it.
            .stderr(Stdio::null())
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
        self.sign("down", down);
    }

    /// Keeps each message and then says that it could not, so that it is sent again.
    pub fn be_forgetful(&self, forgetful: bool) {
        self.sign("forgetful", forgetful);
    }

    fn sign(&self, name: &str, up: bool) {
        let sign = self.folder.path().join(name);
        if up { fs::write(sign, "").unwrap() } else { fs::remove_file(sign).unwrap() }
    }

    /// Everything that arrived so far, in order.
    pub fn kept(&self) -> Vec<Kept> {
        let mut files: Vec<PathBuf> = fs::read_dir(self.folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "eml"))
            .collect();
        files.sort();
        Kept::read(&files)
    }

    /// The messages to one address so far, in order.
    pub fn kept_for(&self, address: &str) -> Vec<Kept> {
        self.kept().into_iter().filter(|kept| kept.is_to(address)).collect()
    }
}

impl Drop for SmtpServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Kept {
    fn read(files: &[PathBuf]) -> Vec<Self> {
        let output = Command::new(python()).arg(script("read_mail.py")).args(files).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let mails = String::from_utf8(output.stdout).unwrap();
        let read = |(file, mail): (&PathBuf, &str)| Self {
            envelope: serde_json::from_slice(&fs::read(file.with_extension("json")).unwrap()).unwrap(),
            mail: serde_json::from_str(mail).unwrap(),
        };
        files.iter().zip(mails.lines()).map(read).collect()
    }

    /// Whether this address is among the recipients of the envelope.
    pub fn is_to(&self, address: &str) -> bool {
        self.envelope["to"].as_array().unwrap().iter().any(|to| to == address)
    }

    /// Names of all headers, in lower case.
    pub fn header_names(&self) -> Vec<&str> {
        let headers = self.mail.get("headers").and_then(Value::as_object).unwrap();
        headers.keys().map(String::as_str).collect()
    }

    /// The file with the first picture.
    pub fn picture(&self) -> &str {
        self.mail.pointer("/pictures/0/file").and_then(Value::as_str).unwrap()
    }

    /// The section of the text that an own template puts between these words.
    pub fn between(&self, before: &str, after: &str) -> &str {
        let rest = self.text().split_once(before).unwrap_or_else(|| panic!("no {before:?} in {}", self.text())).1;
        rest.split_once(after).unwrap_or_else(|| panic!("no {after:?} after {before:?} in {}", self.text())).0
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
        files.map(read_code).collect()
    }
}

/// What an independent reader sees in a picture; empty if it sees no code.
pub fn read_code(file: impl AsRef<std::ffi::OsStr>) -> String {
    let output = Command::new("zbarimg").args(["--quiet", "--raw"]).arg(file).output().expect("zbarimg runs");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// A certificate for this machine, and the root that signed it.
#[derive(Debug)]
pub struct Certificate {
    folder: TempDir,
}

impl Certificate {
    /// Makes both with openssl.
    pub fn make() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let openssl = |arguments: &[&str]| {
            let common =
                ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30"];
            let output = Command::new("openssl")
                .current_dir(folder.path())
                .args(common)
                .args(arguments)
                .output()
                .expect("openssl");
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        };
        openssl(&["-keyout", "root.key", "-out", "root.pem", "-subj", "/CN=Root of a test"]);
        let names = "subjectAltName=DNS:localhost,IP:127.0.0.1";
        let signed = [
            "-CA",
            "root.pem",
            "-CAkey",
            "root.key",
            "-addext",
            names,
            "-addext",
            "basicConstraints=critical,CA:FALSE",
        ];
        openssl(&[&signed[..], &["-keyout", "key.pem", "-out", "cert.pem", "-subj", "/CN=localhost"]].concat());
        Self { folder }
    }

    /// The file of the certificate, its key, or the root.
    pub fn file(&self, name: &str) -> String {
        self.folder.path().join(name).to_string_lossy().into_owned()
    }

    /// The SHA-256 fingerprint of the server's certificate.
    pub fn fingerprint(&self) -> String {
        let arguments = ["x509", "-noout", "-fingerprint", "-sha256", "-in", "cert.pem"];
        let output = Command::new("openssl").current_dir(self.folder.path()).args(arguments).output().expect("openssl");
        let text = String::from_utf8(output.stdout).unwrap();
        text.trim().rsplit_once('=').unwrap().1.to_owned()
    }
}

/// The Python that has `aiosmtpd`: Debian's own, where the package is Debian's.
fn python() -> &'static str {
    if Path::new("/usr/bin/python3").exists() { "/usr/bin/python3" } else { "python3" }
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("python").join(name)
}
