//! What each request is answered.

mod booking;
mod definitions;
mod door;
mod hello;
mod logs;
mod people;
mod writes;

pub(super) use self::logs::batch;
use super::faults::Kind;
use super::requests::LoggedRequest;
use super::session::Session;
use super::state::State;
use super::wire::element::Element;
use super::wire::refusal::{Code, Refusal};
use super::wire::view::View;
use super::world::Origin;

/// All capabilities, in the order in which they are told.
pub(super) const CAPABILITIES: [&str; 14] = [
    "definitions.read",
    "people.read",
    "people.write",
    "people.delete",
    "credentials.write",
    "groups.write",
    "events.read",
    "events.push",
    "changes.read",
    "changes.push",
    "door.open",
    "status.read",
    "bookings.write",
    "idempotency",
];

/// A request of which the envelope was read.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) id: u32,
    pub(super) org: u32,
    pub(super) key: Option<String>,
    pub(super) body: Element,
}

/// What a connection sends, and whether it ends then.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) re: u32,
    pub(super) result: Result<Element, Refusal>,
    pub(super) close: bool,
    /// Instead of the answer the connection is cut.
    pub(super) lost: bool,
    /// There is no answer, and the connection stays.
    pub(super) mute: bool,
}

impl Reply {
    /// A refusal of something that is no request; the connection ends.
    pub(super) fn fatal(refusal: Refusal) -> Self {
        Self { re: 0, result: Err(refusal), close: true, lost: false, mute: false }
    }

    /// A refusal of a request.
    pub(super) fn refused(re: u32, refusal: Refusal) -> Self {
        let close = refusal.closes();
        Self { re, result: Err(refusal), close, lost: false, mute: false }
    }
}

/// Reads the envelope.
pub(super) fn envelope(root: Element) -> Result<Request, Reply> {
    let view = View::new(&root);
    if root.name != "Request" {
        return Err(Reply::fatal(Refusal::new(Code::UnknownMessage, "Clients send requests.")));
    }
    let id = view.needed_id("id").map_err(Reply::fatal)?;
    let refused = |refusal| Reply::refused(id, refusal);
    let org = view.needed_id("org").map_err(refused)?;
    let key = view.text("key").map(str::to_owned);
    if let Some(key) = &key
        && !is_uuid(key)
    {
        return Err(refused(view.wrong("key", "A key is a UUID in small letters.")));
    }
    let mut bodies = root.children.into_iter();
    match (bodies.next(), bodies.next()) {
        (Some(body), None) => Ok(Request { id, org, key, body }),
        _ => Err(refused(Refusal::new(Code::Schema, "A request has one body.").at("Request"))),
    }
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36 && uuid::Uuid::try_parse(text).is_ok() && !text.bytes().any(|byte| byte.is_ascii_uppercase())
}

/// Answers one request; `complaint` is what the schema has against it.
pub(super) fn answer(
    state: &mut State,
    session: &mut Session,
    request: &Request,
    payload: &str,
    complaint: Option<String>,
) -> Reply {
    let message = request.body.name.clone();
    let mut replayed = false;
    let result = in_turn(session, request)
        .and_then(|()| complaint.map_or(Ok(()), |words| Err(Refusal::new(Code::Schema, words).at(message.clone()))))
        .and_then(|()| run(state, session, request, &mut replayed));
    state.requests.push(LoggedRequest {
        at: state.world.now(),
        client: session.client.as_ref().map(|client| client.name.clone()).unwrap_or_default(),
        message: message.clone(),
        id: request.id,
        key: request.key.clone(),
        error: result.as_ref().err().map(|refusal| refusal.code.number()),
        replayed,
        payload: payload.to_owned(),
    });
    let at_hello = session.client.is_none();
    let close = message == "Bye" || result.as_ref().err().is_some_and(Refusal::closes) || at_hello;
    // What is not attributable to one request is told so.
    let re = match &result {
        Err(refusal) if refusal.code == Code::BadRequestId => 0,
        _ => request.id,
    };
    let lost = result.is_ok() && is_write(&message) && state.faults.meet(Kind::Drop, &message);
    let mute = !at_hello && state.faults.meet(Kind::Mute, &message);
    Reply { re, result, close, lost, mute }
}

/// The numbers of requests grow.
fn in_turn(session: &mut Session, request: &Request) -> Result<(), Refusal> {
    if request.id <= session.last_id {
        return Err(Refusal::new(Code::BadRequestId, "The number of the request is not larger than the one before."));
    }
    session.last_id = request.id;
    Ok(())
}

/// What a handler works on.
struct Ask<'a> {
    state: &'a mut State,
    session: &'a mut Session,
    body: View<'a>,
    origin: Origin,
}

