//! What a reading may take away, over histories.

use chrono::TimeZone as _;
use proptest::prelude::*;

use super::*;
use crate::{Dialect, Problem};

fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 6, 1, 12, 0, 0).unwrap()
}

/// A booking of an hour, so many hours from now.
fn booking(n: usize, hours: i64) -> Booking {
    let start = now() + Duration::hours(hours);
    Booking::new(format!("b{n:03}"), start, start + Duration::hours(1))
}

fn days(count: usize) -> Vec<Booking> {
    (1..).take(count).enumerate().map(|(n, day)| booking(n, 24 * day)).collect()
}

fn snapshot(bookings: &[Booking]) -> Snapshot {
    Snapshot {
        events: bookings.len(),
        bookings: bookings.to_vec(),
        problems: Vec::new(),
        problems_total: 0,
        dialect: Dialect::Generic,
        complete: true,
        refresh_seconds: None,
    }
}

fn known(bookings: &[Booking]) -> FeedState {
    FeedState { bookings: bookings.to_vec(), last_good: Some(now()), ..FeedState::default() }
}

fn minutes(n: i64) -> DateTime<Utc> {
    now() + Duration::minutes(n)
}

fn tell(state: &mut FeedState, bookings: &[Booking], at: DateTime<Utc>) -> Outcome {
    take_over(state, snapshot(bookings), None, at)
}

fn uids(state: &FeedState) -> Vec<&str> {
    state.bookings.iter().map(|booking| &*booking.uid).collect()
}

#[test]
fn single_cancellations_pass_at_once() {
    let all = days(12);
    let mut state = known(&all);
    assert_eq!(tell(&mut state, &all[1..], now()), Outcome::New);
    assert_eq!(state.bookings, all[1..]);
    assert_eq!(tell(&mut state, &all[1..], now()), Outcome::Unchanged);
}

#[test]
fn the_limit_is_five_or_half_of_what_is_to_come() {
    for (of, missing, held) in [
        (10, 5, false),
        (10, 6, true),
        (100, 50, false),
        (100, 51, true),
        (6, 5, false),
        (6, 6, true),
        (1, 1, true),
        (2, 1, false),
        (2, 2, true),
    ] {
        let all = days(of);
        let mut state = known(&all);
        // One more, far ahead, so that everything is within what the feed reaches.
        let told = [&all[missing..], &[booking(999, 9999)]].concat();
        let outcome = tell(&mut state, &told, now());
        assert_eq!(outcome == Outcome::Held, held, "{missing} of {of}");
        assert_eq!(state.bookings.len(), if held { of + 1 } else { of - missing + 1 }, "{missing} of {of}");
    }
}

#[test]
fn what_a_doubtful_reading_adds_or_changes_counts_while_what_it_lacks_stays() {
    let all = days(10);
    let mut state = known(&all);
    let mut moved = all[9].clone();
    moved.resources = ["Hall".to_owned()].into();
    assert_eq!(tell(&mut state, &[moved.clone(), booking(999, 9999)], now()), Outcome::Held);
    assert_eq!(state.bookings.len(), 11);
    assert!(state.bookings.contains(&moved) && !state.bookings.contains(&all[9]) && state.bookings.contains(&all[0]));
}

#[test]
fn three_readings_that_agree_over_half_an_hour_are_believed() {
    let all = days(10);
    let mut state = known(&all);
    let told = &all[8..];
    let outcomes = [0, 10, 20, 30].map(|at| tell(&mut state, told, minutes(at)));
    assert_eq!(outcomes, [Outcome::Held, Outcome::Held, Outcome::Held, Outcome::New]);
    assert_eq!((state.bookings.as_slice(), &state.hold), (told, &None));
    let mut state = known(&all);
    assert_eq!([0, 31].map(|at| tell(&mut state, told, minutes(at))), [Outcome::Held; 2], "two are not three");
}

