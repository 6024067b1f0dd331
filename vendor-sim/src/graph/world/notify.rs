//! Subscriptions and the notifications that go out for them.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::calendar::ChangeKind;
use super::{Key, World};
use crate::graph::ids::event_id;
use crate::host::{Delivery, Errand};

/// Wait between two attempts to deliver.
const AGAIN: TimeDelta = TimeDelta::minutes(1);

/// How long deliveries are tried.
const GIVE_UP: TimeDelta = TimeDelta::hours(4);

/// What the service tells about a subscription itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Lifecycle {
    /// It must be confirmed soon.
    #[serde(rename = "reauthorizationRequired")]
    ReauthorizationRequired,
    /// It is gone.
    #[serde(rename = "subscriptionRemoved")]
    SubscriptionRemoved,
    /// Something was not delivered.
    #[serde(rename = "missed")]
    Missed,
    /// Anything else.
    #[serde(untagged)]
    Other(String),
}

/// A subscription to the events of one mailbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Subscription {
    /// Id.
    pub id: String,
    /// Address of the mailbox in small letters.
    pub mailbox: String,
    /// Resource as it was asked for.
    pub resource: String,
    /// Kinds of change, with commas.
    pub change_type: String,
    /// Where to.
    pub notification_url: String,
    /// Where to with what concerns the subscription.
    pub lifecycle_url: Option<String>,
    /// What the subscriber knows us by.
    #[serde(skip)]
    pub client_state: Option<String>,
    /// Until when it runs.
    pub expires: DateTime<Utc>,
    /// When it was last reauthorized.
    pub reauthorized: Option<DateTime<Utc>>,
    /// Ids in notifications are immutable ones.
    pub immutable: bool,
    #[serde(skip)]
    pub(in crate::graph) seen: u64,
}

/// A subscription that waits for its addresses to prove themselves.
#[derive(Debug, Clone)]
pub(in crate::graph) struct Handshake {
    pub(in crate::graph) subscription: Subscription,
    pub(in crate::graph) token: String,
    /// Errands still out.
    pub(in crate::graph) open: Vec<u64>,
    pub(in crate::graph) fault: Option<String>,
}

/// What waits for being sent, and what is on its way.
#[derive(Debug, Clone, Default)]
pub(in crate::graph) struct Outbox {
    waiting: Vec<Letter>,
    sent: BTreeMap<u64, Letter>,
    /// Errands of handshakes to begin with.
    pub(in crate::graph) handshakes: Vec<Errand>,
}

#[derive(Debug, Clone)]
struct Letter {
    url: String,
    body: Value,
    first: DateTime<Utc>,
    due: DateTime<Utc>,
}

impl World {
    /// The subscriptions.
    pub fn subscriptions(&self) -> Vec<Subscription> {
        self.subscriptions.values().cloned().collect()
    }

    /// Tells a subscriber something about the subscription; whether it has an address for that.
    pub fn tell_lifecycle(&mut self, subscription: &str, what: &Lifecycle) -> bool {
        let Some(known) = self.subscriptions.get(subscription) else { return false };
        let Some(url) = known.lifecycle_url.clone() else { return false };
        let body = json!({ "value": [{
            "subscriptionId": known.id,
            "subscriptionExpirationDateTime": known.expires,
            "tenantId": self.tenant,
            "clientState": known.client_state,
            "lifecycleEvent": what,
        }] });
        if *what == Lifecycle::SubscriptionRemoved {
            self.subscriptions.remove(subscription);
        }
        self.send(url, body);
        true
    }

    /// Sends any body to the notification address of a subscription, as somebody who forges one might.
    pub fn send_raw(&mut self, subscription: &str, body: Value) -> bool {
        let url = self.subscriptions.get(subscription).map(|known| known.notification_url.clone());
        url.map(|url| self.send(url, body)).is_some()
    }

