//! The order in which type-2 templates write an event.
//!
//! Those writers escape nothing, so that a title with a line break can end its event and begin another. A forged event has
//! to bring all lines of a true one in their order, and a true end of the event before, which a title has no room for.
//! That end has to look like those of the other events: same program, same server, references of the same kind.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::ProblemKind;
use crate::event::Event;
use crate::name::Name;
use crate::property::Property;

/// A property of the writer and whether it may be missing.
type Step = (Name, bool);

const USUAL: [Step; 15] = [
    (Name::Class, false),
    (Name::Created, false),
    (Name::Description, false),
    (Name::DtStamp, false),
    (Name::DtStart, false),
    (Name::DtEnd, false),
    (Name::LastModified, true),
    (Name::Location, false),
    (Name::Organizer, false),
    (Name::Status, true),
    (Name::Summary, false),
    (Name::Uid, false),
    (Name::Sequence, false),
    (Name::Url, false),
    (Name::Microsoft, false),
];

const EARLIEST: [Step; 11] = [
    (Name::Created, false),
    (Name::Description, false),
    (Name::DtEnd, false),
    (Name::DtStamp, false),
    (Name::DtStart, false),
    (Name::Location, false),
    (Name::Organizer, false),
    (Name::Summary, false),
    (Name::Uid, false),
    (Name::Url, false),
    (Name::Microsoft, false),
];

/// Follows an event line by line.
#[derive(Debug)]
pub(crate) struct Order<'o> {
    plugins: &'o [String],
    rest: Option<&'static [Step]>,
    alarms: bool,
    fault: Option<u32>,
    reference: Reference,
    microsoft: Vec<String>,
}

/// The reference of an event, and whether its link ends in it.
#[derive(Debug, Default)]
struct Reference {
    number: String,
    shown: bool,
    /// What the uid and the link hold besides.
    server: DefaultHasher,
}

/// What all events of one server have in common, and how long the reference of this one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    server: u64,
    reference: usize,
}

/// Which of the events, given in their order, are not of the server that most are of.
pub(crate) fn strangers(marks: &[Mark]) -> Vec<bool> {
    let mut servers: HashMap<u64, usize> = HashMap::new();
    for mark in marks {
        *servers.entry(mark.server).or_default() += 1;
    }
    let most = servers.values().copied().max().unwrap_or_default();
    let own = |mark: &Mark| servers.get(&mark.server).is_some_and(|count| *count == most);
    let tied = servers.values().filter(|count| **count == most).count() > 1;
    let mut lengths: Vec<usize> = marks.iter().filter(|mark| own(mark)).map(|mark| mark.reference).collect();
    lengths.sort_unstable();
    let usual = lengths.get(lengths.len() / 2).copied().unwrap_or_default();
    marks.iter().map(|mark| tied || !own(mark) || mark.reference * 2 < usual).collect()
}

impl<'o> Order<'o> {
    pub(crate) fn new(plugins: &'o [String]) -> Self {
        Self { plugins, rest: None, alarms: false, fault: None, reference: Reference::default(), microsoft: Vec::new() }
    }

    /// The next property; a note if it is only text.
    pub(crate) fn property(&mut self, name: Name, property: &Property<'_>) -> Option<(ProblemKind, u32)> {
        let fits = !self.alarms && self.step(name, property);
        if fits {
            if !self.value_fits(name, property) {
                self.suspect(property.line);
            }
            return None;
        }
        if self.plugins.iter().any(|plugin| plugin.eq_ignore_ascii_case(property.name())) {
            return None;
        }
        if name == Name::Unknown {
            return Some((ProblemKind::StrayLine, property.line));
        }
        self.suspect(property.line);
        None
    }

    /// A component begins inside the event.
    pub(crate) fn component(&mut self, line: u32) {
        if self.rest.is_none_or(|rest| !rest.is_empty()) {
            self.suspect(line);
        }
        self.alarms = true;
    }

