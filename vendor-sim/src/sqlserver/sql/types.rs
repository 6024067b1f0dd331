//! The types of columns, parameters and results.

use std::fmt;

/// A type as T-SQL names it; `None` as length is `max`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SqlType {
    Bit,
    TinyInt,
    SmallInt,
    Int,
    BigInt,
    Real,
    Float,
    Numeric(u8, u8),
    Char(u16),
    VarChar(Option<u16>),
    NChar(u16),
    NVarChar(Option<u16>),
    Binary(u16),
    VarBinary(Option<u16>),
    Date,
    Time(u8),
    DateTime,
    SmallDateTime,
    DateTime2(u8),
    Guid,
    /// The type of a bare NULL.
    Null,
}

/// What a type is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    Whole,
    Decimal,
    Text,
    Binary,
    Moment,
    Guid,
    Null,
}

impl SqlType {
    /// Reads a type as written in T-SQL, in any letters; `None` if it is unknown.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.trim().to_ascii_lowercase();
        let (name, arguments) = match text.split_once('(') {
            Some((name, rest)) => (name.trim(), rest.trim_end().trim_end_matches(')')),
            None => (text.as_str(), ""),
        };
        let name = name.rsplit('.').next().unwrap_or(name).trim_matches(['[', ']']);
        let mut arguments = arguments.split(',').map(str::trim);
        let first = arguments.next().unwrap_or_default();
        let second = arguments.next().unwrap_or_default();
        let length = |usual: u16| if first.is_empty() { Some(usual) } else { first.parse().ok() };
        let scale = || first.parse().unwrap_or(7_u8).min(7);
        Some(match name {
            "bit" => Self::Bit,
            "tinyint" => Self::TinyInt,
            "smallint" => Self::SmallInt,
            "int" | "integer" => Self::Int,
            "bigint" => Self::BigInt,
            "real" | "float4" => Self::Real,
            "float" | "double precision" | "double" => Self::Float,
            "numeric" | "decimal" | "dec" => {
                Self::Numeric(first.parse().unwrap_or(18), second.parse().unwrap_or_default())
            }
            "char" | "character" => Self::Char(length(1)?),
            "varchar" => Self::VarChar(length(30)),
            "nchar" => Self::NChar(length(1)?),
            "nvarchar" => Self::NVarChar(length(30)),
            "sysname" => Self::NVarChar(Some(128)),
            "ntext" => Self::NVarChar(None),
            "text" => Self::VarChar(None),
            "binary" => Self::Binary(length(1)?),
            "varbinary" => Self::VarBinary(length(30)),
            "image" => Self::VarBinary(None),
            "date" => Self::Date,
            "time" => Self::Time(scale()),
            "datetime" => Self::DateTime,
            "smalldatetime" => Self::SmallDateTime,
            "datetime2" => Self::DateTime2(scale()),
            "uniqueidentifier" => Self::Guid,
            _ => return None,
        })
    }

    pub(crate) fn family(self) -> Family {
        match self {
            Self::Bit | Self::TinyInt | Self::SmallInt | Self::Int | Self::BigInt => Family::Whole,
            Self::Real | Self::Float | Self::Numeric(..) => Family::Decimal,
            Self::Char(_) | Self::VarChar(_) | Self::NChar(_) | Self::NVarChar(_) => Family::Text,
            Self::Binary(_) | Self::VarBinary(_) => Family::Binary,
            Self::Date | Self::Time(_) | Self::DateTime | Self::SmallDateTime | Self::DateTime2(_) => Family::Moment,
            Self::Guid => Family::Guid,
            Self::Null => Family::Null,
        }
    }

    /// The name alone, as the information schema gives it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Bit => "bit",
            Self::TinyInt => "tinyint",
            Self::SmallInt => "smallint",
            Self::Int => "int",
            Self::BigInt => "bigint",
            Self::Real => "real",
            Self::Float => "float",
            Self::Numeric(..) => "numeric",
            Self::Char(_) => "char",
            Self::VarChar(_) => "varchar",
            Self::NChar(_) => "nchar",
            Self::NVarChar(_) => "nvarchar",
            Self::Binary(_) => "binary",
            Self::VarBinary(_) => "varbinary",
            Self::Date => "date",
            Self::Time(_) => "time",
            Self::DateTime => "datetime",
            Self::SmallDateTime => "smalldatetime",
            Self::DateTime2(_) => "datetime2",
            Self::Guid => "uniqueidentifier",
            Self::Null => "null",
        }
    }

    /// The longest text or bytes: `None` if the type has no length, `Some(None)` for `max`.
    #[expect(clippy::option_option, reason = "no length and a length without end are two things")]
    pub(crate) fn length(self) -> Option<Option<u16>> {
        match self {
            Self::Char(length) | Self::NChar(length) | Self::Binary(length) => Some(Some(length)),
            Self::VarChar(length) | Self::NVarChar(length) | Self::VarBinary(length) => Some(length),
            _ => None,
        }
    }

    /// The type for a column of SQLite; `max` is -1 there.
    pub(crate) fn declared(self) -> String {
        self.to_string().replace("max", "-1")
    }

    /// The type of a SQLite column that was declared by [`declared`](Self::declared).
    pub(crate) fn of_declared(text: &str) -> Option<Self> {
        Self::parse(&text.replace("-1", "max"))
    }
}

impl fmt::Display for SqlType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        match (self, self.length()) {
            (_, Some(Some(length))) => write!(f, "({length})"),
            (_, Some(None)) => f.write_str("(max)"),
            (Self::Numeric(precision, scale), _) => write!(f, "({precision},{scale})"),
            (Self::Time(scale) | Self::DateTime2(scale), _) => write!(f, "({scale})"),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_read_and_written() {
        for text in ["int", "nvarchar(50)", "nvarchar(max)", "datetime2(3)", "char(64)", "numeric(38,0)", "bit"] {
            assert_eq!(SqlType::parse(text).map(|kind| kind.to_string()).as_deref(), Some(text));
        }
        assert_eq!(SqlType::parse("VARBINARY(MAX)"), Some(SqlType::VarBinary(None)));
        assert_eq!(SqlType::of_declared(&SqlType::NVarChar(None).declared()), Some(SqlType::NVarChar(None)));
        assert_eq!(SqlType::parse("geography"), None);
    }
}
