//! What a mail server says about a letter that it passed on or gave up: a delivery status notification as in RFC 3464.

use std::fmt;

use mail_parser::{Message, MessageParser, MessagePart, MimeHeaders as _, PartType};

use super::super::template::plain;

/// Longest part of a report that is read. The words for people that come first are seldom longer than a tenth of it.
pub(super) const LONGEST: usize = 256 * 1024;
/// Most recipients of one report: each of our letters has one, or a few about malfunctions.
const MOST_RECIPIENTS: usize = 20;
/// Longest value of a field that is kept.
const LONGEST_VALUE: usize = 400;

/// What a mail server says about one letter.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct DeliveryReport {
    /// Message-ID of the letter, by the headers that came back, without brackets.
    pub(crate) message_id: Option<String>,
    /// What the sender called it when handing it over.
    pub(crate) envelope_id: Option<String>,
    /// What became of it, for each recipient.
    pub(crate) recipients: Vec<ReportedRecipient>,
}

/// What became of a letter for one recipient.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct ReportedRecipient {
    /// Addresses: the one that the sender wrote, then the one at which it ended.
    pub(crate) addresses: Vec<String>,
    /// What became of it.
    pub(crate) fate: Fate,
    /// The server's words, on one line.
    pub(crate) words: String,
}

/// What became of a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Given up, and another letter would fare no better.
    Refused,
    /// Given up, but perhaps not the next one.
    GivenUp,
    /// Tried again later.
    Delayed,
    /// Nothing that anybody should know: it arrived, or was passed on.
    Other,
}

/// Whether a mail with this header `Content-Type` may be a delivery report. The rest of it is not needed to know that it is
/// none.
pub(super) fn may_be_report(header: &[u8]) -> bool {
    MessageParser::default().parse_headers(header).is_some_and(|message| is_report(&message))
}

/// Reads a delivery report; `None` if it is none, or says nothing of any recipient.
pub(crate) fn delivery_report(mail: &[u8]) -> Option<DeliveryReport> {
    let mail = mail.get(..LONGEST).unwrap_or(mail);
    let message = MessageParser::default().parse(mail).filter(is_report)?;
    let mut parts = message.parts.iter().skip_while(|part| !is_status(part));
    let status = text(parts.next()?);
    let mut report =
        DeliveryReport { message_id: parts.find_map(returned_id), envelope_id: None, recipients: Vec::new() };
    for group in groups(&status) {
        let field = |name: &str| {
            let value =
                group.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str());
            value.filter(|value| !value.is_empty())
        };
        report.envelope_id = report.envelope_id.or_else(|| field("Original-Envelope-Id").map(str::to_owned));
        let addresses: Vec<String> =
            ["Original-Recipient", "Final-Recipient"].iter().filter_map(|name| address(field(name)?)).collect();
        let (Some(action), false) = (field("Action"), addresses.is_empty()) else { continue };
        if report.recipients.len() < MOST_RECIPIENTS {
            let diagnostic = field("Diagnostic-Code").map(untyped).unwrap_or_default();
            let code = field("Status").and_then(status_code).or_else(|| code_in(diagnostic));
            let fate = fate(action, code.as_deref());
            report.recipients.push(ReportedRecipient { addresses, fate, words: words(code.as_deref(), diagnostic) });
        }
    }
    (!report.recipients.is_empty()).then_some(report)
}

fn is_report(message: &Message<'_>) -> bool {
    let kind = |kind: &mail_parser::ContentType<'_>| {
        kind.attribute("report-type").is_some_and(|kind| kind.eq_ignore_ascii_case("delivery-status"))
    };
    message.is_content_type("multipart", "report") && message.content_type().is_some_and(kind)
}

fn is_status(part: &MessagePart<'_>) -> bool {
    part.is_content_type("message", "delivery-status") || part.is_content_type("message", "global-delivery-status")
}

fn text(part: &MessagePart<'_>) -> String {
    match &part.body {
        PartType::Message(message) => String::from_utf8_lossy(message.raw_message()).into_owned(),
        PartType::Multipart(_) => String::new(),
        _ => String::from_utf8_lossy(part.contents()).into_owned(),
    }
}

