//! The logs: read, pushed, acknowledged.

use super::Ask;
use crate::pac::faults::Kind;
use crate::pac::session::Subscription;
use crate::pac::state::State;
use crate::pac::wire::element::Element;
use crate::pac::wire::records;
use crate::pac::wire::refusal::{Code, Refusal};
use crate::pac::world::{Epoch, Stream};

/// Most records of one answer.
const MOST_READ: u16 = 500;

impl Ask<'_> {
    pub(super) fn log_read(&mut self) -> Result<Element, Refusal> {
        let max = self.body.needed_count("max", MOST_READ)?;
        let (stream, after) = self.position()?;
        Ok(batch(self.state, stream, after, u64::from(max), false).element)
    }

    pub(super) fn subscribe(&mut self) -> Result<Element, Refusal> {
        let window = self.body.needed_count("window", self.state.settings.max_window)?;
        let (stream, after) = self.position()?;
        if self.session.subscriptions.iter().any(|known| known.stream == stream) {
            return Err(Refusal::new(Code::AlreadySubscribed, "That log is pushed already.").at(self.body.at("stream")));
        }
        let epoch = self.state.world.epoch;
        self.session.subscriptions.push(Subscription {
            stream,
            epoch,
            sent: after,
            acknowledged: after,
            window: u64::from(window),
        });
        Ok(Element::new("Subscribed").with("stream", stream).with("epoch", epoch).with("next", after + 1))
    }

    pub(super) fn unsubscribe(&mut self) -> Result<Element, Refusal> {
        let stream = self.subscribed()?;
        self.session.subscriptions.retain(|known| known.stream != stream);
        Ok(Element::new("Done"))
    }

    pub(super) fn ack(&mut self) -> Result<Element, Refusal> {
        let seq = self.body.needed_number("seq")?;
        let stream = self.subscribed()?;
        let known = self.session.subscriptions.iter_mut().find(|known| known.stream == stream);
        if let Some(known) = known {
            if seq > known.sent {
                return Err(self.body.invalid("seq", "That record was not sent yet."));
            }
            known.acknowledged = known.acknowledged.max(seq);
        }
        Ok(Element::new("Done"))
    }

    fn subscribed(&self) -> Result<Stream, Refusal> {
        let stream = self.body.needed_word("stream", Stream::named)?;
        if self.session.subscriptions.iter().any(|known| known.stream == stream) {
            return Ok(stream);
        }
        Err(Refusal::new(Code::NotSubscribed, "That log is not pushed.").at(self.body.at("stream")))
    }

    /// Reads where a client stands, and looks whether there is such a place.
    fn position(&self) -> Result<(Stream, u64), Refusal> {
        let stream = self.body.needed_word("stream", Stream::named)?;
        let epoch: Epoch = self.body.needed_word("epoch", |text| text.parse().ok())?;
        let after = self.body.needed_number("after")?;
        let world = &self.state.world;
        let (first, next) = world.bounds(stream);
        if epoch != world.epoch {
            return Err(Refusal::new(Code::EpochChanged, "The log was made anew.").log(world.epoch, first));
        }
        if after >= next {
            return Err(Refusal::new(Code::CursorAhead, "The log is not that long.").log(world.epoch, first));
        }
        if after + 1 < first {
            let message = format!("The oldest record is {first}.");
            return Err(Refusal::new(Code::CursorExpired, message).log(world.epoch, first));
        }
        Ok((stream, after))
    }
}

/// Records of a log in one element, and how far they reach.
#[derive(Debug)]
pub(in crate::pac) struct Batch {
    pub(in crate::pac) element: Element,
    pub(in crate::pac) last: u64,
    pub(in crate::pac) empty: bool,
}

/// Takes records after a number.
pub(in crate::pac) fn batch(state: &mut State, stream: Stream, after: u64, max: u64, pushed: bool) -> Batch {
    let world = &state.world;
    let (_, next) = world.bounds(stream);
    let last = after.saturating_add(max).min(next - 1);
    let numbers = after + 1..=last;
    let mut records: Vec<Element> = match stream {
        Stream::Events => numbers
            .filter(|seq| !world.holes.contains(seq))
            .filter_map(|seq| world.event(seq).map(|event| records::event(seq, &event, world.zone)))
            .collect(),
        Stream::Changes => numbers
            .filter_map(|seq| world.changes.get(seq).map(|change| records::change(seq, change, world.zone)))
            .collect(),
    };
    let name = match stream {
        Stream::Events => "EventBatch",
        Stream::Changes => "ChangeBatch",
    };
    let (epoch, more) = (world.epoch, last + 1 < next);
    if !records.is_empty() {
        if pushed && state.faults.meet(Kind::Gap, name) {
            records.remove(0);
        }
        if state.faults.meet(Kind::Duplicate, name) {
            records = records.into_iter().flat_map(|record| [record.clone(), record]).collect();
        }
        if state.faults.meet(Kind::Reorder, name) {
            records.reverse();
        }
    }
    let empty = records.is_empty();
    let element = Element::new(name).with("epoch", epoch).with("more", more).holding(records);
    Batch { element, last, empty }
}
