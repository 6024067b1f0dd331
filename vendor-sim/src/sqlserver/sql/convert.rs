//! Values of one type become values of another.

use rusqlite::types::Value;

use super::types::{Family, SqlType};
use crate::sqlserver::errors::SqlError;
use crate::sqlserver::wire::moment;
use crate::sqlserver::wire::values::unit_count;

/// Turns a value into one of the type, as CAST does: texts are cut.
pub(crate) fn cast(value: Value, kind: SqlType) -> Result<Value, SqlError> {
    match converted(value, kind)? {
        Value::Text(text) if kind.family() == Family::Text => Ok(Value::Text(fitted(&text, kind))),
        other => Ok(other),
    }
}

/// Turns a value into one of a column's type, as an assignment does: what is too long is an error.
pub(crate) fn assign(value: Value, kind: SqlType, column: &str) -> Result<Value, SqlError> {
    let value = converted(value, kind)?;
    let Some(Some(most)) = kind.length() else { return Ok(value) };
    let most = usize::from(most);
    match value {
        Value::Text(text) if unit_count(text.trim_end_matches(' ')) > most => Err(too_long(column)),
        Value::Text(text) => Ok(Value::Text(fitted(&text, kind))),
        Value::Blob(bytes) if bytes.len() > most => Err(too_long(column)),
        other => Ok(other),
    }
}

fn too_long(column: &str) -> SqlError {
    SqlError::new(2628, format!("String or binary data would be truncated in column '{column}'."))
}

/// Cut and padded to the type's length.
fn fitted(text: &str, kind: SqlType) -> String {
    let Some(Some(most)) = kind.length() else { return text.to_owned() };
    let most = usize::from(most);
    let mut units = 0;
    let mut out: String = text
        .chars()
        .take_while(|sign| {
            units += sign.len_utf16();
            units <= most
        })
        .collect();
    if matches!(kind, SqlType::Char(_) | SqlType::NChar(_)) {
        let missing = most.saturating_sub(unit_count(&out));
        out.extend(std::iter::repeat_n(' ', missing));
    }
    out
}

fn converted(value: Value, kind: SqlType) -> Result<Value, SqlError> {
    if value == Value::Null {
        return Ok(value);
    }
    match kind.family() {
        Family::Whole => whole(&value, kind).map(Value::Integer),
        Family::Decimal => decimal(value, kind),
        Family::Text | Family::Guid => text(value, kind),
        Family::Binary => binary(value, kind),
        Family::Moment => a_moment(&value, kind),
        Family::Null => Ok(value),
    }
}

fn whole(value: &Value, kind: SqlType) -> Result<i64, SqlError> {
    let number = match value {
        Value::Integer(number) => *number,
        #[expect(clippy::cast_possible_truncation, reason = "as T-SQL does; the range is checked below")]
        Value::Real(number) => number.trunc() as i64,
        Value::Text(text) if kind == SqlType::Bit && text.eq_ignore_ascii_case("true") => 1,
        Value::Text(text) if kind == SqlType::Bit && text.eq_ignore_ascii_case("false") => 0,
        Value::Text(text) => text.trim().parse().map_err(|_| no_conversion(kind))?,
        Value::Blob(_) | Value::Null => return Err(no_conversion(kind)),
    };
    let range = match kind {
        SqlType::Bit => return Ok(i64::from(number != 0)),
        SqlType::TinyInt => 0..=255,
        SqlType::SmallInt => i64::from(i16::MIN)..=i64::from(i16::MAX),
        SqlType::Int => i64::from(i32::MIN)..=i64::from(i32::MAX),
        _ => return Ok(number),
    };
    if range.contains(&number) {
        return Ok(number);
    }
    Err(SqlError::new(8115, format!("Arithmetic overflow error converting a value to data type {}.", kind.name())))
}

fn no_conversion(kind: SqlType) -> SqlError {
    let number = if kind == SqlType::BigInt { 8114 } else { 245 };
    SqlError::new(number, format!("Conversion failed when converting a value to data type {}.", kind.name()))
}

