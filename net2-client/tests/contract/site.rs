//! Access levels, areas, timezones, doors and what is ordered of them.

use chrono::NaiveTime;
use net2_client::access_levels::AccessLevelRow;
use net2_client::commands::{OpenRelay, Relay};
use net2_client::id::{DayId, DoorGroupId};
use net2_client::timezones::{SlotTime, Timeslot};
use net2_client::{AccessLevelId, AreaId, DoorId, ErrorKind, TimezoneId};
use serde_json::json;

use super::{DOOR, MAYA};
use crate::support::Site;

#[tokio::test]
async fn access_levels_are_read_with_their_rows() {
    let site = Site::of("access_levels").await;
    let access_levels = site.client().access_levels();
    let shared = access_levels.shared().await.unwrap();
    assert_eq!(shared.iter().map(|level| level.id.get()).collect::<Vec<_>>(), [0, 1, 7]);
    let detail = access_levels.detail(AccessLevelId::new(7)).await.unwrap();
    assert_eq!((detail.detail_rows[0].area, detail.detail_rows[0].timezone), (AreaId::new(12), TimezoneId::ALWAYS));
    site.done().await;
}

#[tokio::test]
async fn a_row_taken_from_a_level_is_written_as_never() {
    let site = Site::of("access_level_update").await;
    let access_levels = site.client().access_levels();
    let mut level = access_levels.detail(AccessLevelId::new(7)).await.unwrap();
    level.detail_rows.truncate(1);
    access_levels.update(&level).await.unwrap();
    site.done().await;

    let site = Site::of("access_level_create").await;
    let access_levels = site.client().access_levels();
    let row = AccessLevelRow::new(AreaId::new(5), TimezoneId::ALWAYS);
    let level = access_levels.create("New", &[row]).await.unwrap();
    access_levels.delete(level.id).await.unwrap();
    assert_eq!(access_levels.delete(AccessLevelId::NONE).await.unwrap_err().kind(), ErrorKind::Rejected);
    site.done().await;
}

#[tokio::test]
async fn areas_are_read_under_either_name() {
    let site = Site::of("areas").await;
    let areas = site.client().areas();
    assert_eq!(areas.list().await.unwrap().iter().map(|area| area.id.get()).collect::<Vec<_>>(), [12, 13]);
    assert_eq!(areas.groups().await.unwrap()[0].other["areas"], json!([12, 13]));
    areas.group(1.into()).await.unwrap();
    site.done().await;
}

#[tokio::test]
async fn timezones_go_back_in_the_form_they_came() {
    let site = Site::of("timezones").await;
    let timezones = site.client().timezones();
    assert_eq!(timezones.list().await.unwrap()[0].id, TimezoneId::ALWAYS);
    let office = timezones.detail(TimezoneId::new(4)).await.unwrap();
    timezones.update(&office).await.unwrap();
    let at = |hour| SlotTime::new(NaiveTime::from_hms_opt(hour, 0, 0).unwrap());
    let late = timezones.create("Late", &[Timeslot::new(DayId::FRIDAY, at(18), at(22))]).await.unwrap();
    timezones.delete(late.id).await.unwrap();
    assert_eq!(timezones.days().await.unwrap()[0].id, DayId::MONDAY);
    timezones.day(DayId::MONDAY).await.unwrap();
    site.done().await;
}

#[tokio::test]
async fn doors_and_their_state_are_read() {
    let site = Site::of("doors").await;
    let net2 = site.client();
    assert_eq!(net2.doors().list().await.unwrap()[1].id, DoorId::new(7_000_124));
    assert_eq!(net2.door(DOOR).get().await.unwrap().name, "Main entrance");
    site.done().await;

    let site = Site::of("doors_wrapped").await;
    assert_eq!(site.client().doors().list().await.unwrap().len(), 1);
    site.done().await;

    let site = Site::of("doors_status").await;
    let states = site.client().doors().status().await.unwrap();
    let contact = |place: usize| states[place].status.and_then(|status| status.door_contact_closed);
    assert_eq!((contact(0), contact(1), states[2].status), (Some(true), None, None));
    site.done().await;
}

#[tokio::test]
async fn door_groups_list_their_doors() {
    let site = Site::of("door_groups").await;
    let groups = site.client().door_groups();
    groups.list().await.unwrap();
    groups.get(DoorGroupId::new(1)).await.unwrap();
    assert_eq!(groups.doors(DoorGroupId::new(1)).await.unwrap()[0].id, DOOR);
    assert!(groups.ungrouped_doors().await.unwrap().is_empty());
    site.done().await;
}

#[tokio::test]
async fn door_commands_say_what_they_should() {
    let site = Site::of("door_commands").await;
    let door = site.client().door(DOOR);
    door.open_momentarily().send().await.unwrap();
    door.hold_open().send().await.unwrap();
    door.close().send().await.unwrap();
    door.control(OpenRelay::timed(Relay::Relay1, 5000).led_flash(3)).send().await.unwrap();
    site.done().await;
}

#[tokio::test]
async fn a_missing_right_is_named_with_the_call() {
    let site = Site::of("door_command_forbidden").await;
    let error = site.client().door(DOOR).open_momentarily().send().await.unwrap_err();
    assert_eq!((error.kind(), error.operation()), (ErrorKind::Permission, Some("net2.open_door")));
    site.done().await;
}

#[tokio::test]
async fn a_success_with_errors_inside_is_no_success() {
    let site = Site::of("other_commands").await;
    let commands = site.client().commands();
    commands.reset_anti_passback(MAYA).await.unwrap();
    commands.lockdown(true).await.unwrap();
    assert_eq!(commands.lockdown(false).await.unwrap_err().kind(), ErrorKind::Rejected);
    site.done().await;
}
