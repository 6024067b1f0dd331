//! One file per installation: shared sections here, the rest is the program's.

mod document;
mod fault;
mod interval;
mod schema;
mod secret;
mod sections;
mod setup;

use std::fs;
use std::path::Path;
use std::sync::Arc;

use sync_core::clock::Clock;

pub use fault::{ConfigFault, ConfigFaults};
pub use interval::Interval;
pub use schema::schema;
pub use sections::Schedule;
pub use setup::Setup;

pub(crate) use sections::{LogLevel, Shared};

use self::document::Document;
use crate::{Failure, Program};

/// Reads a configuration file and builds what it describes.
pub(crate) async fn load<P: Program>(
    file: &Path,
    data: Option<&Path>,
    clock: Arc<dyn Clock>,
    own_verb: Option<&str>,
) -> Result<(P, Setup), Failure> {
    let text = fs::read_to_string(file).map_err(|error| unreadable::<P>(file, &error))?;
    let (mut document, mut faults) = Document::parse(file, &text);
    let shared = document.take_shared();
    let shared: Option<Shared> = shared.read(&[], &mut faults);
    let config: Option<P::Config> = document.read(&Shared::SECTIONS, &mut faults);
    let whole = Document::parse(file, &text).0;
    if let Some(sections) = &shared {
        faults.extend(sections.faults().into_iter().map(|fault| whole.locate(&fault)));
    }
    let (Some(sections), Some(config), true) = (shared, config, faults.is_empty()) else {
        return Err(Failure::of_files(unusable(faults.len()), sorted(faults)));
    };
    let setup = Setup::new(P::NAME, file, data, &sections, P::schedule()).with_clock(clock).for_verb(own_verb);
    match P::build(config, &setup).await {
        Ok(program) => Ok((program, setup)),
        Err(found) => {
            let faults: Vec<_> = found.into_iter().map(|fault| whole.locate(&fault)).collect();
            Err(Failure::of_files(unusable(faults.len()), sorted(faults)))
        }
    }
}

fn unusable(faults: usize) -> String {
    let noun = if faults == 1 { "fault" } else { "faults" };
    format!("the configuration has {faults} {noun}; nothing was started")
}

fn sorted(mut faults: Vec<crate::FileFault>) -> Vec<crate::FileFault> {
    faults.sort_by_key(|fault| fault.line);
    faults
}

fn unreadable<P: Program>(file: &Path, error: &std::io::Error) -> Failure {
    let failure = Failure::new(format!("the configuration file {} cannot be read: {error}", file.display()));
    if error.kind() == std::io::ErrorKind::NotFound {
        failure.with_remedy(format!("`{} init` writes one to start from; `--demo` needs none", P::NAME))
    } else {
        failure.with_remedy("It has to be readable for the account that runs this program")
    }
}
