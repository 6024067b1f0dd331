//! PINs that a guesser tries first.
//!
//! Few on purpose: a long list would make the rest easier to guess.

use std::collections::BTreeSet;
use std::sync::OnceLock;

/// Among the most used PINs, and not caught by a rule below.
const MOST_USED: [&str; 34] = [
    "1004",
    "6969",
    "1313",
    "1122",
    "1342",
    "1230",
    "1236",
    "2468",
    "1357",
    "1379",
    "1397",
    "7410",
    "8520",
    "9630",
    "0007",
    "1112",
    "1113",
    "2001",
    "12344",
    "13579",
    "24680",
    "11223",
    "112233",
    "123654",
    "147258",
    "159753",
    "789456",
    "456789",
    "102030",
    "147258369",
    "1478963",
    "1472583",
    "11223344",
    "14725836",
];

/// Up and down the columns, rows and diagonals of a keypad.
const KEYPAD_LINES: [&str; 8] = ["2580", "1470", "3690", "147", "369", "159", "357", "258"];

/// Whether a PIN is one of those that are refused.
pub(super) fn is_weak(pin: &str) -> bool {
    pin.parse().is_ok_and(|number| weak(pin.len()).contains(&number))
}

/// How many PINs of this length are refused.
pub(super) fn weak_count(digits: u8) -> u64 {
    weak(digits.into()).len() as u64
}

fn weak(digits: usize) -> &'static BTreeSet<u32> {
    static SETS: [OnceLock<BTreeSet<u32>>; 5] = [const { OnceLock::new() }; 5];
    static NONE: BTreeSet<u32> = BTreeSet::new();
    let set = digits.checked_sub(4).and_then(|place| SETS.get(place));
    set.map_or(&NONE, |set| set.get_or_init(|| collect(digits)))
}

fn collect(digits: usize) -> BTreeSet<u32> {
    let repeated = (1..digits).filter(|block| digits.is_multiple_of(*block)).flat_map(|block| {
        let blocks = 10_u32.pow(u32::try_from(block).unwrap_or(0));
        (0..blocks).map(move |number| format!("{number:0block$}").repeat(digits / block))
    });
    let runs = (0..10).flat_map(|first| [1, 9].map(|step| run(first, step, digits)));
    let years = (1900..2100).filter(|_| digits == 4).map(|year: u32| year.to_string());
    let listed = MOST_USED.into_iter().chain(KEYPAD_LINES).filter(|pin| pin.len() == digits);
    let both_ways = listed.flat_map(|pin| [pin.to_owned(), pin.chars().rev().collect()]);
    let columns = KEYPAD_LINES.into_iter().flat_map(|first| {
        KEYPAD_LINES.into_iter().filter(move |second| first.len() + second.len() == digits).flat_map(move |second| {
            let back = |line: &str| line.chars().rev().collect::<String>();
            [format!("{first}{second}"), format!("{}{}", back(first), back(second)), format!("{first}{}", back(second))]
        })
    });
    let all = repeated.chain(runs).chain(years).chain(both_ways).chain(columns);
    all.filter_map(|pin| pin.parse().ok()).collect()
}

/// Digits each one `step` above the last, from 9 on to 0.
fn run(first: u32, step: u32, digits: usize) -> String {
    (0..digits)
        .scan(first, |digit, _| {
            let shown = *digit;
            *digit = (*digit + step) % 10;
            char::from_digit(shown, 10)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_everybody_tries_first_is_refused() {
        for pin in [
            "0000", "9999", "1234", "4321", "7890", "8901", "3210", "1098", "1212", "123123", "1900", "1984", "2099",
            "2580", "0852", "147258", "1111111", "12341234", "01234567", "98765432", "55555", "78901",
        ] {
            assert!(is_weak(pin), "{pin}");
        }
    }

    #[test]
    fn ordinary_ones_are_not() {
        for pin in ["4821", "1899", "2100", "1935462", "0481", "90210", "482193", "48219357"] {
            assert!(!is_weak(pin), "{pin}");
        }
        assert!(!is_weak("") && !is_weak("123") && !is_weak("x234") && !is_weak("123456789"));
    }

    #[test]
    fn less_than_a_twentieth_of_any_length_is_refused() {
        for digits in 4..=8_u8 {
            let (weak, all) = (weak_count(digits), 10_u64.pow(digits.into()));
            assert!(weak > 30 && weak * 20 < all, "{weak} of {all}");
        }
    }

    #[test]
    fn the_count_is_what_is_refused() {
        let refused = (0..100_000).filter(|number| is_weak(&format!("{number:05}"))).count() as u64;
        assert_eq!(refused, weak_count(5));
    }
}