fn run(state: &mut State, session: &mut Session, request: &Request, replayed: &mut bool) -> Result<Element, Refusal> {
    let name = request.body.name.as_str();
    if state.closing {
        return Err(Refusal::new(Code::ShuttingDown, "The server closes."));
    }
    let Some(client) = session.client.clone() else {
        return if name == "Hello" {
            hello::hello(state, session, request)
        } else {
            Err(Refusal::new(Code::HelloRequired, "The first request is a Hello."))
        };
    };
    if request.org != 1 {
        return Err(Refusal::new(Code::OrgForbidden, "That is not the client's organisation.").at("Request/@org"));
    }
    let mut ask = Ask { state, session, body: View::new(&request.body), origin: Origin::label(&client.origin) };
    if name == "Bye" {
        return Ok(Element::new("Done"));
    }
    let write = is_write(name);
    if name != "Ping" {
        ask.session.count(write)?;
        if ask.state.faults.meet(Kind::Busy, name) {
            let wait = ask.state.settings.retry_after_ms();
            return Err(Refusal::new(Code::Busy, "The server is busy.").after_ms(wait));
        }
    }
    ask.permitted(name)?;
    if !write {
        return read(&mut ask, name);
    }
    let key =
        request.key.as_deref().ok_or_else(|| Refusal::new(Code::Schema, "A write needs a key.").at("Request/@key"))?;
    if !ask.can("idempotency") {
        return ask.write(name, None);
    }
    let now = ask.state.world.now();
    let used = ask.state.keys.meet(&client.origin, key, &request.body, now)?;
    if let Some(stored) = used.answer {
        *replayed = true;
        return Ok(stored);
    }
    let done = ask.write(name, Some(used.first))?;
    ask.state.keys.keep(&client.origin, key, &done);
    Ok(done)
}

/// Whether a request changes something.
pub(super) fn is_write(name: &str) -> bool {
    matches!(
        name,
        "PersonPut"
            | "PersonState"
            | "PersonDelete"
            | "GroupsSet"
            | "CredentialSet"
            | "CredentialRemove"
            | "DoorOpen"
            | "BookingPut"
    )
}

fn read(ask: &mut Ask<'_>, name: &str) -> Result<Element, Refusal> {
    match name {
        "Ping" => ask.ping(),
        "DefinitionsGet" => ask.definitions(),
        "StatusGet" => Ok(ask.status()),
        "PersonList" => ask.person_list(),
        "PersonGet" => ask.person_get(),
        "LogRead" => ask.log_read(),
        "Subscribe" => ask.subscribe(),
        "Unsubscribe" => ask.unsubscribe(),
        "Ack" => ask.ack(),
        "Hello" => Err(Refusal::new(Code::UnknownMessage, "There was a Hello already.")),
        _ => Err(Refusal::new(Code::UnknownMessage, "There is no such request.")),
    }
}

impl Ask<'_> {
    fn write(&mut self, name: &str, first_seen: Option<chrono::DateTime<chrono::Utc>>) -> Result<Element, Refusal> {
        match name {
            "PersonPut" => self.person_put(),
            "PersonState" => self.person_state(),
            "PersonDelete" => self.person_delete(),
            "GroupsSet" => self.groups_set(),
            "CredentialSet" => self.credential_set(),
            "CredentialRemove" => self.credential_remove(),
            "DoorOpen" => self.door_open(first_seen),
            _ => self.booking_put(),
        }
    }

    fn can(&self, capability: &str) -> bool {
        self.state.settings.capabilities.contains(&capability)
    }

    /// Refuses what the server does not offer.
    fn permitted(&self, name: &str) -> Result<(), Refusal> {
        let events = self.body.text("stream") != Some("changes");
        let needed = match name {
            "DefinitionsGet" => "definitions.read",
            "StatusGet" => "status.read",
            "PersonList" | "PersonGet" => "people.read",
            "PersonPut" | "PersonState" => "people.write",
            "PersonDelete" => "people.delete",
            "GroupsSet" => "groups.write",
            "CredentialSet" | "CredentialRemove" => "credentials.write",
            "LogRead" if events => "events.read",
            "LogRead" => "changes.read",
            "Subscribe" | "Unsubscribe" | "Ack" if events => "events.push",
            "Subscribe" | "Unsubscribe" | "Ack" => "changes.push",
            "DoorOpen" => "door.open",
            "BookingPut" => "bookings.write",
            _ => return Ok(()),
        };
        if self.can(needed) {
            return Ok(());
        }
        Err(Refusal::new(Code::NotSupported, format!("This server does not offer {needed}.")))
    }
}
