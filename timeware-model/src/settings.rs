//! A checked configuration, with the text rules that follow from it.

use std::collections::BTreeMap;

use chrono_tz::Tz;

use crate::config::{Profile, StoreKind, TimewareConfig};
use crate::contract::{Table, cut};
use crate::employee::EmployeeField;
use crate::error::{Error, Result};
use crate::grouping::GroupingNumber;
use crate::mapping::Mapping;
use crate::name::{NameParts, PARTICLES};
use crate::terminal::TerminalKind;
use crate::transform::{Transform, TransformSpec};
use crate::version::VersionSpan;

/// The lowest number that a terminal of ours may have; other programs act on smaller ones.
pub const LOWEST_TERMINAL_NUMBER: i64 = 10_000;

/// A configuration that has been checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    config: TimewareConfig,
    mapping: Mapping,
    profile: Profile,
    time_zone: Tz,
    versions: VersionSpan,
    department: Option<GroupingNumber>,
    particles: Vec<String>,
    transforms: BTreeMap<String, Vec<Transform>>,
}

impl Settings {
    /// Checks a configuration.
    ///
    /// # Errors
    /// `Config`; [`Error::field`] names the setting, the text says why, [`Error::remedy`] what to write.
    pub fn new(config: TimewareConfig) -> Result<Self> {
        if config.store == StoreKind::SqlServer {
            config.sqlserver.check()?;
        }
        let profile = profile(&config)?;
        check_numbers(&config)?;
        check_codes(&config)?;
        if config.status_current.trim().is_empty() || config.status_leaver.trim().is_empty() {
            let remedy = "write the names of two rows of the table of employment status";
            return Err(Error::config("timeware.status_current", "a status has no name", remedy));
        }
        let time_zone = config.time_zone.parse().map_err(|_| {
            let reason = format!("`{}` is not a time zone", config.time_zone);
            Error::config("timeware.time_zone", reason, "use an IANA name such as \"Europe/London\"")
        })?;
        let department = match config.department_grouping {
            0 => None,
            number => Some(GroupingNumber::new(number).map_err(|_| {
                let remedy = "use 1 to 10, or 0 to leave departments out";
                Error::config("timeware.department_grouping", format!("there is no grouping {number}"), remedy)
            })?),
        };
        let mapping = Mapping::new(&config)?;
        if let Some(number) = department.filter(|number| !mapping.has(Table::Employee, number.logical())) {
            let remedy = format!("give timeware.columns.employee.{} a name, or choose another", number.logical());
            let reason = format!("this site has no column for grouping {number}");
            return Err(Error::config("timeware.department_grouping", reason, remedy));
        }
        Ok(Self {
            versions: config.supported_versions.parse()?,
            particles: particles(&config),
            transforms: transforms(&config)?,
            mapping,
            profile,
            time_zone,
            department,
            config,
        })
    }

    /// The configuration.
    pub fn config(&self) -> &TimewareConfig {
        &self.config
    }

    /// The names of the site.
    pub fn mapping(&self) -> &Mapping {
        &self.mapping
    }

    /// How bookings are written.
    pub fn profile(&self) -> Profile {
        self.profile
    }

    /// Zone of terminals that have none of their own.
    pub fn time_zone(&self) -> Tz {
        self.time_zone
    }

    /// The releases that may be written.
    pub fn supported_versions(&self) -> &VersionSpan {
        &self.versions
    }

    /// The grouping that takes the department.
    pub fn department_grouping(&self) -> Option<GroupingNumber> {
        self.department
    }

    /// Kind of a new terminal.
    pub fn default_kind(&self) -> TerminalKind {
        match self.config.default_kind {
            crate::config::DefaultKind::Access => TerminalKind::Access,
            crate::config::DefaultKind::Attendance => TerminalKind::Attendance,
            crate::config::DefaultKind::FireAlarm => TerminalKind::FireAlarm,
        }
    }

    /// Whether each write of a person is announced to the site's terminals.
    pub fn notifies_hardware(&self) -> bool {
        self.config.notify_hardware.unwrap_or(self.profile == Profile::Staged)
    }

    /// Whether a field is read and written: the site has it, and it is not a personal field switched off (rule W14).
    pub fn reads(&self, field: EmployeeField) -> bool {
        self.mapping.has(Table::Employee, field.logical())
            && (!field.is_personal() || self.config.personal_fields.contains(&field))
    }

