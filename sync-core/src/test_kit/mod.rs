//! What tests of the engine and of connectors stand on: a fault shim, fake endpoints, and the conformance kit.
//!
//! The shim counts every outside call and every commit as a step and does something nasty at the N-th one. Run a
//! scenario for N = 1, 2, 3 … until it ends without the fault firing; restart after each, run to quiescence, compare.

pub mod conformance;
mod conformance_events;
mod events;
mod fake;
mod fake_doors;
mod fault;
mod faulty_events;
mod faulty_journal;
mod faulty_sink;

pub use conformance_events::{
    EventBreach, sink_answers_again, sink_keeps_good_from_bad, sink_takes_an_empty_batch, source_in_order,
    source_pages_agree, source_resumes,
};
pub use events::{FakeBookings, FakeEventLog};
pub use fake::FakeSide;
pub use fake_doors::{Change, FakeDoors, Held};
pub use fault::{Dead, Fault, Faults};
pub use faulty_events::{FaultyEventSink, FaultyEventSource};
pub use faulty_journal::FaultyJournal;
pub use faulty_sink::FaultySink;
