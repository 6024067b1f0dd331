use std::fs;
use std::path::Path;

use vendor_sim::astrow::Direction;

use crate::client::{at, quiet, sim};

fn text(file: &Path) -> String {
    fs::read_to_string(file).unwrap()
}

#[test]
fn new_bookings_are_exported_once() {
    let sim = sim();
    sim.world(|w| {
        w.clock_on_terminal(1001, "9001011", at("2026-03-02T06:01:14Z"), Direction::In);
        w.clock_on_terminal(1001, "9001012", at("2026-03-02T06:30:00Z"), Direction::Out);
        w.clock_on_terminal(1002, "1", at("2026-03-02T06:30:00Z"), Direction::Out);
    });
    let files = sim.export_now().unwrap();
    assert_eq!(files[0].file_name().unwrap(), "bookings-20260302T070000Z-0001.csv");
    assert_eq!(
        text(&files[0]),
        "E-1001;02/03/2026 07:01;GO;9001011;;;1\r\nE-1001;02/03/2026 07:30;OUT;9001012;;;1\r\n"
    );
    assert_eq!(sim.export_now().unwrap().len(), 1);
}

#[test]
fn a_booking_that_left_the_queue_late_is_exported_late() {
    let sim = sim();
    sim.world(|w| w.change_employee(1003, |e| e.badge_no = None));
    sim.world(|w| w.clock_on_terminal(1003, "9001011", at("2026-03-02T06:01:00Z"), Direction::In));
    let queued = sim.world(|w| w.queue()[0].clone());
    assert_eq!(sim.export_now().unwrap().len(), 1);
    sim.world(|w| w.assign_queued(&queued.id, 1003));
    assert_eq!(text(&sim.export_now().unwrap()[0]), "E-1003;02/03/2026 07:01;GO;9001011;;;1\r\n");
}

#[test]
fn the_line_is_as_the_administrator_set_it() {
    let line = "$NAME$|$FIRSTNAME$|$MIDDLENAME$|$LASTNAME$|$TERMINALNAME$|$TERMINALCODE$|$TERMINALNR$|$TERMINALTYPE$|\
                $DATE$|$TIME$|$FREE1$|$FREE11$|$REGISTERNR$";
    let sim = quiet().with_switches(|s| s.export_line = line.to_owned()).start_blocking().unwrap();
    sim.world(|w| {
        w.change_employee(1001, |e| {
            (e.name.first, e.name.middle, e.name.last) = ("Mira".into(), None, Some("Van; Holt".into()));
            e.free_fields = [(1, "one".to_owned()), (11, "eleven".to_owned())].into();
            e.register_no = Some("R7".into());
        });
        w.clock_on_terminal(1001, "7700001", at("2026-03-02T06:01:14Z"), Direction::In);
    });
    assert_eq!(
        text(&sim.export_now().unwrap()[0]),
        "Mira Van  Holt|Mira||Van  Holt|Canteen|CANTEEN|1|terminal|02/03/2026|07:01|one|eleven|R7\r\n"
    );
}

#[test]
fn the_export_of_employees_has_everybody() {
    let sim = sim();
    sim.world(|w| w.end_employee(1002, "2026-03-31".parse().unwrap()));
    let file = sim.export_now().unwrap().pop().unwrap();
    let all = text(&file);
    let lines: Vec<&str> = all.split("\r\n").collect();
    assert_eq!(
        lines[0],
        "PersNo;EmployeeNo;BadgeNr;FirstName;MiddleName;LastName;Department;StartCalculation;EndCalculation;Field1"
    );
    assert_eq!((lines.len(), lines[6]), (7, ""));
    assert!(lines[2].starts_with("1002;E-1002;102;") && lines[2].ends_with(";2026-03-31;"), "{}", lines[2]);
    sim.world(|w| w.switches.fault("half-employees")).unwrap();
    assert_eq!(text(&sim.export_now().unwrap()[0]).lines().count(), 3);
    sim.world(|w| w.switches.fault("empty-employees")).unwrap();
    assert_eq!(text(&sim.export_now().unwrap()[0]).lines().count(), 1);
    assert_eq!(fs::read_dir(sim.export_folder()).unwrap().count(), 1);
}
