//! What a booker is on the server, and who is none.

use std::collections::BTreeSet;

use sync_core::connector::{DoorCommand, DoorSystem as _, ErrorClass, Key, Marker, Source as _};
use sync_core::model::{FieldValue, Known, Person, Scalar};
use vendor_sim::net2::{Fault, FaultKind};

use crate::site::*;

#[tokio::test]
async fn a_new_booker_has_everything_in_one_request_and_is_found_by_its_key() {
    let sim = start(5, |_| {}).await;
    let net2 = doors_of(&sim);
    let created = create(&net2, maya(), 1).await;
    assert_eq!(created.marker, Some(Marker::Ours(key(1))));
    assert!(created.value == Person { code: Known::Empty, ..maya() });
    let user = stored(&sim, &created.id);
    assert_eq!(user.fields[&MARKER], "BOOKINGSYNC");
    assert_eq!(user.fields[&MEMO], format!("#{}\nCourt 1|2027-03-01T10:00|2027-03-01T11:00|b1", key(1)));
    assert_eq!(user.expiry.unwrap().date(), "2031-03-02".parse().unwrap());
    assert_eq!(sim.world(|world| world.departments[&user.department].name.clone()), BOOKING);
    assert_eq!(written(&sim), ["POST /users".to_owned(), format!("PUT /users/{}/departments", created.id)]);
    let alone = std::slice::from_ref(&created);
    assert_eq!(net2.find(&Key::Marker(key(1))).await.unwrap(), alone);
    assert!(net2.find(&Key::Marker(key(2))).await.unwrap().is_empty());
    let mail = FieldValue::Value(Scalar::Text("MAYA@example.org".to_owned()));
    assert_eq!(net2.find(&Key::Field { name: "email", value: mail }).await.unwrap(), alone);
    assert_eq!(all(&net2).await, alone);
}

#[tokio::test]
async fn the_marker_is_a_word_of_its_own_and_the_words_beside_it_stay() {
    let sim = start(3, |_| {}).await;
    let net2 = doors_of(&sim);
    for (number, field, is_ours) in [
        (901, "Trainer BOOKINGSYNC", true),
        (902, "BOOKINGSYNC;Trainer", true),
        (903, "BOOKINGSYNC2", false),
        (904, "bookingsync", false),
        (905, "", false),
    ] {
        let id = plant(&sim, number, field);
        let found = net2.get(&id).await.unwrap();
        assert_eq!(found.is_some(), is_ours, "{field}");
        if let Some(record) = found {
            assert_eq!(record.marker, Some(Marker::TextOnly));
            let notes = Person {
                notes: Known::from_text("a note"),
                pin: secret(&(number + 7000).to_string()),
                ..Person::default()
            };
            let updated = update(&net2, &id, notes).await.unwrap();
            assert_eq!((updated.value.notes, updated.marker), (Known::from_text("a note"), Some(Marker::TextOnly)));
            assert_eq!(stored(&sim, &id).fields[&MARKER], field);
        }
    }
    assert_eq!(all(&net2).await.len(), 2);
}

#[tokio::test]
async fn nobody_without_the_marker_is_ever_shown_or_changed() {
    let sim = start(30, |_| {}).await;
    let net2 = doors_of(&sim);
    let before = strangers(&sim);
    let serials = serials(&sim);
    let (stranger, user) = before.iter().nth(7).map(|(id, user)| (*id, user.clone())).unwrap();
    let maya = create(&net2, Person { email: Known::from_text(user.fields[&EMAIL].to_uppercase()), ..maya() }, 1).await;
    open(&net2, &maya.id, set(&[&serials[0]])).await.unwrap();
    update(&net2, &maya.id, Person { code: secret("77001"), ..Person::default() }).await.unwrap();
    assert_eq!(all(&net2).await.len(), 1);

    let writes = written(&sim).len();
    assert_eq!(net2.get(&stranger.into()).await.unwrap(), None);
    for doors in [set(&[&serials[0]]), Known::Empty] {
        let refused = open(&net2, &stranger.into(), doors).await.unwrap_err();
        assert_eq!(refused.class(), ErrorClass::NotFound);
    }
    assert_eq!(delete(&net2, &stranger.into()).await.unwrap_err().class(), ErrorClass::NotFound);
    // Somebody took the marker away meanwhile: the booker is a stranger now.
    let number = number(&maya.id);
    sim.world(|world| world.change_user(number, |user| drop(user.fields.insert(MARKER, "Member".to_owned()))));
    assert_eq!(open(&net2, &maya.id, Known::Empty).await.unwrap_err().class(), ErrorClass::NotFound);
    assert_eq!(delete(&net2, &maya.id).await.unwrap_err().class(), ErrorClass::NotFound);
    assert_eq!(written(&sim).len(), writes, "nothing is written");
    assert!(all(&net2).await.is_empty());

    let mut after = strangers(&sim);
    after.remove(&number);
    assert!(before == after, "somebody else was changed");
}

#[tokio::test]
async fn strangers_with_a_mail_address_are_told_and_bookers_are_none() {
    let sim = start(10, |_| {}).await;
    let net2 = doors_of(&sim);
    create(&net2, maya(), 1).await;
    let (id, email) = sim.world(|world| {
        let user = world.users.values().find(|user| user.fields.contains_key(&EMAIL)).unwrap();
        (user.id, user.fields[&EMAIL].clone())
    });
    let asked: BTreeSet<String> =
        [email.to_uppercase(), "maya@example.org".to_owned(), "nobody@example.org".to_owned()].into();
    let found = net2.strangers(&asked).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!((number(&found[0].id), &found[0].value.email), (id, &Known::from_text(email)));
    assert_eq!((found[0].marker.clone(), found[0].value.pin.is_known()), (None, false));
}

