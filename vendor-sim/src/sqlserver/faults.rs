//! What is to go wrong.

use std::time::Duration;

/// What happens to a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Action {
    /// It is not run; the client gets this error.
    Error(i32),
    /// It is not run, and the connection is cut: an open transaction is lost.
    CutBefore,
    /// It is run, and the connection is cut before the answer: a COMMIT has happened all the same.
    CutAfter,
    /// It is run later.
    Delay(Duration),
}

/// A planned fault: the n-th statement with a text in it, and so many after it, meet an action.
///
/// A batch or a call is counted statement by statement, `BEGIN`, `COMMIT` and `ROLLBACK` among them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// In small letters.
    pattern: String,
    action: Action,
    first: u64,
    times: u64,
    seen: u64,
    met: u64,
}

impl Fault {
    /// The first statement with this text in it, letters large or small, meets the action; an empty text is any.
    pub fn new(pattern: &str, action: Action) -> Self {
        Self { pattern: pattern.to_lowercase(), action, first: 1, times: 1, seen: 0, met: 0 }
    }

    /// An error instead of the first statement with this text.
    pub fn error(pattern: &str, number: i32) -> Self {
        Self::new(pattern, Action::Error(number))
    }

    /// Not the first statement but the n-th, counted from 1.
    pub fn nth(mut self, number: u64) -> Self {
        self.first = number.max(1);
        self
    }

    /// Not one statement but so many, one after the other.
    pub fn times(mut self, times: u64) -> Self {
        self.times = times;
        self
    }

    /// Every statement from the first on.
    pub fn always(self) -> Self {
        self.times(u64::MAX)
    }

    /// How often it has happened.
    pub fn met(&self) -> u64 {
        self.met
    }

    /// Counts a statement; the action if it is its turn.
    pub(crate) fn meet(&mut self, statement: &str) -> Option<Action> {
        if !statement.to_lowercase().contains(&self.pattern) {
            return None;
        }
        self.seen += 1;
        if self.seen < self.first || self.met >= self.times {
            return None;
        }
        self.met += 1;
        Some(self.action)
    }
}

/// Logins to come that are refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LoginFault {
    pub(crate) number: i32,
    pub(crate) left: u64,
}

impl LoginFault {
    pub(crate) fn meet(&mut self) -> Option<i32> {
        self.left = self.left.checked_sub(1)?;
        Some(self.number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nth_match_and_those_after_it_are_met() {
        let mut fault = Fault::error("Commit", 1205).nth(2).times(2);
        let met: Vec<bool> = ["COMMIT", "SELECT 1", "commit tran", "COMMIT", "COMMIT"]
            .into_iter()
            .map(|statement| fault.meet(statement).is_some())
            .collect();
        assert_eq!(met, [false, false, true, true, false]);
        assert_eq!(fault.met(), 2);
    }
}
