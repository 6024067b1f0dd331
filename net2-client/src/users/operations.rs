use connector_http::{Error, ErrorKind, get, json_request};
use http::Method;
use serde_json::json;

use super::changes::{NewUser, UserChanges, body};
use super::model::User;
use crate::answer::{self, Listing};
use crate::id::UserId;
use crate::operation::operation;
use crate::route::{api, api_with};

operation! {
    /// `GET /users`.
    ListUsers {} = "net2.list_users", Safe -> Listing<User>;
    request(op, base) => get(api(base, &["users"])?);
    response(parts, body) => answer::listing(parts, body);
}

operation! {
    /// `GET /users/{id}`.
    GetUser { id: UserId } = "net2.get_user", Safe -> User;
    request(op, base) => get(api(base, &["users", &op.id.to_string()])?);
    response(op, parts, body) => {
        let user: User = answer::record(parts, body)?;
        if user.id == op.id { Ok(user) } else { Err(another_user()) }
    };
}

operation! {
    /// `POST /users`. The permission set is left to its own call.
    CreateUser { user: NewUser } = "net2.create_user", Never -> User;
    request(op, base) => {
        let expected = op.user.expected()?;
        let mut fields = body(&expected, op.user.changes().custom_field_changes());
        fields.retain(|_, value| !value.is_null());
        json_request(Method::POST, api(base, &["users"])?, &fields)
    };
    response(op, parts, body) => {
        let stored: User = answer::record(parts, body)?;
        let expected = op.user.expected()?;
        let same = |a: &Option<String>, b: &Option<String>| a.as_deref().unwrap_or_default().trim() == b.as_deref().unwrap_or_default().trim();
        if stored.id.get() <= 0 || !same(&stored.first_name, &expected.first_name) || !same(&stored.last_name, &expected.last_name) {
            return Err(another_user().with_may_have_been_applied(true));
        }
        Ok(stored)
    };
}

operation! {
    /// `PUT /users/{id}` with the whole user; custom fields only as far as they change.
    ///
    /// Made by [`super::Users::update`], which reads the user first.
    UpdateUser { user: User, changes: UserChanges } = "net2.update_user", Idempotent -> ();
    request(op, base) => {
        let id = op.user.id;
        let mut fields = body(&op.user, op.changes.custom_field_changes());
        fields.insert("id".to_owned(), json!(id));
        fields.extend(op.changes.emptied().map(|key| (key.to_owned(), json!(""))));
        if fields.get("customFields").and_then(serde_json::Value::as_array).is_some_and(Vec::is_empty) {
            fields.remove("customFields");
        }
        json_request(Method::PUT, api(base, &["users", &id.to_string()])?, &fields)
    };
    response(parts, body) => answer::nothing(parts, body);
}

operation! {
    /// `DELETE /users/{id}`.
    DeleteUser { id: UserId } = "net2.delete_user", Idempotent -> ();
    request(op, base) => crate::route::delete(api(base, &["users", &op.id.to_string()])?);
    response(parts, body) => answer::nothing(parts, body);
}

operation! {
    /// `DELETE /users?purge=…`.
    DeleteUsers { ids: Vec<UserId>, purge: bool } = "net2.delete_users", Idempotent -> ();
    request(op, base) => {
        let purge = if op.purge { "true" } else { "false" };
        json_request(Method::DELETE, api_with(base, &["users"], &[("purge", purge)])?, &op.ids)
    };
    response(parts, body) => answer::nothing(parts, body);
}

fn another_user() -> Error {
    Error::new(ErrorKind::Protocol, "the answer is about another user than the one asked for")
        .with_phase(connector_http::Phase::Answered)
}
