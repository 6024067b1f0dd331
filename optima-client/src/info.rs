//! What a server says of itself.

use std::collections::BTreeSet;

use chrono::{DateTime, FixedOffset, NaiveDate};
use chrono_tz::Tz;
use connector_http::profile::{Item, Misfit, Word};

use crate::dialect::{Read, needed};
use crate::operation::operation;
use crate::words::Capability;

/// What a server says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Info {
    /// Name of the product.
    pub product: Option<String>,
    /// Its version.
    pub version: Option<String>,
    /// Name of the site.
    pub site: Option<String>,
    /// The zone of times without an offset.
    pub time_zone: Option<Tz>,
    /// The server's clock.
    pub now: Option<DateTime<FixedOffset>>,
    /// What the server can do; nothing where the profile has no such field.
    pub capabilities: Option<BTreeSet<Capability>>,
    /// Its licence.
    pub licence: Licence,
    /// Most credentials of one badge.
    pub credentials_per_badge: Option<usize>,
    /// Most characters of a name.
    pub name_length: Option<usize>,
}

/// The licence of a server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Licence {
    /// Whether it is in force.
    pub active: Option<bool>,
    /// Its last day.
    pub until: Option<NaiveDate>,
}

impl Licence {
    /// Days until its last one; negative when it is over.
    pub fn days_left(&self, today: NaiveDate) -> Option<i64> {
        Some((self.until? - today).num_days())
    }

    /// Whether it is over.
    pub fn is_over(&self, today: NaiveDate) -> bool {
        self.active == Some(false) || self.days_left(today).is_some_and(|days| days < 0)
    }

    /// Whether it is over, or will be within 30 days.
    pub fn ends_soon(&self, today: NaiveDate) -> bool {
        self.is_over(today) || self.days_left(today).is_some_and(|days| days <= 30)
    }
}

impl Info {
    /// Whether the server says that it can do something; a server that says nothing of that kind is believed to.
    pub fn can(&self, capability: &Capability) -> bool {
        self.capabilities.as_ref().is_none_or(|all| all.contains(capability))
    }
}

impl Read for Info {
    const OBJECT: &'static str = "info";

    fn read(item: Item<'_>, zone: Option<Tz>) -> Result<Self, Misfit> {
        needed(item, "capabilities", "a list of texts")?;
        let time_zone = match item.text_opt("time_zone")?.filter(|zone| !zone.trim().is_empty()) {
            Some(text) => {
                Some(text.trim().parse().map_err(|_| item.misfit_of("time_zone", "a zone like Europe/London"))?)
            }
            None => None,
        };
        Ok(Self {
            product: item.text_opt("product")?,
            version: item.text_opt("version")?,
            site: item.text_opt("site")?,
            now: item.instant_opt("now", time_zone.or(zone))?,
            time_zone,
            capabilities: item.has("capabilities").then(|| capabilities(item)).transpose()?,
            licence: Licence { active: item.bool_opt("licence_active")?, until: item.date_opt("licence_until")? },
            credentials_per_badge: count(item, "credentials_per_badge")?,
            name_length: count(item, "name_length")?,
        })
    }
}

fn capabilities(item: Item<'_>) -> Result<BTreeSet<Capability>, Misfit> {
    let words = item.texts("capabilities")?;
    let ours = |text: String| match item.mapped("capability", &text) {
        Some(word) => word,
        None => Word::unmapped(text),
    };
    Ok(words.into_iter().map(|text| ours(text).into()).collect())
}

fn count(item: Item<'_>, name: &str) -> Result<Option<usize>, Misfit> {
    Ok(item.int_opt(name)?.and_then(|count| usize::try_from(count).ok()).filter(|count| *count > 0))
}

operation! {
    /// Reads what the server says of itself.
    GetInfo {} = "optima.info", Safe -> Info;
    request(op, base) => op.dialect.get(base, "info", None);
    response(op, parts, body) => op.dialect.one(parts, body, "info");
}
