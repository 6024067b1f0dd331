//! iCal feeds as a source of bookings.

use std::fmt::Write as _;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use ical_bookings::http::{AlarmKind, FeedStatus, PollReport};
use ical_bookings::sync::IcalSite;
use sync_core::connector::SyncError;

use super::shown::local;
use super::source::{BookingSource, Look, Standing};

#[async_trait]
impl BookingSource for IcalSite {
    async fn poll(&self, now: DateTime<Utc>) -> Vec<Look> {
        Self::poll(self, now).await.into_iter().map(look).collect()
    }

    async fn next_try(&self, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, SyncError> {
        Self::next_try(self, now).await
    }

    async fn confirm(&self, name: &str) -> Result<bool, SyncError> {
        Self::confirm(self, name).await
    }

    async fn standings(&self, now: DateTime<Utc>, zone: Tz) -> Result<Vec<Standing>, SyncError> {
        Ok(self.statuses(now).await?.into_iter().map(|status| standing(&status, zone)).collect())
    }
}

fn look(report: PollReport) -> Look {
    Look {
        outcome: report.outcome.as_str(),
        good: report.outcome.is_good(),
        alarms: report.alarms.into_iter().map(|alarm| (alarm.kind.as_str(), alarm.text)).collect(),
        ended: report.ended.into_iter().map(AlarmKind::as_str).collect(),
        name: report.feed,
        detail: report.detail,
        bookings: report.bookings,
        next_try: report.next_try,
    }
}

fn standing(status: &FeedStatus, zone: Tz) -> Standing {
    Standing {
        name: status.name.clone(),
        line: line(status, zone),
        json: serde_json::to_value(status).unwrap_or_default(),
        held: status.hold.is_some(),
    }
}

fn line(status: &FeedStatus, zone: Tz) -> String {
    let time = |at: Option<DateTime<Utc>>| at.map_or("never".to_owned(), |at| local(at, zone));
    let mut line = format!(
        "feed {} ({}): {}; last try {}, last good {}, next try {}; {} bookings, {} problems",
        status.name,
        status.link,
        status.detail,
        time(status.last_try),
        time(status.last_good),
        time(status.next_try),
        status.bookings,
        status.problems
    );
    if let Some(hold) = &status.hold {
        let missing = format!("; {} of {} bookings are missing at once and are kept", hold.missing, hold.of);
        line.push_str(&missing);
        if hold.needs_confirmation {
            let _ = write!(line, ": `confirm {}` if that is right", status.name);
        }
    }
    line
}
