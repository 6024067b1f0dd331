//! Employment status: rows of `temployee_status`.

use crate::ids::StatusId;

/// An employment status.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Status {
    /// The id; never fixed, sites differ.
    pub id: StatusId,
    /// The name.
    pub description: String,
    /// People with this status are out of the calculation.
    pub excluded: bool,
}
