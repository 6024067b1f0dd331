//! Being told of changes instead of asking for them.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// How a room is watched.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Watched {
    pub(super) subscription: String,
    pub(super) client_state: String,
    pub(super) until: Option<DateTime<Utc>>,
    pub(super) trouble: Option<String>,
    pub(super) next_try: Option<DateTime<Utc>>,
}

impl fmt::Debug for Watched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watched").field("until", &self.until).finish_non_exhaustive()
    }
}
