//! Which plans were shown, and which were approved.

use std::collections::BTreeSet;

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sync_core::journal::{AuditEntry, Durability, Write};
use sync_core::model::{Fingerprint, HashKey, Pair};
use sync_core::reconcile::{Action, ActionKind, ActionState, Approval, FieldChange, Plan};

use crate::{Desk, Failure};

const SHOWN: &str = "shown";
const APPROVAL: &str = "approval";
/// How long a shown plan stands for an order to carry it out.
const SHOWN_FOR: Duration = Duration::hours(24);
/// Fewer characters of a hash are no approval.
const SHORTEST: usize = 12;

/// A plan that a person has seen.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Shown {
    /// Its hash.
    pub(crate) hash: String,
    /// When.
    at: DateTime<Utc>,
    /// If all it asks for is to create records for the first time: what these are.
    creations: Option<Fingerprint>,
}

/// Notes that a plan was shown.
pub(crate) async fn note_shown(desk: &Desk, plan: &Plan) -> Result<(), Failure> {
    let key = desk.journal().hash_key().await?;
    let shown = Shown { hash: plan.hash.clone(), at: desk.clock().now(), creations: first_creations(plan, &key) };
    let put = Write::Put { kind: SHOWN, key: plan.pair.to_string(), value: serde_json::to_value(shown)? };
    desk.journal().commit(Durability::D2, vec![put]).await?;
    Ok(())
}

/// Whether a plan only creates what was shown within the last day, and so is approved by an order to carry it out.
///
/// References may have been resolved since: a department that the links before it have made.
pub(crate) async fn was_shown(desk: &Desk, plan: &Plan) -> Result<bool, Failure> {
    let Some(shown) = shown(desk, &plan.pair).await? else { return Ok(false) };
    let recent = desk.clock().now() - shown.at <= SHOWN_FOR;
    let key = desk.journal().hash_key().await?;
    Ok(recent && shown.creations.is_some() && shown.creations == first_creations(plan, &key))
}

/// Approves a plan that was shown, for whoever carries it out next.
pub(crate) async fn approve(desk: &Desk, hash: &str) -> Result<String, Failure> {
    let hash = usable(hash)?;
    let shown = desk.journal().documents(SHOWN, "").await?;
    let found = shown.iter().find_map(|(pair, value)| {
        let shown: Shown = serde_json::from_value(value.clone()).ok()?;
        shown.hash.starts_with(&hash).then_some((pair, shown.hash))
    });
    let Some((pair, hash)) = found else {
        return Err(Failure::new("no plan with this hash was shown")
            .with_remedy(format!("`{} plan` shows the plans of now with their hashes", desk.setup().name)));
    };
    let entry = AuditEntry {
        at: desk.clock().now(),
        actor: desk.actor().to_owned(),
        pair: pair.clone(),
        endpoint: String::new(),
        record: hash.as_str().into(),
        action: "approve".to_owned(),
        field: None,
        old: None,
        new: None,
        reason: "approved by order".to_owned(),
        plan: Some(hash.clone()),
    };
    let value = json!({"pair": pair, "at": desk.clock().now(), "by": desk.actor()});
    let put = Write::Put { kind: APPROVAL, key: hash.clone(), value };
    desk.journal().commit(Durability::D1, vec![put, Write::Audit(entry)]).await?;
    Ok(hash)
}

/// The stored approvals, and those given with the order.
pub(crate) async fn approvals(desk: &Desk, given: &[String]) -> Result<Approval, Failure> {
    if desk.is_demo() {
        return Ok(Approval::everything());
    }
    let mut approval = Approval { hashes: stored(desk).await?, everything: false };
    for hash in given {
        approval.hashes.insert(usable(hash)?);
    }
    Ok(approval)
}

/// Approvals that wait for their plan.
pub(crate) async fn stored(desk: &Desk) -> Result<BTreeSet<String>, Failure> {
    Ok(desk.journal().documents(APPROVAL, "").await?.into_iter().map(|(hash, _)| hash).collect())
}

/// Forgets the approval of a plan that was carried out.
pub(crate) async fn used(desk: &Desk, hash: &str) -> Result<(), Failure> {
    if desk.journal().document(APPROVAL, hash).await?.is_some() {
        let delete = Write::Delete { kind: APPROVAL, key: hash.to_owned() };
        desk.journal().commit(Durability::D1, vec![delete]).await?;
    }
    Ok(())
}

async fn shown(desk: &Desk, pair: &Pair) -> Result<Option<Shown>, Failure> {
    Ok(desk.journal().stored(SHOWN, &pair.to_string()).await?)
}

fn usable(hash: &str) -> Result<String, Failure> {
    let hash = hash.trim().to_ascii_lowercase();
    if hash.len() < SHORTEST || !hash.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        let message = format!("\"{hash}\" is no hash of a plan");
        return Err(Failure::new(message).with_remedy("`plan` shows the first 12 characters or more of it"));
    }
    Ok(hash)
}

/// What a plan creates, if creating for the first time is all it asks approval for.
fn first_creations(plan: &Plan, key: &HashKey) -> Option<Fingerprint> {
    let asks = |action: &&Action| !matches!(action.state, ActionState::Ready);
    let harmless = |action: &Action| match &action.state {
        ActionState::NeedsApproval(guard) => guard.starts_with("G-09") && action.kind == ActionKind::Create,
        _ => false,
    };
    let mut asking = plan.actions.iter().filter(asks).peekable();
    if asking.peek().is_none() || !plan.trips.is_empty() || !asking.all(harmless) {
        return None;
    }
    let mut creations: Vec<&Action> = plan.actions.iter().filter(|action| action.kind == ActionKind::Create).collect();
    creations.sort_by_key(|action| action.key);
    let mut hasher = key.hasher();
    for action in creations {
        hasher.part(action.key.to_string().as_bytes());
        let own = |change: &&FieldChange| change.from.refs().is_empty() && change.new.refs().is_empty();
        for change in action.changes.iter().filter(own) {
            hasher.part(change.field.as_bytes());
            hasher.part(&serde_json::to_vec(&change.new).unwrap_or_default());
        }
    }
    Some(hasher.finish())
}
