//! The difference of one field, row by row: what is desired, what is there, what was agreed.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop")]

mod support;

use std::collections::BTreeSet;
use std::sync::Arc;

use support::{World, notes, person, sends};
use sync_core::clock::ManualClock;
use sync_core::connector::{FieldCaps, SyncError};
use sync_core::journal::{MemoryJournal, Ownership};
use sync_core::model::{Canonical, Credential, EntityKind, ExternalId, FieldValue, Known, Person, RefKey, Scalar};
use sync_core::reconcile::{
    Approval, Context, Directory, Drift, Expression, Mode, Plan, Reason, Reconciler, Rule, Silent, SyncLink as _,
};
use sync_core::test_kit::FakeSide;

fn text(text: &str) -> Known<String> {
    Known::from_text(text)
}

/// Reasons of all changes of one field in a plan, noted ones included.
fn reasons(plan: &Plan, field: &str) -> Vec<Reason> {
    let changes = plan.actions.iter().flat_map(|action| &action.changes);
    changes.filter(|change| change.field == field).map(|change| change.reason).collect()
}

fn edit(side: &FakeSide<Person>, number: &str, change: impl FnOnce(&mut Person)) {
    let wanted = Known::from_text(number);
    let record = side.all().into_iter().find(|record| record.value.personnel_number == wanted).unwrap();
    side.edit(&record.id, change);
}

fn declare(side: FakeSide<Person>, caps: FieldCaps) -> FakeSide<Person> {
    side.reading(|reads| {
        reads.fields.retain(|field| field.name != caps.name);
        reads.fields.push(caps);
    })
}

#[tokio::test]
async fn an_unknown_value_writes_nothing() {
    let world = World::new().with_people(1).await;
    edit(&world.primary, "1", |person| person.last_name = Known::Unknown);
    edit(&world.secondary, "1", |person| person.last_name = text("Local"));
    let plan = world.plan().await;
    assert!(plan.is_empty() && reasons(&plan, "last_name").is_empty(), "{plan}");
}

#[tokio::test]
async fn an_emptied_value_is_cleared_where_the_side_can() {
    let world = World::new().with_people(1).await;
    edit(&world.primary, "1", |person| person.last_name = Known::Empty);
    world.go().await;
    assert_eq!(world.follower("1").unwrap().value.last_name, Known::Empty);

    let fixed = FieldCaps::required("last_name", Canonical::exact());
    let world = World::with_secondary(declare(FakeSide::new("timeware"), fixed)).with_people(1).await;
    edit(&world.primary, "1", |person| person.last_name = Known::Empty);
    assert!(world.plan().await.is_empty());
}

#[tokio::test]
async fn the_same_change_on_both_sides_is_only_noted() {
    let world = World::new().with_people(1).await;
    for side in [&world.primary, &world.secondary] {
        edit(side, "1", |person| person.last_name = text("Both"));
    }
    let plan = world.plan().await;
    assert!(plan.is_empty());
    assert_eq!(reasons(&plan, "last_name"), [Reason::Agreed]);
    world.go().await;
    assert!(world.plan().await.actions.is_empty());
}

#[tokio::test]
async fn a_changed_rule_has_its_own_reason() {
    let mut world = World::new().with_people(1).await;
    world.set(|settings| {
        let rules = settings.mapping.rules().iter().map(|rule| {
            let fixed = Expression::Constant(FieldValue::Value(Scalar::Text("Everybody".into())));
            if rule.target == "last_name" { Rule { from: fixed, ..rule.clone() } } else { rule.clone() }
        });
        settings.mapping = sync_core::reconcile::Mapping::new::<Person>(rules.collect()).unwrap();
    });
    let plan = world.plan().await;
    // The raw value is another one, since the rule reads another source.
    assert!(matches!(reasons(&plan, "last_name")[..], [Reason::MappingChanged | Reason::PrimaryChanged]));
    world.go().await;
    assert_eq!(world.follower("1").unwrap().value.last_name, text("Everybody"));
}

