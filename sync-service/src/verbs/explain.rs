//! `explain KEY`: all that is known about one record, in plain words.

use std::fmt::Write as _;

use serde_json::{Value, json};
use sync_core::journal::{Link, LinkState, Ownership, Seen};
use sync_core::model::{EndpointName, ExternalId, FieldValue, Pair};
use sync_core::reconcile::{Explanation, FieldChange, Reason, RefNames};

use super::log;
use crate::{Answer, Desk, Failure, Setup};

pub(crate) async fn explain(desk: &Desk, key: &str) -> Result<Answer, Failure> {
    let (entity, id) = key.split_once('/').map_or((None, key), |(entity, id)| (Some(entity), id));
    let id = ExternalId::from(id);
    let (mut text, mut found) = (String::new(), Vec::new());
    for link in &desk.installation().links {
        if entity.is_some_and(|entity| entity != link.pair().entity.as_str()) {
            continue;
        }
        if let Some(explanation) = link.explain(&id, &desk.context()).await? {
            tell(&mut text, &explanation, link.pair(), desk.setup());
            found.push(to_json(&explanation));
        }
    }
    if found.is_empty() {
        return Err(Failure::new(format!("no record is known under \"{key}\"")).with_remedy(
            "Give the id that the plan shows in brackets, at either side; a record that appeared just now is known \
             after the next plan",
        ));
    }
    Ok(Answer::new(text, json!({"command": "explain", "key": key, "records": found})))
}

fn tell(text: &mut String, explanation: &Explanation, pair: &Pair, setup: &Setup) {
    let _ = writeln!(text, "{}", explanation.pair);
    for (side, at, seen) in
        [("primary", &pair.primary, &explanation.primary), ("secondary", &pair.secondary, &explanation.secondary)]
    {
        match seen {
            Some(seen) => tell_seen(text, side, seen, at, &explanation.names),
            None => {
                let _ = writeln!(text, "  {side}: not there");
            }
        }
    }
    tell_link(text, explanation.link.as_ref(), setup);
    for action in &explanation.actions {
        let _ = writeln!(text, "  would be done now: {}", action.with_names(pair, &explanation.names));
    }
    for note in &explanation.notes {
        let _ = writeln!(text, "  left alone: {}", note.why);
    }
    if explanation.actions.is_empty() && explanation.notes.is_empty() {
        let _ = writeln!(text, "  nothing would be done now");
    }
    for row in &explanation.audit {
        text.push_str("  ");
        log::tell(text, row, setup);
    }
    text.push('\n');
}

fn tell_seen(text: &mut String, side: &str, seen: &Seen, at: &EndpointName, names: &RefNames) {
    let _ = writeln!(text, "  {side}: {:?} (id {})", seen.title, seen.id);
    if seen.missing > 0 {
        let _ = writeln!(text, "    missing in the last {} complete readings", seen.missing);
    }
    if let Some(invalid) = &seen.invalid {
        let _ = writeln!(text, "    cannot be used: {} {}", invalid.field, invalid.why);
    }
    for (field, value) in seen.fields.iter() {
        let value = if value.refs().is_empty() { shown(field, value) } else { names.shown(at, value) };
        let _ = writeln!(text, "    {field}: {value}");
    }
}

fn tell_link(text: &mut String, link: Option<&Link>, setup: &Setup) {
    let Some(link) = link else {
        let _ = writeln!(text, "  not linked");
        return;
    };
    let whose = match link.ownership {
        Ownership::Owned => "we made the secondary record",
        Ownership::Adopted => "the secondary record was there before",
    };
    let _ = match link.state {
        LinkState::Pending => writeln!(text, "  being created"),
        LinkState::Live => writeln!(text, "  linked; {whose}"),
        LinkState::Held => {
            writeln!(text, "  held: {}", link.held_because.as_deref().unwrap_or("for a person to decide"))
        }
        LinkState::Dead => writeln!(text, "  was linked once"),
    };
    if let Some(removed) = &link.removed {
        let _ =
            writeln!(text, "  removed: {} because of {} at {}", removed.step, removed.cause, setup.local(removed.at));
    }
    if let Some(retry_at) = link.retry_at {
        let _ = writeln!(text, "  next try not before {}, after {} failures", setup.local(retry_at), link.attempts);
    }
}

/// The same as the text: numbers of credentials are masked.
fn to_json(explanation: &Explanation) -> Value {
    let link = explanation.link.as_ref().map(|link| {
        json!({
            "key": link.key,
            "state": link.state,
            "ownership": link.ownership,
            "held_because": link.held_because,
            "retry_at": link.retry_at,
            "attempts": link.attempts,
            "removed": link.removed,
        })
    });
    json!({
        "pair": explanation.pair,
        "primary": explanation.primary.as_ref().map(seen_json),
        "secondary": explanation.secondary.as_ref().map(seen_json),
        "link": link,
        "actions": explanation.actions.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "notes": explanation.notes,
        "audit": explanation.audit,
        "names": explanation.names,
    })
}

fn seen_json(seen: &Seen) -> Value {
    let fields: serde_json::Map<String, Value> =
        seen.fields.iter().map(|(field, value)| (field.to_owned(), shown(field, value).into())).collect();
    json!({
        "id": seen.id,
        "title": seen.title,
        "missing": seen.missing,
        "invalid": seen.invalid,
        "fields": fields,
    })
}

/// A value as plans show it.
fn shown(field: &str, value: &FieldValue) -> String {
    let change = FieldChange {
        field: field.to_owned(),
        old: FieldValue::Unknown,
        baseline: FieldValue::Unknown,
        new: FieldValue::Unknown,
        from: FieldValue::Unknown,
        reason: Reason::Agreed,
        cut: false,
    };
    change.shown(value)
}
