//! The program's own sections of the configuration file.

use booking_access::codes::{CodesConfig, Identification};
use booking_access::mail::MailConfig;
use booking_access::{AccessConfig, Fault};
use ical_bookings::sync::FeedConfig;
use net2_client::sync::{BookersConfig, Net2Config};
use schemars::JsonSchema;
use serde::Deserialize;
use sync_service::ConfigFault;

/// Everything but the shared sections.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The Net2 server.
    pub net2: Net2Config,
    /// The Net2 users that this service owns.
    #[serde(default)]
    pub bookers: BookersConfig,
    /// The feeds with the bookings.
    pub feeds: Vec<FeedConfig>,
    /// Resources and their doors, graces, privacy.
    #[serde(default)]
    pub access: AccessConfig,
    /// PINs and QR codes.
    #[serde(default)]
    pub codes: CodesConfig,
    /// Mails to bookers, and fault mails.
    #[serde(default)]
    pub mail: MailConfig,
}

impl Config {
    /// All that is wrong, and besides what deserves a second look.
    pub fn faults(&self) -> (Vec<ConfigFault>, Vec<String>) {
        let mut faults: Vec<ConfigFault> = Vec::new();
        let mut add = |section: &str, setting: &str, reason: String, remedy: String| {
            faults.push(ConfigFault::new(format!("{section}.{setting}"), reason, remedy));
        };
        for fault in self.net2.faults() {
            add("net2", fault.setting, fault.reason, fault.remedy);
        }
        for fault in self.bookers.faults() {
            add("bookers", fault.setting, fault.reason, fault.remedy);
        }
        for (position, feed) in self.feeds.iter().enumerate() {
            for fault in feed.faults() {
                add(&format!("feeds[{position}]"), fault.setting, fault.reason, fault.remedy);
            }
        }
        if self.feeds.is_empty() {
            let remedy = "Add a section [[feeds]] with name and link";
            faults.push(ConfigFault::new("feeds", "names no feed, so that there are no bookings", remedy));
        }
        let manual = self.codes.identification == Identification::Manual;
        let mut warnings = Vec::new();
        let sections =
            [("access", self.access.faults(manual)), ("codes", self.codes.faults()), ("mail", self.mail.faults())];
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

    /// Names of the resources as the configuration spells them.
    pub fn resources(&self) -> Vec<String> {
        self.access.resources.keys().cloned().collect()
    }
}
