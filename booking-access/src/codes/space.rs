//! From what codes are chosen, and how full it is.

use std::collections::BTreeMap;

use serde::Serialize;
use sync_core::connector::{CodeInUse, CodeKind};
use sync_core::model::SecretText;

use super::config::{CodesConfig, Wiegand26};
use super::weak::{is_weak, weak_count};
use crate::seal::{SealError, random};

/// Cards of one site in the reading of three and five digits.
const CARDS: u32 = 65_536;
/// Distance of two sites in that reading.
const SITE_STEP: u32 = 100_000;

/// Everything that may be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Space {
    Pins { digits: u8 },
    Numbers { from: u32, to: u32, gaps: bool },
}

/// How full the space of codes is.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct CodeSpace {
    /// Codes that may be chosen at all.
    pub size: u64,
    /// Codes that open doors here: issued by us and not yet taken away.
    pub live: u64,
    /// Codes of others at the door system that could have been chosen.
    pub foreign: u64,
    /// Codes that rest.
    pub resting: u64,
    /// People with a code at the same time, as expected.
    pub expected: u64,
    /// Codes that rest at the same time, as expected: one a day for each person where each stay gets a fresh one, else none.
    pub expected_resting: u64,
    /// Chance that one guess opens a door, now.
    pub one_guess: f64,
    /// Guesses for an even chance to open a door, now.
    pub guesses_for_even_chance: Option<u64>,
    /// More than half of it is in use.
    pub more_than_half: bool,
    /// One guess opens a door more often than once in 2,000, where a PIN alone does.
    pub guessable: bool,
    /// It holds four times the expected codes, and those that are expected to rest.
    pub holds_expected: bool,
}

impl Space {
    pub(super) fn of(config: &CodesConfig) -> Option<Self> {
        let (from, to) = config.range();
        Some(match config.kind()? {
            CodeKind::Pin => Self::Pins { digits: config.pin_digits },
            CodeKind::Number => Self::Numbers { from, to, gaps: config.wiegand26 == Wiegand26::SiteCard },
        })
    }

    pub(super) fn kind(self) -> CodeKind {
        match self {
            Self::Pins { .. } => CodeKind::Pin,
            Self::Numbers { .. } => CodeKind::Number,
        }
    }

    /// How many codes may be chosen.
    pub(super) fn size(self) -> u64 {
        match self {
            Self::Pins { digits } => 10_u64.pow(digits.into()).saturating_sub(weak_count(digits)),
            Self::Numbers { from, to, .. } if from > to => 0,
            Self::Numbers { from, to, gaps: false } => u64::from(to - from) + 1,
            Self::Numbers { from, to, gaps: true } => cards_up_to(to) - cards_up_to(from.saturating_sub(1)),
        }
    }

    /// Whether a code, as door systems write it, may be chosen.
    pub(super) fn contains(self, code: &str) -> bool {
        match self {
            Self::Pins { digits } => {
                code.len() == usize::from(digits) && code.bytes().all(|b| b.is_ascii_digit()) && !is_weak(code)
            }
            Self::Numbers { from, to, gaps } => {
                code.parse().is_ok_and(|number: u32| (from..=to).contains(&number) && !(gaps && is_gap(number)))
            }
        }
    }

    /// One of them, each as likely as any other; there must be one.
    pub(super) fn draw(self) -> Result<SecretText, SealError> {
        match self {
            Self::Pins { digits } => loop {
                let number = below(10_u32.pow(digits.into()))?;
                let pin = SecretText::new(format!("{number:0width$}", width = usize::from(digits)));
                if !is_weak(pin.expose()) {
                    return Ok(pin);
                }
            },
            Self::Numbers { from, gaps, .. } => {
                let place = below(u32::try_from(self.size()).unwrap_or(u32::MAX))?;
                let number = if gaps { card_at(cards_up_to(from.saturating_sub(1)), place) } else { from + place };
                Ok(SecretText::new(number.to_string()))
            }
        }
    }
}

impl CodeSpace {
    pub(super) fn new(space: Space, live: u64, foreign: u64, resting: u64, expected: (u64, u64)) -> Self {
        let (expected, expected_resting) = expected;
        let size = space.size();
        let one_guess = ratio(live, size).min(1.0);
        Self {
            size,
            live,
            foreign,
            resting,
            expected,
            expected_resting,
            one_guess,
            guesses_for_even_chance: guesses_for_even_chance(one_guess),
            more_than_half: (live + foreign + resting).saturating_mul(2) > size,
            guessable: space.kind() == CodeKind::Pin && live.saturating_mul(2_000) > size,
            holds_expected: expected.saturating_mul(4).saturating_add(expected_resting) <= size,
        }
    }

