//! What callers send.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::super::world::{CREDENTIAL, Credential, CredentialKind, CredentialState, GROUP, Membership, World};
use crate::bridge::profile::instant;
use crate::bridge::{Problem, sent_id};
use crate::host::Call;

/// A body as the contract has it; what is not there stays as it is.
#[derive(Debug)]
pub(super) struct Sent(Value);

impl Sent {
    pub(super) fn read(world: &World, call: &Call, kind: &str) -> Result<Self, Problem> {
        let body = call.json().map_err(|_| Problem::validation("", "The body is not JSON"))?;
        if !body.is_object() {
            return Err(Problem::validation("", "The body is not an object"));
        }
        let taken = world.front.profile.take(kind, &body);
        let taken =
            taken.map_err(|pointer| Problem::validation(pointer.trim_start_matches('/'), "This is no instant"))?;
        Ok(Self(taken))
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.get(name).is_some()
    }

    /// Puts text into its place, if it was sent; null clears.
    pub(super) fn text(&self, name: &str, longest: usize, place: &mut Option<String>) -> Result<(), Problem> {
        match self.0.get(name) {
            None => {}
            Some(Value::Null) => *place = None,
            Some(Value::String(text)) if text.chars().count() > longest => {
                return Err(Problem::validation(name, format!("At most {longest} characters")));
            }
            Some(Value::String(text)) => *place = Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
            Some(_) => return Err(Problem::validation(name, "This is not text")),
        }
        Ok(())
    }

    /// Text that cannot be cleared.
    pub(super) fn needed(&self, name: &str, longest: usize) -> Result<Option<String>, Problem> {
        let mut sent = None;
        self.text(name, longest, &mut sent)?;
        if self.has(name) && sent.is_none() {
            return Err(Problem::validation(name, "This cannot be empty"));
        }
        Ok(sent)
    }

    pub(super) fn flag(&self, name: &str) -> Result<Option<bool>, Problem> {
        match self.0.get(name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(_) => Err(Problem::validation(name, "This is neither true nor false")),
        }
    }

    /// Puts an instant into its place, if it was sent; null clears.
    pub(super) fn instant(&self, world: &World, name: &str, place: &mut Option<DateTime<Utc>>) -> Result<(), Problem> {
        if let Some(value) = self.0.get(name) {
            *place = moment(world, value, name)?;
        }
        Ok(())
    }

    /// The whole list of memberships.
    pub(super) fn groups(&self, world: &World) -> Result<Option<Vec<Membership>>, Problem> {
        let Some(list) = self.list("accessGroups")? else { return Ok(None) };
        let mut groups: Vec<Membership> = Vec::new();
        for (at, item) in list.iter().enumerate() {
            let field = |name: &str| format!("accessGroups[{at}].{name}");
            let group =
                item.get("id").and_then(|id| sent_id(id, GROUP)).filter(|group| world.groups.contains_key(group));
            let group = group.ok_or_else(|| Problem::validation(field("id"), "There is no such access group"))?;
            if groups.iter().any(|known| known.group == group) {
                return Err(Problem::validation(field("id"), "The same access group twice"));
            }
            let limit = |name: &str| item.get(name).map_or(Ok(None), |value| moment(world, value, &field(name)));
            groups.push(Membership { group, from: limit("from")?, until: limit("until")? });
        }
        Ok(Some(groups))
    }

    /// The whole list of cards; a card that the badge has already keeps what is not said.
    pub(super) fn cards(&self, world: &mut World, known: &[Credential]) -> Result<Option<Vec<Credential>>, Problem> {
        let Some(list) = self.list("credentials")? else { return Ok(None) };
        let mut cards: Vec<Credential> = Vec::new();
        for (at, item) in list.iter().enumerate() {
            let field = |name: &str| format!("credentials[{at}].{name}");
            match item.get("type").and_then(Value::as_str).map(CredentialKind::of) {
                None | Some(Some(CredentialKind::Card)) => {}
                // What is shown of other credentials may come back; it changes nothing.
                Some(Some(_))
                    if known
                        .iter()
                        .any(|one| Some(one.id) == item.get("id").and_then(|id| sent_id(id, CREDENTIAL))) =>
                {
                    continue;
                }
                Some(_) => return Err(Problem::validation(field("type"), "Only cards are written")),
            }
            let card = card(world, item, known, &field)?;
            if cards.iter().any(|other| other.number == card.number && other.facility == card.facility) {
                return Err(Problem::validation(field("number"), "The same card twice"));
            }
            cards.push(card);
        }
        Ok(Some(cards))
    }

    fn list(&self, name: &str) -> Result<Option<&Vec<Value>>, Problem> {
        match self.0.get(name) {
            None => Ok(None),
            Some(Value::Array(items)) => Ok(Some(items)),
            Some(_) => Err(Problem::validation(name, "This is not a list")),
        }
    }
}

fn card(
    world: &mut World,
    item: &Value,
    known: &[Credential],
    field: &dyn Fn(&str) -> String,
) -> Result<Credential, Problem> {
    let text = |name: &str| match item.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.trim().to_owned())),
        Some(Value::Number(digits)) => Ok(Some(digits.to_string())),
        Some(_) => Err(Problem::validation(field(name), "This is not text")),
    };
    let sent = text("number")?.filter(|sent| !sent.is_empty());
    let id = match item.get("id") {
        None | Some(Value::Null) => None,
        Some(id) => Some(sent_id(id, CREDENTIAL).ok_or_else(|| Problem::validation(field("id"), "This is no id"))?),
    };
    let same = |one: &&Credential| match id {
        Some(id) => one.id == id,
        None => one.kind == CredentialKind::Card && one.number.as_deref() == sent.as_deref(),
    };
    let before = known.iter().find(same).cloned();
    if let (Some(_), None) = (id, &before) {
        return Err(Problem::validation(field("id"), "The badge has no such credential"));
    }
    let mut card = match before {
        Some(card) => card,
        None => world.card(""),
    };
    if let Some(sent) = sent {
        card.number = Some(Arc::from(sent));
    }
    if card.number.as_deref().is_none_or(str::is_empty) {
        return Err(Problem::validation(field("number"), "A card has a number"));
    }
    if item.get("facility").is_some() {
        card.facility = text("facility")?;
    }
    if let Some(state) = text("state")? {
        let wrong = || Problem::validation(field("state"), "There is no such state");
        card.state = CredentialState::of(&state).ok_or_else(wrong)?;
    }
    match item.get("primary") {
        None => {}
        Some(Value::Bool(primary)) => card.primary = *primary,
        Some(_) => return Err(Problem::validation(field("primary"), "This is neither true nor false")),
    }
    for (name, limit) in [("from", &mut card.from), ("until", &mut card.until)] {
        if let Some(value) = item.get(name) {
            *limit = moment(world, value, &field(name))?;
        }
    }
    Ok(card)
}

fn moment(world: &World, value: &Value, name: &str) -> Result<Option<DateTime<Utc>>, Problem> {
    if value.is_null() {
        return Ok(None);
    }
    let at = value.as_str().and_then(|text| instant(text, world.zone));
    at.map(Some).ok_or_else(|| Problem::validation(name, "This is no instant"))
}
