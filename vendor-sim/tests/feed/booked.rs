use vendor_sim::feed::{Booking, Link, Status, Style, Switches, World, Writer};

use crate::client::{at, count, get, http, lines, monday, quiet, text, values};

fn meeting(world: &mut World, room: &str, name: &str) -> i64 {
    world.book(room, (name, "a.b@example.org"), at("2027-03-01T10:00:00Z"), at("2027-03-01T11:00:00Z"))
}

#[tokio::test]
async fn the_template_writer_keeps_its_order_and_escapes_nothing() {
    let sim = quiet(Style::Booked).with_switches(|s| s.html_names = false).start().await.unwrap();
    let id = sim.world(|world| {
        let id = meeting(world, "Board room, 2nd floor; west", "Zoë: \"Ops\" O'Neil; Jr");
        world.change_booking(id, |booking| {
            booking.title = "long ".repeat(40) + "\\x";
            booking.notes = "one\r\ntwo".into();
        });
        id
    });
    let answer = get(&sim.room_url("Board room, 2nd floor; west").unwrap()).await;
    let header = |name: &str| answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
    assert_eq!(header("content-type").as_deref(), Some("text/Calendar;charset=UTF-8"));
    assert!(header("cache-control").unwrap().contains("no-store") && header("set-cookie").is_some());
    assert!(header("etag").is_none() && header("last-modified").is_none() && header("content-encoding").is_none());
    let body = answer.text().await.unwrap();
    assert!(body.ends_with("END:VCALENDAR"));
    let names: Vec<String> =
        lines(&body).iter().map(|line| line.split([':', ';']).next().unwrap().to_owned()).collect();
    assert_eq!(
        names.join(" "),
        "BEGIN VERSION METHOD PRODID BEGIN CLASS CREATED DESCRIPTION DTSTAMP DTSTART DTEND LAST-MODIFIED LOCATION \
         ORGANIZER STATUS SUMMARY UID SEQUENCE URL X-MICROSOFT-CDO-BUSYSTATUS END END"
    );
    assert_eq!(count(&body, "DESCRIPTION:one\n two\r\n"), 1);
    assert_eq!(values(&body, "LOCATION"), ["Board room, 2nd floor; west"]);
    assert_eq!(count(&body, "ORGANIZER;CN=Zoë: \"Ops\" O'Neil; Jr:MAILTO:a.b@example.org\r\n"), 1);
    let (uid, url) = (values(&body, "UID")[0].clone(), values(&body, "URL")[0].clone());
    let reference = sim.world(|world| world.bookings[&id].reference.clone());
    assert!(uid.starts_with(&format!("{reference}&")) && url.ends_with(&reference));
    assert_eq!(sim.world(|world| world.uid(id)), Some(uid));
}

#[tokio::test]
async fn names_from_a_form_are_html_and_titles_are_not() {
    let sim = quiet(Style::Booked).start().await.unwrap();
    sim.world(|world| {
        let id = meeting(world, "Room & Co", "O'Neil");
        world.change_booking(id, |booking| booking.title = "this & that".into());
    });
    let body = text(&sim.feed_url()).await;
    assert_eq!(values(&body, "LOCATION"), ["Room &amp; Co"]);
    assert_eq!(count(&body, "ORGANIZER;CN=O&#039;Neil:MAILTO:"), 1);
    assert_eq!(values(&body, "SUMMARY"), ["this & that"]);
}

#[tokio::test]
async fn a_pending_booking_loses_a_line_end() {
    let sim = quiet(Style::Booked).start().await.unwrap();
    sim.world(|world| {
        let id = meeting(world, "Hall", "A");
        world.change_booking(id, |booking| booking.status = Status::Pending);
    });
    assert_eq!(count(&text(&sim.feed_url()).await, "\r\nSTATUS:TENTATIVESUMMARY:meeting\r\n"), 1);
}

