//! Terminal groups: rows of `tterminal_group_ref`, members in `tterminal_group`.

use std::collections::BTreeSet;

use crate::ids::{TerminalGroupId, TerminalId};

/// A group of terminals.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TerminalGroup {
    /// The id.
    pub id: TerminalGroupId,
    /// The name.
    pub description: String,
    /// The members.
    pub terminals: BTreeSet<TerminalId>,
    /// External id of the receipt of the source that the reader asked about.
    pub receipt: Option<String>,
}
