//! A world of two fake sides, a journal and a clock, behind the fault shim.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, reason = "shared by several test programs; a test may stop")]

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use chrono::{TimeZone as _, Utc};
use sync_core::clock::ManualClock;
use sync_core::connector::{Sink, Source};
use sync_core::journal::MemoryJournal;
use sync_core::model::{Credential, Known, Person};
use sync_core::reconcile::{
    Approval, Context, CorrelationRule, LinkReport, Plan, Reconciler, Removals, RunError, Settings, Silent, SyncLink,
};
use sync_core::test_kit::{FakeSide, Faults, FaultyJournal, FaultySink};

pub struct World {
    pub primary: Arc<FakeSide<Person>>,
    pub secondary: Arc<FakeSide<Person>>,
    pub journal: Arc<MemoryJournal>,
    pub clock: Arc<ManualClock>,
    pub faults: Faults,
    pub settings: fn(&mut Settings),
    /// One network for all processes: what is late in one may arrive in the next.
    network: OnceLock<Arc<FaultySink<Person>>>,
}

impl World {
    pub fn new() -> Self {
        Self::with_secondary(FakeSide::new("timeware"))
    }

    pub fn with_secondary(secondary: FakeSide<Person>) -> Self {
        let now = Utc.with_ymd_and_hms(2026, 3, 2, 8, 0, 0).unwrap();
        Self {
            primary: Arc::new(FakeSide::new("net2")),
            secondary: Arc::new(secondary),
            journal: Arc::new(MemoryJournal::new()),
            clock: Arc::new(ManualClock::new(now)),
            faults: Faults::none(),
            settings: |_| {},
            network: OnceLock::new(),
        }
    }

    pub fn link(&self) -> Reconciler<Person> {
        let source: Arc<dyn Source<Person>> = self.primary.clone();
        let inner: Arc<dyn Sink<Person>> = self.secondary.clone();
        let network = || Arc::new(FaultySink::new(inner, self.faults.clone(), self.clock.clone()));
        let sink = self.network.get_or_init(network).clone();
        let change = self.settings;
        Reconciler::new(source, sink).with(|settings| {
            settings.removals = Removals::attendance();
            settings.correlation = vec![rule("number", &["personnel_number"]), rule("card", &["credentials"])];
            change(settings);
        })
    }

    pub async fn run(&self, link: &Reconciler<Person>) -> Result<LinkReport, RunError> {
        self.run_approved(link, &Approval::everything()).await
    }

    pub async fn run_approved(
        &self,
        link: &Reconciler<Person>,
        approval: &Approval,
    ) -> Result<LinkReport, RunError> {
        let journal = FaultyJournal::new(self.journal.clone(), self.faults.clone());
        link.run(approval, &context(&journal, &self.clock)).await
    }

    pub async fn plan(&self) -> Plan {
        let journal = FaultyJournal::new(self.journal.clone(), self.faults.clone());
        self.link().plan(&context(&journal, &self.clock)).await.unwrap()
    }

    /// A new process on the same store.
    pub fn restart(&self) {
        self.faults.restart();
        self.clock.restart();
    }

    /// Runs until nothing is left to do; every request has arrived by then.
    pub async fn quiesce(&self) -> LinkReport {
        let link = self.link();
        let mut last = None;
        for _ in 0..8 {
            last = Some(self.run(&link).await.expect("a run without faults"));
            self.clock.advance(Duration::from_secs(3_600));
        }
        last.unwrap()
    }

    /// The end state of the secondary, ids aside.
    pub fn state(&self) -> BTreeSet<String> {
        let records = self.secondary.all();
        records.iter().map(|record| describe(&record.value)).collect()
    }
}

pub fn context<'a>(journal: &'a FaultyJournal, clock: &'a ManualClock) -> Context<'a> {
    Context { journal, clock, progress: &Silent, actor: "test", today: None }
}

pub fn rule(name: &str, fields: &[&str]) -> CorrelationRule {
    CorrelationRule { name: name.into(), fields: fields.iter().map(|f| (*f).to_owned()).collect(), auto: true }
}

pub fn person(first: &str, last: &str, number: &str) -> Person {
    Person {
        first_name: Known::from_text(first),
        last_name: Known::from_text(last),
        personnel_number: Known::from_text(number),
        credentials: Known::Value(BTreeSet::from([Credential::new("", format!("1000{number}"))])),
        active: Known::Value(true),
        ..Person::default()
    }
}

pub fn describe(person: &Person) -> String {
    let text = |known: &Known<String>| known.value().cloned().unwrap_or_default();
    let cards = person.credentials.value().map(|set| set.iter().map(ToString::to_string).collect::<Vec<_>>());
    format!(
        "{} {} #{} cards {:?} active {:?}",
        text(&person.first_name),
        text(&person.last_name),
        text(&person.personnel_number),
        cards.unwrap_or_default(),
        person.active.value()
    )
}
