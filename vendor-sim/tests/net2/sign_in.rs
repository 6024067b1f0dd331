use chrono::TimeDelta;
use serde_json::{Value, json};
use vendor_sim::net2::{Licence, Net2Sim};

use crate::client::{Api, options};

fn refresh_form(api: &Api, token: &Value, scope: bool) -> Vec<(&'static str, String)> {
    let mut form = vec![
        ("grant_type", "refresh_token".to_owned()),
        ("client_id", api.sim.client_id().to_owned()),
        ("refresh_token", token.as_str().unwrap().to_owned()),
    ];
    if scope {
        form.push(("scope", "offline_access".to_owned()));
    }
    form
}

#[tokio::test]
async fn the_answer_has_the_documented_fields() {
    let api = Api::signed_out(options()).await;
    let (status, body) = api.tokens(&api.password_form()).await;
    assert_eq!(status, 200);
    assert_eq!(body["token_type"], "bearer");
    assert_eq!(body["expires_in"], 1800);
    assert_eq!(body["expiry_datetime"], "2027-03-01T09:30:00.0000000Z");
    assert_eq!(body["refresh_token"].as_str().unwrap().len(), 32);
    assert_eq!(body["access_token"].as_str().unwrap().split('.').count(), 3);
    let mut form = api.password_form();
    form.retain(|(name, _)| *name != "scope");
    assert_eq!(api.tokens(&form).await.1.get("refresh_token"), None);
}

#[tokio::test]
async fn a_json_body_is_accepted_too() {
    let api = Api::signed_out(options()).await;
    let body: serde_json::Map<String, Value> =
        api.password_form().into_iter().map(|(name, value)| (name.to_owned(), json!(value))).collect();
    let (status, body) = api.post("authorization/tokens", Value::Object(body)).await;
    assert_eq!(status, 200, "{body}");
}

#[tokio::test]
async fn wrong_client_and_wrong_password_are_told_apart() {
    let api = Api::signed_out(options()).await;
    let with = |name: &str, value: &str| {
        let mut form = api.password_form();
        form.iter_mut().find(|(known, _)| *known == name).unwrap().1 = value.to_owned();
        form
    };
    let (status, body) = api.tokens(&with("client_id", "something")).await;
    assert_eq!((status, &body["error"]), (400, &json!("invalid_client")));
    assert_eq!(api.tokens(&with("password", "x")).await.0, 401);
    assert_eq!(api.tokens(&with("username", "Nobody")).await.0, 401);
    assert_eq!(api.tokens(&with("grant_type", "magic")).await.0, 400);
}

#[tokio::test]
async fn a_licence_counts_only_after_a_restart() {
    let api = Api::signed_out(options()).await;
    let secret = Some("s3".to_owned());
    api.sim.world(|w| w.licences.insert("new".into(), Licence { secret, waits_for_restart: true }));
    let mut form = api.password_form();
    form.iter_mut().find(|(name, _)| *name == "client_id").unwrap().1 = "new".to_owned();
    form.push(("client_secret", "s3".to_owned()));
    assert_eq!(api.tokens(&form).await.0, 400);
    api.sim.restart(std::time::Duration::ZERO);
    let api = Api { http: reqwest::Client::new(), ..api };
    assert_eq!(api.tokens(&form).await.0, 200);
    form.pop();
    assert_eq!(api.tokens(&form).await.0, 400);
}

#[tokio::test]
async fn tokens_end_after_thirty_minutes() {
    let mut api = Api::new().await;
    assert_eq!(api.get("doors").await.0, 200);
    api.sim.world(|w| w.clock.advance(TimeDelta::minutes(30)));
    let (status, body) = api.get("doors").await;
    assert_eq!(status, 401);
    assert!(body["Message"].is_string());
    api.sign_in().await;
    assert_eq!(api.get("doors").await.0, 200);
    "x".clone_into(&mut api.token);
    assert_eq!(api.get("doors").await.0, 401);
    api.token = String::new();
    assert_eq!(api.get("operators").await.0, 200);
}

#[tokio::test]
async fn a_refresh_with_scope_kills_the_old_refresh_token() {
    let api = Api::signed_out(options()).await;
    let (_, first) = api.tokens(&api.password_form()).await;
    let (status, second) = api.tokens(&refresh_form(&api, &first["refresh_token"], true)).await;
    assert_eq!(status, 200);
    assert_ne!(first["refresh_token"], second["refresh_token"]);
    assert_eq!(api.tokens(&refresh_form(&api, &first["refresh_token"], true)).await.0, 400);
    assert_eq!(api.tokens(&refresh_form(&api, &second["refresh_token"], true)).await.0, 200);
}

#[tokio::test]
async fn a_refresh_without_scope_keeps_the_old_refresh_token() {
    let api = Api::signed_out(options()).await;
    let (_, first) = api.tokens(&api.password_form()).await;
    for _ in 0..2 {
        let (status, next) = api.tokens(&refresh_form(&api, &first["refresh_token"], false)).await;
        assert_eq!((status, next.get("refresh_token")), (200, None));
    }
    api.sim.world(|w| w.switches.no_refresh_token_on_refresh = true);
    let (status, next) = api.tokens(&refresh_form(&api, &first["refresh_token"], true)).await;
    assert_eq!((status, next.get("refresh_token")), (200, None));
    api.sim.world(|w| w.clock.advance(TimeDelta::hours(2)));
    assert_eq!(api.tokens(&refresh_form(&api, &first["refresh_token"], true)).await.0, 400);
}

