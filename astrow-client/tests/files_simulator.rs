//! The driver for files and the simulated server read each other's files.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop")]

use std::fs::File;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use astrow_client::files::{BookingFormat, BookingsIn, BookingsOut, FilesConfig, FilesDriver};
use astrow_client::model::{
    ActiveFilter, Booking, BookingDirection, BookingOutcome, Master, Name, NewEmployee, PacTab,
};
use astrow_client::{AstrowErrorKind, AstrowSession, Clock};
use async_trait::async_trait;
use chrono::{DateTime, FixedOffset};
use uuid::Uuid;
use vendor_sim::astrow::{AstrowSim, BookingState, Switches};

/// A clock during whose waits the server looks into its folders.
#[derive(Debug)]
struct Waiting {
    sim: AstrowSim,
    steady: Mutex<Instant>,
}

#[async_trait]
impl Clock for Waiting {
    fn now(&self) -> Instant {
        *self.steady.lock().unwrap()
    }

    fn wall(&self) -> SystemTime {
        SystemTime::now()
    }

    async fn sleep(&self, duration: Duration) {
        *self.steady.lock().unwrap() += duration;
        self.sim.import_now().unwrap();
    }
}

async fn server(change: impl FnOnce(&mut Switches), set: impl FnOnce(&mut FilesConfig)) -> (Arc<Waiting>, FilesDriver) {
    let sim = AstrowSim::builder().people(3).with_switches(change).start().await.unwrap();
    let config = FilesConfig::new("Europe/Brussels").with(|config| {
        config.bookings_in = Some(BookingsIn::new(sim.import_folder()));
        config.bookings_out = Some(BookingsOut::new(sim.export_folder().join("bookings")));
        config.employees_in = Some(sim.employees_folder());
        config.employees_out = Some(sim.export_folder().join("employees.csv"));
        set(config);
    });
    std::fs::create_dir_all(sim.export_folder().join("bookings")).unwrap();
    let clock = Arc::new(Waiting { sim, steady: Mutex::new(Instant::now()) });
    let driver = FilesDriver::with_clock(&config, clock.clone()).unwrap();
    clock.export(0);
    (clock, driver)
}

impl Waiting {
    /// Exports; the bookings go where they are expected, dated so many minutes ahead.
    fn export(&self, minutes: u64) {
        let folder = self.sim.export_folder();
        for file in self.sim.export_now().unwrap() {
            let name = file.file_name().unwrap().to_string_lossy().into_owned();
            if !name.starts_with("bookings") {
                if name != "employees.csv" {
                    std::fs::copy(&file, folder.join("employees.csv")).unwrap();
                }
                continue;
            }
            let target = folder.join("bookings").join(name);
            std::fs::rename(file, &target).unwrap();
            let at = SystemTime::now() + Duration::from_secs(60 * minutes);
            File::options().write(true).open(target).unwrap().set_modified(at).unwrap();
        }
    }
}

fn bookings(count: i64) -> Vec<Booking> {
    let at: DateTime<FixedOffset> = chrono::Utc::now().fixed_offset() - chrono::TimeDelta::minutes(100);
    let of = |n: i64| {
        let at = at + chrono::TimeDelta::minutes(n);
        Booking::new(format!("pac:5D1E:{n}"), "101", at, "9001011", BookingDirection::Auto)
    };
    (1..=count).map(of).collect()
}

fn statuses(outcomes: &[BookingOutcome]) -> Vec<&str> {
    outcomes.iter().map(|outcome| outcome.status.as_str()).collect()
}

fn counted(sim: &AstrowSim) -> usize {
    sim.world(|world| world.count_bookings(BookingState::Processed))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bookings_of_either_form_count_at_the_server() {
    let (clock, driver) = server(|_| {}, |_| {}).await;
    assert_eq!(statuses(&driver.write_bookings(&bookings(2)).await.unwrap()), ["processed", "processed"]);
    assert_eq!(counted(&clock.sim), 2);
    let fixed = |config: &mut FilesConfig| {
        let import = config.bookings_in.as_mut().unwrap();
        import.format = BookingFormat::Fixed;
        import.terminal_numbers.insert("9001011".to_owned(), 3);
    };
    let (clock, driver) = server(|switches| switches.fixed_width = true, fixed).await;
    assert_eq!(statuses(&driver.write_bookings(&bookings(2)).await.unwrap()), ["processed", "processed"]);
    assert_eq!(counted(&clock.sim), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_file_taken_in_part_each_booking_counts_once() {
    let (clock, driver) = server(|switches| switches.file_incomplete = 1, |_| {}).await;
    let wanted = bookings(4);
    assert_eq!(statuses(&driver.write_bookings(&wanted).await.unwrap()), ["unknown"; 4]);
    assert_eq!(counted(&clock.sim), 2);
    clock.export(10);
    let again = driver.write_bookings(&wanted).await.unwrap();
    assert_eq!(statuses(&again), ["duplicate", "duplicate", "processed", "processed"]);
    assert_eq!(counted(&clock.sim), 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_the_server_refuses_books_nothing() {
    let (clock, driver) = server(|switches| switches.file_failed = 1, |_| {}).await;
    let refused = driver.write_bookings(&bookings(2)).await.unwrap_err();
    assert_eq!(refused.kind(), AstrowErrorKind::Config);
    assert_eq!(counted(&clock.sim), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_employee_made_by_a_file_comes_back_in_the_export() {
    let (clock, driver) = server(|_| {}, |_| {}).await;
    let today = chrono::Utc::now().date_naive();
    let teo = NewEmployee::new(Name::new("Teo", "Marchetti"), "213", today, "", "").with(|teo| {
        teo.employee_no = Some("E-1077".to_owned());
        teo.department = Some("FIN".to_owned());
        teo.pac = Some(PacTab::new(Some(213), Master::Pac));
    });
    let key = Uuid::from_u128(1);
    let open = driver.create_employee(teo.clone(), key).await.unwrap_err();
    assert_eq!(open.kind(), AstrowErrorKind::OutcomeUnknown);
    clock.sim.import_now().unwrap();
    clock.export(0);
    let made = driver.create_employee(teo, key).await.unwrap();
    assert_eq!((made.pac.person_id, made.department.as_deref()), (Some(213), Some("FIN")));
    assert_eq!(driver.employees(None, ActiveFilter::All).await.unwrap().items.len(), 4);
    assert_eq!(clock.sim.world(|world| world.employees().len()), 4);
}
