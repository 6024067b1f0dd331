//! Bookings in Astrow, roll calls, and bookings by files, in the words of the engine.
#![cfg(feature = "sync")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop")]

mod service;
mod site;

use astrow_client::sync::{AstrowConfig, AstrowEndpoint};
use futures::StreamExt as _;
use service::Service;
use site::{Site, clocking, readers, teo};
use sync_core::connector::{
    AttemptKey, Changes, Delivered, DeliveryClass, ErrorClass, EventSink as _, Precondition, Record, Removal,
    Sink as _, Source, SyncError,
};
use sync_core::model::{Clocking, ClockingKind, Device, DeviceKind, Direction, EventClass, Known, Person};
use vendor_sim::astrow::World;

type Answer = Result<Delivered, SyncError>;

async fn one(site: &Site, clocking: Clocking) -> Answer {
    site.astrow.deliver(&[clocking]).await.remove(0)
}

fn refused(answer: &Answer) -> (ErrorClass, &str) {
    let error = answer.as_ref().unwrap_err();
    (error.class(), error.message())
}

fn booked(site: &Site, n: i64) -> vendor_sim::astrow::Booking {
    site.sim.world(|world| world.booking(&format!("pac:5D1E00C7A2B49F03:{n}"))).unwrap()
}

async fn staffed() -> (Site, String) {
    let site = Site::start().await;
    let start = Known::Value("2020-01-06".parse().unwrap());
    let made = site.create(Person { start_date: start, ..teo() }, 1).await;
    let id = made.id.as_str().to_owned();
    (site, id)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clocking_becomes_a_booking_at_the_terminal_of_its_direction() {
    let (site, teo) = staffed().await;
    let out = Clocking { direction: Direction::Out, ..clocking(2, &teo) };
    let coded = Clocking { device: "12".into(), direction: Direction::Out, ..clocking(3, &teo) };
    let answers = site.astrow.deliver(&[clocking(1, &teo), out, coded]).await;
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    let seen: Vec<_> = (1..4).map(|n| booked(&site, n)).collect();
    assert_eq!(
        seen.iter().map(|one| one.terminal_serial.as_str()).collect::<Vec<_>>(),
        ["9001011", "9001012", "9001011"]
    );
    assert_eq!(seen[0].at.to_rfc3339(), "2026-03-02T07:31:14+00:00");
    assert_eq!((seen[0].badge_no.as_str(), &seen[0].mc), ("213", &None));
    assert_eq!((seen[2].mc.as_deref(), seen[2].cc.as_deref()), (Some("12"), Some("210")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_booking_whose_answer_was_lost_is_booked_once() {
    let (site, teo) = staffed().await;
    assert_eq!(site.astrow.accepts().class, DeliveryClass::Keyed);
    one(&site, clocking(1, &teo)).await.unwrap();
    site.sim.world(|world| world.switches.fault("drop-response=1")).unwrap();
    let lost = site.astrow.deliver(&[clocking(2, &teo)]).await.remove(0);
    assert_eq!(refused(&lost).0, ErrorClass::InDoubt);
    assert!(one(&site, clocking(2, &teo)).await.unwrap().duplicate);
    assert_eq!(site.sim.world(|world| world.booking_count()), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_not_linked_waits_in_the_booking_queue() {
    let (site, _) = staffed().await;
    let stranger = Clocking { person: None, stranger: Some("777".into()), ..clocking(1, "") };
    let answer = one(&site, stranger).await.unwrap();
    assert_eq!((answer.reference.as_str(), answer.duplicate), ("queue", false));
    assert_eq!(booked(&site, 1).badge_no, "777");
    let nobody = one(&site, Clocking { person: None, ..clocking(2, "") }).await;
    assert_eq!(refused(&nobody).0, ErrorClass::Invalid);
    assert!(refused(&nobody).1.starts_with("not-linked"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rejection_is_about_one_booking_and_carries_its_code() {
    let (site, teo) = staffed().await;
    let elsewhere = Clocking { device: "13".into(), ..clocking(2, &teo) };
    let access = Clocking { kind: ClockingKind::Access, ..clocking(3, &teo) };
    let unmapped = Clocking { device: "99".into(), ..clocking(4, &teo) };
    let gone = clocking(5, "987654");
    let answers = site.astrow.deliver(&[clocking(1, &teo), elsewhere, access, unmapped, gone, clocking(6, &teo)]).await;
    assert!(answers[0].is_ok() && answers[5].is_ok(), "{answers:?}");
    assert_eq!(refused(&answers[1]).0, ErrorClass::Invalid);
    assert!(refused(&answers[1]).1.starts_with("unknown-terminal: "), "{answers:?}");
    let classes: Vec<_> = answers[2..5].iter().map(|answer| refused(answer).0).collect();
    assert_eq!(classes, [ErrorClass::Invalid, ErrorClass::NotFound, ErrorClass::NotFound]);
    site.sim.world(|world| world.frozen_until = Some("2026-03-02".parse().unwrap()));
    let frozen = one(&site, clocking(7, &teo)).await.unwrap_err();
    assert_eq!((frozen.class(), frozen.field()), (ErrorClass::Invalid, Some("period_closed")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_licence_bookings_stop_and_people_go_on() {
    let (site, teo) = staffed().await;
    site.sim.world(|world| world.switches.fault("licence-off=file-terminal")).unwrap();
    let answers = site.astrow.deliver(&[clocking(1, &teo), clocking(2, &teo)]).await;
    for answer in &answers {
        let error = answer.as_ref().unwrap_err();
        assert!(error.class() == ErrorClass::Config && error.stops_endpoint(), "{error}");
        assert!(error.remedy().unwrap().contains("licence"), "{error:?}");
    }
    let other = Person { access_id: Known::from_text("214"), credentials: Known::Empty, ..site::teo() };
    site.create(other, 9).await;
    site.sim.world(|world| world.switches.licence_off = vec!["employees-import".to_owned()]);
    let third = Person { access_id: Known::from_text("215"), credentials: Known::Empty, ..site::teo() };
    let refused = site.astrow.create(&site::draft(third), &AttemptKey::from_u128(10)).await.unwrap_err();
    assert_eq!(refused.class(), ErrorClass::Config);
    assert!(one(&site, clocking(1, &teo)).await.is_ok(), "bookings work without the licence for employees");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn badge_numbers_are_not_asked_for_with_each_booking() {
    let site = Site::with(|options| options.people(40), |_| {}).await;
    let people: Vec<_> = (1_001..1_041).map(|n| n.to_string()).collect();
    for round in 0..3 {
        let batch: Vec<_> = (0..40).map(|n| clocking(round * 40 + n, &people[usize::try_from(n).unwrap()])).collect();
        let answers = site.astrow.deliver(&batch).await;
        assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    }
    assert_eq!(site.calls("GET /employees/{id}") + site.calls("GET /employees/{persNo}"), 0);
    let lists =
        site.sim.requests().iter().filter(|one| one.method == "GET" && one.path.ends_with("/employees")).count();
    assert_eq!(lists, 1);
}

fn lists(site: &Site) -> usize {
    site.sim.requests().iter().filter(|one| one.method == "GET" && one.path.ends_with("/employees")).count()
}

fn stranger(n: i64, person: &str) -> Clocking {
    Clocking { person: None, stranger: Some(person.into()), ..clocking(n, "") }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_number_of_a_stranger_is_never_booked_to_somebody_else() {
    let site = Site::with(|options| options.people(3).hex_badges(true), |_| {}).await;
    let (first, second) = site.sim.world(|world| {
        let numbers: Vec<_> = world.employees().keys().copied().collect();
        world.set_badge(numbers[0], 0x213);
        world.change_employee(numbers[0], |employee| employee.pac.person_id = Some(531));
        world.set_badge(numbers[1], 0xD6);
        world.change_employee(numbers[1], |employee| employee.pac.person_id = Some(999));
        world.set_badge(numbers[2], 0xD7);
        world.change_employee(numbers[2], |employee| employee.pac.person_id = None);
        (numbers[0], numbers[1])
    });
    let batch = [stranger(1, "213"), stranger(2, "214"), stranger(3, "531"), stranger(4, "215")];
    let answers = site.astrow.deliver(&batch).await;
    assert_eq!(answers[0].as_ref().unwrap().reference, "queue", "{answers:?}");
    assert_eq!(booked(&site, 1).badge_no, "D5", "as Astrow would show it");
    assert_eq!(refused(&answers[1]).0, ErrorClass::Invalid, "{answers:?}");
    assert!(refused(&answers[1]).1.starts_with("not-linked: "), "{answers:?}");
    assert!(answers[2].is_ok() && booked(&site, 3).badge_no == "213", "it is their own: {answers:?}");
    assert!(answers[3].is_ok(), "an employee whom PAC does not know may be the one: {answers:?}");
    let (of_first, of_second) =
        site.sim.world(|world| (world.bookings_of(first).len(), world.bookings_of(second).len()));
    assert_eq!((of_first, of_second), (1, 0));
    site.astrow.deliver(&[stranger(5, "216")]).await.remove(0).unwrap();
    assert_eq!(lists(&site), 1, "the list is read for strangers once in a long while");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_site_with_many_people_is_not_read_whole_for_a_few_of_them() {
    let site = Site::with(|options| options.people(2_000), |_| {}).await;
    let batch = |round: i64, from: i64, many: i64| -> Vec<Clocking> {
        (0..many).map(|n| clocking(round * 100 + n, &(1_001 + from + n).to_string())).collect()
    };
    let all = async |batch: Vec<Clocking>| {
        let answers = site.astrow.deliver(&batch).await;
        assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    };
    all(batch(1, 0, 20)).await;
    let read = lists(&site);
    site.pass(50 * 60);
    all(batch(2, 300, 20)).await;
    assert_eq!(lists(&site), read, "numbers are known for an hour");
    site.pass(11 * 60);
    all(batch(3, 600, 20)).await;
    assert_eq!(lists(&site), read, "twenty of two thousand are asked for one by one");
    site.pass(61 * 60);
    all(batch(4, 900, 60)).await;
    assert_eq!(lists(&site), read * 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_badge_number_that_turned_out_to_be_wrong_is_asked_for_again() {
    let (site, teo) = staffed().await;
    one(&site, clocking(1, &teo)).await.unwrap();
    site.sim.world(|world| world.set_badge(teo.parse().unwrap(), 4_711));
    assert_eq!(one(&site, clocking(2, &teo)).await.unwrap().reference, "queue");
    one(&site, clocking(3, &teo)).await.unwrap();
    assert_eq!(booked(&site, 3).badge_no, "4711");
    site.sim.world(|world| world.set_badge(teo.parse().unwrap(), 4_712));
    site.astrow.employee_changed(teo.parse().unwrap());
    one(&site, clocking(4, &teo)).await.unwrap();
    assert_eq!(booked(&site, 4).badge_no, "4712");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_a_roll_call_runs_no_swipe_is_booked_and_some_confirm_that_somebody_is_safe() {
    let (site, teo) = staffed().await;
    site.define_reader(11, "HQ", true);
    site.define_reader(12, "HQ", false);
    site.define_reader(13, "DOCK", true);
    let at = |n: i64, device: &str, minute: u32| Clocking {
        device: device.into(),
        occurred: format!("2026-03-02T08:{minute:02}:30+00:00").parse().unwrap(),
        ..clocking(n, &teo)
    };
    site.pass(600);
    let id = site.sim.world(|world| world.start_roll_call(&["HQ"]));
    site.pass(120);
    let before = Clocking { occurred: "2026-03-02T08:09:00+00:00".parse().unwrap(), ..clocking(1, &teo) };
    let batch = [before, at(2, "11", 11), at(3, "12", 11)];
    let answers = site.astrow.deliver(&batch).await;
    assert!(answers[0].is_ok(), "it happened before: {answers:?}");
    for answer in &answers[1..] {
        assert_eq!(refused(answer).0, ErrorClass::Invalid);
        assert!(refused(answer).1.starts_with("roll-call"), "{answers:?}");
    }
    let elsewhere = one(&site, at(4, "13", 11)).await;
    assert!(refused(&elsewhere).1.starts_with("unknown-terminal"), "another site is not held: {elsewhere:?}");
    let safe = site.sim.world(|world| world.confirmations.clone());
    assert_eq!(
        safe.iter().map(|one| (one.reader_id, one.roll_call_id.as_str())).collect::<Vec<_>>(),
        [(11, id.as_str())]
    );

    assert!(site.sim.world(World::stop_roll_call));
    site.pass(60);
    let late = one(&site, at(5, "12", 11)).await;
    assert!(refused(&late).1.starts_with("roll-call"), "it happened during the roll call: {late:?}");
    site.pass(120);
    assert!(one(&site, at(6, "12", 15)).await.is_ok());
    assert_eq!(site.sim.world(|world| world.confirmations.len()), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_swipe_after_a_roll_call_counts_however_late_its_end_is_noticed() {
    let (site, teo) = staffed().await;
    site.sim.world(|world| world.start_roll_call(&[]));
    site.pass(60);
    let at =
        |n: i64, time: &str| Clocking { occurred: format!("2026-03-02T{time}Z").parse().unwrap(), ..clocking(n, &teo) };
    assert!(refused(&one(&site, at(1, "08:00:30")).await).1.starts_with("roll-call"));
    assert!(site.sim.world(World::stop_roll_call));
    site.pass(2 * 3600);
    assert!(one(&site, at(2, "10:00:50")).await.is_ok());
    assert!(one(&site, at(3, "09:00:00")).await.is_ok(), "nobody saw a roll call then");
    assert!(refused(&one(&site, at(4, "08:00:50")).await).1.starts_with("roll-call"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_swipe_just_after_the_end_is_not_taken_for_one_of_the_roll_call() {
    let (site, teo) = staffed().await;
    site.sim.world(|world| world.start_roll_call(&[]));
    site.pass(60);
    site.astrow.watch_roll_calls().await.unwrap();
    assert!(site.sim.world(World::stop_roll_call));
    site.pass(2);
    let swipe = Clocking { occurred: "2026-03-02T08:01:01Z".parse().unwrap(), ..clocking(1, &teo) };
    assert!(one(&site, swipe).await.is_ok(), "the last look is fresh, but older than the swipe");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_happened_in_a_roll_call_that_an_earlier_process_saw_is_not_booked() {
    let (site, teo) = staffed().await;
    site.define_reader(11, "HQ", false);
    site.define_reader(12, "DOCK", false);
    site.sim.world(|world| world.start_roll_call(&["HQ"]));
    site.pass(60);
    let seen = site.astrow.watch_roll_calls().await.unwrap();
    assert!(matches!(&seen[..], [span] if !span.over && span.sites == ["HQ"]), "{seen:?}");
    let kept = serde_json::to_string(&seen).unwrap();
    assert!(site.sim.world(World::stop_roll_call));
    site.pass(3600);

    let later = site.anew();
    later.roll_calls_known(serde_json::from_str(&kept).unwrap());
    let during = Clocking { occurred: "2026-03-02T08:00:30Z".parse().unwrap(), ..clocking(1, &teo) };
    let elsewhere = Clocking { device: "12".into(), ..during.clone() };
    let after = Clocking { occurred: "2026-03-02T08:30:30Z".parse().unwrap(), ..clocking(3, &teo) };
    let answers = later.deliver(&[during, elsewhere, after]).await;
    assert!(refused(&answers[0]).1.starts_with("roll-call"), "{answers:?}");
    assert!(answers[1..].iter().all(Result::is_ok), "{answers:?}");
    let seen = later.watch_roll_calls().await.unwrap();
    assert!(matches!(&seen[..], [span] if span.over), "{seen:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_that_does_not_book_is_in_use_only_while_it_confirms_who_is_safe() {
    let (site, teo) = staffed().await;
    site.define_reader(15, "HQ", true);
    site.define_reader(16, "HQ", false);
    site.define_reader(17, "DOCK", true);
    let used = async || {
        let page = Source::<Device>::snapshot(&site.astrow, None).next().await.unwrap().unwrap();
        let used = |record: &&Record<Device>| record.value.suspended == Known::Value(false);
        let ids = page.records.iter().filter(used).map(|record| record.id.to_string());
        ids.filter(|id| ["15", "16", "17"].contains(&id.as_str())).collect::<Vec<_>>()
    };
    assert!(used().await.is_empty());
    site.pass(60);
    site.sim.world(|world| world.start_roll_call(&["HQ"]));
    assert_eq!(used().await, ["15"]);
    let muster = Source::<Device>::get(&site.astrow, &"15".into()).await.unwrap().unwrap().value;
    assert_eq!(muster.kind, Known::Value(DeviceKind::Access), "the rule for repeats does not hold back who is safe");
    assert_eq!(muster.take_from, Known::Value("2026-03-02T08:01:00Z".parse().unwrap()));

    site.pass(60);
    let swipe = Clocking {
        kind: ClockingKind::Access,
        device: "15".into(),
        occurred: "2026-03-02T08:01:30Z".parse().unwrap(),
        ..clocking(1, &teo)
    };
    let denied = Clocking { class: EventClass::Denied, ..swipe.clone() };
    let answers = site.astrow.deliver(&[swipe, denied]).await;
    assert!(answers.iter().all(|answer| refused(answer).1.starts_with("roll-call")), "{answers:?}");
    assert_eq!(site.sim.world(|world| world.confirmations.len()), 1);
    site.sim.world(World::stop_roll_call);
    site.pass(5);
    assert!(used().await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_confirmation_that_got_lost_is_tried_again_before_the_swipe_is_rejected() {
    let (site, teo) = staffed().await;
    site.define_reader(11, "HQ", true);
    site.sim.world(|world| world.start_roll_call(&[]));
    let swipe = || Clocking { occurred: "2026-03-02T08:00:30+00:00".parse().unwrap(), ..clocking(1, &teo) };
    site.pass(60);
    site.astrow.deliver(&[clocking(9, &teo)]).await.remove(0).unwrap();
    site.sim.world(|world| world.switches.fault("http-500=1")).unwrap();
    assert_eq!(refused(&one(&site, swipe()).await).0, ErrorClass::Transient);
    assert!(refused(&one(&site, swipe()).await).1.starts_with("roll-call"));
    assert_eq!(site.sim.world(|world| world.confirmations.len()), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_state_of_roll_calls_is_asked_for_once_in_a_few_seconds() {
    let (site, teo) = staffed().await;
    for n in 0..10 {
        one(&site, clocking(n, &teo)).await.unwrap();
    }
    let asked = || site.sim.requests().iter().filter(|one| one.path.ends_with("/rollcall")).count();
    assert_eq!(asked(), 1);
    site.pass(5);
    one(&site, clocking(11, &teo)).await.unwrap();
    assert_eq!(asked(), 2);
}

fn by_files(service: &Service) -> AstrowEndpoint {
    let config = AstrowConfig::files(service.config(|_| {}));
    AstrowEndpoint::with_files("astrow", config, service.driver(|_| {})).readers(readers())
}

#[tokio::test]
async fn bookings_by_files_are_booked_once_and_codes_stand_in_their_columns() {
    let service = Service::new("completed");
    let astrow = by_files(&service);
    let coded = Clocking { device: "12".into(), ..clocking(2, "1042") };
    let out = Clocking { direction: Direction::Out, ..clocking(3, "1042") };
    let answers = astrow.deliver(&[clocking(1, "1042"), coded, out]).await;
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    let text = service.text("completed", &service.moved("completed")[0]);
    let rows: Vec<_> = text.lines().skip(1).collect();
    let expected =
        ["101,02/03/2026 08:31, , ,9001011", "101,02/03/2026 08:32,12,210,9001011", "101,02/03/2026 08:33, , ,9001012"];
    assert_eq!(rows, expected);
    assert!(astrow.deliver(&[clocking(1, "1042")]).await.remove(0).unwrap().duplicate);
    assert!(by_files(&service).deliver(&[clocking(1, "1042")]).await.remove(0).unwrap().duplicate);
}

#[tokio::test]
async fn a_refused_file_stops_the_bookings_and_one_taken_in_part_does_not() {
    let service = Service::new("incomplete");
    let astrow = by_files(&service);
    assert_eq!(refused(&astrow.deliver(&[clocking(1, "1042")]).await[0]).0, ErrorClass::Conflict);
    service.result("failed");
    let answers = astrow.deliver(&[clocking(1, "1042"), clocking(2, "1042")]).await;
    assert!(answers.iter().all(|answer| refused(answer).0 == ErrorClass::Config), "{answers:?}");
    assert!(answers[0].as_ref().unwrap_err().stops_endpoint());
}

#[tokio::test]
async fn by_files_nobody_is_changed_or_removed() {
    let service = Service::new("completed");
    let astrow = by_files(&service);
    let changes = Changes(Person { last_name: Known::from_text("x"), ..Person::default() });
    let (none, attempt) = (Precondition::default(), AttemptKey::from_u128(1));
    let refused = astrow.update(&"1042".into(), &changes, &none, &attempt).await.unwrap_err();
    let removed = astrow.remove(&"1042".into(), &Removal::UnlinkCredentials, &none, &attempt).await.unwrap_err();
    for error in [refused, removed] {
        assert!(error.class() == ErrorClass::Invalid && error.remedy().is_some(), "{error:?}");
    }
    let caps = astrow.writes().removal;
    assert!(!caps.unlink_credentials && !caps.mark_leaver && !caps.delete && caps.withheld.is_none());
}
