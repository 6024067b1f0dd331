//! The session of a server that wants a user and a password; beginning it is part of signing in.

use connector_http::Error;
use http::Method;

use crate::client::OptimaClient;
use crate::operation::operation;
use crate::words::Capability;

/// The session of this client.
#[derive(Clone, Debug)]
pub struct Session(pub(crate) OptimaClient);

impl Session {
    /// Ends the session: the server forgets its token, and the next call begins another.
    ///
    /// # Errors
    /// `Config` where the server has no sessions; else as any write.
    pub async fn end(&self) -> Result<(), Error> {
        let dialect = self.0.dialect_for(&Capability::Session).await?;
        self.0.send(&EndSession::new(dialect)).await
    }
}

operation! {
    /// Ends the session.
    EndSession {} = "optima.end_session", Never -> ();
    request(op, base) => {
        let mut request = op.dialect.get(base, "session", None)?;
        *request.method_mut() = Method::DELETE;
        Ok(request)
    };
    response(op, parts, body) => op.dialect.check(parts, body);
}
