//! A world of two fake sides, a journal and a clock, behind the fault shim.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "shared by several test programs; a test may stop"
)]

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use chrono::{TimeZone as _, Utc};
use sync_core::clock::ManualClock;
use sync_core::connector::{Record, Sink, Source};
use sync_core::journal::{Durability, Journal as _, Link, MemoryJournal, Side, Write};
use sync_core::model::{Credential, ExternalId, Known, Pair, Person};
use sync_core::reconcile::{
    ActionKind, Approval, Context, CorrelationRule, Decision, LinkReport, Plan, Reconciler, Removals, RunError,
    Settings, Silent, SyncLink,
};
use sync_core::test_kit::{FakeSide, Faults, FaultyJournal, FaultySink};

pub struct World {
    pub primary: Arc<FakeSide<Person>>,
    pub secondary: Arc<FakeSide<Person>>,
    pub journal: Arc<MemoryJournal>,
    pub clock: Arc<ManualClock>,
    pub faults: Faults,
    pub settings: Arc<dyn Fn(&mut Settings) + Send + Sync>,
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
            settings: Arc::new(|_| {}),
            network: OnceLock::new(),
        }
    }

    pub fn link(&self) -> Reconciler<Person> {
        let source: Arc<dyn Source<Person>> = self.primary.clone();
        let inner: Arc<dyn Sink<Person>> = self.secondary.clone();
        let network = || Arc::new(FaultySink::new(inner, self.faults.clone(), self.clock.clone()));
        let sink = self.network.get_or_init(network).clone();
        let change = self.settings.clone();
        Reconciler::new(source, sink).with(|settings| {
            settings.removals = Removals::attendance();
            settings.correlation = vec![rule("number", &["personnel_number"]), rule("card", &["credentials"])];
            change(settings);
        })
    }

    pub async fn run(&self, link: &Reconciler<Person>) -> Result<LinkReport, RunError> {
        self.run_approved(link, &Approval::everything()).await
    }

    pub async fn run_approved(&self, link: &Reconciler<Person>, approval: &Approval) -> Result<LinkReport, RunError> {
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
            self.clock.advance(Duration::from_hours(1));
        }
        last.unwrap()
    }

    /// The same world with the other side leading.
    pub fn turned(self) -> Self {
        Self { primary: self.secondary, secondary: self.primary, network: OnceLock::new(), ..self }
    }

    /// With other settings from now on.
    pub fn set(&mut self, change: impl Fn(&mut Settings) + Send + Sync + 'static) {
        self.settings = Arc::new(change);
    }

    /// A run of a new process, everything approved, a quarter of an hour after the last.
    pub async fn go(&self) -> LinkReport {
        self.run_as(&Approval::everything()).await
    }

    /// The same without anybody who approves.
    pub async fn unattended(&self) -> LinkReport {
        self.run_as(&Approval::default()).await
    }

    pub async fn run_as(&self, approval: &Approval) -> LinkReport {
        self.clock.advance(Duration::from_mins(15));
        self.run_approved(&self.link(), approval).await.unwrap()
    }

    /// People on both sides, linked, with every setting seen.
    pub async fn with_people(self, people: usize) -> Self {
        for n in 1..=people {
            self.primary.put(person(&format!("First{n}"), &format!("Last{n}"), &n.to_string()));
        }
        let report = self.go().await;
        assert_eq!(report.outcomes.done, people as u64, "{report:?}");
        self
    }

    /// The follower with this personnel number.
    pub fn follower(&self, number: &str) -> Option<Record<Person>> {
        let wanted = Known::from_text(number);
        self.secondary.all().into_iter().find(|record| record.value.personnel_number == wanted)
    }

    pub fn leader(&self, number: &str) -> Record<Person> {
        let wanted = Known::from_text(number);
        self.primary.all().into_iter().find(|record| record.value.personnel_number == wanted).unwrap()
    }

    pub fn pair(&self) -> Pair {
        self.link().pair().clone()
    }

    pub async fn decide(&self, id: &ExternalId, decision: Decision) {
        let key = format!("{}/{id}", self.pair());
        let value = serde_json::to_value(decision).unwrap();
        let put = Write::Put { kind: "decision", key, value };
        self.journal.commit(Durability::D1, vec![put]).await.unwrap();
    }

    pub async fn link_row(&self, id: &ExternalId) -> Option<Link> {
        self.journal.link_of(&self.pair(), Side::Primary, id).await.unwrap()
    }

    /// The link of a record of the secondary.
    pub async fn journal_of(&self, id: &ExternalId) -> Option<Link> {
        self.journal.link_of(&self.pair(), Side::Secondary, id).await.unwrap()
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

/// A follower that knows a few fields only.
pub fn slim() -> FakeSide<Person> {
    let few = ["first_name", "last_name", "personnel_number", "credentials", "policies", "active", "leave_date"];
    FakeSide::new("timeware").reading(|caps| caps.fields.retain(|field| few.contains(&field.name)))
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

/// The situations' numbers of all notes of a plan, with what they say.
pub fn notes(plan: &Plan) -> Vec<(String, String)> {
    plan.notes.iter().map(|note| (note.situation.clone(), note.why.clone())).collect()
}

/// What a plan would send: kind, title and written fields.
pub fn sends(plan: &Plan) -> Vec<(ActionKind, String, Vec<String>)> {
    let visible = plan.visible().map(|action| {
        let fields = action.written().map(|change| change.field.clone()).collect();
        (action.kind, action.title.clone(), fields)
    });
    visible.collect()
}

/// How often a situation occurs in a report.
pub fn situation(report: &LinkReport, number: &str) -> u64 {
    report.situations.get(number).copied().unwrap_or_default()
}
