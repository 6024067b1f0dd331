//! Keeping records of two sides in agreement: observe → plan → guard → approve → apply → verify.
//!
//! Planning is a pure function of what the journal holds; a [`Plan`] is immutable, readable, hashed, and leaves
//! nothing to decide to whoever carries it out.

mod apply;
mod classify;
mod correlate;
mod decision;
mod difference;
mod directory;
mod drill;
mod exchange;
mod execute;
mod explain;
mod finish;
mod guard;
mod inputs;
mod linked;
mod mapping;
mod names;
mod observe;
mod outcome;
mod plan;
mod planner;
mod reconciler;
mod recover;
mod refusal;
mod removal;
mod report;
mod settings;
mod these;
mod unlinked;

pub use decision::{Decision, Decisions};
pub use directory::Directory;
pub use drill::Drill;
pub use explain::Explanation;
pub use guard::{Guard, GuardClass, GuardTrip, Limit};
pub use mapping::{Expression, Mapping, MappingError, Mode, Rule};
pub use names::{Named, RefNames};
pub use outcome::Outcome;
pub use plan::{Action, ActionKind, ActionState, FieldChange, Lane, Note, Plan, Reason};
pub use planner::{PlanInput, References, plan};
pub use reconciler::{Approval, Context, Progress, Reconciler, RunError, Silent, SyncLink};
pub use report::{ActionCounts, LinkReport, OutcomeCounts, Overwritten, ReadCounts, Stopped};
pub use settings::{Cause, CorrelationRule, Drift, RemovalPolicy, Removals, Scope, Settings};
