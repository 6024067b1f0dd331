//! What can be chosen at a site, for whoever sets up a configuration.

use connector_http::HttpClient;
use sync_core::connector::SyncError;

use super::Net2Config;
use crate::access_levels::AccessLevel;
use crate::client::Net2Client;
use crate::custom_fields::CustomField;
use crate::departments::Department;
use crate::doors::Door;
use crate::id::DepartmentId;
use crate::operators::{ListOperators, Operator};

/// Who may sign in, read without signing in: no operator is known before this list is.
///
/// # Errors
/// `Config` if address or trust cannot be used; else whatever keeps the server from answering.
pub async fn operators(config: &Net2Config) -> Result<Vec<Operator>, SyncError> {
    let http = HttpClient::builder(&config.url)
        .user_agent(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"))
        .trust(config.trust.load()?)
        .build()?;
    let mut operators = http.send(&ListOperators::new()).await?;
    operators.sort_by(|left, right| left.display_name.cmp(&right.display_name));
    Ok(operators)
}

/// The departments, by name; number 0 means none and is not among them.
///
/// # Errors
/// Whatever keeps the server from answering.
pub async fn departments(net2: &Net2Client) -> Result<Vec<Department>, SyncError> {
    let mut departments = net2.departments().list().await?;
    departments.retain(|department| department.id != DepartmentId::NONE);
    departments.sort_by(|left, right| left.name.cmp(&right.name));
    Ok(departments)
}

/// The access levels that are not the private one of a user, by number: 0 is no access.
///
/// # Errors
/// Whatever keeps the server from answering.
pub async fn access_levels(net2: &Net2Client) -> Result<Vec<AccessLevel>, SyncError> {
    let mut levels = net2.access_levels().shared().await?;
    levels.sort_by_key(|level| level.id);
    Ok(levels)
}

/// The custom fields with the names that the site gave them, by number.
///
/// # Errors
/// Whatever keeps the server from answering.
pub async fn custom_fields(net2: &Net2Client) -> Result<Vec<CustomField>, SyncError> {
    let mut fields = net2.users().custom_fields().list().await?;
    fields.sort_by_key(|field| field.id);
    Ok(fields)
}

/// The doors by name; the number of each is the serial number of its control unit.
///
/// # Errors
/// Whatever keeps the server from answering.
pub async fn doors(net2: &Net2Client) -> Result<Vec<Door>, SyncError> {
    let mut doors = net2.doors().list().await?;
    doors.sort_by(|left, right| left.name.cmp(&right.name).then(left.id.cmp(&right.id)));
    Ok(doors)
}
