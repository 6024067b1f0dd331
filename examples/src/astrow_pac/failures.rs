//! Of many small writes: which failure ends them, and how many are told.

use sync_core::connector::ErrorClass;
use sync_service::{ChoreReport, Trouble};

/// So many failures of a run are told one by one.
const TOLD: usize = 50;

/// Whether the next one would fail like this one.
pub(super) fn is_about_everything(class: ErrorClass) -> bool {
    use ErrorClass::{Auth, Config, InDoubt, RateLimited, Transient};
    matches!(class, Transient | RateLimited | InDoubt | Auth | Config)
}

/// Puts it into the report, where the first of many are named.
pub(super) fn tell(report: &mut ChoreReport, trouble: Trouble) {
    match report.troubles.len() {
        known if known < TOLD => report.troubles.push(trouble),
        TOLD => report.troubles.push(Trouble::new("more", "failed like these")),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_failures_are_told_in_few_words() {
        let mut report = ChoreReport::default();
        (0..200).for_each(|n| tell(&mut report, Trouble::new(format!("booking {n}"), "refused")));
        assert_eq!(report.troubles.len(), TOLD + 1);
    }
}
