//! The simulator of a tenant on the common host.

use std::collections::BTreeSet;

use serde_json::Value;

use super::switches::Switches;
use super::world::{Permission, SentMail, World, seed};
use super::{control, wire};
use crate::clock::Clock;
use crate::host::{Call, Delivery, Errand, Options, Reply, Sim, Start, Vendor};

/// Microsoft Graph and its token endpoint.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Graph;

/// A running tenant; dropping it stops it.
pub type GraphSim = Sim<Graph>;

/// Settings of a tenant before it starts.
pub type GraphOptions = Options<Graph>;

/// What the tenant is made of.
#[derive(Clone)]
#[non_exhaustive]
pub struct Plan {
    pub(super) rooms: usize,
    pub(super) meetings: usize,
    pub(super) tenant: String,
    pub(super) domain: String,
    pub(super) client_id: String,
    pub(super) secret: String,
    pub(super) certificates: Vec<Vec<u8>>,
}

impl std::fmt::Debug for Plan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { rooms, meetings, tenant, domain, client_id, .. } = self;
        f.debug_struct("Plan")
            .field("rooms", rooms)
            .field("meetings", meetings)
            .field("tenant", tenant)
            .field("domain", domain)
            .field("client_id", client_id)
            .finish_non_exhaustive()
    }
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            rooms: 6,
            meetings: 60,
            tenant: "6a1b52c4-7d3e-4f80-9a2b-3c4d5e6f7081".to_owned(),
            domain: "example.org".to_owned(),
            client_id: "0d9c8b7a-6f5e-4d3c-8b2a-1f0e9d8c7b6a".to_owned(),
            // With the characters that need encoding in a form.
            secret: "kX8Q~s+e&c=r%eT é1".to_owned(),
            certificates: Vec::new(),
        }
    }
}

impl Options<Graph> {
    /// How many rooms.
    pub fn rooms(mut self, rooms: usize) -> Self {
        self.plan.rooms = rooms;
        self
    }

    /// How many meetings, spread over the rooms and some weeks.
    pub fn meetings(mut self, meetings: usize) -> Self {
        self.plan.meetings = meetings;
        self
    }

    /// The tenant's verified domain.
    pub fn domain(mut self, domain: &str) -> Self {
        domain.clone_into(&mut self.plan.domain);
        self
    }

    /// The application's client id.
    pub fn client_id(mut self, id: &str) -> Self {
        id.clone_into(&mut self.plan.client_id);
        self
    }

    /// The application's secret.
    pub fn secret(mut self, secret: &str) -> Self {
        secret.clone_into(&mut self.plan.secret);
        self
    }

    /// A certificate, as DER, with which the application may sign in; see also [`World::add_certificate`].
    pub fn certificate(mut self, der: &[u8]) -> Self {
        self.plan.certificates.push(der.to_vec());
        self
    }
}

impl Sim<Graph> {
    /// The Graph root, without `/v1.0`.
    pub fn base_url(&self) -> String {
        self.url()
    }

    /// The authority, to which tenant and `/oauth2/v2.0/token` are added.
    pub fn authority(&self) -> String {
        self.url()
    }

    /// The whole address of the token endpoint.
    pub fn token_url(&self) -> String {
        format!("{}/{}/oauth2/v2.0/token", self.url(), self.tenant())
    }

    /// The tenant's id.
    pub fn tenant(&self) -> String {
        self.world(|world| world.tenant.clone())
    }

    /// The tenant's domain, which serves as its name as well.
    pub fn domain(&self) -> String {
        self.world(|world| world.domain.clone())
    }

    /// The application's client id.
    pub fn client_id(&self) -> String {
        self.world(|world| world.app.client_id.clone())
    }

    /// The application's newest secret.
    pub fn secret(&self) -> String {
        self.world(|world| world.app.secrets.last().map(|secret| secret.value.clone()).unwrap_or_default())
    }

    /// Makes a key with a certificate, uploads the certificate; gives certificate and key as PEM.
    ///
    /// # Errors
    /// The machine cannot make a key.
    pub fn add_certificate(&self) -> anyhow::Result<(String, String)> {
        self.world(World::add_certificate)
    }

    /// A token as the token endpoint gives them, for calls without signing in first.
    pub fn token(&self) -> String {
        self.world(wire::issue_token)
    }

    /// What was sent through `sendMail`.
    pub fn sent_mail(&self) -> Vec<SentMail> {
        self.world(|world| world.sent.clone())
    }

    /// Most calls of mailboxes that were in flight at a time; see the switch `latency_ms`.
    pub fn in_flight_peak(&self) -> usize {
        self.world(|world| world.load.peak)
    }

    /// What an administrator consented to.
    pub fn consents(&self) -> BTreeSet<Permission> {
        self.world(|world| world.app.consents.clone())
    }
}

impl Vendor for Graph {
    const NAME: &'static str = "graph";
    const CONTROL: &'static [&'static str] = &control::CALLS;
    type World = World;
    type Switches = Switches;
    type Plan = Plan;

    fn world(start: Start<Self>) -> anyhow::Result<World> {
        Ok(seed(start))
    }

    fn clock(world: &mut World) -> &mut Clock {
        &mut world.clock
    }

    fn switches(world: &mut World) -> &mut Switches {
        &mut world.switches
    }

    fn answer(world: &mut World, call: &Call) -> Reply {
        wire::answer(world, call)
    }

    fn control(world: &mut World, call: &Call, rest: &[&str]) -> Option<Reply> {
        control::answer(world, call, rest)
    }

    fn failure(world: &mut World, call: &Call, status: u16) -> Reply {
        wire::failure(world, call, status)
    }

    fn shape(call: &Call) -> String {
        wire::shape(call)
    }

    fn arrived(world: &mut World, call: &Call) {
        wire::arrived(world, call);
    }

    fn left(world: &mut World, call: &Call) {
        wire::left(world, call);
    }

    fn settle(world: &mut World) -> Vec<Errand> {
        world.settle()
    }

    fn delivered(world: &mut World, errand: u64, delivery: Delivery) {
        world.delivered(errand, &delivery);
    }

    fn restore(world: &mut World, older: World) {
        world.restore(older);
    }
}

/// A value with what is laid over it.
pub(super) fn overlaid(mut value: Value, overlay: &serde_json::Map<String, Value>) -> Value {
    if let Some(object) = value.as_object_mut() {
        object.extend(overlay.clone());
    }
    value
}
