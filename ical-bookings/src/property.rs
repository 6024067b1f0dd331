//! A line as a property: name, parameters, value.

use std::borrow::Cow;

use memchr::{memchr, memchr2, memrchr};

use crate::ProblemKind;
use crate::lines::Line;
use crate::name::Name;
use crate::text::{drop_controls, has_controls, oddities, strip_prefix_ignore_case, trimmed, uncaret, windows_1252};

/// What is known of a whole body, so that clean ones need no second look at each line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reading<'a> {
    /// The body, if it is text without control characters.
    clean: Option<&'a str>,
    controls: bool,
    /// Whether all lines end with a line feed.
    pub(crate) line_feeds: bool,
    limit: usize,
}

impl<'a> Reading<'a> {
    /// Looks at a body once; lines are cut at the limit.
    pub(crate) fn new(body: &'a [u8], limit: usize) -> Self {
        let (controls, bare_returns) = oddities(body);
        let clean = if controls { None } else { std::str::from_utf8(body).ok() };
        Self { clean, controls, line_feeds: !bare_returns, limit }
    }

    /// The text of a line of the body. What had to be done to it is added to the notes.
    #[inline]
    pub(crate) fn text(&self, line: &Line<'a>, notes: &mut Vec<(ProblemKind, u32)>) -> Cow<'a, str> {
        let length = line.raw().len();
        if !line.is_folded()
            && length <= self.limit
            && let Some(text) = self.clean.and_then(|body| body.get(line.start..line.start + length))
        {
            return Cow::Borrowed(text);
        }
        self.repaired(line, notes)
    }

    /// Whether nothing would have to be repaired in a line.
    pub(crate) fn is_clean(&self, line: &Line<'_>) -> bool {
        self.clean.is_some() && line.raw().len() <= self.limit
    }

    fn repaired(&self, line: &Line<'a>, notes: &mut Vec<(ProblemKind, u32)>) -> Cow<'a, str> {
        let (mut bytes, cut) = line.unfold(self.limit);
        if cut {
            notes.push((ProblemKind::LineTooLong, line.number));
            let end = character_boundary(&bytes);
            match &mut bytes {
                Cow::Borrowed(bytes) => *bytes = bytes.get(..end).unwrap_or_default(),
                Cow::Owned(bytes) => bytes.truncate(end),
            }
        }
        if self.controls && has_controls(&bytes) {
            notes.push((ProblemKind::ControlCharacters, line.number));
            bytes = Cow::Owned(drop_controls(&bytes));
        }
        let (text, valid) = decode(bytes);
        if !valid {
            notes.push((ProblemKind::Encoding, line.number));
        }
        text
    }
}

/// The longest beginning that does not end inside a UTF-8 character.
fn character_boundary(bytes: &[u8]) -> usize {
    let tail = bytes.iter().rev().take(3).take_while(|byte| **byte & 0xc0 == 0x80).count();
    let lead = bytes.len().saturating_sub(tail + 1);
    match bytes.get(lead) {
        Some(byte) if byte.leading_ones() as usize > tail + 1 => lead,
        _ => bytes.len(),
    }
}

fn decode(bytes: Cow<'_, [u8]>) -> (Cow<'_, str>, bool) {
    match bytes {
        Cow::Borrowed(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => (Cow::Borrowed(text), true),
            Err(_) => (Cow::Owned(windows_1252(bytes)), false),
        },
        Cow::Owned(bytes) => match String::from_utf8(bytes) {
            Ok(text) => (Cow::Owned(text), true),
            Err(error) => (Cow::Owned(windows_1252(error.as_bytes())), false),
        },
    }
}

/// A property; everything but its name is found on demand.
#[derive(Clone, Debug)]
pub(crate) struct Property<'a> {
    text: Cow<'a, str>,
    name_end: usize,
    value_start: usize,
    /// Line of the body, from 1.
    pub(crate) line: u32,
}

impl<'a> Property<'a> {
    /// Takes a line apart; none if it is no property. In a raw feed the address after the last `:mailto:` counts.
    pub(crate) fn new(text: Cow<'a, str>, line: u32, raw: bool) -> Option<(Name, Self)> {
        let bytes = text.as_bytes();
        let name_end = bytes.iter().position(|byte| OF_NAMES.get(usize::from(*byte)) != Some(&true))?;
        let name = Name::of(bytes.get(..name_end).filter(|name| !name.is_empty())?);
        let value_start = match bytes.get(name_end)? {
            b':' if !matches!(name, Name::Organizer | Name::Attendee) => name_end + 1,
            b':' | b';' => value_start(&text, name_end, name, raw)?,
            _ => return None,
        };
        Some((name, Self { text, name_end, value_start, line }))
    }

