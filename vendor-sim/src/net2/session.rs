//! Sign-in: access tokens, refresh tokens, the second factor, the rate limit.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use http::Method;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::world::World;
use crate::call::{Answer, Call, Fields, Refusal, Reply};

/// Life of a refresh token.
const REFRESH_LIFE: TimeDelta = TimeDelta::hours(2);
/// The code of the second factor that is always right.
pub(crate) const MFA_CODE: &str = "123456";

/// What the server knows of those who signed in; lost at a restart.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    access: BTreeMap<String, Grant>,
    refresh: BTreeMap<String, Grant>,
    challenges: BTreeMap<String, Challenge>,
    issued: u64,
    last_request: Option<(Instant, DateTime<Utc>)>,
}

#[derive(Debug, Clone, Copy)]
struct Grant {
    operator: i64,
    until: DateTime<Utc>,
}

#[derive(Debug, Clone, Copy)]
struct Challenge {
    operator: i64,
    requested: bool,
    passed: bool,
}

impl Sessions {
    /// The operator behind an access token that still counts.
    pub(crate) fn operator(&self, token: &str, now: DateTime<Utc>) -> Option<i64> {
        self.access.get(token).filter(|grant| now < grant.until).map(|grant| grant.operator)
    }

    /// Ends all sessions.
    pub(crate) fn clear(&mut self) {
        self.access.clear();
        self.refresh.clear();
        self.challenges.clear();
    }

    /// Answers everything below `/authorization`.
    pub(crate) fn answer(&mut self, world: &World, call: &Call, rest: &[&str]) -> Answer {
        match (&call.method, rest) {
            (&Method::POST, ["tokens"]) => self.token(world, call),
            (&Method::DELETE, ["tokens"]) => {
                let fields = call.fields()?;
                if let Some(token) = fields.text("refreshToken")? {
                    self.refresh.remove(&token);
                }
                Ok(Reply::empty(200))
            }
            (&Method::POST, ["mfa-request"]) => self.mfa_request(&call.fields()?),
            (&Method::POST, ["mfa-challenge"]) => self.mfa_challenge(&call.fields()?),
            _ => Err(Refusal::missing()),
        }
    }

    fn token(&mut self, world: &World, call: &Call) -> Answer {
        if world.switches.rate_limit_signin && self.too_soon(world.now()) {
            return Ok(Reply::html(429, "Too Many Requests"));
        }
        let Ok(fields) = call.fields() else { return Ok(refused(400, "invalid_request")) };
        if !licence_counts(world, &fields)? {
            return Ok(refused(400, "invalid_client"));
        }
        let offline = fields.text("scope")?.is_some_and(|scope| scope.split(' ').any(|word| word == "offline_access"));
        match fields.text("grant_type")?.as_deref() {
            Some("password") => self.by_password(world, &fields, offline),
            Some("refresh_token") => self.by_refresh(world, &fields, offline),
            Some("mfa_2fa") => self.by_challenge(world, &fields, offline),
            _ => Ok(refused(400, "unsupported_grant_type")),
        }
    }

    fn by_password(&mut self, world: &World, fields: &Fields, offline: bool) -> Answer {
        let (name, password) = (fields.text("username")?, fields.text("password")?);
        let found = world.operators.iter().find(|(_, operator)| {
            Some(&operator.display_name) == name.as_ref() && Some(&operator.password) == password.as_ref()
        });
        let Some((&operator, _)) = found else { return Ok(refused(401, "invalid_grant")) };
        if world.switches.mfa {
            let token = self.secret("challenge");
            self.challenges.insert(token.clone(), Challenge { operator, requested: false, passed: false });
            let body = json!({ "error": "mfa_required", "challengeToken": token });
            return Ok(Reply::plain(world.switches.mfa_status, body));
        }
        Ok(self.grant(world, operator, offline))
    }

    fn by_refresh(&mut self, world: &World, fields: &Fields, offline: bool) -> Answer {
        let token = fields.text("refresh_token")?.unwrap_or_default();
        let Some(grant) = self.refresh.get(&token).copied().filter(|grant| world.now() < grant.until) else {
            return Ok(refused(400, "invalid_grant"));
        };
        let renewed = offline && !world.switches.no_refresh_token_on_refresh;
        if renewed {
            self.refresh.remove(&token);
        }
        Ok(self.grant(world, grant.operator, renewed))
    }

