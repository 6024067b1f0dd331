//! What is wrong in a profile file, and what to do about it.

use std::fmt;

/// One fault of a profile file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProfileFault {
    /// Name of the file.
    pub file: String,
    /// Its line, where one is to blame.
    pub line: Option<usize>,
    /// Section and key: `[fields.badge] name`.
    pub place: String,
    /// What is wrong.
    pub reason: String,
    /// What to do.
    pub remedy: String,
}

/// A profile that cannot be used: all its faults.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidProfile {
    faults: Vec<ProfileFault>,
}

impl ProfileFault {
    /// A fault at a place of a file.
    pub fn new(
        file: impl Into<String>,
        line: Option<usize>,
        place: impl Into<String>,
        reason: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        let (file, place, reason, remedy) = (file.into(), place.into(), reason.into(), remedy.into());
        Self { file, line, place, reason, remedy }
    }
}

impl InvalidProfile {
    /// A profile with these faults.
    pub fn new(faults: Vec<ProfileFault>) -> Self {
        Self { faults }
    }

    /// The faults in the order of their lines.
    pub fn faults(&self) -> &[ProfileFault] {
        &self.faults
    }
}

impl fmt::Display for ProfileFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, ": {} {}: {}", self.place, self.reason, self.remedy)
    }
}

impl fmt::Display for InvalidProfile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, fault) in self.faults.iter().enumerate() {
            if place > 0 {
                f.write_str("\n")?;
            }
            fault.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for InvalidProfile {}

impl From<InvalidProfile> for crate::Error {
    fn from(invalid: InvalidProfile) -> Self {
        let more = invalid.faults.len().saturating_sub(1);
        let text = match (invalid.faults.first(), more) {
            (Some(first), 0) => first.to_string(),
            (Some(first), more) => format!("{first} (and {more} more)"),
            (None, _) => "the profile cannot be used".to_owned(),
        };
        Self::new(crate::ErrorKind::Config, text).with_source(invalid)
    }
}
