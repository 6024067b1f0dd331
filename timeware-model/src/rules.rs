//! The write rules for people that need no database (W2, W14, W15), shared by every store.

use chrono::{NaiveDate, NaiveDateTime};

use crate::contract::{Table, cut};
use crate::employee::{EmployeeField, Field, PersonFields};
use crate::error::{Error, Result};
use crate::local_time::cut_to_seconds;
use crate::name::NO_NAME;
use crate::settings::Settings;
use crate::sql::value::{Value, day};
use crate::store::Warning;

/// Values by logical column, and what had to be said about them.
#[derive(Debug, Default)]
pub(crate) struct Prepared {
    pub(crate) values: Vec<(&'static str, Value)>,
    pub(crate) warnings: Vec<Warning>,
}

/// The values of the plain columns of a person; badge and groupings need the database.
pub(crate) fn person_values(settings: &Settings, fields: &PersonFields) -> Result<Prepared> {
    let mut out = Prepared::default();
    for (field, change) in fields.texts() {
        match change {
            Field::Keep => {}
            Field::Clear => out.clear(settings, field),
            Field::Set(text) => out.text(settings, field, text, fields)?,
        }
    }
    if out.values.iter().filter(|(_, value)| matches!(value, Value::Text(text) if text == NO_NAME)).count() == 2 {
        return Err(Error::rejected("last_name", "the name is empty"));
    }
    out.date(settings, EmployeeField::DateOfBirth, &fields.date_of_birth);
    out.date(settings, EmployeeField::DateStarted, &fields.date_started);
    out.time(settings, EmployeeField::BadgeActivation, &fields.badge_activation);
    out.time(settings, EmployeeField::BadgeExpiry, &fields.badge_expiry);
    match &fields.security_pin {
        Field::Keep => {}
        Field::Clear => out.clear(settings, EmployeeField::SecurityPin),
        Field::Set(pin) => out.text(settings, EmployeeField::SecurityPin, pin.expose(), fields)?,
    }
    match &fields.policy {
        Field::Keep => {}
        Field::Clear => out.clear(settings, EmployeeField::Policy),
        Field::Set(policy) => out.put(settings, EmployeeField::Policy, Value::Integer(policy.get())),
    }
    Ok(out)
}

impl Prepared {
    fn put(&mut self, settings: &Settings, field: EmployeeField, value: Value) {
        if settings.reads(field) {
            self.values.push((field.logical(), value));
        }
    }

    fn clear(&mut self, settings: &Settings, field: EmployeeField) {
        if matches!(field, EmployeeField::FirstName | EmployeeField::LastName) {
            self.put(settings, field, Value::Text(NO_NAME.to_owned()));
        } else if settings.clears(field) {
            self.put(settings, field, Value::Null);
        }
    }

    fn text(&mut self, settings: &Settings, field: EmployeeField, text: &str, all: &PersonFields) -> Result<()> {
        if !settings.reads(field) {
            return Ok(());
        }
        let other = |name: &str| all.texts().iter().find(|(field, _)| field.logical() == name)?.1.value().cloned();
        let (stored, shortened) = settings.stored_text(field, text, &other);
        if stored.contains('\0') {
            return Err(Error::rejected(field.logical(), "the text holds a NUL character"));
        }
        if stored.is_empty() {
            self.clear(settings, field);
            return Ok(());
        }
        if let Some(length) = shortened {
            if is_key(field) {
                return Err(Error::rejected(field.logical(), format!("longer than {length} characters")));
            }
            self.warnings.push(Warning::Cut { field: field.logical(), length });
        }
        self.values.push((field.logical(), Value::Text(stored)));
        Ok(())
    }

    fn date(&mut self, settings: &Settings, field: EmployeeField, change: &Field<NaiveDate>) {
        match change {
            Field::Keep => {}
            Field::Clear => self.clear(settings, field),
            Field::Set(date) => self.put(settings, field, day(*date)),
        }
    }

    fn time(&mut self, settings: &Settings, field: EmployeeField, change: &Field<NaiveDateTime>) {
        match change {
            Field::Keep => {}
            Field::Clear => self.clear(settings, field),
            Field::Set(time) => self.put(settings, field, Value::Time(cut_to_seconds(*time))),
        }
    }
}

/// A description that fits its column, with the warning if it had to be cut.
pub(crate) fn description(table: Table, text: &str, warnings: &mut Vec<Warning>) -> Result<String> {
    let text = text.trim();
    if text.is_empty() || text.contains('\0') {
        return Err(Error::rejected(format!("{}.description", table.logical()), "the name is empty or not a text"));
    }
    let length = table.column("description").and_then(|column| column.length).unwrap_or(50);
    let Some(short) = cut(text, length) else { return Ok(text.to_owned()) };
    warnings.push(Warning::Cut { field: "description", length });
    Ok(short)
}

/// Unicode case folding as far as names need it (rule S10).
pub(crate) fn fold(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").to_uppercase().to_lowercase()
}

/// A cut key would be another key.
fn is_key(field: EmployeeField) -> bool {
    matches!(field, EmployeeField::Paylink | EmployeeField::SecurityPin | EmployeeField::EmailAddress)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fold_beyond_ascii() {
        assert_eq!(fold("  Straße  ÖL "), fold("STRASSE öl"));
        assert_ne!(fold("Ole"), fold("Øle"));
    }
}
