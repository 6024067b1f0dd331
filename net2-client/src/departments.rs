//! Departments and who is in them.

use connector_http::{Error, ErrorKind, get, json_request};
use http::Method;
use serde::Serialize;
use serde_json::{Value, json};

use crate::answer::{self, Listing};
use crate::client::Net2Client;
use crate::id::{DepartmentId, UserId};
use crate::json::{FromJson, Object, Shape, items, readable};
use crate::operation::operation;
use crate::route::{api, delete};
use crate::users::{User, UserHandle};

/// A department. Number 0 means none; it may be listed and is never changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Department {
    /// Its number. Not shown in Net2's own screens, so choose by name from the list.
    pub id: DepartmentId,
    /// Its name.
    pub name: String,
}

impl Department {
    /// A department by number and name.
    pub fn new(id: DepartmentId, name: impl Into<String>) -> Self {
        Self { id, name: name.into() }
    }

    /// "In no department".
    pub const fn none() -> Self {
        Self { id: DepartmentId::NONE, name: String::new() }
    }
}

/// All departments.
#[derive(Clone, Debug)]
pub struct Departments(pub(crate) Net2Client);

impl Departments {
    /// Lists the departments; number 0 may be among them.
    ///
    /// # Errors
    /// As any read: see [`ErrorKind`].
    pub async fn list(&self) -> Result<Vec<Department>, Error> {
        self.0.send(&ListDepartments::new()).await
    }

    /// Reads one department.
    ///
    /// # Errors
    /// `NotFound` if there is no such department; else as any read.
    pub async fn get(&self, id: DepartmentId) -> Result<Department, Error> {
        self.0.send(&GetDepartment::new(id)).await
    }

    /// Creates a department and returns it with its number.
    ///
    /// # Errors
    /// `OutcomeUnknown` if the answer was lost: look for the name before trying again; else as any write.
    pub async fn create(&self, name: &str) -> Result<Department, Error> {
        match self.0.send(&CreateDepartment::new(name.to_owned())).await? {
            Some(department) => Ok(department),
            None => self.find(name).await?.ok_or_else(|| {
                Error::new(ErrorKind::OutcomeUnknown, "the server accepted the department and does not list it")
            }),
        }
    }

    /// Renames a department.
    ///
    /// # Errors
    /// `Rejected`, without sending, for number 0; else as any write.
    pub async fn rename(&self, id: DepartmentId, name: &str) -> Result<(), Error> {
        refuse_none(id)?;
        self.0.send(&RenameDepartment::new(id, name.to_owned())).await
    }

    /// Deletes a department; one that is gone already counts as deleted.
    ///
    /// # Errors
    /// `Rejected`, without sending, for number 0; else as any write.
    pub async fn delete(&self, id: DepartmentId) -> Result<(), Error> {
        refuse_none(id)?;
        match self.0.send(&DeleteDepartment::new(id)).await {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            other => other,
        }
    }

    /// Lists the users of a department.
    ///
    /// # Errors
    /// `NotFound` if there is no such department; else as any read.
    pub async fn users(&self, id: DepartmentId) -> Result<Listing<User>, Error> {
        self.0.send(&ListUsersOfDepartment::new(id)).await
    }

    /// Lists the users of no department.
    ///
    /// # Errors
    /// As any read: see [`ErrorKind`].
    pub async fn users_of_none(&self) -> Result<Listing<User>, Error> {
        self.0.send(&ListUsersOfNoDepartment::new()).await
    }

    /// Finds a department by its exact name.
    ///
    /// # Errors
    /// As [`Departments::list`].
    pub async fn find(&self, name: &str) -> Result<Option<Department>, Error> {
        Ok(self.list().await?.into_iter().find(|department| department.name == name))
    }
}

impl UserHandle {
    /// Reads the user's department; `None` if there is none.
    ///
    /// # Errors
    /// `NotFound` if there is no such user; else as any read.
    pub async fn department(&self) -> Result<Option<Department>, Error> {
        self.client.send(&GetUserDepartment::new(self.id)).await
    }

    /// Puts the user into a department; [`Department::none`] takes them out.
    ///
    /// # Errors
    /// As any write: see [`ErrorKind`].
    pub async fn set_department(&self, department: &Department) -> Result<(), Error> {
        self.client.send(&SetUserDepartment::new(self.id, department.clone())).await
    }

    /// Takes the user out of their department by the call meant for it.
    ///
    /// # Errors
    /// As any write: see [`ErrorKind`]. Not every server has the call; [`UserHandle::set_department`] works on all.
    pub async fn clear_department(&self) -> Result<(), Error> {
        self.client.send(&ClearUserDepartment::new(self.id)).await
    }
}

