//! Astrow's view of events and doors, with trouble on the way.

use tests::until;

use crate::site::{Site, Wishes};

/// Swipes at a reader, minutes apart, so that none repeats another.
fn swipes(site: &Site, reader: u32, count: i64) {
    let (person, now) = (site.people()[0], chrono::Utc::now());
    for n in 0..count {
        site.pac.swipe(reader, person, Some(now - chrono::TimeDelta::minutes(2 * (count - n))));
    }
}

#[test]
fn every_admission_of_a_long_backlog_gets_its_outcome() {
    let site = Site::booking("");
    // Shown while they wait, since nothing can be booked; many more than are looked at first.
    site.astrow.world(|world| world.licences.remove("file-terminal"));
    swipes(&site, 11, 1_300);
    let _ = site.installation.run(&["run", "--once"]);
    let shown = site.admissions();
    assert_eq!(shown.len(), 1_300);
    assert!(shown.iter().all(|event| event.booking_details.as_deref() == Some("waits to be booked")));
    site.astrow.world(|world| world.licences.insert("file-terminal".to_owned()));
    site.once();
    let ends = ["PROCESSED", "REJECTED"];
    let open: Vec<_> = site.admissions().into_iter().filter(|event| !ends.contains(&&*event.booking_status)).collect();
    assert_eq!((site.bookings(), open.len()), (1_300, 0), "{:?}", open.first());
}

#[test]
fn a_view_that_is_refused_in_the_middle_goes_on_where_it_was() {
    let site = Site::booking("");
    swipes(&site, 15, 1_200);
    site.once();
    let (_, before) = site.astrow.world(|world| world.terminal_event_counts());
    swipes(&site, 15, 1_200);
    site.pac.fault("close-after=9").unwrap();
    let _ = site.installation.run(&["run", "--once"]);
    site.pac.clear_faults();
    site.once();
    site.once();
    let (shown, after) = site.astrow.world(|world| world.terminal_event_counts());
    assert_eq!(shown, 2_400);
    assert!(after - before <= 1_200 + 500, "at most a page twice: {before} {after}");
}

#[test]
fn of_a_log_that_begins_anew_only_the_end_is_shown_again() {
    let site = Site::booking("");
    site.once();
    swipes(&site, 15, 1_200);
    site.once();
    assert_eq!(site.view().len(), 1_200);
    site.pac.new_epoch();
    swipes(&site, 15, 1);
    site.once();
    let epoch = site.pac.world(|world| world.epoch.to_string());
    let events = site.astrow.world(|world| world.terminal_events().filter(|event| event.epoch == epoch).count());
    assert!((1..=500).contains(&events), "{events}");
}

#[test]
fn after_a_log_forgot_the_view_goes_on_with_what_there_is() {
    let site = Site::booking("");
    swipes(&site, 11, 3);
    site.once();
    swipes(&site, 15, 30);
    site.pac.trim_log(5);
    let _ = site.installation.run(&["run", "--once"]);
    site.once();
    assert_eq!(site.view().len(), 3 + 5);
    swipes(&site, 15, 1);
    site.once();
    assert_eq!(site.view().len(), 3 + 5 + 1);
}

#[test]
fn a_log_of_the_same_name_that_became_shorter_does_not_stop_the_view() {
    let site = Site::booking("enabled = false");
    swipes(&site, 15, 20);
    site.once();
    site.pac.world(|world| world.lose_newest(vendor_sim::pac::Stream::Events, 10));
    site.once();
    swipes(&site, 15, 3);
    site.once();
    let said = site.once();
    assert!(!said.all().contains("terminal view"), "{}", said.all());
}

#[test]
fn an_event_that_was_booked_before_the_log_began_anew_is_shown_as_booked() {
    let site = Site::booking("");
    swipes(&site, 11, 2);
    site.once();
    site.pac.new_epoch();
    site.once();
    site.once();
    let epoch = site.pac.world(|world| world.epoch.to_string());
    let again: Vec<_> = site.admissions().into_iter().filter(|event| event.epoch == epoch).collect();
    assert_eq!(again.len(), 2);
    assert!(again.iter().all(|event| event.booking_status == "PROCESSED"), "{again:?}");
    assert_eq!(site.bookings(), 2);
}

#[test]
fn a_reader_that_does_not_book_is_told_in_a_sentence() {
    let site = Site::booking("");
    let file = site.installation.folder().join("astrow-pac.toml");
    let text = std::fs::read_to_string(file).unwrap();
    let without = text.replace("[bookings.readers.12]\nserial_in = \"9001011\"\nserial_out = \"9001012\"\n", "");
    assert_ne!(text, without);
    site.write(&without);
    swipes(&site, 12, 1);
    site.once();
    let details: Vec<_> = site.admissions().into_iter().map(|event| event.booking_details).collect();
    assert!(!details.is_empty());
    assert!(details.iter().all(|words| words.as_deref() == Some("its reader does not book")), "{details:?}");
}

#[test]
fn a_door_is_recorded_before_and_after_and_a_long_name_is_cut() {
    let site = Site::settled(Wishes { pac_people: 1, more: "[door]\nallow = [11]\n", ..Wishes::default() });
    let service = site.serve();
    let name = "n".repeat(64);
    let wanted = site.astrow.world(|world| world.request_door(&name, 11));
    let ended = || {
        let state = site.astrow.world(|world| format!("{:?}", world.command(wanted).unwrap()).to_lowercase());
        state.contains("done") || state.contains("failed")
    };
    until("the end of the command", ended);
    drop(service);
    assert_eq!(site.pac.world(|world| world.commands.len()), 1, "it was opened");
    let log = site.installation.run(&["log"]).out;
    assert!(log.contains("is to be released") && log.contains("released for 5 s"), "{log}");
}

#[test]
fn each_of_several_commands_gets_its_answer() {
    let site = Site::settled(Wishes { pac_people: 1, more: "[door]\nallow = [11]\n", ..Wishes::default() });
    let _service = site.serve();
    let wanted = site.astrow.world(|world| [15, 11, 15].map(|reader| world.request_door("hr.admin", reader)));
    let state = |id| site.astrow.world(|world| format!("{:?}", world.command(id).unwrap().state).to_lowercase());
    for (id, end) in wanted.into_iter().zip(["failed", "done", "failed"]) {
        until("the answer", || state(id).contains(end));
    }
}

#[test]
fn astrow_is_told_that_pac_is_gone() {
    let site = Site::settled(Wishes { pac_people: 1, ..Wishes::default() });
    site.pac.pause();
    let _service = site.installation.serve();
    let told = || site.astrow.world(|world| world.heartbeats.last().is_some_and(|beat| !beat.pac_connected));
    until("the sign of life", told);
}
