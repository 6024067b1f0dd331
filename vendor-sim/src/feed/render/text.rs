//! Pieces of iCal text.

use chrono::{DateTime, Utc};

/// An instant as `20210420T072531Z`.
pub(crate) fn instant(time: DateTime<Utc>) -> String {
    time.format("%Y%m%dT%H%M%SZ").to_string()
}

/// A text value with everything escaped.
pub(super) fn escaped(text: &str) -> String {
    let text = text.replace('\\', "\\\\").replace(';', "\\;").replace(',', "\\,");
    text.replace("\r\n", "\\n").replace(['\n', '\r'], "\\n")
}

/// A line cut after 75 octets, never inside a character, ended.
pub(super) fn folded(line: &str) -> String {
    let mut out = String::with_capacity(line.len() + line.len() / 20 + 2);
    let mut room = 75;
    for letter in line.chars() {
        if letter.len_utf8() > room {
            out.push_str("\r\n ");
            room = 74;
        }
        room -= letter.len_utf8();
        out.push(letter);
    }
    out.push_str("\r\n");
    out
}

/// A parameter value; quoted where it has to be, without control characters.
pub(super) fn parameter(text: &str) -> String {
    let text = text.replace('"', "'").replace(|letter: char| letter.is_control(), " ");
    quoted(text)
}

/// A parameter value by RFC 6868.
pub(super) fn parameter_6868(text: &str) -> String {
    let text = text.replace('^', "^^").replace("\r\n", "^n").replace(['\n', '\r'], "^n").replace('"', "^'");
    quoted(text)
}

fn quoted(text: String) -> String {
    if text.contains([',', ';', ':']) { format!("\"{text}\"") } else { text }
}

/// A name as a web form stores it.
pub(super) fn html(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#039;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folds_leave_characters_whole_and_unfold_to_the_line() {
        let line = format!("SUMMARY:{}", "Zoë 🧘 ".repeat(40));
        let folded = folded(&line);
        assert!(folded.split("\r\n").all(|part| part.len() <= 75));
        assert_eq!(folded.replace("\r\n ", "").trim_end_matches("\r\n"), line);
        assert_eq!(super::folded(&"x".repeat(75)), format!("{}\r\n", "x".repeat(75)));
    }

    #[test]
    fn text_is_escaped_the_way_each_writer_does() {
        assert_eq!(escaped("a,b;c\\d\r\ne"), "a\\,b\\;c\\\\d\\ne");
        assert_eq!(parameter_6868("Zoë: \"Ops\"\nx^"), "\"Zoë: ^'Ops^'^nx^^\"");
        assert_eq!(parameter("Some User"), "Some User");
        assert_eq!(html("O'Neil & <Co>"), "O&#039;Neil &amp; &lt;Co&gt;");
    }
}
