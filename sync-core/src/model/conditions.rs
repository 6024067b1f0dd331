//! State and validity that belong to a credential or a grant, as part of its text.

use std::fmt;

use chrono::{DateTime, NaiveDateTime, Utc};

/// The shape of an instant, such as `20260301T000000Z`.
const INSTANT: &str = "%Y%m%dT%H%M%SZ";

/// State and validity of a credential or grant, where a system has them and another one shall have the same.
///
/// They stand in a text behind what they are about: `pac-prox state=lost`, or
/// `4 from=20260301T000000Z until=20260601T000000Z`. Plain ones add nothing to the text. The order is fixed and
/// instants are UTC in whole seconds, so that equal conditions are equal texts. There is no colon in them, since one divides
/// kind and number of a [`Credential`](super::Credential).
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_structs, reason = "connectors write it as a literal")]
pub struct Conditions {
    /// A word for any state but the usual one, such as `lost`: letters, digits, `-` and `_`.
    pub state: Option<String>,
    /// Valid from this instant.
    pub from: Option<DateTime<Utc>>,
    /// Valid until this instant.
    pub until: Option<DateTime<Utc>>,
}

impl Conditions {
    /// Nothing particular: in use, without limit in time.
    pub fn none() -> Self {
        Self::default()
    }

    /// Takes a text apart. Whatever does not read as conditions stays with the head.
    pub fn split(text: &str) -> (&str, Self) {
        let mut head = text.trim_end();
        let mut conditions = Self::default();
        while let Some((rest, last)) = head.rsplit_once(' ') {
            if !conditions.take(last) {
                break;
            }
            head = rest.trim_end();
        }
        (head, conditions)
    }

    /// The text of a head with these conditions.
    pub fn join(&self, head: &str) -> String {
        format!("{head}{self}")
    }

    /// Takes one word; `false` if it is none of ours, or comes a second time.
    fn take(&mut self, word: &str) -> bool {
        let Some((name, value)) = word.split_once('=') else { return false };
        let instant = || NaiveDateTime::parse_from_str(value, INSTANT).ok().map(|at| at.and_utc());
        match name {
            "state" if self.state.is_none() && is_word(value) => self.state = Some(value.to_owned()),
            "from" if self.from.is_none() => self.from = instant(),
            "until" if self.until.is_none() => self.until = instant(),
            _ => return false,
        }
        match name {
            "from" => self.from.is_some(),
            "until" => self.until.is_some(),
            _ => true,
        }
    }
}

/// What stands behind the head, beginning with a blank; nothing for plain conditions.
impl fmt::Display for Conditions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(state) = self.state.as_deref().filter(|state| is_word(state)) {
            write!(f, " state={state}")?;
        }
        for (name, instant) in [("from", self.from), ("until", self.until)] {
            if let Some(instant) = instant {
                write!(f, " {name}={}", instant.format(INSTANT))?;
            }
        }
        Ok(())
    }
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn plain_conditions_leave_the_text_as_it_is() {
        assert_eq!(Conditions::none().join("pac-prox"), "pac-prox");
        assert_eq!(Conditions::split("pac-prox"), ("pac-prox", Conditions::none()));
    }

    #[test]
    fn conditions_survive_their_text_in_any_order() {
        let lost = Conditions {
            state: Some("lost".to_owned()),
            from: Some(at("2026-03-01T00:00:00+01:00")),
            until: Some(at("2026-06-01T00:00:00Z")),
        };
        let text = lost.join("Warehouse day shift");
        assert_eq!(text, "Warehouse day shift state=lost from=20260228T230000Z until=20260601T000000Z");
        assert_eq!(Conditions::split(&text), ("Warehouse day shift", lost.clone()));
        let turned = "Warehouse day shift until=20260601T000000Z from=20260228T230000Z state=lost";
        assert_eq!(Conditions::split(turned).1, lost);
        let card = super::super::Credential::new(lost.join("pac-prox"), "8E4C0A1F");
        assert_eq!(super::super::Credential::from_text(&card.to_string()), card);
    }

    #[test]
    fn what_is_no_condition_stays_with_the_head() {
        for text in ["a=b", "x from=soon", "x state=a state=b", "x state=", "until=20260601T000000Z"] {
            let (head, conditions) = Conditions::split(text);
            assert_eq!(conditions.join(head), text, "{text}");
        }
    }
}
