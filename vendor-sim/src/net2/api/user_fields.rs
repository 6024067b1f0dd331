//! A user record on the wire: how it is shown and how a body changes it.

use chrono::NaiveTime;
use serde_json::{Value, json};

use super::permissions;
use crate::call::{Fields, Refusal};
use crate::net2::world::{User, World};

/// The record as the API shows it.
pub(super) fn shown(world: &World, user: &User, with_permissions: bool) -> Value {
    let date = |time: Option<chrono::NaiveDateTime>| time.map(|time| world.zone.record_text(time));
    let custom: Vec<Value> = user.fields.iter().map(|(id, value)| json!({ "id": id, "value": value })).collect();
    let mut record = json!({
        "id": user.id,
        "firstName": user.first_name,
        "middleName": user.middle_name,
        "lastName": user.last_name,
        "expiryDate": date(user.expiry),
        "activateDate": date(user.activation),
        "pin": user.pin,
        "telephone": user.telephone,
        "extension": user.extension,
        "fax": user.fax,
        "isAntiPassbackUser": user.anti_passback,
        "isAlarmUser": user.alarm_user,
        "isLockdownExempt": user.lockdown_exempt,
        "hasImage": user.image.is_some(),
        "customFields": custom,
    });
    if let Some(record) = record.as_object_mut() {
        if with_permissions {
            record.insert("doorAccessPermissionSet".into(), permissions::shown(world, user));
        }
        for (key, value) in &user.overlay {
            record.insert(key.clone(), value.clone());
        }
    }
    record
}

/// Takes over what the body names; a value left out or null stays, dates apart.
pub(super) fn apply(world: &World, user: &mut User, fields: &Fields, create: bool) -> Result<(), Refusal> {
    for (name, slot) in [
        ("firstName", &mut user.first_name),
        ("middleName", &mut user.middle_name),
        ("lastName", &mut user.last_name),
        ("pin", &mut user.pin),
        ("telephone", &mut user.telephone),
        ("extension", &mut user.extension),
        ("fax", &mut user.fax),
    ] {
        if let Some(text) = fields.text(name)? {
            *slot = (!text.is_empty()).then_some(text);
        }
    }
    for (name, slot) in [
        ("isAntiPassbackUser", &mut user.anti_passback),
        ("isAlarmUser", &mut user.alarm_user),
        ("isLockdownExempt", &mut user.lockdown_exempt),
    ] {
        if let Some(flag) = fields.flag(name)? {
            *slot = flag;
        }
    }
    dates(world, user, fields)?;
    custom_fields(world, user, fields)?;
    check(world, user, fields, create)
}

fn dates(world: &World, user: &mut User, fields: &Fields) -> Result<(), Refusal> {
    let switches = &world.switches;
    if fields.value("activateDate").is_some() || switches.put_user_clears_activate {
        user.activation = fields.date("activateDate", world.zone)?;
    }
    if fields.value("expiryDate").is_some() || switches.put_user_clears_expiry {
        let expiry = fields.date("expiryDate", world.zone)?;
        user.expiry =
            if switches.truncate_expiry { expiry.map(|time| time.date().and_time(NaiveTime::MIN)) } else { expiry };
    }
    Ok(())
}

fn custom_fields(world: &World, user: &mut User, fields: &Fields) -> Result<(), Refusal> {
    for item in fields.list("customFields")?.into_iter().flatten() {
        let item = Fields::from_json(item)?;
        let id = item.need_int("id")?;
        let field = world.custom_fields.get(&id).ok_or_else(|| Refusal::invalid("There is no such custom field."))?;
        let Some(value) = item.text("value")? else { continue };
        if field.max_length > 0 && value.chars().count() > field.max_length {
            return Err(Refusal::invalid(format!("The value of '{}' is too long.", field.name)));
        }
        if value.is_empty() {
            user.fields.remove(&id);
        } else {
            user.fields.insert(id, value);
        }
    }
    Ok(())
}

fn check(world: &World, user: &User, fields: &Fields, create: bool) -> Result<(), Refusal> {
    if user.first_name.is_none() && user.last_name.is_none() {
        return Err(Refusal::invalid("A first name or a last name is required."));
    }
    if let Some(pin) = user.pin.as_deref().filter(|_| create || fields.value("pin").is_some())
        && !(pin.bytes().all(|byte| byte.is_ascii_digit()) && world.switches.pin_lengths.contains(&pin.len()))
    {
        return Err(Refusal::invalid("The PIN is not valid."));
    }
    if let (Some(from), Some(to)) = (user.activation, user.expiry)
        && to <= from
        && fields.value("expiryDate").or(fields.value("activateDate")).is_some()
    {
        return Err(Refusal::invalid("The expiry date must be after the activation date."));
    }
    Ok(())
}
