//! The client: builder, transport in its fixed order, sign-in, pacing, retry, record and replay.

pub(crate) mod builder;
pub(crate) mod clock;
pub(crate) mod connect_error;
pub(crate) mod deadline;
pub(crate) mod exchange;
pub(crate) mod http_client;
pub(crate) mod pace;
pub(crate) mod probe;
pub(crate) mod record;
pub(crate) mod replay;
pub(crate) mod retry;
pub(crate) mod scrub;
pub(crate) mod server_clock;
mod settings;
pub(crate) mod sign_in;
pub(crate) mod token;
pub(crate) mod transport;
