//! Being told of changes.

use crate::client::GraphClient;

/// Being told of changes.
#[derive(Clone, Debug)]
pub struct Subscriptions(pub(crate) GraphClient);
