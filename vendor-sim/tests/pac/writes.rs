use chrono::TimeDelta;
use vendor_sim::pac::{Credential, Grant, PacSim, Person};

use crate::client::{Client, attribute, code, site};

fn put(mode: &str, person: &str) -> String {
    format!(r#"<PersonPut mode="{mode}"><Person {person}</Person></PersonPut>"#)
}

const TEO: &str = r#"ext="astrow:1077" first="Teo" last="Marchetti" active="true" from="2026-03-02T00:00:00+01:00"><Credential type="pac-prox" number="8E4C0B77" state="active"/>"#;

#[tokio::test]
async fn a_created_person_gets_an_id_an_origin_and_the_default_group() {
    let (sim, mut client) = site(3).await;
    let answer = client.write(&put("create", TEO)).await;
    assert!(answer.contains(r#"<Saved id="104" rev="1" created="true" changed="true"/>"#), "{answer}");
    let teo = sim.world(|w| w.people.with_ext("astrow:1077").cloned()).unwrap();
    assert_eq!((teo.created_by.as_str(), teo.groups.as_slice()), ("oem:head-office-bridge", &[Grant::of(1)][..]));
    let change = sim.world(|w| w.changes.get(1).cloned()).unwrap();
    assert_eq!((change.op.name(), change.id, change.rev), ("created", 104, Some(1)));
    assert_eq!((change.origin.as_str(), change.ext.as_deref()), ("oem:head-office-bridge", Some("astrow:1077")));
    let again = client.write(&put("create", TEO)).await;
    assert_eq!((code(&again), attribute(&again, "path").as_str()), (301, "PersonPut/Person/@ext"));
}

#[tokio::test]
async fn a_put_replaces_the_whole_and_one_that_changes_nothing_counts_for_nothing() {
    let (sim, mut client) = site(0).await;
    client.write(&put("upsert", TEO)).await;
    let same = client.write(&put("upsert", &TEO.replace("<Credential", r#"<Group id="1"/><Credential"#))).await;
    assert!(same.contains(r#"<Saved id="101" rev="1" created="false" changed="false"/>"#), "{same}");
    let other = client.write(&put("update", r#"id="101" first="Teodoro" active="false">"#)).await;
    assert!(other.contains(r#"<Saved id="101" rev="2" created="false" changed="true"/>"#), "{other}");
    let teo = sim.world(|w| w.people[&101].clone());
    assert!(teo.last.is_none() && teo.ext.is_none() && teo.groups.is_empty() && teo.credentials.is_empty());
    assert_eq!(sim.world(|w| w.changes.len()), 2);
}

#[tokio::test]
async fn an_update_names_who_is_there() {
    let (_sim, mut client) = site(1).await;
    for (mode, person, wanted) in [
        ("update", r#"first="A" active="true">"#, 306),
        ("update", r#"id="999" first="A" active="true">"#, 300),
        ("update", r#"ext="x" first="A" active="true">"#, 300),
        ("create", r#"id="101" first="A" active="true">"#, 307),
        ("upsert", r#"id="101" rev="9" first="A" active="true">"#, 307),
        ("upsert", r#"id="101" createdBy="oem:me" first="A" active="true">"#, 307),
        ("upsert", r#"id="101" rev="1" createdBy="system:seed" first="A" active="true">"#, 0),
        ("replace", r#"id="101" first="A" active="true">"#, 112),
    ] {
        assert_eq!(code(&client.write(&put(mode, person)).await), wanted, "{mode} {person}");
    }
}

#[tokio::test]
async fn a_person_that_is_not_right_is_refused_with_the_place() {
    let (_sim, mut client) = site(1).await;
    let many = |child: &str, count: u32| (1..=count).map(|n| child.replace('#', &n.to_string())).collect::<String>();
    let cases = [
        (r#"active="true">"#.to_owned(), 112, "/@first"),
        (r#"first=" " active="true">"#.to_owned(), 306, "/@first"),
        (r#"first="A">"#.to_owned(), 112, "/@active"),
        (r#"first="A" active="yes">"#.to_owned(), 112, "/@active"),
        (format!(r#"first="{}" active="true">"#, "é".repeat(65)), 306, "/@first"),
        (r#"first="A" active="true" from="2026-03-02T00:00:00">"#.to_owned(), 112, "/@from"),
        (
            r#"first="A" active="true" from="2026-03-02T00:00:00Z" until="2026-03-01T00:00:00Z">"#.to_owned(),
            306,
            "/@until",
        ),
        (r#"first="A" active="true"><Group id="77"/>"#.to_owned(), 302, "/Group/@id"),
        (r#"first="A" active="true"><Group id="1"/><Group id="1"/>"#.to_owned(), 306, "/Group/@id"),
        (format!(r#"first="A" active="true">{}"#, many(r##"<Group id="#"/>"##, 33)), 309, "/Group"),
        (
            format!(
                r#"first="A" active="true">{}"#,
                many(r##"<Credential type="wiegand26" number="#" facility="9" state="active"/>"##, 17)
            ),
            309,
            "/Credential",
        ),
        (
            r#"first="A" active="true"><Credential type="pac-prox" number="123" state="active"/>"#.to_owned(),
            305,
            "/Credential/@number",
        ),
        (
            r#"first="A" active="true"><Credential type="pac-prox" number="12345678" state="gone"/>"#.to_owned(),
            112,
            "/Credential/@state",
        ),
        (r#"first="A" active="true"><Field n="21" value="x"/>"#.to_owned(), 112, "/Field/@n"),
    ];
    for (person, wanted, path) in cases {
        let answer = client.write(&put("create", &person)).await;
        assert_eq!(
            (code(&answer), attribute(&answer, "path")),
            (wanted, format!("PersonPut/Person{path}")),
            "{person}"
        );
    }
}

#[tokio::test]
async fn a_repeated_key_gives_the_stored_answer_and_writes_nothing() {
    let (sim, mut client) = site(0).await;
    let key = "0d4f9e52-7a1c-4c0e-8f0e-5b0a6f6f2b11";
    let create = put("create", TEO);
    let strip = |answer: String| answer.split_once("status").unwrap().1.to_owned();
    let first = strip(client.write_with(key, &create).await.unwrap());
    // Another connection, another order of attributes: the same request.
    let other = create.replace(r#"first="Teo" last="Marchetti""#, r#"last="Marchetti" first="Teo""#);
    let mut again = Client::greeted(&sim, &sim.add_client("Other bridge").unwrap()).await;
    assert_eq!(code(&again.write_with(key, &other).await.unwrap()), 301, "keys are the client's own");
    assert_eq!(strip(client.write_with(key, &other).await.unwrap()), first);
    assert_eq!(sim.world(|w| (w.people.len(), w.changes.len())), (1, 1));
    assert!(sim.requests().last().unwrap().replayed);
    assert_eq!(code(&client.write_with(key, &put("create", r#"first="Else" active="true">"#)).await.unwrap()), 310);
    sim.world(|w| w.clock.advance(TimeDelta::hours(24)));
    assert_eq!(code(&client.write_with(key, &create).await.unwrap()), 301, "after a day the key is forgotten");
}

#[tokio::test]
async fn a_write_needs_a_key_in_its_form() {
    let (_sim, mut client) = site(0).await;
    let answer = client.ask(&put("create", TEO)).await;
    assert_eq!((code(&answer), attribute(&answer, "path").as_str()), (112, "Request/@key"));
    for key in ["7", "0D4F9E52-7A1C-4C0E-8F0E-5B0A6F6F2B11", "0d4f9e527a1c4c0e8f0e5b0a6f6f2b11"] {
        assert_eq!(code(&client.write_with(key, &put("create", TEO)).await.unwrap()), 112, "{key}");
    }
}

#[tokio::test]
async fn a_server_without_idempotency_does_it_again() {
    let sim = PacSim::builder().people(0).without("idempotency").start().await.unwrap();
    let mut client = Client::new(&sim).await;
    let key = "0d4f9e52-7a1c-4c0e-8f0e-5b0a6f6f2b11";
    for _ in 0..2 {
        assert_eq!(code(&client.write_with(key, &put("create", r#"first="A" active="true">"#)).await.unwrap()), 0);
    }
    assert_eq!(sim.world(|w| w.people.len()), 2);
}

#[tokio::test]
async fn a_stale_revision_is_told_with_the_current_one() {
    let (sim, mut client) = site(1).await;
    sim.world(|w| w.edit_person(101, |p| p.first = "Other".to_owned()));
    for body in [
        r#"<PersonState id="101" active="false" ifRev="1"/>"#,
        r#"<PersonDelete id="101" ifRev="1"/>"#,
        r#"<GroupsSet person="101" ifRev="1"/>"#,
        r#"<CredentialSet person="101" move="false" ifRev="1"><Credential type="pac-prox" number="00000000" state="active"/></CredentialSet>"#,
        r#"<CredentialRemove person="101" type="pac-prox" number="00000000" ifRev="1"/>"#,
        r#"<PersonPut mode="upsert" ifRev="1"><Person id="101" first="A" active="true"/></PersonPut>"#,
    ] {
        let answer = client.write(body).await;
        assert_eq!((code(&answer), attribute(&answer, "rev").as_str()), (303, "2"), "{body}");
    }
    assert_eq!(code(&client.write(r#"<PersonState id="101" active="false" ifRev="2"/>"#).await), 0);
}

#[tokio::test]
async fn state_and_groups_are_replaced_alone() {
    let (sim, mut client) = site(1).await;
    let before = sim.world(|w| w.people[&101].clone());
    let answer =
        client.write(r#"<PersonState id="101" active="false" until="2026-03-31T23:59:59+02:00" ifRev="1"/>"#).await;
    assert!(answer.contains(r#"<Saved id="101" rev="2" created="false" changed="true"/>"#));
    client.write(r#"<GroupsSet person="101"><Group id="4" until="2026-09-30T23:59:59+02:00"/></GroupsSet>"#).await;
    let after = sim.world(|w| w.people[&101].clone());
    assert_eq!(after.until.unwrap().to_rfc3339(), "2026-03-31T21:59:59+00:00");
    assert_eq!((after.groups.len(), after.groups[0].group, after.rev), (1, 4, 3));
    let same_else = Person { active: true, until: None, groups: before.groups.clone(), rev: 1, ..after };
    assert_eq!(same_else, before);
    client.write(r#"<GroupsSet person="101"/>"#).await;
    assert!(sim.world(|w| w.people[&101].groups.is_empty()));
    assert_eq!(code(&client.write(r#"<GroupsSet person="101"><Group id="9"/></GroupsSet>"#).await), 302);
    assert_eq!(code(&client.write(r#"<GroupsSet person="7"/>"#).await), 300);
    assert_eq!(code(&client.write(r#"<PersonState id="7" active="true"/>"#).await), 300);
}

#[tokio::test]
async fn a_deleted_person_is_gone_for_good() {
    let (sim, mut client) = site(2).await;
    let key = sim.world(|w| w.people[&102].credentials[0].key.clone());
    assert!(client.write(r#"<PersonDelete id="102"/>"#).await.contains(r#"<Deleted id="102" existed="true"/>"#));
    assert!(client.write(r#"<PersonDelete id="102"/>"#).await.contains(r#"<Deleted id="102" existed="false"/>"#));
    let facility = key.facility().map_or(String::new(), |f| format!(r#" facility="{f}""#));
    let put = put(
        "create",
        &format!(
            r#"first="New" active="true"><Credential type="{}" number="{}"{facility} state="active"/>"#,
            key.kind(),
            key.number()
        ),
    );
    let answer = client.write(&put).await;
    assert_eq!(attribute(&answer, "id"), "103", "{answer}");
    assert_eq!(sim.world(|w| w.changes.get(1).map(|c| (c.op.name(), c.id, c.rev))), Some(("deleted", 102, None)));
}

#[tokio::test]
async fn a_credential_belongs_to_one_person_unless_it_is_moved() {
    let (sim, mut client) = site(0).await;
    let key = "wiegand26:77-40377".parse().unwrap();
    let person = |credentials| Person { first: "A".to_owned(), active: true, credentials, ..Person::default() };
    sim.world(|w| {
        w.add_person(person(vec![Credential::of(key)]));
        w.add_person(person(Vec::new()))
    });
    let set = |moving: bool, state: &str| {
        format!(
            r#"<CredentialSet person="102" move="{moving}"><Credential type="wiegand26" number="40377" facility="77" state="{state}"/></CredentialSet>"#
        )
    };
    let refused = client.write(&set(false, "active")).await;
    assert_eq!((code(&refused), attribute(&refused, "holder").as_str()), (304, "person:101"));
    let in_put = client.write(&put("update", r#"id="102" first="A" active="true"><Credential type="wiegand26" number="40377" facility="77" state="active"/>"#)).await;
    assert_eq!(code(&in_put), 304);
    let moved = client.write(&set(true, "active")).await;
    assert!(moved.contains(r#"<Saved id="102" rev="2" created="false" changed="true"/>"#), "{moved}");
    let changes: Vec<_> = sim.world(|w| w.changes.stored().map(|(_, c)| (c.op.name(), c.id, c.rev)).collect());
    assert_eq!(changes[2..], [("updated", 101, Some(2)), ("updated", 102, Some(2))]);
    // The same again changes nothing; another state changes it.
    assert!(client.write(&set(false, "active")).await.contains(r#"changed="false""#));
    assert!(client.write(&set(false, "lost")).await.contains(r#"rev="3""#));
    let remove = r#"<CredentialRemove person="102" type="wiegand26" number="40377" facility="77"/>"#;
    assert!(client.write(remove).await.contains(r#"changed="true""#));
    assert!(client.write(remove).await.contains(r#"changed="false""#));
    assert_eq!(code(&client.write(&remove.replace("102", "7")).await), 300);
    assert_eq!(code(&client.write(&remove.replace(" facility=\"77\"", "")).await), 305);
}

#[tokio::test]
async fn an_ext_belongs_to_one_person() {
    let (_sim, mut client) = site(1).await;
    client.write(&put("create", TEO)).await;
    let answer = client.write(&put("update", r#"id="101" ext="astrow:1077" first="A" active="true">"#)).await;
    assert_eq!((code(&answer), attribute(&answer, "holder").as_str()), (301, "person:102"));
    // By id or else by ext.
    let answer = client.write(&put("upsert", r#"id="999" ext="astrow:1077" first="A" active="true">"#)).await;
    assert_eq!(attribute(&answer, "id"), "102");
}

#[tokio::test]
async fn records_may_be_locked_read_only_or_too_many() {
    let (sim, mut client) = site(2).await;
    sim.fault("lock-person=101").unwrap();
    let state = r#"<PersonState id="101" active="false"/>"#;
    let locked = client.write(state).await;
    assert_eq!((code(&locked), attribute(&locked, "holder").as_str()), (308, "Security desk on PC-04"));
    assert_eq!(attribute(&locked, "retryAfterMs"), "1000");
    sim.fault("unlock-person=101").unwrap();
    assert_eq!(code(&client.write(state).await), 0);
    sim.world(|w| {
        w.edit_person(102, |p| p.read_only = true);
        w.licensed_people = Some(2);
    });
    assert_eq!(code(&client.write(r#"<PersonDelete id="102"/>"#).await), 307);
    assert_eq!(code(&client.write(&put("create", TEO)).await), 309);
}

#[tokio::test]
async fn a_booking_is_taken_once() {
    let (sim, mut client) = site(1).await;
    let booking = r#"<BookingPut><Booking key="b-1" person="101" time="2026-03-02T08:00:00+01:00" direction="in" terminal="T1" mc="1"/></BookingPut>"#;
    for _ in 0..2 {
        assert!(client.write(booking).await.contains("<Done/>"));
    }
    let taken = sim.world(|w| w.bookings.clone());
    assert_eq!(taken.len(), 1);
    assert_eq!(
        (taken[0].person, taken[0].terminal.as_deref(), taken[0].origin.as_str()),
        (101, Some("T1"), "oem:head-office-bridge")
    );
    assert_eq!(code(&client.write(&booking.replace("b-1", "b-2").replace("101", "7")).await), 300);
    assert_eq!(code(&client.write(&booking.replace("b-1", &"b".repeat(65))).await), 306);
    assert_eq!(code(&client.write(&booking.replace("\"in\"", "\"up\"")).await), 112);
    let sim = PacSim::builder().without("bookings.write").start().await.unwrap();
    assert_eq!(code(&Client::new(&sim).await.write(booking).await), 503);
}
