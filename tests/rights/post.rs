//! A mail server in memory, which looks at the doors whenever it gets a letter.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use booking_access::mail::{Envelope, Outcome, Transport};
use chrono::{DateTime, Utc};
use mail_parser::MessageParser;
use vendor_sim::net2::Net2Sim;

use crate::recorder::managed;

/// How it answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Mood {
    /// It takes every letter.
    #[default]
    Well,
    /// Nobody reaches it.
    Away,
    /// It wants no letter now.
    Busy,
    /// It takes the letter, and its answer is lost.
    Silent,
    /// The letter is lost, and so is the answer.
    Lossy,
}

/// A letter that arrived.
#[derive(Clone, Debug)]
pub(crate) struct Arrived {
    pub(crate) at: DateTime<Utc>,
    pub(crate) to: String,
    pub(crate) id: String,
    pub(crate) text: String,
    /// Calls that the doors had got by then.
    pub(crate) calls: usize,
}

/// The mail server.
pub(crate) struct Post {
    net2: Arc<Net2Sim>,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    mood: Mood,
    arrived: Vec<Arrived>,
    /// Letters whose arrival the sender may not know of.
    unanswered: BTreeSet<String>,
    faults: Vec<String>,
}

impl Post {
    pub(crate) fn new(net2: Arc<Net2Sim>) -> Self {
        Self { net2, inner: Mutex::default() }
    }

    pub(crate) fn set(&self, mood: Mood) {
        self.inner.lock().unwrap().mood = mood;
    }

    pub(crate) fn arrived(&self) -> Vec<Arrived> {
        self.inner.lock().unwrap().arrived.clone()
    }

    pub(crate) fn to(&self, address: &str) -> Vec<Arrived> {
        self.arrived().into_iter().filter(|letter| letter.to.eq_ignore_ascii_case(address)).collect()
    }

    /// Whoever sent so far died before it could note the answers.
    pub(crate) fn sender_died(&self) {
        let mut inner = self.inner.lock().unwrap();
        let last = inner.arrived.last().map(|letter| letter.id.clone());
        inner.unanswered.extend(last);
    }

    /// Letters that told what the doors had not confirmed, came twice, or said again what was said last.
    pub(crate) fn faults(&self) -> Vec<String> {
        let inner = self.inner.lock().unwrap();
        let mut faults = inner.faults.clone();
        let mut last: BTreeMap<&str, &Arrived> = BTreeMap::new();
        let mut seen = BTreeSet::new();
        for letter in &inner.arrived {
            let repeated = !seen.insert(&letter.id);
            if repeated && !inner.unanswered.contains(&letter.id) {
                faults.push(format!("{} came twice at {}", letter.id, letter.at));
            }
            if !repeated {
                let before = last.insert(&letter.to, letter);
                if before.is_some_and(|before| before.text == letter.text) {
                    faults.push(format!("{} was told the same again at {}:\n{}", letter.to, letter.at, letter.text));
                }
            }
        }
        faults
    }
}

#[async_trait]
impl Transport for Post {
    async fn send(&self, envelope: &Envelope, message: &[u8]) -> Outcome {
        let mood = self.inner.lock().unwrap().mood;
        match mood {
            Mood::Away => return Outcome::Unreachable("connection refused".into()),
            Mood::Busy => return Outcome::Deferred("451 later".into()),
            Mood::Lossy => return Outcome::InDoubt("connection closed".into()),
            Mood::Well | Mood::Silent => {}
        }
        let parsed = MessageParser::default().parse(message).unwrap();
        let text = parsed.body_text(0).unwrap().into_owned();
        let html = parsed.body_html(0).map(std::borrow::Cow::into_owned).unwrap_or_default();
        let to = envelope.to()[0].to_lowercase();
        let (at, calls) = (self.net2.world(|world| world.now()), self.net2.requests().len());
        let codes: Vec<String> = self.net2.world(|world| {
            let all = world.all_rights().into_iter();
            let own = all.filter(|one| managed(one) && one.email.as_deref().unwrap_or_default().to_lowercase() == to);
            own.flat_map(|one| one.codes).filter(|code| code.to.is_none()).map(|code| code.value).collect()
        });
        {
            let mut inner = self.inner.lock().unwrap();
            if !text.contains("cancelled") && !codes.iter().any(|code| text.contains(code) || html.contains(code)) {
                inner.faults.push(format!("{to} was told a code at {at} that the doors do not have"));
            }
            let id = parsed.message_id().unwrap_or_default().to_owned();
            if mood == Mood::Silent {
                inner.unanswered.insert(id.clone());
            }
            inner.arrived.push(Arrived { at, to, id, text, calls });
        }
        // Here the sender may die.
        tokio::task::yield_now().await;
        if mood == Mood::Silent { Outcome::InDoubt("connection closed".into()) } else { Outcome::Sent }
    }
}
