//! Random booking histories against a model: who may open what when, whatever fails in between (I-39 … I-43).

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Duration, TimeZone as _, Utc};
use proptest::prelude::*;
use sync_core::model::{Booking, BookingStatus, Known, Person, SecretText};

use crate::site::{FakeFeed, Site, booking};

const PEOPLE: [&str; 4] = ["ann@x.example", "Bob@x.example", "cid@x.example", "staff@x.example"];
const ROOMS: [&str; 3] = ["Room 1", "Room 2", "Room 3"];
/// Minutes between two looks of the test.
const STEP: i64 = 5;

#[derive(Clone, Debug)]
enum Step {
    /// Somebody books; minutes from now, minutes long.
    Book { second: bool, person: usize, room: usize, after: i64, long: i64 },
    /// The n-th booking of a source is moved by so many minutes, under a new key.
    Move { second: bool, which: usize, by: i64 },
    /// The n-th booking of a source is called off in so many words.
    Cancel { second: bool, which: usize },
    /// The n-th booking of a source disappears.
    Vanish { second: bool, which: usize },
    /// A source stops or starts to answer.
    FeedAway(bool),
    /// The door system stops or starts to answer.
    DoorsAway(bool),
    /// The program stops after reading, after preparing, or after the run.
    Restart(u8),
    /// Time passes.
    Wait(i64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let times = (-30_i64..120, 1_i64..24);
    let step = prop_oneof![
        5 => (any::<bool>(), 0..PEOPLE.len(), 0..ROOMS.len(), times)
            .prop_map(|(second, person, room, (after, long))| Step::Book { second, person, room, after, long: long * 5 }),
        2 => (any::<bool>(), 0_usize..8, -40_i64..80).prop_map(|(second, which, by)| Step::Move { second, which, by }),
        1 => (any::<bool>(), 0_usize..8).prop_map(|(second, which)| Step::Cancel { second, which }),
        1 => (any::<bool>(), 0_usize..8).prop_map(|(second, which)| Step::Vanish { second, which }),
        1 => any::<bool>().prop_map(Step::FeedAway),
        1 => any::<bool>().prop_map(Step::DoorsAway),
        2 => (0_u8..3).prop_map(Step::Restart),
        6 => (1_i64..18).prop_map(|n| Step::Wait(n * STEP)),
    ];
    proptest::collection::vec(step, 4..40)
}

/// The days on which clocks change, and one on which they do not.
fn mornings() -> impl Strategy<Value = DateTime<Utc>> {
    prop_oneof![
        Just(Utc.with_ymd_and_hms(2027, 3, 28, 0, 0, 0).unwrap()),
        Just(Utc.with_ymd_and_hms(2027, 10, 31, 0, 0, 0).unwrap()),
        Just(Utc.with_ymd_and_hms(2027, 7, 1, 23, 0, 0).unwrap()),
    ]
}

type Span = (DateTime<Utc>, DateTime<Utc>);

/// What was ever said to be somebody's right, and when the doors were away: the model of what may be held.
#[derive(Default)]
struct Model {
    /// Every window that a source ever told of, by person and door: nothing outside may ever be held.
    told: BTreeMap<(String, String), Vec<Span>>,
    /// Every booking that a source ever told of, by its key.
    bookings: Vec<(String, Booking)>,
    /// Spans in which the door system did not answer.
    away: Vec<(DateTime<Utc>, Option<DateTime<Utc>>)>,
}

impl Model {
    fn tell(&mut self, key: &str, booking: &Booking) {
        self.bookings.push((key.to_owned(), booking.clone()));
        let (opens, closes) = (booking.start - Duration::minutes(5), booking.end + Duration::minutes(10));
        for room in &booking.resources {
            for door in doors_of(room) {
                for person in &booking.people {
                    self.told.entry((person.key(), (*door).to_owned())).or_default().push((opens, closes));
                }
            }
        }
    }

    /// Until when a door may stay open that is rightly open at this time: the end of a window, or, where the last one ended
    /// while the doors did not answer, the end of one that is in force when they are looked at again.
    fn next_end(&self, told: &[Span], at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let end =
            |at| told.iter().filter(|(opens, closes)| *opens <= at && at < *closes).map(|(_, closes)| *closes).max();
        end(at).or_else(|| {
            let back = self.answers_from(at).filter(|back| *back > at)?;
            (0..=STEP).find_map(|minutes| end(back + Duration::minutes(minutes)))
        })
    }

    /// When the door system answers again, if it was away at this time.
    fn answers_from(&self, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let away = self.away.iter().find(|(from, to)| *from <= at && to.is_none_or(|to| at < to));
        match away {
            Some((_, to)) => *to,
            None => Some(at),
        }
    }
}

fn doors_of(room: &str) -> &'static [&'static str] {
    match room {
        "Room 1" => &["d1", "gate"],
        "Room 2" => &["d2", "gate"],
        _ => &["d3"],
    }
}

