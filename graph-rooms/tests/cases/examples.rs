//! Examples stay short.

#[test]
fn examples_are_short() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/examples");
    for name in ["rooms", "bookings", "watch"] {
        let text = std::fs::read_to_string(format!("{folder}/{name}.rs")).unwrap();
        assert!(text.lines().count() < 40, "{name}");
    }
}
