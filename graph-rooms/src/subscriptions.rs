//! Being told of changes instead of asking. Needs `Calendars.Read`, and a public https address.
//!
//! A notification only means "read this room now"; what is true is read. See [`notifications`](crate::notifications) for what
//! arrives at that address.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use connector_http::{Error, ErrorKind, Operation, Replay, json_request};
use http::response::Parts;
use http::{Method, Request};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::json;
use url::Url;

use crate::answer;
use crate::calendar::instant;
use crate::client::GraphClient;
use crate::lenient;
use crate::page::item;
use crate::route::{api, prefer};

/// Being told of changes. Needs `Calendars.Read`.
#[derive(Clone, Debug)]
pub struct Subscriptions(pub(crate) GraphClient);

/// What to be told of, and where.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct NewSubscription {
    /// Whose calendar. The object id is safest: some user names with an apostrophe are refused.
    pub user: String,
    /// Public https address at which changes are told.
    pub notification_url: String,
    /// Public https address at which is told what becomes of the subscription. It cannot be added later.
    pub lifecycle_url: String,
    /// Comes with each notification and proves it; up to 128 letters that nobody else knows.
    pub client_state: SecretString,
    /// Until when; at most [`LONGEST_LIFE`] ahead.
    pub until: DateTime<Utc>,
}

/// A subscription as Graph keeps it.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Subscription {
    /// Its id.
    #[serde(deserialize_with = "lenient::needed")]
    pub id: String,
    /// What it is about.
    #[serde(default, deserialize_with = "lenient::text")]
    pub resource: Option<String>,
    /// Until when; Graph may have changed it.
    #[serde(default, rename = "expirationDateTime", deserialize_with = "lenient::or_none")]
    pub until: Option<DateTime<Utc>>,
}

/// How long a subscription to events may live.
pub const LONGEST_LIFE: TimeDelta = TimeDelta::minutes(10_080);

impl NewSubscription {
    /// A subscription to a room's events for six days.
    pub fn new(
        user: impl Into<String>,
        notification_url: impl Into<String>,
        lifecycle_url: impl Into<String>,
        client_state: impl Into<SecretString>,
        now: DateTime<Utc>,
    ) -> Self {
        Self {
            user: user.into(),
            notification_url: notification_url.into(),
            lifecycle_url: lifecycle_url.into(),
            client_state: client_state.into(),
            until: now + TimeDelta::days(6),
        }
    }
}

impl Subscriptions {
    /// Subscribes. Graph asks both addresses at once whether they want that, and waits ten seconds for the answer.
    ///
    /// # Errors
    /// `Permission` where `Calendars.Read` is missing; `Config` where an address did not answer rightly; `Duplicate` where there
    /// is one already; `OutcomeUnknown` where no answer came.
    ///
    /// # Cancel safety
    /// A dropped call may have been applied; a subscription nobody knows ends by itself.
    pub async fn create(&self, new: &NewSubscription) -> Result<Subscription, Error> {
        self.0.send(&CreateSubscription(new.clone())).await
    }

    /// Lets it live longer. This also answers a wish for reauthorization.
    ///
    /// # Errors
    /// `NotFound` where it is gone: create it again.
    pub async fn renew(&self, id: &str, until: DateTime<Utc>) -> Result<Subscription, Error> {
        self.0.send(&RenewSubscription { id: id.to_owned(), until }).await
    }

    /// Answers a wish for reauthorization without changing the end. Not within ten minutes of a renewal.
    ///
    /// # Errors
    /// `NotFound` where it is gone: create it again.
    pub async fn reauthorize(&self, id: &str) -> Result<(), Error> {
        self.0.send(&ReauthorizeSubscription(id.to_owned())).await
    }

    /// Ends it. One that is gone already is no error.
    ///
    /// # Errors
    /// Whatever keeps Graph from answering.
    pub async fn delete(&self, id: &str) -> Result<(), Error> {
        match self.0.send(&DeleteSubscription(id.to_owned())).await {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            result => result,
        }
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription").field("id", &self.id).field("until", &self.until).finish_non_exhaustive()
    }
}

/// `POST /subscriptions`. Needs `Calendars.Read`.
#[derive(Clone, Debug)]
pub struct CreateSubscription(NewSubscription);

