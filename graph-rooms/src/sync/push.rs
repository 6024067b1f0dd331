//! Being told of changes, on top of reading at set times: a notification brings a reading forward and says nothing else.

use std::fmt;
use std::sync::atomic::Ordering;

use chrono::{DateTime, TimeDelta, Utc};
use connector_http::{Error, ErrorKind};
use futures::future::FutureExt as _;
use futures::stream::{self, StreamExt as _};
use serde::{Deserialize, Serialize};
use sync_core::connector::SyncError;

use super::judge::told;
use super::rooms::{GraphRooms, Room};
use super::states::RoomState;
use crate::fault::Fault;
use crate::notifications::{Delivery, LifecycleEvent, What};
use crate::subscriptions::NewSubscription;
use crate::token::random_id;

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

/// What came of watching rooms.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Watching {
    /// Rooms of which Graph tells changes now.
    pub rooms: usize,
    /// Rooms of which it does not, and why the first of them.
    pub failed: usize,
    /// Why the first of them, for a person.
    pub trouble: Option<String>,
    /// What somebody does about it.
    pub remedy: Option<String>,
}

/// What came of a delivery.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Notified {
    /// Notifications that were heeded.
    pub heeded: usize,
    /// Those that were not: unknown subscription, wrong secret, or nothing that is known.
    pub ignored: usize,
    /// Whether a room is due now.
    pub due: bool,
}

impl GraphRooms {
    /// Sees to it that Graph tells changes of every room at these public https addresses: subscribes, and renews in time. Call
    /// it with each poll; where nothing is to be done, nothing is sent. Needs `Calendars.Read`.
    ///
    /// Reading goes on at its times whether this works or not.
    ///
    /// # Errors
    /// Whatever keeps a state from being read or kept.
    pub async fn watch(&self, notify: &str, lifecycle: &str, now: DateTime<Utc>) -> Result<Watching, SyncError> {
        let works: Vec<_> =
            self.rooms.iter().map(|room| self.watch_room(room, notify, lifecycle, now).boxed()).collect();
        let done: Vec<_> = stream::iter(works).buffered(self.client.max_in_flight()).collect().await;
        let mut watching = Watching::default();
        for result in done {
            match result? {
                None => watching.rooms += 1,
                Some((trouble, remedy)) => {
                    watching.failed += 1;
                    watching.trouble.get_or_insert(trouble);
                    watching.remedy.get_or_insert(remedy);
                }
            }
        }
        Ok(watching)
    }

    /// Ends what [`GraphRooms::watch`] began.
    ///
    /// # Errors
    /// Whatever keeps a state from being read or kept. A subscription that cannot be ended ends by itself.
    pub async fn unwatch(&self) -> Result<(), SyncError> {
        for room in &self.rooms {
            let Some(watch) = self.look(&room.kept, |state| state.watch.clone()).await? else { continue };
            if let Err(error) = self.client.subscriptions().delete(&watch.subscription).await {
                tracing::warn!(room = room.config.resource, %error, "a subscription is left to end by itself");
            }
            self.update(room, |state| state.watch = None).await?;
        }
        Ok(())
    }

