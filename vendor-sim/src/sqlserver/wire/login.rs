//! The login message.

use anyhow::Context;

use super::read::{Reader, utf16};

/// Who wants to come in.
pub(crate) struct Login {
    pub(crate) version: u32,
    pub(crate) packet_size: u32,
    pub(crate) user: String,
    pub(crate) password: String,
    pub(crate) application: String,
    pub(crate) database: String,
}

impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Login").field("database", &self.database).finish_non_exhaustive()
    }
}

impl Login {
    pub(crate) fn read(body: &[u8]) -> anyhow::Result<Self> {
        let mut head = Reader::new(body);
        head.u32()?;
        let version = head.u32()?;
        let packet_size = head.u32()?;
        // Program version, process, connection, four bytes of options, zone, language.
        head.bytes(24)?;
        let mut fields = Vec::new();
        for _ in 0..9 {
            let (offset, units) = (head.u16()?, head.u16()?);
            fields.push((usize::from(offset), usize::from(units)));
        }
        let field = |number: usize| -> anyhow::Result<&[u8]> {
            let (offset, units) = fields.get(number).copied().context("no such field")?;
            body.get(offset..offset + units * 2).context("a field outside of the login message")
        };
        Ok(Self {
            version,
            packet_size,
            user: utf16(field(1)?)?,
            password: utf16(&unveiled(field(2)?))?,
            application: utf16(field(3)?)?,
            database: utf16(field(8)?)?,
        })
    }
}

/// The password's bytes travel with halves swapped and bits turned.
fn unveiled(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().map(|byte| (byte ^ 0xa5).rotate_left(4)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_bytes_are_read_without_harm() {
        for length in 0..200 {
            assert!(Login::read(&vec![0xff; length]).is_err());
            let _ = Login::read(&vec![0; length]);
        }
    }

    #[test]
    fn a_veiled_password_is_read() {
        // "a" is 61 00; halves swapped and every other bit turned.
        assert_eq!(unveiled(&[0xb3, 0xa5]), [0x61, 0x00]);
    }
}