fn decimal(value: Value, kind: SqlType) -> Result<Value, SqlError> {
    #[expect(clippy::cast_precision_loss, reason = "as the type does")]
    let number = match value {
        Value::Integer(number) if matches!(kind, SqlType::Numeric(_, _)) => return Ok(Value::Integer(number)),
        Value::Integer(number) => number as f64,
        Value::Real(number) => number,
        Value::Text(text) => text.trim().parse().map_err(|_| SqlError { number: 8114, ..no_conversion(kind) })?,
        Value::Blob(_) | Value::Null => return Err(no_conversion(kind)),
    };
    Ok(Value::Real(match kind {
        SqlType::Numeric(_, scale) => {
            let shift = 10_f64.powi(i32::from(scale));
            (number * shift).round() / shift
        }
        _ => number,
    }))
}

fn text(value: Value, kind: SqlType) -> Result<Value, SqlError> {
    Ok(Value::Text(match value {
        Value::Text(text) => text,
        Value::Integer(number) => number.to_string(),
        Value::Real(number) => number.to_string(),
        Value::Blob(_) | Value::Null => return Err(not_implicit("varbinary", kind)),
    }))
}

fn binary(value: Value, kind: SqlType) -> Result<Value, SqlError> {
    match value {
        Value::Blob(_) => Ok(value),
        Value::Integer(number) => Ok(Value::Blob(number.to_be_bytes().to_vec())),
        _ => Err(not_implicit("nvarchar", kind)),
    }
}

/// The two types do not go together without a conversion that is written down.
pub(crate) fn not_implicit(from: &str, to: SqlType) -> SqlError {
    SqlError::new(257, format!("Implicit conversion from data type {from} to {} is not allowed.", to.name()))
}

fn a_moment(value: &Value, kind: SqlType) -> Result<Value, SqlError> {
    let Value::Text(text) = value else {
        return Err(SqlError::new(206, format!("Operand type clash: a number is incompatible with {}.", kind.name())));
    };
    let moment = moment::parse(text).ok_or_else(|| {
        SqlError::new(241, "Conversion failed when converting date and/or time from character string.")
    })?;
    moment::stored(moment, kind).map(Value::Text).ok_or_else(|| {
        SqlError::new(242, format!("The conversion to data type {} resulted in an out-of-range value.", kind.name()))
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may stop")]
mod tests {
    use super::*;

    fn text(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    #[test]
    fn an_assignment_refuses_what_a_cast_cuts() {
        let kind = SqlType::NVarChar(Some(3));
        assert_eq!(cast(text("abcd"), kind).unwrap(), text("abc"));
        assert_eq!(assign(text("abcd"), kind, "x").unwrap_err().number, 2628);
        assert_eq!(assign(text("abc   "), kind, "x").unwrap(), text("abc"));
    }

    #[test]
    fn length_counts_utf16_units() {
        assert_eq!(assign(text("😀"), SqlType::NVarChar(Some(1)), "x").unwrap_err().number, 2628);
        assert_eq!(assign(text("😀"), SqlType::NVarChar(Some(2)), "x").unwrap(), text("😀"));
    }

    #[test]
    fn numbers_out_of_range_and_words_are_errors() {
        assert_eq!(assign(Value::Integer(256), SqlType::TinyInt, "x").unwrap_err().number, 8115);
        assert_eq!(assign(text("abc"), SqlType::Int, "x").unwrap_err().number, 245);
        assert_eq!(assign(text(" 42 "), SqlType::Int, "x").unwrap(), Value::Integer(42));
        assert_eq!(assign(text("x"), SqlType::VarBinary(None), "x").unwrap_err().number, 257);
    }

    #[test]
    fn a_char_is_padded() {
        assert_eq!(assign(text("a"), SqlType::Char(3), "x").unwrap(), text("a  "));
    }
}
