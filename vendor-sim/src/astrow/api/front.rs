//! What stands before every resource: sessions, how often one may ask, planned mishaps.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::idempotency::Remembered;
use super::problem::Problem;
use crate::astrow::switches::Switches;
use crate::astrow::world::{PERMISSION, World};
use crate::host::{Call, Reply};

/// How long a session lasts without a call.
const SESSION: TimeDelta = TimeDelta::minutes(30);

/// The part of a world that looks at callers.
#[derive(Debug, Clone, Default)]
pub(crate) struct Front {
    sessions: BTreeMap<String, Session>,
    issued: u64,
    /// Second of the clock, and how many calls it has seen.
    second: (i64, u64),
    marked: BTreeMap<u64, Mark>,
    admitted: BTreeMap<u64, Caller>,
    pub(super) remembered: Remembered,
}

#[derive(Debug, Clone)]
struct Session {
    caller: Caller,
    until: DateTime<Utc>,
}

/// Who calls.
#[derive(Debug, Clone)]
pub(super) struct Caller {
    pub(super) user: String,
    client: String,
}

impl Caller {
    /// The origin of the changes that this caller makes.
    pub(super) fn origin(&self) -> String {
        format!("api:{}", self.client)
    }
}

/// What is to happen to one call.
#[derive(Debug, Clone)]
enum Mark {
    Refused(Problem),
    Unanswered,
}

/// Counts a call that came in; planned mishaps may meet it.
pub(crate) fn arrived(world: &mut World, call: &Call) {
    let World { front, switches, .. } = world;
    let second = call.arrived.timestamp();
    if front.second.0 != second {
        front.second = (second, 0);
    }
    front.second.1 += 1;
    let signing_in = call.segments.last().is_some_and(|last| last == "session");
    let mark = if switches.rate_limit > 0 && front.second.1 > switches.rate_limit {
        Mark::Refused(Problem::too_many_requests())
    } else if Switches::take(&mut switches.http_500) {
        Mark::Refused(Problem::of_status(500))
    } else if !signing_in && Switches::take(&mut switches.drop_response) {
        Mark::Unanswered
    } else if !signing_in && Switches::take(&mut switches.token_expire) {
        if let Some(token) = call.bearer() {
            front.sessions.remove(token);
        }
        return;
    } else {
        return;
    };
    front.marked.insert(call.id, mark);
}

impl Front {
    /// The refusal that is planned for a call.
    pub(super) fn refused(&self, call: &Call) -> Option<Problem> {
        match self.marked.get(&call.id) {
            Some(Mark::Refused(problem)) => Some(problem.clone()),
            _ => None,
        }
    }

    /// Whether a call gets no answer.
    pub(super) fn unanswered(&self, call: &Call) -> bool {
        matches!(self.marked.get(&call.id), Some(Mark::Unanswered))
    }

    /// Forgets a call that is answered.
    pub(crate) fn left(&mut self, call: &Call) {
        self.marked.remove(&call.id);
        self.admitted.remove(&call.id);
    }

    pub(crate) fn end_sessions(&mut self) {
        self.sessions.clear();
    }
}

/// Who calls, if the session holds; using it makes it last longer.
pub(super) fn admit(world: &mut World, call: &Call) -> Result<Caller, Problem> {
    // Whoever waits for something new is asked once.
    if let Some(caller) = world.front.admitted.get(&call.id) {
        return Ok(caller.clone());
    }
    let now = world.clock.now();
    let session = call.bearer().and_then(|token| world.front.sessions.get_mut(token));
    let session = session.filter(|session| now < session.until).ok_or_else(Problem::unauthorised)?;
    session.until = now + SESSION;
    let caller = session.caller.clone();
    if !permitted(world, &caller.user) {
        return Err(Problem::permission());
    }
    world.front.admitted.insert(call.id, caller.clone());
    Ok(caller)
}

/// Signs in.
pub(super) fn open(world: &mut World, call: &Call) -> Result<Reply, Problem> {
    let body = super::read::body(call)?;
    let text = |name: &str| body.get(name).and_then(serde_json::Value::as_str);
    let (Some(name), Some(password)) = (text("user"), text("password")) else {
        return Err(Problem::malformed("user and password are needed"));
    };
    let known = world.users.get(name).filter(|user| user.password == password);
    let permissions = known
        .map(|user| user.permissions.clone())
        .ok_or_else(|| Problem::new(401, "bad-credentials", "User or password is wrong"))?;
    if !permitted(world, name) {
        return Err(Problem::permission());
    }
    let now = world.clock.now();
    let front = &mut world.front;
    front.sessions.retain(|_, session| now < session.until);
    front.issued += 1;
    let token = hex::encode(Sha256::digest(format!("{password}/{}/{now}", front.issued)));
    let token: String = token.chars().take(40).collect();
    let client = text("client").unwrap_or("unnamed").to_owned();
    let caller = Caller { user: name.to_owned(), client };
    let until = now + SESSION;
    front.sessions.insert(token.clone(), Session { caller, until });
    let answer = json!({ "token": token, "expiresAt": world.stamp(until), "permissions": permissions, "user": name });
    Ok(Reply::json(201, &answer))
}

/// Signs out.
pub(super) fn close(world: &mut World, call: &Call) -> Reply {
    if let Some(token) = call.bearer() {
        world.front.sessions.remove(token);
    }
    Reply::empty(204)
}

fn permitted(world: &World, user: &str) -> bool {
    let holds = world.users.get(user).is_some_and(|user| user.permissions.contains(PERMISSION));
    holds && !world.switches.permission_off
}
