//! Whole lists: what proves that they are whole.

use futures::StreamExt as _;
use sync_core::connector::{End, ErrorClass, Source};
use sync_core::model::Person;

use crate::site::with;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_that_expires_is_begun_again_once_and_shows_everybody_once() {
    let site = with(|options| options.people(10).limits(3, 100)).await;
    let mut pages = Source::<Person>::snapshot(&*site.pac, None);
    let mut ids: Vec<String> = Vec::new();
    let (mut end, mut expired) = (None, false);
    while let Some(page) = pages.next().await {
        let page = page.unwrap();
        ids.extend(page.records.iter().map(|record| record.id.to_string()));
        if ids.len() == 6 && !std::mem::replace(&mut expired, true) {
            site.sim.fault("page-expire").unwrap();
        }
        end = page.end;
    }
    assert_eq!(ids.len(), 10, "{ids:?}");
    assert_eq!(end, Some(End { count: Some(10), complete: true }));
    // A second time is too much: the run is over, and nobody's absence is concluded.
    let mut pages = Source::<Person>::snapshot(&*site.pac, None);
    let mut failed = None;
    while let Some(page) = pages.next().await {
        site.sim.fault("page-expire").unwrap();
        failed = page.err();
    }
    assert_eq!(failed.unwrap().class(), ErrorClass::Transient);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_during_which_somebody_goes_proves_nobodys_absence() {
    let site = with(|options| options.people(10).limits(4, 100)).await;
    let last: u32 = site.sim.world(|world| *world.people.keys().last().unwrap());
    let mut pages = Source::<Person>::snapshot(&*site.pac, None);
    let mut end = None;
    let mut gone = false;
    while let Some(page) = pages.next().await {
        end = page.unwrap().end;
        if !std::mem::replace(&mut gone, true) {
            site.sim.world(|world| world.delete_person(last));
        }
    }
    assert!(!end.unwrap().complete, "{end:?}");
}
