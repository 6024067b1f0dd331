//! The tables of ours: made once, by a login that may.

use secrecy::SecretString;

use super::connect::{Connector, Place};
use super::server_settings;
use super::session::Session;
use crate::config::TimewareConfig;
use crate::error::Result;
use crate::settings::Settings;
use crate::sql::{Dialect, Statements, own_tables, real_columns};

const TABLES: &str = include_str!("own.sql");
/// Columns that a table of the contract lacks, each with what is written into rows that are there.
const ADDED: &[(&str, &str, &str)] = &[
    (
        "badge",
        "kind",
        "ALTER TABLE {own.badge} ADD kind nvarchar(50) NOT NULL CONSTRAINT {bare.DF_badge_kind} DEFAULT ('')",
    ),
    (
        "badge",
        "shown",
        "ALTER TABLE {own.badge} ADD shown nvarchar(64) NOT NULL CONSTRAINT {bare.DF_badge_shown} DEFAULT ('')\n\
         GO\nUPDATE {own.badge} SET shown = number WHERE shown = ''\nGO\n",
    ),
];

pub(crate) async fn create_own_tables(config: TimewareConfig, password: SecretString) -> Result<Vec<String>> {
    let settings = server_settings(config)?;
    let connector = Connector::new(&settings.config().sqlserver, password)?;
    let mut session = connector.connect(Place::None).await?;
    let mut made = Vec::new();
    for (own, wanted) in own_tables(&settings) {
        let name = settings.mapping().own_name(own);
        let real = real_columns(&mut session, Dialect::SqlServer, &name).await?;
        let statements = if real.is_empty() {
            statements_for(&settings, own)
        } else {
            added(&settings, own, |column| wanted.contains(&column) && !real.contains_key(column))
        };
        if statements.is_empty() {
            continue;
        }
        session.begin().await?;
        let done = run(&mut session, &statements).await;
        match done {
            Ok(()) => session.commit().await?,
            Err(fault) => {
                session.roll_back().await;
                return Err(fault.into());
            }
        }
        made.push(name.table);
    }
    Ok(made)
}

/// The statements that make the tables of ours, for an administrator who rather runs them by hand.
pub(super) fn script(settings: &Settings, tables: &[String]) -> String {
    let wanted =
        own_tables(settings).into_iter().filter(|(own, _)| tables.contains(&settings.mapping().own_table(own)));
    let statements = wanted.flat_map(|(own, _)| statements_for(settings, own));
    statements.flat_map(|statement| [statement, "\nGO\n".to_owned()]).collect()
}

async fn run(session: &mut Session, statements: &[String]) -> crate::sql::Step<()> {
    for statement in statements {
        session.batch(statement).await?;
    }
    Ok(())
}

fn statements_for(settings: &Settings, own: &str) -> Vec<String> {
    let about = format!("{{own.{own}}}");
    let statements = batches(TABLES).filter(|statement| statement.contains(&about));
    expanded(settings, statements.map(without_comments))
}

fn added(settings: &Settings, own: &str, is_missing: impl Fn(&str) -> bool) -> Vec<String> {
    let columns = ADDED.iter().filter(|(table, column, _)| *table == own && is_missing(column));
    expanded(settings, columns.flat_map(|(_, _, text)| batches(text)))
}

fn expanded<'a>(settings: &Settings, texts: impl Iterator<Item = &'a str>) -> Vec<String> {
    let sql = Statements::new(settings.mapping(), Dialect::SqlServer);
    texts.map(|text| sql.expand(text)).collect()
}

fn batches(text: &str) -> impl Iterator<Item = &str> {
    text.split("\nGO").map(str::trim).filter(|batch| !batch.is_empty())
}

/// The head of the file is for its reader.
fn without_comments(text: &str) -> &str {
    text.find("CREATE").and_then(|at| text.get(at..)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use sqlparser::dialect::MsSqlDialect;
    use sqlparser::parser::Parser;

    fn settings(text: &str) -> Settings {
        let site = "store = \"sqlserver\"\nsqlserver = { host = \"sql01\", user = \"x\", password = \"env:X\" }\n";
        Settings::new(toml::from_str(&format!("{site}{text}")).unwrap()).unwrap()
    }

    #[test]
    fn every_table_of_ours_has_statements_that_an_independent_parser_reads() {
        let settings = settings("own_prefix = \"x_\"\n[groupings]\nkind = \"text-column\"");
        let tables: Vec<_> = own_tables(&settings).iter().map(|(own, _)| settings.mapping().own_table(own)).collect();
        let script = script(&settings, &tables);
        for batch in batches(&script) {
            // The parser knows no COLLATE before NOT NULL.
            let plain = batch.replace(" COLLATE Latin1_General_100_BIN2", "");
            assert!(Parser::parse_sql(&MsSqlDialect {}, &plain).is_ok(), "{batch}");
            assert!(!batch.contains('{'), "{batch}");
        }
        for (own, columns) in own_tables(&settings) {
            let table = settings.mapping().own_table(own);
            assert!(columns.iter().all(|column| script.contains(column)), "{table}");
            assert!(script.contains(&format!("CREATE TABLE [dbo].[{table}]")), "{table}");
        }
    }

    #[test]
    fn a_table_of_the_contract_gets_the_columns_that_it_lacks() {
        let statements = added(&settings(""), "badge", |column| column == "shown");
        assert_eq!(statements.len(), 2);
        assert!(statements.iter().all(|text| Parser::parse_sql(&MsSqlDialect {}, text).is_ok()), "{statements:?}");
        assert!(added(&settings(""), "link", |_| true).is_empty());
    }
}
