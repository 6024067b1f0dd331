//! The connection test of mail, step by step, up to a letter that arrives.

use chrono::{DateTime, Utc};
use sync_core::connector::CheckReport;

use super::config::{TlsMode, mailbox};
use super::letter::LetterKind;
use super::smtp::{Answer, Failure, Session, Smtp, Step, Trace};
use super::stationery::Stationery;
use super::transport::Envelope;
use crate::codes::CodesConfig;
use crate::seal::random;

const STEPS: [(Step, &str); 7] = [
    (Step::Name, "name"),
    (Step::Connect, "connect"),
    (Step::Tls, "TLS"),
    (Step::SignOn, "sign-on"),
    (Step::Sender, "sender"),
    (Step::Recipient, "recipient"),
    (Step::Letter, "sent"),
];

/// Finds the server, connects, signs on, and sends a letter with made-up data to `recipient`, if there is one.
///
/// Names the step that fails, and what to do about it.
pub async fn test_steps(
    stationery: &Stationery,
    codes: &CodesConfig,
    smtp: &Smtp,
    recipient: Option<&str>,
    now: DateTime<Utc>,
) -> CheckReport {
    let mut trace = Trace::new();
    let failure = walk(stationery, codes, smtp, recipient, now, &mut trace).await.err();
    told_steps(&STEPS, &trace, failure.as_ref(), |report, step, name, seen| tell(report, smtp, step, name, seen))
}

/// What was seen at each step up to the one that failed, and what to do about that.
pub(super) fn told_steps(
    steps: &[(Step, &str)],
    trace: &Trace,
    failure: Option<&Failure>,
    tell: impl Fn(&mut CheckReport, Step, &str, &str),
) -> CheckReport {
    let mut report = CheckReport::default();
    let mut failed = false;
    for (step, name) in steps {
        let seen = trace.iter().find(|(passed, _)| passed == step);
        match (failure.filter(|failure| failure.step == *step), seen) {
            _ if failed => report.skipped(&[*name]),
            (Some(failure), _) => {
                failed = true;
                report.failed(*name, failure.text.clone(), remedy(failure));
            }
            (None, Some((_, seen))) => tell(&mut report, *step, name, seen),
            (None, None) => report.skipped(&[*name]),
        }
    }
    report
}

async fn walk(
    stationery: &Stationery,
    codes: &CodesConfig,
    smtp: &Smtp,
    recipient: Option<&str>,
    now: DateTime<Utc>,
    trace: &mut Trace,
) -> Result<(), Failure> {
    let mut session = Session::open(smtp, trace).await?;
    let to = recipient.unwrap_or_default();
    let letter = stationery.sample(LetterKind::Code, Stationery::sample_code(codes), to, now);
    let sender = stationery.config().sender().map_err(|why| wrong(Step::Sender, why))?.email.to_string();
    let return_path = stationery.config().return_path().map_err(|why| wrong(Step::Sender, why))?;
    let from = return_path.map_or(sender, |address| address.to_string());
    let envelope = Envelope::new(from, recipient.map(str::to_owned));
    session.sender(envelope.from(), b"", &envelope).await?;
    trace.push((Step::Sender, envelope.from().to_owned()));
    if recipient.is_none() {
        session.quit().await;
        return Ok(());
    }
    mailbox(to).map_err(|why| wrong(Step::Recipient, why))?;
    session.recipients(envelope.to()).await?;
    trace.push((Step::Recipient, to.to_owned()));
    let mut key = [0; 16];
    random(&mut key).map_err(|error| wrong(Step::Letter, &error.to_string()))?;
    let composed = stationery.compose(&letter, &hex::encode(key), now);
    let (_, message) = composed.map_err(|error| wrong(Step::Letter, &error.to_string()))?;
    session.letter(&message).await?;
    trace.push((Step::Letter, "look whether it arrives, and not among unwanted mail".to_owned()));
    session.quit().await;
    Ok(())
}

fn tell(report: &mut CheckReport, smtp: &Smtp, step: Step, name: &str, seen: &str) {
    let clear = seen.starts_with("NOT");
    if step == Step::Tls && clear {
        let remedy = match smtp.mode() {
            TlsMode::None => "set `tls` to `starttls`, unless the server is on this machine",
            _ => "the server offers no TLS; use another port, or accept that codes can be read on the way",
        };
        report.warning(name, seen, remedy);
    } else {
        report.passed(name, seen);
    }
}

fn wrong(step: Step, text: &str) -> Failure {
    Failure::new(step, text, Answer::Nothing)
}

/// What a person can do about a step that failed.
pub(super) fn remedy(failure: &Failure) -> String {
    if let Some(seen) = failure.seen {
        return format!("if this is the certificate of your server, pin {seen}");
    }
    let words = match (failure.step, failure.answer) {
        (Step::Name, _) => "check the spelling of `server`, and the name service of this machine",
        (Step::Connect, Answer::Nothing) => "check `server` and `port`, and whether a firewall is between",
        (Step::Connect, _) => "the server does not want to be spoken to from here: ask who runs it",
        (Step::Tls, _) => "use the name that stands in the certificate; trust its root, or pin it, under `trust`",
        (Step::SignOn, _) => "check `user`, the secret and `auth`; many providers want an own password for programs",
        #[cfg(feature = "bounces")]
        (Step::Folder, _) => {
            "write `folder` and `move_to` as the mailbox has them; the account has to be allowed to change both"
        }
        (Step::Sender, _) => "this account may not send as `sender` or `envelope_sender`: allow it at the server",
        (Step::Recipient, _) => "check the address; perhaps the server passes on letters only after signing on",
        (Step::Letter, Answer::Nothing) => "the letter may have arrived all the same: look before trying again",
        (Step::Letter, _) => "the server does not want this letter: read what it says, and try a plainer template",
    };
    words.to_owned()
}
