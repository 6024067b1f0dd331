use chrono::TimeDelta;
use vendor_sim::pac::PacSim;

use crate::client::{Client, attribute, code, site};

const OPEN: &str = r#"<DoorOpen reader="11" seconds="5" operator="astrow:hr.admin" reason="Visitor"/>"#;
const KEY: &str = "3c5d1d5e-8a3d-4a57-9a3d-8f9e6f0a1c07";

#[tokio::test]
async fn a_door_opens_and_the_log_tells_of_it() {
    let sim = PacSim::builder().people(0).frozen(true).start().await.unwrap();
    let mut client = Client::new(&sim).await;
    let answer = client.write(OPEN).await;
    let command = attribute(&answer, "command");
    assert_eq!(attribute(&answer, "seconds"), "5");
    let events: Vec<_> = sim.world(|w| {
        w.events.stored().map(|(_, e)| (e.kind.clone(), e.command.unwrap().to_string(), e.operator.clone())).collect()
    });
    assert_eq!(
        events,
        [
            ("command.started".to_owned(), command.clone(), Some("astrow:hr.admin".to_owned())),
            ("command.done".to_owned(), command, None),
        ]
    );
    assert!(client.ask("<StatusGet/>").await.contains(r#"<DoorState door="6" position="closed" lock="released""#));
    sim.world(|w| w.clock.advance(TimeDelta::seconds(5)));
    assert!(client.ask("<StatusGet/>").await.contains(r#"<DoorState door="6" position="closed" lock="locked""#));
    let command = sim.world(|w| w.commands.clone());
    assert_eq!((command.len(), command[0].reader, command[0].reason.as_deref()), (1, 11, Some("Visitor")));
}

#[tokio::test]
async fn a_repeated_command_opens_once() {
    let (sim, mut client) = site(0).await;
    let first = client.write_with(KEY, OPEN).await.unwrap();
    let second = client.write_with(KEY, OPEN).await.unwrap();
    assert_eq!(attribute(&first, "command"), attribute(&second, "command"));
    sim.world(|w| w.clock.advance(TimeDelta::hours(1)));
    assert_eq!(code(&client.write_with(KEY, OPEN).await.unwrap()), 0);
    assert_eq!(sim.world(|w| w.commands.len()), 1);
}

#[tokio::test]
async fn commands_are_refused_with_reasons() {
    let (sim, mut client) = site(0).await;
    for (change, wanted) in
        [(("\"11\"", "\"77\""), 300), (("\"5\"", "\"0\""), 502), (("\"5\"", "\"61\""), 502), (("\"5\"", "\"x\""), 112)]
    {
        assert_eq!(code(&client.write(&OPEN.replace(change.0, change.1)).await), wanted, "{change:?}");
    }
    sim.world(|w| w.doors.get_mut(&6).unwrap().locked_down = true);
    assert_eq!(code(&client.write(OPEN).await), 502);
    assert!(sim.world(|w| w.events.is_empty() && w.commands.is_empty()));
}

#[tokio::test]
async fn a_command_that_waited_too_long_is_not_carried_out() {
    let (sim, mut client) = site(0).await;
    sim.fault("device-offline=2").unwrap();
    let offline = client.write_with(KEY, OPEN).await.unwrap();
    assert_eq!((code(&offline), attribute(&offline, "retry").as_str()), (500, "backoff"));
    sim.fault("device-online=2").unwrap();
    sim.world(|w| w.clock.advance(TimeDelta::seconds(11)));
    assert_eq!(code(&client.write_with(KEY, OPEN).await.unwrap()), 502);
    assert!(sim.world(|w| w.commands.is_empty()));
}

#[tokio::test]
async fn a_controller_that_does_not_answer_is_told_so() {
    let (sim, mut client) = site(0).await;
    sim.fault("device-timeout=2").unwrap();
    assert_eq!(code(&client.write(OPEN).await), 501);
    assert_eq!(sim.world(|w| w.event(2)).unwrap().kind, "command.failed");
}
