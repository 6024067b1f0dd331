//! What is set up, what the site looks like, and door commands.

use super::record;
use crate::model::{
    AccessGroup, CommandId, Controller, ControllerStatus, DoorStatus, Etag, Reader, ReaderId, SiteStatus,
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DefinitionsGet {
    pub(crate) if_not: Option<Etag>,
}
record!(DefinitionsGet { if_not "ifNot" });

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DefinitionsAnswer {
    pub(crate) etag: Etag,
    pub(crate) unchanged: bool,
    pub(crate) access_groups: Vec<AccessGroup>,
    pub(crate) controllers: Vec<Controller>,
    pub(crate) readers: Vec<Reader>,
}
record!(DefinitionsAnswer {
    etag "etag", unchanged "unchanged"; access_groups "AccessGroup", controllers "Controller", readers "Reader"
});

record!(AccessGroup { id "id", name "name", default "default", enabled "enabled" });
record!(Controller { id "id", name "name", model "model", serial "serial" });
record!(Reader {
    id "id", name "name", controller "controller", door "door", door_name "doorName", direction "direction"
});

record!(SiteStatus { now "now"; controllers "ControllerState", doors "DoorState" });
record!(ControllerStatus { id "id", online "online", since "since" });
record!(DoorStatus { door "door", position "position", lock "lock", alarm "alarm" });

#[derive(Clone, PartialEq, Eq)]
pub(crate) struct DoorOpen {
    pub(crate) reader: ReaderId,
    pub(crate) seconds: u16,
    pub(crate) operator: String,
    pub(crate) reason: Option<String>,
}
record!(DoorOpen { reader "reader", seconds "seconds", operator "operator", reason "reason" });

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CommandAccepted {
    pub(crate) command: CommandId,
    pub(crate) seconds: u16,
}
record!(CommandAccepted { command "command", seconds "seconds" });
