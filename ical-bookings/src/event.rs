//! One `VEVENT`: the properties a booking needs, each as it stands in the body.

use crate::ProblemKind;
use crate::injection::{Mark, Order};
use crate::layout::Stretch;
use crate::lines::{Line, Lines};
use crate::name::Name;
use crate::property::{Property, Reading};
use crate::text::strip_prefix_ignore_case;
use crate::time::RawTime;
use crate::{Limits, Status};

/// How the events of a body are read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Manner<'o> {
    pub(crate) reading: Reading<'o>,
    /// Text is not escaped and the order of the writer is checked.
    pub(crate) template: bool,
    /// Names that plug-ins of that writer add.
    pub(crate) plugins: &'o [String],
    pub(crate) limits: &'o Limits,
}

impl Manner<'_> {
    /// Whether nothing needs to be known of a line: it is that of the longest text, of which nothing is kept.
    fn leaves_out(&self, line: &Line<'_>) -> bool {
        !self.template && self.reading.is_clean(line) && line.raw().starts_with(b"DESCRIPTION:")
    }
}

/// The properties of an event. Those that occur once are the first of their name.
#[derive(Debug, Default)]
pub(crate) struct Event<'a> {
    pub(crate) line: u32,
    pub(crate) uid: Option<Property<'a>>,
    pub(crate) start: Option<Property<'a>>,
    pub(crate) end: Option<Property<'a>>,
    pub(crate) duration: Option<Property<'a>>,
    pub(crate) status: Option<Property<'a>>,
    pub(crate) organizer: Option<Property<'a>>,
    pub(crate) location: Option<Property<'a>>,
    pub(crate) recurrence_id: Option<Property<'a>>,
    pub(crate) sequence: Option<Property<'a>>,
    pub(crate) last_modified: Option<Property<'a>>,
    pub(crate) stamp: Option<Property<'a>>,
    pub(crate) summary: Option<Property<'a>>,
    pub(crate) transparency: Option<Property<'a>>,
    pub(crate) attendees: Vec<Property<'a>>,
    pub(crate) resources: Vec<Property<'a>>,
    pub(crate) rules: Vec<Property<'a>>,
    pub(crate) dates: Vec<Property<'a>>,
    pub(crate) exceptions: Vec<Property<'a>>,
    /// Whether there is an `EXRULE`.
    pub(crate) exception_rule: bool,
    /// Why it cannot be a booking.
    pub(crate) fault: Option<(ProblemKind, u32)>,
    /// Of a template: by what its server is known.
    pub(crate) mark: Option<Mark>,
    /// What was repaired.
    pub(crate) notes: Vec<(ProblemKind, u32)>,
}

/// Reads an event.
pub(crate) fn read_event<'a>(body: &'a [u8], stretch: Stretch, manner: &Manner<'a>) -> Event<'a> {
    let mut event = Event::default();
    read_event_into(&mut event, body, stretch, manner);
    event
}

/// Reads an event in the place of another one, whose lists are used again.
pub(crate) fn read_event_into<'a>(event: &mut Event<'a>, body: &'a [u8], stretch: Stretch, manner: &Manner<'a>) {
    event.clear();
    event.line = stretch.line;
    let mut order = manner.template.then(|| Order::new(manner.plugins));
    let body = body.get(..stretch.end).unwrap_or(body);
    let mut lines = Lines::new(body, stretch.start, stretch.line).with_line_feeds(manner.reading.line_feeds);
    lines.next();
    let (mut depth, mut count) = (0_usize, 0_usize);
    for line in lines {
        if depth > 0 && !matches!(line.initial(), b'b' | b'e') {
            continue;
        }
        if depth == 0 && manner.leaves_out(&line) {
            count += 1;
            continue;
        }
        let text = manner.reading.text(&line, &mut event.notes);
        let Some((name, property)) = Property::new(text, line.number, manner.template) else {
            if depth == 0 {
                event.notes.push((ProblemKind::StrayLine, line.number));
            }
            continue;
        };
        match name {
            Name::Begin => {
                depth += 1;
                if let Some(order) = &mut order {
                    order.component(line.number);
                }
            }
            Name::End if depth == 0 => break,
            Name::End => depth -= 1,
            _ if depth > 0 => {}
            _ => {
                count += 1;
                if count > manner.limits.properties {
                    event.refuse(ProblemKind::TooManyProperties, line.number);
                    break;
                }
                if let Some(order) = &mut order {
                    event.notes.extend(order.property(name, &property));
                }
                event.take(name, property);
            }
        }
    }
    let fault = if stretch.broken { Some(stretch.line) } else { None };
    if let Some(order) = order {
        event.mark = Some(order.mark());
        if let Some(line) = fault.or_else(|| order.fault(event)) {
            event.fault = Some((ProblemKind::InjectionSuspect, line));
        }
    } else if let Some(line) = fault {
        event.fault = Some((ProblemKind::Structure, line));
    }
}

