//! What an operator can make go wrong.

use std::time::Duration;

use vendor_sim::sqlserver::{Action, Fault, SqlServerSim};

use crate::client::{batch, code, config, connect, connect_with};

const INSERT: &str = "INSERT INTO dbo.tversion (property) VALUES (@P1)";

#[tokio::test]
async fn the_nth_statement_meets_an_error_that_undoes_the_transaction() {
    let sim = SqlServerSim::start().await.unwrap();
    let mut client = connect(&sim).await;
    for number in [1205, 1222, 40613, 49918, 49920, 547, 50_000] {
        sim.clear_faults();
        sim.add_fault(Fault::error("insert into dbo.tversion", number).nth(2));
        batch(&mut client, "SET XACT_ABORT ON; BEGIN TRANSACTION").await.unwrap();
        client.execute(INSERT, &[&"a"]).await.unwrap();
        assert_eq!(code(client.execute(INSERT, &[&"b"]).await), u32::try_from(number).unwrap());
        assert_eq!(self::number(&mut client, "SELECT @@TRANCOUNT").await, 0);
        assert_eq!(sim.faults().first().unwrap().met(), 1);
    }
    assert_eq!(sim.number("SELECT COUNT(*) FROM tversion").unwrap(), 1);
}

async fn number(client: &mut crate::client::Connected, sql: &str) -> i32 {
    crate::client::number(client, sql).await
}

#[tokio::test]
async fn a_connection_cut_before_commit_has_done_nothing() {
    let sim = SqlServerSim::start().await.unwrap();
    sim.add_fault(Fault::new("commit", Action::CutBefore));
    let mut client = connect(&sim).await;
    batch(&mut client, "BEGIN TRANSACTION").await.unwrap();
    client.execute(INSERT, &[&"a"]).await.unwrap();
    assert!(batch(&mut client, "COMMIT TRANSACTION").await.is_err());
    assert_eq!(sim.number("SELECT COUNT(*) FROM tversion").unwrap(), 1);
    assert!(sim.statements().last().unwrap().cut);
}

#[tokio::test]
async fn a_connection_cut_after_commit_has_done_all() {
    let sim = SqlServerSim::start().await.unwrap();
    sim.add_fault(Fault::new("commit", Action::CutAfter));
    let mut client = connect(&sim).await;
    batch(&mut client, "BEGIN TRANSACTION").await.unwrap();
    client.execute(INSERT, &[&"a"]).await.unwrap();
    assert!(batch(&mut client, "COMMIT TRANSACTION").await.is_err());
    assert_eq!(sim.number("SELECT COUNT(*) FROM tversion").unwrap(), 2);
    // And the client comes back.
    let mut client = connect(&sim).await;
    assert_eq!(number(&mut client, "SELECT COUNT(*) FROM tversion").await, 2);
    assert_eq!(sim.logins(), 2);
}

#[tokio::test]
async fn logins_are_refused() {
    let sim = SqlServerSim::start().await.unwrap();
    let mut wrong = config(&sim);
    wrong.authentication(tiberius::AuthMethod::sql_server(sim.user(), "wrong"));
    assert_eq!(code(connect_with(wrong).await), 18_456);
    let mut wrong = config(&sim);
    wrong.database("another");
    assert_eq!(code(connect_with(wrong).await), 4060);
    sim.refuse_logins(40_613, 1);
    assert_eq!(code(connect_with(config(&sim)).await), 40_613);
    connect(&sim).await;
    assert_eq!(sim.logins(), 1);
}

#[tokio::test]
async fn a_closed_port_opens_again_with_the_same_tables() {
    let sim = SqlServerSim::start().await.unwrap();
    let mut client = connect(&sim).await;
    client.execute(INSERT, &[&"a"]).await.unwrap();
    sim.pause();
    assert!(connect_with(config(&sim)).await.is_err());
    sim.resume();
    let mut client = connect(&sim).await;
    assert_eq!(number(&mut client, "SELECT COUNT(*) FROM tversion").await, 2);
}

#[tokio::test]
async fn a_delayed_statement_can_be_given_up() {
    let sim = SqlServerSim::start().await.unwrap();
    sim.add_fault(Fault::new("select 2", Action::Delay(Duration::from_mins(10))));
    let mut client = connect(&sim).await;
    {
        let waiting = client.simple_query("SELECT 2");
        tokio::pin!(waiting);
        while !sim.statements().iter().any(|logged| logged.text == "SELECT 2") {
            tokio::select! {
                biased;
                answer = &mut waiting => panic!("an answer: {answer:?}"),
                () = tokio::task::yield_now() => {}
            }
        }
    }
    client.cancel_query().await.unwrap();
    assert_eq!(number(&mut client, "SELECT 3").await, 3);
}

#[tokio::test]
async fn rights_that_are_missing_are_told_and_refused() {
    let sim = SqlServerSim::start().await.unwrap();
    let mut client = connect(&sim).await;
    sim.withhold("UPDATE", "temployee");
    sim.withhold("CREATE TABLE", "");
    let sql = "SELECT HAS_PERMS_BY_NAME(@P1, N'OBJECT', N'SELECT'), HAS_PERMS_BY_NAME(@P1, N'OBJECT', N'UPDATE'), \
               HAS_PERMS_BY_NAME(N'dbo.nothing', N'OBJECT', N'SELECT'), HAS_PERMS_BY_NAME(DB_NAME(), N'DATABASE', N'CREATE TABLE')";
    let rows = client.query(sql, &[&"[dbo].[temployee]"]).await.unwrap().into_first_result().await.unwrap();
    let row = rows.first().unwrap();
    let rights: Vec<Option<i32>> = (0..4).map(|index| row.get(index)).collect();
    assert_eq!(rights, [Some(1), Some(0), None, Some(0)]);
    assert_eq!(code(batch(&mut client, "UPDATE dbo.temployee SET first_name = N'x'").await), 229);
    assert_eq!(code(batch(&mut client, "CREATE TABLE dbo.mine (id int)").await), 262);
    sim.revoke_all();
    sim.grant("SELECT", "dbo.tversion");
    assert_eq!(number(&mut client, "SELECT COUNT(*) FROM dbo.tversion").await, 1);
    assert_eq!(code(batch(&mut client, "SELECT * FROM dbo.temployee").await), 229);
    assert_eq!(number(&mut client, "SELECT COUNT(*) FROM INFORMATION_SCHEMA.TABLES").await, 1);
}

#[tokio::test]
async fn what_clients_ask_is_kept_without_values_in_its_debug_text() {
    let sim = SqlServerSim::start().await.unwrap();
    let mut client = connect(&sim).await;
    client.execute(INSERT, &[&"private words"]).await.unwrap();
    let statements = sim.statements();
    let logged = statements.last().unwrap();
    assert_eq!((logged.text.as_str(), logged.finished, logged.error), (INSERT, true, None));
    let sent = logged.parameters.first().unwrap();
    assert_eq!((sent.name.as_str(), sent.sent_as.as_str(), sent.is_null), ("@P1", "nvarchar(4000)", false));
    assert_eq!(sent.value().as_deref(), Some("private words"));
    assert!(!format!("{statements:?}").contains("private"));
}