/// Message-ID of the letter that came back, as a whole or by its headers alone.
fn returned_id(part: &MessagePart<'_>) -> Option<String> {
    let known =
        [("message", "rfc822"), ("message", "global"), ("text", "rfc822-headers"), ("message", "rfc822-headers")];
    let global = part.is_content_type("message", "global-headers");
    if !global && !known.iter().any(|(kind, subtype)| part.is_content_type(kind, subtype)) {
        return None;
    }
    match &part.body {
        PartType::Message(message) => message.message_id().map(str::to_owned),
        PartType::Multipart(_) => None,
        _ => MessageParser::default().parse_headers(part.contents())?.message_id().map(str::to_owned),
    }
}

/// Fields in groups with empty lines between them: one about the letter, then one for each recipient.
fn groups(text: &str) -> Vec<Vec<(String, String)>> {
    let mut groups: Vec<Vec<(String, String)>> = vec![Vec::new()];
    for line in text.lines() {
        let Some(group) = groups.last_mut() else { break };
        if line.trim().is_empty() {
            if !group.is_empty() && groups.len() <= 2 * MOST_RECIPIENTS {
                groups.push(Vec::new());
            }
        } else if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = group.last_mut() {
                grow(value, line);
            }
        } else if let Some((name, value)) = line.split_once(':') {
            let mut kept = String::new();
            grow(&mut kept, value);
            group.push((name.trim().to_owned(), kept));
        }
    }
    groups
}

fn grow(value: &mut String, line: &str) {
    let more = plain(line);
    let left = LONGEST_VALUE.saturating_sub(value.chars().count() + 1);
    if !value.is_empty() && !more.is_empty() {
        value.push(' ');
    }
    value.extend(more.chars().take(left));
}

/// What stands behind the type, such as in `rfc822; ann@x.example`.
fn untyped(value: &str) -> &str {
    value.split_once(';').map_or(value, |(_, value)| value).trim()
}

fn address(value: &str) -> Option<String> {
    let address = untyped(value).trim_matches(['<', '>']).trim();
    address.contains('@').then(|| address.to_owned())
}

/// `5.1.1`, whatever is said behind it.
fn status_code(value: &str) -> Option<String> {
    let code = value.split([' ', '(']).next().unwrap_or_default();
    let digits =
        code.split('.').all(|part| !part.is_empty() && part.len() <= 3 && part.bytes().all(|b| b.is_ascii_digit()));
    (digits && code.split('.').count() == 3).then(|| code.to_owned())
}

/// The code of an answer by SMTP, where the field for it is missing.
fn code_in(diagnostic: &str) -> Option<String> {
    let mut words = diagnostic.split([' ', '-']);
    let reply = words.next().filter(|word| word.len() == 3 && word.bytes().all(|b| b.is_ascii_digit()))?;
    words.next().and_then(status_code).or_else(|| Some(reply.to_owned()))
}

fn fate(action: &str, code: Option<&str>) -> Fate {
    let action = action.split([' ', '(', ';']).next().unwrap_or_default().to_ascii_lowercase();
    match (action.as_str(), code.and_then(|code| code.chars().next())) {
        ("failed", Some('5')) => Fate::Refused,
        ("failed", Some('4') | None) => Fate::GivenUp,
        ("delayed", _) => Fate::Delayed,
        _ => Fate::Other,
    }
}

fn words(code: Option<&str>, diagnostic: &str) -> String {
    match code {
        Some(code) if diagnostic.is_empty() => code.to_owned(),
        Some(code) if diagnostic.contains(code) => diagnostic.to_owned(),
        Some(code) => format!("{code} {diagnostic}"),
        None if diagnostic.is_empty() => "without a reason".to_owned(),
        None => diagnostic.to_owned(),
    }
}

/// Names nobody.
impl fmt::Debug for DeliveryReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fates: Vec<Fate> = self.recipients.iter().map(|recipient| recipient.fate).collect();
        write!(f, "DeliveryReport({fates:?})")
    }
}

/// Names nobody.
impl fmt::Debug for ReportedRecipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ReportedRecipient({:?})", self.fate)
    }
}

#[cfg(test)]
#[path = "report_tests.rs"]
mod tests;