#[test]
fn readings_that_differ_in_what_they_lack_begin_anew() {
    let all = days(10);
    let mut state = known(&all);
    let tells = [&all[8..], &all[8..], &all[7..], &all[7..]];
    for (n, told) in (0..).zip(tells) {
        assert_eq!(tell(&mut state, told, minutes(20 * n)), Outcome::Held);
    }
    assert_eq!(state.hold.as_ref().unwrap().polls, 2);
    assert_eq!(tell(&mut state, &all[7..], minutes(80)), Outcome::New);
}

#[test]
fn what_comes_meanwhile_makes_a_loss_no_smaller() {
    let all = days(3);
    let mut state = known(&all);
    let new: Vec<_> = (9000..9020).enumerate().map(|(n, hours)| booking(100 + n, hours)).collect();
    assert_eq!([0, 1, 2].map(|at| tell(&mut state, &new, minutes(at))), [Outcome::Held; 3]);
    assert!(all.iter().all(|booking| state.bookings.contains(booking)));
    // Those that come back do not free the rest either.
    assert_eq!(tell(&mut state, &[&all[1..], &new].concat(), minutes(3)), Outcome::Held);
    assert_eq!(tell(&mut state, &[&all, &new[..]].concat(), minutes(4)), Outcome::Unchanged);
}

#[test]
fn a_loss_that_comes_back_ends_the_hold() {
    let all = days(10);
    let mut state = known(&all);
    assert_eq!(tell(&mut state, &all[9..], now()), Outcome::Held);
    assert_eq!(tell(&mut state, &all, minutes(10)), Outcome::Unchanged);
    assert_eq!((state.bookings.len(), &state.hold), (10, &None));
}

#[test]
fn an_empty_feed_is_never_believed_by_itself() {
    let all = days(3);
    let mut state = known(&all);
    for n in 0..100 {
        assert_eq!(tell(&mut state, &[], minutes(10 * n)), Outcome::Held);
    }
    assert_eq!(uids(&state), ["b000", "b001", "b002"]);
    let mut confirmed = state.clone();
    assert!(confirmed.confirm() && !confirmed.confirm());
    assert!(confirmed.bookings.is_empty());
    assert_eq!(tell(&mut confirmed, &[], minutes(1000)), Outcome::Unchanged);
    // A feed that is not empty any more begins to count like any other.
    let told = [booking(999, 9999)];
    let outcomes = [0, 20, 40].map(|at| tell(&mut state, &told, minutes(1000 + at)));
    assert_eq!(outcomes, [Outcome::Held, Outcome::Held, Outcome::New]);
    assert_eq!(uids(&state), ["b999"]);
}

#[test]
fn a_feed_that_reaches_less_far_today_cancels_nothing_beyond() {
    let all = days(40);
    let mut state = known(&all);
    assert_eq!(tell(&mut state, &all[..7], now()), Outcome::Unchanged);
    assert_eq!(state.bookings.len(), 40);
    // Within its reach a missing one is gone.
    assert_eq!(tell(&mut state, &all[1..7], now()), Outcome::New);
    assert_eq!(state.bookings.len(), 39);
}

#[test]
fn the_last_booking_of_a_quiet_feed_can_be_called_off_on_its_day() {
    let all = [booking(0, 2), booking(1, 30), booking(2, 31)];
    let mut state = known(&all);
    tell(&mut state, &all[..1], now());
    assert_eq!(uids(&state), ["b000", "b001", "b002"], "beyond what the feed reaches");
    tell(&mut state, &all[..1], now() + Duration::minutes(119 + 60 * 6));
    let left = tell(&mut state, &all[..1], now() + Duration::hours(8));
    assert_eq!((left, uids(&state)), (Outcome::Held, vec!["b000", "b001", "b002"]), "all that is to come at once");
}

#[test]
fn what_is_over_is_kept_for_a_day_and_counts_for_nothing() {
    let past = booking(0, -3);
    let mut state = known(&[past.clone(), booking(1, 5)]);
    tell(&mut state, &[booking(1, 5)], now());
    assert_eq!(uids(&state), ["b000", "b001"]);
    tell(&mut state, &[booking(1, 5)], now() + Duration::days(1));
    assert_eq!(uids(&state), ["b001"], "the other is in the feed");
    let mut state = known(&[past]);
    assert_eq!(tell(&mut state, &[], now()), Outcome::Unchanged, "nothing to come was lost");
}

