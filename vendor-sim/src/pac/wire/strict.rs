//! Holds payloads against the schema, by a program that is not ours.

use std::io::Write;
use std::process::{Command, Stdio};

use anyhow::{Context, ensure};
use tempfile::NamedTempFile;

/// The schema of the interface.
const SCHEMA: &str = include_str!("../../../../tests/fixtures/pac/oem1.xsd");

/// The schema in a file, for `xmllint`.
#[derive(Debug)]
pub(in crate::pac) struct Strict {
    schema: NamedTempFile,
}

impl Strict {
    /// Lays the schema out, and looks whether the program is there.
    pub(in crate::pac) fn new() -> anyhow::Result<Self> {
        let mut schema = NamedTempFile::new()?;
        schema.write_all(SCHEMA.as_bytes())?;
        let found = Command::new("xmllint").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        ensure!(found.is_ok_and(|status| status.success()), "the strict mode needs the program xmllint");
        Ok(Self { schema })
    }

    /// What is wrong with a payload, if anything.
    pub(in crate::pac) fn complaint(&self, payload: &[u8]) -> anyhow::Result<Option<String>> {
        let mut child = Command::new("xmllint")
            .args(["--noout", "--nonet", "--schema"])
            .arg(self.schema.path())
            .arg("-")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .context("xmllint cannot be run")?;
        if let Some(mut stdin) = child.stdin.take() {
            // It may have seen enough before the end.
            let _ = stdin.write_all(payload);
        }
        let done = child.wait_with_output()?;
        if done.status.success() {
            return Ok(None);
        }
        let words = String::from_utf8_lossy(&done.stderr);
        let line = words.lines().find(|line| line.contains("error")).or_else(|| words.lines().next());
        Ok(Some(line.unwrap_or("The payload does not fit the schema.").to_owned()))
    }
}
