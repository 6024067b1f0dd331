//! Conditions for event queries, built from typed parts so that no text can break out of its quotes.

use std::fmt::{self, Write as _};

use chrono::NaiveDateTime;

/// A column of the event log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EventColumn {
    /// Number of the event.
    EventId,
    /// When it happened, in the server's local time.
    EventTime,
    /// Kind.
    EventType,
    /// More about the kind.
    EventSubType,
    /// Serial number of the control unit.
    Address,
    /// Name of the device.
    DeviceName,
    /// Number of the user.
    UserId,
    /// Number of the card.
    CardNo,
    /// First name of the user.
    FirstName,
    /// Last name of the user.
    Surname,
    /// Details, in the server's language.
    Details,
    /// Priority.
    Priority,
}

impl EventColumn {
    /// The name as the server knows it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EventId => "eventId",
            Self::EventTime => "eventTime",
            Self::EventType => "eventType",
            Self::EventSubType => "eventSubType",
            Self::Address => "address",
            Self::DeviceName => "deviceName",
            Self::UserId => "userId",
            Self::CardNo => "cardNo",
            Self::FirstName => "firstName",
            Self::Surname => "surname",
            Self::Details => "details",
            Self::Priority => "priority",
        }
    }
}

/// A value in a condition.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub enum Literal {
    /// A whole number.
    Number(i64),
    /// A text.
    Text(String),
    /// A time in the server's local time; conditions take no offset. Clocks change twice a year: conditions on the
    /// number of an event have no such trouble.
    Time(NaiveDateTime),
}

impl Literal {
    pub(crate) fn write(&self, to: &mut String, text_prefix: &str) {
        // Writing to a String cannot fail.
        let _ = match self {
            Self::Number(number) => write!(to, "{number}"),
            Self::Text(text) => write!(to, "{text_prefix}'{}'", without_controls(text).replace('\'', "''")),
            Self::Time(time) => write!(to, "'{}'", literal_time(*time)),
        };
    }
}

impl fmt::Debug for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Text(_) => f.write_str("text"),
            Self::Time(time) => time.fmt(f),
        }
    }
}

impl From<i64> for Literal {
    fn from(value: i64) -> Self {
        Self::Number(value)
    }
}

impl From<i32> for Literal {
    fn from(value: i32) -> Self {
        Self::Number(value.into())
    }
}

