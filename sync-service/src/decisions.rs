//! The decisions file: records that a person has to decide about, with their candidates.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde::Deserialize;
use sync_core::journal::{Durability, Write};
use sync_core::model::ExternalId;
use sync_core::reconcile::{Action, ActionKind, Decision, Note, Plan};
use toml::Spanned;

use crate::{Desk, Failure, FileFault};

const DECISION: &str = "decision";
const HEAD: &str = "\
# Decisions about records that may be the same at both systems.
#
# For each one, write between the quotation marks of `decision`:
#   match ID   it is the same as the record ID of the other system; they are linked
#   create     it is somebody or something else; a new record is made
#   ignore     leave it alone for good
# Empty: nothing happens to it. What you write stays here and is read before each plan and each run.
";

/// The file as a person writes it.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct File {
    decide: Vec<Spanned<Row>>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    link: String,
    record: Spanned<String>,
    #[serde(default)]
    title: String,
    #[serde(default)]
    why: String,
    #[serde(default)]
    rule: String,
    #[serde(default)]
    candidates: Vec<String>,
    decision: Spanned<String>,
}

/// One record to decide about.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Question {
    title: String,
    why: String,
    rule: String,
    candidates: Vec<String>,
    decision: String,
}

/// By link and record.
type Questions = BTreeMap<(String, String), Question>;

/// Reads the file into the journal, so that plans follow it. Without a file the journal stays as it is.
pub(crate) async fn take_up(desk: &Desk) -> Result<(), Failure> {
    let file = desk.setup().decisions();
    let Some(text) = read(&file)? else { return Ok(()) };
    let rows = parse(desk, &file, &text)?;
    let mut wanted: BTreeMap<String, Decision> = BTreeMap::new();
    for ((link, record), question) in &rows {
        if let Ok(Some(decision)) = decision(&question.decision) {
            wanted.insert(format!("{link}/{record}"), decision);
        }
    }
    let known: BTreeMap<String, serde_json::Value> =
        desk.journal().documents(DECISION, "").await?.into_iter().collect();
    let mut writes = Vec::new();
    for (key, decision) in &wanted {
        let value = serde_json::to_value(decision)?;
        if known.get(key) != Some(&value) {
            writes.push(Write::Put { kind: DECISION, key: key.clone(), value });
        }
    }
    let ours = |key: &str| desk.installation().links.iter().any(|link| key.starts_with(&format!("{}/", link.pair())));
    for key in known.into_keys().filter(|key| !wanted.contains_key(key) && ours(key)) {
        writes.push(Write::Delete { kind: DECISION, key });
    }
    if !writes.is_empty() {
        desk.journal().commit(Durability::D1, writes).await?;
    }
    Ok(())
}

/// Writes what the plans ask into the file; what is decided stays. Returns how many wait for a decision.
pub(crate) async fn write(desk: &Desk, plans: &[Plan]) -> Result<u64, Failure> {
    let file = desk.setup().decisions();
    let before = match read(&file)? {
        Some(text) => parse(desk, &file, &text)?,
        None => stored(desk).await?,
    };
    let mut rows: Questions = before.into_iter().filter(|(_, question)| !question.decision.is_empty()).collect();
    for plan in plans {
        let pair = plan.pair.to_string();
        let asked = plan.notes.iter().filter(|note| !note.candidates.is_empty()).map(question_of_note);
        let linked = plan.actions.iter().filter(|action| is_match(action)).filter_map(question_of_action);
        for (record, question) in asked.chain(linked) {
            let row = rows.entry((pair.clone(), record.to_string())).or_insert_with(|| question.clone());
            *row = Question { decision: std::mem::take(&mut row.decision), ..question };
        }
    }
    if !rows.is_empty() || file.exists() {
        write_private(&file, &text(&rows))?;
    }
    let undecided = |note: &&Note| !note.candidates.is_empty();
    Ok(plans.iter().flat_map(|plan| &plan.notes).filter(undecided).count() as u64)
}

fn is_match(action: &Action) -> bool {
    action.kind == ActionKind::Link && !matches!(action.state, sync_core::reconcile::ActionState::Ready)
}

fn question_of_note(note: &Note) -> (ExternalId, Question) {
    let candidates = note.candidates.iter().map(|(id, title)| format!("{id} {title}")).collect();
    let rule = note.rule.clone().unwrap_or_default();
    (
        note.record.clone(),
        Question { title: note.title.clone(), why: note.why.clone(), rule, candidates, decision: String::new() },
    )
}

/// A match that is linked once the plan is approved; a decision can still prevent it.
fn question_of_action(action: &Action) -> Option<(ExternalId, Question)> {
    let (primary, secondary) = (action.primary.clone()?, action.secondary.clone()?);
    Some((
        primary,
        Question {
            title: action.title.clone(),
            why: "one candidate; linked once the plan is approved, unless you decide otherwise here".to_owned(),
            rule: action.because.clone(),
            candidates: vec![secondary.to_string()],
            decision: String::new(),
        },
    ))
}

async fn stored(desk: &Desk) -> Result<Questions, Failure> {
    let mut rows = Questions::new();
    for (key, value) in desk.journal().documents(DECISION, "").await? {
        if let (Some((link, record)), Ok(decision)) = (key.split_once('/'), serde_json::from_value::<Decision>(value)) {
            let decision = match decision {
                Decision::Match(id) => format!("match {id}"),
                Decision::Create => "create".to_owned(),
                _ => "ignore".to_owned(),
            };
            let question = Question {
                title: String::new(),
                why: "decided earlier".to_owned(),
                rule: String::new(),
                candidates: Vec::new(),
                decision,
            };
            rows.insert((link.to_owned(), record.to_owned()), question);
        }
    }
    Ok(rows)
}

