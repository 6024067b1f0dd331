//! Bookings that a client sends.

use super::Ask;
use crate::pac::wire::element::Element;
use crate::pac::wire::refusal::{Code, Refusal};
use crate::pac::world::{Booking, Direction};

impl Ask<'_> {
    pub(super) fn booking_put(&mut self) -> Result<Element, Refusal> {
        let view = self.body.one("Booking")?;
        let booking = Booking {
            key: view.need("key", view.label("key", 64)?)?,
            origin: self.origin.label.clone(),
            person: view.needed_id("person")?,
            time: view.need("time", view.time("time")?)?,
            direction: view.needed_word("direction", Direction::named)?,
            terminal: view.label("terminal", 64)?,
            mc: view.label("mc", 64)?,
            cc: view.label("cc", 64)?,
        };
        let world = &mut self.state.world;
        if !world.people.contains_key(&booking.person) && !world.has_booking(&booking.key) {
            return Err(Refusal::new(Code::NotFound, "There is no such person.").at(view.at("person")));
        }
        world.take_booking(booking);
        Ok(Element::new("Done"))
    }
}
