//! `check` and `schema`: about the configuration alone.

use std::path::Path;
use std::sync::Arc;

use serde_json::json;
use sync_core::clock::Clock;

use crate::arguments::Options;
use crate::{Answer, Failure, Program, Setup, config};

pub(crate) async fn check<P: Program>(
    options: &Options,
    file: &Path,
    clock: Arc<dyn Clock>,
) -> Result<Answer, Failure> {
    if options.demo {
        let text = "The demo needs no configuration.";
        return Ok(Answer::new(text, json!({"command": "check", "faults": [], "warnings": []})));
    }
    let (program, setup): (P, Setup) = config::load(file, options.data.as_deref(), clock, None).await?;
    let installation = program.installation();
    let warnings = setup.warnings();
    let mut text = format!(
        "{} is in order: {} systems, {} links, {} links of events.\nState is kept in {}, the log in {}.\n",
        file.display(),
        installation.endpoints.len(),
        installation.links.len(),
        installation.events.len(),
        setup.data().display(),
        setup.logs.display()
    );
    for warning in &warnings {
        text.push_str("Note: ");
        text.push_str(warning);
        text.push('\n');
    }
    let json = json!({
        "command": "check",
        "file": file,
        "faults": [],
        "warnings": warnings,
        "data": setup.data(),
        "logs": setup.logs,
        "links": installation.links.iter().map(|link| link.pair().to_string()).collect::<Vec<_>>(),
    });
    Ok(Answer::new(text, json))
}

pub(crate) fn schema<P: Program>() -> Answer {
    let schema = config::schema::<P>();
    Answer::new(serde_json::to_string_pretty(&schema).unwrap_or_default(), schema)
}
