//! Receipts against rows, both ways (rule R7).

use std::collections::HashSet;

use chrono::{DateTime, Duration, Utc};

use super::database::Database;
use super::fault::Step;
use super::value::Value;
use super::{Rulebook, Statements};
use crate::booking::Target;
use crate::config::Profile;
use crate::contract::Table;
use crate::ids::{EmployeeId, TerminalId};
use crate::local_time::{cut_to_minutes, to_local};
use crate::mapping::quote;
use crate::receipts::EventReceipt;
use crate::store::ReconcileReport;

impl Rulebook {
    pub(super) async fn compare(
        &self,
        db: &mut impl Database,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Step<ReconcileReport> {
        // The local day of a row may lie a day off the instant of its event.
        let receipts = self.receipts_between(db, from - Duration::days(1), to + Duration::days(1)).await?;
        let mut report = ReconcileReport::default();
        for receipt in receipts.iter().filter(|receipt| receipt.occurred_utc >= from && receipt.occurred_utc < to) {
            if !self.has_row(db, receipt).await? {
                report.missing_rows.push(receipt.clone());
            }
        }
        let named: HashSet<(&str, i64)> = receipts
            .iter()
            .filter_map(|receipt| Some((receipt.target_table.as_deref()?, receipt.target_id?)))
            .collect();
        let zone = self.settings.time_zone();
        let span = [from, to].map(|at| Value::Time(to_local(zone, at).local));
        for table in self.booking_tables() {
            let real = self.sql.mapping().real_table(*table);
            for row in db.rows(&self.sql.booked_between(*table), &span).await? {
                let id = row.integer(0)?;
                if !named.contains(&(real, id)) {
                    report.unknown_rows.push(Target { table: real.to_owned(), id });
                }
            }
        }
        Ok(report)
    }

    fn booking_tables(&self) -> &'static [Table] {
        match self.settings.profile() {
            Profile::Twork => &[Table::Twork],
            Profile::Staged => &[Table::TworkUnprocessed, Table::AccessArchive],
        }
    }

    /// Whether the row of a receipt is there: person, terminal and time, since the product may give it a new id.
    async fn has_row(&self, db: &mut impl Database, receipt: &EventReceipt) -> Step<bool> {
        let named = |table: &Table| Some(self.sql.mapping().real_table(*table)) == receipt.target_table.as_deref();
        let Some(table) = self.booking_tables().iter().copied().find(named) else { return Ok(true) };
        let minute = table == Table::TworkUnprocessed;
        let time = if minute { cut_to_minutes(receipt.occurred_local) } else { receipt.occurred_local };
        let key = [
            Value::Integer(receipt.employee_id.map_or(0, EmployeeId::get)),
            Value::Integer(receipt.terminal_id.map_or(0, TerminalId::get)),
            Value::Time(time),
        ];
        Ok(!db.rows(&self.sql.booking_at(table), &key).await?.is_empty())
    }
}

impl Statements {
    /// The bookings of a person at a terminal at a time.
    pub(super) fn booking_at(&self, table: Table) -> String {
        let column = |logical| self.mapping().real_column(table, logical).map_or_else(|| "NULL".to_owned(), quote);
        let mark = |number| self.dialect().mark(number);
        format!(
            "SELECT 1 FROM {} WHERE {} = {} AND {} = {} AND {} = {}",
            self.table(table),
            column("employee"),
            mark(1),
            column("terminal"),
            mark(2),
            column("date_and_time"),
            mark(3)
        )
    }

    /// The bookings at terminals of ours between two local times.
    pub(super) fn booked_between(&self, table: Table) -> String {
        format!(
            "SELECT {id} FROM {table} WHERE {time} >= {from} AND {time} < {to} \
             AND {terminal} IN (SELECT terminal_id FROM {own}) ORDER BY 1",
            id = self.column_or_id(table, "id"),
            time = self.column_or_id(table, "date_and_time"),
            terminal = self.column_or_id(table, "terminal"),
            table = self.table(table),
            from = self.dialect().mark(1),
            to = self.dialect().mark(2),
            own = self.own("terminal"),
        )
    }
}
