//! How full is the range of codes?

use sync_core::connector::CodeInUse;

use crate::codes::{CodeSpace, space};
use crate::{Access, AccessError};

impl Access {
    /// How full the range of codes is, given everything that is in use at the door system; `None` where staff hand out
    /// cards.
    ///
    /// # Errors
    /// The store.
    pub fn code_space(&self, in_use: &[CodeInUse]) -> Result<Option<CodeSpace>, AccessError> {
        Ok(self.store().with(|connection| space(connection, self.sealer(), self.codes(), in_use))?)
    }
}
