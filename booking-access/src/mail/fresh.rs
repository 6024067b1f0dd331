//! What letters say about how long a code is somebody's.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::dates::Language;
use crate::codes::CodesPer;

/// In the built-in letters: where it stands whether a code lasts.
pub(super) const LASTING: &str = "{lasting}";

/// Whether a code is the same the next time.
pub(super) fn lasting(per: CodesPer, language: Language) -> &'static str {
    match (per, language) {
        (CodesPer::Person, Language::En) => "If you book again soon, it stays the same.",
        (CodesPer::Person, Language::Nl) => "Boekt u binnenkort opnieuw, dan blijft het hetzelfde.",
        (CodesPer::Booking, Language::En) => "If you book again, you get another one.",
        (CodesPer::Booking, Language::Nl) => "Boekt u opnieuw, dan krijgt u een andere.",
    }
}

/// Until when a code opens doors, and that bookings after that have codes that do not exist yet.
pub(super) fn to_follow(language: Language, until: DateTime<Utc>, zone: Tz) -> String {
    let until = language.moment(until, zone);
    match language {
        Language::En => format!(
            "until {until}; a later booking has a code of its own, which we send you when the stay before it is over"
        ),
        Language::Nl => format!(
            "tot {until}; een latere boeking heeft een eigen code, die u ontvangt als het verblijf ervoor voorbij is"
        ),
    }
}

/// Words under a code in HTML, in the usual size whatever that of the code is.
pub(super) fn beside(code: &str, words: &str) -> String {
    format!("{code}<br><span style=\"font-size:16px;font-weight:normal;letter-spacing:0\">({words})</span>")
}
