//! Roll calls, whenever they are noticed.

use chrono::{TimeDelta, Utc};
use tests::until;

use crate::site::Site;

fn site() -> Site {
    let site = Site::booking("");
    site.once();
    site
}

/// A roll call that has been running for some minutes.
fn call(site: &Site, minutes: i64) {
    site.astrow.world(|world| {
        world.start_roll_call(&["HQ"]);
        let running = world.roll_call.as_mut().unwrap();
        running.started_at -= TimeDelta::minutes(minutes);
    });
}

fn swipe(site: &Site, reader: u32, person: u32, minutes_ago: i64) {
    let at = (minutes_ago > 0).then(|| Utc::now() - TimeDelta::minutes(minutes_ago));
    assert_eq!(site.pac.swipe(reader, person, at).denied, None);
}

/// Whether this is an admission that made somebody safe and no booking.
fn made_safe((status, details): &(String, Option<String>)) -> bool {
    status == "REJECTED" && details.as_ref().is_some_and(|why| why.starts_with("roll-call"))
}

fn looks(site: &Site) -> u64 {
    site.astrow.request_counts().iter().filter(|(call, _)| call.ends_with("/rollcall")).map(|(_, n)| n).sum()
}

#[test]
fn a_late_swipe_from_inside_a_roll_call_is_no_booking_even_after_a_restart() {
    let site = site();
    let people = site.people();
    call(&site, 20);
    site.once();
    site.astrow.world(vendor_sim::astrow::World::stop_roll_call);
    swipe(&site, 11, people[0], 30);
    swipe(&site, 11, people[1], 10);
    swipe(&site, 11, people[2], 0);
    site.once();
    let shown = site.shown();
    assert_eq!(shown.iter().filter(|(status, _)| status == "PROCESSED").count(), 2, "{shown:?}");
    assert!(shown.iter().any(made_safe), "{shown:?}");
    assert_eq!(site.bookings(), 2);
}

#[test]
fn the_end_of_a_roll_call_is_noticed_while_nobody_swipes() {
    let site = site();
    let people = site.people();
    call(&site, 20);
    let _service = site.installation.serve();
    swipe(&site, 11, people[0], 0);
    until("the rejection", || site.shown().iter().any(made_safe));
    site.astrow.world(vendor_sim::astrow::World::stop_roll_call);
    let before = looks(&site);
    until("two looks", || looks(&site) >= before + 2);
    swipe(&site, 11, people[1], 0);
    until("the booking", || site.bookings() == 1);
}

#[test]
fn a_reader_that_gives_no_bookings_confirms_who_is_safe() {
    let site = site();
    let people = site.people();
    site.astrow.world(|world| {
        assert!(world.change_reader(15, |reader| {
            reader.company_site = Some("HQ".to_owned());
            reader.confirm_roll_call = true;
        }));
    });
    site.pac.world(|world| world.groups.values_mut().for_each(|group| group.readers.clear()));
    swipe(&site, 15, people[0], 5);
    swipe(&site, 15, people[1], 1);
    site.once();
    assert_eq!(site.astrow.world(|world| world.confirmations.len()), 0);
    // The swipe of a minute ago was put aside before anybody knew of the roll call.
    call(&site, 3);
    swipe(&site, 15, people[2], 0);
    site.once();
    let safe = site.astrow.world(|world| world.confirmations.clone());
    assert_eq!(safe.iter().map(|one| one.reader_id).collect::<Vec<_>>(), [15, 15], "{safe:?}");
    assert_eq!(site.bookings(), 0);
    site.astrow.world(vendor_sim::astrow::World::stop_roll_call);
    swipe(&site, 15, people[0], 0);
    site.once();
    assert_eq!((site.bookings(), site.astrow.world(|world| world.confirmations.len())), (0, 2));
}
