//! The conformance kit on fake sides: every honest one passes, and every lie is noticed.
#![allow(clippy::unwrap_used, reason = "a test may stop")]

mod support;

use std::time::Duration;

use chrono::NaiveDate;
use support::person;
use sync_core::connector::{CompleteSignal, CreateClass, End, FieldCaps, RemovalCaps, Update};
use sync_core::model::{Canonical, Credential, Department, Known, Person};
use sync_core::test_kit::FakeSide;
use sync_core::test_kit::conformance::{self, Samples};

fn samples() -> Samples<Person> {
    let fresh = |n: usize| Person {
        start_date: Known::Value(NaiveDate::from_ymd_opt(2024, 5, 1).unwrap()),
        telephone: Known::from_text("0123 456"),
        ..person(&format!("Sample{n}"), &format!("Person{n}"), &format!("{n:04}"))
    };
    let change = |n: usize| Person {
        last_name: Known::from_text(format!("Changed{n}")),
        credentials: Known::Value([Credential::new("", format!("55{n:04}"))].into()),
        ..Person::default()
    };
    Samples::new(fresh).changing(change).texts(&["first_name", "last_name"])
}

fn field(side: FakeSide<Person>, caps: FieldCaps) -> FakeSide<Person> {
    side.reading(|reads| {
        reads.fields.retain(|field| field.name != caps.name);
        reads.fields.push(caps);
    })
}

async fn breach(side: FakeSide<Person>) -> String {
    conformance::sink(&side, &samples()).await.unwrap_err().to_string()
}

