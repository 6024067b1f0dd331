//! Values that stand in attributes.

use super::{Element, XmlWriter};
use crate::model::{
    ActiveFilter, ChangeEntity, ChangeOp, CommandId, ControllerId, CredentialState, CredentialType, Direction,
    DoorAlarm, DoorId, DoorLock, DoorPosition, Epoch, Etag, EventType, GroupId, LogStream, PacError, PageToken,
    PersonId, PutMode, ReaderId, RetryClass, Rev, Severity,
};
use chrono::{DateTime, FixedOffset, SecondsFormat};
use uuid::Uuid;

/// A value with a text of its own.
pub(crate) trait Scalar: Sized {
    /// What is expected, for an error.
    const FORM: &'static str;

    fn parse(text: &str) -> Option<Self>;

    fn text(&self) -> String;
}

/// A value in an attribute, required or not.
pub(crate) trait Attribute: Sized {
    fn take(element: &Element, name: &str) -> Result<Self, PacError>;

    fn put(&self, writer: &mut XmlWriter, name: &str);
}

impl<T: Scalar> Attribute for T {
    fn take(element: &Element, name: &str) -> Result<Self, PacError> {
        <Option<T> as Attribute>::take(element, name)?.ok_or_else(|| element.fault(name, "a required value is absent"))
    }

    fn put(&self, writer: &mut XmlWriter, name: &str) {
        writer.attribute(name, self);
    }
}

impl<T: Scalar> Attribute for Option<T> {
    fn take(element: &Element, name: &str) -> Result<Self, PacError> {
        let Some(text) = element.attribute(name) else { return Ok(None) };
        T::parse(text).map(Some).ok_or_else(|| element.fault(name, format!("{} is expected", T::FORM)))
    }

    fn put(&self, writer: &mut XmlWriter, name: &str) {
        if let Some(value) = self {
            writer.attribute(name, value);
        }
    }
}

impl Scalar for String {
    const FORM: &'static str = "a text";

    fn parse(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }

    fn text(&self) -> String {
        self.clone()
    }
}

impl Scalar for bool {
    const FORM: &'static str = "true or false";

    fn parse(text: &str) -> Option<Self> {
        match text {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        }
    }

    fn text(&self) -> String {
        self.to_string()
    }
}

/// Digits alone, no sign, no leading zeros.
fn digits(text: &str) -> Option<&str> {
    let plain = text.bytes().all(|b| b.is_ascii_digit()) && (text.len() == 1 || !text.starts_with('0'));
    plain.then_some(text)
}

macro_rules! integers {
    ($($type:ty)+) => {$(
        impl Scalar for $type {
            const FORM: &'static str = "a number in range without sign and leading zeros";

            fn parse(text: &str) -> Option<Self> {
                digits(text)?.parse().ok()
            }

            fn text(&self) -> String {
                self.to_string()
            }
        }
    )+};
}
integers!(u8 u16 u32 u64);

macro_rules! ids {
    ($($type:ident)+) => {$(
        impl Scalar for $type {
            const FORM: &'static str = "a number above 0";

            fn parse(text: &str) -> Option<Self> {
                u32::parse(text).filter(|number| *number > 0).map($type::new)
            }

            fn text(&self) -> String {
                self.get().to_string()
            }
        }
    )+};
}
ids!(PersonId GroupId ControllerId ReaderId DoorId);

impl Scalar for Rev {
    const FORM: &'static str = "a number";

    fn parse(text: &str) -> Option<Self> {
        u32::parse(text).map(Self::new)
    }

    fn text(&self) -> String {
        self.get().to_string()
    }
}

macro_rules! words {
    ($($type:ty)+) => {$(
        impl Scalar for $type {
            const FORM: &'static str = "a word";

            fn parse(text: &str) -> Option<Self> {
                Some(Self::of(text))
            }

            fn text(&self) -> String {
                self.as_str().to_owned()
            }
        }
    )+};
}
words!(Direction Severity EventType LogStream ChangeEntity ChangeOp);
words!(DoorPosition DoorLock DoorAlarm CredentialType CredentialState);

