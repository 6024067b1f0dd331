//! What holds whatever the records are: the same plan from any order, rest after one run, nobody else's data touched.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop")]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use proptest::prelude::*;
use support::{World, person};
use sync_core::connector::{FieldCaps, Record};
use sync_core::journal::{Journal as _, LinkState};
use sync_core::model::{Canonical, Credential, Entity as _, ExternalId, FieldValue, Known, Person};
use sync_core::reconcile::{ActionKind, Guard, Limit, Plan, RemovalPolicy, Settings};
use sync_core::test_kit::FakeSide;

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

fn no_limits(settings: &mut Settings) {
    let none = Limit::none();
    settings.guard = Guard {
        removals: none,
        leavers: none,
        creations: none,
        updates: none,
        breadth: none,
        extensions: none,
        shrunken_percent: 0,
        ..Guard::default()
    };
}

/// Text as people enter it: odd spaces, odd cases, accents, too long.
fn name() -> impl Strategy<Value = Known<String>> {
    prop_oneof![
        1 => Just(Known::Unknown),
        1 => Just(Known::Empty),
        8 => "[A-Za-zÄöüßéçñ'’\\- ]{1,24}".prop_map(Known::from_text),
    ]
}

fn somebody(number: usize) -> impl Strategy<Value = Person> {
    let cards = proptest::collection::btree_set(0..4_u8, 0..3);
    (name(), name(), name(), cards, proptest::option::of(any::<bool>())).prop_map(
        move |(first, last, mail, cards, active)| {
            let cards: BTreeSet<_> =
                cards.into_iter().map(|n| Credential::new("Card", format!("{number:03}{n}"))).collect();
            Person {
                first_name: first,
                last_name: last,
                email: mail,
                personnel_number: Known::from_text(format!("P{number}")),
                credentials: if cards.is_empty() { Known::Empty } else { Known::Value(cards) },
                active: active.map_or(Known::Value(true), |_| Known::Value(true)),
                ..Person::default()
            }
        },
    )
}

fn people(most: usize) -> impl Strategy<Value = Vec<Person>> {
    (1..=most).prop_flat_map(|count| (1..=count).map(somebody).collect::<Vec<_>>())
}

/// A side that folds, cuts and forgets.
fn narrow(first: usize, last: usize) -> FakeSide<Person> {
    let mut side = FakeSide::new("timeware");
    for caps in [
        FieldCaps::full("first_name", Canonical::name(first)),
        FieldCaps::required("last_name", Canonical::text(last)),
        FieldCaps::read_only("email", Canonical::exact()),
        FieldCaps::full("credentials", Canonical::single()),
    ] {
        side = side.reading(|reads| {
            reads.fields.retain(|field| field.name != caps.name);
            reads.fields.push(caps);
        });
    }
    side
}

