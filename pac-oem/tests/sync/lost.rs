//! Replies that are lost, connections that break, servers that are busy.

use std::collections::BTreeSet;

use futures::StreamExt as _;
use pac_oem::sync::PacEndpoint;
use sync_core::connector::{AttemptKey, Changes, ErrorClass, Precondition, Sink as _, Source, SyncError};
use sync_core::model::{ExternalId, Known, Person};

use crate::site::{config, endpoint, human, with};

async fn listed(pac: &PacEndpoint) -> Result<BTreeSet<ExternalId>, SyncError> {
    let mut ids = BTreeSet::new();
    let mut pages = Source::<Person>::snapshot(pac, None);
    while let Some(page) = pages.next().await {
        ids.extend(page?.records.into_iter().map(|record| record.id));
    }
    Ok(ids)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_reply_to_a_creation_makes_no_second_person() {
    for without in ["no such capability", "idempotency"] {
        let site = with(|options| options.people(0).without(without)).await;
        site.sim.fault("drop-response=1").unwrap();
        let lost = site.create(human(1), 7).await.unwrap_err();
        assert_eq!(lost.class(), ErrorClass::InDoubt, "{lost}");
        let made = site.create(human(1), 7).await.unwrap();
        assert_eq!(site.sim.world(|world| world.people.len()), 1, "{without}");
        assert_eq!(made.value.attendance_id, Known::from_text("1001"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_repeats_nobody_is_made_who_cannot_be_known_again() {
    let site = with(|options| options.people(0).without("idempotency")).await;
    let nameless = Person { attendance_id: Known::Unknown, ..human(1) };
    let error = site.create(nameless, 1).await.unwrap_err();
    assert_eq!((error.class(), error.field()), (ErrorClass::Invalid, Some("attendance_id")));
    assert!(site.writes().is_empty(), "nothing was sent");
    // Somebody whom others made under that key is no earlier attempt of ours.
    site.sim.world(|world| {
        world.add_person(vendor_sim::pac::Person {
            ext: Some("astrow:1002".to_owned()),
            first: "Teo".to_owned(),
            ..vendor_sim::pac::Person::default()
        })
    });
    let error = site.create(human(2), 2).await.unwrap_err();
    assert_eq!((error.class(), error.clashing_key()), (ErrorClass::Duplicate, Some("attendance_id")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_reply_to_a_change_is_in_doubt_and_a_repeat_changes_nothing() {
    let site = with(|options| options.people(0)).await;
    let record = site.create(human(1), 1).await.unwrap();
    site.sim.fault("drop-response=1").unwrap();
    let changes = Changes(Person { last_name: Known::from_text("Other"), ..Person::default() });
    let (seen, attempt) = (Precondition::default(), AttemptKey::from_u128(9));
    let update = || site.pac.update(&record.id, &changes, &seen, &attempt);
    assert_eq!(update().await.unwrap_err().class(), ErrorClass::InDoubt);
    let again = update().await.unwrap();
    assert_eq!((again.revision.as_deref(), site.person(&record.id).rev), (Some("2"), 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_that_loses_its_connection_at_any_frame_is_whole_all_the_same() {
    let site = with(|options| options.people(20).limits(4, 100)).await;
    let all = listed(&site.pac).await.unwrap();
    assert_eq!(all.len(), 20);
    for frame in 1..=6 {
        site.sim.fault(&format!("close-after={frame}")).unwrap();
        // Whoever loses many connections in a row waits longer and longer: each of these is somebody else.
        let fresh = endpoint(config(&site.sim, &site.folder));
        assert_eq!(listed(&fresh).await.unwrap(), all, "lost after {frame} frames");
        site.sim.clear_faults();
    }
    site.sim.fault("busy=2@PersonList").unwrap();
    assert_eq!(listed(&site.pac).await.unwrap(), all, "busy");
}
