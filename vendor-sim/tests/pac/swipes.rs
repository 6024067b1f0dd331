use chrono::{DateTime, TimeDelta, Utc};
use vendor_sim::pac::{AccessGroup, Credential, CredentialKey, CredentialState, Grant, PacSim, Person, Who};

use crate::client::site;

type Edit = dyn Fn(&mut Person, DateTime<Utc>);

fn frozen() -> PacSim {
    PacSim::builder().people(0).frozen(true).start_blocking().unwrap()
}

fn key() -> CredentialKey {
    "pac-prox:8E4C0A1F".parse().unwrap()
}

fn mira(sim: &PacSim, change: impl FnOnce(&mut Person)) -> u32 {
    sim.world(|w| {
        let mut person = Person {
            first: "Mira".to_owned(),
            ext: Some("astrow:1042".to_owned()),
            active: true,
            credentials: vec![Credential::of(key())],
            ..Person::default()
        };
        change(&mut person);
        w.add_person(person)
    })
}

#[test]
fn who_may_come_in_does_and_it_is_told() {
    let sim = frozen();
    let id = mira(&sim, |_| ());
    let swiped = sim.swipe(11, key(), None);
    assert_eq!((swiped.seq, swiped.denied), (Some(1), None));
    let event = sim.world(|w| w.event(1)).unwrap();
    assert_eq!((event.kind.as_str(), event.severity.as_str()), ("access.granted", "success"));
    assert_eq!((event.person, event.ext.as_deref(), event.credential), (Some(id), Some("astrow:1042"), Some(key())));
    assert_eq!((event.reader, event.door, event.controller), (Some(11), Some(6), Some(2)));
}

#[test]
fn the_reason_follows_from_the_records() {
    let day = TimeDelta::days(1);
    let cases: [(&str, Option<&str>, Box<Edit>); 12] = [
        ("lost", Some("credential-lost"), Box::new(|p, _| p.credentials[0].state = CredentialState::Lost)),
        (
            "suspended",
            Some("credential-not-enabled"),
            Box::new(|p, _| p.credentials[0].state = CredentialState::Suspended),
        ),
        ("not yet", Some("credential-not-active"), Box::new(move |p, now| p.credentials[0].from = Some(now + day))),
        ("no more", Some("credential-expired"), Box::new(move |p, now| p.credentials[0].until = Some(now - day))),
        ("inactive", Some("person-inactive"), Box::new(|p, _| p.active = false)),
        ("to come", Some("person-inactive"), Box::new(move |p, now| p.from = Some(now + day))),
        ("left", Some("person-inactive"), Box::new(move |p, now| p.until = Some(now - day))),
        ("up to now", None, Box::new(move |p, now| (p.from, p.until) = (Some(now), Some(now)))),
        ("unknown group", Some("unauthorized"), Box::new(|p, _| p.groups = vec![Grant::of(99)])),
        (
            "group ended",
            Some("not-permitted-at-this-time"),
            Box::new(move |p, now| p.groups = vec![Grant { until: Some(now - day), ..Grant::of(1) }]),
        ),
        ("other credential", Some("unknown-credential"), Box::new(|p, _| p.credentials.clear())),
        ("all well", None, Box::new(|_, _| ())),
    ];
    for (name, wanted, change) in cases {
        let sim = frozen();
        let now = sim.world(|w| w.now());
        mira(&sim, |p| change(p, now));
        assert_eq!(sim.swipe(11, key(), None).denied, wanted, "{name}");
        let event = sim.world(|w| w.event(1)).unwrap();
        assert_eq!((event.reason.as_deref(), event.severity == "warning"), (wanted, wanted.is_some()), "{name}");
    }
}

#[test]
fn a_group_opens_its_readers_alone() {
    let sim = frozen();
    let id = mira(&sim, |p| p.groups = vec![Grant::of(1)]);
    assert_eq!(sim.swipe(15, id, None).denied, Some("unauthorized"));
    sim.world(|w| {
        w.put_group(AccessGroup {
            id: 5,
            name: "Servers".to_owned(),
            enabled: true,
            readers: vec![15],
            ..AccessGroup::default()
        });
        w.edit_person(id, |p| p.groups.push(Grant::of(5)));
    });
    assert_eq!(sim.swipe(15, id, None).denied, None);
    sim.world(|w| {
        let mut group = w.groups[&5].clone();
        group.enabled = false;
        w.put_group(group);
    });
    assert_eq!(sim.swipe(15, id, None).denied, Some("unauthorized"));
}

#[test]
fn a_person_shows_the_credential_that_works() {
    let sim = frozen();
    let id = mira(&sim, |p| {
        p.credentials[0].state = CredentialState::Lost;
        p.credentials.push(Credential::of("oneprox:04A1B2C3".parse().unwrap()));
    });
    assert_eq!(sim.swipe(11, id, None).denied, None);
    assert_eq!(sim.world(|w| w.event(1)).unwrap().credential.unwrap().to_string(), "oneprox:04A1B2C3");
    assert_eq!(sim.swipe(11, Who::Person(7), None).denied, Some("unknown-credential"));
}

#[test]
fn events_may_come_late_or_at_a_given_time() {
    let sim = frozen();
    let id = mira(&sim, |_| ());
    let now = sim.world(|w| w.now());
    sim.fault("late-events=90").unwrap();
    sim.swipe(11, id, None);
    sim.swipe(11, id, Some(now - TimeDelta::days(2)));
    let times: Vec<_> = sim.world(|w| w.events.stored().map(|(_, e)| (now - e.time, now - e.received)).collect());
    assert_eq!(times, [(TimeDelta::minutes(90), TimeDelta::zero()), (TimeDelta::days(2), TimeDelta::zero())]);
}

#[test]
fn a_controller_off_line_keeps_its_events() {
    let sim = frozen();
    let id = mira(&sim, |_| ());
    let then = sim.world(|w| w.now());
    sim.fault("device-offline=2").unwrap();
    assert_eq!(sim.swipe(11, id, None).seq, None);
    sim.world(|w| w.clock.advance(TimeDelta::hours(3)));
    sim.fault("device-online=2").unwrap();
    let events: Vec<_> = sim.world(|w| w.events.stored().map(|(_, e)| (e.kind.clone(), e.time)).collect());
    let later = then + TimeDelta::hours(3);
    let wanted = [("device.offline", then), ("device.online", later), ("access.granted", then)];
    assert_eq!(events, wanted.map(|(kind, time)| (kind.to_owned(), time)));
    assert_eq!(sim.world(|w| w.event(3)).unwrap().received, later);
}

#[tokio::test]
async fn status_shows_what_is_up() {
    let (sim, mut client) = site(0).await;
    let status = client.ask("<StatusGet/>").await;
    assert!(status.contains(r#"<ControllerState id="2" online="true" since=""#), "{status}");
    assert!(status.contains(r#"<DoorState door="8" position="closed" lock="locked" alarm="none"/>"#));
    sim.world(|w| {
        let door = w.doors.get_mut(&8).unwrap();
        door.open = true;
        "held".clone_into(&mut door.alarm);
    });
    assert!(
        client
            .ask("<StatusGet/>")
            .await
            .contains(r#"<DoorState door="8" position="open" lock="locked" alarm="held"/>"#)
    );
    sim.fault("device-offline=2").unwrap();
    let status = client.ask("<StatusGet/>").await;
    assert!(
        status.contains(r#"online="false""#) && status.contains(r#"position="unknown" lock="unknown""#),
        "{status}"
    );
}
