//! Failures in the engine's classes, with what the server said about them.

use connector_http::Error;
use sync_core::connector::{ErrorClass, SyncError};

use crate::client::OptimaClient;
use crate::refusal::{Refusal, refusal};
use crate::words::ProblemKind;

/// A failure of the client as one of the engine.
pub(super) fn fault(error: Error, client: &OptimaClient) -> SyncError {
    let Some(refusal) = refusal(&error).filter(|_| !error.may_have_been_applied()) else { return error.into() };
    match &refusal.kind {
        Some(ProblemKind::CursorExpired) => lost(error, &refusal),
        Some(ProblemKind::DuplicateCredential) => {
            let remedy = match &refusal.holder {
                Some(holder) => format!("badge {holder} has the card: take it away there, or give another one"),
                None => "find out who has the card, or give another one".to_owned(),
            };
            SyncError::from(error).with_clashing_key("credentials").with_remedy(remedy)
        }
        Some(ProblemKind::RecordLocked) => {
            let remedy = match &refusal.held_by {
                Some(who) => {
                    format!("it is open at {who}: it is tried again, and goes through once it is closed there")
                }
                None => "it is open at a workstation: it is tried again, and goes through once it is closed".to_owned(),
            };
            SyncError::from(error).with_remedy(remedy)
        }
        Some(ProblemKind::LicenceMissing) => {
            SyncError::from(error).with_remedy("have the server's licence for its interface renewed")
        }
        Some(ProblemKind::Forbidden) => {
            SyncError::from(error).with_remedy("give the key the right for this at the server")
        }
        Some(ProblemKind::Validation) => match refusal.field.as_deref().and_then(|field| field_of(client, field)) {
            Some(field) => SyncError::from(error).with_field(field),
            None => error.into(),
        },
        _ => error.into(),
    }
}

fn lost(error: Error, refusal: &Refusal) -> SyncError {
    let text = match refusal.oldest_seq {
        Some(oldest) => format!("the server keeps events from number {oldest} on only"),
        None => "the server no longer keeps the events that follow the position".to_owned(),
    };
    SyncError::new(ErrorClass::Lost, text).with_source(error)
}

/// The engine's name of a member that the server blames, such as `credentials[0].number`.
fn field_of(client: &OptimaClient, member: &str) -> Option<&'static str> {
    let first = member.trim_start_matches('/').split(['.', '[', '/']).next()?;
    let logical = client.profile().field_at("badge", &format!("/{first}"))?;
    match logical {
        "first_name" => Some("first_name"),
        "last_name" | "name" => Some("last_name"),
        "access_groups" => Some("policies"),
        "credentials" => Some("credentials"),
        "valid_from" => Some("valid_from"),
        "valid_until" => Some("valid_until"),
        "state" => Some("active"),
        _ => None,
    }
}
