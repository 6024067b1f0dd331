//! What opens doors, and what is not as it should be.

use std::collections::BTreeSet;

use net2_client::sync::BookersConfig;
use sync_core::connector::{ErrorClass, Source as _};
use sync_core::model::{Known, Person};
use vendor_sim::net2::{Fault, FaultKind, IndividualForm, Querydb};

use crate::site::*;

fn words(words: &[&str]) -> Known<BTreeSet<String>> {
    Known::Value(words.iter().map(|word| (*word).to_owned()).collect())
}

#[tokio::test]
async fn doors_open_and_shut_in_every_form_that_servers_are_known_for() {
    for (form, querydb) in [
        (IndividualForm::Timezone, true),
        (IndividualForm::Name, true),
        (IndividualForm::Area, true),
        (IndividualForm::AreaTimezone, true),
        (IndividualForm::TimezoneInNameOut, true),
        (IndividualForm::Name, false),
    ] {
        let sim = start(5, |switches| {
            switches.individual_form = form;
            switches.querydb = if querydb { Querydb::On } else { Querydb::Off };
        })
        .await;
        let mut bookers = BookersConfig::default();
        if !querydb {
            bookers.areas = areas(&sim);
        }
        let mut config = net2(&sim);
        config.querydb = querydb;
        let net2 = with(&sim, config, bookers);
        let serials = serials(&sim);
        let maya = create(&net2, maya(), 1).await;
        for doors in [vec![&serials[0]], vec![&serials[1]], vec![&serials[1], &serials[2]], vec![&serials[2]]] {
            let updated = open(&net2, &maya.id, set(&doors)).await.unwrap();
            assert_eq!(updated.value.doors, set(&doors), "{form:?}");
            assert!(opens(&sim, &maya.id, &doors), "{form:?}");
            assert_eq!(all(&net2).await, [net2.get(&maya.id).await.unwrap().unwrap()]);
        }
        open(&net2, &maya.id, Known::Empty).await.unwrap();
        assert!(opens(&sim, &maya.id, &[]));
        let before = written(&sim).len();
        open(&net2, &maya.id, Known::Empty).await.unwrap();
        assert_eq!(written(&sim).len(), before, "nothing differs, nothing is written");
    }
}

#[tokio::test]
async fn a_moved_booking_is_one_write() {
    let sim = start(3, |_| {}).await;
    let net2 = doors_of(&sim);
    let serials = serials(&sim);
    let maya = create(&net2, Person { doors: set(&[&serials[0], &serials[1]]), ..maya() }, 1).await;
    let before = written(&sim).len();
    open(&net2, &maya.id, set(&[&serials[1], &serials[2]])).await.unwrap();
    assert_eq!(written(&sim)[before..], [format!("PUT /users/{}/doorpermissionset", maya.id)]);
    assert!(opens(&sim, &maya.id, &[&serials[1], &serials[2]]));
    // At no moment was any other set open.
    let sets: Vec<BTreeSet<String>> = sim.world(|world| {
        let spans = world.rights(number(&maya.id)).unwrap().spans;
        spans.iter().map(|span| span.doors.iter().map(|right| right.door.to_string()).collect()).collect()
    });
    let of = |doors: &[&String]| doors.iter().map(|door| (*door).clone()).collect::<BTreeSet<_>>();
    let allowed = [of(&[]), of(&[&serials[0], &serials[1]]), of(&[&serials[1], &serials[2]])];
    assert!(sets.iter().all(|set| allowed.contains(set)), "{sets:?}");
    assert_eq!(sets.last(), allowed.last());
}

#[tokio::test]
async fn what_is_no_door_at_all_changes_nothing() {
    let sim = start(3, |_| {}).await;
    let net2 = doors_of(&sim);
    let serials = serials(&sim);
    let maya = create(&net2, Person { doors: set(&[&serials[0]]), ..maya() }, 1).await;
    let error = open(&net2, &maya.id, set(&[&serials[1], &"front door".to_owned()])).await.unwrap_err();
    assert_eq!((error.class(), error.field()), (ErrorClass::Invalid, Some("doors")));
    assert!(opens(&sim, &maya.id, &[&serials[0]]));
}

