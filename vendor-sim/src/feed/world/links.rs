//! Links: what they look like and what they ask for.

use super::{Style, World};
use crate::call::Call;

/// What a link shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Link {
    /// All rooms; with Booked the schedule.
    #[default]
    Venue,
    /// One room by id.
    Room(i64),
    /// What a person holds or takes part in, by id; Booked only.
    Person(i64),
    /// The group of all rooms; Booked only.
    Group,
}

/// What a call asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Asked {
    Feed {
        link: Link,
        past_days: Option<i64>,
        future_days: Option<i64>,
    },
    /// The secret is wrong, or what it is asked of is unknown.
    WrongKey,
    /// The page where people sign in.
    SignIn,
    /// No page of this system.
    Nothing,
}

/// Where Booked writes its feeds.
const SUBSCRIBE: &str = "/Web/export/ical-subscribe.php";

impl World {
    /// Path and query of a link with the present key; `None` if the style has no such link or the id is unknown.
    pub fn path(&self, link: Link) -> Option<String> {
        match self.style {
            Style::Skedda => {
                let more = match link {
                    Link::Venue => 0,
                    Link::Room(room) => self.rooms.get(&room)?.id,
                    Link::Person(_) | Link::Group => return None,
                };
                Some(format!("/ical?k={}&i={}", self.key, self.first_link + more))
            }
            Style::Booked => {
                let (name, value) = match link {
                    Link::Venue => ("sid", &self.schedule),
                    Link::Room(room) => ("rid", &self.rooms.get(&room)?.public_id),
                    Link::Person(person) => ("uid", &self.people.get(&person)?.public_id),
                    Link::Group => ("rgid", &self.group),
                };
                Some(format!("{SUBSCRIBE}?{name}={value}&icskey={}", self.key))
            }
        }
    }

    pub(crate) fn asked(&self, call: &Call) -> Asked {
        // What was moved is also found where redirects lead.
        let segments: Vec<&str> =
            call.segments.iter().map(String::as_str).skip_while(|piece| *piece == "moved").collect();
        match (self.style, segments.as_slice()) {
            (Style::Skedda, ["ical"]) => self.asked_skedda(call),
            (Style::Booked, ["web", "export", "ical-subscribe.php"] | ["export", "ical-subscribe.php"]) => {
                self.asked_booked(call)
            }
            (Style::Booked, [] | ["web"] | ["web", "index.php"]) => Asked::SignIn,
            _ => Asked::Nothing,
        }
    }

    fn asked_skedda(&self, call: &Call) -> Asked {
        let number = call.param("i").and_then(|number| number.parse::<i64>().ok());
        let link = match number.and_then(|number| number.checked_sub(self.first_link)) {
            Some(0) => Link::Venue,
            Some(room) if self.rooms.contains_key(&room) => Link::Room(room),
            _ => return Asked::WrongKey,
        };
        if call.param("k") != Some(self.key.as_str()) {
            return Asked::WrongKey;
        }
        Asked::Feed { link, past_days: None, future_days: None }
    }

    fn asked_booked(&self, call: &Call) -> Asked {
        if call.param("icskey") != Some(self.key.as_str()) || self.switches.subscriptions_off {
            return Asked::WrongKey;
        }
        let given = |name: &str| call.param(name).filter(|value| !value.is_empty());
        let link = if let Some(id) = given("rid") {
            self.rooms.values().find(|room| room.public_id == id).map(|room| Link::Room(room.id))
        } else if let Some(id) = given("uid") {
            self.people.values().find(|person| person.public_id == id).map(|person| Link::Person(person.id))
        } else if let Some(id) = given("rgid") {
            (id == self.group).then_some(Link::Group)
        } else {
            given("sid").filter(|id| *id == self.schedule).map(|_| Link::Venue)
        };
        let days = |name: &str| given(name).and_then(|days| days.parse::<i64>().ok()).filter(|days| *days >= 0);
        link.map_or(Asked::WrongKey, |link| Asked::Feed {
            link,
            past_days: days("pastDayCount"),
            future_days: days("futureDayCount"),
        })
    }
}
