use vendor_sim::feed::{ForgedEvent, Style, Writer, title_with_line};

use crate::client::{at, count, quiet, text, values};

fn forged() -> ForgedEvent {
    ForgedEvent {
        visible: "tea".into(),
        room: "Hall".into(),
        start: at("2027-03-02T00:00:00Z"),
        end: at("2028-03-02T00:00:00Z"),
        name: "M".into(),
        email: "m@example.org".into(),
    }
}

#[tokio::test]
async fn a_title_with_line_breaks_writes_its_own_event() {
    let sim = quiet(Style::Booked).start().await.unwrap();
    let (start, end) = (at("2027-03-01T10:00:00Z"), at("2027-03-01T11:00:00Z"));
    let id = sim.world(|world| world.book("Room #1", ("A", "a@example.org"), start, end));
    let host = sim.world(|world| world.host.clone());
    for title in [forged().short_title(), forged().whole_title(), forged().faithful_title(&host)] {
        sim.world(|world| world.change_booking(id, |booking| booking.title.clone_from(&title)));
        let body = text(&sim.feed_url()).await;
        assert_eq!((count(&body, "BEGIN:VEVENT"), values(&body, "UID").len()), (2, 2));
        assert_eq!(values(&body, "LOCATION"), ["Room #1", "Hall"]);
        assert_eq!(values(&body, "DTEND")[1], "20280302T000000Z");
    }
    // The column holds 300 characters.
    assert!(forged().short_title().len() < 200 && forged().whole_title().len() <= 300);
    assert!(forged().faithful_title(&host).len() > 300);
    sim.world(|world| world.switches.writer = Writer::Escaped);
    assert_eq!(count(&text(&sim.feed_url()).await, "BEGIN:VEVENT"), 2 - 1);
}

#[tokio::test]
async fn a_title_can_add_a_line_to_its_own_event() {
    let sim = quiet(Style::Booked).start().await.unwrap();
    let (start, end) = (at("2027-03-01T10:00:00Z"), at("2027-03-01T11:00:00Z"));
    sim.world(|world| {
        let id = world.book("Room #1", ("A", "a@example.org"), start, end);
        world.change_booking(id, |booking| booking.title = title_with_line("tea", "LOCATION:Hall"));
    });
    assert_eq!(values(&text(&sim.feed_url()).await, "LOCATION"), ["Room #1", "Hall"]);
}
