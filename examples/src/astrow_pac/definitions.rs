//! Access groups, controllers and readers go from PAC to Astrow, whoever leads.

use std::sync::{Arc, Mutex, PoisonError};

use astrow_client::model as astrow;
use async_trait::async_trait;
use pac_oem::model as pac;
use sync_service::{Chore, ChoreReport, Desk, Failure, Stage};

use super::Sides;

/// Carries PAC's definitions over whenever they have changed.
#[derive(Debug)]
pub(super) struct Definitions {
    sides: Arc<Sides>,
    /// What Astrow was last given by this process.
    given: Mutex<Option<pac::Etag>>,
}

impl Definitions {
    pub(super) fn new(sides: Arc<Sides>) -> Self {
        Self { sides, given: Mutex::default() }
    }
}

#[async_trait]
impl Chore for Definitions {
    fn name(&self) -> &'static str {
        "definitions"
    }

    fn stage(&self) -> Stage {
        Stage::BeforeLinks
    }

    async fn next(&self, desk: &Desk) {
        match desk.setup().schedule.definitions.get() {
            Some(interval) => desk.clock().sleep(interval).await,
            None => std::future::pending().await,
        }
    }

    async fn run(&self, _desk: &Desk) -> Result<ChoreReport, Failure> {
        let mut report = ChoreReport::default();
        let known = self.given.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(definitions) = self.sides.pac().await?.definitions(known.as_ref()).await? else {
            return Ok(report);
        };
        let session = self.sides.astrow().await?;
        if !session.supports(astrow::AstrowCapability::DefinitionsWrite) {
            return Ok(report);
        }
        session.put_definitions(&translated(&definitions)).await?;
        report.count("access_groups", definitions.access_groups.len() as u64);
        report.count("readers", definitions.readers.len() as u64);
        *self.given.lock().unwrap_or_else(PoisonError::into_inner) = Some(definitions.etag);
        Ok(report)
    }
}

/// PAC's definitions in Astrow's words.
fn translated(definitions: &pac::Definitions) -> astrow::Definitions {
    let groups = definitions.access_groups.iter().map(|group| {
        let mut shown = astrow::AccessGroup::new(group.id.get(), group.name.clone(), group.default);
        shown.enabled = group.enabled;
        shown
    });
    let controllers = definitions.controllers.iter().map(|controller| {
        let mut shown = astrow::Controller::new(controller.id.get(), controller.name.clone());
        shown.model.clone_from(&controller.model);
        shown.serial.clone_from(&controller.serial);
        shown
    });
    let readers = definitions.readers.iter().map(|reader| {
        let mut shown = astrow::Reader::new(reader.id.get(), reader.name.clone(), way(reader.direction));
        shown.controller = Some(reader.controller.get());
        shown.door = Some(reader.door.get());
        shown.door_name = Some(reader.door_name.clone());
        shown
    });
    let mut all = astrow::Definitions::new(groups.collect(), controllers.collect(), readers.collect());
    all.etag = Some(definitions.etag.to_string());
    all
}

fn way(direction: pac::Direction) -> astrow::ReaderDirection {
    match direction {
        pac::Direction::In => astrow::ReaderDirection::In,
        pac::Direction::Out => astrow::ReaderDirection::Out,
        _ => astrow::ReaderDirection::None,
    }
}
