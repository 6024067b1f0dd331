//! Transactions over batches and calls, and locks.

use vendor_sim::sqlserver::SqlServerSim;

use crate::client::{batch, code, connect, number};

const INSERT: &str = "INSERT INTO dbo.tversion (property) VALUES (@P1)";

#[tokio::test]
async fn a_transaction_spans_batches_and_calls() {
    let sim = SqlServerSim::start().await.unwrap();
    let mut client = connect(&sim).await;
    batch(&mut client, "SET XACT_ABORT ON; BEGIN TRANSACTION").await.unwrap();
    client.execute(INSERT, &[&"a"]).await.unwrap();
    assert_eq!(number(&mut client, "SELECT @@TRANCOUNT").await, 1);
    assert_eq!(sim.number("SELECT COUNT(*) FROM tversion").unwrap(), 1);
    batch(&mut client, "COMMIT TRANSACTION").await.unwrap();
    assert_eq!(sim.number("SELECT COUNT(*) FROM tversion").unwrap(), 2);
    batch(&mut client, "BEGIN TRANSACTION").await.unwrap();
    client.execute(INSERT, &[&"b"]).await.unwrap();
    batch(&mut client, "IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION").await.unwrap();
    assert_eq!(sim.number("SELECT COUNT(*) FROM tversion").unwrap(), 2);
}

#[tokio::test]
async fn the_clients_own_way_of_transactions_works() {
    let sim = SqlServerSim::start().await.unwrap();
    let mut client = connect(&sim).await;
    client.begin_transaction().await.unwrap();
    client.execute(INSERT, &[&"a"]).await.unwrap();
    client.save_transaction("here").await.unwrap();
    client.execute(INSERT, &[&"b"]).await.unwrap();
    batch(&mut client, "ROLLBACK TRANSACTION here").await.unwrap();
    client.commit_transaction().await.unwrap();
    assert_eq!(sim.number("SELECT COUNT(*) FROM tversion").unwrap(), 2);
    client.begin_transaction().await.unwrap();
    client.execute(INSERT, &[&"c"]).await.unwrap();
    client.rollback_transaction().await.unwrap();
    assert_eq!(sim.number("SELECT COUNT(*) FROM tversion").unwrap(), 2);
}

#[tokio::test]
async fn a_call_must_not_leave_a_transaction_open() {
    let sim = SqlServerSim::start().await.unwrap();
    let mut client = connect(&sim).await;
    assert_eq!(code(client.execute("BEGIN TRANSACTION; SELECT @P1", &[&1_i32]).await), 266);
}

#[tokio::test]
async fn nested_transactions_are_counted() {
    let sim = SqlServerSim::start().await.unwrap();
    let mut client = connect(&sim).await;
    assert_eq!(number(&mut client, "BEGIN TRAN; BEGIN TRAN; COMMIT; SELECT @@TRANCOUNT").await, 1);
    batch(&mut client, "INSERT INTO dbo.tversion (property) VALUES (N'a'); ROLLBACK").await.unwrap();
    assert_eq!(sim.number("SELECT COUNT(*) FROM tversion").unwrap(), 1);
}

#[tokio::test]
async fn tables_made_in_a_transaction_go_with_it() {
    let sim = SqlServerSim::start().await.unwrap();
    let mut client = connect(&sim).await;
    batch(
        &mut client,
        "BEGIN TRAN; CREATE TABLE dbo.mine (id int IDENTITY(1,1) NOT NULL, CONSTRAINT PK_mine PRIMARY KEY (id))",
    )
    .await
    .unwrap();
    batch(&mut client, "ROLLBACK").await.unwrap();
    assert_eq!(code(batch(&mut client, "SELECT * FROM dbo.mine").await), 208);
}

#[tokio::test]
async fn a_lost_client_leaves_nothing_behind() {
    let sim = SqlServerSim::start().await.unwrap();
    let mut client = connect(&sim).await;
    batch(&mut client, "BEGIN TRANSACTION; INSERT INTO dbo.tversion (property) VALUES (N'a')").await.unwrap();
    sim.cut_connections();
    assert!(batch(&mut client, "COMMIT").await.is_err());
    assert_eq!(sim.number("SELECT COUNT(*) FROM tversion").unwrap(), 1);
    // The lock on the tables is free again.
    assert_eq!(sim.execute("INSERT INTO tversion (property) VALUES (N'b')").unwrap(), 1);
}

