//! Text with words between `#` that stand for something.

/// What a word between `#` stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Placeholder {
    FirstName,
    SurName,
    StartPeriod,
    EndPeriod,
    AccessCode,
    Resources,
    BookingList,
    GraceBefore,
    GraceAfter,
    SiteName,
    Contact,
    Privacy,
}

const WORDS: [(&str, Placeholder); 12] = [
    ("FIRST_NAME", Placeholder::FirstName),
    ("SUR_NAME", Placeholder::SurName),
    ("START_PERIOD", Placeholder::StartPeriod),
    ("END_PERIOD", Placeholder::EndPeriod),
    ("ACCESS_CODE", Placeholder::AccessCode),
    ("RESOURCES", Placeholder::Resources),
    ("BOOKING_LIST", Placeholder::BookingList),
    ("GRACE_BEFORE", Placeholder::GraceBefore),
    ("GRACE_AFTER", Placeholder::GraceAfter),
    ("SITE_NAME", Placeholder::SiteName),
    ("CONTACT", Placeholder::Contact),
    ("PRIVACY", Placeholder::Privacy),
];

/// A text that was read once; values are filled in and never read again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Template {
    pieces: Vec<Piece>,
    unknown: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Value(Placeholder),
}

impl Template {
    pub(super) fn read(text: &str) -> Self {
        let mut template = Self { pieces: Vec::new(), unknown: Vec::new() };
        let mut plain = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('#') {
            plain.push_str(before);
            let word = word_before_hash(after);
            if let Some((known, placeholder)) = WORDS.iter().find(|(known, _)| Some(*known) == word) {
                template.pieces.push(Piece::Text(std::mem::take(&mut plain)));
                template.pieces.push(Piece::Value(*placeholder));
                rest = after.get(known.len() + 1..).unwrap_or_default();
            } else {
                template.unknown.extend(word.map(|word| format!("#{word}#")));
                plain.push('#');
                rest = after;
            }
        }
        plain.push_str(rest);
        template.pieces.push(Piece::Text(plain));
        template
    }

    /// The text with every word replaced. A blank is not doubled where a value is empty.
    pub(super) fn fill(&self, value: impl Fn(Placeholder) -> String) -> String {
        let mut filled = String::new();
        let mut swallow = false;
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => {
                    let text = if swallow { text.strip_prefix(' ').unwrap_or(text) } else { text };
                    filled.push_str(text);
                    swallow = false;
                }
                Piece::Value(placeholder) => {
                    let value = value(*placeholder);
                    swallow = value.is_empty() && (filled.is_empty() || filled.ends_with([' ', '\n']));
                    filled.push_str(&value);
                }
            }
        }
        filled
    }

    pub(super) fn has(&self, placeholder: Placeholder) -> bool {
        self.pieces.contains(&Piece::Value(placeholder))
    }

    /// Words between `#` that stand for nothing, and stay as they are.
    pub(super) fn unknown(&self) -> &[String] {
        &self.unknown
    }
}

/// Without control characters and whatever turns the direction of writing: one line.
pub(super) fn plain(text: &str) -> String {
    let turns = |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let blank = |c: char| c.is_control() || c.is_whitespace() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}');
    let shown = text.chars().filter(|c| !turns(*c)).map(|c| if blank(c) { ' ' } else { c }).collect::<String>();
    shown.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// One line, and nothing in it is HTML.
pub(super) fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for c in plain(text).chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            other => html.push(other),
        }
    }
    html
}

/// `WORD` of `WORD#…`.
fn word_before_hash(text: &str) -> Option<&str> {
    let (word, _) = text.split_once('#')?;
    let letters = word.bytes().all(|b| b.is_ascii_uppercase() || b == b'_') && word.starts_with(|c: char| c != '_');
    (letters && !word.is_empty()).then_some(word)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn name(placeholder: Placeholder) -> String {
        format!("<{placeholder:?}>")
    }

    #[test]
    fn exactly_the_known_words_between_hashes_are_replaced() {
        for (word, placeholder) in WORDS {
            let template = Template::read(&format!("a #{word}# b"));
            assert_eq!(template.fill(name), format!("a <{placeholder:?}> b"));
            assert!(template.has(placeholder) && template.unknown().is_empty());
        }
        for text in
            ["#first_name#", "# FIRST_NAME #", "#FIRST_NAME", "FIRST_NAME#", "##", "#", "Room #4 and #5", "#fff"]
        {
            let template = Template::read(text);
            assert_eq!((template.fill(name).as_str(), template.unknown().len()), (text, 0));
        }
    }

    #[test]
    fn unknown_words_stay_and_are_reported() {
        let template = Template::read("#ACCES_CODE# #FIRST_NAME#NAME#SUR_NAME#");
        assert_eq!(template.fill(name), "#ACCES_CODE# <FirstName>NAME<SurName>");
        assert_eq!(template.unknown(), ["#ACCES_CODE#"]);
        let twice = Template::read("#LAST_NAME#SUR_NAME#");
        assert_eq!(twice.fill(name), "#LAST_NAME<SurName>", "the second `#` may begin a known word");
    }

    #[test]
    fn a_value_is_not_read_again() {
        let filled = Template::read("#FIRST_NAME# #SUR_NAME#").fill(|p| match p {
            Placeholder::FirstName => "#ACCESS_CODE#".to_owned(),
            _ => "#FIRST_NAME#".to_owned(),
        });
        assert_eq!(filled, "#ACCESS_CODE# #FIRST_NAME#");
    }

    #[test]
    fn an_empty_first_name_leaves_no_double_blank() {
        let fill = |text| {
            Template::read(text).fill(|p| if p == Placeholder::SurName { "Cher".to_owned() } else { String::new() })
        };
        assert_eq!(fill("Hello #FIRST_NAME# #SUR_NAME#,"), "Hello Cher,");
        assert_eq!(fill("#FIRST_NAME# #SUR_NAME#"), "Cher");
        assert_eq!(fill("(#FIRST_NAME#) x"), "() x");
    }

    #[test]
    fn values_are_one_line_and_no_html() {
        assert_eq!(plain("Bob\r\nBcc: x\u{0}\u{202e}y\u{2028} z "), "Bob Bcc: x y z");
        assert_eq!(
            escaped("<script>alert('1' & \"2\")</script>"),
            "&lt;script&gt;alert(&#39;1&#39; &amp; &quot;2&quot;)&lt;/script&gt;"
        );
    }

    proptest! {
        #[test]
        fn any_text_without_known_words_stays_as_it_is(text in "[#A-Z_ a-z\u{e9}]{0,40}") {
            prop_assume!(!WORDS.iter().any(|(word, _)| text.contains(&format!("#{word}#"))));
            prop_assert_eq!(Template::read(&text).fill(name), text);
        }

        #[test]
        fn nothing_that_was_escaped_opens_a_tag_or_an_attribute(text in any::<String>()) {
            let html = escaped(&text);
            prop_assert!(!html.contains(['<', '>', '"', '\'', '\r', '\n']));
        }
    }
}
