//! Switches: which of the ways that the contract allows this server follows.

bridge_switches! {
    /// Version in `info`; below 4.11 everything else is refused.
    version: String = "4.11.2".to_owned(),
    /// One record with both times instead of two events, also without a profile that says so.
    visits: bool = false,
    /// Whoever is still on site at 23:59 is signed out by the system.
    auto_sign_out: bool = true,
    /// The filter for types of people does nothing: visitors and students are among the answers.
    ignore_person_type: bool = false,
    /// Records say nothing about when they were changed, and the filter for it does nothing.
    without_updated_at: bool = false,
    /// People have a display name and no other.
    display_names_only: bool = false,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn switches_are_set_by_name() {
        let mut switches = Switches::default();
        for (name, value) in [("version", "4.10.3"), ("visits", "on"), ("forbidden", "events"), ("error_every", "3")] {
            switches.set(name, value).unwrap();
        }
        assert_eq!((switches.version.as_str(), switches.visits, switches.error_every), ("4.10.3", true, 3));
        assert!(switches.set("locked_by", "desk").is_err());
    }
}
