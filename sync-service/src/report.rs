//! What a command did, for people and for programs.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use serde::Serialize;
use sync_core::events::{EventReport, EventTotals};
use sync_core::model::EndpointName;
use sync_core::reconcile::{Action, ActionState, FieldChange, LinkReport, Note, Plan, RefNames};

use crate::{Answer, ChoreReport, Exit};

/// Held records that are named to people; the JSON has them all.
const NAMED: usize = 20;

/// What `plan`, `apply` and `run --once` report.
#[derive(Clone, Debug, Default, Serialize)]
#[non_exhaustive]
pub struct Report {
    /// The verb.
    pub command: String,
    /// One sentence.
    pub summary: String,
    /// One report per link, in their order.
    pub links: Vec<LinkReport>,
    /// All events that were ever read, by what became of them.
    pub events: EventCounts,
    /// One report per link of events.
    pub event_links: Vec<EventReport>,
    /// For `plan`: what would be done, action by action.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub plans: Vec<ShownPlan>,
    /// For `plan`: clockings that would be delivered.
    pub events_to_deliver: u64,
    /// Records that wait for a decision in the decisions file.
    pub undecided: u64,
    /// What failed outside a link.
    pub errors: Vec<Trouble>,
    /// For a demo: what a plan made afresh after everything still holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fresh_plan_actions: Option<u64>,
    /// What the demo did in place of an administrator, and then what chores have to say.
    pub said: Vec<String>,
    /// Numbers of chores; keys of their own in the JSON object.
    #[serde(skip)]
    pub counts: BTreeMap<String, u64>,
    #[serde(skip)]
    said_by_chores: Vec<String>,
    /// What somebody should know.
    pub warnings: Vec<String>,
}

/// All events that were ever read, by what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct EventCounts {
    /// In the ledger.
    pub read: u64,
    /// Booked.
    pub delivered: u64,
    /// Not a booking.
    pub ignored: u64,
    /// Wait for their person or device.
    pub waiting: u64,
    /// For a person to decide.
    pub held: u64,
    /// Refused.
    pub rejected: u64,
    /// Sent without an answer to a system that cannot be asked.
    pub doubtful: u64,
    /// Not yet delivered, nothing against it.
    pub ready: u64,
}

/// A plan as programs read it; values are shown as to people, numbers of credentials masked.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct ShownPlan {
    /// The pair.
    pub link: String,
    /// Hash of the plan.
    pub hash: String,
    /// What would be done.
    pub actions: Vec<ShownAction>,
    /// What a setting or the time withholds, with what would release it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub withheld: Vec<Note>,
}

/// One action of a plan.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct ShownAction {
    /// What is done: `create`, `update`, `link`, `remove`, `hold`.
    pub action: &'static str,
    /// The record that is written to, if there is one already.
    pub record: Option<String>,
    /// What a person calls it.
    pub title: String,
    /// Why it is done at all.
    pub because: String,
    /// Whether it may be done.
    pub state: ActionState,
    /// Field by field.
    pub changes: Vec<ShownChange>,
}

/// One field of an action.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct ShownChange {
    /// The field.
    pub field: String,
    /// What the written side holds.
    pub old: String,
    /// What it will hold.
    pub new: String,
    /// Why.
    pub reason: &'static str,
    /// What the records are called to which `old` and `new` refer, as far as they were seen.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub names: BTreeMap<String, String>,
}

/// A failure outside a link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Trouble {
    /// What failed.
    pub what: String,
    /// Why.
    pub error: String,
    /// What to do.
    pub remedy: Option<String>,
}

impl Trouble {
    /// A failure in words.
    pub fn new(what: impl Into<String>, error: impl Into<String>) -> Self {
        Self { what: what.into(), error: error.into(), remedy: None }
    }

    /// What a person can do about it.
    pub fn with_remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }
}

impl EventCounts {
    pub(crate) fn add(&mut self, totals: &EventTotals) {
        self.read += totals.read;
        self.delivered += totals.delivered;
        self.ignored += totals.ignored;
        self.waiting += totals.waiting;
        self.held += totals.held;
        self.rejected += totals.rejected;
        self.doubtful += totals.doubtful;
        self.ready += totals.ready + totals.sending;
    }
}

