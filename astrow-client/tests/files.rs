//! The driver for files on folders that somebody else watches.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop")]

mod service;

use astrow_client::files::{BookingFormat, BookingsOut, FileFate, FilesDriver};
use astrow_client::model::{ActiveFilter, Booking, BookingDirection, Master, Name, NewEmployee, PacTab, RejectionCode};
use astrow_client::{AstrowCapability, AstrowErrorKind, AstrowSession, PersNo};
use service::{EMPLOYEES, Service};
use uuid::Uuid;

/// Booking number `n` of employee 1042, `n` minutes after eight.
fn booking(n: u32) -> Booking {
    let at = format!("2026-03-02T08:{:02}:59+01:00", n % 60).parse().unwrap();
    Booking::new(format!("pac:5D1E:{n}"), "101", at, "9001011", BookingDirection::In)
}

fn statuses(outcomes: &[astrow_client::model::BookingOutcome]) -> Vec<&str> {
    outcomes.iter().map(|outcome| outcome.status.as_str()).collect()
}

#[tokio::test]
async fn a_booking_is_processed_once_its_file_is_completed() {
    let service = Service::new("completed");
    let driver = service.driver(|_| {});
    let outcomes = driver.write_bookings(&[booking(1), booking(2)]).await.unwrap();
    assert_eq!(statuses(&outcomes), ["processed", "processed"]);
    let file = service.moved("completed").remove(0);
    assert_eq!(file, "pac-20260302T090000Z-0001.csv");
    assert_eq!(outcomes[1].booking_id, Some(format!("{file} line 3")));
    let text = service.text("completed", &file);
    assert_eq!(text.lines().nth(1), Some("101,02/03/2026 08:01, , ,9001011"));
    let again = driver.write_bookings(&[booking(2), booking(3), booking(3)]).await.unwrap();
    assert_eq!(statuses(&again), ["duplicate", "processed", "duplicate"]);
    assert_eq!(again[0].booking_id, outcomes[1].booking_id);
    assert_eq!(service.text("completed", &service.moved("completed")[1]).lines().count(), 2, "one header, one row");
    assert!(driver.outcome("pac:5D1E:9").await.unwrap().is_none());
}

#[tokio::test]
async fn a_new_process_knows_what_was_written_before() {
    let service = Service::new("completed");
    service.driver(|_| {}).write_bookings(&[booking(1)]).await.unwrap();
    let outcomes = service.driver(|_| {}).write_bookings(&[booking(1), booking(2)]).await.unwrap();
    assert_eq!(statuses(&outcomes), ["duplicate", "processed"]);
    assert!(service.moved("completed")[1].contains("-0002."));
}

#[tokio::test]
async fn at_most_one_file_waits() {
    let service = Service::new("");
    let driver = service.driver(|_| {});
    let lost = driver.write_bookings(&[booking(1)]).await.unwrap_err();
    assert_eq!(lost.kind(), AstrowErrorKind::OutcomeUnknown);
    for n in [1, 2] {
        let busy = driver.write_bookings(&[booking(n)]).await.unwrap_err();
        assert!(busy.is_transient() && busy.message().contains("waits"), "{busy:?}");
    }
    assert_eq!(service.waiting().len(), 1);
    service.result("completed");
    service.take();
    let outcomes = driver.write_bookings(&[booking(1), booking(2)]).await.unwrap();
    assert_eq!(statuses(&outcomes), ["duplicate", "processed"]);
}

