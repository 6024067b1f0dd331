//! The version from which on the interface is served.

/// Whether a version is below 4.11; one that cannot be read is not.
pub(super) fn too_old(version: &str) -> bool {
    let mut parts = version.trim().split('.').map(|part| part.parse::<u64>().ok());
    match (parts.next().flatten(), parts.next()) {
        (Some(major), Some(Some(minor))) => (major, minor) < (4, 11),
        (Some(major), None) => major <= 4,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::too_old;

    #[test]
    fn versions_are_compared_by_their_numbers() {
        for old in ["4.10.3", "4.9", "3.99.9", "4"] {
            assert!(too_old(old), "{old}");
        }
        for fine in ["4.11.0", "4.11", "4.100.1", "5", "four", ""] {
            assert!(!too_old(fine), "{fine}");
        }
    }
}
