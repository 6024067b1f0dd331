//! The engine's conformance kit.

use std::collections::BTreeSet;

use sync_core::connector::CodeKind;
use sync_core::model::{Known, Person};
use sync_core::test_kit::conformance::{self, DoorSamples, Foreign, Samples};

use vendor_sim::net2::IndividualForm;

use crate::site::*;

fn samples() -> Samples<Person> {
    let digits = |n: usize, base: usize| secret(&(base + n).to_string());
    Samples::new(move |n| Person {
        first_name: Known::from_text("Sample"),
        last_name: Known::from_text(format!("Person{n}")),
        email: Known::from_text(format!("sample{n}@example.org")),
        notes: Known::from_text(format!("Court 1|{n}")),
        pin: digits(n, 2000),
        code: digits(n, 660_000),
        valid_from: Known::Value("2026-01-01".parse().unwrap()),
        valid_until: Known::Value("2031-03-01".parse().unwrap()),
        ..Person::default()
    })
    .changing(move |n| Person {
        last_name: Known::from_text(format!("Changed{n}")),
        pin: digits(n, 7000),
        code: digits(n, 770_000),
        ..Person::default()
    })
    .texts(&["first_name", "last_name", "email", "notes"])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bookers_pass_with_sql_and_without() {
    for querydb in [true, false] {
        let sim = start(6, |_| {}).await;
        let mut config = net2(&sim);
        config.querydb = querydb;
        let mut bookers = net2_client::sync::BookersConfig::default();
        bookers.areas = areas(&sim);
        let net2 = with(&sim, config, bookers);
        plant(&sim, 950, "Trainer BOOKINGSYNC");
        let before = strangers(&sim);
        conformance::sink(&net2, &samples()).await.unwrap();
        assert!(before == strangers(&sim), "somebody else was changed");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pins_pass_as_codes_of_a_door_system() {
    let sim = start(12, |_| {}).await;
    let (foreign, used) = sim.world(|world| {
        let user = world.users.values().find(|user| user.pin.is_some()).unwrap();
        let foreign =
            Foreign { id: user.id.into(), email: user.fields[&EMAIL].clone(), code: user.pin.clone().unwrap() };
        let pins = world.users.values().filter_map(|user| user.pin.clone());
        (foreign, pins.collect::<BTreeSet<_>>())
    });
    let people = Samples::new(move |n| Person {
        last_name: Known::from_text(format!("Person{n}")),
        email: Known::from_text(format!("sample{n}@example.org")),
        ..Person::default()
    });
    let free: Vec<_> = (1000..10_000).map(|pin: u32| pin.to_string()).filter(|pin| !used.contains(pin)).collect();
    let serials = serials(&sim);
    let doors = [serials[0].as_str(), serials[1].as_str()];
    let samples = DoorSamples::new(people, doors, CodeKind::Pin, move |n| free[n].clone(), foreign);
    conformance::door_system(&doors_of(&sim), &samples).await.unwrap();
}

/// Somebody of the site with a fob and a mail address.
fn foreign(sim: &vendor_sim::net2::Net2Sim) -> Foreign {
    sim.world(|world| {
        let number = |text: &str| text.parse::<u64>().is_ok();
        let held = |user: &vendor_sim::net2::User| {
            user.tokens.iter().map(|token| token.token_value.clone()).find(|value| number(value))
        };
        let (user, code) = world.users.values().find_map(|user| Some((user, held(user)?))).unwrap();
        Foreign { id: user.id.into(), email: user.fields[&EMAIL].clone(), code }
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_kind_of_server_that_keeps_rights_passes_as_a_door_system() {
    for form in [
        IndividualForm::Timezone,
        IndividualForm::Name,
        IndividualForm::Area,
        IndividualForm::AreaTimezone,
        IndividualForm::TimezoneInNameOut,
    ] {
        let sim = start(12, |switches| {
            switches.individual_form = form;
            switches.pascal_case = form == IndividualForm::Area;
            switches.refuse_empty_levels = form == IndividualForm::Name;
            switches.none_level_as_zero = form == IndividualForm::Name;
        })
        .await;
        let serials = serials(&sim);
        let people = Samples::new(move |n| Person {
            first_name: Known::from_text("Sample"),
            last_name: Known::from_text(format!("Person{n}")),
            email: Known::from_text(format!("sample{n}@example.org")),
            ..Person::default()
        });
        let doors = [serials[0].as_str(), serials[1].as_str()];
        let code = |n: usize| (880_000 + n).to_string();
        let samples = DoorSamples::new(people, doors, CodeKind::Number, code, foreign(&sim));
        let before = strangers(&sim);
        conformance::door_system(&doors_of(&sim), &samples).await.unwrap_or_else(|breach| panic!("{form:?}: {breach}"));
        assert!(before == strangers(&sim), "somebody else was changed");
    }
}
