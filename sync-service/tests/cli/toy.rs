//! A program that joins two fake systems, `doors` and `hours`, whose worlds outlive its processes.

use std::collections::HashMap;
use std::io::Write;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeZone as _, Utc};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use futures::stream::BoxStream;
use serde_json::{Value, json};
use sync_core::clock::{Clock as _, ManualClock};
use sync_core::connector::{CheckReport, DeliveryClass, Endpoint, EndpointIdentity, SyncError};
use sync_core::events::EventLink;
use sync_core::model::{
    AccessEvent, Credential, Department, Device, DeviceKind, Direction, EndpointName, EntityKind, EventClass,
    ExternalId, Known, Pair, Person, RefKey,
};
use sync_core::reconcile::{CorrelationRule, Reconciler, Removals};
use sync_core::test_kit::{FakeBookings, FakeEventLog, FakeSide};
use sync_service::{
    Answer, Chore, ChoreReport, ConfigFault, ConfigFaults, Desk, Failure, Host, Installation, Interval, Program,
    Schedule, Setup, Stage, Standing, Trouble,
};
use tempfile::TempDir;
use tokio::sync::Notify;

/// Both systems of a world.
pub struct Systems {
    pub doors: Arc<FakeSide<Person>>,
    pub hours: Arc<FakeSide<Person>>,
    pub departments: Arc<FakeSide<Department>>,
    pub groupings: Arc<FakeSide<Department>>,
    pub readers: Arc<FakeSide<Device>>,
    pub terminals: Arc<FakeSide<Device>>,
    pub log: Arc<FakeEventLog>,
    pub bookings: Arc<FakeBookings>,
    pub hints: Mutex<Vec<BoxStream<'static, ()>>>,
    pub desk_work: DeskWork,
    /// What the clock of a third system shows; it is there as long as it has one.
    pub gate_clock: Arc<Mutex<Option<DateTime<Utc>>>>,
}

/// What the chores of the toy have to do, and what they did.
#[derive(Default)]
pub struct DeskWork {
    /// What the feed brings at its next reading.
    pub feed: Mutex<Vec<Person>>,
    /// What the feed answers instead.
    pub feed_fails: Mutex<Option<&'static str>>,
    /// The feed never answers.
    pub feed_hangs: AtomicBool,
    /// Letters take until somebody wants to stop.
    pub many_letters: AtomicBool,
    /// Records whose time has come.
    pub due: Mutex<Vec<ExternalId>>,
    pub boundary: Notify,
    /// In order, with the number of people at the hours as they found it.
    pub done: Mutex<Vec<(&'static str, usize)>>,
}

static WORLDS: LazyLock<Mutex<HashMap<String, Arc<Systems>>>> = LazyLock::new(Mutex::default);

impl Systems {
    fn new() -> Self {
        Self {
            doors: Arc::new(FakeSide::new("doors")),
            hours: Arc::new(FakeSide::new("hours")),
            departments: Arc::new(FakeSide::new("doors")),
            groupings: Arc::new(FakeSide::new("hours")),
            readers: Arc::new(FakeSide::new("doors")),
            terminals: Arc::new(FakeSide::new("hours")),
            log: Arc::new(FakeEventLog::new("doors")),
            bookings: Arc::new(FakeBookings::new("hours", DeliveryClass::Keyed)),
            hints: Mutex::default(),
            desk_work: DeskWork::default(),
            gate_clock: Arc::default(),
        }
    }

    /// How often a chore was done.
    pub fn times(&self, chore: &str) -> usize {
        self.desk_work.done.lock().unwrap().iter().filter(|(name, _)| *name == chore).count()
    }

    fn note(&self, chore: &'static str) {
        self.desk_work.done.lock().unwrap().push((chore, self.hours.len()));
    }

    pub fn named(world: &str) -> Arc<Self> {
        WORLDS.lock().unwrap().entry(world.to_owned()).or_insert_with(|| Arc::new(Self::new())).clone()
    }

