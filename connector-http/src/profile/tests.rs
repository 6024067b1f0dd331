//! A profile as a whole: a file over a built-in one, all faults, reading, paging, refusals, samples.

use super::*;
use crate::{ErrorKind, Phase};
use proptest::prelude::*;
use serde_json::json;

const TOML: &str = r#"
[auth]
kind = "header"
header = "X-Key"
prefix = ""

[paths]
base = "/api/v1"
session = "/session"
people = "/people"
person = "/people/{id}"
log = "/log"
by_day = ""

[paging]
style = "link"
items = "/items"
next = "/next"
total = ""
limit_param = "limit"
page_param = "page"
offset_param = "offset"
after_param = "after"
first_page = 1
page_size = 2
as_of = "/asOf"

[query]
state = "state"
colour = ""

[headers]
if_match = "If-Match"

[fields.session]
user = "/user"
password = "/password"
token = "/token"
expires_at = "/expiresAt"

[fields.person]
id = "/id"
name = "/name"
state = "/state"
since = "/since"
born = "/born"
age = "/age"
groups = "/groups"
group_id = "/id"
group_note = "/note"

[values.state]
enabled = ["enabled", "1"]
disabled = ["disabled"]

[values.class]
granted = ["granted"]

[values.problem]
taken = ["urn:acme:taken"]

[problem]
type = "/type"
title = "/title"
detail = "/detail"
field = "/field"
current = "/current"
holder = "/current/id"
held_by = "/heldBy"
retry_after_ms = "/retryAfterMs"

[log]
style = "event"
days = 3

[time]
format = "rfc3339"
zone_if_missing = ""
date_format = "%Y-%m-%d"
"#;

static ACME: BuiltIn = BuiltIn {
    vendor: "Acme",
    toml: TOML,
    objects: &[
        ObjectShape { name: "session", required: &["token"], kinds: &[], lists: &[] },
        ObjectShape {
            name: "person",
            required: &["id", "name"],
            kinds: &[
                ("state", FieldKind::Word("state")),
                ("since", FieldKind::Instant),
                ("born", FieldKind::Date),
                ("age", FieldKind::Int),
            ],
            lists: &[ListShape { list: "groups", element: "group_id", members: &["group_note"] }],
        },
    ],
    placeholders: &["site", "date"],
    required_paths: &["people"],
    open_values: &["class"],
    choices: &[("log", "style", &["event", "visit"])],
    problems: &[ProblemShape { name: "taken", kind: ErrorKind::Duplicate, message: "somebody has it" }],
};

pub(super) fn built_in() -> Profile {
    Profile::built_in(&ACME).unwrap()
}

pub(super) fn own(text: &str) -> Profile {
    Profile::parse(text, "own.toml", &ACME).unwrap_or_else(|invalid| panic!("{invalid}"))
}

fn faults(text: &str) -> Vec<(usize, String, String)> {
    let invalid = Profile::parse(text, "own.toml", &ACME).unwrap_err();
    let told = invalid.faults().iter();
    told.map(|fault| (fault.line.unwrap_or_default(), fault.place.clone(), fault.reason.clone())).collect()
}

fn server() -> Url {
    Url::parse("https://acme.example:8443/").unwrap()
}

#[test]
fn an_empty_file_is_the_built_in_profile() {
    for profile in [built_in(), own("")] {
        assert_eq!(profile.url(&server(), "people", &[]).unwrap().as_str(), "https://acme.example:8443/api/v1/people");
        assert_eq!(profile.auth().kind(), AuthKind::Header);
        assert_eq!(profile.setting("log", "days").and_then(Setting::as_int), Some(3));
        assert_eq!(profile.text("paging", "as_of"), Some("/asOf"));
    }
    assert_eq!((built_in().file_name(), own("").file_name()), ("builtin", "own.toml"));
}

#[test]
fn a_file_says_only_what_is_different() {
    let profile =
        own("[paths]\nbase = \"/rest\"\nby_day = \"/sites/{site}?on={date}\"\n[query]\nstate = \"\"\ncolour = \"c\"\n");
    let day = profile.url(&server(), "by_day", &[("site", "a b"), ("date", "2026-03-02")]).unwrap();
    assert_eq!(day.as_str(), "https://acme.example:8443/rest/sites/a%20b?on=2026-03-02");
    let mut url = profile.url(&server(), "people", &[]).unwrap();
    assert!(!profile.query(&mut url, "state", "all") && profile.query(&mut url, "colour", "red & blue"));
    assert_eq!(url.query(), Some("c=red+%26+blue"));
    assert_eq!(profile.path_text("person"), "/rest/people/{id}");
    assert!(profile.has_field("person", "name") && !profile.has_field("person", "colour"));
}

