//! People of Astrow in the words of the engine, against the simulated server.
#![cfg(feature = "sync")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop")]

mod site;

use astrow_client::sync::{AstrowConfig, AstrowEndpoint};
use futures::TryStreamExt as _;
use site::{Site, badges, department, draft, groups, teo};
use sync_core::connector::{
    AttemptKey, Changes, CreateClass, Endpoint as _, ErrorClass, Key, Page, Precondition, Record, Removal, Sink as _,
    Source, SyncError,
};
use sync_core::model::{Device, DeviceKind, Direction, Entity as _, FieldValue, Known, Person, Scalar};
use vendor_sim::astrow::{BadgeBase, Employee, Fault, FaultKind, Master};

fn none() -> Precondition {
    Precondition::default()
}

fn attempt(n: u128) -> AttemptKey {
    AttemptKey::from_u128(n)
}

fn employee(site: &Site, record: &Record<Person>) -> Employee {
    let pers_no = record.id.as_str().parse().unwrap();
    site.sim.world(|world| world.employee(pers_no).cloned()).unwrap()
}

async fn update(site: &Site, record: &Record<Person>, changes: Person) -> Result<Record<Person>, SyncError> {
    site.astrow.update(&record.id, &Changes(changes), &none(), &attempt(99)).await
}

async fn remove(site: &Site, record: &Record<Person>, how: &Removal) -> Result<(), SyncError> {
    site.astrow.remove(&record.id, how, &none(), &attempt(98)).await
}

