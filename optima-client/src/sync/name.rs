//! One shown name into two parts and back.

/// Given name and family name of a shown name: the last word, with the particles before it, is the family name.
///
/// Joining gives the same text back, runs of blanks counted as one.
pub(super) fn split(shown: &str) -> (String, String) {
    let words: Vec<&str> = shown.split_whitespace().collect();
    let mut start = words.len().saturating_sub(1);
    while start > 1 && words.get(start - 1).is_some_and(|word| PARTICLES.contains(&word.to_lowercase().as_str())) {
        start -= 1;
    }
    let (first, last) = words.split_at(start);
    (first.join(" "), last.join(" "))
}

/// The shown name of both parts, at most this long.
pub(super) fn join(first: &str, last: &str, longest: usize) -> String {
    let words: Vec<_> = first.split_whitespace().chain(last.split_whitespace()).collect();
    let joined = words.join(" ");
    let cut: String = joined.chars().take(longest).collect();
    cut.trim_end().to_owned()
}

const PARTICLES: [&str; 19] = [
    "van", "von", "der", "den", "ter", "ten", "de", "del", "della", "da", "dos", "di", "du", "le", "la", "al", "bin",
    "ibn", "mac",
];

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn particles_stay_with_the_family_name() {
        for (shown, first, last) in [
            ("Mira Vandenholt", "Mira", "Vandenholt"),
            ("Asha de Mello", "Asha", "de Mello"),
            ("Anna Maria van der Berg", "Anna Maria", "van der Berg"),
            ("Al Pacino", "Al", "Pacino"),
            ("Cher", "", "Cher"),
            ("  ", "", ""),
        ] {
            assert_eq!(split(shown), (first.to_owned(), last.to_owned()), "{shown}");
        }
    }

    #[test]
    fn a_long_name_is_cut_between_characters() {
        assert_eq!(join("Zoé", "Ångström", 6), "Zoé Ån");
        assert_eq!(join("Abc", "Def", 4), "Abc");
    }

    proptest! {
        #[test]
        fn joining_gives_the_text_back(shown in "[a-zA-Z]{1,8}( {1,3}[a-z]{1,8}){0,4}") {
            let (first, last) = split(&shown);
            let words: Vec<_> = shown.split_whitespace().collect();
            prop_assert_eq!(join(&first, &last, 200), words.join(" "));
        }
    }
}
