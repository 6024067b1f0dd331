//! States of feeds and rooms in the store of bookings, as the service keeps them.

use async_trait::async_trait;
use booking_access::{AccessError, Store, document, put_document};
use graph_rooms::sync::{RoomState, RoomStates};
use ical_bookings::http::FeedState;
use ical_bookings::sync::FeedStates;
use sync_core::connector::{ErrorClass, SyncError};

#[derive(Clone, Debug)]
pub(crate) struct StoredStates(pub(crate) Store);

#[async_trait]
impl FeedStates for StoredStates {
    async fn load(&self, feed: &str) -> Result<Option<FeedState>, SyncError> {
        self.0.with(|connection| document(connection, "feed", feed)).map_err(failed)
    }

    async fn save(&self, feed: &str, state: &FeedState) -> Result<(), SyncError> {
        self.0.with(|connection| put_document(connection, "feed", feed, state)).map_err(failed)
    }
}

#[async_trait]
impl RoomStates for StoredStates {
    async fn load(&self, room: &str) -> Result<Option<RoomState>, SyncError> {
        self.0.with(|connection| document(connection, "room", room)).map_err(failed)
    }

    async fn save(&self, room: &str, state: &RoomState) -> Result<(), SyncError> {
        self.0.with(|connection| put_document(connection, "room", room, state)).map_err(failed)
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn failed(error: AccessError) -> SyncError {
    SyncError::new(ErrorClass::Transient, error.to_string())
}
