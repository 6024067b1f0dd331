//! What the operator decides about codes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sync_core::connector::CodeKind;

use super::space::Space;
use crate::Fault;

/// Highest number that a door system takes: eight digits.
const HIGHEST: u32 = 99_999_999;

/// How many times the expected codes a range must hold.
const HEADROOM: u64 = 4;

/// What people show at a door, and from what their codes are chosen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CodesConfig {
    /// What a booker uses at the door.
    pub identification: Identification,
    /// Whether a code lasts, or each stay gets a fresh one.
    pub per: CodesPer,
    /// Whether, and how, the number of a QR code travels in a 26-bit Wiegand frame.
    pub wiegand26: Wiegand26,
    /// Smallest number of a QR code.
    pub from: u32,
    /// Largest number of a QR code.
    pub to: u32,
    /// Digits of a PIN, 4 to 8; the same as at the door system.
    pub pin_digits: u8,
    /// Days that a code rests after it was taken away until somebody else may get it.
    pub cooling_days: u32,
    /// People with a code at the same time, as expected.
    pub expected_codes: u32,
    /// The number in the picture is filled with zeros to this many digits; 0 = as it is.
    pub qr_width: u8,
    /// Stands before the number in the picture, for readers that need it.
    pub qr_prefix: String,
    /// Stands behind the number in the picture, for readers that need it.
    pub qr_suffix: String,
    /// The number is also told in words beside the picture.
    pub show_number_in_alt: bool,
}

/// What a booker uses at the door.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Identification {
    /// A card or fob that staff hand out.
    Manual,
    /// A PIN that is made here.
    Pin,
    /// A QR code that is made here.
    #[default]
    Qr,
}

/// How long a code is somebody's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CodesPer {
    /// A person has one code as long as the door system knows them.
    #[default]
    Person,
    /// A fresh code for each booking. Bookings of one person that overlap, touch or lie less than an hour apart are one
    /// stay and share a code. It is taken away at the end of the stay, and the next stay gets its own then.
    Booking,
}

/// How the number of a QR code travels in a 26-bit Wiegand frame: 8 bits of site, 16 bits of card.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Wiegand26 {
    /// It does not: the reader sends all digits.
    #[default]
    Off,
    /// As one number of 24 bits: 1 to 16,777,215.
    Linear,
    /// Three digits of site and five of card, such as 12 and 00345: 1200345.
    SiteCard,
    /// The card alone, 1 to 65,535; the site is the same for everybody.
    FixedSite {
        /// The site, which the reader adds.
        site: u8,
    },
}

impl Default for CodesConfig {
    fn default() -> Self {
        Self {
            identification: Identification::default(),
            per: CodesPer::default(),
            wiegand26: Wiegand26::default(),
            from: 1,
            to: HIGHEST,
            pin_digits: 4,
            cooling_days: 30,
            expected_codes: 50,
            qr_width: 0,
            qr_prefix: String::new(),
            qr_suffix: String::new(),
            show_number_in_alt: false,
        }
    }
}

impl CodesConfig {
    /// What kind of code is made; `None` where staff hand out cards.
    pub fn kind(&self) -> Option<CodeKind> {
        match self.identification {
            Identification::Manual => None,
            Identification::Pin => Some(CodeKind::Pin),
            Identification::Qr => Some(CodeKind::Number),
        }
    }

    /// Whether each stay gets a fresh code.
    pub(crate) fn per_booking(&self) -> bool {
        self.per == CodesPer::Booking
    }

    /// Smallest and largest number that is ever issued, after the frame's limits.
    pub fn range(&self) -> (u32, u32) {
        (self.from.max(1), self.to.min(self.wiegand26.highest()))
    }