/// The doors that these bookings open to somebody at this time.
fn opened_to(key: &str, bookings: &[Booking], now: DateTime<Utc>) -> BTreeSet<String> {
    let mut doors = BTreeSet::new();
    for booking in bookings {
        let (opens, closes) = (booking.start - Duration::minutes(5), booking.end + Duration::minutes(10));
        let whose = booking.people.iter().any(|participant| participant.key() == key);
        if whose && booking.status == BookingStatus::Confirmed && opens <= now && now < closes {
            doors.extend(booking.resources.iter().flat_map(|room| doors_of(room)).map(|door| (*door).to_owned()));
        }
    }
    doors
}

struct Run {
    site: Site,
    model: Model,
    keys: u32,
    doors_away: bool,
    feed_away: bool,
    staff: Person,
}

impl Run {
    fn new(now: DateTime<Utc>) -> Self {
        let site = Site::at(now, |_| ());
        let staff = Person {
            last_name: Known::from_text("Staff"),
            email: Known::from_text("staff@x.example"),
            doors: Known::Value(["d3".to_owned()].into()),
            pin: Known::Value(SecretText::new("135790")),
            ..Person::default()
        };
        site.doors.put_foreign(staff.clone());
        Self { site, model: Model::default(), keys: 0, doors_away: false, feed_away: false, staff }
    }

    fn feed(&self, second: bool) -> &FakeFeed {
        if second { &self.site.second } else { &self.site.feed }
    }

    fn put(&mut self, second: bool, booking: Booking) {
        self.keys += 1;
        let key = format!("k{}", self.keys);
        self.model.tell(&key, &booking);
        self.feed(second).put(&key, booking);
    }

    async fn step(&mut self, step: Step) {
        let now = self.site.now();
        match step {
            Step::Book { second, person, room, after, long } => {
                let start = now + Duration::minutes(after);
                self.put(second, booking(PEOPLE[person], ROOMS[room], start, start + Duration::minutes(long)));
            }
            Step::Move { second, which, by } => {
                let Some(key) = self.feed(second).keys().get(which).cloned() else { return };
                let mut moved = self.feed(second).take(&key).unwrap();
                moved.start += Duration::minutes(by);
                moved.end += Duration::minutes(by);
                self.put(second, moved);
            }
            Step::Cancel { second, which } => {
                let Some(key) = self.feed(second).keys().get(which).cloned() else { return };
                let booking = self.feed(second).get(&key).unwrap();
                self.feed(second).put(&key, Booking { status: BookingStatus::Cancelled, ..booking });
            }
            Step::Vanish { second, which } => {
                let Some(key) = self.feed(second).keys().get(which).cloned() else { return };
                self.feed(second).take(&key);
            }
            Step::FeedAway(away) => {
                self.feed_away = away;
                self.site.feed.away(away);
            }
            Step::DoorsAway(away) => self.doors(away),
            Step::Restart(when) => {
                if when > 0 {
                    self.site.take().await;
                }
                if when > 1 {
                    let _ = self.site.access.prepare(&*self.site.watched, now).await;
                }
                self.site.restart();
            }
            Step::Wait(minutes) => {
                let mut left = minutes;
                while left > 0 {
                    self.site.take().await;
                    let _ = self.site.run().await;
                    self.site.until(self.site.now() + Duration::minutes(STEP)).await;
                    self.check_codes();
                    left -= STEP;
                }
            }
        }
    }

    fn doors(&mut self, away: bool) {
        if away == self.doors_away {
            return;
        }
        let now = self.site.now();
        self.doors_away = away;
        self.site.doors.away(away);
        let back_for_no_time = self.model.away.last().is_some_and(|last| last.1 == Some(now));
        if away && back_for_no_time {
            // Nobody could look in between: one absence.
            self.model.away.last_mut().unwrap().1 = None;
        } else if away {
            self.model.away.push((now, None));
        } else if let Some(last) = self.model.away.last_mut() {
            last.1 = Some(now);
        }
    }

    /// I-42: no two people have the same code, foreign ones included.
    fn check_codes(&self) {
        let pins: Vec<String> = self
            .site
            .doors
            .side()
            .all()
            .into_iter()
            .filter_map(|record| Some(record.value.pin.value()?.expose().to_owned()))
            .collect();
        assert_eq!(pins.iter().collect::<BTreeSet<_>>().len(), pins.len(), "two people have one code");
    }

