//! Switches that every bridge has.

use serde::{Deserialize, Serialize};

/// How instants are written, as long as no profile says something else.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum TimeWriting {
    /// RFC 3339 in UTC.
    #[default]
    Utc,
    /// RFC 3339 with the offset of the site.
    Offset,
    /// Wall clock time of the site, without offset.
    Local,
}

/// The common switches as the shared part reads them.
#[derive(Debug, Clone)]
pub(crate) struct Common {
    pub(crate) error_every: u64,
    pub(crate) error_status: u16,
    pub(crate) rate_limit: u64,
    pub(crate) retry_after_date: bool,
    pub(crate) page_size: u64,
    pub(crate) link_prefix: String,
    pub(crate) stuck_links: bool,
    pub(crate) times: TimeWriting,
    pub(crate) forbidden: Vec<String>,
}

/// Makes the switches of one bridge: the common ones and its own.
macro_rules! bridge_switches {
    ($($(#[$doc:meta])* $name:ident: $kind:ty = $default:expr,)*) => {
        /// All switches with their defaults.
        #[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        #[serde(default, deny_unknown_fields)]
        #[non_exhaustive]
        #[allow(clippy::struct_excessive_bools, reason = "each is an independent oddity")]
        pub struct Switches {
            /// Every answer takes so long, by the time of this machine.
            pub latency_ms: u64,
            /// Every so manieth call fails with `error_status`; 0: none.
            pub error_every: u64,
            /// Status of those.
            pub error_status: u16,
            /// Calls in one second of the simulator's clock before 429; 0: no limit (the contract has 20).
            pub rate_limit: u64,
            /// `Retry-After` is a date instead of seconds.
            pub retry_after_date: bool,
            /// Largest page, whatever the caller asks for; 0: as the contract says.
            pub page_size: u64,
            /// Stands before every link to a next page, as `https://other.example`; empty: links are relative.
            pub link_prefix: String,
            /// The link to the next page leads to the same page again.
            pub stuck_links: bool,
            /// How instants are written.
            pub times: crate::bridge::TimeWriting,
            /// The server's clock is wrong by so many seconds.
            pub clock_offset_seconds: i64,
            /// Capabilities that the server does not have.
            pub without: Vec<String>,
            /// Capabilities that it names although the key has no right to them: 403.
            pub forbidden: Vec<String>,
            /// Ids are numbers instead of text.
            pub numeric_ids: bool,
            $($(#[$doc])* pub $name: $kind,)*
        }

        impl Default for Switches {
            fn default() -> Self {
                Self {
                    latency_ms: 0,
                    error_every: 0,
                    error_status: 503,
                    rate_limit: 0,
                    retry_after_date: false,
                    page_size: 0,
                    link_prefix: String::new(),
                    stuck_links: false,
                    times: crate::bridge::TimeWriting::Utc,
                    clock_offset_seconds: 0,
                    without: Vec::new(),
                    forbidden: Vec::new(),
                    numeric_ids: false,
                    $($name: $default,)*
                }
            }
        }

        impl Switches {
            /// Sets one switch by name from text: `on`, `off`, a number, a word, or a list with commas.
            ///
            /// # Errors
            /// Unknown name, or a value that does not fit.
            pub fn set(&mut self, name: &str, value: &str) -> anyhow::Result<()> {
                *self = crate::switching::set(self, name, value)?;
                Ok(())
            }

            /// Sets several switches from a JSON object.
            ///
            /// # Errors
            /// Unknown name, or a value that does not fit; nothing is changed then.
            pub fn merge(&mut self, changes: &serde_json::Value) -> anyhow::Result<()> {
                *self = crate::switching::merge(self, changes)?;
                Ok(())
            }

            pub(crate) fn common(&self) -> crate::bridge::Common {
                crate::bridge::Common {
                    error_every: self.error_every,
                    error_status: self.error_status,
                    rate_limit: self.rate_limit,
                    retry_after_date: self.retry_after_date,
                    page_size: self.page_size,
                    link_prefix: self.link_prefix.clone(),
                    stuck_links: self.stuck_links,
                    times: self.times,
                    forbidden: self.forbidden.clone(),
                }
            }
        }
    };
}
