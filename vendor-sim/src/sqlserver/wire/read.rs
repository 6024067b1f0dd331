//! Reading bytes that a client sent; nothing is trusted.

use anyhow::{Context, bail};

/// A view of bytes that are yet to be read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(crate) fn bytes(&mut self, count: usize) -> anyhow::Result<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(count).context("the message ends too early")?;
        self.rest = rest;
        Ok(taken)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> anyhow::Result<[u8; N]> {
        Ok(self.bytes(N)?.try_into()?)
    }

    pub(crate) fn u8(&mut self) -> anyhow::Result<u8> {
        Ok(u8::from_le_bytes(self.array()?))
    }

    pub(crate) fn u16(&mut self) -> anyhow::Result<u16> {
        Ok(u16::from_le_bytes(self.array()?))
    }

    pub(crate) fn u32(&mut self) -> anyhow::Result<u32> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    pub(crate) fn u64(&mut self) -> anyhow::Result<u64> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    /// UTF-16 text of so many units.
    pub(crate) fn text(&mut self, units: usize) -> anyhow::Result<String> {
        utf16(self.bytes(units.saturating_mul(2))?)
    }

    /// Text whose length in units stands before it in one byte.
    pub(crate) fn short_text(&mut self) -> anyhow::Result<String> {
        let units = self.u8()?;
        self.text(usize::from(units))
    }

    /// A value in parts, as the `(max)` types travel; `None` is NULL.
    pub(crate) fn parts(&mut self) -> anyhow::Result<Option<Vec<u8>>> {
        if self.u64()? == u64::MAX {
            return Ok(None);
        }
        let mut whole = Vec::new();
        loop {
            let part = usize::try_from(self.u32()?)?;
            if part == 0 {
                return Ok(Some(whole));
            }
            whole.extend_from_slice(self.bytes(part)?);
        }
    }

    /// Skips the headers before a request.
    pub(crate) fn skip_headers(&mut self) -> anyhow::Result<()> {
        let mut ahead = *self;
        let total = usize::try_from(ahead.u32()?)?;
        if total < 4 {
            bail!("headers of {total} bytes");
        }
        self.bytes(total)?;
        Ok(())
    }

    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }
}

/// Text from UTF-16, small end first.
pub(crate) fn utf16(bytes: &[u8]) -> anyhow::Result<String> {
    if !bytes.len().is_multiple_of(2) {
        bail!("text of an odd number of bytes");
    }
    let units = bytes.chunks_exact(2).map(|pair| pair.iter().rev().fold(0, |unit, byte| unit << 8 | u16::from(*byte)));
    Ok(char::decode_utf16(units).map(|read| read.unwrap_or(char::REPLACEMENT_CHARACTER)).collect())
}
