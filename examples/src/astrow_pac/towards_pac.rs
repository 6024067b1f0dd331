//! Where Astrow leads: what PAC gets besides people. Its own person ids go back to Astrow, bookings go to PAC.

use std::collections::BTreeSet;
use std::sync::Arc;

use astrow_client::model::{AstrowCapability, BookingDirection, BookingRecord, Master, PageCursor, PersNo};
use async_trait::async_trait;
use pac_oem::model::{BookingDraft, Capability, Direction, PersonId, WriteOpts};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sync_core::journal::{Durability, LinkState, Side, Stream, Write};
use sync_core::model::{ExternalId, FieldValue, Scalar};
use sync_service::{Chore, ChoreReport, Desk, Failure, Stage, Trouble};
use uuid::Uuid;

use super::Sides;

const KIND: &str = "astrow_pac";
const KEY: &str = "bookings to pac";
/// Person ids written into Astrow in one go.
const AT_ONCE: usize = 200;

/// Notes PAC's person ids in Astrow, where PAC alone can give them.
#[derive(Debug)]
pub(super) struct PersonIds(pub(super) Arc<Sides>);

/// Carries bookings that were made in Astrow to PAC, each once by its key.
#[derive(Debug)]
pub(super) struct BookingsToPac(pub(super) Arc<Sides>);

#[async_trait]
impl Chore for PersonIds {
    fn name(&self) -> &'static str {
        "person ids"
    }

    fn stage(&self) -> Stage {
        Stage::AfterLinks
    }

    async fn next(&self, desk: &Desk) {
        match desk.setup().schedule.people.get() {
            Some(interval) => desk.clock().sleep(interval).await,
            None => std::future::pending().await,
        }
    }

    async fn run(&self, desk: &Desk) -> Result<ChoreReport, Failure> {
        let mut report = ChoreReport::default();
        let session = self.0.astrow().await?;
        if !session.supports(AstrowCapability::EmployeesChange) {
            return Ok(report);
        }
        for (number, person) in missing(desk, &self.0).await?.into_iter().take(AT_ONCE) {
            let Some(employee) = session.employee(number).await? else { continue };
            if employee.pac.person_id == Some(person) {
                continue;
            }
            let Some(etag) = &employee.etag else { continue };
            let mut tab = employee.pac.clone();
            tab.person_id = Some(person);
            tab.master = Some(Master::Astrow);
            match session.set_pac(number, tab, etag).await {
                Ok(_) => report.count("person_ids_noted", 1),
                Err(error) => report.troubles.push(Trouble::new(format!("person id of {number}"), error.to_string())),
            }
        }
        Ok(report)
    }
}

/// Linked employees for whom Astrow does not know PAC's id yet, as far as it was last seen.
async fn missing(desk: &Desk, sides: &Sides) -> Result<Vec<(PersNo, u32)>, Failure> {
    let pair = &sides.people;
    let stream = Stream::of(pair, Side::Primary);
    let mut all = Vec::new();
    for link in desk.journal().links(pair).await?.into_iter().filter(|link| link.state == LinkState::Live) {
        let (Some(employee), Some(person)) = (&link.primary, &link.secondary) else { continue };
        let (Ok(number), Ok(id)) = (employee.as_str().parse(), person.as_str().parse()) else { continue };
        let seen = desk.journal().seen(&stream, employee).await?;
        let noted = seen.as_ref().map(|seen| seen.fields.get("access_id"));
        if noted != Some(&FieldValue::Value(Scalar::Text(person.as_str().to_owned()))) {
            all.push((number, id));
        }
    }
    Ok(all)
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
        match desk.setup().schedule.events.get() {
            Some(interval) => desk.clock().sleep(interval).await,
            None => std::future::pending().await,
        }
    }

    async fn run(&self, desk: &Desk) -> Result<ChoreReport, Failure> {
        let mut report = ChoreReport::default();
        let astrow = self.0.astrow().await?;
        let pac = self.0.pac().await?;
        if !pac.supports(Capability::BookingsWrite) {
            let what = "PAC, or the driver for it, takes no bookings (capability bookings.write)".to_owned();
            report.warnings.push(format!("bookings.to_pac: {what}"));
            return Ok(report);
        }
        let known = desk.journal().document(KIND, KEY).await?;
        let mut place: Place = known.and_then(|known| serde_json::from_value(known).ok()).unwrap_or_default();
        loop {
            let cursor = place.page.as_deref().map(PageCursor::new);
            let page = astrow.bookings(cursor.as_ref()).await?;
            for booking in page.items.iter().filter(|booking| booking.pac_event.is_none()) {
                let Some(id) = booking.booking_id.clone().filter(|id| !place.sent.contains(id)) else { continue };
                match self.draft(desk, booking, &id).await? {
                    Some(draft) => {
                        let key = attempt(&draft.key);
                        pac.put_booking(draft, WriteOpts::new(key)).await?;
                        report.count("bookings_to_pac", 1);
                        place.sent.insert(id);
                    }
                    None => report.count("bookings_of_nobody", 1),
                }
            }
            let next = page.next.map(|next| next.as_str().to_owned());
            let last = next.is_none() || next == place.page;
            if !last {
                place = Place { page: next, sent: BTreeSet::new() };
            }
            let put = Write::Put { kind: KIND, key: KEY.to_owned(), value: json!(place) };
            desk.journal().commit(Durability::D1, vec![put]).await?;
            if last {
                return Ok(report);
            }
        }
    }
}

/// Where the list of bookings has been read to: the last page, which grows, and what of it was sent.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
struct Place {
    page: Option<String>,
    sent: BTreeSet<String>,
}

impl BookingsToPac {
    /// A booking in PAC's words; nothing if nobody at PAC is linked to its employee.
    async fn draft(&self, desk: &Desk, booking: &BookingRecord, key: &str) -> Result<Option<BookingDraft>, Failure> {
        let Some(number) = booking.pers_no else { return Ok(None) };
        let id = ExternalId::new(number.to_string());
        let link = desk.journal().link_of(&self.0.people, Side::Primary, &id).await?;
        let person = link.and_then(|link| link.secondary).and_then(|id| id.as_str().parse().ok());
        let Some(person) = person else { return Ok(None) };
        let direction = match booking.direction {
            Some(BookingDirection::In) => Direction::In,
            Some(BookingDirection::Out) => Direction::Out,
            _ => Direction::None,
        };
        let mut draft = BookingDraft::new(format!("astrow:{key}"), PersonId::new(person), booking.at, direction);
        draft.terminal.clone_from(&booking.terminal_serial);
        draft.mc.clone_from(&booking.mc);
        draft.cc.clone_from(&booking.cc);
        Ok(Some(draft))
    }
}

/// The same booking has the same key for ever.
fn attempt(key: &str) -> Uuid {
    Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("astrow-pac:booking:{key}").as_bytes())
}
