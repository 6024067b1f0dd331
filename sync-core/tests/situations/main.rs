//! The table of situations for one-way entities, a topic each file.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop")]

#[path = "../support/mod.rs"]
mod support;

mod absence;
mod audit;
mod lost_replies;
mod pairs;
mod records;
mod refusals;
mod removals;

use sync_core::model::Known;

fn text(text: &str) -> Known<String> {
    Known::from_text(text)
}