#[tokio::test]
async fn a_refused_file_stops_everything_until_somebody_confirms_it() {
    let service = Service::new("failed");
    let driver = service.driver(|_| {});
    for n in [1, 1, 2] {
        let refused = driver.write_bookings(&[booking(n)]).await.unwrap_err();
        assert_eq!(refused.kind(), AstrowErrorKind::Config);
        assert!(!refused.may_have_been_applied());
    }
    assert_eq!(service.moved("failed").len(), 1, "nothing is sent again by itself");
    let open = driver.unsettled().await.unwrap();
    assert_eq!((open.len(), open[0].fate, open[0].rows), (1, FileFate::Failed, 1));
    service.result("completed");
    assert!(driver.confirm(&open[0].file).await.unwrap());
    assert!(!driver.confirm("pac-none.csv").await.unwrap());
    let outcomes = driver.write_bookings(&[booking(1), booking(2)]).await.unwrap();
    assert_eq!(statuses(&outcomes), ["processed", "processed"]);
    assert!(driver.unsettled().await.unwrap().is_empty());
    assert_eq!(service.moved("failed").len(), 1, "Astrow's files stay where they are");
}

#[tokio::test]
async fn of_a_file_taken_in_part_only_what_is_missing_is_sent_again() {
    let service = Service::new("incomplete");
    let driver = service.driver(|config| config.bookings_out = Some(BookingsOut::new(service.path("out"))));
    let first = driver.write_bookings(&[booking(1), booking(2)]).await.unwrap();
    assert_eq!(statuses(&first), ["unknown", "unknown"]);
    service.result("completed");
    let other = driver.write_bookings(&[booking(1), booking(3)]).await.unwrap();
    assert_eq!(statuses(&other), ["unknown", "processed"], "the others are not kept waiting");
    service.export_bookings("E-1042;02/03/2026 08:01;GO;9001011;;;\r\n", 10);
    let early = driver.write_bookings(&[booking(1), booking(2)]).await.unwrap();
    assert_eq!(statuses(&early), ["duplicate", "unknown"], "an export so young may not have it yet");
    service.export_bookings("E-9;02/03/2026 08:09;GO;9001011;;;\r\n", 600);
    let late = driver.write_bookings(&[booking(1), booking(2)]).await.unwrap();
    assert_eq!(statuses(&late), ["duplicate", "processed"]);
    let last = service.moved("completed").pop().unwrap();
    let sent = service.text("completed", &last);
    assert_eq!(sent.lines().skip(1).collect::<Vec<_>>(), ["101,02/03/2026 08:02, , ,9001011"]);
}

#[tokio::test]
async fn rows_of_a_lost_file_wait_for_somebody() {
    let service = Service::new("elsewhere");
    let driver = service.driver(|_| {});
    assert_eq!(statuses(&driver.write_bookings(&[booking(1)]).await.unwrap()), ["unknown"]);
    let open = driver.unsettled().await.unwrap();
    assert_eq!(open[0].fate, FileFate::Gone);
    service.result("completed");
    driver.confirm(&open[0].file).await.unwrap();
    assert_eq!(statuses(&driver.write_bookings(&[booking(1)]).await.unwrap()), ["processed"]);
}

