//! What the control calls of all bridges share.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::front::{Access, Licence};
use super::id_of;
use crate::host::{Call, Reply};

/// What a control call did, or why it could not.
pub(crate) type Done = Result<Value, String>;

/// The answer to a control call.
pub(crate) fn done(result: Done) -> Reply {
    result.map_or_else(|message| Reply::json(400, &json!({ "message": message })), |value| Reply::json(200, &value))
}

/// Reads or sets the licence.
pub(crate) fn licence(licence: &mut Licence, sent: &Sent, change: bool) -> Done {
    if change {
        *licence = serde_json::from_value(sent.0.clone()).map_err(|error| error.to_string())?;
    }
    Ok(json!(licence))
}

/// Changes what is named of who may call.
pub(crate) fn access(access: &mut Access, sent: &Sent) -> Done {
    let mut all = json!(access);
    if let (Some(all), Some(sent)) = (all.as_object_mut(), sent.0.as_object()) {
        all.extend(sent.clone());
    }
    *access = serde_json::from_value(all).map_err(|error| error.to_string())?;
    Ok(json!({ "ok": true }))
}

/// The body of a control call.
#[derive(Debug)]
pub(crate) struct Sent(Value);

impl Sent {
    pub(crate) fn of(call: &Call) -> Self {
        Self(call.json().unwrap_or_default())
    }

    /// A member as it was sent; null is there, too.
    pub(crate) fn value(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str)
    }

    pub(crate) fn needed(&self, name: &str) -> Result<&str, String> {
        self.text(name).ok_or_else(|| format!("{name} is missing"))
    }

    pub(crate) fn flag(&self, name: &str) -> Option<bool> {
        self.0.get(name).and_then(Value::as_bool)
    }

    pub(crate) fn number(&self, name: &str) -> Result<u64, String> {
        self.0.get(name).and_then(Value::as_u64).ok_or_else(|| format!("{name} is no number"))
    }

    pub(crate) fn instant(&self, name: &str) -> Result<Option<DateTime<Utc>>, String> {
        let text = self.text(name);
        text.map(|text| text.parse().map_err(|_| format!("{name} is no time"))).transpose()
    }

    pub(crate) fn id(&self, name: &str, prefix: &str) -> Result<u32, String> {
        self.0.get(name).and_then(|value| sent_id(value, prefix)).ok_or_else(|| format!("{name} is no id"))
    }

    /// A list of ids, if it is there.
    pub(crate) fn ids(&self, name: &str, prefix: &str) -> Result<Option<Vec<u32>>, String> {
        let Some(list) = self.0.get(name).and_then(Value::as_array) else { return Ok(None) };
        let ids: Option<Vec<u32>> = list.iter().map(|value| sent_id(value, prefix)).collect();
        ids.map(Some).ok_or_else(|| format!("{name} are no ids"))
    }
}

/// The number in an id that was sent: text or number.
pub(crate) fn sent_id(value: &Value, prefix: &str) -> Option<u32> {
    match value {
        Value::String(text) => id_of(prefix, text),
        other => other.as_u64().and_then(|number| u32::try_from(number).ok()),
    }
}
