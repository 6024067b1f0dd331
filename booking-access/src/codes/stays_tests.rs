use chrono::TimeZone as _;
use proptest::prelude::*;

use super::*;

/// A minute of one day and those after it.
fn at(minute: i64) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2027, 3, 1, 0, 0, 0).unwrap() + Duration::minutes(minute)
}

fn span((booking, opens, closes): (i64, i64, i64)) -> Span {
    Span { booking, opens: at(opens), closes: at(closes) }
}

/// Bookings of a stay, its begin and its end.
type Found = (Vec<i64>, DateTime<Utc>, DateTime<Utc>);

fn stay(spans: &[(i64, i64, i64)], now: i64) -> Option<Found> {
    let stay = CodeStay::current(spans.iter().copied().map(span).collect(), at(now))?;
    Some((stay.bookings.into_iter().collect(), stay.opens, stay.closes))
}

fn one(bookings: &[i64], opens: i64, closes: i64) -> Found {
    (bookings.to_vec(), at(opens), at(closes))
}

#[test]
fn bookings_less_than_an_hour_apart_are_one_stay() {
    for (second, together) in [(90, true), (100, true), (159, true), (160, false), (300, false)] {
        let spans = [(2, second, second + 50), (1, 0, 100)];
        let expected = if together { Some(one(&[1, 2], 0, second + 50)) } else { Some(one(&[1], 0, 100)) };
        assert_eq!(stay(&spans, 10), expected, "the second opens {second} minutes after the first");
    }
    // A long one spans what lies far apart within it.
    assert_eq!(stay(&[(1, 0, 500), (2, 10, 20), (3, 520, 600)], 0), Some(one(&[1, 2, 3], 0, 600)));
}

#[test]
fn the_stay_is_the_one_that_runs_else_the_next() {
    let spans = [(1, 0, 100), (2, 120, 200), (3, 400, 500), (4, 1_000, 1_100)];
    for (now, expected) in [
        (-5_000, Some(one(&[1, 2], 0, 200))),
        (110, Some(one(&[1, 2], 0, 200))),
        (199, Some(one(&[1, 2], 0, 200))),
        (200, Some(one(&[3], 400, 500))),
        (450, Some(one(&[3], 400, 500))),
        (500, Some(one(&[4], 1_000, 1_100))),
        (1_100, None),
    ] {
        assert_eq!(stay(&spans, now), expected, "at {now}");
    }
    assert_eq!(stay(&[], 0), None);
}

#[test]
fn a_code_stays_with_its_bookings() {
    let set = |bookings: &[i64]| bookings.iter().copied().collect::<BTreeSet<_>>();
    let stay = |bookings: &[i64]| CodeStay { bookings: set(bookings), opens: at(0), closes: at(60) };
    let (first, both) = (set(&[1]), set(&[1, 2]));
    for (held, next, expected) in [
        (Held::Nothing, None, Turn::Keep),
        (Held::Nothing, Some(stay(&[1])), Turn::Fresh(stay(&[1]))),
        (Held::Lasting, None, Turn::Keep),
        (Held::Lasting, Some(stay(&[1])), Turn::Bind(stay(&[1]))),
        (Held::For(&first), Some(stay(&[1])), Turn::Keep),
        (Held::For(&first), Some(stay(&[1, 2])), Turn::Bind(stay(&[1, 2]))),
        (Held::For(&both), Some(stay(&[2])), Turn::Bind(stay(&[2]))),
        (Held::For(&both), Some(stay(&[3])), Turn::Fresh(stay(&[3]))),
        (Held::For(&both), None, Turn::Retire),
    ] {
        assert_eq!(turn(held, next.clone()), expected, "{held:?} and {next:?}");
    }
}

/// The same told by minutes: what is open, with all but an hour after each end, is one stretch; the first that is not over
/// counts.
fn painted(spans: &[(i64, i64, i64)], now: i64) -> Option<BTreeSet<i64>> {
    let held = |minute: i64| spans.iter().any(|(_, opens, closes)| *opens <= minute && minute < closes + 59);
    let last = spans.iter().map(|(_, _, closes)| *closes).max()?;
    let mut minute = spans.iter().map(|(_, opens, _)| *opens).min()?;
    while minute < last {
        if !held(minute) {
            minute += 1;
            continue;
        }
        let end = (minute..last + 60).find(|minute| !held(*minute))?;
        if end - 59 > now {
            let within = spans.iter().filter(|(_, opens, _)| (minute..end).contains(opens));
            return Some(within.map(|(booking, _, _)| *booking).collect());
        }
        minute = end;
    }
    None
}

proptest! {
    #[test]
    fn stays_are_what_a_painted_day_shows(
        times in prop::collection::vec((0_i64..2_000, 1_i64..200), 0..8),
        now in -100_i64..2_400,
    ) {
        let spans: Vec<_> = times.iter().zip(1..).map(|((opens, long), n)| (n, *opens, opens + long)).collect();
        let found = stay(&spans, now).map(|(bookings, _, _)| bookings.into_iter().collect());
        prop_assert_eq!(found, painted(&spans, now), "{:?} at {}", spans, now);
    }
}
