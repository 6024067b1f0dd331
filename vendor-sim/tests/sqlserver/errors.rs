//! Error numbers, and what an error does to the batch and the transaction.

use vendor_sim::sqlserver::SqlServerSim;

use crate::client::{Connected, batch, code, connect, number};

const PERSON: &str =
    "INSERT INTO dbo.temployee (employee_status_id, first_name, last_name, badge) VALUES (1, N'A', N'B', 7)";

async fn sim() -> (SqlServerSim, Connected) {
    let sim = SqlServerSim::start().await.unwrap();
    let client = connect(&sim).await;
    (sim, client)
}

async fn fails(client: &mut Connected, sql: &str) -> u32 {
    code(batch(client, sql).await)
}

#[tokio::test]
async fn rules_of_the_tables_have_their_numbers() {
    let (sim, mut client) = sim().await;
    sim.execute(PERSON).unwrap();
    let client = &mut client;
    // A unique index, a unique constraint.
    assert_eq!(fails(client, PERSON).await, 2601);
    sim.execute("INSERT INTO dbo.tterminal_policy (description) VALUES (N'All Doors')").unwrap();
    assert_eq!(fails(client, "INSERT INTO dbo.tterminal_policy (description) VALUES (N'all doors')").await, 2627);
    // NULL, foreign key, check, length, identity.
    assert_eq!(fails(client, "INSERT INTO dbo.tterminal_policy (data) VALUES (N'x')").await, 515);
    assert_eq!(fails(client, "UPDATE dbo.temployee SET first_name = NULL").await, 515);
    assert_eq!(fails(client, "UPDATE dbo.temployee SET terminal_policy_id = 99").await, 547);
    assert_eq!(
        fails(client, "INSERT INTO dbo.tgrouping_ref (grouping_number, description) VALUES (11, N'x')").await,
        547
    );
    assert_eq!(fails(client, "UPDATE dbo.temployee SET post_code = N'much too long for it'").await, 2628);
    assert_eq!(
        fails(client, "INSERT INTO dbo.tterminal_policy (terminal_policy_id, description) VALUES (9, N'x')").await,
        544
    );
    // Numbers and words.
    assert_eq!(
        fails(client, "UPDATE dbo.tgrouping_ref SET grouping_number = 300; SELECT CAST(300 AS tinyint)").await,
        8115
    );
    assert_eq!(fails(client, "SELECT CAST(N'x' AS int)").await, 245);
    assert_eq!(fails(client, "SELECT CAST(N'2026-13-01' AS datetime)").await, 241);
    // Names.
    assert_eq!(fails(client, "SELECT * FROM dbo.absent").await, 208);
    assert_eq!(fails(client, "SELECT absent FROM dbo.temployee").await, 207);
    assert_eq!(fails(client, "INSERT INTO dbo.temployee (absent) VALUES (1)").await, 207);
    assert_eq!(fails(client, "SELECT absent(1)").await, 195);
    assert_eq!(fails(client, "SELECT @absent").await, 137);
    assert_eq!(fails(client, "EXEC dbo.absent").await, 2812);
    assert_eq!(fails(client, "COMMIT").await, 3902);
    assert_eq!(fails(client, "ROLLBACK").await, 3903);
    assert_eq!(number(client, "SELECT COUNT(*) FROM dbo.temployee").await, 1);
}

#[tokio::test]
async fn two_people_without_a_badge_are_no_duplicates() {
    let (sim, _client) = sim().await;
    let without = "INSERT INTO dbo.temployee (employee_status_id, first_name, last_name) VALUES (1, N'A', N'B')";
    assert_eq!(sim.execute(without).unwrap() + sim.execute(without).unwrap(), 2);
}

#[tokio::test]
async fn an_older_server_has_another_number_for_long_texts() {
    let sim = SqlServerSim::builder().old_length_error(true).start().await.unwrap();
    let mut client = connect(&sim).await;
    let long = "x".repeat(51);
    let sent = client.execute("INSERT INTO dbo.tterminal_policy (description) VALUES (@P1)", &[&long.as_str()]).await;
    assert_eq!(code(sent), 8152);
}

#[tokio::test]
async fn a_bare_output_on_a_table_with_a_trigger_is_refused() {
    let (sim, mut client) = sim().await;
    let sql = "INSERT INTO dbo.tterminal_policy (description) OUTPUT INSERTED.terminal_policy_id VALUES (@P1)";
    let rows = client.query(sql, &[&"One"]).await.unwrap().into_first_result().await.unwrap();
    assert_eq!(rows.first().unwrap().get::<i32, _>("terminal_policy_id"), Some(1));
    sim.mark_trigger("tterminal_policy");
    assert_eq!(code(client.execute(sql, &[&"Two"]).await), 334);
    assert_eq!(sim.number("SELECT COUNT(*) FROM sys.triggers").unwrap(), 1);
}

#[tokio::test]
async fn without_xact_abort_a_batch_goes_on_after_an_error() {
    let (sim, mut client) = sim().await;
    let sql = "BEGIN TRAN; INSERT INTO dbo.tversion (property) VALUES (N'a'); INSERT INTO dbo.tversion (property) VALUES (NULL); \
               INSERT INTO dbo.tversion (property) VALUES (N'b'); COMMIT";
    assert_eq!(fails(&mut client, sql).await, 515);
    assert_eq!(sim.number("SELECT COUNT(*) FROM tversion").unwrap(), 3);
}

#[tokio::test]
async fn with_xact_abort_an_error_undoes_the_transaction_and_ends_the_batch() {
    let (sim, mut client) = sim().await;
    let sql = "SET XACT_ABORT ON; BEGIN TRAN; INSERT INTO dbo.tversion (property) VALUES (N'a'); \
               INSERT INTO dbo.tversion (property) VALUES (NULL); INSERT INTO dbo.tversion (property) VALUES (N'b'); COMMIT";
    assert_eq!(fails(&mut client, sql).await, 515);
    assert_eq!(number(&mut client, "SELECT @@TRANCOUNT").await, 0);
    // A later statement stands alone.
    batch(&mut client, "INSERT INTO dbo.tversion (property) VALUES (N'c')").await.unwrap();
    assert_eq!(sim.number("SELECT COUNT(*) FROM tversion").unwrap(), 2);
}

#[tokio::test]
async fn an_error_in_try_is_caught() {
    let (_sim, mut client) = sim().await;
    let sql = "BEGIN TRY INSERT INTO dbo.tversion (property) VALUES (NULL); END TRY \
               BEGIN CATCH SELECT ERROR_NUMBER() AS number; END CATCH";
    assert_eq!(number(&mut client, sql).await, 515);
}

#[tokio::test]
async fn the_text_of_an_error_has_its_line() {
    let (_sim, mut client) = sim().await;
    let error = batch(&mut client, "SELECT 1\nSELECT 2\nSELECT x FROM dbo.absent").await.unwrap_err();
    let tiberius::error::Error::Server(error) = error else { panic!("{error}") };
    assert_eq!((error.line(), error.class(), error.server()), (3, 16, "SQLSIM"));
}
