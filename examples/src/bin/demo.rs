//! Every integration on simulators, in one process: one cycle of each, its report, and a second plan.

use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use examples::astrow_pac::AstrowPac;
use examples::booking_server::BookingServer;
use examples::inventry_timeware::InventryTimeware;
use examples::net2_timeware::Net2Timeware;
use examples::optima_timeware::OptimaTimeware;
use serde_json::{Map, Value};
use sync_service::{Host, Program, run};

#[tokio::main]
async fn main() -> ExitCode {
    let more: Vec<OsString> = std::env::args_os().skip(1).filter(|argument| argument != "--once").collect();
    let mut said = Map::new();
    let codes = [
        play::<Net2Timeware>("a simulated site, an embedded store", &more, &mut said).await,
        play::<OptimaTimeware>("a simulated site, an embedded store", &more, &mut said).await,
        play::<InventryTimeware>("a simulated school, an embedded store", &more, &mut said).await,
        play::<AstrowPac>("two simulated systems", &more, &mut said).await,
        play::<BookingServer>("a simulated booking system, simulated doors, a day in seconds", &more, &mut said).await,
    ];
    if as_json(&more) {
        // Nobody is left to tell if this fails.
        let _ = writeln!(io::stdout(), "{}", Value::Object(said));
    }
    // 1 is a failure, 2 something left to do.
    let worst = codes.into_iter().min_by_key(|code| [1, 2, 0].iter().position(|known| known == code));
    ExitCode::from(worst.unwrap_or_default())
}

/// Plays one integration; with `--json`, what it says is kept under its name.
async fn play<P: Program>(what: &str, more: &[OsString], said: &mut Map<String, Value>) -> u8 {
    let mut host = Host::of_process();
    let kept = Kept::default();
    if as_json(more) {
        host.out = Box::new(kept.clone());
    } else {
        let _ = writeln!(host.out, "{}: {what}\n", P::ABOUT);
    }
    let arguments = [P::NAME, "--demo", "run", "--once"].into_iter().map(OsString::from);
    let code = run::<P>(arguments.chain(more.iter().cloned()), &mut host).await;
    if as_json(more) {
        said.insert(P::NAME.to_owned(), serde_json::from_slice(&kept.bytes()).unwrap_or_default());
    } else {
        let _ = writeln!(host.out);
    }
    code
}

fn as_json(arguments: &[OsString]) -> bool {
    arguments.iter().any(|argument| argument == "--json")
}

/// Keeps what is written.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Kept {
    fn bytes(&self) -> Vec<u8> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