    pub fn swipe(&self, person: &str, device: &str, at: DateTime<Utc>) {
        self.log.append(AccessEvent {
            number: 0,
            occurred: at.fixed_offset(),
            class: EventClass::Granted,
            code: 20,
            person: Some(person.into()),
            device: Some(device.into()),
            credential: None,
            direction: Direction::Unknown,
            identity: None,
            remark: None,
        });
    }
}

pub fn person(first: &str, last: &str) -> Person {
    Person {
        first_name: Known::Value(first.into()),
        last_name: Known::Value(last.into()),
        active: Known::Value(true),
        ..Person::default()
    }
}

pub fn carded(first: &str, last: &str, number: &str) -> Person {
    let card = Credential { kind: String::new(), number: number.into() };
    Person { credentials: Known::Value([card].into()), ..person(first, last) }
}

pub fn in_department(first: &str, department: &str) -> Person {
    let department = RefKey { entity: EntityKind::Department, id: department.into() };
    Person { department: Known::Value(department), ..person(first, "Example") }
}

pub struct Toy {
    installation: Installation,
    systems: Arc<Systems>,
    chores: bool,
}

#[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    toy: ToyConfig,
    #[serde(default)]
    people: PeopleConfig,
}

#[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct ToyConfig {
    /// Which world.
    world: String,
    /// Where the password is.
    password: String,
    #[serde(default)]
    parallel: Option<u8>,
    #[serde(default = "grouping")]
    grouping: String,
    /// A third system that does not answer.
    #[serde(default)]
    broken: bool,
    /// Whether there are chores.
    #[serde(default)]
    chores: bool,
}

#[derive(Debug, Default, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct PeopleConfig {
    /// Whether a matching card is enough.
    by_card: bool,
}

fn grouping() -> String {
    "staff".to_owned()
}

impl Toy {
    fn join(systems: Arc<Systems>, setup: &Setup, people: &PeopleConfig, broken: bool) -> Self {
        let mut endpoints: Vec<Arc<dyn Endpoint>> = vec![systems.doors.clone(), systems.hours.clone()];
        if broken {
            endpoints.push(Arc::new(Broken("cellar".into())));
        }
        if systems.gate_clock.lock().unwrap().is_some() {
            endpoints.push(Arc::new(Gate("gate".into(), systems.gate_clock.clone())));
        }
        let rule = |name: &str, field: &str, auto: bool| CorrelationRule {
            name: name.to_owned(),
            fields: vec![field.to_owned()],
            auto,
        };
        let departments = Reconciler::new(systems.departments.clone(), systems.groupings.clone());
        let devices = Reconciler::new(systems.readers.clone(), systems.terminals.clone());
        let staff = Reconciler::new(systems.doors.clone(), systems.hours.clone()).with(|settings| {
            settings.removals = Removals::attendance();
            if people.by_card {
                settings.correlation.push(rule("card", "credentials", true));
            }
            settings.correlation.push(rule("last name", "last_name", false));
            setup.limit(settings);
        });
        let events = EventLink::new("swipes", systems.log.clone(), systems.bookings.clone())
            .people(Pair::new(EntityKind::Person, "doors", "hours"))
            .devices(Pair::new(EntityKind::Device, "doors", "hours"), systems.terminals.clone());
        let installation = Installation::new(endpoints).link(departments).link(devices).link(staff).events(events);
        Self { installation, systems, chores: false }
    }
}

#[async_trait]
impl Program for Toy {
    const NAME: &'static str = "toy";
    const ABOUT: &'static str = "Joins toys";
    const VERSION: &'static str = "0.0.1";
    type Config = Config;

    fn template() -> String {
        "# A toy.\n[toy]\nworld = \"template\"\npassword = \"file:password\"\n\n[people]\ninterval = \"15m\"\n"
            .to_owned()
    }

    async fn build(config: Config, setup: &Setup) -> Result<Self, ConfigFaults> {
        let mut faults = Vec::new();
        if let Err(fault) = setup.secret("toy.password", &config.toy.password) {
            faults.push(fault);
        }
        if config.toy.grouping != "staff" {
            let what = format!("there is no grouping \"{}\"", config.toy.grouping);
            faults.push(ConfigFault::new("toy.grouping", what, "Write \"staff\""));
        }
        ConfigFaults::none_of(faults)?;
        let _ = config.toy.parallel;
        let toy = Self::join(Systems::named(&config.toy.world), setup, &config.people, config.toy.broken);
        Ok(Self { chores: config.toy.chores, ..toy })
    }

    async fn demo(setup: &Setup) -> Result<Self, Failure> {
        let systems = Arc::new(Systems::new());
        for name in ["Ann", "Bob", "Cem"] {
            systems.doors.put(person(name, name));
        }
        systems.readers.put(Device { name: Known::Value("Front door".into()), ..Device::default() });
        systems.swipe("1", "1", now() - chrono::Duration::hours(1));
        Ok(Self { chores: true, ..Self::join(systems, setup, &PeopleConfig::default(), false) })
    }

