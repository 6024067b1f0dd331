//! The contract's members, paths and words: what a profile may move.

use crate::bridge::profile::{Auth, Contract, Field, IN_AT, Kind, OUT_AT, What};

/// `inventry-rest v1`.
pub(super) static CONTRACT: Contract = Contract {
    own_section: "inventry",
    auth,
    base: "/api/v1",
    paths: &[
        ("session", "/session"),
        ("info", "/info"),
        ("sites", "/sites"),
        ("departments", "/departments"),
        ("personnel", "/personnel"),
        ("person", "/personnel/{id}"),
        ("devices", "/devices"),
        ("events", "/events"),
        ("on_site", "/on-site"),
        ("deletions", "/deletions"),
    ],
    kinds: &[SESSION, INFO, SITE, DEPARTMENT, PERSON, CREDENTIAL, DEVICE, EVENT, VISIT, PRESENCE, DELETION],
    visits: true,
};

fn auth() -> Auth {
    Auth::Header { name: "X-API-Key".to_owned(), prefix: String::new() }
}

const fn plain(pointer: &'static str) -> Field {
    Field { pointer, what: What::Plain, aliases: &[] }
}

const fn named(pointer: &'static str, aliases: &'static [&'static str]) -> Field {
    Field { pointer, what: What::Plain, aliases }
}

const fn instant(pointer: &'static str) -> Field {
    Field { pointer, what: What::Instant, aliases: &[] }
}

const fn words(pointer: &'static str, section: &'static str, known: &'static [&'static str]) -> Field {
    Field { pointer, what: What::Values(section, known), aliases: &[] }
}

