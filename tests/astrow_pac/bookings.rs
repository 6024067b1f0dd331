//! Events: once each, shown with their outcome, and never lost.

use std::collections::BTreeSet;

use tests::until;

use crate::site::{Site, Wishes};

#[test]
fn an_admission_is_booked_once_and_shown_as_processed() {
    let site = Site::booking("");
    let people = site.people();
    for person in &people {
        assert_eq!(site.pac.swipe(11, *person, None).denied, None);
    }
    site.once();
    site.once();
    assert_eq!(site.bookings(), people.len());
    assert!(site.shown().iter().all(|(status, _)| status == "PROCESSED"), "{:?}", site.shown());
    let epoch = site.pac.world(|world| world.epoch.to_string());
    let keys = site.astrow.world(|world| world.bookings().map(|booking| booking.key).collect::<BTreeSet<_>>());
    assert!(keys.iter().all(|key| key.starts_with(&format!("pac:{epoch}:"))), "{keys:?}");
}

#[test]
fn refusals_other_readers_and_repeats_book_nothing() {
    let site = Site::booking("");
    let person = site.people()[0];
    site.pac.swipe(11, person, None);
    site.pac.swipe(11, person, None);
    site.pac.swipe(15, person, None);
    site.once();
    assert_eq!(site.bookings(), 1);
    assert!(site.shown().contains(&("REJECTED".to_owned(), Some("repeat-swipe".to_owned()))), "{:?}", site.shown());
    assert_eq!(site.view().len(), 3, "everything is shown");
}

#[test]
fn a_swipe_of_somebody_whom_nobody_has_linked_waits_in_the_booking_queue() {
    let site = Site::new(Wishes { pac_people: 2, bookings: "queue_after_minutes = 0", ..Wishes::default() });
    // One of the same name is left to a person.
    let number = site.astrow.world(|world| world.add_employee("Ottilie", "Quillfeather"));
    let id = site.hire_at_pac("Ottilie", "8E4C0A1F");
    site.pac.swipe(11, id, None);
    site.once();
    site.once();
    let queued = site.shown();
    assert_eq!(queued, [("QUEUED".to_owned(), None)], "{number}");
}

#[test]
fn bookings_go_without_people_and_people_without_bookings() {
    let bookings_only = Site::new(Wishes { pac_people: 2, people: "enabled = false", ..Wishes::default() });
    bookings_only.astrow.world(|world| world.licences.remove("employees-import"));
    let person = bookings_only.people()[0];
    let number = bookings_only.astrow.world(|world| world.add_employee("Mira", "Vandenholt"));
    bookings_only.astrow.world(|world| world.set_badge(number, person.into()));
    bookings_only.pac.swipe(11, person, None);
    bookings_only.once();
    assert_eq!(bookings_only.bookings(), 1);
    assert_eq!(bookings_only.shown(), [("PROCESSED".to_owned(), None)], "PAC's id is the badge number");

    let people_only = Site::new(Wishes { pac_people: 2, bookings: "enabled = false", ..Wishes::default() });
    people_only.astrow.world(|world| world.licences.remove("file-terminal"));
    people_only.settle();
    assert_eq!(people_only.astrow.world(|world| world.employees().len()), 2);
}

#[test]
fn a_missing_licence_keeps_the_events_and_they_are_booked_when_it_is_there() {
    let site = Site::booking("");
    site.astrow.world(|world| world.licences.remove("file-terminal"));
    site.pac.swipe(11, site.people()[0], None);
    let said = site.installation.run(&["run", "--once"]);
    assert!(said.all().contains("licence"), "{}", said.all());
    assert_eq!(site.bookings(), 0);
    site.astrow.world(|world| world.licences.insert("file-terminal".to_owned()));
    site.once();
    assert_eq!(site.bookings(), 1);
}

#[test]
fn what_was_rejected_is_sent_again_by_a_persons_order() {
    let site = Site::booking("");
    let person = site.people()[0];
    let number = site.astrow.world(|world| world.employee_of_person(person).unwrap().pers_no);
    let group = site.astrow.world(|world| world.employee(number).unwrap().terminal_group.clone());
    site.astrow
        .world(|world| world.change_employee(number, |employee| employee.terminal_group = Some("TG-DOCK".into())));
    site.pac.swipe(11, person, None);
    site.once();
    assert!(
        site.shown()[0].1.as_deref().is_some_and(|why| why.starts_with("terminal-not-in-group")),
        "{:?}",
        site.shown()
    );
    site.astrow.world(|world| world.change_employee(number, |employee| employee.terminal_group = group));
    let ordered = site.installation.run(&["resend", "--all", "rejected", "--json"]).json();
    assert_eq!(ordered["events"].as_array().unwrap().len(), 1, "{ordered}");
    site.once();
    assert_eq!(site.shown(), [("PROCESSED".to_owned(), None)]);
}

