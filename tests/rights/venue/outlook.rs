//! A venue whose rooms have mailboxes in a tenant of Microsoft 365.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;
use chrono::{DateTime, Duration, Utc};
use graph_rooms::sync::{GraphRooms, OutlookConfig, RoomConfig};
use graph_rooms::{Pace, RetryPolicy, Timeouts};
use sync_core::clock::{Clock as _, ManualClock};
use sync_core::connector::Source;
use sync_core::model::Booking;
use vendor_sim::graph::{Fault, FaultKind, GraphSim, Meeting, Response, Who, World};

use super::{Alarms, Heard, Key, Mischief, Reader, Reading, Seen, Standing, Venue, Wish, far_hours, name_of};
use crate::states::StoredStates;

/// The house's own domain; whoever is of another one is from elsewhere.
const DOMAIN: &str = "x.example";
const AHEAD_DAYS: u32 = 30;
const BACK_DAYS: i64 = 1;

/// Rooms of a tenant.
pub(super) struct Outlook {
    sim: GraphSim,
    rooms: [&'static str; 2],
    /// It misbehaves until then.
    until: Option<DateTime<Utc>>,
    /// Meetings that were taken out of their rooms' calendars, and the rooms.
    left_out: BTreeMap<u64, Vec<String>>,
}

impl Outlook {
    pub(super) fn new(rooms: [&'static str; 2], start: DateTime<Utc>) -> Self {
        let sim = GraphSim::builder().rooms(0).meetings(0).domain(DOMAIN).start_at(start).frozen(true);
        let sim = sim.start_blocking().unwrap();
        sim.world(|world| {
            for room in rooms {
                world.add_room(room, &address_of(room));
                for (from, to) in far_hours(start) {
                    world.book(room, ("Later Else", "later@x.example"), &[], from, to);
                }
            }
        });
        Self { sim, rooms, until: None, left_out: BTreeMap::new() }
    }

    fn change(&self, id: i64, change: impl FnOnce(&mut World, u64)) {
        self.sim.world(|world| change(world, u64::try_from(id).unwrap()));
    }
}

impl Venue for Outlook {
    fn links(&self) -> Vec<(String, Option<String>)> {
        self.rooms.iter().map(|room| ((*room).to_owned(), Some((*room).to_owned()))).collect()
    }

    /// A room that cannot be read keeps what it told, and does not keep the others from missing theirs.
    fn waits_for_all(&self) -> bool {
        false
    }

    fn add(&self, wish: Wish<'_>) -> i64 {
        let rooms: Vec<String> = wish.rooms.iter().map(|room| address_of(room)).collect();
        let organizer = match wish.email {
            Some(email) => Who::new(&name_of(email), email),
            // At the panel beside the door.
            None => Who::new(wish.rooms[0], &rooms[0]),
        };
        let mut meeting = Meeting::new(&rooms[0], organizer, wish.from, wish.to);
        meeting.all_day = wish.all_day;
        if wish.pending {
            meeting.responses = rooms.iter().map(|room| (room.clone(), Response::TentativelyAccepted)).collect();
        }
        meeting.rooms = rooms;
        i64::try_from(self.sim.world(|world| world.insert_meeting(meeting))).unwrap()
    }

    fn move_to(&self, id: i64, from: DateTime<Utc>, to: DateTime<Utc>) {
        self.change(id, |world, id| assert!(world.move_meeting(id, from, to)));
    }

    fn extend(&self, id: i64, by: Duration) {
        self.change(id, |world, id| {
            let old = world.meeting(id).unwrap().clone();
            let (start, end) = (old.end, old.end + by);
            world.insert_meeting(Meeting { id: 0, uid: String::new(), start, end, ..old });
        });
    }

    fn call_off(&self, id: i64) {
        self.change(id, |world, id| assert!(world.cancel(id)));
    }

    fn delete(&self, id: i64) {
        self.change(id, |world, id| assert!(world.delete_meeting(id)));
    }

    /// Somebody takes it out of the rooms' calendars, and puts it back later.
    fn leave_out(&mut self, id: Option<i64>) {
        let before = std::mem::take(&mut self.left_out);
        self.sim.world(|world| {
            for (id, rooms) in before {
                world.change_meeting(id, |meeting| meeting.rooms = rooms);
            }
            for id in id.into_iter().map(|id| u64::try_from(id).unwrap()) {
                world.change_meeting(id, |meeting| {
                    self.left_out.insert(id, std::mem::take(&mut meeting.rooms));
                });
            }
        });
    }

    fn open(&self, soon: DateTime<Utc>) -> Vec<(i64, DateTime<Utc>, DateTime<Utc>)> {
        self.sim.world(|world| {
            let now = world.now();
            let open = world.meetings().filter(|one| one.end > now && one.start < soon && !one.cancelled);
            open.map(|one| (i64::try_from(one.id).unwrap(), one.start, one.end)).collect()
        })
    }

