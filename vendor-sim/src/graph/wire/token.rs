//! The token endpoint.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chrono::{TimeDelta, Utc};
use http::Method;
use rustls::SignatureScheme;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use x509_parser::parse_x509_certificate;

use super::error::{client_request_id, request_id};
use crate::graph::ids::guid;
use crate::graph::world::{Token, World};
use crate::host::{Call, Reply};

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Longest life of an assertion, and how far its clock may be off.
const LONGEST: i64 = 600;
const SKEW: i64 = 300;

/// A refusal: error, AADSTS number, text.
type Refusal = (u16, &'static str, u32, String);

pub(super) fn is_token_call(call: &Call) -> bool {
    matches!(call.pieces().as_slice(), [_, "oauth2", "v2.0", "token"])
}

/// Answers a call of the token endpoint.
pub(super) fn answer(world: &mut World, call: &Call, tenant: &str) -> Reply {
    if world.switches.token_html {
        return Reply::error_page(503, "Service Unavailable");
    }
    if call.method != Method::POST {
        return refused(world, call, 405, "invalid_request", 900_561, "The endpoint only accepts POST requests.");
    }
    match checked(world, call, tenant) {
        Ok(()) => granted(world),
        Err((status, error, number, text)) => refused(world, call, status, error, number, &text),
    }
}

fn granted(world: &mut World) -> Reply {
    let token = issue(world);
    let seconds = world.switches.token_seconds;
    let expires = if world.switches.expires_in_text { json!(seconds.to_string()) } else { json!(seconds) };
    let body =
        json!({ "token_type": "Bearer", "expires_in": expires, "ext_expires_in": expires, "access_token": token });
    Reply::json(200, &body).header("Cache-Control", "no-store, no-cache")
}

/// Gives a token.
pub(in crate::graph) fn issue(world: &mut World) -> String {
    let number = world.next();
    let expires = world.now() + TimeDelta::try_seconds(world.switches.token_seconds).unwrap_or_default();
    let secret = hex::encode(Sha256::digest(format!("{} {number} {}", world.tenant, world.app.client_id)));
    let token = format!("eyJ0eXAiOiJKV1QifQ.{}.{secret}", URL_SAFE_NO_PAD.encode(number.to_string()));
    world.load.tokens += 1;
    world.tokens.insert(token.clone(), Token { expires });
    token
}

/// An error in the form of the token endpoint.
pub(super) fn refused(world: &World, call: &Call, status: u16, error: &str, number: u32, text: &str) -> Reply {
    let time = world.now().format("%Y-%m-%d %H:%M:%SZ").to_string();
    let (trace, correlation) = (request_id(call), client_request_id(call));
    let body = json!({
        "error": error,
        "error_description": format!("AADSTS{number}: {text}\r\nTrace ID: {trace}\r\nCorrelation ID: {correlation}\r\nTimestamp: {time}"),
        "error_codes": [number],
        "timestamp": time,
        "trace_id": trace,
        "correlation_id": correlation,
        "error_uri": format!("{}/error?code={number}", world.url),
    });
    Reply::json(status, &body)
}

fn checked(world: &World, call: &Call, tenant: &str) -> Result<(), Refusal> {
    let refuse = |status, error, number, text: &str| Err((status, error, number, text.to_owned()));
    if world.switches.token_error != 0 {
        let number = world.switches.token_error;
        let (status, error) = class(number);
        return refuse(status, error, number, "The administrator of this simulator refuses everybody.");
    }
    if ["common", "organizations", "consumers"].contains(&tenant.to_lowercase().as_str()) {
        return refuse(400, "invalid_request", 9_001_023, "The grant type is not supported over this endpoint.");
    }
    if tenant != world.tenant && !tenant.eq_ignore_ascii_case(&world.domain) {
        return refuse(400, "invalid_request", 90002, "Tenant not found. Check the tenant and the cloud.");
    }
    let form = call.form();
    let field = |name: &str| form.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    match field("grant_type") {
        Some("client_credentials") => {}
        Some(_) => return refuse(400, "unsupported_grant_type", 70003, "The grant type is not supported."),
        None => return refuse(400, "invalid_request", 900_144, "The body must contain 'grant_type'."),
    }
    scope(world, field("scope"))?;
    let basic = basic(call);
    let client = field("client_id").or(basic.as_ref().map(|(client, _)| client.as_str()));
    let Some(client) = client else {
        return refuse(400, "invalid_request", 900_144, "The body must contain 'client_id'.");
    };
    if client != world.app.client_id {
        return refuse(400, "unauthorized_client", 700_016, "The application was not found in the directory.");
    }
    if world.app.disabled {
        return refuse(400, "unauthorized_client", 7_000_112, "The application is disabled.");
    }
    if let Some(assertion) = field("client_assertion") {
        if field("client_assertion_type") != Some(ASSERTION_TYPE) {
            return refuse(400, "invalid_request", 900_144, "The body must contain 'client_assertion_type'.");
        }
        return assertion_of(world, tenant, assertion);
    }
    let Some(given) = field("client_secret").or(basic.as_ref().map(|(_, secret)| secret.as_str())) else {
        return refuse(
            401,
            "invalid_client",
            7_000_218,
            "The body must contain 'client_assertion' or 'client_secret'.",
        );
    };
    let Some(secret) = world.app.secrets.iter().find(|secret| secret.value == given) else {
        return refuse(401, "invalid_client", 7_000_215, "Invalid client secret. Send its value, not its id.");
    };
    if secret.expires <= world.now() {
        return refuse(401, "invalid_client", 7_000_222, "The provided client secret keys are expired.");
    }
    Ok(())
}

fn scope(world: &World, scope: Option<&str>) -> Result<(), Refusal> {
    let refuse = |number, error, text: &str| Err((400, error, number, text.to_owned()));
    let Some(scope) = scope.map(str::trim).filter(|scope| !scope.is_empty()) else {
        return refuse(900_144, "invalid_request", "The body must contain 'scope'.");
    };
    if scope.contains(' ') {
        return refuse(28002, "invalid_scope", "More than one resource was asked for.");
    }
    let Some(resource) = scope.strip_suffix("/.default") else {
        return refuse(1_002_012, "invalid_scope", "The scope must end in '/.default'.");
    };
    if resource != world.url && resource != "https://graph.microsoft.com" {
        return refuse(500_011, "invalid_resource", "The resource was not found in the tenant.");
    }
    Ok(())
}

fn basic(call: &Call) -> Option<(String, String)> {
    let text = call.header("authorization")?.strip_prefix("Basic ")?;
    let text = String::from_utf8(STANDARD.decode(text.trim()).ok()?).ok()?;
    let (client, secret) = text.split_once(':')?;
    let decode = |text: &str| {
        url::form_urlencoded::parse(format!("x={text}").as_bytes()).next().map(|(_, value)| value.into_owned())
    };
    Some((decode(client)?, decode(secret)?))
}

/// Checks a signed assertion: signature of an uploaded certificate, claims, time.
fn assertion_of(world: &World, tenant: &str, assertion: &str) -> Result<(), Refusal> {
    let refuse = |number, text: &str| Err((401, "invalid_client", number, text.to_owned()));
    let parts: Vec<&str> = assertion.split('.').collect();
    let [header, claims, signature] = parts.as_slice() else {
        return refuse(50027, "The assertion is no JWT.");
    };
    let (Some(head), Some(said)) = (part(header), part(claims)) else {
        return refuse(50027, "The assertion is no JWT.");
    };
    let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let thumbprint = text(&head, "x5t#S256");
    let known = world.app.certificates.iter().find(|der| URL_SAFE_NO_PAD.encode(Sha256::digest(der)) == thumbprint);
    let Some(der) = known else {
        return refuse(700_027, "The certificate with this thumbprint is not known.");
    };
    let signed = format!("{header}.{claims}");
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap_or_default();
    if text(&head, "alg") != "PS256" || text(&head, "typ") != "JWT" || !verified(der, signed.as_bytes(), &signature) {
        return refuse(700_027, "The assertion failed signature validation.");
    }
    let endpoint = format!("{}/{tenant}/oauth2/v2.0/token", world.url);
    if text(&said, "aud") != endpoint {
        return refuse(700_023, "The audience of the assertion is not this endpoint.");
    }
    if text(&said, "iss") != world.app.client_id || text(&said, "sub") != world.app.client_id {
        return refuse(700_021, "Issuer and subject of the assertion are not the application.");
    }
    if text(&said, "jti").is_empty() {
        return refuse(50027, "The assertion has no 'jti'.");
    }
    let time = |name: &str| said.get(name).and_then(Value::as_i64);
    let (Some(from), Some(until)) = (time("nbf"), time("exp")) else {
        return refuse(50027, "The assertion has no 'nbf' or 'exp'.");
    };
    let now = world.now().with_timezone(&Utc).timestamp();
    if until - from > LONGEST || now + SKEW < from || until <= now {
        return refuse(700_024, "The assertion is not within its valid time range.");
    }
    Ok(())
}

fn part(text: &str) -> Option<Value> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()
}

