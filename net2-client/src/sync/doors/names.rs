//! Names of a site and what they stand for.

use sync_core::connector::{ErrorClass, SyncError};

/// A name in the configuration that the site does not have, or has twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct UnknownName {
    setting: &'static str,
    name: String,
    /// What the site has instead, nearest first.
    close: Vec<String>,
    /// More than one record has the name.
    is_twofold: bool,
}

/// The id behind a name: exactly that name, else the only one that differs in case or outer blanks alone.
pub(super) fn by_name<I: Copy>(
    setting: &'static str,
    name: &str,
    all: impl Iterator<Item = (I, String)>,
) -> Result<I, UnknownName> {
    let all: Vec<_> = all.collect();
    let wanted = name.trim();
    let exact: Vec<I> = all.iter().filter(|(_, name)| name.trim() == wanted).map(|(id, _)| *id).collect();
    let folded = wanted.to_lowercase();
    let alike = || all.iter().filter(|(_, name)| name.trim().to_lowercase() == folded).map(|(id, _)| *id).collect();
    let found: Vec<I> = if exact.is_empty() { alike() } else { exact };
    match found.as_slice() {
        [id] => Ok(*id),
        several => Err(UnknownName {
            setting,
            name: wanted.to_owned(),
            close: close(&folded, all.iter().map(|(_, name)| name.as_str())),
            is_twofold: !several.is_empty(),
        }),
    }
}

impl UnknownName {
    pub(super) fn new(setting: &'static str, name: impl Into<String>) -> Self {
        Self { setting, name: name.into(), close: Vec::new(), is_twofold: false }
    }

    pub(super) fn cause(&self) -> String {
        let what = if self.is_twofold { "has more than one" } else { "has no" };
        format!("`{}` is {:?}, and Net2 {what} such name", self.setting, self.name)
    }

    pub(super) fn remedy(&self) -> String {
        match (self.is_twofold, self.close.as_slice()) {
            (true, _) => format!("rename one of them in Net2, or set `{}` to another name", self.setting),
            (false, []) => format!("set `{}` to a name as Net2 shows it", self.setting),
            (false, close) => format!("set `{}` to one of: {}", self.setting, close.join(", ")),
        }
    }
}

impl From<UnknownName> for SyncError {
    fn from(unknown: UnknownName) -> Self {
        Self::new(ErrorClass::Config, unknown.cause()).with_field(unknown.setting).with_remedy(unknown.remedy())
    }
}

/// The names nearest to a wanted one; all of them while they are few.
fn close<'a>(wanted: &str, all: impl Iterator<Item = &'a str>) -> Vec<String> {
    let nearness = |name: &str| {
        let name = name.trim().to_lowercase();
        if name.contains(wanted) || (name.chars().count() > 2 && wanted.contains(&name)) {
            return 1.0;
        }
        strsim::jaro_winkler(&name, wanted)
    };
    let mut names: Vec<_> = all.filter(|name| !name.trim().is_empty()).map(|name| (nearness(name), name)).collect();
    names.sort_by(|(a, left), (b, right)| b.total_cmp(a).then_with(|| left.cmp(right)));
    names.into_iter().take(SHOWN).map(|(_, name)| format!("{:?}", name.trim())).collect()
}

const SHOWN: usize = 5;

#[cfg(test)]
mod tests {
    use super::*;

    fn find(name: &str) -> Result<i64, UnknownName> {
        let names = ["Booking", "Bookings (old)", "Staff", "staff ", "Cleaners", "Visitors", "Directors"];
        by_name("department", name, (1..).zip(names.map(str::to_owned)))
    }

    #[test]
    fn an_exact_name_wins_and_case_is_forgiven_where_it_is_clear() {
        assert_eq!(find("Booking"), Ok(1));
        assert_eq!(find(" BOOKING "), Ok(1));
        assert_eq!(find("Staff"), Ok(3));
        assert!(find("STAFF").unwrap_err().cause().contains("more than one"));
    }

    #[test]
    fn an_unknown_name_is_answered_with_the_nearest() {
        let error = SyncError::from(find("Bokings").unwrap_err());
        assert_eq!((error.class(), error.field()), (ErrorClass::Config, Some("department")));
        let remedy = error.remedy().unwrap();
        assert!(remedy.starts_with("set `department` to one of: \"Booking\""), "{remedy}");
        assert_eq!(remedy.matches(',').count(), SHOWN - 1, "{remedy}");
        assert!(error.message().contains("Bokings"));
    }
}
