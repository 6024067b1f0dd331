//! Names and addresses as people and feeds write them.

use unicode_normalization::UnicodeNormalization as _;

/// Words that belong to the family name that follows them.
const PARTICLES: [&str; 24] = [
    "af", "al", "bin", "d'", "da", "das", "de", "degli", "del", "della", "den", "der", "di", "do", "dos", "du", "el",
    "la", "le", "ten", "ter", "van", "von", "zu",
];

/// The name of a resource in the form in which two are the same: composed, single blanks, none at the ends.
pub fn resource_name(text: &str) -> String {
    let composed: String = text.nfc().collect();
    composed.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The address in the form in which two are the same person, or why it cannot be anybody's.
///
/// # Errors
/// In words: no address at all, or one that a booking system made up to hide the real one.
pub fn address_key(text: &str) -> Result<String, &'static str> {
    let key = text.trim().to_lowercase();
    let Some((local, domain)) = key.rsplit_once('@') else { return Err("is no mail address") };
    let strange = |c: char| c.is_whitespace() || c.is_control() || "<>()[]\\,;:\"".contains(c);
    if local.is_empty() || local.contains('@') || !domain.contains('.') || key.contains(strange) || key.len() > 254 {
        return Err("is no mail address");
    }
    if domain.starts_with('.') || domain.ends_with('.') || domain.contains("..") {
        return Err("is no mail address");
    }
    if local.ends_with("-noreply") || matches!(local, "noreply" | "no-reply") {
        return Err("was hidden by the booking system");
    }
    Ok(key)
}

/// Given name and family name of a display name; without one, what stands before the `@`.
///
/// The last word is the family name together with the particles before it, unless a comma says otherwise.
pub fn split_name(display: Option<&str>, address: &str) -> (String, String) {
    let clean = display.map(clean).unwrap_or_default();
    if clean.is_empty() {
        return (String::new(), clean_local(address));
    }
    if let Some((last, first)) = clean.split_once(',') {
        let (first, last) = (first.trim(), last.trim());
        if !first.is_empty() && !last.is_empty() {
            return (first.to_owned(), last.to_owned());
        }
    }
    let words: Vec<&str> = clean.split([' ', ',']).filter(|word| !word.is_empty()).collect();
    if words.is_empty() {
        return (String::new(), clean_local(address));
    }
    let mut family = words.len().saturating_sub(1);
    while family > 0 && words.get(family - 1).is_some_and(|word| is_particle(word)) {
        family -= 1;
    }
    let joined = |from: usize, to: usize| words.get(from..to).unwrap_or_default().join(" ");
    (joined(0, family), joined(family, words.len()))
}

fn is_particle(word: &str) -> bool {
    PARTICLES.contains(&word.to_lowercase().as_str())
}

fn clean_local(address: &str) -> String {
    clean(address.split('@').next().unwrap_or_default())
}

/// Control characters become blanks, blanks become one.
fn clean(text: &str) -> String {
    let text: String = text.nfc().map(|c| if c.is_control() { ' ' } else { c }).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_split_at_the_last_word_its_particles_or_a_comma() {
        let split = |name: &str| split_name(Some(name), "x@example.org");
        let pair = |first: &str, last: &str| (first.to_owned(), last.to_owned());
        assert_eq!(split("Maya Okonkwo"), pair("Maya", "Okonkwo"));
        assert_eq!(split("Jan Willem van der Berg"), pair("Jan Willem", "van der Berg"));
        assert_eq!(split("Berg, Jan"), pair("Jan", "Berg"));
        assert_eq!(split("Cher"), pair("", "Cher"));
        assert_eq!(split("Bob\r\nBcc: x"), pair("Bob Bcc:", "x"));
        assert_eq!(split(" , "), pair("", "x"));
        assert_eq!(split_name(None, "maya.o@example.org"), pair("", "maya.o"));
    }

    #[test]
    fn addresses_are_folded_and_made_up_ones_are_nobodys() {
        assert_eq!(address_key(" Maya@Example.ORG ").unwrap(), "maya@example.org");
        for wrong in ["Private", "", "a@b", "a b@example.org", "a@b@example.org", "a@.org", "a@example.org\nBcc: x"] {
            assert!(address_key(wrong).is_err(), "{wrong:?}");
        }
        assert!(address_key("jan-noreply@example.org").is_err());
    }

    #[test]
    fn resource_names_are_composed_and_trimmed() {
        assert_eq!(resource_name("  Cafe\u{301}  1 "), "Café 1");
    }
}
