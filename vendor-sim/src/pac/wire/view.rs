//! Reads attributes of a request, and says where something is wrong.

use std::ops::RangeInclusive;

use chrono::{DateTime, DurationRound, TimeDelta, Utc};

use super::element::Element;
use super::refusal::{Code, Refusal};

/// An element and where it stands.
#[derive(Debug, Clone)]
pub(in crate::pac) struct View<'a> {
    pub(in crate::pac) element: &'a Element,
    pub(in crate::pac) path: String,
}

impl<'a> View<'a> {
    /// Of the element under the root.
    pub(in crate::pac) fn new(element: &'a Element) -> Self {
        Self { element, path: element.name.clone() }
    }

    /// The children of one kind.
    pub(in crate::pac) fn each(&self, name: &'a str) -> impl Iterator<Item = View<'a>> {
        let path = format!("{}/{name}", self.path);
        self.element.each(name).map(move |element| View { element, path: path.clone() })
    }

    /// The one child of this kind.
    pub(in crate::pac) fn one(&self, name: &'a str) -> Result<View<'a>, Refusal> {
        let path = format!("{}/{name}", self.path);
        let mut found = self.each(name);
        match (found.next(), found.next()) {
            (Some(one), None) => Ok(one),
            _ => Err(Refusal::new(Code::Schema, format!("There must be one {name}.")).at(path)),
        }
    }

    pub(in crate::pac) fn at(&self, attribute: &str) -> String {
        format!("{}/@{attribute}", self.path)
    }

    /// The type of an attribute is wrong.
    pub(in crate::pac) fn wrong(&self, attribute: &str, message: &str) -> Refusal {
        Refusal::new(Code::Schema, message).at(self.at(attribute))
    }

    /// The value of an attribute is wrong.
    pub(in crate::pac) fn invalid(&self, attribute: &str, message: &str) -> Refusal {
        Refusal::new(Code::Validation, message).at(self.at(attribute))
    }

    /// What must be there.
    pub(in crate::pac) fn need<T>(&self, attribute: &str, value: Option<T>) -> Result<T, Refusal> {
        value.ok_or_else(|| self.wrong(attribute, "The attribute is missing."))
    }

    pub(in crate::pac) fn text(&self, attribute: &str) -> Option<&'a str> {
        self.element.get(attribute)
    }

    /// A text that is not too long.
    pub(in crate::pac) fn label(&self, attribute: &str, most: usize) -> Result<Option<String>, Refusal> {
        match self.text(attribute) {
            Some(text) if text.chars().count() > most => {
                Err(self.invalid(attribute, &format!("There is room for {most} characters.")))
            }
            text => Ok(text.map(str::to_owned)),
        }
    }

    pub(in crate::pac) fn flag(&self, attribute: &str) -> Result<Option<bool>, Refusal> {
        match self.text(attribute) {
            None => Ok(None),
            Some("true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(_) => Err(self.wrong(attribute, "That is neither true nor false.")),
        }
    }

    /// A number without sign or leading zeros.
    pub(in crate::pac) fn number<T: TryFrom<u64>>(
        &self,
        attribute: &str,
        range: RangeInclusive<u64>,
    ) -> Result<Option<T>, Refusal> {
        let Some(text) = self.text(attribute) else { return Ok(None) };
        plain_number(text)
            .filter(|number| range.contains(number))
            .and_then(|number| T::try_from(number).ok())
            .map(Some)
            .ok_or_else(|| self.wrong(attribute, "That is no number that fits."))
    }

    /// The id of a record.
    pub(in crate::pac) fn id(&self, attribute: &str) -> Result<Option<u32>, Refusal> {
        self.number(attribute, 1..=u64::from(u32::MAX))
    }

    pub(in crate::pac) fn needed_id(&self, attribute: &str) -> Result<u32, Refusal> {
        self.need(attribute, self.id(attribute)?)
    }

    pub(in crate::pac) fn needed_flag(&self, attribute: &str) -> Result<bool, Refusal> {
        self.need(attribute, self.flag(attribute)?)
    }

    /// A position or another large number.
    pub(in crate::pac) fn needed_number(&self, attribute: &str) -> Result<u64, Refusal> {
        self.need(attribute, self.number(attribute, 0..=u64::MAX)?)
    }

    /// A count that the limits of the server bound.
    pub(in crate::pac) fn needed_count(&self, attribute: &str, most: u16) -> Result<u16, Refusal> {
        let count: u16 = self.need(attribute, self.number(attribute, 0..=u64::from(u16::MAX))?)?;
        if count == 0 || count > most {
            return Err(self.invalid(attribute, &format!("That must be from 1 to {most}.")));
        }
        Ok(count)
    }

    /// A time with seconds and offset, to the millisecond.
    pub(in crate::pac) fn time(&self, attribute: &str) -> Result<Option<DateTime<Utc>>, Refusal> {
        let Some(text) = self.text(attribute) else { return Ok(None) };
        let wrong = || self.wrong(attribute, "That is no time with seconds and offset.");
        // A space instead of the T would be read too.
        if text.as_bytes().get(10) != Some(&b'T') {
            return Err(wrong());
        }
        let time = DateTime::parse_from_rfc3339(text).map_err(|_| wrong())?.with_timezone(&Utc);
        Ok(Some(time.duration_trunc(TimeDelta::milliseconds(1)).unwrap_or(time)))
    }

    /// One of the words of a kind.
    pub(in crate::pac) fn word<T>(&self, attribute: &str, read: fn(&str) -> Option<T>) -> Result<Option<T>, Refusal> {
        match self.text(attribute) {
            None => Ok(None),
            Some(text) => read(text).map(Some).ok_or_else(|| self.wrong(attribute, "That is none of the known words.")),
        }
    }

    pub(in crate::pac) fn needed_word<T>(&self, attribute: &str, read: fn(&str) -> Option<T>) -> Result<T, Refusal> {
        self.need(attribute, self.word(attribute, read)?)
    }
}

/// A decimal number as the wire has it.
pub(in crate::pac) fn plain_number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let zeros = text.len() > 1 && text.starts_with('0');
    if digits && !zeros { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_no_sign_and_no_leading_zeros() {
        assert_eq!(plain_number("0"), Some(0));
        assert_eq!(plain_number("18446744073709551615"), Some(u64::MAX));
        for wrong in ["", "01", "+1", "-1", " 1", "1.0", "18446744073709551616"] {
            assert_eq!(plain_number(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn times_need_seconds_and_an_offset() {
        let read = |text: &str| {
            let element = Element::new("Ping").with("t", text);
            View::new(&element).time("t")
        };
        assert!(read("2026-03-02T07:58:31.300+01:00").is_ok());
        assert!(read("2026-03-02T06:58:31Z").is_ok());
        for wrong in ["2026-03-02T07:58:31", "2026-03-02T07:58+01:00", "2026-03-02 07:58:31Z", "today"] {
            assert!(read(wrong).is_err(), "{wrong:?}");
        }
    }
}
