//! Cases 27 to 32: when an event is.

use chrono_tz::Tz;
use graph_rooms::calendar::{Event, Note, Reason, RoomBookings, Rules, Window};
use serde_json::{Value, json};

use crate::support::*;

async fn judged(event: Value, zone: Tz, window: Window) -> RoomBookings {
    let graph = Script::new(move |_| page([event.clone()]));
    let mut rules = Rules::default();
    rules.zone = zone;
    graph.client().room("a@example.org").bookings(window, &rules).await.unwrap()
}

async fn span(event: Value, zone: Tz) -> (String, String) {
    let window = Window::new(at("2026-01-01T00:00:00Z"), at("2027-01-01T00:00:00Z"));
    let found = judged(event, zone, window).await;
    let booking = found.granted.first().unwrap_or_else(|| panic!("{found:?}"));
    let show = |at: chrono::DateTime<chrono::Utc>| at.format("%m-%dT%H:%M:%S%.f").to_string();
    (show(booking.start), show(booking.end))
}

fn zoned(zone: &str) -> Value {
    with(
        plain("e"),
        json!({ "start": { "dateTime": "2026-07-03T09:00:00.0000000", "timeZone": zone },
                "end": { "dateTime": "2026-07-03T10:00:00.0000000", "timeZone": zone } }),
    )
}

fn days(first: &str, last: &str) -> Value {
    let midnight = |day: &str| format!("{day}T00:00:00.0000000");
    with(event("d", &midnight(first), &midnight(last)), json!({ "isAllDay": true }))
}

