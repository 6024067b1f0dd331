//! InVentry → timeware: people, departments, devices, sign-ins.

use std::process::ExitCode;

use examples::inventry_timeware::InventryTimeware;

fn main() -> ExitCode {
    sync_service::main_of::<InventryTimeware>()
}
