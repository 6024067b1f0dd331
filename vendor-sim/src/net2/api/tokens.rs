//! Tokens of a user.

use http::Method;
use serde_json::{Value, json};

use super::id;
use crate::call::{Answer, Call, Fields, Refusal, Reply};
use crate::net2::world::{TOKEN_TYPES, Token, World};

pub(super) fn answer(world: &mut World, call: &Call, user: i64, rest: &[&str]) -> Answer {
    let tokens = world.users.get(&user).map(|user| user.tokens.clone()).unwrap_or_default();
    match (&call.method, rest) {
        (&Method::GET, []) => Ok(Reply::list(tokens.iter().map(shown))),
        (&Method::POST, []) => create(world, user, &call.fields()?),
        (method, [token]) => {
            let token = id(token)?;
            let known = tokens.iter().find(|known| known.id == token).ok_or_else(Refusal::missing)?;
            match *method {
                Method::GET => Ok(Reply::json(shown(known))),
                Method::PUT => replace(world, user, token, &call.fields()?),
                Method::DELETE => {
                    world.change_user(user, |user| user.tokens.retain(|known| known.id != token));
                    Ok(Reply::empty(204))
                }
                _ => Err(Refusal::missing()),
            }
        }
        _ => Err(Refusal::missing()),
    }
}

fn create(world: &mut World, user: i64, fields: &Fields) -> Answer {
    let wanted = read(fields)?;
    if world.holder(&wanted.token_value).is_some() {
        return Err(issued(&wanted));
    }
    let stored = world.issue_token(user, wanted).ok_or_else(Refusal::missing)?;
    Ok(Reply::json(shown(&stored)).with_status(world.switches.created_status))
}

fn replace(world: &mut World, user: i64, id: i64, fields: &Fields) -> Answer {
    let wanted = Token { id, ..read(fields)? };
    let taken = world
        .users
        .values()
        .flat_map(|user| &user.tokens)
        .any(|token| token.id != id && token.token_value == wanted.token_value);
    if taken {
        return Err(issued(&wanted));
    }
    world.change_user(user, |user| {
        if let Some(token) = user.tokens.iter_mut().find(|token| token.id == id) {
            *token = wanted;
        }
    });
    Ok(Reply::empty(204))
}

fn read(fields: &Fields) -> Result<Token, Refusal> {
    let kind = fields.text("tokenType")?.unwrap_or_else(|| "Unspecified".to_owned());
    let kind = TOKEN_TYPES
        .iter()
        .find(|known| known.eq_ignore_ascii_case(&kind))
        .ok_or_else(|| Refusal::invalid("There is no such token type."))?;
    let value = fields.text("tokenValue")?.filter(|value| !value.is_empty());
    let value = value.ok_or_else(|| Refusal::invalid("tokenValue is required."))?;
    let plate = *kind == "VehicleNumberPlate";
    if !plate && (value.len() > 18 || !value.bytes().all(|byte| byte.is_ascii_digit())) {
        return Err(Refusal::invalid("The token value is not a number."));
    }
    let is_lost = fields.flag("isLost")?.unwrap_or(false);
    Ok(Token { id: 0, token_type: (*kind).to_owned(), token_value: value, is_lost })
}

fn issued(token: &Token) -> Refusal {
    Refusal::invalid(format!(": Card {} has already been issued.", token.token_value))
}

fn shown(token: &Token) -> Value {
    json!({
        "id": token.id,
        "tokenType": token.token_type,
        "tokenValue": token.token_value,
        "isLost": token.is_lost,
    })
}
