//! Codes that people show at doors: chosen, kept, drawn.
//!
//! A code is a PIN or the number in a QR picture. It is chosen by the operating system's randomness from everything that the
//! settings allow, is unlike every other code at the door system, belongs to one person for more than one booking or, where
//! the settings say so, for one stay, and rests after it was taken away before anybody else may get it.

mod bound;
mod config;
mod picture;
mod reading;
mod registry;
mod sample;
mod space;
mod stays;
mod weak;

pub(crate) use bound::{Bound, SCHEMA_OF_STAYS, all_bound, bind, bound, let_last};
pub use config::{CodesConfig, CodesPer, Identification, Wiegand26};
pub use picture::{PictureError, QrStyle};
pub use reading::ReaderFault;
pub(crate) use registry::{
    Adopted, Issued, SCHEMA, Wish, active_or_reserved, adopt, any_issued, clashing, confirmed, forget, gone,
    refused_as_taken, reissue, release_rested, removal_confirmed, reserve, retire, retire_all, retiring, retiring_of,
    space,
};
pub use registry::{CodeState, Release};
pub(crate) use space::canonical;
pub use space::{CodeSpace, pin_length_in_use};
pub(crate) use stays::{CodeStay, Held, Turn, turn};