#[tokio::test]
async fn a_file_that_never_got_into_the_folder_is_written_anew() {
    let service = Service::new("completed");
    let driver = service.driver(|_| {});
    // A process that ended between noting a file and moving it: its folder was away.
    service.away(true);
    let error = driver.write_bookings(&[booking(1)]).await.unwrap_err();
    assert!(error.kind() == AstrowErrorKind::Files && !error.may_have_been_applied());
    service.away(false);
    service.leave_unsent("pac-20260302T085900Z-0007.csv", "pac:5D1E:1");
    let driver = service.driver(|_| {});
    assert_eq!(statuses(&driver.write_bookings(&[booking(1)]).await.unwrap()), ["processed"]);
    assert!(driver.unsettled().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_thousand_rows_are_the_most_in_one_file() {
    let service = Service::new("completed");
    let driver = service.driver(|_| {});
    let many: Vec<_> = (0..1_001).map(booking).collect();
    let outcomes = driver.write_bookings(&many).await.unwrap();
    assert_eq!(outcomes.len(), 1_001);
    let files = service.moved("completed");
    let rows: Vec<_> = files.iter().map(|file| service.text("completed", file).lines().count() - 1).collect();
    assert_eq!(rows, [1_000, 1]);
}

#[tokio::test]
async fn a_booking_that_cannot_be_written_is_rejected_alone() {
    let service = Service::new("completed");
    let driver = service.driver(|_| {});
    let mut odd = booking(2);
    odd.badge_no = "10,1".to_owned();
    let outcomes = driver.write_bookings(&[booking(1), odd]).await.unwrap();
    assert_eq!(statuses(&outcomes), ["processed", "rejected"]);
    assert_eq!(outcomes[1].code, Some(RejectionCode::Unknown("unwritable".to_owned())));
}

#[tokio::test]
async fn a_booking_in_the_hour_that_comes_twice_is_written_and_told() {
    let service = Service::new("completed");
    let driver = service.driver(|_| {});
    let at = |text: &str, n| {
        let mut booking = booking(n);
        booking.at = text.parse().unwrap();
        booking
    };
    let twice =
        [at("2026-10-25T02:30:00+02:00", 1), at("2026-10-25T02:30:00+01:00", 2), at("2026-03-29T03:00:00+02:00", 3)];
    let outcomes = driver.write_bookings(&twice).await.unwrap();
    let told: Vec<_> = outcomes.iter().map(|outcome| outcome.details.is_some()).collect();
    assert_eq!(told, [true, true, false]);
    let text = service.text("completed", &service.moved("completed")[0]);
    let times: Vec<_> = text.lines().skip(1).map(|line| line.split(',').nth(1).unwrap()).collect();
    assert_eq!(times, ["25/10/2026 02:30", "25/10/2026 02:30", "29/03/2026 03:00"]);
}

#[tokio::test]
async fn fixed_width_goes_by_the_numbers_of_terminals() {
    let service = Service::new("completed");
    let driver = service.driver(|config| {
        let import = config.bookings_in.as_mut().unwrap();
        import.format = BookingFormat::Fixed;
        import.terminal_numbers.insert("9001011".to_owned(), 3);
    });
    let outcomes = driver.write_bookings(&[booking(1)]).await.unwrap();
    let file = service.moved("completed").remove(0);
    assert_eq!(outcomes[0].booking_id, Some(format!("{file} line 1")));
    assert_eq!(service.text("completed", &file), "000000010120260302080100003\r\n");
}

#[tokio::test]
async fn an_employee_is_written_once_and_given_once_the_export_shows_it() {
    let service = Service::new("completed");
    let driver = service.driver(|config| config.employees_in = Some(service.path("people")));
    let start = "2026-03-02".parse().unwrap();
    let teo = NewEmployee::new(Name::new("Teo", "Marchetti"), "213", start, "", "").with(|teo| {
        teo.pac = Some(PacTab::new(Some(213), Master::Pac));
        teo.department = Some("FIN".to_owned());
    });
    let key = Uuid::from_u128(7);
    for _ in 0..2 {
        let open = driver.create_employee(teo.clone(), key).await.unwrap_err();
        assert_eq!(open.kind(), AstrowErrorKind::OutcomeUnknown);
    }
    let files = service.files("people");
    assert_eq!(files.len(), 1, "{files:?}");
    assert_eq!(service.text("people", &files[0]), ";213;Teo;;Marchetti;FIN;;;pac:213\r\n");
    service.export_employees("1077;;213;Teo;;Marchetti;FIN;2026-03-02;;pac:213\r\n");
    let made = driver.create_employee(teo.clone(), key).await.unwrap();
    assert_eq!((made.pers_no, made.pac.person_id), (PersNo::new(1077), Some(213)));
    let taken = driver.create_employee(teo, Uuid::from_u128(8)).await.unwrap_err();
    assert_eq!(taken.kind(), AstrowErrorKind::BadgeInUse);
}

#[tokio::test]
async fn employees_are_read_from_a_whole_export_only() {
    let service = Service::new("completed");
    let driver = service.driver(|_| {});
    let page = driver.employees(None, ActiveFilter::All).await.unwrap();
    assert_eq!((page.items.len(), page.invalid.len(), page.as_of.is_some()), (2, 0, true));
    let left = driver.employees(None, ActiveFilter::Inactive).await.unwrap();
    assert_eq!(left.items[0].pers_no, PersNo::new(1043), "her last day is over");
    assert_eq!(driver.employee(PersNo::new(1042)).await.unwrap().unwrap().badge_no.as_deref(), Some("101"));
    service.export_employees("1042;E-1042;101;Mira;;Vandenholt;;2020-01-01;;");
    let cut = driver.employees(None, ActiveFilter::All).await.unwrap_err();
    assert!(cut.kind() == AstrowErrorKind::Protocol && cut.message().contains("not whole"), "{cut}");
    service.write("employees.csv", "PersNo;BadgeNr\r\n");
    assert!(driver.employees(None, ActiveFilter::All).await.unwrap_err().message().contains("LastName"));
    service.write_bytes("employees.csv", &[EMPLOYEES.as_bytes(), b"7;;;Zo\xE9;;;;;;\r\n"].concat());
    assert!(driver.employees(None, ActiveFilter::All).await.unwrap_err().message().contains("encoding"));
}

#[tokio::test]
async fn bookings_are_read_file_by_file() {
    let service = Service::new("completed");
    let driver = service.driver(|config| config.bookings_out = Some(BookingsOut::new(service.path("out"))));
    assert!(driver.bookings(None).await.unwrap().next.is_none());
    service.export_bookings("E-1;02/03/2026 08:01;GO;9001011;;;\r\nbad\r\nE-1;29/03/2026 02:30;GO;9001011;;;\r\n", 10);
    service.export_bookings("E-2;02/03/2026 08:02;GO;9001011;12;;\r\n", 20);
    let first = driver.bookings(None).await.unwrap();
    assert_eq!((first.items.len(), first.invalid.len()), (1, 2), "a line without fields, and a time that never was");
    assert_eq!(
        first.items[0].at,
        "2026-03-02T08:01:00+01:00".parse::<chrono::DateTime<chrono::FixedOffset>>().unwrap()
    );
    let second = driver.bookings(first.next.as_ref()).await.unwrap();
    assert_eq!((second.items[0].employee_no.as_deref(), second.items[0].mc.as_deref()), (Some("E-2"), Some("12")));
    let end = driver.bookings(second.next.as_ref()).await.unwrap();
    assert!(end.items.is_empty() && end.next.is_none());
    assert_eq!(service.files("out").len(), 2, "nothing of Astrow's is deleted");
}

#[tokio::test]
async fn files_can_do_what_their_folders_allow_and_nothing_else() {
    use AstrowCapability as Can;
    let service = Service::new("completed");
    let driver = service.driver(|config| config.employees_in = Some(service.path("people")));
    for can in [Can::BookingsWrite, Can::EmployeesWrite, Can::EmployeesRead] {
        assert!(driver.supports(can), "{can}");
    }
    let never = [Can::EmployeesChange, Can::EmployeesDelete, Can::Changes, Can::DefinitionsWrite, Can::EventsWrite];
    for cannot in never.into_iter().chain([Can::BookingsRead, Can::CommandsRead, Can::RollCall, Can::ServiceHeartbeat])
    {
        assert!(!driver.supports(cannot), "{cannot}");
    }
    let refused = driver.roll_call().await.unwrap_err();
    assert_eq!(refused.kind(), AstrowErrorKind::Unsupported);
}

#[test]
fn settings_that_cannot_work_are_told_at_once() {
    let service = Service::new("completed");
    let config = service.config(|config| config.bookings_in.as_mut().unwrap().date_format = "dd/mm/yyyy".to_owned());
    let error = FilesDriver::new(&config).unwrap_err();
    assert_eq!((error.kind(), error.field()), (AstrowErrorKind::Config, Some("bookings_in.date_format")));
}
