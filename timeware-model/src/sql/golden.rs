//! The statement texts as they go out, for every shape of a site; a text changes only knowingly.
//!
//! `UPDATE_GOLDEN=1 cargo test -p timeware-model golden` writes them again.

use std::fmt::Write as _;
use std::path::Path;

use chrono::NaiveDate;
use sqlparser::dialect::{MsSqlDialect, SQLiteDialect};
use sqlparser::parser::Parser;

use super::people_read::Which;
use super::statements::{Statements, Template, Values};
use super::value::{Value, day};
use super::{
    Dialect, badges, check, events, groupings, groups, people, people_read, policies, rebook, receipts, terminals,
};
use crate::config::TimewareConfig;
use crate::contract::{Family, Table};
use crate::grouping::GroupingNumber;
use crate::settings::Settings;

const SERVER: &str = "store = \"sqlserver\"\nsqlserver = { host = \"sql01\", user = \"x\", password = \"env:X\" }\n";
const RENAMED: &str = "own_prefix = \"x_\"\npersonal_fields = [\"gender\", \"vehicle_registration\"]\n\
    [tables]\nemployee = \"hr.people of ours\"\nterminal = \"clocks\"\n\
    [columns.employee]\nid = \"pid\"\ngender = \"\"\nvehicle_registration = \"car_reg\"\n\
    [columns.twork_unprocessed]\nid = \"\"\nmemo = \"\"\ntype = \"kind\"\n\
    [constants.twork_unprocessed]\nauthorisation = 7\nsite = \"HQ\"\n";

#[test]
fn golden_texts_for_sql_server() {
    let narrow = [((Table::Employee, "paylink".to_owned()), "varchar(30)".to_owned())];
    let mut staged = Vec::new();
    for (name, text) in [
        ("staged", String::new()),
        ("all-fields", format!("personal_fields = [{}]\n", quoted_personal_fields())),
        ("renamed", RENAMED.to_owned()),
        ("grouping-tables", "[groupings]\nkind = \"table-per-grouping\"\n".to_owned()),
        ("grouping-texts", "[groupings]\nkind = \"text-column\"\n".to_owned()),
    ] {
        let settings = settings(&format!("{SERVER}{text}"));
        let sql = Statements::new(settings.mapping(), Dialect::SqlServer).with_narrow(narrow.clone().into());
        let texts = all(&sql, &settings);
        for (title, text) in &texts {
            let parsed = Parser::parse_sql(&MsSqlDialect {}, text);
            assert!(parsed.is_ok(), "{name}, {title}: {text}\n{}", parsed.unwrap_err());
            assert!(!text.contains('?') && !text.contains('{'), "{title}: {text}");
        }
        agree(&format!("sqlserver-{name}"), &other_than(&staged, &texts));
        if staged.is_empty() {
            staged = texts;
        }
    }
}

#[test]
fn golden_texts_for_sqlite() {
    let settings = settings("personal_fields = [\"gender\"]");
    let texts = all(&Statements::new(settings.mapping(), Dialect::Sqlite), &settings);
    for (title, text) in &texts {
        assert!(Parser::parse_sql(&SQLiteDialect {}, text).is_ok(), "{title}: {text}");
    }
    agree("sqlite", &texts);
}

/// What a site says otherwise than the first one, and what it does not say at all.
fn other_than(first: &[(String, String)], texts: &[(String, String)]) -> Vec<(String, String)> {
    let own = texts.iter().filter(|text| !first.contains(text)).cloned();
    let says = |title: &String| texts.iter().any(|(own, _)| own == title);
    let unsaid = first.iter().filter(|(title, _)| !says(title));
    own.chain(unsaid.map(|(title, _)| (title.clone(), "-- not at this site".to_owned()))).collect()
}

fn settings(text: &str) -> Settings {
    Settings::new(toml::from_str::<TimewareConfig>(text).unwrap()).unwrap()
}

fn quoted_personal_fields() -> &'static str {
    "\"date_of_birth\", \"gender\", \"address\", \"post_code\", \"mobile_number\", \"vehicle_registration\""
}

