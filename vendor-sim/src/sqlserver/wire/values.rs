//! Types and values as bytes.

use anyhow::bail;
use rusqlite::types::Value;

use super::moment;
use super::read::{Reader, utf16};
use crate::sqlserver::sql::types::SqlType;

/// Language and order of texts: US English, case does not matter.
const COLLATION: [u8; 5] = [0x09, 0x04, 0xd0, 0x00, 0x34];

/// What a client sent as a parameter.
#[derive(Clone, PartialEq)]
pub(crate) struct Sent {
    pub(crate) kind: SqlType,
    pub(crate) value: Value,
}

impl std::fmt::Debug for Sent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sent").field("kind", &self.kind).finish_non_exhaustive()
    }
}

impl Sent {
    pub(crate) fn new(kind: SqlType, value: Value) -> Self {
        Self { kind, value }
    }
}

/// How the bytes of a value are counted.
enum Size {
    Fixed(usize),
    Short,
    Long,
    Parts,
}

/// Reads a type and its value.
pub(crate) fn read(reader: &mut Reader<'_>) -> anyhow::Result<Sent> {
    let (kind, size) = read_type(reader)?;
    let bytes = match size {
        Size::Fixed(count) => Some(reader.bytes(count)?.to_vec()),
        Size::Short => match reader.u8()? {
            0 => None,
            count => Some(reader.bytes(usize::from(count))?.to_vec()),
        },
        Size::Long => match reader.u16()? {
            u16::MAX => None,
            count => Some(reader.bytes(usize::from(count))?.to_vec()),
        },
        Size::Parts => reader.parts()?,
    };
    let value = match (kind, bytes) {
        (SqlType::Null, _) | (_, None) => Value::Null,
        (kind, Some(bytes)) => read_value(kind, &bytes)?,
    };
    Ok(Sent { kind, value })
}

fn read_type(reader: &mut Reader<'_>) -> anyhow::Result<(SqlType, Size)> {
    Ok(match reader.u8()? {
        0x1f => (SqlType::Null, Size::Fixed(0)),
        0x30 => (SqlType::TinyInt, Size::Fixed(1)),
        0x32 => (SqlType::Bit, Size::Fixed(1)),
        0x34 => (SqlType::SmallInt, Size::Fixed(2)),
        0x38 => (SqlType::Int, Size::Fixed(4)),
        0x7f => (SqlType::BigInt, Size::Fixed(8)),
        0x3b => (SqlType::Real, Size::Fixed(4)),
        0x3e => (SqlType::Float, Size::Fixed(8)),
        0x3a => (SqlType::SmallDateTime, Size::Fixed(4)),
        0x3d => (SqlType::DateTime, Size::Fixed(8)),
        0x26 => match reader.u8()? {
            1 => (SqlType::TinyInt, Size::Short),
            2 => (SqlType::SmallInt, Size::Short),
            4 => (SqlType::Int, Size::Short),
            _ => (SqlType::BigInt, Size::Short),
        },
        0x68 => {
            reader.u8()?;
            (SqlType::Bit, Size::Short)
        }
        0x6d => (if reader.u8()? == 4 { SqlType::Real } else { SqlType::Float }, Size::Short),
        0x6f => (if reader.u8()? == 4 { SqlType::SmallDateTime } else { SqlType::DateTime }, Size::Short),
        0x6a | 0x6c => {
            reader.u8()?;
            (SqlType::Numeric(reader.u8()?, reader.u8()?), Size::Short)
        }
        0x24 => {
            reader.u8()?;
            (SqlType::Guid, Size::Short)
        }
        0x28 => (SqlType::Date, Size::Short),
        0x29 => (SqlType::Time(reader.u8()?.min(7)), Size::Short),
        0x2a => (SqlType::DateTime2(reader.u8()?.min(7)), Size::Short),
        0xe7 | 0xef => {
            let most = reader.u16()?;
            reader.bytes(5)?;
            sized(most, |most| SqlType::NVarChar(most.map(|bytes| bytes / 2)))
        }
        0xa7 | 0xaf => {
            let most = reader.u16()?;
            reader.bytes(5)?;
            sized(most, SqlType::VarChar)
        }
        0xa5 | 0xad => sized(reader.u16()?, SqlType::VarBinary),
        other => bail!("a parameter of the unknown type {other:#x}"),
    })
}

fn sized(most: u16, kind: impl FnOnce(Option<u16>) -> SqlType) -> (SqlType, Size) {
    if most == u16::MAX { (kind(None), Size::Parts) } else { (kind(Some(most)), Size::Long) }
}

