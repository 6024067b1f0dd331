//! What goes over the wire, call by call, against the fixtures.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop")]

mod support;

use std::time::Duration;

use astrow_client::model::{
    AccessGroup, ActiveFilter, BadgeBase, BadgeKind, BadgeState, Booking, BookingDirection, BookingOutcome,
    BookingStatus, ChangeOp, ChangedEntity, CommandKind, CommandState, CommandWord, Controller, Definitions,
    EmployeePatch, Heartbeat, Licence, Lookups, Master, Name, NewEmployee, PacBadge, PacEvent, PacGroup, PacTab,
    Reader, ReaderDirection, RejectionCode, SafeConfirmation, Severity, ShownStatus, TerminalEvent,
};
use astrow_client::{AstrowErrorKind, AstrowSession as _, Etag, Patch, PersNo};
use futures::TryStreamExt as _;
use support::{KEY, Site, at};

const TEO: PersNo = PersNo::new(1077);

#[tokio::test]
async fn a_session_is_begun_once_and_given_back() {
    let site = Site::only("session").await;
    let client = site.client();
    client.close().await.unwrap();
    assert_eq!(client.request_count(), 0, "nothing is open yet");
    let info = client.check().await.unwrap();
    assert_eq!(info.time_zone, chrono_tz::Europe::Brussels);
    client.close().await.unwrap();
    client.close().await.unwrap();
    assert_eq!(client.request_count(), 3);
    site.done().await;
}

#[tokio::test]
async fn callers_share_one_sign_in() {
    let mut site = Site::bare().await;
    site.let_in().await;
    let info = &support::exchanges("info")[0];
    let calls = site.mount(info).expect(8).create_async().await;
    let client = site.client();
    futures::future::try_join_all((0..8).map(|_| client.info())).await.unwrap();
    calls.assert_async().await;
    site.done().await;
}

#[tokio::test]
async fn a_session_that_the_server_forgot_is_begun_anew_once() {
    let site = Site::only("session_renewed").await;
    site.client().info().await.unwrap();
    site.done().await;

    let site = Site::only("session_refused_twice").await;
    let error = site.client().info().await.unwrap_err();
    assert_eq!(error.kind(), AstrowErrorKind::SignInRefused);
    site.done().await;
}

#[tokio::test]
async fn the_description_says_zone_licences_and_where_changes_stand() {
    let site = Site::of("info").await;
    let session = site.client().connect().await.unwrap();
    let info = session.info();
    assert_eq!((info.product.as_str(), info.version.as_deref()), ("Astrow simulator", Some("sim-0.1.0")));
    assert!(info.has(&Licence::FileTerminal) && info.has(&"visitors".into()) && !info.has(&"planning".into()));
    assert_eq!((info.hex_badges, info.now), (false, Some(at("2026-03-02T07:58:00+01:00"))));
    assert_eq!(info.changes_next.as_ref().unwrap().as_str(), "c-5521");
    site.done().await;
}

#[tokio::test]
async fn codes_and_terminals_are_read() {
    let site = Site::of("lookups").await;
    let lookups = site.client().lookups().await.unwrap();
    assert_eq!(Lookups::code_of(&lookups.departments, "finance"), Some("FIN"));
    assert_eq!((lookups.departments[1].code.as_str(), lookups.company_sites.len()), ("LOG", 0));
    let terminal = lookups.terminal("9001011").unwrap();
    assert_eq!((terminal.number, terminal.kind.as_deref()), (Some(3), Some("file")));
    assert_eq!(terminal.group_codes, ["TG-HQ"]);
    site.done().await;
}

