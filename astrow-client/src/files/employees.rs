//! Employees by files: made by the import, read from the export.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::booking_row::file;
use super::driver::Inner;
use super::employee_row::{EmployeeRow, employee_line};
use super::employees_out::{ExportedEmployee, read_employees};
use super::inbox::{Read, Stamp, read, stamp, unreadable};
use super::outbox::{Known, Outbox};
use super::sent::SentRow;
use super::text::{Encoding, Parsed};
use crate::model::{
    AstrowCapability, AstrowError, AstrowErrorKind, BadgeBase, Employee, InvalidItem, Name, NewEmployee, Page, PersNo,
};

/// The employees import.
#[derive(Debug)]
pub(super) struct EmployeesImport {
    pub(super) outbox: Outbox,
}

/// The employees export.
#[derive(Debug)]
pub(super) struct EmployeesExport {
    pub(super) file: PathBuf,
    pub(super) encoding: Encoding,
    /// What was read last, and of which state of the file.
    pub(super) read: Mutex<Option<(Stamp, Parsed<ExportedEmployee>)>>,
}

impl EmployeesImport {
    pub(super) fn new(folder: &Path) -> Result<Self, AstrowError> {
        Ok(Self { outbox: Outbox::new(folder, "txt")? })
    }
}

impl EmployeesExport {
    /// The employees, and when the file was written. It is read only if it is another one than before.
    pub(super) fn employees(&self) -> Result<(DateTime<Utc>, Parsed<ExportedEmployee>), AstrowError> {
        let now = stamp(&self.file)?;
        let mut last = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((stamp, parsed)) = last.as_ref().filter(|(stamp, _)| *stamp == now) {
            return Ok((stamp.written(), parsed.clone()));
        }
        let Read { bytes, stamp } = read(&self.file)?;
        let parsed = read_employees(&bytes, self.encoding).map_err(|why| unreadable(&self.file, &why))?;
        if !parsed.whole {
            return Err(unreadable(&self.file, "is not whole: its last line has no end"));
        }
        *last = Some((stamp, parsed.clone()));
        Ok((stamp.written(), parsed))
    }

    pub(super) fn test(&self) -> Result<String, AstrowError> {
        let (written, parsed) = self.employees()?;
        let bad = match parsed.bad.first() {
            Some(first) => {
                format!(", {} lines cannot be used, the first is {}: {}", parsed.bad.len(), first.line, first.why)
            }
            None => String::new(),
        };
        Ok(format!("{} employees, written {}{bad}", parsed.items.len(), written.format("%Y-%m-%d %H:%M UTC")))
    }
}

impl Inner {
    pub(super) fn employees(&self) -> Result<Page<Employee>, AstrowError> {
        let export = self.employees_out.as_ref();
        let export = export.ok_or_else(|| AstrowError::unsupported(AstrowCapability::EmployeesRead))?;
        let (written, parsed) = export.employees()?;
        let mut page = Page::whole(parsed.items.into_iter().map(|employee| self.employee(employee)).collect());
        let invalid = parsed.bad.into_iter();
        page.invalid =
            invalid.map(|bad| InvalidItem::new(bad.id, bad.line, format!("line {}", bad.line), bad.why)).collect();
        page.as_of = Some(written.fixed_offset());
        Ok(page)
    }

    /// Writes the file once for each key, and gives the employee once the export shows one with this badge number.
    pub(super) fn create(&self, new: &NewEmployee, key: Uuid) -> Result<Employee, AstrowError> {
        let import = self.employees_in.as_ref();
        let import = import.ok_or_else(|| AstrowError::unsupported(AstrowCapability::EmployeesWrite))?;
        let (reference, now) = (key.to_string(), self.now());
        let written = match import.outbox.known(&reference, now)? {
            Known::Sent { file, .. } => file,
            Known::New => {
                if let Some(taken) = self.by_badge(&new.badge_no)? {
                    let text = "an employee with this badge number is in the export already";
                    let error = AstrowError::new(AstrowErrorKind::BadgeInUse, text).with_field("badgeNo");
                    return Err(error.with_current(taken));
                }
                let line = employee_line(&row(new)).map_err(|error| {
                    AstrowError::new(AstrowErrorKind::Rejected, format!("the employee cannot be written: {error}"))
                })?;
                let at = now.naive_utc();
                let sent = SentRow { reference, badge: new.badge_no.clone(), at, terminal: String::new() };
                import.outbox.send(vec![sent], file([line.as_str()]).as_bytes(), now)?
            }
        };
        match self.by_badge(&new.badge_no)? {
            Some(made) => Ok(made),
            None => Err(AstrowError::new(
                AstrowErrorKind::OutcomeUnknown,
                format!("the employee is written to {}, and no export shows it yet", written.file),
            )
            .with_remedy("wait for Astrow's import task and its next employees export")),
        }
    }

    /// The number at the employer of whoever has a badge number.
    pub(super) fn employee_no_of(&self, badge: &str) -> Option<String> {
        let (_, parsed) = self.employees_out.as_ref()?.employees().ok()?;
        let found = parsed.items.into_iter().find(|employee| employee.badge.as_deref() == Some(badge));
        found.and_then(|employee| employee.employee_no)
    }

    fn by_badge(&self, badge: &str) -> Result<Option<Employee>, AstrowError> {
        if self.employees_out.is_none() {
            return Ok(None);
        }
        let page = self.employees()?;
        Ok(page.items.into_iter().find(|employee| employee.badge_no.as_deref() == Some(badge)))
    }

    fn employee(&self, shown: ExportedEmployee) -> Employee {
        let today = self.now().with_timezone(&self.zone).date_naive();
        let active = shown.end.is_none_or(|end| end >= today);
        let pac_id = shown.pac_id();
        let name = Name { first: shown.first, middle: shown.middle, last: shown.last };
        let mut employee = Employee::new(PersNo::new(shown.pers_no), name, active);
        employee.employee_no = shown.employee_no;
        employee.badge_no = shown.badge;
        employee.badge_base = Some(if self.info.hex_badges { BadgeBase::Hexadecimal } else { BadgeBase::Decimal });
        employee.start_contract = shown.start;
        employee.start_calculation = shown.start;
        employee.end_calculation = shown.end;
        employee.department = shown.department;
        employee.free_fields.extend(shown.field1.map(|text| (1, text)));
        employee.pac.person_id = pac_id;
        employee
    }
}

fn row(new: &NewEmployee) -> EmployeeRow {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let pac_id = new.pac.as_ref().and_then(|pac| pac.person_id);
    let field1 = new.free_fields.get(&1).cloned().or_else(|| pac_id.map(|id| format!("pac:{id}")));
    EmployeeRow {
        employee_no: text(&new.employee_no),
        badge: new.badge_no.clone(),
        first: new.name.first.clone(),
        middle: text(&new.name.middle),
        last: text(&new.name.last),
        department: text(&new.department),
        terminal_group: text(&new.terminal_group),
        company_site: text(&new.company_site),
        field1: field1.unwrap_or_default(),
    }
}
