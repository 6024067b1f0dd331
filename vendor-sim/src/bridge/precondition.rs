//! Versions of single resources.

/// The tag of a version.
pub(crate) fn etag(revision: u64) -> String {
    format!("\"{revision}\"")
}

/// Whether `If-Match` lets a write through; without the header everything passes.
pub(crate) fn fits(if_match: Option<&str>, revision: u64) -> bool {
    let Some(wanted) = if_match else { return true };
    let tag = etag(revision);
    wanted.split(',').map(str::trim).any(|one| one == "*" || one == tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_passes_with_the_current_tag_any_tag_or_none() {
        assert!(fits(None, 3) && fits(Some("*"), 3) && fits(Some("\"2\", \"3\""), 3));
        // A weak tag never fits a write.
        assert!(!fits(Some("\"2\""), 3) && !fits(Some("W/\"3\""), 3) && !fits(Some("3"), 3));
    }
}