async fn everybody(astrow: &AstrowEndpoint) -> (Vec<Record<Person>>, bool) {
    let pages: Vec<Page<Person>> = Source::<Person>::snapshot(astrow, None).try_collect().await.unwrap();
    let complete = pages.last().unwrap().end.unwrap().complete;
    (pages.into_iter().flat_map(|page| page.records).collect(), complete)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_employee_has_the_defaults_and_pacs_id_as_badge_number() {
    let site = Site::start().await;
    let made = site.create(teo(), 1).await;
    let teo = employee(&site, &made);
    assert_eq!((teo.cycle.as_str(), teo.pay_group.as_str()), ("C-STD", "PG-1"));
    assert_eq!((teo.terminal_group.as_deref(), teo.company_site.as_deref()), (Some("TG-HQ"), Some("HQ")));
    assert_eq!((teo.badge_no.as_deref(), teo.badge_base), (Some("213"), BadgeBase::Dec));
    assert_eq!((teo.pac.person_id, teo.pac.master), (Some(213), Master::Pac));
    assert_eq!(teo.department.as_deref(), Some("FIN"));
    assert_eq!(teo.start_contract.to_string(), "2026-03-02", "today, in Astrow's zone");
    assert_eq!(teo.free_fields.get(&1).map(String::as_str), Some("pac:213"));
    assert_eq!(made.value.attendance_id, Known::Value(made.id.to_string()));
    assert_eq!((&made.value.access_id, &made.value.active), (&Known::from_text("213"), &Known::Value(true)));
    assert_eq!((&made.value.credentials, &made.value.policies), (&badges(&["pac-prox:8E4C0B77"]), &groups(&["1"])));
    assert!(made.revision.is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_hexadecimal_badge_numbers_pacs_id_is_hexadecimal() {
    let site = Site::with(|options| options.hex_badges(true), |_| {}).await;
    let made = site.create(teo(), 1).await;
    let teo = employee(&site, &made);
    assert_eq!((teo.badge_no.as_deref(), teo.badge_base), (Some("D5"), BadgeBase::Hex));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_first_day_that_is_given_counts_and_a_day_begins_at_midnight_in_brussels() {
    let evening = "2026-03-02T23:30:00Z".parse().unwrap();
    let site = Site::with(|options| options.start_at(evening), |_| {}).await;
    let today = employee(&site, &site.create(teo(), 1).await);
    assert_eq!(today.start_contract.to_string(), "2026-03-03");
    let given = Person {
        start_date: Known::Value("2020-01-06".parse().unwrap()),
        access_id: Known::from_text("214"),
        credentials: Known::Empty,
        ..teo()
    };
    assert_eq!(employee(&site, &site.create(given, 2).await).start_contract.to_string(), "2020-01-06");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_creation_without_pacs_id_or_default_codes_is_refused_before_it_is_sent() {
    let site = Site::with(|options| options, |config| config.default_cycle = None).await;
    let nameless = Person { access_id: Known::Unknown, ..teo() };
    let error = site.astrow.create(&draft(nameless), &attempt(1)).await.unwrap_err();
    assert_eq!((error.class(), error.field()), (ErrorClass::Invalid, Some("access_id")));
    let error = site.astrow.create(&draft(teo()), &attempt(2)).await.unwrap_err();
    assert!(error.class() == ErrorClass::Config && error.message().contains("default_cycle"), "{error}");
    assert_eq!(site.calls("POST /employees"), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_creation_whose_answer_was_lost_is_the_same_when_sent_again() {
    let site = Site::start().await;
    assert!(matches!(site.astrow.writes().create, CreateClass::Keyed(_)));
    site.sim.add_fault(Fault::on("POST", "/api/pac-bridge/v1/employees", FaultKind::DropReply).times(1));
    let lost = site.astrow.create(&draft(teo()), &attempt(7)).await.unwrap_err();
    assert_eq!(lost.class(), ErrorClass::InDoubt);
    let made = site.astrow.create(&draft(teo()), &attempt(7)).await.unwrap();
    assert_eq!(site.sim.world(|world| world.employees().len()), 1);
    assert_eq!(made.value.access_id, Known::from_text("213"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_badge_number_that_another_has_is_a_duplicate() {
    let site = Site::start().await;
    site.create(teo(), 1).await;
    let error = site.astrow.create(&draft(teo()), &attempt(2)).await.unwrap_err();
    assert_eq!((error.class(), error.clashing_key()), (ErrorClass::Duplicate, Some("access_id")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_update_sends_what_differs_and_the_badge_number_stays() {
    let site = Site::with(|options| options, |config| drop(config.free_fields.insert(2, "telephone".to_owned()))).await;
    let made = site.create(teo(), 1).await;
    let before = employee(&site, &made);
    let same = update(&site, &made, teo()).await.unwrap();
    assert_eq!(same.revision, made.revision);
    let changes = Person {
        last_name: Known::from_text("Marchetti-Lund"),
        telephone: Known::from_text("+32 2 555 01 00"),
        access_id: Known::from_text("214"),
        department: Known::Empty,
        ..Person::default()
    };
    let after = update(&site, &made, changes).await.unwrap().value;
    assert_eq!((&after.department, &after.personnel_number), (&Known::Empty, &Known::from_text("E-1077")));
    let after = employee(&site, &made);
    assert_eq!(after.name.last.as_deref(), Some("Marchetti-Lund"));
    assert_eq!(after.free_fields.get(&2).map(String::as_str), Some("+32 2 555 01 00"));
    assert_eq!((after.pac.person_id, &after.badge_no), (Some(214), &before.badge_no));
    assert_eq!((&after.pac.badges, &after.cycle), (&before.pac.badges, &before.cycle));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_changed_the_employee_meanwhile_wins_until_it_is_read_again() {
    let site = Site::start().await;
    let made = site.create(teo(), 1).await;
    let rename = || Person { last_name: Known::from_text("Lund"), ..Person::default() };
    let both = || Person { credentials: Known::Empty, ..rename() };
    site.sim.world(|world| world.switches.fault("etag-race=1")).unwrap();
    assert_eq!(update(&site, &made, both()).await.unwrap_err().class(), ErrorClass::Conflict);
    let old = Precondition { revision: made.revision.clone() };
    let late = site.astrow.update(&made.id, &Changes(rename()), &old, &attempt(3)).await.unwrap_err();
    assert_eq!(late.class(), ErrorClass::Conflict);
    assert!(update(&site, &made, both()).await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn departments_go_by_code_then_name_and_an_unknown_one_is_left_out() {
    let site = Site::start().await;
    let made = site.create(Person { department: department("LOG"), ..teo() }, 1).await;
    assert_eq!(made.value.department, department("Logistics"));
    let unknown =
        update(&site, &made, Person { department: department("Nowhere"), ..Person::default() }).await.unwrap();
    assert_eq!(unknown.value.department, department("Logistics"));
    let known = update(&site, &made, Person { department: department(" finance"), ..Person::default() }).await.unwrap();
    assert_eq!(known.value.department, department("Finance"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_single_name_stands_in_the_part_that_must_be_there() {
    let site = Site::start().await;
    let cher = Person { first_name: Known::Empty, last_name: Known::from_text("Cher"), ..teo() };
    let made = site.create(cher, 1).await;
    assert_eq!((&made.value.first_name, &made.value.last_name), (&Known::from_text("Cher"), &Known::Empty));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conditions_of_groups_and_badges_come_back() {
    let site = Site::start().await;
    let wanted = Person {
        policies: groups(&["1", "4 from=20260301T000000Z until=20260601T000000Z"]),
        credentials: badges(&["wiegand26 state=lost:77-40211", "oneprox from=20260301T000000Z:04A1B2C3D4E580"]),
        ..teo()
    };
    let made = site.create(wanted.clone(), 1).await;
    let text = |person: &Person| format!("{}", (Person::field("credentials").unwrap().get)(person));
    assert_eq!((&made.value.policies, text(&made.value)), (&wanted.policies, text(&wanted)));
    let stored = employee(&site, &made).pac;
    assert_eq!(stored.access_groups[1].until.unwrap().to_rfc3339(), "2026-06-01T02:00:00+02:00", "in Astrow's zone");
    let lost = stored.badges.iter().find(|badge| badge.state == "lost").unwrap();
    assert_eq!((lost.facility, lost.number.as_str()), (Some(77), "40211"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_removal_takes_the_badges_and_leaves_the_employee() {
    let site = Site::start().await;
    let made = site.create(teo(), 1).await;
    let caps = site.astrow.writes().removal;
    assert_eq!((caps.unlink_credentials, caps.disable, caps.mark_leaver), (true, false, true));
    assert_eq!((caps.delete, caps.withheld), (false, Some("people.delete_astrow_history_ok")));
    remove(&site, &made, &Removal::UnlinkCredentials).await.unwrap();
    let bare = employee(&site, &made);
    assert!(bare.pac.badges.is_empty() && bare.end_calculation.is_none());
    assert_eq!((bare.pac.access_groups.len(), bare.badge_no.as_deref()), (1, Some("213")));
    let withheld = remove(&site, &made, &Removal::Delete).await.unwrap_err();
    assert!(withheld.class() == ErrorClass::Config && withheld.remedy().unwrap().contains("delete_astrow_history_ok"));
    assert_eq!(remove(&site, &made, &Removal::Disable).await.unwrap_err().class(), ErrorClass::Config);
    remove(&site, &made, &Removal::MarkLeaver("2026-03-31".parse().unwrap())).await.unwrap();
    let left = Source::<Person>::get(&site.astrow, &made.id).await.unwrap().unwrap().value;
    assert_eq!((left.leave_date, left.active), (Known::Value("2026-03-31".parse().unwrap()), Known::Value(true)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn employees_are_deleted_where_the_loss_of_history_is_allowed() {
    let site = Site::with(|options| options, |config| config.delete_history_ok = true).await;
    let made = site.create(teo(), 1).await;
    assert_eq!((site.astrow.writes().removal.delete, site.astrow.writes().removal.withheld), (true, None));
    remove(&site, &made, &Removal::Delete).await.unwrap();
    assert!(Source::<Person>::get(&site.astrow, &made.id).await.unwrap().is_none());
    assert_eq!(remove(&site, &made, &Removal::Delete).await.unwrap_err().class(), ErrorClass::NotFound);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_is_listed_and_found_by_either_id() {
    let site = Site::with(
        |options| options.people(30).pac_badges(true).with_switches(|switches| switches.page_size = 7),
        |_| {},
    )
    .await;
    let made = site.create(teo(), 1).await;
    let (records, complete) = everybody(&site.astrow).await;
    assert_eq!((records.len(), complete), (31, true));
    for (name, value) in [("access_id", "213"), ("attendance_id", made.id.as_str()), ("personnel_number", "E-1077")] {
        let key = Key::Field { name, value: FieldValue::Value(Scalar::Text(value.to_owned())) };
        let found = Source::<Person>::find(&site.astrow, &key).await.unwrap();
        assert_eq!(found.iter().map(|one| &one.id).collect::<Vec<_>>(), [&made.id], "{name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_installation_is_known_by_product_and_address_and_not_by_its_version() {
    let site = Site::start().await;
    let first = site.astrow.identify().await.unwrap();
    site.sim.world(|world| world.version = "sim-9".to_owned());
    assert_eq!(site.astrow.identify().await.unwrap(), first);
    assert_eq!(first.facts.keys().collect::<Vec<_>>(), ["address", "product"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_that_give_bookings_are_devices_in_use() {
    let site = Site::start().await;
    site.define_reader(15, "HQ", false);
    let pages: Vec<Page<Device>> = Source::<Device>::snapshot(&site.astrow, None).try_collect().await.unwrap();
    let devices: Vec<_> = pages.into_iter().flat_map(|page| page.records).collect();
    let of = |id: &str| &devices.iter().find(|one| one.id.as_str() == id).unwrap().value;
    assert_eq!((&of("11").kind, &of("11").suspended), (&Known::Value(DeviceKind::Attendance), &Known::Value(false)));
    assert_eq!((&of("11").name, &of("11").direction), (&Known::from_text("Main entrance IN"), &Known::Unknown));
    assert_eq!((&of("12").direction, &of("13").name), (&Known::Value(Direction::In), &Known::from_text("Reader 13")));
    assert_eq!((&of("15").kind, &of("15").suspended), (&Known::Unknown, &Known::Value(true)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_section_makes_no_endpoint_and_a_session_can_be_shared() {
    let config = AstrowConfig::rest("http://astrow.example", "u", "env:P");
    assert!(AstrowEndpoint::new("astrow", config, None).unwrap_err().message().contains("https"));
    let site = Site::start().await;
    let session = site.astrow.session().await.unwrap();
    assert_eq!(session.info().time_zone, chrono_tz::Europe::Brussels);
    let shared = AstrowEndpoint::with_session("astrow", site_config(), session);
    assert_eq!(everybody(&shared).await.0.len(), 0);
}

fn site_config() -> AstrowConfig {
    AstrowConfig::rest("https://astrow.example", "u", "env:P")
}
