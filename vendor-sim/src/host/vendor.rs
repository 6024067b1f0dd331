//! What a vendor brings.

use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::call::Call;
use super::post::{Delivery, Errand};
use super::reply::Reply;
use crate::clock::{Clock, Zone};

/// One vendor's side: its world and how it answers.
///
/// All functions run behind one lock, so they see and leave a world that agrees with itself.
pub trait Vendor: Clone + Debug + Send + Sized + 'static {
    /// Name in logs and lists, as `graph`.
    const NAME: &'static str;
    /// The vendor's own control calls, for whoever asks for the list.
    const CONTROL: &'static [&'static str] = &[];
    /// Parameters whose values the log leaves out; names without case.
    const SECRET_PARAMETERS: &'static [&'static str] = &["token", "secret", "password", "key"];
    /// Time zone of the site unless the options name another.
    const ZONE: &'static str = "Europe/London";
    /// Everything behind the API.
    type World: Clone + Debug + Send + 'static;
    /// Which of the known ways the server follows.
    type Switches: Clone + Debug + Default + Serialize + DeserializeOwned + Send + 'static;
    /// What the vendor's own builder methods set.
    type Plan: Clone + Debug + Default + Send + 'static;

    /// Makes the world to serve.
    ///
    /// # Errors
    /// The plan cannot be carried out.
    fn world(start: Start<Self>) -> anyhow::Result<Self::World>;

    /// The clock of the world.
    fn clock(world: &mut Self::World) -> &mut Clock;

    /// The switches of the world.
    fn switches(world: &mut Self::World) -> &mut Self::Switches;

    /// Answers a call.
    fn answer(world: &mut Self::World, call: &Call) -> Reply;

    /// Answers one of the vendor's own control calls; `rest` is the path below `/__control`. `None` if it is none.
    fn control(world: &mut Self::World, call: &Call, rest: &[&str]) -> Option<Reply> {
        let _ = (world, call, rest);
        None
    }

    /// The body that the server puts into an error which a fault asks for.
    fn failure(world: &mut Self::World, call: &Call, status: u16) -> Reply {
        let _ = (world, call);
        Reply::json(status, &json!({ "message": "Something went wrong." }))
    }

    /// How a call is counted, as `GET /users/{id}`.
    fn shape(call: &Call) -> String {
        call.shape()
    }

    /// A call has come in, before anything happens to it.
    fn arrived(world: &mut Self::World, call: &Call) {
        let _ = (world, call);
    }

    /// The answer to a call is about to leave.
    fn left(world: &mut Self::World, call: &Call) {
        let _ = (world, call);
    }

    /// What a restart loses: sessions, caches.
    fn restarted(world: &mut Self::World) {
        let _ = world;
    }

    /// Does what time brings and gives the calls that the server itself makes now.
    ///
    /// Asked after every change and every now and then; must be cheap.
    fn settle(world: &mut Self::World) -> Vec<Errand> {
        let _ = world;
        Vec::new()
    }

    /// What became of a call the server made.
    fn delivered(world: &mut Self::World, errand: u64, delivery: Delivery) {
        let _ = (world, errand, delivery);
    }

    /// Puts an older copy in place; clock and switches stay as they are.
    fn restore(world: &mut Self::World, mut older: Self::World) {
        Self::clock(&mut older).clone_from(Self::clock(world));
        Self::switches(&mut older).clone_from(Self::switches(world));
        *world = older;
    }
}

/// What a world is made from.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Start<V: Vendor> {
    /// What the vendor's builder methods set.
    pub plan: V::Plan,
    /// The switches.
    pub switches: V::Switches,
    /// Seed; the same seed on the same day gives the same world.
    pub seed: u64,
    /// The clock, set.
    pub clock: Clock,
    /// Time zone of the site.
    pub zone: Zone,
    /// Where the server is reached, as `http://127.0.0.1:4711`.
    pub url: String,
}
