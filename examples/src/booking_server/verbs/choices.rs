//! The verb `choices`: what the Net2 server offers for the settings that name something of its.

use comfy_table::{Table, presets};
use net2_client::sync::choices;
use serde_json::{Value, json};
use sync_core::connector::SyncError;
use sync_service::{Answer, Exit, Failure};

use crate::booking_server::Parts;

/// A setting, what it can be for people, and the same for programs under its name.
type Choice = (&'static str, Vec<String>, &'static str, Value);

pub(super) fn command() -> clap::Command {
    clap::Command::new("choices")
        .about("Lists what Net2 offers: operators, departments, fields, levels, doors with serial")
}

/// Operators can be listed before anybody has signed in; the rest needs the password.
pub(super) async fn show(parts: &Parts) -> Result<Answer, Failure> {
    let operators: Vec<String> = choices::operators(&parts.net2_section)
        .await?
        .into_iter()
        .filter_map(|operator| operator.display_name)
        .collect();
    let mut offered: Vec<Choice> = vec![("net2.operator", operators.clone(), "operators", json!(operators))];
    let rest = behind_sign_in(parts).await;
    let refused = rest.as_ref().err().map(ToString::to_string);
    offered.extend(rest.unwrap_or_default());
    let mut table = Table::new();
    table.load_style(presets::UTF8_BORDERS_ONLY);
    table.set_header(["setting", "can be"]);
    let mut json = json!({"command": "choices", "error": refused});
    for (setting, values, name, value) in offered {
        table.add_row([setting.to_owned(), values.join("\n")]);
        if let Some(object) = json.as_object_mut() {
            object.insert(name.to_owned(), value);
        }
    }
    let note = "Doors need Net2Plus (Ethernet) controllers; PaxLocks learn of a change too late for bookings.";
    Ok(match refused {
        None => Answer::new(format!("{table}\n{note}"), json),
        Some(error) => {
            let text = format!("{table}\nThe rest is told after signing in, which failed: {error}. Correct [net2]");
            Answer::new(text, json).ending(Exit::Failed)
        }
    })
}

async fn behind_sign_in(parts: &Parts) -> Result<Vec<Choice>, SyncError> {
    let net2 = parts.net2.client();
    let names = |names: Vec<String>| (names.clone(), json!(names));
    let departments = choices::departments(net2).await?.into_iter().map(|department| department.name);
    let (departments, departments_json) = names(departments.collect());
    let levels = choices::access_levels(net2).await?.into_iter().map(|level| level.name);
    let (levels, levels_json) = names(levels.collect());
    let fields = choices::custom_fields(net2).await?;
    let doors = choices::doors(net2).await?;
    let fields_json = fields.iter().map(|field| json!({"id": field.id, "name": field.name})).collect();
    let doors_json = doors.iter().map(|door| json!({"serial": door.id, "name": door.name})).collect();
    let fields = fields.iter().map(|field| format!("{} ({})", field.name, field.id)).collect();
    let doors = doors.iter().map(|door| format!("{}  ACU:{}", door.name, door.id)).collect();
    Ok(vec![
        ("bookers.department", departments, "departments", departments_json),
        ("bookers.fallback_level", levels, "levels", levels_json),
        ("bookers.marker_field, .memo_field, .email_field", fields, "fields", fields_json),
        ("access.resources", doors, "doors", doors_json),
    ])
}