fn read(file: &Path) -> Result<Option<String>, Failure> {
    match fs::read_to_string(file) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Failure::new(format!("the decisions file {} cannot be read: {error}", file.display()))),
    }
}

fn parse(desk: &Desk, file: &Path, text: &str) -> Result<Questions, Failure> {
    let fault = |start: usize, what: String, remedy: &str| {
        let line = text.get(..start).map_or(0, |before| before.matches('\n').count()) + 1;
        FileFault { file: file.to_owned(), line, what, remedy: remedy.to_owned() }
    };
    let parsed: File = toml::from_str(text).map_err(|error| {
        let start = error.span().map_or(0, |span| span.start);
        let remedy = "Correct the line, or delete the file and let `plan` write it anew";
        refuse(vec![fault(start, error.message().to_owned(), remedy)])
    })?;
    let links: Vec<String> = desk.installation().links.iter().map(|link| link.pair().to_string()).collect();
    let (mut rows, mut faults) = (Questions::new(), Vec::new());
    for spanned in parsed.decide {
        let start = spanned.span().start;
        let row = spanned.into_inner();
        if !links.contains(&row.link) {
            faults.push(fault(start, format!("there is no link \"{}\"", row.link), "Delete this entry"));
            continue;
        }
        if let Err(what) = decision(row.decision.get_ref()) {
            let remedy = "Write \"match ID\", \"create\", \"ignore\", or nothing between the quotation marks";
            faults.push(fault(row.decision.span().start, what, remedy));
            continue;
        }
        let key = (row.link, row.record.get_ref().clone());
        let question = Question {
            title: row.title,
            why: row.why,
            rule: row.rule,
            candidates: row.candidates,
            decision: row.decision.into_inner().trim().to_owned(),
        };
        if rows.insert(key, question).is_some() {
            let what = format!("the record \"{}\" has a decision already", row.record.get_ref());
            faults.push(fault(row.record.span().start, what, "Keep one of the two entries"));
        }
    }
    if faults.is_empty() { Ok(rows) } else { Err(refuse(faults)) }
}

fn refuse(faults: Vec<FileFault>) -> Failure {
    Failure::of_files("the decisions file cannot be used; nothing was started", faults)
}

/// What a line says; nothing if it is empty.
fn decision(text: &str) -> Result<Option<Decision>, String> {
    let mut words = text.split_whitespace();
    match (words.next(), words.next(), words.next()) {
        (None, ..) => Ok(None),
        (Some("create"), None, _) => Ok(Some(Decision::Create)),
        (Some("ignore"), None, _) => Ok(Some(Decision::Ignore)),
        (Some("match"), Some(id), None) => Ok(Some(Decision::Match(id.into()))),
        (Some("match"), None, _) => Err("\"match\" needs the id of the record at the other system".to_owned()),
        _ => Err(format!("\"{}\" is no decision", text.trim())),
    }
}

fn text(rows: &Questions) -> String {
    let quoted = |text: &str| toml::Value::from(text).to_string();
    let mut file = HEAD.to_owned();
    for ((link, record), question) in rows {
        let _ = write!(file, "\n[[decide]]\nlink = {}\nrecord = {}\n", quoted(link), quoted(record));
        for (name, value) in [("title", &question.title), ("why", &question.why), ("rule", &question.rule)] {
            if !value.is_empty() {
                let _ = writeln!(file, "{name} = {}", quoted(value));
            }
        }
        if !question.candidates.is_empty() {
            file.push_str("candidates = [\n");
            for candidate in &question.candidates {
                let _ = writeln!(file, "  {},", quoted(candidate));
            }
            file.push_str("]\n");
        }
        let _ = writeln!(file, "decision = {}", quoted(&question.decision));
    }
    file
}

/// The file names people: only this account reads it. It is replaced whole.
fn write_private(file: &Path, text: &str) -> Result<(), Failure> {
    let folder = file.parent().unwrap_or(Path::new("."));
    let mut new = tempfile::NamedTempFile::new_in(folder)?;
    std::io::Write::write_all(&mut new, text.as_bytes())?;
    new.persist(file)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decisions_are_read_as_people_write_them() {
        assert_eq!(decision(""), Ok(None));
        assert_eq!(decision("  create "), Ok(Some(Decision::Create)));
        assert_eq!(decision("ignore"), Ok(Some(Decision::Ignore)));
        assert_eq!(decision("match 42"), Ok(Some(Decision::Match("42".into()))));
        for wrong in ["match", "match 1 2", "delete", "create 5", "Match 5"] {
            assert!(decision(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn any_text_survives_the_file() {
        let nasty = "O'Neil \"Bob\"\n[[decide]]\\ # \u{7f}";
        let question = Question {
            title: nasty.to_owned(),
            why: nasty.to_owned(),
            rule: String::new(),
            candidates: vec![nasty.to_owned()],
            decision: "ignore".to_owned(),
        };
        let rows = Questions::from([(("person:a>b".to_owned(), nasty.to_owned()), question)]);
        let file: File = toml::from_str(&text(&rows)).unwrap();
        assert_eq!(file.decide.len(), 1);
        let row = file.decide[0].get_ref();
        assert_eq!((row.title.as_str(), row.record.get_ref().as_str()), (nasty, nasty));
        assert_eq!(row.candidates, [nasty]);
    }
}
