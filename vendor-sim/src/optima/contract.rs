//! The contract's members, paths and words: what a profile may move.

use crate::bridge::profile::{Auth, Contract, Field, Kind, What};

/// `optima-rest v1`.
pub(super) static CONTRACT: Contract = Contract {
    own_section: "optima",
    auth: Auth::bearer,
    base: "/api/v1",
    paths: &[
        ("session", "/session"),
        ("info", "/info"),
        ("access_groups", "/access-groups"),
        ("access_group", "/access-groups/{id}"),
        ("readers", "/readers"),
        ("reader", "/readers/{id}"),
        ("badges", "/badges"),
        ("badge", "/badges/{id}"),
        ("changes", "/changes"),
        ("events", "/events"),
    ],
    kinds: &[SESSION, INFO, GROUP, READER, BADGE, MEMBERSHIP, CREDENTIAL, CHANGE, EVENT],
    visits: false,
};

const fn plain(pointer: &'static str) -> Field {
    Field { pointer, what: What::Plain, aliases: &[] }
}

const fn instant(pointer: &'static str) -> Field {
    Field { pointer, what: What::Instant, aliases: &[] }
}

const fn words(pointer: &'static str, section: &'static str, known: &'static [&'static str]) -> Field {
    Field { pointer, what: What::Values(section, known), aliases: &[] }
}

const fn kind(name: &'static str, fields: &'static [Field]) -> Kind {
    Kind { name, aliases: &[], fields, plain: "" }
}

const DIRECTIONS: &[&str] = &["in", "out", "none"];
const TYPES: &[&str] = &["card", "pin", "biometric", "mobile"];

const SESSION: Kind = kind("session", &[plain("/user"), plain("/password"), plain("/token"), instant("/expiresAt")]);

const INFO: Kind = kind(
    "info",
    &[
        plain("/product"),
        plain("/version"),
        plain("/site"),
        plain("/timeZone"),
        instant("/now"),
        words("/capabilities", "capability", &[]),
        plain("/licence/active"),
        plain("/licence/until"),
        Field { pointer: "/limits/credentialsPerBadge", what: What::Plain, aliases: &["credentials_per_badge"] },
        Field { pointer: "/limits/nameLength", what: What::Plain, aliases: &["name_length"] },
    ],
);

const GROUP: Kind = kind(
    "access_group",
    &[
        plain("/id"),
        plain("/name"),
        words("/kind", "access_group_kind", &["access-group", "cardholder-policy", "cardholder-group"]),
        plain("/enabled"),
        plain("/reference"),
        plain("/readers"),
        instant("/updatedAt"),
        plain("/etag"),
    ],
);

const READER: Kind = kind(
    "reader",
    &[
        plain("/id"),
        plain("/name"),
        plain("/door/id"),
        plain("/door/name"),
        words("/direction", "direction", DIRECTIONS),
        plain("/controller/id"),
        plain("/controller/name"),
        plain("/technology"),
        plain("/enabled"),
        plain("/online"),
        instant("/updatedAt"),
        plain("/etag"),
    ],
);

const BADGE: Kind = kind(
    "badge",
    &[
        plain("/id"),
        plain("/firstName"),
        plain("/lastName"),
        plain("/name"),
        plain("/reference"),
        words("/state", "state", &["enabled", "disabled"]),
        instant("/validFrom"),
        instant("/validUntil"),
        Field {
            pointer: "/accessGroups",
            what: What::Inner("membership", &["access_group", "membership"]),
            aliases: &[],
        },
        Field { pointer: "/credentials", what: What::Inner("credential", &["credential", "card"]), aliases: &[] },
        instant("/createdAt"),
        instant("/updatedAt"),
        plain("/etag"),
    ],
);

const MEMBERSHIP: Kind = Kind {
    name: "membership",
    aliases: &[],
    fields: &[plain("/id"), instant("/from"), instant("/until")],
    plain: "/id",
};

const CREDENTIAL: Kind = Kind {
    name: "credential",
    aliases: &["card"],
    fields: &[
        plain("/id"),
        words("/type", "credential_type", TYPES),
        plain("/number"),
        plain("/facility"),
        words("/state", "credential_state", &["active", "lost", "stolen", "suspended", "expired"]),
        plain("/primary"),
        instant("/from"),
        instant("/until"),
    ],
    plain: "/number",
};

