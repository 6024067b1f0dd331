//! Starts the programs under test, and the simulators beside them, as a user would.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "a test may stop"
)]

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;

use serde_json::Value;
use tempfile::TempDir;

mod booking;
mod bridge;
mod imap;
mod renamed;
mod service;
mod smtp;
mod timeware;

pub use booking::{
    BookingSite, MAIL, asked_of_net2_by_a_reading, change_kept, clear_mail, clock, doors_of, net2_section, opens,
};
pub use imap::ImapServer;
pub use renamed::{RenamedServer, fields_of};
pub use service::{Service, until, until_within};
pub use smtp::{Certificate, Kept, SmtpServer, read_code};
pub use timeware::dump;

/// A simulator as a process of its own; it ends with the value.
#[derive(Debug)]
pub struct SimProcess {
    child: Child,
    /// What it printed at its start: url, client id, operator, password, fingerprint, control url.
    pub info: Value,
}

/// An installation of a program in a folder of its own.
#[derive(Debug)]
pub struct Installation {
    folder: TempDir,
    program: &'static str,
    /// Environment of its commands: passwords and other secrets.
    secrets: Vec<(&'static str, String)>,
}

/// What a program said.
#[derive(Debug)]
pub struct Said {
    /// Exit code.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

/// The folder in which cargo builds, for what tests install.
pub fn target() -> PathBuf {
    let own = std::env::current_exe().unwrap();
    own.ancestors().nth(3).unwrap().to_owned()
}

/// The path of a program of this workspace, freshly built unless the test command has done so.
pub fn program(name: &str) -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let folder = BUILT.get_or_init(|| {
        let own = std::env::current_exe().unwrap();
        let folder = own.parent().and_then(Path::parent).unwrap().to_owned();
        if std::env::var_os("PROGRAMS_ARE_BUILT").is_none() {
            let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
            let mut build = Command::new(cargo);
            build.args(["build", "--quiet", "-p", "examples", "-p", "vendor-sim", "--bins"]);
            if folder.ends_with("release") {
                build.arg("--release");
            }
            assert!(build.status().unwrap().success(), "the programs do not build");
        }
        folder
    });
    folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
}

impl SimProcess {
    /// Starts `vendor-sim net2` on a free port of loopback.
    pub fn net2(arguments: &[&str]) -> Self {
        Self::start("net2", arguments)
    }

    /// Starts `vendor-sim feed` on a free port of loopback.
    pub fn feed(arguments: &[&str]) -> Self {
        Self::start("feed", arguments)
    }

    fn start(vendor: &str, arguments: &[&str]) -> Self {
        let mut child = Command::new(program("vendor-sim"))
            .arg(vendor)
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .expect("vendor-sim starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let info = serde_json::from_str(&line).unwrap_or_else(|_| panic!("vendor-sim said {line:?}"));
        Self { child, info }
    }

    /// One of the values that it printed at its start.
    pub fn info(&self, name: &str) -> &str {
        self.info.get(name).and_then(Value::as_str).unwrap_or_else(|| panic!("vendor-sim told no {name}"))
    }

    /// A control call; answers its JSON.
    pub fn control(&self, method: &str, path: &str, body: &Value) -> Value {
        let url = format!("{}/{path}", self.info("control").trim_end_matches('/'));
        http(method, &url, body)
    }
}

impl Drop for SimProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Installation {
    /// An installation of `net2-timeware` against a simulator, with more lines of configuration at its end.
    pub fn against(sim: &SimProcess, more: &str) -> Self {
        Self::with_net2(sim.info("url"), sim.info("operator"), sim.info("client_id"), sim.info("password"), more)
    }