#[tokio::test]
async fn only_what_changes_is_written_and_no_date_is_lost() {
    let sim = start(3, |_| {}).await;
    let net2 = doors_of(&sim);
    let maya = create(&net2, maya(), 1).await;
    let number = number(&maya.id);
    sim.world(|world| world.change_user(number, |user| user.telephone = Some("0131".to_owned())));
    let updated = update(&net2, &maya.id, Person { pin: secret("9173"), ..Person::default() }).await.unwrap();
    assert_eq!((updated.value.valid_until, updated.value.pin), (maya.value.valid_until, secret("9173")));
    let notes =
        Person { notes: Known::from_text("one\ntwo"), last_name: Known::from_text("Visser"), ..Person::default() };
    let updated = update(&net2, &maya.id, notes).await.unwrap();
    assert_eq!((updated.value.notes, updated.marker), (Known::from_text("one\ntwo"), Some(Marker::Ours(key(1)))));
    let user = stored(&sim, &maya.id);
    assert_eq!((user.telephone.as_deref(), user.fields[&EMAIL].as_str()), (Some("0131"), "maya@example.org"));
    let writes = written(&sim).len();
    update(&net2, &maya.id, Person { last_name: Known::from_text("Visser"), ..Person::default() }).await.unwrap();
    assert_eq!(written(&sim).len(), writes);
}

#[tokio::test]
async fn a_lost_creation_is_in_doubt_and_found_by_its_key() {
    let sim = start(3, |_| {}).await;
    let net2 = doors_of(&sim);
    assert!(all(&net2).await.is_empty());
    sim.add_fault(Fault::on("POST", "/api/v1/users", FaultKind::DropReply));
    let error = try_create(&net2, maya(), 1).await.unwrap_err();
    assert_eq!(error.class(), ErrorClass::InDoubt);
    let found = net2.find(&Key::Marker(key(1))).await.unwrap();
    assert_eq!(found.len(), 1);
    // The department is missing, and says so until the next write of doors.
    let listed = all(&net2).await;
    assert_eq!(listed[0].value.doors, Known::Value(BTreeSet::from(["in no department".to_owned()])));
    assert_eq!(net2.get(&listed[0].id).await.unwrap().unwrap(), listed[0]);
    let repaired = open(&net2, &listed[0].id, Known::Empty).await.unwrap();
    assert_eq!(repaired.value.doors, Known::Empty);
    let department = stored(&sim, &listed[0].id).department;
    assert_eq!(sim.world(|world| world.departments[&department].name.clone()), BOOKING);
}

#[tokio::test]
async fn a_pin_that_the_site_does_not_take_is_refused_with_its_field() {
    let sim = start(3, |_| {}).await;
    let net2 = doors_of(&sim);
    let maya = create(&net2, maya(), 1).await;
    let error = update(&net2, &maya.id, Person { pin: secret("123456"), ..Person::default() }).await.unwrap_err();
    assert_eq!((error.class(), error.field()), (ErrorClass::Invalid, Some("pin")));
    assert!(error.remedy().unwrap().contains("length"), "{error:?}");
    assert!(!format!("{error} {error:?}").contains("123456"));
}

#[tokio::test]
async fn a_deleted_booker_opens_nothing_before_it_goes() {
    let sim = start(3, |_| {}).await;
    let net2 = doors_of(&sim);
    let serials = serials(&sim);
    let maya = create(&net2, Person { doors: set(&[&serials[0]]), ..maya() }, 1).await;
    assert!(opens(&sim, &maya.id, &[&serials[0]]));
    let permissions = format!("/users/{}/doorpermissionset", maya.id);
    sim.add_fault(Fault::on("PUT", "*/doorpermissionset", FaultKind::Reply).status(500));
    delete(&net2, &maya.id).await.unwrap_err();
    assert!(net2.get(&maya.id).await.unwrap().is_some(), "what could not be shut is not deleted either");
    let before = written(&sim).len();
    delete(&net2, &maya.id).await.unwrap();
    assert_eq!(written(&sim)[before..], [format!("PUT {permissions}"), format!("DELETE /users/{}", maya.id)]);
    assert_eq!(net2.get(&maya.id).await.unwrap(), None);
    assert_eq!(delete(&net2, &maya.id).await.unwrap_err().class(), ErrorClass::NotFound);
}

#[tokio::test]
async fn a_door_command_is_sent_once_whatever_becomes_of_it() {
    let sim = start(3, |_| {}).await;
    let net2 = doors_of(&sim);
    let doors = net2.doors().await.unwrap();
    assert_eq!(doors.len(), serials(&sim).len());
    let door = doors[0].id.clone();
    sim.add_fault(Fault::on("POST", "*/commands/door/open", FaultKind::DropReply));
    assert_eq!(net2.command(&DoorCommand::Open(door.clone())).await.unwrap_err().class(), ErrorClass::InDoubt);
    assert_eq!(written(&sim), ["POST /commands/door/open"]);
    net2.command(&DoorCommand::HoldOpen(door.clone())).await.unwrap();
    net2.command(&DoorCommand::Close(door)).await.unwrap();
    for id in ["1", "front door"] {
        let error = net2.command(&DoorCommand::Open(id.into())).await.unwrap_err();
        assert_eq!(error.class(), ErrorClass::NotFound);
    }
}