    /// Its name as written.
    pub(crate) fn name(&self) -> &str {
        self.text.get(..self.name_end).unwrap_or_default()
    }

    /// Everything behind the colon.
    pub(crate) fn value(&self) -> &str {
        self.text.get(self.value_start..).unwrap_or_default()
    }

    /// The value without blanks around it.
    pub(crate) fn trimmed(&self) -> &str {
        trimmed(self.value())
    }

    /// The whole line.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Names of parameters with their values, without quotes but still with carets.
    pub(crate) fn parameters(&self) -> impl Iterator<Item = (&str, &str)> {
        let mut rest = self.value_start.checked_sub(1).and_then(|end| self.text.get(self.name_end + 1..end));
        let parts = std::iter::from_fn(move || {
            let text = rest?;
            let end = unquoted(text, b';').unwrap_or(text.len());
            rest = text.get(end + 1..);
            text.get(..end)
        });
        let pairs = parts.filter_map(|part| part.split_at_checked(memchr(b'=', part.as_bytes())?));
        pairs.map(|(name, value)| (trimmed(name), unquote(value.get(1..).unwrap_or_default())))
    }

    /// The first parameter of that name, without its quotes but still with carets.
    pub(crate) fn raw_parameter(&self, name: &str) -> Option<&str> {
        self.parameters().find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// The first parameter of that name, as it was meant.
    pub(crate) fn parameter(&self, name: &str) -> Option<Cow<'_, str>> {
        self.raw_parameter(name).map(uncaret)
    }

    /// Whether a parameter has a value; case does not count.
    pub(crate) fn parameter_is(&self, name: &str, value: &str) -> bool {
        self.raw_parameter(name).is_some_and(|found| found.trim().eq_ignore_ascii_case(value))
    }

    /// All between `CN=` and the value, for writers that do not quote it.
    pub(crate) fn raw_common_name(&self) -> Option<&str> {
        let parameters = self.text.get(self.name_end + 1..self.value_start.checked_sub(1)?)?;
        strip_prefix_ignore_case(parameters, "CN=").map(unquote)
    }
}

/// The bytes that names are made of.
const OF_NAMES: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 128_u8 {
        #[expect(clippy::indexing_slicing, reason = "a byte is below 256")]
        {
            table[byte as usize] = byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        }
        byte += 1;
    }
    table
};

fn value_start(text: &str, name_end: usize, name: Name, raw: bool) -> Option<usize> {
    let rest = text.get(name_end..)?;
    let person = matches!(name, Name::Organizer | Name::Attendee);
    let last = if person { last_mailto(rest).map(|at| name_end + at + 1) } else { None };
    if raw && last.is_some() {
        return last;
    }
    let regular = unquoted(rest, b':').map(|at| name_end + at + 1);
    if person && (last > regular || regular.is_none()) {
        return last.or_else(|| rest.find(':').map(|at| name_end + at + 1));
    }
    let start = regular.or_else(|| rest.find(':').map(|at| name_end + at + 1))?;
    let moment = matches!(name, Name::DtStart | Name::DtEnd | Name::RecurrenceId | Name::RDate | Name::ExDate);
    if moment && rest.starts_with(';') {
        return Some(start_of_moment(text, start));
    }
    Some(start)
}

/// A `TZID` such as `(UTC+01:00) Amsterdam` stands there without quotes: then the value is behind the last colon.
fn start_of_moment(text: &str, start: usize) -> usize {
    let value = text.get(start..).unwrap_or_default();
    let begins = |text: &str| text.bytes().take(4).filter(u8::is_ascii_digit).count() == 4;
    if begins(value) || begins(value.trim_start()) {
        return start;
    }
    value.rfind(':').map_or(start, |last| start + last + 1)
}

