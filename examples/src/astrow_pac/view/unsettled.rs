//! Which of the shown events may still get another outcome, and what was said of them: a byte for each event.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

/// Numbers in a block; a block is one document in the journal.
const BLOCK: u64 = 1024;
/// From here on a mark is that of a rejected event.
const REFUSED: u8 = 128;

/// What was said of an event; equal words give equal marks, other words nearly always another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark(u8);

/// How likely another outcome is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tier {
    /// It is still to come.
    Open,
    /// Only where a person orders it.
    Refused,
}

/// Marks by the numbers of events, as small as they can be: a site may be behind by millions.
#[derive(Clone, Debug, Default)]
pub(super) struct Unsettled {
    blocks: BTreeMap<u64, Vec<u8>>,
    /// Blocks that differ from what is in the journal.
    dirty: BTreeSet<u64>,
}

impl Mark {
    /// Nothing will come any more.
    pub(super) const SETTLED: Self = Self(0);

    pub(super) fn open(words: &str) -> Self {
        Self(1 + digest(words) % (REFUSED - 1))
    }

    pub(super) fn refused(words: &str) -> Self {
        Self(REFUSED | digest(words))
    }

    fn is_of(self, tier: Tier) -> bool {
        match tier {
            Tier::Open => (1..REFUSED).contains(&self.0),
            Tier::Refused => self.0 >= REFUSED,
        }
    }
}

impl Unsettled {
    /// From the documents of an earlier process; whatever does not read back counts as settled.
    pub(super) fn read(documents: Vec<(String, Value)>) -> Self {
        let mut read = Self::default();
        for (key, value) in documents {
            let Ok(number) = u64::from_str_radix(&key, 16) else { continue };
            match unpacked(&value) {
                Some(block) => _ = read.blocks.insert(number, block),
                None => _ = read.dirty.insert(number),
            }
        }
        read
    }

    pub(super) fn mark(&self, seq: u64) -> Mark {
        let block = self.blocks.get(&(seq / BLOCK));
        Mark(block.and_then(|block| block.get(place(seq))).copied().unwrap_or_default())
    }

    pub(super) fn set(&mut self, seq: u64, mark: Mark) {
        if self.mark(seq) == mark {
            return;
        }
        let number = seq / BLOCK;
        let block = self.blocks.entry(number).or_insert_with(empty);
        if let Some(byte) = block.get_mut(place(seq)) {
            *byte = mark.0;
        }
        if block.iter().all(|byte| *byte == 0) {
            self.blocks.remove(&number);
        }
        self.dirty.insert(number);
    }

    /// Numbers from this one on, in order.
    pub(super) fn from(&self, seq: u64, tier: Tier, most: usize) -> Vec<u64> {
        let blocks = self.blocks.range(seq / BLOCK..);
        blocks.flat_map(|(number, block)| marked(*number, block, tier)).filter(|n| *n >= seq).take(most).collect()
    }

    /// The newest ones, in order.
    pub(super) fn newest(&self, tier: Tier, most: usize) -> Vec<u64> {
        let blocks = self.blocks.iter().rev();
        let newest = blocks.flat_map(|(number, block)| marked(*number, block, tier).rev());
        let mut newest: Vec<u64> = newest.take(most).collect();
        newest.reverse();
        newest
    }

    /// The log no longer has what comes before.
    pub(super) fn forget_below(&mut self, first: u64) {
        let whole: Vec<u64> = self.blocks.range(..first / BLOCK).map(|(number, _)| *number).collect();
        for number in whole {
            self.blocks.remove(&number);
            self.dirty.insert(number);
        }
        for seq in first / BLOCK * BLOCK..first {
            self.set(seq, Mark::SETTLED);
        }
    }

    pub(super) fn clear(&mut self) {
        self.dirty.extend(std::mem::take(&mut self.blocks).into_keys());
    }

    /// Documents that are to be written, and to be deleted where they have no value.
    pub(super) fn changes(&self) -> impl Iterator<Item = (String, Option<Value>)> {
        self.dirty.iter().map(|number| (format!("{number:016x}"), self.blocks.get(number).map(|block| packed(block))))
    }

    pub(super) fn written(&mut self) {
        self.dirty.clear();
    }
}

fn empty() -> Vec<u8> {
    vec![0; usize::try_from(BLOCK).unwrap_or_default()]
}

fn place(seq: u64) -> usize {
    usize::try_from(seq % BLOCK).unwrap_or_default()
}

