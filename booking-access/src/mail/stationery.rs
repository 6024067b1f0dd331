//! How letters look: templates, and what is filled in.

use std::fmt;
use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Duration, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use sync_core::model::SecretText;

use super::calendar::calendar;
use super::config::{MailConfig, fault};
use super::dates::Language;
use super::error::MailError;
use super::fresh::{LASTING, beside, lasting, to_follow};
use super::letter::{Letter, LetterCode, LetterKind, Stay};
use super::template::{Placeholder, Template, escaped, plain};
use crate::Fault;
use crate::codes::{CodesConfig, CodesPer, QrStyle};

/// Largest template, and largest picture in one.
const LARGEST_FILE: u64 = 1 << 20;

/// Name of the picture of a code.
const QR_NAME: &str = "door-code.png";

/// What letters need to know of the site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Site {
    /// Its zone.
    pub zone: Tz,
    /// Doors open this many minutes before a booking begins.
    pub grace_before_minutes: u32,
    /// Doors close this many minutes after a booking ends.
    pub grace_after_minutes: u32,
}

/// How letters of this site look.
#[derive(Clone, Debug)]
pub struct Stationery {
    config: MailConfig,
    site: Site,
    style: QrStyle,
    tell_number: bool,
    per: CodesPer,
    subject: Template,
    text: Option<Template>,
    html: Option<Template>,
    images: Vec<Image>,
}

/// A letter in words, as it is kept until it was sent.
#[derive(Clone, Serialize, Deserialize)]
pub struct Written {
    pub(super) to: Vec<(Option<String>, String)>,
    pub(super) subject: String,
    pub(super) text: String,
    pub(super) html: Option<String>,
    pub(super) qr: Option<Picture>,
    pub(super) images: Vec<Image>,
    pub(super) calendar: Option<String>,
}

/// The picture of a code, to be drawn when the letter is sent.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Picture {
    pub(super) number: String,
    pub(super) style: QrStyle,
    pub(super) content_id: String,
    pub(super) name: String,
}

/// A picture of the site's own in its HTML.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Image {
    pub(super) name: String,
    pub(super) media_type: String,
    pub(super) content_id: String,
    pub(super) base64: String,
}

impl Site {
    /// A site in a zone, with its graces.
    pub fn new(zone: Tz, grace_before_minutes: u32, grace_after_minutes: u32) -> Self {
        Self { zone, grace_before_minutes, grace_after_minutes }
    }
}

impl Stationery {
    /// Reads the templates.
    ///
    /// # Errors
    /// The faults that keep letters from being written; warnings are told by [`MailConfig::faults`].
    pub fn load(config: &MailConfig, codes: &CodesConfig, site: Site) -> Result<Self, Vec<Fault>> {
        let read = Own::read(config);
        let wrong: Vec<_> = read.faults.into_iter().filter(|fault| !fault.warning).collect();
        if !wrong.is_empty() {
            return Err(wrong);
        }
        Ok(Self {
            config: config.clone(),
            site,
            style: QrStyle::new(codes),
            tell_number: codes.show_number_in_alt,
            per: codes.per,
            subject: read.subject,
            text: read.text,
            html: read.html,
            images: read.images,
        })
    }

    /// The letter in words. `key` is what makes it different from every other.
    pub fn write(&self, letter: &Letter, key: &str, now: DateTime<Utc>) -> Written {
        let language = letter.language.unwrap_or(self.config.language);
        let (text, html) = self.templates(letter.kind, language);
        let content_id = format!("code.{key}@{}", self.domain());
        let filling = Filling { stationery: self, letter, language, content_id: &content_id };
        let html = html.fill(|placeholder| filling.html(placeholder));
        let qr = match &letter.code {
            LetterCode::Qr(number) => Some(Picture {
                number: number.expose().to_owned(),
                style: self.style.clone(),
                content_id: content_id.clone(),
                name: QR_NAME.to_owned(),
            }),
            _ => None,
        };
        let name = plain(&format!("{} {}", letter.first_name, letter.sur_name));
        Written {
            to: vec![((!name.is_empty()).then_some(name), letter.address.trim().to_owned())],
            subject: filling.subject(),
            text: text.fill(|placeholder| filling.text(placeholder)),
            images: self.images.iter().filter(|image| html.contains(&image.content_id)).cloned().collect(),
            html: Some(html),
            qr,
            calendar: (self.config.calendar && letter.kind != LetterKind::Cancelled)
                .then(|| calendar(&letter.bookings, &self.config.site_name, &self.domain(), now)),
        }
    }