    fn by_challenge(&mut self, world: &World, fields: &Fields, offline: bool) -> Answer {
        let token = fields.text("challengeToken")?.unwrap_or_default();
        match self.challenges.remove(&token) {
            Some(challenge) if challenge.passed => Ok(self.grant(world, challenge.operator, offline)),
            _ => Ok(refused(400, "invalid_grant")),
        }
    }

    fn mfa_request(&mut self, fields: &Fields) -> Answer {
        let token = fields.text("challengeToken")?.unwrap_or_default();
        let kind = fields.text("challengeType")?.unwrap_or_default();
        let challenge = self.challenges.get_mut(&token).ok_or_else(|| Refusal::invalid("Unknown challenge."))?;
        if !matches!(kind.as_str(), "email" | "otp") {
            return Err(Refusal::invalid("Unknown challenge type."));
        }
        challenge.requested = true;
        Ok(Reply::empty(200))
    }

    fn mfa_challenge(&mut self, fields: &Fields) -> Answer {
        let token = fields.text("challengeToken")?.unwrap_or_default();
        let code = fields.text("code")?.unwrap_or_default();
        let challenge = self.challenges.get_mut(&token).ok_or_else(|| Refusal::invalid("Unknown challenge."))?;
        if !challenge.requested || code != MFA_CODE {
            return Err(Refusal::invalid("The code is not valid."));
        }
        challenge.passed = true;
        Ok(Reply::empty(200))
    }

    fn grant(&mut self, world: &World, operator: i64, with_refresh: bool) -> Reply {
        let now = world.now();
        let life = world.switches.token_expires_in;
        let until = TimeDelta::try_seconds(life).and_then(|life| now.checked_add_signed(life)).unwrap_or(now);
        let access = self.jwt(operator, until);
        self.access.insert(access.clone(), Grant { operator, until });
        let mut body = json!({
            "access_token": access,
            "token_type": "bearer",
            "expires_in": life,
            "expiry_datetime": until.format("%Y-%m-%dT%H:%M:%S%.9f").to_string().chars().take(27).chain("Z".chars()).collect::<String>(),
        });
        if with_refresh {
            let token: String = self.secret("refresh").chars().take(32).collect();
            let until = now.checked_add_signed(REFRESH_LIFE).unwrap_or(now);
            self.refresh.insert(token.clone(), Grant { operator, until });
            if let Some(body) = body.as_object_mut() {
                body.insert("refresh_token".to_owned(), Value::from(token));
            }
        }
        Reply::plain(200, body)
    }

    fn jwt(&mut self, operator: i64, until: DateTime<Utc>) -> String {
        let signature = self.secret("access");
        let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let header = part(json!({ "alg": "HS256" }));
        let claims = part(json!({ "sub": operator.to_string(), "exp": until.timestamp() }));
        format!("{header}.{claims}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    fn secret(&mut self, purpose: &str) -> String {
        self.issued += 1;
        hex::encode(Sha256::digest(format!("{purpose} {} {:p}", self.issued, &raw const *self)))
    }

    /// One request per half second, by the wall or by the simulated clock.
    fn too_soon(&mut self, now: DateTime<Utc>) -> bool {
        let gap = Duration::from_millis(500);
        let soon = self.last_request.is_some_and(|(real, simulated)| {
            real.elapsed() < gap && (now - simulated).abs().to_std().is_ok_and(|passed| passed < gap)
        });
        if !soon {
            self.last_request = Some((Instant::now(), now));
        }
        soon
    }
}

fn licence_counts(world: &World, fields: &Fields) -> Result<bool, Refusal> {
    let id = fields.text("client_id")?.unwrap_or_default();
    let Some(licence) = world.licences.get(&id).filter(|licence| !licence.waits_for_restart) else { return Ok(false) };
    Ok(licence.secret.is_none() || licence.secret == fields.text("client_secret")?)
}

fn refused(status: u16, error: &str) -> Reply {
    Reply::plain(status, json!({ "error": error }))
}
