//! Nothing but its own module and the selection function knows the wire.
#![allow(clippy::unwrap_used, reason = "a test may stop")]

use std::{fs, path::Path};

fn lines(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            if path.file_name().unwrap() != "oem1" {
                lines(&path, found);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            let code = text.lines().map(str::trim).filter(|line| !line.starts_with("//"));
            // Settings and messages may name drivers in their texts.
            let naming =
                code.filter(|line| line.contains("oem1::") || line.contains("Oem1") || line.contains("mod oem1"));
            found.extend(naming.map(|line| format!("{}: {line}", path.display())));
        }
    }
}

#[test]
fn the_profile_is_named_by_its_module_and_the_selection_alone() {
    let mut found = Vec::new();
    lines(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    assert!(found.len() > 2, "the search itself works");
    let wrong: Vec<_> = found.iter().filter(|line| !line.contains("src/lib.rs: ")).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(pac_oem::driver("oem1").is_some() && pac_oem::driver("vendor").is_none());
}
