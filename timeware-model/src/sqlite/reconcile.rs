//! Receipts against rows, both ways (rule R7).

use std::collections::HashSet;

use chrono::{DateTime, Duration, Utc};
use rusqlite::{Connection, params};

use super::SqliteStore;
use super::events::{RECEIPT_COLUMNS, read_receipt};
use super::fault::Step;
use super::statement::{local_text, utc_text};
use crate::booking::Target;
use crate::config::Profile;
use crate::contract::Table;
use crate::local_time::{cut_to_minutes, to_local};
use crate::mapping::quote;
use crate::receipts::EventReceipt;
use crate::store::ReconcileReport;

impl SqliteStore {
    pub(super) fn compare(&self, db: &Connection, from: DateTime<Utc>, to: DateTime<Utc>) -> Step<ReconcileReport> {
        // The local day of a row may lie a day off the instant of its event.
        let receipts = self.receipts_between(db, from - Duration::days(1), to + Duration::days(1))?;
        let mut report = ReconcileReport::default();
        for receipt in receipts.iter().filter(|receipt| receipt.occurred_utc >= from && receipt.occurred_utc < to) {
            if !self.has_row(db, receipt)? {
                report.missing_rows.push(receipt.clone());
            }
        }
        let named: HashSet<(&str, i64)> = receipts
            .iter()
            .filter_map(|receipt| Some((receipt.target_table.as_deref()?, receipt.target_id?)))
            .collect();
        for table in self.booking_tables() {
            self.rows_without_receipt(db, *table, from, to, &named, &mut report.unknown_rows)?;
        }
        Ok(report)
    }

    fn booking_tables(&self) -> &'static [Table] {
        match self.settings.profile() {
            Profile::Twork => &[Table::Twork],
            Profile::Staged => &[Table::TworkUnprocessed, Table::AccessArchive],
        }
    }

    fn receipts_between(&self, db: &Connection, from: DateTime<Utc>, to: DateTime<Utc>) -> Step<Vec<EventReceipt>> {
        let text = format!(
            "SELECT {RECEIPT_COLUMNS} FROM {} WHERE occurred_utc >= ? AND occurred_utc < ? ORDER BY occurred_utc",
            self.sql.text("{own.event}")
        );
        let mut statement = db.prepare_cached(&text)?;
        let mut rows = statement.query(params![utc_text(from), utc_text(to)])?;
        let mut receipts = Vec::new();
        while let Some(row) = rows.next()? {
            receipts.push(read_receipt(row)?);
        }
        Ok(receipts)
    }

    /// Whether the row of a receipt is there: person, terminal and time, since the product may give it a new id.
    fn has_row(&self, db: &Connection, receipt: &EventReceipt) -> Step<bool> {
        let table = self
            .booking_tables()
            .iter()
            .copied()
            .find(|table| Some(self.sql.mapping().real_table(*table)) == receipt.target_table.as_deref());
        let Some(table) = table else { return Ok(true) };
        let mapping = self.sql.mapping();
        let column = |logical| mapping.real_column(table, logical).map_or_else(|| "NULL".to_owned(), quote);
        let text = format!(
            "SELECT 1 FROM {} WHERE {} = ? AND {} = ? AND {} = ?",
            quote(mapping.real_table(table)),
            column("employee"),
            column("terminal"),
            column("date_and_time")
        );
        let minute = table == Table::TworkUnprocessed;
        let time = if minute { cut_to_minutes(receipt.occurred_local) } else { receipt.occurred_local };
        let employee = receipt.employee_id.map_or(0, crate::EmployeeId::get);
        let terminal = receipt.terminal_id.map_or(0, crate::TerminalId::get);
        Ok(db.prepare_cached(&text)?.exists(params![employee, terminal, local_text(time)])?)
    }

    fn rows_without_receipt(
        &self,
        db: &Connection,
        table: Table,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
        named: &HashSet<(&str, i64)>,
        unknown: &mut Vec<Target>,
    ) -> Step<()> {
        let mapping = self.sql.mapping();
        let real = mapping.real_table(table);
        let column = |logical| mapping.real_column(table, logical).map_or_else(|| "rowid".to_owned(), quote);
        let text = format!(
            "SELECT {id} FROM {table} WHERE {time} >= ?1 AND {time} < ?2 \
             AND {terminal} IN (SELECT terminal_id FROM {own}) ORDER BY 1",
            id = column("id"),
            table = quote(real),
            time = column("date_and_time"),
            terminal = column("terminal"),
            own = self.sql.text("{own.terminal}"),
        );
        let zone = self.settings.time_zone();
        let span = [from, to].map(|at| local_text(to_local(zone, at).local));
        let mut statement = db.prepare_cached(&text)?;
        let mut rows = statement.query(span)?;
        while let Some(row) = rows.next()? {
            let id = row.get(0)?;
            if !named.contains(&(real, id)) {
                unknown.push(Target { table: real.to_owned(), id });
            }
        }
        Ok(())
    }
}
