//! Patterns with stars.

/// Whether a text fits a pattern with `*`.
pub(crate) fn glob(pattern: &str, text: &str) -> bool {
    let Some((head, tail)) = pattern.split_once('*') else { return pattern == text };
    let Some(rest) = text.strip_prefix(head) else { return false };
    (0..=rest.len()).filter_map(|at| rest.get(at..)).any(|rest| glob(tail, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_any_text() {
        assert!(glob("/api/v1/users/*/tokens", "/api/v1/users/12/tokens"));
        assert!(glob("*", ""));
        assert!(!glob("/api/v1/users/*", "/api/v1/doors/1"));
        assert!(!glob("/users", "/users/1"));
    }
}