/// Where the last `:mailto:` begins; case does not count.
fn last_mailto(text: &str) -> Option<usize> {
    let mut rest = text.as_bytes();
    while let Some(at) = memrchr(b':', rest) {
        let before = rest.get(..at).unwrap_or_default();
        if let Some(begin) = at.checked_sub(":mailto".len())
            && before.get(begin..).is_some_and(|part| part.eq_ignore_ascii_case(b":mailto"))
        {
            return Some(begin);
        }
        rest = before;
    }
    None
}

/// Where a byte stands outside of quotes.
fn unquoted(text: &str, wanted: u8) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut from = 0;
    loop {
        let at = from + memchr2(b'"', wanted, bytes.get(from..)?)?;
        if bytes.get(at) == Some(&wanted) {
            return Some(at);
        }
        from = at + 2 + memchr(b'"', bytes.get(at + 1..)?)?;
    }
}

/// Without the quotes at both ends.
pub(crate) fn unquote(text: &str) -> &str {
    let text = trimmed(text);
    text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lines::Lines;

    fn property(text: &str, raw: bool) -> Property<'_> {
        Property::new(Cow::Borrowed(text), 1, raw).unwrap().1
    }

    #[test]
    fn quoted_parameters_may_hold_colons_semicolons_and_commas() {
        let found = property("attendee;CN=\"A: B; C, ^'D^'\";partstat=ACCEPTED:mailto:a@x.org", false);
        assert_eq!(found.value(), "mailto:a@x.org");
        assert_eq!(found.parameter("cn").unwrap(), "A: B; C, \"D\"");
        assert!(found.parameter_is("PARTSTAT", "accepted"));
        assert_eq!(found.parameter("ROLE"), None);
    }

    #[test]
    fn the_address_is_behind_the_last_mailto() {
        let table = [
            ("ATTENDEE;CN=Zoë: Ops:mailto:z@x.org", "Zoë: Ops"),
            ("ATTENDEE;CN=\"Zoë: \"Ops\" O'Neil; Jr\":mailto:z@x.org", "Zoë: \"Ops\" O'Neil; Jr"),
            ("ORGANIZER;CN=x:mailto:other@x.org:MAILTO:z@x.org", "x:mailto:other@x.org"),
            ("ORGANIZER;CN=\"open:mailto:z@x.org", "\"open"),
        ];
        for (line, name) in table {
            for raw in [false, true] {
                let found = property(line, raw);
                assert!(found.value().ends_with(":z@x.org") && found.value().len() == 14, "{line}: {}", found.value());
            }
            assert_eq!(property(line, true).raw_common_name().unwrap(), name);
        }
        assert_eq!(property("ORGANIZER:MAILTO:z@x.org", true).raw_common_name(), None);
    }

    #[test]
    fn an_unquoted_zone_with_a_colon_does_not_hide_the_time() {
        let found = property("DTSTART;TZID=(UTC+01:00) Amsterdam, Berlin:20260601T100000", false);
        assert_eq!(
            (found.value(), found.raw_parameter("TZID")),
            ("20260601T100000", Some("(UTC+01:00) Amsterdam, Berlin"))
        );
        let dashed = property("DTSTART;VALUE=DATE-TIME:2026-06-01T10:00:00Z", false);
        assert_eq!(dashed.value(), "2026-06-01T10:00:00Z");
    }

    #[test]
    fn text_without_a_name_and_a_colon_is_no_property() {
        for text in ["", "hello", "hello world: x", ":x", ";a=b:x", "é:x", "NAME;a=b"] {
            assert!(Property::new(Cow::Borrowed(text), 1, false).is_none(), "{text}");
        }
    }

    #[test]
    fn odd_bytes_are_noted_once_per_line_and_cost_that_line_alone() {
        let body = b"SUMMARY:Zo\xeb\nSUMMARY:Zo\xc3\xab\nSUMMARY:a\0b\x07\nSUMMARY:long\xc3\xab";
        let reading = Reading::new(body, 13);
        let mut notes = Vec::new();
        let texts: Vec<_> = Lines::new(body, 0, 1).map(|line| reading.text(&line, &mut notes)).collect();
        assert_eq!(texts, ["SUMMARY:Zoë", "SUMMARY:Zoë", "SUMMARY:ab", "SUMMARY:long"]);
        let expected = [(ProblemKind::Encoding, 1), (ProblemKind::ControlCharacters, 3), (ProblemKind::LineTooLong, 4)];
        assert_eq!(notes, expected);
    }
}
