//! Mails sent through a mailbox.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::Method;

use super::error::{Fail, Outcome};
use super::events::{denied, mailbox};
use crate::graph::world::{Permission, SentMail, World};
use crate::host::{Call, Reply};

/// Takes a mail in MIME form, base64 in a body of plain text.
pub(super) fn send(world: &mut World, call: &Call, user: &str) -> Outcome {
    if !world.may(Permission::MailSend) {
        return Err(denied());
    }
    let from = mailbox(world, user)?;
    if call.method != Method::POST {
        return Err(Fail::new(405, "ErrorInvalidRequest", "A mail is posted."));
    }
    if !call.header("content-type").is_some_and(|kind| kind.to_lowercase().starts_with("text/plain")) {
        return Err(Fail::new(400, "UnableToDeserializePostBody", "This simulator takes mails in MIME form only."));
    }
    let text: Vec<u8> = call.body.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let decoded = STANDARD.decode(text).ok().filter(|mime| !mime.is_empty());
    let Some(mime) = decoded else {
        return Err(Fail::new(400, "ErrorMimeContentInvalidBase64String", "Invalid base64 string for MIME content."));
    };
    world.sent.push(SentMail { at: world.now(), from, mime });
    Ok(Reply::empty(202))
}
