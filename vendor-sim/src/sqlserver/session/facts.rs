//! What functions of T-SQL can ask about the session and the server.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use rusqlite::types::Value;

use crate::sqlserver::errors::SqlError;
use crate::sqlserver::sql::types::SqlType;
use crate::sqlserver::state::Shared;
use crate::sqlserver::wire::moment;

/// The facts of a session.
#[derive(Debug)]
pub(crate) struct Facts {
    shared: Arc<Shared>,
    session: i32,
    user: String,
    application: String,
    pub(crate) now: DateTime<Utc>,
    pub(crate) row_count: i64,
    pub(crate) error: i32,
    pub(crate) transactions: i64,
    /// 1 open, 0 none, -1 open and spoiled.
    pub(crate) transaction_state: i64,
    pub(crate) scope_identity: Option<i64>,
    pub(crate) lock_timeout: i64,
    /// The error that a CATCH block handles.
    pub(crate) caught: Option<SqlError>,
}

impl Facts {
    pub(crate) fn new(shared: &Arc<Shared>, session: i32, user: &str, application: &str) -> Self {
        Self {
            now: shared.now(),
            shared: Arc::clone(shared),
            session,
            user: user.to_owned(),
            application: application.to_owned(),
            row_count: 0,
            error: 0,
            transactions: 0,
            transaction_state: 0,
            scope_identity: None,
            lock_timeout: -1,
            caught: None,
        }
    }

    /// The time that a function of this name gives; the server's own zone is UTC.
    pub(crate) fn now_text(&self, function: &str) -> Option<String> {
        let kind = if function.starts_with("sys") { SqlType::DateTime2(7) } else { SqlType::DateTime };
        moment::stored(self.now.naive_utc(), kind)
    }

    pub(crate) fn next_identity(&mut self, table: &str) -> i64 {
        let next = self.shared.next_identity(table);
        self.scope_identity = Some(next);
        next
    }

    /// A value with two `@` before its name, or the last identity.
    pub(crate) fn global(&self, name: &str) -> Value {
        let number = |number: i64| Value::Integer(number);
        match name {
            "@@rowcount" => number(self.row_count),
            "@@trancount" => number(self.transactions),
            "@@error" => number(i64::from(self.error)),
            "@@spid" => number(i64::from(self.session)),
            "@@lock_timeout" => number(self.lock_timeout),
            "@@datefirst" => number(7),
            "@@microsoftversion" => number(0x0f00_1000),
            "@@max_precision" => number(38),
            "@@textsize" => number(2_147_483_647),
            "@@options" => number(5432),
            "scope_identity" | "@@identity" => self.scope_identity.map_or(Value::Null, number),
            "@@version" => text(&self.shared.settings.version),
            "@@servername" => text(&self.shared.settings.server_name),
            "@@servicename" => text("MSSQLSERVER"),
            "@@language" => text("us_english"),
            _ => Value::Null,
        }
    }

    /// What a function of the server says.
    pub(crate) fn fact(&self, name: &str, arguments: &[Option<String>]) -> Value {
        let argument = |index: usize| arguments.get(index).cloned().flatten().unwrap_or_default();
        let object = argument(0);
        let object = last_part(&object);
        match name {
            "db_name" => text(&self.shared.settings.database),
            "db_id" => Value::Integer(5),
            "suser_sname" | "suser_name" | "original_login" => text(&self.user),
            "user_name" | "schema_name" => text("dbo"),
            "host_name" => text(""),
            "app_name" => text(&self.application),
            "object_id" => self.object(object),
            "object_name" => self.object_name(&argument(0)),
            "columnproperty" => self.column_property(&argument(0), &argument(1), &argument(2)),
            "objectproperty" => Value::Integer(i64::from(argument(1).eq_ignore_ascii_case("IsUserTable"))),
            "col_length" => self.column_length(object, &argument(1)),
            "serverproperty" => self.server_property(&argument(0)),
            "databasepropertyex" => {
                text(if argument(1).eq_ignore_ascii_case("collation") { "Latin1_General_CI_AS" } else { "ONLINE" })
            }
            "sessionproperty" => Value::Integer(1),
            "connectionproperty" => text("TCP"),
            "has_perms_by_name" => self.has_permission(arguments),
            "is_rolemember" | "is_member" | "is_srvrolemember" => {
                Value::Integer(i64::from(self.shared.grants().allows_database("CONTROL")))
            }
            "xact_state" => Value::Integer(self.transaction_state),
            "applock_mode" => text(self.shared.locks.mode(self.session, &argument(1))),
            "applock_test" => {
                Value::Integer(i64::from(self.shared.locks.free(self.session, &argument(1), &argument(2))))
            }
            "error_number" => self.caught.as_ref().map_or(Value::Null, |error| Value::Integer(i64::from(error.number))),
            "error_message" => self.caught.as_ref().map_or(Value::Null, |error| text(&error.message)),
            "error_state" => self.caught.as_ref().map_or(Value::Null, |error| Value::Integer(i64::from(error.state))),
            "error_severity" => {
                self.caught.as_ref().map_or(Value::Null, |error| Value::Integer(i64::from(error.class)))
            }
            "error_line" => self.caught.as_ref().map_or(Value::Null, |error| Value::Integer(i64::from(error.line))),
            "newid" => text(&self.shared.new_guid()),
            _ => Value::Null,
        }
    }

