//! Where Astrow leads: PAC alone gives its people their ids, and Astrow is to know them.

use std::sync::Arc;

use astrow_client::model::{AstrowCapability, AstrowError, AstrowSession, Master, PersNo};
use async_trait::async_trait;
use sync_core::connector::SyncError;
use sync_core::journal::{LinkState, Side, Stream};
use sync_core::model::{FieldValue, Scalar};
use sync_service::{Chore, ChoreReport, Desk, Failure, Stage, Trouble};

use super::Sides;
use super::failures::{is_about_everything, tell};

/// Notes PAC's person ids in Astrow, where PAC alone can give them.
#[derive(Debug)]
pub(super) struct PersonIds(pub(super) Arc<Sides>);

#[async_trait]
impl Chore for PersonIds {
    fn name(&self) -> &'static str {
        "person ids"
    }

    fn stage(&self) -> Stage {
        Stage::AfterLinks
    }

    async fn next(&self, desk: &Desk) {
        desk.wait(desk.setup().schedule.people).await;
    }

    /// One after the other until all are done; whoever fails is for the next time.
    async fn run(&self, desk: &Desk) -> Result<ChoreReport, Failure> {
        let mut report = ChoreReport::default();
        let session = self.0.astrow().await?;
        if !session.supports(AstrowCapability::EmployeesChange) {
            return Ok(report);
        }
        for (number, person) in missing(desk, &self.0).await? {
            if desk.is_stopping() {
                break;
            }
            match note(&*session, number, person).await {
                Ok(noted) => report.count("person_ids_noted", noted.into()),
                Err(error) => {
                    let error = SyncError::from(error);
                    if is_about_everything(error.class()) {
                        return Err(error.into());
                    }
                    tell(&mut report, Trouble::new(format!("person id of {number}"), error.to_string()));
                }
            }
        }
        Ok(report)
    }
}

/// Whether Astrow was told something new.
async fn note(session: &dyn AstrowSession, number: PersNo, person: u32) -> Result<bool, AstrowError> {
    let Some(employee) = session.employee(number).await? else { return Ok(false) };
    let Some(etag) = employee.etag.as_ref().filter(|_| employee.pac.person_id != Some(person)) else {
        return Ok(false);
    };
    let mut tab = employee.pac.clone();
    tab.person_id = Some(person);
    tab.master = Some(Master::Astrow);
    session.set_pac(number, tab, etag).await?;
    Ok(true)
}

/// Linked employees for whom Astrow does not know PAC's id yet, as far as it was last seen.
async fn missing(desk: &Desk, sides: &Sides) -> Result<Vec<(PersNo, u32)>, Failure> {
    let pair = &sides.people;
    let stream = Stream::of(pair, Side::Primary);
    let mut all = Vec::new();
    for link in desk.journal().links(pair).await?.into_iter().filter(|link| link.state == LinkState::Live) {
        let (Some(employee), Some(person)) = (&link.primary, &link.secondary) else { continue };
        let (Ok(number), Ok(id)) = (employee.as_str().parse(), person.as_str().parse()) else { continue };
        let seen = desk.journal().seen(&stream, employee).await?;
        let noted = seen.as_ref().map(|seen| seen.fields.get("access_id"));
        if noted != Some(&FieldValue::Value(Scalar::Text(person.as_str().to_owned()))) {
            all.push((number, id));
        }
    }
    Ok(all)
}
