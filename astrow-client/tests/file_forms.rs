//! The forms of files, byte by byte, and what their readers make of any bytes.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop")]

use std::collections::BTreeMap;

use astrow_client::files::{
    BookingRow, COLUMNS, DateFormat, EmployeeRow, Encoding, FixedLayout, LINE_FORMAT, RowError, csv_file, csv_line,
    employee_line, read_bookings, read_employees,
};
use proptest::prelude::*;

fn row(badge: &str, at: &str, cc: Option<&str>, terminal: &str) -> BookingRow {
    let cc = cc.map(str::to_owned);
    BookingRow { badge: badge.to_owned(), at: at.parse().unwrap(), mc: None, cc, terminal: terminal.to_owned() }
}

fn usual() -> DateFormat {
    "dd/MM/yyyy".parse().unwrap()
}

#[test]
fn delimited_bookings_are_as_the_vendors_sample() {
    let rows = [
        row("101", "2026-03-02T08:01:14", None, "9001011"),
        row("118", "2026-03-02T08:03:59", Some("210"), "9001011"),
        row("101", "2026-03-02T12:30:00", None, "9001012"),
    ];
    let lines: Vec<_> = rows.iter().map(|row| csv_line(row, &usual(), " ").unwrap()).collect();
    let file = csv_file(lines.iter().map(String::as_str));
    let expected = "Badgenr, Date and time, MC code, CC code, Terminal serial\r\n\
                    101,02/03/2026 08:01, , ,9001011\r\n\
                    118,02/03/2026 08:03, ,210,9001011\r\n\
                    101,02/03/2026 12:30, , ,9001012\r\n";
    assert_eq!(file, expected);
    assert_eq!(csv_line(&rows[0], &"yyyy-MM-dd".parse().unwrap(), "").unwrap(), "101,2026-03-02 08:01,,,9001011");
}

#[test]
fn what_would_need_quoting_is_refused() {
    for (badge, terminal, error) in [
        ("10,1", "9", RowError::Characters("the badge number")),
        ("", "9", RowError::Missing("the badge number")),
        ("101", "9\n1", RowError::Characters("the terminal")),
        ("101", " ", RowError::Missing("the terminal")),
        ("é1", "9", RowError::Characters("the badge number")),
    ] {
        assert_eq!(csv_line(&row(badge, "2026-03-02T08:01:00", None, terminal), &usual(), " "), Err(error));
    }
}

#[test]
fn records_of_fixed_width_are_as_the_default_layout() {
    let terminals = BTreeMap::from([("9001011".to_owned(), 3)]);
    let layout = FixedLayout::default();
    let line = layout.line(&row("101", "2026-03-02T08:01:14", None, "9001011"), &terminals).unwrap();
    assert_eq!(line, "000000010120260302080100003");
    assert_eq!((line.len(), layout.length()), (27, 27));
    let coded = BookingRow { mc: Some("7".to_owned()), ..row("D5", "2026-12-31T23:59:00", None, "9001011") };
    assert_eq!(layout.line(&coded, &terminals).unwrap(), "00000000D520261231235907003");
}

#[test]
fn fields_of_a_layout_may_be_unused_and_must_not_overlap() {
    let mut layout = FixedLayout::default();
    layout.mc.position = 0;
    layout.terminal.position = 0;
    layout.year.length = 2;
    assert_eq!(layout.faults(), Vec::<String>::new());
    let none = BTreeMap::new();
    let line = layout.line(&row("101", "2026-03-02T08:01:00", None, "x"), &none).unwrap();
    assert_eq!(line, "000000010126  0302".to_owned() + "0801");
    let coded = BookingRow { mc: Some("7".to_owned()), ..row("101", "2026-03-02T08:01:00", None, "x") };
    assert_eq!(layout.line(&coded, &none), Err(RowError::NoField("the master code")));
    layout.month.position = 14;
    layout.year.length = 4;
    layout.day.position = 0;
    let faults = layout.faults();
    assert_eq!(faults.len(), 2, "{faults:?}");
    assert!(faults[0].starts_with("day") && faults[1] == "year and month overlap", "{faults:?}");
}

#[test]
fn what_does_not_fit_a_record_is_refused() {
    let terminals = BTreeMap::from([("9".to_owned(), 1_000), ("8".to_owned(), 1)]);
    let layout = FixedLayout::default();
    let of =
        |badge: &str, cc, terminal: &str| layout.line(&row(badge, "2026-03-02T08:01:00", cc, terminal), &terminals);
    assert_eq!(of("12345678901", None, "8"), Err(RowError::TooLong { field: "the badge number", length: 10 }));
    assert_eq!(of("1", None, "9"), Err(RowError::TooLong { field: "the number of the terminal", length: 3 }));
    assert_eq!(of("1", None, "7"), Err(RowError::NoTerminalNumber));
    assert_eq!(of("1", Some("210"), "8"), Err(RowError::NoField("the cost centre")));
}

