//! What every source and every sink of records has to pass, with the abilities that it declares.
//!
//! [`source`] and [`sink`] run everything; each check is public as well, to be run alone. A check brings the endpoint
//! into one situation and tells in words what is not as declared. Only what is declared is asked for: a sink that
//! cannot delete is not asked to. Run them against a simulator, never against a real site: records are made, changed
//! and withdrawn.
//!
//! ```
//! use sync_core::model::{Known, Person};
//! use sync_core::test_kit::FakeSide;
//! use sync_core::test_kit::conformance::{self, Samples};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), conformance::Breach> {
//! let side = FakeSide::<Person>::new("doors");
//! let samples = Samples::new(|n| Person {
//!     first_name: Known::from_text("Sample"),
//!     last_name: Known::from_text(format!("Person {n}")),
//!     active: Known::Value(true),
//!     ..Person::default()
//! })
//! .changing(|n| Person { first_name: Known::from_text(format!("Changed {n}")), ..Person::default() })
//! .texts(&["first_name", "last_name"])
//! .missing("999999");
//! conformance::sink(&side, &samples).await
//! # }
//! ```

mod doors;
mod reading;
mod writing;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::connector::{AttemptKey, Sink, Source, SyncError};
use crate::model::{Entity, ExternalId, FieldValue, Pair, Scalar, SyncKey};

pub use doors::{
    DoorSamples, Foreign, door_system, doors_are_replaced_as_a_set, doors_are_withdrawn,
    doors_can_be_found_after_a_lost_reply, doors_finds_strangers, doors_frees_the_code_of_whoever_goes,
    doors_hides_foreign_people, doors_leaves_other_fields_alone, doors_lists_codes_of_everybody, doors_lists_doors,
    doors_refuses_a_code_in_use, doors_refuses_an_unknown_door, doors_refuses_to_change_foreign_people,
};
pub use reading::{
    source_answers_the_check, source_does_not_find_what_is_not_there, source_finds, source_gets_what_it_lists,
    source_identifies_itself, source_lists_whole,
};
pub use writing::{
    sink_changes_alone, sink_clears, sink_creates, sink_heeds_preconditions, sink_knows_a_repeat,
    sink_names_the_missing, sink_reads_back, sink_removes,
};

/// What a source or sink does otherwise than it declares.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Breach(String);

/// Values to work with, since every endpoint accepts others.
pub struct Samples<T> {
    fresh: Box<dyn Fn(usize) -> T + Send + Sync>,
    change: Option<Box<dyn Fn(usize) -> T + Send + Sync>>,
    texts: Vec<&'static str>,
    missing: ExternalId,
    next: AtomicU64,
}

impl<T: Entity> Samples<T> {
    /// `fresh(n)` is the n-th record to create: acceptable to the endpoint, unlike any other n and any record there.
    pub fn new(fresh: impl Fn(usize) -> T + Send + Sync + 'static) -> Self {
        Self {
            fresh: Box::new(fresh),
            change: None,
            texts: Vec::new(),
            missing: ExternalId::from("987654321"),
            next: AtomicU64::new(1),
        }
    }

    /// `change(n)` holds the fields to change in the n-th record, everything else unknown. Without it nothing is changed.
    #[must_use]
    pub fn changing(mut self, change: impl Fn(usize) -> T + Send + Sync + 'static) -> Self {
        self.change = Some(Box::new(change));
        self
    }

    /// Fields that take any letters and blanks: they are written too long and oddly spaced, and read back.
    #[must_use]
    pub fn texts(mut self, names: &[&'static str]) -> Self {
        self.texts = names.to_vec();
        self
    }

    /// An id under which there is no record; by default 987654321.
    #[must_use]
    pub fn missing(mut self, id: impl Into<ExternalId>) -> Self {
        self.missing = id.into();
        self
    }

    fn take(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    /// A value that was not used before, with its number.
    fn fresh(&self) -> (usize, T) {
        let n = usize::try_from(self.take()).unwrap_or(usize::MAX);
        (n, (self.fresh)(n))
    }

    fn attempt(&self) -> AttemptKey {
        AttemptKey::from_u128(u128::from(self.take()) << 64 | 0xc0f0)
    }

    fn key(&self, sink: &dyn Sink<T>) -> SyncKey {
        let pair = Pair::new(T::KIND, "conformance", sink.name().clone());
        let origin = pair.primary.clone();
        SyncKey::new(&pair, &origin, &ExternalId::from(self.take().to_string()), 0)
    }
}

impl<T> fmt::Debug for Samples<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Samples").field("texts", &self.texts).field("missing", &self.missing).finish_non_exhaustive()
    }
}

/// Everything that a source has to pass. It should hold some records that stand still meanwhile.
///
/// # Errors
/// The first thing that is not as declared.
pub async fn source<T: Entity>(source: &dyn Source<T>, missing: &ExternalId) -> Result<(), Breach> {
    source_answers_the_check(source).await?;
    source_identifies_itself(source).await?;
    source_lists_whole(source).await?;
    source_gets_what_it_lists(source).await?;
    source_finds(source).await?;
    source_does_not_find_what_is_not_there(source, missing).await
}

/// Everything that a sink has to pass, its reads included.
///
/// # Errors
/// The first thing that is not as declared.
pub async fn sink<T: Entity>(sink: &dyn Sink<T>, samples: &Samples<T>) -> Result<(), Breach> {
    sink_creates(sink, samples).await?;
    sink_knows_a_repeat(sink, samples).await?;
    sink_changes_alone(sink, samples).await?;
    sink_clears(sink, samples).await?;
    sink_reads_back(sink, samples).await?;
    sink_heeds_preconditions(sink, samples).await?;
    sink_removes(sink, samples).await?;
    sink_names_the_missing(sink, samples).await?;
    // By now there is something to read.
    let reads: &dyn Source<T> = sink;
    source(reads, &samples.missing).await
}

fn check(holds: bool, otherwise: impl FnOnce() -> String) -> Result<(), Breach> {
    if holds { Ok(()) } else { Err(Breach(otherwise())) }
}

fn failed(doing: &str, error: &SyncError) -> Breach {
    Breach(format!("{doing} failed ({}): {}", error.class(), error.chain()))
}

/// The declared fields of a record in the form in which the side compares them. Secrets are left out: no side shows
/// them for certain.
fn declared<T: Entity>(source: &(impl Source<T> + ?Sized), value: &T) -> BTreeMap<&'static str, FieldValue> {
    let reads = source.reads();
    let fields = T::fields().iter().filter_map(|field| {
        let caps = reads.field(field.name)?;
        let value = caps.canonical.compare_form(&(field.get)(value));
        let secret = matches!(value, FieldValue::Value(Scalar::Secret(_) | Scalar::Sealed(_)));
        (!secret).then_some((field.name, value))
    });
    fields.collect()
}

/// The first field in which two records differ.
fn difference<'f>(left: &BTreeMap<&'f str, FieldValue>, right: &BTreeMap<&'f str, FieldValue>) -> Option<&'f str> {
    left.iter().find(|(name, value)| right.get(*name) != Some(*value)).map(|(name, _)| *name)
}
