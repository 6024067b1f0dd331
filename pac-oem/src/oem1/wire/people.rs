//! People, their groups and credentials, and bookings handed over.

use super::record;
use crate::model::{
    ActiveFilter, BookingDraft, Credential, CredentialType, Deleted, FreeField, GroupGrant, PageToken, Person,
    PersonDraft, PersonId, PersonPage, PutMode, Rev, Saved,
};
use chrono::{DateTime, FixedOffset};

record!(Person {
    id "id", rev "rev", ext "ext", first "first", middle "middle", last "last", employee_no "employeeNo",
    department "department", email "email", active "active", from "from", until "until", created_by "createdBy";
    groups "Group", credentials "Credential", fields "Field"
});
record!(PersonDraft {
    id "id", ext "ext", first "first", middle "middle", last "last", employee_no "employeeNo",
    department "department", email "email", active "active", from "from", until "until";
    groups "Group", credentials "Credential", fields "Field"
});
record!(GroupGrant { id "id", from "from", until "until" });
record!(Credential {
    kind "type", number "number", facility "facility", state "state", from "from", until "until"
});
record!(FreeField { n "n", value "value" });

#[derive(Clone, PartialEq, Eq)]
pub(crate) struct PersonList {
    pub(crate) page: Option<PageToken>,
    pub(crate) size: u16,
    pub(crate) active: ActiveFilter,
}
record!(PersonList { page "page", size "size", active "active" });

record!(PersonPage { next "next", total "total", as_of "asOf", epoch "epoch"; people "Person" });

#[derive(Clone, PartialEq, Eq, Default)]
pub(crate) struct PersonGet {
    pub(crate) id: Option<PersonId>,
    pub(crate) ext: Option<String>,
    pub(crate) credential_type: Option<CredentialType>,
    pub(crate) credential_number: Option<String>,
    pub(crate) facility: Option<u8>,
}
record!(PersonGet {
    id "id", ext "ext", credential_type "credType", credential_number "credNumber", facility "facility"
});

#[derive(Clone, PartialEq, Eq)]
pub(crate) struct PersonPut {
    pub(crate) mode: PutMode,
    pub(crate) if_rev: Option<Rev>,
    pub(crate) people: Vec<PersonDraft>,
}
record!(PersonPut { mode "mode", if_rev "ifRev"; people "Person" });

#[derive(Clone, PartialEq, Eq)]
pub(crate) struct StateSet {
    pub(crate) id: PersonId,
    pub(crate) active: bool,
    pub(crate) until: Option<DateTime<FixedOffset>>,
    pub(crate) if_rev: Option<Rev>,
}
record!(StateSet { id "id", active "active", until "until", if_rev "ifRev" });

#[derive(Clone, PartialEq, Eq)]
pub(crate) struct PersonRef {
    pub(crate) id: PersonId,
    pub(crate) if_rev: Option<Rev>,
}
record!(PersonRef { id "id", if_rev "ifRev" });

#[derive(Clone, PartialEq, Eq)]
pub(crate) struct GroupsSet {
    pub(crate) person: PersonId,
    pub(crate) if_rev: Option<Rev>,
    pub(crate) groups: Vec<GroupGrant>,
}
record!(GroupsSet { person "person", if_rev "ifRev"; groups "Group" });

#[derive(Clone, PartialEq, Eq)]
pub(crate) struct CredentialSet {
    pub(crate) person: PersonId,
    pub(crate) take_over: bool,
    pub(crate) if_rev: Option<Rev>,
    pub(crate) credentials: Vec<Credential>,
}
record!(CredentialSet { person "person", take_over "move", if_rev "ifRev"; credentials "Credential" });

#[derive(Clone, PartialEq, Eq)]
pub(crate) struct CredentialRemove {
    pub(crate) person: PersonId,
    pub(crate) kind: CredentialType,
    pub(crate) number: String,
    pub(crate) facility: Option<u8>,
    pub(crate) if_rev: Option<Rev>,
}
record!(CredentialRemove {
    person "person", kind "type", number "number", facility "facility", if_rev "ifRev"
});

record!(Saved { id "id", rev "rev", created "created", changed "changed" });
record!(Deleted { id "id", existed "existed" });

#[derive(Clone, PartialEq, Eq)]
pub(crate) struct BookingPut {
    pub(crate) bookings: Vec<BookingDraft>,
}
record!(BookingPut {; bookings "Booking" });
record!(BookingDraft {
    key "key", person "person", time "time", direction "direction", terminal "terminal", mc "mc", cc "cc"
});