    /// Takes what was sent to the public addresses. Answer 202 first, and whatever this says.
    ///
    /// # Errors
    /// Whatever keeps a state from being read or kept.
    pub async fn notified(&self, body: &[u8], now: DateTime<Utc>) -> Result<Notified, SyncError> {
        let Ok(delivery) = Delivery::parse(body) else {
            return Ok(Notified { ignored: 1, ..Notified::default() });
        };
        let mut watched = Vec::with_capacity(self.rooms.len());
        for room in &self.rooms {
            if let Some(watch) =
                self.look(&room.kept, |state| state.watch.clone()).await?.filter(|watch| !watch.subscription.is_empty())
            {
                watched.push((room, watch));
            }
        }
        let by_id = |id: &str| watched.iter().find(|(_, watch)| watch.subscription == id);
        let checked = delivery.checked(|id| by_id(id).map(|(_, watch)| watch.client_state.clone()));
        let mut notified = Notified { ignored: checked.ignored, ..Notified::default() };
        for notice in checked.notices {
            let Some((room, _)) = by_id(&notice.subscription) else { continue };
            notified.heeded += 1;
            let read = match notice.what {
                What::Lifecycle(LifecycleEvent::ReauthorizationRequired) => {
                    self.update(room, |state| expire(state, now)).await?;
                    false
                }
                What::Lifecycle(LifecycleEvent::SubscriptionRemoved) => {
                    self.update(room, |state| state.watch = None).await?;
                    true
                }
                What::Lifecycle(_) | What::Changed(_) => true,
            };
            if read {
                room.soon.store(true, Ordering::Release);
                notified.due = true;
            }
        }
        Ok(notified)
    }

    async fn watch_room(
        &self,
        room: &Room,
        notify: &str,
        lifecycle: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<(String, String)>, SyncError> {
        let watch = self.look(&room.kept, |state| state.watch.clone()).await?.unwrap_or_default();
        let lives = watch.until.is_some_and(|until| until > now && until - now > EARLY);
        let waits = watch.next_try.is_some_and(|next| next > now && next - now < TimeDelta::days(1));
        if lives || waits {
            return Ok(watch.trouble.map(|trouble| (trouble, String::new())));
        }
        let (watch, trouble) = match self.subscribed(room, &watch, notify, lifecycle, now).await {
            Ok(watch) => (watch, None),
            Err(error) => {
                tracing::warn!(room = room.config.resource, %error, "Graph does not tell changes of a room");
                let text = told(&error);
                let next_try = Some(now + if error.is_transient() { SOON } else { LATER });
                let remedy = Fault::of(&error).remedy().into_owned();
                (Watched { trouble: Some(text.clone()), next_try, ..watch }, Some((text, remedy)))
            }
        };
        self.update(room, |state| state.watch = Some(watch)).await?;
        Ok(trouble)
    }

    async fn subscribed(
        &self,
        room: &Room,
        watch: &Watched,
        notify: &str,
        lifecycle: &str,
        now: DateTime<Utc>,
    ) -> Result<Watched, Error> {
        let subscriptions = self.client.subscriptions();
        let mut new = NewSubscription::new(room.config.user(), notify, lifecycle, watch.client_state.clone(), now);
        if !watch.subscription.is_empty() {
            match subscriptions.renew(&watch.subscription, new.until).await {
                Ok(renewed) => {
                    let until = Some(renewed.until.unwrap_or(new.until));
                    return Ok(Watched { until, trouble: None, next_try: None, ..watch.clone() });
                }
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        let client_state = format!("{}{}", random_id(), random_id());
        new.client_state = client_state.clone().into();
        let made = subscriptions.create(&new).await?;
        let until = Some(made.until.unwrap_or(new.until));
        Ok(Watched { subscription: made.id, client_state, until, trouble: None, next_try: None })
    }

    async fn update(&self, room: &Room, change: impl FnOnce(&mut RoomState)) -> Result<(), SyncError> {
        let _turn = room.turn.lock().await;
        let mut state = self.state(&room.kept).await?;
        change(&mut state);
        self.put(&room.kept, state).await
    }
}

/// Has it renewed with the next look.
fn expire(state: &mut RoomState, now: DateTime<Utc>) {
    if let Some(watch) = &mut state.watch {
        (watch.until, watch.next_try) = (Some(now), None);
    }
}

impl fmt::Debug for Watched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watched").field("until", &self.until).finish_non_exhaustive()
    }
}

/// So long before its end a subscription is renewed.
const EARLY: TimeDelta = TimeDelta::days(1);
const SOON: TimeDelta = TimeDelta::minutes(5);
const LATER: TimeDelta = TimeDelta::hours(1);