#[tokio::test]
async fn employees_come_page_by_page_and_odd_ones_stand_beside() {
    let site = Site::of("employees").await;
    let list = site.client().employees().list().await.unwrap();
    assert_eq!(list.items.iter().map(|employee| employee.pers_no.get()).collect::<Vec<_>>(), [1077, 1042, 1090]);
    assert_eq!((list.as_of, list.next), (Some(at("2026-03-02T08:00:00+01:00")), None));
    let odd = &list.invalid[0];
    assert_eq!((odd.id.as_deref(), odd.position, odd.field.as_str()), (Some("1080"), 0, "active"));
    assert!(!odd.reason.contains("perhaps"), "{odd:?}");
    let mira = &list.items[1];
    assert_eq!((mira.active, mira.badge_base.clone()), (false, Some(BadgeBase::Hexadecimal)));
    assert_eq!(mira.end_calculation, Some("2026-02-28".parse().unwrap()));
    assert_eq!(mira.pac.access_groups[0].from, Some(at("2026-03-01T00:00:00Z")));
    let badge = &mira.pac.badges[0];
    assert_eq!(
        (badge.kind.clone(), badge.facility, badge.state.clone()),
        (BadgeKind::Wiegand26, Some(77), BadgeState::Lost)
    );
    assert_eq!((mira.pac.badges[1].kind.as_str(), mira.pac.badges[1].state.clone()), ("palm", BadgeState::Active));
    assert_eq!(list.items[2].pac, PacTab::default());
    let shown = format!("{:?}", list.items);
    assert!(!shown.contains("Mira") && !shown.contains("40211") && !shown.contains("4D9D13"), "{shown}");
    site.done().await;

    let site = Site::of("employees_inactive").await;
    assert_eq!(site.client().employees().list_of(ActiveFilter::Inactive).await.unwrap().items.len(), 1);
    site.done().await;
}

#[tokio::test]
async fn a_list_that_breaks_off_or_runs_in_a_circle_is_no_list() {
    for (scenario, kind) in
        [("employees_circle", AstrowErrorKind::Protocol), ("employees_broken", AstrowErrorKind::Unreachable)]
    {
        let site = Site::of(scenario).await;
        assert_eq!(site.client().employees().list().await.unwrap_err().kind(), kind, "{scenario}");
        site.done().await;
    }
    let site = Site::of("employees_expired").await;
    let error = site.client().employees().page(Some(&"e-9".into()), ActiveFilter::All).await.unwrap_err();
    assert_eq!(error.kind(), AstrowErrorKind::CursorExpired);
}

#[tokio::test]
async fn an_employee_is_read_with_its_revision() {
    for (scenario, etag) in [("employee", "\"1\""), ("employee_etag_in_header", "\"12\"")] {
        let site = Site::of(scenario).await;
        let teo = site.client().employees().get(TEO).await.unwrap();
        assert_eq!(teo.etag, Some(Etag::from(etag)));
        assert_eq!(teo.free_fields[&1], "pac:213");
        assert_eq!((teo.pac.person_id, teo.pac.master), (Some(213), Some(Master::Pac)));
        site.done().await;
    }
    let site = Site::of("employee_without_etag").await;
    assert_eq!(site.client().employees().get(TEO).await.unwrap_err().kind(), AstrowErrorKind::Protocol);
}

#[tokio::test]
async fn an_employee_is_made_with_the_key_of_its_attempt() {
    let site = Site::of("employee_create").await;
    let day = "2026-03-02".parse().unwrap();
    let employee = NewEmployee::new(Name::new("Teo", "Marchetti"), "213", day, "C-STD", "PG-1").with(|employee| {
        employee.employee_no = Some("E-1077".to_owned());
        employee.badge_base = Some(BadgeBase::Decimal);
        employee.department = Some("FIN".to_owned());
        employee.terminal_group = Some("TG-HQ".to_owned());
        employee.company_site = Some("HQ".to_owned());
        employee.free_fields.insert(1, "pac:213".to_owned());
        let mut tab = PacTab::new(Some(213), Master::Pac);
        tab.access_groups.push(PacGroup::new(1));
        tab.badges.push(PacBadge::new(BadgeKind::PacProx, "8E4C0B77"));
        employee.pac = Some(tab);
    });
    let made = site.client().employees().create(&employee, KEY).await.unwrap();
    assert_eq!((made.pers_no, made.active), (TEO, true));
    assert!(!format!("{employee:?} {made:?}").contains("Marchetti"));
    site.done().await;
}

