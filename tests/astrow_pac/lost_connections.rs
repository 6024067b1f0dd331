//! The connection to PAC is lost at each frame of a run: no person twice, no event lost.

use std::collections::BTreeSet;

use crate::site::{Site, Wishes};

/// Frames that a run needs at most, with some to spare.
const FRAMES: u32 = 24;

fn no_two_are_one(site: &Site) {
    let people = site.pac.world(|world| world.people.values().map(|person| person.ext.clone()).collect::<Vec<_>>());
    let known: Vec<_> = people.iter().flatten().collect();
    assert_eq!(known.iter().collect::<BTreeSet<_>>().len(), known.len(), "no person twice");
    let employees =
        site.astrow.world(|world| world.employees().values().map(|one| one.pac.person_id).collect::<Vec<_>>());
    let known: Vec<_> = employees.iter().flatten().collect();
    assert_eq!(known.iter().collect::<BTreeSet<_>>().len(), known.len(), "no employee twice");
}

#[test]
fn whatever_frame_is_the_last_one_everybody_arrives_in_pac_once() {
    let site = Site::new(Wishes { people: "master = \"astrow\"", ..Wishes::default() });
    for frames in 1..=FRAMES {
        site.astrow.world(|world| world.add_employee(&format!("Ada{frames}"), "Quillfeather"));
        site.pac.fault(&format!("close-after={frames}")).unwrap();
        site.installation.run(&["run", "--once"]);
        site.pac.fault(&format!("drop-response={frames}")).unwrap();
        site.installation.run(&["run", "--once"]);
        site.pac.clear_faults();
    }
    site.settle();
    site.settle();
    no_two_are_one(&site);
    assert_eq!(site.pac.world(|world| world.people.iter().count()), usize::try_from(FRAMES).unwrap());
    assert_eq!(site.installation.run(&["plan"]).code, 0);
}

#[test]
fn whatever_frame_is_the_last_one_no_event_is_lost_and_none_is_booked_twice() {
    let site = Site::settled(Wishes { pac_people: 2, bookings: "repeat_seconds = 0", ..Wishes::default() });
    let people = site.people();
    let mut swipes = 0;
    for frames in 1..=FRAMES {
        for person in &people {
            site.pac.swipe(11, *person, None);
            swipes += 1;
        }
        site.pac.fault(&format!("close-after={frames}")).unwrap();
        site.installation.run(&["run", "--once"]);
        site.pac.clear_faults();
    }
    site.settle();
    site.once();
    no_two_are_one(&site);
    assert_eq!(site.bookings(), swipes);
}
