//! First and last name out of one text, so that joining them gives the text back.

/// Small words that belong to the last name behind them.
const PARTICLES: [&str; 24] = [
    "van", "von", "der", "den", "ter", "ten", "de", "del", "della", "da", "di", "do", "dos", "das", "du", "le", "la",
    "al", "el", "bin", "ibn", "mac", "mc", "o'",
];

/// What stands for a first name where there is none.
const NONE: &str = "-";

/// Splits a name: the last word with the particles before it is the last name. One word alone is a last name.
pub(crate) fn split(name: &str) -> (String, String) {
    let words: Vec<&str> = name.split_whitespace().collect();
    let Some(mut cut) = words.len().checked_sub(1) else { return (String::new(), String::new()) };
    let particle = |word: &&str| PARTICLES.contains(&word.to_lowercase().as_str());
    while cut > 1 && words.get(cut - 1).is_some_and(particle) {
        cut -= 1;
    }
    let join = |words: Option<&[&str]>| words.unwrap_or_default().join(" ");
    match join(words.get(..cut)) {
        first if first.is_empty() => (NONE.to_owned(), join(words.get(cut..))),
        first => (first, join(words.get(cut..))),
    }
}

/// The name that two parts make.
pub(crate) fn join(first: &str, last: &str) -> String {
    let parts = [first.trim(), last.trim()];
    parts.into_iter().filter(|part| !part.is_empty() && *part != NONE).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn particles_go_with_the_last_name() {
        for (name, first, last) in [
            ("Asha de Mello", "Asha", "de Mello"),
            ("Tom Okafor", "Tom", "Okafor"),
            ("Anna Maria van der Berg", "Anna Maria", "van der Berg"),
            ("Omar bin Said", "Omar", "bin Said"),
            ("Prince", "-", "Prince"),
            ("de Mello", "de", "Mello"),
            ("  Asha   Mello ", "Asha", "Mello"),
            ("", "", ""),
        ] {
            assert_eq!(split(name), (first.to_owned(), last.to_owned()), "{name:?}");
        }
    }

    proptest! {
        #[test]
        fn joining_gives_the_text_back(words in proptest::collection::vec("[A-Za-z']{1,8}|de|van|der", 0..6)) {
            let name = words.join(" ");
            let (first, last) = split(&name);
            prop_assert_eq!(join(&first, &last), name);
        }
    }
}
