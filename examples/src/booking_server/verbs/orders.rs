//! Verbs that order: block, extend, a new code, the mail again, forget. Each has a reason and stands in the audit trail.

use booking_access::Order;
use clap::{Arg, Command};
use serde_json::json;
use sync_service::{Answer, Failure};

use super::Asked;
use crate::booking_server::Parts;
use crate::booking_server::states::give_word;

pub(super) fn commands() -> Vec<Command> {
    let verb = |name: &'static str, about: &'static str| {
        Command::new(name)
            .about(about)
            .arg(Arg::new("address").required(true).value_name("ADDRESS").help("Mail address of the booker"))
            .arg(reason())
    };
    vec![
        verb("resend", "Sends the last mail again"),
        verb("reissue", "Chooses a new code; the old one is removed and the new one mailed"),
        verb("reveal", "Shows somebody's code"),
        verb("block", "Takes all doors from a booker until `unblock`"),
        verb("unblock", "Gives a blocked booker back what the bookings ask for"),
        verb("extend", "Keeps the doors open that somebody may open now")
            .arg(Arg::new("until").long("until").value_name("TIME").required(true).help("Until when, such as 18:30")),
        verb("erase", "Forgets a booker: bookings, codes, letters, the user in Net2"),
        verb("export", "Prints everything that is kept of a booker"),
        Command::new("forget-feed")
            .about("Ends the bookings of a feed that the configuration no longer names")
            .arg(Arg::new("feed").required(true).help("Name that the feed had"))
            .arg(reason()),
        Command::new("confirm")
            .about("Says that a feed is right although most bookings vanished from it at once")
            .arg(Arg::new("feed").required(true).help("Name of the feed")),
    ]
}

fn reason() -> Arg {
    Arg::new("reason").long("reason").value_name("WORDS").required(true).help("Why; it stands in the audit trail")
}

pub(super) async fn carry_out(parts: &Parts, name: &str, asked: &Asked<'_>) -> Result<Answer, Failure> {
    if name == "confirm" {
        return confirm(parts, asked.text("feed"), asked).await;
    }
    let order = Order::new(asked.actor, asked.text("reason"), asked.now);
    let access = &parts.access;
    if name == "forget-feed" {
        let ended = access.drop_source(asked.text("feed"), order)?;
        let text = format!("{ended} bookings ended; their doors go with the next check.");
        return Ok(Answer::new(text, answer(name, &json!({"bookings": ended}))));
    }
    let address = asked.text("address");
    let mut more = serde_json::Value::Null;
    let text = match name {
        "block" => {
            access.block(address, order)?;
            "All doors are taken from them within seconds if the service runs; else with the next `apply`."
        }
        "unblock" => {
            access.unblock(address, order)?;
            "They get back what their bookings ask for with the next check."
        }
        "extend" => {
            let until = asked.time("until")?.unwrap_or(asked.now);
            access.extend(address, until, order)?;
            "The doors that they may open now stay open for them until then."
        }
        "reissue" => {
            access.reissue(address, &*parts.net2, order).await?;
            "A new code is chosen; the old one goes with the next check, then the new one is mailed."
        }
        "resend" => {
            access.resend(address, order)?;
            "The letter is queued again."
        }
        "reveal" => {
            let code = access.reveal(address, order)?;
            more = json!({"code": code.expose()});
            return Ok(Answer::new(code.expose(), answer(name, &more)));
        }
        "erase" => {
            let erasure = access.erase(address, order)?;
            more = serde_json::to_value(&erasure)?;
            if erasure.still_in.is_empty() {
                "Forgotten here; the user in Net2 goes with the next check."
            } else {
                let sources = erasure.still_in.join(", ");
                let text = format!(
                    "Forgotten here; the user in Net2 goes with the next check. A booking that is not over stands in {sources}: \
                     it will bring them back unless it is called off there."
                );
                return Ok(Answer::new(text, answer(name, &more)));
            }
        }
        "export" => {
            more = access.export(address, order)?;
            let text = serde_json::to_string_pretty(&more)?;
            return Ok(Answer::new(text, answer(name, &more)));
        }
        other => return Err(Failure::new(format!("there is no verb {other}"))),
    };
    Ok(Answer::new(text, answer(name, &more)))
}

fn answer(name: &str, more: &serde_json::Value) -> serde_json::Value {
    json!({"command": name, "done": true, "more": more})
}

/// The word is kept for whoever reads the feeds next, be it a service at work.
async fn confirm(parts: &Parts, feed: &str, asked: &Asked<'_>) -> Result<Answer, Failure> {
    for source in &parts.sources {
        let standings = source.standings(asked.now, parts.zone).await?;
        if standings.iter().any(|standing| standing.name == feed && standing.held) {
            give_word(parts.access.store(), feed)?;
            let text = "Believed: bookings that the feed lacks lose their doors with its next readings.";
            return Ok(Answer::new(text, json!({"command": "confirm", "done": true})));
        }
    }
    Err(Failure::new(format!("nothing is held back for a feed called {feed:?}"))
        .with_remedy("`status` names the feeds and what they wait for"))
}
