//! Comparing a database with the settings, the set-up step, and the rights of the login.

use timeware_model::{
    ErrorKind, SchemaReport, SqlServerStore, Store, TimewareConfig, Verdict, check_schema, create_own_tables,
};
use vendor_sim::sqlserver::{REFERENCE_DDL, SqlServerSim};

use crate::common::server::{config, password, start};
use crate::common::*;

fn vendors_tables() -> SqlServerSim {
    let batches: Vec<_> = REFERENCE_DDL.split("\nGO").filter(|batch| !batch.contains("bridge_")).collect();
    SqlServerSim::builder().ddl(&batches.join("\nGO")).start_blocking().unwrap()
}

async fn report(sim: &SqlServerSim, text: &str) -> SchemaReport {
    check_schema(config(sim, text), Some(password(sim))).await.unwrap()
}

const STAGED: &str = "profile = \"staged\"\n";

#[tokio::test]
async fn a_database_that_fits_has_nothing_to_tell() {
    let sim = start(STAGED).await;
    let report = report(&sim, STAGED).await;
    assert!(report.is_sound(), "{report}");
    assert_eq!(report.version.as_deref(), Some("20.0.7000"));
    assert!(report.rows.iter().any(|row| row.column.as_deref() == Some("paylink") && row.verdict == Verdict::Ok));
    assert!(report.to_string().contains("Nothing is missing"), "{report}");
    let for_programs = toml::Table::try_from(&report).unwrap();
    assert_eq!(for_programs["rows"][0]["verdict"].as_str(), Some("ok"));
}

#[tokio::test]
async fn every_difference_is_told_at_once_with_the_setting_that_heals_it() {
    let sim = start(STAGED).await;
    sim.execute("DROP TABLE dbo.temployee_roll_call").unwrap();
    sim.execute("UPDATE dbo.temployee_status SET description = N'Gone' WHERE description = N'Leaver'").unwrap();
    let text = format!("{STAGED}[columns.employee]\npaylink = \"payref\"\ntitle = \"badge\"\ngender = \"\"");
    let report = report(&sim, &text).await;
    assert!(!report.is_sound());
    let row = |table: &str, column: Option<&str>| {
        let found = report.rows.iter().find(|row| row.table == table && row.column.as_deref() == column);
        found.unwrap_or_else(|| panic!("{table} {column:?} in {report}"))
    };
    assert_eq!(row("temployee_roll_call", None).verdict, Verdict::Missing);
    assert_eq!(row("temployee", Some("payref")).verdict, Verdict::Missing);
    assert_eq!(row("temployee", Some("gender")).verdict, Verdict::Left);
    let wrong = report.rows.iter().find(|row| row.verdict == Verdict::WrongType).unwrap();
    assert_eq!((wrong.expected.as_str(), wrong.found.as_deref()), ("text (20)", Some("bigint")));
    assert!(wrong.remedy.as_deref().is_some_and(|text| text.starts_with("timeware.columns.employee.title")));
    assert!(report.faults.iter().any(|fault| fault.contains("Leaver")), "{:?}", report.faults);
    let shown = report.to_string();
    for part in ["payref", "temployee_roll_call", "timeware.columns.employee.paylink", "wrong type"] {
        assert!(shown.contains(part), "{part} in {shown}");
    }
}

#[tokio::test]
async fn columns_that_must_be_filled_and_shorter_ones_are_told() {
    let sim = start(STAGED).await;
    sim.execute("DROP TABLE dbo.tevent_update").unwrap();
    sim.execute(
        "CREATE TABLE dbo.tevent_update (event_update_id int IDENTITY(1,1) NOT NULL, \
         event_update_command_ref_id int NOT NULL, find_key nvarchar(10) NOT NULL, site int NOT NULL, \
         noted datetime NOT NULL DEFAULT (GETDATE()))",
    )
    .unwrap();
    let report = report(&sim, STAGED).await;
    let verdict = |column: &str| {
        let row = report.rows.iter().find(|row| row.table == "tevent_update" && row.column.as_deref() == Some(column));
        row.map(|row| row.verdict)
    };
    assert_eq!(verdict("find_key"), Some(Verdict::TooShort));
    assert_eq!(verdict("site"), Some(Verdict::Unfilled));
    assert_eq!(verdict("noted"), None);
}

#[tokio::test]
async fn missing_rights_come_with_the_statements_that_give_them() {
    let sim = start(STAGED).await;
    sim.revoke_all();
    for table in ["tversion", "temployee_status", "temployee", "tterminal", "twork_unprocessed"] {
        sim.grant("SELECT", table);
    }
    sim.grant("INSERT", "temployee");
    let report = report(&sim, STAGED).await;
    let lacks = |table: &str| -> Vec<&str> {
        let grants = report.missing_grants.iter().filter(|grant| grant.table == table);
        grants.map(|grant| grant.right.as_str()).collect()
    };
    assert_eq!(lacks("temployee"), ["UPDATE"]);
    assert_eq!(lacks("twork_unprocessed"), ["INSERT"]);
    assert!(lacks("tversion").is_empty());
    let script = &report.grant_script;
    assert!(script.contains(&format!("GRANT UPDATE ON [dbo].[temployee] TO [{}];", sim.user())), "{script}");
    assert!(!script.contains("DELETE"), "{script}");
    for line in script.lines() {
        sim.execute(line).unwrap();
    }
}

