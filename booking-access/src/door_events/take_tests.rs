use super::*;
use crate::door_events::{DoorEvent, DoorEventKind};
use crate::store::{insert_booking, insert_person, problems, set_doors};
use crate::testing::{at, booking, person};
use crate::{AccessConfig, Sealer, Settings, Store, codes::CodesConfig};

/// A site whose watch began at eight, behind number 100.
struct Stand {
    store: Store,
    config: WatchConfig,
    number: i64,
}

impl Stand {
    fn new(config: WatchConfig) -> Self {
        let mut stand = Self { store: Store::in_memory().unwrap(), config, number: 100 };
        stand.look(at(8, 0), &[]);
        stand
    }

    /// Opened afresh each time, as after a restart.
    fn access(&self) -> Access {
        let access = AccessConfig::with_resources([("Room 1", vec!["front", "one"])]);
        let settings = Settings { access, codes: CodesConfig::default(), zone: chrono_tz::Europe::London };
        Access::open(self.store.clone(), Sealer::for_this_process().unwrap(), settings).unwrap()
    }

    /// A look at the log with these new events, and the last one again as the overlap has it.
    fn look(&mut self, asked: DateTime<Utc>, events: &[(DoorEventKind, &str)]) -> DoorNews {
        let mut shown = vec![self.event(DoorEventKind::Other, "", asked)];
        for (kind, user) in events {
            self.number += 1;
            shown.push(self.event(*kind, user, asked));
        }
        self.show(asked, shown)
    }

    fn event(&self, kind: DoorEventKind, user: &str, at: DateTime<Utc>) -> DoorEvent {
        let user = (!user.is_empty()).then(|| user.to_owned());
        DoorEvent { number: self.number, at, door: Some("front".to_owned()), user, kind }
    }

    fn show(&self, asked: DateTime<Utc>, events: Vec<DoorEvent>) -> DoorNews {
        let newest = events.last().map_or(0, |event| event.number);
        let reading = DoorReading { asked, events, newest, cursor: newest.to_string() };
        self.access().take_door_events(&self.config, &reading, asked).unwrap()
    }

    fn problems(&self) -> Vec<Problem> {
        self.store.with(problems).unwrap()
    }

    /// Ann (user 7, who may open the front door) books Room 1 from ten to eleven.
    fn book(&self) {
        self.book_with_right_at(at(9, 0));
    }

    /// The same, where Net2 confirmed the right at this time.
    fn book_with_right_at(&self, opened: DateTime<Utc>) {
        let put = |transaction: &Transaction<'_>| {
            let mut ann = person(1, "ann@x.example");
            ann.door_user = Some("7".to_owned());
            let id = insert_person(transaction, &ann)?;
            set_doors(transaction, id, &["front".into()].into(), opened)?;
            insert_booking(transaction, &booking(0, "ann@x.example", "Room 1", at(10, 0), at(11, 0)))
        };
        self.store.transaction(put).unwrap();
    }
}

fn guesses(count: usize) -> Vec<(DoorEventKind, &'static str)> {
    vec![(DoorEventKind::Guess, ""); count]
}

#[test]
fn guesses_before_and_after_a_restart_are_counted_together_and_none_twice() {
    let mut stand = Stand::new(WatchConfig { refused: 3, ..WatchConfig::default() });
    assert_eq!(stand.look(at(9, 0), &guesses(3)).fresh, 3);
    // The same answer again, as after a crash before the next look.
    let again: Vec<DoorEvent> =
        (101..=103).map(|number| DoorEvent { number, ..stand.event(DoorEventKind::Guess, "", at(9, 0)) }).collect();
    assert_eq!(stand.show(at(9, 1), again).fresh, 0);
    assert!(stand.problems().is_empty());
    let news = stand.look(at(9, 2), &guesses(1));
    assert_eq!(news.warnings.len(), 1);
    let problems = stand.problems();
    assert_eq!((&*problems[0].area, &*problems[0].subject), (REFUSED, "door front"));
    assert!(problems[0].words.contains("4 so far"), "{}", problems[0].words);
    assert!(stand.look(at(9, 30), &[]).warnings.is_empty());
    assert!(stand.problems().is_empty(), "it is quiet");
}

