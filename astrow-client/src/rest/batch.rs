//! Batches that the server takes: 500 items, 4 MiB.

use serde::Serialize;
use uuid::Uuid;

use super::operation::LARGEST_BODY;

/// Cuts a list into batches, in order. An item that is too large by itself stands alone; the request refuses it then.
pub(crate) fn batches<T: Serialize>(items: &[T]) -> Vec<&[T]> {
    let mut batches = Vec::new();
    let (mut rest, mut count, mut bytes) = (items, 0, ENVELOPE);
    for item in items {
        let size = serde_json::to_vec(item).map_or(0, |text| text.len()) + 1;
        if count > 0 && (count == MOST_ITEMS || bytes + size > LARGEST_BODY) {
            let (batch, after) = rest.split_at(count);
            batches.push(batch);
            (rest, count, bytes) = (after, 0, ENVELOPE);
        }
        count += 1;
        bytes += size;
    }
    if !rest.is_empty() {
        batches.push(rest);
    }
    batches
}

/// The key of a batch: the first one's is the caller's own, the others follow from it.
pub(crate) fn key_of(key: Uuid, batch: usize) -> Uuid {
    let batch = u128::try_from(batch).unwrap_or_default();
    Uuid::from_u128(key.as_u128().wrapping_add(batch))
}

/// A list in its member, as batches are sent.
#[derive(Serialize)]
pub(crate) struct Items<'a, T> {
    pub(crate) items: &'a [T],
}

const MOST_ITEMS: usize = 500;
const ENVELOPE: usize = "{\"items\":[]}".len();

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn five_hundred_go_at_once() {
        let sizes = |count: usize| batches(&vec![1; count]).iter().map(|batch| batch.len()).collect::<Vec<_>>();
        assert_eq!(sizes(0), [0; 0]);
        assert_eq!(sizes(500), [500]);
        assert_eq!(sizes(1001), [500, 500, 1]);
    }

    #[test]
    fn keys_of_batches_differ_and_the_first_is_the_callers() {
        let key = Uuid::from_u128(u128::MAX);
        assert_eq!(key_of(key, 0), key);
        assert_eq!(key_of(key, 1), Uuid::nil());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(8))]
        #[test]
        fn nothing_is_lost_and_no_body_is_too_large(sizes in prop::collection::vec(0_usize..1_500_000, 0..12)) {
            let items: Vec<_> = sizes.iter().map(|size| "x".repeat(*size)).collect();
            let batches = batches(&items);
            prop_assert_eq!(batches.concat(), items.clone());
            for batch in batches {
                prop_assert!(!batch.is_empty());
                let body = serde_json::to_vec(&Items { items: batch }).unwrap();
                prop_assert!(body.len() <= LARGEST_BODY);
            }
        }
    }
}
