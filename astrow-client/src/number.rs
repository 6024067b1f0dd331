//! Badge numbers of PAC in the two forms in which Astrow shows badge numbers.
//!
//! Which form it is depends on Astrow's option for hexadecimal badge numbers. Two badges are the same if kind, facility and
//! number are: a converted number alone proves nothing, since badges of different kinds may share one.
//!
//! The byte order of Astrow's own hexadecimal mode is not public: [`BadgeForms`] shows both, so that one real badge tells.

use std::fmt;

/// The form in which an Astrow installation shows badge numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the option has two positions")]
pub enum NumberForm {
    /// Decimal digits.
    #[default]
    Decimal,
    /// Upper-case hexadecimal digits.
    Hexadecimal,
}

/// A badge of PAC, in its canonical form.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Badge {
    /// Eight characters, digits and upper-case letters; mostly hexadecimal, but text.
    PacProx(String),
    /// Facility and number of the 26-bit Wiegand format.
    Wiegand26 {
        /// The facility.
        facility: u8,
        /// The number.
        number: u16,
    },
    /// Identifier of a smart card: 4 to 32 upper-case hexadecimal digits, an even count.
    OneProx(String),
}

/// Why a number cannot be converted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum NumberError {
    /// The kind of badge is none of the three.
    #[error("this kind of badge is not known")]
    UnknownKind,
    /// The number has letters that make it no number.
    #[error("the number of the badge is not numeric")]
    NotNumeric,
    /// The number has too few or too many characters.
    #[error("the number of the badge has a wrong length")]
    WrongLength,
    /// The number, or the facility, is larger than its kind allows.
    #[error("the number of the badge is out of range")]
    OutOfRange,
    /// A decimal number begins with a zero, or a badge has a facility that its kind has not.
    #[error("the number of the badge is not in its canonical form")]
    NotCanonical,
    /// A Wiegand badge has no facility.
    #[error("the badge lacks its facility")]
    FacilityMissing,
}

/// One number in both forms.
#[derive(Clone, PartialEq, Eq)]
pub struct BadgeForms {
    /// Decimal.
    pub decimal: String,
    /// Hexadecimal.
    pub hexadecimal: String,
}

impl Badge {
    /// A badge from the three members by which both systems tell badges apart.
    ///
    /// # Errors
    /// Whatever is wrong with it, by name.
    pub fn new(kind: &str, number: &str, facility: Option<u32>) -> Result<Self, NumberError> {
        if facility.is_some() && kind != WIEGAND26 {
            return Err(if [PAC_PROX, ONE_PROX].contains(&kind) {
                NumberError::NotCanonical
            } else {
                NumberError::UnknownKind
            });
        }
        match kind {
            PAC_PROX => pac_prox(number),
            WIEGAND26 => {
                let facility = facility.ok_or(NumberError::FacilityMissing)?;
                Ok(Self::Wiegand26 {
                    facility: u8::try_from(facility).map_err(|_| NumberError::OutOfRange)?,
                    number: u16::try_from(decimal(number)?).map_err(|_| NumberError::OutOfRange)?,
                })
            }
            ONE_PROX => one_prox(number),
            _ => Err(NumberError::UnknownKind),
        }
    }

    /// Back from the number that Astrow shows for a badge of this kind.
    ///
    /// Leading zero bytes of a smart card are lost in the decimal form.
    ///
    /// # Errors
    /// The text is no number of this kind in this form.
    pub fn from_astrow(kind: &str, text: &str, form: NumberForm) -> Result<Self, NumberError> {
        let value = match form {
            NumberForm::Hexadecimal if kind == PAC_PROX => return pac_prox(text),
            NumberForm::Hexadecimal if kind == ONE_PROX => return one_prox(text),
            NumberForm::Hexadecimal => hexadecimal(text)?,
            NumberForm::Decimal => decimal(text)?,
        };
        match kind {
            PAC_PROX => {
                let value = u32::try_from(value).map_err(|_| NumberError::OutOfRange)?;
                Ok(Self::PacProx(format!("{value:08X}")))
            }
            WIEGAND26 => {
                let [zero @ .., facility, high, low] = value.to_be_bytes();
                if zero != [0; 5] {
                    return Err(NumberError::OutOfRange);
                }
                Ok(Self::Wiegand26 { facility, number: u16::from_be_bytes([high, low]) })
            }
            ONE_PROX => {
                let digits = format!("{value:04X}");
                Ok(Self::OneProx(if digits.len() % 2 == 0 { digits } else { format!("0{digits}") }))
            }
            _ => Err(NumberError::UnknownKind),
        }
    }

