//! Greeting, signs of life, leave-taking.

use super::record;
use crate::model::{Limits, LogPosition};
use chrono::{DateTime, FixedOffset};
use uuid::Uuid;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Empty {}
record!(Empty {});

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hello {
    pub(crate) client: String,
    pub(crate) product: String,
    pub(crate) version: String,
    pub(crate) profile_min: u8,
    pub(crate) profile_max: u8,
    pub(crate) now: DateTime<FixedOffset>,
}
record!(Hello {
    client "client", product "product", version "version", profile_min "profileMin", profile_max "profileMax", now "now"
});

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Welcome {
    pub(crate) server: String,
    pub(crate) version: String,
    pub(crate) profile: u8,
    pub(crate) session: Uuid,
    pub(crate) now: DateTime<FixedOffset>,
    pub(crate) tz: String,
    pub(crate) organisation: String,
    pub(crate) origin: String,
    pub(crate) limits: Vec<Limits>,
    pub(crate) capabilities: Vec<CapabilityName>,
    pub(crate) logs: Vec<LogPosition>,
}
record!(Welcome {
    server "server", version "version", profile "profile", session "session", now "now", tz "tz",
    organisation "organisation", origin "origin";
    limits "Limits", capabilities "Capability", logs "Log"
});

record!(Limits {
    max_frame "maxFrame", max_in_flight "maxInFlight", max_page "maxPage", max_window "maxWindow",
    idle_seconds "idleSeconds", max_door_seconds "maxDoorSeconds"
});

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CapabilityName {
    pub(crate) name: String,
}
record!(CapabilityName { name "name" });

record!(LogPosition { stream "stream", epoch "epoch", first "first", next "next" });

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ping {
    pub(crate) t: DateTime<FixedOffset>,
}
record!(Ping { t "t" });

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pong {
    pub(crate) t: DateTime<FixedOffset>,
    pub(crate) now: DateTime<FixedOffset>,
}
record!(Pong { t "t", now "now" });

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bye {
    pub(crate) reason: String,
}
record!(Bye { reason "reason" });

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Closing {
    pub(crate) reason: String,
    pub(crate) retry_after_ms: Option<u32>,
}
record!(Closing { reason "reason", retry_after_ms "retryAfterMs" });
