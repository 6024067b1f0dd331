//! The log of events: resumed, cut, begun anew.

use futures::StreamExt as _;
use sync_core::connector::{Cursor, ErrorClass, EventPage, EventSource as _, SyncError};
use sync_core::model::{Direction, EventClass};
use vendor_sim::pac::Stream;

use crate::site::{Site, human, with};

async fn read(site: &Site, from: Option<i64>) -> Result<Vec<EventPage>, SyncError> {
    let pages: Vec<_> = site.pac.read(from.map(|position| Cursor { position })).collect().await;
    pages.into_iter().collect()
}

fn numbers(pages: &[EventPage]) -> Vec<i64> {
    pages.iter().flat_map(|page| &page.events).map(|event| event.number).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_swipe_comes_with_its_person_reader_and_life() {
    let site = with(|options| options.people(0)).await;
    let made = site.create(human(1), 1).await.unwrap();
    let id: u32 = made.id.as_str().parse().unwrap();
    let seq = site.sim.swipe(11, id, None).seq.unwrap();
    let stranger: vendor_sim::pac::CredentialKey = "wiegand26:12-9".parse().unwrap();
    site.sim.swipe(15, stranger, None);
    let pages = read(&site, None).await.unwrap();
    let life = site.sim.world(|world| world.epoch.to_string());
    assert!(pages.iter().all(|page| page.life.as_deref() == Some(&life)));
    let events: Vec<_> = pages.iter().flat_map(|page| &page.events).collect();
    let granted = events.iter().find(|event| event.number == i64::try_from(seq).unwrap()).unwrap();
    assert_eq!((granted.class, granted.direction), (EventClass::Granted, Direction::In));
    assert_eq!((granted.person.as_ref(), granted.device.as_ref().unwrap().as_str()), (Some(&made.id), "11"));
    assert_eq!(granted.identity.as_deref(), Some(format!("{life}:{seq}").as_str()));
    assert_eq!(granted.credential.as_deref(), Some("8E4C0001"));
    let denied = events.iter().find(|event| event.class == EventClass::Denied).unwrap();
    assert_eq!((denied.person.as_ref(), denied.credential.as_deref()), (None, Some("12-9")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_is_read_to_its_head_in_batches_whatever_happens_to_them() {
    let site = with(|options| options.people(3).events(1_700)).await;
    let all = numbers(&read(&site, None).await.unwrap());
    assert_eq!(all.len(), 1_700);
    let middle = all[600];
    for fault in ["duplicate-events=2", "reorder-within-batch=2", "close-after=2", "close-mid-frame=2"] {
        site.sim.fault(fault).unwrap();
        assert_eq!(numbers(&read(&site, Some(middle)).await.unwrap()), all[601..], "{fault}");
        site.sim.clear_faults();
    }
    let head = *all.last().unwrap();
    let none = read(&site, Some(head)).await.unwrap();
    assert!(numbers(&none).is_empty() && none.iter().all(|page| page.life.is_some()), "{none:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_was_cut_behind_the_cursor_says_so_and_is_read_from_its_oldest() {
    let site = with(|options| options.people(3).events(900)).await;
    let all = numbers(&read(&site, None).await.unwrap());
    site.sim.trim_log(100);
    let lost = read(&site, Some(all[10])).await.unwrap_err();
    assert_eq!(lost.class(), ErrorClass::Lost, "{lost}");
    assert!(lost.message().contains(&all[800].to_string()), "{lost}");
    // The server's word of where the log begins is older than the cut.
    assert_eq!(numbers(&read(&site, None).await.unwrap()), all[800..]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_began_anew_shows_its_other_life_even_where_it_is_shorter() {
    let site = with(|options| options.people(3).events(50)).await;
    let before = read(&site, None).await.unwrap();
    let head = *numbers(&before).last().unwrap();
    site.sim.world(vendor_sim::pac::World::new_epoch);
    let after = read(&site, Some(head)).await.unwrap();
    assert!(after.iter().all(|page| page.life.is_some() && page.life != before[0].life), "{after:?}");
    let anew = read(&site, None).await.unwrap();
    assert_eq!(anew[0].life, after[0].life);
    site.sim.new_epoch();
    assert_ne!(read(&site, Some(head)).await.unwrap()[0].life, after[0].life, "the session was closed meanwhile");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_begins_anew_breaks_off_nothing_that_is_under_way() {
    let site = with(|options| options.people(3).events(50)).await;
    let under_way = site.pac.session().await.unwrap();
    site.sim.world(vendor_sim::pac::World::new_epoch);
    read(&site, Some(1)).await.unwrap();
    assert!(under_way.is_open(), "whoever has it still uses it");
    under_way.definitions(None).await.unwrap();
    let next = site.pac.session().await.unwrap();
    assert!(!std::sync::Arc::ptr_eq(&under_way, &next), "the next call goes by another one");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_ends_before_the_cursor_shows_nothing_and_its_life() {
    let site = with(|options| options.people(3)).await;
    let id: u32 = site.sim.world(|world| *world.people.keys().next().unwrap());
    for _ in 0..5 {
        site.sim.swipe(11, id, None);
    }
    let head = *numbers(&read(&site, None).await.unwrap()).last().unwrap();
    site.sim.world(|world| world.lose_newest(Stream::Events, 3));
    let pages = read(&site, Some(head)).await.unwrap();
    assert!(numbers(&pages).is_empty());
    assert_eq!((pages.len(), pages[0].life.is_some()), (1, true));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_of_a_clock_that_is_a_day_off_stay_where_they_are() {
    let site = with(|options| options.people(3).events(5)).await;
    site.sim.fault("clock-skew-s=90000").unwrap();
    site.pac.close().await;
    let error = read(&site, None).await.unwrap_err();
    assert_eq!(error.class(), ErrorClass::Transient);
    assert!(error.message().contains("clock"), "{error}");
}
