//! The quick way: changes of others, and hints.

use std::time::Duration;

use futures::StreamExt as _;
use pac_oem::model::LogStream;
use sync_core::connector::Source;
use sync_core::model::{ExternalId, Person};
use tokio::time::timeout;

use crate::site::{Site, human, with};

async fn list(site: &Site) {
    let pages = Source::<Person>::snapshot(&*site.pac, None);
    pages.for_each(|page| async move { drop(page.unwrap()) }).await;
}

fn ids(list: &[u32]) -> Vec<ExternalId> {
    list.iter().map(|id| i64::from(*id).into()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_others_changed_since_the_list_is_told_and_our_own_changes_are_not() {
    let site = with(|options| options.people(3)).await;
    assert!(site.pac.changes(None).await.unwrap().lost, "nothing was listed yet");
    list(&site).await;
    let (one, two) = site.sim.world(|world| {
        let mut ids = world.people.keys().copied();
        (ids.next().unwrap(), ids.next().unwrap())
    });
    site.create(human(1), 1).await.unwrap();
    site.sim.world(|world| {
        world.edit_person(one, |person| person.last = Some("Other".to_owned()));
        world.delete_person(two);
    });
    let changes = site.pac.changes(None).await.unwrap();
    assert_eq!(changes.people.iter().cloned().collect::<Vec<_>>(), ids(&[one, two]));
    assert!(!changes.lost && !changes.definitions);
    let again = site.pac.changes(changes.position.as_deref()).await.unwrap();
    assert!(again.people.is_empty() && again.position == changes.position, "{again:?}");
    let head = site.pac.head_of_changes().await.unwrap();
    site.sim.world(|world| world.delete_reader(15));
    for place in [changes.position, head] {
        assert!(site.pac.changes(place.as_deref()).await.unwrap().definitions);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_log_that_began_anew_the_head_is_that_of_the_new_one() {
    let site = with(|options| options.people(3)).await;
    let old = site.pac.head_of_changes().await.unwrap();
    site.sim.new_epoch();
    assert!(site.pac.changes(old.as_deref()).await.unwrap().lost);
    let new = site.pac.head_of_changes().await.unwrap();
    assert!(!site.pac.changes(new.as_deref()).await.unwrap().lost, "{old:?} {new:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_of_ours_of_which_we_do_not_know_is_told() {
    let site = with(|options| options.people(0)).await;
    list(&site).await;
    site.sim.fault("drop-response=1").unwrap();
    site.create(human(1), 1).await.unwrap_err();
    let changes = site.pac.changes(None).await.unwrap();
    assert_eq!(changes.people.len(), 1, "{changes:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_of_changes_that_was_cut_or_began_anew_asks_for_a_whole_list() {
    let site = with(|options| options.people(3)).await;
    list(&site).await;
    let place = site.pac.listed_position();
    for n in 0..5 {
        site.create(human(n), n as u128 + 1).await.unwrap();
    }
    site.sim.trim_log(1);
    let changes = site.pac.changes(place.as_deref()).await.unwrap();
    assert!(changes.lost && changes.position.is_none(), "{changes:?}");
    list(&site).await;
    assert!(!site.pac.changes(None).await.unwrap().lost);
    site.sim.new_epoch();
    assert!(site.pac.changes(None).await.unwrap().lost);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hints_come_with_each_swipe_and_after_each_new_beginning() {
    let site = with(|options| options.people(1)).await;
    let id: u32 = site.sim.world(|world| *world.people.keys().next().unwrap());
    let mut hints = site.pac.hints(LogStream::Events);
    let patience = Duration::from_secs(20);
    timeout(patience, hints.next()).await.expect("it begins").unwrap();
    site.sim.swipe(11, id, None);
    timeout(patience, hints.next()).await.expect("a swipe").unwrap();
    site.sim.cut_connections();
    timeout(patience, hints.next()).await.expect("it began again").unwrap();
    site.sim.swipe(11, id, None);
    timeout(patience, hints.next()).await.expect("a swipe after that").unwrap();
}
