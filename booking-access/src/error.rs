//! What can go wrong with what is kept here.

/// A failure of the store, or an order that cannot be carried out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AccessError {
    /// The file cannot be read or written.
    #[error("the store of bookings failed")]
    Store(#[from] rusqlite::Error),
    /// The file cannot be made or protected.
    #[error("the store of bookings cannot be opened")]
    File(#[from] std::io::Error),
    /// A newer program made the file.
    #[error("a newer program made this store of bookings (schema {found}, this program knows {known})")]
    NewerSchema {
        /// Schema of the file.
        found: i64,
        /// Newest schema that this program knows.
        known: i64,
    },
    /// Something in the file is not what was written there.
    #[error("the store of bookings is damaged: {0}")]
    Damaged(&'static str),
    /// Nobody with this address is known.
    #[error("nobody with this address is known")]
    Nobody,
    /// An order that makes no sense now.
    #[error("{0}")]
    Refused(&'static str),
    /// A source of bookings or the door system does not answer.
    #[error("{0}")]
    Endpoint(#[from] sync_core::connector::SyncError),
    /// A code cannot be issued, kept or read.
    #[error("codes: {0}")]
    Codes(String),
    /// A letter cannot be written or queued.
    #[error("mail: {0}")]
    Mail(String),
}
