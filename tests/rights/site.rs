//! Two booking systems, a door system, a mail server, and in between what the service is made of: one clock for all.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use booking_access::codes::{CodesConfig, Identification};
use booking_access::mail::MailConfig;
use booking_access::{Access, AccessConfig, AccessError, Bookers, Sealer, Settings, Store, Watched, link};
use chrono::{DateTime, Duration, Utc};
use ical_bookings::sync::{FeedConfig, IcalSite};
use net2_client::sync::{BookersConfig, Net2Config, Net2Doors};
use net2_client::{Net2Client, Pace, RetryPolicy};
use secrecy::SecretString;
use sync_core::clock::{Clock, ManualClock};
use sync_core::connector::DoorSystem;
use sync_core::connector::Source as _;
use sync_core::journal::{Journal, SqliteJournal};
use sync_core::model::{ExternalId, Person};
use sync_core::reconcile::{Approval, Context, LinkReport, Reconciler, RunError, Silent, SyncLink as _};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use vendor_sim::feed::{Booking, FeedSim, Status, Style};
use vendor_sim::net2::{Net2Sim, Rights, User};

use crate::model::{Model, Timeline};
use crate::post::Post;
use crate::states::StoredStates;

/// Rooms, by venue, and the places of their doors among those of the site.
pub(crate) const ROOMS: [[(&str, &[usize]); 2]; 2] =
    [[("Hall", &[0, 1]), ("Studio", &[0, 2])], [("Lab", &[0, 3]), ("Cellar", &[4])]];
/// A member of staff who has a user of her own and books, too.
pub(crate) const STAFF: &str = "Staff@x.example";
const MARKER: &str = "BOOKINGSYNC";
const ZONE: chrono_tz::Tz = chrono_tz::Europe::London;

/// What differs between sites.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) start: DateTime<Utc>,
    /// Numbers in a small range instead of PINs.
    pub(crate) numbers: bool,
    /// Minutes between two readings.
    pub(crate) interval: u32,
}

/// The whole site. What stands on disk survives [`Site::kill`].
pub(crate) struct Site {
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) venues: [FeedSim; 2],
    pub(crate) net2: Arc<Net2Sim>,
    pub(crate) post: Arc<Post>,
    pub(crate) model: Model,
    /// Venues that answer something without their bookings until then.
    pub(crate) blank: [Option<DateTime<Utc>>; 2],
    /// The program dies when it has waited so often within a cycle.
    pub(crate) dies_after: Option<u32>,
    /// Whether the last run was carried through.
    pub(crate) clean: bool,
    pub(crate) last: Option<LinkReport>,
    plan: Plan,
    folder: TempDir,
    process: Option<Process>,
    /// Begins and ends up to here were met.
    seen: DateTime<Utc>,
    strangers: BTreeMap<i64, String>,
}

/// Everything that is lost when the program dies.
struct Process {
    parts: Parts,
    runtime: Runtime,
}

struct Parts {
    access: Arc<Access>,
    watched: Arc<Watched>,
    feeds: Vec<IcalSite>,
    link: Reconciler<Person>,
    journal: SqliteJournal,
    clock: Arc<ManualClock>,
    post: Arc<Post>,
}

/// Whether a record of rights is of somebody with our marker.
pub(crate) fn managed(rights: &Rights) -> bool {
    rights.fields.values().any(|text| text.split_whitespace().any(|word| word == MARKER))
}

fn ours(user: &User) -> bool {
    user.fields.values().any(|text| text.split_whitespace().any(|word| word == MARKER))
}

