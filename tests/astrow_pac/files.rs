//! Bookings by Astrow's own import of files, and what an administrator does about a file that was refused.

use std::time::Duration;

use tests::Installation;
use vendor_sim::astrow::AstrowSim;
use vendor_sim::pac::PacSim;

struct Site {
    pac: PacSim,
    astrow: AstrowSim,
    installation: Installation,
}

/// Somebody of PAC whose id is their badge number in Astrow, as where PAC leads.
fn site() -> Site {
    let pac = PacSim::builder().people(1).seed(3).start_blocking().unwrap();
    let astrow = AstrowSim::builder().people(0).seed(3).watch(Duration::from_millis(50)).start_blocking().unwrap();
    let person = pac.world(|world| *world.people.keys().next().unwrap());
    astrow.world(|world| {
        let number = world.add_employee("Mira", "Vandenholt");
        world.set_badge(number, person.into());
    });
    let text = format!(
        "[service]\ndata = \"data\"\ntime_zone = \"Europe/Brussels\"\n\n\
         [pac]\nserver_address = {:?}\nserver_port = {}\nkey_path = \"bridge.oemkey\"\nserver_cert_sha256 = {:?}\n\n\
         [astrow]\ndriver = \"files\"\n[astrow.files]\ntime_zone = \"Europe/Brussels\"\n\
         [astrow.files.bookings_in]\nfolder = \"{}\"\n\n\
         [people]\nenabled = false\n\n[bookings]\nfrom = \"2020-01-01\"\n\n\
         [bookings.readers.11]\nserial_in = \"9001011\"\nserial_out = \"9001012\"\n",
        pac.host(),
        pac.port(),
        pac.server_fingerprint(),
        astrow.import_folder().display(),
    );
    let installation = Installation::of("astrow-pac", &text, Vec::new());
    pac.write_key("Head office bridge", &installation.folder().join("bridge.oemkey")).unwrap();
    Site { pac, astrow, installation }
}

impl Site {
    fn swipe(&self) {
        let person = self.pac.world(|world| *world.people.keys().next().unwrap());
        assert_eq!(self.pac.swipe(11, person, None).denied, None);
    }

    fn bookings(&self) -> usize {
        self.astrow.world(|world| world.bookings().count())
    }
}

#[test]
fn a_swipe_becomes_a_row_of_a_file_and_a_booking_once() {
    let site = site();
    site.swipe();
    for _ in 0..2 {
        let said = site.installation.run(&["run", "--once"]);
        assert_ne!(said.code, 1, "{}", said.all());
    }
    assert_eq!(site.bookings(), 1);
    let taken = site.installation.run(&["files"]);
    assert_eq!(taken.code, 0, "{}", taken.all());
}

#[test]
fn a_refused_file_waits_for_somebody_who_has_looked_and_then_its_bookings_go_again() {
    let site = site();
    site.swipe();
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
    let again = site.installation.run(&["run", "--once"]);
    assert_ne!(again.code, 1, "{}", again.all());
    assert_eq!(site.bookings(), 1);
}

#[test]
fn who_books_by_the_interface_has_no_files_to_look_at() {
    let site = crate::site::Site::new(crate::site::Wishes::default());
    let said = site.installation.run(&["files"]);
    assert_eq!(said.code, 1);
    assert!(said.all().contains("do not go by files"), "{}", said.all());
}
