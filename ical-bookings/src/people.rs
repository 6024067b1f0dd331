//! Whom an event names.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use crate::event::Event;
use crate::property::Property;
use crate::text::{
    collapse, decode_entities, first_chars, fold_case, rfind_ignore_case, strip_prefix_ignore_case, uncaret,
};
use crate::{Dialect, Options, PeopleFrom, Person, ProblemKind, Role};

/// Reads whom the events of one body name.
#[derive(Debug)]
pub(crate) struct People {
    dialect: Dialect,
    from: PeopleFrom,
    limit: usize,
    /// What a line came to where it alone counted: mostly the same people come again and again.
    alone: HashMap<String, Arc<[Person]>>,
    nobody: Arc<[Person]>,
}

impl People {
    pub(crate) fn new(options: &Options, dialect: Dialect) -> Self {
        let from = match dialect {
            Dialect::Type1 => PeopleFrom::Attendees,
            Dialect::Type2Escaped if options.type2_attendees => PeopleFrom::Both,
            Dialect::Type2Template | Dialect::Type2Escaped => PeopleFrom::Organizer,
            Dialect::Generic => options.people,
        };
        Self { dialect, from, limit: options.limits.people, alone: HashMap::new(), nobody: Arc::default() }
    }

    /// The people of an event, in the order of the feed, nobody twice.
    pub(crate) fn of(&mut self, event: &Event<'_>, notes: &mut Vec<(ProblemKind, u32)>) -> Arc<[Person]> {
        let Some((role, line)) = self.only_line(event) else { return self.all(event, notes) };
        if let Some(known) = self.alone.get(line.text()) {
            return Arc::clone(known);
        }
        let notes_before = notes.len();
        let people = self.all(event, notes);
        let by_itself = people.len() == 1
            && people.iter().all(|person| person.role == role)
            && notes.len() == notes_before
            && !depends_on_host(line);
        if by_itself && self.alone.len() < REMEMBERED && line.text().len() <= LONGEST_LINE {
            self.alone.insert(line.text().to_owned(), Arc::clone(&people));
        }
        people
    }

    /// The line that decides alone, unless it names nobody.
    fn only_line<'e, 'a>(&self, event: &'e Event<'a>) -> Option<(Role, &'e Property<'a>)> {
        let organizer = event.organizer.as_ref();
        match (self.from, event.attendees.as_slice()) {
            (PeopleFrom::Attendees | PeopleFrom::AttendeesElseOrganizer, [only]) => Some((Role::Attendee, only)),
            (PeopleFrom::Both, [only]) if organizer.is_none() => Some((Role::Attendee, only)),
            (PeopleFrom::Organizer, _) | (PeopleFrom::AttendeesElseOrganizer | PeopleFrom::Both, []) => {
                organizer.map(|organizer| (Role::Organizer, organizer))
            }
            _ => None,
        }
    }

    fn all(&self, event: &Event<'_>, notes: &mut Vec<(ProblemKind, u32)>) -> Arc<[Person]> {
        let named = self.named(event);
        if named.is_empty() {
            return Arc::clone(&self.nobody);
        }
        let limit = self.limit;
        let mut list = List { people: Vec::with_capacity(named.len().min(limit)), keys: HashMap::new(), limit };
        let alone = named.len() == 1;
        for (role, property) in named {
            let person = person(role, property, self.dialect);
            if !list.has_room_for(&person) {
                notes.push((ProblemKind::TooManyPeople, property.line));
                break;
            }
            if person.email.is_none() {
                notes.push((ProblemKind::NoAddress, property.line));
            }
            if alone {
                list.people.push(person);
            } else {
                list.add(person);
            }
        }
        list.people.into()
    }

    /// The lines that may name somebody, in the order of the body.
    fn named<'e, 'a>(&self, event: &'e Event<'a>) -> Vec<(Role, &'e Property<'a>)> {
        let dialect = self.dialect;
        let organizer = event.organizer.as_ref();
        let host = organizer.and_then(|property| address(property, dialect)).map(|address| fold_case(&address));
        let attendees = event.attendees.iter().filter(|property| is_person(property, host.as_deref(), dialect));
        let mut attendees: Vec<_> = attendees.map(|property| (Role::Attendee, property)).collect();
        let organizer = organizer.filter(|property| !is_thing(property)).map(|property| (Role::Organizer, property));
        match self.from {
            PeopleFrom::Nobody => Vec::new(),
            PeopleFrom::Organizer => organizer.into_iter().collect(),
            PeopleFrom::AttendeesElseOrganizer if attendees.is_empty() => organizer.into_iter().collect(),
            PeopleFrom::Attendees | PeopleFrom::AttendeesElseOrganizer => attendees,
            PeopleFrom::Both => {
                attendees.extend(organizer);
                attendees.sort_by_key(|(_, property)| property.line);
                attendees
            }
        }
    }
}