impl Site {
    pub(crate) fn new(plan: Plan) -> Self {
        let venue = |style| {
            let sim = FeedSim::builder().style(style).bookings(0).start_at(plan.start).frozen(true);
            let sim = sim.with_switches(|switches| switches.etag = style == Style::Skedda).start_blocking().unwrap();
            // Enough goes on in the far future for a cancellation not to be the loss of everything.
            sim.world(|world| {
                for day in 0..14 {
                    let start = plan.start + Duration::days(8 + day);
                    let rooms = if style == Style::Skedda { vec!["Garden"] } else { vec!["Lab", "Cellar"] };
                    for room in rooms {
                        world.book(room, ("Later Else", "later@x.example"), start, start + Duration::hours(1));
                    }
                }
                for (room, _) in ROOMS[usize::from(style == Style::Booked)] {
                    if world.room_named(room).is_none() {
                        world.add_room(room);
                    }
                }
            });
            sim
        };
        let venues = [venue(Style::Skedda), venue(Style::Booked)];
        let net2 = Net2Sim::builder().people(4).event_days(0).start_at(plan.start).frozen(true);
        let net2 = net2
            .departments(&["Booking"])
            .with_switches(|switches| switches.token_expires_in = 60 * 60 * 24 * 400)
            .start_blocking()
            .unwrap();
        let doors: Vec<i64> = net2.world(|world| world.doors.keys().copied().collect());
        net2.world(|world| {
            let fields = BTreeMap::from([(9, STAFF.to_owned())]);
            let levels = vec![*world.access_levels.keys().max().unwrap()];
            let last_name = Some("Staff".to_owned());
            let user = User { last_name, fields, levels, pin: Some("4711".to_owned()), ..User::default() };
            let id = world.insert_user(user);
            // In the middle of the small range.
            world.add_token(id, "Unspecified", "505").unwrap();
        });
        let strangers = strangers(&net2);
        let net2 = Arc::new(net2);
        let links = vec![
            vec![("venue".to_owned(), None)],
            ROOMS[1].iter().map(|(room, _)| ((*room).to_owned(), Some((*room).to_owned()))).collect(),
        ];
        let by_room = ROOMS.iter().flatten();
        let by_room = by_room
            .map(|(room, places)| ((*room).to_owned(), places.iter().map(|place| doors[*place]).collect::<Vec<_>>()));
        let mut site = Self {
            clock: Arc::new(ManualClock::new(plan.start)),
            venues,
            post: Arc::new(Post::new(net2.clone())),
            model: Model::new(links, by_room.collect()),
            net2,
            blank: [None; 2],
            dies_after: None,
            clean: true,
            last: None,
            seen: plan.start,
            plan,
            folder: TempDir::new().unwrap(),
            process: None,
            strangers,
        };
        site.open();
        site
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    pub(crate) fn door(&self, place: usize) -> i64 {
        self.net2.world(|world| *world.doors.keys().nth(place).unwrap())
    }

    pub(crate) fn access(&self) -> &Access {
        &self.process.as_ref().unwrap().parts.access
    }

    /// Books; returns the booking's number.
    pub(crate) fn book(&self, venue: usize, room: &str, email: &str, from: DateTime<Utc>, to: DateTime<Utc>) -> i64 {
        let name = format!("{} Booker", email.split('@').next().unwrap());
        self.venues[venue].world(|world| world.book(room, (&name, email), from, to))
    }

    /// Adds a booking of any kind.
    pub(crate) fn add(
        &self,
        venue: usize,
        rooms: &[&str],
        email: Option<&str>,
        pending: bool,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> i64 {
        self.venues[venue].world(|world| {
            let holder = email.map(|email| world.person(email.split('@').next().unwrap(), email));
            let rooms = rooms.iter().map(|room| world.room_named(room).unwrap().id).collect();
            let status = if pending { Status::Pending } else { Status::Confirmed };
            world.add_booking(Booking {
                title: "x".into(),
                rooms,
                holder,
                status,
                start: from,
                end: to,
                ..Booking::default()
            })
        })
    }

    /// The program dies as if by `kill -9`, and is started again.
    pub(crate) fn kill(&mut self) {
        let Process { parts, runtime } = self.process.take().unwrap();
        drop(runtime);
        drop(parts);
        self.post.sender_died();
        // Whatever was on the way has arrived once later calls are answered.
        for _ in 0..2 {
            ask(&self.net2);
        }
        self.clock.restart();
        self.seen = self.now();
        self.open();
    }

    fn open(&mut self) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let parts = runtime.block_on(async { self.parts() });
        self.process = Some(Process { parts, runtime });
    }

    fn parts(&self) -> Parts {
        let store = Store::open(self.folder.path().join("bookings.db")).unwrap();
        let sealer = Sealer::open(self.folder.path().join("secret.key")).unwrap();
        let doors: Vec<i64> = self.net2.world(|world| world.doors.keys().copied().collect());
        let resources: Vec<(String, Vec<i64>)> = ROOMS
            .iter()
            .flatten()
            .map(|(room, places)| ((*room).to_owned(), places.iter().map(|place| doors[*place]).collect()))
            .collect();
        let names: Vec<String> = resources.iter().map(|(room, _)| room.clone()).collect();
        let codes = if self.plan.numbers {
            CodesConfig { from: 500, to: 511, show_number_in_alt: true, ..CodesConfig::default() }
        } else {
            CodesConfig { identification: Identification::Pin, ..CodesConfig::default() }
        };
        let settings = Settings { access: AccessConfig::with_resources(resources), codes, zone: ZONE };
        let mail = MailConfig {
            enabled: true,
            server: "mail.example".to_owned(),
            sender: "Common Hall <no-reply@commonhall.example>".to_owned(),
            gather_seconds: 0,
            rate_per_minute: 1_000,
            cancellations: true,
            ..MailConfig::default()
        };
        let access = Arc::new(Access::open(store.clone(), sealer, settings).unwrap().with_mail(&mail).unwrap());
        let states = Arc::new(StoredStates(store));
        let link_to = |url: String| SecretString::from(url);
        let section = |name: &str| {
            let mut feed = FeedConfig::new(name, "env:LINK");
            (feed.allow_http, feed.allow_private, feed.interval_minutes) = (true, true, self.plan.interval);
            feed
        };
        let rooms = ROOMS[1].iter().map(|(room, _)| {
            let mut feed = section(room);
            feed.resource = Some((*room).to_owned());
            (feed, link_to(self.venues[1].room_url(room).unwrap()))
        });
        let venue = vec![(section("venue"), link_to(self.venues[0].feed_url()))];
        let feeds = vec![
            IcalSite::new("skedda", venue, &names, states.clone()).unwrap(),
            IcalSite::new("booked", rooms.collect(), &names, states).unwrap(),
        ];
        let clock: Arc<dyn Clock> = self.clock.clone();
        let doors: Arc<dyn DoorSystem> = Arc::new(self.doors());
        let watched = Arc::new(Watched::new(doors, access.clone(), clock.clone()));
        let bookers = Arc::new(Bookers::new(access.clone(), clock, &watched.reads()));
        let link = link(bookers, watched.clone());
        let journal = SqliteJournal::open(self.folder.path().join("journal.db")).unwrap();
        Parts { access, watched, feeds, link, journal, clock: self.clock.clone(), post: self.post.clone() }
    }

    fn doors(&self) -> Net2Doors {
        let sim = &self.net2;
        let mut section = Net2Config::new(sim.url(), sim.operator(), "env:DOORS", sim.client_id(), "Europe/London");
        section.querydb = true;
        section.request_lifetime_seconds = 0.0;
        // The machine's own time plays no part: nothing waits for it.
        let client = Net2Client::builder(sim.url())
            .operator(sim.operator(), SecretString::from(sim.password().to_owned()))
            .client_id(sim.client_id())
            .time_zone(ZONE)
            .retry(RetryPolicy::never())
            .pace(Pace::unlimited())
            .build()
            .unwrap();
        let mut bookers = BookersConfig::default();
        if !self.plan.numbers {
            bookers.code_token_type = String::new();
        }
        Net2Doors::with_client("net2", section, bookers, client)
    }

    /// Lets time pass as the service would see it: readings when they are due, begins and ends at their time, and a full
    /// check at the latest after `longest`; each minute while something does not work.
    pub(crate) fn pass(&mut self, time: Duration, longest: Duration) {
        let end = self.now() + time;
        while self.now() < end {
            let now = self.now();
            let process = self.process.as_ref().unwrap();
            let feeds = process.parts.feeds.iter();
            let due = process.runtime.block_on(async {
                let mut due = end;
                for feed in feeds {
                    due = due.min(feed.next_try(now).await.unwrap().unwrap());
                }
                due
            });
            let boundary = process.parts.access.grants().next_boundary(self.seen.max(now)).unwrap_or(end);
            let check = now + if self.clean { longest } else { Duration::minutes(1) };
            let next = end.min(due.max(now + Duration::seconds(1))).min(check).min(boundary);
            self.go_to(next);
            if boundary == next {
                self.meet();
            }
            if boundary != next || due <= next || check <= next {
                self.cycle();
            }
        }
    }

    pub(crate) fn go_to(&mut self, time: DateTime<Utc>) {
        let now = self.now();
        self.model.pass(now, time);
        self.clock.advance((time - now).to_std().unwrap());
        for venue in &self.venues {
            venue.world(|world| world.clock.set(time));
        }
        self.net2.world(|world| world.clock.set(time));
    }

    /// Begins and ends that have come, for those whom they concern.
    fn meet(&mut self) {
        let now = self.now();
        let due = self.access().grants();
        let due: Vec<ExternalId> = due.due(self.seen, now).into_iter().map(|holder| (&*holder.key).into()).collect();
        let before = self.before();
        let Process { parts, runtime } = self.process.as_ref().unwrap();
        let run = until_death(self.dies_after.take(), async { parts.run_for(&due).await });
        if let Some(report) = runtime.block_on(run) {
            if report.as_ref().is_ok_and(|report| report.error.is_none()) {
                self.seen = now;
            }
            // Only a full run shows that everything is in order again.
            let was_clean = self.clean;
            self.ran(report, &before, was_clean);
            self.letters();
        } else {
            self.kill();
            self.cycle();
        }
    }

    /// Readings, preparation, the whole link, letters.
    pub(crate) fn cycle(&mut self) {
        let before = self.before();
        let Process { parts, runtime } = self.process.as_ref().unwrap();
        let now = self.clock.now();
        let cycle = until_death(self.dies_after.take(), async {
            parts.read(now).await;
            let prepared = parts.access.prepare(&*parts.watched, now).await;
            let report = parts.run().await;
            parts.letters(now).await;
            (prepared, report)
        });
        let Some((prepared, report)) = runtime.block_on(cycle) else {
            self.kill();
            return self.cycle();
        };
        self.asked();
        let report = match (prepared, report) {
            (Err(error), Ok(report)) => Ok(LinkReport { error: Some(error.to_string()), ..report }),
            (_, report) => report,
        };
        self.ran(report, &before, true);
    }

    /// An operator says that the sudden loss in a feed is true.
    pub(crate) fn confirm(&self, venue: usize, link: &str) -> bool {
        let Process { parts, runtime } = self.process.as_ref().unwrap();
        runtime.block_on(parts.feeds[venue].confirm(link)).unwrap()
    }

    fn letters(&mut self) {
        let Process { parts, runtime } = self.process.as_ref().unwrap();
        runtime.block_on(parts.letters(self.clock.now()));
    }

    fn asked(&mut self) {
        let now = self.now();
        let Process { parts, runtime } = self.process.as_ref().unwrap();
        for (at, feed) in parts.feeds.iter().enumerate() {
            let statuses = runtime.block_on(feed.statuses(now)).unwrap();
            let blank = self.blank[at].is_some_and(|until| now < until);
            let model = &mut self.model;
            self.venues[at].world(|world| model.asked(at, world, blank, &statuses, now));
        }
    }

    fn before(&self) -> (usize, BTreeMap<i64, BTreeSet<i64>>) {
        (self.net2.requests().len(), self.doors_held())
    }

    /// Doors of our people, by user.
    fn doors_held(&self) -> BTreeMap<i64, BTreeSet<i64>> {
        self.net2.world(|world| {
            let reach = |user: &User| -> BTreeSet<i64> {
                let areas: BTreeSet<i64> = user.individual.iter().map(|one| one.area).collect();
                world.doors.values().filter(|door| areas.contains(&door.area_in)).map(|door| door.id).collect()
            };
            world.users.values().filter(|user| user.active && ours(user)).map(|user| (user.id, reach(user))).collect()
        })
    }

    /// I-41: within one run, who loses doors is written before who gets some.
    fn ran(
        &mut self,
        report: Result<LinkReport, RunError>,
        before: &(usize, BTreeMap<i64, BTreeSet<i64>>),
        sure: bool,
    ) {
        let clean = sure && report.as_ref().is_ok_and(|report| !report.is_failure() && !report.is_open());
        let now = self.now();
        self.model.ran(clean, now);
        self.clean = clean;
        if let Err(error) = &report {
            self.last = Some(LinkReport::failed(self.process.as_ref().unwrap().parts.link.pair(), error.chain(), None));
        } else {
            self.last = report.ok();
        }
        let after = self.doors_held();
        let none = BTreeSet::new();
        let calls = self.net2.requests();
        let written: Vec<i64> = calls[before.0.min(calls.len())..]
            .iter()
            .filter(|call| call.method == "PUT" && call.path.to_lowercase().ends_with("/doorpermissionset"))
            .filter_map(|call| call.path.split('/').rev().nth(1)?.parse().ok())
            .collect();
        let mut gave = None;
        for user in written {
            let (old, new) = (before.1.get(&user).unwrap_or(&none), after.get(&user).unwrap_or(&none));
            if !new.is_subset(old) {
                gave = Some(user);
            } else if new != old {
                assert!(gave.is_none(), "I-41: {gave:?} got doors before {user} lost some, at {now}");
            }
        }
    }

    /// Spans in which our people held doors, by address.
    pub(crate) fn held(&self) -> Timeline {
        let now = self.now();
        let mut held = Timeline::new();
        for rights in self.net2.world(|world| world.all_rights()).iter().filter(|rights| managed(rights)) {
            let email = rights.email.as_deref().unwrap().to_lowercase();
            for span in &rights.spans {
                let doors: BTreeSet<i64> = span.doors.iter().map(|right| right.door).collect();
                for door in doors {
                    let spans = held.entry((email.clone(), door)).or_default();
                    spans.push((span.from, span.to.unwrap_or(now).min(now)));
                }
            }
        }
        held
    }

    /// The doors that somebody holds now, by their places.
    pub(crate) fn open_to(&self, email: &str) -> Vec<usize> {
        let held = self.doors_held();
        self.net2.world(|world| {
            let user = world.users.values().find(|user| {
                user.active && ours(user) && user.fields.get(&9).is_some_and(|own| own.eq_ignore_ascii_case(email))
            });
            let doors = user.and_then(|user| held.get(&user.id)).cloned().unwrap_or_default();
            world.doors.keys().enumerate().filter(|(_, door)| doors.contains(door)).map(|(place, _)| place).collect()
        })
    }

    /// Everything that must hold of any history.
    pub(crate) fn faults(&self) -> Vec<String> {
        let mut faults = self.model.compare(&self.held());
        faults.extend(self.post.faults());
        let all = self.net2.world(|world| world.all_rights());
        faults.extend(equal_codes(&all));
        let mut users: BTreeMap<String, i64> = BTreeMap::new();
        for rights in all.iter().filter(|rights| managed(rights)) {
            let codes: BTreeSet<&str> = rights.codes.iter().map(|code| code.value.as_str()).collect();
            if codes.len() > 1 {
                faults.push(format!("user {} has had {} codes and nobody ordered another", rights.user, codes.len()));
            }
            if let Some(other) = users.insert(rights.email.clone().unwrap_or_default().to_lowercase(), rights.user) {
                faults.push(format!("users {other} and {} are the same person", rights.user));
            }
        }
        if strangers(&self.net2) != self.strangers {
            faults.push("I-43: a user without our marker is not as it was".to_owned());
        }
        faults
    }
}

impl Parts {
    async fn read(&self, now: DateTime<Utc>) {
        for feed in &self.feeds {
            for poll in feed.poll(now).await {
                for alarm in &poll.alarms {
                    self.access.raise(alarm.kind.as_str(), &alarm.text, now).unwrap();
                }
                for kind in &poll.ended {
                    self.access.heal(kind.as_str(), now).unwrap();
                }
            }
            self.access.take(feed, now).await.unwrap();
        }
    }

