//! Random histories against the model: whatever is booked, whatever fails, whenever the program dies.

use chrono::{DateTime, Duration, DurationRound as _, TimeZone as _, Utc};
use proptest::prelude::*;
use vendor_sim::net2;

use crate::post::Mood;
use crate::site::{Plan, STAFF, Site};
use crate::venue::{Kind, Mischief, ROOMS, Wish};

const PEOPLE: [&str; 4] = ["ann@x.example", "Bob@x.example", "cid@x.example", STAFF];
const MISCHIEFS: [Mischief; 9] = [
    Mischief::Down,
    Mischief::HalfAnswer,
    Mischief::HalfRead,
    Mischief::LoginPage,
    Mischief::Empty,
    Mischief::Cut,
    Mischief::Busy,
    Mischief::Forbidden(0),
    Mischief::Forbidden(1),
];
/// Two feeds, and each of them beside rooms of a tenant.
const VENUES: [[Kind; 2]; 3] =
    [[Kind::Skedda, Kind::Booked], [Kind::Outlook, Kind::Booked], [Kind::Skedda, Kind::Outlook]];
const MOODS: [Mood; 5] = [Mood::Well, Mood::Away, Mood::Busy, Mood::Silent, Mood::Lossy];

#[derive(Clone, Copy, Debug)]
enum Step {
    /// Somebody books; minutes from now, minutes long. One in a while is the venue's own, or waits for approval.
    Book { venue: usize, person: usize, room: usize, after: i64, long: i64, kind: u8 },
    /// The n-th booking is moved by so many minutes.
    Move { venue: usize, which: usize, by: i64 },
    /// It ends earlier, by half of what is left.
    Shorten { venue: usize, which: usize },
    /// The same person books the time right after it.
    Extend { venue: usize, which: usize, long: i64 },
    /// It is called off in so many words.
    CallOff { venue: usize, which: usize },
    /// It is deleted.
    Delete { venue: usize, which: usize },
    /// The booking system leaves it out, or shows all again.
    LeaveOut { venue: usize, which: Option<usize> },
    /// The booking system misbehaves for so many minutes.
    Misbehave { venue: usize, what: usize, minutes: i64 },
    /// Net2 fails every call for so many minutes.
    Net2Away { kind: usize, minutes: i64 },
    /// One of the next calls goes wrong.
    Net2Slip { kind: usize, writes: bool, nth: u64 },
    /// Mail goes so from now on.
    Mail(usize),
    /// The program dies after so many waits of the next cycle.
    Die(u32),
    /// Time passes.
    Wait(i64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let (venue, which) = (0_usize..2, 0_usize..6);
    let times = (-30_i64..400, 1_i64..36, 0_u8..12);
    let step = prop_oneof![
        10 => (venue.clone(), 0..PEOPLE.len(), 0_usize..2, times).prop_map(|(venue, person, room, (after, long, kind))| {
            Step::Book { venue, person, room, after, long: long * 5, kind }
        }),
        3 => (venue.clone(), which.clone(), -60_i64..180).prop_map(|(venue, which, by)| Step::Move { venue, which, by }),
        1 => (venue.clone(), which.clone()).prop_map(|(venue, which)| Step::Shorten { venue, which }),
        2 => (venue.clone(), which.clone(), 1_i64..12)
            .prop_map(|(venue, which, long)| Step::Extend { venue, which, long: long * 10 }),
        1 => (venue.clone(), which.clone()).prop_map(|(venue, which)| Step::CallOff { venue, which }),
        1 => (venue.clone(), which.clone()).prop_map(|(venue, which)| Step::Delete { venue, which }),
        1 => (venue.clone(), prop::option::of(which)).prop_map(|(venue, which)| Step::LeaveOut { venue, which }),
        3 => (venue, 0..MISCHIEFS.len(), 5_i64..120)
            .prop_map(|(venue, what, minutes)| Step::Misbehave { venue, what, minutes }),
        2 => (0_usize..3, 5_i64..90).prop_map(|(kind, minutes)| Step::Net2Away { kind, minutes }),
        3 => (0_usize..4, any::<bool>(), 1_u64..12).prop_map(|(kind, writes, nth)| Step::Net2Slip { kind, writes, nth }),
        2 => (0..MOODS.len()).prop_map(Step::Mail),
        3 => (0_u32..60).prop_map(Step::Die),
        10 => (1_i64..200).prop_map(Step::Wait),
    ];
    prop::collection::vec(step, 10..36)
}

/// Evenings before the clocks change, and one before they do not.
fn plans() -> impl Strategy<Value = Plan> {
    let days = prop_oneof![Just((2027, 3, 27)), Just((2027, 10, 30)), Just((2027, 7, 1))];
    let plan = (days, 0..VENUES.len(), any::<bool>(), prop_oneof![Just(10), Just(30)]);
    plan.prop_map(|((year, month, day), venues, numbers, interval)| {
        let start = Utc.with_ymd_and_hms(year, month, day, 19, 0, 0).unwrap();
        Plan { start, venues: VENUES[venues], numbers, interval }
    })
}

struct History {
    site: Site,
    /// Net2 answers again then.
    back: Option<DateTime<Utc>>,
}

impl History {
    /// The number and times of the n-th booking that is not over.
    fn nth(&self, venue: usize, which: usize) -> Option<(i64, DateTime<Utc>, DateTime<Utc>)> {
        let mut open = self.site.venues[venue].open(self.site.now() + Duration::days(4));
        (!open.is_empty()).then(|| open.swap_remove(which % open.len()))
    }