#[tokio::test]
async fn several_rooms_show_as_one_and_the_uid_stays_when_moved() {
    let sim = quiet(Style::Booked).start().await.unwrap();
    let id = sim.world(|world| {
        let id = meeting(world, "Room #1", "A");
        let hall = world.room_named("Hall").unwrap().id;
        world.change_booking(id, |booking| booking.rooms.push(hall));
        id
    });
    let whole = text(&sim.feed_url()).await;
    let hall = text(&sim.room_url("Hall").unwrap()).await;
    assert_eq!((values(&whole, "LOCATION"), values(&hall, "LOCATION")), (vec!["Room #1".into()], vec!["Hall".into()]));
    assert_eq!(values(&whole, "UID"), values(&hall, "UID"));
    sim.world(|world| world.move_booking(id, at("2027-03-02T10:00:00Z"), at("2027-03-02T11:00:00Z")));
    let moved = text(&sim.feed_url()).await;
    assert_eq!(values(&whole, "UID"), values(&moved, "UID"));
    assert_eq!(values(&moved, "DTSTART"), ["20270302T100000Z"]);
    assert_eq!(values(&moved, "LAST-MODIFIED"), ["20270301T090000Z"]);
}

#[tokio::test]
async fn a_booking_leaves_when_it_ends_and_the_query_widens_the_window() {
    let sim = quiet(Style::Booked).start().await.unwrap();
    sim.world(|world| {
        meeting(world, "Hall", "A");
        world.book("Hall", ("A", "a@example.org"), at("2027-04-20T10:00:00Z"), at("2027-04-20T11:00:00Z"));
    });
    let url = sim.feed_url();
    assert_eq!(count(&text(&url).await, "BEGIN:VEVENT"), 1);
    assert_eq!(count(&text(&format!("{url}&futureDayCount=60")).await, "BEGIN:VEVENT"), 2);
    sim.world(|world| world.clock.set(at("2027-03-01T11:00:00Z")));
    assert_eq!(count(&text(&url).await, "BEGIN:VEVENT"), 0);
    assert_eq!(count(&text(&format!("{url}&pastDayCount=1")).await, "BEGIN:VEVENT"), 1);
}

#[tokio::test]
async fn hidden_details_say_private() {
    let sim = quiet(Style::Booked).with_switches(|s| s.hide_details = true).start().await.unwrap();
    sim.world(|world| meeting(world, "Hall", "Ann"));
    let body = text(&sim.feed_url()).await;
    assert_eq!(count(&body, "ORGANIZER;CN=Private:MAILTO:Private\r\n"), 1);
    assert_eq!(
        (values(&body, "SUMMARY"), values(&body, "DESCRIPTION")),
        (vec!["Private".into()], vec!["Private".into()])
    );
    assert_eq!(count(&body, "Ann"), 0);
}

#[tokio::test]
async fn a_persons_feed_lists_what_they_only_take_part_in() {
    let sim = quiet(Style::Booked).with_switches(|s| s.own_noreply = true).start().await.unwrap();
    let guest = sim.world(|world| {
        let guest = world.person("Guest", "guest@example.org");
        let id = meeting(world, "Hall", "Owner");
        world.change_booking(id, |booking| booking.participants.push(guest));
        guest
    });
    let body = text(&sim.link(Link::Person(guest)).unwrap()).await;
    assert_eq!(count(&body, "ORGANIZER;CN=Owner:MAILTO:a.b-noreply@example.org"), 1);
    assert_eq!(count(&body, "ATTENDEE"), 0);
    sim.world(|world| world.switches.plugin_attendees = true);
    assert_eq!(count(&text(&sim.link(Link::Group).unwrap()).await, "ATTENDEE;CN=Guest:MAILTO:guest@example.org"), 1);
}