fn all(sql: &Statements, settings: &Settings) -> Vec<(String, String)> {
    let lists: [&[(&str, Template)]; 10] = [
        check::ALL,
        receipts::ALL,
        people::ALL,
        people_read::ALL,
        badges::ALL,
        policies::ALL,
        terminals::ALL,
        groups::ALL,
        events::ALL,
        rebook::ALL,
    ];
    let mut texts: Vec<(String, String)> = lists
        .concat()
        .into_iter()
        .map(|(title, template)| (title.to_owned(), sql.text(template).to_string()))
        .collect();
    for which in [Which::Page, Which::ById, Which::ByPaylink, Which::ByBadge, Which::ByEmail] {
        texts.push((format!("people {which:?}"), sql.people(settings, which)));
    }
    texts.extend(groupings::texts(sql, GroupingNumber::new(1).unwrap()));
    for table in [Table::Employee, Table::TerminalPolicy, Table::Terminal, Table::TerminalGroupRef] {
        let logical = table.logical();
        texts.push((
            format!("insert {logical}, all set"),
            sql.insert_text(table, every_column(table, &["id"])).0.to_string(),
        ));
        texts.push((format!("update {logical}, all set"), update(sql, table, "id", every_column(table, &["id"]))));
        texts.push((format!("update {logical}, empty"), update(sql, table, "id", no_column(table))));
    }
    for table in [Table::TerminalGroup, Table::RollCall, Table::EventUpdate] {
        let row = every_column(table, if table == Table::EventUpdate { &["id"] } else { &[] });
        texts.push((format!("add {}", table.logical()), sql.add_text(table, row).0.to_string()));
    }
    let place = every_column(Table::RollCall, &["employee"]);
    texts.push(("update roll_call".to_owned(), update(sql, Table::RollCall, "employee", place.clone())));
    let nowhere = place.into_iter().map(|(name, value)| (name, if name == "zone" { Value::Null } else { value }));
    texts.push(("update roll_call, no zone".to_owned(), update(sql, Table::RollCall, "employee", nowhere.collect())));
    bookings(sql, &mut texts);
    texts
}

fn bookings(sql: &Statements, texts: &mut Vec<(String, String)>) {
    const BOOKING: &[&str] = &["employee", "terminal", "date_and_time", "type"];
    const ACCESS: &[&str] = &["employee", "terminal", "date_and_time", "flag"];
    for (table, same) in [(Table::Twork, BOOKING), (Table::TworkUnprocessed, BOOKING), (Table::AccessArchive, ACCESS)] {
        let (row, logical) = (every_column(table, &["id"]), table.logical());
        texts.push((
            format!("book {logical} unless it stands"),
            sql.guarded_text(table, row.clone(), same).0.to_string(),
        ));
        texts.push((format!("book {logical}"), sql.insert_text(table, row.clone()).0.to_string()));
        texts.push((format!("same {logical}"), sql.same_text(table, &row, same).0.to_string()));
        texts.push((format!("{logical} at a time"), sql.booking_at(table)));
        texts.push((format!("{logical} of a span"), sql.booked_between(table)));
    }
    let original = every_column(Table::TworkUnprocessedArchive, &["id"]);
    texts.push((
        "archive a booking".to_owned(),
        sql.insert_text(Table::TworkUnprocessedArchive, original).0.to_string(),
    ));
    texts.push(("receipt of an event, all set".to_owned(), sql.event_text(events::every_value()).0.to_string()));
}

fn update(sql: &Statements, table: Table, key: &'static str, values: Values) -> String {
    let text = sql.update_text(table, key, 1, values).0;
    text.map_or_else(|| sql.exists_text(table, key), |text| text.to_string())
}

fn every_column(table: Table, but: &[&str]) -> Values {
    let columns = table.columns().iter().filter(|column| !but.contains(&column.logical));
    let value = |family| match family {
        Family::Integer => Value::Integer(1),
        Family::Text => Value::from("x"),
        Family::DateTime => day(NaiveDate::default()),
    };
    columns.map(|column| (column.logical, value(column.family))).collect()
}

/// Every column that may be empty, emptied (rule S15).
fn no_column(table: Table) -> Values {
    let columns = table.columns().iter().filter(|column| !column.required);
    columns.map(|column| (column.logical, Value::Null)).collect()
}

fn agree(name: &str, texts: &[(String, String)]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(format!("{name}.sql"));
    let mut now = String::new();
    for (title, text) in texts {
        let _ = writeln!(now, "-- {title}\n{text}\n");
    }
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &now).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    let differs = now.lines().zip(golden.lines()).find(|(now, golden)| now != golden);
    assert!(differs.is_none() && now.len() == golden.len(), "{} differs: {differs:?}", path.display());
}
