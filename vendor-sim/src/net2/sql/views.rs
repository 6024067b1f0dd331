//! The views of the `sdk` schema and the columns of the event log.

use chrono::NaiveTime;

use super::{Datum, Kind};
use crate::net2::world::{
    AccessLevel, Department, Door, Event, Row, Slot, Token, User, World, event_text, sub_type_text, token_type_number,
};

use Kind::{Bit, Int, Text, Time};

/// Columns that `where` and `orderBy` of an event query know.
pub(crate) const EVENT_CONDITION_COLUMNS: &[(&str, Kind)] = &[
    ("EventID", Int),
    ("EventDateTime", Time),
    ("EventDate", Time),
    ("EventTime", Time),
    ("EventType", Int),
    ("EventDescription", Text),
    ("EventSubType", Int),
    ("EventSubDescription", Text),
    ("Address", Int),
    ("SubAddr", Int),
    ("DeviceName", Text),
    ("UserID", Int),
    ("UserName", Text),
    ("CardNo", Int),
    ("Details", Text),
    ("IOBoardID", Int),
    ("InputID", Int),
    ("OutputID", Int),
    ("FirstName", Text),
    ("MiddleName", Text),
    ("Surname", Text),
    ("LinkedEvent", Int),
    ("Priority", Int),
];

/// Value of one of those columns.
pub(crate) fn event_condition_datum<'a>(world: &'a World, event: &'a Event, column: usize) -> Datum<'a> {
    match column {
        0 => Datum::Int(event.id),
        1 | 3 => Datum::Time(world.zone.local(event.time)),
        2 => Datum::Time(world.zone.local(event.time).date().and_time(NaiveTime::MIN)),
        4 => Datum::Int(event.event_type),
        5 => Datum::owned(shown_description(world, event)),
        6 => Datum::Int(event.sub_type),
        7 => Datum::maybe_text(sub_type_text(event.sub_type)),
        8 => Datum::maybe_int(event.address),
        9 => Datum::maybe_int(event.sub_address),
        10 => Datum::maybe_text(event.device_name.as_deref()),
        11 => Datum::maybe_int(event.user_id),
        12 => full_name(event),
        13 => Datum::maybe_int(event.card_no),
        14 => Datum::maybe_text(event.details.as_deref()),
        15 => Datum::maybe_int(event.io_board),
        18 => Datum::maybe_text(event.first_name.as_deref()),
        19 => Datum::maybe_text(event.middle_name.as_deref()),
        20 => Datum::maybe_text(event.surname.as_deref()),
        21 => Datum::maybe_int(event.linked_event),
        22 => Datum::maybe_int(event.priority),
        _ => Datum::Null,
    }
}

/// One view: its columns and its rows.
#[derive(Clone, Copy)]
pub(super) struct View {
    pub(super) columns: &'static [(&'static str, Kind)],
    pub(super) rows: for<'w> fn(&'w World) -> Vec<Line<'w>>,
}

