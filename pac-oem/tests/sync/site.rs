//! A simulated server with one client.

use std::sync::Arc;

use pac_oem::sync::{PacConfig, PacEndpoint};
use sync_core::connector::{AttemptKey, Draft, Endpoint as _, Key, Record, Sink as _, Source, SyncError};
use sync_core::model::{AccessPolicy, Credential, Entity as _, ExternalId, FieldValue, Known, Person, RefKey};
use tempfile::TempDir;
use vendor_sim::pac::{self, PacOptions, PacSim};

pub(crate) struct Site {
    pub(crate) sim: PacSim,
    pub(crate) pac: Arc<PacEndpoint>,
    pub(crate) folder: TempDir,
}

pub(crate) async fn site() -> Site {
    with(|options| options).await
}

pub(crate) async fn with(set: impl FnOnce(PacOptions) -> PacOptions) -> Site {
    let sim = set(PacSim::builder()).start().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("bridge.oemkey");
    sim.write_key("Head office bridge", &key).unwrap();
    let site = Site { pac: Arc::new(endpoint(config(&sim, &folder))), sim, folder };
    site.pac.identify().await.unwrap();
    site.sim.clear_requests();
    site
}

pub(crate) fn config(sim: &PacSim, folder: &TempDir) -> PacConfig {
    PacConfig::new(sim.host(), sim.port(), folder.path().join("bridge.oemkey"), sim.server_fingerprint())
}

pub(crate) fn endpoint(config: PacConfig) -> PacEndpoint {
    PacEndpoint::new("pac", config).unwrap().writes_per_second(10_000)
}

impl Site {
    /// Names of the writes so far.
    pub(crate) fn writes(&self) -> Vec<String> {
        let writes = self.sim.requests().into_iter().filter(|request| request.key.is_some());
        writes.map(|request| request.message).collect()
    }

    pub(crate) fn person(&self, id: &ExternalId) -> pac::Person {
        let id: u32 = id.as_str().parse().unwrap();
        self.sim.world(|world| world.people.get(&id).cloned()).expect("the person is there")
    }

    pub(crate) async fn get(&self, id: impl Into<ExternalId> + Send) -> Record<Person> {
        Source::<Person>::get(&*self.pac, &id.into()).await.unwrap().expect("the person is there")
    }

    pub(crate) async fn find(&self, name: &'static str, value: FieldValue) -> Vec<String> {
        let found: Vec<Record<Person>> = self.pac.find(&Key::Field { name, value }).await.unwrap();
        found.into_iter().map(|record| record.id.to_string()).collect()
    }

    pub(crate) async fn create(&self, value: Person, attempt: u128) -> Result<Record<Person>, SyncError> {
        let key = "00112233445566778899aabbccddeeff".parse().unwrap();
        self.pac.create(&Draft { value, key }, &AttemptKey::from_u128(attempt)).await
    }
}

/// A person of the engine, unlike any other number.
pub(crate) fn human(n: usize) -> Person {
    Person {
        first_name: Known::from_text("Sample"),
        middle_name: Known::from_text("M."),
        last_name: Known::from_text(format!("Person {n}")),
        personnel_number: Known::from_text(format!("E-{n}")),
        email: Known::from_text(format!("p{n}@example.org")),
        department: Known::Value(RefKey { entity: sync_core::model::Department::KIND, id: "Logistics".into() }),
        policies: Known::Value([policy("1 from=20260101T000000Z")].into()),
        credentials: Known::Value([card(n), Credential::new("wiegand26 state=lost", format!("7-{n}"))].into()),
        valid_from: Known::Value("2026-01-01".parse().unwrap()),
        valid_until: Known::Value("2036-12-31".parse().unwrap()),
        attendance_id: Known::from_text(format!("{}", 1000 + n)),
        active: Known::Value(true),
        ..Person::default()
    }
}

pub(crate) fn card(n: usize) -> Credential {
    Credential::new("pac-prox", format!("{:08X}", 0x8E4C_0000 + n))
}

pub(crate) fn policy(id: &str) -> RefKey {
    RefKey { entity: AccessPolicy::KIND, id: id.into() }
}
