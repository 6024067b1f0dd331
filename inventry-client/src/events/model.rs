//! An event, and what becomes of one.

use std::fmt;

use chrono::{DateTime, FixedOffset, Utc};

use crate::id::{DeviceId, EventId, PersonId, SiteId, VisitId};
use crate::words::{EventType, Method, PersonType};

/// Something that a person did, or that was entered for them.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Event {
    /// Its id, unique for ever; a changed event keeps it.
    pub id: EventId,
    /// Its number in order of arrival, where the server counts; a changed event gets a new one.
    pub seq: Option<i64>,
    /// Which version of the event it is, from 1.
    pub revision: u32,
    /// What happened.
    pub event_type: EventType,
    /// Who.
    pub person: Option<PersonId>,
    /// What kind of person.
    pub person_type: PersonType,
    /// Where; an event without a device came about by no device that is known.
    pub device: Option<DeviceId>,
    /// At which site.
    pub site: Option<SiteId>,
    /// When the person did it, with the offset of the server's clock.
    pub at: DateTime<FixedOffset>,
    /// When the server stored it.
    pub recorded_at: Option<DateTime<Utc>>,
    /// When the server stored this version of it, where it tells versions by a time of their own.
    pub updated_at: Option<DateTime<Utc>>,
    /// How it came about.
    pub method: Option<Method>,
    /// Made by the system and not by the person: the time is made up.
    pub automatic: bool,
    /// What ties a way in to a way out.
    pub visit: Option<VisitId>,
    /// The reason that was chosen, such as lunch.
    pub reason: Option<String>,
    /// Taken back later.
    pub voided: bool,
}

/// Which events become attendance bookings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BookingRules {
    /// Ways out too: without them a day never ends.
    pub sign_out: bool,
    /// Events that the system made up.
    pub automatic: bool,
    /// Events that an operator entered, or that came with an import.
    pub operator: bool,
}

/// What becomes of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// A booking: in.
    In,
    /// A booking: out.
    Out,
    /// No booking.
    Ignored(Ignored),
    /// A later version of an event that may be booked already: for a person to decide.
    ChangedAfterBooking,
}

/// Why an event gives no booking.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Ignored {
    /// Not of staff.
    NotPersonnel,
    /// Somebody was marked safe during a roll call.
    Safe,
    /// A kind of event that is not known.
    Kind,
    /// A way out, while ways out are not booked.
    SignOut,
    /// The system made it up.
    Automatic,
    /// An operator entered it, while such events are not booked.
    Operator,
    /// Taken back before it was read.
    Voided,
}

impl Default for BookingRules {
    /// Ways in and out are booked, also those of operators; made-up ones are not.
    fn default() -> Self {
        Self { sign_out: true, automatic: false, operator: true }
    }
}

impl Event {
    /// The device, or the one that stands for none.
    pub fn device_or_none(&self) -> DeviceId {
        self.device.clone().unwrap_or_else(DeviceId::none)
    }

    /// When the server came to know of it as it is now: its position where there is no number.
    pub fn known_at(&self) -> DateTime<Utc> {
        self.updated_at.or(self.recorded_at).unwrap_or_else(|| self.at.to_utc())
    }

    /// Whether the system made it up.
    pub fn is_automatic(&self) -> bool {
        self.automatic || self.method == Some(Method::Automatic)
    }

    /// What becomes of it.
    pub fn outcome(&self, rules: BookingRules) -> Outcome {
        match self.refusal(rules) {
            Some(why) => Outcome::Ignored(why),
            None if self.revision > 1 => Outcome::ChangedAfterBooking,
            None if self.event_type.is_in() => Outcome::In,
            None => Outcome::Out,
        }
    }

    fn refusal(&self, rules: BookingRules) -> Option<Ignored> {
        let (way_in, way_out) = (self.event_type.is_in(), self.event_type.is_out());
        let entered = matches!(self.method, Some(Method::Operator | Method::Import));
        // A correction is made by an operator as a rule: that is no reason not to show it.
        let first = self.revision <= 1;
        match () {
            () if self.person_type != PersonType::Personnel => Some(Ignored::NotPersonnel),
            () if self.event_type == EventType::Safe => Some(Ignored::Safe),
            () if !way_in && !way_out => Some(Ignored::Kind),
            () if way_out && !rules.sign_out => Some(Ignored::SignOut),
            () if self.is_automatic() && !rules.automatic => Some(Ignored::Automatic),
            () if first && self.voided => Some(Ignored::Voided),
            () if first && entered && !rules.operator => Some(Ignored::Operator),
            () => None,
        }
    }
}

