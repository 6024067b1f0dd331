//! The wire: packets, sign-in, requests and answers as bytes.

pub(super) mod login;
pub(super) mod moment;
pub(super) mod packet;
pub(super) mod prelogin;
pub(super) mod read;
pub(super) mod request;
pub(super) mod tokens;
pub(super) mod values;
