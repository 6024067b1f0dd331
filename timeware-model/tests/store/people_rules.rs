//! Each rule for writing people, policies and departments, by its number.

use crate::common::*;
use chrono::NaiveDate;
use timeware_model::{
    CreatedHow, Credential, Credentials, ErrorKind, Event, Field, GroupingNumber, LinkEntity, LinkState, NameParts,
    Outcome, PeoplePage, PersonFields, PolicyId, PolicyRights, Warning,
};

on_every_store!(
    w01_a_person_and_the_receipt_are_one_transaction,
    w01_the_same_receipt_key_never_makes_a_second_person,
    w01_a_refused_person_leaves_no_receipt,
    w02_names_are_split_joined_and_cut_with_a_warning,
    w03_a_leaver_keeps_row_and_policy_and_loses_the_badge,
    w03_a_missing_person_cannot_leave,
    w04_other_credentials_stay_in_the_register,
    w04_a_badge_of_a_current_person_is_a_conflict_and_nothing_is_written,
    w04_a_badge_of_a_leaver_is_taken_over,
    w04_late_events_go_to_the_holder_at_event_time,
    w04_an_old_card_does_not_live_on_when_the_badge_was_changed_in_timeware,
    w05_a_policy_is_set_by_id_and_cleared_without_one,
    w05_a_policy_of_the_same_name_is_not_taken_for_ours,
    w06_a_department_is_found_by_receipt_then_by_text_then_made,
    w06_a_value_of_another_grouping_is_refused,
    w14_personal_fields_are_neither_written_nor_read_until_switched_on,
    w15_an_empty_value_clears_a_personal_field_only_where_it_is_authoritative,
    a_key_is_never_cut,
    people_writes_are_announced_to_terminals_in_the_staged_profile,
    w04_without_a_primary_one_the_newest_credential_is_the_badge,
);

const STAGED: &str = "profile = \"staged\"";
async fn w01_a_person_and_the_receipt_are_one_transaction(engine: Engine) {
    let store = store(engine, "").await;
    let policy = store.create_policy("Staff", None, None).await.unwrap().id;
    let grouping = GroupingNumber::new(1).unwrap();
    let department = store.create_grouping(grouping, "Sales", None).await.unwrap().id;
    let mut fields = named("Asha Mello");
    fields.policy = Field::Set(policy);
    fields.groupings.insert(grouping, Field::Set(department));
    let made = store.create_person(&fields, Some(&key("p1"))).await.unwrap();
    assert_eq!(made.how, CreatedHow::New);

    let person = store.person(made.id, Some("net2-hq")).await.unwrap().unwrap();
    assert_eq!(person.receipt, Some(key("p1")));
    assert_eq!(person.status_id, store.check().await.unwrap().current);
    assert_eq!(person.date_started, NaiveDate::from_ymd_opt(2026, 6, 1));
    assert_eq!((person.policy_id, person.groupings.get(&grouping)), (Some(policy), Some(&department)));
    assert!(store.person(made.id, Some("other")).await.unwrap().unwrap().receipt.is_none());
}

async fn w01_the_same_receipt_key_never_makes_a_second_person(engine: Engine) {
    let store = store(engine, "").await;
    let first = store.create_person(&named("Asha Mello"), Some(&key("p1"))).await.unwrap();
    let second = store.create_person(&named("Somebody Else"), Some(&key("p1"))).await.unwrap();
    assert_eq!((second.id, second.how), (first.id, CreatedHow::Duplicate));
    assert_eq!(store.people(&PeoplePage::default()).await.unwrap().people.len(), 1);
}

async fn w01_a_refused_person_leaves_no_receipt(engine: Engine) {
    let store = store(engine, "").await;
    let mut fields = named("Asha Mello");
    fields.policy = Field::Set(PolicyId::new(99));
    let error = store.create_person(&fields, Some(&key("p1"))).await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::Rejected, Some("policy")));
    assert!(store.link(LinkEntity::Employee, &key("p1")).await.unwrap().is_none());
    assert!(store.people(&PeoplePage::default()).await.unwrap().people.is_empty());
}

async fn w02_names_are_split_joined_and_cut_with_a_warning(engine: Engine) {
    let store = store(engine, "").await;
    let parts = store.settings().split_name("Asha  de Mello").unwrap();
    assert_eq!((parts.first.as_str(), parts.last.as_str()), ("Asha", "de Mello"));
    let long = PersonFields::named(NameParts::new("Asha", &"ö".repeat(60)).unwrap());
    let made = store.create_person(&long, None).await.unwrap();
    assert_eq!(made.warnings, [Warning::Cut { field: "last_name", length: 50 }]);
    let person = store.person(made.id, None).await.unwrap().unwrap();
    assert_eq!(person.last_name, "ö".repeat(50));
    assert_eq!(person.name(), format!("Asha {}", "ö".repeat(50)));
}