    /// Everything that cannot work or deserves a second look.
    pub fn faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        let mut add = |at: &str, why: String, warning| faults.push(Fault { at: at.to_owned(), why, warning });
        match self.identification {
            Identification::Manual => {
                if self.per_booking() {
                    let why = "is \"booking\", but no codes are made where identification is \"manual\": take it out";
                    add("per", why.to_owned(), false);
                }
                return faults;
            }
            Identification::Pin if !(4..=8).contains(&self.pin_digits) => {
                add("pin_digits", "is 4 to 8".to_owned(), false);
                return faults;
            }
            Identification::Pin => {}
            Identification::Qr => {
                let lower = self.from < 1 || self.from > self.to;
                if lower {
                    add("from", "is at least 1, and not above `to`".to_owned(), false);
                }
                if self.to > HIGHEST {
                    add("to", "is at most 99999999: eight digits".to_owned(), false);
                }
                self.clamp_warning().into_iter().for_each(|why| add("to", why, true));
                if matches!(self.wiegand26, Wiegand26::FixedSite { .. }) {
                    let why = "leaves 65,535 numbers, which are easily guessed: `linear` or eight digits are better";
                    add("wiegand26", why.to_owned(), true);
                }
                self.picture_faults().into_iter().for_each(|(at, why)| add(at, why, false));
                if lower || self.to > HIGHEST {
                    return faults;
                }
            }
        }
        if let Some(space) = Space::of(self) {
            let at = if self.identification == Identification::Pin { "pin_digits" } else { "to" };
            self.space_faults(&space).into_iter().for_each(|(why, warning)| add(at, why, warning));
        }
        faults
    }

    fn clamp_warning(&self) -> Option<String> {
        let highest = self.wiegand26.highest();
        (self.to > highest && self.wiegand26 != Wiegand26::Off)
            .then(|| format!("is {}, but the 26-bit frame ends at {highest}: numbers above are not issued", self.to))
    }

    fn picture_faults(&self) -> Vec<(&'static str, String)> {
        let mut faults = Vec::new();
        if self.qr_width > 20 {
            faults.push(("qr_width", "is at most 20 digits".to_owned()));
        }
        for (at, text) in [("qr_prefix", &self.qr_prefix), ("qr_suffix", &self.qr_suffix)] {
            if text.len() > 32 || !text.chars().all(|c| c.is_ascii_graphic()) {
                faults.push((at, "has up to 32 letters, digits and signs, no blanks".to_owned()));
            }
        }
        faults
    }

    fn space_faults(&self, space: &Space) -> Vec<(String, bool)> {
        let (size, expected) = (space.size(), u64::from(self.expected_codes));
        let needed = expected.saturating_mul(HEADROOM);
        if size < needed {
            return vec![(format!("leaves {size} codes, where {expected} people need at least {needed}"), false)];
        }
        let guessable = self.identification == Identification::Pin && expected.saturating_mul(2_000) > size;
        let mut warnings: Vec<String> = self.too_few_fresh(size).into_iter().collect();
        let why = format!("leaves {size} codes: with {expected} people one guess in {} opens", size / expected.max(1));
        if guessable {
            warnings.push(why);
        }
        warnings.into_iter().map(|why| (why, true)).collect()
    }

    /// Codes that rest at the same time, as expected: where each stay gets a fresh one, one a day for each person.
    pub(super) fn expected_resting(&self) -> u64 {
        if self.per_booking() { u64::from(self.expected_codes).saturating_mul(self.cooling_days.into()) } else { 0 }
    }

    fn too_few_fresh(&self, size: u64) -> Option<String> {
        let (expected, resting) = (u64::from(self.expected_codes), self.expected_resting());
        let needed = expected.saturating_mul(HEADROOM).saturating_add(resting);
        (resting > 0 && size < needed).then(|| {
            format!(
                "leaves {size} codes, where {expected} people with a fresh code for one stay a day need {needed}: {resting} \
                 of them rest for cooling_days"
            )
        })
    }
}

