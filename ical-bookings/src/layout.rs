//! Where calendars, zones and events stand in a body. Nothing is copied but a few lines of the header.

use std::borrow::Cow;

use crate::dialect::Header;
use crate::lines::{Line, Lines};
use crate::name::Name;
use crate::property::{Property, Reading};
use crate::{Dialect, Options, Rejected, RejectedKind};

/// The outline of a body.
#[derive(Debug)]
pub(crate) struct Layout {
    /// Those that hold an event.
    pub(crate) calendars: Vec<Calendar>,
    /// Who wrote it.
    pub(crate) dialect: Dialect,
    /// Whether all that was opened is closed, and nothing follows.
    pub(crate) whole: bool,
    /// `VEVENT`s.
    pub(crate) events: usize,
    /// How often it asks to be fetched.
    pub(crate) refresh_seconds: Option<u64>,
    /// Number of the last line.
    pub(crate) last_line: u32,
}

/// A `VCALENDAR`.
#[derive(Debug, Default)]
pub(crate) struct Calendar {
    pub(crate) header: Header,
    pub(crate) zones: Vec<Stretch>,
    pub(crate) events: Vec<Stretch>,
    /// Lines of a type-2 template between its events that have no business there.
    pub(crate) strays: Vec<Stray>,
}

/// A component, from the line that begins it to behind the one that ends it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stretch {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) line: u32,
    /// Not closed as it should be.
    pub(crate) broken: bool,
}

/// Something between two events.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stray {
    /// How many events of the calendar stand before it.
    pub(crate) before: usize,
    pub(crate) line: u32,
    /// A known property or component, not just text.
    pub(crate) suspect: bool,
}

/// Goes through a body once.
///
/// # Errors
///
/// No calendar, no feed, or too many events or components inside each other.
pub(crate) fn scan<'a>(body: &'a [u8], reading: &'a Reading<'a>, options: &'a Options) -> Result<Layout, Rejected> {
    let begin = body.iter().position(|byte| !byte.is_ascii_whitespace()).unwrap_or(body.len());
    let blank = line_ends(body.get(..begin).unwrap_or_default());
    let mut lines = Lines::new(body, begin, blank + 1).with_line_feeds(reading.line_feeds);
    let mut scan = Scan::new(body, reading, options);
    let first = lines.next().and_then(|line| component(&line));
    if !first.is_some_and(|(name, component)| name == Name::Begin && component.eq_ignore_ascii_case(b"VCALENDAR")) {
        return Err(Rejected::new(RejectedKind::NotACalendar, "the body does not begin with BEGIN:VCALENDAR"));
    }
    scan.open_calendar();
    while let Some(line) = lines.next() {
        scan.line(&line)?;
        if scan.stack.len() > 1 {
            lines.pass_over(|first| scan.counts_inside(first));
        }
    }
    scan.finish(lines.number())
}

fn line_ends(blanks: &[u8]) -> u32 {
    let mut lines = Lines::new(blanks, 0, 1);
    while lines.next().is_some() {}
    lines.number().saturating_sub(1)
}

/// A component that is open.
#[derive(Debug)]
enum Open<'a> {
    Calendar,
    Event,
    Zone,
    Other(Cow<'a, [u8]>),
}

impl Open<'_> {
    fn name(&self) -> &[u8] {
        match self {
            Self::Calendar => b"VCALENDAR",
            Self::Event => b"VEVENT",
            Self::Zone => b"VTIMEZONE",
            Self::Other(name) => name,
        }
    }
}

#[derive(Debug)]
struct Scan<'a> {
    options: &'a Options,
    reading: &'a Reading<'a>,
    body: &'a [u8],
    stack: Vec<Open<'a>>,
    calendars: Vec<Calendar>,
    current: Calendar,
    /// The event or zone that is open: where it began.
    begun: Stretch,
    /// Known once the first event begins.
    dialect: Option<Dialect>,
    first_header: Option<Header>,
    resources: bool,
    unclosed: bool,
    outside: bool,
    events: usize,
    refresh_seconds: Option<u64>,
}

