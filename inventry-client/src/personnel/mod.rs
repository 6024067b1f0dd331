//! People: staff, and only by name anybody else.

mod address;
mod model;
mod name;
mod query;

pub use address::Address;
pub use model::{Credential, Gender, Person};
pub use query::{PersonHandle, PersonnelQuery};

#[cfg(test)]
pub(crate) use model::tests;