    fn object(&self, name: &str) -> Value {
        if !self.shared.grants().sees(name) {
            return Value::Null;
        }
        self.shared.catalogue().table(name).map_or(Value::Null, |table| Value::Integer(table.id))
    }

    fn object_name(&self, id: &str) -> Value {
        let id: i64 = id.parse().unwrap_or_default();
        let catalogue = self.shared.catalogue();
        let found = catalogue.tables().find(|table| table.id == id);
        found.map_or(Value::Null, |table| text(&table.name))
    }

    /// `COLUMNPROPERTY(id, column, property)`.
    fn column_property(&self, id: &str, column: &str, property: &str) -> Value {
        let id: i64 = id.parse().unwrap_or_default();
        let catalogue = self.shared.catalogue();
        let found = catalogue.tables().find(|table| table.id == id).and_then(|table| table.column(column));
        let Some(found) = found else { return Value::Null };
        match property.to_lowercase().as_str() {
            "isidentity" => Value::Integer(i64::from(found.identity)),
            "allowsnull" => Value::Integer(i64::from(found.nullable)),
            "iscomputed" => Value::Integer(0),
            _ => Value::Null,
        }
    }

    fn column_length(&self, table: &str, column: &str) -> Value {
        let catalogue = self.shared.catalogue();
        let Some(found) = catalogue.table(table).and_then(|table| table.column(column)) else { return Value::Null };
        let wide = if matches!(found.kind, SqlType::NChar(_) | SqlType::NVarChar(_)) { 2 } else { 1 };
        Value::Integer(found.kind.length().map_or(8, |length| length.map_or(-1, |length| i64::from(length) * wide)))
    }

    fn server_property(&self, name: &str) -> Value {
        match name.to_lowercase().as_str() {
            "productversion" => text("15.0.4096.0"),
            "productmajorversion" => text("15"),
            "productlevel" => text("RTM"),
            "edition" => text("Express Edition (64-bit)"),
            "engineedition" => text("4"),
            "servername" | "machinename" => text(&self.shared.settings.server_name),
            "collation" => text("Latin1_General_CI_AS"),
            "isintegratedsecurityonly" => text("0"),
            _ => Value::Null,
        }
    }

    /// `HAS_PERMS_BY_NAME(name, class, permission)`.
    fn has_permission(&self, arguments: &[Option<String>]) -> Value {
        let argument = |index: usize| arguments.get(index).cloned().flatten();
        let Some(permission) = argument(2) else { return Value::Null };
        let grants = self.shared.grants();
        let allowed = match (argument(0), argument(1)) {
            (Some(name), Some(class)) if class.eq_ignore_ascii_case("object") => {
                let name = last_part(&name).to_owned();
                if self.shared.catalogue().table(&name).is_none() {
                    return Value::Null;
                }
                grants.allows(&permission, &name)
            }
            _ => grants.allows_database(&permission),
        };
        Value::Integer(i64::from(allowed))
    }
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

/// The last part of a name, without brackets.
fn last_part(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name).trim_matches(['[', ']'])
}