const NOWHERE: Stretch = Stretch { start: 0, end: 0, line: 0, broken: false };

impl<'a> Scan<'a> {
    fn new(body: &'a [u8], reading: &'a Reading<'a>, options: &'a Options) -> Self {
        Self {
            options,
            reading,
            body,
            stack: Vec::new(),
            calendars: Vec::new(),
            current: Calendar::default(),
            begun: NOWHERE,
            dialect: options.dialect,
            first_header: None,
            resources: false,
            unclosed: false,
            outside: false,
            events: 0,
            refresh_seconds: None,
        }
    }

    fn line(&mut self, line: &Line<'a>) -> Result<(), Rejected> {
        if matches!(line.initial(), b'b' | b'e')
            && let Some((name, component)) = component(line)
        {
            return if name == Name::Begin { self.begin(line, component) } else { self.end(line, &component) };
        }
        match self.stack.as_slice() {
            [] => self.outside(line),
            [_] => self.calendar_line(line),
            [.., Open::Event] if line.initial() == b'r' && !self.resources => {
                let name = line.raw().split(|byte| b":;".contains(byte)).next().unwrap_or_default();
                self.resources = Name::of(name) == Name::Resources;
            }
            _ => {}
        }
        Ok(())
    }

    /// Whether a line inside a component may matter here, by its first byte.
    fn counts_inside(&self, first: u8) -> bool {
        match first.to_ascii_lowercase() {
            b'b' | b'e' => true,
            b'r' => !self.resources,
            _ => false,
        }
    }

    /// Behind the end of the calendar nothing may stand, but in a feed that does not escape text its end may be a title's.
    fn outside(&mut self, line: &Line<'a>) {
        if self.template() {
            self.reopen();
            self.stray(line.number, true);
        } else if !line.raw().trim_ascii().is_empty() {
            self.outside = true;
        }
    }

    fn reopen(&mut self) {
        if let Some(calendar) = self.calendars.pop() {
            self.current = calendar;
        }
        self.stack.push(Open::Calendar);
    }

    fn template(&self) -> bool {
        self.dialect == Some(Dialect::Type2Template)
    }

    fn calendar_line(&mut self, line: &Line<'a>) {
        let header = matches!(line.initial(), b'p' | b'm' | b'x' | b'r');
        let between = self.template() && !self.current.events.is_empty();
        if !header && !between {
            return;
        }
        let text = self.reading.text(line, &mut Vec::new());
        let name = match Property::new(text, line.number, false) {
            Some((name, property)) => {
                self.header_property(name, &property);
                name
            }
            None => Name::Unknown,
        };
        if between {
            self.stray(line.number, name != Name::Unknown);
        }
    }

    fn header_property(&mut self, name: Name, property: &Property<'_>) {
        let header = &mut self.current.header;
        let value = || Some(property.trimmed().to_owned());
        match name {
            Name::ProdId if header.product.is_none() => header.product = value(),
            Name::Method if header.method.is_none() => header.method = value(),
            Name::CalendarZone if header.zone.is_none() => header.zone = value(),
            Name::Refresh => self.refresh_seconds = self.refresh_seconds.max(seconds(property.trimmed())),
            _ => {}
        }
    }

    /// One of each kind is kept between two events.
    fn stray(&mut self, line: u32, suspect: bool) {
        let before = self.current.events.len();
        let known = self.current.strays.iter().rev().take_while(|stray| stray.before == before);
        if !known.into_iter().any(|stray| stray.suspect == suspect) {
            self.current.strays.push(Stray { before, line, suspect });
        }
    }

    fn open_calendar(&mut self) {
        self.current = Calendar::default();
        self.stack.push(Open::Calendar);
    }

