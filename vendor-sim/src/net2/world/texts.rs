//! Texts of the server, in its language.

/// Token types in the order of their numbers.
pub(crate) const TOKEN_TYPES: [&str; 11] = [
    "Unspecified",
    "ProxCard",
    "ProxIsoCard",
    "Keyfob",
    "HandsFreeToken",
    "Watchprox",
    "ProxIsoCardWithoutMagstripe",
    "VehicleNumberPlate",
    "HandsFreeKeyCard",
    "FingerprintVerificationCard",
    "TelephoneCallerId",
];

/// Number of a token type.
pub(crate) fn token_type_number(name: &str) -> Option<i64> {
    TOKEN_TYPES.iter().position(|known| known.eq_ignore_ascii_case(name)).and_then(|at| i64::try_from(at).ok())
}

/// Text of an event type.
pub(crate) fn event_text(event_type: i64, localised: bool) -> String {
    let found = EVENT_TEXTS.iter().find(|(number, ..)| *number == event_type);
    match found {
        Some((_, english, local)) => (if localised { local } else { english }).to_string(),
        None if localised => format!("Hændelse {event_type}"),
        None => format!("Event {event_type}"),
    }
}

/// Text of an event sub-type.
pub(crate) fn sub_type_text(sub_type: i64) -> Option<&'static str> {
    Some(match sub_type {
        20 => "Access level not valid",
        22 => "Token details not found",
        31 => "Clock out",
        30 => "Clock in",
        61 => "Network instruction",
        62 => "Exit button",
        72 => "Token reported lost",
        120 => "Happened offline",
        590 => "Record added",
        591 => "Record modified",
        592 => "Record deleted",
        _ => return None,
    })
}

/// Name of a built-in access level.
pub(crate) fn level_text(id: i64, localised: bool) -> Option<&'static str> {
    Some(match (id, localised) {
        (0, false) => "No access",
        (0, true) => "Ingen adgang",
        (1, false) => "Always - all doors",
        (1, true) => "Altid - alle døre",
        _ => return None,
    })
}

/// Name of a built-in timezone.
pub(crate) fn timezone_text(id: i64, localised: bool) -> Option<&'static str> {
    Some(match (id, localised) {
        (0, false) => "Never",
        (0, true) => "Aldrig",
        (1, false) => "All day, every day",
        (1, true) => "Hele dagen, hver dag",
        _ => return None,
    })
}

/// Name of a day kind from 1 Sunday to 7 Saturday.
pub(crate) fn day_name(day: i64) -> Option<&'static str> {
    let days = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
    usize::try_from(day - 1).ok().and_then(|at| days.get(at).copied())
}

const EVENT_TEXTS: [(i64, &str, &str); 26] = [
    (1, "Control unit reset", "Styreenhed nulstillet"),
    (10, "Token shown", "Nøgle vist"),
    (15, "Access permitted", "Adgang givet"),
    (20, "Access permitted - token only", "Adgang givet - kun nøgle"),
    (21, "Access permitted - token and PIN", "Adgang givet - nøgle og PIN"),
    (23, "Access denied - invalid token", "Adgang nægtet - ugyldig nøgle"),
    (24, "Access denied - invalid PIN", "Adgang nægtet - ugyldig PIN"),
    (26, "Access permitted - PIN only", "Adgang givet - kun PIN"),
    (28, "Door opened", "Dør åbnet"),
    (29, "Door relocked", "Dør låst"),
    (30, "Access permitted - number plate", "Adgang givet - nummerplade"),
    (46, "Door opened", "Dør åbnet"),
    (47, "Door closed", "Dør lukket"),
    (61, "Access permitted - door not opened", "Adgang givet - dør ikke åbnet"),
    (90, "Tamper alarm", "Sabotagealarm"),
    (92, "Door forced", "Dør brudt op"),
    (93, "Door left open", "Dør stået åben"),
    (500, "Control unit not responding", "Styreenhed svarer ikke"),
    (501, "Control unit back online", "Styreenhed online igen"),
    (550, "Operator", "Operatør"),
    (551, "Alarm actioned", "Alarm behandlet"),
    (570, "User record changed", "Brugerpost ændret"),
    (572, "Access level changed", "Adgangsniveau ændret"),
    (571, "Timezone changed", "Tidszone ændret"),
    (580, "Request to open door", "Anmodning om at åbne dør"),
    (590, "Lockdown started", "Nedlukning startet"),
];