#[test]
fn an_item_goes_with_its_list_unless_it_has_a_path_of_its_own() {
    assert_eq!(own("[paths]\npeople = \"/staff\"\n").path_text("person"), "/api/v1/staff/{id}");
    assert_eq!(own("[paths]\npeople = \"/staff\"\nperson = \"/one/{id}\"\n").path_text("person"), "/api/v1/one/{id}");
}

#[test]
fn a_call_that_is_not_there_says_so_before_anything_is_sent() {
    let error = built_in().url(&server(), "by_day", &[]).unwrap_err();
    assert_eq!((error.kind(), error.phase()), (ErrorKind::Config, Phase::NotSent));
    assert!(error.message().contains("[paths] by_day"), "{error}");
}

#[test]
fn all_faults_are_found_at_once_with_their_lines() {
    let text = r#"
[auth]
kind = "oauth"
[paths]
people = ""
person = "/people"
log = "log"
by_day = "/x/{hour}"
peple = "/x"
[paging]
style = "scroll"
page_size = 0
items = "items"
first_page = "1"
[fields.person]
name = ""
colour = "/c"
[fields.car]
id = "/id"
[values.state]
asleep = ["z"]
enabled = []
[values.colour]
red = ["r"]
[headers]
if_match = "If Match"
[log]
style = "diary"
[time]
format = "%H"
zone_if_missing = "Moon"
date_format = "day"
"#;
    let found = faults(text);
    let places: Vec<_> = found.iter().map(|(line, place, _)| (*line, place.as_str())).collect();
    assert_eq!(
        places,
        [
            (3, "[auth] kind"),
            (5, "[paths] people"),
            (6, "[paths] person"),
            (7, "[paths] log"),
            (8, "[paths] by_day"),
            (9, "[paths] peple"),
            (11, "[paging] style"),
            (12, "[paging] page_size"),
            (13, "[paging] items"),
            (14, "[paging] first_page"),
            (16, "[fields.person] name"),
            (17, "[fields.person] colour"),
            (18, "[fields.car]"),
            (21, "[values.state] asleep"),
            (22, "[values.state] enabled"),
            (23, "[values.colour]"),
            (26, "[headers] if_match"),
            (28, "[log] style"),
            (30, "[time] format"),
            (31, "[time] zone_if_missing"),
            (32, "[time] date_format"),
        ]
    );
    let shown = Profile::parse(text, "own.toml", &ACME).unwrap_err().to_string();
    assert_eq!(
        shown.lines().next(),
        Some("own.toml:3: [auth] kind is no way of signing in: use bearer, header, basic or session")
    );
    assert_eq!(shown.lines().count(), places.len());
}

#[test]
fn what_is_no_toml_or_stands_outside_is_told() {
    assert_eq!(faults("[auth\n").first().map(|(line, ..)| *line), Some(1));
    assert_eq!(faults("kind = \"basic\"\n"), [(1, "kind".to_owned(), "stands outside of a section".to_owned())]);
    assert_eq!(faults("[auth]\nkind = 2026-01-01\n")[0].1, "[auth] kind");
}

#[test]
fn a_header_without_effect_is_a_fault() {
    assert_eq!(faults("[auth]\nkind = \"basic\"\nheader = \"X-Key\"\n")[0].1, "[auth] header");
    assert!(
        Profile::parse("[auth]\nkind = \"bearer\"\nheader = \"Authorization\"\nprefix = \"Bearer \"\n", "f", &ACME)
            .is_ok()
    );
}

#[test]
fn a_style_of_paging_needs_its_parameter() {
    for (style, key) in
        [("page", "page_param"), ("offset", "offset_param"), ("after-id", "after_param"), ("link", "next")]
    {
        let found = faults(&format!("[paging]\nstyle = \"{style}\"\n{key} = \"\"\n"));
        assert_eq!(
            found.iter().map(|(line, place, _)| (*line, place.clone())).collect::<Vec<_>>(),
            [(3, format!("[paging] {key}"))]
        );
    }
}