    /// A letter with made-up data, for previews and tests.
    pub fn sample(&self, kind: LetterKind, code: LetterCode, address: &str, now: DateTime<Utc>) -> Letter {
        let (start, end) = (now + Duration::days(1), now + Duration::days(1) + Duration::hours(1));
        let validity = (now, end + Duration::minutes(self.site.grace_after_minutes.into()));
        let stays = vec![Stay::new("Room 1", start, end), Stay::new("Desk 12", start, end + Duration::hours(3))];
        Letter::new(kind, address, code, 1, stays, validity).named("Robin", "van den Berg")
    }

    /// A made-up code of the kind that is issued, for previews and tests.
    pub fn sample_code(codes: &CodesConfig) -> LetterCode {
        use sync_core::connector::CodeKind;
        match codes.kind() {
            None => LetterCode::OwnCard,
            Some(CodeKind::Pin) => {
                let pin = "48213597".get(..usize::from(codes.pin_digits)).unwrap_or("4821");
                LetterCode::Pin(SecretText::new(pin))
            }
            Some(CodeKind::Number) => LetterCode::Qr(SecretText::new(codes.range().0.to_string())),
        }
    }

    /// A letter about a malfunction, to everybody who is to hear of them.
    pub(super) fn about_fault(&self, subject: &str, text: &str) -> Result<Written, MailError> {
        let recipients = self.config.fault_recipients().map_err(MailError::Settings)?;
        let to: Vec<_> = recipients.into_iter().map(|to| (to.name, to.email.to_string())).collect();
        if to.is_empty() {
            return Err(MailError::Settings("nobody is to hear of malfunctions".to_owned()));
        }
        let subject = plain(&format!("{} {subject}", self.config.fault_prefix));
        let lines: Vec<_> = text.lines().map(plain).collect();
        let text = format!("{}\n", lines.join("\n"));
        Ok(Written { to, subject, text, html: None, qr: None, images: Vec::new(), calendar: None })
    }

    pub(super) fn config(&self) -> &MailConfig {
        &self.config
    }

    /// Domain of the sender.
    pub(super) fn domain(&self) -> String {
        self.config.sender().map_or_else(|_| "localhost".to_owned(), |sender| sender.email.domain().to_owned())
    }

    fn templates(&self, kind: LetterKind, language: Language) -> (Template, Template) {
        let cancelled = kind == LetterKind::Cancelled;
        let (text, html) = match (language, cancelled) {
            (Language::En, false) => {
                (include_str!("../../templates/en/booking.txt"), include_str!("../../templates/en/booking.html"))
            }
            (Language::En, true) => {
                (include_str!("../../templates/en/cancelled.txt"), include_str!("../../templates/en/cancelled.html"))
            }
            (Language::Nl, false) => {
                (include_str!("../../templates/nl/booking.txt"), include_str!("../../templates/nl/booking.html"))
            }
            (Language::Nl, true) => {
                (include_str!("../../templates/nl/cancelled.txt"), include_str!("../../templates/nl/cancelled.html"))
            }
        };
        let own = |own: &Option<Template>, built_in: &str| match own {
            Some(own) if !cancelled => own.clone(),
            _ => Template::read(&built_in.replace(LASTING, lasting(self.per, language))),
        };
        (own(&self.text, text), own(&self.html, html))
    }
}

impl Written {
    /// The subject.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The plain text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The HTML; the picture of a code is named in it by its `cid:`.
    pub fn html(&self) -> Option<&str> {
        self.html.as_deref()
    }
}

/// What is wrong with the templates of a configuration, or deserves a second look.
pub(super) fn template_faults(config: &MailConfig) -> Vec<Fault> {
    Own::read(config).faults
}

/// The site's own templates.
struct Own {
    subject: Template,
    text: Option<Template>,
    html: Option<Template>,
    images: Vec<Image>,
    faults: Vec<Fault>,
}

impl Own {
    fn read(config: &MailConfig) -> Self {
        let mut own = Self {
            subject: Template::read(&config.subject),
            text: None,
            html: None,
            images: Vec::new(),
            faults: Vec::new(),
        };
        own.check_subject(config);
        own.text = own.template("text_template", config.text_template.as_deref(), |text, _| text.to_owned());
        own.html = own.template("html_template", config.html_template.as_deref(), Self::take_images);
        if own.text.is_some() != own.html.is_some() {
            let (missing, which) = if own.text.is_some() { ("html", "text") } else { ("text", "HTML") };
            let why = format!("is built in, while the {which} version is your own");
            own.faults.push(fault(&format!("{missing}_template"), &why, true));
        }
        own
    }

