//! Bookings, people and rights of one site, and the store that they live in.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use rusqlite::Transaction;
use sync_core::connector::Source;
use sync_core::model::{Booking, SecretText};

use crate::codes::{CodesConfig, active_or_reserved};
use crate::grants::{Grants, Rules};
use crate::intake::{self, IntakeReport, Reading};
use crate::letters::Post;
use crate::prepare::Survey;
use crate::seal::Sealer;
use crate::store::{self, Store, all_people, live_bookings};
use crate::{AccessConfig, AccessError};

/// Bookings, people and rights of one site.
pub struct Access {
    settings: Settings,
    rules: Rules,
    store: Store,
    sealer: Arc<Sealer>,
    pub(crate) post: Option<Post>,
    grants: RwLock<Arc<Grants>>,
    /// Held while rights are worked out, so that older ones never take the place of newer ones.
    turn: Mutex<()>,
    /// The store as others had changed it when it was last looked at.
    seen: AtomicI64,
    pub(crate) configured: Option<BTreeSet<String>>,
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
        let (seen, grants) = store.with(|connection| {
            let seen = store::changes_of_others(connection)?;
            let grants = Grants::new(&live_bookings(connection)?, &all_people(connection)?, &rules);
            Ok::<_, AccessError>((seen, grants))
        })?;
        Ok(Self {
            settings,
            rules,
            store,
            sealer: Arc::new(sealer),
            post: None,
            grants: RwLock::new(Arc::new(grants)),
            turn: Mutex::default(),
            seen: seen.into(),
            configured: None,
            survey: Survey::default(),
        })
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
        self.rebuild(now, |transaction| intake::apply(transaction, reading, self.config(), &self.rules, now))
    }

    /// Works out everybody's rights again, after people or bookings were changed by hand.
    ///
    /// # Errors
    /// The store.
    pub fn refresh(&self, now: DateTime<Utc>) -> Result<(), AccessError> {
        self.rebuild(now, |_| Ok(()))
    }

    /// Notices what another process wrote into the store, such as an order that staff gave beside a running service, and
    /// works out everybody's rights again then. Returns whether there was anything.
    ///
    /// Cheap while there is nothing: call it every few seconds, and run the link when it says yes.
    ///
    /// # Errors
    /// The store; it is noticed again with the next call then.
    pub fn look_again(&self, now: DateTime<Utc>) -> Result<bool, AccessError> {
        let found = self.store.with(store::changes_of_others)?;
        if found == self.seen.load(Ordering::Relaxed) {
            return Ok(false);
        }
        self.refresh(now)?;
        self.seen.store(found, Ordering::Relaxed);
        Ok(true)
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

    /// Changes the store, and everybody's rights with it.
    pub(crate) fn rebuild<T>(
        &self,
        now: DateTime<Utc>,
        change: impl FnOnce(&Transaction<'_>) -> Result<T, AccessError>,
    ) -> Result<T, AccessError> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let (done, grants) = self.store.transaction(|transaction| {
            let done = change(transaction)?;
            Ok::<_, AccessError>((done, intake::refresh(transaction, &self.rules, now)?))
        })?;
        *self.grants.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(grants);
        Ok(done)
    }
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Access").field("zone", &self.zone()).finish_non_exhaustive()
    }
}
