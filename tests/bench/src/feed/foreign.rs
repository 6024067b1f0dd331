//! Peers in other languages, as processes of their own.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::bail;
use serde_json::{Value, json};

use super::bodies::window;

/// Python with the peers' packages; `scripts/bench` makes it.
const PYTHON: &str = "BENCH_PYTHON";

/// What one peer measured; a note instead where the system does not have it.
pub(super) fn libical(file: &Path) -> anyhow::Result<Value> {
    let program = file.with_file_name("libical");
    let compiled = Command::new("cc")
        .args(["-O2", "-o"])
        .arg(&program)
        .arg(peers().join("libical.c"))
        .arg("-lical")
        .stderr(Stdio::null())
        .status();
    if compiled.is_ok_and(|status| status.success()) { run(Command::new(program), file) } else { Ok(missing()) }
}

/// The same by Python.
pub(super) fn python(file: &Path) -> anyhow::Result<Value> {
    let Some(python) = std::env::var_os(PYTHON) else { return Ok(missing()) };
    let mut command = Command::new(python);
    command.arg(peers().join("python_ical.py"));
    run(command, file)
}

fn run(mut command: Command, file: &Path) -> anyhow::Result<Value> {
    let window = window();
    let times = [window.from.timestamp().to_string(), window.to.timestamp().to_string()];
    let output = command.arg(file).args(times).stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        bail!("a peer failed on {}", file.display());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

fn missing() -> Value {
    json!({ "note": "not installed" })
}

fn peers() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("peers")
}
