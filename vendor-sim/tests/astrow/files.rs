use std::fs;
use std::path::Path;

use vendor_sim::astrow::{AstrowSim, BookingState, Direction, Field, FileResult, Imported, Rejection};

use crate::client::{at, quiet, sim};

/// The file of the contract, for employees of this site.
const CSV: &str = "Badgenr, Date and time, MC code, CC code, Terminal serial\r\n\
                   101,02/03/2026 07:01, , ,9001011\r\n\
                   102,02/03/2026 07:03, ,210,9001011\r\n\
                   101,02/03/2026 07:30,12,,9001012\r\n";

pub(crate) fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    let mut names: Vec<String> = entries
        .filter(|entry| entry.file_type().unwrap().is_file())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn import(sim: &AstrowSim, name: &str, text: impl AsRef<[u8]>) -> Imported {
    fs::write(sim.import_folder().join(name), text).unwrap();
    let done = sim.import_now().unwrap();
    assert_eq!(done.len(), 1);
    let folder = sim.import_folder().join(done[0].result.folder());
    assert!(names(&folder).iter().any(|moved| moved.ends_with(name)) && names(&sim.import_folder()).is_empty());
    done[0].clone()
}

#[test]
fn a_good_file_is_completed() {
    let sim = sim();
    let done = import(&sim, "pac-20260302T070000Z-0001.csv", CSV);
    assert_eq!((done.result, done.rows, done.taken), (FileResult::Completed, 3, 3));
    let kept = sim.world(|w| w.bookings_of(1001));
    assert_eq!((kept[0].at, kept[0].direction), (at("2026-03-02T06:01:00Z"), Direction::Auto));
    assert_eq!((kept[1].mc.as_deref(), kept[1].terminal_serial.as_str()), (Some("12"), "9001012"));
    assert_eq!(sim.world(|w| w.bookings_of(1002)[0].cc.clone()).as_deref(), Some("210"));
}

#[test]
fn the_same_rows_again_are_duplicates_and_the_older_file_stays() {
    let sim = sim();
    import(&sim, "a.csv", CSV);
    let again = import(&sim, "a.csv", CSV);
    assert_eq!(again.result, FileResult::Completed);
    assert_eq!(names(&sim.import_folder().join("completed")), ["1-a.csv", "a.csv"]);
    // Same name and line, same key: there already.
    assert_eq!(sim.world(|w| w.booking_count()), 3);
    import(&sim, "b.csv", CSV);
    assert_eq!(sim.world(|w| w.count_bookings(BookingState::Rejected(Rejection::Duplicate))), 3);
}

#[test]
fn a_file_with_some_bad_rows_is_incomplete() {
    let sim = sim();
    let bad = "h\r\n101,02/03/2026 07:01, , ,9001011\r\n101,2/3/2026 07:02, , ,9001011\r\n\
               101,02/03/2026 07:03, , ,1\r\n101,02/03/2026 07:04,77, ,9001011\r\n101,02/03/2026 07:05, ,\r\n\
               x1,02/03/2026 07:06, , ,9001011\r\n999,02/03/2026 07:07, , ,9001011";
    let done = import(&sim, "a.csv", bad);
    assert_eq!((done.result, done.rows, done.taken, done.problems.len()), (FileResult::Incomplete, 7, 2, 5));
    assert!(done.problems[0].starts_with("line 3:"), "{done:?}");
    assert_eq!(sim.world(|w| w.queue()[0].badge_no.clone()), "999");
}

#[test]
fn a_file_without_a_good_row_has_failed() {
    let sim = sim();
    for (name, bytes) in [
        ("empty.csv", b"".as_slice()),
        ("header.csv", b"Badgenr, Date and time, MC code, CC code, Terminal serial\r\n"),
        ("binary.csv", b"\xff\xfe\x00"),
        ("other.csv", b"h\r\na;b;c\r\n"),
    ] {
        assert_eq!(import(&sim, name, bytes).result, FileResult::Failed, "{name}");
    }
    sim.world(|w| w.licences.remove("file-terminal"));
    assert_eq!(import(&sim, "licence.csv", CSV).result, FileResult::Failed);
    assert_eq!(sim.world(|w| w.booking_count()), 0);
}

