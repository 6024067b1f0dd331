//! Persons: the list in pages, and one alone.

use std::ops::Bound;

use chrono::{DateTime, TimeDelta, Utc};

use super::Ask;
use crate::pac::wire::element::Element;
use crate::pac::wire::records;
use crate::pac::wire::refusal::{Code, Refusal};
use crate::pac::world::{Person, Stream, World};

/// So long a token is good.
const MINUTES: i64 = 10;

/// Where a scan goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Token {
    page: u64,
    after: u32,
    total: u64,
    generation: u64,
    until: DateTime<Utc>,
    filter: Filter,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Filter {
    All,
    Active,
    Inactive,
}

impl Filter {
    fn named(text: &str) -> Option<Self> {
        match text {
            "all" => Some(Self::All),
            "active" => Some(Self::Active),
            "inactive" => Some(Self::Inactive),
            _ => None,
        }
    }

    fn letter(self) -> &'static str {
        match self {
            Self::All => "a",
            Self::Active => "y",
            Self::Inactive => "n",
        }
    }

    fn takes(self, person: &Person) -> bool {
        match self {
            Self::All => true,
            Self::Active => person.active,
            Self::Inactive => !person.active,
        }
    }

    fn count(self, world: &World) -> u64 {
        let count = match self {
            Self::All => world.people.len(),
            _ => world.people.values().filter(|person| self.takes(person)).count(),
        };
        u64::try_from(count).unwrap_or(u64::MAX)
    }
}

impl Token {
    fn text(&self) -> String {
        let until = self.until.timestamp_millis();
        let Self { page, after, total, generation, filter, .. } = self;
        format!("p:{page}:{after:x}.{total:x}.{generation:x}.{until:x}.{}", filter.letter())
    }

    fn read(text: &str) -> Option<Self> {
        let (page, rest) = text.strip_prefix("p:")?.split_once(':')?;
        let parts: Vec<&str> = rest.split('.').collect();
        let [after, total, generation, until, letter] = parts.as_slice() else { return None };
        let filter = [Filter::All, Filter::Active, Filter::Inactive].into_iter().find(|f| f.letter() == *letter)?;
        Some(Self {
            page: page.parse().ok()?,
            after: u32::from_str_radix(after, 16).ok()?,
            total: u64::from_str_radix(total, 16).ok()?,
            generation: u64::from_str_radix(generation, 16).ok()?,
            until: DateTime::from_timestamp_millis(i64::from_str_radix(until, 16).ok()?)?,
            filter,
        })
    }
}

impl Ask<'_> {
    pub(super) fn person_list(&self) -> Result<Element, Refusal> {
        let size = usize::from(self.body.needed_count("size", self.state.settings.max_page)?);
        let filter = self.body.needed_word("active", Filter::named)?;
        let world = &self.state.world;
        let now = world.now();
        let token = match self.body.text("page") {
            None => Token {
                page: 1,
                after: 0,
                total: filter.count(world),
                generation: self.state.pages,
                until: now,
                filter,
            },
            Some(text) => {
                let good = Token::read(text).filter(|token| token.generation == self.state.pages && now <= token.until);
                good.ok_or_else(|| {
                    Refusal::new(Code::PageExpired, "The token is no longer good.").at("PersonList/@page")
                })?
            }
        };
        if token.filter != filter {
            return Err(self.body.invalid("active", "The pages before were of other persons."));
        }
        let mut matching = world
            .people
            .range((Bound::Excluded(token.after), Bound::Unbounded))
            .map(|(_, p)| p)
            .filter(|p| filter.takes(p));
        let people: Vec<&Person> = matching.by_ref().take(size).collect();
        let next = people.last().filter(|_| matching.next().is_some()).map(|last| {
            let until = now.checked_add_signed(TimeDelta::minutes(MINUTES)).unwrap_or(now);
            Token { page: token.page + 1, after: last.id, until, ..token.clone() }.text()
        });
        let (_, change) = world.bounds(Stream::Changes);
        Ok(Element::new("PersonPage")
            .with_some("next", next)
            .with("total", token.total)
            .with("epoch", world.epoch)
            .with("asOf", change - 1)
            .holding(people.into_iter().map(|person| records::person(person, world.zone))))
    }

    pub(super) fn person_get(&self) -> Result<Element, Refusal> {
        let (id, ext) = (self.body.id("id")?, self.body.label("ext", 64)?);
        let credential = self.body.text("credType").or(self.body.text("credNumber")).or(self.body.text("facility"));
        let people = &self.state.world.people;
        let found = match (id, ext, credential) {
            (Some(id), None, None) => people.get(&id),
            (None, Some(ext), None) => people.with_ext(&ext),
            (None, None, Some(_)) => people.holding(&records::read_key(&self.body, ["credType", "credNumber"])?),
            _ => {
                let message = "A person is asked for by one of id, ext and credential.";
                return Err(Refusal::new(Code::Validation, message).at("PersonGet"));
            }
        };
        let found = found.ok_or_else(|| Refusal::new(Code::NotFound, "There is no such person.").at("PersonGet"))?;
        Ok(records::person(found, self.state.world.zone))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_read_as_they_are_written() {
        let until = DateTime::from_timestamp_millis(1_772_000_000_123).unwrap();
        let token = Token { page: 2, after: 612, total: 100_000, generation: 3, until, filter: Filter::Active };
        assert_eq!(Token::read(&token.text()), Some(token));
        for wrong in ["", "p:2", "p:2:8d21", "p:x:1.1.1.1.a", "p:1:1.1.1.1.z"] {
            assert_eq!(Token::read(wrong), None, "{wrong}");
        }
    }
}
