//! A letter as MIME.

use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Attachment, Mailbox, Message, MessageBuilder, MultiPart, SinglePart};

use super::config::mailbox;
use super::error::MailError;
use super::letter::Letter;
use super::stationery::{Image, Stationery, Written};
use super::template::plain;
use super::transport::Envelope;

const AUTO_SUBMITTED: HeaderName = HeaderName::new_from_ascii_str("Auto-Submitted");
const NO_AUTO_REPLY: HeaderName = HeaderName::new_from_ascii_str("X-Auto-Response-Suppress");

/// A body, and whether it is one part or several.
enum Body {
    Single(SinglePart),
    Multi(MultiPart),
}

impl Stationery {
    /// A letter ready to be sent. The same `key` gives the same Message-ID.
    ///
    /// # Errors
    /// The address is none, or the picture of the code cannot be drawn.
    pub fn compose(&self, letter: &Letter, key: &str, now: DateTime<Utc>) -> Result<(Envelope, Vec<u8>), MailError> {
        self.put_together(&self.write(letter, key, now), key, now)
    }

    pub(super) fn put_together(
        &self,
        written: &Written,
        key: &str,
        now: DateTime<Utc>,
    ) -> Result<(Envelope, Vec<u8>), MailError> {
        let settings = |why: &str| MailError::Settings(why.to_owned());
        let config = self.config();
        let sender = config.sender().map_err(|why| settings(&format!("sender {why}")))?;
        let return_path = config.return_path().map_err(|why| settings(&format!("envelope_sender {why}")))?;
        let recipients = written.to.iter().map(|(name, address)| recipient(name.as_deref(), address));
        let recipients = recipients.collect::<Result<Vec<_>, _>>()?;
        let envelope = Envelope::new(
            return_path.as_ref().unwrap_or(&sender.email).to_string(),
            recipients.iter().map(|to| to.email.to_string()),
        );
        let mut builder = Message::builder()
            .date(SystemTime::from(now))
            .message_id(Some(self.message_id(key)))
            .from(sender)
            .subject(plain(&written.subject))
            .raw_header(HeaderValue::new(AUTO_SUBMITTED, "auto-generated".to_owned()))
            .raw_header(HeaderValue::new(NO_AUTO_REPLY, "All".to_owned()));
        if let Some(reply_to) = config.reply_to().map_err(|why| settings(&format!("reply_to {why}")))? {
            builder = builder.reply_to(reply_to);
        }
        builder = recipients.into_iter().fold(builder, MessageBuilder::to);
        let message = match body(written)? {
            Body::Single(part) => builder.singlepart(part),
            Body::Multi(parts) => builder.multipart(parts),
        };
        Ok((envelope, message.map_err(MailError::Message)?.formatted()))
    }

    fn message_id(&self, key: &str) -> String {
        format!("<{key}@{}>", self.domain())
    }
}

fn recipient(name: Option<&str>, address: &str) -> Result<Mailbox, MailError> {
    let mailbox = mailbox(address).map_err(|_| MailError::Address)?;
    Ok(Mailbox::new(name.map(plain).filter(|name| !name.is_empty()), mailbox.email))
}

/// Text and HTML as alternatives; pictures beside the HTML; the picture of a code once more as attachment; a calendar file
/// around all of it.
fn body(written: &Written) -> Result<Body, MailError> {
    let text = SinglePart::plain(written.text.clone());
    let Some(html) = &written.html else { return Ok(Body::Single(text)) };
    let html = SinglePart::html(html.clone());
    let qr = written.qr.as_ref().map(|qr| qr.style.png(&qr.number).map(|png| (qr, png))).transpose()?;
    let alternative = MultiPart::alternative().singlepart(text);
    let mut form = if qr.is_none() && written.images.is_empty() {
        alternative.singlepart(html)
    } else {
        let mut related = MultiPart::related().singlepart(html);
        if let Some((qr, png)) = &qr {
            let inline = Attachment::new_inline_with_name(qr.content_id.clone(), qr.name.clone());
            related = related.singlepart(inline.body(png.clone(), media_type("image/png")?));
        }
        for image in &written.images {
            related = related.singlepart(inline_image(image)?);
        }
        alternative.multipart(related)
    };
    if let Some((qr, png)) = qr {
        let attached = Attachment::new(qr.name.clone()).body(png, media_type("image/png")?);
        form = MultiPart::mixed().multipart(form).singlepart(attached);
    }
    if let Some(calendar) = &written.calendar {
        let kind = media_type("text/calendar; charset=utf-8; method=PUBLISH")?;
        let attached = Attachment::new("booking.ics".to_owned()).body(calendar.clone(), kind);
        form = MultiPart::mixed().multipart(form).singlepart(attached);
    }
    Ok(Body::Multi(form))
}

fn inline_image(image: &Image) -> Result<SinglePart, MailError> {
    let bytes = STANDARD.decode(&image.base64).map_err(|_| MailError::Damaged)?;
    let inline = Attachment::new_inline_with_name(image.content_id.clone(), image.name.clone());
    Ok(inline.body(bytes, media_type(&image.media_type)?))
}

fn media_type(text: &str) -> Result<ContentType, MailError> {
    ContentType::parse(text).map_err(|_| MailError::Damaged)
}
