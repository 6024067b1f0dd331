//! Which field of one side follows which field of the other.

use serde::Serialize;

use super::References;
use crate::connector::ReadCaps;
use crate::model::{Entity, FieldValue, Fields, RefKey, Scalar};

/// Rules in the order of the entity's field table.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Mapping(Vec<Rule>);

/// One target field.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Rule {
    /// Field of the secondary.
    pub target: String,
    /// Where its value comes from.
    pub from: Expression,
    /// When it is written.
    pub mode: Mode,
}

/// Where a value comes from: total, pure, without clock or chance. An unknown input makes an unknown output.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Expression {
    /// A field of the primary.
    Field(String),
    /// Always the same.
    Constant(FieldValue),
}

/// When a field is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Mode {
    /// Whenever it differs.
    #[default]
    Always,
    /// At the creation only.
    OnCreate,
    /// When the primary's value changes; local edits survive until then.
    OnPrimaryChange,
    /// Never; a difference is reported.
    ReportOnly,
}

/// A rule that cannot work.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MappingError {
    /// The entity has no such field.
    #[error("{entity} has no field {field:?}")]
    NoSuchField {
        /// The entity.
        entity: &'static str,
        /// The name.
        field: String,
    },
    /// Two rules for one target.
    #[error("two rules write the field {0:?}")]
    TwoRules(String),
}

impl Mapping {
    /// Every field that the primary delivers and the secondary can write follows the field of the same name.
    ///
    /// `skip` names fields to leave out, such as personal ones that nobody opted in to.
    pub fn same_names<T: Entity>(primary: &ReadCaps, secondary: &ReadCaps, skip: &[&str]) -> Self {
        let shared = T::fields().iter().map(|field| field.name).filter(|name| {
            !skip.contains(name)
                && primary.field(name).is_some()
                && secondary.field(name).is_some_and(|field| field.writable)
        });
        Self(shared.map(Rule::same).collect())
    }

    /// Rules as given.
    ///
    /// # Errors
    /// A field that the entity does not have, or two rules for one target.
    pub fn new<T: Entity>(rules: Vec<Rule>) -> Result<Self, MappingError> {
        let unknown = |name: &str| MappingError::NoSuchField { entity: T::KIND.as_str(), field: name.to_owned() };
        for (position, rule) in rules.iter().enumerate() {
            if T::field(&rule.target).is_none() {
                return Err(unknown(&rule.target));
            }
            if let Expression::Field(name) = &rule.from
                && T::field(name).is_none()
            {
                return Err(unknown(name));
            }
            if rules.iter().take(position).any(|earlier| earlier.target == rule.target) {
                return Err(MappingError::TwoRules(rule.target.clone()));
            }
        }
        Ok(Self(rules))
    }

    /// The rules.
    pub fn rules(&self) -> &[Rule] {
        &self.0
    }

    /// Sets the mode of a target, if there is a rule for it.
    pub fn set_mode(&mut self, target: &str, mode: Mode) {
        if let Some(rule) = self.0.iter_mut().find(|rule| rule.target == target) {
            rule.mode = mode;
        }
    }

    /// Whether a field is written by a rule.
    pub fn writes(&self, target: &str) -> bool {
        self.0.iter().any(|rule| rule.target == target)
    }

    /// Names of all fields that take part, on either side.
    pub(super) fn inputs(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.0.iter().map(|rule| rule.target.as_str()).collect();
        names.extend(self.0.iter().filter_map(|rule| match &rule.from {
            Expression::Field(name) => Some(name.as_str()),
            Expression::Constant(_) => None,
        }));
        names
    }
}

impl Rule {
    /// A field that follows the field of the same name.
    pub fn same(name: &str) -> Self {
        Self { target: name.to_owned(), from: Expression::Field(name.to_owned()), mode: Mode::Always }
    }

    /// The primary's raw value, before references are mapped.
    pub(super) fn raw(&self, primary: &Fields) -> FieldValue {
        match &self.from {
            Expression::Field(name) => primary.get(name).clone(),
            Expression::Constant(value) => value.clone(),
        }
    }
}

/// A value in the other side's references. With a reference that has no partner yet the whole value is unknown, so
/// that half a set of rights is never taken for the whole.
pub(super) fn map_references(value: &FieldValue, references: &References) -> (FieldValue, Vec<RefKey>) {
    let mut missing = Vec::new();
    let mut map = |scalar: &Scalar| match scalar {
        Scalar::Ref(key) => {
            if let Some(partner) = references.partner(key) {
                return Scalar::Ref(RefKey { entity: key.entity, id: partner.clone() });
            }
            missing.push(key.clone());
            scalar.clone()
        }
        other => other.clone(),
    };
    let mapped = match value {
        FieldValue::Value(scalar) => FieldValue::Value(map(scalar)),
        FieldValue::Set(set) => FieldValue::Set(set.iter().map(map).collect()),
        other => other.clone(),
    };
    if missing.is_empty() { (mapped, missing) } else { (FieldValue::Unknown, missing) }
}
