//! Other tables, and what the database says about itself.

use vendor_sim::sqlserver::{REFERENCE_DDL, SqlServerSim};

use crate::client::{batch, code, connect, number};

#[tokio::test]
async fn the_information_schema_has_the_types_of_the_tables() {
    let sim = SqlServerSim::start().await.unwrap();
    let mut client = connect(&sim).await;
    let sql = "SELECT COLUMN_NAME, DATA_TYPE, CHARACTER_MAXIMUM_LENGTH, IS_NULLABLE, COLUMN_DEFAULT, \
               COLUMNPROPERTY(OBJECT_ID(@P3), COLUMN_NAME, N'IsIdentity'), COLUMNPROPERTY(OBJECT_ID(@P3), COLUMN_NAME, N'IsComputed') \
               FROM INFORMATION_SCHEMA.COLUMNS WHERE TABLE_SCHEMA = @P1 AND TABLE_NAME = @P2 ORDER BY ORDINAL_POSITION";
    let rows = client
        .query(sql, &[&"dbo", &"tterminal", &"[dbo].[tterminal]"])
        .await
        .unwrap()
        .into_first_result()
        .await
        .unwrap();
    let told: Vec<String> = rows
        .iter()
        .map(|row| {
            let text = |index: usize| row.get::<&str, _>(index).unwrap_or("none");
            let number =
                |index: usize| row.get::<i32, _>(index).map_or_else(|| "none".to_owned(), |number| number.to_string());
            format!("{} {} {} {} {} {} {}", text(0), text(1), number(2), text(3), text(4), number(5), number(6))
        })
        .collect();
    assert_eq!(told[0], "terminal_id int none NO none 1 0");
    assert_eq!(told[2], "description nvarchar 100 NO none 0 0");
    assert_eq!(told[4], "suspended bit none NO ((1)) 0 0");
    assert_eq!(told[6], "notepad nvarchar -1 YES none 0 0");
    assert_eq!(told[12], "poll_success datetime none YES none 0 0");
    let none =
        client.query(sql, &[&"dbo", &"nothing", &"[dbo].[nothing]"]).await.unwrap().into_first_result().await.unwrap();
    assert!(none.is_empty());
}

#[tokio::test]
async fn our_own_tables_can_be_left_out_of_the_reference() {
    let sim = SqlServerSim::start().await.unwrap();
    assert_eq!(sim.number("SELECT COUNT(*) FROM INFORMATION_SCHEMA.TABLES").unwrap(), 22);
    assert_eq!(sim.number("SELECT COUNT(*) FROM sys.tables t WHERE t.name LIKE 'bridge%'").unwrap(), 7);
    let without = SqlServerSim::builder().own_tables(false).start().await.unwrap();
    assert_eq!(without.number("SELECT COUNT(*) FROM INFORMATION_SCHEMA.TABLES").unwrap(), 15);
    assert_eq!(without.number("SELECT COUNT(*) FROM tversion").unwrap(), 1);
}

#[tokio::test]
async fn tables_and_columns_can_have_other_names() {
    let ddl =
        REFERENCE_DDL.replace("dbo.temployee ", "dbo.[people of ours] ").replace("vehicle_registration", "car_reg");
    let sim = SqlServerSim::builder().ddl(&ddl).start().await.unwrap();
    let mut client = connect(&sim).await;
    let sql = "INSERT INTO [dbo].[people of ours] ([employee_status_id], [first_name], [last_name], [car_reg]) \
               VALUES (1, @P1, @P2, @P3); SELECT CAST(SCOPE_IDENTITY() AS int)";
    let rows = client.query(sql, &[&"A", &"B", &"ZZ19 XYZ"]).await.unwrap().into_first_result().await.unwrap();
    assert_eq!(rows.first().unwrap().get::<i32, _>(0), Some(1));
    let person = batch(&mut client, "SELECT e.[car_reg] FROM [dbo].[people of ours] e").await.unwrap();
    assert_eq!(person.first().unwrap().get::<&str, _>("car_reg"), Some("ZZ19 XYZ"));
    assert_eq!(code(batch(&mut client, "SELECT * FROM dbo.temployee").await), 208);
}

#[tokio::test]
async fn a_client_makes_its_own_tables() {
    let sim = SqlServerSim::builder().own_tables(false).start().await.unwrap();
    let mut client = connect(&sim).await;
    batch(
        &mut client,
        "CREATE TABLE [dbo].[mine] ([id] bigint IDENTITY(1,1) NOT NULL, [name] nvarchar(50) COLLATE Latin1_General_100_BIN2 NOT NULL, \
         [at] datetime2(3) NOT NULL CONSTRAINT [DF_mine_at] DEFAULT (SYSUTCDATETIME()), CONSTRAINT [PK_mine] PRIMARY KEY ([id]), \
         CONSTRAINT [UQ_mine] UNIQUE ([name])); CREATE INDEX [IX_mine] ON [dbo].[mine] ([at]); \
         ALTER TABLE [dbo].[mine] ADD [kind] nvarchar(50) NOT NULL CONSTRAINT [DF_mine_kind] DEFAULT (N'x')",
    )
    .await
    .unwrap();
    batch(&mut client, "INSERT INTO mine (name) VALUES (N'a'), (N'A')").await.unwrap();
    assert_eq!(number(&mut client, "SELECT COUNT(*) FROM dbo.mine WHERE kind = N'X' AND name = N'A'").await, 1);
    let table =
        batch(&mut client, "IF OBJECT_ID(N'dbo.mine') IS NOT NULL SELECT OBJECT_ID('dbo.mine') AS id").await.unwrap();
    assert!(table.first().unwrap().get::<i32, _>("id").is_some());
}

#[tokio::test]
async fn rows_that_are_told_apart_get_an_identity_each() {
    let sim = SqlServerSim::start().await.unwrap();
    let done = sim
        .execute(
            "INSERT INTO dbo.tgrouping_ref (grouping_number, description) SELECT DISTINCT 1, s.description \
             FROM dbo.temployee_status s CROSS JOIN dbo.temployee_status t",
        )
        .unwrap();
    assert_eq!(done, 2);
    assert_eq!(sim.number("SELECT MAX(grouping_ref_id) FROM tgrouping_ref").unwrap(), 2);
}

#[tokio::test]
async fn the_server_says_who_it_is() {
    let sim = SqlServerSim::builder().database("timeware_main_7").server_name("SQL01").start().await.unwrap();
    let mut client = connect(&sim).await;
    let rows = batch(
        &mut client,
        "SELECT CAST(SERVERPROPERTY(N'ServerName') AS nvarchar(128)), DB_NAME(), SUSER_SNAME(), @@SERVERNAME",
    )
    .await
    .unwrap();
    let row = rows.first().unwrap();
    let told: Vec<&str> = (0..4).map(|index| row.get(index).unwrap()).collect();
    assert_eq!(told, ["SQL01", "timeware_main_7", "bridge", "SQL01"]);
}