    /// An installation of `net2-timeware` against any address.
    pub fn with_net2(url: &str, operator: &str, client_id: &str, password: &str, more: &str) -> Self {
        let text = format!(
            "[service]\ndata = \"data\"\n\n[net2]\nurl = {url:?}\noperator = {operator:?}\npassword = \"env:NET2_PASSWORD\"\n\
             client_id = {client_id:?}\ntime_zone = \"Europe/London\"\nconnect_seconds = 2\ncall_seconds = 5\n\
             request_lifetime_seconds = 0\nrequests_per_second = 1000\n\n[timeware]\nstore = \"embedded\"\npath = \"timeware.db\"\n\n{more}"
        );
        Self::with_config(&text, password)
    }

    /// An installation of `net2-timeware` with this configuration.
    pub fn with_config(text: &str, password: &str) -> Self {
        Self::of("net2-timeware", text, vec![("NET2_PASSWORD", password.to_owned())])
    }

    /// An installation of any program with this configuration.
    pub fn of(program: &'static str, text: &str, secrets: Vec<(&'static str, String)>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(format!("{program}.toml")), text).unwrap();
        Self { folder, program, secrets }
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Its timeware store.
    pub fn store(&self) -> PathBuf {
        self.folder.path().join("timeware.db")
    }

    /// The lines of its log so far.
    pub fn logged(&self) -> Vec<String> {
        let files = std::fs::read_dir(self.folder().join("data/logs")).into_iter().flatten();
        let mut files: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
        // One a day.
        files.sort();
        files
            .iter()
            .flat_map(|file| std::fs::read_to_string(file).unwrap().lines().map(str::to_owned).collect::<Vec<_>>())
            .collect()
    }

    /// Runs the program with these arguments to its end.
    pub fn run(&self, arguments: &[&str]) -> Said {
        Said::of(&self.command(arguments).output().unwrap())
    }

    /// Applies and approves until nothing is left to do, as an administrator would who agrees to everything.
    pub fn settle(&self) {
        for _ in 0..6 {
            let plan = self.run(&["plan", "--json"]);
            let links = plan.json()["links"].as_array().cloned().unwrap_or_default();
            let hashes: Vec<&str> = links.iter().filter_map(|link| link["plan"].as_str()).collect();
            let mut arguments = vec!["apply"];
            for hash in hashes {
                arguments.extend(["--approve", hash]);
            }
            let said = self.run(&arguments);
            assert_ne!(said.code, 1, "{}", said.all());
            if said.code == 0 {
                return;
            }
        }
        panic!("left over: {}", self.run(&["plan"]).all());
    }

    /// Starts the program with these arguments.
    pub fn start(&self, arguments: &[&str]) -> Child {
        self.command(arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(program(self.program));
        command.args(arguments).current_dir(self.folder.path());
        command.envs(self.secrets.iter().map(|(name, value)| (name, value)));
        command
    }
}

impl Said {
    fn of(output: &Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Runs any program of this workspace to its end.
    pub fn by(name: &str, arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self::of(&Command::new(program(name)).args(arguments).current_dir(folder.path()).output().unwrap())
    }

    /// Standard output as the one JSON object on one line that `--json` promises.
    pub fn json(&self) -> Value {
        assert_eq!(self.out.trim_end().lines().count(), 1, "not one line: {}{}", self.out, self.err);
        serde_json::from_str(&self.out).unwrap_or_else(|_| panic!("no JSON: {}", self.out))
    }

    /// Everything that a person would read.
    pub fn all(&self) -> String {
        format!("{}{}", self.out, self.err)
    }
}

/// A request by the plainest of means, so that nothing of ours stands between.
pub(crate) fn http(method: &str, url: &str, body: &Value) -> Value {
    use std::io::{Read as _, Write as _};
    let rest = url.strip_prefix("http://").expect("control calls go over plain http");
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let mut stream = std::net::TcpStream::connect(host).unwrap();
    let body = if body.is_null() { String::new() } else { body.to_string() };
    write!(
        stream,
        "{method} /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    assert!(head.contains(" 2"), "{method} {url}: {head}\n{body}");
    serde_json::from_str(body).unwrap_or(Value::Null)
}
