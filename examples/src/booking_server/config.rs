//! The program's own sections of the configuration file.

use booking_access::codes::{CodesConfig, Identification};
use booking_access::mail::{Carrier, MailConfig};
use booking_access::{AccessConfig, Fault, WatchConfig};
use graph_rooms::sync::OutlookConfig;
use ical_bookings::sync::FeedConfig;
use net2_client::sync::{BookersConfig, Net2Config};
use schemars::JsonSchema;
use serde::Deserialize;
use sync_service::ConfigFault;

use super::push::PushConfig;
use crate::section;

/// Everything but the shared sections.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The Net2 server.
    pub net2: Net2Config,
    /// The Net2 users that this service owns.
    #[serde(default)]
    pub bookers: BookersConfig,
    /// Where bookings come from.
    #[serde(default)]
    pub source: SourceKind,
    /// The feeds with the bookings.
    #[serde(default)]
    pub feeds: Vec<FeedConfig>,
    /// The tenant with the rooms, or with the mailbox that letters leave from.
    #[serde(default)]
    pub outlook: Option<OutlookConfig>,
    /// Graph tells of changes by itself, at a public address; without it rooms are read at their interval.
    #[serde(default)]
    pub push: Option<PushConfig>,
    /// Resources and their doors, graces, privacy.
    #[serde(default)]
    pub access: AccessConfig,
    /// PINs and QR codes.
    #[serde(default)]
    pub codes: CodesConfig,
    /// Mails to bookers, and fault mails.
    #[serde(default)]
    pub mail: MailConfig,
    /// What is watched for in the events of the doors.
    #[serde(default)]
    pub watch: WatchConfig,
}

/// Where bookings come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(clippy::exhaustive_enums, reason = "the sources there are")]
pub enum SourceKind {
    /// iCal feeds: the sections `[[feeds]]`.
    #[default]
    Feeds,
    /// Rooms of a Microsoft 365 tenant: the section `[outlook]`.
    Outlook,
}

impl Config {
    /// All that is wrong, and besides what deserves a second look.
    pub fn faults(&self) -> (Vec<ConfigFault>, Vec<String>) {
        let mut faults: Vec<ConfigFault> = Vec::new();
        faults.extend(section::faults("net2", self.net2.faults()));
        faults.extend(section::faults("bookers", self.bookers.faults()));
        for (position, feed) in self.feeds.iter().enumerate() {
            faults.extend(section::faults(&format!("feeds[{position}]"), feed.faults()));
        }
        faults.extend(self.source_faults());
        let manual = self.codes.identification == Identification::Manual;
        let mut warnings = Vec::new();
        let sections = [
            ("access", self.access.faults(manual)),
            ("codes", self.codes.faults()),
            ("mail", self.mail.faults()),
            ("watch", self.watch.faults()),
        ];
        for (section, found) in sections {
            for Fault { at, why, warning, .. } in found {
                if warning {
                    warnings.push(format!("{section}.{at} {why}"));
                } else {
                    let remedy = "The file that `init` writes shows how";
                    faults.push(ConfigFault::new(format!("{section}.{at}"), why, remedy));
                }
            }
        }
        if manual {
            let why = "staff give cards by hand, so that bookers learn nothing of a code";
            warnings.push(format!("codes.identification: {why}"));
        }
        (faults, warnings)
    }

    /// Exactly one source, and nothing that would be silently without effect.
    fn source_faults(&self) -> Vec<ConfigFault> {
        let mut faults = Vec::new();
        let mut fault = |at: &str, what: &str, remedy: &str| faults.push(ConfigFault::new(at, what, remedy));
        let graph_mail = self.mail.enabled && self.mail.carrier == Carrier::Graph;
        match (self.source, self.feeds.is_empty(), &self.outlook) {
            (SourceKind::Feeds, true, _) => {
                fault(
                    "feeds",
                    "names no feed, so that there are no bookings",
                    "Add a section [[feeds]] with name and link",
                );
            }
            (SourceKind::Outlook, false, _) => {
                fault("feeds", "is not read with source = \"outlook\"", "Take the feeds out, or the line with source");
            }
            (SourceKind::Outlook, _, None) => {
                fault(
                    "source",
                    "is \"outlook\", but there is no section [outlook]",
                    "Add it; docs/outlook-rooms.md shows how",
                );
            }
            (SourceKind::Feeds, _, Some(_)) if !graph_mail => {
                fault(
                    "outlook",
                    "is of no use with source = \"feeds\"",
                    "Write source = \"outlook\" at the top, or take it out",
                );
            }
            _ => {}
        }
        if graph_mail && self.outlook.is_none() {
            fault(
                "mail.carrier",
                "is \"graph\", but there is no section [outlook]",
                "Add it with tenant, client_id and secret",
            );
        }
        if let Some(push) = &self.push {
            if self.source == SourceKind::Outlook {
                faults.extend(push.faults());
            } else {
                faults.push(ConfigFault::new("push", "is of no use with source = \"feeds\"", "Take it out"));
            }
        }
        let Some(outlook) = &self.outlook else { return faults };
        let mut own = outlook.faults();
        if self.source == SourceKind::Feeds {
            // For letters alone no room is needed.
            own.retain(|fault| fault.setting != "rooms");
        }
        faults.extend(section::faults("outlook", own));
        faults
    }

    /// Whether bookings come from rooms, and rooms are named.
    pub(super) fn takes_rooms(&self) -> bool {
        self.source == SourceKind::Outlook && self.outlook.as_ref().is_some_and(|outlook| !outlook.rooms.is_empty())
    }

    /// Names of the sources under which bookings are kept.
    pub(super) fn sources(&self) -> Vec<String> {
        let feeds = self.feeds.iter().map(|feed| feed.name.clone());
        let tenant = self.outlook.iter().filter(|_| self.source == SourceKind::Outlook);
        feeds.chain(tenant.map(|outlook| outlook.name.clone())).collect()
    }

    /// Names of the resources as the configuration spells them.
    pub fn resources(&self) -> Vec<String> {
        self.access.resources.keys().cloned().collect()
    }
}
