//! Departments of people, which PAC has as text and Astrow as a list of codes and names.

use std::sync::Arc;
use std::time::{Duration, Instant};

use astrow_client::AstrowError;
use astrow_client::model::{AstrowCapability, Lookup, Lookups};
use astrow_client::sync::AstrowEndpoint;
use async_trait::async_trait;
use sync_core::connector::{ErrorClass, SyncError};
use sync_core::model::ExternalId;
use sync_core::reconcile::Directory;
use tokio::sync::Mutex;

/// For how long Astrow's list is believed.
const FRESH: Duration = Duration::from_mins(5);

/// Finds the department that PAC means: by code, then by name. Astrow shows departments by name, and by code where
/// they have none.
#[derive(Debug)]
pub(super) struct Departments {
    astrow: Arc<AstrowEndpoint>,
    known: Mutex<Option<(Instant, Vec<Lookup>)>>,
}

impl Departments {
    pub(super) fn new(astrow: Arc<AstrowEndpoint>) -> Self {
        Self { astrow, known: Mutex::default() }
    }
}

#[async_trait]
impl Directory for Departments {
    async fn partner(&self, id: &ExternalId) -> Result<Option<ExternalId>, SyncError> {
        let mut known = self.known.lock().await;
        if known.as_ref().is_none_or(|(read, _)| read.elapsed() > FRESH) {
            let session = self.astrow.session().await.map_err(unreadable)?;
            let list = if session.supports(AstrowCapability::LookupsRead) {
                session.lookups().await.map_err(unreadable)?.departments
            } else {
                Vec::new()
            };
            *known = Some((Instant::now(), list));
        }
        let list = known.as_ref().map_or(&[][..], |(_, list)| list);
        let code = Lookups::code_of(list, id.as_str());
        let found = code.and_then(|code| list.iter().find(|department| department.code == code));
        Ok(found.map(shown))
    }
}

/// A department goes by its name, and by its code where it has none.
fn shown(department: &Lookup) -> ExternalId {
    let name = department.name.trim();
    ExternalId::new(if name.is_empty() { department.code.as_str() } else { name })
}

fn unreadable(error: AstrowError) -> SyncError {
    SyncError::new(ErrorClass::Transient, "the departments of Astrow cannot be read").with_source(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_department_without_a_name_goes_by_its_code() {
        let of = |name: &str| {
            let mut department = Lookup::default();
            department.code = "FIN".to_owned();
            department.name = name.to_owned();
            shown(&department)
        };
        assert_eq!(of(" "), ExternalId::new("FIN"));
        assert_eq!(of("Finance "), ExternalId::new("Finance"));
    }
}
