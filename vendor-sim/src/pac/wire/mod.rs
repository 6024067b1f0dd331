//! The wire: frames, XML, refusals.

pub(super) mod element;
pub(super) mod frame;
pub(super) mod parse;
pub(super) mod records;
pub(super) mod refusal;
pub(super) mod strict;
pub(super) mod view;