impl ShownPlan {
    pub(crate) fn of(plan: &Plan, names: &RefNames) -> Self {
        let change = |action: &Action, change| ShownChange::of(change, action.side.endpoint(&plan.pair), names);
        let actions = plan.visible().map(|action| ShownAction {
            action: action.kind.as_str(),
            record: action.record().map(ToString::to_string),
            title: action.title.clone(),
            because: action.because.clone(),
            state: action.state.clone(),
            changes: action.written().map(|written| change(action, written)).collect(),
        });
        let withheld = plan.notes.iter().filter(|note| note.withheld).cloned().collect();
        Self { link: plan.pair.to_string(), hash: plan.hash.clone(), actions: actions.collect(), withheld }
    }
}

impl ShownChange {
    fn of(change: &FieldChange, written: &EndpointName, names: &RefNames) -> Self {
        let refs = change.old.refs().into_iter().chain(change.new.refs());
        let called = refs.filter_map(|key| Some((key.to_string(), names.get(written, key)?.to_owned())));
        Self {
            field: change.field.clone(),
            old: change.shown(&change.old),
            new: change.shown(&change.new),
            reason: change.reason.as_str(),
            names: called.collect(),
        }
    }
}

impl Report {
    pub(crate) fn of(command: &str) -> Self {
        Self { command: command.to_owned(), ..Self::default() }
    }

    pub(crate) fn fail(&mut self, what: impl Into<String>, error: impl Into<String>, remedy: Option<String>) {
        self.errors.push(Trouble { what: what.into(), error: error.into(), remedy });
    }

    /// What a chore did.
    pub(crate) fn add_chore(&mut self, done: ChoreReport) {
        for (name, count) in done.counts {
            *self.counts.entry(name).or_default() += count;
        }
        self.said_by_chores.extend(done.said);
        self.errors.extend(done.troubles);
        self.warnings.extend(done.warnings);
    }

    /// How the program ends after this.
    pub fn exit(&self) -> Exit {
        let failed = !self.errors.is_empty() || self.links.iter().any(LinkReport::is_failure);
        let open = self.undecided > 0
            || self.events_to_deliver > 0
            || self.events.ready > 0
            || self.links.iter().any(LinkReport::is_open);
        match (failed, open) {
            (true, _) => Exit::Failed,
            (false, true) => Exit::Open,
            (false, false) => Exit::Done,
        }
    }

    /// The whole report with this text before it.
    pub(crate) fn answer(mut self, mut text: String) -> Answer {
        self.summary = self.summary();
        for said in &self.said {
            let _ = writeln!(text, "Demo: {said}");
        }
        for said in &self.said_by_chores {
            let _ = writeln!(text, "{said}");
        }
        self.said.append(&mut self.said_by_chores);
        let _ = writeln!(text, "{}", self.table());
        self.tell_counts(&mut text);
        self.tell_trouble(&mut text);
        self.tell_events(&mut text);
        self.tell_demo(&mut text);
        let _ = writeln!(text, "{}", self.summary);
        let exit = self.exit();
        let mut json = serde_json::to_value(&self).unwrap_or_default();
        if let Some(object) = json.as_object_mut() {
            object.insert("exit".to_owned(), exit.code().into());
            for (name, count) in &self.counts {
                object.entry(name.clone()).or_insert_with(|| (*count).into());
            }
        }
        Answer { text, json, exit }
    }

    fn summary(&self) -> String {
        if !self.errors.is_empty() || self.links.iter().any(|link| link.error.is_some()) {
            return "Something failed; it is named above.".to_owned();
        }
        if self.links.iter().any(|link| !link.guards.is_empty()) {
            return "A guard stopped something; it is named above. Everything else went on.".to_owned();
        }
        if self.command == "plan" {
            return self.plan_summary();
        }
        let left: u64 = self.links.iter().map(|link| link.second_plan_actions).sum();
        if self.links.iter().any(|link| link.needs_approval) {
            return "Something waits for approval: `plan` shows it with its hash, `approve HASH` allows it.".to_owned();
        }
        match self.exit() {
            Exit::Done => "Done; a second plan is empty.".to_owned(),
            _ if self.undecided > 0 => format!("{} records wait for a decision in the decisions file.", self.undecided),
            _ => format!("Not all is done yet: a second plan has {left} actions; the next run goes on."),
        }
    }

    fn plan_summary(&self) -> String {
        let actions: u64 = self.links.iter().map(|link| link.second_plan_actions).sum();
        match self.exit() {
            Exit::Done => "Nothing to do: both sides agree.".to_owned(),
            _ => format!(
                "{actions} actions planned, {} clockings to deliver, {} records to decide about; nothing was changed. \
                 `apply` does it.",
                self.events_to_deliver, self.undecided
            ),
        }
    }

