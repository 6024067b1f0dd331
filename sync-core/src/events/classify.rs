//! What an event becomes: a pure function of the event, the device, the person, the settings and the time.

use chrono::{DateTime, Utc};

use super::EventSettings;
use super::instant::{after, before};
use crate::journal::{EventState, LedgerEvent};
use crate::model::{Clocking, ClockingKind, Device, DeviceKind, Direction, ExternalId, Remark};

/// Reasons that events carry in the ledger.
pub mod reason {
    /// The device gives no events yet, or no more.
    pub const DEVICE_SUSPENDED: &str = "device_suspended";
    /// It happened before the instant from which the device counts.
    pub const BEFORE_TAKE_FROM: &str = "before_take_from";
    /// Neither this kind of event nor this kind of device gives bookings.
    pub const KIND: &str = "kind";
    /// An event of nobody, for a system that takes none.
    pub const NOBODY: &str = "nobody";
    /// The person is unknown or not linked.
    pub const PERSON: &str = "person";
    /// The device is unknown or not linked.
    pub const DEVICE: &str = "device";
    /// It is in the future.
    pub const CLOCK: &str = "clock";
    /// It is older than what may be booked without asking.
    pub const TOO_OLD: &str = "too_old";
    /// The attendance system has closed the period.
    pub const PERIOD_CLOSED: &str = "period_closed";
    /// Its person never appeared.
    pub const NO_PERSON: &str = "no_person";
    /// Its device never appeared.
    pub const NO_DEVICE: &str = "no_device";
    /// The system of the source made it up.
    pub const AUTOMATIC: &str = "automatic";
    /// Somebody entered it on behalf of the person.
    pub const BY_HAND: &str = "by_hand";
    /// It happened after the person was no longer to come.
    pub const LEAVER: &str = "leaver";
    /// The source took it back before it was booked.
    pub const VOIDED: &str = "voided";
    /// The source has changed it since, and numbered it anew.
    pub const SUPERSEDED: &str = "superseded";
    /// It was numbered anew, but says what was booked before.
    pub const UNCHANGED: &str = "unchanged";
    /// The source changed or took back what was booked.
    pub const CHANGED: &str = "changed_after_booking";
    /// A person ordered it to be processed again: age, clock and repeats do not matter.
    pub const APPROVED: &str = "approved";
}

/// The device of an event, as the attendance side knows it now.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Place {
    /// Unknown or not linked.
    Unlinked,
    /// Linked.
    Linked {
        /// Its id at the attendance side.
        id: ExternalId,
        /// What the administrator has set.
        settings: DeviceSettings,
    },
}

/// What the administrator has set for a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeviceSettings {
    /// What its events become; a kind that is not known gives nothing.
    pub kind: Option<DeviceKind>,
    /// Gives no events. A device about which nothing is known counts as suspended.
    pub suspended: bool,
    /// Which way people pass it.
    pub direction: Direction,
    /// Events before this instant do not count.
    pub take_from: Option<DateTime<Utc>>,
}

/// The person of an event, as the attendance side knows them now.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PersonLink {
    /// The event names nobody.
    Nobody,
    /// Unknown or not linked.
    Unlinked,
    /// Linked, with their id at the attendance side.
    Linked(ExternalId),
}

/// What an event becomes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// A clocking.
    Book(Box<Clocking>),
    /// No clocking, or not now.
    Stay(EventState, &'static str),
}

impl DeviceSettings {
    /// The settings of a device record.
    pub fn of(device: &Device) -> Self {
        Self {
            kind: device.kind.value().copied(),
            suspended: device.suspended.value().copied().unwrap_or(true),
            direction: device.direction.value().copied().unwrap_or_default(),
            take_from: device.take_from.value().copied(),
        }
    }
}

