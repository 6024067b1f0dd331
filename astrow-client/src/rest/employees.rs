//! Employees: read, made, changed, deleted.

use connector_http::{Error, ErrorKind, decode};
use http::response::Parts;
use http::{Method, header};
use uuid::Uuid;

use super::client::AstrowClient;
use super::list::{self, PAGE, Pages};
use super::operation::{if_unchanged, operation, post, read, write};
use crate::model::{
    ActiveFilter, AstrowError, Employee, EmployeePatch, Etag, NewEmployee, PacTab, Page, PageCursor, PersNo,
};

/// The employees.
#[derive(Clone, Debug)]
pub struct Employees(pub(crate) AstrowClient);

impl Employees {
    /// All employees.
    ///
    /// # Errors
    /// As any read. A list that breaks off, runs in a circle or goes on with nothing is no list.
    pub async fn list(&self) -> Result<Page<Employee>, AstrowError> {
        self.list_of(ActiveFilter::All).await
    }

    /// Employees with or without an active contract.
    ///
    /// # Errors
    /// As [`list`](Self::list).
    pub async fn list_of(&self, filter: ActiveFilter) -> Result<Page<Employee>, AstrowError> {
        list::collect(self.pages(filter)).await
    }

    /// The same, page by page.
    pub fn pages(&self, filter: ActiveFilter) -> Pages<Employee> {
        let client = self.0.clone();
        list::pages(move |cursor| {
            let client = client.clone();
            async move { client.send(&ListEmployees { cursor, filter }).await }
        })
    }

    /// One page.
    ///
    /// # Errors
    /// As any read; `CursorExpired` for a place that is too old.
    pub async fn page(&self, cursor: Option<&PageCursor>, filter: ActiveFilter) -> Result<Page<Employee>, AstrowError> {
        self.0.send(&ListEmployees { cursor: cursor.cloned(), filter }).await
    }

    /// One employee.
    ///
    /// # Errors
    /// `NotFound`; else as any read.
    pub async fn get(&self, id: PersNo) -> Result<Employee, AstrowError> {
        self.0.send(&GetEmployee { id }).await
    }

    /// Makes an employee. The same key never makes a second one within a day: with it a lost answer can be asked for again.
    ///
    /// # Errors
    /// `LicenceMissing`, `BadgeInUse`, `UnknownCode` with the field, `IdempotencyMismatch`; `OutcomeUnknown` where the answer
    /// was lost.
    pub async fn create(&self, employee: &NewEmployee, key: Uuid) -> Result<Employee, AstrowError> {
        self.0.send(&CreateEmployee { employee: Box::new(employee.clone()), key }).await
    }

    /// Changes an employee that nobody changed meanwhile.
    ///
    /// # Errors
    /// `Changed` with the present record, `NotFound`, `BadgeInUse`, `UnknownCode`; `OutcomeUnknown` where the answer was lost.
    pub async fn update(&self, id: PersNo, patch: &EmployeePatch, etag: &Etag) -> Result<Employee, AstrowError> {
        self.0.send(&PatchEmployee { id, patch: patch.clone(), etag: etag.clone() }).await
    }

    /// Replaces what Astrow keeps of PAC beside an employee that nobody changed meanwhile.
    ///
    /// # Errors
    /// As [`update`](Self::update).
    pub async fn set_pac(&self, id: PersNo, pac: &PacTab, etag: &Etag) -> Result<Employee, AstrowError> {
        self.0.send(&PutPac { id, pac: pac.clone(), etag: etag.clone() }).await
    }

    /// Deletes an employee **and all history of the employee** that nobody changed meanwhile.
    ///
    /// # Errors
    /// `Changed` with the present record, `NotFound`; `OutcomeUnknown` where the answer was lost.
    pub async fn delete_with_history(&self, id: PersNo, etag: &Etag) -> Result<(), AstrowError> {
        self.0.send(&DeleteEmployee { id, etag: etag.clone() }).await
    }
}

operation! {
    /// Reads one page of the employees.
    ListEmployees {
        /// Where it begins.
        cursor: Option<PageCursor>,
        /// Which employees.
        filter: ActiveFilter,
    } = "astrow.employees", Safe -> Page<Employee>;
    request(op, base) => read(base, &["employees"], &[
        ("limit", Some(PAGE)),
        ("cursor", op.cursor.as_ref().map(PageCursor::as_str)),
        ("active", Some(op.filter.as_str())),
    ]);
    response(parts, body) => list::page(parts, body, "persNo");
}

operation! {
    /// Reads an employee.
    GetEmployee {
        /// Which one.
        id: PersNo,
    } = "astrow.employee", Safe -> Employee;
    request(op, base) => read(base, &["employees", &op.id.to_string()], &[]);
    response(parts, body) => employee(parts, body);
}

operation! {
    /// Makes an employee.
    CreateEmployee {
        /// The employee.
        employee: Box<NewEmployee>,
        /// The key of this attempt.
        key: Uuid,
    } = "astrow.create_employee", Never -> Employee;
    request(op, base) => post(base, &["employees"], &op.employee, op.key);
    response(parts, body) => employee(parts, body);
}

operation! {
    /// Changes an employee.
    PatchEmployee {
        /// Which one.
        id: PersNo,
        /// What changes.
        patch: EmployeePatch,
        /// The revision that was read.
        etag: Etag,
    } = "astrow.patch_employee", Never -> Employee;
    request(op, base) => {
        if_unchanged(write(Method::PATCH, base, &["employees", &op.id.to_string()], &op.patch)?, &op.etag)
    };
    response(parts, body) => employee(parts, body);
}

operation! {
    /// Replaces what Astrow keeps of PAC beside an employee.
    PutPac {
        /// Which one.
        id: PersNo,
        /// What Astrow is to keep.
        pac: PacTab,
        /// The revision that was read.
        etag: Etag,
    } = "astrow.set_pac", Never -> Employee;
    request(op, base) => {
        if_unchanged(write(Method::PUT, base, &["employees", &op.id.to_string(), "pac"], &op.pac)?, &op.etag)
    };
    response(parts, body) => employee(parts, body);
}

operation! {
    /// Deletes an employee with all history.
    DeleteEmployee {
        /// Which one.
        id: PersNo,
        /// The revision that was read.
        etag: Etag,
    } = "astrow.delete_employee", Never -> ();
    request(op, base) => {
        let query = [("acknowledge", Some("history-loss"))];
        let mut request = read(base, &["employees", &op.id.to_string()], &query)?;
        *request.method_mut() = Method::DELETE;
        if_unchanged(request, &op.etag)
    };
    response(_parts, _body) => Ok(());
}

/// The record, whose revision may stand in the header alone.
fn employee(parts: &Parts, body: &[u8]) -> Result<Employee, Error> {
    let mut employee: Employee = decode(parts, body)?;
    if employee.etag.is_none() {
        let header = parts.headers.get(header::ETAG).and_then(|value| value.to_str().ok());
        employee.etag = header.map(Etag::from);
    }
    if employee.etag.is_none() {
        return Err(Error::new(ErrorKind::Protocol, "the employee came without a revision").with_status(parts.status));
    }
    Ok(employee)
}
