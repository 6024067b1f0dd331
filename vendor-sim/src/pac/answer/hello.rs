//! The first request, and the sign of life.

use super::{Ask, Request};
use crate::pac::session::Session;
use crate::pac::state::{Live, Order, State};
use crate::pac::wire::element::Element;
use crate::pac::wire::frame::MAX_FRAME;
use crate::pac::wire::records::stamp;
use crate::pac::wire::refusal::{Code, Refusal};
use crate::pac::wire::view::View;
use crate::pac::world::Stream;

/// Sessions of one client at a time.
const SESSIONS: usize = 2;

pub(super) fn hello(state: &mut State, session: &mut Session, request: &Request) -> Result<Element, Refusal> {
    let body = View::new(&request.body);
    if let Err(error) = state.read_clients() {
        tracing::warn!(%error, "the registry could not be read");
    }
    let client = state.clients.with_fingerprint(&session.fingerprint).cloned();
    let client = client.ok_or_else(|| Refusal::new(Code::ClientUnknown, "The client is not registered."))?;
    if !client.enabled {
        return Err(Refusal::new(Code::ClientRevoked, "The client was revoked."));
    }
    if client.expired {
        return Err(Refusal::new(Code::ClientExpired, "The client's certificate has expired."));
    }
    if !state.settings.licensed {
        return Err(Refusal::new(Code::LicenceMissing, "The interface is not licensed."));
    }
    if request.org != 1 {
        return Err(Refusal::new(Code::OrgForbidden, "That is not the client's organisation.").at("Request/@org"));
    }
    for name in ["client", "product", "version"] {
        body.need(name, body.label(name, 64)?)?;
    }
    body.need("now", body.time("now")?)?;
    let profile = |name| body.need(name, body.number::<u8>(name, 0..=255)?);
    if !(profile("profileMin")?..=profile("profileMax")?).contains(&1) {
        return Err(Refusal::new(Code::ProfileUnsupported, "Only profile 1 is spoken here.").at("Hello/@profileMax"));
    }
    make_room(state, session)?;
    state.live.push(Live { id: session.id, fingerprint: session.fingerprint.clone(), orders: session.orders.clone() });
    session.client = Some(client);
    state.sessions += 1;
    Ok(welcome(state, session))
}

/// A third session of a client replaces its oldest.
fn make_room(state: &mut State, session: &Session) -> Result<(), Refusal> {
    let own = |live: &Live| live.fingerprint == session.fingerprint;
    if state.live.iter().filter(|live| own(live)).count() >= SESSIONS
        && let Some(oldest) = state.live.iter().position(own)
    {
        let replaced = state.live.remove(oldest);
        // It may be ending on its own.
        let _ = replaced.orders.send(Order { reason: "session-replaced", retry_after_ms: None });
    }
    if state.live.len() >= state.settings.max_sessions {
        let wait = state.settings.retry_after_ms();
        return Err(Refusal::new(Code::TooManySessions, "There are too many sessions.").after_ms(wait));
    }
    Ok(())
}

fn welcome(state: &State, session: &Session) -> Element {
    let (settings, world) = (&state.settings, &state.world);
    let limits = Element::new("Limits")
        .with("maxFrame", MAX_FRAME)
        .with("maxInFlight", settings.max_in_flight)
        .with("maxPage", settings.max_page)
        .with("maxWindow", settings.max_window)
        .with("idleSeconds", settings.idle.as_secs().max(1))
        .with("maxDoorSeconds", settings.max_door_seconds);
    let capabilities = settings.capabilities.iter().map(|name| Element::new("Capability").with("name", name));
    let logs = [Stream::Events, Stream::Changes].map(|stream| {
        let (first, next) = world.bounds(stream);
        Element::new("Log").with("stream", stream).with("epoch", world.epoch).with("first", first).with("next", next)
    });
    Element::new("Welcome")
        .with("server", &settings.name)
        .with("version", concat!("sim-", env!("CARGO_PKG_VERSION")))
        .with("profile", 1)
        .with("session", session.id)
        .with("now", stamp(world.zone, world.now()))
        .with("tz", world.zone.name())
        .with("organisation", &world.organisation)
        .with("origin", session.client.as_ref().map_or("", |client| client.origin.as_str()))
        .holding([limits])
        .holding(capabilities)
        .holding(logs)
}

impl Ask<'_> {
    pub(super) fn ping(&self) -> Result<Element, Refusal> {
        self.body.need("t", self.body.time("t")?)?;
        let world = &self.state.world;
        Ok(Element::new("Pong")
            .with("t", self.body.text("t").unwrap_or_default())
            .with("now", stamp(world.zone, world.now())))
    }
}