    /// What somebody should know, in words.
    pub fn warnings(&self) -> Vec<String> {
        let mut words = Vec::new();
        let taken = self.live + self.foreign + self.resting;
        if self.more_than_half {
            words.push(format!("{taken} of {} codes are in use or rest: more than half", self.size));
        }
        if self.guessable {
            words.push(format!("one guess in {} opens a door: make PINs longer", self.size / self.live.max(1)));
        }
        if !self.holds_expected {
            let fresh = if self.expected_resting > 0 { ", each with a fresh code a day" } else { "" };
            words.push(format!("{} codes are too few for {} people{fresh}", self.size, self.expected));
        }
        words
    }

    /// Chance that some two of `codes` random codes are the same, if nobody checked.
    pub fn collision(&self, codes: u32) -> f64 {
        let pairs = f64::from(codes) * (f64::from(codes) - 1.0) / 2.0;
        -(-pairs * ratio(1, self.size)).exp_m1()
    }
}

/// The length of most PINs at a door system, if it has any.
pub fn pin_length_in_use(codes: &[CodeInUse]) -> Option<u8> {
    let mut lengths: BTreeMap<usize, usize> = BTreeMap::new();
    for code in codes.iter().filter(|code| code.kind == CodeKind::Pin) {
        *lengths.entry(code.code.expose().len()).or_default() += 1;
    }
    let (length, _) = lengths.into_iter().max_by_key(|(_, count)| *count)?;
    u8::try_from(length).ok()
}

/// A code in the one form in which two are the same: a number without zeros before it, a PIN as it is.
pub(crate) fn canonical(kind: CodeKind, code: &str) -> &str {
    let code = code.trim();
    match kind {
        CodeKind::Pin => code,
        CodeKind::Number => code.trim_start_matches('0'),
    }
}

fn is_gap(number: u32) -> bool {
    number % SITE_STEP >= CARDS || number / SITE_STEP > 255
}

/// How many numbers from 0 to this one have a site and a card.
fn cards_up_to(number: u32) -> u64 {
    let (sites, card) = (number / SITE_STEP, number % SITE_STEP);
    if sites > 255 {
        return 256 * u64::from(CARDS);
    }
    u64::from(sites) * u64::from(CARDS) + u64::from(card.min(CARDS - 1)) + 1
}

/// The number that stands `place` places behind the first `skipped` ones that have a site and a card.
fn card_at(skipped: u64, place: u32) -> u32 {
    let ordinal = u32::try_from(skipped).unwrap_or(u32::MAX).saturating_add(place);
    ordinal / CARDS * SITE_STEP + ordinal % CARDS
}

