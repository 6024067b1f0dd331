//! What may be shown of addresses, headers and bodies.

use std::collections::BTreeSet;
use url::Url;

/// Names whose values are secret, in headers, queries, forms and JSON alike.
///
/// Case, dashes and underscores do not matter; a name that ends in `password`, `secret` or `token` is secret too.
#[derive(Debug, Clone)]
pub struct Secrets(BTreeSet<String>);

impl Secrets {
    /// Adds a name.
    pub fn with(mut self, name: &str) -> Self {
        self.0.insert(plain(name));
        self
    }

    /// Whether the value of this name is secret.
    pub fn hide(&self, name: &str) -> bool {
        let name = plain(name);
        self.0.contains(&name) || ENDINGS.iter().any(|ending| name.ends_with(ending))
    }
}

impl Default for Secrets {
    fn default() -> Self {
        Self(NAMES.iter().map(|name| (*name).to_owned()).collect())
    }
}

/// The address with its query values hidden, without user and password.
pub fn url_without_values(url: &Url) -> String {
    let mut shown = url.clone();
    let _ = shown.set_username("");
    let _ = shown.set_password(None);
    shown.set_fragment(None);
    shown.set_query(None);
    let names: Vec<_> = url.query_pairs().map(|(name, _)| format!("{name}={HIDDEN}")).collect();
    if names.is_empty() { shown.into() } else { format!("{shown}?{}", names.join("&")) }
}

/// Beginning of a body that may be shown: secrets and personal data masked, at most 200 bytes, one line.
///
/// Of JSON it keeps the shape, the names, and the texts of fields that carry messages; of anything else the text,
/// without what looks like a secret.
pub fn excerpt(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body.get(..READ).unwrap_or(body));
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let masked = if text.starts_with(['{', '[', '"']) { json_shape(text) } else { text_without_secrets(text) };
    let line: Vec<_> = masked.split(|c: char| c.is_whitespace() || c.is_control()).filter(|w| !w.is_empty()).collect();
    shorten(line.join(" "))
}

fn shorten(mut text: String) -> String {
    if text.len() > SHOWN {
        let end = (0..=SHOWN - HIDDEN.len()).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        text.truncate(end);
        text.push_str(HIDDEN);
    }
    text
}

/// Masks every value of a JSON text, also of one that was cut off; texts of message fields stay.
fn json_shape(text: &str) -> String {
    let mut shown = String::new();
    let mut key = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if first == '"' {
            let (inner, after) = quoted(rest);
            rest = after;
            let is_key = rest.trim_start().starts_with(':');
            if is_key {
                key = plain(inner);
            }
            let kept = is_key || MESSAGES.contains(&key.as_str());
            shown.push('"');
            shown.push_str(&if kept { text_without_secrets(inner) } else { HIDDEN.to_owned() });
            shown.push('"');
        } else if "{}[]:,".contains(first) || first.is_whitespace() {
            shown.push(first);
            rest = rest.get(first.len_utf8()..).unwrap_or_default();
        } else {
            let end = rest.find(|c: char| "{}[]:,\"".contains(c) || c.is_whitespace()).unwrap_or(rest.len());
            let (word, after) = rest.split_at(end);
            shown.push_str(if matches!(word, "true" | "false" | "null") { word } else { HIDDEN });
            rest = after;
        }
    }
    shown
}

/// Splits a text that starts with a quote into what is quoted and what follows.
fn quoted(text: &str) -> (&str, &str) {
    let inner = text.get(1..).unwrap_or_default();
    let mut escaped = false;
    for (at, c) in inner.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return (inner.get(..at).unwrap_or_default(), inner.get(at + 1..).unwrap_or_default()),
            _ => {}
        }
    }
    (inner, "")
}

/// Masks what stands behind secret names, behind `Bearer` and `Basic`, and whatever looks like a signed token.
pub(crate) fn text_without_secrets(text: &str) -> String {
    let secrets = Secrets::default();
    let mut shown = String::new();
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !is_word(c)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        if word.is_empty() {
            let gap = after.find(is_word).unwrap_or(after.len());
            let (between, next) = after.split_at(gap);
            shown.push_str(between);
            rest = next;
            continue;
        }
        shown.push_str(if looks_like_token(word) { HIDDEN } else { word });
        rest = after;
        if let Some((between, next)) = secret_behind(word, after, &secrets) {
            shown.push_str(between);
            shown.push_str(HIDDEN);
            rest = next;
        }
    }
    shown
}

