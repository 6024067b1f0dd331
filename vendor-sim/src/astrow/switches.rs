//! Switches: what goes wrong, and which of the ways that the contract leaves open this server follows.

use anyhow::Context;
use serde::{Deserialize, Serialize};

use crate::switching;

/// All switches with their defaults.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
#[expect(clippy::struct_excessive_bools, reason = "each is an independent oddity")]
pub struct Switches {
    /// So many calls from now on fail with 500 and are not carried out.
    pub http_500: u64,
    /// Every answer takes so long, by the time of this machine.
    pub delay_ms: u64,
    /// So many signed-in calls from now on find their session ended.
    pub token_expire: u64,
    /// Before so many of the next writes somebody else edits the employee.
    pub etag_race: u64,
    /// So many of the next questions for changes find their cursor expired.
    pub cursor_expired: u64,
    /// Licences that are gone, whatever the world says.
    pub licence_off: Vec<String>,
    /// Nobody has the permission to connect by API.
    pub permission_off: bool,
    /// So many calls from now on, sign-in apart, are carried out and get no answer.
    pub drop_response: u64,
    /// Of so many of the next files only the first half is taken.
    pub file_incomplete: u64,
    /// So many of the next files are refused whole.
    pub file_failed: u64,
    /// Milliseconds by the simulator's clock between a file's import and its way to its result folder.
    pub slow_move: u64,
    /// Lists and exports of employees are empty.
    pub empty_employees: bool,
    /// Lists and exports of employees end after the first half.
    pub half_employees: bool,

    /// Calls in one second of the simulator's clock before 429; 0: no limit (the contract has 20).
    pub rate_limit: u64,
    /// A POST without an `Idempotency-Key` is refused, sign-in apart.
    pub key_required: bool,
    /// Largest page, whatever the caller asks for; 0: as the contract says.
    pub page_size: u64,
    /// Access groups of employees must be among the definitions, once these were put.
    pub check_groups: bool,
    /// For so many days changes are kept.
    pub changes_days: i64,
    /// Bookings may lie so many minutes in the future.
    pub future_minutes: i64,
    /// Bookings may lie so many days in the past.
    pub past_days: i64,

    /// Files of bookings begin with a header line.
    pub csv_header: bool,
    /// Format of date and time in files of bookings.
    pub date_format: String,
    /// Files of bookings have fields of fixed width instead of commas.
    pub fixed_width: bool,
    /// One line of the export of bookings.
    pub export_line: String,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            http_500: 0,
            delay_ms: 0,
            token_expire: 0,
            etag_race: 0,
            cursor_expired: 0,
            licence_off: Vec::new(),
            permission_off: false,
            drop_response: 0,
            file_incomplete: 0,
            file_failed: 0,
            slow_move: 0,
            empty_employees: false,
            half_employees: false,
            rate_limit: 0,
            key_required: false,
            page_size: 0,
            check_groups: true,
            changes_days: 30,
            future_minutes: 10,
            past_days: 400,
            csv_header: true,
            date_format: "dd/MM/yyyy HH:mm".to_owned(),
            fixed_width: false,
            export_line: "$EMPLOYEENR$;$DATETIME$;$DIRECTION$;$SERIALNUMBER$;$MCCODE$;$CCCODE$;$SYNCED$".to_owned(),
        }
    }
}

/// The faults by the names that the contract gives them.
const FAULTS: [&str; 13] = [
    "http-500",
    "delay-ms",
    "token-expire",
    "etag-race",
    "cursor-expired",
    "licence-off",
    "permission-off",
    "drop-response",
    "file-incomplete",
    "file-failed",
    "slow-move",
    "empty-employees",
    "half-employees",
];

impl Switches {
    /// Sets one switch by name from text: `on`, `off`, a number, a word, or a list with commas.
    ///
    /// # Errors
    /// Unknown name, or a value that does not fit.
    pub fn set(&mut self, name: &str, value: &str) -> anyhow::Result<()> {
        *self = switching::set(self, name, value)?;
        Ok(())
    }

    /// Switches a fault on as `http-500=3`, `etag-race`, `licence-off=roll-call`, `permission-off=off`.
    ///
    /// # Errors
    /// There is no such fault, or the value does not fit.
    pub fn fault(&mut self, text: &str) -> anyhow::Result<()> {
        let (name, value) = text.split_once('=').map_or((text, None), |(name, value)| (name, Some(value)));
        let known = FAULTS.iter().find(|known| **known == name.trim());
        let known = known.with_context(|| format!("'{name}' is no fault; there are {}", FAULTS.join(", ")))?;
        let usual = match *known {
            "delay-ms" | "slow-move" => Some("1000"),
            "licence-off" => None,
            _ => Some("1"),
        };
        let value = value.or(usual).with_context(|| format!("{known} needs a value, as {known}=roll-call"))?;
        self.set(&known.replace('-', "_"), value)
    }

    /// Takes one off a count; tells whether there was one.
    pub(super) fn take(count: &mut u64) -> bool {
        let there = *count > 0;
        *count = count.saturating_sub(1);
        there
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_switched_on_by_their_names() {
        let mut switches = Switches::default();
        for fault in ["http-500=3", "etag-race", "licence-off=roll-call", "permission-off", "slow-move=1500"] {
            switches.fault(fault).unwrap();
        }
        assert_eq!((switches.http_500, switches.etag_race, switches.slow_move), (3, 1, 1500));
        assert_eq!(
            (switches.licence_off.as_slice(), switches.permission_off),
            (["roll-call".to_owned()].as_slice(), true)
        );
        switches.fault("permission-off=off").unwrap();
        assert!(!switches.permission_off);
        assert!(switches.fault("colour=red").is_err() && switches.fault("http-500=red").is_err());
        assert!(switches.fault("licence-off").is_err());
        assert!(FAULTS.iter().all(|fault| *fault == "licence-off" || switches.fault(fault).is_ok()));
    }
}
