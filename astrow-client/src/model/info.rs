//! What Astrow says of itself, and the codes that it knows.

use std::collections::BTreeSet;

use chrono::{DateTime, FixedOffset};
use chrono_tz::Tz;
use serde::{Deserialize, Deserializer};

use super::id::ChangeCursor;
use super::words::Licence;

/// What Astrow says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct AstrowInfo {
    /// Name of the product.
    pub product: String,
    /// Its version.
    pub version: Option<String>,
    /// The zone of its days.
    #[serde(deserialize_with = "zone")]
    pub time_zone: Tz,
    /// Whether badge numbers are hexadecimal.
    pub hex_badges: bool,
    /// What is licensed; nothing where the driver cannot know.
    pub licences: Option<BTreeSet<Licence>>,
    /// Its clock.
    pub now: Option<DateTime<FixedOffset>>,
    /// Where changes from now on will be found.
    pub changes_next: Option<ChangeCursor>,
}

impl AstrowInfo {
    /// A site of which only product, zone and the way of badge numbers are known.
    pub fn new(product: impl Into<String>, time_zone: Tz, hex_badges: bool) -> Self {
        let (licences, now, changes_next) = (None, None, None);
        Self { product: product.into(), version: None, time_zone, hex_badges, licences, now, changes_next }
    }

    /// Whether something is licensed; what is not known is believed to be.
    pub fn has(&self, licence: &Licence) -> bool {
        self.licences.as_ref().is_none_or(|all| all.contains(licence))
    }
}

/// The codes that Astrow knows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct Lookups {
    /// Work cycles.
    pub cycles: Vec<Lookup>,
    /// Pay groups.
    pub pay_groups: Vec<Lookup>,
    /// Departments.
    pub departments: Vec<Lookup>,
    /// Groups of terminals.
    pub terminal_groups: Vec<Lookup>,
    /// Company sites.
    pub company_sites: Vec<Lookup>,
    /// Master codes of bookings.
    pub master_codes: Vec<Lookup>,
    /// Cost centres of bookings.
    pub cost_centres: Vec<Lookup>,
    /// Terminals.
    pub terminals: Vec<Terminal>,
}

/// A code with its name.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[non_exhaustive]
pub struct Lookup {
    /// The code.
    pub code: String,
    /// The name.
    #[serde(default)]
    pub name: String,
}

/// A terminal on which bookings are made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Terminal {
    /// Its serial number, by which bookings name it.
    pub serial: String,
    /// The number that Astrow gives to it.
    pub number: Option<u32>,
    /// Its code.
    pub code: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// Its kind; `file` takes bookings from outside.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// The terminal groups that it belongs to.
    #[serde(default)]
    pub group_codes: Vec<String>,
}

impl Lookup {
    /// A code with its name.
    pub fn new(code: impl Into<String>, name: impl Into<String>) -> Self {
        Self { code: code.into(), name: name.into() }
    }
}

impl Lookups {
    /// The code that a text means: by code first, else by name, whatever the case.
    pub fn code_of<'a>(list: &'a [Lookup], text: &str) -> Option<&'a str> {
        let same_name = |item: &&Lookup| item.name.trim().to_lowercase() == text.trim().to_lowercase();
        let found = list.iter().find(|item| item.code == text).or_else(|| list.iter().find(same_name));
        found.map(|item| item.code.as_str())
    }

    /// The terminal with a serial number.
    pub fn terminal(&self, serial: &str) -> Option<&Terminal> {
        self.terminals.iter().find(|terminal| terminal.serial == serial)
    }
}

fn zone<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Tz, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.trim().parse().map_err(|_| serde::de::Error::custom("expected a zone like Europe/Brussels"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_department_is_found_by_code_and_then_by_name() {
        let list = [Lookup::new("FIN", "Finance"), Lookup::new("X", "fin"), Lookup::new("LOG", "Logistics")];
        assert_eq!(Lookups::code_of(&list, "FIN"), Some("FIN"));
        assert_eq!(Lookups::code_of(&list, "fin"), Some("X"));
        assert_eq!(Lookups::code_of(&list, " logistics "), Some("LOG"));
        assert_eq!(Lookups::code_of(&list, "HR"), None);
    }
}
