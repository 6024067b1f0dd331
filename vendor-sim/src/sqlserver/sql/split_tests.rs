//! Batches taken apart.
#![allow(clippy::unwrap_used, reason = "a test may stop")]

use super::*;

fn texts(batch: &str) -> Vec<String> {
    read(batch).unwrap().into_iter().map(|step| step.text).collect()
}

#[test]
fn statements_need_no_semicolon_between() {
    assert_eq!(
        texts("SET NOCOUNT ON\nUPDATE t SET a = 1 WHERE b = 2\nSELECT @@ROWCOUNT COMMIT"),
        ["SET NOCOUNT ON", "UPDATE t SET a = 1 WHERE b = 2", "SELECT @@ROWCOUNT", "COMMIT"]
    );
}

#[test]
fn an_update_or_insert_is_one_condition() {
    let script =
        read("UPDATE t SET a = @P1 WHERE b = @P2; IF @@ROWCOUNT = 0 INSERT INTO t (a, b) VALUES (@P1, @P2); SELECT 1")
            .unwrap();
    assert_eq!(script.len(), 3);
    assert!(matches!(script.get(1).map(|step| &step.does), Some(Does::If { .. })));
}

#[test]
fn blocks_and_else_are_read() {
    let script =
        read("IF NOT EXISTS (SELECT 1 FROM t) BEGIN INSERT INTO t (a) VALUES (1); SELECT 2; END ELSE SELECT 3")
            .unwrap();
    assert!(matches!(script.as_slice(), [Step { does: Does::If { otherwise: Some(_), .. }, .. }]));
}

#[test]
fn a_procedure_with_names_and_output_is_read() {
    let script = read(
        "DECLARE @r int; EXEC @r = sp_getapplock @Resource = N'x', @LockMode = Exclusive, @LockTimeout = 0; SELECT @r",
    )
    .unwrap();
    let Some(Does::Execute(call)) = script.get(1).map(|step| &step.does) else { panic!("no call") };
    assert_eq!((call.into.as_deref(), call.arguments.len()), (Some("@r"), 3));
}

#[test]
fn a_case_does_not_end_a_block() {
    let script = read("BEGIN SELECT CASE WHEN 1 = 1 THEN 1 ELSE 2 END AS x; SELECT 2 END").unwrap();
    assert!(matches!(script.as_slice(), [Step { does: Does::Block(steps), .. }] if steps.len() == 2));
}

#[test]
fn nonsense_is_error_102() {
    assert_eq!(read("SELEKT 1").unwrap_err().number, 102);
    assert_eq!(read("SELECT FROM WHERE").unwrap_err().number, 102);
    assert_eq!(read("SELECT 'open").unwrap_err().number, 105);
}

#[test]
fn a_create_with_if_not_exists_stays_whole() {
    assert_eq!(texts("DROP TABLE IF EXISTS t SELECT 1").len(), 2);
}
