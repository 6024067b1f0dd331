//! The demo's world: a simulated PAC site, and a simulated Astrow that knows some of its people already.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use astrow_client::sync::{AstrowConfig, ReaderBooking};
use pac_oem::sync::PacConfig;
use secrecy::SecretString;
use sync_service::Setup;
use vendor_sim::astrow::AstrowSim;
use vendor_sim::pac::PacSim;

use super::{Bookings, Config, Door, People};

/// People of the simulated site.
const PEOPLE: u32 = 60;
/// How many of them Astrow knows already.
const KNOWN: usize = 15;
/// Events of the past.
const EVENTS: u64 = 200;
/// Readers with the terminal serial of each direction.
const READERS: [(&str, &str, &str); 2] = [("11", "9001011", "9001012"), ("12", "9001011", "9001012")];

/// Both systems; they end with the program.
pub(super) struct World {
    pac: PacSim,
    astrow: AstrowSim,
    key: PathBuf,
}

impl World {
    /// # Errors
    /// No free port on loopback, or the key file cannot be written.
    pub(super) async fn start(folder: &Path) -> anyhow::Result<Self> {
        let pac = PacSim::builder().people(PEOPLE).events(EVENTS).seed(7).start().await?;
        let astrow = AstrowSim::builder().people(0).seed(7).start().await?;
        std::fs::create_dir_all(folder).context("the demo's folder")?;
        let key = folder.join("demo.oemkey");
        pac.write_key("Demo bridge", &key)?;
        let known = pac.world(|world| {
            let people = world.people.values().take(KNOWN);
            people
                .map(|person| (person.first.clone(), person.last.clone(), person.employee_no.clone()))
                .collect::<Vec<_>>()
        });
        astrow.world(|world| {
            for (first, last, number) in known {
                let employee = world.add_employee(&first, last.as_deref().unwrap_or_default());
                world.change_employee(employee, |employee| {
                    employee.employee_no = number;
                    employee.badge_no = Some(format!("70{}", employee.pers_no));
                });
            }
            // Somebody whom PAC has never heard of: nobody touches her.
            world.add_employee("Petra", "Volunteer");
        });
        Ok(Self { pac, astrow, key })
    }

    pub(super) fn password(&self) -> SecretString {
        SecretString::from(self.astrow.password())
    }

    /// The demo's configuration: everything on; nothing is followed live, since a demo ends before anything could happen.
    pub(super) fn config(&self, setup: &Setup) -> Config {
        let pac = PacConfig::new(self.pac.host(), self.pac.port(), self.key.clone(), self.pac.server_fingerprint());
        let mut astrow = AstrowConfig::rest(self.astrow.url(), self.astrow.user(), "env:DEMO");
        astrow.default_cycle = Some("C-STD".to_owned());
        astrow.default_paygroup = Some("PG-1".to_owned());
        astrow.terminal_group = Some("TG-HQ".to_owned());
        astrow.company_site = Some("HQ".to_owned());
        let readers = READERS.map(|(reader, way_in, way_out)| {
            let booking = ReaderBooking::new(way_in).with(|booking| booking.serial_out = Some(way_out.to_owned()));
            (reader.to_owned(), booking)
        });
        let today = setup.today(setup.clock().now());
        Config {
            pac,
            astrow,
            people: People::default(),
            bookings: Bookings { from: Some(today), readers: readers.into(), live: false, ..Bookings::default() },
            door: Door::default(),
        }
    }

    /// Everybody comes in; the one badge that is barred opens nothing.
    pub(super) fn a_working_day(&self) -> String {
        let people: Vec<u32> = self.pac.world(|world| world.people.keys().copied().collect());
        let passed = people.iter().filter(|person| self.pac.swipe(11, **person, None).denied.is_none()).count();
        format!("{passed} people of the simulated site came in at its main entrance")
    }
}
