//! From bytes to text, and back from what writers did to text.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::is_nfc;

/// Whether there are control characters other than tab and line ends.
pub(crate) fn has_controls(bytes: &[u8]) -> bool {
    bytes.iter().fold(false, |found, &byte| found | is_control(byte))
}

/// Whether there are control characters, and whether a carriage return stands without its line feed; in one pass, since
/// what takes time is to fetch a large body.
#[expect(clippy::needless_bitwise_bool, reason = "without branches many bytes are looked at together")]
pub(crate) fn oddities(bytes: &[u8]) -> (bool, bool) {
    let behind = bytes.get(1..).unwrap_or_default();
    let found = bytes.iter().zip(behind).fold((false, false), |(controls, bare), (&byte, &next)| {
        (controls | is_control(byte), bare | ((byte == b'\r') & (next != b'\n')))
    });
    let last = bytes.last().copied().unwrap_or(b'\n');
    (found.0 || is_control(last), found.1 || last == b'\r')
}

fn is_control(byte: u8) -> bool {
    (byte < 0x20 && byte != b'\t' && byte != b'\n' && byte != b'\r') || byte == 0x7f
}

/// The same without control characters.
pub(crate) fn drop_controls(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().copied().filter(|&byte| !is_control(byte)).collect()
}

/// Reads bytes as windows-1252; the five codes that it leaves open become the replacement character.
pub(crate) fn windows_1252(bytes: &[u8]) -> String {
    bytes
        .iter()
        .map(|&byte| match byte {
            0x80..=0x9f => HIGH.get(usize::from(byte) - 0x80).copied().unwrap_or('\u{fffd}'),
            _ => char::from(byte),
        })
        .collect()
}

const HIGH: [char; 32] = [
    '€', '\u{fffd}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{fffd}', 'Ž', '\u{fffd}', '\u{fffd}',
    '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{fffd}', 'ž', 'Ÿ',
];

/// Undoes the escaping of a text value. In a raw feed only `\n` means anything.
pub(crate) fn unescape(value: &str, raw: bool) -> Cow<'_, str> {
    if !value.contains('\\') {
        return Cow::Borrowed(value);
    }
    let mut text = String::with_capacity(value.len());
    let mut rest = value.chars();
    while let Some(char) = rest.next() {
        if char != '\\' {
            text.push(char);
            continue;
        }
        let mut ahead = rest.clone();
        match ahead.next() {
            Some('n' | 'N') => text.push('\n'),
            Some(next @ (',' | ';' | '\\')) if !raw => text.push(next),
            _ => {
                text.push('\\');
                continue;
            }
        }
        rest = ahead;
    }
    Cow::Owned(text)
}

/// Splits at commas that are not escaped. The parts are still escaped.
pub(crate) fn split_list(value: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(value);
    std::iter::from_fn(move || {
        let text = rest?;
        let mut escaped = false;
        for (at, char) in text.char_indices() {
            match char {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                ',' => {
                    rest = text.get(at + 1..);
                    return text.get(..at);
                }
                _ => {}
            }
        }
        rest = None;
        Some(text)
    })
}

/// Undoes the escaping of parameter values: `^n`, `^^`, `^'`.
pub(crate) fn uncaret(value: &str) -> Cow<'_, str> {
    if !value.contains('^') {
        return Cow::Borrowed(value);
    }
    let mut text = String::with_capacity(value.len());
    let mut rest = value.chars();
    while let Some(char) = rest.next() {
        let mut ahead = rest.clone();
        let replaced = match (char, ahead.next()) {
            ('^', Some('n')) => '\n',
            ('^', Some('^')) => '^',
            ('^', Some('\'')) => '"',
            _ => {
                text.push(char);
                continue;
            }
        };
        text.push(replaced);
        rest = ahead;
    }
    Cow::Owned(text)
}

/// Decodes HTML entities once: the five that form fields are escaped with, the hard blank, and numeric ones.
pub(crate) fn decode_entities(value: &str) -> Cow<'_, str> {
    if !value.contains('&') {
        return Cow::Borrowed(value);
    }
    let mut text = String::with_capacity(value.len());
    let mut rest = value;
    while let Some((before, after)) = rest.split_once('&') {
        text.push_str(before);
        if let Some((char, behind)) = entity(after) {
            text.push(char);
            rest = behind;
        } else {
            text.push('&');
            rest = after;
        }
    }
    text.push_str(rest);
    Cow::Owned(text)
}

/// The character of an entity whose `&` was taken, and what follows it.
fn entity(text: &str) -> Option<(char, &str)> {
    let end = text.bytes().take(LONGEST_ENTITY).position(|byte| byte == b';')?;
    let (name, behind) = (text.get(..end)?, text.get(end + 1..)?);
    let char = match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => ' ',
        _ => numeric(name.strip_prefix('#')?).filter(|char| !char.is_control())?,
    };
    Some((char, behind))
}