#[test]
fn values_are_written_either_way_round() {
    let profile = own(
        "[values.state]\nenabled = [1, \"on\"]\n\"off\" = \"disabled\"\n[values.class]\n\"101\" = \"granted\"\n\"7\" = \"lift\"\n",
    );
    let read = |map: &str, value| profile.values(map).unwrap().read(&value).unwrap();
    assert_eq!(read("state", json!(1)).as_str(), "enabled");
    assert_eq!(read("state", json!("ON")).as_str(), "enabled");
    assert_eq!(read("state", json!("off")).as_str(), "disabled");
    assert_eq!(
        read("state", json!("enabled")).known(),
        None,
        "a word that the file spells anew loses its old spellings"
    );
    assert_eq!(read("class", json!(101)).as_str(), "granted");
    assert_eq!(read("class", json!("7")).as_str(), "lift", "an open list takes other words");
    assert_eq!(profile.values("state").unwrap().write("enabled"), json!(1));
}

#[test]
fn one_spelling_has_one_word() {
    let found = faults("[values.state]\nenabled = [\"x\"]\ndisabled = [\"x\"]\n");
    assert_eq!((found.len(), found[0].0), (1, 3), "{found:?}");
    let profile = own("[values.state]\ndisabled = [\"1\"]\n");
    assert_eq!(profile.values("state").unwrap().read(&json!(1)).unwrap().as_str(), "disabled", "the file wins");
}

#[test]
fn fields_are_read_with_the_tolerance_of_their_kind() {
    let profile = built_in();
    let value = json!({ "id": 7, "name": "Mira", "state": 1, "since": "2026-07-01T09:00:00", "born": "1990-02-01", "age": "41",
        "groups": [{ "id": 1, "note": null }, null, { "id": "2", "note": "x" }] });
    let item = profile.item("person", &value, "/people");
    assert_eq!((item.id("id").unwrap(), item.int("age").unwrap()), ("7".to_owned(), 41));
    assert_eq!(item.word("state", "state").unwrap().as_str(), "enabled");
    assert_eq!(item.instant("since", Some(Tz::Europe__London)).unwrap().to_rfc3339(), "2026-07-01T09:00:00+01:00");
    assert_eq!(item.date_opt("born").unwrap().unwrap().to_string(), "1990-02-01");
    let groups = item.list("groups").unwrap().unwrap();
    let read: Vec<_> = groups.iter().map(|g| (g.id("group_id").unwrap(), g.text_opt("group_note").unwrap())).collect();
    assert_eq!(read, [("1".to_owned(), None), ("2".to_owned(), Some("x".to_owned()))]);
    assert_eq!(item.text_opt("nothing of this name").unwrap(), None);
}

#[test]
fn a_list_of_plain_values_is_read_and_written_as_such() {
    let profile = own("[fields.person]\ngroup_id = \"\"\ngroup_note = \"\"\n");
    let value = json!({ "groups": ["a", 2] });
    let item = profile.item("person", &value, "/people");
    let ids: Vec<_> = item.list("groups").unwrap().unwrap().iter().map(|group| group.id("group_id").unwrap()).collect();
    assert_eq!(ids, ["a", "2"]);
    let mut body = profile.body("person");
    body.element("group_id", "b");
    assert_eq!(body.into_value(), json!("b"));
}

#[test]
fn a_missing_field_names_section_name_pointer_and_path_and_no_value() {
    let profile = own("[fields.person]\nname = \"/person/given\"\n");
    let value = json!({ "id": 1, "person": { "given": { "secret": "Mira" } }, "age": "old" });
    let item = profile.item("person", &value, "/api/v1/people");
    assert_eq!(
        Error::from(item.text("name").unwrap_err()).message(),
        "the answer of /api/v1/people has an object instead of a text at /person/given: [fields.person] name of profile own.toml"
    );
    assert_eq!(item.int("age").unwrap_err().reason(), "a text instead of a whole number");
    let nothing = json!({});
    let misfit = profile.item("person", &nothing, "/p").id("id").unwrap_err();
    assert_eq!(
        (misfit.section(), misfit.name(), misfit.pointer(), misfit.path()),
        ("fields.person", "id", Some("/id"), "/p")
    );
    assert_eq!(misfit.reason(), "nothing instead of an id");
}

#[test]
fn an_error_tells_the_misfit_once_with_all_its_causes() {
    let misfit = own("").item("person", &json!({}), "/p").id("id").unwrap_err();
    let text = misfit.to_string();
    let error = Error::from(misfit).with_status(http::StatusCode::OK);
    assert_eq!(error.message(), text);
    let causes = std::iter::successors(std::error::Error::source(&error), |cause| cause.source());
    let line = causes.fold(error.to_string(), |line, cause| format!("{line}: {cause}"));
    assert_eq!(line.matches(&text).count(), 1, "{line}");
}