    fn installation(&self) -> &Installation {
        &self.installation
    }

    async fn administer(&self, _desk: &Desk) -> Result<Vec<String>, Failure> {
        for terminal in self.systems.terminals.all() {
            self.systems.terminals.edit(&terminal.id, |device| {
                device.kind = Known::Value(DeviceKind::Attendance);
                device.suspended = Known::Value(false);
            });
        }
        Ok(vec!["released the terminal Front door".to_owned()])
    }

    fn chores(&self) -> Vec<Arc<dyn Chore>> {
        let chore = |part| -> Arc<dyn Chore> { Arc::new(ToyChore { part, systems: self.systems.clone() }) };
        let parts = [Part::Letters, Part::Feed, Part::Boundary];
        parts.into_iter().filter(|_| self.chores).map(chore).collect()
    }

    fn schedule() -> Schedule {
        let mut schedule = Schedule::default();
        schedule.definitions = Interval::every(Duration::from_mins(7));
        schedule
    }

    async fn status(&self, _desk: &Desk) -> Result<Standing, Failure> {
        let mut standing = Standing { lines: vec!["The toy is fine.".to_owned()], ..Standing::default() };
        standing.json.insert("toy".to_owned(), json!({"fine": true}));
        standing.json.insert("links".to_owned(), json!("not ours to say"));
        Ok(standing)
    }

    fn hints(&self) -> Vec<BoxStream<'static, ()>> {
        std::mem::take(&mut *self.systems.hints.lock().unwrap())
    }

    fn verbs() -> Vec<clap::Command> {
        vec![clap::Command::new("terminals").about("Lists the terminals").arg(clap::Arg::new("id"))]
    }

    async fn verb(&self, name: &str, arguments: &clap::ArgMatches, desk: &Desk) -> Result<Answer, Failure> {
        let id: Option<&String> = arguments.get_one("id");
        let terminals = self.systems.terminals.all();
        let text = format!("{name}: {} terminals by order of {}", terminals.len(), desk.actor());
        Ok(Answer::new(text, json!({"command": name, "id": id, "terminals": terminals.len()})))
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Part {
    /// Before: brings people to the doors.
    Feed,
    /// After: does what is due the quick way.
    Boundary,
    /// After: tells who has arrived.
    Letters,
}

impl Part {
    fn name(self) -> &'static str {
        match self {
            Self::Feed => "feed",
            Self::Boundary => "boundary",
            Self::Letters => "letters",
        }
    }
}

struct ToyChore {
    part: Part,
    systems: Arc<Systems>,
}

impl std::fmt::Debug for ToyChore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

#[async_trait]
impl Chore for ToyChore {
    fn name(&self) -> &str {
        self.part.name()
    }

    fn stage(&self) -> Stage {
        if self.part == Part::Feed { Stage::BeforeLinks } else { Stage::AfterLinks }
    }

    fn reads_only(&self) -> bool {
        self.part == Part::Feed
    }

    async fn next(&self, _desk: &Desk) {
        match self.part {
            Part::Feed => tokio::time::sleep(Duration::from_mins(5)).await,
            Part::Boundary => self.systems.desk_work.boundary.notified().await,
            Part::Letters => std::future::pending().await,
        }
    }

    async fn run(&self, desk: &Desk) -> Result<ChoreReport, Failure> {
        self.systems.note(self.part.name());
        let work = &self.systems.desk_work;
        let mut report = ChoreReport::default();
        report.count("chores_done", 1);
        match self.part {
            Part::Feed => {
                if work.feed_hangs.load(Ordering::SeqCst) {
                    std::future::pending::<()>().await;
                }
                if let Some(why) = *work.feed_fails.lock().unwrap() {
                    return Err(Failure::new(why).with_remedy("Look at the feed"));
                }
                let people = std::mem::take(&mut *work.feed.lock().unwrap());
                report.count("feeds_read", 1);
                for person in people {
                    self.systems.doors.put(person);
                }
            }
            Part::Boundary => {
                let due = std::mem::take(&mut *work.due.lock().unwrap());
                let staff = desk.installation().links[2].clone();
                if !due.is_empty() {
                    report.count("done_quickly", desk.run_for(&*staff, &due).await?.outcomes.done);
                }
            }
            Part::Letters => {
                while work.many_letters.load(Ordering::SeqCst) && !desk.is_stopping() {
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
                report.said.push(format!("{} people were written to", self.systems.hours.len()));
                if self.systems.hours.all().iter().any(|record| record.value.first_name == Known::from_text("Nomail")) {
                    report.troubles.push(Trouble::new("the letter to Nomail", "no address").with_remedy("Add one"));
                }
            }
        }
        Ok(report)
    }
}

#[derive(Debug)]
struct Broken(EndpointName);

#[async_trait]
impl Endpoint for Broken {
    fn name(&self) -> &EndpointName {
        &self.0
    }

