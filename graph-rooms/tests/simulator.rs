//! The whole road against a simulated tenant, which knows nothing of this client.
#![cfg(feature = "sync")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop")]

use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use futures::TryStreamExt as _;
use graph_rooms::calendar::{CalendarView, Reason, Rules, Window};
use graph_rooms::delta::{Followed, Tracked};
use graph_rooms::rooms::Warning;
use graph_rooms::sync::{GraphRooms, MemoryStates, Outcome, OutlookConfig, RoomConfig};
use graph_rooms::{Fault, FaultKind, GraphClient, GraphClientBuilder, Pace, RetryPolicy, SignInProblem};
use sync_core::connector::{Endpoint as _, Source as _};
use sync_core::model::{Booking, BookingStatus};
use sync_core::test_kit::conformance;
use vendor_sim::graph::{
    Attendee, Ending, Expired, GraphOptions, GraphSim, Meeting, Permission, Processing, Recurrence, Response,
    RetryAfter, Switches, World,
};

const ADA: (&str, &str) = ("Ada Quist", "ada.quist@example.org");
const BO: (&str, &str) = ("Bo Lind", "bo.lind@example.org");

fn noon() -> DateTime<Utc> {
    "2026-03-02T12:00:00Z".parse().unwrap()
}

fn hours(n: i64) -> DateTime<Utc> {
    noon() + Duration::hours(n)
}

fn week() -> Window {
    Window::new(noon(), noon() + Duration::days(7))
}

fn options() -> GraphOptions {
    GraphSim::builder().rooms(0).meetings(0).domain("example.org").start_at(noon()).frozen(true)
}

/// Two rooms and nothing in them.
async fn tenant(change: impl FnOnce(&mut Switches)) -> GraphSim {
    let sim = options().with_switches(change).start().await.unwrap();
    sim.world(|world| {
        world.add_room("Quay 1", "quay1@example.org");
        world.add_room("Quay 2", "quay2@example.org");
        for (name, address) in [ADA, BO] {
            world.add_user(name, address);
        }
    });
    sim
}

/// Waits are short, for they are real ones here.
fn builder(sim: &GraphSim) -> GraphClientBuilder {
    GraphClient::builder()
        .tenant(sim.domain())
        .client_id(sim.client_id())
        .secret(sim.secret())
        .base_url(sim.base_url())
        .authority(sim.authority())
        .retry(RetryPolicy { first_wait: std::time::Duration::from_millis(20), ..quick() })
        .pace(Pace::unlimited())
}

fn quick() -> RetryPolicy {
    RetryPolicy {
        attempts: 4,
        first_wait: std::time::Duration::ZERO,
        longest_wait: std::time::Duration::from_millis(50),
    }
}

fn client(sim: &GraphSim) -> GraphClient {
    builder(sim).build().unwrap()
}

fn rules() -> Rules {
    let mut rules = Rules::default();
    (rules.zone, rules.attendees) = (chrono_tz::Europe::Berlin, true);
    rules
}

fn rooms_of(sim: &GraphSim, change: impl FnOnce(&mut OutlookConfig)) -> GraphRooms {
    let rooms = vec![RoomConfig::new("quay1@example.org", "Quay 1"), RoomConfig::new("quay2@example.org", "Quay 2")];
    let mut config = OutlookConfig::new("hq", sim.domain(), sim.client_id(), "Europe/Berlin", rooms);
    config.secret = Some("env:UNUSED".to_owned());
    config.attendees = true;
    change(&mut config);
    GraphRooms::with_client("bookings", config, client(sim), Arc::new(MemoryStates::default())).unwrap()
}

async fn known(rooms: &GraphRooms) -> Vec<Booking> {
    let pages: Vec<_> = rooms.snapshot(None).try_collect().await.unwrap();
    pages.into_iter().flat_map(|page| page.records).map(|record| record.value).collect()
}