#[tokio::test]
async fn an_employee_is_changed_with_its_revision_and_nothing_else_is_sent() {
    let site = Site::of("employee_patch").await;
    let patch = EmployeePatch::new().with(|patch| patch.name = Some(Name::new("Teo", "Marchetti-Lund")));
    let after = site.client().employees().update(TEO, &patch, &"\"1\"".into()).await.unwrap();
    assert_eq!((after.name.last.as_deref(), after.etag), (Some("Marchetti-Lund"), Some("\"2\"".into())));
    site.done().await;

    let site = Site::of("employee_clear").await;
    let patch = EmployeePatch::new().with(|patch| {
        patch.department = Patch::Clear;
        patch.email = Patch::Set("teo@example.com".to_owned());
        patch.end_calculation = Patch::Set("2026-12-31".parse().unwrap());
        patch.free_fields = [(1, Some("pac:213".to_owned())), (3, None)].into();
    });
    site.client().employees().update(TEO, &patch, &"\"2\"".into()).await.unwrap();
    site.done().await;

    let site = Site::of("employee_pac").await;
    let mut tab = PacTab::new(Some(213), Master::Pac);
    let mut group = PacGroup::new(4);
    group.until = Some(at("2026-09-30T23:59:59+02:00"));
    tab.access_groups = vec![PacGroup::new(1), group];
    tab.badges = vec![PacBadge::wiegand(77, "40377")];
    let after = site.client().employees().set_pac(TEO, &tab, &"\"1\"".into()).await.unwrap();
    assert_eq!(after.pac, tab);
    site.done().await;

    let site = Site::of("employee_delete").await;
    site.client().employees().delete_with_history(TEO, &"\"3\"".into()).await.unwrap();
    site.done().await;

    let error = site_less().employees().delete_with_history(TEO, &"\"3\n\"".into()).await.unwrap_err();
    assert_eq!(error.kind(), AstrowErrorKind::Rejected, "a revision that no header can hold");
}

#[tokio::test]
async fn changes_tell_who_did_what_and_where_to_go_on() {
    let site = Site::of("changes").await;
    let page = site.client().changes().since(&"c-5521".into(), Duration::ZERO).await.unwrap();
    assert_eq!((page.next.as_str(), page.reset, page.items.len(), page.invalid.len()), ("c-5525", false, 3, 1));
    assert_eq!((page.items[0].pers_no, page.items[0].op.clone()), (Some(PersNo::new(1042)), ChangeOp::Edit));
    let own = site.client().client_name().to_owned();
    assert!(!page.items[0].is_by_client(&own) && page.items[1].is_by_client(&own));
    assert_eq!(page.items[2].entity, ChangedEntity::Unknown("planning".to_owned()));
    assert_eq!((page.invalid[0].id.as_deref(), page.invalid[0].field.as_str()), (Some("c-5524"), "at"));
    site.done().await;

    let site = Site::of("changes_wait").await;
    let page = site.client().changes().since(&"c-5525".into(), Duration::from_mins(5)).await.unwrap();
    assert!(page.items.is_empty() && !page.reset);
    site.done().await;

    let site = Site::of("changes_reset").await;
    assert!(site.client().changes().since(&"c-5521".into(), Duration::ZERO).await.unwrap().reset);
    site.done().await;
}

#[tokio::test]
async fn definitions_go_out_and_settings_of_readers_come_back() {
    let site = Site::of("definitions").await;
    let mut controller = Controller::new(2, "Main building");
    controller.model = Some("500 series".to_owned());
    let mut reader = Reader::new(11, "Main entrance IN", ReaderDirection::In);
    (reader.controller, reader.door, reader.door_name) = (Some(2), Some(6), Some("Main entrance".to_owned()));
    let mut all = Definitions::new(vec![AccessGroup::new(1, "Everybody", true)], vec![controller], vec![reader]);
    all.etag = Some("d-119".to_owned());
    site.client().definitions().put(&all).await.unwrap();
    site.done().await;

    let site = Site::of("reader_settings").await;
    let readers = site.client().definitions().readers().await.unwrap();
    assert_eq!((readers[0].company_site.as_deref(), readers[0].confirm_roll_call), (Some("HQ"), true));
    assert_eq!((readers[1].reader_id, readers[1].terminal_serials.len()), (12, 0));
    site.done().await;
}

fn booking(seq: u64) -> Booking {
    let event = PacEvent::new("5D1E00C7A2B49F03", seq);
    Booking::of_event(event, "101", at("2026-03-02T08:01:14+01:00"), "9001011", BookingDirection::In)
}

#[tokio::test]
async fn bookings_are_made_and_each_has_its_outcome() {
    let site = Site::of("bookings_write").await;
    let mut bookings: Vec<_> = [52318, 52320, 52321, 52322, 52323].into_iter().map(booking).collect();
    bookings[0].pers_no = Some(PersNo::new(1042));
    (bookings[1].mc, bookings[1].cc) = (Some("12".to_owned()), Some("210".to_owned()));
    let outcomes = site.client().bookings().write(&bookings, KEY).await.unwrap();
    assert_eq!(outcomes.iter().map(BookingOutcome::is_taken).collect::<Vec<_>>(), [true, false, true, true, false]);
    assert_eq!(
        (outcomes[0].booking_id.as_deref(), outcomes[2].status.clone()),
        (Some("b-88121"), BookingStatus::Queued)
    );
    assert_eq!(outcomes[1].code, Some(RejectionCode::TerminalNotInGroup));
    assert_eq!(outcomes[4].code, Some(RejectionCode::Unknown("moon-phase".to_owned())));
    site.done().await;

    let site = Site::of("bookings_misfit").await;
    let error = site.client().bookings().write(&[booking(1)], KEY).await.unwrap_err();
    assert_eq!((error.kind(), error.may_have_been_applied()), (AstrowErrorKind::Protocol, true));
    site.done().await;
}