/// When a secret follows the word: what stands between, and what comes after the secret.
fn secret_behind<'a>(word: &str, after: &'a str, secrets: &Secrets) -> Option<(&'a str, &'a str)> {
    let name = plain(word);
    let scheme = matches!(name.as_str(), "bearer" | "basic");
    if !scheme && !secrets.hide(&name) {
        return None;
    }
    let start = after.find(|c: char| !" \t\r\n:=\"'\\".contains(c)).unwrap_or(after.len());
    let (between, value) = after.split_at(start);
    if !(between.contains([':', '=']) || scheme && !between.is_empty()) {
        return None;
    }
    let whole_line = matches!(name.as_str(), "authorization" | "proxyauthorization" | "cookie" | "setcookie");
    let quote = between.chars().next_back().filter(|c| matches!(c, '"' | '\''));
    let end = match quote {
        Some(quote) => value.find(quote),
        None if whole_line => value.find(['\r', '\n']),
        None => value.find(|c: char| c.is_whitespace() || "&,;\"'<>})]".contains(c)),
    };
    Some((between, value.split_at(end.unwrap_or(value.len())).1))
}

fn looks_like_token(word: &str) -> bool {
    word.starts_with("eyJ") && word.len() > 20
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '-'
}

fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

pub(crate) const HIDDEN: &str = "…";
const READ: usize = 4096;
const SHOWN: usize = 200;
const ENDINGS: [&str; 4] = ["password", "secret", "token", "apikey"];
const NAMES: [&str; 20] = [
    "authorization",
    "proxyauthorization",
    "cookie",
    "setcookie",
    "passwd",
    "pwd",
    "clientid",
    "clientsecret",
    "clientassertion",
    "refreshtoken",
    "accesstoken",
    "idtoken",
    "connectiontoken",
    "token",
    "tokenvalue",
    "pin",
    "pincode",
    "key",
    "signature",
    "sig",
];
const MESSAGES: [&str; 12] = [
    "message",
    "error",
    "errordescription",
    "errormessage",
    "errorcode",
    "exceptiontype",
    "title",
    "detail",
    "type",
    "status",
    "requestid",
    "traceid",
];

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_are_found_in_any_spelling() {
        let secrets = Secrets::default().with("badge-no");
        for name in
            ["PASSWORD", "client_id", "Client-Secret", "newPassword", "tokenValue", "BadgeNo", "x-api-key", "pin"]
        {
            assert!(secrets.hide(name), "{name}");
        }
        for name in ["id", "tokens", "tokenType", "spinning", "department"] {
            assert!(!secrets.hide(name), "{name}");
        }
    }

    #[test]
    fn an_address_keeps_its_query_names_only() {
        let url = Url::parse("https://bob:pw@h.example/a/b?token=t0p&where=name%3Dx#frag").unwrap();
        assert_eq!(url_without_values(&url), "https://h.example/a/b?token=…&where=…");
    }

    #[test]
    fn json_keeps_shape_and_messages() {
        let body = br#"{"Message":"User not found","user":{"firstName":"Ann","pin":1234,"on":true}}"#;
        assert_eq!(excerpt(body), r#"{"Message":"User not found","user":{"firstName":"…","pin":…,"on":true}}"#);
    }

    #[test]
    fn a_cut_off_json_is_masked_as_well() {
        assert_eq!(excerpt(br#"[{"firstName":"An"#), r#"[{"firstName":"…""#);
    }

    #[test]
    fn plain_text_loses_its_secrets() {
        let text = b"login failed\nAuthorization: Bearer abc.def user=bob password='p w' pin=99&x=1";
        assert_eq!(excerpt(text), "login failed Authorization: …");
        assert_eq!(excerpt(b"bad password='p w' pin=99&x=1 Bearer zzz!"), "bad password='…' pin=…&x=1 Bearer …");
    }

    proptest! {
        #[test]
        fn no_secret_survives_in_any_form(secret in "[A-Z][a-zA-Z0-9+/]{9,30}", name in 0..NAMES.len()) {
            let name = NAMES[name];
            for body in [
                serde_json::json!({ name: secret, "list": [{ "inner": { name: secret } }] }).to_string(),
                serde_json::json!({ "message": format!("wrong {name}={secret}") }).to_string(),
                format!("{name}={secret}&a=b"),
                format!("<p>{name} : \"{secret}\"</p>"),
                format!("Authorization: Bearer {secret}"),
            ] {
                let shown = excerpt(body.as_bytes());
                prop_assert!(!shown.contains(&secret), "{} in {}", secret, shown);
                prop_assert!(shown.len() <= SHOWN);
            }
        }

        #[test]
        fn any_bytes_give_a_short_line(body: Vec<u8>) {
            let shown = excerpt(&body);
            prop_assert!(shown.len() <= SHOWN && !shown.contains('\n'));
        }

        #[test]
        fn long_texts_are_cut_at_a_character(text in "[aé漢 ]{0,400}") {
            prop_assert!(excerpt(text.as_bytes()).len() <= SHOWN);
        }
    }
}