operation! {
    /// `GET /departments`.
    ListDepartments {} = "net2.list_departments", Safe -> Vec<Department>;
    request(op, base) => get(api(base, &["departments"])?);
    response(parts, body) => answer::list(parts, body);
}

operation! {
    /// `GET /departments/{id}`.
    GetDepartment { id: DepartmentId } = "net2.get_department", Safe -> Department;
    request(op, base) => get(api(base, &["departments", &op.id.to_string()])?);
    response(parts, body) => answer::record(parts, body);
}

operation! {
    /// `POST /departments`; the answer is the department where the server gives one.
    CreateDepartment { name: String } = "net2.create_department", Never -> Option<Department>;
    request(op, base) => json_request(Method::POST, api(base, &["departments"])?, &json!({ "name": op.name }));
    response(parts, body) => answer::maybe(parts, body);
}

operation! {
    /// `PUT /departments/{id}`.
    RenameDepartment { id: DepartmentId, name: String } = "net2.rename_department", Idempotent -> ();
    request(op, base) => {
        let url = api(base, &["departments", &op.id.to_string()])?;
        json_request(Method::PUT, url, &json!({ "id": op.id, "name": op.name }))
    };
    response(parts, body) => answer::nothing(parts, body);
}

operation! {
    /// `DELETE /departments/{id}`.
    DeleteDepartment { id: DepartmentId } = "net2.delete_department", Idempotent -> ();
    request(op, base) => delete(api(base, &["departments", &op.id.to_string()])?);
    response(parts, body) => answer::nothing(parts, body);
}

operation! {
    /// `GET /departments/{id}/users`.
    ListUsersOfDepartment { id: DepartmentId } = "net2.list_users_of_department", Safe -> Listing<User>;
    request(op, base) => get(api(base, &["departments", &op.id.to_string(), "users"])?);
    response(parts, body) => answer::listing(parts, body);
}

operation! {
    /// `GET /departments/root/users`.
    ListUsersOfNoDepartment {} = "net2.list_users_of_no_department", Safe -> Listing<User>;
    request(op, base) => get(api(base, &["departments", "root", "users"])?);
    response(parts, body) => answer::listing(parts, body);
}

operation! {
    /// `GET /users/{id}/departments`: a list of one, an object, number 0 or nothing.
    GetUserDepartment { user: UserId } = "net2.get_user_department", Safe -> Option<Department>;
    request(op, base) => get(api(base, &["users", &op.user.to_string(), "departments"])?);
    response(parts, body) => {
        answer::check(parts, body)?;
        if answer::is_empty(body) {
            return Ok(None);
        }
        let value = answer::json(parts, body)?;
        let first = match value {
            Value::Object(map) if map.keys().any(|key| key.eq_ignore_ascii_case("id")) => Some(Value::Object(map)),
            other => items(other).map_err(|shape| answer::misfit(parts, shape))?.into_iter().next(),
        };
        let department = first.map(Department::from_json).transpose().map_err(|shape| answer::misfit(parts, shape))?;
        Ok(department.filter(|department| department.id != DepartmentId::NONE))
    };
}

operation! {
    /// `PUT /users/{id}/departments` with a single object.
    SetUserDepartment { user: UserId, department: Department } = "net2.set_user_department", Idempotent -> ();
    request(op, base) => {
        let url = api(base, &["users", &op.user.to_string(), "departments"])?;
        if op.department.id == DepartmentId::NONE {
            return json_request(Method::PUT, url, &json!({ "id": op.department.id }));
        }
        json_request(Method::PUT, url, &op.department)
    };
    response(parts, body) => answer::nothing(parts, body);
}

operation! {
    /// `DELETE /users/{id}/departments`.
    ClearUserDepartment { user: UserId } = "net2.clear_user_department", Idempotent -> ();
    request(op, base) => delete(api(base, &["users", &op.user.to_string(), "departments"])?);
    response(parts, body) => answer::nothing(parts, body);
}

impl FromJson for Department {
    fn from_json(value: Value) -> Result<Self, Shape> {
        let mut object = Object::from_json(value)?;
        Ok(Self { id: object.required("id")?, name: object.or_default("name")? })
    }
}

readable!(Department);

fn refuse_none(id: DepartmentId) -> Result<(), Error> {
    if id == DepartmentId::NONE {
        return Err(Error::new(ErrorKind::Rejected, "department 0 means none and is never changed"));
    }
    Ok(())
}
