//! What Astrow decides about a booking.

use chrono::{DateTime, FixedOffset, NaiveDate, TimeDelta, Utc};

use super::World;
use super::booking::{Booking, BookingSource, BookingState, Direction, Incoming, Rejection};
use super::ledger::{booking_id, row_of};
use super::record::{BadgeBase, Employee};

/// What a booking came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Processed,
    Queued,
    /// Its key was there before.
    Duplicate,
    Rejected(Rejection),
}

/// The outcome of one booking, small enough to be kept for a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) row: u32,
    pub(crate) verdict: Verdict,
}

impl World {
    /// Takes a booking in.
    pub(crate) fn book(&mut self, booking: &Incoming, source: BookingSource) -> Outcome {
        let known = self.ledger.find(&booking.key);
        if let Some(row) = known {
            match self.ledger.row(row).map(|row| row.state) {
                Some(BookingState::Processed) => return Outcome { row, verdict: Verdict::Duplicate },
                Some(BookingState::Queued) => return Outcome { row, verdict: Verdict::Queued },
                // What was rejected may be sent again.
                _ => {}
            }
        }
        let found = self.owner(booking);
        let rejected = self.rejected(booking, found);
        let pers_no = found.map(|employee| employee.pers_no);
        match (rejected, pers_no) {
            (Some(code), _) => {
                let row = self.ledger.keep(booking, pers_no, BookingState::Rejected(code), source);
                Outcome { row, verdict: Verdict::Rejected(code) }
            }
            (None, Some(pers_no)) => {
                let row = self.ledger.keep(booking, Some(pers_no), BookingState::Processed, source);
                let day = self.day(booking.at.to_utc());
                self.ledger.process(row, pers_no, day);
                Outcome { row, verdict: Verdict::Processed }
            }
            (None, None) => {
                let row = self.ledger.keep(booking, None, BookingState::Queued, source);
                Outcome { row, verdict: Verdict::Queued }
            }
        }
    }

    /// The employee with this badge, as long as the booking does not name another one.
    fn owner(&self, booking: &Incoming) -> Option<&Employee> {
        let employee = self.employee_with_badge(&booking.badge_no)?;
        booking.pers_no.is_none_or(|named| named == employee.pers_no).then_some(employee)
    }

    fn rejected(&self, booking: &Incoming, employee: Option<&Employee>) -> Option<Rejection> {
        let Some(terminal) = self.lookups.terminal(&booking.terminal_serial) else {
            return Some(Rejection::UnknownTerminal);
        };
        if self.roll_call_holds(&booking.terminal_serial, employee, booking.at.to_utc()) {
            return Some(Rejection::RollCall);
        }
        if self.out_of_range(booking) {
            return Some(Rejection::OutOfRange);
        }
        let employee = employee?;
        let day = self.day(booking.at.to_utc());
        if day < employee.start_calculation || !employee.active_on(day) {
            return Some(Rejection::InactiveEmployee);
        }
        if !employee.terminal_group.as_ref().is_some_and(|group| terminal.group_codes.contains(group)) {
            return Some(Rejection::TerminalNotInGroup);
        }
        if self.frozen_until.is_some_and(|frozen| day <= frozen) {
            return Some(Rejection::FrozenPeriod);
        }
        self.ledger.twin(employee.pers_no, booking).then_some(Rejection::Duplicate)
    }

    fn out_of_range(&self, booking: &Incoming) -> bool {
        let now = self.clock.now();
        let ahead = TimeDelta::try_minutes(self.switches.future_minutes).unwrap_or_default();
        let behind = TimeDelta::try_days(self.switches.past_days).unwrap_or_default();
        let at = booking.at.to_utc();
        let fits = |code: &Option<String>, range: std::ops::RangeInclusive<u16>| {
            code.as_ref().is_none_or(|code| code.parse().is_ok_and(|number: u16| range.contains(&number)))
        };
        at > now + ahead || at < now - behind || !fits(&booking.mc, 1..=99) || !fits(&booking.cc, 100..=499)
    }

