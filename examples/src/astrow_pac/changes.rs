//! What changed at the master goes over at once; the whole comparison follows its interval.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use astrow_client::model::{AstrowCapability, AstrowErrorKind, ChangeCursor, ChangedEntity};
use async_trait::async_trait;
use pac_oem::model::Capability;
use serde_json::json;
use sync_core::connector::Source;
use sync_core::journal::{Durability, Side, Stream, Write};
use sync_core::model::{ExternalId, Person};
use sync_core::reconcile::SyncLink;
use sync_service::{Chore, ChoreReport, Desk, Failure, Stage, Trouble};

use super::config::Master;
use super::definitions::Definitions;
use super::{KIND, LONGEST_PAUSE, Sides};

/// Distance between two looks at the master's changes.
const LOOK: Duration = Duration::from_secs(2);
/// More changes than this are left to a comparison of everybody.
const ONE_BY_ONE: usize = 200;
/// The name by which Astrow knows this program: what it changed itself is no news.
pub(super) const CLIENT: &str = concat!("astrow-pac/", env!("CARGO_PKG_VERSION"));

/// Carries over whoever was changed at the master.
#[derive(Debug)]
pub(super) struct Changes {
    sides: Arc<Sides>,
    link: Arc<dyn SyncLink>,
    definitions: Arc<Definitions>,
    master: Master,
}

/// What changed since the last look.
#[derive(Debug, Default)]
struct News {
    /// People to look at.
    ids: BTreeSet<ExternalId>,
    /// Nobody can say what happened: everybody is compared.
    everybody: bool,
    /// Access groups or readers of PAC changed.
    definitions: bool,
}

impl Changes {
    pub(super) fn new(
        sides: Arc<Sides>,
        link: Arc<dyn SyncLink>,
        definitions: Arc<Definitions>,
        master: Master,
    ) -> Self {
        Self { sides, link, definitions, master }
    }

    fn key(&self) -> String {
        format!("changes of {}", self.master.as_str())
    }

    async fn news(&self, desk: &Desk) -> Result<Option<(News, serde_json::Value)>, Failure> {
        let known = desk.journal().document(KIND, &self.key()).await?;
        match self.master {
            Master::Pac => self.of_pac(known).await,
            Master::Astrow => self.of_astrow(known).await,
        }
    }

    /// Those of them who are really not there any more. Which installation answers is looked at by the run that follows.
    async fn gone(&self, changed: &BTreeSet<ExternalId>) -> Result<Vec<ExternalId>, Failure> {
        let mut gone = Vec::new();
        for id in changed {
            let there = match self.master {
                // Waits where the server is asked too much at once.
                Master::Pac => Source::<Person>::get(&*self.sides.pac, id).await?.is_some(),
                Master::Astrow => {
                    let Ok(number) = id.as_str().parse() else { continue };
                    self.sides.astrow().await?.employee(number).await?.is_some()
                }
            };
            if !there {
                gone.push(id.clone());
            }
        }
        Ok(gone)
    }

    async fn of_pac(&self, known: Option<serde_json::Value>) -> Result<Option<(News, serde_json::Value)>, Failure> {
        if !self.sides.pac().await?.supports(Capability::ChangesRead) {
            return Ok(None);
        }
        let after = known.as_ref().and_then(|known| known.as_str());
        let changes = self.sides.pac.changes(after).await?;
        // Behind a whole list nothing is lost but what that list shows; before the first one, everybody is still to come.
        let position = changes.position.or_else(|| self.sides.pac.listed_position());
        let (everybody, definitions) = (changes.lost && after.is_some(), changes.definitions);
        let news = News { ids: changes.people, everybody, definitions };
        Ok(position.map(|position| (news, json!(position))))
    }

    async fn of_astrow(&self, known: Option<serde_json::Value>) -> Result<Option<(News, serde_json::Value)>, Failure> {
        let session = self.sides.astrow().await?;
        if !session.supports(AstrowCapability::Changes) {
            return Ok(None);
        }
        let Some(mut cursor) = known.and_then(|known| known.as_str().map(ChangeCursor::new)) else {
            let now = session.info().changes_next.clone();
            return Ok(now.map(|now| (News::default(), json!(now.as_str()))));
        };
        let mut news = News::default();
        loop {
            let page = match session.changes(&cursor, Duration::ZERO).await {
                Err(error) if error.kind() == AstrowErrorKind::CursorExpired => {
                    news.everybody = true;
                    let now = self.sides.astrow().await?.info().changes_next.clone();
                    return Ok(now.map(|now| (news, json!(now.as_str()))));
                }
                other => other?,
            };
            news.everybody |= page.reset;
            let last = page.items.is_empty() || page.next == cursor;
            for change in &page.items {
                if change.is_by_client(CLIENT) || change.entity != ChangedEntity::Employee {
                    continue;
                }
                news.ids.extend(change.pers_no.map(|number| ExternalId::new(number.to_string())));
            }
            cursor = page.next;
            if last {
                return Ok(Some((news, json!(cursor.as_str()))));
            }
        }
    }
}

#[async_trait]
impl Chore for Changes {
    fn name(&self) -> &'static str {
        "changes"
    }

    fn stage(&self) -> Stage {
        Stage::AfterLinks
    }

    async fn next(&self, desk: &Desk) {
        desk.clock().sleep(LOOK).await;
    }

    /// A change is to go over within seconds, however long a system was away.
    fn longest_pause(&self) -> Duration {
        LONGEST_PAUSE
    }

    async fn run(&self, desk: &Desk) -> Result<ChoreReport, Failure> {
        let mut report = ChoreReport::default();
        let Some((news, position)) = self.news(desk).await? else { return Ok(report) };
        report.count("changes_noticed", news.ids.len() as u64);
        if news.definitions {
            // Before the people to whom they are given. The timer tries again what fails here.
            match self.definitions.refresh(desk).await {
                Ok(done) => done.counts.iter().for_each(|(name, count)| report.count(name, *count)),
                Err(failure) => report.troubles.push(Trouble::new("definitions", failure.message())),
            }
        }
        let many = news.ids.len() > ONE_BY_ONE;
        let gone = if many { Vec::new() } else { self.gone(&news.ids).await? };
        if !gone.is_empty() {
            let stream = Stream::of(&self.sides.people, Side::Primary);
            let now = desk.clock().now();
            let writes = gone.iter().map(|id| Write::Gone(stream.clone(), id.clone(), now)).collect();
            desk.journal().commit(Durability::D2, writes).await?;
        }
        let failed = if news.everybody || many || !gone.is_empty() {
            desk.run_link(&*self.link).await?.error
        } else if news.ids.is_empty() {
            None
        } else {
            let ids: Vec<_> = news.ids.into_iter().collect();
            desk.run_for(&*self.link, &ids).await?.error
        };
        if let Some(error) = failed {
            return Err(Failure::new(error));
        }
        if desk.journal().document(KIND, &self.key()).await?.as_ref() != Some(&position) {
            let put = Write::Put { kind: KIND, key: self.key(), value: position };
            desk.journal().commit(Durability::D2, vec![put]).await?;
        }
        Ok(report)
    }
}
