//! What goes over the wire, call by call, against the fixtures.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop")]

mod support;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{NaiveDate, NaiveTime};
use futures::{StreamExt as _, TryStreamExt as _};
use net2_client::access_levels::AccessLevelRow;
use net2_client::commands::{OpenRelay, Relay};
use net2_client::departments::Department;
use net2_client::events::{EventCursor, EventPage, EventQuery};
use net2_client::id::{CustomFieldId, DayId, DoorGroupId, IoBoardId, RollCallId, SafeRecordId};
use net2_client::image::Jpeg;
use net2_client::permissions::{PermissionNotStored, PermissionSet};
use net2_client::query::{Condition, EventColumn};
use net2_client::server::{ProductType, ServerVersion};
use net2_client::timezones::{SlotTime, Timeslot};
use net2_client::tokens::NewToken;
use net2_client::users::{Change, NewUser, UserChanges};
use net2_client::{
    AccessLevelId, AreaId, DepartmentId, DoorId, Error, ErrorKind, EventId, MfaChannel, MfaCodes, ServerTime,
    TimezoneId, TokenId, TokenType, UserId,
};
use secrecy::SecretString;
use serde_json::json;
use support::Site;

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

#[tokio::test]
async fn a_user_that_cannot_be_read_does_not_hide_the_others() {
    let site = Site::of("users_list").await;
    let users = site.client().users().list().await.unwrap();
    assert_eq!(users.items.iter().map(|user| user.id.get()).collect::<Vec<_>>(), [42, 43]);
    assert_eq!(users.items[1].full_name(), "Bjørn Åse");
    assert_eq!(users.items[1].expiry_date, None);
    let invalid: Vec<_> = users.invalid.iter().map(|item| (item.id, item.field.as_str())).collect();
    assert_eq!(invalid, [(Some(44), "firstName"), (None, "id")]);
    site.done().await;
}

#[tokio::test]
async fn one_user_comes_with_access_and_a_missing_one_is_not_found() {
    let site = Site::of("users_get").await;
    let user = site.client().users().get(MAYA).await.unwrap();
    assert_eq!(user.permissions.unwrap().access_levels, levels(&[3]));
    site.done().await;

    let site = Site::of("users_get_missing").await;
    assert_eq!(site.client().user(MAYA).get().await.unwrap_err().kind(), ErrorKind::NotFound);
    site.done().await;
}

#[tokio::test]
async fn a_created_user_is_returned_as_stored() {
    let site = Site::of("users_create").await;
    let user = site.client().users().create(&new_maya()).await.unwrap();
    assert_eq!(user.id, UserId::new(57));
    site.done().await;
}

#[tokio::test]
async fn an_answer_about_somebody_else_is_no_creation() {
    for scenario in ["users_create_other", "users_create_zero"] {
        let site = Site::of(scenario).await;
        let error = site.client().users().create(&new_maya()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol, "{scenario}");
        assert!(error.may_have_been_applied(), "{scenario}");
        site.done().await;
    }
}

#[tokio::test]
async fn a_lost_creation_is_not_repeated() {
    let site = Site::of("users_create_lost").await;
    let error = site.client().users().create(&new_maya()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OutcomeUnknown);
    site.done().await;
}

#[tokio::test]
async fn a_user_without_a_name_is_refused_before_sending() {
    let site = Site::bare().await;
    let error = site.client().users().create(&NewUser::new("", " ")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Rejected);
    assert_eq!(site.client().request_count(), 0);
}

#[tokio::test]
async fn custom_fields_go_only_as_far_as_they_change() {
    let site = Site::of("users_update_custom").await;
    let changes = UserChanges::new()
        .pin(Change::Clear)
        .custom_field(CustomFieldId::EMAIL, "")
        .custom_field(CustomFieldId::POSITION, "Coach");
    let user = site.client().user(MAYA).update(&changes).await.unwrap();
    assert_eq!(user.custom_field(CustomFieldId::PERSONNEL_NUMBER), Some("BK-000042"));
    site.done().await;
}

#[tokio::test]
async fn a_change_that_changes_nothing_is_not_written() {
    let site = Site::of("users_update_same").await;
    site.client().user(MAYA).update(&UserChanges::new().first_name("Maya")).await.unwrap();
    site.done().await;
}

