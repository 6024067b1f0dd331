//! Faults that are found after the file has been read, by the name of the setting.

use std::fmt;

/// Something wrong with a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigFault {
    /// The setting, from the top of the file: `net2.password`.
    pub setting: String,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub remedy: String,
}

/// All that is wrong with a configuration; there is always at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigFaults(Vec<ConfigFault>);

impl ConfigFault {
    /// A fault of a setting, named from the top of the file: `net2.password`.
    pub fn new(setting: impl Into<String>, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { setting: setting.into(), what: what.into(), remedy: remedy.into() }
    }
}

impl ConfigFaults {
    /// Nothing if there is no fault.
    ///
    /// # Errors
    /// The faults, if there are any.
    pub fn none_of(faults: Vec<ConfigFault>) -> Result<(), Self> {
        if faults.is_empty() { Ok(()) } else { Err(Self(faults)) }
    }
}

impl From<ConfigFault> for ConfigFaults {
    fn from(fault: ConfigFault) -> Self {
        Self(vec![fault])
    }
}

impl IntoIterator for ConfigFaults {
    type Item = ConfigFault;
    type IntoIter = std::vec::IntoIter<ConfigFault>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl fmt::Display for ConfigFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}. {}", self.setting, self.what, self.remedy)
    }
}

impl fmt::Display for ConfigFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, fault) in self.0.iter().enumerate() {
            if position > 0 {
                f.write_str("\n")?;
            }
            fault.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigFault {}
impl std::error::Error for ConfigFaults {}
