//! Where Astrow leads: bookings that were made there go to PAC.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use astrow_client::model::{
    AstrowError, AstrowErrorKind, AstrowSession, BookingDirection, BookingRecord, Page, PageCursor, PersNo,
};
use async_trait::async_trait;
use chrono::{DateTime, FixedOffset, Utc};
use pac_oem::model::{BookingDraft, Capability, Direction, PersonId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sync_core::connector::ErrorClass;
use sync_core::journal::{Durability, LinkState, Side, Write};
use sync_core::model::ExternalId;
use sync_service::{Chore, ChoreReport, Desk, Failure, Stage, Trouble};
use uuid::Uuid;

use super::config::Bookings;
use super::failures::{is_about_everything, tell};
use super::{KIND, Sides};

const KEY: &str = "bookings to pac";
/// Documents of bookings that cannot be sent as things are, by their number.
const KEPT: &str = "astrow_pac booking kept";
/// So many are kept; beyond it the oldest are given up.
const MOST_KEPT: usize = 5_000;
/// The place is stored after so many bookings.
const STORED_AFTER: u32 = 20;
/// So many failures in a run that are nobody's fault end it.
const ODD: u32 = 3;

/// Carries bookings that were made in Astrow to PAC, each once by its key.
#[derive(Debug)]
pub(super) struct BookingsToPac {
    sides: Arc<Sides>,
    settings: Bookings,
}

impl BookingsToPac {
    pub(super) fn new(sides: Arc<Sides>, settings: Bookings) -> Self {
        Self { sides, settings }
    }
}

#[async_trait]
impl Chore for BookingsToPac {
    fn name(&self) -> &'static str {
        "bookings to PAC"
    }

    fn stage(&self) -> Stage {
        Stage::AfterLinks
    }

    async fn next(&self, desk: &Desk) {
        desk.wait(desk.setup().schedule.events).await;
    }

    async fn run(&self, desk: &Desk) -> Result<ChoreReport, Failure> {
        let mut report = ChoreReport::default();
        let astrow = self.sides.astrow().await?;
        if !self.sides.pac().await?.supports(Capability::BookingsWrite) {
            let what = "PAC, or the driver for it, takes no bookings (capability bookings.write)".to_owned();
            report.warnings.push(format!("bookings.to_pac: {what}"));
            return Ok(report);
        }
        let begin = self.settings.begin(desk.setup().time_zone);
        let mut trip = Trip::begin(desk, &self.sides, begin).await?;
        let done = trip.all(&*astrow).await;
        // However it ended: what was sent was sent.
        trip.store().await?;
        done?;
        Ok(trip.end())
    }
}

/// One reading of Astrow's bookings.
struct Trip<'a> {
    desk: &'a Desk,
    sides: &'a Sides,
    begin: Option<DateTime<Utc>>,
    place: Place,
    kept: BTreeMap<String, Kept>,
    people: HashMap<PersNo, Option<u32>>,
    writes: Vec<Write>,
    unstored: u32,
    odd: u32,
    report: ChoreReport,
}

/// Where the list of bookings has been read to: the last page, which grows, and what of it is done with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
struct Place {
    page: Option<String>,
    sent: BTreeSet<String>,
}

/// A booking, as much of it as PAC gets.
#[derive(Clone, Deserialize, Serialize)]
struct Kept {
    employee: u32,
    at: DateTime<FixedOffset>,
    /// Whether it goes in; nothing where it goes neither way.
    #[serde(default)]
    inwards: Option<bool>,
    #[serde(default)]
    terminal: Option<String>,
    #[serde(default)]
    mc: Option<String>,
    #[serde(default)]
    cc: Option<String>,
    /// PAC refused it for this person; for another one it is tried again.
    #[serde(default)]
    refused_for: Option<u32>,
}

impl<'a> Trip<'a> {
    async fn begin(desk: &'a Desk, sides: &'a Sides, begin: Option<DateTime<Utc>>) -> Result<Self, Failure> {
        let place = desk.journal().stored(KIND, KEY).await?.unwrap_or_default();
        let kept = desk.journal().documents(KEPT, "").await?.into_iter();
        Ok(Self {
            desk,
            sides,
            begin,
            place,
            kept: kept.filter_map(|(id, kept)| Some((id, serde_json::from_value(kept).ok()?))).collect(),
            people: HashMap::new(),
            writes: Vec::new(),
            unstored: 0,
            odd: 0,
            report: ChoreReport::default(),
        })
    }