#[tokio::test]
async fn without_doors_a_booker_is_on_the_fallback_level_alone() {
    for refuse_empty in [false, true] {
        let sim = start(3, |switches| switches.refuse_empty_levels = refuse_empty).await;
        let level = sim.world(|world| world.access_levels.values().find(|level| level.name == "Cleaners").unwrap().id);
        let mut bookers = BookersConfig::default();
        bookers.fallback_level = "Cleaners".to_owned();
        let net2 = with(&sim, net2(&sim), bookers);
        let serials = serials(&sim);
        let maya = create(&net2, maya(), 1).await;
        assert_eq!((stored(&sim, &maya.id).levels, &maya.value.doors), (vec![level], &Known::Empty));
        open(&net2, &maya.id, set(&[&serials[0]])).await.unwrap();
        assert!(stored(&sim, &maya.id).levels.is_empty());
        open(&net2, &maya.id, Known::Empty).await.unwrap();
        let user = stored(&sim, &maya.id);
        assert_eq!((user.levels, user.individual.len()), (vec![level], 0));

        let planted = plant(&sim, 950, "BOOKINGSYNC");
        let found = net2.get(&planted).await.unwrap().unwrap();
        assert_eq!(found.value.doors, words(&["not on the fallback level"]));
        assert_eq!(open(&net2, &planted, Known::Empty).await.unwrap().value.doors, Known::Empty);
        assert_eq!(stored(&sim, &planted).levels, [level]);
    }
}

#[tokio::test]
async fn whatever_else_opens_something_is_told_in_words_and_goes_with_the_next_write() {
    let sim = start(3, |_| {}).await;
    let net2 = doors_of(&sim);
    let serials = serials(&sim);
    let planted = plant(&sim, 950, "BOOKINGSYNC");
    let (level, area) = sim.world(|world| {
        let level = world.access_levels.values().find(|level| level.name == "IT").unwrap().id;
        let area = world.doors[&serials[0].parse::<i64>().unwrap()].area_in;
        world.change_user(950, |user| {
            user.levels = vec![level];
            user.individual = vec![vendor_sim::net2::IndividualPermission { area, timezone: 1 }];
        });
        (level, area)
    });
    let shown = words(&[&format!("access level {level} (IT)"), &format!("area {area}")]);
    assert_eq!(net2.get(&planted).await.unwrap().unwrap().value.doors, shown);
    assert_eq!(all(&net2).await[0].value.doors, shown);
    open(&net2, &planted, set(&[&serials[0]])).await.unwrap();
    assert!(stored(&sim, &planted).levels.is_empty() && opens(&sim, &planted, &[&serials[0]]));
}

#[tokio::test]
async fn rights_that_are_not_kept_are_an_error_and_levels_are_the_way_out() {
    for form in [IndividualForm::Ignored, IndividualForm::Refused] {
        let sim = start(3, |switches| switches.individual_form = form).await;
        let serials = serials(&sim);
        let maya = {
            let net2 = doors_of(&sim);
            let maya = create(&net2, maya(), 1).await;
            let error = open(&net2, &maya.id, set(&[&serials[0]])).await.unwrap_err();
            assert_eq!((error.class(), error.field()), (ErrorClass::Invalid, Some("doors")), "{form:?}");
            assert!(error.remedy().unwrap().contains("`levels`"), "{form:?}");
            assert!(opens(&sim, &maya.id, &[]));
            maya
        };
        let mut bookers = BookersConfig::default();
        bookers.levels.insert(serials[0].clone(), "Members".to_owned());
        let net2 = with(&sim, net2(&sim), bookers);
        let opened = open(&net2, &maya.id, set(&[&serials[0]])).await.unwrap();
        assert_eq!(opened.value.doors, set(&[&serials[0]]));
        let members = sim.world(|world| world.access_levels.values().find(|level| level.name == "Members").unwrap().id);
        assert_eq!(stored(&sim, &maya.id).levels, [members]);
        assert_eq!(all(&net2).await, [opened]);
        open(&net2, &maya.id, Known::Empty).await.unwrap();
        assert!(stored(&sim, &maya.id).levels.is_empty());
    }
}