/// `PATCH /subscriptions/{id}`. Needs `Calendars.Read`.
#[derive(Clone, Debug)]
pub struct RenewSubscription {
    id: String,
    until: DateTime<Utc>,
}

/// `POST /subscriptions/{id}/reauthorize`. Needs `Calendars.Read`.
#[derive(Clone, Debug)]
pub struct ReauthorizeSubscription(String);

/// `DELETE /subscriptions/{id}`. Needs `Calendars.Read`.
#[derive(Clone, Debug)]
pub struct DeleteSubscription(String);

impl CreateSubscription {
    /// A subscription to make.
    pub const fn new(new: NewSubscription) -> Self {
        Self(new)
    }

    fn check(&self) -> Result<(), Error> {
        let wrong = |what: &'static str| Err(Error::new(ErrorKind::Config, what));
        // Loopback is for simulators: Graph itself would never reach it.
        let public =
            |url: &str| Url::parse(url).is_ok_and(|url| url.scheme() == "https" || url.host_str() == Some("127.0.0.1"));
        if !public(&self.0.notification_url) || !public(&self.0.lifecycle_url) {
            return wrong("Graph tells changes only to https addresses");
        }
        if !(1..=128).contains(&self.0.client_state.expose_secret().chars().count()) {
            return wrong("the client state must have 1 to 128 letters");
        }
        Ok(())
    }
}

impl Operation for CreateSubscription {
    const NAME: &'static str = "graph.create_subscription";
    const REPLAY: Replay = Replay::Never;
    type Output = Subscription;

    fn request(&self, base: &Url) -> Result<Request<Vec<u8>>, Error> {
        self.check()?;
        let events = api(base, &["users", &self.0.user, "events"])?;
        let root = api(base, &[])?;
        let resource = events.path().strip_prefix(root.path()).unwrap_or(events.path());
        let body = json!({
            "changeType": "created,updated,deleted",
            "notificationUrl": self.0.notification_url,
            "lifecycleNotificationUrl": self.0.lifecycle_url,
            "resource": resource,
            "expirationDateTime": instant(self.0.until),
            "clientState": self.0.client_state.expose_secret(),
        });
        prefer(json_request(Method::POST, api(base, &["subscriptions"])?, &body)?, r#"IdType="ImmutableId""#)
    }

    fn response(&self, parts: &Parts, body: &[u8]) -> Result<Subscription, Error> {
        subscription(parts, body)
    }
}

impl Operation for RenewSubscription {
    const NAME: &'static str = "graph.renew_subscription";
    const REPLAY: Replay = Replay::Never;
    type Output = Subscription;

    fn request(&self, base: &Url) -> Result<Request<Vec<u8>>, Error> {
        let body = json!({ "expirationDateTime": instant(self.until) });
        json_request(Method::PATCH, api(base, &["subscriptions", &self.id])?, &body)
    }

    fn response(&self, parts: &Parts, body: &[u8]) -> Result<Subscription, Error> {
        subscription(parts, body)
    }
}

impl Operation for ReauthorizeSubscription {
    const NAME: &'static str = "graph.reauthorize_subscription";
    const REPLAY: Replay = Replay::Never;
    type Output = ();

    fn request(&self, base: &Url) -> Result<Request<Vec<u8>>, Error> {
        json_request(Method::POST, api(base, &["subscriptions", &self.0, "reauthorize"])?, &json!({}))
    }

    fn response(&self, parts: &Parts, body: &[u8]) -> Result<(), Error> {
        answer::check(parts, body)
    }
}

impl Operation for DeleteSubscription {
    const NAME: &'static str = "graph.delete_subscription";
    const REPLAY: Replay = Replay::Never;
    type Output = ();

    fn request(&self, base: &Url) -> Result<Request<Vec<u8>>, Error> {
        let mut request = connector_http::get(api(base, &["subscriptions", &self.0])?)?;
        *request.method_mut() = Method::DELETE;
        Ok(request)
    }

    fn response(&self, parts: &Parts, body: &[u8]) -> Result<(), Error> {
        answer::check(parts, body)
    }
}

fn subscription(parts: &Parts, body: &[u8]) -> Result<Subscription, Error> {
    item(answer::json(parts, body)?).map_err(|invalid| {
        let text = format!("the answer is no subscription: {} {}", invalid.field, invalid.why);
        Error::new(ErrorKind::Protocol, text).with_status(parts.status)
    })
}
