//! Optima on the common host.

use anyhow::Context;
use serde_json::Value;

use super::contract::CONTRACT;
use super::switches::Switches;
use super::world::{World, seed};
use super::{api, control};
use crate::bridge::profile::Profile;
use crate::bridge::{Front, Plan, Problem, SECRETS, counted_shape};
use crate::host::{Call, Clock, Reply, Sim, Start, Vendor};

/// The bridge to Optima as a vendor of the host.
#[derive(Debug, Clone, Copy)]
pub struct Optima;

/// A running simulator of the bridge to Optima.
pub type OptimaSim = Sim<Optima>;

impl Sim<Optima> {
    /// The API key.
    pub fn key(&self) -> String {
        self.world(|world| world.access.key.clone())
    }

    /// User of basic sign-in and of sessions.
    pub fn user(&self) -> String {
        self.world(|world| world.access.user.clone())
    }

    /// Password of that user.
    pub fn password(&self) -> String {
        self.world(|world| world.access.password.clone())
    }
}

impl Vendor for Optima {
    const NAME: &'static str = "optima";
    const CONTROL: &'static [&'static str] = control::CALLS;
    const SECRET_PARAMETERS: &'static [&'static str] = SECRETS;
    type World = World;
    type Switches = Switches;
    type Plan = Plan<World>;

    fn world(start: Start<Self>) -> anyhow::Result<World> {
        let profile = match &start.plan.profile {
            Some(text) => Profile::parse(&CONTRACT, text).context("the profile cannot be used")?,
            None => Profile::built_in(&CONTRACT),
        };
        let mut world = match start.plan.world {
            Some(world) => *world,
            None => seed(start.plan.people, start.plan.event_days, start.seed, &start.clock, start.zone),
        };
        (world.clock, world.switches, world.front) = (start.clock, start.switches, Front::new(profile));
        Ok(world)
    }

    fn clock(world: &mut World) -> &mut Clock {
        &mut world.clock
    }

    fn switches(world: &mut World) -> &mut Switches {
        &mut world.switches
    }

    fn answer(world: &mut World, call: &Call) -> Reply {
        let reply = api::answer(world, call);
        let reply = reply.unwrap_or_else(|problem| problem.reply(Self::NAME, &world.front.profile));
        reply.after(std::time::Duration::from_millis(world.switches.latency_ms))
    }

    fn control(world: &mut World, call: &Call, rest: &[&str]) -> Option<Reply> {
        control::answer(world, call, rest)
    }

    fn failure(world: &mut World, _: &Call, status: u16) -> Reply {
        Problem::of_status(status).reply(Self::NAME, &world.front.profile)
    }

    fn shape(call: &Call) -> String {
        counted_shape(call)
    }

    fn arrived(world: &mut World, call: &Call) {
        let common = world.switches.common();
        world.front.arrived(call, &common);
    }

    fn left(world: &mut World, call: &Call) {
        world.front.left(call);
    }

    fn restarted(world: &mut World) {
        world.front.restarted();
    }

    fn restore(world: &mut World, mut older: World) {
        older.clock = world.clock.clone();
        older.switches = world.switches.clone();
        older.front = world.front.clone();
        *world = older;
    }
}

/// Only for texts of problems: what the wire calls a thing.
pub(super) fn shown_id(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