    /// How many notifications have not been taken yet.
    pub fn undelivered(&self) -> usize {
        self.post.waiting.len() + self.post.sent.len()
    }

    fn send(&mut self, url: String, body: Value) {
        let now = self.now();
        self.post.waiting.push(Letter { url, body, first: now, due: now });
    }

    /// Ends what has run out, and gives what is to be sent now.
    pub(in crate::graph) fn settle(&mut self) -> Vec<Errand> {
        let now = self.now();
        self.subscriptions.retain(|_, known| known.expires > now);
        self.note_changes();
        let mut errands = std::mem::take(&mut self.post.handshakes);
        let (due, later) = std::mem::take(&mut self.post.waiting).into_iter().partition(|letter| letter.due <= now);
        self.post.waiting = later;
        for letter in due {
            let id = self.next();
            errands.push(Errand {
                id,
                url: letter.url.clone(),
                content_type: "application/json; charset=utf-8".to_owned(),
                body: letter.body.to_string().into_bytes(),
            });
            self.post.sent.insert(id, letter);
        }
        errands
    }

    /// Writes a notification for each change that a subscription has not heard of.
    fn note_changes(&mut self) {
        let mut letters: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        let (tenant, slashed) = (&self.tenant, self.switches.slashed_ids);
        for known in self.subscriptions.values_mut() {
            let Some(calendar) = self.calendars.get(&known.mailbox) else { continue };
            let new = calendar.changes.iter().rev().take_while(|change| change.number > known.seen);
            let new: Vec<_> = new.copied().collect();
            for change in new.iter().rev() {
                known.seen = change.number;
                let kind = match change.kind {
                    ChangeKind::Created => "created",
                    ChangeKind::Updated => "updated",
                    ChangeKind::Deleted => "deleted",
                };
                if !known.change_type.split(',').any(|wanted| wanted.trim() == kind) {
                    continue;
                }
                let id = event_id(&known.mailbox, Key { meeting: change.meeting, day: None }, known.immutable, slashed);
                let user = self.rooms.get(&known.mailbox).map_or("", |room| room.user_id.as_str());
                let resource = format!("Users/{user}/Events/{id}");
                letters.entry(known.notification_url.clone()).or_default().push(json!({
                    "subscriptionId": known.id,
                    "subscriptionExpirationDateTime": known.expires,
                    "changeType": kind,
                    "resource": resource,
                    "resourceData": {
                        "@odata.type": "#Microsoft.Graph.Event", "@odata.id": resource,
                        "@odata.etag": format!("W/\"{}\"", change.number), "id": id,
                    },
                    "clientState": known.client_state,
                    "tenantId": tenant,
                }));
            }
        }
        for (url, items) in letters {
            self.send(url, json!({ "value": items }));
        }
    }

    /// Notes what became of something sent.
    pub(in crate::graph) fn delivered(&mut self, errand: u64, delivery: &Delivery) {
        if let Some(letter) = self.post.sent.remove(&errand) {
            let now = self.now();
            if !(200..300).contains(&delivery.status) && now < letter.first + GIVE_UP {
                self.post.waiting.push(Letter { due: now + AGAIN, ..letter });
            }
            return;
        }
        let waiting = self.handshakes.values_mut().find(|handshake| handshake.open.contains(&errand));
        let Some(handshake) = waiting else { return };
        handshake.open.retain(|open| *open != errand);
        let text = String::from_utf8_lossy(&delivery.body);
        let fault = if let Some(fault) = &delivery.fault {
            Some(fault.clone())
        } else if delivery.status != 200 {
            Some(format!("the endpoint answered {}", delivery.status))
        } else if !delivery.content_type.to_lowercase().starts_with("text/plain") {
            Some(format!("the answer is {}, not text/plain", delivery.content_type))
        } else if text != handshake.token {
            Some("the answer is not the validation token".to_owned())
        } else {
            None
        };
        handshake.fault = handshake.fault.take().or(fault);
    }
}
