//! The vendor's spellings and our words.

use serde_json::Value;
use std::fmt;

/// Which of the vendor's spellings stand for which of our words.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ValueMap {
    /// Our word, and the vendor's spellings of it, the one to write first.
    words: Vec<(String, Vec<Value>)>,
}

/// A value of the vendor as our word; one that no map knows is kept as it came.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Word {
    ours: Option<String>,
    theirs: String,
}

impl ValueMap {
    pub(super) fn new(words: Vec<(String, Vec<Value>)>) -> Self {
        Self { words }
    }

    /// Our word for a value; upper and lower case count as the same where the exact spelling is not known.
    pub fn read(&self, value: &Value) -> Option<Word> {
        let theirs = plain(value)?;
        let find = |same: &dyn Fn(&str) -> bool| {
            self.words.iter().find(|(_, spellings)| spellings.iter().filter_map(plain).any(|spelling| same(&spelling)))
        };
        let exact = find(&|spelling| spelling == theirs);
        let found = exact.or_else(|| find(&|spelling| spelling.eq_ignore_ascii_case(&theirs)));
        Some(Word { ours: found.map(|(word, _)| word.clone()), theirs })
    }

    /// The vendor's value for our word; a word without a spelling is written as it is.
    pub fn write(&self, word: &str) -> Value {
        let known = self.words.iter().find(|(ours, _)| ours == word).and_then(|(_, spellings)| spellings.first());
        known.cloned().unwrap_or_else(|| Value::String(word.to_owned()))
    }

    /// Our words.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.words.iter().map(|(word, _)| word.as_str())
    }
}

impl Word {
    /// A word as a vendor without a map would spell it.
    pub fn unmapped(theirs: impl Into<String>) -> Self {
        Self { ours: None, theirs: theirs.into() }
    }

    /// Our word, if the map knows the value.
    pub fn known(&self) -> Option<&str> {
        self.ours.as_deref()
    }

    /// Our word, or the vendor's text where the map does not know it.
    pub fn as_str(&self) -> &str {
        self.ours.as_deref().unwrap_or(&self.theirs)
    }

    /// The vendor's own text.
    pub fn theirs(&self) -> &str {
        &self.theirs
    }
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Text, number or truth value as text.
pub(super) fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn map() -> ValueMap {
        ValueMap::new(vec![
            ("enabled".to_owned(), vec![json!("A"), json!(1), json!(true)]),
            ("disabled".to_owned(), vec![json!("a")]),
        ])
    }

    #[test]
    fn the_exact_spelling_wins_over_the_case() {
        assert_eq!(map().read(&json!("A")).unwrap().as_str(), "enabled");
        assert_eq!(map().read(&json!("a")).unwrap().as_str(), "disabled");
        assert_eq!(map().read(&json!("TRUE")).unwrap().as_str(), "enabled");
        assert_eq!(map().read(&json!(1)).unwrap().as_str(), "enabled");
    }

    #[test]
    fn an_unknown_value_is_kept_and_known_to_be_unknown() {
        let word = map().read(&json!("paused")).unwrap();
        assert_eq!((word.known(), word.as_str()), (None, "paused"));
        assert_eq!(map().read(&json!({})), None);
    }

    #[test]
    fn writing_takes_the_first_spelling_with_its_type() {
        assert_eq!(map().write("enabled"), json!("A"));
        assert_eq!(map().write("other"), json!("other"));
    }
}