    /// Whether an empty source value empties the field (rule W15).
    pub fn clears(&self, field: EmployeeField) -> bool {
        !field.is_personal() || self.config.authoritative.contains(&field)
    }

    /// Splits a name by the particles of this site (rule W2).
    ///
    /// # Errors
    /// `Rejected` when the text holds no word.
    pub fn split_name(&self, text: &str) -> Result<NameParts> {
        NameParts::split(text, &self.particles)
    }

    /// What would be stored for a text: trimmed, transformed, cut. Empty when nothing is left.
    pub fn canonical_text(&self, field: EmployeeField, text: &str) -> String {
        let (text, _) = self.stored_text(field, text, &|_| None);
        text
    }

    /// The text to store, and the length it was cut to, if it was.
    pub(crate) fn stored_text(
        &self,
        field: EmployeeField,
        text: &str,
        other: &dyn Fn(&str) -> Option<String>,
    ) -> (String, Option<usize>) {
        let mut value = text.trim().to_owned();
        for transform in self.transforms.get(field.logical()).into_iter().flatten() {
            value = transform.apply(value, other);
        }
        let length = Table::Employee.column(field.logical()).and_then(|column| column.length);
        match length.and_then(|length| Some((cut(&value, length)?, length))) {
            Some((short, length)) => (short, Some(length)),
            None => (value, None),
        }
    }
}

fn profile(config: &TimewareConfig) -> Result<Profile> {
    let live = config.store == StoreKind::SqlServer;
    let profile = config.profile.unwrap_or(if live { Profile::Staged } else { Profile::Twork });
    if live && profile == Profile::Twork && !config.allow_direct_twork {
        return Err(Error::config(
            "timeware.profile",
            "a live database calculates its `twork` rows itself; rows written there directly may be lost or counted wrongly",
            "use profile = \"staged\", or set allow_direct_twork = true if the vendor has agreed",
        ));
    }
    Ok(profile)
}

fn check_numbers(config: &TimewareConfig) -> Result<()> {
    let (from, to) = (config.terminal_number_from, config.terminal_number_to);
    if from < LOWEST_TERMINAL_NUMBER {
        let reason = format!("{from} is below {LOWEST_TERMINAL_NUMBER}; other programs act on such numbers");
        return Err(Error::config("timeware.terminal_number_from", reason, "use 20000"));
    }
    if to < from || i32::try_from(to).is_err() {
        let reason = format!("{from} to {to} is not a range");
        return Err(Error::config("timeware.terminal_number_to", reason, "use a number above terminal_number_from"));
    }
    if config.max_age_days == 0 {
        let remedy = "use the number of days in which bookings may still change, such as 31";
        return Err(Error::config("timeware.max_age_days", "0 would hold every event", remedy));
    }
    Ok(())
}

fn check_codes(config: &TimewareConfig) -> Result<()> {
    let enums = &config.enums;
    let lists = [
        ("configuration", enums.configuration.all()),
        ("type", enums.booking_type.all()),
        ("flag", enums.flag.all()),
        ("direction", enums.direction.all()),
    ];
    for (name, codes) in lists {
        let mut seen = BTreeMap::new();
        for (word, code) in codes {
            if let Some(other) = seen.insert(code, word) {
                let reason = format!("`{other}` and `{word}` have the same code {code}");
                return Err(Error::config(format!("timeware.enums.{name}.{word}"), reason, "give each its own code"));
            }
        }
    }
    Ok(())
}

fn particles(config: &TimewareConfig) -> Vec<String> {
    match &config.name_particles {
        Some(list) => list.iter().map(|particle| particle.to_lowercase()).collect(),
        None => PARTICLES.iter().map(ToString::to_string).collect(),
    }
}

fn transforms(config: &TimewareConfig) -> Result<BTreeMap<String, Vec<Transform>>> {
    let mut all: BTreeMap<String, Vec<Transform>> =
        [("post_code".to_owned(), vec![Transform::Trim, Transform::Upper, Transform::UkPostCode])].into();
    for (table, fields) in &config.transform {
        if *table != Table::Employee {
            let at = format!("timeware.transform.{}", table.logical());
            return Err(Error::config(at, "only people have transforms", "remove this table"));
        }
        for (field, specs) in fields {
            let at = format!("timeware.transform.employee.{field}");
            let known = field.parse::<EmployeeField>().is_ok_and(is_text);
            if !known {
                let reason = format!("`{field}` is not a text field of a person");
                return Err(Error::config(at, reason, "use a logical name such as post_code"));
            }
            let steps: Result<Vec<_>> = specs.iter().map(|spec: &TransformSpec| Transform::parse(spec, &at)).collect();
            all.insert(field.clone(), steps?);
        }
    }
    Ok(all)
}

