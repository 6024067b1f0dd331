//! What goes over the wire, call by call, against the fixtures.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop")]

mod events;
mod server;
mod site;
#[path = "../support/mod.rs"]
mod support;
mod users;

use chrono::NaiveDate;
use net2_client::id::CustomFieldId;
use net2_client::users::NewUser;
use net2_client::{AccessLevelId, DoorId, ServerTime, UserId};

const MAYA: UserId = UserId::new(42);
const DOOR: DoorId = DoorId::new(7_000_123);

fn day(year: i32, month: u32, day: u32) -> ServerTime {
    ServerTime::day(NaiveDate::from_ymd_opt(year, month, day).unwrap())
}

fn levels(ids: &[i64]) -> Vec<AccessLevelId> {
    ids.iter().copied().map(AccessLevelId::new).collect()
}

fn new_maya() -> NewUser {
    NewUser::new("Maya", "Okonkwo")
        .valid(day(2027, 3, 1), Some(day(2027, 4, 1)))
        .with(|user| user.pin("4821").custom_field(CustomFieldId::PERSONNEL_NUMBER, "BK-000042"))
}