fn read_value(kind: SqlType, bytes: &[u8]) -> anyhow::Result<Value> {
    Ok(match (kind, bytes) {
        (SqlType::Bit, [bit]) => Value::Integer(i64::from(*bit != 0)),
        (SqlType::TinyInt, [number]) => Value::Integer(i64::from(*number)),
        (SqlType::SmallInt, _) => Value::Integer(i64::from(i16::from_le_bytes(bytes.try_into()?))),
        (SqlType::Int, _) => Value::Integer(i64::from(i32::from_le_bytes(bytes.try_into()?))),
        (SqlType::BigInt, _) => Value::Integer(i64::from_le_bytes(bytes.try_into()?)),
        (SqlType::Real, _) => Value::Real(f64::from(f32::from_le_bytes(bytes.try_into()?))),
        (SqlType::Float, _) => Value::Real(f64::from_le_bytes(bytes.try_into()?)),
        (SqlType::Numeric(_, scale), [sign, digits @ ..]) => numeric(*sign != 0, digits, scale),
        (SqlType::NVarChar(_), _) => Value::Text(utf16(bytes)?),
        (SqlType::VarChar(_), _) => Value::Text(bytes.iter().copied().map(char::from).collect()),
        (SqlType::VarBinary(_), _) => Value::Blob(bytes.to_vec()),
        (SqlType::Guid, _) => Value::Text(guid_text(bytes.try_into()?)),
        _ => match moment::decode(bytes, kind).and_then(|moment| moment::stored(moment, kind)) {
            Some(text) => Value::Text(text),
            None => bail!("a value of {} bytes is no {kind}", bytes.len()),
        },
    })
}

fn numeric(positive: bool, digits: &[u8], scale: u8) -> Value {
    let magnitude = digits.iter().take(15).rev().fold(0_i128, |number, byte| number << 8 | i128::from(*byte));
    let number = if positive { magnitude } else { -magnitude };
    match i64::try_from(number) {
        Ok(number) if scale == 0 => Value::Integer(number),
        #[expect(clippy::cast_precision_loss, reason = "SQLite has nothing more precise")]
        _ => Value::Real(number as f64 / 10_f64.powi(i32::from(scale))),
    }
}

/// The first three groups of a GUID travel with the small end first.
fn guid_order(bytes: [u8; 16]) -> [u8; 16] {
    let mut out = bytes;
    for (from, to) in [(0, 4), (4, 6), (6, 8)] {
        if let Some(group) = out.get_mut(from..to) {
            group.reverse();
        }
    }
    out
}

fn guid_text(bytes: [u8; 16]) -> String {
    let digits = hex::encode_upper(guid_order(bytes));
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
    format!("{}-{}-{}-{}-{}", part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32))
}

/// Writes a type as a column of an answer has it.
pub(crate) fn write_type(kind: SqlType, out: &mut Vec<u8>) {
    match kind {
        SqlType::Bit => out.extend_from_slice(&[0x68, 1]),
        SqlType::TinyInt => out.extend_from_slice(&[0x26, 1]),
        SqlType::SmallInt => out.extend_from_slice(&[0x26, 2]),
        SqlType::Int | SqlType::Null => out.extend_from_slice(&[0x26, 4]),
        SqlType::BigInt => out.extend_from_slice(&[0x26, 8]),
        SqlType::Real => out.extend_from_slice(&[0x6d, 4]),
        SqlType::Float => out.extend_from_slice(&[0x6d, 8]),
        SqlType::Numeric(precision, scale) => out.extend_from_slice(&[0x6c, 17, precision, scale]),
        SqlType::Char(length) => write_sized(0xaf, Some(length), true, out),
        SqlType::VarChar(length) => write_sized(0xa7, length, true, out),
        SqlType::NChar(length) => write_sized(0xef, Some(length.saturating_mul(2)), true, out),
        SqlType::NVarChar(length) => write_sized(0xe7, length.map(|units| units.saturating_mul(2)), true, out),
        SqlType::Binary(length) => write_sized(0xad, Some(length), false, out),
        SqlType::VarBinary(length) => write_sized(0xa5, length, false, out),
        SqlType::Date => out.push(0x28),
        SqlType::Time(scale) => out.extend_from_slice(&[0x29, scale]),
        SqlType::DateTime2(scale) => out.extend_from_slice(&[0x2a, scale]),
        SqlType::DateTime => out.extend_from_slice(&[0x6f, 8]),
        SqlType::SmallDateTime => out.extend_from_slice(&[0x6f, 4]),
        SqlType::Guid => out.extend_from_slice(&[0x24, 16]),
    }
}

fn write_sized(byte: u8, most: Option<u16>, text: bool, out: &mut Vec<u8>) {
    out.push(byte);
    out.extend_from_slice(&most.unwrap_or(u16::MAX).to_le_bytes());
    if text {
        out.extend_from_slice(&COLLATION);
    }
}

