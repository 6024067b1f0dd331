//! A booking moved to what its event says now, as long as it lies in the inlet (rule W10).

use super::Rulebook;
use super::book::{Placed, Purpose, SAME_BOOKING, direction};
use super::database::Database;
use super::fault::Step;
use super::statements::Template;
use super::value::{Value, values};
use crate::booking::{Booked, Event, Outcome, Target};
use crate::contract::Table;
use crate::ids::{EmployeeId, TerminalId};
use crate::local_time::{cut_to_minutes, to_local};
use crate::receipts::{EventReceipt, ReceiptKey};

/// One statement, so that the calculation finds the row either as it was or as it is.
const MOVE: Template = Template::Change(
    "UPDATE {twork_unprocessed} SET {twork_unprocessed.employee} = ?1, {twork_unprocessed.terminal} = ?2, \
     {twork_unprocessed.date_and_time} = ?3 WHERE {twork_unprocessed.id} = ?4 AND {twork_unprocessed.employee} = ?5 \
     AND {twork_unprocessed.terminal} = ?6 AND {twork_unprocessed.date_and_time} = ?7",
);
/// The receipt of what was replaced stays, so that its key is never booked again.
const SUPERSEDE: Template = Template::Change(
    "UPDATE {own.event} SET outcome = 'ignored', target_table = NULL, target_id = NULL \
     WHERE source = ?1 AND external_event_id = ?2",
);
#[cfg(test)]
pub(super) const ALL: &[(&str, Template)] =
    &[("move a booking of the inlet", MOVE), ("supersede a receipt", SUPERSEDE)];

/// A row of the inlet as we wrote it.
struct Written {
    id: i64,
    key: [Value; 3],
}

impl Rulebook {
    /// Moves the booking of `earlier` to what `event` says; `None` if it is no row of the inlet any more, was not made by
    /// us, or is not what such an event would be booked as now.
    pub(super) async fn rebook(
        &self,
        db: &mut impl Database,
        earlier: &ReceiptKey,
        event: &Event,
    ) -> Step<Option<Booked>> {
        if let Some(answer) = self.booked_before(db, &event.key).await? {
            return Ok(Some(answer));
        }
        let receipt = self.event_receipt(db, earlier).await?;
        let Some(written) = receipt.and_then(|receipt| self.in_the_inlet(&receipt)) else { return Ok(None) };
        let Some(terminal) = self.one_terminal(db, event.terminal_id, None).await? else { return Ok(None) };
        let Ok(purpose @ Purpose::Attendance) = self.purpose(&terminal, event, self.now()) else { return Ok(None) };
        let Ok(Some(employee)) = self.who(db, event, purpose).await? else { return Ok(None) };
        let placed = Placed {
            event,
            terminal: &terminal,
            employee: Some(employee),
            direction: direction(&terminal, event),
            time: to_local(terminal.time_zone, event.occurred),
        };
        self.move_row(db, &placed, &written, earlier).await
    }

    async fn move_row(
        &self,
        db: &mut impl Database,
        placed: &Placed<'_>,
        written: &Written,
        earlier: &ReceiptKey,
    ) -> Step<Option<Booked>> {
        let (table, code) = (Table::TworkUnprocessed, self.settings.config().enums.booking_type.attendance);
        let minute = cut_to_minutes(placed.time.local);
        let row = self.work_values(placed, minute, code, 0);
        let stands = self.sql.find_same(db, table, &row, SAME_BOOKING).await?;
        if stands.is_some_and(|id| id != written.id) {
            return Ok(None);
        }
        let employee = placed.employee.map_or(0, EmployeeId::get);
        let mut bound = values![employee, placed.terminal.id.get()].to_vec();
        bound.extend([Value::Time(minute), Value::Integer(written.id)]);
        bound.extend(written.key.iter().cloned());
        if self.sql.change(db, MOVE, &bound).await? == 0 {
            return Ok(None);
        }
        if self.settings.config().archive {
            let original = self.work_values(placed, placed.time.local, code, 0);
            self.sql.insert(db, Table::TworkUnprocessedArchive, original).await?;
        }
        self.sql.change(db, SUPERSEDE, &values![&earlier.source, &earlier.external_id]).await?;
        let target = Target { table: self.sql.mapping().real_table(table).to_owned(), id: written.id };
        self.write_event(db, placed, Outcome::Booked, &target).await?;
        Ok(Some(Booked {
            outcome: Outcome::Booked,
            reason: None,
            target: Some(target),
            local: Some(placed.time.local),
        }))
    }

    /// Where a receipt says that we wrote a row of the inlet, and what. A site without ids of such rows has none.
    fn in_the_inlet(&self, receipt: &EventReceipt) -> Option<Written> {
        let (table, mapping) = (Table::TworkUnprocessed, self.sql.mapping());
        let ours = receipt.outcome == Outcome::Booked
            && mapping.has(table, "id")
            && receipt.target_table.as_deref() == Some(mapping.real_table(table));
        let id = receipt.target_id.filter(|_| ours)?;
        let key = [
            Value::Integer(receipt.employee_id.map_or(0, EmployeeId::get)),
            Value::Integer(receipt.terminal_id.map_or(0, TerminalId::get)),
            Value::Time(cut_to_minutes(receipt.occurred_local)),
        ];
        Some(Written { id, key })
    }
}