    fn begin(&mut self, line: &Line<'a>, component: Cow<'a, [u8]>) -> Result<(), Rejected> {
        let open = self.stack.len();
        let calendar = component.eq_ignore_ascii_case(b"VCALENDAR");
        if open == 0 && calendar {
            // In a template a second one may be a title's: what stands in it stands next to the events of the first.
            if self.template() && !self.calendars.is_empty() {
                self.reopen();
            } else {
                self.open_calendar();
            }
            return Ok(());
        }
        if open == 0 {
            self.outside(line);
            if self.stack.is_empty() {
                return Ok(());
            }
        }
        if component.eq_ignore_ascii_case(b"VEVENT") {
            return self.begin_event(line, component);
        }
        if self.template() {
            self.begin_in_template(line, component);
            return Ok(());
        }
        if open == 1 && component.eq_ignore_ascii_case(b"VTIMEZONE") {
            self.begun = stretch(line);
            return self.push(Open::Zone);
        }
        self.push(Open::Other(component))
    }

    /// What an unescaped title opens must not swallow what follows, so that only alarms are gone into.
    fn begin_in_template(&mut self, line: &Line<'a>, component: Cow<'a, [u8]>) {
        let alarm = component.eq_ignore_ascii_case(b"VALARM");
        match self.stack.as_slice() {
            [_] | [_, Open::Event] if alarm => self.stack.push(Open::Other(component)),
            [_] => self.stray(line.number, true),
            _ => self.begun.broken = true,
        }
    }

    fn begin_event(&mut self, line: &Line<'a>, component: Cow<'a, [u8]>) -> Result<(), Rejected> {
        let unclosed = match self.stack.as_slice() {
            [_] => false,
            [_, Open::Event] => true,
            [_, Open::Event, Open::Other(inner)] => inner.eq_ignore_ascii_case(b"VALARM") || self.template(),
            _ => self.template(),
        };
        if unclosed {
            self.unclosed = true;
            if self.stack.get(1).is_some_and(|open| matches!(open, Open::Event)) {
                self.close_event(line.start, true);
            }
            self.stack.truncate(1);
        }
        if self.stack.len() > 1 {
            return self.push(Open::Other(component));
        }
        self.events += 1;
        if self.events > self.options.limits.events {
            return Err(Rejected::new(RejectedKind::TooLarge, "the body holds more events than allowed"));
        }
        if self.dialect.is_none() {
            self.dialect = self.current.header.dialect();
            self.first_header.get_or_insert_with(|| self.current.header.clone());
        }
        self.begun = stretch(line);
        self.push(Open::Event)
    }

    fn push(&mut self, open: Open<'a>) -> Result<(), Rejected> {
        if self.stack.len() >= self.options.limits.nesting {
            return Err(Rejected::new(RejectedKind::TooDeep, "components are nested too deep"));
        }
        self.stack.push(open);
        Ok(())
    }

    fn close_event(&mut self, end: usize, broken: bool) {
        let broken = broken || self.begun.broken;
        self.current.events.push(Stretch { end, broken, ..self.begun });
    }

    fn end(&mut self, line: &Line<'a>, component: &[u8]) -> Result<(), Rejected> {
        let Some(at) = self.stack.iter().rposition(|open| open.name().eq_ignore_ascii_case(component)) else {
            self.end_of_nothing(line);
            return Ok(());
        };
        let broken = at + 1 < self.stack.len();
        self.unclosed |= broken;
        let event = self.stack.iter().position(|open| matches!(open, Open::Event));
        match event {
            // Its own end belongs to it, an end of the calendar does not.
            Some(event) if event == at => self.close_event(line.end, broken),
            Some(event) if event > at => self.close_event(line.start, true),
            Some(_) if broken => self.begun.broken = true,
            _ => {}
        }
        if matches!(self.stack.get(at), Some(Open::Zone)) {
            self.current.zones.push(Stretch { end: line.end, broken, ..self.begun });
        }
        self.stack.truncate(at);
        if at == 0 { self.close_calendar() } else { Ok(()) }
    }

    fn end_of_nothing(&mut self, line: &Line<'a>) {
        match self.stack.as_slice() {
            [] => self.outside(line),
            [_, Open::Event, ..] => self.begun.broken = true,
            [_] if self.template() => self.stray(line.number, true),
            _ => {}
        }
    }