fn shown(plan: &Plan) -> String {
    serde_json::to_string(&plan.actions).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn i04_i05_the_plan_is_the_same_in_whatever_order_and_pages_records_arrive(
        people in people(9), foreign in people(4), page in 1_usize..7, order in Just((1..=9_i64).collect::<Vec<_>>()).prop_shuffle()
    ) {
        let plans = [None, Some(order)].map(|order| {
            let mut world = World::with_secondary(FakeSide::new("timeware").paged(page));
            if order.is_some() {
                world.primary = Arc::new(FakeSide::new("net2").paged(page));
            }
            for person in &people { world.primary.put(person.clone()); }
            for person in &foreign { world.secondary.put(Person { email: Known::Empty, ..person.clone() }); }
            if let Some(order) = order {
                let order: Vec<ExternalId> = order.into_iter().map(ExternalId::from).collect();
                world.primary.arrange(order.clone());
                world.secondary.arrange(order);
            }
            block_on(world.plan())
        });
        prop_assert_eq!(shown(&plans[0]), shown(&plans[1]));
        prop_assert_eq!(&plans[0].hash, &plans[1].hash);
        prop_assert_eq!(&plans[0].notes, &plans[1].notes);
    }

    #[test]
    fn i08_i16_i20_one_run_reaches_rest_at_a_side_that_cuts_and_folds(
        people in people(7), first in 1_usize..12, last in 1_usize..12, edits in people(7)
    ) {
        block_on(async {
            let mut world = World::with_secondary(narrow(first, last));
            world.set(no_limits);
            for person in &people { world.primary.put(person.clone()); }
            prop_assert_eq!(world.go().await.second_plan_actions, 0);
            // Another revision makes every link a candidate: all fields are compared again.
            world.set(|settings| {
                no_limits(settings);
                settings.flap_limit += 1;
            });
            let plan = world.plan().await;
            prop_assert!(plan.is_empty(), "{}", plan);
            for (record, edit) in world.primary.all().iter().zip(edits) {
                let keep = record.value.personnel_number.clone();
                world.primary.edit(&record.id, |person| *person = Person { personnel_number: keep, ..edit });
            }
            let report = world.go().await;
            let plan = world.plan().await;
            // Somebody all of whose names and cards changed at once may be somebody else: held, not written.
            prop_assert!(plan.is_empty(), "{}", plan);
            prop_assert_eq!(report.outcomes.rejected + report.outcomes.failed + report.outcomes.in_doubt, 0);
            Ok(())
        })?;
    }

    #[test]
    fn i10_i14_foreign_records_and_fields_without_a_rule_are_never_touched(
        people in people(6), foreign in people(4), address in "\\PC{0,20}"
    ) {
        block_on(async {
            let mut world = World::new();
            world.primary = Arc::new(FakeSide::new("net2").reading(|caps| caps.fields.retain(|field| field.name != "address")));
            world.set(no_limits);
            let own = |n: usize, person: &Person| Person {
                personnel_number: Known::from_text(format!("F{n}")), credentials: Known::Empty, ..person.clone()
            };
            let foreign: Vec<ExternalId> =
                foreign.iter().enumerate().map(|(n, person)| world.secondary.put(own(n, person))).collect();
            let before: BTreeMap<_, _> = world.secondary.all().into_iter().map(|record| (record.id.clone(), record)).collect();
            for person in &people { world.primary.put(person.clone()); }
            world.go().await;
            for record in world.secondary.all() {
                if !foreign.contains(&record.id) {
                    world.secondary.edit(&record.id, |person| person.address = Known::Value(address.clone()));
                }
            }
            for record in world.primary.all() {
                world.primary.edit(&record.id, |person| person.last_name = Known::from_text("New"));
            }
            world.go().await;
            for record in world.secondary.all() {
                if let Some(before) = before.get(&record.id) {
                    prop_assert_eq!(before, &record);
                } else {
                    prop_assert_eq!(&record.value.address, &Known::Value(address.clone()));
                }
            }
            Ok(())
        })?;
    }

    #[test]
    fn i13_i15_a_plan_writes_exactly_what_differs_and_nothing_that_is_unknown(
        before in people(5), after in people(5)
    ) {
        block_on(async {
            let mut world = World::new();
            world.set(no_limits);
            for person in &before { world.primary.put(person.clone()); }
            world.go().await;
            let records: Vec<Record<Person>> = world.primary.all();
            for (record, after) in records.iter().zip(&after) {
                world.primary.edit(&record.id, |person| *person = Person { first_name: record.value.first_name.clone(), ..after.clone() });
            }
            let plan = world.plan().await;
            let now: BTreeMap<_, _> = world.primary.all().into_iter().map(|record| (record.id, record.value)).collect();
            for action in plan.actions.iter().filter(|action| action.kind == ActionKind::Update) {
                let (leader, follower) = (&now[action.primary.as_ref().unwrap()], action.secondary.as_ref().unwrap());
                let follower = world.secondary.all().into_iter().find(|record| record.id == *follower).unwrap().value;
                let written: BTreeSet<&str> = action.written().map(|change| change.field.as_str()).collect();
                for field in Person::fields() {
                    let (wanted, is) = ((field.get)(leader), (field.get)(&follower));
                    let differs = wanted.is_known() && is.is_known() && wanted != is;
                    prop_assert_eq!(written.contains(field.name), differs, "{}", field.name);
                }
            }
            prop_assert!(plan.actions.iter().all(|action| action.written().all(|change| change.new != FieldValue::Unknown)));
            Ok(())
        })?;
    }

    #[test]
    fn i07_i44_records_that_fail_for_ever_change_nothing_for_the_others(
        people in people(8), bad in proptest::collection::btree_set(0_usize..8, 0..4)
    ) {
        let play = |poison: bool| block_on(async {
            let mut world = World::new();
            world.set(no_limits);
            for person in &people { world.primary.put(Person { first_name: Known::from_text("Old"), ..person.clone() }); }
            world.go().await;
            let followers = world.secondary.all();
            for position in &bad {
                if let Some(record) = followers.get(*position).filter(|_| poison) { world.secondary.poison(&record.id, true); }
            }
            for record in world.primary.all() {
                world.primary.edit(&record.id, |person| person.first_name = Known::from_text("New"));
            }
            world.go().await;
            let spared = world.secondary.all().into_iter().enumerate().filter(|(n, _)| !bad.contains(n));
            spared.map(|(_, record)| record.value.first_name).collect::<Vec<_>>()
        });
        prop_assert_eq!(play(true), play(false));
    }
}

