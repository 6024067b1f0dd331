//! Bookings, people and rights of one site, and the store that they live in.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use chrono::{DateTime, Duration, NaiveDate, Utc};
use chrono_tz::Tz;
use sync_core::connector::Source;
use sync_core::model::{Booking, SecretText};

use crate::codes::{CodesConfig, active_or_reserved};
use crate::grants::{Grants, Rules};
use crate::intake::{self, IntakeReport, Reading, SourceState};
use crate::letters::Post;
use crate::prepare::Survey;
use crate::seal::Sealer;
use crate::store::{self, Problem, Store, all_people, live_bookings, put_document, set_problem};
use crate::{AccessConfig, AccessError};

/// Bookings, people and rights of one site.
pub struct Access {
    settings: Settings,
    rules: Rules,
    store: Store,
    sealer: Arc<Sealer>,
    pub(crate) post: Option<Post>,
    grants: RwLock<Arc<Grants>>,
    pub(crate) survey: Survey,
}

/// What the operator decided.
#[derive(Clone, Debug)]
pub struct Settings {
    /// About rooms, doors, times and privacy.
    pub access: AccessConfig,
    /// About codes.
    pub codes: CodesConfig,
    /// The site's zone.
    pub zone: Tz,
}

impl Access {
    /// What the store knows, read by the settings. The sealer opens the codes in it.
    ///
    /// # Errors
    /// The store.
    pub fn open(store: Store, sealer: Sealer, settings: Settings) -> Result<Self, AccessError> {
        let rules = Rules::new(&settings.access);
        let grants = store.with(|connection| {
            Ok::<_, AccessError>(Grants::new(&live_bookings(connection)?, &all_people(connection)?, &rules))
        })?;
        let grants = RwLock::new(Arc::new(grants));
        let sealer = Arc::new(sealer);
        Ok(Self { settings, rules, store, sealer, post: None, grants, survey: Survey::default() })
    }

    /// The configuration.
    pub fn config(&self) -> &AccessConfig {
        &self.settings.access
    }

    /// What codes are chosen from.
    pub fn codes(&self) -> &CodesConfig {
        &self.settings.codes
    }

    /// What opens the codes in the store.
    pub fn sealer(&self) -> &Sealer {
        &self.sealer
    }

    /// How bookings are read.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// The site's zone.
    pub fn zone(&self) -> Tz {
        self.settings.zone
    }

    /// The store.
    pub fn store(&self) -> &Store {
        &self.store
    }

    pub(crate) fn shared_sealer(&self) -> Arc<Sealer> {
        self.sealer.clone()
    }

    /// Everybody's rights as of the last change of bookings or people.
    pub fn grants(&self) -> Arc<Grants> {
        self.grants.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads a source and takes over what it says. A source that does not answer changes nothing but its state.
    ///
    /// # Errors
    /// The source does not answer, or the store.
    pub async fn take(&self, source: &dyn Source<Booking>, now: DateTime<Utc>) -> Result<IntakeReport, AccessError> {
        match intake::read(source).await {
            Ok(reading) => self.take_reading(reading, now),
            Err(error) => {
                self.note_failure(source.name().as_str(), &error.to_string(), now)?;
                Err(error.into())
            }
        }
    }

    /// Takes over what a source said.
    ///
    /// # Errors
    /// The store; nothing was taken over then.
    pub fn take_reading(&self, reading: Reading, now: DateTime<Utc>) -> Result<IntakeReport, AccessError> {
        let (report, grants) = self.store.transaction(|transaction| {
            let report = intake::apply(transaction, reading, self.config(), &self.rules, now)?;
            Ok::<_, AccessError>((report, intake::refresh(transaction, &self.rules, now)?))
        })?;
        self.put_grants(grants);
        Ok(report)
    }

    /// Works out everybody's rights again, after people or bookings were changed by hand.
    ///
    /// # Errors
    /// The store.
    pub fn refresh(&self, now: DateTime<Utc>) -> Result<(), AccessError> {
        let grants = self.store.transaction(|transaction| intake::refresh(transaction, &self.rules, now))?;
        self.put_grants(grants);
        Ok(())
    }

    /// How a source is doing; `None` if it was never asked.
    ///
    /// # Errors
    /// The store.
    pub fn source(&self, name: &str) -> Result<Option<SourceState>, AccessError> {
        self.store.with(|connection| store::document(connection, "source", name))
    }

    /// What a person should look at, oldest first.
    ///
    /// # Errors
    /// The store.
    pub fn problems(&self, now: DateTime<Utc>) -> Result<Vec<Problem>, AccessError> {
        let mut found = self.store.with(store::problems)?;
        let stale = Duration::hours(self.config().stale_hours.into());
        for (name, state) in self.sources()? {
            let Some(since) = state.last_good.or(state.last_try).filter(|at| now - *at >= stale) else { continue };
            let words = "gave no whole answer for long; known bookings stay in force, new ones are not seen";
            found.push(Problem::new(&name, "stale", name.clone(), words, "Look at the source", since));
        }
        Ok(found)
    }

    /// All sources that were ever asked.
    ///
    /// # Errors
    /// The store.
    pub fn sources(&self) -> Result<Vec<(String, SourceState)>, AccessError> {
        self.store.with(|connection| store::documents(connection, "source"))
    }

    /// The code of a person as version and clear text: to be shown to nobody but them, or by an order that is audited.
    ///
    /// # Errors
    /// The store, or the code cannot be opened.
    pub fn code(&self, key: &str) -> Result<Option<(u32, SecretText)>, AccessError> {
        let issued = self.store.with(|connection| active_or_reserved(connection, &self.sealer, key))?;
        Ok(issued.map(|issued| (issued.version, issued.code)))
    }

    /// The day of an instant at the site.
    pub fn day(&self, at: DateTime<Utc>) -> NaiveDate {
        at.with_timezone(&self.zone()).date_naive()
    }

    pub(crate) fn put_grants(&self, grants: Grants) {
        *self.grants.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(grants);
    }

    fn note_failure(&self, source: &str, why: &str, now: DateTime<Utc>) -> Result<(), AccessError> {
        self.store.transaction(|transaction| {
            let mut state: SourceState = store::document(transaction, "source", source)?.unwrap_or_default();
            state.last_try = Some(now);
            state.failure = Some(why.to_owned());
            put_document(transaction, "source", source, &state)?;
            let remedy = "Known bookings stay in force; look at the source";
            set_problem(transaction, &Problem::new(source, "unreachable", source, why, remedy, now))
        })
    }
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Access").field("zone", &self.zone()).finish_non_exhaustive()
    }
}