    /// Those that were kept first, then whatever is new.
    async fn all(&mut self, astrow: &dyn AstrowSession) -> Result<(), Failure> {
        for (id, kept) in self.kept.clone() {
            if self.desk.is_stopping() {
                return Ok(());
            }
            self.one(id, kept).await?;
        }
        let mut anew = false;
        loop {
            let page = page(astrow, &mut self.place, &mut anew).await?;
            for booking in page.items.iter().filter(|booking| booking.pac_event.is_none()) {
                if self.desk.is_stopping() {
                    return Ok(());
                }
                self.look(booking).await?;
            }
            let next = page.next.map(|next| next.as_str().to_owned());
            if next.is_none() || next == self.place.page {
                return Ok(());
            }
            self.place = Place { page: next, sent: BTreeSet::new() };
            self.store().await?;
        }
    }

    async fn look(&mut self, booking: &BookingRecord) -> Result<(), Failure> {
        let early = self.begin.is_some_and(|begin| booking.at < begin);
        let Some(id) = booking.booking_id.clone().filter(|id| !early && !self.place.sent.contains(id)) else {
            return Ok(());
        };
        match Kept::of(booking) {
            // After the list was begun anew.
            Some(_) if self.kept.contains_key(&id) => {}
            Some(kept) => self.one(id.clone(), kept).await?,
            None => self.report.count("bookings_of_nobody", 1),
        }
        self.place.sent.insert(id);
        Ok(())
    }

    /// Sends it, or keeps it for later.
    async fn one(&mut self, id: String, mut booking: Kept) -> Result<(), Failure> {
        let known = self.kept.contains_key(&id);
        let Some(person) = self.person(PersNo::new(booking.employee)).await? else {
            if !known {
                self.keep(id, booking);
            }
            return Ok(());
        };
        if booking.refused_for == Some(person) {
            return Ok(());
        }
        let key = attempt(&id, person);
        let Err(error) = self.sides.pac.put_booking(booking.draft(&id, person), key).await else {
            self.report.count("bookings_to_pac", 1);
            if self.kept.remove(&id).is_some() {
                self.writes.push(Write::Delete { kind: KEPT, key: id });
            }
            return self.stored_now_and_then().await;
        };
        let refused = is_about_this_one(error.class());
        self.odd += u32::from(!refused);
        if is_about_everything(error.class()) || self.odd > ODD {
            return Err(error.into());
        }
        let mut trouble = Trouble::new(format!("booking {id}"), error.to_string());
        trouble.remedy = error.remedy().map(str::to_owned);
        tell(&mut self.report, trouble);
        booking.refused_for = Some(person).filter(|_| refused);
        self.keep(id, booking);
        self.stored_now_and_then().await
    }

    /// The person of PAC to whom this employee is linked.
    async fn person(&mut self, number: PersNo) -> Result<Option<u32>, Failure> {
        if let Some(known) = self.people.get(&number) {
            return Ok(*known);
        }
        let id = ExternalId::new(number.to_string());
        let link = self.desk.journal().link_of(&self.sides.people, Side::Primary, &id).await?;
        let live = link.filter(|link| link.state == LinkState::Live);
        let person = live.and_then(|link| link.secondary).and_then(|id| id.as_str().parse().ok());
        self.people.insert(number, person);
        Ok(person)
    }

    fn keep(&mut self, id: String, booking: Kept) {
        self.writes.push(Write::Put { kind: KEPT, key: id.clone(), value: json!(booking) });
        if self.kept.insert(id, booking).is_none() {
            self.report.count("bookings_kept", 1);
        }
        if self.kept.len() > MOST_KEPT {
            let oldest = self.kept.iter().min_by_key(|(_, kept)| kept.at).map(|(id, _)| id.clone());
            if let Some(id) = oldest {
                self.kept.remove(&id);
                self.writes.push(Write::Delete { kind: KEPT, key: id });
                self.report.count("bookings_given_up", 1);
            }
        }
    }

    async fn stored_now_and_then(&mut self) -> Result<(), Failure> {
        self.unstored += 1;
        if self.unstored < STORED_AFTER { Ok(()) } else { self.store().await }
    }

    async fn store(&mut self) -> Result<(), Failure> {
        let mut writes = std::mem::take(&mut self.writes);
        writes.push(Write::Put { kind: KIND, key: KEY.to_owned(), value: json!(self.place) });
        self.desk.journal().commit(Durability::D1, writes).await?;
        self.unstored = 0;
        Ok(())
    }

    fn end(mut self) -> ChoreReport {
        let refused = self.kept.values().filter(|kept| kept.refused_for.is_some()).count();
        let waiting = self.kept.len() - refused;
        if waiting > 0 {
            let text = format!("{waiting} bookings wait until their employees are linked with a person of PAC");
            self.report.warnings.push(text);
        }
        if refused > 0 {
            self.report.warnings.push(format!("{refused} bookings were refused by PAC, and are not sent again"));
        }
        if let Some(given_up) = self.report.counts.get("bookings_given_up") {
            let text = format!("{given_up} bookings were given up: no more than {MOST_KEPT} are kept");
            self.report.warnings.push(text);
        }
        self.report
    }
}

