//! Doors, codes in use, namesakes without the marker, and door commands.

use std::collections::BTreeSet;

use async_trait::async_trait;
use connector_http::ErrorKind;
use sync_core::connector::{CodeInUse, CodeKind, DoorCommand, DoorSystem, ErrorClass, Record, SyncError};
use sync_core::model::{Device, ExternalId, Known, Person, SecretText};

use super::Net2Doors;
use super::booker::{self, plain_number};
use crate::doors::Door;
use crate::id::{DoorId, UserId};
use crate::text::TokenValue;

#[async_trait]
impl DoorSystem for Net2Doors {
    async fn doors(&self) -> Result<Vec<Record<Device>>, SyncError> {
        let doors = self.endpoint.net2.doors().list().await?;
        let name = |door: &Door| Known::from_text(without_serial(door));
        Ok(doors
            .iter()
            .map(|door| Record::new(door.id.get(), Device { name: name(door), ..Device::default() }))
            .collect())
    }

    async fn codes(&self) -> Result<Vec<CodeInUse>, SyncError> {
        let listing = self.endpoint.net2.users().list().await?;
        if !listing.invalid.is_empty() {
            let count = listing.invalid.len();
            return Err(SyncError::new(
                ErrorClass::Protocol,
                format!("{count} users cannot be read, so the codes in use are not all known"),
            )
            .with_remedy("correct the users that the report names as unreadable"));
        }
        self.note_pins(&listing.items);
        let mut codes: Vec<CodeInUse> = Vec::new();
        for user in &listing.items {
            let pin = user.pin.as_ref().map(|pin| pin.as_str().trim()).filter(|pin| !pin.is_empty());
            codes.extend(pin.map(|pin| in_use(user.id, CodeKind::Pin, pin)));
        }
        if self.endpoint.config.querydb {
            let cards = self.endpoint.net2.custom_query().cards().await?;
            codes.extend(cards.iter().filter_map(|card| number(card.user, &card.card)));
        } else {
            let users = listing.items;
            for (user, tokens) in self.endpoint.all_tokens(&self.holders, &users).await? {
                codes.extend(tokens.iter().filter_map(|token| number(user, &token.value)));
            }
        }
        codes.sort_unstable();
        Ok(codes)
    }

    async fn strangers(&self, emails: &BTreeSet<String>) -> Result<Vec<Record<Person>>, SyncError> {
        if emails.is_empty() {
            return Ok(Vec::new());
        }
        let emails: BTreeSet<String> = emails.iter().map(|email| folded(email)).collect();
        let site = self.site().await?;
        let mut strangers = Vec::new();
        for user in self.endpoint.listed().await?.items {
            let Record { id, value, .. } = booker::record(&site, &user, None);
            let is_asked_for = value.email.value().is_some_and(|email| emails.contains(&folded(email)));
            if is_asked_for && !booker::is_marked(&self.config, &site, &user) {
                let Person { first_name, last_name, email, .. } = value;
                strangers.push(Record::new(id, Person { first_name, last_name, email, ..Person::default() }));
            }
        }
        Ok(strangers)
    }

    async fn command(&self, command: &DoorCommand) -> Result<(), SyncError> {
        let handle = |id: &ExternalId| match id.as_str().parse::<DoorId>() {
            Ok(door) => Ok(self.endpoint.once.door(door)),
            Err(_) => Err(SyncError::new(ErrorClass::NotFound, "no door of Net2 has such an id")),
        };
        let sent = match command {
            DoorCommand::Open(door) => handle(door)?.open_momentarily().send().await,
            DoorCommand::HoldOpen(door) => handle(door)?.hold_open().send().await,
            DoorCommand::Close(door) => handle(door)?.close().send().await,
            _ => return Err(SyncError::new(ErrorClass::Config, "Net2 has no such command")),
        };
        sent.map_err(|error| match error.kind() {
            // A door that is not there is refused or not found, depending on the server.
            ErrorKind::NotFound => SyncError::new(ErrorClass::NotFound, "Net2 has no such door").with_source(error),
            _ => error.into(),
        })
    }
}

fn in_use(holder: UserId, kind: CodeKind, code: &str) -> CodeInUse {
    CodeInUse { holder: holder.get().into(), kind, code: SecretText::new(code) }
}

/// Number plates are no numbers.
fn number(holder: UserId, value: &TokenValue) -> Option<CodeInUse> {
    let text = value.as_str().trim();
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| in_use(holder, CodeKind::Number, plain_number(text)))
}

fn folded(email: &str) -> String {
    email.trim().to_lowercase()
}

/// The name of a door without its serial number, which sites append as `(ACU:7000123)`: the serial is its id.
fn without_serial(door: &Door) -> &str {
    let name = door.name.trim();
    let lower = name.to_ascii_lowercase();
    let serial = door.id.to_string();
    let is_serial = |place: usize| {
        let rest = lower.get(place + 3..).unwrap_or_default();
        rest.trim_matches(|c: char| c.is_whitespace() || ":()".contains(c)) == serial
    };
    match lower.rfind("acu").filter(|place| is_serial(*place)) {
        Some(place) => {
            let kept =
                name.get(..place).unwrap_or(name).trim_end_matches(|c: char| c.is_whitespace() || "(-,".contains(c));
            if kept.is_empty() { name } else { kept }
        }
        None => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_door_is_shown_without_its_own_serial_number() {
        for (name, shown) in [
            ("Court 1 (ACU:7000123)", "Court 1"),
            ("Court 1 - ACU: 7000123", "Court 1"),
            ("Court 1 (ACU:7000124)", "Court 1 (ACU:7000124)"),
            ("Vacuum store", "Vacuum store"),
            ("ACU:7000123", "ACU:7000123"),
        ] {
            let door = Door { id: DoorId::new(7_000_123), name: name.to_owned() };
            assert_eq!(without_serial(&door), shown);
        }
    }
}