fn marked(number: u64, block: &[u8], tier: Tier) -> impl DoubleEndedIterator<Item = u64> {
    let marks = (number * BLOCK..).zip(block).map(|(seq, byte)| (seq, Mark(*byte)));
    let numbers: Vec<u64> = marks.filter(|(_, mark)| mark.is_of(tier)).map(|(seq, _)| seq).collect();
    numbers.into_iter()
}

/// Neighbours mostly have the same mark: a length, a mark, and so on.
fn packed(block: &[u8]) -> Value {
    let runs = block.chunk_by(|a, b| a == b);
    json!(runs.flat_map(|run| [run.len(), run.first().copied().unwrap_or_default().into()]).collect::<Vec<_>>())
}

fn unpacked(value: &Value) -> Option<Vec<u8>> {
    let numbers: Option<Vec<u64>> = value.as_array()?.iter().map(Value::as_u64).collect();
    let mut block = Vec::new();
    for run in numbers?.chunks(2) {
        let [length, mark] = run else { return None };
        let length = usize::try_from(*length).ok().filter(|length| *length <= empty().len())?;
        block.resize(block.len() + length, u8::try_from(*mark).ok()?);
    }
    Some(block).filter(|block| block.len() == empty().len())
}

/// Seven bits of some words.
fn digest(words: &str) -> u8 {
    words.bytes().fold(7_u8, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte)) % REFUSED
}

#[cfg(test)]
mod tests {
    use super::*;

    fn documents(of: &Unsettled) -> Vec<(String, Value)> {
        of.changes().filter_map(|(key, value)| Some((key, value?))).collect()
    }

    #[test]
    fn marks_are_found_in_order_and_by_tier() {
        let mut unsettled = Unsettled::default();
        for seq in [5, 1023, 1024, 90_000] {
            unsettled.set(seq, Mark::open("later"));
        }
        unsettled.set(6, Mark::refused("repeat-swipe"));
        assert_eq!(unsettled.from(0, Tier::Open, 3), [5, 1023, 1024]);
        assert_eq!(unsettled.from(1024, Tier::Open, 9), [1024, 90_000]);
        assert_eq!(unsettled.newest(Tier::Open, 2), [1024, 90_000]);
        assert_eq!(unsettled.from(0, Tier::Refused, 9), [6]);
        unsettled.forget_below(1024);
        assert_eq!(unsettled.from(0, Tier::Open, 9), [1024, 90_000]);
        assert_eq!(unsettled.from(0, Tier::Refused, 9), [0_u64; 0]);
    }

    #[test]
    fn what_is_written_reads_back_and_what_is_settled_leaves_no_document() {
        let mut unsettled = Unsettled::default();
        for seq in 0..3_000 {
            unsettled.set(seq, if seq % 3 == 0 { Mark::open("a") } else { Mark::refused("b") });
        }
        let again = Unsettled::read(documents(&unsettled));
        assert!((0..3_100).all(|seq| again.mark(seq) == unsettled.mark(seq)));
        unsettled.written();
        for seq in 0..1_024 {
            unsettled.set(seq, Mark::SETTLED);
        }
        assert_eq!(unsettled.changes().collect::<Vec<_>>(), [("0".repeat(16), None)]);
    }

    #[test]
    fn a_backlog_of_a_million_takes_little_room() {
        let mut unsettled = Unsettled::default();
        for seq in 0..1_000_000 {
            unsettled.set(seq, Mark::open("not looked at yet"));
        }
        let memory: usize = unsettled.blocks.values().map(Vec::len).sum();
        let stored: usize = documents(&unsettled).iter().map(|(key, value)| key.len() + value.to_string().len()).sum();
        assert!(memory <= 1_100_000 && stored <= 100_000, "{memory} {stored}");
    }

    #[test]
    fn a_document_that_somebody_spoiled_is_written_anew() {
        for spoiled in [json!("x"), json!([1]), json!([1024, 256]), json!([9_999_999, 1]), json!([-1, 1]), json!([])] {
            let read = Unsettled::read(vec![("0".to_owned(), spoiled)]);
            assert_eq!(read.mark(0), Mark::SETTLED);
            assert_eq!(read.changes().count(), 1);
        }
    }

    #[test]
    fn the_tier_stands_in_the_mark() {
        for words in ["", "a", "not looked at yet", "repeat-swipe", "terminal-not-in-group: TG-DOCK"] {
            assert!(Mark::open(words).is_of(Tier::Open) && Mark::refused(words).is_of(Tier::Refused));
        }
    }
}
