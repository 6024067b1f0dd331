//! The profile that the client brings along, and what it needs of any other.
//!
//! The text of the built-in profile is the only place of this crate with a path or a member name in it.

use connector_http::ErrorKind;
use connector_http::profile::{BuiltIn, FieldKind, InvalidProfile, ListShape, ObjectShape, ProblemShape, Profile};

/// The built-in profile, `optima-rest v1`: also the list of everything that a profile file may say.
pub static BUILT_IN: BuiltIn = BuiltIn {
    vendor: "Optima",
    toml: include_str!("builtin.toml"),
    objects: OBJECTS,
    placeholders: &[],
    required_paths: &["badges"],
    open_values: &["event_class"],
    choices: &[],
    problems: PROBLEMS,
};

/// The built-in profile, ready to use.
///
/// # Errors
/// Never, unless the text of this crate is damaged.
pub fn built_in() -> Result<Profile, InvalidProfile> {
    Profile::built_in(&BUILT_IN)
}

/// A profile file over the built-in one.
///
/// # Errors
/// All faults of the file, each with line, reason and remedy.
pub fn parse(text: &str, file_name: &str) -> Result<Profile, InvalidProfile> {
    Profile::parse(text, file_name, &BUILT_IN)
}

const OBJECTS: &[ObjectShape] = &[
    ObjectShape { name: "session", required: &["token"], kinds: &[("expires_at", FieldKind::Instant)], lists: &[] },
    ObjectShape {
        name: "info",
        required: &[],
        kinds: &[
            ("now", FieldKind::Instant),
            ("capabilities", FieldKind::Texts),
            ("licence_active", FieldKind::Bool),
            ("licence_until", FieldKind::Date),
            ("credentials_per_badge", FieldKind::Int),
            ("name_length", FieldKind::Int),
        ],
        lists: &[],
    },
    ObjectShape {
        name: "access_group",
        required: &["id", "name"],
        kinds: &[
            ("kind", FieldKind::Word("access_group_kind")),
            ("enabled", FieldKind::Bool),
            ("updated_at", FieldKind::Instant),
        ],
        lists: &[ListShape { list: "readers", element: "reader_id", members: &[] }],
    },
    ObjectShape {
        name: "reader",
        required: &["id"],
        kinds: &[
            ("direction", FieldKind::Word("direction")),
            ("technology", FieldKind::Texts),
            ("enabled", FieldKind::Bool),
            ("online", FieldKind::Bool),
            ("updated_at", FieldKind::Instant),
        ],
        lists: &[],
    },
    ObjectShape {
        name: "badge",
        required: &["id"],
        kinds: &[
            ("state", FieldKind::Word("state")),
            ("valid_from", FieldKind::Instant),
            ("valid_until", FieldKind::Instant),
            ("access_group_from", FieldKind::Instant),
            ("access_group_until", FieldKind::Instant),
            ("credential_type", FieldKind::Word("credential_type")),
            ("credential_state", FieldKind::Word("credential_state")),
            ("credential_primary", FieldKind::Bool),
            ("credential_from", FieldKind::Instant),
            ("credential_until", FieldKind::Instant),
            ("created_at", FieldKind::Instant),
            ("updated_at", FieldKind::Instant),
        ],
        lists: &[
            ListShape {
                list: "access_groups",
                element: "access_group_id",
                members: &["access_group_from", "access_group_until"],
            },
            ListShape {
                list: "credentials",
                element: "card_number",
                members: &[
                    "credential_id",
                    "credential_type",
                    "credential_facility",
                    "credential_state",
                    "credential_primary",
                    "credential_from",
                    "credential_until",
                ],
            },
        ],
    },
    ObjectShape {
        name: "changes",
        required: &["items", "next"],
        kinds: &[("reset", FieldKind::Bool)],
        lists: &[ListShape { list: "items", element: "", members: &[] }],
    },
    ObjectShape {
        name: "change",
        required: &["entity", "op", "id"],
        kinds: &[
            ("at", FieldKind::Instant),
            ("entity", FieldKind::Word("entity")),
            ("op", FieldKind::Word("op")),
            ("fields", FieldKind::Texts),
        ],
        lists: &[],
    },
    ObjectShape {
        name: "event",
        required: &["id", "at", "class"],
        kinds: &[
            ("seq", FieldKind::Int),
            ("at", FieldKind::Instant),
            ("received_at", FieldKind::Instant),
            ("class", FieldKind::Word("event_class")),
            ("code", FieldKind::Int),
            ("credential_type", FieldKind::Word("credential_type")),
            ("direction", FieldKind::Word("direction")),
        ],
        lists: &[],
    },
];

const PROBLEMS: &[ProblemShape] = &[
    problem("unauthorised", ErrorKind::Auth, "the server does not accept the sign-in"),
    problem("forbidden", ErrorKind::Permission, "the key has no right for this call"),
    problem("licence-missing", ErrorKind::Permission, "the server's licence does not cover its interface"),
    problem("not-found", ErrorKind::NotFound, "the server has no such record"),
    problem("conflict", ErrorKind::Conflict, "the server reports a conflict"),
    problem("duplicate-credential", ErrorKind::Duplicate, "another badge has this credential"),
    problem("record-locked", ErrorKind::Conflict, "somebody is editing the record"),
    problem("idempotency-mismatch", ErrorKind::Conflict, "the key of this attempt was used for another request"),
    problem("cursor-expired", ErrorKind::NotFound, "the position is older than what the server keeps"),
    problem("precondition-failed", ErrorKind::Conflict, "the record changed on the server meanwhile"),
    problem("validation", ErrorKind::Rejected, "the server refused a value"),
    problem("too-many-requests", ErrorKind::RateLimited, "the server asks for fewer calls"),
    problem("unavailable", ErrorKind::Unavailable, "the server is not available at the moment"),
];

const fn problem(name: &'static str, kind: ErrorKind, message: &'static str) -> ProblemShape {
    ProblemShape { name, kind, message }
}