    fn close_calendar(&mut self) -> Result<(), Rejected> {
        let calendar = std::mem::take(&mut self.current);
        let first = self.first_header.is_none();
        if first {
            self.first_header = Some(calendar.header.clone());
            self.dialect = self.dialect.or_else(|| calendar.header.dialect());
        }
        if calendar.header.is_answer() {
            return Err(Rejected::new(
                RejectedKind::NoFeed,
                "the METHOD of the calendar is that of an answer, not of a feed",
            ));
        }
        // Kept without events where it may have to be opened again.
        if !calendar.events.is_empty() || self.template() && self.calendars.is_empty() {
            self.calendars.push(calendar);
        }
        Ok(())
    }

    fn finish(mut self, last_line: u32) -> Result<Layout, Rejected> {
        let closed = self.stack.is_empty();
        if !closed {
            if self.stack.iter().any(|open| matches!(open, Open::Event)) {
                self.close_event(self.body.len(), true);
            }
            self.close_calendar()?;
        }
        let dialect = match self.dialect {
            Some(dialect) => dialect,
            None if self.resources => Dialect::Type1,
            None => Dialect::Generic,
        };
        // In a template a component that a title opened is no sign of a lost end.
        let inner = !self.unclosed || dialect == Dialect::Type2Template;
        Ok(Layout {
            calendars: self.calendars,
            dialect,
            whole: closed && inner && !self.outside,
            events: self.events,
            refresh_seconds: self.refresh_seconds,
            last_line,
        })
    }
}

/// The `BEGIN` or `END` of a line and the component it names.
fn component<'a>(line: &Line<'a>) -> Option<(Name, Cow<'a, [u8]>)> {
    let text = if line.is_folded() { line.unfold(LONGEST_COMPONENT).0 } else { Cow::Borrowed(line.raw()) };
    let at = text.iter().position(|byte| *byte == b':')?;
    let name = Name::of(text.get(..at)?);
    if !matches!(name, Name::Begin | Name::End) {
        return None;
    }
    let component = match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.get(at + 1..)?.trim_ascii()),
        Cow::Owned(text) => Cow::Owned(text.get(at + 1..)?.trim_ascii().to_vec()),
    };
    Some((name, component))
}

fn stretch(line: &Line<'_>) -> Stretch {
    Stretch { start: line.start, end: line.end, line: line.number, broken: false }
}

/// Seconds of a duration without signs and fractions, at least a minute, at most a year.
fn seconds(text: &str) -> Option<u64> {
    let mut total: u64 = 0;
    let mut number: Option<u64> = None;
    for char in text.strip_prefix('P')?.chars() {
        if let Some(digit) = char.to_digit(10) {
            number = Some(number.unwrap_or(0).checked_mul(10)?.checked_add(u64::from(digit))?);
            continue;
        }
        let unit = match char {
            'T' if number.is_none() => continue,
            'W' => 7 * 86_400,
            'D' => 86_400,
            'H' => 3_600,
            'M' => 60,
            'S' => 1,
            _ => return None,
        };
        total = total.checked_add(number.take()?.checked_mul(unit)?)?;
    }
    (60..=366 * 86_400).contains(&total).then_some(total)
}