/// Decides what an event becomes. `anonymous` says whether the attendance side takes access records of nobody.
pub fn classify(
    event: &LedgerEvent,
    place: &Place,
    person: &PersonLink,
    settings: &EventSettings,
    anonymous: bool,
    now: DateTime<Utc>,
) -> Verdict {
    match decide(event, place, person, settings, anonymous, now) {
        Err((EventState::Waiting, why)) if after(event.received, settings.waiting_max) <= now => {
            let given_up = if why == reason::DEVICE { reason::NO_DEVICE } else { reason::NO_PERSON };
            Verdict::Stay(EventState::Rejected, given_up)
        }
        Err((state, why)) => Verdict::Stay(state, why),
        Ok(clocking) => Verdict::Book(Box::new(clocking)),
    }
}

fn decide(
    event: &LedgerEvent,
    place: &Place,
    person: &PersonLink,
    settings: &EventSettings,
    anonymous: bool,
    now: DateTime<Utc>,
) -> Result<Clocking, (EventState, &'static str)> {
    if !settings.counts_anywhere(event.class) {
        return Err((EventState::Ignored, reason::KIND));
    }
    if let Some(against) = event.remark.and_then(|remark| speaks_against(remark, settings, is_approved(event))) {
        return Err(against);
    }
    let Place::Linked { id: device, settings: at } = place else {
        return Err((EventState::Waiting, reason::DEVICE));
    };
    let kind = clocking_kind(event, at, settings)?;
    check_time(event, at, settings, now)?;
    let (person, stranger) = match person {
        PersonLink::Linked(id) => (Some(id.clone()), None),
        PersonLink::Nobody if kind == ClockingKind::Access && anonymous => (None, None),
        PersonLink::Nobody if kind == ClockingKind::Access => return Err((EventState::Ignored, reason::NOBODY)),
        PersonLink::Unlinked if waited_enough(event, settings, now) => (None, event.person.clone()),
        PersonLink::Nobody | PersonLink::Unlinked => return Err((EventState::Waiting, reason::PERSON)),
    };
    Ok(Clocking {
        key: event.key.clone(),
        kind,
        person,
        stranger,
        device: device.clone(),
        occurred: event.occurred,
        class: event.class,
        credential: event.credential.clone(),
        direction: effective_direction(event, at),
        identity: event.identity.clone(),
    })
}

/// Whether the attendance side's clerks are to see a clocking whose person nobody has linked.
fn waited_enough(event: &LedgerEvent, settings: &EventSettings, now: DateTime<Utc>) -> bool {
    settings.strangers_after.is_some_and(|patience| after(event.received, patience) <= now)
}

fn speaks_against(remark: Remark, settings: &EventSettings, approved: bool) -> Option<(EventState, &'static str)> {
    match remark {
        Remark::Voided => Some((EventState::Ignored, reason::VOIDED)),
        Remark::Automatic if !settings.automatic && !approved => Some((EventState::Ignored, reason::AUTOMATIC)),
        Remark::ByHand if !settings.by_hand && !approved => Some((EventState::Ignored, reason::BY_HAND)),
        Remark::AfterLeaving if !approved => Some((EventState::Held, reason::LEAVER)),
        Remark::Automatic | Remark::ByHand | Remark::AfterLeaving => None,
    }
}

fn clocking_kind(
    event: &LedgerEvent,
    at: &DeviceSettings,
    settings: &EventSettings,
) -> Result<ClockingKind, (EventState, &'static str)> {
    if at.suspended {
        return Err((EventState::Ignored, reason::DEVICE_SUSPENDED));
    }
    match at.kind {
        Some(DeviceKind::Attendance) if settings.attendance.contains(&event.class) => Ok(ClockingKind::Attendance),
        Some(DeviceKind::Access) if settings.access.contains(&event.class) => Ok(ClockingKind::Access),
        _ => Err((EventState::Ignored, reason::KIND)),
    }
}

