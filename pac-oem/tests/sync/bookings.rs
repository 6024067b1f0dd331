//! Bookings of the attendance system.

use chrono::DateTime;
use pac_oem::model::{BookingDraft, Direction, PersonId};
use pac_oem::sync::PacEndpoint;
use sync_core::connector::ErrorClass;
use uuid::Uuid;

use crate::site::{config, with};

fn booking(n: u128, person: u32) -> BookingDraft {
    let at = DateTime::parse_from_rfc3339("2026-03-02T08:01:14+01:00").unwrap();
    BookingDraft::new(format!("astrow:b-{n}"), PersonId::new(person), at, Direction::In)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bookings_go_at_the_pace_of_the_server_and_one_that_is_refused_says_why() {
    let site = with(|options| options.people(1).rate(50, 10)).await;
    let pac = PacEndpoint::new("pac", config(&site.sim, &site.folder)).unwrap();
    let person = site.sim.world(|world| *world.people.keys().next().unwrap());
    for n in 0..25 {
        pac.put_booking(booking(n, person), Uuid::from_u128(n)).await.unwrap();
    }
    let refused = pac.put_booking(booking(99, 999_999), Uuid::from_u128(99)).await.unwrap_err();
    assert_eq!(refused.class(), ErrorClass::NotFound, "{refused}");
    assert_eq!(site.sim.world(|world| world.bookings.len()), 25);
}
