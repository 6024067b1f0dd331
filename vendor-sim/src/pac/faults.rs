//! What is to go wrong.

use std::str::FromStr;
use std::time::Duration;

use anyhow::{Context, bail};

/// A fault. The text form is `NAME=ARG`, as `drop-response=1`; counts are 1 if not given.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The connection is cut after so many more frames of the server.
    CloseAfter(u64),
    /// The n-th frame from now is cut in its middle, and the connection with it.
    CloseMidFrame(u64),
    /// Every answer comes so much later, until faults are cleared.
    Delay(Duration),
    /// Every frame goes out in pieces of so many bytes, until faults are cleared.
    SplitEvery(usize),
    /// The next writes are done; their answers are lost with the connection.
    DropResponse(u64),
    /// The next requests are carried out and never answered; the connection stays.
    MuteResponse(u64),
    /// The next batches of records, pushed or read, have each record twice.
    DuplicateEvents(u64),
    /// The next pushed batches lack their first record; reading the log shows it.
    GapEvents(u64),
    /// The next batches are in another order.
    ReorderWithinBatch(u64),
    /// The logs begin anew in another epoch.
    EpochChange,
    /// So many records are left of each log.
    TrimLog(u64),
    /// An operator edits this person.
    LockPerson(u32),
    /// And no longer.
    UnlockPerson(u32),
    /// Before the next writes with a revision an operator changes the record.
    StaleRev(u64),
    /// The next requests are answered "busy".
    Busy(u64),
    /// The next frames have a wrong header.
    BadHeader(u64),
    /// The next frames announce a shorter payload than they have.
    BadLength(u64),
    /// The next frames have a DOCTYPE.
    Doctype(u64),
    /// The next frames announce more than is allowed.
    Oversize(u64),
    /// The next frame stops in its middle for so long; for good if it is zero.
    SlowFrame(Duration),
    /// The server's clock moves by so many seconds.
    ClockSkew(i64),
    /// A client's row, or every one, is disabled.
    RevokeNow(Option<String>),
    /// A client's certificate, or every one, counts as expired.
    ExpireClient(Option<String>),
    /// A controller goes off line.
    DeviceOffline(u32),
    /// It comes back and delivers what it kept.
    DeviceOnline(u32),
    /// A controller takes commands and does not answer.
    DeviceTimeout(u32),
    /// Events come so many minutes after they happened.
    LateEvents(i64),
    /// Page tokens given so far are no longer good.
    PageExpire,
}

impl FromStr for Fault {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        let (name, argument) = text.split_once('=').map_or((text, ""), |(name, argument)| (name, argument));
        let argument = argument.split_whitespace().next().unwrap_or("");
        let whole = || argument.parse::<u64>().with_context(|| format!("'{text}' needs a number"));
        let count = || if argument.is_empty() { Ok(1) } else { whole() };
        let always = || if argument.is_empty() { Ok(u64::MAX) } else { whole() };
        let id = || argument.parse::<u32>().with_context(|| format!("'{text}' needs an id"));
        let signed = || argument.parse::<i64>().with_context(|| format!("'{text}' needs a number"));
        let name_of = || (!argument.is_empty()).then(|| text.split_once('=').map_or("", |(_, rest)| rest).to_owned());
        Ok(match name.trim() {
            "close-after" => Self::CloseAfter(count()?),
            "close-mid-frame" => Self::CloseMidFrame(count()?),
            "delay-ms" => Self::Delay(Duration::from_millis(whole()?)),
            "split-every" => Self::SplitEvery(usize::try_from(count()?)?.max(1)),
            "drop-response" => Self::DropResponse(count()?),
            "mute-response" => Self::MuteResponse(count()?),
            "duplicate-events" => Self::DuplicateEvents(always()?),
            "gap-events" => Self::GapEvents(count()?),
            "reorder-within-batch" => Self::ReorderWithinBatch(always()?),
            "epoch-change" => Self::EpochChange,
            "trim-log" => Self::TrimLog(if argument.is_empty() { 0 } else { whole()? }),
            "lock-person" => Self::LockPerson(id()?),
            "unlock-person" => Self::UnlockPerson(id()?),
            "stale-rev" => Self::StaleRev(count()?),
            "busy" => Self::Busy(count()?),
            "bad-header" => Self::BadHeader(count()?),
            "bad-length" => Self::BadLength(count()?),
            "doctype" => Self::Doctype(count()?),
            "oversize" => Self::Oversize(count()?),
            "slow-frame" => Self::SlowFrame(Duration::from_millis(if argument.is_empty() { 0 } else { whole()? })),
            "clock-skew-s" => Self::ClockSkew(signed()?),
            "revoke-now" => Self::RevokeNow(name_of()),
            "expire-client" => Self::ExpireClient(name_of()),
            "device-offline" => Self::DeviceOffline(id()?),
            "device-online" => Self::DeviceOnline(id()?),
            "device-timeout" => Self::DeviceTimeout(id()?),
            "late-events" => Self::LateEvents(signed()?),
            "page-expire" => Self::PageExpire,
            other => bail!("'{other}' is no fault"),
        })
    }
}

