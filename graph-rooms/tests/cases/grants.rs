//! Cases 33 to 42: which events give access, and to whom.

use std::collections::BTreeSet;

use graph_rooms::Address;
use graph_rooms::calendar::{ExternalOrganizers, Note, Reason, RoomBooking, RoomBookings, Rules};
use serde_json::{Value, json};

use crate::support::*;

const ROOM: &str = "quay1@rooms.example.org";

fn rules(change: impl FnOnce(&mut Rules)) -> Rules {
    let mut rules = Rules::default();
    rules.attendees = true;
    rules.own_domains = BTreeSet::from(["example.org".to_owned(), "rooms.example.org".to_owned()]);
    rules.rooms = [ROOM, "quay2@rooms.example.org"].into_iter().filter_map(Address::new).collect();
    change(&mut rules);
    rules
}

async fn judged(event: Value, rules: Rules) -> RoomBookings {
    let graph = Script::new(move |_| page([event.clone()]));
    graph.client().room(ROOM).bookings(march(), &rules).await.unwrap()
}

async fn reason(more: Value, rules: Rules) -> Option<Reason> {
    judged(with(plain("e"), more), rules).await.refused.first().map(|refusal| refusal.reason)
}

async fn granted(more: Value, rules: Rules) -> RoomBooking {
    let mut found = judged(with(plain("e"), more), rules).await;
    assert_eq!(found.refused, []);
    found.granted.remove(0)
}

fn people(booking: &RoomBooking) -> Vec<&str> {
    booking.booker.iter().chain(&booking.attendees).map(|person| person.email.as_str()).collect()
}

fn response(word: &str) -> Value {
    json!({ "responseStatus": { "response": word, "time": "0001-01-01T00:00:00Z" } })
}

#[tokio::test(start_paused = true)]
async fn case_33_what_does_not_stand_gives_no_access() {
    for (more, expected) in [
        (json!({ "isCancelled": true, "showAs": "free" }), Reason::Cancelled),
        (json!({ "isCancelled": "true" }), Reason::Cancelled),
        (json!({ "type": "seriesMaster" }), Reason::SeriesMaster),
        (response("declined"), Reason::Declined),
        (response("tentativelyAccepted"), Reason::Pending),
        (response("notResponded"), Reason::Pending),
        (response("none"), Reason::Pending),
        (json!({ "responseStatus": null }), Reason::Pending),
        (json!({ "responseStatus": { "response": null } }), Reason::Pending),
        (json!({ "showAs": "free" }), Reason::Free),
        (json!({ "showAs": "free", "responseStatus": { "response": "notResponded" } }), Reason::Free),
    ] {
        assert_eq!(reason(more.clone(), rules(|_| {})).await, Some(expected), "{more}");
    }
    for stands in ["accepted", "organizer"] {
        assert_eq!(reason(response(stands), rules(|_| {})).await, None, "{stands}");
    }
}

#[tokio::test(start_paused = true)]
async fn case_34_waiting_and_free_bookings_are_allowed_by_settings() {
    let waiting = || response("notResponded");
    assert_eq!(reason(waiting(), rules(|rules| rules.pending = true)).await, None);
    assert_eq!(reason(json!({ "showAs": "free" }), rules(|rules| rules.free = true)).await, None);
    let both = json!({ "showAs": "free", "responseStatus": { "response": "none" } });
    assert_eq!(reason(both.clone(), rules(|rules| rules.pending = true)).await, Some(Reason::Free));
    assert_eq!(reason(both, rules(|rules| rules.free = true)).await, Some(Reason::Pending));
    assert_eq!(reason(response("declined"), rules(|rules| rules.pending = true)).await, Some(Reason::Declined));
}

#[tokio::test(start_paused = true)]
async fn case_35_a_booking_made_at_the_room_has_no_booker() {
    let at_room = json!({ "organizer": { "emailAddress": { "name": "Quay 1", "address": "QUAY1@rooms.example.org" } },
                          "attendees": [attendee("required", "bo@example.org")] });
    let booking = granted(at_room.clone(), rules(|_| {})).await;
    assert_eq!((&booking.booker, people(&booking), &*booking.notes), (&None, vec!["bo@example.org"], &[][..]));
    let alone = granted(at_room, rules(|rules| rules.attendees = false)).await;
    assert_eq!((people(&alone), &*alone.notes), (vec![], &[Note::NoPerson][..]));
}

#[tokio::test(start_paused = true)]
async fn case_36_an_organizer_who_cannot_be_named_is_not_guessed() {
    for organizer in [
        json!(null),
        json!({}),
        json!({ "emailAddress": null }),
        json!({ "emailAddress": { "name": "Ada Quist", "address": null } }),
        json!({ "emailAddress": { "name": "Ada Quist", "address": "" } }),
        json!({ "emailAddress": { "name": "Ada Quist", "address": "/o=ExchangeLabs/ou=Exchange/cn=ada" } }),
        json!({ "emailAddress": { "name": "Ada Quist", "address": "Ada Quist" } }),
    ] {
        let booking = granted(json!({ "organizer": organizer }), rules(|_| {})).await;
        assert_eq!((&booking.booker, people(&booking).len()), (&None, 0), "{organizer}");
        assert_eq!(booking.notes, [Note::NoPerson, Note::UnknownOrganizer]);
    }
}

