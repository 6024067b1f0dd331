use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use vendor_sim::graph::{Fault, FaultKind, GraphSim, Permission};

use crate::client::{Got, get, http, quiet, send};

async fn ask(sim: &GraphSim, url: &str, fields: &[(&str, &str)]) -> Got {
    let scope = format!("{}/.default", sim.base_url());
    let mut form = vec![("grant_type", "client_credentials"), ("scope", scope.as_str())];
    form.extend(fields);
    send(http().post(url).form(&form)).await
}

fn codes(got: &Got) -> (u16, &str, i64) {
    (got.status, got.json["error"].as_str().unwrap(), got.json["error_codes"][0].as_i64().unwrap())
}

#[tokio::test]
async fn the_secret_gives_a_token_that_graph_takes_until_it_expires() {
    let sim = quiet().start().await.unwrap();
    let (client, secret) = (sim.client_id(), sim.secret());
    let fields = [("client_id", client.as_str()), ("client_secret", secret.as_str())];
    let got = ask(&sim, &sim.token_url(), &fields).await;
    assert_eq!(
        (got.status, got.json["token_type"].as_str(), got.json["expires_in"].as_i64()),
        (200, Some("Bearer"), Some(3599))
    );
    let by_domain = format!("{}/{}/oauth2/v2.0/token", sim.authority(), sim.domain());
    assert_eq!(ask(&sim, &by_domain, &fields).await.status, 200);

    let token = got.json["access_token"].as_str().unwrap().to_owned();
    let rooms = || http().get(format!("{}/v1.0/places/microsoft.graph.room", sim.base_url())).bearer_auth(&token);
    assert_eq!(send(rooms()).await.status, 200);
    sim.world(|world| world.clock.advance(chrono::TimeDelta::seconds(3600)));
    let late = send(rooms()).await;
    assert_eq!((late.status, late.code()), (401, "InvalidAuthenticationToken"));
    assert_eq!(sim.request_counts()["POST /{tenant}/oauth2/v2.0/token"], 2);
}

#[tokio::test]
async fn each_wrong_sign_in_has_its_number() {
    let sim = quiet().start().await.unwrap();
    let (client, secret, url) = (sim.client_id(), sim.secret(), sim.token_url());
    let good = [("client_id", client.as_str()), ("client_secret", secret.as_str())];
    let wrong = ask(&sim, &url, &[good[0], ("client_secret", "guess")]).await;
    assert_eq!(codes(&wrong), (401, "invalid_client", 7_000_215));
    let text = wrong.json["error_description"].as_str().unwrap();
    assert!(text.starts_with("AADSTS7000215: ") && text.contains("\r\nTrace ID: ") && !wrong.text.contains("guess"));
    assert_eq!(codes(&ask(&sim, &url, &[good[0]]).await), (401, "invalid_client", 7_000_218));
    assert_eq!(codes(&ask(&sim, &url, &[("client_id", "x"), good[1]]).await), (400, "unauthorized_client", 700_016));
    for (tenant, number) in [("elsewhere.example", 90002), ("common", 9_001_023)] {
        let url = format!("{}/{tenant}/oauth2/v2.0/token", sim.authority());
        assert_eq!(codes(&ask(&sim, &url, &good).await), (400, "invalid_request", number));
    }
    for (scope, error, number) in [
        ("https://graph.microsoft.us/.default", "invalid_resource", 500_011),
        ("Place.Read.All", "invalid_scope", 1_002_012),
    ] {
        let form = [("grant_type", "client_credentials"), ("scope", scope), good[0], good[1]];
        assert_eq!(codes(&send(http().post(&url).form(&form)).await), (400, error, number));
    }
    sim.world(|world| world.app.disabled = true);
    assert_eq!(codes(&ask(&sim, &url, &good).await), (400, "unauthorized_client", 7_000_112));
    sim.world(|world| world.app.disabled = false);
    sim.world(vendor_sim::graph::World::expire_secrets);
    assert_eq!(codes(&ask(&sim, &url, &good).await), (401, "invalid_client", 7_000_222));
    sim.world(|world| world.switches.token_error = 53003);
    assert_eq!(codes(&ask(&sim, &url, &good).await), (400, "access_denied", 53003));
}