    /// The employee whose badge number this is, as Astrow would read it.
    pub fn employee_with_badge(&self, text: &str) -> Option<&Employee> {
        let holder = |base: BadgeBase| self.people.holder(base.value(text)?);
        if !self.hex_badges {
            return holder(BadgeBase::Dec);
        }
        let decimal = || holder(BadgeBase::Dec).filter(|employee| employee.badge_base == BadgeBase::Dec);
        holder(BadgeBase::Hex).or_else(decimal)
    }

    /// Somebody clocks on a terminal of Astrow; gives the key of the booking.
    pub fn clock_on_terminal(&mut self, pers_no: u32, serial: &str, at: DateTime<Utc>, direction: Direction) -> String {
        let badge_no = self.employee(pers_no).and_then(|employee| employee.badge_no.clone()).unwrap_or_default();
        let booking = Incoming {
            key: format!("astrow:{}", booking_id(self.ledger.len())),
            badge_no,
            pers_no: Some(pers_no),
            at: at.fixed_offset(),
            terminal_serial: serial.to_owned(),
            direction,
            mc: None,
            cc: None,
            pac_event: None,
        };
        self.book(&booking, BookingSource::Terminal);
        booking.key
    }

    /// All bookings, in the order in which they came.
    pub fn bookings(&self) -> impl Iterator<Item = Booking> {
        (0..self.ledger.len()).filter_map(|row| self.ledger.shown(row))
    }

    /// How many bookings came, whatever became of them.
    pub fn booking_count(&self) -> usize {
        self.ledger.rows.len()
    }

    /// How many bookings are in this state.
    pub fn count_bookings(&self, state: BookingState) -> usize {
        self.ledger.rows.iter().filter(|row| row.state == state).count()
    }

    /// The booking with this key.
    pub fn booking(&self, key: &str) -> Option<Booking> {
        self.ledger.shown(self.ledger.find(key)?)
    }

    /// The bookings that count for an employee.
    pub fn bookings_of(&self, pers_no: u32) -> Vec<Booking> {
        let rows = (0u32..).zip(&self.ledger.rows);
        let mine = rows.filter(|(_, row)| row.pers_no == Some(pers_no) && row.state == BookingState::Processed);
        mine.filter_map(|(number, _)| self.ledger.shown(number)).collect()
    }

    /// The booking queue: what waits for somebody to tell whose it is.
    pub fn queue(&self) -> Vec<Booking> {
        let rows = (0u32..).zip(&self.ledger.rows);
        let waiting = rows.filter(|(_, row)| row.state == BookingState::Queued);
        waiting.filter_map(|(number, _)| self.ledger.shown(number)).collect()
    }

    /// Gives a booking of the queue to an employee; tells whether there is such a booking.
    pub fn assign_queued(&mut self, id: &str, pers_no: u32) -> bool {
        let row = row_of(id).filter(|row| self.ledger.row(*row).is_some_and(|row| row.state == BookingState::Queued));
        let Some((row, booking)) = row.and_then(|row| Some((row, self.ledger.shown(row)?))) else { return false };
        let day = self.day(booking.at);
        self.ledger.process(row, pers_no, day);
        true
    }

    /// Looks again at the booking queue; gives how many bookings left it.
    pub fn reprocess_queue(&mut self) -> usize {
        let waiting = self.queue();
        let known = |world: &Self, booking: &Booking| world.employee_with_badge(&booking.badge_no).map(|e| e.pers_no);
        let mut left = 0;
        for booking in waiting {
            if let Some(pers_no) = known(self, &booking) {
                left += usize::from(self.assign_queued(&booking.id, pers_no));
            }
        }
        left
    }

    /// The calendar day of an instant at the site.
    pub(crate) fn day(&self, at: DateTime<Utc>) -> NaiveDate {
        self.zone.local(at).date()
    }

    /// An instant as the wire shows it.
    pub(crate) fn stamp(&self, at: DateTime<Utc>) -> String {
        self.zone.event_text(at).replace(".000", "")
    }

    /// An instant with the offset of the site.
    pub(crate) fn with_offset(&self, at: DateTime<Utc>) -> DateTime<FixedOffset> {
        self.zone.event_text(at).parse().unwrap_or_else(|_| at.fixed_offset())
    }
}
