//! The reference tables: select, insert, update.

use vendor_sim::sqlserver::SqlServerSim;

use crate::client::{batch, code, connect, number};

#[tokio::test]
async fn a_client_reads_the_reference_rows() {
    let sim = SqlServerSim::start().await.unwrap();
    let mut client = connect(&sim).await;
    let rows = batch(&mut client, "SELECT [property], data FROM dbo.tversion").await.unwrap();
    let row = rows.first().unwrap();
    assert_eq!((row.get("property"), row.get("data")), (Some("database version"), Some("20.0.7000")));
    assert_eq!(number(&mut client, "SELECT COUNT(*) FROM [dbo].[temployee_status]").await, 2);
    assert_eq!((sim.sessions(), sim.logins()), (1, 1));
}

#[tokio::test]
async fn an_insert_gives_its_identity() {
    let sim = SqlServerSim::start().await.unwrap();
    let mut client = connect(&sim).await;
    let sql = "SET XACT_ABORT ON; INSERT INTO [dbo].[temployee] ([employee_status_id], [first_name], [last_name], [badge]) \
               VALUES (@P1, @P2, @P3, @P4); SELECT CAST(SCOPE_IDENTITY() AS int) AS id";
    for expected in 1..=2 {
        let badge = i64::from(expected) + 1000;
        let rows = client
            .query(sql, &[&1_i32, &"Asha", &"de Mello", &badge])
            .await
            .unwrap()
            .into_first_result()
            .await
            .unwrap();
        assert_eq!(rows.first().unwrap().get::<i32, _>("id"), Some(expected));
    }
    let affected = client
        .execute("UPDATE dbo.temployee SET last_name = @P1 WHERE employee_id = @P2", &[&"Mello", &2_i32])
        .await
        .unwrap();
    assert_eq!(affected.rows_affected(), [1]);
    assert_eq!(
        sim.rows("SELECT last_name FROM temployee ORDER BY employee_id").unwrap().concat(),
        [Some("de Mello".to_owned()), Some("Mello".to_owned())]
    );
}

#[tokio::test]
async fn pages_are_read_by_key() {
    let sim = SqlServerSim::start().await.unwrap();
    for number in 1..=25 {
        sim.execute(&format!("INSERT INTO dbo.tterminal_policy (description) VALUES (N'Policy {number}')")).unwrap();
    }
    let mut client = connect(&sim).await;
    let (mut last, mut seen) = (0, 0);
    loop {
        let sql = "SELECT TOP (10) p.terminal_policy_id, p.description FROM dbo.tterminal_policy AS p \
                   WHERE p.terminal_policy_id > @P1 ORDER BY p.terminal_policy_id";
        let rows = client.query(sql, &[&last]).await.unwrap().into_first_result().await.unwrap();
        let Some(row) = rows.last() else { break };
        last = row.get::<i32, _>(0).unwrap();
        seen += rows.len();
    }
    assert_eq!((last, seen), (25, 25));
}

#[tokio::test]
async fn an_update_that_finds_nothing_inserts() {
    let sim = SqlServerSim::start().await.unwrap();
    let mut client = connect(&sim).await;
    let sql = "SET NOCOUNT ON; UPDATE dbo.tversion WITH (UPDLOCK, HOLDLOCK) SET data = @P2 WHERE property = @P1; \
               IF @@ROWCOUNT = 0 INSERT INTO dbo.tversion (property, data) VALUES (@P1, @P2)";
    client.execute(sql, &[&"colour", &"red"]).await.unwrap();
    client.execute(sql, &[&"colour", &"blue"]).await.unwrap();
    assert_eq!(
        sim.rows("SELECT data FROM tversion WHERE property = N'colour'").unwrap().concat(),
        [Some("blue".to_owned())]
    );
}

#[tokio::test]
async fn a_guarded_insert_happens_once() {
    let sim = SqlServerSim::start().await.unwrap();
    let mut client = connect(&sim).await;
    let at = chrono::NaiveDate::from_ymd_opt(2026, 6, 1).unwrap().and_hms_opt(8, 58, 0).unwrap();
    let sql = "INSERT INTO dbo.twork_unprocessed (employee_id, terminal_id, date_and_time, [type], flag, [key], memo, \
               authorisation, authorisation_finalised, source) \
               SELECT @P1, @P2, @P3, @P4, 0, 0, N'', 3, 1, 0 WHERE NOT EXISTS (SELECT 1 FROM dbo.twork_unprocessed \
               WITH (UPDLOCK, HOLDLOCK) WHERE employee_id = @P1 AND terminal_id = @P2 AND date_and_time = @P3 AND [type] = @P4)";
    for expected in [1, 0] {
        let done = client.execute(sql, &[&1042_i32, &51_i32, &at, &1000_i32]).await.unwrap();
        assert_eq!(done.rows_affected(), [expected]);
    }
    assert_eq!(
        sim.rows("SELECT date_and_time FROM twork_unprocessed").unwrap().concat(),
        [Some("2026-06-01 08:58:00".to_owned())]
    );
}

