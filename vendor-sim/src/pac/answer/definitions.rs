//! Definitions and what is up.

use sha2::{Digest, Sha256};

use super::Ask;
use crate::pac::wire::element::Element;
use crate::pac::wire::records::stamp;
use crate::pac::wire::refusal::Refusal;
use crate::pac::world::World;

impl Ask<'_> {
    #[expect(clippy::unnecessary_wraps, reason = "as its neighbours")]
    pub(super) fn definitions(&self) -> Result<Element, Refusal> {
        let all = definitions(&self.state.world);
        let digest = Sha256::digest(Element::new("All").holding(all.iter().cloned()).render());
        let etag = format!("d-{}", hex::encode(digest.get(..8).unwrap_or_default()));
        let same = self.body.text("ifNot") == Some(etag.as_str());
        let answer = Element::new("Definitions").with("etag", etag).with("unchanged", same);
        Ok(if same { answer } else { answer.holding(all) })
    }

    pub(super) fn status(&self) -> Element {
        let world = &self.state.world;
        let now = world.now();
        let controllers = world.controllers.values().map(|controller| {
            Element::new("ControllerState")
                .with("id", controller.id)
                .with("online", controller.online)
                .with("since", stamp(world.zone, controller.since))
        });
        let doors = world.doors.iter().map(|(id, door)| {
            let released = door.released_until.is_some_and(|until| now < until);
            let of_readers = world.readers.values().filter(|reader| reader.door == *id);
            let unreached = of_readers
                .filter_map(|reader| world.controllers.get(&reader.controller))
                .any(|controller| !controller.online);
            let (position, lock) = match (unreached, door.open, released) {
                (true, ..) => ("unknown", "unknown"),
                (_, true, true) => ("open", "released"),
                (_, true, false) => ("open", "locked"),
                (_, false, true) => ("closed", "released"),
                (_, false, false) => ("closed", "locked"),
            };
            let alarm = if door.alarm.is_empty() { "none" } else { &door.alarm };
            Element::new("DoorState")
                .with("door", id)
                .with("position", position)
                .with("lock", lock)
                .with("alarm", alarm)
        });
        Element::new("Status").with("now", stamp(world.zone, now)).holding(controllers).holding(doors)
    }
}

fn definitions(world: &World) -> Vec<Element> {
    let groups = world.groups.values().map(|group| {
        Element::new("AccessGroup")
            .with("id", group.id)
            .with("name", &group.name)
            .with("default", group.default)
            .with("enabled", group.enabled)
    });
    let controllers = world.controllers.values().map(|controller| {
        Element::new("Controller")
            .with("id", controller.id)
            .with("name", &controller.name)
            .with_some("model", controller.model.as_ref())
            .with_some("serial", controller.serial.as_ref())
    });
    let readers = world.readers.values().map(|reader| {
        Element::new("Reader")
            .with("id", reader.id)
            .with("name", &reader.name)
            .with("controller", reader.controller)
            .with("door", reader.door)
            .with("doorName", &reader.door_name)
            .with("direction", reader.direction)
    });
    groups.chain(controllers).chain(readers).collect()
}
