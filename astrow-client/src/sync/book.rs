//! From a clocking to a booking: whose it is, at which terminal, and whether it counts at all.

use std::collections::{BTreeSet, HashMap, HashSet};

use sync_core::connector::{ErrorClass, SyncError};
use sync_core::model::{Clocking, ClockingKind, EventClass, ExternalId};

use super::endpoint::AstrowEndpoint;
use super::memory::plain;
use super::roll_call::Covered;
use crate::model::{
    ActiveFilter, AstrowCapability, AstrowError, AstrowErrorKind, AstrowSession, Booking, Employee, PacEvent, PersNo,
    RejectionCode, SafeConfirmation,
};
use crate::number::{NumberForm, person_badge};

/// So many badge numbers that are not known are looked up one by one; for more, the list is read.
const ONE_BY_ONE: usize = 10;
/// The list is read only if at least one in so many employees is missing.
const PART: usize = 50;

/// What is needed to make bookings of one batch.
pub(super) struct Desk<'a> {
    endpoint: &'a AstrowEndpoint,
    session: &'a dyn AstrowSession,
    badges: HashMap<PersNo, Result<Option<String>, AstrowError>>,
    /// Whom PAC knows the holders of strangers' numbers as.
    holders: Result<HashMap<String, u32>, AstrowError>,
}

impl<'a> Desk<'a> {
    /// Looks up the badge numbers that are not known yet.
    pub(super) async fn open(endpoint: &'a AstrowEndpoint, session: &'a dyn AstrowSession, batch: &[Clocking]) -> Self {
        let mut desk = Self { endpoint, session, badges: HashMap::new(), holders: Ok(HashMap::new()) };
        let now = endpoint.clock.now();
        let people: BTreeSet<PersNo> = batch.iter().filter_map(|one| one.person.as_ref()).filter_map(pers_no).collect();
        let mut missing = Vec::new();
        for id in people {
            match endpoint.memory.badge(id, now) {
                Some(badge) => {
                    desk.badges.insert(id, Ok(badge));
                }
                None => missing.push(id),
            }
        }
        if missing.len() > ONE_BY_ONE.max(endpoint.memory.headcount() / PART) {
            missing = desk.look_up_all(missing).await;
        }
        for id in missing {
            let found = desk.look_up(id).await;
            desk.badges.insert(id, found);
        }
        desk.holders = desk.holders_of(batch.iter().filter_map(|clocking| clocking.stranger.as_ref())).await;
        desk
    }

    /// The booking of a clocking.
    pub(super) fn draft(&self, clocking: &Clocking) -> Result<Booking, SyncError> {
        if clocking.kind != ClockingKind::Attendance {
            let none = || SyncError::new(ErrorClass::Invalid, "Astrow keeps no access records");
            return Err(self.covered(clocking).filter(|covered| covered.confirms).map_or_else(none, |it| during(&it)));
        }
        let reader =
            self.endpoint.readers.get(clocking.device.as_str()).ok_or_else(|| {
                SyncError::new(ErrorClass::NotFound, "the reader is not among those that give bookings")
            })?;
        if let Some(covered) = self.covered(clocking) {
            return Err(during(&covered));
        }
        let (badge, pers_no) = self.badge_of(clocking)?;
        let direction = reader.direction(clocking.direction);
        let serial = reader.serial(&direction).to_owned();
        let zone = self.session.info().time_zone;
        let at = clocking.occurred.with_timezone(&zone).fixed_offset();
        let mut booking = match event_of(clocking) {
            Some(event) => Booking::of_event(event, badge, at, serial, direction),
            None => Booking::new(clocking.key.to_string(), badge, at, serial, direction),
        };
        booking.pers_no = pers_no;
        booking.mc.clone_from(&reader.mc);
        booking.cc.clone_from(&reader.cc);
        Ok(booking)
    }

    /// Tells a running roll call who was seen at a reader that confirms it. What cannot be told is tried again, and so not
    /// rejected yet.
    pub(super) async fn confirm(
        &self,
        batch: &[Clocking],
        drafts: Vec<Result<Booking, SyncError>>,
    ) -> Vec<Result<Booking, SyncError>> {
        let seen: Vec<_> = batch.iter().map(|clocking| self.safe(clocking)).collect();
        let told: Vec<_> = seen.iter().flatten().cloned().collect();
        if told.is_empty() {
            return drafts;
        }
        let error = match self.session.confirm_safe(&told).await {
            Err(error) if error.kind() != AstrowErrorKind::NoRollCall => error,
            _ => return drafts,
        };
        let answer = |(draft, seen): (Result<Booking, SyncError>, Option<SafeConfirmation>)| match seen {
            // Told twice does no harm.
            Some(_) => Err(again(&error)),
            None => draft,
        };
        drafts.into_iter().zip(seen).map(answer).collect()
    }

    fn safe(&self, clocking: &Clocking) -> Option<SafeConfirmation> {
        let admitted = clocking.kind == ClockingKind::Attendance || clocking.class == EventClass::Granted;
        let covered = self.covered(clocking).filter(|covered| admitted && covered.runs && covered.confirms)?;
        let reader = clocking.device.as_str().parse().ok()?;
        let id = clocking.person.as_ref().and_then(pers_no)?;
        Some(SafeConfirmation::new(covered.id, id, reader, clocking.occurred))
    }

    fn covered(&self, clocking: &Clocking) -> Option<Covered> {
        self.endpoint.roll_calls.covering(clocking.device.as_str(), clocking.occurred.to_utc())
    }