#[tokio::test]
async fn whatever_is_wrong_with_a_link_is_a_valid_empty_calendar() {
    let sim = quiet(Style::Booked).start().await.unwrap();
    sim.world(|world| meeting(world, "Hall", "A"));
    let url = sim.feed_url();
    let id = url.split("sid=").nth(1).unwrap().split('&').next().unwrap().to_owned();
    for wrong in [url.replace(&id, "0"), url.replace("icskey=", "icskey=x"), url.replace("sid=", "tid=")] {
        let body = text(&wrong).await;
        assert!(body.starts_with("BEGIN:VCALENDAR") && body.ends_with("END:VCALENDAR"), "{wrong}");
        assert_eq!(count(&body, "BEGIN:VEVENT"), 0);
    }
    sim.world(|world| world.switches.subscriptions_off = true);
    assert_eq!(count(&text(&url).await, "BEGIN:VEVENT"), 0);
    sim.world(|world| world.switches = Switches { writer: Writer::Escaped, ..Switches::default() });
    assert_eq!(get(&url.replace(&id, "0")).await.status(), 404);
    assert_eq!(get(&url).await.status(), 200);
}

#[tokio::test]
async fn sign_in_and_a_dead_database_answer_html_with_200() {
    let sim = quiet(Style::Booked).with_switches(|s| s.login_required = true).start().await.unwrap();
    let answer = get(&sim.feed_url()).await;
    assert_eq!(answer.status(), 302);
    let page = format!("{}{}", sim.url(), answer.headers()["location"].to_str().unwrap());
    let answer = get(&page).await;
    assert_eq!(
        (answer.status().as_u16(), answer.headers()["content-type"].to_str().unwrap()),
        (200, "text/html; charset=UTF-8")
    );
    sim.world(|world| world.switches.database_down = true);
    assert!(text(&sim.feed_url()).await.starts_with("<!DOCTYPE html>"));
}

#[tokio::test]
async fn the_newer_writer_escapes_folds_and_may_ask_for_a_password() {
    let sim = quiet(Style::Booked).with_switches(|s| s.writer = Writer::Escaped).start().await.unwrap();
    sim.world(|world| {
        let id = meeting(world, "Board room, 2nd floor; west", "Zoë \"Ops\": Jr");
        world.switches.html_names = false;
        world.change_booking(id, |booking| booking.title = format!("a\r\nb{}", "x".repeat(90)));
    });
    let body = text(&sim.feed_url()).await;
    assert!(body.split("\r\n").all(|line| line.len() <= 75) && body.ends_with("END:VCALENDAR\r\n"));
    assert_eq!(values(&body, "METHOD"), ["PUBLISH"]);
    assert_eq!(values(&body, "LOCATION"), ["Board room\\, 2nd floor\\; west"]);
    assert_eq!(values(&body, "SUMMARY"), [format!("a\\nb{}", "x".repeat(90))]);
    assert!(lines(&body).contains(&"ORGANIZER;CN=\"Zoë ^'Ops^': Jr\":mailto:a.b@example.org".to_owned()));
    sim.world(|world| world.switches.password = "desk:pa ss".into());
    assert_eq!(get(&sim.feed_url()).await.status(), 401);
    let answer = http().get(sim.feed_url()).basic_auth("desk", Some("pa ss")).send().await.unwrap();
    assert_eq!(answer.status(), 200);
}

#[tokio::test]
async fn the_earliest_writers_differ_as_known() {
    let sim = quiet(Style::Booked).with_switches(|s| s.writer = Writer::PhpScheduleIt).start().await.unwrap();
    let (start, end) = (at("2027-03-01T10:00:00Z"), at("2027-03-01T11:00:00Z"));
    sim.world(|world| {
        let holder = Some(world.person("A", "a@example.org"));
        let reminder = Booking { rooms: vec![1], holder, start, end, reminder_minutes: 15, ..Booking::default() };
        world.add_booking(reminder)
    });
    let body = text(&sim.feed_url()).await;
    assert_eq!(values(&body, "ORGANIZER"), ["MAILTO:a@example.org"]);
    assert!(values(&body, "UID")[0].contains("&https://") && !body.contains("\nSTATUS") && !body.contains("CLASS"));
    sim.world(|world| world.switches.writer = Writer::EarlyBooked);
    let body = text(&sim.feed_url()).await;
    assert!(body.contains("END:VEVENT\r\nBEGIN:VALARM\r\n") && !body.contains("\nSTATUS"));
    assert_eq!(monday(), sim.world(|world| world.now()));
}
