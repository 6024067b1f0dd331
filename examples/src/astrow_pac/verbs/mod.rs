//! The program's own verbs.

pub(super) mod badge_check;
pub(super) mod certificate;
pub(super) mod files;
pub(super) mod terminals;
