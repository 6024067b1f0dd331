//! The client against the simulated server.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop")]

use std::time::Duration;

use astrow_client::model::{
    AccessGroup, ActiveFilter, BadgeKind, Booking, BookingDirection, BookingStatus, CommandState, CommandWord,
    Definitions, EmployeePatch, Heartbeat, Licence, Master, Name, NewEmployee, PacBadge, PacEvent, PacGroup, PacTab,
    Reader, ReaderDirection, RejectionCode, SafeConfirmation, Severity, TerminalEvent,
};
use astrow_client::rest::RestSession;
use astrow_client::{
    AstrowCapability, AstrowClient, AstrowClientBuilder, AstrowError, AstrowErrorKind, AstrowSession, Pace, Patch,
    PersNo, RetryPolicy, Trust,
};
use chrono::{DateTime, FixedOffset};
use futures::TryStreamExt as _;
use uuid::Uuid;
use vendor_sim::astrow::AstrowSim;

async fn site() -> AstrowSim {
    let now = "2026-03-02T07:00:00Z".parse().unwrap();
    AstrowSim::builder().seed(5).people(30).start_at(now).frozen(true).start().await.unwrap()
}

fn builder(sim: &AstrowSim) -> AstrowClientBuilder {
    AstrowClient::builder(sim.url())
        .login(sim.user(), sim.password())
        .client_name("bridge/1")
        .pace(Pace::unlimited())
        .retry(RetryPolicy::never())
}

fn client(sim: &AstrowSim) -> AstrowClient {
    builder(sim).build().unwrap()
}

fn fault(sim: &AstrowSim, text: &str) {
    sim.world(|world| world.switches.fault(text)).unwrap();
}

fn at(text: &str) -> DateTime<FixedOffset> {
    DateTime::parse_from_rfc3339(text).unwrap()
}

fn newcomer(badge: &str) -> NewEmployee {
    NewEmployee::new(Name::new("Teo", "Marchetti"), badge, "2026-03-02".parse().unwrap(), "C-STD", "PG-1")
}

fn swipe(seq: u64, badge: &str) -> Booking {
    let event = PacEvent::new("5D1E00C7A2B49F03", seq);
    let time = at("2026-03-02T07:30:00+01:00") + Duration::from_secs(seq);
    Booking::of_event(event, badge, time, "9001011", BookingDirection::In)
}

fn definitions() -> Definitions {
    let readers = vec![Reader::new(11, "Main entrance IN", ReaderDirection::In)];
    Definitions::new(vec![AccessGroup::new(1, "Everybody", true)], Vec::new(), readers)
}

async fn employees_work(sim: &AstrowSim, session: &dyn AstrowSession) {
    let first = session.employees(None, ActiveFilter::All).await.unwrap();
    assert_eq!((first.items.len(), first.invalid.len()), (30, 0));
    let made = session.create_employee(newcomer("7001"), Uuid::new_v4()).await.unwrap();
    let id = made.pers_no;
    let patch = EmployeePatch::new().with(|patch| {
        patch.name = Some(Name::single("Teo"));
        patch.department = Patch::Set("LOG".to_owned());
        patch.free_fields.insert(1, Some("pac:213".to_owned()));
    });
    let changed = session.patch_employee(id, patch, made.etag.as_ref().unwrap()).await.unwrap();
    assert_eq!((changed.name.last.as_deref(), changed.department.as_deref()), (None, Some("LOG")));
    let stale = session.patch_employee(id, EmployeePatch::new(), made.etag.as_ref().unwrap()).await.unwrap_err();
    assert_eq!((stale.kind(), stale.current().unwrap().etag.clone()), (AstrowErrorKind::Changed, changed.etag.clone()));
    let mut tab = PacTab::new(Some(213), Master::Pac);
    tab.access_groups.push(PacGroup::new(1));
    tab.badges = vec![PacBadge::wiegand(77, "40211"), PacBadge::new(BadgeKind::PacProx, "8E4C0A1F")];
    let with_tab = session.set_pac(id, tab.clone(), changed.etag.as_ref().unwrap()).await.unwrap();
    assert_eq!(with_tab.pac, tab);
    assert_eq!(session.employee(id).await.unwrap(), Some(with_tab.clone()));
    sim.world(|world| assert_eq!(world.employee(id.get()).unwrap().department.as_deref(), Some("LOG")));
    session.delete_employee(id, with_tab.etag.as_ref().unwrap()).await.unwrap();
    assert_eq!(session.employee(id).await.unwrap(), None);
}

