//! The connection test: as for the people of a site, and what bookers need besides.

use std::collections::BTreeSet;

use sync_core::connector::{CheckReport, CheckStep, StepOutcome, SyncError};

use super::names::UnknownName;
use super::site::{self, Lists};
use super::{Net2Doors, booker};
use crate::doors::Door;
use crate::id::{DoorId, UserId};
use crate::permissions::PermissionSet;
use crate::server::ServerVersion;
use crate::sync::check;

const STEPS: [&str; 8] =
    ["role", "controllers", "department", "marker field", "memo field", "fallback level", "doors", RIGHTS];
const RIGHTS: &str = "individual rights";

pub(super) async fn run(net2: &Net2Doors) -> CheckReport {
    let mut report = check::run_without_events(&net2.endpoint).await;
    if !report.is_ok() {
        report.skipped(&STEPS);
        return report;
    }
    if net2.reads_events {
        events(net2, &mut report).await;
    }
    role(net2, &mut report).await;
    controllers(net2, &mut report).await;
    match net2.lists().await {
        Ok(lists) => {
            names(net2, &lists, &mut report);
            doors(net2, &lists, &mut report).await;
        }
        Err(error) => {
            let remedy = "give the operator the right to read departments, access levels, areas and custom fields";
            report.failed("department", error.to_string(), remedy);
        }
    }
    if report.is_ok() {
        rights(net2, &mut report).await;
    }
    report.skip_rest(&STEPS);
    report
}

/// Doors open without events: what cannot be read costs only what is watched for.
async fn events(net2: &Net2Doors, report: &mut CheckReport) {
    match net2.client().events().newest_cursor().await {
        Ok(_) => report.passed("events", "the operator may read what happens at the doors"),
        Err(error) => report.warning(
            "events",
            format!("what happens at the doors cannot be read: {error}"),
            "give the operator the right to read events, or switch off what watches for them; doors work without, with more calls",
        ),
    }
}

/// The API shows no roles: what can be seen is who the operator is, and whether it may read by SQL.
async fn role(net2: &Net2Doors, report: &mut CheckReport) {
    let name = net2.endpoint.config.operator.trim();
    let listed = net2.client().operators().list().await.unwrap_or_default();
    let found =
        listed.iter().find(|operator| operator.display_name.as_deref().is_some_and(|shown| shown.trim() == name));
    if found.is_some_and(|operator| operator.id == UserId::SYSTEM_ENGINEER) {
        report.passed("role", format!("{name} is the built-in System engineer"));
    } else if net2.endpoint.config.querydb {
        report.passed("role", format!("{name} may read by SQL; its role is not shown"));
    } else {
        report.warning(
            "role",
            format!("whether {name} has the role System engineer is not shown"),
            "see in Net2, under Net2 operators, that it has the role System engineer",
        );
    }
}

/// Before 6.07 individual rights did not always reach the controllers.
async fn controllers(net2: &Net2Doors, report: &mut CheckReport) {
    let patched = ServerVersion::new(6, 7);
    match net2.client().server().version().await {
        Ok(Some(version)) if version >= patched => {
            report.passed("controllers", format!("Net2 {version} sends individual rights to its controllers"));
        }
        Ok(Some(version)) => report.warning(
            "controllers",
            format!("with Net2 {version} individual rights may not reach the controllers"),
            format!("update Net2 to {patched} or later, or ask Paxton for the patch"),
        ),
        _ => report.warning(
            "controllers",
            "the version of the server is not known",
            format!(
                "make sure that it is Net2 {patched} or later: before, individual rights may not reach the controllers"
            ),
        ),
    }
}

fn names(net2: &Net2Doors, lists: &Lists, report: &mut CheckReport) {
    match site::department(&net2.config, lists) {
        Ok(department) => report.passed("department", format!("{:?} is number {}", department.name, department.id)),
        Err(unknown) => failed(report, "department", &unknown),
    }
    let (marker, memo) = (site::marker_field(&net2.config, lists, None), site::memo_field(&net2.config, lists, None));
    match (&marker, &memo) {
        (Ok(marker), Ok(memo)) if marker == memo => report.failed(
            "marker field",
            "it is the memo, which is reserved",
            "set `marker_field` to an ordinary field, such as Position",
        ),
        (Ok(marker), _) => {
            let field = lists.fields.iter().find(|field| field.id == *marker);
            let name = field.map(|field| field.name.as_str()).unwrap_or_default();
            let holds = field.and_then(|field| field.max_length);
            let holds = holds.map_or_else(String::new, |max| format!(", which holds {max} characters"));
            report.passed("marker field", format!("{name:?} is number {marker}{holds}"));
        }
        (Err(error), _) => refused(report, "marker field", error),
    }
    match &memo {
        Ok(memo) => report.passed("memo field", format!("number {memo}")),
        Err(error) => refused(report, "memo field", error),
    }
    if let Err(unknown) = site::field("email_field", &net2.config.email_field, lists) {
        failed(report, "mail field", &unknown);
    }
    match site::level("fallback_level", &net2.config.fallback_level, &lists.levels) {
        Ok(level) => report.passed("fallback level", format!("{:?} is number {level}", net2.config.fallback_level)),
        Err(unknown) => failed(report, "fallback level", &unknown),
    }
}