    fn context(&self) -> Context<'_> {
        Context {
            journal: &self.journal as &dyn Journal,
            clock: &*self.clock,
            progress: &Silent,
            actor: "service",
            today: None,
        }
    }

    async fn run(&self) -> Result<LinkReport, RunError> {
        self.link.run(&Approval::default(), &self.context()).await
    }

    async fn run_for(&self, due: &[ExternalId]) -> Result<LinkReport, RunError> {
        self.link.run_for(due, &Approval::default(), &self.context()).await
    }

    async fn letters(&self, now: DateTime<Utc>) {
        let done: Result<(), AccessError> = async {
            self.access.write_letters(now)?;
            self.access.late_letters(now)?;
            self.access.send_letters(&*self.post, now).await?;
            Ok(())
        }
        .await;
        done.unwrap();
    }
}

/// The output of a future, or nothing if the program dies before.
async fn until_death<F: Future>(waits: Option<u32>, future: F) -> Option<F::Output> {
    let mut left = waits.unwrap_or(u32::MAX);
    let mut future = pin!(future);
    std::future::poll_fn(move |context| match future.as_mut().poll(context) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending if left == 0 => Poll::Ready(None),
        Poll::Pending => {
            left -= 1;
            Poll::Pending
        }
    })
    .await
}

