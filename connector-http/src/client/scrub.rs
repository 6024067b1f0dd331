//! Takes the secrets out of an exchange before it is written, or compared.

use super::exchange::{Body, Exchange, RecordedRequest};
use crate::{Secrets, redact::text_without_secrets};
use serde_json::Value;
use std::collections::HashMap;

/// Replaces secrets by stand-ins; the same secret gets the same stand-in, so that a recording stays in itself true.
#[derive(Debug, Default)]
pub(crate) struct Scrubber {
    secrets: Secrets,
    stand_ins: Option<HashMap<String, u32>>,
}

impl Scrubber {
    pub(crate) fn numbered(secrets: Secrets) -> Self {
        Self { secrets, stand_ins: Some(HashMap::new()) }
    }

    /// Makes all secrets the same, for comparing.
    pub(crate) fn blind(secrets: Secrets) -> Self {
        Self { secrets, stand_ins: None }
    }

    pub(crate) fn exchange(&mut self, exchange: &mut Exchange) {
        self.request(&mut exchange.request);
        self.body(&mut exchange.response.body);
    }

    pub(crate) fn request(&mut self, request: &mut RecordedRequest) {
        self.pairs(&mut request.query);
        self.body(&mut request.body);
        request.path = self.known(&request.path);
    }

    fn body(&mut self, body: &mut Option<Body>) {
        match body {
            Some(Body::Json(json)) => self.json(json),
            Some(Body::Form(fields)) => self.pairs(fields),
            Some(Body::Text(text)) => *text = self.text(text),
            Some(Body::Base64(_)) | None => {}
        }
    }

    fn pairs(&mut self, pairs: &mut [(String, String)]) {
        for (name, value) in pairs {
            *value = if self.secrets.hide(name) { self.stand_in(value) } else { self.text(value) };
        }
    }

    fn json(&mut self, json: &mut Value) {
        match json {
            Value::Object(fields) => {
                for (name, value) in fields {
                    if self.secrets.hide(name) { self.hide(value) } else { self.json(value) }
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.json(item)),
            Value::String(text) => *text = self.text(text),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// Keeps the type of the value, so that whoever reads the recording still understands it.
    fn hide(&mut self, json: &mut Value) {
        match json {
            Value::String(text) => *text = self.stand_in(text),
            Value::Number(number) => *json = (STAND_IN_NUMBERS + self.number(&number.to_string())).into(),
            Value::Array(items) => items.iter_mut().for_each(|item| self.hide(item)),
            Value::Object(_) => self.json(json),
            Value::Null | Value::Bool(_) => {}
        }
    }

    fn stand_in(&mut self, secret: &str) -> String {
        if secret.is_empty() { String::new() } else { format!("hidden-{}", self.number(secret)) }
    }

    fn number(&mut self, secret: &str) -> u32 {
        let Some(stand_ins) = &mut self.stand_ins else { return 0 };
        let next = u32::try_from(stand_ins.len()).unwrap_or(u32::MAX).saturating_add(1);
        *stand_ins.entry(secret.to_owned()).or_insert(next)
    }

    fn text(&self, text: &str) -> String {
        text_without_secrets(&self.known(text))
    }

    /// Secrets seen before are hidden wherever they stand; short ones only under their names.
    fn known(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (secret, number) in self.stand_ins.iter().flatten().filter(|(secret, _)| secret.len() >= 8) {
            if text.contains(secret.as_str()) {
                text = text.replace(secret.as_str(), &format!("hidden-{number}"));
            }
        }
        text
    }
}

const STAND_IN_NUMBERS: u32 = 900_000_000;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn scrubbed(mut json: Value) -> Value {
        Scrubber::numbered(Secrets::default()).json(&mut json);
        json
    }

    #[test]
    fn types_and_sameness_are_kept() {
        let json =
            json!({ "pin": 1234, "a": { "PIN": 1234, "password": "x" }, "tokenValue": ["p", "q"], "pinless": 7 });
        let masked = scrubbed(json);
        assert_eq!(masked["pin"], masked["a"]["PIN"]);
        assert!(masked["pin"].is_u64() && masked["pin"] != 1234);
        assert_ne!(masked["tokenValue"][0], masked["tokenValue"][1]);
        assert_eq!(masked["pinless"], 7);
    }

    #[test]
    fn null_and_empty_stay_what_they_are() {
        assert_eq!(scrubbed(json!({ "pin": null, "password": "" })), json!({ "pin": null, "password": "" }));
    }

    proptest! {
        #[test]
        fn no_secret_survives_a_recording(secret in "[a-zA-Z][a-zA-Z0-9]{11,24}", depth in 0_usize..4) {
            let mut body = json!({ "client_secret": secret, "note": format!("connectionToken={secret}") });
            for _ in 0..depth {
                body = json!([{ "inner": body }]);
            }
            let request = http::Request::post(format!("http://h/a?access_token={secret}&where=x"))
                .header("authorization", format!("Bearer {secret}"))
                .header("content-type", "application/x-www-form-urlencoded")
                .body(format!("grant_type=password&password={secret}&client_id={secret}").into_bytes())
                .unwrap();
            let mut exchange = Exchange {
                operation: None,
                request: RecordedRequest::of(&request),
                response: super::super::exchange::RecordedResponse::of(&http::Response::new(body.to_string().into_bytes())),
            };
            Scrubber::numbered(Secrets::default()).exchange(&mut exchange);
            let text = serde_json::to_string(&exchange).unwrap();
            prop_assert!(!text.contains(&secret), "{}", text);
            prop_assert!(text.contains("grant_type"));
        }
    }
}
