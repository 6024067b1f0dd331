//! How many calls things take.

use net2_client::sync::BookersConfig;
use sync_core::connector::Source as _;
use sync_core::model::Person;

use crate::site::*;

#[tokio::test]
async fn an_idle_snapshot_takes_as_many_calls_for_many_bookers_as_for_few() {
    for querydb in [true, false] {
        let mut seen = Vec::new();
        for count in [20, 200] {
            let sim = start(5, |_| {}).await;
            let areas_of_doors = areas(&sim);
            for number in 0..count {
                plant(&sim, 1000 + number, "BOOKINGSYNC");
            }
            sim.world(|world| {
                for (number, areas) in (1000..1000 + count).zip(areas_of_doors.values().cycle()) {
                    let rights =
                        areas.iter().map(|area| vendor_sim::net2::IndividualPermission { area: *area, timezone: 1 });
                    world.users.get_mut(&number).unwrap().individual = rights.collect();
                }
            });
            let mut config = net2(&sim);
            config.querydb = querydb;
            let mut bookers = BookersConfig::default();
            bookers.areas = areas_of_doors;
            let net2 = with(&sim, config, bookers);
            let first = all(&net2).await;
            assert!(first.iter().all(|record| record.value.doors.value().is_some_and(|doors| doors.len() == 1)));
            let mut last = net2.client().request_count();
            assert_eq!(all(&net2).await, first);
            seen.push(calls(&net2, &mut last));
        }
        assert_eq!(seen, if querydb { [4, 4] } else { [2, 2] });
    }
}

#[tokio::test]
async fn a_boundary_of_one_booker_takes_a_read_a_write_and_a_read() {
    let sim = start(5, |_| {}).await;
    let net2 = doors_of(&sim);
    let serials = serials(&sim);
    let maya = create(&net2, maya(), 1).await;
    all(&net2).await;
    // What the server takes is learned once.
    open(&net2, &maya.id, set(&[&serials[0]])).await.unwrap();
    let mut last = net2.client().request_count();
    open(&net2, &maya.id, set(&[&serials[1]])).await.unwrap();
    assert_eq!(calls(&net2, &mut last), 3);
    net2.get(&maya.id).await.unwrap();
    assert_eq!(calls(&net2, &mut last), 2, "the user and the tokens");
    update(&net2, &maya.id, Person { pin: secret("5193"), ..Person::default() }).await.unwrap();
    assert_eq!(calls(&net2, &mut last), 3);
    create(&net2, Person { pin: secret("6284"), ..crate::site::maya() }, 2).await;
    assert_eq!(calls(&net2, &mut last), 3, "user, department, user read back");
    create(&net2, Person { pin: secret("7395"), doors: set(&[&serials[0]]), ..crate::site::maya() }, 3).await;
    assert_eq!(calls(&net2, &mut last), 4, "and the doors");
    delete(&net2, &maya.id).await.unwrap();
    assert_eq!(calls(&net2, &mut last), 4, "read, shut, delete, see it gone");
}