const LONGEST_COMPONENT: usize = 1_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Window;
    use chrono::DateTime;

    fn layout(body: &str) -> Result<Layout, Rejected> {
        let epoch = DateTime::UNIX_EPOCH;
        let options = Options::new(Window::new(epoch, epoch));
        scan(body.as_bytes(), &Reading::new(body.as_bytes(), 1_000), &options)
    }

    /// Whole, and for each event whether it is broken.
    fn outline(body: &str) -> (bool, Vec<bool>) {
        let layout = layout(body).unwrap();
        let events = layout.calendars.iter().flat_map(|calendar| &calendar.events);
        (layout.whole, events.map(|event| event.broken).collect())
    }

    #[test]
    fn ends_that_do_not_match_cost_the_event_around_them() {
        let table = [
            ("BEGIN:VEVENT|END:VEVENT|END:VCALENDAR", true, &[false][..]),
            ("begin:vevent |end:Vevent  |end:vcalendar|", true, &[false]),
            ("BEGIN:VEVENT|END:VALARM|END:VEVENT|END:VCALENDAR", true, &[true]),
            ("BEGIN:VEVENT|BEGIN:VALARM|END:VEVENT|BEGIN:VEVENT|END:VEVENT|END:VCALENDAR", false, &[true, false]),
            ("BEGIN:VEVENT|BEGIN:VEVENT|END:VEVENT|END:VCALENDAR", false, &[true, false]),
            ("BEGIN:VEVENT|UID:1|END:VCALENDAR", false, &[true]),
            ("BEGIN:VEVENT|UID:1", false, &[true]),
            ("BEGIN:VEVENT|END:VEVENT|", false, &[false]),
            ("BEGIN:VEVENT|END:VEVENT|END:VCALENDAR|<html>", false, &[false]),
            ("BEGIN:VEVENT|END:VEVENT|END:VCALENDAR|| |", true, &[false]),
            ("END:VCALENDAR|BEGIN:VEVENT|END:VEVENT", false, &[]),
            ("BEGIN:VTODO|BEGIN:VEVENT|END:VEVENT|END:VTODO|BEGIN:VEVENT|END:VEVENT|END:VCALENDAR", true, &[false]),
            ("BEGIN:VEVENT|BEGIN:X-A|BEGIN:VEVENT|END:VEVENT|END:X-A|END:VEVENT|END:VCALENDAR", true, &[false]),
            (
                "BEGIN:VEVENT|END:VEVENT|END:VCALENDAR|BEGIN:VCALENDAR|BEGIN:VEVENT|END:VEVENT|END:VCALENDAR",
                true,
                &[false, false],
            ),
        ];
        for (body, whole, broken) in table {
            let body = format!("BEGIN:VCALENDAR|{body}").replace('|', "\r\n");
            assert_eq!(outline(&body), (whole, broken.to_vec()), "{body}");
        }
    }

    #[test]
    fn what_does_not_begin_as_a_calendar_is_none() {
        for body in [
            "",
            " ",
            "<html>",
            "{}",
            "BEGIN:VCAL",
            "BEGIN:VEVENT\nEND:VEVENT",
            "VERSION:2.0\nBEGIN:VCALENDAR\nEND:VCALENDAR",
        ] {
            assert_eq!(layout(body).unwrap_err().kind(), RejectedKind::NotACalendar, "{body}");
        }
        assert!(layout("\r\n  \nBEGIN:VCALENDAR\nEND:VCALENDAR").unwrap().whole);
    }

    #[test]
    fn answers_to_invitations_are_no_feeds() {
        for (method, feed) in
            [("REQUEST", true), ("publish", true), ("CANCEL", true), ("REPLY", false), ("counter", false)]
        {
            let body = format!("BEGIN:VCALENDAR\nMETHOD:{method}\nEND:VCALENDAR");
            assert_eq!(layout(&body).is_ok(), feed, "{method}");
        }
    }

    #[test]
    fn nesting_ends_at_the_limit() {
        let nested = |depth: usize| {
            format!("BEGIN:VCALENDAR\n{}{}END:VCALENDAR", "BEGIN:A\n".repeat(depth), "END:A\n".repeat(depth))
        };
        assert!(layout(&nested(15)).unwrap().whole);
        assert_eq!(layout(&nested(16)).unwrap_err().kind(), RejectedKind::TooDeep);
    }

    #[test]
    fn a_feed_may_say_how_often_it_wants_to_be_read() {
        for (text, expected) in [
            ("PT10M", Some(600)),
            ("P1D", Some(86_400)),
            ("P1W", Some(604_800)),
            ("PT1H30M", Some(5_400)),
            ("PT1S", None),
            ("-PT1H", None),
            ("", None),
        ] {
            assert_eq!(seconds(text), expected, "{text}");
        }
        let body = "BEGIN:VCALENDAR\nREFRESH-INTERVAL;VALUE=DURATION:PT1H\nX-PUBLISHED-TTL:PT12H\nEND:VCALENDAR";
        assert_eq!(layout(body).unwrap().refresh_seconds, Some(43_200));
    }
}
