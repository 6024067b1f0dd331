//! The connection test: what works, what does not, why, and what to do.

use connector_http::sync::Reach;
use sync_core::connector::CheckReport;

use super::endpoint::{AstrowEndpoint, Way};
use crate::files::{FileFate, FilesDriver};
use crate::model::{
    ActiveFilter, AstrowCapability, AstrowError, AstrowErrorKind, AstrowInfo, AstrowSession, Licence, Lookup, Lookups,
};
use crate::rest::AstrowClient;

const STEPS: [&str; 10] =
    ["name", "port", "TLS", "sign-in", "permission", "licences", "zone", "defaults", "terminals", "reads"];

pub(super) async fn run(endpoint: &AstrowEndpoint) -> CheckReport {
    let mut report = CheckReport::default();
    match &endpoint.way {
        Way::Rest(client) => {
            if rest(endpoint, client, &mut report).await.is_none() {
                report.skip_rest(&STEPS);
            }
        }
        Way::Files(driver) => files(driver, &mut report).await,
        Way::Given(_) => {
            if parts(endpoint, &mut report).await.is_none() {
                report.skip_rest(&["licences", "zone", "defaults", "terminals", "reads"]);
            }
        }
    }
    report
}

async fn rest(endpoint: &AstrowEndpoint, client: &AstrowClient, report: &mut CheckReport) -> Option<()> {
    Reach::new(client.base(), client.trust(), endpoint.config.connect_timeout())
        .refused("", "check the port in `url`, and that Astrow's web site is running")
        .open("the connection is not encrypted: the password travels in clear", "use an https address")
        .check(report)
        .await?;
    match client.check().await {
        Ok(_) => {
            report.passed("sign-in", format!("the user is let in as {}", client.client_name()));
            report.passed("permission", "the user may use the interface (bridge-rest v1, of this project)");
        }
        Err(error) => {
            refused(&error, report);
            return None;
        }
    }
    parts(endpoint, report).await
}

/// Tells a wrong password from a missing permission and a server out of order.
fn refused(error: &AstrowError, report: &mut CheckReport) {
    let step = match error.kind() {
        AstrowErrorKind::PermissionMissing => {
            report.passed("sign-in", "user and password are accepted");
            "permission"
        }
        _ => "sign-in",
    };
    report.failed(step, error.to_string(), error.remedy().to_owned());
}

/// What works without what else: licences, zone, codes, reads.
async fn parts(endpoint: &AstrowEndpoint, report: &mut CheckReport) -> Option<()> {
    let session = match endpoint.session().await {
        Ok(session) => session,
        Err(error) => {
            refused(&error, report);
            return None;
        }
    };
    let info = session.info();
    licences(info, report);
    report.passed("zone", format!("{}, badge numbers are {}", info.time_zone, form(info)));
    codes(endpoint, session.as_ref(), report).await?;
    reads(session.as_ref(), report).await
}

/// Each licence with the part that stands still without it; the other parts work.
fn licences(info: &AstrowInfo, report: &mut CheckReport) {
    let parts = [
        (Licence::FileTerminal, "bookings are refused; people are synchronised all the same"),
        (Licence::EmployeesImport, "no employee can be made; bookings work all the same"),
        (Licence::RollCall, "there are no roll calls; everything else works"),
    ];
    if info.licences.is_none() {
        return report.passed("licences", "this driver cannot know them; each part shows when it is used");
    }
    let missing: Vec<_> = parts.iter().filter(|(licence, _)| !info.has(licence)).collect();
    if missing.is_empty() {
        return report.passed("licences", "file-terminal, employees-import, roll-call");
    }
    for (licence, so) in missing {
        let remedy = "have the licence added to Astrow, or switch that part of the link off; no permission is missing";
        report.warning("licences", format!("{licence} is missing: {so}"), remedy);
    }
}

fn form(info: &AstrowInfo) -> &'static str {
    if info.hex_badges {
        "hexadecimal; compare one real badge before the first run: their byte order is not public"
    } else {
        "decimal"
    }
}

/// The codes of the settings, and the terminals of the readers, are known to Astrow.
async fn codes(endpoint: &AstrowEndpoint, session: &dyn AstrowSession, report: &mut CheckReport) -> Option<()> {
    if !session.supports(AstrowCapability::LookupsRead) {
        report.passed("defaults", "this driver cannot read Astrow's codes");
        return Some(());
    }
    let lookups = match session.lookups().await {
        Ok(lookups) => lookups,
        Err(error) => {
            report.failed("defaults", error.to_string(), error.remedy().to_owned());
            return None;
        }
    };
    defaults(endpoint, &lookups, report);
    terminals(endpoint, &lookups, report);
    Some(())
}

