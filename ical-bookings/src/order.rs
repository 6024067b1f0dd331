//! The bookings of a snapshot in their order.

use crate::Booking;
use crate::found::{Found, Rank, Stay};
use crate::uids::Uids;

/// The bookings by start, uid and instance; of two versions in two calendars the later.
pub(crate) fn ordered(found: Found) -> Vec<Booking> {
    let Found { mut models, mut stays, ranks, .. } = found;
    if let Some(ranks) = ranks {
        stays = latest(&mut models, stays.into_iter().zip(ranks).collect());
    }
    let keys = sorted_keys(&models, &stays);
    let each_its_own = stays.len() == models.len() && stays.iter().zip(0..).all(|(stay, at)| stay.model == at);
    if each_its_own {
        for (model, stay) in models.iter_mut().zip(&stays) {
            stay.put_into(model);
        }
        arrange(&mut models, keys.into_iter().map(|key| key.at as usize).collect());
        return models;
    }
    let mut bookings = Vec::with_capacity(stays.len());
    for stay in keys.iter().filter_map(|key| stays.get(key.at as usize)) {
        if let Some(model) = models.get(stay.model) {
            let mut booking = model.clone();
            stay.put_into(&mut booking);
            bookings.push(booking);
        }
    }
    bookings
}

/// Puts a list into an order, told by where each stands now; without a second list, since a feed may hold many.
fn arrange<T>(list: &mut [T], mut order: Vec<usize>) {
    for first in 0..list.len() {
        let mut place = first;
        // From place to place, until the circle is closed; what is in its place stands where it is.
        while let Some(from) = order.get_mut(place).map(|from| std::mem::replace(from, place))
            && from != first
            && from != place
        {
            list.swap(place, from);
            place = from;
        }
    }
}

/// The latest version of each key. Rooms that versions of the same number show are put together.
fn latest(models: &mut Vec<Booking>, stays: Vec<(Stay, Rank)>) -> Vec<Stay> {
    let uid = |stay: &Stay| models.get(stay.model).map(|model| &model.uid);
    let mut ranked: Vec<_> = stays.into_iter().enumerate().collect();
    ranked.sort_by(|(at, (one, rank)), (other_at, (other, other_rank))| {
        let by_key = (uid(one), one.instance).cmp(&(uid(other), other.instance));
        by_key.then_with(|| other_rank.cmp(rank)).then_with(|| other_at.cmp(at))
    });
    let mut kept: Vec<(Stay, u64)> = Vec::with_capacity(ranked.len());
    for (_, (stay, rank)) in ranked {
        match kept.last_mut() {
            Some((known, sequence)) if is_same(models, known, &stay) => {
                if *sequence == rank.sequence {
                    merge(models, known, &stay);
                }
            }
            _ => kept.push((stay, rank.sequence)),
        }
    }
    kept.into_iter().map(|(stay, _)| stay).collect()
}

fn is_same(models: &[Booking], one: &Stay, other: &Stay) -> bool {
    let uid = |stay: &Stay| models.get(stay.model).map(|model| &model.uid);
    uid(one) == uid(other) && one.instance == other.instance
}

/// Gives one booking the resources of another, if they differ in nothing else.
fn merge(models: &mut Vec<Booking>, known: &mut Stay, other: &Stay) {
    let (Some(model), Some(other_model)) = (models.get(known.model), models.get(other.model)) else { return };
    let same = (known.start, known.end, known.status) == (other.start, other.end, other.status)
        && model.people == other_model.people;
    if same {
        let new = other_model.resources.iter().filter(|name| !model.resources.contains(name));
        let resources = model.resources.iter().chain(new).cloned().collect();
        let merged = Booking { resources, ..model.clone() };
        known.model = models.len();
        models.push(merged);
    }
}

/// What a booking is sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct SortKey {
    start: i64,
    /// Compares as its uid does.
    uid: u32,
    /// Where it stands.
    at: u32,
}

fn sorted_keys(models: &[Booking], stays: &[Stay]) -> Vec<SortKey> {
    let uids = Uids::of(models.iter().map(|model| &*model.uid)).ranks();
    let keys = (0..).zip(stays).map(|(at, stay)| {
        let uid = uids.get(stay.model).copied().unwrap_or_default();
        SortKey { start: stay.start.timestamp_micros(), uid, at }
    });
    let mut keys: Vec<SortKey> = keys.collect();
    keys.sort_unstable();
    // Those of one series mostly stand in the order of their instances already.
    for same in keys.chunk_by_mut(|one, other| (one.start, one.uid) == (other.start, other.uid)) {
        if same.len() > 1 {
            same.sort_by_key(|key| stays.get(key.at as usize).map(|stay| stay.instance));
        }
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_list_is_put_into_any_order(order in Just((0..40).collect::<Vec<usize>>()).prop_shuffle(), length in 0_usize..40) {
            let order: Vec<usize> = order.into_iter().filter(|at| *at < length).collect();
            let mut list: Vec<usize> = (0..length).collect();
            arrange(&mut list, order.clone());
            prop_assert_eq!(list, order);
        }
    }
}
