//! Our sign as text, for systems that have one field of text to spare: a word, a colon, the key.

use super::{Draft, Marker};
use crate::model::SyncKey;

impl Marker {
    /// The text to write.
    pub fn text(word: &str, key: SyncKey) -> String {
        format!("{word}:{key}")
    }

    /// The key in a text that was written so; none in any other text.
    pub fn key_in(word: &str, text: &str) -> Option<SyncKey> {
        let key = text.trim().strip_prefix(word)?.strip_prefix(':')?;
        let whole = key.len() == KEY && key.bytes().all(|byte| byte.is_ascii_hexdigit());
        if whole { key.parse().ok() } else { None }
    }
}

impl<T> Draft<T> {
    /// Our sign as text, for the request that creates it.
    pub fn marker_text(&self, word: &str) -> String {
        Marker::text(word, self.key)
    }
}

/// Digits of a key.
const KEY: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_key_behind_our_word_is_ours() {
        let key: SyncKey = "00112233445566778899aabbccddeeff".parse().unwrap();
        let text = Marker::text("timeware", key);
        assert_eq!(Marker::key_in("timeware", &format!(" {text} ")), Some(key));
        for other in ["timeware", "timeware:", "timeware:1042", "other:1042", "timewares:x", &text[..text.len() - 1]] {
            assert_eq!(Marker::key_in("timeware", other), None, "{other}");
        }
        assert_eq!(Marker::key_in("timeware", &text.replace("0011", "+011")), None);
    }
}
