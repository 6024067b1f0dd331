//! The simulated server with the tables of a site, and stores on it.

use std::sync::Arc;

use secrecy::SecretString;
use timeware_model::{
    Clock, GroupingNumber, GroupingsKind, Mapping, Result, SqlServerStore, Store, Table, TimewareConfig,
    create_own_tables,
};
use vendor_sim::sqlserver::{REFERENCE_DDL, SqlServerSim};

/// A server with the tables that these settings name, the tables of ours made.
pub(crate) async fn start(text: &str) -> SqlServerSim {
    let sim = SqlServerSim::builder().ddl(&site_ddl(&settings_text(text))).start_blocking().unwrap();
    create_own_tables(config(&sim, text), Some(password(&sim))).await.unwrap();
    sim
}

/// Settings that reach the server; what a test says about the embedded store's defaults is said aloud.
pub(crate) fn config(sim: &SqlServerSim, text: &str) -> TimewareConfig {
    let mut config: TimewareConfig = toml::from_str(&settings_text(text)).unwrap();
    config.sqlserver.host = sim.host();
    config.sqlserver.port = Some(sim.port());
    sim.database().clone_into(&mut config.sqlserver.database);
    sim.user().clone_into(&mut config.sqlserver.user);
    config
}

pub(crate) fn settings_text(text: &str) -> String {
    let direct = if text.contains("profile") { "" } else { "profile = \"twork\"\nallow_direct_twork = true\n" };
    let server = "sqlserver = { host = \"127.0.0.1\", user = \"x\", password = \"env:X\", encrypt = \"off\" }\n";
    format!("store = \"sqlserver\"\n{direct}{server}{text}")
}

pub(crate) fn password(sim: &SqlServerSim) -> SecretString {
    SecretString::from(sim.password().to_owned())
}

pub(crate) async fn open(sim: &SqlServerSim, config: TimewareConfig, clock: Clock) -> Result<Arc<dyn Store>> {
    Ok(Arc::new(SqlServerStore::open(config, password(sim)).await?.with_clock(clock)))
}

pub(crate) async fn open_read_only(sim: &SqlServerSim, config: TimewareConfig) -> Result<Arc<dyn Store>> {
    Ok(Arc::new(SqlServerStore::open_read_only(config, password(sim)).await?))
}

pub(crate) async fn open_beside_writer(sim: &SqlServerSim, config: TimewareConfig) -> Result<Arc<dyn Store>> {
    Ok(Arc::new(SqlServerStore::open_beside_writer(config, password(sim)).await?))
}

pub(crate) fn raw(sim: &SqlServerSim, text: &str) -> Vec<String> {
    let value = |value: Option<String>| {
        let text = value.unwrap_or_default();
        let is_time = text.len() > 19 && text.as_bytes()[4] == b'-' && text.as_bytes()[13] == b':';
        if is_time { text[..19].replace('T', " ") } else { text }
    };
    sim.rows(text).unwrap().into_iter().map(|row| row.into_iter().map(value).collect::<Vec<_>>().join("|")).collect()
}

/// The vendor's tables under the names of a site.
fn site_ddl(text: &str) -> String {
    let config: TimewareConfig = toml::from_str(text).unwrap();
    let mapping = Mapping::new(&config).unwrap();
    let mut batches: Vec<String> =
        REFERENCE_DDL.split("\nGO").map(str::to_owned).filter(|batch| !batch.contains("bridge_")).collect();
    shape_groupings(&mapping, &mut batches);
    for table in Table::ALL {
        rename(&mapping, table, &mut batches);
    }
    let seed = format!("(N'{}', 0), (N'{}', 1)", config.status_current, config.status_leaver);
    let ddl = batches.join("\nGO");
    ddl.replace("(N'Current', 0), (N'Leaver', 1)", &seed)
}

fn rename(mapping: &Mapping, table: Table, batches: &mut [String]) {
    let head = format!("CREATE TABLE dbo.{} (", table.real());
    let about = format!(" ON dbo.{} (", table.real());
    for column in table.columns() {
        let real = mapping.real_column(table, column.logical);
        if real == Some(column.real) {
            continue;
        }
        if let Some(real) = real {
            let named = format!("REFERENCES dbo.{} ({})", table.real(), column.real);
            let renamed = format!("REFERENCES dbo.{} ([{real}])", table.real());
            for batch in batches.iter_mut() {
                *batch = batch.replace(&named, &renamed);
            }
        }
        for batch in batches.iter_mut().filter(|batch| batch.contains(&head) || batch.contains(&about)) {
            *batch = match real {
                Some(real) => replace_word(batch, column.real, &format!("[{real}]")),
                None => batch.lines().filter(|line| !begins_with(line, column.real)).collect::<Vec<_>>().join("\n"),
            };
        }
    }
    let real = mapping.real_table(table);
    if real != table.real() {
        for batch in batches.iter_mut() {
            *batch = replace_word(batch, &format!("dbo.{}", table.real()), &format!("dbo.[{real}]"));
        }
    }
}

fn begins_with(line: &str, column: &str) -> bool {
    line.split_whitespace().next().is_some_and(|word| word.trim_matches(['[', ']']) == column)
}

fn replace_word(text: &str, word: &str, by: &str) -> String {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(word) {
        let behind = &rest[at + word.len()..];
        let bracketed = rest[..at].ends_with('[') && behind.starts_with(']');
        let whole = !rest[..at].ends_with(is_part) && !behind.starts_with(is_part);
        match (whole, bracketed) {
            (true, true) => {
                out.push_str(&rest[..at - 1]);
                out.push_str(by);
                rest = &behind[1..];
            }
            (true, false) => {
                out.push_str(&rest[..at]);
                out.push_str(by);
                rest = behind;
            }
            (false, _) => {
                out.push_str(&rest[..at + word.len()]);
                rest = behind;
            }
        }
    }
    out + rest
}

fn shape_groupings(mapping: &Mapping, batches: &mut Vec<String>) {
    let one = |batch: &String| batch.contains("CREATE TABLE dbo.tgrouping_ref ");
    match mapping.groupings() {
        GroupingsKind::OneTable => {}
        GroupingsKind::TablePerGrouping => {
            batches.retain(|batch| !one(batch));
            for number in GroupingNumber::all() {
                let name = mapping.grouping_table(number);
                batches.insert(
                    0,
                    format!(
                        "\nCREATE TABLE dbo.[{name}] (grouping_ref_id int IDENTITY(1,1) NOT NULL, \
                         description nvarchar(50) NOT NULL, CONSTRAINT PK_{name} PRIMARY KEY (grouping_ref_id))"
                    ),
                );
            }
        }
        _ => {
            batches.retain(|batch| !one(batch));
            for number in 1..=10 {
                for batch in batches.iter_mut().filter(|batch| batch.contains("CREATE TABLE dbo.temployee (")) {
                    let line = |line: &str| {
                        let column = format!("grouping_{number}_ref_id");
                        if begins_with(line, &column) {
                            format!("  {column} nvarchar(50) NULL,")
                        } else {
                            line.to_owned()
                        }
                    };
                    *batch = batch.lines().map(line).collect::<Vec<_>>().join("\n");
                }
            }
        }
    }
}
