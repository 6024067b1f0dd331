//! One name into two parts and back (rule W2).

use crate::error::{Error, Result};

/// What stands for a part of a name that is not there.
pub const NO_NAME: &str = "-";

/// Particles that belong to the last name, where the settings name no others.
pub const PARTICLES: &[&str] = &[
    "van", "von", "der", "den", "ter", "ten", "de", "del", "della", "da", "dos", "di", "du", "le", "la", "al", "bin",
    "ibn", "mac", "o'",
];

/// First and last name as timeware stores them.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NameParts {
    /// `first_name`; [`NO_NAME`] where there is none.
    pub first: String,
    /// `last_name`; [`NO_NAME`] where there is none.
    pub last: String,
}

impl std::fmt::Debug for NameParts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NameParts").finish_non_exhaustive()
    }
}

impl NameParts {
    /// Splits one text: the last word, with the particles before it, is the last name.
    ///
    /// Joining back gives the same text, runs of blanks counted as one.
    ///
    /// # Errors
    /// `Rejected` when the text holds no word.
    pub fn split(text: &str, particles: &[String]) -> Result<Self> {
        let words: Vec<&str> = text.split_whitespace().collect();
        if words.is_empty() {
            return Err(Error::rejected("name", "the name is empty"));
        }
        let mut start = words.len() - 1;
        while start > 1 && words.get(start - 1).is_some_and(|word| is_particle(word, particles)) {
            start -= 1;
        }
        let (first, last) = words.split_at(start);
        let (first, last) = (first.join(" "), last.join(" "));
        if first.is_empty() || first == NO_NAME || last == NO_NAME {
            return Ok(Self { first: NO_NAME.to_owned(), last: words.join(" ") });
        }
        Ok(Self { first, last })
    }

    /// Takes parts that the source has already; an empty one becomes [`NO_NAME`].
    ///
    /// # Errors
    /// `Rejected` when both are empty.
    pub fn new(first: &str, last: &str) -> Result<Self> {
        let (first, last) = (tidy(first), tidy(last));
        match (first.is_empty(), last.is_empty()) {
            (true, true) => Err(Error::rejected("name", "the name is empty")),
            (true, false) => Ok(Self { first: NO_NAME.to_owned(), last }),
            (false, true) => Ok(Self { first, last: NO_NAME.to_owned() }),
            (false, false) => Ok(Self { first, last }),
        }
    }

    /// The one text of both parts.
    pub fn join(&self) -> String {
        join(&self.first, &self.last)
    }
}

/// The one text of a first and a last name as stored.
pub fn join(first: &str, last: &str) -> String {
    match (first, last) {
        ("" | NO_NAME, last) => last.to_owned(),
        (first, "" | NO_NAME) => first.to_owned(),
        (first, last) => format!("{first} {last}"),
    }
}

fn is_particle(word: &str, particles: &[String]) -> bool {
    let folded = word.to_lowercase();
    particles.contains(&folded)
}

fn tidy(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn split(text: &str) -> (String, String) {
        let particles: Vec<String> = PARTICLES.iter().map(ToString::to_string).collect();
        let parts = NameParts::split(text, &particles).unwrap();
        (parts.first, parts.last)
    }

    #[test]
    fn particles_stay_with_the_last_name() {
        for (text, first, last) in [
            ("Asha de Mello", "Asha", "de Mello"),
            ("Jan van der Berg", "Jan", "van der Berg"),
            ("Mary Ann Smith", "Mary Ann", "Smith"),
            ("Al Pacino", "Al", "Pacino"),
            ("Cher", "-", "Cher"),
            ("- Smith", "-", "- Smith"),
            ("Smith -", "-", "Smith -"),
        ] {
            assert_eq!(split(text), (first.to_owned(), last.to_owned()), "{text}");
        }
    }

    proptest! {
        #[test]
        fn joining_gives_the_text_back(text in "[^\\s]{1,8}(\\s{1,3}[^\\s]{1,8}){0,4}") {
            let (first, last) = split(&text);
            prop_assert_eq!(join(&first, &last), tidy(&text));
            prop_assert!(!first.is_empty() && !last.is_empty());
        }
    }
}
