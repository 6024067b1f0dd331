//! The bridge to InVentry.