#[tokio::test]
async fn drift_is_set_back_reported_or_kept() {
    for (drift, expected) in [(Drift::Enforce, "Last1"), (Drift::Report, "Local"), (Drift::Keep, "Local")] {
        let mut world = World::new().with_people(1).await;
        world.set(move |settings| settings.drift = drift);
        edit(&world.secondary, "1", |person| person.last_name = text("Local"));
        let plan = world.plan().await;
        let told = notes(&plan).iter().any(|(_, why)| why.contains("only reported"));
        assert_eq!((told, plan.is_empty()), (drift == Drift::Report, drift != Drift::Enforce), "{drift:?}");
        let report = world.go().await;
        assert_eq!(world.follower("1").unwrap().value.last_name, text(expected), "{drift:?}");
        assert_eq!(report.overwritten.len(), usize::from(drift == Drift::Enforce));
        edit(&world.primary, "1", |person| person.last_name = text("Newer"));
        world.go().await;
        assert_eq!(world.follower("1").unwrap().value.last_name, text("Newer"), "{drift:?}: the primary changed");
    }
}

#[tokio::test]
async fn when_both_changed_the_primary_wins_and_it_is_reported() {
    let world = World::new().with_people(1).await;
    edit(&world.primary, "1", |person| person.last_name = text("Ours"));
    edit(&world.secondary, "1", |person| person.last_name = text("Theirs"));
    let plan = world.plan().await;
    assert_eq!(reasons(&plan, "last_name"), [Reason::BothChanged]);
    assert!(notes(&plan).iter().any(|(_, why)| why.contains("both sides")));
    let report = world.go().await;
    assert_eq!(report.overwritten[0].reason, Reason::BothChanged);
    assert_eq!(world.follower("1").unwrap().value.last_name, text("Ours"));
}

#[tokio::test]
async fn a_field_that_cannot_be_read_back_is_left_alone_and_told() {
    let world = World::new().with_people(1).await;
    world.secondary.hide("last_name");
    edit(&world.primary, "1", |person| person.last_name = text("New"));
    let plan = world.plan().await;
    assert!(plan.is_empty());
    assert!(notes(&plan).iter().any(|(_, why)| why.contains("cannot be read back")));
}

#[tokio::test]
async fn a_value_that_never_stays_is_left_alone_until_it_changes() {
    let world = World::new().with_people(2).await;
    world.secondary.mangle("last_name", |text| format!("{text}!"));
    edit(&world.primary, "1", |person| person.last_name = text("Odd"));
    for _ in 0..6 {
        world.go().await;
    }
    let before = world.secondary.writes_seen();
    let report = world.go().await;
    assert_eq!((report.outcomes.done, report.second_plan_actions), (0, 0), "held back");
    assert!(before <= 8, "{before} writes");
    edit(&world.primary, "1", |person| person.first_name = text("Other"));
    assert_eq!(world.go().await.outcomes.done, 1, "other fields go on");
    edit(&world.primary, "1", |person| person.last_name = text("Newer"));
    world.go().await;
    assert_eq!(world.follower("1").unwrap().value.last_name, text("Newer!"), "another value is tried");
}

#[tokio::test]
async fn somebody_who_sets_a_field_back_again_and_again_wins_after_five_times_in_ten_minutes() {
    use std::time::Duration;
    let world = World::new().with_people(1).await;
    let mut set_back = 0;
    for _ in 0..8 {
        edit(&world.secondary, "1", |person| person.last_name = text("Theirs"));
        world.clock.advance(Duration::from_secs(30));
        set_back += world.run(&world.link()).await.unwrap().outcomes.done;
    }
    assert_eq!(set_back, 5);
}

#[tokio::test]
async fn what_does_not_fit_is_cut_once_and_is_no_difference_afterwards() {
    let short = declare(FakeSide::new("timeware"), FieldCaps::full("last_name", Canonical::name(4)));
    let world = World::with_secondary(short);
    world.primary.put(person("Anna", "  Baker  Smith ", "1"));
    let plan = world.plan().await;
    let change = plan.actions[0].changes.iter().find(|change| change.field == "last_name").unwrap();
    assert!(change.cut && change.to_string().contains("cut"), "{change}");
    let report = world.go().await;
    assert_eq!((report.outcomes.done, report.second_plan_actions), (1, 0));
    assert_eq!(world.follower("1").unwrap().value.last_name, text("Bake"));
    edit(&world.primary, "1", |person| person.last_name = text("BAKE-Somebody"));
    assert!(world.plan().await.is_empty(), "what cannot be stored is no difference");
}

