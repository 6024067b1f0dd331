//! `init`: a configuration to start from.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};
use std::path::Path;

use serde_json::json;

use crate::{Answer, Failure, Program};

pub(crate) fn init<P: Program>(file: &Path) -> Result<Answer, Failure> {
    let mut target = OpenOptions::new().write(true).create_new(true).open(file).map_err(|error| {
        if error.kind() == ErrorKind::AlreadyExists {
            Failure::new(format!("{} is there already and was left as it is", file.display()))
                .with_remedy("Give another name with --config, or move it away first")
        } else {
            Failure::new(format!("{} cannot be written: {error}", file.display()))
        }
    })?;
    target.write_all(P::template().as_bytes())?;
    let text = format!(
        "{0} was written. Next: read it and fill in what it asks for, then\n  \
         {1} check   reads it and names every fault\n  \
         {1} test    tries the connections\n  \
         {1} plan    shows what would be done\n  \
         {1} apply   does it",
        file.display(),
        P::NAME
    );
    Ok(Answer::new(text, json!({"command": "init", "file": file})))
}
