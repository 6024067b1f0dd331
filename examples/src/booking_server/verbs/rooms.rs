//! The verb `rooms`: the rooms of the tenant, and the sections that select some of them.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use clap::{Arg, ArgAction, Command};
use comfy_table::{Table, presets};
use graph_rooms::rooms::Room;
use serde_json::json;
use sync_service::{Answer, Failure};

use super::Asked;
use crate::booking_server::Parts;
use crate::booking_server::outlook::Tenant;

pub(super) fn command() -> Command {
    Command::new("rooms")
        .about("Lists the rooms of the tenant; with --select, prints the sections that select them")
        .long_about(
            "Reads the list of rooms of the Microsoft 365 tenant (permission Place.Read.All) and marks those that the \
             configuration names. It works before any room is named. --select ADDRESS, repeated, prints the sections for these \
             rooms, to be pasted into the configuration; an address that is no room of the tenant is refused.",
        )
        .arg(
            Arg::new("select")
                .long("select")
                .value_name("ADDRESS")
                .action(ArgAction::Append)
                .help("Prints the section for this room; may be repeated"),
        )
}

/// # Errors
/// There is no tenant; the list cannot be read; an address is no room's.
pub(super) async fn show(parts: &Parts, asked: &Asked<'_>) -> Result<Answer, Failure> {
    let remedy = "Add the section [outlook] with tenant, client_id and secret";
    let tenant = parts.tenant.as_ref().ok_or_else(|| Failure::new("there is no tenant").with_remedy(remedy))?;
    let found = tenant.client.rooms().list().await.map_err(graph_rooms::sync::sync_error)?;
    let wanted: Vec<&str> =
        asked.arguments.get_many::<String>("select").into_iter().flatten().map(String::as_str).collect();
    let mut text = if wanted.is_empty() { table(tenant, &found.items) } else { sections(&found.items, &wanted)? };
    for warning in &found.warnings {
        let _ = writeln!(text, "Note: {warning}");
    }
    let selected = selected(tenant);
    let rooms = found.items.iter().map(|room| {
        let address = room.email_address.as_deref().unwrap_or_default();
        json!({
            "address": address,
            "name": room.name(),
            "building": room.building,
            "floor": room.floor_label,
            "capacity": room.capacity,
            "selected": selected.contains(&address.to_lowercase()),
        })
    });
    let warnings: Vec<String> = found.warnings.iter().map(ToString::to_string).collect();
    let json = json!({"command": "rooms", "rooms": rooms.collect::<Vec<_>>(), "warnings": warnings});
    Ok(Answer::new(text, json))
}

fn selected(tenant: &Tenant) -> BTreeSet<String> {
    tenant.config.rooms.iter().map(|room| room.address.trim().to_lowercase()).collect()
}

fn table(tenant: &Tenant, rooms: &[Room]) -> String {
    let selected = selected(tenant);
    let mut table = Table::new();
    table.load_style(presets::UTF8_BORDERS_ONLY);
    table.set_header(["", "address", "name", "building", "floor", "seats"]);
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    for room in rooms {
        let address = text(&room.email_address);
        let mark = if selected.contains(&address.to_lowercase()) { "selected" } else { "" };
        let seats = room.capacity.map(|seats| seats.to_string()).unwrap_or_default();
        table.add_row([
            mark.to_owned(),
            address,
            room.name().to_owned(),
            text(&room.building),
            text(&room.floor_label),
            seats,
        ]);
    }
    format!("{table}\n{} rooms. `rooms --select ADDRESS` prints the section that selects one.\n", rooms.len())
}

/// What is to be pasted into the configuration. The resource is the room's own name.
fn sections(rooms: &[Room], wanted: &[&str]) -> Result<String, Failure> {
    let mut text = String::new();
    for address in wanted {
        let room = rooms
            .iter()
            .find(|room| room.email_address.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(address)));
        let Some(room) = room else {
            return Err(Failure::new(format!("{address} is no room of the tenant"))
                .with_remedy("`rooms` lists them; a new room takes up to a day to appear"));
        };
        let address = room.email_address.as_deref().unwrap_or_default();
        let _ = write!(text, "[[outlook.rooms]]\naddress = {address:?}\nresource = {:?}\n\n", room.name());
    }
    text.push_str("# and the doors of each under [access.resources], as \"name of the resource\" = [door, door]\n");
    Ok(text)
}
