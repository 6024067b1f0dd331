use sync_core::connector::CheckReport;

use super::Net2Doors;

pub(super) async fn run(doors: &Net2Doors) -> CheckReport {
    crate::sync::check::run(&doors.endpoint).await
}