/// What operators and time do between runs.
#[derive(Clone, Debug)]
enum Step {
    Add,
    Rename(u8, String),
    RenameFollower(u8, String),
    Remove(u8),
    RemoveFollower(u8),
    Leave(u8, bool),
    Card(u8, u8),
    Foreign,
    Spoil(u8, bool),
    Pause,
    Run,
}

fn step() -> impl Strategy<Value = Step> {
    let who = 0..6_u8;
    prop_oneof![
        3 => Just(Step::Add),
        3 => (who.clone(), "[a-zA-Z ]{1,9}").prop_map(|(who, name)| Step::Rename(who, name)),
        2 => (who.clone(), "[a-zA-Z ]{1,9}").prop_map(|(who, name)| Step::RenameFollower(who, name)),
        2 => who.clone().prop_map(Step::Remove),
        1 => who.clone().prop_map(Step::RemoveFollower),
        2 => (who.clone(), any::<bool>()).prop_map(|(who, active)| Step::Leave(who, active)),
        2 => (who.clone(), 0..6_u8).prop_map(|(who, card)| Step::Card(who, card)),
        1 => Just(Step::Foreign),
        1 => (who, any::<bool>()).prop_map(|(who, spoilt)| Step::Spoil(who, spoilt)),
        1 => Just(Step::Pause),
        6 => Just(Step::Run),
    ]
}

/// The `who`-th record of a side, if there are so many.
fn nth(side: &FakeSide<Person>, who: u8) -> Option<ExternalId> {
    side.all().get(usize::from(who)).map(|record| record.id.clone())
}

async fn take(world: &World, step: Step, added: &mut usize) {
    let (ours, theirs) = (&world.primary, &world.secondary);
    match step {
        Step::Add => {
            *added += 1;
            ours.put(person(&format!("First{added}"), "Last", &format!("{added:03}")));
        }
        Step::Rename(who, name) => {
            nth(ours, who).inspect(|id| ours.edit(id, |person| person.last_name = Known::from_text(name)));
        }
        Step::RenameFollower(who, name) => {
            nth(theirs, who).inspect(|id| theirs.edit(id, |person| person.last_name = Known::from_text(name)));
        }
        Step::Remove(who) => {
            nth(ours, who).inspect(|id| ours.delete(id));
        }
        Step::RemoveFollower(who) => {
            nth(theirs, who).inspect(|id| theirs.delete(id));
        }
        Step::Leave(who, active) => {
            nth(ours, who).inspect(|id| ours.edit(id, |person| person.active = Known::Value(active)));
        }
        Step::Card(who, card) => {
            // Two people cannot have one card at the primary either.
            let card = Credential::new("Card", format!("7{card}"));
            let taken =
                ours.all().iter().any(|record| record.value.credentials.value().is_some_and(|set| set.contains(&card)));
            if let (Some(id), false) = (nth(ours, who), taken) {
                ours.edit(&id, |person| person.credentials = Known::Value(BTreeSet::from([card])));
            }
        }
        Step::Foreign => {
            theirs.put(person("Foreign", "Person", &format!("X{}", theirs.len())));
        }
        Step::Spoil(who, true) => {
            nth(ours, who).inspect(|id| ours.spoil(id, "expiry", "no date"));
        }
        Step::Spoil(who, false) => {
            nth(ours, who).inspect(|id| ours.mend(id));
        }
        Step::Pause => world.clock.advance(std::time::Duration::from_hours(48)),
        Step::Run => {
            world.go().await;
        }
    }
}