/// I-42: two users with one code at the same time.
fn equal_codes(all: &[Rights]) -> Vec<String> {
    let codes = || all.iter().flat_map(|one| one.codes.iter().map(move |code| (one.user, code)));
    let mut faults = Vec::new();
    for (user, code) in codes() {
        for (other, same) in codes().filter(|(other, _)| user < *other) {
            let kind = (code.kind == "PIN") == (same.kind == "PIN");
            let together = code.to.is_none_or(|to| same.from < to) && same.to.is_none_or(|to| code.from < to);
            if kind && code.value == same.value && together {
                faults.push(format!("I-42: users {user} and {other} have one code"));
            }
        }
    }
    faults
}

/// Users without our marker, byte for byte.
fn strangers(net2: &Net2Sim) -> BTreeMap<i64, String> {
    let users = net2.world(|world| world.users.clone());
    let others = users.into_iter().filter(|(_, user)| !ours(user));
    others.map(|(id, user)| (id, serde_json::to_string(&user).unwrap())).collect()
}

/// A call of its own, answered.
fn ask(net2: &Net2Sim) {
    use std::io::{Read as _, Write as _};
    let mut stream = std::net::TcpStream::connect(net2.address()).unwrap();
    let request = format!("GET /__control/doors HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", net2.address());
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 200"));
}
