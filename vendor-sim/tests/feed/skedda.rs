use vendor_sim::feed::{Booking, Status, Style, Zone};

use crate::client::{at, count, get, lines, monday, quiet, text, values};

#[tokio::test]
async fn an_event_looks_as_the_contract_shows_it() {
    let zone = Zone::named("Europe/Amsterdam").unwrap();
    let sim = quiet(Style::Skedda).start_at(at("2021-04-20T07:25:31Z")).zone(zone).start().await.unwrap();
    sim.world(|world| {
        let rooms = vec![world.room_named("Room #4").unwrap().id, world.room_named("Hall").unwrap().id];
        let holder = Some(world.person("Some User", "some.user@example.com"));
        world.add_booking(Booking {
            series: 24_600_000,
            title: "repair".into(),
            notes: "bring a key".into(),
            rooms,
            holder,
            start: at("2021-04-14T10:30:00Z"),
            end: at("2021-04-14T20:00:00Z"),
            ..Booking::default()
        })
    });
    let body = text(&sim.feed_url()).await;
    assert!(body.ends_with("END:VCALENDAR\r\n") && !body.replace("\r\n", "").contains(['\r', '\n']));
    let wanted = "BEGIN:VTIMEZONE,TZID:UTC+02,BEGIN:STANDARD,DTSTART:20160101T020000,TZNAME:UTC+02,\
        TZOFFSETFROM:+0200,TZOFFSETTO:+0200,END:STANDARD,END:VTIMEZONE,BEGIN:VEVENT,\
        ATTENDEE;CN=Some User:mailto:some.user@example.com,\
        DESCRIPTION:Spaces: Room #4\\; Hall\\n\\nNotes: bring a key,DTEND;TZID=UTC+02:20210414T220000,\
        DTSTAMP:20210420T072531Z,DTSTART;TZID=UTC+02:20210414T123000,RESOURCES:Room #4,RESOURCES:Hall,\
        SEQUENCE:0,STATUS:CONFIRMED,SUMMARY:Some User: repair (Room #4 + 1 other),UID:24600000_637539930000000000,\
        END:VEVENT"
        .replace("\\;", "\\,");
    let shown: Vec<String> = lines(&body);
    let from = shown.iter().position(|line| line == "BEGIN:VTIMEZONE").unwrap();
    assert_eq!(shown[from..shown.len() - 2].join(","), wanted);
}

#[tokio::test]
async fn each_event_has_the_zone_of_its_own_offset() {
    let sim = quiet(Style::Skedda).zone(Zone::named("America/New_York").unwrap()).start().await.unwrap();
    let ids = sim.world(|world| {
        let holder = Some(world.person("A", "a@example.org"));
        let first =
            Booking { rooms: vec![1], holder, start: monday(), end: at("2027-03-01T10:00:00Z"), ..Booking::default() };
        world.add_series(&first, 4, 7)
    });
    let body = text(&sim.feed_url()).await;
    assert_eq!(values(&body, "TZID"), ["UTC-05", "UTC-04"]);
    assert_eq!(count(&body, "DTSTART;TZID=UTC-05:20270301T040000"), 1);
    // Summer time begins on the 14th: the wall clock stays.
    assert_eq!(count(&body, "DTSTART;TZID=UTC-04:20270315T040000"), 1);
    assert_eq!(count(&body, "BEGIN:VTIMEZONE"), 2);
    let numbers: std::collections::BTreeSet<String> =
        values(&body, "UID").iter().map(|uid| uid.split('_').next().unwrap().to_owned()).collect();
    assert_eq!((ids.len(), numbers.len()), (4, 1));
}

#[tokio::test]
async fn a_moved_booking_gets_another_uid_with_the_same_number() {
    let sim = quiet(Style::Skedda).start().await.unwrap();
    let id = sim.world(|world| world.book("Hall", ("A", "a@example.org"), monday(), at("2027-03-01T10:00:00Z")));
    let before = values(&text(&sim.feed_url()).await, "UID");
    sim.world(|world| world.move_booking(id, at("2027-03-01T10:00:00Z"), at("2027-03-01T11:00:00Z")));
    let after = values(&text(&sim.feed_url()).await, "UID");
    assert_eq!((before.len(), after.len()), (1, 1));
    assert_ne!(before, after);
    assert_eq!(before[0].split('_').next(), after[0].split('_').next());
}

#[tokio::test]
async fn the_window_reaches_thirty_days_back_and_ninety_ahead() {
    let sim = quiet(Style::Skedda).start().await.unwrap();
    sim.world(|world| {
        for (title, start) in
            [("too old", "2027-01-29"), ("old", "2027-01-31"), ("far", "2027-05-29"), ("too far", "2027-05-31")]
        {
            let start = at(&format!("{start}T10:00:00Z"));
            let end = start + chrono::TimeDelta::hours(1);
            let id = world.book("Hall", ("A", "a@example.org"), start, end);
            world.change_booking(id, |booking| booking.title = title.into());
        }
    });
    let mut titles = values(&text(&sim.feed_url()).await, "SUMMARY");
    titles.sort();
    assert_eq!(titles, ["A: far (Hall)", "A: old (Hall)"]);
}

#[tokio::test]
async fn venue_owned_pending_and_private_bookings_show_what_the_style_shows() {
    let sim = quiet(Style::Skedda).start().await.unwrap();
    let (start, end) = (monday(), at("2027-03-01T10:00:00Z"));
    sim.world(|world| {
        let own = world.book("Hall", ("A", "a@example.org"), start, end);
        world.change_booking(own, |booking| (booking.holder, booking.title) = (None, "cleaning".into()));
        let pending = world.book("Hall", ("B", "b@example.org"), start, end);
        world.change_booking(pending, |booking| booking.status = Status::Pending);
        let private = world.book("Room #1", ("C", "c@example.org"), start, end);
        world.change_booking(private, |booking| (booking.private, booking.notes) = (true, "secret".into()));
    });
    let body = text(&sim.feed_url()).await;
    assert_eq!(values(&body, "SUMMARY"), ["cleaning (Hall)", "Booked (Room #1)"]);
    assert_eq!(count(&body, "ATTENDEE") + count(&body, "secret") + count(&body, "example.org"), 0);
}

#[tokio::test]
async fn only_the_stamp_differs_from_fetch_to_fetch() {
    let sim = quiet(Style::Skedda).bookings(60).start().await.unwrap();
    let first = text(&sim.feed_url()).await;
    sim.world(|world| world.clock.advance(chrono::TimeDelta::seconds(5)));
    let second = text(&sim.feed_url()).await;
    assert_ne!(first, second);
    let without = |body: &str| lines(body).into_iter().filter(|line| !line.starts_with("DTSTAMP")).collect::<Vec<_>>();
    assert_eq!(without(&first), without(&second));
    assert!(first.split("\r\n").all(|line| line.len() <= 75));
}

#[tokio::test]
async fn a_room_has_its_own_link_and_a_wrong_key_is_not_found() {
    let sim = quiet(Style::Skedda).bookings(60).start().await.unwrap();
    let hall = text(&sim.room_url("Hall").unwrap()).await;
    let events = count(&hall, "BEGIN:VEVENT");
    assert!(events > 0 && count(&hall, "RESOURCES:Hall\r\n") == events);
    assert!(count(&text(&sim.feed_url()).await, "BEGIN:VEVENT") > events);
    let old = sim.feed_url();
    sim.world(vendor_sim::feed::World::change_key);
    assert_eq!(get(&old).await.status(), 404);
    assert_eq!(get(&sim.feed_url()).await.status(), 200);
}