impl<'a> Event<'a> {
    fn clear(&mut self) {
        let Self { attendees, resources, rules, dates, exceptions, .. } = self;
        for list in [attendees, resources, rules, dates, exceptions] {
            list.clear();
        }
        self.notes.clear();
        let properties = [
            &mut self.uid,
            &mut self.start,
            &mut self.end,
            &mut self.duration,
            &mut self.status,
            &mut self.organizer,
            &mut self.location,
            &mut self.recurrence_id,
            &mut self.sequence,
            &mut self.last_modified,
            &mut self.stamp,
            &mut self.summary,
            &mut self.transparency,
        ];
        for property in properties {
            *property = None;
        }
        (self.exception_rule, self.fault, self.mark) = (false, None, None);
    }

    fn take(&mut self, name: Name, property: Property<'a>) {
        let (slot, once) = match name {
            Name::Uid => (&mut self.uid, true),
            Name::DtStart => (&mut self.start, true),
            Name::DtEnd => (&mut self.end, true),
            Name::Duration => (&mut self.duration, true),
            Name::Status => (&mut self.status, true),
            Name::Organizer => (&mut self.organizer, true),
            Name::Location => (&mut self.location, true),
            Name::RecurrenceId => (&mut self.recurrence_id, true),
            Name::Sequence => (&mut self.sequence, false),
            Name::LastModified => (&mut self.last_modified, false),
            Name::DtStamp => (&mut self.stamp, false),
            Name::Summary => (&mut self.summary, false),
            Name::Transp => (&mut self.transparency, false),
            Name::Attendee => return self.attendees.push(property),
            Name::Resources => return self.resources.push(property),
            Name::RRule => return self.rules.push(property),
            Name::RDate => return self.dates.push(property),
            Name::ExDate => return self.exceptions.push(property),
            Name::ExRule => return self.exception_rule = true,
            _ => return,
        };
        if slot.is_none() {
            *slot = Some(property);
        } else if once {
            self.refuse(ProblemKind::DuplicateProperty, property.line);
        }
    }

    fn refuse(&mut self, kind: ProblemKind, line: u32) {
        self.fault.get_or_insert((kind, line));
    }

    /// Its uid, if it has one.
    pub(crate) fn uid(&self) -> Option<&str> {
        self.uid.as_ref().map(Property::trimmed).filter(|uid| !uid.is_empty())
    }

    /// Whether it repeats or belongs to something that does.
    pub(crate) fn is_of_series(&self) -> bool {
        self.recurrence_id.is_some() || self.repeats()
    }

    /// Whether it repeats.
    pub(crate) fn repeats(&self) -> bool {
        !self.rules.is_empty() || !self.dates.is_empty() || !self.exceptions.is_empty() || self.exception_rule
    }

    /// Whether it stands. What is none of the three words is not believed to be settled.
    pub(crate) fn status(&self) -> Status {
        let Some(value) = self.status.as_ref().map(Property::trimmed) else {
            return Status::Confirmed;
        };
        let begins = |word| strip_prefix_ignore_case(value, word).is_some();
        if value.is_empty() || begins("CONFIRMED") {
            Status::Confirmed
        } else if begins("CANCELLED") {
            Status::Cancelled
        } else {
            Status::Tentative
        }
    }

    /// What the writer glued to the status of a booking that waits for approval: its title.
    pub(crate) fn glued_summary(&self) -> Option<&str> {
        let value = self.status.as_ref()?.value();
        ["TENTATIVE", "CONFIRMED", "CANCELLED"]
            .iter()
            .find_map(|word| strip_prefix_ignore_case(value, word))
            .and_then(|rest| strip_prefix_ignore_case(rest, "SUMMARY:"))
    }

    /// Whether it takes up no time in its owner's calendar.
    pub(crate) fn is_transparent(&self) -> bool {
        self.transparency.as_ref().is_some_and(|found| found.trimmed().eq_ignore_ascii_case("TRANSPARENT"))
    }
}

/// A property as a date or time.
pub(crate) fn raw_time<'a>(property: &'a Property<'_>) -> RawTime<'a> {
    let (mut tzid, mut kind) = (None, None);
    for (name, value) in property.parameters() {
        if name.eq_ignore_ascii_case("TZID") {
            tzid.get_or_insert(value);
        } else if name.eq_ignore_ascii_case("VALUE") {
            kind.get_or_insert(value);
        }
    }
    let date = kind.is_some_and(|kind| kind.trim().eq_ignore_ascii_case("DATE"));
    RawTime { value: property.value(), tzid, date }
}