    fn table(&self) -> Table {
        let planned = self.command == "plan";
        let last = if planned { "agree" } else { "left" };
        let head = ["link", "read", "create", "update", "link", "remove", "held", "done", "failed", last];
        let mut table = plain_table(&head);
        for link in &self.links {
            let (actions, outcomes) = (&link.actions, &link.outcomes);
            let failed = outcomes.failed + outcomes.rejected + outcomes.in_doubt;
            table.add_row([
                format!("{} {}", link.entity, link.direction),
                format!("{} | {}", link.read.primary, link.read.secondary),
                actions.create.to_string(),
                actions.update.to_string(),
                actions.link.to_string(),
                actions.remove.to_string(),
                actions.hold.to_string(),
                outcomes.done.to_string(),
                failed.to_string(),
                if planned { link.unchanged } else { link.second_plan_actions }.to_string(),
            ]);
        }
        table
    }

    fn tell_trouble(&self, text: &mut String) {
        let remedy = |remedy: &Option<String>| remedy.as_ref().map_or(String::new(), |remedy| format!(". {remedy}"));
        for link in &self.links {
            let name = format!("{} {}", link.entity, link.direction);
            if let Some(error) = &link.error {
                let _ = writeln!(text, "{name} failed: {error}{}", remedy(&link.remedy));
            }
            if let Some(stopped) = &link.stopped {
                let _ = writeln!(text, "{name} stopped early: {}{}", stopped.why, remedy(&stopped.remedy));
            }
            if self.command == "plan" {
                continue;
            }
            for trip in &link.guards {
                let _ = writeln!(text, "{name}: {trip}");
            }
            for note in link.held.iter().take(NAMED) {
                let _ = writeln!(text, "{name}: held {:?} ({}): {}", note.title, note.record, note.why);
            }
            if link.held.len() > NAMED {
                let _ =
                    writeln!(text, "{name}: and {} more are held; `--json` names them all", link.held.len() - NAMED);
            }
        }
        for trouble in &self.errors {
            let _ = writeln!(text, "{} failed: {}{}", trouble.what, trouble.error, remedy(&trouble.remedy));
        }
        for warning in &self.warnings {
            let _ = writeln!(text, "Note: {warning}");
        }
    }

    fn tell_counts(&self, text: &mut String) {
        let counts: Vec<String> =
            self.counts.iter().map(|(name, n)| format!("{n} {}", name.replace('_', " "))).collect();
        if !counts.is_empty() {
            let _ = writeln!(text, "{}", counts.join(", "));
        }
    }

    /// A newcomer's summary, and the proof that nothing is left.
    fn tell_demo(&self, text: &mut String) {
        let Some(left) = self.fresh_plan_actions else { return };
        let sum = |count: fn(&LinkReport) -> u64| self.links.iter().map(count).sum::<u64>();
        let (linked, created) = (sum(|link| link.actions.link), sum(|link| link.actions.create));
        let _ = writeln!(
            text,
            "{linked} records linked, {created} created{}.\nA second plan, read afresh from both sides, \
             {}.",
            if self.event_links.is_empty() {
                String::new()
            } else {
                format!(", {} bookings delivered", self.events.delivered)
            },
            if left == 0 { "is empty".to_owned() } else { format!("has {left} actions") }
        );
    }

    fn tell_events(&self, text: &mut String) {
        for link in &self.event_links {
            for alarm in &link.intake.alarms {
                let _ = writeln!(text, "{}: {alarm}", link.link);
            }
            for alarm in &link.delivery.alarms {
                let _ = writeln!(text, "{}: {alarm}", link.link);
            }
        }
        let EventCounts { read, delivered, ignored, waiting, held, rejected, doubtful, ready } = self.events;
        if read > 0 || !self.event_links.is_empty() {
            let _ = writeln!(
                text,
                "Events: {read} read, {delivered} delivered, {ignored} ignored, {waiting} waiting, {held} held, \
                 {rejected} rejected, {doubtful} doubtful, {ready} to deliver"
            );
        }
    }
}

/// A table with lines that every terminal can show; numbers stand to the right.
pub(crate) fn plain_table(head: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_BORDERS_ONLY).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(head.iter().copied());
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}
