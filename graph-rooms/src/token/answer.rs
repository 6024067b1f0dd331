//! The answer to a request for a token.

use std::time::{Duration, Instant};

use connector_http::{Error, ErrorKind, Token, decode};
use http::response::Parts;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::Value;

/// A token that was issued. The vendor asks to treat it as opaque.
pub(crate) struct Granted {
    access: SecretString,
    lives: Duration,
}

#[derive(Deserialize)]
struct Shape {
    access_token: String,
    #[serde(default)]
    expires_in: Value,
    #[serde(default)]
    token_type: Option<String>,
}

impl Granted {
    pub(super) fn read(parts: &Parts, body: &[u8]) -> Result<Self, Error> {
        // No excerpt: it would be one of the token.
        let bad = |text: &'static str| Error::new(ErrorKind::Protocol, text).with_status(parts.status);
        let shape: Shape = decode(parts, body)
            .map_err(|_| bad("the answer to the sign-in holds no token; is this the right address?"))?;
        if shape.token_type.as_deref().is_some_and(|kind| !kind.eq_ignore_ascii_case("bearer")) {
            return Err(bad("the sign-in gave a token of a kind that is not known"));
        }
        Ok(Self { access: shape.access_token.into(), lives: lives(&shape.expires_in) })
    }

    pub(super) fn into_token(self, now: Instant) -> Token {
        let token = Token::bearer(self.access);
        match now.checked_add(held(self.lives)) {
            Some(at) => token.expires_at(at),
            None => token,
        }
    }
}

/// Seconds as number or text; five minutes where there is neither.
fn lives(value: &Value) -> Duration {
    let seconds = match value {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    seconds.map_or(Duration::from_mins(5), Duration::from_secs)
}

/// Until when a token is held for good. The client renews it a minute before that (at half time of a very short life), which
/// is five minutes before its true end, or after nine tenths of its life if that is earlier.
fn held(lives: Duration) -> Duration {
    let renew = match lives.checked_sub(Duration::from_mins(5)) {
        Some(early) if early >= Duration::from_mins(1) => early.min(lives.mul_f64(0.9)),
        _ => lives / 2,
    };
    (renew + Duration::from_mins(1)).min(lives)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_held_until_shortly_before_their_end() {
        // A minute more than the renewal: 3599 s are renewed after 3239 s (nine tenths), a day after 77,760 s.
        for (lives, held_for) in [(3599.0, 3299.1), (1200.0, 960.0), (86_400.0, 77_820.0), (600.0, 360.0), (10.0, 10.0)]
        {
            let got = held(Duration::from_secs_f64(lives)).as_secs_f64();
            assert!((got - held_for).abs() < 0.01, "{lives}: {got}");
        }
    }

    #[test]
    fn a_life_may_be_a_text_and_nonsense_is_a_short_one() {
        assert_eq!(lives(&Value::from("3599")), Duration::from_secs(3599));
        for odd in [Value::Null, Value::from("soon"), Value::from(-1), Value::from("-1"), Value::from(true)] {
            assert_eq!(lives(&odd), Duration::from_mins(5), "{odd}");
        }
    }
}
