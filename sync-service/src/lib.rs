#![doc = include_str!("../README.md")]

mod answer;
mod approvals;
mod arguments;
mod chore;
mod clocks;
mod config;
mod cycle;
mod decisions;
mod desk;
mod host;
mod limits;
mod logs;
mod orders;
mod program;
mod progress;
mod report;
mod run;
mod service;
mod verbs;

pub use answer::{Answer, Exit, Failure, FileFault};
pub use chore::{Chore, ChoreReport, Stage};
pub use config::{ConfigFault, ConfigFaults, Interval, Schedule, Setup, schema};
pub use desk::Desk;
pub use host::Host;
pub use limits::{Allowance, Limits};
pub use program::{Installation, Program, Standing};
pub use report::{EventCounts, Report, ShownAction, ShownChange, ShownPlan, Trouble};
pub use run::{main_of, run};