#[tokio::test(start_paused = true)]
async fn case_37_attendees_are_people_or_not() {
    let declined = json!({ "type": "required", "status": { "response": "declined" },
                           "emailAddress": { "address": "no@example.org" } });
    let booking = granted(
        json!({ "hideAttendees": true, "attendees": [
            attendee("required", " Ada.QUIST@example.org "),
            attendee("required", "bo@example.org"),
            attendee("optional", "BO@example.org"),
            attendee("optional", "guest@partner.example"),
            attendee("resource", ROOM),
            attendee("resource", "beamer@example.org"),
            attendee("required", "quay2@rooms.example.org"),
            attendee("required", "everybody@example.org"),
            attendee("required", "/o=ExchangeLabs/cn=x"),
            declined,
            { "type": null, "emailAddress": { "address": "cy@example.org" } },
            {}
        ] }),
        rules(|rules| rules.groups = Address::new("Everybody@example.org").into_iter().collect()),
    )
    .await;
    assert_eq!(
        people(&booking),
        ["ada.quist@example.org", "bo@example.org", "guest@partner.example", "cy@example.org"]
    );
    assert_eq!(booking.notes, [Note::Group, Note::UnknownAttendee]);
    let hidden =
        granted(json!({ "hideAttendees": true, "attendees": [attendee("resource", ROOM)] }), rules(|_| {})).await;
    assert_eq!(people(&hidden), ["ada.quist@example.org"]);
}

#[tokio::test(start_paused = true)]
async fn case_38_five_hundred_attendees_are_read() {
    let all: Vec<Value> = (0..500).map(|n| attendee("required", &format!("p{n}@example.org"))).collect();
    let booking = granted(json!({ "attendees": all }), rules(|_| {})).await;
    assert_eq!(booking.attendees.len(), 500);
}

#[tokio::test(start_paused = true)]
async fn case_39_attendees_come_along_only_by_the_setting() {
    let more = json!({ "attendees": [attendee("required", "bo@example.org")] });
    let alone = granted(more.clone(), rules(|rules| rules.attendees = false)).await;
    assert_eq!(people(&alone), ["ada.quist@example.org"]);
    assert_eq!(people(&granted(more, rules(|_| {})).await), ["ada.quist@example.org", "bo@example.org"]);
}

#[tokio::test(start_paused = true)]
async fn case_40_of_a_series_one_is_moved_and_one_is_off() {
    let one = |id: &str, kind: &str, start: &str, end: &str| {
        with(event(id, start, end), json!({ "iCalUId": "series", "type": kind, "seriesMasterId": "m" }))
    };
    let graph = Script::new(move |_| {
        page([
            one("first", "occurrence", "2026-03-03T09:00:00", "2026-03-03T10:00:00"),
            one("moved", "exception", "2026-03-04T14:00:00", "2026-03-04T15:30:00"),
            with(one("off", "exception", "2026-03-05T09:00:00", "2026-03-05T10:00:00"), json!({ "isCancelled": true })),
        ])
    });
    let found = graph.client().room(ROOM).bookings(march(), &rules(|_| {})).await.unwrap();
    let ids: Vec<_> = found.granted.iter().map(|booking| booking.event_id.as_str()).collect();
    assert_eq!(ids, ["first", "moved"]);
    assert_eq!(
        (found.granted[1].start, found.granted[1].end),
        (at("2026-03-04T14:00:00Z"), at("2026-03-04T15:30:00Z"))
    );
    assert_eq!((&*found.refused[0].event_id, found.refused[0].reason), ("off", Reason::Cancelled));
}

#[tokio::test(start_paused = true)]
async fn case_41_subjects_do_not_matter() {
    for subject in [json!("Ada Quist"), json!(null), json!(7)] {
        let booking = granted(json!({ "subject": subject }), rules(|_| {})).await;
        assert_eq!(people(&booking), ["ada.quist@example.org"]);
    }
}

#[tokio::test(start_paused = true)]
async fn case_42_unknown_words_are_borne_in_every_list_of_words() {
    for odd in [json!("unknownFutureValue"), json!(7), json!({ "of": "another kind" })] {
        let booking = granted(
            json!({ "type": odd, "showAs": odd, "sensitivity": odd,
                    "attendees": [{ "type": odd, "status": { "response": odd }, "emailAddress": { "address": "bo@example.org" } }] }),
            rules(|_| {}),
        )
        .await;
        assert_eq!(people(&booking), ["ada.quist@example.org", "bo@example.org"], "{odd}");
        let unheard = json!({ "responseStatus": { "response": odd } });
        assert_eq!(reason(unheard, rules(|rules| rules.pending = true)).await, Some(Reason::UnknownResponse));
    }
    assert_eq!(reason(json!({ "showAs": "workingElsewhere" }), rules(|_| {})).await, None);
    for private in ["private", "confidential", "personal"] {
        assert_eq!(reason(json!({ "sensitivity": private }), rules(|_| {})).await, None, "{private}");
    }
}

#[tokio::test(start_paused = true)]
async fn organizers_from_elsewhere_are_listed_or_allowed() {
    let foreign = || json!({ "organizer": { "emailAddress": { "address": "eve@partner.example" } } });
    assert_eq!(reason(foreign(), rules(|_| {})).await, Some(Reason::ExternalOrganizer));
    let allow = rules(|rules| rules.external_organizers = ExternalOrganizers::Allow);
    assert_eq!(people(&granted(foreign(), allow).await), ["eve@partner.example"]);
    // Without domains of the house nobody can be told from elsewhere.
    assert_eq!(reason(foreign(), rules(|rules| rules.own_domains.clear())).await, None);
}

#[tokio::test(start_paused = true)]
async fn attendees_may_be_limited_to_some_domains() {
    let more =
        json!({ "attendees": [attendee("required", "bo@example.org"), attendee("required", "guest@partner.example")] });
    let limited = rules(|rules| rules.attendee_domains = BTreeSet::from(["example.org".to_owned()]));
    let booking = granted(more, limited).await;
    assert_eq!(people(&booking), ["ada.quist@example.org", "bo@example.org"]);
    assert_eq!(booking.notes, [Note::AttendeeDomain]);
}