#[tokio::test]
async fn deleting_twice_is_deleting_once_and_the_engineer_stays() {
    let site = Site::of("users_delete").await;
    let users = site.client().users();
    users.delete(MAYA).await.unwrap();
    users.delete(UserId::new(43)).await.unwrap();
    assert_eq!(users.delete(UserId::SYSTEM_ENGINEER).await.unwrap_err().kind(), ErrorKind::Rejected);
    site.done().await;

    let site = Site::of("users_purge").await;
    site.client().users().purge(&[MAYA, UserId::new(43)]).await.unwrap();
    site.done().await;
}

#[tokio::test]
async fn custom_fields_tell_their_limits() {
    let site = Site::of("custom_fields").await;
    let fields = site.client().users().custom_fields();
    let all = fields.list().await.unwrap();
    assert_eq!(all.iter().map(|field| field.max_length).collect::<Vec<_>>(), [Some(50), None]);
    assert_eq!(fields.get(CustomFieldId::PERSONNEL_NUMBER).await.unwrap().name, "Booking reference");
    site.done().await;
}

#[tokio::test]
async fn departments_are_managed() {
    let site = Site::of("departments").await;
    let departments = site.client().departments();
    assert_eq!(departments.list().await.unwrap().len(), 2);
    let staff = departments.create("Staff").await.unwrap();
    departments.rename(staff.id, "Team").await.unwrap();
    departments.delete(staff.id).await.unwrap();
    assert_eq!(departments.users(DepartmentId::new(3)).await.unwrap().items.len(), 1);
    assert!(departments.users_of_none().await.unwrap().items.is_empty());
    site.done().await;

    let site = Site::of("departments_create_silent").await;
    assert_eq!(site.client().departments().create("Staff").await.unwrap().id, DepartmentId::new(8));
    site.done().await;
}

#[tokio::test]
async fn the_department_of_a_user_comes_in_several_shapes() {
    for scenario in ["user_department_list", "user_department_object"] {
        let site = Site::of(scenario).await;
        let department = site.client().user(MAYA).department().await.unwrap().unwrap();
        assert_eq!(department, Department::new(DepartmentId::new(3), "Members"), "{scenario}");
        site.done().await;
    }
}

#[tokio::test]
async fn a_user_is_put_into_a_department_and_taken_out() {
    let site = Site::of("user_department_set").await;
    let maya = site.client().user(MAYA);
    maya.set_department(&Department::new(DepartmentId::new(3), "Members")).await.unwrap();
    maya.set_department(&Department::none()).await.unwrap();
    maya.clear_department().await.unwrap();
    site.done().await;
}

#[tokio::test]
async fn a_level_that_is_there_is_not_written_again() {
    let site = Site::of("permissions_same").await;
    site.client().user(MAYA).modify_access_levels(&levels(&[7]), &levels(&[9])).await.unwrap();
    site.done().await;
}

#[tokio::test]
async fn permissions_that_were_not_kept_are_an_error_that_says_which() {
    let site = Site::of("permissions_not_stored").await;
    let error = site.client().user(MAYA).modify_access_levels(&levels(&[7]), &[]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Rejected);
    let source = std::error::Error::source(&error).unwrap().downcast_ref::<PermissionNotStored>().unwrap();
    assert_eq!((source.wanted.clone(), source.stored.clone()), (levels(&[3, 7]), levels(&[7])));
    site.done().await;
}

#[tokio::test]
async fn no_access_is_spelt_out_where_a_server_wants_it() {
    let site = Site::of("permissions_none_spelt_out").await;
    let stored = site.client().user(MAYA).set_permissions(&PermissionSet::none()).await.unwrap();
    assert!(stored.is_empty());
    site.done().await;
}

#[tokio::test]
async fn tokens_of_unknown_kinds_survive() {
    let site = Site::of("tokens").await;
    let tokens = site.client().user(MAYA).tokens();
    let all = tokens.list().await.unwrap();
    assert_eq!(all[2].token_type, TokenType::Unknown("FutureCard".to_owned()));
    assert_eq!(serde_json::to_value(&all[2]).unwrap()["tokenValue"], json!("998877"));
    tokens.get(TokenId::new(0)).await.unwrap();
    tokens.delete(TokenId::new(0)).await.unwrap();
    site.done().await;
}

