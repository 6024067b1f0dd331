//! Orders that a person gives while the service runs; the service carries them out before its next run.

use serde::{Deserialize, Serialize};
use sync_core::journal::{AuditEntry, Durability, Link, LinkState, Side, Stream, Write};
use sync_core::model::{ExternalId, Pair};

use crate::{Desk, Failure};

const ORDER: &str = "order";
const IDENTITY: &str = "identity";
const REFUSAL: &str = "refusal";
const FLAP: &str = "flap";

/// Let go of a held record.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Order {
    pair: Pair,
    id: ExternalId,
    by: String,
}

/// What became of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ordered {
    /// It was carried out.
    Done,
    /// The service will do it before its next run.
    Left,
    /// There is nothing that is held.
    NothingHeld,
}

/// Lets go of everything that is held under an id, or leaves the order to the service that runs.
pub(crate) async fn release(desk: &mut Desk, key: &str) -> Result<Ordered, Failure> {
    let (entity, id) = key.split_once('/').map_or((None, key), |(entity, id)| (Some(entity), id));
    let id = ExternalId::from(id);
    let mut orders = Vec::new();
    for link in &desk.installation().links {
        let pair = link.pair();
        if entity.is_none_or(|entity| entity == pair.entity.as_str()) && is_held(desk, pair, &id).await? {
            orders.push(Order { pair: pair.clone(), id: id.clone(), by: desk.actor().to_owned() });
        }
    }
    if orders.is_empty() {
        return Ok(Ordered::NothingHeld);
    }
    if desk.try_lock()? {
        for order in &orders {
            carry_out(desk, order).await?;
        }
        return Ok(Ordered::Done);
    }
    let mut writes = Vec::new();
    for order in &orders {
        let key = format!("{}/{}", order.pair, order.id);
        writes.push(Write::Put { kind: ORDER, key, value: serde_json::to_value(order)? });
    }
    desk.journal().commit(Durability::D1, writes).await?;
    Ok(Ordered::Left)
}

/// Carries out what was ordered meanwhile.
pub(crate) async fn carry_out_all(desk: &Desk) -> Result<(), Failure> {
    for (key, value) in desk.journal().documents(ORDER, "").await? {
        if let Ok(order) = serde_json::from_value(value) {
            carry_out(desk, &order).await?;
        }
        desk.journal().commit(Durability::D1, vec![Write::Delete { kind: ORDER, key }]).await?;
    }
    Ok(())
}

/// Takes the installation that answers from now on for the right one. Returns whether another one was known.
pub(crate) async fn confirm_identity(desk: &Desk, endpoint: &str) -> Result<bool, Failure> {
    let known: Vec<&str> = desk.installation().endpoints.iter().map(|endpoint| endpoint.name().as_str()).collect();
    if !known.contains(&endpoint) {
        let message = format!("no system here is called \"{endpoint}\"");
        return Err(Failure::new(message).with_remedy(format!("Known are: {}", known.join(", "))));
    }
    if desk.journal().document(IDENTITY, endpoint).await?.is_none() {
        return Ok(false);
    }
    let entry = audit(desk, "", endpoint, &endpoint.into(), desk.actor(), "replaced on purpose");
    let delete = Write::Delete { kind: IDENTITY, key: endpoint.to_owned() };
    desk.journal().commit(Durability::D1, vec![delete, Write::Audit(entry)]).await?;
    Ok(true)
}

async fn is_held(desk: &Desk, pair: &Pair, id: &ExternalId) -> Result<bool, Failure> {
    let refused = desk.journal().document(REFUSAL, &format!("{pair}/{id}")).await?.is_some();
    let held = match link_of(desk, pair, id).await? {
        Some(link) => link.state == LinkState::Held || link.retry_at.is_some() || flaps(desk, &link).await?.is_some(),
        None => false,
    };
    Ok(refused || held)
}

async fn carry_out(desk: &Desk, order: &Order) -> Result<(), Failure> {
    let Order { pair, id, by } = order;
    let mut writes = vec![Write::Delete { kind: REFUSAL, key: format!("{pair}/{id}") }];
    if let Some(mut link) = link_of(desk, pair, id).await? {
        writes.extend(flaps(desk, &link).await?.into_iter().flatten());
        if link.state == LinkState::Held && follower_is_gone(desk, &link).await? {
            // Somebody removed it at the other side. This life is over; whoever is still wanted begins a new one.
            link.state = LinkState::Dead;
            writes.push(Write::Link(Box::new(link)));
        } else if link.primary.is_some() && link.secondary.is_some() {
            if link.state == LinkState::Held {
                link.state = LinkState::Live;
            }
            link.held_because = None;
            link.retry_at = None;
            link.attempts = 0;
            link.due = true;
            writes.push(Write::Link(Box::new(link)));
        } else if link.state == LinkState::Held {
            // A creation without an answer: the next plan decides anew, by the decisions file if it says something.
            writes.push(Write::Unlink(link.key));
        }
    }
    writes.push(Write::Audit(audit(desk, &pair.to_string(), "", id, by, "released by order")));
    desk.journal().commit(Durability::D1, writes).await?;
    Ok(())
}

async fn link_of(desk: &Desk, pair: &Pair, id: &ExternalId) -> Result<Option<Link>, Failure> {
    match desk.journal().link_of(pair, Side::Primary, id).await? {
        Some(link) => Ok(Some(link)),
        None => Ok(desk.journal().link_of(pair, Side::Secondary, id).await?),
    }
}

/// Whether the record at the other side was there once and was missing when it was last looked for.
async fn follower_is_gone(desk: &Desk, link: &Link) -> Result<bool, Failure> {
    let Some(id) = &link.secondary else { return Ok(false) };
    let seen = desk.journal().seen(&Stream::of(&link.pair, Side::Secondary), id).await?;
    Ok(seen.is_none_or(|seen| seen.missing > 0))
}

/// Deletes the notes of fields that read back differently; nothing if there is none.
async fn flaps(desk: &Desk, link: &Link) -> Result<Option<Vec<Write>>, Failure> {
    let prefix = format!("{}/{}/", link.pair, link.key);
    let found = desk.journal().documents(FLAP, &prefix).await?;
    let writes: Vec<Write> = found.into_iter().map(|(key, _)| Write::Delete { kind: FLAP, key }).collect();
    Ok((!writes.is_empty()).then_some(writes))
}

fn audit(desk: &Desk, pair: &str, endpoint: &str, record: &ExternalId, by: &str, reason: &str) -> AuditEntry {
    AuditEntry {
        at: desk.clock().now(),
        actor: by.to_owned(),
        pair: pair.to_owned(),
        endpoint: endpoint.to_owned(),
        record: record.clone(),
        action: "release".to_owned(),
        field: None,
        old: None,
        new: None,
        reason: reason.to_owned(),
        plan: None,
    }
}