#[tokio::test]
async fn a_door_that_cannot_be_opened_keeps_no_other_open() {
    let sim = start(3, |_| {}).await;
    let net2 = doors_of(&sim);
    let serials = serials(&sim);
    let maya = create(&net2, Person { doors: set(&[&serials[0], &serials[1]]), ..maya() }, 1).await;
    let unknown = "123".to_owned();
    let error = open(&net2, &maya.id, set(&[&serials[1], &unknown])).await.unwrap_err();
    assert_eq!((error.class(), error.field()), (ErrorClass::Invalid, Some("doors")));
    assert!(opens(&sim, &maya.id, &[&serials[1]]), "the door that is over is shut");
}

#[tokio::test]
async fn a_door_that_is_new_at_the_site_is_found() {
    let sim = start(3, |_| {}).await;
    let net2 = doors_of(&sim);
    let maya = create(&net2, maya(), 1).await;
    let serial = sim.world(|world| world.add_door("New court")).to_string();
    open(&net2, &maya.id, set(&[&serial])).await.unwrap();
    assert!(opens(&sim, &maya.id, &[&serial]));
}

#[tokio::test]
async fn a_lost_answer_to_a_write_of_doors_is_in_doubt_and_nothing_more_is_sent() {
    let sim = start(3, |_| {}).await;
    let net2 = doors_of(&sim);
    let serials = serials(&sim);
    let maya = create(&net2, maya(), 1).await;
    let before = written(&sim).len();
    sim.add_fault(Fault::on("PUT", "*/doorpermissionset", FaultKind::DropReply));
    let error = open(&net2, &maya.id, set(&[&serials[0]])).await.unwrap_err();
    assert_eq!((error.class(), written(&sim).len()), (ErrorClass::InDoubt, before + 1));
    assert_eq!(net2.get(&maya.id).await.unwrap().unwrap().value.doors, set(&[&serials[0]]));
}

#[tokio::test]
async fn names_that_the_site_does_not_have_are_answered_with_the_nearest() {
    let sim = start(3, |_| {}).await;
    let mut bookers = BookersConfig::default();
    bookers.marker_field = net2_client::sync::FieldChoice::Name("Positon".to_owned());
    let error = with(&sim, net2(&sim), bookers).get(&"1".into()).await.unwrap_err();
    assert_eq!((error.class(), error.field()), (ErrorClass::Config, Some("marker_field")));
    assert!(error.message().contains("Positon") && error.remedy().unwrap().contains("\"Position\""), "{error:?}");

    let mut bookers = BookersConfig::default();
    bookers.department = "Bookings 2".to_owned();
    let net2 = with(&sim, net2(&sim), bookers);
    assert!(all(&net2).await.is_empty(), "reading needs no department");
    let error = try_create(&net2, maya(), 1).await.unwrap_err();
    assert_eq!((error.class(), error.field()), (ErrorClass::Config, Some("department")));
    assert!(written(&sim).is_empty());
    // Once it is there, nothing has to be restarted.
    sim.world(|world| {
        world.departments.values_mut().find(|one| one.name == BOOKING).unwrap().name = "Bookings 2".into();
    });
    create(&net2, maya(), 1).await;
}

#[tokio::test]
async fn a_renamed_fallback_level_keeps_no_door_open() {
    let sim = start(3, |_| {}).await;
    let mut bookers = BookersConfig::default();
    bookers.fallback_level = "Cleaners".to_owned();
    let net2 = with(&sim, net2(&sim), bookers);
    let serials = serials(&sim);
    let maya = create(&net2, Person { doors: set(&[&serials[0]]), ..maya() }, 1).await;
    sim.world(|world| {
        world.access_levels.values_mut().find(|level| level.name == "Cleaners").unwrap().name = "Cleaning".into();
    });
    // An unknown door makes the lists be read again.
    let unknown = open(&net2, &maya.id, set(&[&serials[0], &"123".to_owned()])).await.unwrap_err();
    assert_eq!(unknown.class(), ErrorClass::Invalid);
    open(&net2, &maya.id, Known::Empty).await.unwrap();
    assert!(opens(&sim, &maya.id, &[]));
}

#[tokio::test]
async fn level_0_is_no_access_in_any_language() {
    let sim = start(3, |switches| switches.localised_texts = true).await;
    let net2 = doors_of(&sim);
    let serials = serials(&sim);
    let maya = create(&net2, Person { doors: set(&[&serials[0]]), ..maya() }, 1).await;
    assert_eq!(open(&net2, &maya.id, Known::Empty).await.unwrap().value.doors, Known::Empty);
}
