use base64::Engine;
use vendor_sim::graph::{GraphSim, Permission};

use crate::client::{Got, http, quiet, send};

async fn post(sim: &GraphSim, user: &str, kind: &str, body: String) -> Got {
    let url = format!("{}/v1.0/users/{user}/sendMail", sim.base_url());
    send(http().post(url).bearer_auth(sim.token()).header("Content-Type", kind).body(body)).await
}

#[tokio::test]
async fn a_mail_is_kept_as_it_was_before_encoding() {
    let sim = quiet().start().await.unwrap();
    let mime = "From: ada.quist@example.org\r\nSubject: Zürich\r\n\r\nYour PIN is 4711.\r\n";
    let encoded = base64::engine::general_purpose::STANDARD.encode(mime);
    let (first, rest) = encoded.split_at(40);
    let got = post(&sim, "ada.quist@example.org", "text/plain", format!("{first}\r\n{rest}")).await;
    assert_eq!((got.status, got.text.as_str()), (202, ""));
    let sent = sim.sent_mail();
    assert_eq!((sent.len(), sent[0].text().as_str(), sent[0].from.as_str()), (1, mime, "ada.quist@example.org"));

    let json = post(&sim, "ada.quist@example.org", "application/json", "{}".to_owned()).await;
    assert_eq!((json.status, json.code()), (400, "UnableToDeserializePostBody"));
    let bad = post(&sim, "ada.quist@example.org", "text/plain", "%%%".to_owned()).await;
    assert_eq!(bad.code(), "ErrorMimeContentInvalidBase64String");
    assert_eq!(post(&sim, "nobody@example.org", "text/plain", encoded.clone()).await.status, 404);
    sim.world(|world| world.deny_mailbox("ada.quist@example.org"));
    assert_eq!(post(&sim, "ada.quist@example.org", "text/plain", encoded.clone()).await.status, 403);
    sim.world(|world| {
        world.allow_mailbox("ada.quist@example.org");
        world.withdraw_consent(Permission::MailSend);
    });
    assert_eq!(post(&sim, "ada.quist@example.org", "text/plain", encoded).await.code(), "ErrorAccessDenied");
    assert_eq!(sim.sent_mail().len(), 1);
}
