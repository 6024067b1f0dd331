//! Groupings 1 to 10; one of them takes the department (rule W6).

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::ids::GroupingRefId;

/// The number of a grouping, 1 to 10.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct GroupingNumber(u8);

impl GroupingNumber {
    /// All ten.
    pub fn all() -> impl Iterator<Item = Self> {
        (1..=10).map(Self)
    }

    /// Checks a number.
    ///
    /// # Errors
    /// `Rejected` outside 1 to 10.
    pub fn new(number: u8) -> Result<Self> {
        if (1..=10).contains(&number) {
            Ok(Self(number))
        } else {
            Err(Error::rejected("grouping", format!("{number} is not a grouping; there are 1 to 10")))
        }
    }

    /// The number.
    pub fn get(self) -> u8 {
        self.0
    }

    /// The logical column of a person.
    pub(crate) fn logical(self) -> &'static str {
        match self.0 {
            1 => "grouping_1",
            2 => "grouping_2",
            3 => "grouping_3",
            4 => "grouping_4",
            5 => "grouping_5",
            6 => "grouping_6",
            7 => "grouping_7",
            8 => "grouping_8",
            9 => "grouping_9",
            _ => "grouping_10",
        }
    }
}

impl TryFrom<u8> for GroupingNumber {
    type Error = Error;

    fn try_from(number: u8) -> Result<Self> {
        Self::new(number)
    }
}

impl From<GroupingNumber> for u8 {
    fn from(number: GroupingNumber) -> u8 {
        number.0
    }
}

impl fmt::Display for GroupingNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One value of a grouping, such as a department.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Grouping {
    /// The id.
    pub id: GroupingRefId,
    /// Which grouping.
    pub number: GroupingNumber,
    /// The name.
    pub description: String,
    /// External id of the receipt of the source that the reader asked about.
    pub receipt: Option<String>,
}