#[tokio::test]
async fn a_second_writer_waits_no_longer_than_its_lock_timeout() {
    let sim = SqlServerSim::start().await.unwrap();
    let (mut one, mut two) = (connect(&sim).await, connect(&sim).await);
    batch(&mut one, "BEGIN TRANSACTION; INSERT INTO dbo.tversion (property) VALUES (N'a')").await.unwrap();
    let second = batch(&mut two, "SET LOCK_TIMEOUT 20; INSERT INTO dbo.tversion (property) VALUES (N'b')").await;
    assert_eq!(code(second), 1222);
    batch(&mut one, "COMMIT").await.unwrap();
    batch(&mut two, "INSERT INTO dbo.tversion (property) VALUES (N'b')").await.unwrap();
    assert_eq!(sim.number("SELECT COUNT(*) FROM tversion").unwrap(), 3);
}

const TAKE: &str = "DECLARE @r int; EXEC @r = sp_getapplock @Resource = N'one writer', @LockMode = 'Exclusive', \
                    @LockOwner = 'Session', @LockTimeout = 0; SELECT @r";

#[tokio::test]
async fn an_application_lock_has_one_holder() {
    let sim = SqlServerSim::start().await.unwrap();
    let (mut one, mut two) = (connect(&sim).await, connect(&sim).await);
    assert_eq!(number(&mut one, TAKE).await, 0);
    assert_eq!(number(&mut two, TAKE).await, -1);
    assert_eq!(sim.app_locks().len(), 1);
    let release =
        "DECLARE @r int; EXEC @r = sp_releaseapplock @Resource = N'one writer', @LockOwner = 'Session'; SELECT @r";
    assert_eq!(number(&mut one, release).await, 0);
    assert_eq!(code(batch(&mut one, release).await), 1223);
    assert_eq!(number(&mut two, TAKE).await, 0);
    drop(two);
}

#[tokio::test]
async fn an_application_lock_is_taken_by_a_call_and_goes_with_its_session() {
    let sim = SqlServerSim::start().await.unwrap();
    let mut client = connect(&sim).await;
    let take =
        "EXEC sp_getapplock @Resource = @P1, @LockMode = N'Exclusive', @LockOwner = N'Session', @LockTimeout = @P2";
    client.execute(take, &[&"one writer", &0_i32]).await.unwrap();
    let mode = "SELECT APPLOCK_MODE(N'public', @P1, N'Session')";
    let rows = client.query(mode, &[&"one writer"]).await.unwrap().into_first_result().await.unwrap();
    assert_eq!(rows.first().unwrap().get::<&str, _>(0), Some("Exclusive"));
    sim.cut_connections();
    sim.hold_lock("one writer");
    let mut again = connect(&sim).await;
    again.execute(take, &[&"one writer", &0_i32]).await.unwrap();
    let rows = again.query(mode, &[&"one writer"]).await.unwrap().into_first_result().await.unwrap();
    assert_eq!(rows.first().unwrap().get::<&str, _>(0), Some("NoLock"));
    sim.release_lock("one writer");
    assert_eq!(number(&mut again, TAKE).await, 0);
}

#[tokio::test]
async fn an_application_lock_is_a_procedure_too() {
    let sim = SqlServerSim::start().await.unwrap();
    let mut client = connect(&sim).await;
    let mut call = tiberius::Command::new("sp_getapplock");
    call.bind_param("@Resource", "x");
    call.bind_param("@LockMode", "Exclusive");
    call.bind_param("@LockOwner", "Session");
    let done = call.exec(&mut client).await.unwrap().into_command_result().await.unwrap();
    assert_eq!(done.return_code(), 0);
    assert_eq!(sim.app_locks().first().map(|lock| lock.resource.clone()).as_deref(), Some("x"));
}
