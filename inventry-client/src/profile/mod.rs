//! The profile: every path, member name, spelling and way of signing in, in one place.
//!
//! Nothing else in this crate knows how a server spells anything. The built-in profile is this project's own interface; whoever
//! has the vendor's documentation writes a file over it, and checks it without a server by [`Profile::sample`].

mod built_in;

use std::fs;
use std::path::Path;

pub use connector_http::profile::{AuthKind, PagingStyle, Profile, ProfileFault, Sample, SampleRow};
use connector_http::profile::{InvalidProfile, PathTemplate};
use connector_http::{Error, ErrorKind};

pub use built_in::BUILT_IN;

/// The largest number of days that a visit may take to be completed.
const MOST_LOOKBACK: i64 = 31;

/// The built-in profile: this project's own interface.
///
/// # Errors
/// `Config` if the built-in text has faults, which a test finds.
pub fn built_in() -> Result<Profile, Error> {
    Ok(Profile::built_in(&BUILT_IN)?)
}

/// A profile out of a text; `file_name` is for messages.
///
/// # Errors
/// All faults, each with line, reason and remedy.
pub fn parse(text: &str, file_name: &str) -> Result<Profile, InvalidProfile> {
    let profile = Profile::parse(text, file_name, &BUILT_IN)?;
    let faults = faults(&profile);
    if faults.is_empty() { Ok(profile) } else { Err(InvalidProfile::new(faults)) }
}

/// A profile out of a file.
///
/// # Errors
/// `Config` where the file cannot be read or has faults; the first one is in the message.
pub fn load(file: &Path) -> Result<Profile, Error> {
    let name = file.display().to_string();
    let text = fs::read_to_string(file).map_err(|error| {
        Error::new(ErrorKind::Config, format!("the profile {name} cannot be read")).with_source(error)
    })?;
    Ok(parse(&text, &name)?)
}

/// Days for which a visit may still be completed after its beginning.
pub(crate) fn lookback_days(profile: &Profile) -> i64 {
    profile.setting("events", "visit_lookback_days").and_then(connector_http::profile::Setting::as_int).unwrap_or(3)
}

/// The path of the visits of one day and site, where the server has one.
pub(crate) fn by_day(profile: &Profile) -> Option<PathTemplate> {
    PathTemplate::parse(profile.text("events", "by_day_path")?).ok()
}

/// Where a time of a visit stands, if that is said under `[events]`.
pub(crate) fn visit_time<'a>(profile: &'a Profile, name: &str) -> Option<&'a str> {
    profile.text("events", name)
}

/// What only this vendor can judge.
fn faults(profile: &Profile) -> Vec<ProfileFault> {
    let mut faults = Vec::new();
    if !(1..=MOST_LOOKBACK).contains(&lookback_days(profile)) {
        let reason = format!("is no number from 1 to {MOST_LOOKBACK}");
        faults.push(profile.fault("events", "visit_lookback_days", &reason, "write days"));
    }
    let visits = profile.text("events", "style") == Some("visit");
    for time in ["in_at", "out_at"] {
        let said = visit_time(profile, time);
        if said.is_some_and(|pointer| !pointer.starts_with('/')) {
            faults.push(profile.fault("events", time, "is no JSON pointer", "write it like /in_datetime"));
        } else if visits && said.is_none() && !profile.has_field("event", time) {
            faults.push(profile.fault(
                "events",
                time,
                "is empty, but a visit has no other time",
                "write it like /in_datetime",
            ));
        }
    }
    faults.extend(by_day_fault(profile));
    if !visits && !profile.has_field("event", "at") {
        let remedy = "write at = \"/at\" under [fields.event], or style = \"visit\"";
        faults.push(profile.fault("events", "style", "is event, but [fields.event] at is empty", remedy));
    }
    if !visits && !profile.has_field("event", "type") {
        let remedy = "write type = \"/type\" under [fields.event], or style = \"visit\"";
        faults.push(profile.fault("events", "style", "is event, but [fields.event] type is empty", remedy));
    }
    faults
}

fn by_day_fault(profile: &Profile) -> Option<ProfileFault> {
    let text = profile.text("events", "by_day_path")?;
    let fault = |reason: &str| {
        Some(profile.fault("events", "by_day_path", reason, "write it like /sites/{site}/history?date={date}"))
    };
    match PathTemplate::parse(text) {
        Err(reason) => fault(reason),
        Ok(path) if !path.holes().contains(&"date") => fault("lacks {date}"),
        Ok(path) if path.holes().iter().any(|hole| !["site", "date"].contains(hole)) => {
            fault("has a hole for which there is no value")
        }
        Ok(path) if path.holes().contains(&"site") && !profile.has_path("sites") => {
            fault("asks site by site, but the sites cannot be listed")
        }
        Ok(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_profile_has_no_fault() {
        assert_eq!(faults(&built_in().unwrap()), Vec::new());
    }

    #[test]
    fn what_only_this_vendor_can_judge_has_its_line() {
        let faults = |text: &str| parse(text, "my.toml").unwrap_err().to_string();
        let said = faults("[events]\nstyle = \"visit\"\nvisit_lookback_days = 0\n");
        assert!(said.contains("my.toml:3: [events] visit_lookback_days"), "{said}");
        assert!(said.contains("[events] in_at"), "{said}");
        for (path, word) in [("/history", "{date}"), ("/{id}/{date}", "hole"), ("history/{date}", "/")] {
            let said = faults(&format!("[events]\nby_day_path = \"{path}\"\n"));
            assert!(said.starts_with("my.toml:2: [events] by_day_path") && said.contains(word), "{said}");
        }
        assert!(faults("[events]\nstyle = \"stay\"\n").contains("event, visit"));
        assert!(faults("[fields.person]\nforname = \"/x\"\n").contains("my.toml:2: [fields.person] forname"));
        assert!(faults("[fields.person]\nid = \"\"\n").contains("[fields.person] id"));
    }
}
