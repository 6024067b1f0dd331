//! Rooms of a Microsoft 365 tenant as a source of bookings, and its mailboxes as a way for letters.

use async_trait::async_trait;
use booking_access::mail::{Envelope, Outcome as Posted, Transport};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use graph_rooms::sync::{AlarmKind, GraphRooms, OutlookConfig, PollReport, RoomStatus, sync_error};
use graph_rooms::{Error, ErrorKind, GraphClient};
use sync_core::connector::{CheckReport, SyncError};

use super::shown::local;
use super::source::{BookingSource, Look, Standing};

/// A tenant of the configuration.
#[derive(Clone, Debug)]
pub(super) struct Tenant {
    pub(super) config: OutlookConfig,
    pub(super) client: GraphClient,
}

/// Letters from a mailbox of the tenant.
#[derive(Debug)]
pub(super) struct GraphPost {
    client: GraphClient,
    mailbox: String,
}

#[async_trait]
impl BookingSource for GraphRooms {
    async fn poll(&self, now: DateTime<Utc>) -> Vec<Look> {
        Self::poll(self, now).await.into_iter().map(look).collect()
    }

    async fn next_try(&self, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, SyncError> {
        Self::next_try(self, now).await
    }

    /// Nothing is held back: each room is read whole, and what is missing is believed when it was missing often enough.
    async fn confirm(&self, _name: &str) -> Result<bool, SyncError> {
        Ok(false)
    }

    async fn standings(&self, now: DateTime<Utc>, zone: Tz) -> Result<Vec<Standing>, SyncError> {
        Ok(self.statuses(now).await?.into_iter().map(|status| standing(&status, zone)).collect())
    }
}

fn look(report: PollReport) -> Look {
    let detail = match report.remedy.as_str() {
        "" => report.detail,
        remedy => format!("{}; {remedy}", report.detail),
    };
    Look {
        name: report.room,
        outcome: report.outcome.as_str(),
        good: report.outcome.is_good(),
        detail,
        bookings: report.bookings,
        next_try: report.next_try,
        alarms: report.alarms.into_iter().map(|alarm| (alarm.kind.as_str(), alarm.text)).collect(),
        ended: report.ended.into_iter().map(AlarmKind::as_str).collect(),
    }
}

fn standing(status: &RoomStatus, zone: Tz) -> Standing {
    let time = |at: Option<DateTime<Utc>>| at.map_or("never".to_owned(), |at| local(at, zone));
    let kind = if status.address.is_empty() { "tenant" } else { "room" };
    let mut line = format!(
        "{kind} {}: {}; last try {}, last good {}, next try {}; {} bookings, {} problems",
        status.name,
        if status.detail.is_empty() { "not read yet" } else { &status.detail },
        time(status.last_try),
        time(status.last_good),
        time(status.next_try),
        status.bookings,
        status.problems
    );
    if !status.remedy.is_empty() {
        line.push_str(". What to do: ");
        line.push_str(&status.remedy);
    }
    Standing { name: status.name.clone(), line, json: serde_json::to_value(status).unwrap_or_default(), held: false }
}

impl GraphPost {
    /// Letters from this mailbox.
    pub(super) fn new(client: GraphClient, mailbox: String) -> Self {
        Self { client, mailbox }
    }

    /// Signs in. Whether letters may leave from the mailbox is seen with the first one: there is no way to ask.
    pub(super) async fn check(&self) -> CheckReport {
        let mut report = CheckReport::default();
        match self.client.sign_in().await.map_err(sync_error) {
            Ok(()) => {
                report.passed("sign-in", format!("at Microsoft Graph, to send from {}", self.mailbox));
                let remedy = "Consent to Mail.Send; then look whether the first letter arrives";
                report.warning("Mail.Send", "cannot be tested without sending a letter", remedy);
            }
            Err(error) => {
                let remedy = error.remedy().unwrap_or("See docs/outlook-rooms.md").to_owned();
                report.failed("sign-in", error.to_string(), remedy);
                report.skipped(&["Mail.Send"]);
            }
        }
        report
    }
}

#[async_trait]
impl Transport for GraphPost {
    async fn send(&self, _envelope: &Envelope, message: &[u8]) -> Posted {
        match self.client.send_mail(&self.mailbox, message).await {
            Ok(()) => Posted::Sent,
            Err(error) => outcome(&error),
        }
    }
}

/// A letter that may have gone out is never sent again by itself.
fn outcome(error: &Error) -> Posted {
    let why = error.message().to_owned();
    match error.kind() {
        ErrorKind::OutcomeUnknown => Posted::InDoubt(why),
        _ if error.may_have_been_applied() => Posted::InDoubt(why),
        ErrorKind::Rejected | ErrorKind::TooLarge => Posted::Refused(why),
        ErrorKind::RateLimited => Posted::Deferred(why),
        _ => Posted::Unreachable(why),
    }
}