#[tokio::test]
async fn a_batch_that_cannot_be_read_does_nothing() {
    let sim = SqlServerSim::start().await.unwrap();
    let mut client = connect(&sim).await;
    assert_eq!(code(batch(&mut client, "DELETE FROM dbo.tversion; SELEKT 1").await), 102);
    assert_eq!(number(&mut client, "SELECT COUNT(*) FROM dbo.tversion").await, 1);
}

#[tokio::test]
async fn joins_subqueries_and_hints_are_understood() {
    let sim = SqlServerSim::start().await.unwrap();
    sim.execute(
        "INSERT INTO dbo.temployee (employee_status_id, first_name, last_name, email_address) VALUES (1, N'A', N'One', N'A@example.org'), \
         (2, N'B', N'Two', NULL)
GO
INSERT INTO dbo.bridge_link (source, entity, external_id, internal_id, first_seen, last_seen) \
         VALUES (N'net2', N'employee', N'77', 1, SYSUTCDATETIME(), SYSUTCDATETIME())",
    )
    .unwrap();
    let mut client = connect(&sim).await;
    let sql = "SELECT TOP (@P3) e.[employee_id], s.[exclude_from_calculation], (SELECT TOP (1) [external_id] FROM [dbo].[bridge_link] \
               WHERE [source] = @P1 AND [entity] = N'employee' AND [internal_id] = e.[employee_id] ORDER BY [link_id]), NULL \
               FROM [dbo].[temployee] e WITH (UPDLOCK, HOLDLOCK) LEFT JOIN [dbo].[temployee_status] s \
               ON s.[employee_status_id] = e.[employee_status_id] WHERE e.[employee_id] > @P2 ORDER BY e.[employee_id]";
    let rows = client.query(sql, &[&"NET2", &0_i64, &10_i64]).await.unwrap().into_first_result().await.unwrap();
    let told: Vec<(i32, i32, Option<&str>)> =
        rows.iter().map(|row| (row.get(0).unwrap(), row.get(1).unwrap(), row.get(2))).collect();
    assert_eq!(told, [(1, 0, Some("77")), (2, 1, None)]);
    let by_mail = "SELECT e.employee_id FROM dbo.temployee e WHERE LOWER(e.email_address) = LOWER(@P1)";
    let rows = client.query(by_mail, &[&"a@EXAMPLE.org"]).await.unwrap().into_first_result().await.unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(
        number(
            &mut client,
            "UPDATE e SET e.first_name = s.description FROM dbo.temployee AS e, dbo.temployee_status AS s \
                             WHERE s.employee_status_id = e.employee_status_id; SELECT @@ROWCOUNT"
        )
        .await,
        2
    );
    assert_eq!(
        sim.rows("SELECT first_name FROM temployee ORDER BY 1").unwrap().concat(),
        [Some("Current".to_owned()), Some("Leaver".to_owned())]
    );
}

#[tokio::test]
async fn moments_are_compared_as_moments() {
    let sim = SqlServerSim::start().await.unwrap();
    let mut client = connect(&sim).await;
    let at = |day: u32| chrono::NaiveDate::from_ymd_opt(2026, 6, day).unwrap().and_hms_opt(8, 58, 0).unwrap();
    for day in 1..=5 {
        let sql =
            "INSERT INTO dbo.taccess_archive (employee_id, terminal_id, date_and_time, flag) VALUES (1, 1, @P1, 1)";
        client.execute(sql, &[&at(day)]).await.unwrap();
    }
    let sql = "SELECT access_archive_id, date_and_time FROM dbo.taccess_archive WHERE date_and_time >= @P1 AND date_and_time < @P2 \
               ORDER BY date_and_time DESC";
    let rows = client.query(sql, &[&at(2), &at(4)]).await.unwrap().into_first_result().await.unwrap();
    let days: Vec<_> = rows.iter().map(|row| row.get::<chrono::NaiveDateTime, _>(1).unwrap()).collect();
    assert_eq!(days, [at(3), at(2)]);
}

#[tokio::test]
async fn several_results_of_a_batch_come_in_order() {
    let sim = SqlServerSim::start().await.unwrap();
    let mut client = connect(&sim).await;
    let sql = "DECLARE @n int = 0; WHILE @n < 3 BEGIN SET @n = @n + 1; SELECT @n AS n; END; SELECT @n * 10";
    let results = client.simple_query(sql).await.unwrap().into_results().await.unwrap();
    let numbers: Vec<i32> = results.iter().map(|rows| rows.first().unwrap().get(0).unwrap()).collect();
    assert_eq!(numbers, [1, 2, 3, 30]);
}

#[tokio::test]
async fn a_variable_takes_a_value_of_a_row() {
    let sim = SqlServerSim::start().await.unwrap();
    let mut client = connect(&sim).await;
    let sql = "DECLARE @id int; SELECT @id = employee_status_id FROM dbo.temployee_status WHERE exclude_from_calculation = 1; \
               EXEC sp_executesql N'SELECT @x + 1', N'@x int', @x = @id";
    assert_eq!(number(&mut client, sql).await, 3);
}