/// A fault that waits for its turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Drop,
    Mute,
    Duplicate,
    Gap,
    Reorder,
    Stale,
    Busy,
    Header,
    Length,
    Doctype,
    Oversize,
}

/// The faults that wait.
#[derive(Debug, Clone, Default)]
pub(super) struct Faults {
    waiting: Vec<(Kind, Option<String>, u64)>,
    close_after: Option<u64>,
    cut: Option<u64>,
    slow: Option<Duration>,
    pub(super) delay: Duration,
    pub(super) split: Option<usize>,
}

/// What becomes of the bytes of a frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Spoil {
    Nothing,
    /// It ends in its middle.
    Cut,
    /// It stops in its middle.
    Stall(Duration),
    Wrong(Kind),
}

impl Faults {
    /// Plans one that waits for a message of this name, or any; false if it does not wait but is to happen now.
    pub(super) fn plan(&mut self, fault: &Fault, on: Option<&str>) -> bool {
        let (kind, count) = match fault {
            Fault::CloseAfter(frames) => {
                self.close_after = Some((*frames).max(1));
                return true;
            }
            Fault::CloseMidFrame(frame) => {
                self.cut = Some((*frame).max(1));
                return true;
            }
            Fault::Delay(delay) => {
                self.delay = *delay;
                return true;
            }
            Fault::SplitEvery(bytes) => {
                self.split = Some((*bytes).max(1));
                return true;
            }
            Fault::SlowFrame(pause) => {
                self.slow = Some(*pause);
                return true;
            }
            Fault::DropResponse(count) => (Kind::Drop, count),
            Fault::MuteResponse(count) => (Kind::Mute, count),
            Fault::DuplicateEvents(count) => (Kind::Duplicate, count),
            Fault::GapEvents(count) => (Kind::Gap, count),
            Fault::ReorderWithinBatch(count) => (Kind::Reorder, count),
            Fault::StaleRev(count) => (Kind::Stale, count),
            Fault::Busy(count) => (Kind::Busy, count),
            Fault::BadHeader(count) => (Kind::Header, count),
            Fault::BadLength(count) => (Kind::Length, count),
            Fault::Doctype(count) => (Kind::Doctype, count),
            Fault::Oversize(count) => (Kind::Oversize, count),
            _ => return false,
        };
        self.waiting.push((kind, on.map(str::to_owned), *count));
        true
    }

    /// Whether it is the turn of such a fault.
    pub(super) fn meet(&mut self, kind: Kind, message: &str) -> bool {
        let matches = |on: &Option<String>| on.as_deref().is_none_or(|on| on == message);
        let Some(at) = self.waiting.iter().position(|(known, on, _)| *known == kind && matches(on)) else {
            return false;
        };
        if let Some((_, _, left)) = self.waiting.get_mut(at) {
            *left = left.saturating_sub(1);
            if *left == 0 {
                self.waiting.remove(at);
            }
        }
        true
    }

    /// What becomes of the next frame, and whether the connection ends after it.
    pub(super) fn frame(&mut self, message: &str) -> (Spoil, bool) {
        let last = count_down(&mut self.close_after);
        if count_down(&mut self.cut) {
            return (Spoil::Cut, true);
        }
        if let Some(pause) = self.slow.take() {
            return (Spoil::Stall(pause), last);
        }
        let wrong = [Kind::Header, Kind::Length, Kind::Doctype, Kind::Oversize];
        let wrong = wrong.into_iter().find(|kind| self.meet(*kind, message));
        (wrong.map_or(Spoil::Nothing, Spoil::Wrong), last)
    }
}

/// Counts down; true when the turn has come.
fn count_down(left: &mut Option<u64>) -> bool {
    let Some(count) = left else { return false };
    *count -= 1;
    let now = *count == 0;
    if now {
        *left = None;
    }
    now
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_read_from_text() {
        assert_eq!("drop-response".parse::<Fault>().unwrap(), Fault::DropResponse(1));
        assert_eq!("delay-ms=250".parse::<Fault>().unwrap(), Fault::Delay(Duration::from_millis(250)));
        assert_eq!("close-after=3 frames".parse::<Fault>().unwrap(), Fault::CloseAfter(3));
        assert_eq!("clock-skew-s=-90".parse::<Fault>().unwrap(), Fault::ClockSkew(-90));
        assert_eq!("revoke-now=My bridge".parse::<Fault>().unwrap(), Fault::RevokeNow(Some("My bridge".to_owned())));
        for wrong in ["fire", "busy=often", "lock-person", "delay-ms"] {
            assert!(wrong.parse::<Fault>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_fault_waits_for_its_message_and_happens_so_often() {
        let mut faults = Faults::default();
        assert!(faults.plan(&Fault::Busy(2), Some("PersonPut")));
        let met: Vec<bool> = ["Ping", "PersonPut", "PersonGet", "PersonPut", "PersonPut"]
            .into_iter()
            .map(|message| faults.meet(Kind::Busy, message))
            .collect();
        assert_eq!(met, [false, true, false, true, false]);
    }
}
