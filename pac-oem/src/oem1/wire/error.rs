//! Errors as the server sends them.

use super::{Record, record};
use crate::{
    model::{Epoch, PacError, RetryClass, Rev},
    oem1::xml::{Element, XmlReader, XmlWriter},
};
use std::time::Duration;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ErrorBody {
    pub(crate) code: u16,
    pub(crate) name: String,
    pub(crate) retry: RetryClass,
    pub(crate) retry_after_ms: Option<u32>,
    pub(crate) path: Option<String>,
    pub(crate) rev: Option<Rev>,
    pub(crate) holder: Option<String>,
    pub(crate) first: Option<u64>,
    pub(crate) epoch: Option<Epoch>,
    pub(crate) messages: Vec<Message>,
}
record!(ErrorBody {
    code "code", name "name", retry "retry", retry_after_ms "retryAfterMs", path "path", rev "rev", holder "holder",
    first "first", epoch "epoch"; messages "Message"
});

/// The only text outside attributes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Message(pub(crate) String);

impl Record for Message {
    fn read(_: &Element, reader: &mut XmlReader<'_>) -> Result<Self, PacError> {
        reader.text().map(Self)
    }

    fn write(&self, writer: &mut XmlWriter, name: &str) {
        writer.element(name, |writer| writer.text(&self.0));
    }
}

impl ErrorBody {
    pub(crate) fn into_error(self) -> PacError {
        let message = one_line(&self.messages.into_iter().next().map_or(self.name, |message| message.0));
        let mut error = PacError::answered(self.code, self.retry, message).with_log(self.epoch, self.first);
        if let Some(path) = self.path {
            error = error.with_path(one_line(&path));
        }
        if let Some(holder) = self.holder {
            error = error.with_holder(one_line(&holder));
        }
        if let Some(rev) = self.rev {
            error = error.with_rev(rev);
        }
        if let Some(wait) = self.retry_after_ms {
            error = error.with_retry_after(Duration::from_millis(wait.into()));
        }
        error
    }
}

/// Texts of a server stand in logs and on screens: one line, of bounded length, without control characters.
fn one_line(text: &str) -> String {
    text.chars().take(256).map(|c| if c.is_control() { ' ' } else { c }).collect()
}
