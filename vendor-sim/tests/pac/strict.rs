use vendor_sim::pac::PacSim;

use crate::client::{Client, attribute, code};

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