/// A feed that suddenly names no room would close every door as surely as an empty one.
#[test]
fn bookings_that_all_lose_their_rooms_at_once_keep_them() {
    let with_room = |mut booking: Booking| {
        booking.resources = ["Hall".to_owned()].into();
        booking
    };
    let (all, bare) = (days(12).into_iter().map(with_room).collect::<Vec<_>>(), days(12));
    let mut state = known(&all);
    for at in [0, 20] {
        assert_eq!(tell(&mut state, &bare, minutes(at)), Outcome::Held);
        assert_eq!(state.bookings, all);
    }
    assert_eq!(tell(&mut state, &bare, minutes(40)), Outcome::New, "three readings over half an hour agree");
    assert_eq!(state.bookings, bare);

    let mut state = known(&all);
    let one = [&bare[..1], &all[1..]].concat();
    assert_eq!(tell(&mut state, &one, now()), Outcome::New, "one booking without a room is what somebody wrote");
    assert_eq!(state.bookings, one);
}

#[test]
fn a_booking_under_way_goes_like_any_other() {
    let without = days(10);
    let mut state = known(&[&without[..], &[booking(500, 0)]].concat());
    assert_eq!(tell(&mut state, &without, minutes(5)), Outcome::New);
    assert_eq!(state.bookings, without);
}

/// A request that fails after the doubtful reading shows nothing, so nothing is known as of then.
#[test]
fn a_confirmed_loss_is_known_as_of_the_reading_that_showed_it() {
    let mut state = known(&days(3));
    tell(&mut state, &[], minutes(10));
    state.last_try = Some(minutes(20));
    assert!(state.confirm());
    assert_eq!(state.last_good, Some(minutes(10)));
}

#[test]
fn an_event_that_cannot_be_read_today_is_not_gone() {
    let all = days(3);
    let mut state = known(&all);
    let mut told = snapshot(&all[1..]);
    let text = String::new();
    told.problems = vec![Problem { kind: ProblemKind::UnknownZone, uid: Some("b000".to_owned()), line: 7, text }];
    take_over(&mut state, told, None, now());
    assert_eq!(state.bookings[0], Booking { held: true, ..all[0].clone() });
    assert_eq!(state.bookings[1..], all[1..]);
    tell(&mut state, &all, now());
    assert_eq!(state.bookings, all);
}

#[test]
fn of_a_doubted_booking_the_known_form_stays() {
    let all = days(2);
    let mut state = known(&all[..1]);
    let mut forged: Vec<_> = all.iter().map(|b| Booking { held: true, ..b.clone() }).collect();
    forged[0].resources = ["Safe".to_owned()].into();
    tell(&mut state, &forged, now());
    assert_eq!(state.bookings[0], Booking { held: true, ..all[0].clone() });
    assert!(state.bookings[1].held, "new, and so to be granted nothing");
    tell(&mut state, &all, now());
    assert_eq!(state.bookings, all);
}

#[test]
fn what_is_called_off_in_so_many_words_acts_at_once() {
    let all = days(10);
    let mut state = known(&all);
    let off: Vec<_> = all.iter().map(|b| Booking { status: Status::Cancelled, ..b.clone() }).collect();
    assert_eq!(tell(&mut state, &off, now()), Outcome::New);
    assert_eq!(state.bookings, off);
    assert_eq!(tell(&mut state, &[], now()), Outcome::New, "and leaves without being missed");
}

#[test]
fn titles_are_not_kept() {
    let mut titled = booking(0, 1);
    titled.summary = Some("birthday of the boss".into());
    let mut state = FeedState::default();
    tell(&mut state, &[titled], now());
    assert!(!serde_json::to_string(&state).unwrap().contains("birthday"));
}

