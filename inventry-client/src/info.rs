//! What the server says about itself.

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use connector_http::profile::{Item, Misfit, Profile};
use connector_http::{Error, ErrorKind};

use crate::reading::{enabled, text, utc};
use crate::version::Version;

/// What the server says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Info {
    /// Name of the product.
    pub product: Option<String>,
    /// Its version as it is written.
    pub version: String,
    /// Whose installation it is.
    pub organisation: Option<String>,
    /// The zone of the installation, for times without an offset.
    pub time_zone: Option<Tz>,
    /// What its clock shows.
    pub now: Option<DateTime<Utc>>,
    /// What it offers; `None` where it does not say.
    pub capabilities: Option<Vec<String>>,
    /// The licence of the interface, where it tells about it.
    pub licence: Option<Licence>,
}

/// The licence of the interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Licence {
    /// Whether it is in force.
    pub active: bool,
    /// Its last day.
    pub until: Option<NaiveDate>,
}

/// Something that the server may or may not offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Capability {
    /// The list of sites.
    Sites,
    /// The departments.
    Departments,
    /// The people.
    Personnel,
    /// The devices.
    Devices,
    /// The events.
    Events,
    /// Waiting for events.
    EventsFollow,
    /// Who is on site.
    OnSite,
    /// The list of what was deleted.
    Deletions,
}

impl Capability {
    /// Its name in the server's list.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sites => "sites",
            Self::Departments => "departments",
            Self::Personnel => "personnel",
            Self::Devices => "devices",
            Self::Events => "events",
            Self::EventsFollow => "events.follow",
            Self::OnSite => "on-site",
            Self::Deletions => "deletions",
        }
    }
}

impl Info {
    pub(crate) fn read(profile: &Profile, item: &Item<'_>) -> Result<Self, Misfit> {
        let time_zone = text(item, "time_zone")?.and_then(|name| name.trim().parse().ok());
        let active = enabled(item, "licence_active")?;
        let until = item.date_opt("licence_until")?;
        Ok(Self {
            product: text(item, "product")?,
            version: item.text("version")?,
            organisation: text(item, "organisation")?,
            time_zone,
            // Its own clock is no reason to refuse it.
            now: utc(item, "now", time_zone).ok().flatten(),
            capabilities: capabilities(profile, item)?,
            licence: (active.is_some() || until.is_some()).then(|| Licence { active: active.unwrap_or(true), until }),
        })
    }

    /// Whether the server offers something; what it does not speak about counts as offered, but for waiting.
    pub fn offers(&self, capability: Capability) -> bool {
        match &self.capabilities {
            Some(list) => list.iter().any(|name| name == capability.as_str()),
            None => capability != Capability::EventsFollow,
        }
    }

    /// Makes sure that the version is known and new enough.
    ///
    /// # Errors
    /// `Config`, saying which version is needed and which one it is.
    pub fn require_version(&self, oldest: &Version) -> Result<Version, Error> {
        let refuse = |text: String| Err(Error::new(ErrorKind::Config, text));
        match self.version.parse::<Version>() {
            Ok(version) if version >= *oldest => Ok(version),
            Ok(version) => refuse(format!("InVentry {oldest} or later is needed, the server is {version}")),
            Err(_) => refuse(format!("InVentry {oldest} or later is needed, and the server's version cannot be read")),
        }
    }

    /// Makes sure that the licence of the interface is in force, where the server tells about it.
    ///
    /// # Errors
    /// `Permission`.
    pub fn require_licence(&self) -> Result<(), Error> {
        match self.licence {
            Some(Licence { active: false, .. }) => {
                Err(Error::new(ErrorKind::Permission, "the licence of InVentry's interface is not active"))
            }
            _ => Ok(()),
        }
    }
}

/// What the server offers, in our words where they are known.
fn capabilities(profile: &Profile, item: &Item<'_>) -> Result<Option<Vec<String>>, Misfit> {
    if item.raw("capabilities").is_none() {
        return Ok(None);
    }
    let names = item.texts("capabilities")?;
    let ours = |name: String| match profile.values("capability").and_then(|map| map.read(&name.as_str().into())) {
        Some(word) => word.as_str().to_owned(),
        None => name,
    };
    Ok(Some(names.into_iter().map(ours).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(version: &str) -> Info {
        Info {
            product: None,
            version: version.to_owned(),
            organisation: None,
            time_zone: None,
            now: None,
            capabilities: None,
            licence: None,
        }
    }

    #[test]
    fn an_old_or_unreadable_version_is_refused_with_both_versions_named() {
        let refused = |version: &str| info(version).require_version(&Version::oldest_supported()).unwrap_err();
        let old = refused("4.10.3");
        assert_eq!(old.kind(), ErrorKind::Config);
        assert_eq!(old.message(), "InVentry 4.11.0 or later is needed, the server is 4.10.3");
        assert!(refused("").message().contains("cannot be read"));
        assert!(info("4.11.2").require_version(&Version::oldest_supported()).is_ok());
    }

    #[test]
    fn only_a_licence_that_is_said_to_be_off_stops() {
        let mut info = info("4.11");
        assert!(info.require_licence().is_ok());
        info.licence = Some(Licence { active: false, until: None });
        assert_eq!(info.require_licence().unwrap_err().kind(), ErrorKind::Permission);
    }

    #[test]
    fn what_is_not_listed_is_not_offered() {
        let mut info = info("4.11");
        assert!(info.offers(Capability::Deletions) && !info.offers(Capability::EventsFollow));
        info.capabilities = Some(vec!["events".to_owned()]);
        assert!(info.offers(Capability::Events) && !info.offers(Capability::Deletions));
    }
}
