//! The order in which type-2 templates write an event.
//!
//! Those writers escape nothing, so that a title with a line break can end its event and begin another. A forged event has
//! to bring all lines of a true one in their order, and a true end of the event before, which a title has no room for.

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

/// Whether the link of an event ends in the reference of its uid.
#[derive(Debug, Default)]
struct Reference {
    number: Option<String>,
    shown: bool,
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
            Name::Uid => {
                self.reference.number = property.trimmed().split('&').next().map(str::to_owned);
                true
            }
            Name::Url => {
                let number = self.reference.number.as_deref().unwrap_or_default();
                self.reference.shown = !number.is_empty() && property.trimmed().ends_with(number);
                self.reference.shown
            }
            _ => true,
        }
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