#[test]
fn a_state_survives_being_written_down() {
    let all = days(10);
    let mut state = known(&all);
    state.problems = vec![Problem { kind: ProblemKind::NoAddress, uid: None, line: 3, text: "x".to_owned() }];
    tell(&mut state, &all[9..], now());
    let text = serde_json::to_string(&state).unwrap();
    assert_eq!(serde_json::from_str::<FeedState>(&text).unwrap(), state);
    let older = text.replace("no_address", "a_kind_of_yore");
    assert_eq!(serde_json::from_str::<FeedState>(&older).unwrap().problems, []);
    assert_eq!(serde_json::from_str::<FeedState>("{}").unwrap(), FeedState::default());
    let mut older: serde_json::Value = serde_json::from_str(&text).unwrap();
    older["running"] = serde_json::json!([[{ "uid": "b001", "instance": null }, 2]]);
    older["hold"].as_object_mut().unwrap().remove("last");
    let mut older: FeedState = serde_json::from_value(older).unwrap();
    assert_eq!(older.bookings, state.bookings, "what an earlier version kept besides costs nothing");
    assert!(older.confirm());
    assert_eq!((older.bookings.as_slice(), older.last_good), (&all[9..], state.last_good));
}

proptest! {
    /// Whatever one reading says, it takes away at most five or half of what is to come, never all, and nothing that is
    /// over or beyond its reach.
    #[test]
    fn one_reading_takes_little(
        known_at in proptest::collection::vec(-30i64..900, 0..60),
        told in proptest::collection::vec((0usize..80, -30i64..900), 0..60),
    ) {
        let before: Vec<_> = known_at.iter().enumerate().map(|(n, hours)| booking(n, *hours)).collect();
        let mut told: Vec<_> = told.iter().map(|(n, hours)| booking(*n, *hours)).collect();
        told.sort_by(|a, b| a.uid.cmp(&b.uid));
        told.dedup_by(|a, b| a.uid == b.uid);
        let reach = told.iter().map(|booking| booking.start).max();
        let mut state = known(&before);
        let outcome = tell(&mut state, &told, now());
        let gone = |b: &&Booking| !state.bookings.iter().any(|left| left.uid == b.uid);
        let to_come = before.iter().filter(|b| b.end > now()).count();
        let lost: Vec<_> = before.iter().filter(|b| b.end > now()).filter(gone).collect();
        prop_assert!(lost.len() <= 5.max(to_come / 2));
        prop_assert!(lost.is_empty() || lost.len() < to_come);
        prop_assert!(outcome != Outcome::Held || lost.is_empty());
        for booking in lost {
            prop_assert!(booking.start <= reach.unwrap() || booking.start <= now() + Duration::days(1));
        }
        for booking in told {
            prop_assert!(state.bookings.contains(&booking), "what is told counts at once");
        }
    }

    /// A feed that loses everything for a while and comes back has changed nothing on the way.
    #[test]
    fn a_hiccup_of_any_length_of_emptiness_changes_nothing(
        count in 1usize..40, hiccup in 1i64..30, pace in 1i64..60,
    ) {
        let all = days(count);
        let mut state = known(&all);
        for n in 0..hiccup {
            tell(&mut state, &[], minutes(n * pace));
            let to_come: Vec<_> = all.iter().filter(|b| b.end > minutes(n * pace)).collect();
            prop_assert!(to_come.iter().all(|b| state.bookings.contains(b)));
        }
    }

    /// However the losses come, fewer than three readings or less than half an hour never take away a majority.
    #[test]
    fn a_majority_needs_three_readings_and_half_an_hour(
        count in 11usize..40, keep in 0usize..5, times in proptest::collection::vec(0i64..60, 1..8),
    ) {
        let all = days(count);
        let mut state = known(&all);
        let told = [&all[..keep], &[booking(999, 9999)]].concat();
        let mut times = times;
        times.sort_unstable();
        for (n, at) in times.iter().enumerate() {
            tell(&mut state, &told, minutes(*at));
            let believed = state.bookings.len() == told.len();
            prop_assert_eq!(believed, n >= 2 && at - times[0] >= 30 || believed && n > 2);
            if believed {
                break;
            }
            prop_assert_eq!(state.bookings.len(), count + 1);
        }
    }
}
