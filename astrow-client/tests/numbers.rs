//! Badge numbers of PAC in the forms of Astrow, there and back.
#![allow(clippy::unwrap_used, reason = "a test may stop")]

use astrow_client::number::{Badge, NumberError, NumberForm, person_badge, person_of_badge};
use proptest::prelude::*;

use NumberForm::{Decimal, Hexadecimal};

fn badge(kind: &str, number: &str, facility: Option<u32>) -> Badge {
    Badge::new(kind, number, facility).unwrap()
}

#[test]
fn the_three_kinds_have_the_numbers_of_the_contract() {
    for (badge, decimal, hexadecimal) in [
        (badge("pac-prox", "8E4C0A1F", None), "2387347999", "8E4C0A1F"),
        (badge("wiegand26", "40211", Some(77)), "5086483", "4D9D13"),
        (badge("wiegand26", "9", Some(12)), "786441", "0C0009"),
        (badge("oneprox", "04A1B2C3D4E580", None), "1303689068602752", "04A1B2C3D4E580"),
    ] {
        assert_eq!(badge.in_form(Decimal).as_deref(), Ok(decimal));
        assert_eq!(badge.in_form(Hexadecimal).as_deref(), Ok(hexadecimal));
        assert_eq!(Badge::from_astrow(badge.kind(), decimal, Decimal), Ok(badge.clone()));
        assert_eq!(Badge::from_astrow(badge.kind(), hexadecimal, Hexadecimal), Ok(badge));
    }
    assert_eq!(person_badge(213, Decimal), "213");
    assert_eq!(person_badge(213, Hexadecimal), "D5");
}

#[test]
fn a_badge_with_letters_has_no_number() {
    let named = badge("pac-prox", "CARD0123", None);
    for form in [Decimal, Hexadecimal] {
        let error = named.in_form(form).unwrap_err();
        assert_eq!((error, error.name()), (NumberError::NotNumeric, "not-numeric"));
    }
    assert_eq!(named.both_orders().unwrap_err(), NumberError::NotNumeric);
}

#[test]
fn what_is_no_badge_says_why() {
    for (kind, number, facility, why) in [
        ("pac-prox", "8E4C0A1", None, "wrong-length"),
        ("pac-prox", "8E4C0A1*", None, "not-numeric"),
        ("pac-prox", "8E4C0A1F", Some(1), "not-canonical"),
        ("wiegand26", "40211", None, "facility-missing"),
        ("wiegand26", "40211", Some(256), "out-of-range"),
        ("wiegand26", "65536", Some(1), "out-of-range"),
        ("wiegand26", "007", Some(1), "not-canonical"),
        ("wiegand26", "-7", Some(1), "not-numeric"),
        ("wiegand26", "", Some(1), "not-numeric"),
        ("oneprox", "04A", None, "wrong-length"),
        ("oneprox", "04", None, "wrong-length"),
        ("oneprox", "04AG", None, "not-numeric"),
        ("oneprox", "öööö", None, "not-numeric"),
        ("mifare", "04A1", None, "unknown-kind"),
        ("mifare", "04A1", Some(1), "unknown-kind"),
    ] {
        assert_eq!(Badge::new(kind, number, facility).unwrap_err().name(), why, "{kind} {number}");
    }
    assert_eq!(badge("oneprox", &"AB".repeat(9), None).in_form(Decimal).unwrap_err().name(), "wrong-length");
    assert_eq!(Badge::from_astrow("wiegand26", "16777216", Decimal).unwrap_err().name(), "out-of-range");
    assert_eq!(Badge::from_astrow("pac-prox", "4294967296", Decimal).unwrap_err().name(), "out-of-range");
    assert_eq!(person_of_badge("4294967296", Decimal).unwrap_err().name(), "out-of-range");
}

#[test]
fn a_check_of_a_badge_shows_both_byte_orders() {
    let (forward, turned) = badge("pac-prox", "8E4C0A1F", None).both_orders().unwrap();
    assert_eq!((forward.decimal.as_str(), forward.hexadecimal.as_str()), ("2387347999", "8E4C0A1F"));
    assert_eq!((turned.decimal.as_str(), turned.hexadecimal.as_str()), ("520768654", "1F0A4C8E"));
    let (_, turned) = badge("wiegand26", "9", Some(12)).both_orders().unwrap();
    assert_eq!(turned.hexadecimal, "09000C");
}

#[test]
fn numbers_of_badges_are_not_shown() {
    let shown = badge("pac-prox", "8E4C0A1F", None);
    assert!(!format!("{shown:?} {:?}", shown.both_orders()).contains("8E4C"));
}

proptest! {
    #[test]
    fn proximity_cards_come_back(value: u32) {
        let made = badge("pac-prox", &format!("{value:08x}"), None);
        for form in [Decimal, Hexadecimal] {
            let text = made.in_form(form).unwrap();
            prop_assert_eq!(Badge::from_astrow("pac-prox", &text, form), Ok(made.clone()));
        }
    }

    #[test]
    fn wiegand_cards_come_back(facility: u8, number: u16) {
        let made = badge("wiegand26", &number.to_string(), Some(facility.into()));
        for form in [Decimal, Hexadecimal] {
            let text = made.in_form(form).unwrap();
            prop_assert_eq!(Badge::from_astrow("wiegand26", &text, form), Ok(made.clone()));
        }
        prop_assert_eq!(Badge::new(made.kind(), &made.number(), made.facility()), Ok(made));
    }

    /// All but leading zero bytes, of which the decimal form knows nothing.
    #[test]
    fn smart_cards_come_back(first in 1u8.., rest in proptest::collection::vec(any::<u8>(), 1..8)) {
        let bytes: Vec<u8> = std::iter::once(first).chain(rest).collect();
        let digits = bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02X}"));
        let made = badge("oneprox", &digits, None);
        for form in [Decimal, Hexadecimal] {
            let text = made.in_form(form).unwrap();
            prop_assert_eq!(Badge::from_astrow("oneprox", &text, form), Ok(made.clone()));
        }
        let (_, turned) = made.both_orders().unwrap();
        let (_, back) = badge("oneprox", &turned.hexadecimal, None).both_orders().unwrap();
        prop_assert_eq!(back.hexadecimal, digits);
    }

    #[test]
    fn people_come_back(id: u32) {
        for form in [Decimal, Hexadecimal] {
            prop_assert_eq!(person_of_badge(&person_badge(id, form), form), Ok(id));
        }
    }

    #[test]
    fn any_text_is_a_badge_or_an_error(kind in "pac-prox|wiegand26|oneprox|.*", number in ".*", facility: Option<u32>) {
        if let Ok(made) = Badge::new(&kind, &number, facility) {
            let _ = (made.in_form(Decimal), made.in_form(Hexadecimal), made.both_orders());
        }
        let _ = (Badge::from_astrow(&kind, &number, Decimal), Badge::from_astrow(&kind, &number, Hexadecimal));
    }
}
