//! Roll calls, whenever they are noticed.

use chrono::{TimeDelta, Utc};

use crate::site::{Site, Wishes, eventually};

fn site() -> Site {
    let site = Site::new(Wishes { pac_people: 3, ..Wishes::default() });
    site.settle();
    site.once();
    site
}

fn people(site: &Site) -> Vec<u32> {
    site.pac.world(|world| world.people.keys().copied().collect())
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

/// The status of each admission, as Astrow's view shows it.
fn shown(site: &Site) -> Vec<String> {
    let admissions = site.view().into_iter().filter(|(kind, ..)| kind == "access.granted");
    admissions.map(|(_, status, details)| format!("{status} {}", details.unwrap_or_default())).collect()
}

fn looks(site: &Site) -> u64 {
    site.astrow.request_counts().iter().filter(|(call, _)| call.ends_with("/rollcall")).map(|(_, n)| n).sum()
}

#[test]
fn a_late_swipe_from_inside_a_roll_call_is_no_booking_even_after_a_restart() {
    let site = site();
    let people = people(&site);
    call(&site, 20);
    site.once();
    site.astrow.world(vendor_sim::astrow::World::stop_roll_call);
    swipe(&site, 11, people[0], 30);
    swipe(&site, 11, people[1], 10);
    swipe(&site, 11, people[2], 0);
    site.once();
    let shown = shown(&site);
    assert_eq!(shown.iter().filter(|status| status.starts_with("PROCESSED")).count(), 2, "{shown:?}");
    assert!(shown.iter().any(|status| status.starts_with("REJECTED roll-call")), "{shown:?}");
    assert_eq!(site.bookings(), 2);
}

#[test]
fn the_end_of_a_roll_call_is_noticed_while_nobody_swipes() {
    let site = site();
    let people = people(&site);
    call(&site, 20);
    let mut service = site.installation.start(&["run"]);
    swipe(&site, 11, people[0], 0);
    eventually("the rejection", || shown(&site).iter().any(|one| one.starts_with("REJECTED roll-call")).then_some(()));
    site.astrow.world(vendor_sim::astrow::World::stop_roll_call);
    let before = looks(&site);
    eventually("two looks", || (looks(&site) >= before + 2).then_some(()));
    swipe(&site, 11, people[1], 0);
    eventually("the booking", || (site.bookings() == 1).then_some(()));
    service.kill().unwrap();
    service.wait().unwrap();
}

#[test]
fn a_reader_that_gives_no_bookings_confirms_who_is_safe() {
    let site = site();
    let people = people(&site);
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