fn check_time(
    event: &LedgerEvent,
    at: &DeviceSettings,
    settings: &EventSettings,
    now: DateTime<Utc>,
) -> Result<(), (EventState, &'static str)> {
    let occurred = event.occurred.to_utc();
    if [at.take_from, settings.not_before].into_iter().flatten().any(|from| occurred < from) {
        return Err((EventState::Ignored, reason::BEFORE_TAKE_FROM));
    }
    if is_approved(event) {
        return Ok(());
    }
    if occurred > after(now, settings.future_tolerance) {
        return Err((EventState::Held, reason::CLOCK));
    }
    if !settings.max_age.is_zero() && occurred < before(now, settings.max_age) {
        return Err((EventState::Held, reason::TOO_OLD));
    }
    Ok(())
}

/// Whether a person ordered this event to be processed.
pub(super) fn is_approved(event: &LedgerEvent) -> bool {
    event.reason.as_deref() == Some(reason::APPROVED)
}

/// The administrator's word on a device's direction wins; without one, what the source says.
pub(super) fn effective_direction(event: &LedgerEvent, at: &DeviceSettings) -> Direction {
    match at.direction {
        set @ (Direction::In | Direction::Out) => set,
        Direction::Both | Direction::Unknown => event.direction,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{EventClass, EventKey};
    use std::time::Duration;

    fn now() -> DateTime<Utc> {
        "2026-11-02T08:00:00Z".parse().unwrap()
    }

    fn event(class: EventClass) -> LedgerEvent {
        LedgerEvent {
            key: EventKey { endpoint: "net2".into(), epoch: 0, number: 7 },
            occurred: "2026-11-02T07:59:00+00:00".parse().unwrap(),
            received: now(),
            class,
            code: 20,
            person: Some("1".into()),
            device: Some("2".into()),
            credential: None,
            direction: Direction::In,
            identity: None,
            remark: None,
            content: 1,
            state: EventState::Ready,
            reason: None,
            target: None,
            retry_at: None,
            attempts: 0,
        }
    }

    fn at(kind: DeviceKind) -> DeviceSettings {
        DeviceSettings { kind: Some(kind), suspended: false, direction: Direction::Unknown, take_from: None }
    }

    fn verdict(event: &LedgerEvent, at: DeviceSettings, person: &PersonLink, anonymous: bool) -> String {
        let place = Place::Linked { id: "20".into(), settings: at };
        match classify(event, &place, person, &EventSettings::default(), anonymous, now()) {
            Verdict::Book(clocking) => clocking.kind.to_string(),
            Verdict::Stay(state, why) => format!("{}({why})", state.as_str()),
        }
    }

    #[test]
    fn each_kind_of_device_and_event_has_its_own_outcome() {
        use EventClass::{AntiPassback, Denied, DoorState, ExitButton, Granted, Other, SignIn};
        let me = PersonLink::Linked("10".into());
        let cases = [
            (DeviceKind::Attendance, Granted, "attendance"),
            (DeviceKind::Attendance, SignIn, "attendance"),
            (DeviceKind::Attendance, Denied, "ignored(kind)"),
            (DeviceKind::Attendance, DoorState, "ignored(kind)"),
            (DeviceKind::Access, Granted, "access"),
            (DeviceKind::Access, Denied, "access"),
            (DeviceKind::Access, AntiPassback, "access"),
            (DeviceKind::Access, ExitButton, "access"),
            (DeviceKind::Access, SignIn, "ignored(kind)"),
            (DeviceKind::Access, Other, "ignored(kind)"),
            (DeviceKind::FireAlarm, Granted, "ignored(kind)"),
            (DeviceKind::Muster, Granted, "ignored(kind)"),
            (DeviceKind::Other, Granted, "ignored(kind)"),
        ];
        for (kind, class, expected) in cases {
            assert_eq!(verdict(&event(class), at(kind), &me, false), expected, "{class} at {kind}");
        }
    }

    #[test]
    fn nobody_is_waited_for_at_attendance_and_recorded_at_access_if_the_sink_takes_it() {
        let denied = event(EventClass::Denied);
        let granted = event(EventClass::Granted);
        assert_eq!(verdict(&denied, at(DeviceKind::Access), &PersonLink::Nobody, true), "access");
        assert_eq!(verdict(&denied, at(DeviceKind::Access), &PersonLink::Nobody, false), "ignored(nobody)");
        assert_eq!(verdict(&granted, at(DeviceKind::Attendance), &PersonLink::Nobody, true), "waiting(person)");
        assert_eq!(verdict(&granted, at(DeviceKind::Access), &PersonLink::Unlinked, true), "waiting(person)");
    }

    #[test]
    fn time_decides_between_booking_and_a_persons_decision() {
        let me = PersonLink::Linked("10".into());
        let at_instant = |text: &str| {
            let mut event = event(EventClass::Granted);
            event.occurred = text.parse().unwrap();
            event
        };
        let plain = at(DeviceKind::Attendance);
        assert_eq!(verdict(&at_instant("2026-11-02T08:04:00Z"), plain, &me, false), "attendance");
        assert_eq!(verdict(&at_instant("2026-11-02T08:06:00Z"), plain, &me, false), "held(clock)");
        assert_eq!(verdict(&at_instant("2026-10-02T08:01:00Z"), plain, &me, false), "attendance");
        let old = at_instant("2026-10-02T07:59:00Z");
        assert_eq!(verdict(&old, plain, &me, false), "held(too_old)");
        let approved = LedgerEvent { reason: Some(reason::APPROVED.to_owned()), ..old };
        assert_eq!(verdict(&approved, plain, &me, false), "attendance");
        let from = DeviceSettings { take_from: Some("2026-11-02T07:59:30Z".parse().unwrap()), ..plain };
        assert_eq!(verdict(&at_instant("2026-11-02T07:59:29Z"), from, &me, false), "ignored(before_take_from)");
        assert_eq!(verdict(&at_instant("2026-11-02T07:59:30Z"), from, &me, false), "attendance");
    }

    #[test]
    fn nothing_known_about_a_device_means_suspended() {
        let me = PersonLink::Linked("10".into());
        let settings = DeviceSettings::of(&Device::default());
        assert_eq!(verdict(&event(EventClass::Granted), settings, &me, false), "ignored(device_suspended)");
    }

    #[test]
    fn what_the_source_speaks_against_is_not_booked_unless_a_person_says_so() {
        let me = PersonLink::Linked("10".into());
        let plain = at(DeviceKind::Attendance);
        let automatic = LedgerEvent { remark: Some(Remark::Automatic), ..event(EventClass::SignOut) };
        assert_eq!(verdict(&automatic, plain, &me, false), "ignored(automatic)");
        let approved = LedgerEvent { reason: Some(reason::APPROVED.to_owned()), ..automatic };
        assert_eq!(verdict(&approved, plain, &me, false), "attendance");
        let after_leaving = LedgerEvent { remark: Some(Remark::AfterLeaving), ..event(EventClass::SignIn) };
        assert_eq!(verdict(&after_leaving, plain, &me, false), "held(leaver)");
        let by_hand = LedgerEvent { remark: Some(Remark::ByHand), ..event(EventClass::SignIn) };
        assert_eq!(verdict(&by_hand, plain, &me, false), "attendance");
        let voided = LedgerEvent { remark: Some(Remark::Voided), ..approved };
        assert_eq!(verdict(&voided, plain, &me, false), "ignored(voided)");
    }

    #[test]
    fn waiting_ends_with_a_rejection() {
        let settings = EventSettings::default();
        let mut event = event(EventClass::Granted);
        event.received = now() - settings.waiting_max;
        let (nobody, place) = (PersonLink::Unlinked, Place::Unlinked);
        let given_up = classify(&event, &place, &nobody, &settings, false, now());
        assert_eq!(given_up, Verdict::Stay(EventState::Rejected, reason::NO_DEVICE));
        event.received += Duration::from_secs(1);
        let waits = classify(&event, &place, &nobody, &settings, false, now());
        assert_eq!(waits, Verdict::Stay(EventState::Waiting, reason::DEVICE));
    }
}