fn defaults(endpoint: &AstrowEndpoint, lookups: &Lookups, report: &mut CheckReport) {
    let config = &endpoint.config;
    let mut good = Vec::new();
    let settings = [
        ("default_cycle", &config.default_cycle, &lookups.cycles, true),
        ("default_paygroup", &config.default_paygroup, &lookups.pay_groups, true),
        ("terminal_group", &config.terminal_group, &lookups.terminal_groups, false),
        ("company_site", &config.company_site, &lookups.company_sites, false),
    ];
    for (setting, code, known, needed) in settings {
        match code.as_deref() {
            Some(code) if known.iter().any(|one| one.code == code) => good.push(format!("{setting} {code}")),
            Some(code) => report.failed("defaults", format!("Astrow does not know {setting} {code:?}"), choice(known)),
            None if needed => {
                let text = format!("{setting} is not set: employees can be changed, but not made");
                report.warning("defaults", text, choice(known));
            }
            None => {}
        }
    }
    if !good.is_empty() || report.is_ok() {
        report.passed("defaults", good.join(", "));
    }
}

fn choice(known: &[Lookup]) -> String {
    let codes: Vec<_> = known.iter().take(20).map(|one| one.code.as_str()).collect();
    if codes.is_empty() { "make one in Astrow".to_owned() } else { format!("use one of {}", codes.join(", ")) }
}

fn terminals(endpoint: &AstrowEndpoint, lookups: &Lookups, report: &mut CheckReport) {
    if endpoint.readers.is_empty() {
        let remedy = "name the readers whose swipes are to be booked, each with its terminal";
        return report.warning("terminals", "no reader gives bookings", remedy);
    }
    let mut fine = true;
    for (id, reader) in &endpoint.readers {
        for serial in reader.serials().filter(|serial| lookups.terminal(serial).is_none()) {
            fine = false;
            let remedy =
                "make a file terminal with this serial number in Astrow, in the terminal group of the employees";
            report.warning("terminals", format!("reader {id}: Astrow has no terminal {serial}"), remedy);
        }
    }
    if fine {
        report.passed("terminals", format!("{} readers give bookings", endpoint.readers.len()));
    }
}

async fn reads(session: &dyn AstrowSession, report: &mut CheckReport) -> Option<()> {
    if !session.supports(AstrowCapability::EmployeesRead) {
        report.passed("reads", "this driver cannot read employees");
        return Some(());
    }
    match session.employees(None, ActiveFilter::All).await {
        Ok(page) => {
            let detail = format!("first page: {} employees", page.items.len());
            match page.invalid.first() {
                None => report.passed("reads", detail),
                Some(first) => report.warning(
                    "reads",
                    format!(
                        "{detail}; {} cannot be read, the first: {} {}",
                        page.invalid.len(),
                        first.field,
                        first.reason
                    ),
                    "the report of a run names them; the others are handled",
                ),
            }
            Some(())
        }
        Err(error) => {
            report.failed("reads", error.to_string(), error.remedy().to_owned());
            None
        }
    }
}

/// Every folder, and the files that need somebody.
async fn files(driver: &FilesDriver, report: &mut CheckReport) {
    let info = driver.info();
    report.passed("zone", format!("{}, badge numbers are {}", info.time_zone, form(info)));
    for (folder, tested) in driver.test().await {
        let name = folder.display();
        match tested {
            Ok(detail) => report.passed("folder", format!("{name}: {detail}")),
            Err(error) => report.failed("folder", error.to_string(), error.remedy().to_owned()),
        }
    }
    for sent in driver.unsettled().await.unwrap_or_default() {
        let (fate, remedy) = match sent.fate {
            FileFate::Failed => ("was refused", "compare it with Astrow's import screen, then confirm it"),
            FileFate::Incomplete => ("was taken in part", "its rows are looked up in the next bookings export"),
            FileFate::Gone => ("is in none of Astrow's folders", "look for it, then confirm it"),
            _ => ("waits for Astrow's import", "see whether the Astrow IO service runs and watches this folder"),
        };
        report.warning("files", format!("{} with {} bookings {fate}", sent.file, sent.rows), remedy);
    }
}