/// I-09 and I-10 in the store: a record is in at most one link, and whoever is not linked is as an operator left them.
async fn check(world: &World) -> Result<(), TestCaseError> {
    let links = world.journal.links(&world.pair()).await.unwrap();
    let (mut ours, mut theirs) = (BTreeSet::new(), BTreeSet::new());
    for link in &links {
        prop_assert!(link.primary.as_ref().is_none_or(|id| ours.insert(id.clone())), "{:?} twice", link.primary);
        prop_assert!(link.secondary.as_ref().is_none_or(|id| theirs.insert(id.clone())), "{:?} twice", link.secondary);
        prop_assert!(link.state != LinkState::Pending, "left pending");
    }
    prop_assert!(world.journal.open_intents(&world.pair()).await.unwrap().is_empty());
    prop_assert!(world.secondary.creates_seen().values().all(|sends| *sends == 1));
    for record in world.secondary.all() {
        if record.value.first_name == Known::from_text("Foreign") {
            prop_assert!(record.value.active == Known::Value(true) && !theirs.contains(&record.id), "foreign touched");
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, max_shrink_iters: 400, ..ProptestConfig::default() })]

    #[test]
    fn i09_i12_whatever_operators_do_both_sides_come_to_agree(steps in proptest::collection::vec(step(), 1..30)) {
        block_on(async {
            let mut world = World::new();
            world.set(|settings| {
                no_limits(settings);
                settings.removals.absence = RemovalPolicy::Disable;
                settings.removals.inactive = RemovalPolicy::Disable;
                settings.recreate = true;
                settings.recreate_limit = u32::MAX;
            });
            world.secondary.unique("credentials");
            let mut added = 0;
            for step in steps {
                take(&world, step, &mut added).await;
                check(&world).await?;
            }
            for record in world.primary.all() { world.primary.mend(&record.id); }
            for _ in 0..6 {
                world.clock.advance(std::time::Duration::from_hours(24));
                world.go().await;
                check(&world).await?;
            }
            let plan = world.plan().await;
            prop_assert!(plan.is_empty(), "{}", plan);
            if plan.is_guarded() {
                // Every follower was removed by hand: an empty list, from which nothing follows.
                prop_assert!(world.secondary.is_empty() || world.primary.is_empty());
                return Ok(());
            }
            for record in world.primary.all() {
                let link = world.link_row(&record.id).await;
                let held = plan.notes.iter().any(|note| note.record == record.id);
                let Some(link) = link.filter(|link| link.state == LinkState::Live) else {
                    prop_assert!(held, "{} has neither link nor reason", record.value.title());
                    continue;
                };
                let id = link.secondary.unwrap();
                let follower = world.secondary.all().into_iter().find(|record| record.id == id);
                let Some(follower) = follower else {
                    prop_assert!(held, "{} has lost its follower without a reason", record.value.title());
                    continue;
                };
                if record.value.active == Known::Value(true) && !held {
                    prop_assert_eq!(&follower.value.last_name, &record.value.last_name);
                    prop_assert_eq!(&follower.value.credentials, &record.value.credentials);
                    prop_assert_eq!(&follower.value.active, &Known::Value(true));
                } else {
                    prop_assert!(follower.value.active == Known::Value(false) || held);
                }
            }
            Ok(())
        })?;
    }
}
