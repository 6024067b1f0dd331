use std::fs;

use vendor_sim::astrow::{AstrowSim, FileResult, Imported};

use crate::client::sim;
use crate::files::names;

fn import(sim: &AstrowSim, text: &str) -> Imported {
    fs::write(sim.employees_folder().join("new.txt"), text).unwrap();
    let done = sim.import_now().unwrap();
    assert!(names(&sim.employees_folder()).is_empty());
    done[0].clone()
}

#[test]
fn employees_come_in_by_the_template() {
    let sim = sim();
    let done = import(&sim, "E-1077;213;Teo;;Marchetti;FIN;TG-HQ;HQ;pac:213\r\n");
    assert_eq!((done.result, done.taken), (FileResult::Completed, 1));
    let teo = sim.world(|w| w.employee_named("Teo", "Marchetti").cloned()).unwrap();
    assert_eq!((teo.badge_no.as_deref(), teo.department.as_deref()), (Some("213"), Some("FIN")));
    assert_eq!((teo.employee_no.as_deref(), teo.terminal_group.as_deref()), (Some("E-1077"), Some("TG-HQ")));
    assert_eq!((teo.free_fields[&1].as_str(), teo.cycle.as_str()), ("pac:213", "C-STD"));
    assert_eq!(teo.start_calculation, "2026-03-02".parse().unwrap());
}

#[test]
fn unknown_departments_and_terminal_groups_stay_empty() {
    let sim = sim();
    sim.world(|w| w.template.pay_group = Some("PG-2".into()));
    import(&sim, "E-1;213;Teo;;;NOWHERE;NONE;;\r\n");
    let teo = sim.world(|w| w.employee_named("Teo", "").cloned()).unwrap();
    assert_eq!((teo.department, teo.terminal_group, teo.pay_group.as_str()), (None, None, "PG-2"));
}

#[test]
fn rows_that_do_not_fit_are_left_out() {
    let sim = sim();
    let done = import(
        &sim,
        "E-1;213;Teo;;;;;;\r\nE-2;101;Lars;;;;;;\r\nE-3;;Ines;;;;;;\r\nE-4;214;;;;;;;\r\nE-5;215;Elke\r\n",
    );
    assert_eq!((done.result, done.rows, done.taken), (FileResult::Incomplete, 5, 1));
    assert_eq!(done.problems[0], "line 2: badge 101 is in use");
    assert_eq!(import(&sim, "nonsense\r\n").result, FileResult::Failed);
    sim.world(|w| w.switches.fault("licence-off=employees-import")).unwrap();
    assert_eq!(import(&sim, "E-6;216;Elke;;;;;;\r\n").result, FileResult::Failed);
    assert_eq!(sim.world(|w| w.employees().len()), 6);
}