    /// The badge number as Astrow shows it. Whoever is not linked goes by the number of the access system, so that the booking
    /// waits in the booking queue and is not lost.
    fn badge_of(&self, clocking: &Clocking) -> Result<(String, Option<PersNo>), SyncError> {
        let Some(person) = &clocking.person else {
            let code = RejectionCode::NotLinked;
            let nobody = || SyncError::new(ErrorClass::Invalid, format!("{code}: the event is nobody's"));
            let id = clocking.stranger.as_ref().ok_or_else(nobody)?;
            return Ok((self.number_of_stranger(id)?, None));
        };
        let gone = || SyncError::new(ErrorClass::NotFound, "Astrow has no such employee");
        let id = pers_no(person).ok_or_else(gone)?;
        match self.badges.get(&id) {
            Some(Ok(Some(badge))) => Ok((badge.clone(), Some(id))),
            Some(Ok(None)) => Err(SyncError::new(ErrorClass::Conflict, "the employee has no badge number in Astrow")
                .with_remedy("give the employee a badge number in Astrow")),
            Some(Err(error)) if error.kind() == AstrowErrorKind::NotFound => Err(gone()),
            Some(Err(error)) => Err(error.clone().into()),
            None => Err(gone()),
        }
    }

    /// The number of somebody whom nobody has linked: the one that an employee made for them would have. One that is the badge
    /// of somebody else would book the other's time, and so is held back.
    fn number_of_stranger(&self, id: &ExternalId) -> Result<String, SyncError> {
        let number = self.stranger(id);
        let holders = self.holders.as_ref().map_err(Clone::clone)?;
        if holders.get(&plain(&number)).is_none_or(|holder| id.as_str().parse() == Ok(*holder)) {
            return Ok(number);
        }
        let text = format!("{}: the person's number is the badge number of another employee", RejectionCode::NotLinked);
        Err(SyncError::new(ErrorClass::Invalid, text)
            .with_remedy("link the person with their own employee, and send the event again"))
    }

    fn stranger(&self, id: &ExternalId) -> String {
        let form = NumberForm::of_option(self.session.info().hex_badges);
        id.as_str().parse().map_or_else(|_| id.as_str().to_owned(), |id| person_badge(id, form))
    }

    async fn holders_of(
        &self,
        strangers: impl Iterator<Item = &ExternalId> + Send,
    ) -> Result<HashMap<String, u32>, AstrowError> {
        let numbers: HashSet<_> = strangers.map(|id| plain(&self.stranger(id))).collect();
        if numbers.is_empty() {
            return Ok(HashMap::new());
        }
        let known = self.endpoint.memory.knows_all_badges(self.endpoint.clock.now());
        if !known && self.session.supports(AstrowCapability::EmployeesRead) {
            self.read_all().await?;
        }
        Ok(self.endpoint.memory.holders(&numbers))
    }

    /// Reads the list; those that are not in it are looked up alone.
    async fn look_up_all(&mut self, missing: Vec<PersNo>) -> Vec<PersNo> {
        let Ok(found) = self.read_all().await else { return missing };
        let mut known: HashMap<_, _> = found.into_iter().map(|one| (one.pers_no, one.badge_no)).collect();
        let mut left = Vec::new();
        for id in missing {
            match known.remove(&id) {
                Some(badge) => {
                    self.badges.insert(id, Ok(badge));
                }
                None => left.push(id),
            }
        }
        left
    }

    async fn read_all(&self) -> Result<Vec<Employee>, AstrowError> {
        let mut found = Vec::new();
        let mut cursor = None;
        loop {
            let page = self.session.employees(cursor.as_ref(), ActiveFilter::All).await?;
            found.extend(page.items);
            match page.next {
                Some(next) if cursor.as_ref() != Some(&next) => cursor = Some(next),
                _ => break,
            }
        }
        self.endpoint.memory.keep_all_badges(&found, self.endpoint.clock.now());
        Ok(found)
    }

    async fn look_up(&self, id: PersNo) -> Result<Option<String>, AstrowError> {
        if !self.session.supports(AstrowCapability::EmployeesRead) {
            return Err(AstrowError::unsupported(AstrowCapability::EmployeesRead));
        }
        let found = self.session.employee(id).await?;
        let found = found.ok_or_else(|| AstrowError::new(AstrowErrorKind::NotFound, "Astrow has no such employee"))?;
        self.endpoint.memory.keep_badges([&found], self.endpoint.clock.now());
        Ok(found.badge_no)
    }
}

/// The event of the access system, from what it calls it for good.
fn event_of(clocking: &Clocking) -> Option<PacEvent> {
    let (epoch, seq) = clocking.identity.as_deref()?.rsplit_once(':')?;
    Some(PacEvent::new(epoch, seq.parse().ok()?))
}

fn during(covered: &Covered) -> SyncError {
    let text = format!("{}: it happened while roll call {} was running", RejectionCode::RollCall, covered.id);
    SyncError::new(ErrorClass::Invalid, text)
}

/// A confirmation that did not get through is worth another try, whatever became of it.
fn again(error: &AstrowError) -> SyncError {
    let class = match error.kind() {
        AstrowErrorKind::LicenceMissing | AstrowErrorKind::Rejected | AstrowErrorKind::NotFound => ErrorClass::Invalid,
        _ => ErrorClass::Transient,
    };
    let text = format!("{}: the confirmation did not get through: {error}", RejectionCode::RollCall);
    SyncError::new(class, text).with_source(error.clone())
}

fn pers_no(id: &ExternalId) -> Option<PersNo> {
    id.as_str().parse().ok()
}