fn is_person(property: &Property<'_>, host: Option<&str>, dialect: Dialect) -> bool {
    if is_thing(property) || property.parameter_is("PARTSTAT", "DECLINED") {
        return false;
    }
    if !depends_on_host(property) {
        return true;
    }
    let own = address(property, dialect).map(|address| fold_case(&address));
    own.is_some() && own.as_deref() == host
}

/// Somebody who does not come, unless it is their own event.
fn depends_on_host(property: &Property<'_>) -> bool {
    property.parameter_is("ROLE", "NON-PARTICIPANT")
}

/// A room, a device, a group.
fn is_thing(property: &Property<'_>) -> bool {
    let kind = ["ROOM", "RESOURCE", "GROUP"].iter().any(|kind| property.parameter_is("CUTYPE", kind));
    kind || rfind_ignore_case(property.value(), "@resource.calendar.google.com").is_some()
}

/// People without an address are kept, so that somebody sees that they are there.
fn person(role: Role, property: &Property<'_>, dialect: Dialect) -> Person {
    let name = name(property, dialect).filter(|name| !name.is_empty());
    Person { email: address(property, dialect), name, role }
}

fn name(property: &Property<'_>, dialect: Dialect) -> Option<String> {
    let raw = match dialect {
        Dialect::Type2Template => decode_entities(property.raw_common_name()?),
        Dialect::Type2Escaped => Cow::Owned(decode_entities(&uncaret(property.raw_parameter("CN")?)).into_owned()),
        Dialect::Type1 | Dialect::Generic => property.parameter("CN")?,
    };
    Some(first_chars(&collapse(&raw), LONGEST_NAME).to_owned())
}

/// The mail address of a property, as written.
fn address(property: &Property<'_>, dialect: Dialect) -> Option<String> {
    let own = mail_address(property.value());
    let stated = || property.parameter("EMAIL").and_then(|value| mail_address(&value));
    let address = own.or_else(stated)?;
    let type2 = matches!(dialect, Dialect::Type2Template | Dialect::Type2Escaped);
    let hidden = type2 && rfind_ignore_case(&address, "-noreply@").is_some();
    (!hidden).then_some(address)
}

/// Reads `mailto:a@x`, `a@x` or `<a@x>`. Nothing if it cannot be an address.
fn mail_address(value: &str) -> Option<String> {
    let value = value.trim();
    let value = strip_prefix_ignore_case(value, "mailto:").unwrap_or(value).trim();
    let value = value.split('?').next().unwrap_or_default();
    let decoded = percent_decode(value)?;
    let value = decoded.trim();
    let value = value.strip_prefix('<').and_then(|rest| rest.strip_suffix('>')).unwrap_or(value).trim();
    let (local, domain) = value.split_once('@')?;
    let odd = |char: char| {
        let plain = char.is_ascii_alphanumeric() || matches!(char, '.' | '-' | '_' | '+');
        !plain && (char.is_control() || char.is_whitespace() || "<>,;:\"@\\()[]".contains(char))
    };
    let fits = !local.is_empty() && !domain.is_empty() && value.len() <= LONGEST_ADDRESS;
    (fits && !local.contains(odd) && !domain.contains(odd)).then(|| value.to_owned())
}

fn percent_decode(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains('%') {
        return Some(Cow::Borrowed(text));
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, behind)) = rest.split_first() {
        let escaped = (byte == b'%').then(|| behind.get(..2)).flatten().and_then(hex);
        if let Some(decoded) = escaped {
            bytes.push(decoded);
            rest = behind.get(2..)?;
        } else {
            bytes.push(byte);
            rest = behind;
        }
    }
    String::from_utf8(bytes).ok().map(Cow::Owned)
}

fn hex(digits: &[u8]) -> Option<u8> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    match digits {
        [high, low] => Some(digit(high)? * 16 + digit(low)?),
        _ => None,
    }
}

/// People found so far.
struct List {
    people: Vec<Person>,
    /// Folded address and place of each that has one.
    keys: HashMap<String, usize>,
    limit: usize,
}

impl List {
    fn find(&self, person: &Person) -> Option<usize> {
        self.keys.get(&fold_case(person.email.as_deref()?)).copied()
    }

    fn has_room_for(&self, person: &Person) -> bool {
        self.people.len() < self.limit || self.find(person).is_some()
    }

    fn add(&mut self, person: Person) {
        if let Some(known) = self.find(&person).and_then(|place| self.people.get_mut(place)) {
            known.name = known.name.take().or(person.name);
            known.role = known.role.min(person.role);
            return;
        }
        if let Some(email) = &person.email {
            self.keys.insert(fold_case(email), self.people.len());
        }
        self.people.push(person);
    }
}

/// Lines that are remembered, and the bytes that one may have.
const REMEMBERED: usize = 10_000;
const LONGEST_LINE: usize = 500;

/// Bytes of the longest address that mail allows.
const LONGEST_ADDRESS: usize = 320;

/// Characters of a name that are kept; it is for display only.
const LONGEST_NAME: usize = 200;
