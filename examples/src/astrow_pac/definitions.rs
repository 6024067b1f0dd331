//! Access groups, controllers and readers go from PAC to Astrow, whoever leads.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use astrow_client::model as astrow;
use async_trait::async_trait;
use pac_oem::model as pac;
use sync_service::{Chore, ChoreReport, Desk, Failure, Stage};

use super::Sides;

/// Distance between two looks at PAC's changes.
const LOOK: Duration = Duration::from_secs(2);

/// Carries PAC's definitions over whenever they have changed.
#[derive(Debug)]
pub(super) struct Definitions {
    sides: Arc<Sides>,
    /// Whether nobody else looks at PAC's changes and does it then.
    watches: bool,
    /// What Astrow was last given by this process; held while it is given something.
    given: tokio::sync::Mutex<Option<pac::Etag>>,
    /// Where PAC's changes have been read to.
    place: Mutex<Option<String>>,
}

impl Definitions {
    pub(super) fn new(sides: Arc<Sides>, watches: bool) -> Self {
        Self { sides, watches, given: tokio::sync::Mutex::default(), place: Mutex::default() }
    }

    /// Does it now, since something was noticed; nothing happens where the schedule has switched it off.
    pub(super) async fn refresh(&self, desk: &Desk) -> Result<ChoreReport, Failure> {
        match desk.setup().schedule.definitions.get() {
            Some(_) => self.run(desk).await,
            None => Ok(ChoreReport::default()),
        }
    }

    /// Ends when something changed at PAC; never where nobody can tell.
    async fn changed(&self, desk: &Desk) {
        if !self.watches {
            std::future::pending::<()>().await;
        }
        loop {
            desk.clock().sleep(LOOK).await;
            match self.look().await {
                Ok(true) => return,
                Ok(false) => {}
                Err(failure) => tracing::debug!("PAC's changes cannot be read: {}", failure.message()),
            }
        }
    }

    async fn look(&self) -> Result<bool, Failure> {
        if !self.sides.pac().await?.supports(pac::Capability::ChangesRead) {
            return Ok(false);
        }
        let place = self.place.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let (changed, place) = match place {
            Some(place) => {
                let changes = self.sides.pac.changes(Some(&place)).await?;
                (changes.definitions, changes.position)
            }
            None => (false, self.sides.pac.head_of_changes().await?),
        };
        *self.place.lock().unwrap_or_else(PoisonError::into_inner) = place;
        Ok(changed)
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
            Some(interval) => tokio::select! {
                () = desk.clock().sleep(interval) => {}
                () = self.changed(desk) => {}
            },
            None => std::future::pending().await,
        }
    }

    async fn run(&self, _desk: &Desk) -> Result<ChoreReport, Failure> {
        let mut report = ChoreReport::default();
        let mut given = self.given.lock().await;
        let Some(definitions) = self.sides.pac().await?.definitions(given.as_ref()).await? else {
            return Ok(report);
        };
        let session = self.sides.astrow().await?;
        if !session.supports(astrow::AstrowCapability::DefinitionsWrite) {
            return Ok(report);
        }
        session.put_definitions(&translated(&definitions)).await?;
        report.count("access_groups", definitions.access_groups.len() as u64);
        report.count("readers", definitions.readers.len() as u64);
        *given = Some(definitions.etag);
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
