//! A server that speaks the wire of Microsoft SQL Server, with SQLite behind it.
//!
//! It is for tests of a client: login, TLS, batches, parameters, transactions, error numbers, lost connections. T-SQL is
//! read by a parser that is not ours, rewritten on its syntax tree and run on SQLite, in a folder that goes with the
//! server; the declared types of the tables are kept, so that answers have the types that SQL Server would give.
//!
//! What it cannot show: plans, real lock conflicts (one transaction writes at a time, from its first statement on), code
//! in triggers, time zones, `MERGE`, cursors, views. A statement that it cannot run is answered with an error, not with
//! a guess.
//!
//! ```
//! use vendor_sim::sqlserver::SqlServerSim;
//!
//! # fn main() -> anyhow::Result<()> {
//! let sim = SqlServerSim::builder().user("bridge").password("secret").start_blocking()?;
//! assert_eq!(sim.number("SELECT COUNT(*) FROM dbo.temployee_status")?, 2);
//! # Ok(())
//! # }
//! ```

mod browser;
mod connection;
mod errors;
mod faults;
mod grants;
mod locks;
mod log;
mod options;
mod session;
mod sim;
mod sql;
mod state;
mod wire;

pub use self::faults::{Action, Fault};
pub use self::log::{Kind, LoggedParameter, LoggedStatement};
pub use self::options::{REFERENCE_DDL, SqlServerOptions};
pub use self::sim::{HeldLock, SqlServerSim};
pub use self::wire::prelogin::Encryption;
