//! Where the states of feeds are kept.

use std::collections::BTreeMap;
use std::fmt;

use async_trait::async_trait;
use sync_core::connector::SyncError;
use tokio::sync::Mutex;

use crate::http::FeedState;

/// Keeps the states of feeds over restarts.
#[async_trait]
pub trait FeedStates: Send + Sync + fmt::Debug {
    /// The state that was kept last; none for a feed that was never asked.
    ///
    /// # Errors
    /// Whatever keeps it from being read. The feed is not asked then: from nothing, every loss would look ordinary.
    async fn load(&self, feed: &str) -> Result<Option<FeedState>, SyncError>;

    /// Keeps a state durably.
    ///
    /// # Errors
    /// Whatever keeps it from being kept.
    async fn save(&self, feed: &str, state: &FeedState) -> Result<(), SyncError>;
}

/// Keeps states as long as it lives: for tests and for looking once.
#[derive(Debug, Default)]
pub struct MemoryStates(Mutex<BTreeMap<String, FeedState>>);

#[async_trait]
impl FeedStates for MemoryStates {
    async fn load(&self, feed: &str) -> Result<Option<FeedState>, SyncError> {
        Ok(self.0.lock().await.get(feed).cloned())
    }

    async fn save(&self, feed: &str, state: &FeedState) -> Result<(), SyncError> {
        self.0.lock().await.insert(feed.to_owned(), state.clone());
        Ok(())
    }
}
