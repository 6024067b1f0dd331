//! Credentials: which one is the person's badge, and who held a number when (rule W4).

use std::fmt;

use chrono::{DateTime, Utc};

use crate::ids::EmployeeId;

/// A card, fob or other number that a person shows at a reader.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Credential {
    /// What it is, in the words of the source; empty where it has none.
    pub kind: String,
    /// The number as the source writes it.
    pub number: String,
    /// Marked by the source as the one that counts.
    pub primary: bool,
    /// Usable now.
    pub active: bool,
    /// Held since; `None` = since it was first seen.
    pub since: Option<DateTime<Utc>>,
}

impl Credential {
    /// An active credential.
    pub fn new(number: impl Into<String>) -> Self {
        Self { kind: String::new(), number: number.into(), primary: false, active: true, since: None }
    }

    /// Says what it is.
    pub fn kind(mut self, kind: impl Into<String>) -> Self {
        self.kind = kind.into();
        self
    }

    /// Marks it as the one that counts.
    pub fn primary(mut self) -> Self {
        self.primary = true;
        self
    }

    /// Marks it as not usable.
    pub fn inactive(mut self) -> Self {
        self.active = false;
        self
    }

    /// Says since when it is held.
    pub fn since(mut self, since: DateTime<Utc>) -> Self {
        self.since = Some(since);
        self
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credential")
            .field("primary", &self.primary)
            .field("active", &self.active)
            .finish_non_exhaustive()
    }
}

/// All credentials of a person as one source knows them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Credentials {
    /// The source, as in receipts.
    pub source: String,
    /// The credentials; an empty list takes the badge away.
    pub list: Vec<Credential>,
}

impl Credentials {
    /// The credentials that `source` knows.
    pub fn new(source: impl Into<String>, list: Vec<Credential>) -> Self {
        Self { source: source.into(), list }
    }

    /// The one for the column `badge`: numeric, active, the primary one or else the newest.
    pub fn badge(&self) -> Option<i64> {
        let usable = self.list.iter().filter(|credential| credential.active);
        let numeric = usable.filter_map(|credential| Some((credential, badge_number(&credential.number)?)));
        numeric.max_by_key(|(credential, _)| (credential.primary, credential.since)).map(|(_, number)| number)
    }
}

/// Who held a credential from when to when, a row of `bridge_badge`.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct BadgeSpan {
    /// The source, as in receipts.
    pub source: String,
    /// The number as the source writes it.
    pub number: String,
    /// The holder.
    pub employee_id: EmployeeId,
    /// From this instant on.
    pub valid_from: DateTime<Utc>,
    /// Up to this instant; `None` = still.
    pub valid_to: Option<DateTime<Utc>>,
}

impl fmt::Debug for BadgeSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BadgeSpan")
            .field("source", &self.source)
            .field("employee_id", &self.employee_id)
            .field("valid_from", &self.valid_from)
            .field("valid_to", &self.valid_to)
            .finish_non_exhaustive()
    }
}

/// The number for the column `badge`, where the text is one: decimal, positive, at most 2^63 − 1.
pub fn badge_number(text: &str) -> Option<i64> {
    let text = text.trim();
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits { text.parse().ok().filter(|number| *number > 0) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_positive_decimal_numbers_are_badges() {
        assert_eq!(badge_number("0012345678"), Some(12_345_678));
        assert_eq!(badge_number("9223372036854775807"), Some(i64::MAX));
        for text in ["9223372036854775808", "AB12", "-5", "+5", "", "0", "12 34"] {
            assert_eq!(badge_number(text), None, "{text}");
        }
    }

    #[test]
    fn the_primary_credential_wins_over_a_newer_one() {
        let early = "2026-01-01T00:00:00Z".parse().unwrap();
        let late = "2026-02-01T00:00:00Z".parse().unwrap();
        let list = vec![
            Credential::new("1").since(early).primary(),
            Credential::new("2").since(late),
            Credential::new("3").since(late).primary().inactive(),
            Credential::new("X9").since(late).primary(),
        ];
        assert_eq!(Credentials::new("net2", list.clone()).badge(), Some(1));
        let without_mark: Vec<_> =
            list.into_iter().map(|credential| Credential { primary: false, ..credential }).collect();
        assert_eq!(Credentials::new("net2", without_mark).badge(), Some(2));
    }
}
