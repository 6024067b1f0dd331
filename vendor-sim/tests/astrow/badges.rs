use serde_json::json;

use crate::client::{quiet, signed_in, sim};
use crate::employees::teo;

#[tokio::test]
async fn without_the_option_hex_codes_become_decimal() {
    let sim = sim();
    let caller = signed_in(&sim).await;
    let mut new = teo();
    (new["badgeNo"], new["badgeBase"]) = (json!("4D9D13"), json!("hex"));
    let made = caller.post("employees", &new).await.body;
    assert_eq!((&made["badgeNo"], &made["badgeBase"]), (&json!("5086483"), &json!("dec")));
    assert!(sim.world(|w| w.employee_with_badge("4D9D13").is_none() && w.employee_with_badge("05086483").is_some()));
}

#[tokio::test]
async fn with_the_option_hex_codes_are_kept_and_compared_by_value() {
    let sim = quiet().hex_badges(true).start_blocking().unwrap();
    let caller = signed_in(&sim).await;
    assert_eq!(caller.get("info").await.body["hexBadges"], true);
    assert_eq!(sim.world(|w| w.employee(1001).unwrap().badge_no.clone()).unwrap(), "65");
    let mut new = teo();
    (new["badgeNo"], new["badgeBase"]) = (json!("0c0009"), json!("hex"));
    let made = caller.post("employees", &new).await.body;
    assert_eq!((&made["badgeNo"], &made["badgeBase"]), (&json!("0C0009"), &json!("hex")));
    for text in ["0C0009", "c0009", "C0009"] {
        assert!(sim.world(|w| w.employee_with_badge(text).is_some()), "{text}");
    }
    (new["badgeNo"], new["badgeBase"]) = (json!("786441"), json!("dec"));
    assert_eq!(caller.post("employees", &new).await.problem(), (409, "badge-in-use"));
    (new["badgeNo"], new["badgeBase"]) = (json!("213"), json!("dec"));
    assert_eq!(caller.post("employees", &new).await.body["badgeBase"], "dec");
    assert!(sim.world(|w| w.employee_with_badge("D5").is_some() && w.employee_with_badge("213").is_some()));
}
