//! `test`: the connections, step by step.

use std::fmt::Write as _;

use serde_json::json;
use sync_core::connector::{CheckReport, StepOutcome};

use crate::{Answer, Exit, Failure, Program, Setup, clocks};

pub(crate) async fn test<P: Program>(program: &P, setup: &Setup) -> Result<Answer, Failure> {
    let clock = program.clock(setup);
    let (mut text, mut reports) = (String::new(), Vec::new());
    for warning in setup.warnings() {
        let _ = writeln!(text, "Note: {warning}");
    }
    for endpoint in &program.installation().endpoints {
        let mut report = endpoint.check().await;
        clocks::check(&**endpoint, &*clock, &mut report);
        tell(&mut text, endpoint.name().as_str(), &report);
        reports.push((endpoint.name().to_string(), report));
    }
    let good = reports.iter().all(|(_, report)| report.is_ok());
    text.push_str(if good { "All connections work.\n" } else { "Not all connections work; see the ✗ above.\n" });
    let endpoints: Vec<_> = reports
        .iter()
        .map(|(name, report)| json!({"endpoint": name, "ok": report.is_ok(), "steps": report.steps}))
        .collect();
    let exit = if good { Exit::Done } else { Exit::Failed };
    Ok(Answer::new(text, json!({"command": "test", "ok": good, "endpoints": endpoints})).ending(exit))
}

fn tell(text: &mut String, name: &str, report: &CheckReport) {
    let _ = writeln!(text, "{name}");
    for step in &report.steps {
        let sign = match step.outcome {
            StepOutcome::Passed => '✓',
            StepOutcome::Warning => '!',
            StepOutcome::Failed => '✗',
            _ => '·',
        };
        let detail = if step.outcome == StepOutcome::Skipped { "not tried" } else { step.detail.as_str() };
        let _ = writeln!(text, "  {sign} {}: {detail}", step.name);
        if let Some(remedy) = &step.remedy {
            let _ = writeln!(text, "      {remedy}");
        }
    }
}
