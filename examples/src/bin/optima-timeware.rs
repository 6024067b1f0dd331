//! Almas Optima ⇄ timeware: people, access groups, readers, events.

use std::process::ExitCode;

use examples::optima_timeware::OptimaTimeware;

fn main() -> ExitCode {
    sync_service::main_of::<OptimaTimeware>()
}
