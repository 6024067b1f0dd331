//! Changes switches by name.

use anyhow::{Context, bail};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The switches with one set from text: `on`, `off`, a number, a word, or a list with commas.
pub(crate) fn set<T: Serialize + DeserializeOwned>(switches: &T, name: &str, value: &str) -> anyhow::Result<T> {
    let all = serde_json::to_value(switches)?;
    let current = all.get(name).with_context(|| format!("there is no switch '{name}'"))?;
    let value = value.trim();
    let parsed = match (current, value) {
        (Value::Bool(_), "on" | "true" | "1") => Value::Bool(true),
        (Value::Bool(_), "off" | "false" | "0") => Value::Bool(false),
        (Value::Bool(_), _) => bail!("switch '{name}' takes on or off, not '{value}'"),
        (Value::Number(_), _) => {
            Value::from(value.parse::<i64>().with_context(|| format!("switch '{name}' takes a number, not '{value}'"))?)
        }
        (Value::Array(_), _) => value
            .split(',')
            .map(str::trim)
            .filter(|item| !item.is_empty())
            .map(|item| item.parse::<i64>().map_or_else(|_| Value::from(item), Value::from))
            .collect(),
        _ => Value::from(value),
    };
    merge(switches, &Value::Object([(name.to_owned(), parsed)].into_iter().collect()))
}

/// The switches with several set from a JSON object.
pub(crate) fn merge<T: Serialize + DeserializeOwned>(switches: &T, changes: &Value) -> anyhow::Result<T> {
    let Some(changes) = changes.as_object() else { bail!("switches are a JSON object") };
    let mut all = serde_json::to_value(switches)?;
    if let Some(all) = all.as_object_mut() {
        all.extend(changes.clone());
    }
    serde_json::from_value(all).context("a switch is unknown or has a value that does not fit")
}

/// The switches with changes that came in a control call: text is taken as on a command line.
pub(crate) fn from_control<T: Serialize + DeserializeOwned>(switches: &T, changes: &Value) -> anyhow::Result<T> {
    let (texts, values): (serde_json::Map<_, _>, serde_json::Map<_, _>) =
        changes.as_object().cloned().unwrap_or_default().into_iter().partition(|(_, value)| value.is_string());
    let mut wanted = merge(switches, &Value::Object(values))?;
    for (name, value) in texts {
        wanted = set(&wanted, &name, value.as_str().unwrap_or_default())?;
    }
    Ok(wanted)
}
