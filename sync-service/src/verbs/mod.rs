//! The shared verbs.

mod apply;
mod approve;
mod check;
mod explain;
mod init;
mod log;
mod plan;
mod resend;
mod status;
mod test;

pub(crate) use apply::{apply, once, warm_up};
pub(crate) use approve::{approve, release};
pub(crate) use check::{check, schema};
pub(crate) use init::init;
pub(crate) use plan::plan;
pub(crate) use resend::resend;
pub(crate) use test::test;

use crate::arguments::Verb;
use crate::{Answer, Desk, Failure, Program};

/// Verbs that only look.
pub(crate) async fn show<P: Program>(program: &P, desk: &Desk, verb: Verb) -> Result<Answer, Failure> {
    match verb {
        Verb::Explain(asked) => explain::explain(desk, &asked.key).await,
        Verb::Log(asked) => log::log(desk, &asked).await,
        _ => status::status(program, desk).await,
    }
}
