//! Which records go which way.

use std::sync::Arc;

use net2_client::sync::Net2Endpoint;
use sync_core::connector::{Sink, Source};
use sync_core::events::EventLink;
use sync_core::model::{AccessPolicy, Department, Device, DeviceGroup};
use sync_core::reconcile::{Reconciler, SyncLink};
use timeware_model::sync::TimewareEndpoint;

use super::config::{Config, DepartmentDirection, Direction};
use crate::attendance::config::{Leading, RemovalsConfig};
use crate::attendance::links::{self, Common, PeopleWishes, by_name};

/// The two endpoints of the integration.
#[derive(Clone, Debug)]
pub(super) struct Sides {
    /// Net2.
    pub(super) net2: Arc<Net2Endpoint>,
    /// timeware.
    pub(super) timeware: TimewareEndpoint,
}

impl Sides {
    /// Links of records, in the order in which they depend on each other.
    pub(super) fn links(&self, config: &Config, common: Common<'_>) -> Vec<Arc<dyn SyncLink>> {
        let mut all: Vec<Arc<dyn SyncLink>> = Vec::new();
        if config.doors.enabled {
            let net2: Arc<dyn Source<Device>> = self.net2.clone();
            all.push(links::into_timeware(net2, self.timeware.devices(), common));
        }
        let net2: Arc<dyn Sink<AccessPolicy>> = self.net2.clone();
        all.extend(links::either_way(config.policies.direction.leading(), net2, self.timeware.policies(), common));
        all.extend(self.departments(config.departments.direction, common));
        if config.door_groups.enabled {
            let net2: Arc<dyn Source<DeviceGroup>> = self.net2.clone();
            all.push(links::into_timeware(net2, self.timeware.device_groups(), common));
        }
        all.extend(self.people(config, common));
        all
    }

    fn departments(&self, direction: DepartmentDirection, common: Common<'_>) -> Option<Arc<dyn SyncLink>> {
        let net2: Arc<dyn Sink<Department>> = self.net2.clone();
        let leading = match direction {
            DepartmentDirection::Both => {
                return Some(Arc::new(
                    Reconciler::two_way(net2, self.timeware.departments()).with(by_name).with(common),
                ));
            }
            DepartmentDirection::Off => Leading::Neither,
            DepartmentDirection::Net2ToTimeware => Leading::Source,
            DepartmentDirection::TimewareToNet2 => Leading::Timeware,
        };
        links::either_way(leading, net2, self.timeware.departments(), common)
    }

    fn people(&self, config: &Config, common: Common<'_>) -> Option<Arc<dyn SyncLink>> {
        let mut without = Vec::new();
        if config.departments.direction == DepartmentDirection::Off {
            without.push("department");
        }
        if config.policies.direction == Direction::Off {
            without.push("policies");
        }
        let wishes = PeopleWishes {
            leading: config.people.direction.leading(),
            personal: config.people.fields.iter().map(|field| field.as_str()).collect(),
            without,
            removals: config.people.removals.map(RemovalsConfig::get),
        };
        links::people(self.net2.clone(), &self.timeware, &wishes, common)
    }

    /// The link of events, if it is on.
    pub(super) fn events(&self, config: &Config) -> Option<Arc<EventLink>> {
        let leading = config.people.direction.leading();
        let link = || links::events(self.net2.clone(), &self.timeware, leading, config.events.settings());
        config.events.enabled.then(link)
    }
}