#[tokio::test]
async fn sides_of_every_class_pass_with_what_they_declare() {
    let classes =
        [CreateClass::Keyed(Duration::from_mins(1)), CreateClass::Unique, CreateClass::Searchable, CreateClass::Unsafe];
    for class in classes {
        for precondition in [true, false] {
            let side = FakeSide::new("side").creating(class).paged(3).writing(|caps| {
                caps.precondition = precondition;
                caps.update = Update::Replace;
            });
            conformance::sink(&side, &samples()).await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_side_that_cuts_folds_and_cannot_clear_passes_when_it_says_so() {
    let mut side = FakeSide::new("side");
    for caps in [
        FieldCaps::required("first_name", Canonical::name(12)),
        FieldCaps::full("last_name", Canonical::text(14)),
        FieldCaps::read_only("telephone", Canonical::exact()),
        FieldCaps::full("credentials", Canonical::single()),
    ] {
        side = field(side, caps);
    }
    conformance::sink(&side, &samples()).await.unwrap();
}

#[tokio::test]
async fn a_side_that_can_remove_nothing_and_a_plain_entity_pass_too() {
    let side = FakeSide::new("side").writing(|caps| caps.removal = RemovalCaps::default());
    conformance::sink(&side, &samples()).await.unwrap();
    let departments = Samples::new(|n| Department { name: Known::from_text(format!("Department {n}")) })
        .changing(|n| Department { name: Known::from_text(format!("Renamed {n}")) })
        .texts(&["name"]);
    conformance::sink(&FakeSide::<Department>::new("side"), &departments).await.unwrap();
}

#[tokio::test]
async fn a_side_with_an_unusable_record_passes_as_a_source() {
    let side = FakeSide::new("side");
    side.put(person("Anna", "Baker", "1"));
    let bad = side.put(person("Bert", "Cole", "2"));
    side.spoil(&bad, "expiry", "no date");
    conformance::source(&side, &"404".into()).await.unwrap();
}

#[tokio::test]
async fn a_value_that_reads_back_otherwise_is_noticed() {
    let side = FakeSide::new("side");
    side.mangle("last_name", str::to_uppercase);
    assert!(breach(side).await.contains("last_name"));
}

#[tokio::test]
async fn a_cut_that_is_not_declared_is_noticed() {
    let side = FakeSide::new("side");
    side.mangle("first_name", |text| text.chars().take(9).collect());
    assert!(breach(side).await.contains("first_name"));
}

#[tokio::test]
async fn a_wrong_creation_class_is_noticed() {
    // Says U, and makes a second record.
    let side = FakeSide::new("side").creating(CreateClass::Searchable);
    let liar = Liar { side, class: CreateClass::Unique };
    let error = conformance::sink(&liar, &samples()).await.unwrap_err().to_string();
    assert!(error.contains("second record"), "{error}");
}

#[tokio::test]
async fn a_list_that_repeats_ends_early_or_counts_wrong_is_noticed() {
    type Damage = fn(&FakeSide<Person>);
    let damages: [(Damage, &str); 3] = [
        (|side| side.repeat(&"1".into()), "ids"),
        (|side| side.break_snapshots(Some(End { count: None, complete: false })), "not whole"),
        (|side| side.break_snapshots(Some(End { count: Some(7), complete: true })), "says 7"),
    ];
    for (damage, words) in damages {
        let side = FakeSide::new("side");
        side.put(person("Anna", "Baker", "1"));
        damage(&side);
        let error = conformance::source(&side, &"404".into()).await.unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
}

#[tokio::test]
async fn a_count_that_is_declared_and_not_given_is_noticed() {
    let side = FakeSide::new("side").reading(|caps| caps.complete_signal = CompleteSignal::Count);
    side.put(person("Anna", "Baker", "1"));
    side.break_snapshots(Some(End { count: None, complete: true }));
    assert!(conformance::source(&side, &"404".into()).await.is_err());
}

#[tokio::test]
async fn a_missing_id_that_is_there_is_noticed() {
    let side = FakeSide::new("side");
    let there = side.put(person("Anna", "Baker", "1"));
    assert!(conformance::source(&side, &there).await.is_err());
}

/// A side that declares another creation class than it has.
#[derive(Debug)]
struct Liar {
    side: FakeSide<Person>,
    class: CreateClass,
}

mod liar {
    use async_trait::async_trait;
    use futures::stream::BoxStream;
    use sync_core::connector::*;
    use sync_core::model::{EndpointName, ExternalId, Person};

    use super::Liar;

    #[async_trait]
    impl Endpoint for Liar {
        fn name(&self) -> &EndpointName {
            self.side.name()
        }

        async fn identify(&self) -> Result<EndpointIdentity, SyncError> {
            self.side.identify().await
        }

        async fn check(&self) -> CheckReport {
            self.side.check().await
        }
    }

    #[async_trait]
    impl Source<Person> for Liar {
        fn reads(&self) -> ReadCaps {
            self.side.reads()
        }

        fn snapshot(&self, window: Option<Window>) -> BoxStream<'_, Result<Page<Person>, SyncError>> {
            self.side.snapshot(window)
        }

        async fn get(&self, id: &ExternalId) -> Result<Option<Record<Person>>, SyncError> {
            self.side.get(id).await
        }

        async fn find(&self, by: &Key) -> Result<Vec<Record<Person>>, SyncError> {
            self.side.find(by).await
        }
    }

    #[async_trait]
    impl Sink<Person> for Liar {
        fn writes(&self) -> WriteCaps {
            WriteCaps { create: self.class, ..self.side.writes() }
        }

        async fn create(&self, draft: &Draft<Person>, attempt: &AttemptKey) -> Result<Record<Person>, SyncError> {
            self.side.create(draft, attempt).await
        }

        async fn update(
            &self,
            id: &ExternalId,
            changes: &Changes<Person>,
            precondition: &Precondition,
            attempt: &AttemptKey,
        ) -> Result<Record<Person>, SyncError> {
            self.side.update(id, changes, precondition, attempt).await
        }

        async fn remove(
            &self,
            id: &ExternalId,
            how: &Removal,
            precondition: &Precondition,
            attempt: &AttemptKey,
        ) -> Result<(), SyncError> {
            self.side.remove(id, how, precondition, attempt).await
        }
    }
}