async fn w03_a_leaver_keeps_row_and_policy_and_loses_the_badge(engine: Engine) {
    let store = store(engine, "").await;
    let policy = store.create_policy("Staff", None, None).await.unwrap().id;
    let mut fields = with_cards(named("Asha Mello"), &["12345678"]);
    fields.policy = Field::Set(policy);
    let id = store.create_person(&fields, Some(&key("p1"))).await.unwrap().id;

    assert!(store.mark_leaver(id, None).await.unwrap().changed);
    let person = store.person(id, Some("net2-hq")).await.unwrap().unwrap();
    assert!(person.leaver && person.badge.is_none() && person.credentials.is_empty());
    assert_eq!(person.date_left, NaiveDate::from_ymd_opt(2026, 6, 1));
    assert_eq!(person.badge_expiry, Some(local("2026-06-01 13:00:00")));
    assert_eq!(person.policy_id, Some(policy));
    let link = store.link(LinkEntity::Employee, &key("p1")).await.unwrap().unwrap();
    assert_eq!(link.state, LinkState::Leaver);
    assert!(!store.mark_leaver(id, None).await.unwrap().changed, "a second time changes nothing");

    let back = with_cards(PersonFields::default(), &["12345678"]);
    store.mark_returned(id, &back).await.unwrap();
    let person = store.person(id, None).await.unwrap().unwrap();
    assert!(!person.leaver && person.date_left.is_none() && person.badge_expiry.is_none());
    assert_eq!(person.badge, Some(12_345_678));
}

async fn w03_a_missing_person_cannot_leave(engine: Engine) {
    let error = store(engine, "").await.mark_leaver(timeware_model::EmployeeId::new(7), None).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

async fn w04_other_credentials_stay_in_the_register(engine: Engine) {
    let store = store(engine, "").await;
    let fields = with_cards(named("Asha Mello"), &["AB-77", "0042"]);
    let id = store.create_person(&fields, None).await.unwrap().id;
    let person = store.person(id, Some("net2-hq")).await.unwrap().unwrap();
    assert_eq!(person.badge, Some(42));
    let numbers: Vec<_> = person.credentials.iter().map(|credential| credential.number.as_str()).collect();
    assert_eq!(numbers, ["0042", "AB-77"]);
}

async fn w04_a_badge_of_a_current_person_is_a_conflict_and_nothing_is_written(engine: Engine) {
    let store = store(engine, "").await;
    let holder = store.create_person(&with_cards(named("Asha Mello"), &["42"]), None).await.unwrap().id;
    let error = store.create_person(&with_cards(named("Bo Berg"), &["42"]), Some(&key("p2"))).await.unwrap_err();
    assert_eq!((error.kind(), error.existing()), (ErrorKind::Conflict, Some(holder.get())));
    assert!(store.link(LinkEntity::Employee, &key("p2")).await.unwrap().is_none());
    assert_eq!(store.people(&PeoplePage::default()).await.unwrap().people.len(), 1);
}

async fn w04_a_badge_of_a_leaver_is_taken_over(engine: Engine) {
    let store = store(engine, "").await;
    let leaver = store.create_person(&with_cards(named("Asha Mello"), &["42"]), None).await.unwrap().id;
    store.mark_leaver(leaver, None).await.unwrap();
    let error = store.update_person(leaver, &with_cards(PersonFields::default(), &["42"])).await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::Rejected, Some("badge")));
    store.execute("UPDATE temployee SET badge = 42");
    let made = store.create_person(&with_cards(named("Bo Berg"), &["42"]), None).await.unwrap();
    assert_eq!(made.warnings, [Warning::BadgeTakenOver { from: leaver }]);
    assert_eq!(store.person(leaver, None).await.unwrap().unwrap().badge, None);
    assert_eq!(store.person(made.id, None).await.unwrap().unwrap().badge, Some(42));
}