    fn check_subject(&mut self, config: &MailConfig) {
        if plain(&config.subject).is_empty() {
            self.faults.push(fault("subject", "is empty", false));
        }
        if self.subject.has(Placeholder::AccessCode) {
            self.faults.push(fault("subject", "has #ACCESS_CODE#: subjects are shown on locked screens", false));
        }
        self.tell_unknown("subject", &self.subject.clone());
    }

    fn template(
        &mut self,
        at: &str,
        path: Option<&Path>,
        prepare: impl Fn(&str, (&mut Self, &Path)) -> String,
    ) -> Option<Template> {
        let path = path?;
        let text = match read_small(path).map(String::from_utf8) {
            Ok(Ok(text)) => text,
            Ok(Err(_)) => {
                self.faults.push(fault(at, "is no UTF-8 text", false));
                return None;
            }
            Err(why) => {
                self.faults.push(fault(at, &why, false));
                return None;
            }
        };
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let template = Template::read(&prepare(text, (&mut *self, path)));
        if !template.has(Placeholder::AccessCode) {
            self.faults.push(fault(at, "has no #ACCESS_CODE#, so that nobody is told their code", true));
        }
        self.tell_unknown(at, &template);
        Some(template)
    }

    fn tell_unknown(&mut self, at: &str, template: &Template) {
        for word in template.unknown() {
            self.faults.push(fault(at, &format!("has {word}, which stands for nothing and stays as it is"), true));
        }
    }

    /// Pictures that lie beside the HTML file become part of the letter.
    fn take_images(html: &str, (own, path): (&mut Self, &Path)) -> String {
        let mut done = String::new();
        let mut rest = html;
        while let Some((before, after)) = rest.split_once("src=\"") {
            let (name, behind) = after.split_once('"').unwrap_or((after, ""));
            done.push_str(before);
            done.push_str("src=\"");
            let content_id = own.image(name, path);
            done.push_str(&content_id.map_or_else(|| name.to_owned(), |id| format!("cid:{id}")));
            if behind.is_empty() && !after.contains('"') {
                return done;
            }
            done.push('"');
            rest = behind;
        }
        done.push_str(rest);
        done
    }

    fn image(&mut self, name: &str, html: &Path) -> Option<String> {
        if name.starts_with("cid:") || name.contains('#') {
            return None;
        }
        if name.contains([':', '/', '\\']) || name.starts_with('.') {
            let why =
                format!("shows the picture {name:?}, which does not lie beside it: many programs will not show it");
            self.faults.push(fault("html_template", &why, true));
            return None;
        }
        let media_type = match name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase()).as_deref() {
            Some("png") => "image/png",
            Some("jpg" | "jpeg") => "image/jpeg",
            Some("gif") => "image/gif",
            _ => {
                self.faults.push(fault(
                    "html_template",
                    &format!("shows {name:?}, which is no PNG, JPEG or GIF"),
                    true,
                ));
                return None;
            }
        };
        let content_id = format!("{}@template", hex::encode(name));
        if self.images.iter().any(|image| image.content_id == content_id) {
            return Some(content_id);
        }
        match read_small(&html.with_file_name(name)) {
            Ok(bytes) => {
                self.images.push(Image {
                    name: name.to_owned(),
                    media_type: media_type.to_owned(),
                    content_id: content_id.clone(),
                    base64: STANDARD.encode(bytes),
                });
                Some(content_id)
            }
            Err(why) => {
                self.faults.push(fault("html_template", &format!("shows {name:?}, which {why}"), false));
                None
            }
        }
    }
}

fn read_small(path: &Path) -> Result<Vec<u8>, String> {
    let cannot = |error: std::io::Error| format!("cannot be read: {error}");
    if fs::metadata(path).map_err(cannot)?.len() > LARGEST_FILE {
        return Err("is larger than one mebibyte".to_owned());
    }
    fs::read(path).map_err(cannot)
}

/// What stands for the placeholders in one letter.
struct Filling<'a> {
    stationery: &'a Stationery,
    letter: &'a Letter,
    language: Language,
    content_id: &'a str,
}

