//! Uids in order.

/// The uids of a list, sorted by numbers that mostly tell them apart.
#[derive(Debug)]
pub(crate) struct Uids<'u> {
    /// By uid, equal ones in the order of the list: eight bytes of it, and its place in the list.
    sorted: Vec<(u64, u32)>,
    uids: Vec<&'u str>,
}

impl<'u> Uids<'u> {
    /// Sorts a list, of which no more are looked at than 32 bits count.
    pub(crate) fn of(uids: impl Iterator<Item = &'u str>) -> Self {
        let uids: Vec<&str> = uids.collect();
        let first = uids.first().copied().unwrap_or_default();
        let common = uids.iter().fold(first.len(), |common, uid| {
            let same = first.bytes().zip(uid.bytes()).take(common);
            same.take_while(|(one, other)| one == other).count()
        });
        let numbers = uids.iter().map(|uid| eight_bytes(uid, common));
        let mut sorted: Vec<(u64, u32)> = numbers.zip(0..).collect();
        let uid = |at: u32| uids.get(at as usize);
        sorted.sort_unstable_by(|one, other| {
            one.0.cmp(&other.0).then_with(|| (uid(one.1), one.1).cmp(&(uid(other.1), other.1)))
        });
        Self { sorted, uids }
    }

    /// The places of each two that are equal and next to each other, the earlier one first.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (usize, usize)> {
        self.neighbours().filter(|(_, _, same)| *same).map(|(one, other, _)| (one, other))
    }

    /// For each in the list a number that compares as it does.
    pub(crate) fn ranks(&self) -> Vec<u32> {
        let mut ranks = vec![0; self.uids.len()];
        let mut rank = 0;
        for (_, at, same) in self.neighbours() {
            rank += u32::from(!same);
            if let Some(place) = ranks.get_mut(at) {
                *place = rank;
            }
        }
        ranks
    }

    /// Each with the one before it, and whether they are equal.
    fn neighbours(&self) -> impl Iterator<Item = (usize, usize, bool)> {
        let uid = |at: u32| self.uids.get(at as usize);
        self.sorted.windows(2).filter_map(move |two| match two {
            [one, other] => Some((one.1 as usize, other.1 as usize, one.0 == other.0 && uid(one.1) == uid(other.1))),
            _ => None,
        })
    }
}

/// The eight bytes from a place on as a number that compares like them; what is missing counts as zero.
fn eight_bytes(text: &str, from: usize) -> u64 {
    let rest = text.as_bytes().get(from..).unwrap_or_default();
    if let Some(eight) = rest.first_chunk::<8>() {
        return u64::from_be_bytes(*eight);
    }
    let mut bytes = [0; 8];
    for (byte, of_text) in bytes.iter_mut().zip(rest) {
        *byte = *of_text;
    }
    u64::from_be_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_compare_as_the_uids_do() {
        let uids = ["b", "series-2-long", "series-10-long", "", "b", "series-2", "series-2\0", "series-2-long", "ä"];
        let ranks = Uids::of(uids.into_iter()).ranks();
        for (one, rank) in uids.iter().zip(&ranks) {
            for (other, other_rank) in uids.iter().zip(&ranks) {
                assert_eq!(one.cmp(other), rank.cmp(other_rank), "{one} {other}");
            }
        }
        assert!(Uids::of([].into_iter()).ranks().is_empty());
    }

    #[test]
    fn equal_ones_are_paired_in_their_order() {
        let uids = ["x-1", "x-2", "x-1", "x-3", "x-1", "x-2"];
        let pairs: Vec<_> = Uids::of(uids.into_iter()).pairs().collect();
        assert_eq!(pairs, [(0, 2), (2, 4), (1, 5)]);
    }
}
