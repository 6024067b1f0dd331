//! Roll calls: whether one runs, and who is safe.

use connector_http::decode;
use uuid::Uuid;

use super::batch::{Items, batches, key_of};
use super::client::AstrowClient;
use super::operation::{operation, post, read};
use crate::model::{AstrowError, RollCall, SafeConfirmation};

/// Roll calls.
#[derive(Clone, Debug)]
pub struct RollCalls(pub(crate) AstrowClient);

impl RollCalls {
    /// Whether one runs.
    ///
    /// # Errors
    /// `LicenceMissing`; else as any read.
    pub async fn current(&self) -> Result<RollCall, AstrowError> {
        self.0.send(&GetRollCall {}).await
    }

    /// Tells who is safe, 500 at once.
    ///
    /// # Errors
    /// `NoRollCall` where it has ended; else as any write. After a batch that was taken
    /// [`AstrowError::may_have_been_applied`] is true.
    pub async fn confirm(&self, confirmations: &[SafeConfirmation], key: Uuid) -> Result<(), AstrowError> {
        for (place, batch) in batches(confirmations).into_iter().enumerate() {
            let call = ConfirmSafe { confirmations: batch.to_vec(), key: key_of(key, place) };
            match self.0.send(&call).await {
                Err(error) if place > 0 => return Err(error.with_may_have_been_applied(true)),
                answer => answer?,
            }
        }
        Ok(())
    }
}

operation! {
    /// Reads whether a roll call runs.
    GetRollCall {} = "astrow.roll_call", Safe -> RollCall;
    request(op, base) => {
        let GetRollCall {} = op;
        read(base, &["rollcall"], &[])
    };
    response(parts, body) => decode(parts, body);
}

operation! {
    /// Tells who is safe, at most 500.
    ConfirmSafe {
        /// Who is safe.
        confirmations: Vec<SafeConfirmation>,
        /// The key of this attempt.
        key: Uuid,
    } = "astrow.confirm_safe", Never -> ();
    request(op, base) => post(base, &["rollcall", "confirmations"], &Items { items: &op.confirmations }, op.key);
    response(_parts, _body) => Ok(());
}
