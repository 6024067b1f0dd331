//! What Net2 shows of the number that a reader sends: the readings of a 26-bit frame, and which of them explains what was seen.

use serde::Serialize;

use super::config::Wiegand26;

/// Bits of site and card together.
const FRAME: u32 = 0x00FF_FFFF;
/// Bits of the card.
const CARD: u32 = 0xFFFF;
/// Distance of two sites in the reading of three and five digits.
const SITE_STEP: u32 = 100_000;

/// Why no reading explains what was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ReaderFault {
    /// The bits come last first.
    BitsReversed,
    /// Each bit is the opposite.
    BitsInverted,
    /// The bytes come last first.
    BytesReversed,
    /// Only some of the digits arrive.
    DigitsCut,
    /// Nothing that is known.
    Unknown,
}

impl Wiegand26 {
    /// The number that Net2 shows where a reader sends this one in its 24 bits of site and card, or whole where there is no
    /// frame. What the frame cannot carry is cut off.
    pub const fn seen(self, sent: u32) -> u32 {
        let frame = sent & FRAME;
        match self {
            Self::Off => sent,
            Self::Linear => frame,
            Self::SiteCard => (frame >> 16) * SITE_STEP + (frame & CARD),
            Self::FixedSite { .. } => frame & CARD,
        }
    }

    /// The number that a reader has to send for Net2 to show this one; `None` if no number does.
    pub fn sent(self, seen: u32) -> Option<u32> {
        let sent = match self {
            Self::Off | Self::Linear => seen,
            Self::SiteCard => (seen / SITE_STEP).checked_mul(CARD + 1)?.checked_add(seen % SITE_STEP)?,
            Self::FixedSite { site } => (u32::from(site) << 16).checked_add(seen)?,
        };
        (self.seen(sent) == seen && (self != Self::SiteCard || seen % SITE_STEP <= CARD)).then_some(sent)
    }

    /// Every reading that makes what was seen of what was sent. A fixed site is the one that was in the frame.
    pub fn explaining(sent: u32, seen: u32) -> Vec<Self> {
        let [_, site, ..] = sent.to_be_bytes();
        let all = [Self::Off, Self::Linear, Self::SiteCard, Self::FixedSite { site }];
        all.into_iter().filter(|reading| reading.seen(sent) == seen || reading.is_split(sent, seen)).collect()
    }

    /// A reader may also put the first three and the last five digits into the frame: then the number comes through whole.
    const fn is_split(self, sent: u32, seen: u32) -> bool {
        let fits = sent / SITE_STEP <= 255 && sent % SITE_STEP <= CARD;
        matches!(self, Self::SiteCard) && sent == seen && fits
    }

    /// Whether both are the same but for the site.
    pub const fn is_like(self, other: Self) -> bool {
        matches!(
            (self, other),
            (Self::Off, Self::Off)
                | (Self::Linear, Self::Linear)
                | (Self::SiteCard, Self::SiteCard)
                | (Self::FixedSite { .. }, Self::FixedSite { .. })
        )
    }
}

impl ReaderFault {
    /// What may have become of the number on its way.
    pub fn of(sent: u32, seen: u64) -> Self {
        let frame = sent & FRAME;
        let [_, high, middle, low] = frame.to_be_bytes();
        let is = |number: u32| u64::from(number) == seen;
        let (whole, part) = (sent.to_string(), seen.to_string());
        match () {
            () if is(frame.reverse_bits() >> 8) => Self::BitsReversed,
            () if is(!frame & FRAME) => Self::BitsInverted,
            () if is(u32::from_be_bytes([0, low, middle, high])) => Self::BytesReversed,
            () if part.len() >= 3 && whole.len() > part.len() && whole.contains(&part) => Self::DigitsCut,
            () => Self::Unknown,
        }
    }

