//! People: employees of Astrow.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::stream::BoxStream;
use sync_core::connector::{
    AttemptKey, Changes, CompleteSignal, CreateClass, Draft, ErrorClass, InvalidRecord, Key, LateApply, Listed, Page,
    Precondition, ReadCaps, Record, Removal, RemovalCaps, Sink, SnapshotCaps, Source, SyncError, Update, Window,
    WriteCaps,
};
use sync_core::model::{EntityKind, ExternalId, Person};
use uuid::Uuid;

use super::ASTROW;
use super::endpoint::AstrowEndpoint;
use super::person::{Rules, field_caps};
use crate::model::{
    ActiveFilter, AstrowSession, Employee, EmployeePatch, Etag, InvalidItem, Lookups, PacTab, Patch, PersNo,
};
use crate::number::NumberForm;

/// What is needed to read or write a person.
struct Desk {
    session: Arc<dyn AstrowSession>,
    lookups: Option<Arc<Lookups>>,
}

#[async_trait]
impl Source<Person> for AstrowEndpoint {
    fn reads(&self) -> ReadCaps {
        ReadCaps {
            snapshot: SnapshotCaps::Full,
            complete_signal: CompleteSignal::EndMark,
            read_lag: Duration::ZERO,
            fields: field_caps(&self.config, self.is_files()),
            references: vec![EntityKind::Department, EntityKind::AccessPolicy],
        }
    }

    fn snapshot(&self, _window: Option<Window>) -> BoxStream<'_, Result<Page<Person>, SyncError>> {
        Listed::stream(self.everybody())
    }

    fn as_of(&self) -> Option<chrono::DateTime<chrono::Utc>> {
        self.memory.people_made()
    }

    async fn get(&self, id: &ExternalId) -> Result<Option<Record<Person>>, SyncError> {
        let Ok(pers_no) = id.as_str().parse() else { return Ok(None) };
        let desk = self.desk().await?;
        let employee = desk.session.employee(pers_no).await?;
        self.memory.keep_badges(&employee, self.clock.now());
        Ok(employee.map(|employee| self.record(&desk, &employee)))
    }

    async fn find(&self, by: &Key) -> Result<Vec<Record<Person>>, SyncError> {
        match by {
            Key::Field { .. } => Ok(by.among(self.everybody().await?.records, &Source::<Person>::reads(self))),
            _ => Ok(Vec::new()),
        }
    }
}

#[async_trait]
impl Sink<Person> for AstrowEndpoint {
    fn writes(&self) -> WriteCaps {
        let delete = self.config.delete_history_ok;
        let files = WriteCaps {
            create: CreateClass::Keyed(FILES_ARE_REMEMBERED),
            late_apply: LateApply::Bounded,
            update: Update::Patch,
            ..WriteCaps::default()
        };
        if self.is_files() {
            return files;
        }
        WriteCaps {
            create: CreateClass::Keyed(KEYS_ARE_KEPT),
            request_lifetime: Duration::from_mins(1),
            precondition: true,
            removal: RemovalCaps {
                unlink_credentials: true,
                disable: false,
                mark_leaver: true,
                delete,
                withheld: (!delete).then_some(DELETE_SETTING),
                ..RemovalCaps::default()
            },
            parallel: 4,
            ..files
        }
    }

    async fn create(&self, draft: &Draft<Person>, attempt: &AttemptKey) -> Result<Record<Person>, SyncError> {
        let desk = self.desk().await?;
        let new = self.rules(&desk).new_employee(&draft.value, self.today(desk.session.as_ref()))?;
        let made = desk.session.create_employee(new, Uuid::from_u128(attempt.get())).await?;
        self.memory.keep_badges([&made], self.clock.now());
        Ok(self.record(&desk, &made))
    }

    /// The tab first, since badges and groups may be withdrawn by it; each write carries the revision that the one before gave.
    async fn update(
        &self,
        id: &ExternalId,
        changes: &Changes<Person>,
        precondition: &Precondition,
        _attempt: &AttemptKey,
    ) -> Result<Record<Person>, SyncError> {
        let (desk, employee) = self.found(id, precondition).await?;
        let rules = self.rules(&desk);
        let (tab, patch) = (rules.tab(&employee, &changes.0)?, rules.patch(&employee, &changes.0)?);
        let written = self.write(&desk, employee, tab, patch).await?;
        Ok(self.record(&desk, &written))
    }

