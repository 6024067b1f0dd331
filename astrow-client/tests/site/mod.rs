//! A simulated Astrow, an endpoint on it, and a clock that is turned by hand.
#![allow(dead_code, reason = "not every test uses all of it")]

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use astrow_client::sync::{AstrowConfig, AstrowEndpoint, ReaderBooking, ReaderDirectionRule, Readers};
use astrow_client::{AstrowClient, Pace};
use chrono::{DateTime, TimeDelta, Utc};
use connector_http::ManualClock;
use sync_core::connector::{AttemptKey, Draft, Endpoint as _, Record, Sink as _};
use sync_core::model::{
    AccessPolicy, Clocking, ClockingKind, Credential, Direction, Entity as _, EntityKind, EventClass, EventKey,
    ExternalId, Known, Pair, Person, RefKey, SyncKey,
};
use vendor_sim::astrow::{AstrowOptions, AstrowSim, Definitions};

/// An endpoint on a simulated server.
pub(crate) struct Site {
    pub(crate) sim: AstrowSim,
    pub(crate) astrow: AstrowEndpoint,
    pub(crate) clock: Arc<ManualClock>,
    config: AstrowConfig,
}

impl Site {
    /// The usual server at eight on a Monday, with all settings, and an endpoint that has been identified.
    pub(crate) async fn start() -> Self {
        Self::with(|options| options, |_| {}).await
    }

    /// The same with other options and settings.
    pub(crate) async fn with(
        options: impl FnOnce(AstrowOptions) -> AstrowOptions,
        settings: impl FnOnce(&mut AstrowConfig),
    ) -> Self {
        let site = Self::unidentified(options, settings).await;
        site.astrow.identify().await.unwrap();
        site
    }

    /// An endpoint that has not said anything yet.
    pub(crate) async fn unidentified(
        options: impl FnOnce(AstrowOptions) -> AstrowOptions,
        settings: impl FnOnce(&mut AstrowConfig),
    ) -> Self {
        let usual = AstrowSim::builder().people(0).start_at(monday()).frozen(true);
        let sim = options(usual).start().await.unwrap();
        let clock = Arc::new(ManualClock::at(monday().into()));
        let config = AstrowConfig::rest(sim.url(), sim.user(), "env:UNUSED").with(|config| {
            config.default_cycle = Some("C-STD".to_owned());
            config.default_paygroup = Some("PG-1".to_owned());
            config.terminal_group = Some("TG-HQ".to_owned());
            config.company_site = Some("HQ".to_owned());
            settings(config);
        });
        let astrow = endpoint(&sim, config.clone(), &clock);
        Self { sim, astrow, clock, config }
    }

    /// Another endpoint on the same server, which knows nothing yet.
    pub(crate) fn anew(&self) -> AstrowEndpoint {
        endpoint(&self.sim, self.config.clone(), &self.clock)
    }

    /// Lets time pass, here and there.
    pub(crate) fn pass(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
        let step = TimeDelta::seconds(i64::try_from(seconds).unwrap());
        self.sim.world(|world| world.clock.advance(step));
    }

    /// Makes a person.
    pub(crate) async fn create(&self, person: Person, number: u128) -> Record<Person> {
        self.astrow.create(&draft(person), &AttemptKey::from_u128(number)).await.unwrap()
    }

    /// How often something was called.
    pub(crate) fn calls(&self, shape: &str) -> u64 {
        self.sim.request_counts().get(shape).copied().unwrap_or(0)
    }

    /// Tells Astrow of reader 11 at a site, which confirms in a roll call or not.
    pub(crate) fn define_reader(&self, id: u32, site: &str, confirms: bool) {
        self.sim.world(|world| {
            let mut known = world.definitions.clone().unwrap_or_default();
            let reader = format!(r#"{{"id":{id},"name":"Reader {id}"}}"#);
            known.readers.push(serde_json::from_str(&reader).unwrap());
            world.take_definitions(Definitions { ..known });
            world.change_reader(id, |settings| {
                settings.company_site = Some(site.to_owned());
                settings.confirm_roll_call = confirms;
            });
        });
    }
}

fn endpoint(sim: &AstrowSim, config: AstrowConfig, clock: &Arc<ManualClock>) -> AstrowEndpoint {
    let pace = Pace { requests_per_second: 100_000.0, burst: 1_000, ..Pace::default() };
    let client =
        AstrowClient::builder(sim.url()).login(&config.user, sim.password()).pace(pace).clock(clock.clone()).build();
    AstrowEndpoint::with_client("astrow", config, client.unwrap()).readers(readers()).clock(clock.clone())
}

/// Nine o'clock in Brussels.
pub(crate) fn monday() -> DateTime<Utc> {
    "2026-03-02T08:00:00Z".parse().unwrap()
}

/// Reader 11 leads in and out by two terminals; 12 always in, with codes; 13 has an unknown terminal.
pub(crate) fn readers() -> Readers {
    let main = ReaderBooking::new("9001011").with(|reader| reader.serial_out = Some("9001012".to_owned()));
    let coded = ReaderBooking::new("9001011").with(|reader| {
        reader.direction = ReaderDirectionRule::In;
        reader.mc = Some("12".to_owned());
        reader.cc = Some("210".to_owned());
    });
    Readers::from([("11".to_owned(), main), ("12".to_owned(), coded), ("13".to_owned(), ReaderBooking::new("1"))])
}

/// A person as PAC knows one.
pub(crate) fn teo() -> Person {
    Person {
        first_name: Known::from_text("Teo"),
        last_name: Known::from_text("Marchetti"),
        personnel_number: Known::from_text("E-1077"),
        department: department("Finance"),
        policies: groups(&["1"]),
        credentials: badges(&["pac-prox:8E4C0B77"]),
        access_id: Known::from_text("213"),
        ..Person::default()
    }
}

/// A department by its name.
pub(crate) fn department(name: &str) -> Known<RefKey> {
    Known::Value(RefKey { entity: EntityKind::Department, id: name.into() })
}

/// Access groups by their texts.
pub(crate) fn groups(ids: &[&str]) -> Known<BTreeSet<RefKey>> {
    Known::Value(ids.iter().map(|id| RefKey { entity: AccessPolicy::KIND, id: (*id).into() }).collect())
}

/// Badges by their stored texts.
pub(crate) fn badges(texts: &[&str]) -> Known<BTreeSet<Credential>> {
    Known::Value(texts.iter().map(|text| Credential::from_text(text)).collect())
}

/// A draft; Astrow has no place for its key.
pub(crate) fn draft(value: Person) -> Draft<Person> {
    let pair = Pair::new(EntityKind::Person, "pac", "astrow");
    Draft { value, key: SyncKey::new(&pair, &"pac".into(), &ExternalId::from(213), 0) }
}

/// Event number `n` of somebody at reader 11, `n` minutes after half past eight.
pub(crate) fn clocking(n: i64, person: &str) -> Clocking {
    Clocking {
        key: EventKey { endpoint: "pac".into(), epoch: 0, number: n },
        kind: ClockingKind::Attendance,
        person: Some(person.into()),
        stranger: None,
        device: "11".into(),
        occurred: format!("2026-03-02T07:{:02}:14+00:00", 30 + n % 30).parse().unwrap(),
        class: EventClass::Granted,
        credential: None,
        direction: Direction::In,
        identity: Some(format!("5D1E00C7A2B49F03:{n}")),
    }
}
