//! The first exchange: version and encryption.

use super::read::Reader;

/// What the server says about encryption.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Encryption {
    /// The server has none and says so.
    #[default]
    NotSupported,
    /// The client chooses: nothing, the login alone, or everything.
    Optional,
    /// Everything is encrypted; a client that cannot is refused.
    Required,
}

/// What was agreed for a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Agreed {
    Plain,
    LoginOnly,
    Everything,
}

/// What the client asks for.
const OFF: u8 = 0;
const ON: u8 = 1;
const NOT_SUPPORTED: u8 = 2;
const REQUIRED: u8 = 3;

/// Reads the client's wish, 2 (none) if it says nothing readable.
pub(crate) fn wish(body: &[u8]) -> u8 {
    let mut options = Reader::new(body);
    while let Ok(option) = options.u8() {
        let (Ok(offset), Ok(length)) = (options.array(), options.array()) else { break };
        let (offset, length) = (u16::from_be_bytes(offset), u16::from_be_bytes(length));
        if option == 1 && length >= 1 {
            return body.get(usize::from(offset)).copied().unwrap_or(NOT_SUPPORTED);
        }
        if option == 0xff {
            break;
        }
    }
    NOT_SUPPORTED
}

/// What comes of the client's wish: the byte to answer, and what then holds; `None` = the client must go.
pub(crate) fn agree(server: Encryption, wish: u8) -> (u8, Option<Agreed>) {
    match (server, wish) {
        (Encryption::NotSupported, ON | REQUIRED) => (NOT_SUPPORTED, None),
        (Encryption::NotSupported, _) | (Encryption::Optional, NOT_SUPPORTED) => (NOT_SUPPORTED, Some(Agreed::Plain)),
        (Encryption::Optional, OFF) => (OFF, Some(Agreed::LoginOnly)),
        (Encryption::Required, NOT_SUPPORTED) => (REQUIRED, None),
        (Encryption::Required, OFF) => (REQUIRED, Some(Agreed::Everything)),
        _ => (ON, Some(Agreed::Everything)),
    }
}

/// The answer: version 15.0, encryption, the instance is right, thread 0, no MARS.
pub(crate) fn answer(encryption: u8) -> Vec<u8> {
    let options: [(u8, &[u8]); 5] = [(0, &[15, 0, 0x10, 0, 0, 0]), (1, &[encryption]), (2, &[0]), (3, &[]), (4, &[0])];
    let mut offset = options.len() * 5 + 1;
    let mut head = Vec::new();
    let mut data = Vec::new();
    for (option, bytes) in options {
        head.push(option);
        head.extend_from_slice(&u16::try_from(offset).unwrap_or_default().to_be_bytes());
        head.extend_from_slice(&u16::try_from(bytes.len()).unwrap_or_default().to_be_bytes());
        data.extend_from_slice(bytes);
        offset += bytes.len();
    }
    head.push(0xff);
    head.extend(data);
    head
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_answer_is_read_back() {
        assert_eq!(wish(&answer(REQUIRED)), REQUIRED);
    }

    #[test]
    fn any_bytes_are_read_without_harm() {
        for length in 0..40 {
            wish(&vec![1; length]);
            wish(&vec![0xee; length]);
        }
    }

    #[test]
    fn a_client_that_must_encrypt_is_not_served_in_the_clear() {
        assert_eq!(agree(Encryption::NotSupported, ON).1, None);
        assert_eq!(agree(Encryption::Required, OFF), (REQUIRED, Some(Agreed::Everything)));
        assert_eq!(agree(Encryption::Optional, OFF), (OFF, Some(Agreed::LoginOnly)));
    }
}