#[tokio::test]
async fn the_script_of_the_report_is_all_that_the_login_needs() {
    let sim = start(STAGED).await;
    sim.revoke_all();
    let missing = report(&sim, STAGED).await.missing_grants;
    for grant in missing {
        sim.grant(&grant.right, &grant.table);
    }
    assert!(report(&sim, STAGED).await.is_sound());
    let store = SqlServerStore::open(config(&sim, STAGED), password(&sim)).await.unwrap();
    store.create_person(&with_cards(named("Asha Mello"), &["42"]), Some(&key("p1"))).await.unwrap();
}

#[tokio::test]
async fn a_right_that_is_taken_away_at_work_is_told_with_a_remedy() {
    let world = store(Engine::SqlServer, STAGED).await;
    let Database::SqlServer(sim) = &world.database else { unreachable!() };
    sim.add_fault(vendor_sim::sqlserver::Fault::error("insert into [dbo].[temployee]", 229));
    let error = world.create_person(&named("Asha Mello"), None).await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::Config, Some("timeware.sqlserver.user")));
    assert!(error.remedy().unwrap().contains("check-schema"));
}

#[tokio::test]
async fn tables_of_ours_are_made_by_the_set_up_step_alone() {
    let sim = vendors_tables();
    let error = SqlServerStore::open(config(&sim, STAGED), password(&sim)).await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::Config, Some("timeware.own_prefix")));
    let found = report(&sim, STAGED).await;
    assert_eq!(found.missing_own_tables, ["bridge_link", "bridge_terminal", "bridge_badge", "bridge_event"]);
    assert!(found.set_up_script.contains("CREATE TABLE [dbo].[bridge_event]"));

    let made = create_own_tables(config(&sim, STAGED), Some(password(&sim))).await.unwrap();
    assert_eq!(made, found.missing_own_tables);
    assert!(create_own_tables(config(&sim, STAGED), Some(password(&sim))).await.unwrap().is_empty());
    SqlServerStore::open(config(&sim, STAGED), password(&sim)).await.unwrap();
}

#[tokio::test]
async fn the_set_up_script_does_the_same_by_hand() {
    let sim = vendors_tables();
    let script = report(&sim, STAGED).await.set_up_script;
    sim.execute(&script).unwrap();
    assert!(report(&sim, STAGED).await.is_sound());
}

#[tokio::test]
async fn a_login_that_may_not_create_tables_is_told_so() {
    let sim = vendors_tables();
    sim.revoke_all();
    let error = create_own_tables(config(&sim, STAGED), Some(password(&sim))).await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::Config, Some("timeware.sqlserver.user")));
}

#[tokio::test]
async fn tables_of_an_older_shape_get_the_columns_that_they_lack() {
    let sim = SqlServerSim::builder().start_blocking().unwrap();
    sim.execute(
        "INSERT INTO dbo.bridge_badge (source, number, employee_id, valid_from) \
         VALUES (N'net2-hq', N'42', 7, '2026-01-01T00:00:00')",
    )
    .unwrap();
    assert_eq!(report(&sim, STAGED).await.missing_own_tables, ["bridge_badge"]);
    let made = create_own_tables(config(&sim, STAGED), Some(password(&sim))).await.unwrap();
    assert_eq!(made, ["bridge_badge"]);
    let store = SqlServerStore::open(config(&sim, STAGED), password(&sim)).await.unwrap();
    let holder = store.holder_at("net2-hq", "42", at("2026-06-01T00:00:00Z")).await.unwrap();
    assert_eq!(holder.map(timeware_model::EmployeeId::get), Some(7));
    let rows = sim.rows("SELECT shown, kind FROM dbo.bridge_badge").unwrap();
    assert_eq!(rows, [[Some("42".to_owned()), Some(String::new())]]);
}

#[tokio::test]
async fn the_embedded_store_is_compared_too() {
    let folder = tempfile::tempdir().unwrap();
    drop(file_store(&folder, ""));
    let mut config = TimewareConfig::default();
    config.path = folder.path().join("timeware.db");
    let report = check_schema(config.clone(), None).await.unwrap();
    assert!(report.is_sound(), "{report}");
    assert!(create_own_tables(config.clone(), None).await.unwrap().is_empty());
    config.path = folder.path().join("elsewhere.db");
    assert_eq!(check_schema(config, None).await.unwrap_err().kind(), ErrorKind::Unavailable);
}