#[tokio::test]
async fn a_token_is_issued_and_reported_lost() {
    let site = Site::of("tokens_add").await;
    let token = NewToken::new(TokenType::ProxCard, "87654321");
    assert_eq!(site.client().user(MAYA).tokens().add(&token).await.unwrap().id, TokenId::new(400));
    site.done().await;

    let site = Site::of("tokens_lost").await;
    assert!(site.client().user(MAYA).tokens().set_lost(TokenId::new(0), true).await.unwrap().is_lost);
    site.done().await;

    let site = Site::of("token_types").await;
    assert_eq!(site.client().token_types().list().await.unwrap().len(), 2);
    site.done().await;
}

#[tokio::test]
async fn portraits_come_as_bytes_or_json_or_not_at_all() {
    for scenario in ["image_bytes", "image_json"] {
        let site = Site::of(scenario).await;
        let image = site.client().user(MAYA).image().await.unwrap().unwrap();
        assert!(image.starts_with(&[0xff, 0xd8, 0xff]), "{scenario}");
        site.done().await;
    }
    let site = Site::of("image_none").await;
    assert_eq!(site.client().user(MAYA).image().await.unwrap(), None);
    site.done().await;
}

#[tokio::test]
async fn a_portrait_is_stored_and_removed() {
    let site = Site::of("image_set").await;
    let maya = site.client().user(MAYA);
    let jpeg = Jpeg::new([0xff, 0xd8, 0xff, 0xe0, 0, 4, 0, 0]).unwrap();
    maya.set_image(jpeg.clone()).await.unwrap();
    maya.delete_image().await.unwrap();
    site.done().await;

    let site = Site::of("image_too_large").await;
    assert_eq!(site.client().user(MAYA).set_image(jpeg).await.unwrap_err().kind(), ErrorKind::TooLarge);
    site.done().await;
}

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

#[tokio::test]
async fn the_log_is_followed_until_an_answer_is_empty() {
    let site = Site::of("events_follow").await;
    let follow = site.client().events().since(EventCursor::after(EventId::new(900_110))).rows(2);
    let pages: Vec<EventPage> = follow.pages().try_collect().await.unwrap();
    assert_eq!(pages.iter().map(|page| page.events.len()).collect::<Vec<_>>(), [2, 1, 0]);
    assert_eq!(pages.iter().map(|page| page.is_end).collect::<Vec<_>>(), [false, false, true]);
    assert_eq!(pages[2].cursor.last_id(), EventId::new(900_113));
    assert_eq!(pages[1].events[0].user, None);
    site.done().await;
}

#[tokio::test]
async fn a_server_that_does_not_move_on_is_an_error() {
    let site = Site::of("events_stuck").await;
    let mut pages = site.client().events().since(EventCursor::after(EventId::new(900_110))).rows(2).pages();
    assert_eq!(pages.next().await.unwrap().unwrap_err().kind(), ErrorKind::Protocol);
    assert!(pages.next().await.is_none());
    site.done().await;
}

#[tokio::test]
async fn an_event_that_cannot_be_read_is_set_aside() {
    let site = Site::of("events_odd").await;
    let events = site.client().events().query(&EventQuery::newest(10)).await.unwrap();
    assert_eq!(events.items.len(), 1);
    assert_eq!(events.invalid.iter().map(|item| item.id).collect::<Vec<_>>(), [Some(4), Some(3)]);
    site.done().await;
}

#[tokio::test]
async fn a_refused_condition_is_rejected_and_not_repeated() {
    let site = Site::of("events_refused").await;
    let time = NaiveDate::from_ymd_opt(2027, 3, 1).unwrap().and_hms_opt(9, 0, 0).unwrap();
    let condition =
        Condition::equal(EventColumn::Surname, "O'Hara").and(Condition::at_least(EventColumn::EventTime, time));
    let error = site.client().events().query(&EventQuery::newest(5).matching(condition)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Rejected);
    site.done().await;
}

#[tokio::test]
async fn a_server_without_conditions_on_the_number_is_followed_by_time() {
    let site = Site::of("events_by_time").await;
    let time = NaiveDate::from_ymd_opt(2027, 3, 1).unwrap().and_hms_opt(9, 0, 0).unwrap();
    let cursor = EventCursor::after_time(EventId::new(10), time);
    let pages: Vec<EventPage> = site.client().events().since(cursor).rows(2).pages().try_collect().await.unwrap();
    let seen: Vec<_> = pages.iter().flat_map(|page| &page.events).map(|event| event.id.get()).collect();
    assert_eq!(seen, [10, 11]);
    assert_eq!(pages.last().unwrap().cursor.last_id(), EventId::new(11));
    site.done().await;
}