#[test]
fn the_header_is_skipped_as_the_option_says() {
    let sim = sim();
    sim.world(|w| w.switches.set("csv_header", "off")).unwrap();
    let done = import(&sim, "a.csv", CSV);
    assert_eq!((done.result, done.taken), (FileResult::Incomplete, 3));
    sim.world(|w| w.switches.set("csv_header", "on")).unwrap();
    let headless = CSV.split_once("\r\n").unwrap().1;
    assert_eq!(import(&sim, "b.csv", headless).rows, 2);
}

#[test]
fn files_that_somebody_still_writes_are_left_alone() {
    let sim = sim();
    for name in ["a.csv.tmp", ".hidden.csv", "b.PART"] {
        fs::write(sim.import_folder().join(name), CSV).unwrap();
    }
    assert!(sim.import_now().unwrap().is_empty());
    assert_eq!(names(&sim.import_folder()).len(), 3);
}

#[test]
fn the_faults_of_files() {
    let sim = sim();
    sim.world(|w| w.switches.fault("file-failed")).unwrap();
    assert_eq!(import(&sim, "a.csv", CSV).result, FileResult::Failed);
    assert_eq!(sim.world(|w| w.booking_count()), 0);
    sim.world(|w| w.switches.fault("file-incomplete")).unwrap();
    let half = import(&sim, "b.csv", CSV);
    assert_eq!((half.result, half.rows, half.taken), (FileResult::Incomplete, 3, 1));
    assert_eq!(import(&sim, "c.csv", CSV).result, FileResult::Completed);
}

#[test]
fn a_slow_move_leaves_the_file_where_it_is_for_a_while() {
    let sim = sim();
    sim.world(|w| w.switches.fault("slow-move=5000")).unwrap();
    fs::write(sim.import_folder().join("a.csv"), CSV).unwrap();
    assert_eq!(sim.import_now().unwrap().len(), 1);
    assert_eq!(sim.world(|w| w.booking_count()), 3);
    assert!(sim.import_now().unwrap().is_empty());
    assert_eq!(names(&sim.import_folder()), ["a.csv"]);
    sim.world(|w| w.clock.advance(chrono::TimeDelta::seconds(5)));
    assert!(sim.import_now().unwrap().is_empty());
    assert_eq!(names(&sim.import_folder().join("completed")), ["a.csv"]);
}

#[test]
fn records_of_fixed_width_are_read_by_their_layout() {
    let sim = sim();
    sim.world(|w| w.switches.set("fixed_width", "on")).unwrap();
    let text = "000000010120260302070100003\r\n000000010120260302073012004\r\n0000000101202603\r\n";
    let done = import(&sim, "a.txt", text);
    assert_eq!((done.result, done.taken), (FileResult::Incomplete, 2));
    let kept = sim.world(|w| w.bookings_of(1001));
    assert_eq!((kept[0].at, kept[0].mc.as_deref()), (at("2026-03-02T06:01:00Z"), None));
    assert_eq!((kept[1].terminal_serial.as_str(), kept[1].mc.as_deref()), ("9001012", Some("12")));
    sim.world(|w| {
        (w.layout.card, w.layout.year, w.layout.month, w.layout.day) =
            (Field::new(1, 3), Field::new(4, 2), Field::new(6, 2), Field::new(8, 2));
        (w.layout.hours, w.layout.minutes, w.layout.terminal) =
            (Field::new(10, 2), Field::new(12, 2), Field::new(14, 3));
        w.layout.mc = Field::default();
    });
    assert_eq!(import(&sim, "b.txt", "1012603020715003\r\n").result, FileResult::Completed);
    assert_eq!(sim.world(|w| w.bookings_of(1001)[2].at), at("2026-03-02T06:15:00Z"));
}

#[test]
fn folders_can_be_chosen_and_the_temporary_ones_go_away() {
    let own = tempfile::tempdir().unwrap();
    let sim = quiet().import_folder(own.path().join("in")).start_blocking().unwrap();
    let (export, employees) = (sim.export_folder(), sim.employees_folder());
    import(&sim, "a.csv", CSV);
    assert!(own.path().join("in/completed/a.csv").exists() && export.exists());
    sim.stop();
    assert!(!export.exists() && !employees.exists() && own.path().join("in").exists());
}

#[test]
fn in_the_hour_that_comes_twice_the_first_is_meant() {
    let sim = quiet().start_at(at("2026-10-25T10:00:00Z")).start_blocking().unwrap();
    import(&sim, "a.csv", "h\r\n101,25/10/2026 02:30, , ,9001011\r\n");
    assert_eq!(sim.world(|w| w.bookings_of(1001)[0].at), at("2026-10-25T00:30:00Z"));
}
