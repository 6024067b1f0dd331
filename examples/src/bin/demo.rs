//! Every integration on simulators, in one process: one cycle of each, its report, and a second plan.

use std::ffi::OsString;
use std::io::Write as _;
use std::process::ExitCode;

use examples::net2_timeware::Net2Timeware;
use sync_service::{Host, run};

#[tokio::main]
async fn main() -> ExitCode {
    let mut host = Host::of_process();
    let json = std::env::args_os().any(|argument| argument == "--json");
    if !json {
        // Nobody is left to tell if this fails.
        let _ = writeln!(host.out, "Paxton Net2 ⇄ timeware: a simulated site, an embedded store\n");
    }
    let more: Vec<OsString> = std::env::args_os().skip(1).filter(|argument| argument != "--once").collect();
    let arguments = ["net2-timeware", "--demo", "run", "--once"].into_iter().map(OsString::from);
    ExitCode::from(run::<Net2Timeware>(arguments.chain(more), &mut host).await)
}
