//! Which records go which way.

use std::sync::Arc;

use net2_client::sync::Net2Endpoint;
use sync_core::connector::{EventSource, Sink, Source};
use sync_core::events::{EventLink, EventSettings};
use sync_core::model::{AccessPolicy, Department, Device, DeviceGroup, Entity, EntityKind, Pair, Person};
use sync_core::reconcile::{CorrelationRule, Mapping, Mode, Reconciler, Removals, Settings, SyncLink};
use timeware_model::sync::TimewareEndpoint;

use super::config::{Config, DepartmentDirection, Direction};

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

/// The two endpoints of the integration.
#[derive(Clone, Debug)]
pub(super) struct Sides {
    /// Net2.
    pub(super) net2: Arc<Net2Endpoint>,
    /// timeware.
    pub(super) timeware: TimewareEndpoint,
}

impl Sides {
    /// Links of reference data, in the order in which they depend on each other.
    pub(super) fn definitions(&self, config: &Config, common: &dyn Fn(&mut Settings)) -> Vec<Arc<dyn SyncLink>> {
        let mut links: Vec<Arc<dyn SyncLink>> = Vec::new();
        if config.doors.enabled {
            let net2: Arc<dyn Source<Device>> = self.net2.clone();
            links.push(Arc::new(Reconciler::new(net2, self.timeware.devices()).with(by_name).with(common)));
        }
        match config.policies.direction {
            Direction::Off => {}
            Direction::Net2ToTimeware => {
                let net2: Arc<dyn Source<AccessPolicy>> = self.net2.clone();
                links.push(Arc::new(Reconciler::new(net2, self.timeware.policies()).with(by_name).with(common)));
            }
            Direction::TimewareToNet2 => {
                let net2: Arc<dyn Sink<AccessPolicy>> = self.net2.clone();
                links.push(Arc::new(Reconciler::new(self.timeware.policies(), net2).with(by_name).with(common)));
            }
        }
        links.extend(self.departments(config.departments.direction, common));
        if config.door_groups.enabled {
            let net2: Arc<dyn Source<DeviceGroup>> = self.net2.clone();
            links.push(Arc::new(Reconciler::new(net2, self.timeware.device_groups()).with(by_name).with(common)));
        }
        links
    }

    fn departments(&self, direction: DepartmentDirection, common: &dyn Fn(&mut Settings)) -> Option<Arc<dyn SyncLink>> {
        let net2: Arc<dyn Sink<Department>> = self.net2.clone();
        let timeware = self.timeware.departments();
        let link = match direction {
            DepartmentDirection::Off => return None,
            DepartmentDirection::Net2ToTimeware => Reconciler::new(net2, timeware),
            DepartmentDirection::TimewareToNet2 => Reconciler::new(timeware, net2),
            DepartmentDirection::Both => Reconciler::two_way(net2, timeware),
        };
        Some(Arc::new(link.with(by_name).with(common)))
    }

    /// The link of people, if it is on.
    pub(super) fn people(&self, config: &Config, common: &dyn Fn(&mut Settings)) -> Option<Arc<dyn SyncLink>> {
        let link = match config.people.direction {
            Direction::Off => return None,
            Direction::Net2ToTimeware => {
                let net2: Arc<dyn Source<Person>> = self.net2.clone();
                Reconciler::new(net2, self.timeware.people())
                    .with(|settings| settings.removals = Removals::attendance())
            }
            Direction::TimewareToNet2 => {
                let net2: Arc<dyn Sink<Person>> = self.net2.clone();
                Reconciler::new(self.timeware.people(), net2).with(|settings| settings.removals = Removals::access())
            }
        };
        let link = link.with(common).with(|settings| self.people_settings(config, settings));
        Some(Arc::new(link))
    }

    fn people_settings(&self, config: &Config, settings: &mut Settings) {
        let wanted = |name: &str| config.people.fields.iter().any(|field| field.as_str() == name);
        let mut skip: Vec<&str> = PERSONAL.into_iter().filter(|name| !wanted(name)).collect();
        if config.departments.direction == DepartmentDirection::Off {
            skip.push("department");
        }
        if config.policies.direction == Direction::Off {
            skip.push("policies");
        }
        let net2 = Source::<Person>::reads(&*self.net2);
        let timeware = self.timeware.people().reads();
        let (primary, secondary) = match config.people.direction {
            Direction::TimewareToNet2 => (&timeware, &net2),
            Direction::Net2ToTimeware | Direction::Off => (&net2, &timeware),
        };
        settings.mapping = Mapping::same_names::<Person>(primary, secondary, &skip);
        settings.mapping.set_mode("start_date", Mode::OnCreate);
        settings.correlation = vec![
            rule("personnel number", &["personnel_number"], true),
            rule("card number", &["credentials"], true),
            rule("mail address", &["email"], true),
            rule("name and date of birth", &["first_name", "last_name", "date_of_birth"], true),
            rule("name alone", &["first_name", "last_name"], false),
        ];
        if let Some(removals) = config.people.removals {
            settings.removals = removals.get();
        }
    }

    /// The link of events, if it is on.
    pub(super) fn events(&self, config: &Config, settings: EventSettings) -> Option<Arc<EventLink>> {
        if !config.events.enabled {
            return None;
        }
        let source: Arc<dyn EventSource> = self.net2.clone();
        let devices: Arc<dyn Source<Device>> = self.timeware.devices();
        let link = EventLink::new("net2 events → timeware", source, self.timeware.events())
            .people(self.pair_of_people(config.people.direction))
            .devices(self.pair::<Device>(), devices)
            .settings(settings);
        Some(Arc::new(link))
    }

    fn pair_of_people(&self, direction: Direction) -> Pair {
        let pair = self.pair::<Person>();
        match direction {
            Direction::TimewareToNet2 => Pair::new(EntityKind::Person, pair.secondary, pair.primary),
            Direction::Net2ToTimeware | Direction::Off => pair,
        }
    }

    fn pair<T: Entity>(&self) -> Pair {
        use sync_core::connector::Endpoint as _;
        Pair::new(T::KIND, self.net2.name().clone(), self.timeware.name().clone())
    }
}

fn by_name(settings: &mut Settings) {
    settings.correlation = vec![rule("name", &["name"], true)];
}

fn rule(name: &str, fields: &[&str], auto: bool) -> CorrelationRule {
    CorrelationRule { name: name.to_owned(), fields: fields.iter().map(|field| (*field).to_owned()).collect(), auto }
}