const CHANGE: Kind = kind(
    "change",
    &[
        plain("/cursor"),
        instant("/at"),
        words("/entity", "entity", &["badge", "access-group", "reader"]),
        words("/op", "op", &["add", "edit", "delete"]),
        plain("/id"),
        plain("/fields"),
        plain("/origin"),
    ],
);

const EVENT: Kind = kind(
    "event",
    &[
        plain("/id"),
        plain("/seq"),
        plain("/epoch"),
        instant("/at"),
        instant("/receivedAt"),
        words("/class", "event_class", CLASSES),
        plain("/code"),
        plain("/badge/id"),
        plain("/badge/name"),
        words("/credential/type", "credential_type", TYPES),
        Field { pointer: "/credential/number", what: What::Plain, aliases: &["card_number"] },
        plain("/reader/id"),
        plain("/reader/name"),
        plain("/door/id"),
        plain("/door/name"),
        words("/direction", "direction", DIRECTIONS),
        plain("/reason"),
    ],
);

/// Classes are open: a profile may also name others.
const CLASSES: &[&str] = &[];

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::bridge::profile::{Profile, TimeForm};

    #[test]
    fn a_profile_moves_members_and_reads_them_back() {
        let text = r#"
            [optima]
            url = "the client's own business"
            [fields.badge]
            id = "/ref/no"
            first_name = "/person/given"
            state = "/person/status"
            access_groups = "/policies"
            access_group_id = ""
            credentials = "/tokens"
            card_number = "/code"
            reference = ""
            [values.state]
            enabled = ["A"]
            disabled = ["X", "Z"]
            [time]
            format = "unix-s"
        "#;
        let profile = Profile::parse(&CONTRACT, text).unwrap();
        let badge = json!({ "id": "b-1", "firstName": "Mira", "state": "enabled", "reference": "r", "validFrom": "2026-03-02T08:00:00Z",
            "accessGroups": [{ "id": "ag-1", "from": null }], "credentials": [{ "id": "c", "type": "card", "number": "77" }] });
        let shown = profile.show("badge", badge, &TimeForm::UnixSeconds);
        let expected = json!({ "ref": { "no": "b-1" }, "person": { "given": "Mira", "status": "A" }, "validFrom": 1_772_438_400,
            "policies": ["ag-1"], "tokens": [{ "id": "c", "type": "card", "code": "77" }] });
        assert_eq!(shown, expected);
        let sent = json!({ "person": { "status": "Z", "given": null }, "policies": ["ag-2"] });
        let taken = profile.take("badge", &sent).unwrap();
        assert_eq!(taken, json!({ "firstName": null, "state": "disabled", "accessGroups": [{ "id": "ag-2" }] }));
    }

    #[test]
    fn what_the_contract_does_not_know_is_refused_by_name() {
        for (text, said) in [
            ("[fields.badge]\ncolour = \"/c\"", "fields.badge.colour"),
            ("[fields.person]\nid = \"/c\"", "fields.person"),
            ("[fields.badge]\nid = \"id\"", "not a JSON pointer"),
            ("[paths]\nbadges = \"badges\"", "paths.badges"),
            ("[paging]\nstyle = \"scroll\"", "paging.style"),
            ("[values.colour]\nred = [\"1\"]", "values.colour"),
            ("[values.state]\nasleep = [\"1\"]", "values.state.asleep"),
            ("[time]\nformat = \"iso\"", "time.format"),
            ("[auth]\nkind = \"oauth\"", "auth.kind"),
            ("[events]\nstyle = \"visit\"", "[events]"),
        ] {
            let error = format!("{:#}", Profile::parse(&CONTRACT, text).unwrap_err());
            assert!(error.contains(said), "{text}: {error}");
        }
    }

    #[test]
    fn values_may_be_written_from_either_side() {
        let text = "[values.event_class]\n\"101\" = \"access.granted\"\n\"access.denied\" = \"access.denied\"\n\"201\" = \"access.denied\"";
        let profile = Profile::parse(&CONTRACT, text).unwrap();
        let class = |class: &str| profile.show("event", json!({ "class": class }), &TimeForm::Rfc3339)["class"].clone();
        assert_eq!(class("access.granted"), "101");
        assert_eq!(class("access.denied"), "access.denied");
        assert_eq!(class("door.held"), "door.held");
        assert_eq!(profile.word("event", "/class", "201"), "access.denied");
    }
}