/// RSASSA-PSS with SHA-256 under the key of a certificate.
fn verified(der: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let Ok((_, certificate)) = parse_x509_certificate(der) else { return false };
    let key = certificate.public_key().subject_public_key.data.as_ref();
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    let schemes = provider.signature_verification_algorithms.mapping;
    let algorithms = schemes.iter().find(|(scheme, _)| *scheme == SignatureScheme::RSA_PSS_SHA256);
    algorithms.is_some_and(|(_, all)| all.iter().any(|one| one.verify_signature(key, message, signature).is_ok()))
}

/// Status and error that usually come with an AADSTS number.
fn class(number: u32) -> (u16, &'static str) {
    match number {
        7_000_215 | 7_000_222 | 7_000_218 | 700_027 | 50012 | 700_030 | 50003 | 500_133 | 50013 | 700_024 => {
            (401, "invalid_client")
        }
        700_016 | 700_011 | 70001 | 7_000_112 => (400, "unauthorized_client"),
        70011 | 28002 | 700_022 | 700_023 | 1_002_012 => (400, "invalid_scope"),
        500_011 | 650_052 | 650_057 => (400, "invalid_resource"),
        53003 | 530_032 | 530_035 => (400, "access_denied"),
        65001 | 90094 => (400, "invalid_grant"),
        90006 | 90012 | 90024 | 90033 | 90055 | 90090 => (503, "temporarily_unavailable"),
        _ => (400, "invalid_request"),
    }
}

/// A GUID for a text; for callers that need one of ours.
pub(super) fn id_for(text: &str) -> String {
    guid(text)
}
