//! The small fixed set of functions that a site may put between a value and its column.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// A transform as the settings write it: a name such as `"trim"` or `"left(30)"`, or a table with one key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(untagged)]
#[non_exhaustive]
pub enum TransformSpec {
    /// `trim`, `upper`, `lower`, `title`, `uk_post_code`, `digits`, `left(n)`.
    Name(String),
    /// `{ map = … }`, `{ default = … }` or `{ join = … }`.
    Table(TransformTable),
}

/// The table form of a transform; exactly one key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct TransformTable {
    /// Replaces a whole value by another; a value that is not listed stays.
    pub map: Option<BTreeMap<String, String>>,
    /// Stands in for an empty value.
    pub default: Option<String>,
    /// Joins this value with others of the same record.
    pub join: Option<Join>,
}

/// Joins fields of one record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Join {
    /// What stands between the parts.
    pub sep: String,
    /// Logical names of the text fields to append; empty ones are skipped.
    pub fields: Vec<String>,
}

/// A transform that has been checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Transform {
    Trim,
    Upper,
    Lower,
    Title,
    UkPostCode,
    Digits,
    Left(usize),
    Map(BTreeMap<String, String>),
    Default(String),
    Join(Join),
}

impl Transform {
    pub(crate) fn parse(spec: &TransformSpec, at: &str) -> Result<Self> {
        match spec {
            TransformSpec::Name(name) => Self::named(name).ok_or_else(|| {
                Error::config(
                    at,
                    format!("`{name}` is not a transform"),
                    "use trim, upper, lower, title, uk_post_code, digits, left(n), { map = … }, { default = … } or { join = … }",
                )
            }),
            TransformSpec::Table(table) => match (table.map.clone(), table.default.clone(), table.join.clone()) {
                (Some(map), None, None) => Ok(Self::Map(map)),
                (None, Some(value), None) => Ok(Self::Default(value)),
                (None, None, Some(join)) => Ok(Self::Join(join)),
                _ => Err(Error::config(at, "a transform table holds exactly one key", "write one of map, default, join")),
            },
        }
    }

    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "trim" => Self::Trim,
            "upper" => Self::Upper,
            "lower" => Self::Lower,
            "title" => Self::Title,
            "uk_post_code" => Self::UkPostCode,
            "digits" => Self::Digits,
            _ => Self::Left(name.strip_prefix("left(")?.strip_suffix(')')?.trim().parse().ok()?),
        })
    }

    /// The value after this step; `other` finds further fields of the same record.
    pub(crate) fn apply(&self, value: String, other: &dyn Fn(&str) -> Option<String>) -> String {
        match self {
            Self::Trim => value.trim().to_owned(),
            Self::Upper => value.to_uppercase(),
            Self::Lower => value.to_lowercase(),
            Self::Title => title(&value),
            Self::UkPostCode => uk_post_code(&value),
            Self::Digits => value.chars().filter(char::is_ascii_digit).collect(),
            Self::Left(length) => value.chars().take(*length).collect(),
            Self::Map(map) => map.get(&value).cloned().unwrap_or(value),
            Self::Default(default) => {
                if value.is_empty() {
                    default.clone()
                } else {
                    value
                }
            }
            Self::Join(join) => {
                let others = join.fields.iter().filter_map(|field| other(field));
                let parts: Vec<String> = std::iter::once(value).chain(others).filter(|part| !part.is_empty()).collect();
                parts.join(&join.sep)
            }
        }
    }
}

/// Upper case with one space before the last three characters, where the text is a UK post code; else unchanged.
pub fn uk_post_code(text: &str) -> String {
    let code: Vec<char> = text.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_uppercase).collect();
    let Some((outward, inward)) = code.len().checked_sub(3).and_then(|at| code.split_at_checked(at)) else {
        return text.to_owned();
    };
    if is_outward(outward) && is_inward(inward) {
        outward.iter().chain([' '].iter()).chain(inward).collect()
    } else {
        text.to_owned()
    }
}

fn is_inward(code: &[char]) -> bool {
    matches!(code, [digit, a, b] if digit.is_ascii_digit() && a.is_ascii_uppercase() && b.is_ascii_uppercase())
}

fn is_outward(code: &[char]) -> bool {
    let letters = code.iter().take_while(|c| c.is_ascii_uppercase()).count();
    let rest = code.get(letters..).unwrap_or_default();
    (1..=2).contains(&letters)
        && match rest {
            [digit] => digit.is_ascii_digit(),
            [digit, last] => digit.is_ascii_digit() && last.is_ascii_alphanumeric(),
            _ => false,
        }
}

fn title(text: &str) -> String {
    let mut start = true;
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if start {
            out.extend(character.to_uppercase());
        } else {
            out.extend(character.to_lowercase());
        }
        start = !character.is_alphanumeric();
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn run(name: &str, value: &str) -> String {
        Transform::named(name).unwrap().apply(value.to_owned(), &|_| None)
    }

    #[test]
    fn each_named_transform() {
        for (name, value, wanted) in [
            ("trim", "  a b ", "a b"),
            ("upper", "straße", "STRASSE"),
            ("lower", "ABC", "abc"),
            ("title", "anne-marie o'neil", "Anne-Marie O'Neil"),
            ("digits", "+44 (0)7700 900123", "4407700900123"),
            ("left(3)", "äöüß", "äöü"),
            ("uk_post_code", "zz14qx", "ZZ1 4QX"),
            ("uk_post_code", "sw1a  2 aa", "SW1A 2AA"),
            ("uk_post_code", "m1 1ae", "M1 1AE"),
            ("uk_post_code", "10115", "10115"),
            ("uk_post_code", "n/a", "n/a"),
        ] {
            assert_eq!(run(name, value), wanted, "{name}");
        }
        assert!(Transform::named("left(x)").is_none() && Transform::named("sql(1)").is_none());
    }

    #[test]
    fn table_transforms() {
        let map = Transform::Map([("M".to_owned(), "Male".to_owned())].into());
        assert_eq!(map.apply("M".into(), &|_| None), "Male");
        assert_eq!(map.apply("?".into(), &|_| None), "?");
        let join = Transform::Join(Join { sep: ", ".into(), fields: vec!["post_code".into(), "title".into()] });
        let other = |field: &str| (field == "post_code").then(|| "ZZ1 4QX".to_owned());
        assert_eq!(join.apply("14 Example Row".into(), &other), "14 Example Row, ZZ1 4QX");
        assert_eq!(Transform::Default("x".into()).apply(String::new(), &|_| None), "x");
    }

    #[test]
    fn a_table_with_two_keys_is_refused() {
        let both = TransformTable { default: Some("x".into()), map: Some(BTreeMap::new()), join: None };
        let error = Transform::parse(&TransformSpec::Table(both), "timeware.transform.employee.gender").unwrap_err();
        assert_eq!(error.field(), Some("timeware.transform.employee.gender"));
    }

    proptest! {
        #[test]
        fn post_codes_settle_after_one_step(text in ".{0,12}") {
            let once = uk_post_code(&text);
            prop_assert_eq!(uk_post_code(&once), once);
        }
    }
}