    fn step(&mut self, step: Step) {
        let site = &mut self.site;
        let now = site.now();
        let minute = now.duration_trunc(Duration::minutes(1)).unwrap();
        match step {
            Step::Book { venue, person, room, after, long, kind } => {
                let start = minute + Duration::minutes(after);
                let rooms = ROOMS[venue].map(|(room, _)| room);
                let rooms = if kind == 2 { &rooms[..] } else { &rooms[room..=room] };
                let email = (kind != 0).then_some(PEOPLE[person]);
                let to = start + Duration::minutes(long);
                let wish = Wish { rooms, email, pending: kind == 1, all_day: false, from: start, to };
                site.venues[venue].add(wish);
            }
            Step::Move { venue, which, by } => {
                let Some((id, start, end)) = self.nth(venue, which) else { return };
                let by = Duration::minutes(by);
                self.site.venues[venue].move_to(id, start + by, end + by);
            }
            Step::Shorten { venue, which } => {
                let Some((id, start, end)) = self.nth(venue, which) else { return };
                let half = Duration::minutes((end - start.max(minute)).num_minutes() / 2);
                self.site.venues[venue].move_to(id, start, end - half);
            }
            Step::Extend { venue, which, long } => {
                let Some((id, ..)) = self.nth(venue, which) else { return };
                self.site.venues[venue].extend(id, Duration::minutes(long));
            }
            Step::CallOff { venue, which } => {
                let Some((id, ..)) = self.nth(venue, which) else { return };
                self.site.venues[venue].call_off(id);
            }
            Step::Delete { venue, which } => {
                let Some((id, ..)) = self.nth(venue, which) else { return };
                self.site.venues[venue].delete(id);
            }
            Step::LeaveOut { venue, which } => {
                let id = which.and_then(|which| self.nth(venue, which)).map(|(id, ..)| id);
                self.site.venues[venue].leave_out(id);
            }
            Step::Misbehave { venue, what, minutes } => {
                site.misbehave(venue, MISCHIEFS[what], now + Duration::minutes(minutes));
            }
            Step::Net2Away { kind, minutes } => {
                let kinds = [net2::FaultKind::Html502, net2::FaultKind::DropRequest, net2::FaultKind::Error];
                let mut fault = net2::Fault { kind: kinds[kind].clone(), ..net2::Fault::default() };
                fault.times = 0;
                site.net2.add_fault(fault);
                self.back = self.back.max(Some(now + Duration::minutes(minutes)));
            }
            Step::Net2Slip { kind, writes, nth } => {
                let kinds = [
                    net2::FaultKind::DropReply,
                    net2::FaultKind::Truncate,
                    net2::FaultKind::Restart,
                    net2::FaultKind::Html502,
                ];
                let mut fault = net2::Fault { kind: kinds[kind].clone(), ..net2::Fault::default() }.nth(nth);
                fault.method =
                    writes.then(|| "P*".to_owned()).and(Some(if nth % 2 == 0 { "PUT" } else { "POST" }.to_owned()));
                if !writes {
                    fault.method = None;
                }
                site.net2.add_fault(fault);
            }
            Step::Mail(mood) => site.post.set(MOODS[mood]),
            Step::Die(waits) => site.dies_after = Some(waits),
            Step::Wait(minutes) => self.wait(minutes),
        }
    }

    fn wait(&mut self, minutes: i64) {
        let end = self.site.now() + Duration::minutes(minutes);
        while self.site.now() < end {
            let now = self.site.now();
            let stop = self.back.map_or(end, |back| back.clamp(now, end));
            self.site.pass(stop - now, Duration::minutes(10));
            if self.back.is_some_and(|back| back <= self.site.now()) {
                self.site.net2.clear_faults();
                self.back = None;
                self.recovers();
            }
        }
        if self.back.is_none() {
            self.recovers();
        }
    }

    /// With every call answered, two more cycles bring everything in order.
    fn recovers(&mut self) {
        let mut tries = 0;
        while !self.site.clean {
            let met: u64 = self.site.net2.faults().iter().map(|fault| fault.fired).sum();
            self.site.pass(Duration::minutes(1), Duration::minutes(1));
            let now_met: u64 = self.site.net2.faults().iter().map(|fault| fault.fired).sum();
            tries = if now_met > met { 0 } else { tries + 1 };
            assert!(tries <= 3, "nothing fails and still it does not settle: {:#?}", self.site.last);
        }
    }

    /// Everything works again for a while.
    fn settle(&mut self) {
        self.site.net2.clear_faults();
        self.back = None;
        self.site.post.set(Mood::Well);
        for venue in 0..2 {
            self.site.heal(venue);
        }
        self.recovers();
        self.site.pass(Duration::hours(5), Duration::minutes(30));
    }
}

fn cases() -> u32 {
    std::env::var("RIGHTS_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(6)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: cases(), max_shrink_iters: 8, failure_persistence: None, ..ProptestConfig::default()
    })]

    /// I-39 to I-43. A failure prints the history that it needs; chance is left in the waits of readers and in codes only.
    #[test]
    fn rights_are_those_of_the_bookings_whatever_happens(plan in plans(), steps in steps()) {
        let mut site = Site::new(plan);
        site.cycle();
        let mut history = History { site, back: None };
        for step in steps {
            history.step(step);
        }
        history.settle();
        let site = &history.site;
        let faults = site.faults();
        prop_assert!(faults.is_empty(), "{}", faults.join("\n"));
        for person in site.model.awaited(site.now()) {
            prop_assert!(!site.post.to(&person).is_empty(), "{person} has a booking ahead and no letter");
        }
    }
}