async fn w04_late_events_go_to_the_holder_at_event_time(engine: Engine) {
    let store = store(engine, "").await;
    let since = |text: &str| Credentials::new("net2-hq", vec![Credential::new("42").since(at(text))]);
    let mut first = named("Asha Mello");
    first.credentials = Some(since("2026-05-01T00:00:00Z"));
    let first = store.create_person(&first, None).await.unwrap().id;
    store.mark_leaver(first, None).await.unwrap();
    let mut second = named("Bo Berg");
    second.credentials = Some(since("2026-06-01T13:00:00Z"));
    let second = store.create_person(&second, None).await.unwrap().id;
    for (when, holder) in [
        ("2026-04-30T23:59:59Z", None),
        ("2026-05-20T08:00:00Z", Some(first)),
        ("2026-06-01T12:30:00Z", None),
        ("2026-06-02T08:00:00Z", Some(second)),
    ] {
        assert_eq!(store.holder_at("net2-hq", "0042", at(when)).await.unwrap(), holder, "{when}");
    }
    let door = attendance_in(&store).await;
    let late = Event::new(key("e1"), door, at("2026-05-20T08:00:00Z")).badge("42");
    assert_eq!(book(&store, late).await.outcome, Outcome::Booked);
    assert_eq!(store.event(&key("e1")).await.unwrap().unwrap().employee_id, Some(first));
}

async fn w04_an_old_card_does_not_live_on_when_the_badge_was_changed_in_timeware(engine: Engine) {
    let store = store(engine, "").await;
    let id = store.create_person(&with_cards(named("Asha Mello"), &["41", "AB-7"]), None).await.unwrap().id;
    let mut own = PersonFields::default();
    own.credentials = Some(Credentials::new("by-hand", vec![Credential::new("43")]));
    store.update_person(id, &own).await.unwrap();
    let person = store.person(id, Some("net2-hq")).await.unwrap().unwrap();
    let numbers: Vec<_> = person.credentials.iter().map(|credential| credential.number.as_str()).collect();
    assert_eq!(numbers, ["43", "AB-7"]);
}

async fn w05_a_policy_is_set_by_id_and_cleared_without_one(engine: Engine) {
    let store = store(engine, "").await;
    let policy = store.create_policy("Staff", Some(&PolicyRights::All), Some(&key("l1"))).await.unwrap().id;
    assert_eq!(store.policies(Some("net2-hq")).await.unwrap()[0].data, None, "rights are left to timeware");
    let id = person(&store, "Asha Mello").await;
    let mut fields = PersonFields::default();
    fields.policy = Field::Set(policy);
    store.update_person(id, &fields).await.unwrap();
    assert_eq!(store.person(id, None).await.unwrap().unwrap().policy_id, Some(policy));
    fields.policy = Field::Clear;
    store.update_person(id, &fields).await.unwrap();
    assert_eq!(store.person(id, None).await.unwrap().unwrap().policy_id, None);
}

async fn w05_a_policy_of_the_same_name_is_not_taken_for_ours(engine: Engine) {
    let store = store(engine, "write_policy_data = true").await;
    let first = store.create_policy("Staff", Some(&PolicyRights::All), None).await.unwrap().id;
    assert!(store.policies(None).await.unwrap()[0].data.as_deref().is_some_and(|data| data.contains("optAllYes,True")));
    let error = store.create_policy("Staff", None, Some(&key("l1"))).await.unwrap_err();
    assert_eq!((error.kind(), error.existing()), (ErrorKind::Conflict, Some(first.get())));
    let other = store.create_policy("Visitors", None, Some(&key("l2"))).await.unwrap().id;
    assert_eq!(store.update_policy(other, Some("Staff"), None).await.unwrap_err().kind(), ErrorKind::Conflict);
    assert!(store.update_policy(other, Some("Guests"), None).await.unwrap().changed);
}

async fn w06_a_department_is_found_by_receipt_then_by_text_then_made(engine: Engine) {
    let store = store(engine, "").await;
    let number = GroupingNumber::new(3).unwrap();
    let made = store.create_grouping(number, "Öl & Gas", Some(&key("d1"))).await.unwrap();
    assert_eq!(made.how, CreatedHow::New);
    let again = store.create_grouping(number, "Renamed since", Some(&key("d1"))).await.unwrap();
    assert_eq!((again.id, again.how), (made.id, CreatedHow::Duplicate));
    let adopted = store.create_grouping(number, "öl & GAS", Some(&key("d2"))).await.unwrap();
    assert_eq!((adopted.id, adopted.how), (made.id, CreatedHow::Adopted));
    let elsewhere = store.create_grouping(GroupingNumber::new(4).unwrap(), "Öl & Gas", None).await.unwrap();
    assert_ne!(elsewhere.id, made.id);
    assert!(store.rename_grouping(number, made.id, "Energy").await.unwrap().changed);
    let values = store.groupings(number, Some("net2-hq")).await.unwrap();
    assert_eq!((values.len(), values[0].description.as_str()), (1, "Energy"));
}

