//! Letters that come back: the mailbox is looked into for delivery reports, and those about our own letters count.

mod config;
#[cfg(feature = "bounces")]
mod limited;
#[cfg(feature = "bounces")]
mod mailbox;
#[cfg(feature = "bounces")]
mod report;
#[cfg(feature = "bounces")]
mod returned;
#[cfg(feature = "bounces")]
mod session;

pub use config::{BouncesConfig, MailboxTls};
#[cfg(feature = "bounces")]
pub use mailbox::{BounceMailbox, test_mailbox};
#[cfg(feature = "bounces")]
pub use returned::Bounced;
