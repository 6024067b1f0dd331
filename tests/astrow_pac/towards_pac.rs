//! Where Astrow leads: bookings and person ids, with trouble on the way.
