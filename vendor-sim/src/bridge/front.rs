//! What stands before every resource: sign-in, licence, rights, and how often one may ask.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::problem::Problem;
use super::profile::{Auth, Profile, TimeForm, instant};
use super::switches::{Common, TimeWriting};
use crate::clock::Zone;
use crate::host::{Call, Reply};

/// Parameters that the log leaves out.
pub(crate) const SECRETS: &[&str] = &["key", "token", "secret", "password", "apikey", "api_key"];

/// How long a session lasts.
const SESSION: TimeDelta = TimeDelta::minutes(30);

/// Longest time a caller may wait for something new.
const LONGEST_POLL: i64 = 25;

/// Who may call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Access {
    /// The API key.
    pub key: String,
    /// Name of the key: shown as the origin of changes.
    pub key_name: String,
    /// User of basic sign-in and of sessions.
    pub user: String,
    /// Password of that user.
    pub password: String,
}

impl Default for Access {
    fn default() -> Self {
        let text = |text: &str| text.to_owned();
        Self {
            key: text("sim-key-4f0c1b7e9a"),
            key_name: text("timeware-link"),
            user: text("timeware.link"),
            password: text("bridge pass"),
        }
    }
}

/// The licence of the interface.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Licence {
    /// Whether it is in force, apart from its end.
    pub active: bool,
    /// Its last day.
    pub until: Option<NaiveDate>,
}

impl Default for Licence {
    fn default() -> Self {
        Self { active: true, until: None }
    }
}

impl Licence {
    /// Whether it is in force on this day.
    pub fn holds(&self, day: NaiveDate) -> bool {
        self.active && self.until.is_none_or(|until| day <= until)
    }

    pub(crate) fn json(&self, day: NaiveDate) -> Value {
        json!({ "active": self.holds(day), "until": self.until.map(|until| until.to_string()) })
    }
}

/// The part of a world that looks at callers.
#[derive(Debug, Clone)]
pub(crate) struct Front {
    pub(crate) profile: Profile,
    sessions: BTreeMap<String, DateTime<Utc>>,
    issued: u64,
    calls: u64,
    /// Second of the clock, and how many calls it has seen.
    second: (i64, u64),
    refused: BTreeMap<u64, Problem>,
    admitted: BTreeSet<u64>,
}

/// What decides whether a call goes on.
#[derive(Debug)]
pub(crate) struct Admission<'a> {
    pub(crate) access: &'a Access,
    pub(crate) licence: &'a Licence,
    pub(crate) common: &'a Common,
    pub(crate) now: DateTime<Utc>,
    /// What the server can do.
    pub(crate) capabilities: &'a [&'a str],
    /// What this call needs; `None`: nothing, not even a licence.
    pub(crate) needs: Option<&'a str>,
}

/// Whether an empty answer waits.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Poll(Option<DateTime<Utc>>);

impl Front {
    pub(crate) fn new(profile: Profile) -> Self {
        Self {
            profile,
            sessions: BTreeMap::new(),
            issued: 0,
            calls: 0,
            second: (0, 0),
            refused: BTreeMap::new(),
            admitted: BTreeSet::new(),
        }
    }

    /// Counts a call that came in; it may be one too many.
    pub(crate) fn arrived(&mut self, call: &Call, common: &Common) {
        self.calls += 1;
        let second = call.arrived.timestamp();
        if self.second.0 != second {
            self.second = (second, 0);
        }
        self.second.1 += 1;
        if common.rate_limit > 0 && self.second.1 > common.rate_limit {
            let again = call.arrived + TimeDelta::seconds(1);
            let date = again.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
            let wait = if common.retry_after_date { date } else { "1".to_owned() };
            self.refused.insert(call.id, Problem::too_many_requests(wait));
        } else if common.error_every > 0 && self.calls.is_multiple_of(common.error_every) {
            self.refused.insert(call.id, Problem::of_status(common.error_status));
        }
    }

    /// Forgets a call that is answered.
    pub(crate) fn left(&mut self, call: &Call) {
        self.refused.remove(&call.id);
        self.admitted.remove(&call.id);
    }

    /// A restart ends all sessions.
    pub(crate) fn restarted(&mut self) {
        self.sessions.clear();
    }

    /// Lets a call through, or says why not. A call that waits was let through when it came.
    pub(crate) fn admit(&mut self, call: &Call, asked: &Admission<'_>) -> Result<(), Problem> {
        if let Some(problem) = self.refused.get(&call.id) {
            return Err(problem.clone());
        }
        if !self.admitted.contains(&call.id) {
            self.signed_in(call, asked.access, asked.now)?;
            self.admitted.insert(call.id);
        }
        let Some(needed) = asked.needs else { return Ok(()) };
        if !asked.licence.holds(asked.now.date_naive()) {
            return Err(Problem::licence_missing("The licence has ended or was never bought"));
        }
        if !asked.capabilities.contains(&needed) {
            return Err(Problem::not_found(format!("This server has no '{needed}'")));
        }
        if asked.common.forbidden.iter().any(|name| name == needed) {
            return Err(Problem::forbidden(format!("The key has no right to '{needed}'")));
        }
        Ok(())
    }

    /// Whether something refuses this call before anybody looks at it.
    pub(crate) fn refusal(&self, call: &Call) -> Result<(), Problem> {
        self.refused.get(&call.id).map_or(Ok(()), |problem| Err(problem.clone()))
    }