#[test]
fn nobody_came_is_told_once_and_stands_until_the_booking_is_over() {
    let mut stand = Stand::new(WatchConfig { no_show_minutes: 15, ..WatchConfig::default() });
    stand.book();
    assert!(stand.look(at(10, 16), &[]).warnings.is_empty());
    let told = stand.look(at(10, 18), &[]).warnings;
    assert_eq!(told.len(), 1);
    assert!(told[0].contains("Room 1 at 2027-03-01 10:00") && told[0].contains("ann@x.example"), "{}", told[0]);
    assert!(stand.look(at(10, 19), &[]).warnings.is_empty(), "once");
    assert_eq!(stand.problems().len(), 1);
    stand.look(at(11, 10), &[]);
    assert!(stand.problems().is_empty());
}

#[test]
fn an_outage_over_the_deadline_makes_nobody_absent() {
    let mut stand = Stand::new(WatchConfig { no_show_minutes: 15, ..WatchConfig::default() });
    stand.book();
    stand.look(at(9, 58), &[]);
    // Nothing could be read for half an hour; then what had happened comes, and Ann had come in.
    stand.number += 1;
    let came = stand.event(DoorEventKind::Admitted, "7", at(10, 2));
    assert!(stand.show(at(10, 30), vec![came]).warnings.is_empty());
    assert!(stand.look(at(10, 31), &[]).warnings.is_empty());
    assert!(stand.problems().is_empty());
}

#[test]
fn a_log_that_is_numbered_anew_counts_nothing_and_proves_nothing() {
    let mut stand = Stand::new(WatchConfig { refused: 3, no_show_minutes: 15, ..WatchConfig::default() });
    stand.book();
    let anew: Vec<DoorEvent> =
        (1..=9).map(|number| DoorEvent { number, ..stand.event(DoorEventKind::Guess, "", at(10, 20)) }).collect();
    let news = stand.show(at(10, 20), anew);
    assert!(news.behind && news.warnings[0].contains("anew"));
    assert!(stand.access().door_events_place().unwrap().is_none(), "it begins at the end again");
    stand.number = 9;
    stand.look(at(10, 21), &[]);
    stand.look(at(10, 40), &[]);
    assert!(stand.problems().is_empty());
}

#[test]
fn an_operator_without_the_right_is_told_once_and_a_good_look_ends_it() {
    let mut stand = Stand::new(WatchConfig::default());
    let refused = || stand.access().door_events_refused("403", at(9, 0)).unwrap();
    assert!(refused() && !refused());
    assert_eq!(stand.problems().len(), 1);
    stand.look(at(9, 1), &[]);
    assert!(stand.problems().is_empty());
}

#[test]
fn a_watch_that_is_switched_off_leaves_nothing_behind() {
    let mut stand = Stand::new(WatchConfig { refused: 1, ..WatchConfig::default() });
    stand.look(at(9, 0), &guesses(2));
    assert_eq!(stand.problems().len(), 1);
    stand.access().end_watch(at(9, 1)).unwrap();
    assert!(stand.problems().is_empty() && stand.access().door_events_place().unwrap().is_none());
}

#[test]
fn an_operator_without_the_right_is_forgotten_with_the_watch() {
    let store = Store::in_memory().unwrap();
    let stand = Stand { store, config: WatchConfig::default(), number: 0 };
    stand.access().door_events_refused("403", at(9, 0)).unwrap();
    assert_eq!(stand.problems().len(), 1);
    stand.access().end_watch(at(9, 1)).unwrap();
    assert!(stand.problems().is_empty(), "no look ever succeeded, and the problem stays");
}

#[test]
fn no_show_that_is_switched_on_misses_nobody_whose_coming_was_not_noted() {
    let mut stand = Stand::new(WatchConfig::default());
    stand.book();
    stand.look(at(9, 58), &[(DoorEventKind::Admitted, "7")]);
    stand.config.no_show_minutes = 15;
    for minute in [30, 31] {
        assert!(stand.look(at(10, minute), &[]).warnings.is_empty());
    }
    assert!(stand.problems().is_empty());
}

#[test]
fn a_right_that_was_confirmed_late_makes_nobody_absent_at_once() {
    let mut stand = Stand::new(WatchConfig { no_show_minutes: 15, ..WatchConfig::default() });
    stand.book_with_right_at(at(10, 31));
    assert!(stand.look(at(10, 32), &[]).warnings.is_empty());
    assert_eq!(stand.look(at(10, 49), &[]).warnings.len(), 1);
}
