//! Bookings by Astrow's own import of files, and what an administrator does about a file that was refused.

use std::time::Duration;

use vendor_sim::astrow::AstrowSim;
use vendor_sim::pac::PacSim;

use crate::site::{Site, Wishes};

/// Somebody of PAC whose id is their badge number in Astrow, as where PAC leads.
fn site() -> Site {
    let pac = PacSim::builder().people(1).seed(3).start_blocking().unwrap();
    let astrow = AstrowSim::builder().people(0).seed(3).watch(Duration::from_millis(50)).start_blocking().unwrap();
    let driver = format!(
        "driver = \"files\"\n[astrow.files]\ntime_zone = \"Europe/Brussels\"\n\
         [astrow.files.bookings_in]\nfolder = \"{}\"",
        astrow.import_folder().display()
    );
    let site = Site::driven(pac, astrow, &driver, Wishes { people: "enabled = false", ..Wishes::default() });
    let person = site.people()[0];
    site.astrow.world(|world| {
        let number = world.add_employee("Mira", "Vandenholt");
        world.set_badge(number, person.into());
    });
    site
}

fn swipe(site: &Site) {
    assert_eq!(site.pac.swipe(11, site.people()[0], None).denied, None);
}

#[test]
fn a_swipe_becomes_a_row_of_a_file_and_a_booking_once() {
    let site = site();
    swipe(&site);
    site.once();
    site.once();
    assert_eq!(site.bookings(), 1);
    let taken = site.installation.run(&["files"]);
    assert_eq!(taken.code, 0, "{}", taken.all());
}

#[test]
fn a_refused_file_waits_for_somebody_who_has_looked_and_then_its_bookings_go_again() {
    let site = site();
    swipe(&site);
    site.astrow.world(|world| world.switches.fault("file-failed=1")).unwrap();
    let refused = site.installation.run(&["run", "--once"]);
    assert_eq!((refused.code, site.bookings()), (1, 0), "{}", refused.all());
    let listed = site.installation.run(&["files", "--json"]);
    assert_eq!(listed.code, 2, "{}", listed.all());
    let file = listed.json()["files"][0]["file"].as_str().unwrap().to_owned();
    assert_eq!(listed.json()["files"][0]["fate"], "refused");
    assert_eq!(site.installation.run(&["files", "--confirm", "other.csv"]).code, 1);

    let confirmed = site.installation.run(&["files", "--confirm", &file]);
    assert_eq!(confirmed.code, 0, "{}", confirmed.all());
    site.once();
    assert_eq!(site.bookings(), 1);
}

#[test]
fn who_books_by_the_interface_has_no_files_to_look_at() {
    let site = Site::new(Wishes::default());
    let said = site.installation.run(&["files"]);
    assert_eq!(said.code, 1);
    assert!(said.all().contains("do not go by files"), "{}", said.all());
}
