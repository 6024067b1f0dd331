//! The two logs.

use super::{Record, record};
use crate::{
    model::{Change, Epoch, Event, LogStream, PacError},
    oem1::xml::{Attribute, Element, XmlReader, XmlWriter},
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LogRead {
    pub(crate) stream: LogStream,
    pub(crate) epoch: Epoch,
    pub(crate) after: u64,
    pub(crate) max: u16,
}
record!(LogRead { stream "stream", epoch "epoch", after "after", max "max" });

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Subscribe {
    pub(crate) stream: LogStream,
    pub(crate) epoch: Epoch,
    pub(crate) after: u64,
    pub(crate) window: u16,
}
record!(Subscribe { stream "stream", epoch "epoch", after "after", window "window" });

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Subscribed {
    pub(crate) stream: LogStream,
    pub(crate) epoch: Epoch,
    pub(crate) next: u64,
}
record!(Subscribed { stream "stream", epoch "epoch", next "next" });

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StreamRef {
    pub(crate) stream: LogStream,
}
record!(StreamRef { stream "stream" });

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ack {
    pub(crate) stream: LogStream,
    pub(crate) seq: u64,
}
record!(Ack { stream "stream", seq "seq" });

/// A batch of one of the logs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Batch<T> {
    pub(crate) epoch: Epoch,
    pub(crate) more: bool,
    pub(crate) records: Vec<T>,
}

impl<T: Logged> Record for Batch<T> {
    fn read(element: &Element, reader: &mut XmlReader<'_>) -> Result<Self, PacError> {
        let epoch = Attribute::take(element, "epoch")?;
        let more = Attribute::take(element, "more")?;
        let mut records = Vec::new();
        while let Some(child) = reader.child()? {
            if child.name() == T::NAME {
                records.push(T::read(&child, reader)?);
            } else {
                reader.leave()?;
            }
        }
        Ok(Self { epoch, more, records })
    }

    fn write(&self, writer: &mut XmlWriter, name: &str) {
        writer.element(name, |writer| {
            self.epoch.put(writer, "epoch");
            self.more.put(writer, "more");
            self.records.iter().for_each(|record| record.write(writer, T::NAME));
        });
    }
}

/// A record of a log.
pub(crate) trait Logged: Record {
    const NAME: &'static str;

    fn seq(&self) -> u64;
}

impl Logged for Event {
    const NAME: &'static str = "Event";

    fn seq(&self) -> u64 {
        self.seq
    }
}

impl Logged for Change {
    const NAME: &'static str = "Change";

    fn seq(&self) -> u64 {
        self.seq
    }
}

record!(Event {
    seq "seq", time "time", received "received", kind "type", severity "severity", reason "reason",
    controller "controller", reader "reader", door "door", direction "direction", person "person", ext "ext",
    credential_type "credType", credential_number "credNumber", facility "facility", command "command",
    operator "operator", native "native", text "text"
});
record!(Change {
    seq "seq", time "time", entity "entity", op "op", id "id", ext "ext", rev "rev", origin "origin",
    operator "operator"
});
