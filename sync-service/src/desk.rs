//! An installation that is opened for one verb: its journal, its clock, who gives the order.

use std::fs;
use std::sync::Arc;

use sync_core::clock::Clock;
use sync_core::journal::{Journal, JournalErrorKind, SqliteJournal, WriterLock};
use sync_core::model::{EntityKind, ExternalId};
use sync_core::reconcile::{Context, LinkReport, Progress, SyncLink};
use tempfile::TempDir;

use crate::config::Schedule;
use crate::progress::Stoppable;
use crate::{Failure, Installation, Interval, Setup, cycle};

/// An installation that is opened for one verb.
#[derive(Debug)]
pub struct Desk {
    setup: Setup,
    installation: Installation,
    journal: SqliteJournal,
    lock: Option<WriterLock>,
    clock: Arc<dyn Clock>,
    progress: Stoppable,
    actor: String,
    /// The world of a demonstration lives in this folder.
    demo: Option<TempDir>,
}

/// How the journal is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// As the one who writes; nobody else may.
    Write,
    /// For small orders beside a service that writes.
    Order,
    /// Only to look, beside a service that writes.
    Look,
}

/// A part of the schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Definitions,
    People,
}

impl Desk {
    pub(crate) fn open(
        setup: Setup,
        installation: Installation,
        access: Access,
        actor: String,
        clock: Arc<dyn Clock>,
        progress: Box<dyn Progress>,
        demo: Option<TempDir>,
    ) -> Result<Self, Failure> {
        let file = setup.journal();
        let progress = Stoppable::new(progress);
        if access == Access::Look && !file.exists() {
            return Err(Failure::new("nothing has been done here yet, so there is nothing to tell")
                .with_remedy(format!("Begin with `{} plan`", setup.name)));
        }
        make_private_folder(setup.data())?;
        let journal = match access {
            Access::Look => SqliteJournal::open_read_only(&file)?,
            Access::Write | Access::Order => SqliteJournal::open(&file)?,
        };
        let lock = if access == Access::Write { Some(claim(&journal, setup.name)?) } else { None };
        Ok(Self { setup, installation, journal, lock, clock, progress, actor, demo })
    }

    /// Folders, zone, schedule, limits.
    pub fn setup(&self) -> &Setup {
        &self.setup
    }

    /// Endpoints and links.
    pub fn installation(&self) -> &Installation {
        &self.installation
    }

    /// The store of the installation.
    pub fn journal(&self) -> &dyn Journal {
        &self.journal
    }

    /// The time.
    pub fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    /// Ends after this interval of the schedule; never where it is switched off.
    pub async fn wait(&self, interval: Interval) {
        match interval.get() {
            Some(distance) => self.clock.sleep(distance).await,
            None => std::future::pending().await,
        }
    }

    /// Who gives the order.
    pub fn actor(&self) -> &str {
        &self.actor
    }

    /// Whether this is a made-up world that plays the administrator too.
    pub fn is_demo(&self) -> bool {
        self.demo.is_some()
    }

    /// What links work with.
    pub fn context(&self) -> Context<'_> {
        Context {
            journal: &self.journal,
            clock: &*self.clock,
            progress: &self.progress,
            actor: &self.actor,
            today: Some(self.setup.today(self.clock.now())),
        }
    }

    /// Runs a link as the schedule does, with the approvals that are stored. Waits while it is at work.
    ///
    /// # Errors
    /// The journal, or the link is switched off. What an endpoint refuses is in the report.
    pub async fn run_link(&self, link: &dyn SyncLink) -> Result<LinkReport, Failure> {
        self.switched_on(link)?;
        Ok(cycle::run_link(self, link, &cycle::Order::default()).await?.0)
    }

    /// Runs a link for a few primary records, as the schedule would: [`SyncLink::run_for`] with the approvals that are
    /// stored, logged. How the link last ran as a whole stays stored as it is.
    ///
    /// # Errors
    /// The journal, or the link is switched off. What an endpoint refuses is in the report.
    pub async fn run_for(&self, link: &dyn SyncLink, ids: &[ExternalId]) -> Result<LinkReport, Failure> {
        self.switched_on(link)?;
        cycle::run_for(self, link, ids).await
    }

    fn switched_on(&self, link: &dyn SyncLink) -> Result<(), Failure> {
        if Part::of(link).is_on(self.setup.schedule) {
            return Ok(());
        }
        Err(Failure::new(format!("{} is switched off in the schedule", link.pair().title())))
    }

    /// Whether the service was asked to stop: what takes long should come to an end.
    pub fn is_stopping(&self) -> bool {
        self.progress.stopped()
    }

    /// Links come to an end after the calls that are under way.
    pub(crate) fn stop(&self) {
        self.progress.stop();
    }

    /// From now on the schedule gives the orders, in the audit trail.
    pub(crate) fn act_for_schedule(&mut self) {
        self.actor.clone_from(&self.setup.actor);
    }

    /// Claims the journal for this process; nothing happens if it has it already.
    pub(crate) fn try_lock(&mut self) -> Result<bool, Failure> {
        if self.lock.is_some() {
            return Ok(true);
        }
        match self.journal.lock_writer() {
            Ok(lock) => {
                self.lock = Some(lock);
                Ok(true)
            }
            Err(error) if error.kind() == JournalErrorKind::Locked => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Links that the schedule has not switched off, in their order.
    pub(crate) fn links(&self) -> Vec<&dyn SyncLink> {
        let wanted = |link: &&dyn SyncLink| Part::of(*link).is_on(self.setup.schedule);
        self.installation.links.iter().map(|link| &**link).filter(wanted).collect()
    }

    /// Whether events are read at all.
    pub(crate) fn reads_events(&self) -> bool {
        self.setup.schedule.events.get().is_some()
    }
}

impl Part {
    pub(crate) fn of(link: &dyn SyncLink) -> Self {
        if link.pair().entity == EntityKind::Person { Self::People } else { Self::Definitions }
    }

    pub(crate) fn is_on(self, schedule: Schedule) -> bool {
        self.interval(schedule).get().is_some()
    }

    pub(crate) fn interval(self, schedule: Schedule) -> Interval {
        match self {
            Self::Definitions => schedule.definitions,
            Self::People => schedule.people,
        }
    }
}

fn claim(journal: &SqliteJournal, name: &str) -> Result<WriterLock, Failure> {
    journal.lock_writer().map_err(|error| match error.kind() {
        JournalErrorKind::Locked => {
            Failure::new("this installation is at work already: its service, or another command, holds the journal")
                .with_remedy(format!("`{name} status` shows how it stands; stop the service first, or wait"))
        }
        _ => error.into(),
    })
}

/// State holds people's data: the folder is for this account alone if it is made here.
pub(crate) fn make_private_folder(folder: &std::path::Path) -> Result<(), Failure> {
    if folder.is_dir() {
        return Ok(());
    }
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(|error| {
        Failure::new(format!("the folder {} cannot be made: {error}", folder.display()))
            .with_remedy("Name another one in [service] data, or give this account the right to write there")
    })
}
