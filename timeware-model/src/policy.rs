//! Policies: rows of `tterminal_policy`, and the rights text in their column `data` (rule R5).

use std::collections::BTreeMap;

use crate::ids::{PolicyId, TerminalId};

/// A policy: what a person may enter.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Policy {
    /// The id.
    pub id: PolicyId,
    /// The name.
    pub description: String,
    /// The rights text as stored; [`PolicyRights::parse`] reads it.
    pub data: Option<String>,
    /// External id of the receipt of the source that the reader asked about.
    pub receipt: Option<String>,
}

/// Where a policy opens.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PolicyRights {
    /// At every terminal.
    All,
    /// At the listed terminals, each with its access pattern (0 = none).
    Listed(BTreeMap<TerminalId, u8>),
}

/// A rights text that cannot be understood; the policy's name may be used all the same.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the rights text: {reason}")]
#[non_exhaustive]
pub struct PolicyDataError {
    /// Which line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub reason: &'static str,
}

const AREA: &str = "TerminalAssignment\\AccessControl\\";

impl PolicyRights {
    /// Reads a rights text; lines of other areas are skipped.
    ///
    /// # Errors
    /// A line of the access area that has no value, an unknown value or no terminal id.
    pub fn parse(data: &str) -> Result<Self, PolicyDataError> {
        let mut listed = BTreeMap::new();
        let mut all = false;
        let mut lines = data.split(['\r', '\n']).map(str::trim).filter(|line| !line.is_empty()).zip(1..).peekable();
        while let Some((line, number)) = lines.next() {
            let Some(path) = line.strip_prefix(AREA) else { continue };
            let fault = |reason| PolicyDataError { line: number, reason };
            let (path, value) = path.rsplit_once(',').ok_or_else(|| fault("no value"))?;
            if path.eq_ignore_ascii_case("optAllYes") {
                all = truth(value).ok_or_else(|| fault("neither True nor False"))?;
            } else if let Some(id) = path.strip_prefix("Terminal\\").filter(|id| !id.contains('\\')) {
                let id = id.trim().parse().map_err(|_| fault("no terminal id"))?;
                let allowed = truth(value).ok_or_else(|| fault("neither True nor False"))?;
                let pattern = lines.next_if(|(next, _)| truth_of_path(next).is_none());
                if allowed {
                    listed.insert(TerminalId::new(id), pattern.map_or(0, |(text, _)| last_digit(text)));
                }
            }
        }
        Ok(if all { Self::All } else { Self::Listed(listed) })
    }

    /// The rights text in the same form.
    pub fn to_data(&self) -> String {
        match self {
            Self::All => format!("{AREA}optAllYes,True\r"),
            Self::Listed(terminals) => {
                let line = |(id, pattern): (&TerminalId, &u8)| {
                    format!("{AREA}Terminal\\{id},True\r{AREA}Terminal\\{id}\\AccessPattern,{pattern}\r")
                };
                terminals.iter().map(line).collect()
            }
        }
    }
}

/// `Some` for a line that gives or takes a right itself, so is no pattern line of the one before.
fn truth_of_path(line: &str) -> Option<bool> {
    truth(line.rsplit_once(',')?.1)
}

fn truth(value: &str) -> Option<bool> {
    match value.trim() {
        value if value.eq_ignore_ascii_case("true") => Some(true),
        value if value.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

fn last_digit(line: &str) -> u8 {
    line.chars().next_back().and_then(|c| c.to_digit(10)).and_then(|digit| u8::try_from(digit).ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn all_terminals() {
        assert_eq!(PolicyRights::parse("TerminalAssignment\\AccessControl\\optAllYes,True\r"), Ok(PolicyRights::All));
    }

    #[test]
    fn listed_terminals_with_their_patterns() {
        let data = "Something\\Else,5\rTerminalAssignment\\AccessControl\\optAllYes,False\r\
                    TerminalAssignment\\AccessControl\\Terminal\\12,True\rPattern,3\r\
                    TerminalAssignment\\AccessControl\\Terminal\\13,False\rPattern,0\r\
                    TerminalAssignment\\AccessControl\\Terminal\\14,True\r";
        let listed = [(TerminalId::new(12), 3), (TerminalId::new(14), 0)].into();
        assert_eq!(PolicyRights::parse(data), Ok(PolicyRights::Listed(listed)));
    }

    #[test]
    fn a_text_that_does_not_parse_names_its_line() {
        let error = PolicyRights::parse("x,1\rTerminalAssignment\\AccessControl\\Terminal\\abc,True").unwrap_err();
        assert_eq!(error.line, 2);
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in ".*") {
            let _ = PolicyRights::parse(&text);
        }

        #[test]
        fn written_rights_read_back(terminals in proptest::collection::btree_map(1_i64..1_000_000, 0_u8..10, 0..20)) {
            let listed = terminals.into_iter().map(|(id, pattern)| (TerminalId::new(id), pattern)).collect();
            let rights = PolicyRights::Listed(listed);
            prop_assert_eq!(PolicyRights::parse(&rights.to_data()), Ok(rights));
        }
    }
}
