//! What tests of the engine and of connectors stand on: a fault shim, fake endpoints, and the conformance kit.
//!
//! The shim counts every outside call and every commit as a step and does something nasty at the N-th one. Run a
//! scenario for N = 1, 2, 3 … until it ends without the fault firing; restart after each, run to quiescence, compare.

mod fake;
mod fault;
mod faulty_journal;
mod faulty_sink;

pub use fake::FakeSide;
pub use fault::{Dead, Fault, Faults};
pub use faulty_journal::FaultyJournal;
pub use faulty_sink::FaultySink;
