//! `plan`: what would be done, for whom, and why.

use std::fmt::Write as _;

use sync_core::events::EventTotals;
use sync_core::journal::EventState;
use sync_core::reconcile::{LinkReport, Plan, RefNames};

use crate::cycle::LastRun;
use crate::report::{Report, ShownPlan};
use crate::{Answer, Desk, Failure, Program, Stage, approvals, chore, cycle, decisions, orders};

pub(crate) async fn plan<P: Program>(program: &P, desk: &Desk) -> Result<Answer, Failure> {
    let (mut report, mut plans, mut names) = (Report::of("plan"), Vec::new(), Vec::new());
    report.warnings = desk.setup().warnings();
    orders::carry_out_all(desk).await?;
    decisions::take_up(desk).await?;
    chore::do_all(&program.chores(), Stage::BeforeLinks, true, desk, &mut report).await?;
    for link in desk.links() {
        let begun = desk.clock().uptime();
        match link.plan(&desk.context()).await {
            Ok(plan) => {
                approvals::note_shown(desk, &plan).await?;
                report.links.push(LinkReport::of_plan(&plan));
                let of_plan = RefNames::of_plan(&plan, desk.journal()).await?;
                report.plans.push(ShownPlan::of(&plan, &of_plan));
                plans.push(plan);
                names.push(of_plan);
            }
            Err(error) => {
                let remedy = error.remedy().map(str::to_owned);
                report.links.push(LinkReport::failed(link.pair(), error.chain(), remedy));
            }
        }
        let seconds = desk.clock().uptime().saturating_sub(begun).as_secs_f64();
        report.links.iter().rev().take(1).for_each(|report| cycle::log_link(link, report, "plan", seconds));
    }
    report.undecided = decisions::write(desk, &plans).await?;
    plan_events(desk, &mut report).await?;
    let mut text = String::new();
    for (plan, names) in plans.iter().zip(&names) {
        tell(&mut text, plan, names, desk);
    }
    if report.undecided > 0 {
        let file = desk.setup().decisions();
        let _ = writeln!(text, "{} records wait for your decision in {}", report.undecided, file.display());
    }
    Ok(report.answer(text))
}

/// Events as far as they have been read; nothing is read for a plan.
async fn plan_events(desk: &Desk, report: &mut Report) -> Result<(), Failure> {
    if !desk.reads_events() {
        return Ok(());
    }
    for link in &desk.installation().events {
        let key = cycle::events_key(link);
        let Some(source) = LastRun::of(desk, &key).await?.report.source else {
            report.warnings.push(format!("{}: nothing was read yet; `apply` reads and delivers events", link.name()));
            continue;
        };
        let dry = link.plan(desk.journal(), desk.clock()).await?;
        report.events_to_deliver += dry.count(EventState::Delivered);
        if let Some(failure) = &dry.failure {
            report.fail(link.name(), failure.message.clone(), failure.remedy.clone());
        }
        report.events.add(&EventTotals::of(&desk.journal().event_counts(&source).await?));
    }
    // What is ready is what would be delivered; it is told once.
    report.events.ready = 0;
    Ok(())
}

fn tell(text: &mut String, plan: &Plan, names: &RefNames, desk: &Desk) {
    let _ = write!(text, "{}", plan.with_names(names));
    let waiting = plan.visible().filter(|action| action.waits_for_reference).count();
    if waiting > 0 {
        let _ = writeln!(
            text,
            "  {waiting} of these refer to something that a link before this one has yet to make; `apply` goes in order"
        );
    }
    if plan.needs_approval() || plan.is_guarded() {
        let hash = plan.hash.get(..12).unwrap_or_default();
        let _ = writeln!(text, "  to approve: {} apply --approve {hash}", desk.setup().name);
    }
    text.push('\n');
}
