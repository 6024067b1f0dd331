//! `apply` and `run --once`: one cycle of everything.

use crate::arguments::Apply;
use crate::cycle::{Order, everything, whole_report};
use crate::{Answer, Desk, Failure, Program};

/// A person's order.
pub(crate) async fn apply<P: Program>(program: &P, desk: &Desk, asked: Apply) -> Result<Answer, Failure> {
    everything(program, desk, &Order { by_person: true, approved: asked.approve }, "apply").await
}

/// One cycle of the service.
pub(crate) async fn once<P: Program>(program: &P, desk: &mut Desk) -> Result<Answer, Failure> {
    desk.act_for_schedule();
    everything(program, desk, &Order::default(), "run").await
}

/// A fresh demo has nothing to look at: it runs one cycle before verbs that look.
pub(crate) async fn warm_up<P: Program>(program: &P, desk: &Desk) -> Result<(), Failure> {
    if desk.is_demo() {
        whole_report(program, desk, &Order::default(), "run").await?;
    }
    Ok(())
}