    async fn identify(&self) -> Result<EndpointIdentity, SyncError> {
        Ok(EndpointIdentity::default())
    }

    async fn check(&self) -> CheckReport {
        let mut report = CheckReport::default();
        report.passed("name", "192.0.2.7");
        report.warning("TLS", "the certificate ends in 3 days", "Renew it");
        report.failed("port", "refused", "Switch the Local API on, or correct the port");
        report.skipped(&["sign-in"]);
        report
    }
}

/// It has nothing but a clock.
#[derive(Debug)]
struct Gate(EndpointName, Arc<Mutex<Option<DateTime<Utc>>>>);

#[async_trait]
impl Endpoint for Gate {
    fn name(&self) -> &EndpointName {
        &self.0
    }

    async fn identify(&self) -> Result<EndpointIdentity, SyncError> {
        Ok(EndpointIdentity::default())
    }

    async fn check(&self) -> CheckReport {
        CheckReport::default()
    }

    fn server_time(&self) -> Option<DateTime<Utc>> {
        *self.1.lock().unwrap()
    }
}

/// An installation in a folder: what an administrator has.
pub struct Site {
    pub folder: TempDir,
    pub systems: Arc<Systems>,
    pub clock: Arc<ManualClock>,
}

/// What a command printed, and how it ended.
pub struct Said {
    pub code: u8,
    pub out: String,
    pub err: String,
}

impl Said {
    pub fn json(&self) -> Value {
        assert_eq!(self.out.lines().count(), 1, "not one line: {}", self.out);
        assert_eq!(self.err, "", "with --json nothing else is printed");
        serde_json::from_str(&self.out).unwrap()
    }
}

#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Paper {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

pub fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 3, 2, 8, 0, 0).unwrap()
}

impl Site {
    /// A site with a configuration that is in order.
    pub fn new() -> Self {
        Self::with("")
    }

    /// A site whose configuration has these lines more.
    pub fn with(more: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let world = folder.path().display().to_string();
        let site = Self { systems: Systems::named(&world), clock: Arc::new(ManualClock::new(now())), folder };
        site.secret("password", "swordfish");
        let world = toml::Value::from(world);
        site.write("toy.toml", &format!("[toy]\nworld = {world}\npassword = \"file:password\"\n{more}"));
        site
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    pub fn secret(&self, name: &str, text: &str) {
        self.write(name, text);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            std::fs::set_permissions(self.path(name), std::fs::Permissions::from_mode(0o600)).unwrap();
        }
    }

    /// Runs a command as a process of its own would.
    pub async fn toy(&self, arguments: &[&str]) -> Said {
        self.toy_until(arguments, futures::future::pending().boxed(), false).await
    }

    pub async fn toy_until(&self, arguments: &[&str], stop: BoxFuture<'static, ()>, logs: bool) -> Said {
        let config = self.path("toy.toml").display().to_string();
        let mut line = vec!["toy".to_owned(), "--by".to_owned(), "Pat".to_owned()];
        if !arguments.contains(&"--demo") {
            line.extend(["--config".to_owned(), config]);
        }
        line.extend(arguments.iter().map(|&argument| argument.to_owned()));
        let (out, err) = (Paper::default(), Paper::default());
        let mut host = Host {
            out: Box::new(out.clone()),
            err: Box::new(err.clone()),
            terminal: false,
            clock: self.clock.clone(),
            stop,
            logs,
        };
        let code = sync_service::run::<Toy>(line.into_iter().map(Into::into), &mut host).await;
        Said { code, out: out.text(), err: err.text() }
    }

    /// So many people at the doors.
    pub fn staff(&self, people: usize) {
        for number in 1..=people {
            self.systems.doors.put(person(&format!("Ann {number}"), &format!("Example {number}")));
        }
    }

    /// Lets the clock of a third system differ from ours.
    pub fn gate_ahead_by(&self, seconds: i64) {
        *self.systems.gate_clock.lock().unwrap() = Some(self.clock.now() + chrono::TimeDelta::seconds(seconds));
    }

    pub fn pass(&self, minutes: u64) {
        self.clock.advance(Duration::from_mins(minutes));
    }
}
