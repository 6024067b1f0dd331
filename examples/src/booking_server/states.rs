//! States of feeds and rooms, kept in the store of bookings.

use async_trait::async_trait;
use booking_access::{AccessError, Store, document, put_document};
use graph_rooms::sync::{RoomState, RoomStates};
use ical_bookings::http::FeedState;
use ical_bookings::sync::FeedStates;
use sync_core::connector::{ErrorClass, SyncError};

/// Kinds of the documents.
const FEED: &str = "feed";
const ROOM: &str = "room";
const WORD: &str = "confirmed feed";

/// States of feeds and rooms in the store of bookings.
#[derive(Debug)]
pub(super) struct StoredStates(pub(super) Store);

#[async_trait]
impl FeedStates for StoredStates {
    async fn load(&self, feed: &str) -> Result<Option<FeedState>, SyncError> {
        self.0.with(|connection| document(connection, FEED, feed)).map_err(|error| failed(&error))
    }

    async fn save(&self, feed: &str, state: &FeedState) -> Result<(), SyncError> {
        self.0.with(|connection| put_document(connection, FEED, feed, state)).map_err(|error| failed(&error))
    }
}

#[async_trait]
impl RoomStates for StoredStates {
    async fn load(&self, room: &str) -> Result<Option<RoomState>, SyncError> {
        self.0.with(|connection| document(connection, ROOM, room)).map_err(|error| failed(&error))
    }

    async fn save(&self, room: &str, state: &RoomState) -> Result<(), SyncError> {
        self.0.with(|connection| put_document(connection, ROOM, room, state)).map_err(|error| failed(&error))
    }
}

/// A person's word that a feed is right although much vanished from it: another process may give it beside the service.
pub(super) fn give_word(store: &Store, feed: &str) -> Result<(), AccessError> {
    store.with(|connection| put_document(connection, WORD, feed, &true))
}

/// Whether such a word was given since it was last taken.
pub(super) fn take_word(store: &Store, feed: &str) -> Result<bool, AccessError> {
    store.with(|connection| {
        let given = document(connection, WORD, feed)?.unwrap_or(false);
        if given {
            put_document(connection, WORD, feed, &false)?;
        }
        Ok(given)
    })
}

fn failed(error: &AccessError) -> SyncError {
    SyncError::new(ErrorClass::Transient, format!("the state of a feed or room: {error}"))
}