#[test]
fn a_body_is_filled_at_the_places_of_the_profile() {
    let profile = own("[fields.person]\nname = \"/person/name\"\nborn = \"\"\n[time]\nformat = \"unix-s\"\n");
    let mut body = profile.body("person").over(json!({ "theirs": 1, "person": { "extra": true } }));
    assert!(body.set("name", "Mira") && body.word("state", "state", "disabled"));
    assert!(body.instant("since", chrono::DateTime::from_timestamp(60, 0)) && !body.set("born", "1990-01-01"));
    let wanted = json!({ "theirs": 1, "person": { "extra": true, "name": "Mira" }, "state": "disabled", "since": 60 });
    assert_eq!(body.into_value(), wanted);
}

fn page(pager: &mut Pager, body: &Value) -> Result<Vec<Value>, Error> {
    pager.take(body)
}

fn pager(text: &str) -> Pager {
    let profile = own(text);
    let url = profile.url(&server(), "people", &[]).unwrap();
    profile.pager("person", url)
}

fn query(pager: &Pager) -> Option<String> {
    pager.next_url().map(|url| url.query().unwrap_or_default().to_owned())
}

#[test]
fn links_are_followed_as_they_are_on_the_same_server_only() {
    let mut links = pager("");
    assert_eq!(query(&links).as_deref(), Some("limit=2"));
    page(&mut links, &json!({ "items": [1], "next": "/api/v1/people?page=x%2Fy" })).unwrap();
    assert_eq!(query(&links).as_deref(), Some("page=x%2Fy"));
    page(&mut links, &json!({ "items": [], "next": "https://acme.example:8443/api/v1/people?page=3" })).unwrap();
    page(&mut links, &json!({ "items": [2] })).unwrap();
    assert_eq!((links.next_url(), links.seen()), (None, 2));
    assert!(page(&mut links, &json!({ "items": [] })).is_err(), "the list has ended");
    for (next, word) in [
        (json!("https://acme.example/api/v1/people?page=2"), "another server"),
        (json!("http://acme.example:8443/x"), "another server"),
        (json!("//elsewhere.example/x"), "another server"),
        (json!("?limit=2"), "read already"),
        (json!({}), "[paging] next"),
    ] {
        let error = page(&mut pager(""), &json!({ "items": [1], "next": next })).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol);
        assert!(error.message().contains(word), "{next}: {error}");
    }
}

#[test]
fn pages_are_counted_up_to_the_total_or_an_empty_one() {
    let mut counted =
        pager("[paging]\nstyle = \"page\"\ntotal = \"/meta/total\"\nfirst_page = 0\nsize_param = \"per\"\n");
    assert_eq!(query(&counted).as_deref(), Some("per=2&page=0"));
    page(&mut counted, &json!({ "items": [1, 2], "meta": { "total": 3 } })).unwrap();
    assert_eq!(query(&counted).as_deref(), Some("per=2&page=1"));
    page(&mut counted, &json!({ "items": [3], "meta": { "total": 3 } })).unwrap();
    assert_eq!((counted.next_url(), counted.total()), (None, Some(3)));

    let mut open = pager("[paging]\nstyle = \"page\"\n");
    page(&mut open, &json!({ "items": [1] })).unwrap();
    assert_eq!(query(&open).as_deref(), Some("limit=2&page=2"), "a short page is not the end");
    page(&mut open, &json!({ "items": [] })).unwrap();
    assert_eq!(open.next_url(), None);
}

#[test]
fn offsets_and_last_ids_lead_on_and_a_standstill_is_an_error() {
    let mut offset = pager("[paging]\nstyle = \"offset\"\nitems = \"\"\n");
    page(&mut offset, &json!([1, 2])).unwrap();
    assert_eq!(query(&offset).as_deref(), Some("limit=2&offset=2"));
    let error = page(&mut offset, &json!([1, 2])).unwrap_err();
    assert!(error.message().contains("same page again"), "{error}");

    let mut after = pager("[paging]\nstyle = \"after-id\"\n");
    assert_eq!(query(&after).as_deref(), Some("limit=2"));
    page(&mut after, &json!({ "items": [{ "id": 1 }, { "id": "b/2" }] })).unwrap();
    assert_eq!(query(&after).as_deref(), Some("limit=2&after=b%2F2"));
    page(&mut after, &json!({ "items": [] })).unwrap();
    assert_eq!(after.next_url(), None);

    let mut whole = pager("[paging]\nstyle = \"none\"\n");
    assert_eq!(query(&whole).as_deref(), Some(""));
    page(&mut whole, &json!({ "items": [1, 2, 3], "next": "/more" })).unwrap();
    assert_eq!(whole.next_url(), None);
}

