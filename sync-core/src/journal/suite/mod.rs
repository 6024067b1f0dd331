//! What every journal does, as a test suite that any implementation passes.
//!
//! ```no_run
//! # async fn example() {
//! use sync_core::journal::{MemoryJournal, suite};
//! suite::journal_suite(async || MemoryJournal::new()).await;
//! # }
//! ```
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop")]

mod candidates;
mod events;
mod links;
mod observations;
mod records;
mod restart;
mod samples;

use super::Journal;

pub use restart::{Again, fill, still_filled};

/// Runs every case, each on a fresh journal.
///
/// # Panics
/// At the first thing that the journal does otherwise.
pub async fn journal_suite<J: Journal>(make: impl AsyncFn() -> J) {
    Box::pin(observations::all(&make)).await;
    Box::pin(links::all(&make)).await;
    Box::pin(candidates::all(&make)).await;
    Box::pin(records::all(&make)).await;
    Box::pin(events::all(&make)).await;
    Box::pin(restart::all(&make)).await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::MemoryJournal;

    #[tokio::test]
    async fn the_journal_in_memory_passes() {
        journal_suite(async || MemoryJournal::new()).await;
    }

    #[cfg(feature = "sqlite")]
    #[tokio::test]
    async fn the_journal_on_sqlite_passes_in_memory() {
        journal_suite(async || crate::journal::SqliteJournal::open_in_memory().unwrap()).await;
    }

    #[cfg(feature = "sqlite")]
    #[tokio::test]
    async fn the_journal_on_sqlite_passes_in_files() {
        let folder = tempfile::tempdir().unwrap();
        let next = std::cell::Cell::new(0);
        journal_suite(async || {
            next.set(next.get() + 1);
            crate::journal::SqliteJournal::open(folder.path().join(format!("{}.db", next.get()))).unwrap()
        })
        .await;
    }

    #[cfg(feature = "sqlite")]
    #[tokio::test]
    async fn everything_in_a_file_survives_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.db");
        let again = fill(&crate::journal::SqliteJournal::open(&path).unwrap()).await;
        still_filled(&crate::journal::SqliteJournal::open(&path).unwrap(), &again).await;
    }
}
