//! Random bookings of two people with a code for each stay, against what the bookings alone say.

use std::collections::{BTreeMap, BTreeSet};

use booking_access::codes::CodesPer;
use chrono::{DateTime, Duration, Utc};
use proptest::prelude::*;
use sync_core::model::{Booking, BookingStatus};

use crate::site::{Site, at, booking};

const PEOPLE: [&str; 2] = ["ann@x.example", "bob@x.example"];

#[derive(Clone, Debug)]
enum Step {
    /// Somebody books; minutes from now, minutes long.
    Book { person: usize, after: i64, long: i64 },
    /// The n-th booking is moved by so many minutes; perhaps it gets another key.
    Move { which: usize, by: i64, renamed: bool },
    /// It becomes so much longer, or shorter.
    Extend { which: usize, by: i64 },
    /// It is called off in so many words.
    CallOff { which: usize },
    /// The feed stops or starts to answer.
    FeedAway(bool),
    /// The program stops after reading, after preparing, or after the run.
    Restart(u8),
    /// Time passes.
    Wait(i64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (0..PEOPLE.len(), -10_i64..900, 5_i64..120).prop_map(|(person, after, long)| Step::Book { person, after, long }),
        2 => (0_usize..6, -200_i64..400, any::<bool>()).prop_map(|(which, by, renamed)| Step::Move { which, by, renamed }),
        2 => (0_usize..6, -60_i64..90).prop_map(|(which, by)| Step::Extend { which, by }),
        1 => (0_usize..6).prop_map(|which| Step::CallOff { which }),
        1 => any::<bool>().prop_map(Step::FeedAway),
        3 => (0_u8..3).prop_map(Step::Restart),
        6 => (1_i64..300).prop_map(Step::Wait),
    ];
    prop::collection::vec(step, 4..30)
}

/// A booking as the test made it, whatever key it has.
#[derive(Clone, Debug)]
struct Made {
    person: usize,
    key: String,
    booking: Booking,
}

/// What somebody showed at the doors when last looked, and for which of the bookings.
#[derive(Clone, Debug, Default)]
struct Shown {
    code: Option<String>,
    bookings: BTreeSet<usize>,
}

struct Run {
    site: Site,
    made: Vec<Made>,
    /// What the service last heard of, by number.
    heard: BTreeMap<usize, Made>,
    keys: u32,
    away: bool,
    shown: [Shown; 2],
    /// Every code ever seen, and whose it was.
    seen: BTreeMap<String, usize>,
}

impl Run {
    fn new() -> Self {
        let site = Site::with(|settings| settings.codes.per = CodesPer::Booking);
        let (shown, seen) = (<[Shown; 2]>::default(), BTreeMap::new());
        Self { site, made: Vec::new(), heard: BTreeMap::new(), keys: 0, away: false, shown, seen }
    }

    fn key(&mut self) -> String {
        self.keys += 1;
        format!("k{}", self.keys)
    }

    /// The place of the n-th booking that stands and is not over.
    fn nth(&self, which: usize) -> Option<usize> {
        let ahead = |made: &Made| made.booking.status == BookingStatus::Confirmed && made.booking.end > self.site.now();
        let places: Vec<usize> = (0..self.made.len()).filter(|place| ahead(&self.made[*place])).collect();
        (!places.is_empty()).then(|| places[which % places.len()])
    }

    fn put(&mut self, place: usize) {
        let made = &self.made[place];
        self.site.feed.put(&made.key, made.booking.clone());
    }

    async fn step(&mut self, step: Step) {
        let now = self.site.now();
        match step {
            Step::Book { person, after, long } => {
                let start = now + Duration::minutes(after);
                let booking = booking(PEOPLE[person], "Room 1", start, start + Duration::minutes(long));
                let key = self.key();
                self.made.push(Made { person, key, booking });
                self.put(self.made.len() - 1);
            }
            Step::Move { which, by, renamed } => {
                // What gets another key is known again where nothing else happens at the same time.
                let renamed = renamed && !self.away && by.abs() < 60;
                if renamed {
                    self.look().await;
                }
                let Some(place) = self.nth(which) else { return };
                let by = if renamed { by % 3 } else { by };
                let made = &mut self.made[place];
                made.booking.start += Duration::minutes(by);
                made.booking.end += Duration::minutes(by);
                if renamed {
                    self.site.feed.take(&made.key);
                    self.keys += 1;
                    made.key = format!("k{}", self.keys);
                }
                self.put(place);
                if renamed {
                    self.look().await;
                }
            }
            Step::Extend { which, by } => {
                let Some(place) = self.nth(which) else { return };
                let booking = &mut self.made[place].booking;
                booking.end = (booking.end + Duration::minutes(by)).max(booking.start + Duration::minutes(1));
                self.put(place);
            }
            Step::CallOff { which } => {
                let Some(place) = self.nth(which) else { return };
                self.made[place].booking.status = BookingStatus::Cancelled;
                self.put(place);
            }
            Step::FeedAway(away) => {
                self.away = away;
                self.site.feed.away(away);
            }
            Step::Restart(when) => {
                if when > 0 {
                    self.take().await;
                }
                if when > 1 {
                    let _ = self.site.access.prepare(&*self.site.watched, now).await;
                }
                self.site.restart();
                self.look().await;
            }
            Step::Wait(minutes) => {
                let end = now + Duration::minutes(minutes);
                self.look().await;
                while let Some(next) = self.site.access.grants().next_boundary(self.site.now()).filter(|at| *at <= end)
                {
                    self.site.set(next);
                    self.look().await;
                }
                self.site.set(end);
                self.look().await;
            }
        }
    }

