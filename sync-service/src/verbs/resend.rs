//! `resend`: events that were rejected, held or left in doubt are processed again by a person's order.

use serde_json::json;
use sync_core::events::EventLink;
use sync_core::journal::{EventFilter, EventState};
use sync_core::model::{EventClass, EventKey};

use crate::arguments::Resend;
use crate::{Answer, Desk, Failure};

/// Most events that one order takes up.
const MOST: usize = 10_000;

pub(crate) async fn resend(desk: &Desk, asked: &Resend) -> Result<Answer, Failure> {
    if desk.installation().events.is_empty() {
        return Err(Failure::new("this program reads no events"));
    }
    if asked.events.is_empty() && asked.all.is_none() {
        return Err(Failure::new("which events?").with_remedy("Name their numbers, or write `resend --all rejected`"));
    }
    let mut wanted = Vec::new();
    for text in &asked.events {
        wanted.push(found(desk, text).await?);
    }
    if let Some(state) = &asked.all {
        for link in &desk.installation().events {
            wanted.extend(in_state(desk, link, state).await?.into_iter().map(|key| (&**link, key)));
        }
    }
    let why = asked.because.as_deref().unwrap_or("ordered by hand");
    for (link, key) in &wanted {
        link.reprocess(desk.journal(), desk.clock(), key, desk.actor(), why).await?;
    }
    let text = match wanted.len() {
        0 => "No event is in that state.".to_owned(),
        n => format!("{n} events are processed again with the next run, whatever their age."),
    };
    let keys: Vec<String> = wanted.iter().map(|(_, key)| key.to_string()).collect();
    Ok(Answer::new(text, json!({"command": "resend", "events": keys})))
}

/// The event of a text: `52318`, `pac:52318`, or `pac:1.52318` with the life of the numbering.
async fn found<'a>(desk: &'a Desk, text: &str) -> Result<(&'a EventLink, EventKey), Failure> {
    let remedy = "Write its number, as 52318, or with the system that it comes from, as reports show it";
    let (endpoint, place) = text.rsplit_once(':').map_or((None, text), |(endpoint, place)| (Some(endpoint), place));
    let (epoch, number) = place.split_once('.').map_or((None, place), |(epoch, number)| (Some(epoch), number));
    let wrong = || Failure::new(format!("\"{text}\" is no event")).with_remedy(remedy);
    let number: i64 = number.parse().map_err(|_| wrong())?;
    let epoch: Option<u32> = epoch.map(str::parse).transpose().map_err(|_| wrong())?;
    for link in &desk.installation().events {
        let name = link.source_name();
        if endpoint.is_some_and(|endpoint| endpoint != name.as_str()) {
            continue;
        }
        for epoch in epoch.map_or(0..=u32::from(u8::MAX), |epoch| epoch..=epoch).rev() {
            let key = EventKey { endpoint: name.clone(), epoch, number };
            if desk.journal().event(&key).await?.is_some() {
                return Ok((link, key));
            }
        }
    }
    Err(Failure::new(format!("there is no event {text}")).with_remedy(remedy))
}

async fn in_state(desk: &Desk, link: &EventLink, state: &str) -> Result<Vec<EventKey>, Failure> {
    let states: &[EventState] = match state {
        "rejected" => &[EventState::Rejected],
        "held" => &[EventState::Held],
        _ => &[EventState::Doubtful],
    };
    let filter = EventFilter::states(link.source_name(), states, MOST);
    // A row that could not be read as an event cannot become one.
    let readable = desk.journal().events(&filter).await?.into_iter().filter(|event| event.class != EventClass::Other);
    Ok(readable.map(|event| event.key).collect())
}