    async fn remove(
        &self,
        id: &ExternalId,
        how: &Removal,
        precondition: &Precondition,
        _attempt: &AttemptKey,
    ) -> Result<(), SyncError> {
        let (desk, employee) = self.found(id, precondition).await?;
        let bare = PacTab { badges: Vec::new(), ..employee.pac.clone() };
        let tab = Some(bare).filter(|bare| *bare != employee.pac);
        let mut patch = EmployeePatch::new();
        match how {
            Removal::UnlinkCredentials => {}
            Removal::MarkLeaver(day) => {
                patch.end_calculation =
                    Some(*day).filter(|day| employee.end_calculation != Some(*day)).map_or(Patch::Keep, Patch::Set);
            }
            Removal::Delete if self.config.delete_history_ok => {
                return Ok(desk.session.delete_employee(employee.pers_no, etag(&employee)?).await?);
            }
            Removal::Delete => {
                let text = "deleting an employee deletes all history, which the settings do not allow";
                let error = SyncError::new(ErrorClass::Config, text);
                return Err(error.with_remedy(format!("set {DELETE_SETTING} = true if that is what you want")));
            }
            _ => return Err(SyncError::no_such_removal(ASTROW)),
        }
        self.write(&desk, employee, tab, patch).await.map(drop)
    }
}

impl AstrowEndpoint {
    async fn desk(&self) -> Result<Desk, SyncError> {
        Ok(Desk { session: self.session().await?, lookups: self.lookups().await? })
    }

    fn rules<'a>(&'a self, desk: &'a Desk) -> Rules<'a> {
        let info = desk.session.info();
        Rules {
            config: &self.config,
            zone: info.time_zone,
            form: NumberForm::of_option(info.hex_badges),
            lookups: desk.lookups.as_deref(),
        }
    }

    fn record(&self, desk: &Desk, employee: &Employee) -> Record<Person> {
        self.rules(desk).record(employee, self.is_files())
    }

    async fn everybody(&self) -> Result<Listed<Person>, SyncError> {
        let desk = self.desk().await?;
        let (mut employees, mut invalid, mut made) = (Vec::new(), Vec::new(), None);
        let mut cursor = None;
        loop {
            let page = desk.session.employees(cursor.as_ref(), ActiveFilter::All).await?;
            employees.extend(page.items);
            invalid.extend(page.invalid);
            // The list is as old as its oldest page.
            made = made.or(page.as_of.map(|at| at.to_utc()));
            match page.next {
                Some(next) if cursor.as_ref() == Some(&next) => {
                    return Err(SyncError::new(ErrorClass::Protocol, "the list of employees goes round in a circle"));
                }
                Some(next) => cursor = Some(next),
                None => break,
            }
        }
        self.memory.note_people_made(made);
        self.memory.keep_all_badges(&employees, self.clock.now());
        let records = employees.iter().map(|employee| self.record(&desk, employee)).collect();
        let complete = invalid.iter().all(|item| item.id.is_some());
        let invalid = invalid.into_iter().map(invalid_record).collect();
        Ok(Listed { complete, ..Listed::new(records, invalid) })
    }

    /// The employee as it is now, if it still is as the engine has seen it.
    async fn found(&self, id: &ExternalId, precondition: &Precondition) -> Result<(Desk, Employee), SyncError> {
        if self.is_files() {
            let error =
                SyncError::new(ErrorClass::Invalid, "by files, employees can be made and not changed or removed");
            return Err(error.with_remedy("change the employee in Astrow, or use the driver `rest`"));
        }
        let gone = || SyncError::gone(ASTROW);
        let pers_no: PersNo = id.as_str().parse().map_err(|_| gone())?;
        let desk = self.desk().await?;
        let employee = desk.session.employee(pers_no).await?.ok_or_else(gone)?;
        precondition.met(ASTROW, employee.etag.as_ref().map(Etag::as_str))?;
        Ok((desk, employee))
    }

    async fn write(
        &self,
        desk: &Desk,
        mut employee: Employee,
        tab: Option<PacTab>,
        patch: EmployeePatch,
    ) -> Result<Employee, SyncError> {
        let id = employee.pers_no;
        if let Some(tab) = tab {
            employee = desk.session.set_pac(id, tab, etag(&employee)?).await?;
        }
        if !patch.is_empty() {
            employee = desk.session.patch_employee(id, patch, etag(&employee)?).await?;
        }
        self.memory.keep_badges([&employee], self.clock.now());
        Ok(employee)
    }
}

fn etag(employee: &Employee) -> Result<&Etag, SyncError> {
    let missing = || SyncError::new(ErrorClass::Protocol, "Astrow gave an employee without a revision");
    employee.etag.as_ref().ok_or_else(missing)
}

fn invalid_record(item: InvalidItem) -> InvalidRecord {
    let id = item.id.unwrap_or_else(|| format!("without a number, place {}", item.position + 1));
    InvalidRecord::new(id, item.field, item.reason)
}

/// As long as Astrow knows the key of an attempt.
const KEYS_ARE_KEPT: Duration = Duration::from_hours(24);
/// As long as the driver knows which attempt it has written into a file.
const FILES_ARE_REMEMBERED: Duration = Duration::from_hours(24 * 40);
/// The setting that lets employees be deleted, as an administrator finds it.
const DELETE_SETTING: &str = "people.delete_astrow_history_ok";