#[tokio::test]
async fn unknown_tokens_are_read_in_both_shapes() {
    let site = Site::of("events_unknown_tokens").await;
    let tokens = site.client().events().latest_unknown_tokens(5).await.unwrap();
    assert_eq!(tokens.iter().map(|token| token.token.as_str()).collect::<Vec<_>>(), ["5550123", "5550124"]);
    assert_eq!(tokens[1].place.as_deref(), Some("Gate"));
    site.done().await;
}

#[tokio::test]
async fn an_alarm_is_acknowledged_at_the_second_address() {
    let site = Site::of("events_acknowledge").await;
    site.client().events().acknowledge_alarm(EventId::new(77)).await.unwrap();
    site.done().await;
}

#[tokio::test]
async fn roll_calls_are_read_and_people_marked() {
    let site = Site::of("roll_calls").await;
    let roll_calls = site.client().roll_calls();
    let id = RollCallId::new(1);
    assert_eq!(roll_calls.list().await.unwrap()[0].other["kind"], json!(2));
    roll_calls.get(id).await.unwrap();
    assert_eq!(roll_calls.items(id).await.unwrap()[0].user, Some(MAYA));
    roll_calls.item(id, MAYA).await.unwrap();
    assert_eq!(roll_calls.start(&json!({ "name": "Drill" })).await.unwrap().unwrap().id, RollCallId::new(2));
    roll_calls.mark_safe(id, MAYA, &json!({ "markedSafeBy": 7 })).await.unwrap();
    roll_calls.unmark_safe(id, MAYA, SafeRecordId::new(7)).await.unwrap();
    site.done().await;
}

#[tokio::test]
async fn io_boards_are_read_and_switched() {
    let site = Site::of("io_boards").await;
    let boards = site.client().io_boards();
    let id = IoBoardId::new(1);
    assert_eq!(boards.list().await.unwrap()[0].id, id);
    boards.get(id).await.unwrap();
    assert_eq!(boards.detail(id).await.unwrap()["anything"], json!(1));
    assert_eq!(boards.inputs(id).await.unwrap()[0].is_active, Some(false));
    assert_eq!(boards.outputs(id).await.unwrap()[0].is_active, Some(true));
    boards.switch_relays(id, &json!({ "relay": 1, "state": 0 })).await.unwrap();
    site.done().await;
}

#[tokio::test]
async fn operators_are_listed_with_the_built_in_one() {
    let site = Site::of("operators").await;
    let operators = site.client().operators().list().await.unwrap();
    assert_eq!(operators[0].id, UserId::SYSTEM_ENGINEER);
    assert_eq!(operators[1].surname.as_deref(), Some("Silva"));
    site.done().await;
}

#[tokio::test]
async fn the_server_tells_about_itself() {
    let site = Site::of("server").await;
    let server = site.client().server();
    assert_eq!(server.version().await.unwrap().unwrap().to_string(), "6.07.14853.6254");
    assert_eq!(server.product_type().await.unwrap(), Some(ProductType::Pro));
    server.features().await.unwrap();
    server.properties().await.unwrap();
    server.version_history().await.unwrap();
    server.api_versions().await.unwrap();
    site.done().await;
}

#[tokio::test]
async fn a_server_before_6_02_is_refused_and_a_silent_one_is_not() {
    let oldest = ServerVersion::oldest_supported();
    let site = Site::of("server_old").await;
    let error = site.client().server().require_version(&oldest).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains("6.01") && error.to_string().contains("6.02"), "{error}");
    site.done().await;

    let site = Site::of("server_silent").await;
    assert_eq!(site.client().server().require_version(&oldest).await.unwrap(), None);
    site.done().await;
}

#[tokio::test]
async fn a_check_reads_version_edition_and_doors() {
    let site = Site::of("check").await;
    let info = site.client().check().await.unwrap();
    assert_eq!((info.product, info.doors), (Some(ProductType::Lite), 1));
    site.done().await;
}