    fn signed_in(&mut self, call: &Call, access: &Access, now: DateTime<Utc>) -> Result<(), Problem> {
        let (good, scheme) = match &self.profile.auth {
            Auth::Header { name, prefix } => {
                let sent = call.header(name).and_then(|value| without_prefix(value, prefix));
                (sent.is_some_and(|key| key == access.key), if prefix == "Bearer " { "Bearer" } else { "ApiKey" })
            }
            Auth::Basic => (basic(call).is_some_and(|(user, password)| known(access, &user, &password)), "Basic"),
            Auth::Session => {
                self.sessions.retain(|_, until| *until > now);
                (call.bearer().is_some_and(|token| self.sessions.contains_key(token)), "Bearer")
            }
        };
        if good {
            Ok(())
        } else {
            Err(Problem::unauthorised("The call is not signed in, or its sign-in is not known", scheme))
        }
    }

    /// `POST` and `DELETE` of the session.
    pub(crate) fn session(
        &mut self,
        call: &Call,
        access: &Access,
        now: DateTime<Utc>,
        time: &TimeForm,
    ) -> Result<Reply, Problem> {
        if call.method == http::Method::DELETE {
            let ended = call.bearer().is_some_and(|token| self.sessions.remove(token).is_some());
            let unknown = || Problem::unauthorised("There is no such session", "Bearer");
            return if ended { Ok(Reply::empty(204)) } else { Err(unknown()) };
        }
        if call.method != http::Method::POST {
            return Err(Problem::not_found("A session is made and ended here"));
        }
        let sent = call.json().ok().and_then(|body| self.profile.take("session", &body).ok()).unwrap_or_default();
        let text = |name: &str| sent.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        if !known(access, &text("user"), &text("password")) {
            return Err(Problem::unauthorised("User or password is wrong", "Bearer"));
        }
        self.issued += 1;
        let token = hex::encode(Sha256::digest(format!("{}/{}/{}", access.password, self.issued, now)));
        let token: String = token.chars().take(40).collect();
        let until = now + SESSION;
        self.sessions.insert(token.clone(), until);
        let answer = json!({ "token": token, "expiresAt": super::profile::instant_text(until) });
        Ok(Reply::json(201, &self.profile.show("session", answer, time)))
    }

    /// How instants are written now.
    pub(crate) fn time(&self, common: &Common, zone: Zone) -> TimeForm {
        match (&self.profile.time, common.times) {
            (TimeForm::Rfc3339, TimeWriting::Offset) => TimeForm::Offset(zone),
            (TimeForm::Rfc3339, TimeWriting::Local) => TimeForm::Local(zone),
            (form, _) => form.clone(),
        }
    }

    /// An instant in a query.
    pub(crate) fn instant(&self, call: &Call, name: &str, zone: Zone) -> Result<Option<DateTime<Utc>>, Problem> {
        let Some(text) = self.profile.asked(call, name) else { return Ok(None) };
        let read = self.profile.time.read(&text.into()).filter(|_| self.profile.time != TimeForm::Rfc3339);
        // A plus that was not encoded arrives as a blank.
        let read = read.or_else(|| instant(text, zone)).or_else(|| instant(&text.replace(' ', "+"), zone));
        read.map(Some).ok_or_else(|| Problem::validation(name, "This is no instant"))
    }
}

impl Poll {
    /// Reads `wait`.
    pub(crate) fn of(profile: &Profile, call: &Call) -> Result<Self, Problem> {
        let Some(text) = profile.asked(call, "wait") else { return Ok(Self(None)) };
        let seconds = text.parse().ok().filter(|seconds| (0..=LONGEST_POLL).contains(seconds));
        let seconds = seconds.ok_or_else(|| Problem::validation("wait", "One may wait for 0 to 25 seconds"))?;
        Ok(Self((seconds > 0).then(|| call.arrived + TimeDelta::seconds(seconds))))
    }

    /// The answer that says to wait, if there is still time; the clock is the one that calls are stamped with.
    pub(crate) fn later(self, now: DateTime<Utc>) -> Option<Reply> {
        self.0.filter(|until| now < *until).map(Reply::later)
    }
}

/// How a call is counted: ids with letters are ids too.
pub(crate) fn counted_shape(call: &Call) -> String {
    let pieces = call.segments.iter().map(|piece| if is_id(piece) { "{id}" } else { piece.as_str() });
    format!("{} /{}", call.method, pieces.collect::<Vec<_>>().join("/"))
}

fn is_id(piece: &str) -> bool {
    let number = piece.split_once('-').map_or(piece, |(_, number)| number);
    number.bytes().all(|byte| byte.is_ascii_digit())
}

fn without_prefix<'a>(value: &'a str, prefix: &str) -> Option<&'a str> {
    let head = value.get(..prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then(|| value.get(prefix.len()..)).flatten()
}

fn basic(call: &Call) -> Option<(String, String)> {
    let sent = without_prefix(call.header("authorization")?, "Basic ")?;
    let text = String::from_utf8(STANDARD.decode(sent.trim()).ok()?).ok()?;
    text.split_once(':').map(|(user, password)| (user.to_owned(), password.to_owned()))
}

/// The user, or the key in the user's place.
fn known(access: &Access, user: &str, password: &str) -> bool {
    (user == access.user || user == access.key) && password == access.password
}
