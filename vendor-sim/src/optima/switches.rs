//! Switches: which of the ways that the contract allows this server follows.

bridge_switches! {
    /// Changes and writes find every badge open at a workstation: 409 for all writes; empty: nobody has it open.
    locked_by: String = String::new(),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn switches_are_set_by_name() {
        let mut switches = Switches::default();
        for (name, value) in
            [("without", "changes,events.follow"), ("numeric_ids", "on"), ("times", "local"), ("page_size", "2")]
        {
            switches.set(name, value).unwrap();
        }
        assert_eq!(switches.without, ["changes", "events.follow"]);
        assert!(switches.numeric_ids && switches.page_size == 2);
        assert!(switches.set("colour", "red").is_err() && switches.merge(&serde_json::json!({ "x": 1 })).is_err());
    }
}
