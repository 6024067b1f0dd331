//! What Graph sends to the addresses of a [subscription](crate::subscriptions). Pure: bring your own web server.
//!
//! * A request with a `validationToken` in its query is answered within ten seconds: status 200, content type `text/plain`, and
//!   [`validation_answer`] as the body, nothing else.
//! * Any other is answered with 202 at once, whatever it says; then [`Delivery::parse`] reads it and [`Delivery::checked`] leaves
//!   what is truly from Graph.

use std::fmt;

use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::lenient;
use crate::open::open_enum;
use crate::page::item;

/// The token of a validation request, to be sent back as it is. Never show it as a page: anybody may send one.
///
/// ```
/// use graph_rooms::notifications::validation_answer;
/// assert_eq!(validation_answer("validationToken=a%2Bb%3A+c").as_deref(), Some("a+b: c"));
/// assert_eq!(validation_answer("other=1"), None);
/// ```
pub fn validation_answer(query: &str) -> Option<String> {
    let query = query.strip_prefix('?').unwrap_or(query);
    let token = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "validationToken");
    token.map(|(_, token)| token.into_owned())
}

/// What was delivered at once; of several subscriptions perhaps.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Delivery {
    /// Its notifications, unchecked.
    pub items: Vec<Notification>,
    /// Items that could not be read.
    pub unreadable: usize,
}

/// One notification, unchecked: anybody may have sent it.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Notification {
    /// The subscription.
    #[serde(deserialize_with = "lenient::needed")]
    pub subscription_id: String,
    /// The secret of the subscription.
    #[serde(default, deserialize_with = "lenient::text")]
    client_state: Option<String>,
    /// What happened to an event.
    #[serde(default)]
    pub change_type: Option<ChangeKind>,
    /// What happens to the subscription.
    #[serde(default)]
    pub lifecycle_event: Option<LifecycleEvent>,
    /// Path of the event.
    #[serde(default, deserialize_with = "lenient::text")]
    pub resource: Option<String>,
}

open_enum! {
    /// What happened to an event.
    ChangeKind {
        /// It was made.
        Created = "created",
        /// It was changed.
        Updated = "updated",
        /// It was removed.
        Deleted = "deleted",
    }
}

open_enum! {
    /// What happens to a subscription.
    LifecycleEvent {
        /// Renew or reauthorize it.
        ReauthorizationRequired = "reauthorizationRequired",
        /// It is gone: create it again, and read everything.
        SubscriptionRemoved = "subscriptionRemoved",
        /// Some notifications were lost: read everything.
        Missed = "missed",
    }
}

/// A notification that is truly from Graph.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Notice {
    /// The subscription.
    pub subscription: String,
    /// What it tells.
    pub what: What,
}

/// What a notification tells.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum What {
    /// Something in the calendar changed: read it.
    Changed(ChangeKind),
    /// Something happens to the subscription.
    Lifecycle(LifecycleEvent),
}

/// What is left of a delivery once it is checked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Checked {
    /// What is truly from Graph.
    pub notices: Vec<Notice>,
    /// Items of subscriptions that are not known, without the right secret, or that tell nothing that is known.
    pub ignored: usize,
}

/// Not a delivery of Graph. Answer 202 all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is no delivery of notifications")]
pub struct NoDelivery;

impl Delivery {
    /// Reads the body of a request.
    ///
    /// # Errors
    /// For a body that is no list of notifications, or longer than Graph would send.
    pub fn parse(body: &[u8]) -> Result<Self, NoDelivery> {
        if body.len() > LARGEST {
            return Err(NoDelivery);
        }
        let value: Value = serde_json::from_slice(body).map_err(|_| NoDelivery)?;
        let Value::Object(mut object) = value else { return Err(NoDelivery) };
        let Some(Value::Array(items)) = object.remove("value") else { return Err(NoDelivery) };
        let mut delivery = Self::default();
        for value in items {
            match item(value) {
                Ok(notification) => delivery.items.push(notification),
                Err(_) => delivery.unreadable += 1,
            }
        }
        Ok(delivery)
    }

    /// Leaves what comes with the secret of its subscription. `secret_of` gives it by the subscription's id.
    pub fn checked<S: AsRef<str>>(&self, secret_of: impl Fn(&str) -> Option<S>) -> Checked {
        let mut checked = Checked { notices: Vec::new(), ignored: self.unreadable };
        for item in &self.items {
            let secret = secret_of(&item.subscription_id);
            let proven = secret.is_some_and(|secret| item.proves(secret.as_ref()));
            match item.what().filter(|_| proven) {
                Some(what) => checked.notices.push(Notice { subscription: item.subscription_id.clone(), what }),
                None => checked.ignored += 1,
            }
        }
        checked
    }
}

impl Notification {
    /// Compares without telling by the time it takes how much was right.
    fn proves(&self, secret: &str) -> bool {
        let given = Sha256::digest(self.client_state.as_deref().unwrap_or_default());
        let wanted = Sha256::digest(secret);
        let differs = given.iter().zip(&wanted).fold(0, |differs, (a, b)| differs | (a ^ b));
        differs == 0 && !secret.is_empty()
    }

    fn what(&self) -> Option<What> {
        match (&self.lifecycle_event, &self.change_type) {
            (Some(LifecycleEvent::Unknown(kind)), _) => {
                tracing::warn!(kind, "a notification of a kind that is not known");
                None
            }
            (Some(event), _) => Some(What::Lifecycle(event.clone())),
            (None, Some(change)) => Some(What::Changed(change.clone())),
            (None, None) => None,
        }
    }
}

impl fmt::Debug for Notification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notification")
            .field("subscription_id", &self.subscription_id)
            .field("change_type", &self.change_type)
            .field("lifecycle_event", &self.lifecycle_event)
            .finish_non_exhaustive()
    }
}

const LARGEST: usize = 4 << 20;
