//! Users with their fields, departments, permissions, tokens and pictures.

use net2_client::departments::Department;
use net2_client::id::CustomFieldId;
use net2_client::image::Jpeg;
use net2_client::permissions::{PermissionNotStored, PermissionSet};
use net2_client::tokens::NewToken;
use net2_client::users::{Change, NewUser, UserChanges};
use net2_client::{DepartmentId, ErrorKind, TokenId, TokenType, UserId};
use serde_json::json;

use super::{MAYA, levels, new_maya};
use crate::support::Site;

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