#[tokio::test]
async fn sets_have_no_order_and_differ_by_members() {
    let cards = |numbers: &[&str]| Known::Value(numbers.iter().map(|n| Credential::new("", *n)).collect());
    let world = World::new().with_people(1).await;
    edit(&world.primary, "1", |person| person.credentials = cards(&["30001", "20002"]));
    world.go().await;
    assert!(world.plan().await.is_empty());
    edit(&world.primary, "1", |person| person.credentials = cards(&["20002"]));
    let plan = world.plan().await;
    assert_eq!(sends(&plan)[0].2, ["credentials"]);
    assert_eq!(plan.actions[0].lane, sync_core::reconcile::Lane::Restrict, "taking away goes first");
    world.go().await;
    edit(&world.primary, "1", |person| person.credentials = Known::Value(BTreeSet::new()));
    world.go().await;
    assert_eq!(world.follower("1").unwrap().value.credentials, Known::Empty);
}

#[tokio::test]
async fn half_a_set_of_references_is_never_taken_for_the_whole() {
    let world = World::new().with_people(1).await;
    let policy = |id: &str| RefKey { entity: EntityKind::AccessPolicy, id: id.into() };
    edit(&world.primary, "1", |person| person.policies = Known::Value(BTreeSet::from([policy("1"), policy("2")])));
    let plan = world.plan().await;
    assert!(plan.is_empty());
    world.go().await;
    assert!(world.plan().await.actions.is_empty(), "it waits without noise");
}

#[tokio::test]
async fn ids_that_both_sides_share_need_no_links() {
    let mut world = World::new();
    world.set(|settings| settings.same_ids = vec![EntityKind::AccessPolicy]);
    let world = world.with_people(1).await;
    let policies = Known::Value(BTreeSet::from([RefKey { entity: EntityKind::AccessPolicy, id: "4 state=x".into() }]));
    edit(&world.primary, "1", |person| person.policies = policies.clone());
    world.go().await;
    assert_eq!(world.follower("1").unwrap().value.policies, policies);
    assert!(world.plan().await.actions.is_empty());
}

/// Knows one department, by two names.
#[derive(Debug)]
struct Names;

#[async_trait::async_trait]
impl Directory for Names {
    async fn partner(&self, id: &ExternalId) -> Result<Option<ExternalId>, SyncError> {
        Ok(["LOG", "Logistics"].contains(&id.as_str()).then(|| "Logistics".into()))
    }
}

#[tokio::test]
async fn a_reference_that_a_directory_knows_is_written_and_one_that_it_does_not_know_is_left_alone() {
    let primary: Arc<FakeSide<Person>> = Arc::new(FakeSide::new("primary"));
    let secondary: Arc<FakeSide<Person>> = Arc::new(FakeSide::new("secondary"));
    let link = Reconciler::new(primary.clone(), secondary.clone()).look_up(EntityKind::Department, Arc::new(Names));
    let journal = MemoryJournal::new();
    let clock = ManualClock::new("2026-03-02T08:00:00Z".parse().unwrap());
    let context = Context { journal: &journal, clock: &clock, progress: &Silent, actor: "test", today: None };
    let department = |id: &str| Known::Value(RefKey { entity: EntityKind::Department, id: id.into() });
    for (number, id) in [("1", "LOG"), ("2", "Choir")] {
        primary.put(Person { department: department(id), ..person("First", number, number) });
    }
    link.run(&Approval::everything(), &context).await.unwrap();
    let of = |number: &str| {
        let all = secondary.all();
        all.into_iter().find(|record| record.value.last_name == text(number)).unwrap().value.department
    };
    assert_eq!(of("1"), department("Logistics"));
    assert!(of("2").value().is_none());
    assert!(link.plan(&context).await.unwrap().actions.is_empty());
}

