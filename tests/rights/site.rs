//! Two booking systems, a door system, a mail server, and in between what the service is made of: one clock for all.

use std::collections::BTreeMap;
use std::sync::Arc;

use booking_access::Access;
use chrono::{DateTime, Duration, Utc};
use sync_core::clock::{Clock as _, ManualClock};
use sync_core::model::ExternalId;
use sync_core::reconcile::LinkReport;
use tempfile::TempDir;
use vendor_sim::net2::{Net2Sim, User};

use crate::model::Model;
use crate::post::Post;
use crate::process::{Parts, Process, until_death};
use crate::recorder::strangers;
use crate::venue::{Kind, Mischief, ROOMS, Venue, Wish, venue};

/// A member of staff who has a user of her own and books, too.
pub(crate) const STAFF: &str = "Staff@x.example";

/// What differs between sites.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) start: DateTime<Utc>,
    pub(crate) venues: [Kind; 2],
    /// Numbers in a small range instead of PINs.
    pub(crate) numbers: bool,
    /// Minutes between two readings.
    pub(crate) interval: u32,
}

/// The whole site. What stands on disk survives [`Site::kill`].
pub(crate) struct Site {
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) venues: Vec<Box<dyn Venue>>,
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
    pub(crate) plan: Plan,
    pub(crate) folder: TempDir,
    process: Option<Process>,
    /// Begins and ends up to here were met.
    seen: DateTime<Utc>,
    pub(crate) strangers: BTreeMap<i64, String>,
}

impl Site {
    pub(crate) fn new(plan: Plan) -> Self {
        let at = |at: usize| venue(plan.venues[at], at, plan.start);
        let venues: Vec<Box<dyn Venue>> = (0..2).map(at).collect();
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
        let by_room = ROOMS.iter().flatten();
        let by_room = by_room
            .map(|(room, places)| ((*room).to_owned(), places.iter().map(|place| doors[*place]).collect::<Vec<_>>()));
        let mut site = Self {
            clock: Arc::new(ManualClock::new(plan.start)),
            post: Arc::new(Post::new(net2.clone())),
            model: Model::new(&venues, by_room.collect()),
            venues,
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
        site.process = Some(site.start());
        site
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    pub(crate) fn door(&self, place: usize) -> i64 {
        self.net2.world(|world| *world.doors.keys().nth(place).unwrap())
    }

    pub(crate) fn parts(&self) -> &Parts {
        &self.process.as_ref().unwrap().parts
    }

    pub(crate) fn access(&self) -> &Access {
        &self.parts().access
    }

    /// Books a room; returns the booking's number.
    pub(crate) fn book(&self, venue: usize, room: &str, email: &str, from: DateTime<Utc>, to: DateTime<Utc>) -> i64 {
        self.book_all(venue, &[room], email, from, to)
    }

    /// Books several rooms at once.
    pub(crate) fn book_all(
        &self,
        venue: usize,
        rooms: &[&str],
        email: &str,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> i64 {
        self.venues[venue].add(Wish { rooms, email: Some(email), pending: false, all_day: false, from, to })
    }

    /// A booking system misbehaves so from now on.
    pub(crate) fn misbehave(&mut self, venue: usize, what: Mischief, until: DateTime<Utc>) {
        self.venues[venue].misbehave(what, until);
        self.blank[venue] = (what == Mischief::Empty).then_some(until);
    }

    pub(crate) fn heal(&mut self, venue: usize) {
        self.venues[venue].heal();
        self.blank[venue] = None;
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
        self.process = Some(self.start());
    }

    /// Lets time pass as the service would see it: readings when they are due, begins and ends at their time, and a full
    /// check at the latest after `longest`; each minute while something does not work.
    pub(crate) fn pass(&mut self, time: Duration, longest: Duration) {
        let end = self.now() + time;
        while self.now() < end {
            let now = self.now();
            let process = self.process.as_ref().unwrap();
            let due = process.runtime.block_on(async {
                let mut due = end;
                for reader in &process.parts.readers {
                    due = due.min(reader.next_try(now).await);
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
        for venue in &mut self.venues {
            venue.set_clock(time);
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
        runtime.block_on(parts.readers[venue].confirm(link))
    }

    fn letters(&mut self) {
        let Process { parts, runtime } = self.process.as_ref().unwrap();
        runtime.block_on(parts.letters(self.clock.now()));
    }

    fn asked(&mut self) {
        let now = self.now();
        let Process { parts, runtime } = self.process.as_ref().unwrap();
        for (at, reader) in parts.readers.iter().enumerate() {
            let heard = runtime.block_on(reader.heard(now));
            let blank = self.blank[at].is_some_and(|until| now < until);
            self.model.asked(at, &*self.venues[at], blank, &heard, now);
        }
    }
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
