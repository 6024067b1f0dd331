//! JSON pointers (RFC 6901): is it one, and writing at one.

use serde_json::{Map, Value};

/// Whether a text that is not empty is a pointer.
pub(super) fn is_valid(text: &str) -> bool {
    let mut characters = text.chars().peekable();
    if characters.peek() != Some(&'/') {
        return false;
    }
    while let Some(character) = characters.next() {
        if character == '~' && !matches!(characters.next(), Some('0' | '1')) {
            return false;
        }
    }
    true
}

/// Sets a value, with objects made on the way; `false` where something else than an object stands in it.
pub(super) fn set(target: &mut Value, pointer: &str, value: Value) -> bool {
    let mut place = target;
    for token in pointer.split('/').skip(1) {
        let name = token.replace("~1", "/").replace("~0", "~");
        if place.is_null() {
            *place = Value::Object(Map::new());
        }
        let Value::Object(map) = place else { return false };
        place = map.entry(name).or_insert(Value::Null);
    }
    *place = value;
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn pointers_are_told_from_other_texts() {
        for (text, valid) in
            [("/a/b", true), ("/", true), ("/a~1b~0", true), ("a", false), ("/a~2", false), ("/~", false)]
        {
            assert_eq!(is_valid(text), valid, "{text}");
        }
    }

    #[test]
    fn setting_makes_the_objects_on_the_way() {
        let mut value = Value::Null;
        assert!(set(&mut value, "/a/b~1c", json!(1)));
        assert!(set(&mut value, "/a/d", json!("x")));
        assert!(!set(&mut value, "/a/d/e", json!(2)));
        assert_eq!(value, json!({ "a": { "b/c": 1, "d": "x" } }));
        assert_eq!(value.pointer("/a/b~1c"), Some(&json!(1)));
    }
}