/// The next page. Where Astrow has forgotten the place the list is begun anew, once: keys make it safe.
async fn page(
    astrow: &dyn AstrowSession,
    place: &mut Place,
    anew: &mut bool,
) -> Result<Page<BookingRecord>, AstrowError> {
    let cursor = place.page.as_deref().map(PageCursor::new);
    match astrow.bookings(cursor.as_ref()).await {
        Err(error) if error.kind() == AstrowErrorKind::CursorExpired && cursor.is_some() && !*anew => {
            *anew = true;
            *place = Place::default();
            astrow.bookings(None).await
        }
        answer => answer,
    }
}

impl Kept {
    /// Nothing where Astrow does not say whose it is.
    fn of(booking: &BookingRecord) -> Option<Self> {
        Some(Self {
            employee: booking.pers_no?.get(),
            at: booking.at,
            inwards: match booking.direction {
                Some(BookingDirection::In) => Some(true),
                Some(BookingDirection::Out) => Some(false),
                _ => None,
            },
            terminal: booking.terminal_serial.clone(),
            mc: booking.mc.clone(),
            cc: booking.cc.clone(),
            refused_for: None,
        })
    }

    /// It in PAC's words.
    fn draft(&self, id: &str, person: u32) -> BookingDraft {
        let direction = match self.inwards {
            Some(true) => Direction::In,
            Some(false) => Direction::Out,
            None => Direction::None,
        };
        let mut draft = BookingDraft::new(key(id), PersonId::new(person), self.at, direction);
        draft.terminal.clone_from(&self.terminal);
        draft.mc.clone_from(&self.mc);
        draft.cc.clone_from(&self.cc);
        draft
    }
}

/// The same booking has the same key for ever; a number that is too long for one is known by its hash.
fn key(id: &str) -> String {
    let plain = format!("astrow:{id}");
    if plain.chars().count() <= 64 { plain } else { format!("astrow:{}", named(id)) }
}

/// Another person is another request.
fn attempt(id: &str, person: u32) -> Uuid {
    named(&format!("{id}:{person}"))
}

fn named(what: &str) -> Uuid {
    Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("astrow-pac:booking:{what}").as_bytes())
}

/// Whether it will be refused as long as it is as it is.
fn is_about_this_one(class: ErrorClass) -> bool {
    matches!(class, ErrorClass::Invalid | ErrorClass::NotFound | ErrorClass::Duplicate | ErrorClass::Bug)
}

#[cfg(test)]
mod tests {
    use astrow_client::model::{AstrowCapability, AstrowInfo};

    use super::*;

    /// An Astrow that forgets places, and where `broken` the list as well.
    #[derive(Debug)]
    struct Forgetful {
        info: AstrowInfo,
        broken: bool,
    }

    #[async_trait]
    impl AstrowSession for Forgetful {
        fn info(&self) -> &AstrowInfo {
            &self.info
        }

        fn supports(&self, _: AstrowCapability) -> bool {
            true
        }

        async fn bookings(&self, after: Option<&PageCursor>) -> Result<Page<BookingRecord>, AstrowError> {
            if after.is_some() || self.broken {
                return Err(AstrowError::new(AstrowErrorKind::CursorExpired, "gone"));
            }
            let mut page = Page::default();
            page.next = Some(PageCursor::new("k-2"));
            Ok(page)
        }
    }

    fn forgetful(broken: bool) -> Forgetful {
        Forgetful { info: AstrowInfo::new("x", chrono_tz::Tz::UTC, false), broken }
    }

    fn old_place() -> Place {
        Place { page: Some("k-900".to_owned()), sent: ["b-1".to_owned()].into() }
    }

    #[tokio::test]
    async fn a_place_that_astrow_has_forgotten_begins_anew_once() {
        let (mut place, mut anew) = (old_place(), false);
        let read = page(&forgetful(false), &mut place, &mut anew).await.unwrap();
        assert_eq!((read.next.unwrap().as_str(), &place, anew), ("k-2", &Place::default(), true));
        place = old_place();
        let again = page(&forgetful(false), &mut place, &mut anew).await;
        assert_eq!(again.unwrap_err().kind(), AstrowErrorKind::CursorExpired, "no second time in one run");
    }

    #[tokio::test]
    async fn a_list_that_cannot_be_read_at_all_is_a_failure() {
        let (mut place, mut anew) = (old_place(), false);
        assert!(page(&forgetful(true), &mut place, &mut anew).await.is_err());
    }

    #[test]
    fn a_key_has_room_at_pac_and_is_the_same_for_ever() {
        assert_eq!(key("b-88121"), "astrow:b-88121");
        let long = "b".repeat(58);
        assert!(key(&long).len() <= 64 && key(&long) == key(&long) && key(&long) != key(&"c".repeat(58)));
        assert_ne!(attempt("b-1", 101), attempt("b-1", 102));
    }
}
