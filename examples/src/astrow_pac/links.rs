//! Who follows whom.

use std::sync::Arc;

use astrow_client::sync::AstrowEndpoint;
use chrono_tz::Tz;
use pac_oem::sync::PacEndpoint;
use sync_core::connector::{Endpoint as _, EventSource, Source};
use sync_core::events::EventLink;
use sync_core::model::{Device, EntityKind, Pair, Person};
use sync_core::reconcile::{
    CorrelationRule, Expression, Mapping, MappingError, Mode, Reconciler, Rule, Settings, SyncLink,
};

use super::config::{Config, Master};
use super::departments::Departments;
use super::switch::OneMaster;
use crate::attendance::links::Common;

/// People, in the direction of the master.
///
/// # Errors
/// The entity lacks a field that is named here.
pub(super) fn people(
    config: &Config,
    pac: &Arc<PacEndpoint>,
    astrow: &Arc<AstrowEndpoint>,
    common: Common<'_>,
) -> Result<Arc<dyn SyncLink>, MappingError> {
    let people = config.people;
    let (pac_reads, astrow_reads) = (Source::<Person>::reads(&**pac), Source::<Person>::reads(&**astrow));
    let (link, rules) = match people.master {
        Master::Pac => {
            let mut rules = rules(&Mapping::same_names::<Person>(&pac_reads, &astrow_reads, &["start_date"]));
            // Astrow derives it from the contract, which stays the business of its clerks: it is looked at, never written.
            rules.retain(|rule| rule.target != "active");
            rules.push(Rule { mode: Mode::ReportOnly, ..Rule::same("active") });
            let departments = Arc::new(Departments::new(astrow.clone()));
            let link = Reconciler::<Person>::new(pac.clone(), astrow.clone());
            (link.look_up(EntityKind::Department, departments), rules)
        }
        Master::Astrow => {
            let mut rules = rules(&Mapping::same_names::<Person>(&astrow_reads, &pac_reads, &[]));
            rules.push(renamed("valid_from", "start_date"));
            rules.push(renamed("valid_until", "leave_date"));
            (Reconciler::<Person>::new(astrow.clone(), pac.clone()), rules)
        }
    };
    let mapping = Mapping::new::<Person>(rules)?;
    let link = link.with(common).with(|settings: &mut Settings| {
        settings.mapping = mapping;
        settings.same_ids = vec![EntityKind::AccessPolicy, EntityKind::Department];
        settings.removals = people.removals();
        settings.delete_adopted = people.delete_adopted;
        settings.create_inactive = people.inactive_employees;
        settings.recreate = people.recreate_removed;
        settings.correlation = vec![
            rule("personnel number of Astrow in PAC", &["attendance_id"], true),
            rule("person id of PAC in Astrow", &["access_id"], true),
            rule("employee number", &["personnel_number"], true),
            rule("badge", &["credentials"], true),
            rule("name alone", &["first_name", "last_name"], false),
        ];
    });
    Ok(Arc::new(OneMaster::new(Arc::new(link), people.master)))
}

/// Events of PAC, which become bookings in Astrow.
pub(super) fn bookings(
    config: &Config,
    pac: &Arc<PacEndpoint>,
    astrow: &Arc<AstrowEndpoint>,
    zone: Tz,
) -> Arc<EventLink> {
    let source: Arc<dyn EventSource> = pac.clone();
    let readers: Arc<dyn Source<Device>> = astrow.clone();
    let link = EventLink::new(format!("{} events → {}", pac.name(), astrow.name()), source, astrow.clone())
        .people(pair(config.people.master, pac, astrow))
        .same_devices(readers)
        .settings(config.bookings.settings(config.people.enabled, zone));
    Arc::new(link)
}

/// The pair of people.
pub(super) fn pair(master: Master, pac: &PacEndpoint, astrow: &AstrowEndpoint) -> Pair {
    let (pac, astrow) = (pac.name().clone(), astrow.name().clone());
    match master {
        Master::Pac => Pair::new(EntityKind::Person, pac, astrow),
        Master::Astrow => Pair::new(EntityKind::Person, astrow, pac),
    }
}

fn rules(mapping: &Mapping) -> Vec<Rule> {
    mapping.rules().to_vec()
}

fn renamed(target: &str, from: &str) -> Rule {
    Rule { target: target.to_owned(), from: Expression::Field(from.to_owned()), mode: Mode::Always }
}

fn rule(name: &str, fields: &[&str], auto: bool) -> CorrelationRule {
    CorrelationRule { name: name.to_owned(), fields: fields.iter().map(|field| (*field).to_owned()).collect(), auto }
}
