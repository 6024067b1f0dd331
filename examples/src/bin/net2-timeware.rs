//! Paxton Net2 ⇄ timeware: people, departments, policies, doors, door groups, events.

use std::process::ExitCode;

use examples::net2_timeware::Net2Timeware;

fn main() -> ExitCode {
    sync_service::main_of::<Net2Timeware>()
}