#[test]
fn employees_are_as_the_sample_and_separators_become_blanks() {
    let teo = EmployeeRow {
        employee_no: "E-1077".to_owned(),
        badge: "213".to_owned(),
        first: "Teo".to_owned(),
        last: "Marchetti".to_owned(),
        department: "FIN".to_owned(),
        terminal_group: "TG-HQ".to_owned(),
        company_site: "HQ".to_owned(),
        field1: "pac:213".to_owned(),
        ..EmployeeRow::default()
    };
    assert_eq!(employee_line(&teo).unwrap(), "E-1077;213;Teo;;Marchetti;FIN;TG-HQ;HQ;pac:213");
    let odd = EmployeeRow { last: "Mar;chet\r\nti\u{2028}é".to_owned(), ..teo.clone() };
    assert_eq!(employee_line(&odd).unwrap(), "E-1077;213;Teo;;Mar chet  ti é;FIN;TG-HQ;HQ;pac:213");
    let nameless = EmployeeRow { first: " ;".to_owned(), ..teo.clone() };
    assert_eq!(employee_line(&nameless), Err(RowError::Missing("the first name")));
    let badgeless = EmployeeRow { badge: String::new(), ..teo };
    assert_eq!(employee_line(&badgeless), Err(RowError::Missing("the badge number")));
}

#[test]
fn a_bad_line_of_an_export_is_named_and_stops_no_other() {
    let text = "E-1;02/03/2026 08:01;GO;9001011;;;x\r\nno fields\r\n\r\nE-2;31/02/2026 08:01;GO;9;;;\r\n\
                E-3;02/03/2026 08:05:30;?;9001012;12;210;\r\nE-4;02/03/2026 08:06;IN;9;;;;more";
    let read = read_bookings(text.as_bytes(), Encoding::Utf8, &LINE_FORMAT.parse().unwrap(), &usual()).unwrap();
    let good: Vec<_> = read.items.iter().map(|booking| (booking.line, booking.employee_no().unwrap())).collect();
    assert_eq!(good, [(1, "E-1"), (5, "E-3"), (6, "E-4")]);
    assert_eq!(read.items[1].at, "2026-03-02T08:05:30".parse().unwrap());
    assert_eq!((read.items[0].value("DIRECTION"), read.items[0].value("MCCODE")), (Some("GO"), None));
    assert_eq!(read.bad.iter().map(|bad| bad.line).collect::<Vec<_>>(), [2, 4]);
    assert!(!read.whole, "the last line has no end");
}

#[test]
fn an_export_of_employees_is_read_in_any_order_of_columns() {
    let text = "Field1;PersNo;employeeno;BadgeNr;FirstName;MiddleName;LastName;Department;StartCalculation;EndCalculation;More\r\n\
                pac:213;1077;E-1077;213;Teo;;Marchetti;FIN;2026-03-02;;x\r\n\
                ;1.078;;;Ann;;;;;;\r\n;1079;;;Bo;;;;02/03/2026;;\r\n;1077;;;Teo;;;;;;\r\n;1080;;;Ed;;\r\n;0;;;Ed;;;;;;\r\n";
    let read = read_employees(text.as_bytes(), Encoding::Utf8).unwrap();
    assert_eq!(read.items.len(), 1);
    let teo = &read.items[0];
    assert_eq!((teo.pers_no, teo.pac_id(), teo.last.as_deref()), (1077, Some(213), Some("Marchetti")));
    let bad: Vec<_> = read.bad.iter().map(|bad| (bad.line, bad.id.as_deref())).collect();
    assert_eq!(bad, [(3, None), (4, Some("1079")), (5, Some("1077")), (6, None), (7, None)]);
    assert!(read.bad[0].why.contains("separator") && read.bad[1].why.contains("StartCalculation"), "{:?}", read.bad);
}

#[test]
fn an_export_without_its_columns_says_which_are_missing() {
    let of = |text: &str| read_employees(text.as_bytes(), Encoding::Utf8).unwrap_err();
    assert!(of("").contains("empty"));
    let error = of("PersNo;EmployeeNo;BadgeNr;FirstName;MiddleName;LastName;Department;StartCalculation\r\n");
    assert!(error.ends_with("EndCalculation, Field1"), "{error}");
    assert!(of("PersNo,EmployeeNo\r\n").contains("semicolons"));
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let format = LINE_FORMAT.parse().unwrap();
        for encoding in [Encoding::Utf8, Encoding::Windows1252] {
            let _ = read_employees(&bytes, encoding);
            let _ = read_bookings(&bytes, encoding, &format, &usual());
        }
        let headed = [COLUMNS.join(";").as_bytes(), b"\r\n", &bytes].concat();
        let _ = read_employees(&headed, Encoding::Windows1252);
    }

    #[test]
    fn any_line_is_whole_or_refused(badge in ".*", terminal in ".*", mc in proptest::option::of(".*")) {
        let row = BookingRow { mc, ..row(&badge, "2026-03-02T08:01:00", None, &terminal) };
        if let Ok(line) = csv_line(&row, &usual(), " ") {
            prop_assert_eq!(line.split(',').count(), 5);
            prop_assert!(line.is_ascii() && !line.contains(['\r', '\n']));
        }
        let terminals = BTreeMap::from([(terminal, 3)]);
        if let Ok(line) = FixedLayout::default().line(&row, &terminals) {
            prop_assert_eq!(line.len(), 27);
        }
    }
}
