//! What this client needs of any profile, and the one that it brings along.

use connector_http::ErrorKind;
use connector_http::profile::{BuiltIn, FieldKind, ListShape, ObjectShape, ProblemShape};

use FieldKind::{Bool, Date, Instant, Int, Texts, Word};

/// What this client needs of any profile, and the one that it brings along.
pub static BUILT_IN: BuiltIn = BuiltIn {
    vendor: "inventry",
    toml: include_str!("builtin.toml"),
    objects: &OBJECTS,
    placeholders: &["id", "site", "date"],
    required_paths: &["info"],
    open_values: &[
        "person_type",
        "event_type",
        "method",
        "device_kind",
        "direction",
        "credential_type",
        "person_source",
    ],
    choices: &[("events", "style", &["event", "visit"])],
    problems: &PROBLEMS,
};

static OBJECTS: [ObjectShape; 10] = [
    ObjectShape {
        name: "session",
        required: &["user", "password", "token"],
        kinds: &[("expires_at", Instant)],
        lists: &[],
    },
    ObjectShape {
        name: "info",
        required: &["version"],
        kinds: &[
            ("now", Instant),
            ("capabilities", Texts),
            ("licence_active", Word("enabled")),
            ("licence_until", Date),
        ],
        lists: &[],
    },
    ObjectShape {
        name: "page",
        required: &[],
        kinds: &[("as_of", Instant), ("last", Int), ("reset", Bool)],
        lists: &[],
    },
    ObjectShape { name: "site", required: &["id", "name"], kinds: &[], lists: &[] },
    ObjectShape {
        name: "department",
        required: &["id", "name"],
        kinds: &[("enabled", Word("enabled")), ("updated_at", Instant)],
        lists: &[],
    },
    ObjectShape {
        name: "person",
        required: &["id"],
        kinds: &[
            ("person_type", Word("person_type")),
            ("date_of_birth", Date),
            ("credential_type", Word("credential_type")),
            ("credential_primary", Bool),
            ("enabled", Word("enabled")),
            ("source", Word("person_source")),
            ("created_at", Instant),
            ("updated_at", Instant),
        ],
        lists: &[
            ListShape { list: "departments", element: "department_id", members: &[] },
            ListShape { list: "car_registrations", element: "car_registration", members: &[] },
            ListShape { list: "sites", element: "site_id", members: &[] },
            ListShape {
                list: "credentials",
                element: "credential_number",
                members: &["credential_type", "credential_primary"],
            },
        ],
    },
    ObjectShape {
        name: "device",
        required: &["id", "name"],
        kinds: &[
            ("kind", Word("device_kind")),
            ("virtual", Bool),
            ("direction", Word("direction")),
            ("enabled", Word("enabled")),
            ("updated_at", Instant),
        ],
        lists: &[],
    },
    ObjectShape {
        name: "event",
        required: &["id"],
        kinds: &[
            ("seq", Int),
            ("rev", Int),
            ("type", Word("event_type")),
            ("person_type", Word("person_type")),
            ("at", Instant),
            ("recorded_at", Instant),
            ("updated_at", Instant),
            ("method", Word("method")),
            ("automatic", Bool),
            ("voided", Bool),
            ("in_at", Instant),
            ("out_at", Instant),
        ],
        lists: &[],
    },
    ObjectShape {
        name: "presence",
        required: &["person_id", "since"],
        kinds: &[("person_type", Word("person_type")), ("since", Instant)],
        lists: &[],
    },
    ObjectShape {
        name: "deletion",
        required: &["entity", "id"],
        kinds: &[("entity", Word("entity")), ("at", Instant)],
        lists: &[],
    },
];

static PROBLEMS: [ProblemShape; 9] = [
    problem("unauthorised", ErrorKind::Auth, "the server does not accept the key"),
    problem("forbidden", ErrorKind::Permission, "the key has no right to this"),
    problem("licence-missing", ErrorKind::Permission, "the licence of InVentry's interface is missing"),
    problem("version-unsupported", ErrorKind::Config, "the server says that its version is too old for the interface"),
    problem("not-found", ErrorKind::NotFound, "the server has no such thing"),
    problem("cursor-expired", ErrorKind::NotFound, "the server no longer reaches back to the place to read from"),
    problem("validation", ErrorKind::Rejected, "the server refused these values"),
    problem("too-many-requests", ErrorKind::RateLimited, "the server asks for fewer calls"),
    problem("unavailable", ErrorKind::Unavailable, "the server is not available at the moment"),
];

const fn problem(name: &'static str, kind: ErrorKind, message: &'static str) -> ProblemShape {
    ProblemShape { name, kind, message }
}