impl Filling<'_> {
    fn subject(&self) -> String {
        let config = &self.stationery.config;
        let filled = plain(&self.stationery.subject.fill(|placeholder| match placeholder {
            Placeholder::AccessCode => String::new(),
            other => self.text(other),
        }));
        match (self.letter.kind, self.language) {
            (LetterKind::Reminder, Language::En) => format!("Reminder: {filled}"),
            (LetterKind::Reminder, Language::Nl) => format!("Herinnering: {filled}"),
            (LetterKind::Cancelled, Language::En) => plain(&format!("Your booking was cancelled {}", config.site_name)),
            (LetterKind::Cancelled, Language::Nl) => plain(&format!("Uw boeking is geannuleerd {}", config.site_name)),
            _ => filled,
        }
    }

    fn text(&self, placeholder: Placeholder) -> String {
        match placeholder {
            Placeholder::AccessCode => match self.to_follow() {
                Some(words) => format!("{} ({words})", self.code_in_text()),
                None => self.code_in_text(),
            },
            Placeholder::BookingList => {
                self.stays().into_iter().map(|line| format!("- {line}")).collect::<Vec<_>>().join("\n")
            }
            other => plain(&self.simple(other)),
        }
    }

    fn html(&self, placeholder: Placeholder) -> String {
        match placeholder {
            Placeholder::AccessCode => match self.to_follow() {
                Some(words) => beside(&self.code_in_html(), &escaped(&words)),
                None => self.code_in_html(),
            },
            Placeholder::BookingList => {
                let items = self.stays().into_iter().map(|line| format!("<li>{}</li>", escaped(&line)));
                format!("<ul>{}</ul>", items.collect::<String>())
            }
            other => escaped(&self.simple(other)),
        }
    }

    fn simple(&self, placeholder: Placeholder) -> String {
        let (letter, config, site) = (self.letter, &self.stationery.config, &self.stationery.site);
        match placeholder {
            Placeholder::FirstName => letter.first_name.clone(),
            Placeholder::SurName => letter.sur_name.clone(),
            Placeholder::StartPeriod => self.language.moment(letter.valid_from, site.zone),
            Placeholder::EndPeriod => self.language.moment(letter.valid_until, site.zone),
            Placeholder::Resources => self.resources(),
            Placeholder::GraceBefore => site.grace_before_minutes.to_string(),
            Placeholder::GraceAfter => site.grace_after_minutes.to_string(),
            Placeholder::SiteName => config.site_name.clone(),
            Placeholder::Contact => config.contact.clone(),
            Placeholder::Privacy => config.privacy.clone(),
            Placeholder::AccessCode | Placeholder::BookingList => String::new(),
        }
    }

    fn resources(&self) -> String {
        let mut names: Vec<&str> = Vec::new();
        for stay in &self.letter.bookings {
            if !names.contains(&stay.resource.as_str()) {
                names.push(&stay.resource);
            }
        }
        names.join(", ")
    }

    fn stays(&self) -> Vec<String> {
        let zone = self.stationery.site.zone;
        let line = |stay: &Stay| {
            plain(&format!("{}: {}", stay.resource, self.language.span(stay.start, stay.end, zone, stay.zone)))
        };
        self.letter.bookings.iter().map(line).collect()
    }

    /// What is said of bookings whose code does not exist yet.
    fn to_follow(&self) -> Option<String> {
        let letter = self.letter;
        if !letter.codes_to_follow || matches!(letter.code, LetterCode::None | LetterCode::OwnCard) {
            return None;
        }
        Some(to_follow(self.language, letter.valid_until, self.stationery.site.zone))
    }

    fn code_in_text(&self) -> String {
        match (&self.letter.code, self.language) {
            (LetterCode::Pin(pin), _) => plain(pin.expose()),
            (LetterCode::Qr(_), Language::En) => format!("the QR code in the attached picture {QR_NAME}"),
            (LetterCode::Qr(_), Language::Nl) => format!("de QR-code in de bijgevoegde afbeelding {QR_NAME}"),
            (LetterCode::OwnCard, Language::En) => "your own card or fob".to_owned(),
            (LetterCode::OwnCard, Language::Nl) => "uw eigen pas of tag".to_owned(),
            (LetterCode::Withheld(hours), Language::En) => {
                format!("a code that we send you {hours} hours before your booking starts")
            }
            (LetterCode::Withheld(hours), Language::Nl) => {
                format!("een code die u {hours} uur voor het begin van uw boeking ontvangt")
            }
            (LetterCode::None, _) => String::new(),
        }
    }

    fn code_in_html(&self) -> String {
        let LetterCode::Qr(number) = &self.letter.code else { return escaped(&self.code_in_text()) };
        let mut alt = match self.language {
            Language::En => "QR code that opens the door".to_owned(),
            Language::Nl => "QR-code waarmee de deur opengaat".to_owned(),
        };
        if self.stationery.tell_number {
            alt.push_str(": ");
            alt.push_str(number.expose());
        }
        format!("<img src=\"cid:{}\" alt=\"{}\" width=\"300\" height=\"300\">", self.content_id, escaped(&alt))
    }
}

/// Hides whom it is for and what it says.
impl fmt::Debug for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Written").field("subject", &self.subject).finish_non_exhaustive()
    }
}

impl fmt::Debug for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Image({})", self.name)
    }
}