/// A number below this one, each as likely as any other.
fn below(bound: u32) -> Result<u32, SealError> {
    let bound = bound.max(1);
    // Numbers from here on would make the smallest remainders likelier.
    let usable = u32::MAX - (u32::MAX % bound + 1) % bound;
    loop {
        let mut bytes = [0; 4];
        random(&mut bytes)?;
        let number = u32::from_le_bytes(bytes);
        if number <= usable {
            return Ok(number % bound);
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a chance needs no more than a few digits")]
fn ratio(part: u64, whole: u64) -> f64 {
    part as f64 / whole.max(1) as f64
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positive, and saturates")]
fn guesses_for_even_chance(one_guess: f64) -> Option<u64> {
    (one_guess > 0.0).then(|| (-std::f64::consts::LN_2 / (-one_guess).ln_1p()).max(1.0).round() as u64)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use sync_core::model::ExternalId;

    use super::super::config::Identification;
    use super::*;

    const SITE_CARD: Space = Space::Numbers { from: 1, to: 25_565_535, gaps: true };

    #[test]
    fn figures_are_those_of_the_table() {
        let table =
            [(10_000, 0.39, 138), (1_000_000, 0.005, 13_863), (65_536, 0.073, 908), (100_000_000, 0.00005, 1_386_294)];
        for (size, collision, guesses) in table {
            let to = u32::try_from(size).unwrap();
            let space = CodeSpace::new(Space::Numbers { from: 1, to, gaps: false }, 50, 0, 0, (50, 0));
            assert!((space.collision(100) / collision - 1.0).abs() < 0.03, "{size}: {}", space.collision(100));
            assert_eq!(space.guesses_for_even_chance, Some(guesses));
        }
    }

    #[test]
    fn the_reading_of_three_and_five_digits_has_gaps() {
        assert_eq!(SITE_CARD.size(), 256 * 65_536 - 1);
        for (number, fits) in [(1, true), (65_535, true), (65_536, false), (99_999, false), (100_000, true)] {
            assert_eq!(SITE_CARD.contains(&u32::to_string(&number)), fits, "{number}");
        }
        assert!(SITE_CARD.contains("25565535") && !SITE_CARD.contains("25565536") && !SITE_CARD.contains("0"));
        let small = Space::Numbers { from: 65_000, to: 100_010, gaps: true };
        let counted = (65_000..=100_010).filter(|n: &u32| small.contains(&n.to_string())).count() as u64;
        assert_eq!(small.size(), counted);
    }

    #[test]
    fn every_code_of_a_small_space_comes_equally_often() {
        let space = Space::Numbers { from: 65_533, to: 100_002, gaps: true };
        let mut counts: BTreeMap<String, u32> = BTreeMap::new();
        (0..6_000).for_each(|_| *counts.entry(space.draw().unwrap().expose().to_owned()).or_default() += 1);
        assert_eq!(counts.keys().collect::<Vec<_>>(), ["100000", "100001", "100002", "65533", "65534", "65535"]);
        // 1,000 expected each, standard deviation 29: ten of those are never seen.
        assert!(counts.values().all(|count| (700..1_300).contains(count)), "{counts:?}");
    }

    #[test]
    fn remainders_are_not_preferred() {
        // Without rejection the lower half would come twice as often as the upper one.
        let bound = u32::MAX / 3 * 2;
        let low = (0..2_000).filter(|_| below(bound).unwrap() < bound / 2).count();
        assert!((800..1_200).contains(&low), "{low}");
        assert_eq!(below(1).unwrap(), 0);
    }

    #[test]
    fn warnings_name_what_is_wrong() {
        let pins = Space::Pins { digits: 4 };
        assert!(CodeSpace::new(pins, 4, 0, 0, (4, 0)).warnings().is_empty());
        assert_eq!(CodeSpace::new(pins, 50, 0, 0, (50, 0)).warnings().len(), 1);
        let full = CodeSpace::new(pins, 50, 4_700, 200, (3_000, 0));
        assert!(full.more_than_half && full.guessable && !full.holds_expected);
        assert_eq!(full.warnings().len(), 3);
        let fresh = CodeSpace::new(pins, 0, 0, 0, (50, 50 * 300)).warnings();
        assert!(fresh.len() == 1 && fresh[0].contains("a fresh code a day"), "{fresh:?}");
        assert_eq!(CodeSpace::new(pins, 0, 0, 0, (0, 0)).guesses_for_even_chance, None);
    }

    #[test]
    fn the_length_in_use_is_that_of_most_pins() {
        let code = |kind, code: &str| CodeInUse { holder: ExternalId::new("1"), kind, code: SecretText::new(code) };
        assert_eq!(pin_length_in_use(&[code(CodeKind::Number, "123456")]), None);
        let codes = [code(CodeKind::Pin, "0481"), code(CodeKind::Pin, "123456"), code(CodeKind::Pin, "9753")];
        assert_eq!(pin_length_in_use(&codes), Some(4));
    }

    proptest! {
        #[test]
        fn whatever_is_drawn_is_allowed(from in 1_u32..1_000_000, span in 0_u32..30_000_000, digits in 4_u8..=8, wiegand in 0..4) {
            let wiegand26 = match wiegand {
                0 => Wiegand26::Off,
                1 => Wiegand26::Linear,
                2 => Wiegand26::SiteCard,
                _ => Wiegand26::FixedSite { site: 1 },
            };
            let from = from.min(wiegand26.highest());
            let config = CodesConfig { wiegand26, from, to: from + span, pin_digits: digits, ..CodesConfig::default() };
            let numbers = Space::of(&config).unwrap();
            prop_assume!(numbers.size() > 0);
            let drawn: u32 = numbers.draw().unwrap().expose().parse().unwrap();
            let (low, high) = config.range();
            prop_assert!((low..=high).contains(&drawn));
            prop_assert!(wiegand26 != Wiegand26::SiteCard || (drawn % 100_000 <= 65_535 && drawn / 100_000 <= 255));
            let pins = Space::of(&CodesConfig { identification: Identification::Pin, ..config }).unwrap();
            let pin = pins.draw().unwrap();
            prop_assert!(pin.expose().len() == usize::from(digits) && !is_weak(pin.expose()));
        }
    }
}
