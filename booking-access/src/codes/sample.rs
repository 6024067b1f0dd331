//! A number to try a reader with: nobody has it, nor any number that a reading makes of it.

use std::collections::BTreeSet;

use sync_core::connector::{CodeInUse, CodeKind};

use super::config::{CodesConfig, Wiegand26};
use super::registry::{Hash, MOST_DRAWS, hash, hashes, own_hashes};
use super::space::Space;
use crate::seal::Sealer;
use crate::{Access, AccessError};

/// Above everything that a 26-bit frame can show, by any reading.
const NO_FRAME_FROM: u32 = 25_565_536;
/// Three digits of site and five of card, and within 24 bits: such numbers look different by every reading.
const IN_FRAME: (u32, u32) = (100_001, 16_765_535);

impl Access {
    /// A number to try a reader with, which nobody has, nor what any reading makes of it.
    ///
    /// # Errors
    /// The store, or no such number is free.
    pub fn reader_sample(&self, in_use: &[CodeInUse]) -> Result<u32, AccessError> {
        let taken = self.taken(in_use)?;
        let space = space(self.codes());
        for _ in 0..MOST_DRAWS {
            let drawn = space.draw().map_err(super::registry::CodeError::from)?;
            if let Some(number) = drawn.expose().parse().ok().filter(|number| self.is_free(*number, &taken)) {
                return Ok(number);
            }
        }
        Err(AccessError::Refused("no number is free to try the reader with"))
    }

    /// Whether nobody has this number, nor what any reading makes of it.
    ///
    /// # Errors
    /// The store.
    pub fn is_reader_sample(&self, number: u32, in_use: &[CodeInUse]) -> Result<bool, AccessError> {
        Ok(self.is_free(number, &self.taken(in_use)?))
    }

    fn taken(&self, in_use: &[CodeInUse]) -> Result<BTreeSet<Hash>, AccessError> {
        let mut taken = hashes(self.sealer(), in_use);
        taken.extend(self.store().with(|connection| own_hashes(connection, CodeKind::Number))?);
        Ok(taken)
    }

    fn is_free(&self, number: u32, taken: &BTreeSet<Hash>) -> bool {
        numbers_of(number).all(|number| !taken.contains(&of(self.sealer(), number)))
    }
}

/// What a door system may see of it, itself included.
fn numbers_of(number: u32) -> impl Iterator<Item = u32> {
    let readings = [Wiegand26::Off, Wiegand26::Linear, Wiegand26::SiteCard, Wiegand26::FixedSite { site: 0 }];
    readings.into_iter().map(move |reading| reading.seen(number))
}

fn of(sealer: &Sealer, number: u32) -> Hash {
    hash(sealer, CodeKind::Number, &number.to_string())
}

fn space(config: &CodesConfig) -> Space {
    let (from, to) = config.range();
    let (low, high) = match config.wiegand26 {
        // A number that fits no frame shows that there is none.
        Wiegand26::Off if to >= NO_FRAME_FROM => (from.max(NO_FRAME_FROM), to),
        Wiegand26::Off => (from, to),
        _ => return Space::Numbers { from: IN_FRAME.0, to: IN_FRAME.1, gaps: true },
    };
    Space::Numbers { from: low, to: high, gaps: false }
}

#[cfg(test)]
mod tests {
    use sync_core::model::{ExternalId, SecretText};

    use super::*;
    use crate::{AccessConfig, Settings, Store};

    fn access(codes: CodesConfig) -> Access {
        let settings = Settings { access: AccessConfig::default(), codes, zone: chrono_tz::Europe::London };
        Access::open(Store::in_memory().unwrap(), Sealer::for_this_process().unwrap(), settings).unwrap()
    }

    fn in_use(number: u32) -> CodeInUse {
        CodeInUse { holder: ExternalId::new("1"), kind: CodeKind::Number, code: SecretText::new(number.to_string()) }
    }

    #[test]
    fn a_sample_looks_different_by_every_reading_that_it_can_tell_apart() {
        let whole = access(CodesConfig::default());
        let framed = access(CodesConfig { wiegand26: Wiegand26::Linear, ..CodesConfig::default() });
        for _ in 0..200 {
            let number = whole.reader_sample(&[]).unwrap();
            assert_eq!(Wiegand26::explaining(number, number), [Wiegand26::Off], "{number}");
            let number = framed.reader_sample(&[]).unwrap();
            let seen: BTreeSet<u32> = numbers_of(number).collect();
            assert_eq!(seen.len(), 3, "whole and linear are one number, the others differ: {number}");
        }
    }

    #[test]
    fn a_number_that_somebody_has_by_any_reading_is_no_sample() {
        let access = access(CodesConfig::default());
        assert!(access.is_reader_sample(1_200_345, &[in_use(77)]).unwrap());
        for taken in [1_200_345, 1_820_697, 20_697] {
            assert!(!access.is_reader_sample(1_200_345, &[in_use(taken)]).unwrap(), "{taken}");
        }
        let one = CodesConfig { from: 5, to: 5, ..CodesConfig::default() };
        let access = super::tests::access(one);
        assert_eq!(access.reader_sample(&[]).unwrap(), 5);
        assert!(access.reader_sample(&[in_use(5)]).is_err());
    }
}