#[test]
fn a_log_that_begins_anew_books_nothing_twice_and_loses_nothing() {
    let site = Site::booking("");
    let people = site.people();
    site.pac.swipe(11, people[0], None);
    site.once();
    site.pac.new_epoch();
    site.pac.swipe(11, people[1], None);
    site.once();
    site.once();
    assert_eq!(site.bookings(), 2);
}

#[test]
fn a_log_that_forgot_tells_what_is_lost_and_goes_on() {
    let site = Site::booking("");
    let people = site.people();
    site.pac.swipe(11, people[0], None);
    site.once();
    for _ in 0..5 {
        site.pac.swipe(15, people[0], None);
    }
    site.pac.swipe(11, people[1], None);
    site.pac.trim_log(1);
    let said = site.installation.run(&["run", "--once"]);
    assert!(said.all().contains("gone before they could be read"), "{}", said.all());
    assert_eq!(site.bookings(), 2);
}

#[test]
fn while_a_roll_call_runs_a_swipe_makes_safe_and_books_nothing() {
    let site = Site::booking("");
    site.once();
    let people = site.people();
    site.astrow.world(|world| {
        world.change_reader(11, |reader| {
            reader.company_site = Some("HQ".to_owned());
            reader.confirm_roll_call = true;
        });
        world.change_reader(12, |reader| reader.company_site = Some("HQ".to_owned()));
    });
    site.pac.swipe(11, people[0], Some(chrono::Utc::now() - chrono::TimeDelta::minutes(10)));
    site.astrow.world(|world| world.start_roll_call(&["HQ"]));
    site.pac.swipe(11, people[1], None);
    site.pac.swipe(12, people[2], None);
    site.once();
    assert_eq!(site.bookings(), 1, "what happened before it counts");
    assert_eq!(site.astrow.world(|world| world.confirmations.len()), 1, "only the reader with the flag makes safe");
    let refused = site.shown().into_iter().filter(|(status, _)| status == "REJECTED").count();
    assert_eq!(refused, 2);
    let terminals = site.terminals();
    assert_eq!(
        (&terminals["readers"][0]["company_site"], &terminals["readers"][0]["confirms_roll_call"]),
        (&"HQ".into(), &true.into())
    );
}

#[test]
fn bookings_of_astrow_go_to_pac_once_where_astrow_leads() {
    let site = Site::settled(Wishes {
        employees: 2,
        people: "master = \"astrow\"",
        bookings: "to_pac = true",
        ..Wishes::default()
    });
    let number = site.astrow.world(|world| *world.employees().keys().next().unwrap());
    site.astrow.world(|world| {
        let now = world.clock.now();
        world.clock_on_terminal(number, "7700001", now, vendor_sim::astrow::Direction::In)
    });
    for _ in 0..3 {
        site.once();
    }
    assert_eq!(site.pac.world(|world| world.bookings.len()), 1);
    // What came from PAC does not go back.
    let person = site.astrow.world(|world| world.employee(number).unwrap().pac.person_id).unwrap();
    site.pac.swipe(11, person, None);
    site.once();
    site.once();
    assert_eq!(site.pac.world(|world| world.bookings.len()), 1);
}

#[test]
fn the_service_opens_a_door_once_and_tells_astrow_that_it_lives() {
    let site = Site::settled(Wishes { pac_people: 1, more: "[door]\nallow = [11]\n", ..Wishes::default() });
    let service = site.serve();
    let (wanted, forbidden) =
        site.astrow.world(|world| (world.request_door("hr.admin", 11), world.request_door("hr.admin", 15)));
    let state = |id| site.astrow.world(|world| format!("{:?}", world.command(id).unwrap().state).to_lowercase());
    until("the door", || state(wanted).contains("done"));
    until("the refusal", || state(forbidden).contains("failed"));
    assert_eq!(site.pac.world(|world| world.commands.len()), 1, "once, and only where it is allowed");
    until("the contact with PAC", || {
        let beat = site.astrow.world(|world| world.heartbeats.last().cloned());
        beat.is_some_and(|beat| beat.pac_connected && beat.last_pac_contact.is_some())
    });
    drop(service);
    let log = site.installation.run(&["log"]);
    assert!(log.out.contains("astrow:hr.admin"), "{}", log.all());
}

#[test]
fn a_change_at_the_master_goes_over_while_the_service_runs() {
    let site = Site::new(Wishes { pac_people: 2, ..Wishes::default() });
    site.hire_at_pac("Ottilie", "8E4C0A1F");
    site.settle();
    let _service = site.serve();
    let id = site.person("Ottilie").unwrap().id;
    site.pac.world(|world| world.edit_person(id, |person| person.first = "Odile".to_owned()));
    until("the new name", || site.employee("Odile").is_some());
    site.pac.world(|world| world.delete_person(id));
    until("the end of the badge", || site.employee("Odile").is_some_and(|employee| employee.pac.badges.is_empty()));
}