#[tokio::test]
async fn nothing_to_book_is_no_call() {
    let client = site_less();
    assert_eq!(client.bookings().write(&[], KEY).await.unwrap(), []);
    assert_eq!(client.request_count(), 0);
}

#[tokio::test]
async fn bookings_of_terminals_are_read_page_by_page() {
    let site = Site::of("bookings").await;
    let pages: Vec<_> = site.client().bookings().pages().try_collect().await.unwrap();
    let read = &pages[0].items;
    assert_eq!((pages.len(), read[0].key.as_deref()), (2, Some("pac:5D1E00C7A2B49F03:52318")));
    assert_eq!((read[1].pers_no, read[1].direction.clone()), (Some(TEO), Some("end".into())));
    site.done().await;
}

#[tokio::test]
async fn events_commands_and_signs_of_life_go_their_way() {
    let site = Site::of("events").await;
    let time = at("2026-03-02T08:01:14+01:00");
    let granted = TerminalEvent::new("5D1E00C7A2B49F03", 52318, time, "access.granted", Severity::Success);
    let granted = granted.with(|event| {
        (event.reader_id, event.door_id, event.controller_id) = (Some(11), Some(6), Some(2));
        (event.person_id, event.pers_no) = (Some(101), Some(PersNo::new(1042)));
        event.person_name = Some("Mira Denholt".to_owned());
        event.booking_status = ShownStatus::Processed;
    });
    let time = at("2026-03-02T08:01:52+01:00");
    let denied = TerminalEvent::new("5D1E00C7A2B49F03", 52319, time, "access.denied", Severity::Warning);
    let denied = denied.with(|event| {
        (event.reader_id, event.door_id, event.controller_id) = (Some(15), Some(8), Some(2));
        event.text = Some("unknown-credential".to_owned());
    });
    assert!(!format!("{granted:?}").contains("Mira"));
    site.client().terminals().show(&[granted, denied], KEY).await.unwrap();
    site.done().await;

    let site = Site::of("commands").await;
    let terminals = site.client().terminals();
    let commands = terminals.commands(Duration::from_mins(1)).await.unwrap();
    let [open] = commands.as_slice() else { panic!("one command") };
    assert_eq!((open.kind.clone(), open.reader_id), (CommandKind::DoorOpen, Some(11)));
    assert!(open.is_over(open.expires_at) && !open.is_over(open.requested_at.unwrap()));
    let done = CommandState::new(CommandWord::Done).with_message("released for 5 s");
    terminals.report(open.id, &done, KEY).await.unwrap();
    site.done().await;

    let site = Site::of("service").await;
    let sign = Heartbeat::new("bridge-hq", "0.1.0", at("2026-03-02T07:57:55+01:00")).with(|sign| {
        sign.pac_connected = true;
        sign.last_pac_contact = Some(at("2026-03-02T08:05:01+01:00"));
        sign.last_sync = Some(at("2026-03-02T08:05:00+01:00"));
    });
    site.client().terminals().heartbeat(&sign).await.unwrap();
    site.done().await;
}

#[tokio::test]
async fn a_roll_call_learns_who_is_safe() {
    let site = Site::of("roll_call").await;
    let roll_calls = site.client().roll_calls();
    let running = roll_calls.current().await.unwrap();
    assert!(running.runs_at("HQ") && !running.runs_at("DEPOT"));
    let safe = SafeConfirmation::new(running.id.unwrap(), PersNo::new(1042), 12, at("2026-03-02T10:01:20+01:00"));
    roll_calls.confirm(&[safe], KEY).await.unwrap();
    site.done().await;
}

/// A client of a server that must not be asked.
fn site_less() -> astrow_client::AstrowClient {
    astrow_client::AstrowClient::builder("http://127.0.0.1:9").login("nobody", "x").build().unwrap()
}