#[tokio::test]
async fn a_dropped_refresh_token_is_dead() {
    let mut api = Api::new().await;
    let (_, first) = api.tokens(&api.password_form()).await;
    first["access_token"].as_str().unwrap().clone_into(&mut api.token);
    let body = json!({ "refreshToken": first["refresh_token"] });
    assert!((200..300).contains(&api.delete_with("authorization/tokens", body).await.0));
    assert_eq!(api.tokens(&refresh_form(&api, &first["refresh_token"], true)).await.0, 400);
}

#[tokio::test]
async fn sign_in_is_limited_to_one_in_half_a_second() {
    let api = Api::signed_out(options().with_switches(|s| s.rate_limit_signin = true)).await;
    assert_eq!(api.tokens(&api.password_form()).await.0, 200);
    let mut refused = None;
    for _ in 0..20 {
        let (status, body) = api.tokens(&api.password_form()).await;
        if status == 429 {
            refused = Some(body);
            break;
        }
    }
    assert!(refused.unwrap().as_str().unwrap().contains("<html>"));
    api.sim.world(|w| w.clock.advance(TimeDelta::milliseconds(600)));
    assert_eq!(api.tokens(&api.password_form()).await.0, 200);
}

#[tokio::test]
async fn a_second_factor_is_asked_for_and_taken() {
    let api = Api::signed_out(options().with_switches(|s| s.mfa = true)).await;
    let (status, body) = api.tokens(&api.password_form()).await;
    assert_eq!((status, &body["error"]), (401, &json!("mfa_required")));
    let challenge = body["challengeToken"].clone();
    let last = [
        ("challengeToken", challenge.as_str().unwrap().to_owned()),
        ("grant_type", "mfa_2fa".to_owned()),
        ("client_id", api.sim.client_id().to_owned()),
    ];
    let ask = json!({ "challengeToken": challenge, "challengeType": "email" });
    assert_eq!(api.post("authorization/mfa-request", ask).await.0, 200);
    let wrong = json!({ "challengeToken": challenge, "code": "000000" });
    assert_eq!(api.post("authorization/mfa-challenge", wrong).await.0, 400);
    let (_, code) = api.control(reqwest::Method::GET, "mfa", None).await;
    let right = json!({ "challengeToken": challenge, "code": code["code"] });
    assert_eq!(api.post("authorization/mfa-challenge", right).await.0, 200);
    assert_eq!(api.tokens(&last).await.0, 200);
    assert_eq!(api.tokens(&last).await.0, 400);
}

#[tokio::test]
async fn an_operator_may_be_refused_by_path() {
    let api =
        Api::with(options().with_switches(|s| s.forbid_operator = vec!["PUT /users".into(), "/doors".into()])).await;
    assert_eq!(api.get("doors").await.0, 403);
    assert_eq!(api.get("users").await.0, 200);
    assert_eq!(api.put(&format!("users/{}", api.any_user()), json!({})).await.0, 403);
}

#[tokio::test]
async fn tls_shows_the_certificate_that_was_announced() {
    let sim = options().tls(true).start().await.unwrap();
    let trusting = |pem: &str| {
        let root = reqwest::Certificate::from_pem(pem.as_bytes()).unwrap();
        reqwest::Client::builder().tls_certs_only([root]).build().unwrap()
    };
    let url = format!("{}/api/v1/operators", sim.url());
    let (fingerprint, pem) = (sim.fingerprint().unwrap(), sim.certificate_pem().unwrap());
    assert_eq!(fingerprint.len(), 64);
    assert_eq!(trusting(&pem).get(&url).send().await.unwrap().status(), 200);
    // Another one, once from inside and once from outside.
    sim.regenerate_certificate().unwrap();
    assert_ne!(sim.fingerprint().unwrap(), fingerprint);
    assert!(trusting(&pem).get(&url).send().await.is_err());
    let client = trusting(&sim.certificate_pem().unwrap());
    let answer = client.post(format!("{}/certificate", sim.control_url())).send().await.unwrap();
    let told: Value = answer.json().await.unwrap();
    assert_eq!(told["fingerprint"], sim.fingerprint().unwrap());
    assert_eq!(trusting(&sim.certificate_pem().unwrap()).get(&url).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn nothing_but_loopback_is_listened_on() {
    for address in ["0.0.0.0:0", "192.168.1.1:0", "[::]:0", "example.org:1", "127.0.0.1"] {
        assert!(Net2Sim::builder().listen(address).start().await.is_err(), "{address}");
    }
}

#[test]
fn it_starts_without_a_runtime_and_frees_its_port() {
    let sim = Net2Sim::start_blocking().unwrap();
    let address = sim.address();
    assert!(std::net::TcpStream::connect(address).is_ok());
    sim.stop();
    assert!(std::net::TcpListener::bind(address).is_ok());
}
