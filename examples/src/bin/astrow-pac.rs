//! PAC Access Central ⇄ Astrow.

use std::process::ExitCode;

use examples::astrow_pac::AstrowPac;

fn main() -> ExitCode {
    sync_service::main_of::<AstrowPac>()
}