async fn view_works(sim: &AstrowSim, session: &dyn AstrowSession) {
    let time = at("2026-03-02T07:59:00+01:00");
    let event = TerminalEvent::new("5D1E00C7A2B49F03", 1, time, "access.denied", Severity::Warning);
    session.write_events(&[event]).await.unwrap();
    sim.world(|world| assert_eq!(world.terminal_events().count(), 1));
    let asked = sim.world(|world| world.request_door("hr.admin", 11));
    let commands = session.commands(Duration::ZERO).await.unwrap();
    assert_eq!((commands.len(), commands[0].id, commands[0].reader_id), (1, asked, Some(11)));
    assert_eq!(session.commands(Duration::ZERO).await.unwrap(), [], "handed out once");
    session.command_result(asked, CommandState::new(CommandWord::Done)).await.unwrap();
    let error = session.command_result(Uuid::nil(), CommandState::new(CommandWord::Done)).await.unwrap_err();
    assert_eq!(error.kind(), AstrowErrorKind::NotFound);
    session.heartbeat(&Heartbeat::new("bridge-hq", "0.1.0", time)).await.unwrap();
    sim.world(|world| assert!(!world.red_label()));
}

async fn roll_call_works(sim: &AstrowSim, session: &dyn AstrowSession) {
    assert!(!session.roll_call().await.unwrap().active);
    let mira = PersNo::new(sim.world(|world| *world.employees().keys().next().unwrap()));
    let safe = |id: &str| [SafeConfirmation::new(id, mira, 11, at("2026-03-02T08:00:00+01:00"))];
    assert_eq!(session.confirm_safe(&safe("rc-0")).await.unwrap_err().kind(), AstrowErrorKind::NoRollCall);
    let id = sim.world(|world| world.start_roll_call(&["HQ"]));
    assert!(session.roll_call().await.unwrap().runs_at("HQ"));
    session.confirm_safe(&safe(&id)).await.unwrap();
    sim.world(|world| assert_eq!(world.confirmations.len(), 1));
    let outcomes = session.write_bookings(&[swipe(1900, "101")]).await.unwrap();
    assert_eq!(outcomes[0].code, Some(RejectionCode::RollCall));
    assert!(sim.world(vendor_sim::astrow::World::stop_roll_call));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_call_does_what_it_says() {
    let sim = site().await;
    let session: RestSession = client(&sim).connect().await.unwrap();
    assert!(session.supports(AstrowCapability::RollCall) && session.info().has(&Licence::RollCall));
    let start = session.info().changes_next.clone().unwrap();
    assert!(session.lookups().await.unwrap().terminal("9001011").is_some());

    session.put_definitions(&definitions()).await.unwrap();
    let readers = session.reader_settings().await.unwrap();
    assert_eq!((readers.len(), readers[0].reader_id), (1, 11));
    employees_work(&sim, &session).await;
    view_works(&sim, &session).await;

    let outcomes = session.write_bookings(&[swipe(1, "101"), swipe(2, "424242")]).await.unwrap();
    assert_eq!((&outcomes[0].status, &outcomes[1].status), (&BookingStatus::Processed, &BookingStatus::Queued));
    let again = session.write_bookings(&[swipe(1, "101")]).await.unwrap();
    assert_eq!(again[0].status, BookingStatus::Duplicate);
    let read = session.bookings(None).await.unwrap();
    assert_eq!(read.items.iter().filter_map(|booking| booking.key.as_deref()).count(), 1);
    roll_call_works(&sim, &session).await;

    let changes = session.changes(&start, Duration::ZERO).await.unwrap();
    assert!(changes.items.iter().any(|change| change.is_by_client("bridge/1")) && changes.invalid.is_empty());
    assert_eq!(session.changes(&changes.next, Duration::ZERO).await.unwrap().items, []);
    session.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn long_lists_come_in_small_pages_whole() {
    let sim = site().await;
    sim.world(|world| world.switches.page_size = 7);
    let pages: Vec<_> = client(&sim).employees().pages(ActiveFilter::All).try_collect().await.unwrap();
    assert_eq!(pages.iter().map(|page| page.items.len()).collect::<Vec<_>>(), [7, 7, 7, 7, 2]);
    let bookings: Vec<_> = (0..1201).map(|seq| swipe(seq, "101")).collect();
    let outcomes = client(&sim).bookings().write(&bookings, Uuid::new_v4()).await.unwrap();
    assert_eq!(outcomes.len(), 1201);
    assert_eq!(
        sim.request_counts().iter().filter(|(call, _)| call.contains("bookings")).map(|(_, n)| n).sum::<u64>(),
        3
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_expired_session_is_replaced_under_a_write_too() {
    let sim = site().await;
    let client = client(&sim);
    client.check().await.unwrap();
    fault(&sim, "token-expire=1");
    client.employees().create(&newcomer("7001"), Uuid::new_v4()).await.unwrap();
    sim.world(|world| assert_eq!(world.employees().len(), 31));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_else_was_faster() {
    let sim = site().await;
    let client = client(&sim);
    let mira = client.employees().list().await.unwrap().items.remove(0);
    fault(&sim, "etag-race=1");
    let patch = EmployeePatch::new().with(|patch| patch.email = Patch::Clear);
    let error = client.employees().update(mira.pers_no, &patch, mira.etag.as_ref().unwrap()).await.unwrap_err();
    let now = error.current().unwrap();
    assert_eq!((error.kind(), now.email == mira.email), (AstrowErrorKind::Changed, true));
    let after = client.employees().update(mira.pers_no, &patch, now.etag.as_ref().unwrap()).await.unwrap();
    assert_eq!(after.email, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missing_licence_stops_its_own_part_only() {
    let sim = site().await;
    fault(&sim, "licence-off=employees-import");
    let client = client(&sim);
    assert!(!client.check().await.unwrap().has(&Licence::EmployeesImport));
    let error = client.employees().create(&newcomer("7001"), Uuid::new_v4()).await.unwrap_err();
    assert_eq!((error.kind(), error.licence()), (AstrowErrorKind::LicenceMissing, Some(&Licence::EmployeesImport)));
    client.bookings().write(&[swipe(1, "101")], Uuid::new_v4()).await.unwrap();
    fault(&sim, "licence-off=file-terminal");
    let error = client.bookings().write(&[swipe(2, "101")], Uuid::new_v4()).await.unwrap_err();
    assert_eq!(error.licence(), Some(&Licence::FileTerminal));
    client.employees().create(&newcomer("7001"), Uuid::new_v4()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn permission_and_password_are_told_apart() {
    let sim = site().await;
    let wrong = builder(&sim).login(sim.user(), "wrong").build().unwrap();
    assert_eq!(wrong.check().await.unwrap_err().kind(), AstrowErrorKind::SignInRefused);
    let running = client(&sim);
    running.check().await.unwrap();
    fault(&sim, "permission-off");
    for client in [running, client(&sim)] {
        let error: AstrowError = client.check().await.unwrap_err();
        assert_eq!(error.kind(), AstrowErrorKind::PermissionMissing);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_answer_is_asked_for_again_with_the_same_key() {
    let sim = site().await;
    let (client, key) = (client(&sim), Uuid::new_v4());
    client.check().await.unwrap();
    fault(&sim, "drop-response=1");
    let lost = client.employees().create(&newcomer("7001"), key).await.unwrap_err();
    assert_eq!((lost.kind(), lost.may_have_been_applied()), (AstrowErrorKind::OutcomeUnknown, true));
    let made = client.employees().create(&newcomer("7001"), key).await.unwrap();
    sim.world(|world| assert_eq!(world.employees().len(), 31));
    let other = client.employees().create(&newcomer("7002"), key).await.unwrap_err();
    assert_eq!(other.kind(), AstrowErrorKind::IdempotencyMismatch);
    let taken = client.employees().create(&newcomer("7001"), Uuid::new_v4()).await.unwrap_err();
    assert_eq!((taken.kind(), taken.holder()), (AstrowErrorKind::BadgeInUse, Some(made.pers_no)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_expired_place_is_told() {
    let sim = site().await;
    let client = client(&sim);
    let next = client.check().await.unwrap().changes_next.unwrap();
    fault(&sim, "cursor-expired=1");
    let error = client.changes().since(&next, Duration::ZERO).await.unwrap_err();
    assert_eq!(error.kind(), AstrowErrorKind::CursorExpired);
    client.changes().since(&next, Duration::ZERO).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_waiting_call_hears_of_a_change_at_once() {
    let sim = site().await;
    let client = client(&sim);
    let next = client.check().await.unwrap().changes_next.unwrap();
    let changes = client.changes();
    let waiting = changes.since(&next, Duration::from_secs(20));
    let change = async {
        tokio::task::yield_now().await;
        sim.world(|world| world.add_employee("Anouk", "Maes"))
    };
    let (page, made) = tokio::join!(waiting, change);
    assert_eq!(page.unwrap().items[0].pers_no, Some(PersNo::new(made)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_certificate_is_a_matter_of_trust() {
    let sim = AstrowSim::builder().people(1).tls(true).start().await.unwrap();
    let error = client(&sim).check().await.unwrap_err();
    assert_eq!(error.kind(), AstrowErrorKind::Tls);
    let pin = sim.fingerprint().unwrap().parse().unwrap();
    let pinned = builder(&sim).trust(Trust::PinnedSha256(vec![pin])).build().unwrap();
    pinned.check().await.unwrap();
}