#[tokio::test(start_paused = true)]
async fn case_27_fractions_of_any_length_are_read() {
    for fraction in ["", ".000", ".0000000", ".000000000"] {
        let event = event("e", &format!("2026-03-03T09:00:00{fraction}"), &format!("2026-03-03T10:00:00{fraction}"));
        assert_eq!(
            span(event, Tz::UTC).await,
            ("03-03T09:00:00".to_owned(), "03-03T10:00:00".to_owned()),
            "{fraction}"
        );
    }
    let event = event("e", "2026-03-03T09:00:00.1234567", "2026-03-03T10:00:00.5Z");
    assert_eq!(span(event, Tz::UTC).await, ("03-03T09:00:00.123456700".to_owned(), "03-03T10:00:00.500".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn case_28_a_zone_is_converted_or_refused_and_never_guessed() {
    for (zone, start) in [
        ("UTC", "07-03T09:00:00"),
        ("Etc/UTC", "07-03T09:00:00"),
        ("tzone://Microsoft/Utc", "07-03T09:00:00"),
        ("Europe/Berlin", "07-03T07:00:00"),
        ("W. Europe Standard Time", "07-03T07:00:00"),
        ("Pacific Standard Time", "07-03T16:00:00"),
    ] {
        // The zone of the building has no say in it.
        assert_eq!(span(zoned(zone), Tz::Asia__Tokyo).await.0, start, "{zone}");
    }
    for zone in ["tzone://Microsoft/Custom", "Customized Time Zone", "Moon Standard Time", ""] {
        let found = judged(zoned(zone), Tz::Europe__Berlin, march()).await;
        assert_eq!((found.granted.len(), found.refused.len(), found.invalid.len()), (0, 0, 1), "{zone}");
        assert_eq!((found.invalid[0].id.as_deref(), &*found.invalid[0].field), (Some("e"), "timeZone"));
    }
    let missing = with(plain("e"), json!({ "start": { "dateTime": "2026-03-03T09:00:00" } }));
    assert_eq!(judged(missing, Tz::UTC, march()).await.invalid.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn case_29_a_whole_day_is_one_of_the_building() {
    for (zone, day, next, start, end) in [
        (Tz::Europe__Berlin, "2026-03-05", "2026-03-06", "03-04T23:00:00", "03-05T23:00:00"),
        (Tz::America__Los_Angeles, "2026-03-05", "2026-03-06", "03-05T08:00:00", "03-06T08:00:00"),
        (Tz::Pacific__Auckland, "2026-03-05", "2026-03-06", "03-04T11:00:00", "03-05T11:00:00"),
        // Days of 23 and of 25 hours.
        (Tz::Europe__Berlin, "2026-03-29", "2026-03-30", "03-28T23:00:00", "03-29T22:00:00"),
        (Tz::Europe__Berlin, "2026-10-25", "2026-10-26", "10-24T22:00:00", "10-25T23:00:00"),
        // A midnight that does not exist.
        (Tz::Asia__Beirut, "2026-03-29", "2026-03-30", "03-28T22:00:00", "03-29T21:00:00"),
    ] {
        assert_eq!(span(days(day, next), zone).await, (start.to_owned(), end.to_owned()), "{zone} {day}");
    }
    // Whatever zone is written beside it, and be it one without rules.
    let odd = with(
        days("2026-03-05", "2026-03-06"),
        json!({ "start": { "dateTime": "2026-03-05T00:00:00", "timeZone": "Customized Time Zone" } }),
    );
    assert_eq!(span(odd, Tz::Europe__Berlin).await.0, "03-04T23:00:00");
}

#[tokio::test(start_paused = true)]
async fn case_30_several_whole_days_are_one_booking() {
    let found = span(days("2026-03-05", "2026-03-08"), Tz::Europe__Berlin).await;
    assert_eq!(found, ("03-04T23:00:00".to_owned(), "03-07T23:00:00".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn case_31_events_over_midnight_and_over_the_borders_of_the_window() {
    let night = event("n", "2026-03-03T23:30:00", "2026-03-04T00:30:00");
    assert_eq!(span(night, Tz::UTC).await, ("03-03T23:30:00".to_owned(), "03-04T00:30:00".to_owned()));
    for (start, end, inside) in [
        ("2026-02-27T00:00:00", "2026-03-01T00:00:01", true),
        ("2026-02-27T00:00:00", "2026-03-01T00:00:00", false),
        ("2026-03-09T23:59:59", "2026-03-12T00:00:00", true),
        ("2026-03-10T00:00:00", "2026-03-10T01:00:00", false),
        ("2026-02-01T00:00:00", "2026-04-01T00:00:00", true),
    ] {
        let found = judged(event("e", start, end), Tz::UTC, march()).await;
        assert_eq!(found.granted.len(), usize::from(inside), "{start} {end}");
        if !inside {
            assert_eq!(found.refused[0].reason, Reason::OutsideWindow);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn case_32_an_event_that_does_not_last_gives_nothing() {
    for (start, end) in [("2026-03-03T09:00:00", "2026-03-03T09:00:00"), ("2026-03-03T09:00:00", "2026-03-03T08:00:00")]
    {
        let found = judged(event("e", start, end), Tz::UTC, march()).await;
        assert_eq!((found.granted.len(), found.refused[0].reason), (0, Reason::EmptyTime));
    }
    let found = judged(days("2026-03-05", "2026-03-05"), Tz::Europe__Berlin, march()).await;
    assert_eq!(found.refused[0].reason, Reason::EmptyTime);
}

#[tokio::test(start_paused = true)]
async fn a_whole_day_that_is_none_is_taken_by_its_times_and_said() {
    let odd = with(event("e", "2026-03-03T09:00:00", "2026-03-03T10:00:00"), json!({ "isAllDay": true }));
    let found = judged(odd, Tz::Asia__Tokyo, march()).await;
    let booking = &found.granted[0];
    assert_eq!(
        (booking.start, booking.all_day, &*booking.notes),
        (at("2026-03-03T09:00:00Z"), false, &[Note::OddDay][..])
    );
}

#[test]
fn an_event_goes_through_unchanged() {
    let read: Event = serde_json::from_value(with(plain("e"), json!({ "showAs": "dreaming" }))).unwrap();
    let again: Event = serde_json::from_value(serde_json::to_value(&read).unwrap()).unwrap();
    assert_eq!(read, again);
}
