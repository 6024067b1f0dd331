//! Bookings: made in batches, read in pages.

use connector_http::{Error, ErrorKind};
use http::response::Parts;
use uuid::Uuid;

use super::batch::{Items, batches, key_of};
use super::client::AstrowClient;
use super::list::{self, PAGE, Pages};
use super::operation::{operation, post, read};
use crate::model::{AstrowError, Booking, BookingOutcome, BookingRecord, Page, PageCursor};

/// The bookings.
#[derive(Clone, Debug)]
pub struct Bookings(pub(crate) AstrowClient);

impl Bookings {
    /// Makes bookings, 500 at once; what became of each, in their order.
    ///
    /// Astrow takes each booking once by its own key, so all of it may be sent again, with a new key of the attempt.
    ///
    /// # Errors
    /// `LicenceMissing`; `OutcomeUnknown` where the answer was lost; `Protocol` where it does not fit what was sent. After a
    /// batch that was taken [`AstrowError::may_have_been_applied`] is true, whatever stopped the next one.
    pub async fn write(&self, bookings: &[Booking], key: Uuid) -> Result<Vec<BookingOutcome>, AstrowError> {
        let mut outcomes = Vec::with_capacity(bookings.len());
        for (place, batch) in batches(bookings).into_iter().enumerate() {
            let call = WriteBookings { bookings: batch.to_vec(), key: key_of(key, place) };
            let answer = self.0.send(&call).await.and_then(|answer| fitting(batch, answer));
            match answer {
                Ok(answer) => outcomes.extend(answer),
                Err(error) if place > 0 => return Err(error.with_may_have_been_applied(true)),
                Err(error) => return Err(error),
            }
        }
        Ok(outcomes)
    }

    /// One page of Astrow's bookings.
    ///
    /// # Errors
    /// `LicenceMissing`, `CursorExpired`; else as any read.
    pub async fn page(&self, cursor: Option<&PageCursor>) -> Result<Page<BookingRecord>, AstrowError> {
        self.0.send(&ListBookings { cursor: cursor.cloned() }).await
    }

    /// All of Astrow's bookings, page by page.
    pub fn pages(&self) -> Pages<BookingRecord> {
        let client = self.0.clone();
        list::pages(move |cursor| {
            let client = client.clone();
            async move { client.send(&ListBookings { cursor }).await }
        })
    }
}

operation! {
    /// Makes bookings, at most 500.
    WriteBookings {
        /// The bookings.
        bookings: Vec<Booking>,
        /// The key of this attempt.
        key: Uuid,
    } = "astrow.write_bookings", Never -> Vec<BookingOutcome>;
    request(op, base) => post(base, &["bookings"], &Items { items: &op.bookings }, op.key);
    response(parts, body) => outcomes(parts, body);
}

operation! {
    /// Reads one page of the bookings.
    ListBookings {
        /// Where it begins.
        cursor: Option<PageCursor>,
    } = "astrow.bookings", Safe -> Page<BookingRecord>;
    request(op, base) => read(base, &["bookings"], &[
        ("limit", Some(PAGE)),
        ("cursor", op.cursor.as_ref().map(PageCursor::as_str)),
    ]);
    response(parts, body) => list::page(parts, body, "bookingId");
}

fn outcomes(parts: &Parts, body: &[u8]) -> Result<Vec<BookingOutcome>, Error> {
    list::whole(parts, body)
}

/// Outcomes must be those of the bookings, one for one.
fn fitting(sent: &[Booking], outcomes: Vec<BookingOutcome>) -> Result<Vec<BookingOutcome>, AstrowError> {
    let same = sent.len() == outcomes.len() && sent.iter().zip(&outcomes).all(|(sent, seen)| sent.key == seen.key);
    if same {
        return Ok(outcomes);
    }
    let error = Error::new(ErrorKind::Protocol, "the outcomes are not those of the bookings that were sent")
        .with_operation("astrow.write_bookings")
        .with_may_have_been_applied(true);
    Err(error.into())
}