impl Ignored {
    /// Its word in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotPersonnel => "not_personnel",
            Self::Safe => "safe",
            Self::Kind => "kind",
            Self::SignOut => "sign_out",
            Self::Automatic => "automatic",
            Self::Operator => "operator",
            Self::Voided => "voided",
        }
    }
}

impl fmt::Display for Ignored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Who stays out, and why they went.
impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event")
            .field("id", &self.id)
            .field("seq", &self.seq)
            .field("revision", &self.revision)
            .field("event_type", &self.event_type)
            .field("device", &self.device)
            .field("at", &self.at)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn event(id: &str, event_type: EventType) -> Event {
        Event {
            id: id.into(),
            seq: None,
            revision: 1,
            event_type,
            person: Some("318".into()),
            person_type: PersonType::Personnel,
            device: Some("5".into()),
            site: Some("1".into()),
            at: "2026-03-02T07:41:09Z".parse().unwrap(),
            recorded_at: None,
            updated_at: None,
            method: Some(Method::Card),
            automatic: false,
            visit: None,
            reason: None,
            voided: false,
        }
    }

    #[test]
    fn each_kind_of_event_has_its_outcome() {
        for (kind, outcome) in [
            (EventType::SignIn, Outcome::In),
            (EventType::BreakIn, Outcome::In),
            (EventType::SignOut, Outcome::Out),
            (EventType::BreakOut, Outcome::Out),
            (EventType::Safe, Outcome::Ignored(Ignored::Safe)),
            (EventType::Unknown("photo".to_owned()), Outcome::Ignored(Ignored::Kind)),
        ] {
            assert_eq!(event("e", kind.clone()).outcome(BookingRules::default()), outcome, "{kind}");
        }
    }

    #[test]
    fn made_up_times_are_no_pay_unless_somebody_wants_it() {
        let mut night = event("e", EventType::SignOut);
        night.automatic = true;
        let mut by_method = event("e", EventType::SignOut);
        by_method.method = Some(Method::Automatic);
        for event in [night, by_method] {
            assert_eq!(event.outcome(BookingRules::default()), Outcome::Ignored(Ignored::Automatic));
            let rules = BookingRules { automatic: true, ..BookingRules::default() };
            assert_eq!(event.outcome(rules), Outcome::Out);
        }
    }

    #[test]
    fn operators_and_imports_count_by_a_setting() {
        let strict = BookingRules { operator: false, ..BookingRules::default() };
        for method in [Method::Operator, Method::Import] {
            let mut entered = event("e", EventType::SignIn);
            entered.method = Some(method);
            assert_eq!(entered.outcome(BookingRules::default()), Outcome::In);
            assert_eq!(entered.outcome(strict), Outcome::Ignored(Ignored::Operator));
        }
        let no_out = BookingRules { sign_out: false, ..BookingRules::default() };
        assert_eq!(event("e", EventType::SignOut).outcome(no_out), Outcome::Ignored(Ignored::SignOut));
        assert_eq!(event("e", EventType::SignIn).outcome(no_out), Outcome::In);
    }

    #[test]
    fn a_later_version_is_for_a_person_to_decide_whoever_made_it() {
        let mut changed = event("ev-55101", EventType::SignIn);
        changed.revision = 2;
        changed.method = Some(Method::Operator);
        let strict = BookingRules { operator: false, ..BookingRules::default() };
        assert_eq!(changed.outcome(strict), Outcome::ChangedAfterBooking);
        changed.voided = true;
        assert_eq!(changed.outcome(strict), Outcome::ChangedAfterBooking);
        changed.revision = 1;
        assert_eq!(changed.outcome(strict), Outcome::Ignored(Ignored::Voided));
    }

    #[test]
    fn only_staff_is_booked() {
        for kind in [PersonType::Student, PersonType::Visitor, PersonType::Unknown("guest".to_owned())] {
            let mut event = event("e", EventType::SignIn);
            event.person_type = kind;
            assert_eq!(event.outcome(BookingRules::default()), Outcome::Ignored(Ignored::NotPersonnel));
        }
    }
}