impl Wiegand26 {
    /// Largest number that fits.
    pub(super) fn highest(self) -> u32 {
        match self {
            Self::Off => HIGHEST,
            Self::Linear => 0x00FF_FFFF,
            Self::SiteCard => 25_565_535,
            Self::FixedSite { .. } => 65_535,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(config: &CodesConfig) -> Vec<(String, bool)> {
        config.faults().into_iter().map(|fault| (fault.at, fault.warning)).collect()
    }

    #[test]
    fn an_empty_section_is_the_manual_s_and_has_no_fault() {
        let config: CodesConfig = serde_json::from_str("{}").unwrap();
        assert_eq!((config.identification, config.per), (Identification::Qr, CodesPer::Person));
        assert_eq!((config.wiegand26, config.range()), (Wiegand26::Off, (1, 99_999_999)));
        assert_eq!((config.pin_digits, config.cooling_days), (4, 30));
        assert_eq!(config.faults(), []);
        assert!(serde_json::from_str::<CodesConfig>(r#"{"pin_length":4}"#).is_err());
    }

    #[test]
    fn the_three_readings_of_a_frame_are_written_as_words() {
        let read = |text: &str| serde_json::from_str::<CodesConfig>(text).unwrap();
        assert_eq!(read(r#"{"wiegand26":"linear"}"#).range(), (1, 16_777_215));
        assert_eq!(read(r#"{"wiegand26":"site_card"}"#).range(), (1, 25_565_535));
        let fixed = read(r#"{"wiegand26":{"fixed_site":{"site":12}}}"#);
        assert_eq!((fixed.wiegand26, fixed.range()), (Wiegand26::FixedSite { site: 12 }, (1, 65_535)));
        assert!(serde_json::from_str::<CodesConfig>(r#"{"wiegand26":{"fixed_site":{"site":256}}}"#).is_err());
    }

    #[test]
    fn a_clamp_is_shown_and_the_smallest_frame_is_discouraged() {
        let config = CodesConfig { wiegand26: Wiegand26::FixedSite { site: 1 }, ..CodesConfig::default() };
        assert_eq!(at(&config), [("to".to_owned(), true), ("wiegand26".to_owned(), true)]);
        let fits = CodesConfig { wiegand26: Wiegand26::Linear, to: 16_777_215, ..CodesConfig::default() };
        assert_eq!(at(&fits), []);
    }

    #[test]
    fn ranges_that_cannot_hold_four_times_the_people_are_refused() {
        let config = |to, expected_codes| CodesConfig { to, expected_codes, ..CodesConfig::default() };
        assert_eq!(at(&config(199, 50)), [("to".to_owned(), false)]);
        assert_eq!(at(&config(200, 50)), []);
        assert_eq!(at(&CodesConfig { from: 8, to: 7, ..CodesConfig::default() }), [("from".to_owned(), false)]);
        assert_eq!(at(&config(100_000_000, 50)), [("to".to_owned(), false)]);
    }

    #[test]
    fn fresh_codes_need_a_range_that_holds_those_that_rest_too() {
        let config = |to, cooling_days, per| CodesConfig { per, to, cooling_days, ..CodesConfig::default() };
        // 50 people: four times as many, and 30 days of one code a day for each.
        assert_eq!(at(&config(1_699, 30, CodesPer::Booking)), [("to".to_owned(), true)]);
        assert_eq!(at(&config(1_700, 30, CodesPer::Booking)), []);
        assert_eq!(at(&config(200, 0, CodesPer::Booking)), []);
        assert_eq!(at(&config(1_699, 30, CodesPer::Person)), []);
        assert_eq!(at(&config(199, 30, CodesPer::Booking)), [("to".to_owned(), false)]);
    }

    #[test]
    fn fresh_codes_are_of_no_use_where_none_are_made() {
        let config: CodesConfig = serde_json::from_str(r#"{"identification":"manual","per":"booking"}"#).unwrap();
        assert_eq!(at(&config), [("per".to_owned(), false)]);
        assert_eq!(at(&CodesConfig { per: CodesPer::Person, ..config }), []);
    }

    #[test]
    fn short_pins_for_many_people_are_warned_of() {
        let pin = |pin_digits, expected_codes| CodesConfig {
            identification: Identification::Pin,
            pin_digits,
            expected_codes,
            ..CodesConfig::default()
        };
        assert_eq!(at(&pin(4, 50)), [("pin_digits".to_owned(), true)]);
        assert_eq!(at(&pin(6, 50)), []);
        assert_eq!(at(&pin(4, 5_000)), [("pin_digits".to_owned(), false)]);
        for digits in [0, 3, 9, 255] {
            assert_eq!(at(&pin(digits, 1)), [("pin_digits".to_owned(), false)]);
        }
    }
}
