use std::io::Write;
use std::process::{Command, Stdio};

use vendor_sim::pac::{Credential, PacSim, Person};

use crate::client::{Client, HELLO, attribute, code};

#[tokio::test]
async fn strict_mode_holds_requests_against_the_schema() {
    let sim = PacSim::builder().strict(true).people(1).start().await.unwrap();
    let mut client = Client::new(&sim).await;
    assert_eq!(code(&client.ask(r#"<PersonGet id="101"/>"#).await), 0);
    // Others would ignore what is not in the schema.
    let answer = client.ask(r#"<PersonGet id="101" colour="red"/>"#).await;
    assert_eq!((code(&answer), attribute(&answer, "path").as_str()), (112, "PersonGet"));
    assert!(answer.contains("colour"), "{answer}");
    assert_eq!(code(&client.ask("<StatusGet><More/></StatusGet>").await), 112);
    let booking =
        r#"<BookingPut><Booking key="b-1" person="101" time="2026-03-02T08:00:00+01:00" direction="in"/></BookingPut>"#;
    assert_eq!(code(&client.write(booking).await), 0);
    assert_eq!(code(&client.write(&booking.replace("direction=\"in\"", "")).await), 112);
}

/// What the schema has against a document.
fn complaint(document: &str) -> Option<String> {
    let schema = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/pac/oem1.xsd");
    let mut child = Command::new("xmllint")
        .args(["--noout", "--nonet", "--schema", schema, "-"])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(document.as_bytes()).unwrap();
    let done = child.wait_with_output().unwrap();
    (!done.status.success()).then(|| String::from_utf8_lossy(&done.stderr).into_owned())
}

#[tokio::test]
async fn what_the_server_sends_fits_the_schema() {
    let sim = PacSim::builder().people(40).events(5).start().await.unwrap();
    let epoch = sim.world(|w| {
        let mut person = Person {
            first: "Zoë & \"Łuk\" 🦊\u{7}".to_owned(),
            ext: Some("astrow:1".to_owned()),
            email: Some("zoe@example.org".to_owned()),
            active: true,
            until: Some(w.now()),
            credentials: vec![Credential::of("wiegand26:0-0".parse().unwrap())],
            ..Person::default()
        };
        person.fields.insert(20, "x".to_owned());
        w.add_person(person);
        w.epoch
    });
    sim.swipe(15, 141, None);
    let mut client = Client::connect(&sim, &sim.add_client("Head office bridge").unwrap()).await;
    let mut sent = vec![client.ask(HELLO).await];
    for body in [
        r#"<Ping t="2026-03-02T07:58:31.300+01:00"/>"#,
        "<DefinitionsGet/>",
        "<StatusGet/>",
        r#"<PersonList size="10" active="all"/>"#,
        r#"<PersonGet ext="astrow:1"/>"#,
        r#"<PersonGet id="999"/>"#,
        &format!(r#"<LogRead stream="events" epoch="{epoch}" after="0" max="100"/>"#),
        &format!(r#"<LogRead stream="changes" epoch="{epoch}" after="0" max="100"/>"#),
        &format!(r#"<LogRead stream="events" epoch="{epoch}" after="999" max="100"/>"#),
        &format!(r#"<Subscribe stream="events" epoch="{epoch}" after="0" window="100"/>"#),
    ] {
        sent.push(client.ask(body).await);
    }
    for body in [
        r#"<PersonState id="141" active="false" ifRev="1"/>"#,
        r#"<PersonState id="141" active="true" ifRev="1"/>"#,
        r#"<PersonDelete id="141"/>"#,
        r#"<DoorOpen reader="11" seconds="5" operator="x"/>"#,
        r#"<BookingPut><Booking key="b" person="101" time="2026-03-02T08:00:00Z" direction="none"/></BookingPut>"#,
    ] {
        sent.push(client.write(body).await);
    }
    sent.push(client.notice().await.unwrap());
    sim.new_epoch();
    while let Some(notice) = client.notice().await {
        sent.push(notice);
    }
    assert!(sent.iter().any(|frame| frame.contains("command.done")) && sent.last().unwrap().contains("<Closing "));
    for frame in sent {
        assert_eq!(complaint(&frame), None, "{frame}");
    }
}