// Modes

fn mode(world: &mut World, mode: Mode) {
    world.set(move |settings| settings.mapping.set_mode("last_name", mode));
}

#[tokio::test]
async fn on_create_is_written_once() {
    let mut world = World::new();
    mode(&mut world, Mode::OnCreate);
    let world = world.with_people(1).await;
    assert_eq!(world.follower("1").unwrap().value.last_name, text("Last1"));
    edit(&world.primary, "1", |person| person.last_name = text("New"));
    assert!(world.plan().await.is_empty());
}

#[tokio::test]
async fn on_create_leaves_an_adopted_record_and_a_returned_one_as_they_are() {
    let mut world = World::new();
    mode(&mut world, Mode::OnCreate);
    world.secondary.put(person("First1", "Local", "1"));
    let world = world.with_people(1).await;
    assert_eq!(world.follower("1").unwrap().value.last_name, text("Local"));
    edit(&world.primary, "1", |person| person.active = Known::Value(false));
    world.go().await;
    edit(&world.primary, "1", |person| person.active = Known::Value(true));
    world.go().await;
    let back = world.follower("1").unwrap().value;
    assert_eq!((back.last_name, back.active), (text("Local"), Known::Value(true)));
}

#[tokio::test]
async fn on_primary_change_local_edits_survive_until_the_primary_changes() {
    let mut world = World::new();
    mode(&mut world, Mode::OnPrimaryChange);
    let world = world.with_people(1).await;
    edit(&world.secondary, "1", |person| person.last_name = text("Local"));
    assert!(world.plan().await.is_empty());
    world.go().await;
    edit(&world.primary, "1", |person| person.last_name = text("New"));
    world.go().await;
    assert_eq!(world.follower("1").unwrap().value.last_name, text("New"));
}

#[tokio::test]
async fn on_primary_change_holds_for_adopted_records_too() {
    let mut world = World::new();
    mode(&mut world, Mode::OnPrimaryChange);
    world.secondary.put(person("First1", "Local", "1"));
    let world = world.with_people(1).await;
    assert_eq!(world.link_row(&world.leader("1").id).await.unwrap().ownership, Ownership::Adopted);
    for _ in 0..2 {
        assert_eq!(world.follower("1").unwrap().value.last_name, text("Local"));
        world.go().await;
    }
    edit(&world.primary, "1", |person| person.last_name = text("New"));
    world.go().await;
    assert_eq!(world.follower("1").unwrap().value.last_name, text("New"));
}

#[tokio::test]
async fn report_only_is_never_written_not_even_at_the_creation() {
    let mut world = World::new();
    mode(&mut world, Mode::ReportOnly);
    let world = world.with_people(1).await;
    assert!(world.follower("1").unwrap().value.last_name.is_empty());
    edit(&world.primary, "1", |person| person.last_name = text("New"));
    let plan = world.plan().await;
    assert!(plan.is_empty());
    assert!(notes(&plan).iter().any(|(_, why)| why == "last_name differs; only reported"), "{:?}", notes(&plan));
}

#[tokio::test]
async fn i14_fields_without_a_rule_and_fields_of_others_stay_bit_for_bit() {
    let mut world = World::new();
    world.primary = Arc::new(FakeSide::new("net2").reading(|caps| {
        caps.fields.retain(|field| !matches!(field.name, "address" | "gender"));
    }));
    let world = world.with_people(2).await;
    for (number, address) in [("1", "  odd\r\n spaces "), ("2", "")] {
        edit(&world.secondary, number, |person| {
            person.address = Known::Value(address.into());
            person.gender = Known::Value("x".into());
        });
    }
    for name in ["A", "B", "C"] {
        edit(&world.primary, "1", |person| person.last_name = text(name));
        edit(&world.primary, "2", |person| person.active = Known::Value(name == "B"));
        world.go().await;
        assert_eq!(world.follower("1").unwrap().value.address, Known::Value("  odd\r\n spaces ".into()));
        assert_eq!(world.follower("2").unwrap().value.gender, Known::Value("x".into()));
    }
}