#[test]
fn an_answer_without_items_names_the_setting() {
    let error = page(&mut pager(""), &json!({ "data": [] })).unwrap_err();
    assert_eq!(
        error.message(),
        "the answer of /api/v1/people has nothing instead of a list at /items: [paging] items of profile own.toml"
    );
    assert_eq!(pager("").with_page_size(500).next_url().unwrap().query(), Some("limit=500"));
}

#[test]
fn a_refusal_has_its_kind_by_name_and_shows_no_long_number() {
    let parts = http::Response::builder().status(400).body(()).unwrap().into_parts().0;
    let body = json!({ "type": "urn:acme:taken", "title": "Taken", "detail": "Card 12345678 is out", "field": "card",
        "current": { "id": 9 }, "heldBy": "desk", "retryAfterMs": 1500 });
    let error = built_in().problem(&parts, body.to_string().as_bytes());
    assert_eq!(
        (error.kind(), error.message(), error.status().unwrap().as_u16()),
        (ErrorKind::Duplicate, "somebody has it", 400)
    );
    assert_eq!(error.retry_after(), Some(std::time::Duration::from_millis(1500)));
    let problem = Problem::of(&error).unwrap();
    assert!(problem.is("taken") && problem.more("holder") == Some("9"));
    assert_eq!((problem.field.as_deref(), problem.held_by.as_deref()), (Some("card"), Some("desk")));
    assert_eq!(problem.to_string(), "the server says: Taken: Card **** is out");
    assert!(!format!("{error:?} {problem:?}").contains("12345678"));

    let elsewhere = own("[problem]\ntype = \"/error/code\"\ntitle = \"/error/text\"\n[values.problem]\ntaken = [17]\n");
    let body = json!({ "error": { "code": 17, "text": "belegt" } });
    assert_eq!(elsewhere.problem(&parts, body.to_string().as_bytes()).kind(), ErrorKind::Duplicate);
    for body in ["", "<html>", "[]", "{\"type\":\"about:blank\"}"] {
        assert_eq!(built_in().problem(&parts, body.as_bytes()).kind(), ErrorKind::Rejected, "{body}");
    }
}

#[test]
fn a_sample_shows_what_each_pointer_finds() {
    let answer = json!({ "items": [
        { "id": 7, "name": "Mira", "state": "paused", "groups": [{ "id": 1 }], "since": "2026-03-02T08:00:00Z" },
        { "id": 8, "state": "enabled", "age": {} }] });
    let sample = built_in().sample("person", &answer);
    assert_eq!(sample.items, 2);
    let row = |item, name: &str| {
        sample.rows.iter().find(|row| row.item == item && row.name == name).map(|row| row.text.as_str())
    };
    assert_eq!(row(1, "name"), Some("Mira"));
    assert_eq!(row(1, "state"), Some("paused (not in [values.state])"));
    assert_eq!((row(1, "groups"), row(1, "groups[0].group_id")), (Some("1 of them"), Some("1")));
    assert_eq!((row(1, "born"), row(1, "since")), (Some("-"), Some("2026-03-02T08:00:00+00:00")));
    let faults: Vec<_> = sample.faults.iter().map(|misfit| (misfit.name(), misfit.reason())).collect();
    assert_eq!(
        faults,
        [("age", "an object instead of a whole number".to_owned()), ("name", "nothing instead of a value".to_owned())]
    );
    for alone in [json!([{ "id": 1, "name": "x" }]), json!({ "id": 1, "name": "x" })] {
        assert!(built_in().sample("person", &alone).faults.is_empty());
    }
    assert_eq!(
        (built_in().object_of("persons"), built_in().object_of("person"), built_in().object_of("cars")),
        (Some("person"), Some("person"), None)
    );
}

proptest! {
    #[test]
    fn any_text_is_a_profile_or_has_faults(text in "(\\[[a-z.]{0,12}\\]\n|[a-z_]{1,8} = (\"[^\"]{0,12}\"|[0-9]{1,4}|\\[[^\\]]{0,8}\\])\n|.{0,12}\n){0,8}") {
        if let Err(invalid) = Profile::parse(&text, "f", &ACME) {
            prop_assert!(!invalid.faults().is_empty());
        }
    }

    #[test]
    fn any_answer_is_read_without_panic(text in ".{0,120}") {
        let parts = http::Response::builder().status(409).body(()).unwrap().into_parts().0;
        let _ = built_in().problem(&parts, text.as_bytes());
        if let Ok(value) = serde_json::from_str::<Value>(&text) {
            let _ = built_in().sample("person", &value);
            let _ = page(&mut pager(""), &value);
        }
    }
}
