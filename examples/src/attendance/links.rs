//! Which records go which way.

use std::sync::Arc;

use sync_core::connector::{Endpoint, EventSource, ReadCaps, Sink, Source};
use sync_core::events::{EventLink, EventSettings};
use sync_core::model::{Device, EndpointName, Entity, EntityKind, Pair, Person};
use sync_core::reconcile::{CorrelationRule, Mapping, Mode, Reconciler, Removals, Settings, SyncLink};
use timeware_model::sync::TimewareEndpoint;

use super::config::Leading;

/// Fields that nobody's attendance needs: off until somebody opts in.
const PERSONAL: [&str; 10] = [
    "title",
    "date_of_birth",
    "gender",
    "address",
    "post_code",
    "email",
    "mobile",
    "telephone",
    "vehicle_registration",
    "pin",
];

/// What is told to every link.
pub(crate) type Common<'a> = &'a dyn Fn(&mut Settings);

/// What the administrator wants of the link of people.
#[derive(Debug)]
pub(crate) struct PeopleWishes<'a> {
    /// Which side leads.
    pub(crate) leading: Leading,
    /// Personal fields that take part.
    pub(crate) personal: Vec<&'a str>,
    /// Other fields that do not.
    pub(crate) without: Vec<&'a str>,
    /// What happens to people who go; the usual for the direction if left out.
    pub(crate) removals: Option<Removals>,
}

/// Records of the source that become timeware's.
pub(crate) fn into_timeware<T: Entity>(
    source: Arc<dyn Source<T>>,
    timeware: Arc<dyn Sink<T>>,
    common: Common<'_>,
) -> Arc<dyn SyncLink> {
    Arc::new(Reconciler::new(source, timeware).with(by_name).with(common))
}

/// Records with a name whose direction can be chosen.
pub(crate) fn either_way<T: Entity>(
    leading: Leading,
    other: Arc<dyn Sink<T>>,
    timeware: Arc<dyn Sink<T>>,
    common: Common<'_>,
) -> Option<Arc<dyn SyncLink>> {
    let link = match leading {
        Leading::Neither => return None,
        Leading::Source => Reconciler::new(other, timeware),
        Leading::Timeware => Reconciler::new(timeware, other),
    };
    Some(Arc::new(link.with(by_name).with(common)))
}

/// People, from a system that can also be written.
pub(crate) fn people(
    other: Arc<dyn Sink<Person>>,
    timeware: &TimewareEndpoint,
    wishes: &PeopleWishes<'_>,
    common: Common<'_>,
) -> Option<Arc<dyn SyncLink>> {
    let timeware = timeware.people();
    let reads = (other.reads(), timeware.reads());
    let link = match wishes.leading {
        Leading::Neither => return None,
        Leading::Source => Reconciler::new(other, timeware),
        Leading::Timeware => Reconciler::new(timeware, other),
    };
    Some(people_link(link, &reads, wishes, common))
}

/// People, from a system that is only read.
pub(crate) fn people_of(
    source: Arc<dyn Source<Person>>,
    timeware: &TimewareEndpoint,
    wishes: &PeopleWishes<'_>,
    common: Common<'_>,
) -> Arc<dyn SyncLink> {
    let timeware = timeware.people();
    let reads = (source.reads(), timeware.reads());
    people_link(Reconciler::new(source, timeware), &reads, wishes, common)
}

fn people_link(
    link: Reconciler<Person>,
    (source, timeware): &(ReadCaps, ReadCaps),
    wishes: &PeopleWishes<'_>,
    common: Common<'_>,
) -> Arc<dyn SyncLink> {
    let off = PERSONAL.into_iter().filter(|name| !wishes.personal.contains(name));
    let skip: Vec<&str> = off.chain(wishes.without.iter().copied()).collect();
    let (mapping, usual) = match wishes.leading {
        Leading::Timeware => (Mapping::same_names::<Person>(timeware, source, &skip), Removals::access()),
        Leading::Source | Leading::Neither => {
            (Mapping::same_names::<Person>(source, timeware, &skip), Removals::attendance())
        }
    };
    Arc::new(link.with(common).with(|settings| {
        settings.mapping = mapping;
        settings.mapping.set_mode("start_date", Mode::OnCreate);
        settings.removals = wishes.removals.unwrap_or(usual);
        settings.correlation = vec![
            rule("personnel number", &["personnel_number"], true),
            rule("card number", &["credentials"], true),
            rule("mail address", &["email"], true),
            rule("name and date of birth", &["first_name", "last_name", "date_of_birth"], true),
            rule("name alone", &["first_name", "last_name"], false),
        ];
    }))
}

/// Events of the source, which become bookings.
pub(crate) fn events(
    source: Arc<dyn EventSource>,
    timeware: &TimewareEndpoint,
    leading: Leading,
    settings: EventSettings,
) -> Arc<EventLink> {
    let name = source.name().clone();
    let devices: Arc<dyn Source<Device>> = timeware.devices();
    let people = match leading {
        Leading::Timeware => Pair::new(EntityKind::Person, timeware.name().clone(), name.clone()),
        Leading::Source | Leading::Neither => pair::<Person>(&name, timeware),
    };
    let link = EventLink::new(format!("{name} events → {}", timeware.name()), source, timeware.events())
        .people(people)
        .devices(pair::<Device>(&name, timeware), devices)
        .settings(settings);
    Arc::new(link)
}

fn pair<T: Entity>(source: &EndpointName, timeware: &TimewareEndpoint) -> Pair {
    Pair::new(T::KIND, source.clone(), timeware.name().clone())
}

/// Records with a name are the same where their names are.
pub(crate) fn by_name(settings: &mut Settings) {
    settings.correlation = vec![rule("name", &["name"], true)];
}

fn rule(name: &str, fields: &[&str], auto: bool) -> CorrelationRule {
    CorrelationRule { name: name.to_owned(), fields: fields.iter().map(|field| (*field).to_owned()).collect(), auto }
}
