//! Secrets by reference.

use std::fs;
use std::path::Path;

use secrecy::SecretString;

use super::ConfigFault;

/// The secret behind a reference, and a warning if others could read it.
pub(super) fn resolve(
    setting: &str,
    reference: &str,
    base: &Path,
) -> Result<(SecretString, Option<String>), ConfigFault> {
    if let Some(name) = reference.strip_prefix("env:") {
        return from_environment(setting, name).map(|secret| (secret, None));
    }
    let Some(path) = reference.strip_prefix("file:") else {
        return Err(ConfigFault::new(
            setting,
            "the secret itself stands here",
            "Put it into a file of its own and write \"file:PATH\", or into the environment and write \"env:NAME\"; \
             then change the secret, since it has been readable",
        ));
    };
    let path = base.join(path);
    let text = fs::read_to_string(&path).map_err(|error| {
        let what = format!("the secret file {} cannot be read: {error}", path.display());
        ConfigFault::new(setting, what, "Write the secret into that file, readable for this account alone")
    })?;
    let secret = text.trim_end_matches(['\r', '\n']);
    if secret.is_empty() {
        let what = format!("the secret file {} is empty", path.display());
        return Err(ConfigFault::new(setting, what, "Write the secret into that file"));
    }
    Ok((SecretString::from(secret), readable_by_others(&path)))
}

fn from_environment(setting: &str, name: &str) -> Result<SecretString, ConfigFault> {
    match std::env::var(name) {
        Ok(secret) if !secret.is_empty() => Ok(SecretString::from(secret)),
        _ => Err(ConfigFault::new(
            setting,
            format!("the environment has no {name}"),
            format!("Set {name} for the account that runs this program, or write \"file:PATH\""),
        )),
    }
}

#[cfg(unix)]
fn readable_by_others(path: &Path) -> Option<String> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = fs::metadata(path).ok()?.permissions().mode();
    let open = mode & 0o077 != 0;
    open.then(|| format!("the secret file {0} can be read by others; `chmod 600 {0}` closes it", path.display()))
}

#[cfg(not(unix))]
fn readable_by_others(_path: &Path) -> Option<String> {
    None
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    #[test]
    fn a_secret_comes_from_a_file_without_its_line_end() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("word"), "hunter2\r\n").unwrap();
        let (secret, _) = resolve("net2.password", "file:word", folder.path()).unwrap();
        assert_eq!(secret.expose_secret(), "hunter2");
    }

    #[test]
    fn a_secret_in_plain_text_is_refused_without_being_repeated() {
        let fault = resolve("net2.password", "hunter2", Path::new(".")).unwrap_err();
        assert!(!fault.to_string().contains("hunter2"));
        assert!(fault.remedy.contains("file:PATH"), "{fault}");
    }

    #[test]
    fn a_missing_secret_names_where_it_should_be() {
        let fault = resolve("net2.password", "env:NO_SUCH_VARIABLE_HERE", Path::new(".")).unwrap_err();
        assert!(fault.what.contains("NO_SUCH_VARIABLE_HERE"), "{fault}");
        let fault = resolve("net2.password", "file:nowhere", Path::new("/none")).unwrap_err();
        assert!(fault.what.contains("nowhere"), "{fault}");
    }

    #[cfg(unix)]
    #[test]
    fn a_secret_file_that_others_can_read_is_told() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("word");
        fs::write(&file, "x").unwrap();
        for (mode, told) in [(0o644, true), (0o600, false)] {
            fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
            let (_, warning) = resolve("a.b", "file:word", folder.path()).unwrap();
            assert_eq!(warning.is_some(), told, "{mode:o}");
        }
    }
}
