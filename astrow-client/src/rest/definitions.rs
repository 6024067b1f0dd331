//! What PAC defines, and what Astrow adds to it.

use http::Method;

use super::client::AstrowClient;
use super::list;
use super::operation::{operation, read, write};
use crate::model::{AstrowError, Definitions, ReaderSettings};

/// What PAC defines, and what Astrow adds to it.
#[derive(Clone, Debug)]
pub struct DefinitionsOfPac(pub(crate) AstrowClient);

impl DefinitionsOfPac {
    /// Replaces what PAC defines. Twice is the same as once, so a lost answer is asked for again.
    ///
    /// # Errors
    /// As any write.
    pub async fn put(&self, definitions: &Definitions) -> Result<(), AstrowError> {
        self.0.send(&PutDefinitions { definitions: definitions.clone() }).await
    }

    /// What Astrow adds to the readers: company site, roll call, terminals.
    ///
    /// # Errors
    /// As any read; all of it or nothing.
    pub async fn readers(&self) -> Result<Vec<ReaderSettings>, AstrowError> {
        self.0.send(&GetReaderSettings {}).await
    }
}

operation! {
    /// Replaces what PAC defines.
    PutDefinitions {
        /// All of it.
        definitions: Definitions,
    } = "astrow.put_definitions", Idempotent -> ();
    request(op, base) => write(Method::PUT, base, &["pac", "definitions"], &op.definitions);
    response(_parts, _body) => Ok(());
}

operation! {
    /// Reads what Astrow adds to the readers.
    GetReaderSettings {} = "astrow.reader_settings", Safe -> Vec<ReaderSettings>;
    request(op, base) => {
        let GetReaderSettings {} = op;
        read(base, &["pac", "readers"], &[])
    };
    response(parts, body) => list::whole(parts, body);
}
