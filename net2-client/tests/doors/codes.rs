//! PINs and tokens.

use net2_client::sync::BookersConfig;
use sync_core::connector::{CodeKind, DoorSystem as _, ErrorClass, Source as _};
use sync_core::model::{Known, Person};
use vendor_sim::net2::{Fault, FaultKind, Token};

use crate::site::*;

fn code(text: &str) -> Person {
    Person { code: secret(text), ..Person::default() }
}

fn fob(value: &str) -> Token {
    Token { id: 900_001, token_type: "Keyfob".into(), token_value: value.into(), is_lost: false }
}

#[tokio::test]
async fn a_new_code_comes_after_the_old_one_is_gone_and_other_tokens_stay() {
    let sim = start(3, |_| {}).await;
    let net2 = doors_of(&sim);
    let maya = create(&net2, Person { code: secret("77001"), ..maya() }, 1).await;
    assert_eq!(maya.value.code, secret("77001"));
    let number = number(&maya.id);
    sim.world(|world| world.change_user(number, |user| user.tokens.push(fob("4242"))));
    let before = written(&sim).len();
    let updated = update(&net2, &maya.id, code("88002")).await.unwrap();
    assert_eq!(updated.value.code, secret("88002"));
    let writes = written(&sim)[before..].to_vec();
    assert!(writes.len() == 2 && writes[0].starts_with("DELETE ") && writes[1].starts_with("POST "), "{writes:?}");
    assert_eq!(all(&net2).await, [updated]);
    let cleared = update(&net2, &maya.id, Person { code: Known::Empty, ..Person::default() }).await.unwrap();
    assert_eq!(cleared.value.code, Known::Empty);
    let left: Vec<_> = stored(&sim, &maya.id).tokens.into_iter().map(|token| token.token_value).collect();
    assert_eq!(left, ["4242"]);
}

#[tokio::test]
async fn an_old_code_that_does_not_go_is_not_joined_by_a_new_one() {
    let sim = start(3, |_| {}).await;
    let net2 = doors_of(&sim);
    let maya = create(&net2, Person { code: secret("77001"), ..maya() }, 1).await;
    sim.add_fault(Fault::on("DELETE", "*/tokens/*", FaultKind::Reply).status(200));
    let error = update(&net2, &maya.id, code("88002")).await.unwrap_err();
    assert_eq!((error.class(), error.field()), (ErrorClass::Conflict, Some("code")));
    assert_eq!(net2.get(&maya.id).await.unwrap().unwrap().value.code, secret("77001"));
}

#[tokio::test]
async fn a_code_of_somebody_else_is_a_duplicate_and_our_own_is_none() {
    let sim = start(20, |_| {}).await;
    let net2 = doors_of(&sim);
    let maya = create(&net2, maya(), 1).await;
    let taken = sim.world(|world| {
        let held = world.users.values().flat_map(|user| &user.tokens);
        held.map(|token| token.token_value.clone()).find(|value| value.parse::<u64>().is_ok()).unwrap()
    });
    let error = update(&net2, &maya.id, code(&taken)).await.unwrap_err();
    assert_eq!((error.class(), error.clashing_key()), (ErrorClass::Duplicate, Some("code")));
    assert!(!format!("{error} {error:?} {}", error.chain()).contains(&taken));

    sim.add_fault(Fault::on("POST", "*/tokens", FaultKind::DropReply));
    let lost = update(&net2, &maya.id, code("77001")).await.unwrap_err();
    assert_eq!(lost.class(), ErrorClass::InDoubt);
    assert_eq!(update(&net2, &maya.id, code("0077001")).await.unwrap().value.code, secret("77001"));
}

#[tokio::test]
async fn a_pin_of_somebody_else_is_a_duplicate_and_a_new_booker_comes_without_it() {
    let sim = start(20, |_| {}).await;
    let net2 = doors_of(&sim);
    let taken = sim.world(|world| world.users.values().find_map(|user| user.pin.clone()).unwrap());
    let created = create(&net2, Person { pin: secret(&taken), ..maya() }, 1).await;
    assert_eq!(created.value.pin, Known::Empty);
    let pin = Person { pin: secret(&taken), ..Person::default() };
    let error = update(&net2, &created.id, pin.clone()).await.unwrap_err();
    assert_eq!((error.class(), error.clashing_key()), (ErrorClass::Duplicate, Some("pin")));
    // Once it is free, nothing has to be waited for.
    sim.world(|world| {
        world.users.values_mut().filter(|user| user.pin.as_ref() == Some(&taken)).for_each(|user| user.pin = None);
    });
    assert_eq!(update(&net2, &created.id, pin).await.unwrap().value.pin, secret(&taken));
}

#[tokio::test]
async fn without_a_kind_of_token_none_is_read_or_written() {
    let sim = start(3, |_| {}).await;
    let mut bookers = BookersConfig::default();
    bookers.code_token_type = String::new();
    let net2 = with(&sim, net2(&sim), bookers);
    let maya = create(&net2, maya(), 1).await;
    let number = number(&maya.id);
    sim.world(|world| world.change_user(number, |user| user.tokens.push(fob("4242"))));
    assert_eq!(net2.get(&maya.id).await.unwrap().unwrap().value.code, Known::Unknown);
    let error = update(&net2, &maya.id, code("77001")).await.unwrap_err();
    assert_eq!((error.class(), error.field()), (ErrorClass::Invalid, Some("code")));
    assert_eq!(stored(&sim, &maya.id).tokens.len(), 1);
}

#[tokio::test]
async fn codes_of_everybody_are_the_same_with_and_without_sql() {
    let sim = start(40, |_| {}).await;
    let net2 = doors_of(&sim);
    create(&net2, Person { code: secret("77001"), ..maya() }, 1).await;
    let mut rest = crate::site::net2(&sim);
    rest.querydb = false;
    let mut bookers = BookersConfig::default();
    bookers.areas = areas(&sim);
    let rest = with(&sim, rest, bookers);
    let by_sql = net2.codes().await.unwrap();
    assert!(by_sql == rest.codes().await.unwrap());
    let (pins, numbers) = sim.world(|world| {
        let pins = world.users.values().filter(|user| user.pin.is_some()).count();
        let tokens = world.users.values().flat_map(|user| &user.tokens);
        (pins, tokens.filter(|token| token.token_value.parse::<u64>().is_ok()).count())
    });
    let of = |kind| by_sql.iter().filter(|code| code.kind == kind).count();
    assert_eq!((of(CodeKind::Pin), of(CodeKind::Number)), (pins, numbers));
    assert!(by_sql.iter().any(|one| one.kind == CodeKind::Number && one.code.expose() == "77001"));
    let mut last = rest.client().request_count();
    rest.codes().await.unwrap();
    assert!(calls(&rest, &mut last) <= 2, "nothing changed");
}

#[tokio::test]
async fn a_user_that_cannot_be_read_leaves_the_codes_unknown() {
    let sim = start(5, |_| {}).await;
    sim.world(|world| {
        let user = world.users.values_mut().next().unwrap();
        user.overlay.insert("pin".to_owned(), serde_json::json!({ "odd": true }));
    });
    assert_eq!(doors_of(&sim).codes().await.unwrap_err().class(), ErrorClass::Protocol);
}