async fn w06_a_value_of_another_grouping_is_refused(engine: Engine) {
    let store = store(engine, "").await;
    let (one, two) = (GroupingNumber::new(1).unwrap(), GroupingNumber::new(2).unwrap());
    let value = store.create_grouping(two, "Nights", None).await.unwrap().id;
    let mut fields = named("Asha Mello");
    fields.groupings.insert(one, Field::Set(value));
    let error = store.create_person(&fields, None).await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::Rejected, Some("grouping_1")));
}

async fn w14_personal_fields_are_neither_written_nor_read_until_switched_on(engine: Engine) {
    let mut fields = named("Asha Mello");
    fields.date_of_birth = Field::Set(NaiveDate::from_ymd_opt(1987, 4, 19).unwrap());
    fields.post_code = Field::Set("zz14qx".to_owned());
    fields.mobile_number = Field::Set(" 07700 900123 ".to_owned());
    fields.email_address = Field::Set("a.demello@example.org".to_owned());

    let off = store(engine, "").await;
    let id = off.create_person(&fields, None).await.unwrap().id;
    let person = off.person(id, None).await.unwrap().unwrap();
    assert_eq!((person.date_of_birth, person.post_code, person.mobile_number), (None, None, None));
    assert_eq!(person.email_address.as_deref(), Some("a.demello@example.org"));

    let on = store(engine, "personal_fields = [\"date_of_birth\", \"post_code\", \"mobile_number\"]").await;
    let id = on.create_person(&fields, None).await.unwrap().id;
    let person = on.person(id, None).await.unwrap().unwrap();
    assert_eq!(person.date_of_birth, NaiveDate::from_ymd_opt(1987, 4, 19));
    assert_eq!(person.post_code.as_deref(), Some("ZZ1 4QX"));
    assert_eq!(person.mobile_number.as_deref(), Some("07700 900123"));
}

async fn w15_an_empty_value_clears_a_personal_field_only_where_it_is_authoritative(engine: Engine) {
    let mut full = named("Asha Mello");
    full.gender = Field::Set("Female".to_owned());
    full.vehicle_registration = Field::Set("ZZ19 XYZ".to_owned());
    full.title = Field::Set("Mrs".to_owned());
    let mut empty = PersonFields::default();
    empty.gender = Field::Clear;
    empty.vehicle_registration = Field::Set("  ".to_owned());
    empty.title = Field::Clear;

    let text = "personal_fields = [\"gender\", \"vehicle_registration\"]\nauthoritative = [\"gender\"]";
    let store = store(engine, text).await;
    let id = store.create_person(&full, None).await.unwrap().id;
    store.update_person(id, &empty).await.unwrap();
    let person = store.person(id, None).await.unwrap().unwrap();
    assert_eq!((person.gender, person.title), (None, None));
    assert_eq!(person.vehicle_registration.as_deref(), Some("ZZ19 XYZ"));
}

async fn a_key_is_never_cut(engine: Engine) {
    let store = store(engine, "").await;
    let mut fields = named("Asha Mello");
    fields.paylink = Field::Set("9".repeat(31));
    let error = store.create_person(&fields, None).await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::Rejected, Some("paylink")));
}

async fn people_writes_are_announced_to_terminals_in_the_staged_profile(engine: Engine) {
    let staged = store(engine, STAGED).await;
    let id = person(&staged, "Asha Mello").await;
    staged.mark_leaver(id, None).await.unwrap();
    let queue = staged.changed_people(0, 10).await.unwrap();
    assert_eq!(queue.iter().map(|(_, id)| *id).collect::<Vec<_>>(), [id, id]);
    assert_eq!(staged.changed_people(queue[0].0, 10).await.unwrap().len(), 1);
    let direct = store(engine, "").await;
    person(&direct, "Asha Mello").await;
    assert!(direct.changed_people(0, 10).await.unwrap().is_empty());
}

async fn w04_without_a_primary_one_the_newest_credential_is_the_badge(engine: Engine) {
    let clock = std::sync::Arc::new(std::sync::Mutex::new(at("2026-06-01T12:00:00Z")));
    let time = std::sync::Arc::clone(&clock);
    let store = store_by(engine, "", std::sync::Arc::new(move || *time.lock().unwrap())).await;
    let id = store.create_person(&with_cards(named("Asha Mello"), &["50"]), None).await.unwrap().id;
    for (cards, badge) in [(&["50", "40"][..], Some(40)), (&["50"], Some(50)), (&["30", "50"], Some(30)), (&[], None)] {
        *clock.lock().unwrap() += chrono::Duration::hours(1);
        store.update_person(id, &with_cards(PersonFields::default(), cards)).await.unwrap();
        assert_eq!(store.person(id, None).await.unwrap().unwrap().badge, badge, "{cards:?}");
    }
}