/// Each door that is going to be opened has areas or a level; without such a list, all of the site are looked at.
async fn doors(net2: &Net2Doors, lists: &Lists, report: &mut CheckReport) {
    let all = match net2.client().doors().list().await {
        Ok(all) => all,
        Err(error) => return report.failed("doors", error.to_string(), "see whether Net2 is running, then try again"),
    };
    let rules = match site::rules(&net2.config, lists, None) {
        Ok(rules) => rules,
        Err(error) => return refused(report, "doors", &error),
    };
    if let Some(unknown) = rules.levels.values().find_map(|level| level.as_ref().err()) {
        return failed(report, "doors", unknown);
    }
    let ids: BTreeSet<DoorId> = all.iter().map(|door| door.id).collect();
    let used = &net2.doors_in_use;
    let gone: Vec<_> = used.difference(&ids).map(ToString::to_string).collect();
    if !gone.is_empty() {
        let remedy = "choose doors by the serial numbers that Net2 shows";
        return report.failed("doors", format!("Net2 has no door {}", gone.join(", ")), remedy);
    }
    let is_used = |door: &&Door| used.is_empty() || used.contains(&door.id);
    let without = |door: &&Door| !rules.is_known(door.id);
    let lacking: Vec<_> = all.iter().filter(is_used).filter(without).map(|door| door.id.to_string()).collect();
    let count = all.iter().filter(is_used).count();
    let remedy =
        "set `querydb = true` for an operator who may read by SQL, or list the areas of each door under `areas`";
    if lacking.is_empty() {
        report.passed("doors", format!("the areas of all {count} doors are known"));
    } else if used.is_empty() {
        report.warning("doors", format!("it is not known which areas lie behind door {}", lacking.join(", ")), remedy);
    } else {
        report.failed("doors", format!("it is not known which areas lie behind door {}", lacking.join(", ")), remedy);
    }
}

/// Whether the server keeps individual rights: a booker who has some gets exactly those once more.
async fn rights(net2: &Net2Doors, report: &mut CheckReport) {
    let (user, set) = match with_rights(net2).await {
        Ok(Some(found)) => found,
        Ok(None) => return not_tried(report),
        Err(error) => return report.failed(RIGHTS, error.to_string(), "see whether Net2 is running, then try again"),
    };
    let tried = async {
        net2.put_set(user, &set).await?;
        net2.client().user(user).permissions().await
    };
    match tried.await {
        Ok(stored) if stored.same_as(&set) => report.passed(RIGHTS, "the server keeps what it was given"),
        Ok(_) => report.failed(RIGHTS, "the server took them and did not keep them", USE_LEVELS),
        Err(error) => report.failed(RIGHTS, error.to_string(), USE_LEVELS),
    }
}

/// A booker with individual rights, and what opens doors for that user now.
async fn with_rights(net2: &Net2Doors) -> Result<Option<(UserId, PermissionSet)>, SyncError> {
    let site = net2.site().await?;
    let mut users = net2.endpoint.listed().await?.items;
    users.retain(|user| booker::is_marked(&net2.config, &site, user));
    let details = net2.endpoint.all_details(&users).await?;
    let has_some = |user: &UserId| details.get(user).is_some_and(|of| !of.access.individual_permissions.is_empty());
    let Some(user) = users.iter().map(|user| user.id).find(has_some) else { return Ok(None) };
    // Read at the last moment: a door may have been shut meanwhile.
    let set = net2.client().user(user).permissions().await?;
    Ok((!set.individual_permissions.is_empty()).then_some((user, set)))
}

fn not_tried(report: &mut CheckReport) {
    report.steps.push(CheckStep {
        name: RIGHTS.to_owned(),
        outcome: StepOutcome::Skipped,
        detail: "not tried: no booker has any at the moment".to_owned(),
        remedy: None,
    });
}

fn failed(report: &mut CheckReport, step: &str, unknown: &UnknownName) {
    report.failed(step, unknown.cause(), unknown.remedy());
}

fn refused(report: &mut CheckReport, step: &str, error: &SyncError) {
    report.failed(step, error.to_string(), error.remedy().unwrap_or_default().to_owned());
}

const USE_LEVELS: &str = "name an access level for each door under `levels`";