    /// What to check, in a sentence.
    pub const fn remedy(self) -> &'static str {
        match self {
            Self::BitsReversed => "The bits arrive in reverse order: change the bit order in the reader",
            Self::BitsInverted => "The bits arrive inverted: see whether data 0 and data 1 are swapped at the reader",
            Self::BytesReversed => "The bytes arrive in reverse order: change the byte order in the reader",
            Self::DigitsCut => {
                "Only some of the digits arrive: look at the length of the number in the reader, and at prefix and suffix"
            }
            Self::Unknown => {
                "Check the reader's bit order, whether it cuts digits, the prefix and suffix, and the card data format of the \
                 reader in Net2; perhaps another card was shown, so try again"
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIXED: Wiegand26 = Wiegand26::FixedSite { site: 18 };

    /// 1,200,345 is 0x1250D9: site 18, card 20,697.
    const SENT: u32 = 1_200_345;

    #[test]
    fn each_reading_shows_the_frame_its_own_way_and_back() {
        for (reading, sent, seen) in [
            (Wiegand26::Off, SENT, SENT),
            (Wiegand26::Off, 99_999_999, 99_999_999),
            (Wiegand26::Linear, SENT, SENT),
            (Wiegand26::Linear, 16_777_215, 16_777_215),
            (Wiegand26::SiteCard, SENT, 1_820_697),
            (Wiegand26::SiteCard, 65_535, 65_535),
            (Wiegand26::SiteCard, 65_536, 100_000),
            (Wiegand26::SiteCard, 16_777_215, 25_565_535),
            (FIXED, SENT, 20_697),
            (FIXED, 18 << 16, 0),
        ] {
            assert_eq!((reading.seen(sent), reading.sent(seen)), (seen, Some(sent)), "{reading:?} {sent}");
        }
    }

    #[test]
    fn what_does_not_fit_is_cut_one_way_and_refused_the_other() {
        assert_eq!(Wiegand26::Linear.seen(16_777_216 + 5), 5);
        for (reading, seen) in [
            (Wiegand26::Linear, 16_777_216),
            (Wiegand26::SiteCard, 65_536),
            (Wiegand26::SiteCard, 25_600_000),
            (Wiegand26::SiteCard, u32::MAX),
            (FIXED, 65_536),
            (FIXED, u32::MAX),
        ] {
            assert_eq!(reading.sent(seen), None, "{reading:?} {seen}");
        }
    }

    #[test]
    fn what_was_seen_names_the_reading() {
        let explaining = |sent, seen| Wiegand26::explaining(sent, seen);
        assert_eq!(explaining(50_000_000, 50_000_000), [Wiegand26::Off]);
        assert_eq!(explaining(1_099_999, 1_099_999), [Wiegand26::Off, Wiegand26::Linear]);
        assert_eq!(explaining(SENT, SENT), [Wiegand26::Off, Wiegand26::Linear, Wiegand26::SiteCard]);
        assert_eq!(explaining(SENT, 1_820_697), [Wiegand26::SiteCard]);
        assert_eq!(explaining(SENT, 20_697), [FIXED]);
        assert_eq!(explaining(50_000_000, 16_445_568), [Wiegand26::Linear]);
        assert_eq!(explaining(SENT, 4_711), []);
    }

    #[test]
    fn what_no_reading_explains_names_what_to_check() {
        for (seen, fault) in [
            (u64::from((SENT << 8).reverse_bits()), ReaderFault::BitsReversed),
            (u64::from(!SENT & FRAME), ReaderFault::BitsInverted),
            (0x00D9_5012, ReaderFault::BytesReversed),
            (1_200, ReaderFault::DigitsCut),
            (345, ReaderFault::DigitsCut),
            (45, ReaderFault::Unknown),
            (u64::MAX, ReaderFault::Unknown),
        ] {
            assert_eq!(ReaderFault::of(SENT, seen), fault, "{seen}");
        }
        let remedies =
            [ReaderFault::BitsReversed, ReaderFault::DigitsCut, ReaderFault::Unknown].map(ReaderFault::remedy);
        assert!(
            remedies[0].contains("bit order") && remedies[1].contains("digits") && remedies[2].contains("bit order")
        );
    }
}
