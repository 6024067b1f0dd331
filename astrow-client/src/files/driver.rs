//! The driver: folders as a session.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use connector_http::{Clock, SystemClock};
use uuid::Uuid;

use super::bookings::{BookingsExport, BookingsImport};
use super::employees::{EmployeesExport, EmployeesImport};
use super::sent::{Fate, Sent};
use super::settings::FilesConfig;
use crate::model::{
    ActiveFilter, AstrowCapability, AstrowError, AstrowErrorKind, AstrowInfo, AstrowSession, Booking, BookingOutcome,
    BookingRecord, Employee, NewEmployee, Page, PageCursor, PersNo,
};

/// Astrow by its files. Clones share everything.
///
/// * A booking is written in minutes of local time, without a direction: use one file terminal for each direction. A booking
///   in the hour that comes twice when clocks are put back is written and reported.
/// * A booking counts as processed once Astrow has moved its file to `completed`. A file in `failed` stops everything until a
///   person confirms it ([`FilesDriver::confirm`]); rows of one in `incomplete` are looked up in the next bookings export, and
///   only those that are not there are sent again.
/// * Employees can be made and read, and neither changed nor removed.
#[derive(Clone, Debug)]
pub struct FilesDriver {
    pub(super) inner: Arc<Inner>,
}

#[derive(Debug)]
pub(super) struct Inner {
    pub(super) info: AstrowInfo,
    pub(super) zone: Tz,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) bookings_in: Option<BookingsImport>,
    pub(super) bookings_out: Option<BookingsExport>,
    pub(super) employees_in: Option<EmployeesImport>,
    pub(super) employees_out: Option<EmployeesExport>,
    /// One write at a time.
    pub(super) writing: tokio::sync::Mutex<()>,
}

/// A file that needs a person, or of which Astrow has not said what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SentFile {
    /// Its name.
    pub file: String,
    /// When it was written.
    pub at: DateTime<Utc>,
    /// How many rows it has.
    pub rows: usize,
    /// What became of it.
    pub fate: FileFate,
}

/// What became of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileFate {
    /// It waits in the import folder.
    Waiting,
    /// Astrow took all of it.
    Completed,
    /// Astrow refused it.
    Failed,
    /// Astrow took a part of it.
    Incomplete,
    /// It is in none of Astrow's folders.
    Gone,
}

impl FilesDriver {
    /// A driver on these folders. Nothing is read or written yet.
    ///
    /// # Errors
    /// `Config` with the first fault of the settings.
    pub fn new(config: &FilesConfig) -> Result<Self, AstrowError> {
        Self::with_clock(config, Arc::new(SystemClock))
    }

    /// The same with another clock, for tests.
    ///
    /// # Errors
    /// As [`FilesDriver::new`].
    pub fn with_clock(config: &FilesConfig, clock: Arc<dyn Clock>) -> Result<Self, AstrowError> {
        let fault = |setting: &'static str, reason: String| {
            AstrowError::new(AstrowErrorKind::Config, format!("files.{setting} {reason}")).with_field(setting)
        };
        if let Some(first) = config.faults().into_iter().next() {
            return Err(fault(first.setting, first.reason));
        }
        let zone = config.zone().ok_or_else(|| fault("time_zone", "is no zone".to_owned()))?;
        let encoding = config.encoding;
        let inner = Inner {
            info: AstrowInfo::new("Astrow by files", zone, config.hex_badges),
            zone,
            clock,
            bookings_in: config.bookings_in.as_ref().map(BookingsImport::new).transpose()?,
            bookings_out: config.bookings_out.as_ref().map(|part| BookingsExport::new(part, encoding)).transpose()?,
            employees_in: config.employees_in.as_deref().map(EmployeesImport::new).transpose()?,
            employees_out: config.employees_out.as_ref().map(|file| EmployeesExport {
                file: file.clone(),
                encoding,
                read: Mutex::default(),
            }),
            writing: tokio::sync::Mutex::new(()),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Files that need a person, or of which nobody knows yet what became of them.
    ///
    /// # Errors
    /// `Files` if a folder cannot be used.
    pub async fn unsettled(&self) -> Result<Vec<SentFile>, AstrowError> {
        let of = |sent: Sent| SentFile { file: sent.file, at: sent.at, rows: sent.rows.len(), fate: sent.fate.into() };
        let found = self
            .blocking(|inner| match &inner.bookings_in {
                Some(import) => import.outbox.unsettled(inner.now()),
                None => Ok(Vec::new()),
            })
            .await?;
        Ok(found.into_iter().map(of).collect())
    }

    /// A person has looked at a file that was refused or taken in part: its bookings may be sent again, as far as no export has
    /// them. `false` if no file of this name was written.
    ///
    /// # Errors
    /// `Files` if a folder cannot be used.
    pub async fn confirm(&self, file: &str) -> Result<bool, AstrowError> {
        let file = file.to_owned();
        self.blocking(move |inner| match &inner.bookings_in {
            Some(import) => import.outbox.confirm(&file),
            None => Ok(false),
        })
        .await
    }

    /// The first folder or file of the settings, which tells one installation from another.
    pub fn place(&self) -> String {
        let inner = &self.inner;
        let folders = [
            inner.bookings_in.as_ref().map(|part| part.outbox.folder().to_owned()),
            inner.employees_out.as_ref().map(|part| part.file.clone()),
            inner.bookings_out.as_ref().map(|part| part.folder.clone()),
            inner.employees_in.as_ref().map(|part| part.outbox.folder().to_owned()),
        ];
        folders.into_iter().flatten().next().unwrap_or_default().display().to_string()
    }

    /// Tests every folder: what it is, and how that went.
    pub async fn test(&self) -> Vec<(PathBuf, Result<String, AstrowError>)> {
        let tested = self.blocking(|inner| Ok(inner.test())).await;
        tested.unwrap_or_else(|error| vec![(PathBuf::new(), Err(error))])
    }

    /// Runs what may take its time on a disk or a share.
    pub(super) async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Inner) -> Result<T, AstrowError> + Send + 'static,
    ) -> Result<T, AstrowError> {
        let inner = self.inner.clone();
        let done = tokio::task::spawn_blocking(move || work(&inner)).await;
        done.map_err(|error| {
            AstrowError::new(AstrowErrorKind::OutcomeUnknown, "work on files was broken off").with_source(error)
        })?
    }
}