const fn kind(name: &'static str, aliases: &'static [&'static str], fields: &'static [Field]) -> Kind {
    Kind { name, aliases, fields, plain: "" }
}

const ENABLED: &[&str] = &["true", "false"];
const PERSON_TYPES: &[&str] = &["personnel", "student", "visitor", "contractor", "governor", "other"];
const METHODS: &[&str] = &["touch", "card", "barcode", "app", "web", "operator", "automatic", "import"];

const SESSION: Kind =
    kind("session", &[], &[plain("/user"), plain("/password"), plain("/token"), instant("/expiresAt")]);

const INFO: Kind = kind(
    "info",
    &[],
    &[
        plain("/product"),
        plain("/version"),
        plain("/organisation"),
        plain("/timeZone"),
        instant("/now"),
        words("/capabilities", "capability", &[]),
        words("/licence/active", "enabled", ENABLED),
        plain("/licence/until"),
    ],
);

const SITE: Kind = kind("site", &["sites"], &[plain("/id"), plain("/name"), plain("/timeZone")]);

const DEPARTMENT: Kind = kind(
    "department",
    &["departments"],
    &[plain("/id"), plain("/name"), words("/enabled", "enabled", ENABLED), instant("/updatedAt")],
);

const PERSON: Kind = kind(
    "person",
    &["personnel"],
    &[
        plain("/id"),
        words("/personType", "person_type", PERSON_TYPES),
        plain("/title"),
        plain("/forename"),
        plain("/surname"),
        plain("/displayName"),
        named("/departmentIds", &["department_id", "departments", "department"]),
        Field { pointer: "/dateOfBirth", what: What::Date, aliases: &[] },
        // Any text; a profile may still say how the contract's examples are spelled.
        words("/gender", "gender", &[]),
        named("/carRegistrations", &["car_registration", "vehicle_registrations", "vehicle_registration"]),
        Field { pointer: "/address", what: What::Object, aliases: &[] },
        named("/address/houseNameNumber", &["house_name_number", "house"]),
        named("/address/line1", &["line1", "address_line_1", "line_1"]),
        named("/address/line2", &["line2", "address_line_2", "line_2"]),
        named("/address/town", &["town"]),
        named("/address/county", &["county"]),
        named("/address/postCode", &["post_code"]),
        named("/address/country", &["country"]),
        plain("/email"),
        plain("/mobile"),
        plain("/staffCode"),
        Field { pointer: "/credentials", what: What::Inner("credential", &["credential", "card"]), aliases: &[] },
        words("/enabled", "enabled", ENABLED),
        named("/siteIds", &["site_id", "sites"]),
        words("/source", "person_source", &[]),
        instant("/createdAt"),
        instant("/updatedAt"),
    ],
);

const CREDENTIAL: Kind = Kind {
    name: "credential",
    aliases: &["card"],
    fields: &[words("/type", "credential_type", &["card", "barcode", "pin"]), plain("/number"), plain("/primary")],
    plain: "/number",
};

const DEVICE: Kind = kind(
    "device",
    &["devices"],
    &[
        plain("/id"),
        plain("/name"),
        plain("/siteId"),
        words("/kind", "device_kind", &["kiosk", "tablet", "turnstile", "card-reader", "app", "web", "console"]),
        plain("/virtual"),
        words("/direction", "direction", &["in", "out", "both"]),
        words("/enabled", "enabled", ENABLED),
        instant("/updatedAt"),
    ],
);

const EVENT: Kind = kind(
    "event",
    &["events"],
    &[
        plain("/id"),
        plain("/seq"),
        plain("/rev"),
        // Types are open: a profile may also name others.
        words("/type", "event_type", &[]),
        plain("/personId"),
        words("/personType", "person_type", PERSON_TYPES),
        plain("/deviceId"),
        plain("/siteId"),
        instant("/at"),
        instant("/recordedAt"),
        words("/method", "method", METHODS),
        plain("/automatic"),
        plain("/visitId"),
        plain("/reason"),
        plain("/voided"),
    ],
);

/// One record with both times.
const VISIT: Kind = kind(
    "visit",
    &["visits"],
    &[
        plain("/id"),
        plain("/seq"),
        plain("/rev"),
        plain("/personId"),
        words("/personType", "person_type", PERSON_TYPES),
        plain("/deviceId"),
        plain("/outDeviceId"),
        plain("/siteId"),
        Field { pointer: IN_AT, what: What::Instant, aliases: &["in_at"] },
        Field { pointer: OUT_AT, what: What::Instant, aliases: &["out_at"] },
        words("/status", "visit_status", &["signed_in", "signed_out"]),
        instant("/recordedAt"),
        words("/method", "method", METHODS),
        plain("/automatic"),
        plain("/reason"),
        plain("/voided"),
    ],
);

const PRESENCE: Kind = kind(
    "presence",
    &["on_site"],
    &[
        plain("/personId"),
        words("/personType", "person_type", PERSON_TYPES),
        plain("/displayName"),
        plain("/siteId"),
        instant("/since"),
        plain("/deviceId"),
    ],
);

const DELETION: Kind = kind(
    "deletion",
    &["deletions"],
    &[
        plain("/cursor"),
        words("/entity", "entity", &["person", "department", "device", "event"]),
        plain("/id"),
        instant("/at"),
        plain("/mergedInto"),
    ],
);

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::bridge::profile::{Profile, TimeForm};

    #[test]
    fn the_form_of_the_contracts_own_example_is_taken() {
        let text = r#"
            [inventry]
            url = "https://inventry.example.org"
            [auth]
            kind = "header"
            header = "X-API-Key"
            prefix = ""
            [paths]
            base = "/api/v1"
            personnel = "/personnel"
            departments = "/departments"
            devices = "/devices"
            events = "/events"
            deletions = ""
            [paging]
            style = "page"
            items = "/data"
            page_param = "page"
            size_param = "perPage"
            total = "/meta/total"
            [events]
            style = "visit"
            visit_lookback_days = 3
            in_at = "/in"
            out_at = "/out"
            by_day_path = "/sites/{site}/history?date={date}"
            [fields.event]
            id = "/visit/no"
            person_id = "/who"
            [fields.personnel]
            forename = "/name/first"
            house_name_number = "/home/house"
            [values.enabled]
            true = ["Y"]
            false = ["N"]
        "#;
        let profile = Profile::parse(&CONTRACT, text).unwrap();
        assert!(profile.visits && !profile.serves("deletions"));
        let visit = json!({ "id": "v-1", "personId": "318", IN_AT[1..]: "2026-03-02T07:41:09Z", OUT_AT[1..]: null });
        let shown = profile.show("visit", visit, &TimeForm::Rfc3339);
        assert_eq!(shown, json!({ "visit": { "no": "v-1" }, "who": "318", "in": "2026-03-02T07:41:09Z", "out": null }));
        let person = json!({ "forename": "Asha", "address": { "houseNameNumber": "Flat 2" }, "enabled": true });
        let shown = profile.show("person", person, &TimeForm::Rfc3339);
        assert_eq!(shown, json!({ "name": { "first": "Asha" }, "home": { "house": "Flat 2" }, "enabled": "Y" }));
    }
}