    /// Its kind, as both systems spell it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::PacProx(_) => PAC_PROX,
            Self::Wiegand26 { .. } => WIEGAND26,
            Self::OneProx(_) => ONE_PROX,
        }
    }

    /// Its number without the facility, as both systems spell it.
    pub fn number(&self) -> String {
        match self {
            Self::PacProx(text) | Self::OneProx(text) => text.clone(),
            Self::Wiegand26 { number, .. } => number.to_string(),
        }
    }

    /// Its facility, if its kind has one.
    pub fn facility(&self) -> Option<u32> {
        match self {
            Self::Wiegand26 { facility, .. } => Some(u32::from(*facility)),
            _ => None,
        }
    }

    /// The number as Astrow shows it.
    ///
    /// # Errors
    /// [`NumberError::NotNumeric`] where the badge has letters, [`NumberError::WrongLength`] where it is too long for a decimal
    /// number.
    pub fn in_form(&self, form: NumberForm) -> Result<String, NumberError> {
        match (self, form) {
            (Self::OneProx(digits), NumberForm::Hexadecimal) => Ok(digits.clone()),
            (Self::Wiegand26 { .. }, NumberForm::Hexadecimal) => Ok(format!("{:06X}", self.value()?)),
            (Self::PacProx(_), NumberForm::Hexadecimal) => Ok(format!("{:08X}", self.value()?)),
            (_, NumberForm::Decimal) => Ok(self.value()?.to_string()),
        }
    }

    /// Both forms, first in the order of its bytes, then with its bytes turned round: what a check of one real badge prints.
    ///
    /// # Errors
    /// As [`Badge::in_form`].
    pub fn both_orders(&self) -> Result<(BadgeForms, BadgeForms), NumberError> {
        let digits = self.in_form(NumberForm::Hexadecimal)?;
        let forward = hexadecimal(&digits)?;
        let bytes = forward.to_be_bytes();
        let used = digits.len() / 2;
        let turned = bytes.iter().rev().take(used).fold(0, |value: u64, byte| (value << 8) | u64::from(*byte));
        let forms = |value: u64| BadgeForms {
            decimal: value.to_string(),
            hexadecimal: format!("{value:0width$X}", width = digits.len()),
        };
        Ok((forms(forward), forms(turned)))
    }

    fn value(&self) -> Result<u64, NumberError> {
        match self {
            Self::PacProx(digits) | Self::OneProx(digits) => hexadecimal(digits),
            Self::Wiegand26 { facility, number } => Ok((u64::from(*facility) << 16) | u64::from(*number)),
        }
    }
}

/// PAC's id of a person as a badge number of Astrow.
pub fn person_badge(id: u32, form: NumberForm) -> String {
    match form {
        NumberForm::Decimal => id.to_string(),
        NumberForm::Hexadecimal => format!("{id:X}"),
    }
}

/// PAC's id of a person from a badge number that [`person_badge`] made.
///
/// # Errors
/// The text is no such number.
pub fn person_of_badge(text: &str, form: NumberForm) -> Result<u32, NumberError> {
    let value = match form {
        NumberForm::Decimal => decimal(text)?,
        NumberForm::Hexadecimal => hexadecimal(text)?,
    };
    u32::try_from(value).map_err(|_| NumberError::OutOfRange)
}

impl NumberForm {
    /// The form by the option that an installation tells.
    pub fn of_option(hex_badges: bool) -> Self {
        if hex_badges { Self::Hexadecimal } else { Self::Decimal }
    }
}

impl NumberError {
    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::UnknownKind => "unknown-kind",
            Self::NotNumeric => "not-numeric",
            Self::WrongLength => "wrong-length",
            Self::OutOfRange => "out-of-range",
            Self::NotCanonical => "not-canonical",
            Self::FacilityMissing => "facility-missing",
        }
    }
}

/// The kind, and nothing of the number: it opens doors.
impl fmt::Debug for Badge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Badge({})", self.kind())
    }
}

/// Numbers are not shown.
impl fmt::Debug for BadgeForms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BadgeForms(***)")
    }
}

fn pac_prox(text: &str) -> Result<Badge, NumberError> {
    let text = text.trim().to_ascii_uppercase();
    if text.chars().count() != 8 {
        return Err(NumberError::WrongLength);
    }
    if !text.chars().all(|c| c.is_ascii_digit() || c.is_ascii_uppercase()) {
        return Err(NumberError::NotNumeric);
    }
    Ok(Badge::PacProx(text))
}

fn one_prox(text: &str) -> Result<Badge, NumberError> {
    let text = text.trim().to_ascii_uppercase();
    if !text.chars().all(|c| c.is_ascii_hexdigit()) {
        return Err(NumberError::NotNumeric);
    }
    if !(4..=32).contains(&text.len()) || !text.len().is_multiple_of(2) {
        return Err(NumberError::WrongLength);
    }
    Ok(Badge::OneProx(text))
}

fn decimal(text: &str) -> Result<u64, NumberError> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(NumberError::NotNumeric);
    }
    if text.len() > 1 && text.starts_with('0') {
        return Err(NumberError::NotCanonical);
    }
    text.parse().map_err(|_| NumberError::OutOfRange)
}

fn hexadecimal(text: &str) -> Result<u64, NumberError> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(NumberError::NotNumeric);
    }
    if text.len() > 16 {
        return Err(NumberError::WrongLength);
    }
    u64::from_str_radix(text, 16).map_err(|_| NumberError::OutOfRange)
}

/// A PAC proximity card.
pub const PAC_PROX: &str = "pac-prox";
/// A card in the 26-bit Wiegand format.
pub const WIEGAND26: &str = "wiegand26";
/// A `OneProx` smart card.
pub const ONE_PROX: &str = "oneprox";