fn numeric(digits: &str) -> Option<char> {
    let code = match digits.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16),
        None => digits.parse(),
    };
    char::from_u32(code.ok()?)
}

const LONGEST_ENTITY: usize = 10;

/// Without blanks around it; most text has none.
pub(crate) fn trimmed(text: &str) -> &str {
    match text.as_bytes() {
        [b'!'..=b'~', .., b'!'..=b'~'] | [b'!'..=b'~'] => text,
        _ => text.trim(),
    }
}

/// Trimmed, inner blanks one each.
pub(crate) fn collapse(text: &str) -> Cow<'_, str> {
    let trimmed = text.trim();
    let blank = |char: char| char.is_whitespace();
    let plain = !trimmed.contains("  ") && !trimmed.contains(|char| blank(char) && char != ' ');
    if plain {
        return Cow::Borrowed(trimmed);
    }
    Cow::Owned(trimmed.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// The form in which two names are the same: entities decoded, composed, blanks collapsed, case folded.
pub(crate) fn name_key(name: &str) -> String {
    let decoded = decode_entities(name);
    let composed: Cow<'_, str> = if is_nfc(&decoded) { decoded } else { Cow::Owned(decoded.nfc().collect()) };
    fold_case(&collapse(&composed))
}

/// Case folded: by way of the upper case, so that ß and SS are the same.
pub(crate) fn fold_case(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    text.chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect()
}

/// The first so many characters.
pub(crate) fn first_chars(text: &str, count: usize) -> &str {
    if text.len() <= count {
        return text;
    }
    match text.char_indices().nth(count) {
        Some((end, _)) => text.get(..end).unwrap_or(text),
        None => text,
    }
}

/// Where the last occurrence of an ASCII text begins, its case not counting.
pub(crate) fn rfind_ignore_case(text: &str, wanted: &str) -> Option<usize> {
    let (text, wanted) = (text.as_bytes(), wanted.as_bytes());
    (0..=text.len().checked_sub(wanted.len())?)
        .rev()
        .find(|&at| text.get(at..at + wanted.len()).is_some_and(|part| part.eq_ignore_ascii_case(wanted)))
}

/// What follows a prefix, whose case does not count.
pub(crate) fn strip_prefix_ignore_case<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let head = text.get(..prefix.len())?;
    if head.eq_ignore_ascii_case(prefix) { text.get(prefix.len()..) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_unescaped_as_far_as_the_writer_escapes() {
        let table = [
            (r"a\, b\; c\\ d\n e\N", "a, b; c\\ d\n e\n", "a\\, b\\; c\\\\ d\n e\n"),
            (r"C:\dir\x", r"C:\dir\x", r"C:\dir\x"),
            ("end\\", "end\\", "end\\"),
            (r"\\n", "\\n", "\\\n"),
        ];
        for (value, escaped, raw) in table {
            assert_eq!(unescape(value, false), escaped, "{value}");
            assert_eq!(unescape(value, true), raw, "{value}");
        }
    }

    #[test]
    fn lists_are_split_at_bare_commas_alone() {
        let parts: Vec<&str> = split_list(r"a\, b,c,,d\\,e").collect();
        assert_eq!(parts, [r"a\, b", "c", "", r"d\\", "e"]);
    }

    #[test]
    fn carets_stand_for_what_a_parameter_cannot_hold() {
        assert_eq!(uncaret("a^nb^^c^'d^x^"), "a\nb^c\"d^x^");
    }

    #[test]
    fn entities_are_decoded_once() {
        let table = [
            ("O&#039;Neil", "O'Neil"),
            ("Room &amp; Co", "Room & Co"),
            ("&amp;lt;", "&lt;"),
            ("&#x41;&#65;&quot;", "AA\""),
            ("a & b; c", "a & b; c"),
            ("&#10;&#0;&unknown;&#99999999;", "&#10;&#0;&unknown;&#99999999;"),
            ("&", "&"),
        ];
        for (value, expected) in table {
            assert_eq!(decode_entities(value), expected);
        }
    }

    #[test]
    fn names_are_compared_composed_collapsed_and_folded() {
        assert_eq!(name_key("  Cafe\u{301}\t  #1 "), name_key("CAFÉ #1"));
        assert_eq!(name_key("Straße &amp; Co"), name_key("STRASSE & co"));
        assert_ne!(name_key("Room 1"), name_key("Room1"));
    }

    #[test]
    fn bytes_that_are_not_utf_8_are_windows_1252() {
        assert_eq!(windows_1252(b"Zo\xeb \x80\x81"), "Zoë €\u{fffd}");
    }

    #[test]
    fn the_last_match_counts_whatever_its_case() {
        assert_eq!(rfind_ignore_case("a:MailTo:b:MAILTO:c", ":mailto:"), Some(10));
        assert_eq!(rfind_ignore_case("é", ":mailto:"), None);
        assert_eq!(first_chars("äöü", 2), "äö");
    }
}