/// One row of a view.
#[derive(Clone, Copy)]
pub(super) enum Line<'w> {
    /// The missing side of an outer join.
    None,
    User(&'w User),
    Card(&'w User, &'w Token),
    Event(&'w Event),
    Department(&'w Department),
    Level(&'w AccessLevel),
    LevelRow(&'w AccessLevel, &'w Row),
    Gateway {
        reader: i64,
        from: i64,
        to: i64,
    },
    Peripheral {
        door: &'w Door,
        reader: i64,
        sub_address: i64,
    },
    Slot(i64, &'w Slot),
    Device(&'w Door),
}

/// Finds a view by its name without schema.
pub(super) fn view(name: &str) -> Option<View> {
    Some(match name.to_lowercase().as_str() {
        "usersex" => View { columns: USERS, rows: |w| w.users.values().map(Line::User).collect() },
        "cards" => View {
            columns: CARDS,
            rows: |w| w.users.values().flat_map(|u| u.tokens.iter().map(move |t| Line::Card(u, t))).collect(),
        },
        "eventsex" => View { columns: EVENTS, rows: |w| w.events.iter().map(Line::Event).collect() },
        "departments" => {
            View { columns: DEPARTMENTS, rows: |w| w.departments.values().map(Line::Department).collect() }
        }
        "accesslevels" => View { columns: LEVELS, rows: |w| w.access_levels.values().map(Line::Level).collect() },
        "accesslevelmembers" => View {
            columns: MEMBERS,
            rows: |w| w.access_levels.values().flat_map(|l| l.rows.iter().map(move |r| Line::LevelRow(l, r))).collect(),
        },
        "areagateways" => View {
            columns: GATEWAYS,
            rows: |w| {
                let pair = |d: &Door| {
                    [
                        Line::Gateway { reader: d.reader_in, from: d.area_out, to: d.area_in },
                        Line::Gateway { reader: d.reader_out, from: d.area_in, to: d.area_out },
                    ]
                };
                w.doors.values().flat_map(pair).collect()
            },
        },
        "peripheralnames" => View {
            columns: PERIPHERALS,
            rows: |w| {
                let pair = |door| {
                    let d: &Door = door;
                    [
                        Line::Peripheral { door, reader: d.reader_in, sub_address: 1 },
                        Line::Peripheral { door, reader: d.reader_out, sub_address: 2 },
                    ]
                };
                w.doors.values().flat_map(pair).collect()
            },
        },
        "timeslots" => View {
            columns: SLOTS,
            rows: |w| w.timezones.values().flat_map(|t| t.slots.iter().map(move |s| Line::Slot(t.id, s))).collect(),
        },
        "devices" => View { columns: DEVICES, rows: |w| w.doors.values().map(Line::Device).collect() },
        _ => return None,
    })
}

impl<'w> Line<'w> {
    /// Value of a column by its place in the view.
    pub(super) fn datum(self, world: &'w World, column: usize) -> Datum<'w> {
        match self {
            Line::None => Datum::Null,
            Line::User(user) => user_datum(world, user, column),
            Line::Card(user, token) => match column {
                0 => Datum::text(&token.token_value),
                1 => Datum::Int(user.id),
                2 => Datum::Int(i64::from(token.is_lost)),
                _ => Datum::Int(token_type_number(&token.token_type).unwrap_or(0)),
            },
            Line::Event(event) => event_datum(world, event, column),
            Line::Department(department) => match column {
                0 => Datum::Int(department.id),
                _ => Datum::text(&department.name),
            },
            Line::Level(level) => match column {
                0 => Datum::Int(level.id),
                _ => world.level_name(level.id).map_or(Datum::Null, Datum::owned),
            },
            Line::LevelRow(level, row) => match column {
                0 => Datum::Int(level.id),
                1 => Datum::Int(row.area),
                _ => Datum::Int(row.timezone),
            },
            Line::Gateway { reader, from, to } => Datum::Int(match column {
                0 => reader,
                1 => from,
                _ => to,
            }),
            Line::Peripheral { door, reader, sub_address } => match column {
                0 => Datum::Int(reader),
                1 => Datum::Int(door.id),
                2 => Datum::Int(sub_address),
                _ => Datum::owned(format!("{} ({})", door.name, if sub_address == 1 { "In" } else { "Out" })),
            },
            Line::Slot(timezone, slot) => match column {
                0 => Datum::Int(slot.id),
                1 => Datum::Int(timezone),
                2 => Datum::text(&slot.start),
                3 => Datum::text(&slot.end),
                _ => Datum::Int(slot.day),
            },
            Line::Device(door) => match column {
                0 => Datum::Int(door.id),
                1 => Datum::text(&door.name),
                _ => Datum::Int(status_flag(door)),
            },
        }
    }
}

const USERS: &[(&str, Kind)] = &[
    ("UserID", Int),
    ("UserGUID", Text),
    ("UserName", Text),
    ("FirstName", Text),
    ("MiddleName", Text),
    ("Surname", Text),
    ("ActivateDate", Time),
    ("ExpiryDate", Time),
    ("Active", Bit),
    ("PIN", Text),
    ("DepartmentID", Int),
    ("DepartmentName", Text),
    ("AccessLevelID", Int),
    ("AccessLevelName", Text),
    ("LastKnownLocation", Text),
    ("LastAccessTime", Time),
    ("Telephone", Text),
    ("Extension", Text),
    ("Fax", Text),
    ("Field1_100", Text),
    ("Field2_100", Text),
    ("Field3_50", Text),
    ("Field4_50", Text),
    ("Field5_50", Text),
    ("Field6_50", Text),
    ("Field7_50", Text),
    ("Field8_50", Text),
    ("Field9_50", Text),
    ("Field10_50", Text),
    ("Field11_50", Text),
    ("Field12_50", Text),
    ("Field13_Memo", Text),
    ("Field14_50", Text),
];
const FIRST_FIELD: usize = 19;
const CARDS: &[(&str, Kind)] = &[("CardNumber", Text), ("UserID", Int), ("LostCard", Bit), ("CardTypeID", Int)];
const EVENTS: &[(&str, Kind)] = &[
    ("EventID", Int),
    ("EventTime", Time),
    ("EventType", Int),
    ("EventTypeDescription", Text),
    ("EventSubType", Int),
    ("EventSubTypeDescription", Text),
    ("UserID", Int),
    ("SerialNumber", Int),
    ("CardNo", Int),
];
const DEPARTMENTS: &[(&str, Kind)] = &[("DepartmentID", Int), ("DepartmentName", Text)];
const LEVELS: &[(&str, Kind)] = &[("AccessLevelID", Int), ("AccessLevelName", Text)];
const MEMBERS: &[(&str, Kind)] = &[("AccessLevelID", Int), ("AreaID", Int), ("TimezoneID", Int)];
const GATEWAYS: &[(&str, Kind)] = &[("PeripheralID", Int), ("FromAreaID", Int), ("ToAreaID", Int)];
const PERIPHERALS: &[(&str, Kind)] =
    &[("PeripheralID", Int), ("SerialNumber", Int), ("SubAddress", Int), ("PeripheralName", Text)];
const SLOTS: &[(&str, Kind)] =
    &[("SlotID", Int), ("TimezoneID", Int), ("StartTime", Text), ("EndTime", Text), ("Day", Int)];
const DEVICES: &[(&str, Kind)] = &[("Address", Int), ("Name", Text), ("StatusFlag", Int)];

fn user_datum<'w>(world: &'w World, user: &'w User, column: usize) -> Datum<'w> {
    match column {
        0 => Datum::Int(user.id),
        1 => Datum::owned(format!("00000000-0000-4000-8000-{:012x}", user.id)),
        2 => Datum::owned(user.name()),
        3 => Datum::maybe_text(user.first_name.as_deref()),
        4 => Datum::maybe_text(user.middle_name.as_deref()),
        5 => Datum::maybe_text(user.last_name.as_deref()),
        6 => Datum::maybe_time(user.activation),
        7 => Datum::maybe_time(user.expiry),
        8 => Datum::Int(i64::from(user.active)),
        9 => Datum::maybe_text(user.pin.as_deref()),
        10 => Datum::Int(user.department),
        11 => Datum::maybe_text(world.departments.get(&user.department).map(|department| department.name.as_str())),
        12 => Datum::Int(world.shown_level(user).0),
        13 => Datum::owned(world.shown_level(user).1),
        14 => Datum::maybe_text(user.last_area.and_then(|area| world.areas.get(&area)).map(|area| area.name.as_str())),
        15 => Datum::maybe_time(user.last_access.map(|time| world.zone.local(time))),
        16 => Datum::maybe_text(user.telephone.as_deref()),
        17 => Datum::maybe_text(user.extension.as_deref()),
        18 => Datum::maybe_text(user.fax.as_deref()),
        field => {
            let number = i64::try_from(field - FIRST_FIELD + 1).unwrap_or(0);
            Datum::maybe_text(user.fields.get(&number).map(String::as_str))
        }
    }
}

fn event_datum<'w>(world: &'w World, event: &'w Event, column: usize) -> Datum<'w> {
    match column {
        0 => Datum::Int(event.id),
        1 => Datum::Time(world.zone.local(event.time)),
        2 => Datum::Int(event.event_type),
        3 => Datum::owned(shown_description(world, event)),
        4 => Datum::Int(event.sub_type),
        5 => Datum::maybe_text(sub_type_text(event.sub_type)),
        6 => Datum::maybe_int(event.user_id),
        7 => Datum::maybe_int(event.address),
        _ => Datum::maybe_int(event.card_no),
    }
}

/// Text of an event as the server shows it.
fn shown_description(world: &World, event: &Event) -> String {
    event.description.clone().unwrap_or_else(|| event_text(event.event_type, world.switches.localised_texts))
}

fn full_name(event: &Event) -> Datum<'_> {
    let parts: Vec<&str> = [&event.first_name, &event.surname].into_iter().flatten().map(String::as_str).collect();
    if parts.is_empty() { Datum::Null } else { Datum::owned(parts.join(" ")) }
}

/// Status bits of a controller: armed, power, tamper, contact, alarm, open.
fn status_flag(door: &Door) -> i64 {
    let bit = |set: bool, value: i64| if set { value } else { 0 };
    bit(door.intruder_armed, 1)
        | bit(door.psu_closed, 2)
        | bit(door.tamper_closed, 4)
        | bit(door.contact_closed.unwrap_or(false), 8)
        | bit(door.alarm_tripped, 16)
        | bit(door.relay_open, 32)
}