#[tokio::test]
async fn a_signed_assertion_counts_only_with_its_certificate_audience_and_time() {
    let sim = quiet().start().await.unwrap();
    let (certificate, key) = sim.add_certificate().unwrap();
    let der = sim.world(|world| world.app.certificates.last().unwrap().clone());
    assert!(certificate.starts_with("-----BEGIN CERTIFICATE-----"));
    let now = 1_772_442_000; // 2026-03-02T09:00:00Z
    let client = sim.client_id();
    let claims = json!({
        "aud": sim.token_url(), "iss": client, "sub": client, "jti": "one", "nbf": now, "iat": now, "exp": now + 600,
    });
    let url = sim.token_url();
    let attempt = async |algorithm, changes: Value| {
        let mut header = Header::new(algorithm);
        header.x5t_s256 = Some(thumbprint(&der));
        let mut claims = claims.clone();
        claims.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        let signed = encode(&header, &claims, &EncodingKey::from_rsa_pem(key.as_bytes()).unwrap()).unwrap();
        let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
        let client = sim.client_id();
        let fields =
            [("client_id", client.as_str()), ("client_assertion_type", kind), ("client_assertion", signed.as_str())];
        ask(&sim, &url, &fields).await
    };
    assert_eq!(attempt(Algorithm::PS256, json!({})).await.status, 200);
    assert_eq!(codes(&attempt(Algorithm::RS256, json!({})).await).2, 700_027);
    assert_eq!(codes(&attempt(Algorithm::PS256, json!({ "aud": "https://elsewhere.example" })).await).2, 700_023);
    assert_eq!(codes(&attempt(Algorithm::PS256, json!({ "exp": now + 3600 })).await).2, 700_024);
    assert_eq!(codes(&attempt(Algorithm::PS256, json!({ "nbf": now - 900, "exp": now - 600 })).await).2, 700_024);
    sim.world(|world| world.app.certificates.clear());
    assert_eq!(codes(&attempt(Algorithm::PS256, json!({})).await), (401, "invalid_client", 700_027));
}

fn thumbprint(der: &[u8]) -> String {
    use base64::Engine;
    use sha2::{Digest, Sha256};
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(Sha256::digest(der))
}

#[tokio::test]
async fn the_token_endpoint_can_be_down_and_odd() {
    let sim = quiet().with_switches(|switches| switches.expires_in_text = true).start().await.unwrap();
    let (client, secret, url) = (sim.client_id(), sim.secret(), sim.token_url());
    let good = [("client_id", client.as_str()), ("client_secret", secret.as_str())];
    assert_eq!(ask(&sim, &url, &good).await.json["expires_in"], "3599");
    sim.add_fault(Fault::on("POST", "*/oauth2/v2.0/token", FaultKind::Error).status(503).retry_after("7"));
    let down = ask(&sim, &url, &good).await;
    assert_eq!((codes(&down), down.header("retry-after")), ((503, "temporarily_unavailable", 90033), "7"));
    sim.world(|world| world.switches.token_html = true);
    let down = ask(&sim, &url, &good).await;
    assert_eq!((down.status, down.header("content-type")), (503, "text/html"));
}

#[tokio::test]
async fn a_token_without_consent_is_given_and_refused_by_graph() {
    let sim = quiet().start().await.unwrap();
    sim.world(|world| world.withdraw_consent(Permission::PlaceReadAll));
    let rooms = get(&sim, "/places/microsoft.graph.room").await;
    assert_eq!((rooms.status, rooms.code()), (403, "Authorization_RequestDenied"));
    let path = crate::client::week("quay1@example.org");
    assert_eq!(get(&sim, &path).await.status, 200);
    sim.world(|world| world.withdraw_consent(Permission::CalendarsReadBasicAll));
    assert_eq!(get(&sim, &path).await.code(), "ErrorAccessDenied");
    sim.world(|world| world.grant(Permission::CalendarsRead));
    assert_eq!(get(&sim, &path).await.status, 200);
    let revoked = sim.token();
    sim.world(vendor_sim::graph::World::revoke_tokens);
    let url = format!("{}/v1.0/places/microsoft.graph.room", sim.base_url());
    assert_eq!(send(http().get(&url).bearer_auth(revoked)).await.status, 401);
    let bare = send(http().get(&url).header("client-request-id", "mine")).await;
    assert_eq!((bare.status, bare.header("client-request-id")), (401, "mine"));
    assert_eq!(bare.json["error"]["innerError"]["client-request-id"], "mine");
    assert_eq!(bare.json["error"]["innerError"]["request-id"], bare.header("request-id"));
}