fn is_text(field: EmployeeField) -> bool {
    Table::Employee.column(field.logical()).is_some_and(|column| column.family == crate::contract::Family::Text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(text: &str) -> Result<Settings> {
        Settings::new(toml::from_str(text).unwrap())
    }

    #[test]
    fn an_unknown_grouping_names_field_reason_and_remedy() {
        let error = settings("department_grouping = 11").unwrap_err();
        assert_eq!(error.field(), Some("timeware.department_grouping"));
        assert_eq!(
            error.to_string(),
            "timeware.department_grouping: there is no grouping 11; use 1 to 10, or 0 to leave departments out"
        );
        let error = settings("department_grouping = 2\n[columns.employee]\ngrouping_2 = \"\"").unwrap_err();
        assert_eq!(error.field(), Some("timeware.department_grouping"));
        assert_eq!(settings("department_grouping = 0").unwrap().department_grouping(), None);
    }

    #[test]
    fn a_live_database_is_not_written_directly_by_itself() {
        let site = "store = \"sqlserver\"\nsqlserver = { host = \"sql01\", user = \"x\", password = \"env:X\" }\n";
        let direct = format!("{site}profile = \"twork\"\n");
        assert_eq!(settings(&direct).unwrap_err().field(), Some("timeware.profile"));
        assert!(settings(&format!("{direct}allow_direct_twork = true")).is_ok());
        assert_eq!(settings(site).unwrap().profile(), Profile::Staged);
        assert_eq!(settings("store = \"sqlserver\"").unwrap_err().field(), Some("timeware.sqlserver.host"));
        assert_eq!(settings("").unwrap().profile(), Profile::Twork);
    }

    #[test]
    fn each_fault_names_its_setting() {
        for (text, field) in [
            ("terminal_number_from = 900", "timeware.terminal_number_from"),
            ("terminal_number_to = 100", "timeware.terminal_number_to"),
            ("time_zone = \"Mars/Base\"", "timeware.time_zone"),
            ("supported_versions = \"18\"", "timeware.supported_versions"),
            ("status_leaver = \"\"", "timeware.status_current"),
            ("max_age_days = 0", "timeware.max_age_days"),
            ("[enums.configuration]\naccess = 10", "timeware.enums.configuration.attendance"),
            ("[transform.employee]\npost_code = [\"shout\"]", "timeware.transform.employee.post_code"),
            ("[transform.employee]\nbadge = [\"trim\"]", "timeware.transform.employee.badge"),
            ("[transform.terminal]\ndescription = [\"trim\"]", "timeware.transform.terminal"),
        ] {
            assert_eq!(settings(text).unwrap_err().field(), Some(field), "{text}");
        }
    }

    #[test]
    fn a_configuration_survives_its_text() {
        let mut config = TimewareConfig { max_age_days: 7, ..TimewareConfig::default() };
        config.tables.insert(Table::Employee, "dbo.people".to_owned());
        config.personal_fields.insert(EmployeeField::PostCode);
        let text = toml::to_string(&config).unwrap();
        assert_eq!(toml::from_str::<TimewareConfig>(&text).unwrap(), config, "{text}");
        let schema = schemars::schema_for!(TimewareConfig);
        assert!(schema.get("properties").is_some_and(|keys| keys.get("department_grouping").is_some()));
    }

    #[test]
    fn unknown_keys_are_refused() {
        for text in ["speed = 1", "[enums.flag]\nforced = 2", "[groupings]\nkinds = 1", "[tables]\npeople = \"x\""] {
            assert!(toml::from_str::<TimewareConfig>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn texts_are_stored_in_canonical_form() {
        let site = settings("[transform.employee]\ngender = [{ map = { M = \"Male\" } }]").unwrap();
        assert_eq!(site.canonical_text(EmployeeField::PostCode, " zz14qx "), "ZZ1 4QX");
        assert_eq!(site.canonical_text(EmployeeField::Gender, "M"), "Male");
        assert_eq!(site.canonical_text(EmployeeField::Title, &"x".repeat(30)).len(), 20);
    }
}
