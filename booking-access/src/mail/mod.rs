//! Letters to bookers and to staff: written, queued on disk, sent.
//!
//! A letter is written once, when it is queued, and waits sealed on disk; it is sent at least once under one Message-ID, and
//! only who, when and how it went is kept afterwards. A failure here never changes anybody's access.

mod bounces;
mod calendar;
mod check;
mod compose;
mod config;
mod dates;
mod error;
mod faults;
mod fresh;
mod letter;
#[cfg(feature = "oauth")]
mod oauth;
mod outbox;
mod reach;
mod smtp;
mod stationery;
mod template;
mod tokens;
mod transport;

#[cfg(feature = "bounces")]
pub use bounces::{BounceMailbox, Bounced, test_mailbox};
pub use bounces::{BouncesConfig, MailboxTls};
pub use check::test_steps;
pub use config::{AuthMode, Carrier, MailConfig, TlsMode, TokenEndpoint};
pub use connector_http::TrustConfig;
pub use dates::Language;
pub use error::MailError;
pub use letter::{Letter, LetterCode, LetterKind, Stay};
#[cfg(feature = "oauth")]
pub use oauth::ClientCredentials;
pub use outbox::{Attention, MailRow, MailState};
pub(crate) use outbox::{
    Outbox, Queued, SCHEMA, erase, hold_back, mails, mark_deliverable, mark_undeliverable, next_due, purge, take_codes,
    unanswered,
};
pub use smtp::Smtp;
pub use stationery::{Site, Stationery, Written};
pub use tokens::{FixedToken, Tokens};
pub use transport::{Envelope, Outcome, Transport};