    /// The line that the writer would not have written, or the event's own if one is missing.
    pub(crate) fn fault(&self, event: &Event<'_>) -> Option<u32> {
        let whole = self.rest.is_some_and(<[Step]>::is_empty) && self.reference.shown;
        self.fault.or_else(|| (!whole).then_some(event.line))
    }

    /// By what its server is known; asked once the event has no fault.
    pub(crate) fn mark(&self) -> Mark {
        Mark { server: self.reference.server.finish(), reference: self.reference.number.len() }
    }

    fn suspect(&mut self, line: u32) {
        self.fault.get_or_insert(line);
    }

    /// Whether the property comes next; then moves on.
    fn step(&mut self, name: Name, property: &Property<'_>) -> bool {
        let mut rest = match (self.rest, name) {
            (Some(rest), _) => rest,
            (None, Name::Class) => &USUAL,
            (None, Name::Created) => &EARLIEST,
            (None, _) => return false,
        };
        if rest.is_empty() && name == Name::Microsoft {
            return self.is_new_microsoft(property);
        }
        while let Some(((expected, optional), behind)) = rest.split_first() {
            rest = behind;
            if *expected == name {
                self.rest = Some(after_glued(name, property, rest));
                return name != Name::Microsoft || self.is_new_microsoft(property);
            }
            if !optional {
                break;
            }
        }
        false
    }

    fn is_new_microsoft(&mut self, property: &Property<'_>) -> bool {
        let name = property.name().to_ascii_uppercase();
        let new = !self.microsoft.contains(&name) && self.microsoft.len() < MICROSOFT;
        self.microsoft.push(name);
        new
    }

    fn value_fits(&mut self, name: Name, property: &Property<'_>) -> bool {
        match name {
            Name::Created | Name::DtStamp | Name::DtStart | Name::DtEnd => is_utc(property.trimmed()),
            Name::Class => !property.trimmed().is_empty(),
            Name::Sequence => property.trimmed().parse::<u32>().is_ok(),
            Name::Microsoft if self.microsoft.len() == 1 => {
                let name = self.microsoft.first().map_or("", String::as_str);
                ["X-MICROSOFT-CDO-BUSYSTATUS", "X-MICROSOFT-CD0-BUSYSTATUS"].contains(&name)
            }
            Name::Uid => self.reference.begin(property.trimmed()),
            Name::Url => self.reference.end(property.trimmed()),
            _ => true,
        }
    }
}

impl Reference {
    /// The uid: reference, `&`, server.
    fn begin(&mut self, uid: &str) -> bool {
        let number = uid.split('&').next().unwrap_or_default();
        number.clone_into(&mut self.number);
        uid.get(number.len()..).unwrap_or_default().replace(number, "").hash(&mut self.server);
        !number.is_empty()
    }

    /// The link: server, reference.
    fn end(&mut self, url: &str) -> bool {
        let before = if self.number.is_empty() { None } else { url.strip_suffix(self.number.as_str()) };
        before.hash(&mut self.server);
        self.shown = before.is_some();
        self.shown
    }
}

/// A status with the title glued to it stands for both.
fn after_glued(name: Name, property: &Property<'_>, rest: &'static [Step]) -> &'static [Step] {
    let glued = name == Name::Status && property.value().to_ascii_uppercase().starts_with("TENTATIVESUMMARY:");
    match rest.split_first() {
        Some(((Name::Summary, _), behind)) if glued => behind,
        _ => rest,
    }
}

/// Exactly `20260601T100000Z`.
fn is_utc(value: &str) -> bool {
    value.len() == 16
        && value.bytes().enumerate().all(|(at, byte)| match at {
            8 => byte == b'T',
            15 => byte == b'Z',
            _ => byte.is_ascii_digit(),
        })
}

/// Lines of the vendor's own that an event may have.
const MICROSOFT: usize = 8;
