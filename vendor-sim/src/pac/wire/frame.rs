//! Frames: sixteen bytes of header, then one document.

use super::refusal::{Code, Refusal};

/// Bytes of a header.
pub(in crate::pac) const HEADER: usize = 16;

/// The largest payload.
pub(in crate::pac) const MAX_FRAME: usize = 8_388_608;

/// The header of a payload of this length.
pub(in crate::pac) fn header(len: usize) -> String {
    format!("OEM/01/{len:08}/")
}

/// Reads a header: the length of the payload.
pub(in crate::pac) fn length(header: &[u8; HEADER]) -> Result<usize, Refusal> {
    let bad = || Refusal::new(Code::BadHeader, "That is no header of a frame.");
    let text = std::str::from_utf8(header).map_err(|_| bad())?;
    let rest = text.strip_prefix("OEM/").ok_or_else(bad)?;
    let (version, rest) = rest.split_once('/').ok_or_else(bad)?;
    let digits = rest.strip_suffix('/').ok_or_else(bad)?;
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if version.len() != 2 || digits.len() != 8 || !all_digits(version) || !all_digits(digits) {
        return Err(bad());
    }
    if version != "01" {
        return Err(Refusal::new(Code::WireVersion, "Only version 01 of the wire is spoken here."));
    }
    match digits.parse() {
        Ok(0) | Err(_) => Err(bad()),
        Ok(len) if len > MAX_FRAME => Err(Refusal::new(Code::FrameTooLarge, "The frame is too large.")),
        Ok(len) => Ok(len),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_read_as_they_are_written() {
        for len in [1, 104, MAX_FRAME] {
            let text = header(len);
            assert_eq!(length(text.as_bytes().try_into().unwrap()), Ok(len));
        }
    }

    #[test]
    fn wrong_headers_are_told_apart() {
        let code = |text: &[u8; HEADER]| length(text).unwrap_err().code.number();
        for wrong in
            [b"OEX/01/00000104/", b"OEM/01/00000000/", b"OEM-01/00000104/", b"OEM/01/0000010x/", b"OEM/01/00000104 "]
        {
            assert_eq!(code(wrong), 100, "{wrong:?}");
        }
        assert_eq!(code(b"OEM/02/00000104/"), 101);
        assert_eq!(code(b"OEM/01/08388609/"), 102);
    }
}