    fn misbehave(&mut self, what: Mischief, until: DateTime<Utc>) {
        self.heal();
        self.until = Some(until);
        let calendars = |kind| Fault::on("GET", "/v1.0/*", kind);
        let fault = match what {
            // Whoever signs in meets it, too.
            Mischief::Down => Fault::new(FaultKind::Error).status(503),
            Mischief::Cut => Fault::new(FaultKind::DropRequest),
            Mischief::HalfAnswer => calendars(FaultKind::Truncate),
            // All pages but the first.
            Mischief::HalfRead => Fault::on("GET", "/v1.0/*?*skip=*", FaultKind::Error),
            Mischief::LoginPage => calendars(FaultKind::Html).status(200),
            Mischief::Empty => calendars(FaultKind::Error).status(200).body(r#"{"value":[]}"#),
            Mischief::Busy => calendars(FaultKind::Error).status(429).retry_after("1200"),
            Mischief::Forbidden(room) => return self.sim.world(|world| world.deny_mailbox(self.rooms[room])),
        };
        self.sim.add_fault(fault.times(0));
    }

    fn heal(&mut self) {
        self.until = None;
        self.sim.clear_faults();
        self.sim.world(|world| world.denied.clear());
    }

    fn set_clock(&mut self, time: DateTime<Utc>) {
        if self.until.is_some_and(|until| until <= time) {
            self.heal();
        }
        self.sim.world(|world| world.clock.set(time));
    }

    fn listed(&self, room: Option<&str>, now: DateTime<Utc>) -> BTreeMap<Key, Seen> {
        let room = room.unwrap();
        let (from, to) = (now - Duration::days(BACK_DAYS), now + Duration::days(AHEAD_DAYS.into()));
        self.sim.world(|world| {
            let mailbox = address_of(room);
            let own = world.meetings().filter(|meeting| meeting.rooms.contains(&mailbox));
            let shown = own.filter(|meeting| meeting.start < meeting.end && meeting.end > from && meeting.start < to);
            let told = shown.map(|meeting| {
                let seen = Seen {
                    start: meeting.start,
                    end: meeting.end,
                    rooms: BTreeSet::from([room.to_owned()]),
                    holder: holder(world, meeting),
                    standing: standing(meeting, &mailbox),
                };
                ((i64::try_from(meeting.id).unwrap(), meeting.start.timestamp()), seen)
            });
            told.collect()
        })
    }

    fn reader(&self, states: StoredStates, interval: u32, clock: &Arc<ManualClock>) -> Box<dyn Reader> {
        let sim = &self.sim;
        let rooms = self.rooms.iter().map(|room| RoomConfig::new(address_of(room), *room)).collect();
        let mut config = OutlookConfig::new("hq", sim.tenant(), sim.client_id(), "Europe/London", rooms);
        config.secret = Some("env:SECRET".to_owned());
        (config.base_url, config.token_url) = (Some(sim.base_url()), Some(sim.token_url()));
        // Each calendar has several pages.
        (config.interval_minutes, config.horizon_days, config.page_size) = (interval, AHEAD_DAYS, 5);
        let client = config.builder(Some(sim.secret().into())).unwrap();
        let client = client
            .retry(RetryPolicy::never())
            .pace(Pace::unlimited())
            .timeouts(Timeouts { whole: std::time::Duration::from_secs(20), ..Timeouts::default() })
            .clock(Arc::new(SiteClock(clock.clone())))
            .build()
            .unwrap();
        Box::new(GraphRooms::with_client("outlook", config, client, Arc::new(states)).unwrap())
    }

    fn graph(&self) -> &GraphSim {
        &self.sim
    }
}

fn address_of(room: &str) -> String {
    format!("{}@{DOMAIN}", room.to_lowercase())
}

/// Who may come: the organizer, if that is a person.
fn holder(world: &World, meeting: &Meeting) -> Option<String> {
    let organizer = &meeting.organizer.as_ref()?.address;
    (!world.rooms.contains_key(&organizer.to_lowercase())).then(|| organizer.clone())
}

/// All rooms accept at once whatever is asked for, unless a meeting says what they answered.
fn standing(meeting: &Meeting, mailbox: &str) -> Standing {
    let elsewhere = meeting.organizer.as_ref().is_some_and(|who| !who.address.to_lowercase().ends_with(DOMAIN));
    match meeting.responses.get(mailbox).copied().unwrap_or(Response::Accepted) {
        _ if meeting.cancelled || elsewhere => Standing::CalledOff,
        Response::Accepted | Response::Organizer => Standing::Confirmed,
        Response::Declined => Standing::CalledOff,
        _ => Standing::Pending,
    }
}

/// The site's time for a client that waits as long as the machine does: tokens and pauses end by the former.
#[derive(Debug)]
struct SiteClock(Arc<ManualClock>);

#[async_trait]
impl graph_rooms::Clock for SiteClock {
    fn now(&self) -> std::time::Instant {
        std::time::Instant::now() + self.0.uptime()
    }

    fn wall(&self) -> SystemTime {
        self.0.now().into()
    }

    async fn sleep(&self, duration: std::time::Duration) {
        tokio::time::sleep(duration).await;
    }
}

#[async_trait]
impl Reader for GraphRooms {
    async fn poll(&self, now: DateTime<Utc>) -> Alarms {
        let mut alarms = Alarms::default();
        for report in Self::poll(self, now).await {
            alarms.begun.extend(report.alarms.into_iter().map(|alarm| (alarm.kind.as_str(), alarm.text)));
            alarms.ended.extend(report.ended.into_iter().map(|kind| kind.as_str()));
        }
        alarms
    }

    async fn next_try(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        Self::next_try(self, now).await.unwrap().unwrap()
    }

    async fn heard(&self, now: DateTime<Utc>) -> Vec<Heard> {
        let rooms = self.statuses(now).await.unwrap().into_iter().filter(|status| !status.address.is_empty());
        let heard = rooms.map(|status| Heard {
            link: status.name,
            last_try: status.last_try,
            reading: match status.outcome {
                Some(outcome) if outcome.is_good() => Reading::Taken,
                _ => Reading::Nothing,
            },
        });
        heard.collect()
    }

    /// A calendar that was read whole is believed.
    async fn confirm(&self, _link: &str) -> bool {
        false
    }

    fn source(&self) -> &dyn Source<Booking> {
        self
    }
}