macro_rules! tokens {
    ($($type:ty)+) => {$(
        impl Scalar for $type {
            const FORM: &'static str = "a text";

            fn parse(text: &str) -> Option<Self> {
                Some(Self::new(text))
            }

            fn text(&self) -> String {
                self.as_str().to_owned()
            }
        }
    )+};
}
tokens!(Etag PageToken);

macro_rules! choices {
    ($($type:ident { $($variant:ident $text:literal)+ })+) => {$(
        impl Scalar for $type {
            const FORM: &'static str = concat!("one of", $(" ", $text),+);

            fn parse(text: &str) -> Option<Self> {
                match text {
                    $( $text => Some(Self::$variant), )+
                    _ => None,
                }
            }

            fn text(&self) -> String {
                match self { $( Self::$variant => $text, )+ }.to_owned()
            }
        }
    )+};
}
choices! {
    ActiveFilter { All "all" Active "active" Inactive "inactive" }
    PutMode { Create "create" Update "update" Upsert "upsert" }
    RetryClass { Never "never" AfterFix "after-fix" ReRead "re-read" Backoff "backoff" Reconnect "reconnect" }
}

impl Scalar for Epoch {
    const FORM: &'static str = "16 hexadecimal digits in capital letters";

    fn parse(text: &str) -> Option<Self> {
        text.parse().ok()
    }

    fn text(&self) -> String {
        self.to_string()
    }
}

impl Scalar for Uuid {
    const FORM: &'static str = "a UUID in small letters";

    fn parse(text: &str) -> Option<Self> {
        Self::try_parse(text).ok().filter(|id| id.to_string() == text)
    }

    fn text(&self) -> String {
        self.to_string()
    }
}

impl Scalar for CommandId {
    const FORM: &'static str = Uuid::FORM;

    fn parse(text: &str) -> Option<Self> {
        Uuid::parse(text).map(Self::new)
    }

    fn text(&self) -> String {
        self.to_string()
    }
}

impl Scalar for DateTime<FixedOffset> {
    const FORM: &'static str = "a time with date, seconds and offset";

    fn parse(text: &str) -> Option<Self> {
        let shape = text.as_bytes().get(10) == Some(&b'T') && !text.ends_with('z');
        Self::parse_from_rfc3339(text).ok().filter(|_| shape)
    }

    fn text(&self) -> String {
        let whole = self.timestamp_subsec_millis() == 0;
        self.to_rfc3339_opts(if whole { SecondsFormat::Secs } else { SecondsFormat::Millis }, true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_one_form_only() {
        assert_eq!(u16::parse("0"), Some(0));
        assert_eq!(u16::parse("65535"), Some(65535));
        for bad in ["", "00", "07", "+7", "-1", " 7", "65536", "٣", "7a"] {
            assert_eq!(u16::parse(bad), None, "{bad}");
        }
        assert_eq!(PersonId::parse("0"), None);
    }

    #[test]
    fn times_need_seconds_and_offset() {
        type Stamp = DateTime<FixedOffset>;
        for good in ["2026-03-02T07:58:01.120+01:00", "2026-03-02T07:58:01Z", "2026-03-02T07:58:01-05:30"] {
            assert_eq!(Stamp::parse(good).unwrap().text(), good);
        }
        for bad in ["2026-03-02T07:58:01", "2026-03-02T07:58Z", "2026-03-02 07:58:01Z", "2026-03-02", "", "é"] {
            assert_eq!(Stamp::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn truth_and_ids_have_one_form_only() {
        assert_eq!(bool::parse("1"), None);
        assert_eq!(bool::parse("TRUE"), None);
        assert!(Uuid::parse("0d4f9e52-7a1c-4c0e-8f0e-5b0a6f6f2b11").is_some());
        assert!(Uuid::parse("0D4F9E52-7A1C-4C0E-8F0E-5B0A6F6F2B11").is_none());
        assert!(Uuid::parse("0d4f9e527a1c4c0e8f0e5b0a6f6f2b11").is_none());
    }
}