impl From<&str> for Literal {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<String> for Literal {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl From<NaiveDateTime> for Literal {
    fn from(value: NaiveDateTime) -> Self {
        Self::Time(value)
    }
}

/// A condition on events.
///
/// ```
/// use net2_client::query::{Condition, EventColumn};
///
/// let condition = Condition::greater(EventColumn::EventId, 900_000)
///     .and(Condition::equal(EventColumn::Surname, "O'Hara"));
/// assert_eq!(condition.to_string(), "(eventId > 900000 AND surname = 'O''Hara')");
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Condition(Node);

#[derive(Clone, Debug, PartialEq)]
enum Node {
    Compare(EventColumn, &'static str, Literal),
    In(EventColumn, Vec<Literal>),
    Like(EventColumn, String),
    Between(EventColumn, Literal, Literal),
    Null(EventColumn),
    Not(Box<Node>),
    Both(Box<Node>, &'static str, Box<Node>),
}

impl Condition {
    /// The column is this.
    pub fn equal(column: EventColumn, value: impl Into<Literal>) -> Self {
        Self(Node::Compare(column, "=", value.into()))
    }

    /// The column is less than this.
    pub fn less(column: EventColumn, value: impl Into<Literal>) -> Self {
        Self(Node::Compare(column, "<", value.into()))
    }

    /// The column is at most this.
    pub fn at_most(column: EventColumn, value: impl Into<Literal>) -> Self {
        Self(Node::Compare(column, "<=", value.into()))
    }

    /// The column is more than this.
    pub fn greater(column: EventColumn, value: impl Into<Literal>) -> Self {
        Self(Node::Compare(column, ">", value.into()))
    }

    /// The column is at least this.
    pub fn at_least(column: EventColumn, value: impl Into<Literal>) -> Self {
        Self(Node::Compare(column, ">=", value.into()))
    }

    /// The column is one of these; of none of them, nothing is.
    pub fn one_of<V: Into<Literal>>(column: EventColumn, values: impl IntoIterator<Item = V>) -> Self {
        Self(Node::In(column, values.into_iter().map(Into::into).collect()))
    }

    /// The column contains this text; the wildcards of SQL stand for themselves in it.
    pub fn contains(column: EventColumn, text: &str) -> Self {
        let mut pattern = String::from("%");
        for character in text.chars() {
            match character {
                '%' | '_' | '[' => {
                    let _ = write!(pattern, "[{character}]");
                }
                other => pattern.push(other),
            }
        }
        pattern.push('%');
        Self(Node::Like(column, pattern))
    }

    /// The column lies between these, both included.
    pub fn between(column: EventColumn, from: impl Into<Literal>, to: impl Into<Literal>) -> Self {
        Self(Node::Between(column, from.into(), to.into()))
    }

    /// The column has no value.
    pub fn is_null(column: EventColumn) -> Self {
        Self(Node::Null(column))
    }

    /// Both conditions hold.
    pub fn and(self, other: Self) -> Self {
        Self(Node::Both(Box::new(self.0), "AND", Box::new(other.0)))
    }

    /// One of the conditions holds.
    pub fn or(self, other: Self) -> Self {
        Self(Node::Both(Box::new(self.0), "OR", Box::new(other.0)))
    }

    /// The condition does not hold.
    #[expect(clippy::should_implement_trait, reason = "it stands beside `and` and `or`")]
    pub fn not(self) -> Self {
        Self(Node::Not(Box::new(self.0)))
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        self.0.write(&mut text);
        f.write_str(&text)
    }
}

impl Node {
    fn write(&self, to: &mut String) {
        match self {
            Self::Compare(column, operator, value) => {
                let _ = write!(to, "{} {operator} ", column.as_str());
                value.write(to, "");
            }
            Self::In(_, values) if values.is_empty() => to.push_str("1 = 0"),
            Self::In(column, values) => {
                let _ = write!(to, "{} IN (", column.as_str());
                for (place, value) in values.iter().enumerate() {
                    to.push_str(if place == 0 { "" } else { ", " });
                    value.write(to, "");
                }
                to.push(')');
            }
            Self::Like(column, pattern) => {
                let _ = write!(to, "{} LIKE ", column.as_str());
                Literal::Text(pattern.clone()).write(to, "");
            }
            Self::Between(column, from, until) => {
                let _ = write!(to, "{} BETWEEN ", column.as_str());
                from.write(to, "");
                to.push_str(" AND ");
                until.write(to, "");
            }
            Self::Null(column) => {
                let _ = write!(to, "{} IS NULL", column.as_str());
            }
            Self::Not(node) => {
                to.push_str("NOT (");
                node.write(to);
                to.push(')');
            }
            Self::Both(left, word, right) => {
                to.push('(');
                left.write(to);
                let _ = write!(to, " {word} ");
                right.write(to);
                to.push(')');
            }
        }
    }
}

/// At most three digits of a second, no offset.
pub(crate) fn literal_time(time: NaiveDateTime) -> String {
    if time.and_utc().timestamp_subsec_millis() == 0 {
        time.format("%Y-%m-%dT%H:%M:%S").to_string()
    } else {
        time.format("%Y-%m-%dT%H:%M:%S%.3f").to_string()
    }
}

fn without_controls(text: &str) -> String {
    text.chars().filter(|character| !character.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::NaiveDate;
    use proptest::prelude::*;

    #[test]
    fn each_part_has_its_words() {
        let time = NaiveDate::from_ymd_opt(2027, 3, 1).unwrap().and_hms_nano_opt(9, 0, 0, 123_456_789).unwrap();
        for (condition, text) in [
            (Condition::at_least(EventColumn::EventTime, time), "eventTime >= '2027-03-01T09:00:00.123'"),
            (Condition::one_of(EventColumn::EventType, [20, 26]), "eventType IN (20, 26)"),
            (Condition::one_of(EventColumn::EventType, [0_i32; 0]), "1 = 0"),
            (Condition::contains(EventColumn::DeviceName, "50%_[x"), "deviceName LIKE '%50[%][_][[]x%'"),
            (Condition::between(EventColumn::EventId, 1, 5).not(), "NOT (eventId BETWEEN 1 AND 5)"),
            (Condition::is_null(EventColumn::UserId), "userId IS NULL"),
        ] {
            assert_eq!(condition.to_string(), text);
        }
    }

    proptest! {
        #[test]
        fn no_text_leaves_its_quotes(text in ".{0,40}") {
            let condition = Condition::equal(EventColumn::Surname, text.as_str()).to_string();
            let inside = condition.strip_prefix("surname = '").unwrap().strip_suffix('\'').unwrap();
            prop_assert!(!inside.replace("''", "").contains('\''));
            prop_assert!(!inside.contains('\0'));
        }
    }
}