/// Writes a value; it is of the type already, so what does not fit becomes NULL.
pub(crate) fn write_value(kind: SqlType, value: &Value, out: &mut Vec<u8>) {
    if let Some(length) = kind.length() {
        let bytes = sized_bytes(kind, value);
        match length {
            Some(_) => write_long(bytes.as_deref(), out),
            None => write_parts(bytes.as_deref(), out),
        }
        return;
    }
    let mut bytes = Vec::new();
    match (kind, value) {
        (SqlType::Bit | SqlType::TinyInt, Value::Integer(number)) => bytes.extend(number.to_le_bytes().first()),
        (SqlType::SmallInt, Value::Integer(number)) => bytes.extend(number.to_le_bytes().iter().take(2)),
        (SqlType::Int, Value::Integer(number)) => bytes.extend(number.to_le_bytes().iter().take(4)),
        (SqlType::BigInt, Value::Integer(number)) => bytes.extend(number.to_le_bytes()),
        #[expect(clippy::cast_possible_truncation, reason = "the type is that small")]
        (SqlType::Real, Value::Real(number)) => bytes.extend((*number as f32).to_le_bytes()),
        (SqlType::Float, Value::Real(number)) => bytes.extend(number.to_le_bytes()),
        (SqlType::Numeric(_, scale), Value::Integer(number)) => write_numeric(i128::from(*number), scale, &mut bytes),
        #[expect(clippy::cast_possible_truncation, reason = "a number of SQLite is no larger")]
        (SqlType::Numeric(_, scale), Value::Real(number)) => {
            let scaled = (number * 10_f64.powi(i32::from(scale))).round() as i128;
            write_numeric(scaled, 0, &mut bytes);
        }
        (SqlType::Guid, Value::Text(text)) => {
            if let Ok(Ok(plain)) = hex::decode(text.replace('-', "")).map(<[u8; 16]>::try_from) {
                bytes.extend(guid_order(plain));
            }
        }
        (_, Value::Text(text)) => {
            if let Some(moment) = moment::parse(text) {
                moment::encode(moment, kind, &mut bytes);
            }
        }
        _ => {}
    }
    out.push(u8::try_from(bytes.len()).unwrap_or_default());
    out.extend(bytes);
}

fn write_numeric(number: i128, scale: u8, out: &mut Vec<u8>) {
    let scaled = number.saturating_mul(10_i128.saturating_pow(u32::from(scale)));
    out.push(u8::from(scaled >= 0));
    out.extend_from_slice(&scaled.unsigned_abs().to_le_bytes());
}

fn sized_bytes(kind: SqlType, value: &Value) -> Option<Vec<u8>> {
    match (kind, value) {
        (SqlType::NChar(_) | SqlType::NVarChar(_), Value::Text(text)) => Some(units(text)),
        (SqlType::Char(_) | SqlType::VarChar(_), Value::Text(text)) => {
            Some(text.chars().map(|sign| u8::try_from(sign).unwrap_or(b'?')).collect())
        }
        (SqlType::Binary(_) | SqlType::VarBinary(_), Value::Blob(bytes)) => Some(bytes.clone()),
        _ => None,
    }
}

fn write_long(bytes: Option<&[u8]>, out: &mut Vec<u8>) {
    let Some(bytes) = bytes else {
        out.extend_from_slice(&u16::MAX.to_le_bytes());
        return;
    };
    // The longest text of such a type is 8,000 bytes.
    let bytes = bytes.get(..bytes.len().min(65_534)).unwrap_or_default();
    out.extend_from_slice(&u16::try_from(bytes.len()).unwrap_or_default().to_le_bytes());
    out.extend_from_slice(bytes);
}

fn write_parts(bytes: Option<&[u8]>, out: &mut Vec<u8>) {
    let Some(bytes) = bytes else {
        out.extend_from_slice(&u64::MAX.to_le_bytes());
        return;
    };
    out.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
    for part in bytes.chunks(8000) {
        out.extend_from_slice(&u32::try_from(part.len()).unwrap_or_default().to_le_bytes());
        out.extend_from_slice(part);
    }
    out.extend_from_slice(&[0; 4]);
}

/// Text as UTF-16, small end first.
pub(crate) fn units(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// How long a text is by SQL Server's count.
pub(crate) fn unit_count(text: &str) -> usize {
    text.encode_utf16().count()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may stop")]
mod tests {
    use super::*;

    #[test]
    fn any_bytes_are_read_without_harm() {
        for first in 0..=255_u8 {
            for filler in [0, 1, 0x7f, 0xff] {
                let mut bytes = vec![first];
                bytes.extend([filler; 40]);
                let _ = read(&mut Reader::new(&bytes));
            }
        }
    }

    #[test]
    fn a_written_value_is_read_back() {
        for (kind, value) in [
            (SqlType::Int, Value::Integer(-5)),
            (SqlType::BigInt, Value::Integer(i64::MIN)),
            (SqlType::NVarChar(Some(50)), Value::Text("Zoë 😀".to_owned())),
            (SqlType::NVarChar(None), Value::Text("x".repeat(20_000))),
            (SqlType::VarBinary(None), Value::Blob(vec![7; 9000])),
            (SqlType::DateTime2(3), Value::Text("2026-06-01 08:58:41.25".to_owned())),
            (SqlType::Numeric(38, 0), Value::Integer(42)),
            (SqlType::Float, Value::Real(0.5)),
            (SqlType::Bit, Value::Null),
            (SqlType::NVarChar(None), Value::Null),
        ] {
            let mut bytes = Vec::new();
            write_type(kind, &mut bytes);
            write_value(kind, &value, &mut bytes);
            let sent = read(&mut Reader::new(&bytes)).unwrap();
            assert_eq!((sent.kind, sent.value), (kind, value));
        }
    }
}