#[tokio::test]
async fn everybody_is_read_by_a_constant_number_of_statements() {
    let site = Site::of("custom_query").await;
    let query = site.client().custom_query();
    let users = query.users().await.unwrap();
    assert_eq!(users[0].department, DepartmentId::new(3));
    assert!(users[1].level.is_private());
    let cards = query.cards().await.unwrap();
    assert_eq!(cards.len(), 1);
    assert_eq!(cards[0].kind, Some(TokenType::Keyfob));
    assert_eq!(query.card_owner(&"12345678".into()).await.unwrap(), Some(MAYA));
    assert_eq!(query.door_areas().await.unwrap()[0].area, AreaId::new(12));
    assert_eq!(query.last_event().await.unwrap(), Some(EventId::new(900_113)));
    site.done().await;

    let site = Site::of("custom_query_forbidden").await;
    let error = site.client().custom_query().querydb("SELECT 1 AS [one]").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Permission);
    site.done().await;
}

#[tokio::test]
async fn each_failure_has_its_kind() {
    for (scenario, kind) in [
        ("error_rejected", ErrorKind::Rejected),
        ("error_forbidden", ErrorKind::Permission),
        ("error_missing", ErrorKind::NotFound),
        ("error_too_large", ErrorKind::TooLarge),
        ("error_rate_limited", ErrorKind::RateLimited),
        ("error_fault", ErrorKind::Unavailable),
        ("error_bad_gateway", ErrorKind::Unavailable),
        ("error_unavailable", ErrorKind::Unavailable),
        ("error_not_json", ErrorKind::Protocol),
        ("error_shape", ErrorKind::Protocol),
    ] {
        let site = Site::of(scenario).await;
        let error =
            site.builder().retry(net2_client::RetryPolicy::never()).build().unwrap().doors().list().await.unwrap_err();
        assert_eq!(error.kind(), kind, "{scenario}");
        assert!(!error.may_have_been_applied(), "{scenario}");
        let shown = chain(&error);
        assert!(!shown.contains("Maya"), "{scenario}: {shown}");
        site.done().await;
    }
}

fn chain(error: &Error) -> String {
    let mut text = format!("{error} {error:?}");
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text = format!("{text} {cause} {cause:?}");
        source = cause.source();
    }
    text
}

#[tokio::test]
async fn the_sign_in_is_a_form_and_happens_once() {
    let mut site = Site::only("sign_in").await;
    site.play("doors_wrapped").await;
    let net2 = site.client();
    net2.doors().list().await.unwrap();
    assert_eq!(net2.request_count(), 2);
    site.done().await;
}

#[tokio::test]
async fn a_forgotten_refresh_token_leads_back_to_the_password() {
    let mut site = Site::only("sign_in_refresh_refused").await;
    site.server.mock("GET", "/api/v1/doors").with_body("[]").expect(2).create_async().await;
    let net2 = site.client();
    net2.doors().list().await.unwrap();
    site.clock.advance(Duration::from_mins(31));
    net2.doors().list().await.unwrap();
    site.done().await;
}

#[tokio::test]
async fn a_second_factor_is_its_own_kind() {
    let site = Site::only("sign_in_mfa").await;
    let error = site.client().doors().list().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::MfaRequired);
    site.done().await;
}

#[derive(Debug)]
struct Person;

#[async_trait]
impl MfaCodes for Person {
    fn channel(&self) -> MfaChannel {
        MfaChannel::Email
    }

    async fn code(&self) -> Result<SecretString, Error> {
        Ok("123456".into())
    }
}

#[tokio::test]
async fn a_second_factor_can_be_answered() {
    let mut site = Site::only("sign_in_mfa_answered").await;
    site.play("doors_wrapped").await;
    let net2 = site.builder().mfa_codes(Arc::new(Person)).build().unwrap();
    net2.doors().list().await.unwrap();
    site.done().await;
}

#[tokio::test]
async fn signing_out_tells_the_server_to_forget() {
    let mut site = Site::only("sign_out").await;
    site.play("doors_wrapped").await;
    let net2 = site.client();
    net2.doors().list().await.unwrap();
    net2.sign_out().await.unwrap();
    net2.sign_out().await.unwrap();
    site.done().await;
}

#[tokio::test]
async fn a_client_that_lacks_something_is_not_built() {
    let site = Site::bare().await;
    let url = site.server.url();
    let kind = |builder: net2_client::Net2ClientBuilder| builder.build().unwrap_err().kind();
    assert_eq!(kind(net2_client::Net2Client::builder(&url).client_id("x")), ErrorKind::Config);
    assert_eq!(kind(net2_client::Net2Client::builder(&url).operator("o", "p")), ErrorKind::Config);
    assert_eq!(kind(net2_client::Net2Client::builder("ftp://h").operator("o", "p").client_id("x")), ErrorKind::Config);
}