async fn standing(rooms: &GraphRooms) -> Vec<String> {
    let stands = |booking: &Booking| booking.status == BookingStatus::Confirmed;
    let names = |booking: Booking| booking.resources.into_iter().collect::<Vec<_>>().join("+");
    known(rooms).await.into_iter().filter(stands).map(names).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_conformance_kit_passes() {
    let sim = tenant(|_| {}).await;
    sim.world(|world| {
        world.book("quay1@example.org", ADA, &[BO], Utc::now() + Duration::hours(1), Utc::now() + Duration::hours(2));
        world.book("quay2@example.org", BO, &[], Utc::now() + Duration::hours(1), Utc::now() + Duration::hours(2));
    });
    let rooms = rooms_of(&sim, |_| {});
    rooms.poll(Utc::now()).await;
    assert_eq!(known(&rooms).await.len(), 2);
    conformance::source(&rooms, &"nothing".into()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rooms_are_found_whatever_the_list_does() {
    let switches: [fn(&mut Switches); 5] = [
        |_| {},
        |switches| switches.rooms_without_next_link = true,
        |switches| (switches.rooms_without_next_link, switches.rooms_without_count) = (true, true),
        |switches| (switches.rooms_repeat, switches.rooms_page) = (true, 60),
        |switches| (switches.numbers_text, switches.rooms_unknown_enums, switches.older_spelling) = (true, true, true),
    ];
    for (number, change) in switches.into_iter().enumerate() {
        let sim = options().rooms(250).with_switches(change).start().await.unwrap();
        let found = client(&sim).rooms().list().await.unwrap();
        assert_eq!((found.items.len(), found.warnings), (250, vec![]), "switches {number}");
    }
    let sim = options().rooms(30).with_switches(|switches| switches.rooms_overcounted = 5).start().await.unwrap();
    let found = client(&sim).rooms().list().await.unwrap();
    assert_eq!((found.items.len(), found.warnings), (30, vec![Warning::Incomplete { got: 30, total: 35 }]));
    let sim = options().rooms(30).with_switches(|switches| switches.places_empty = true).start().await.unwrap();
    assert_eq!(client(&sim).rooms().list().await.unwrap().warnings, [Warning::Empty]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bookings_are_read_whatever_the_calendar_does() {
    let switches: [fn(&mut Switches); 9] = [
        |_| {},
        |switches| switches.empty_page_first = true,
        |switches| (switches.duplicates_at_border, switches.largest_page) = (true, 4),
        |switches| switches.fraction_digits = 0,
        |switches| switches.fraction_digits = 9,
        |switches| switches.ignore_zone = true,
        |switches| switches.slashed_ids = true,
        |switches| switches.gzip = true,
        |switches| (switches.touching, switches.uid_per_occurrence) = (true, true),
    ];
    for (number, change) in switches.into_iter().enumerate() {
        let sim = tenant(change).await;
        sim.world(|world| {
            for n in 0..11 {
                world.book("quay1@example.org", ADA, &[BO], hours(2 * n + 1), hours(2 * n + 2));
            }
        });
        let found = client(&sim).room("quay1@example.org").bookings(week(), &rules()).await.unwrap();
        assert_eq!((found.granted.len(), found.refused.len(), found.invalid.len()), (11, 0, 0), "switches {number}");
        let first = &found.granted[0];
        assert_eq!((first.start, first.end), (hours(1), hours(2)), "switches {number}");
        assert_eq!(first.booker.as_ref().unwrap().email, ADA.1);
        assert_eq!(first.attendees[0].email, BO.1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_series_is_its_occurrences_with_all_their_exceptions() {
    let sim = tenant(|_| {}).await;
    let start = noon() + Duration::hours(21);
    sim.world(|world| {
        let series = Meeting::new("quay1@example.org", ADA, start, start + Duration::hours(1));
        let id = world.insert_meeting(series.repeated(Recurrence::daily(Ending::After(5))));
        let day = |n| (start + Duration::days(n)).date_naive();
        world.cancel_occurrence(id, day(1));
        world.delete_occurrence(id, day(2));
        let moved = start + Duration::days(3) + Duration::hours(3);
        world.move_occurrence(id, day(3), moved, moved + Duration::hours(2));
    });
    let found = client(&sim).room("quay1@example.org").bookings(week(), &rules()).await.unwrap();
    let starts: Vec<_> = found.granted.iter().map(|booking| (booking.start - start).num_hours()).collect();
    assert_eq!(starts, [0, 75, 96]);
    let off: Vec<_> = found.refused.iter().map(|refusal| refusal.reason).collect();
    assert_eq!(off, [Reason::Cancelled]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_is_declined_or_free_gives_nothing() {
    let sim = tenant(|_| {}).await;
    sim.world(|world| {
        let declined = world.book("quay1@example.org", ADA, &[], hours(1), hours(2));
        world.respond(declined, Response::Declined);
        world.change_room("quay2@example.org", |room| room.processing = Processing::Delegate);
        world.book("quay2@example.org", ADA, &[], hours(1), hours(2));
        world.book_at_panel("quay1@example.org", hours(3), hours(4));
    });
    let client = client(&sim);
    let quay1 = client.room("quay1@example.org").bookings(week(), &rules()).await.unwrap();
    let reasons: Vec<_> = quay1.refused.iter().map(|refusal| refusal.reason).collect();
    // An Exchange room does not keep what it declines; the simulator may or may not show it.
    assert!(reasons.iter().all(|reason| *reason == Reason::Declined), "{reasons:?}");
    assert_eq!((quay1.granted.len(), quay1.granted[0].booker.is_none()), (1, true));
    let quay2 = client.room("quay2@example.org").bookings(week(), &rules()).await.unwrap();
    assert_eq!((quay2.granted.len(), quay2.refused[0].reason), (0, Reason::Pending));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_ways_to_sign_in_work_and_refusals_are_understood() {
    let sim = tenant(|switches| switches.expires_in_text = true).await;
    client(&sim).sign_in().await.unwrap();
    let (certificate, key) = sim.add_certificate().unwrap();
    let clock = Arc::new(connector_http::ManualClock::at(noon().into()));
    let signed = builder(&sim).certificate(certificate, key).clock(clock).build().unwrap();
    signed.sign_in().await.unwrap();
    let kind = |error: graph_rooms::Error| Fault::of(&error).kind;
    let problem = FaultKind::SignIn;
    let wrong = builder(&sim).secret("something else").build().unwrap();
    assert_eq!(kind(wrong.sign_in().await.unwrap_err()), problem(SignInProblem::WrongSecret));
    let wrong = builder(&sim).tenant("elsewhere.example").build().unwrap();
    assert_eq!(kind(wrong.sign_in().await.unwrap_err()), problem(SignInProblem::UnknownTenant));
    let wrong = builder(&sim).client_id("11111111-2222-3333-4444-555555555555").build().unwrap();
    assert_eq!(kind(wrong.sign_in().await.unwrap_err()), problem(SignInProblem::UnknownApplication));
    sim.world(World::expire_secrets);
    assert_eq!(kind(client(&sim).sign_in().await.unwrap_err()), problem(SignInProblem::SecretExpired));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_ends_meanwhile_is_replaced() {
    let sim = tenant(|_| {}).await;
    let client = client(&sim);
    client.rooms().list().await.unwrap();
    sim.world(World::revoke_tokens);
    assert_eq!(client.rooms().list().await.unwrap().items.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_are_followed_through_forgotten_tokens() {
    for expired in [Expired::Gone, Expired::GoneWithLocation, Expired::BadRequest, Expired::NotFound] {
        let sim = tenant(|switches| switches.delta_expired = expired).await;
        let (series, single) = sim.world(|world| {
            let meeting =
                Meeting::new("quay1@example.org", ADA, hours(1), hours(2)).with(Attendee::required(BO.0, BO.1));
            let series = world.insert_meeting(meeting.repeated(Recurrence::daily(Ending::After(4))));
            (series, world.book("quay1@example.org", BO, &[], hours(5), hours(6)))
        });
        let room = client(&sim).room("quay1@example.org");
        let mut tracked = Tracked::new(week());
        assert_eq!(room.follow(&mut tracked).await.unwrap(), Followed::Whole);
        let judged = |tracked: &Tracked| tracked.calendar().judged(None, week(), &rules());
        let found = judged(&tracked);
        assert_eq!((found.granted.len(), found.invalid.len()), (5, 0));
        assert!(found.granted.iter().all(|booking| booking.booker.is_some()), "occurrences have their series' people");
        sim.world(|world| {
            world.delete_meeting(single);
            world.move_meeting(series, hours(3), hours(4));
        });
        assert!(matches!(room.follow(&mut tracked).await.unwrap(), Followed::Changes(_)));
        assert!(judged(&tracked).granted.iter().all(|booking| booking.start.format("%H").to_string() == "15"));
        sim.world(|world| {
            world.expire_delta_tokens();
            world.delete_meeting(series);
        });
        assert_eq!(room.follow(&mut tracked).await.unwrap(), Followed::Afresh, "{expired:?}");
        assert_eq!(judged(&tracked).granted.len(), 0);
    }
    let sim = tenant(|switches| switches.delta_needs_read = true).await;
    sim.world(|world| {
        world.withdraw_consent(Permission::CalendarsRead);
        world.book("quay1@example.org", BO, &[], hours(5), hours(6));
    });
    let mut tracked = Tracked::new(week());
    assert_eq!(client(&sim).room("quay1@example.org").follow(&mut tracked).await.unwrap(), Followed::Plain);
    assert_eq!(tracked.calendar().events.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_rooms_are_read_within_the_limits() {
    for retry_after in [RetryAfter::Fraction, RetryAfter::Missing] {
        let sim = options()
            .rooms(40)
            .with_switches(|switches| (switches.latency_ms, switches.retry_after) = (5, retry_after))
            .start()
            .await
            .unwrap();
        let client = client(&sim);
        let found = client.rooms().list().await.unwrap();
        let reads = found.items.iter().map(|room| {
            let room = client.room(room.email_address.clone().unwrap());
            async move { room.events(week()).await }
        });
        let read = futures::future::join_all(reads).await;
        assert!(read.iter().all(Result::is_ok));
        assert!(sim.in_flight_peak() <= 3, "{}", sim.in_flight_peak());
        let views: Vec<_> =
            found.items.iter().map(|room| CalendarView::new(room.email_address.clone().unwrap(), week(), 50)).collect();
        let batched = client.batch(&views).await.unwrap();
        assert!(batched.iter().all(Result::is_ok));
        let events: usize = batched.iter().flatten().map(|page| page.items.len()).sum();
        assert_eq!(events, read.iter().flatten().map(|calendar| calendar.events.len()).sum::<usize>());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_day_at_the_rooms() {
    let sim = tenant(|_| {}).await;
    let rooms = rooms_of(&sim, |_| {});
    let meeting = sim.world(|world| world.book("quay1@example.org", ADA, &[BO], hours(1), hours(2)));
    assert!(rooms.poll_all(noon()).await.iter().all(|report| report.outcome.is_good()));
    assert_eq!(standing(&rooms).await, ["Quay 1"]);
    assert_eq!(known(&rooms).await[0].people.len(), 2);

    sim.world(|world| world.move_to_room(meeting, "quay2@example.org"));
    rooms.poll_all(hours(1)).await;
    assert_eq!(standing(&rooms).await, ["Quay 2"], "in one cycle");

    sim.world(|world| world.deny_mailbox("quay2@example.org"));
    sim.world(|world| world.cancel(meeting));
    let reports = rooms.poll_all(hours(1)).await;
    assert_eq!(reports[1].outcome, Outcome::Denied);
    assert_eq!(standing(&rooms).await, ["Quay 2"], "no news is no news");
    sim.world(|world| world.allow_mailbox("quay2@example.org"));
    rooms.poll_all(hours(1)).await;
    assert_eq!(standing(&rooms).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_connection_test_names_what_is_missing() {
    let sim = tenant(|_| {}).await;
    let rooms = rooms_of(&sim, |_| {});
    let report = rooms.check().await;
    assert!(report.is_ok(), "{report:?}");
    let remedy = |report: &sync_core::connector::CheckReport, step: &str| {
        let step = report.steps.iter().find(|other| other.name == step).unwrap_or_else(|| panic!("{report:?}"));
        step.remedy.clone().unwrap_or_default()
    };
    sim.world(|world| world.withdraw_consent(Permission::PlaceReadAll));
    assert!(remedy(&rooms.check().await, "Place.Read.All").contains("consent"));
    sim.world(|world| {
        world.grant(Permission::PlaceReadAll);
        world.deny_mailbox("quay2@example.org");
    });
    assert!(remedy(&rooms.check().await, "room Quay 2").contains("policy"));
    sim.world(|world| {
        world.withdraw_consent(Permission::CalendarsReadBasicAll);
        world.withdraw_consent(Permission::CalendarsRead);
    });
    assert!(remedy(&rooms.check().await, "Calendars.ReadBasic.All").contains("consent"));
    sim.world(World::expire_secrets);
    let report = rooms.check().await;
    assert!(remedy(&report, "sign-in").contains("new client secret"), "{report:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mail_goes_out_as_it_is_and_needs_its_permission() {
    let sim = tenant(|_| {}).await;
    let message = b"From: doors@example.org\r\nTo: ada@example.org\r\nSubject: code\r\n\r\nHello";
    sim.world(|world| {
        world.add_user("Doors", "doors@example.org");
        world.grant(Permission::MailSend);
    });
    let client = client(&sim);
    client.send_mail("doors@example.org", message).await.unwrap();
    assert_eq!(sim.sent_mail()[0].mime, message);
    sim.world(|world| world.withdraw_consent(Permission::MailSend));
    let error = client.send_mail("doors@example.org", message).await.unwrap_err();
    assert_eq!((Fault::of(&error).kind, sim.sent_mail().len()), (FaultKind::Forbidden, 1));
}