    /// I-39: nothing is held outside what a source ever told of, but for the time in which the doors did not answer.
    fn check_held(&self) {
        for person in PEOPLE {
            let person = person.to_lowercase();
            for door in ["d1", "d2", "d3", "gate"] {
                if person == "staff@x.example" && door == "d3" {
                    continue;
                }
                let told = self.model.told.get(&(person.clone(), door.to_owned())).cloned().unwrap_or_default();
                for held in self.site.doors.held(&person, door) {
                    let end = held.to.unwrap_or_else(|| self.site.now());
                    // From window to window as long as they touch.
                    let mut at = held.from;
                    while let Some(next) = self.model.next_end(&told, at) {
                        at = next;
                    }
                    let reached = self.model.answers_from(at).unwrap_or(end) + Duration::minutes(STEP);
                    assert!(end <= reached, "{door} held from {} to {end}, told until {at}", held.from);
                }
            }
        }
    }

    /// I-40 and I-41: once everything answers, everybody has exactly the doors that the sources say now.
    async fn check_settled(&mut self) {
        self.doors(false);
        self.site.feed.away(false);
        // As many looks as it takes to believe that something is gone, and to make again what was refused.
        for _ in 0..5 {
            self.site.take().await;
            let _ = self.site.run().await;
            self.site.until(self.site.now() + Duration::minutes(1)).await;
        }
        let now = self.site.now();
        let (listed, ended) = (self.all_listed(), self.ended_unlisted(now));
        for person in PEOPLE {
            let key = person.to_lowercase();
            let wanted = opened_to(&key, &listed, now);
            let maybe = opened_to(&key, &ended, now);
            let ours = self.site.doors.ours(&key).and_then(|record| record.value.doors.into_value());
            let ours = ours.unwrap_or_default();
            // What ended by its own end while it was also called off is over either way; nothing wanted may lack.
            assert!(wanted.is_subset(&ours), "{key} lacks {:?} at {now}", wanted.difference(&ours));
            let more: BTreeSet<_> = ours.difference(&wanted).filter(|door| !maybe.contains(*door)).collect();
            assert!(more.is_empty(), "{key} holds {more:?} beside {wanted:?} at {now}");
        }
    }

    /// What is over by its own end and listed no more: that it was gone before its end may never have been confirmed, so
    /// that the time after its end may be granted.
    fn ended_unlisted(&self, now: DateTime<Utc>) -> Vec<Booking> {
        let listed: BTreeSet<String> =
            [&self.site.feed, &self.site.second].into_iter().flat_map(FakeFeed::keys).collect();
        let told = self.model.bookings.iter().filter(|(key, booking)| booking.end <= now && !listed.contains(key));
        told.map(|(_, booking)| booking.clone()).collect()
    }

    fn all_listed(&self) -> Vec<Booking> {
        [&self.site.feed, &self.site.second]
            .into_iter()
            .flat_map(|feed| feed.keys().into_iter().filter_map(|key| feed.get(&key)).collect::<Vec<_>>())
            .collect()
    }

    /// I-43: whoever has no marker keeps everything, and our people are made once.
    fn check_strangers(&self) {
        let staff: Vec<_> = self.site.doors.people("staff@x.example");
        let foreign: Vec<_> = staff.iter().filter(|record| record.marker.is_none()).collect();
        assert_eq!(foreign.len(), 1);
        assert_eq!(foreign[0].value, self.staff);
        for person in PEOPLE {
            let ours = self.site.doors.people(person).into_iter().filter(|record| record.marker.is_some()).count();
            assert!(ours <= 1, "{ours} bookers for one person");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn rights_follow_the_bookings_whatever_fails(morning in mornings(), steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let mut run = Run::new(morning);
            for step in steps {
                run.step(step).await;
            }
            run.check_held();
            run.check_settled().await;
            run.check_held();
            run.check_codes();
            run.check_strangers();
        });
    }
}

/// I-41: evaluating at the end of an outage gives what evaluating throughout gives.
#[tokio::test]
async fn one_look_at_the_end_of_an_outage_is_as_good_as_many() {
    let morning = Utc.with_ymd_and_hms(2027, 7, 1, 8, 0, 0).unwrap();
    let mut ends = Vec::new();
    for sleeps in [false, true] {
        let site = Site::at(morning, |_| ());
        for (n, person) in PEOPLE.iter().take(3).enumerate() {
            let start = morning + Duration::minutes(40 * i64::try_from(n).unwrap());
            site.feed.put(&n.to_string(), booking(person, ROOMS[n], start, start + Duration::minutes(60)));
        }
        site.round(morning).await;
        let end = morning + Duration::minutes(85);
        if sleeps {
            site.set(end);
            site.run().await.unwrap();
        } else {
            site.until(end).await;
        }
        ends.push(PEOPLE.map(|person| site.doors.doors_of(person)));
    }
    assert_eq!(ends[0], ends[1]);
    assert!(ends[0].iter().any(|doors| !doors.is_empty()));
}
