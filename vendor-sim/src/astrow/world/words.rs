//! Texts that occur often, each kept once.

use std::collections::HashMap;
use std::sync::Arc;

/// A text by its number; 0 is no text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Word(u32);

/// All texts.
#[derive(Debug, Clone, Default)]
pub(crate) struct Words {
    texts: Vec<Arc<str>>,
    numbers: HashMap<Arc<str>, u32>,
}

impl Words {
    /// The number of a text.
    pub(crate) fn word(&mut self, text: &str) -> Word {
        if let Some(number) = self.numbers.get(text) {
            return Word(*number);
        }
        let shared: Arc<str> = text.into();
        self.texts.push(Arc::clone(&shared));
        let number = u32::try_from(self.texts.len()).unwrap_or(u32::MAX);
        self.numbers.insert(shared, number);
        Word(number)
    }

    /// The number of a text that may be missing.
    pub(crate) fn maybe(&mut self, text: Option<&str>) -> Word {
        text.map_or(Word(0), |text| self.word(text))
    }

    /// The text, if there is one.
    pub(crate) fn text(&self, word: Word) -> Option<&str> {
        let at = usize::try_from(word.0).ok()?.checked_sub(1)?;
        self.texts.get(at).map(AsRef::as_ref)
    }

    /// The text, or nothing.
    pub(crate) fn or_empty(&self, word: Word) -> String {
        self.text(word).unwrap_or_default().to_owned()
    }

    /// The text as it may be missing.
    pub(crate) fn owned(&self, word: Word) -> Option<String> {
        self.text(word).map(str::to_owned)
    }

    /// The number of a text, if it occurred.
    pub(crate) fn known(&self, text: &str) -> Option<Word> {
        self.numbers.get(text).map(|number| Word(*number))
    }
}