impl Inner {
    pub(super) fn now(&self) -> DateTime<Utc> {
        self.clock.wall().into()
    }

    fn test(&self) -> Vec<(PathBuf, Result<String, AstrowError>)> {
        let mut found = Vec::new();
        let imports =
            [self.bookings_in.as_ref().map(|part| &part.outbox), self.employees_in.as_ref().map(|part| &part.outbox)];
        for outbox in imports.into_iter().flatten() {
            let tested = outbox.test().map(|()| "can be written".to_owned());
            found.push((outbox.folder().to_owned(), tested));
        }
        if let Some(part) = &self.bookings_out {
            found.push((part.folder.clone(), part.test()));
        }
        if let Some(part) = &self.employees_out {
            found.push((part.file.clone(), part.test()));
        }
        found
    }
}

impl From<Fate> for FileFate {
    fn from(fate: Fate) -> Self {
        match fate {
            Fate::Open => Self::Waiting,
            Fate::Completed => Self::Completed,
            Fate::Failed => Self::Failed,
            Fate::Incomplete => Self::Incomplete,
            Fate::Gone => Self::Gone,
        }
    }
}

#[async_trait]
impl AstrowSession for FilesDriver {
    fn info(&self) -> &AstrowInfo {
        &self.inner.info
    }

    fn supports(&self, capability: AstrowCapability) -> bool {
        match capability {
            AstrowCapability::BookingsWrite => self.inner.bookings_in.is_some(),
            AstrowCapability::BookingsRead => self.inner.bookings_out.is_some(),
            AstrowCapability::EmployeesWrite => self.inner.employees_in.is_some(),
            AstrowCapability::EmployeesRead => self.inner.employees_out.is_some(),
            _ => false,
        }
    }

    async fn employees(
        &self,
        _after: Option<&PageCursor>,
        filter: ActiveFilter,
    ) -> Result<Page<Employee>, AstrowError> {
        let mut page = self.blocking(Inner::employees).await?;
        page.items.retain(|employee| filter.admits(employee.active));
        Ok(page)
    }

    async fn employee(&self, id: PersNo) -> Result<Option<Employee>, AstrowError> {
        let page = self.blocking(Inner::employees).await?;
        Ok(page.items.into_iter().find(|employee| employee.pers_no == id))
    }

    async fn create_employee(&self, employee: NewEmployee, key: Uuid) -> Result<Employee, AstrowError> {
        let _one = self.inner.writing.lock().await;
        self.blocking(move |inner| inner.create(&employee, key)).await
    }

    async fn write_bookings(&self, bookings: &[Booking]) -> Result<Vec<BookingOutcome>, AstrowError> {
        let _one = self.inner.writing.lock().await;
        self.book(bookings).await
    }

    async fn bookings(&self, after: Option<&PageCursor>) -> Result<Page<BookingRecord>, AstrowError> {
        let after = after.cloned();
        self.blocking(move |inner| inner.bookings(after.as_ref())).await
    }
}