    async fn take(&mut self) {
        self.site.take().await;
        if !self.away {
            let over = |made: &Made| made.booking.end + Duration::minutes(10) <= self.site.now();
            for (place, made) in self.made.iter().enumerate() {
                // What was over before anybody heard of it is nothing new.
                if self.heard.contains_key(&place) || !over(made) {
                    self.heard.insert(place, made.clone());
                }
            }
        }
    }

    /// Reads and runs; then the doors have to show what the bookings say.
    async fn look(&mut self) {
        self.take().await;
        self.site.run().await.unwrap();
        self.check();
        self.check_quiet().await;
    }

    /// Bookings of somebody's present or next stay, by growing it from its first one.
    fn stay(&self, person: usize) -> BTreeSet<usize> {
        let window =
            |made: &Made| (made.booking.start - Duration::minutes(5), made.booking.end + Duration::minutes(10));
        let stands = |made: &Made| made.person == person && made.booking.status == BookingStatus::Confirmed;
        let mut left: BTreeMap<usize, (DateTime<Utc>, DateTime<Utc>)> =
            self.heard.iter().filter(|(_, made)| stands(made)).map(|(place, made)| (*place, window(made))).collect();
        while let Some((first, (_, mut end))) = left.iter().min_by_key(|(_, (from, _))| *from).map(|(n, w)| (*n, *w)) {
            let mut stay = BTreeSet::from([first]);
            left.remove(&first);
            while let Some((near, (_, to))) =
                left.iter().find(|(_, (from, _))| *from - end < Duration::hours(1)).map(|(n, w)| (*n, *w))
            {
                left.remove(&near);
                stay.insert(near);
                end = end.max(to);
            }
            if end > self.site.now() {
                return stay;
            }
        }
        BTreeSet::new()
    }

    /// One code while there is a stay, the same as long as a booking of it was in the stay before, else one never seen.
    fn check(&mut self) {
        for (person, email) in PEOPLE.into_iter().enumerate() {
            let (stay, code) = (self.stay(person), self.site.pin(email));
            let before = std::mem::take(&mut self.shown[person]);
            let at = self.site.now();
            assert_eq!(code.is_some(), !stay.is_empty(), "{email} at {at}: {stay:?}");
            if let Some(code) = &code {
                if before.bookings.is_disjoint(&stay) {
                    assert_eq!(self.seen.insert(code.clone(), person), None, "a code came back at {at}");
                } else {
                    assert_eq!(Some(code), before.code.as_ref(), "{email} at {at}: {:?} and {stay:?}", before.bookings);
                }
            }
            self.shown[person] = Shown { code, bookings: stay };
        }
        let both = self.shown.each_ref().map(|shown| shown.code.clone());
        assert!(both[0].is_none() || both[0] != both[1], "two people have one code");
    }

    /// Evaluating again writes nothing and asks for nothing.
    async fn check_quiet(&self) {
        let beside = self.site.beside();
        let version = || {
            let read = |connection: &rusqlite::Connection| {
                connection.pragma_query_value(None, "data_version", |row| row.get::<_, i64>(0))
            };
            beside.store().with(read).unwrap()
        };
        let before = (version(), self.site.doors.calls());
        self.site.access.prepare(&*self.site.watched, self.site.now()).await.unwrap();
        assert_eq!((version(), self.site.doors.calls()), before);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, max_shrink_iters: 300, ..ProptestConfig::default() })]

    #[test]
    fn each_stay_has_one_code_and_no_other_has_it(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let mut run = Run::new();
            run.site.set(at(8, 1));
            for step in steps {
                run.step(step).await;
            }
            run.away = false;
            run.site.feed.away(false);
            run.look().await;
        });
    }
}
