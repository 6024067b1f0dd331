//! What a program builds with: folders, zone, schedule, limits, secrets.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use secrecy::SecretString;
use sync_core::clock::Clock;
use sync_core::reconcile::Settings;

use super::sections::{LogLevel, Shared};
use super::{ConfigFault, Schedule, secret};
use crate::Limits;
use crate::host::system_clock;

/// What a program builds with.
#[derive(Debug)]
pub struct Setup {
    base: PathBuf,
    data: PathBuf,
    pub(crate) logs: PathBuf,
    pub(crate) log_level: LogLevel,
    pub(crate) stop_within: Duration,
    pub(crate) actor: String,
    pub(crate) name: &'static str,
    /// Zone of the site.
    pub time_zone: Tz,
    /// When what is done.
    pub schedule: Schedule,
    /// Limits on what may happen without a person's word.
    pub limits: Limits,
    clock: Arc<dyn Clock>,
    warnings: Mutex<Vec<String>>,
    own_verb: Option<String>,
}

impl Setup {
    pub(crate) fn new(
        name: &'static str,
        file: &Path,
        data: Option<&Path>,
        shared: &Shared,
        schedule: Schedule,
    ) -> Self {
        let base = file.parent().map(Path::to_owned).unwrap_or_default();
        let data = data.map_or_else(|| base.join(&shared.service.data), Path::to_owned);
        let logs = shared.service.log_folder.as_ref().map_or_else(|| data.join("logs"), |folder| base.join(folder));
        Self {
            logs,
            log_level: shared.service.log_level,
            stop_within: shared.service.stop_within.get().unwrap_or(Duration::from_mins(1)),
            actor: shared.service.actor.clone(),
            name,
            time_zone: shared.time_zone(),
            schedule: shared.schedule(schedule),
            limits: shared.guards,
            clock: Arc::new(system_clock()),
            warnings: Mutex::default(),
            own_verb: None,
            base,
            data,
        }
    }

    /// Defaults in a folder; for demonstrations and tests.
    pub fn in_folder(name: &'static str, folder: &Path) -> Self {
        let file = folder.join(format!("{name}.toml"));
        Self::new(name, &file, Some(folder), &Shared::default(), Schedule::default())
    }

    pub(crate) fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    pub(crate) fn for_verb(mut self, own_verb: Option<&str>) -> Self {
        self.own_verb = own_verb.map(str::to_owned);
        self
    }

    /// Whether the program is made for this verb of its own alone: one that helps to complete the configuration can then
    /// do without what it is there to find out.
    pub fn is_for(&self, own_verb: &str) -> bool {
        self.own_verb.as_deref() == Some(own_verb)
    }

    /// The time.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// The folder of the state.
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// A path as the configuration means it: relative to its file.
    pub fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        self.base.join(path)
    }

    /// The secret that a reference in the configuration stands for: `env:NAME` or `file:PATH`.
    ///
    /// # Errors
    /// The secret is missing, empty or stands in the configuration itself; the fault names the setting.
    pub fn secret(&self, setting: &str, reference: &str) -> Result<SecretString, ConfigFault> {
        let (secret, warning) = secret::resolve(setting, reference, &self.base)?;
        if let Some(warning) = warning {
            self.warn(warning);
        }
        Ok(secret)
    }

    /// Notes something about the configuration that works and still deserves a second look.
    pub fn warn(&self, warning: impl Into<String>) {
        self.warnings.lock().unwrap_or_else(PoisonError::into_inner).push(warning.into());
    }

    /// Puts the limits of the configuration into the settings of a link.
    pub fn limit(&self, settings: &mut Settings) {
        self.limits.put_into(settings, self.schedule.people);
    }

    /// What day it is at the site.
    pub fn today(&self, now: DateTime<Utc>) -> NaiveDate {
        now.with_timezone(&self.time_zone).date_naive()
    }

    /// An instant as the clocks at the site show it.
    pub fn local(&self, at: DateTime<Utc>) -> String {
        at.with_timezone(&self.time_zone).format("%Y-%m-%d %H:%M:%S").to_string()
    }

    /// What somebody should know about the configuration.
    pub(crate) fn warnings(&self) -> Vec<String> {
        self.warnings.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The journal's file.
    pub(crate) fn journal(&self) -> PathBuf {
        self.data.join("journal.db")
    }

    /// The decisions file.
    pub(crate) fn decisions(&self) -> PathBuf {
        self.data.join("decisions.toml")
    }
}
