//! Objects out of answers, by the names of the profile.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use connector_http::Error;
use connector_http::profile::{Item, Misfit, Profile, TimeRules};
use serde_json::Value;

use crate::profile::visit_time;
use crate::words::PersonType;

/// A list as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Listing<T> {
    /// What could be read.
    pub items: Vec<T>,
    /// What is there but could not be read.
    pub invalid: Vec<InvalidItem>,
    /// How many were of another kind of people than asked for. Nothing of them is kept.
    pub dropped: u64,
    /// When the server made the list, where it says so.
    pub as_of: Option<DateTime<Utc>>,
}

/// Something that is there but could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InvalidItem {
    /// Its id, where it has one.
    pub id: Option<String>,
    /// Its place in the list, from 0.
    pub position: usize,
    /// The field at fault, by the name that it has in a profile.
    pub field: String,
    /// What is wrong with it, in kinds and without values.
    pub reason: String,
}

/// Which kinds of people are wanted; of others nothing is read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Wanted {
    #[default]
    Personnel,
    One(PersonType),
    Everybody,
}

/// What has to be known to read an object.
#[derive(Clone, Debug)]
pub(crate) struct Context {
    pub(crate) zone: Option<Tz>,
    pub(crate) wanted: Wanted,
    pub(crate) time: TimeRules,
    /// Where the times of visits are, as far as that is said apart from their other members.
    pub(crate) visit_times: BTreeMap<&'static str, String>,
}

impl Context {
    pub(crate) fn new(profile: &Profile, zone: Option<Tz>, wanted: Wanted) -> Self {
        let place = |name| visit_time(profile, name).map(|pointer| (name, pointer.to_owned()));
        let visit_times = ["in_at", "out_at"].into_iter().filter_map(place).collect();
        Self { zone, wanted, time: profile.time().clone(), visit_times }
    }
}

/// An object that comes in lists.
pub(crate) trait Readable: Sized {
    /// Its name in `[fields.*]`.
    const OBJECT: &'static str;

    /// Reads one; none where it is of people that are not wanted.
    fn read(item: &Item<'_>, context: &Context) -> Result<Option<Self>, Misfit>;
}

impl<T> Default for Listing<T> {
    fn default() -> Self {
        Self { items: Vec::new(), invalid: Vec::new(), dropped: 0, as_of: None }
    }
}

impl Wanted {
    pub(crate) fn includes(&self, kind: &PersonType) -> bool {
        match self {
            Self::Personnel => *kind == PersonType::Personnel,
            Self::One(wanted) => kind == wanted,
            Self::Everybody => true,
        }
    }

    /// The word to ask for, where one kind is wanted.
    pub(crate) fn word(&self) -> Option<&str> {
        match self {
            Self::Personnel => Some("personnel"),
            Self::One(wanted) => Some(wanted.as_str()),
            Self::Everybody => None,
        }
    }
}

/// Reads the items of a page. One that cannot be read never stops the others; a page of which nothing fits the profile is
/// an error, since then it is the profile that is wrong.
pub(crate) fn read_items<T: Readable>(
    profile: &Profile,
    values: &[Value],
    path: &str,
    context: &Context,
    into: &mut Listing<T>,
) -> Result<(), Misfit> {
    let (mut misfits, read_before) = (Vec::new(), into.items.len());
    for value in values {
        let position = into.items.len() + into.invalid.len() + usize::try_from(into.dropped).unwrap_or(usize::MAX);
        let item = profile.item(T::OBJECT, value, path);
        match T::read(&item, context) {
            Ok(Some(object)) => into.items.push(object),
            Ok(None) => into.dropped += 1,
            Err(misfit) => {
                into.invalid.push(InvalidItem {
                    id: item.id_opt("id").ok().flatten(),
                    position,
                    field: misfit.name().to_owned(),
                    reason: misfit.reason(),
                });
                misfits.push(misfit);
            }
        }
    }
    let all_misfit = misfits.len() == values.len() && into.items.len() == read_before;
    match misfits.into_iter().next() {
        Some(first) if all_misfit && lacks_the_same(into, values.len()) => Err(first),
        _ => Ok(()),
    }
}

/// Whether all of the last items lack one and the same member.
fn lacks_the_same<T>(listing: &Listing<T>, count: usize) -> bool {
    let from = listing.invalid.len().saturating_sub(count);
    let Some((first, rest)) = listing.invalid.get(from..).and_then(<[_]>::split_first) else { return false };
    let missing = |item: &InvalidItem| item.reason.starts_with("nothing instead of");
    missing(first) && rest.iter().all(|item| missing(item) && item.field == first.field)
}

/// Whether something could not be read for want of a zone.
pub(crate) fn lacks_zone<T>(listing: &Listing<T>) -> bool {
    listing.invalid.iter().any(|item| item.reason.contains("zone_if_missing"))
}

/// One of our words, or the server's own.
pub(crate) fn word<T: for<'a> From<&'a str>>(item: &Item<'_>, name: &str, map: &str) -> Result<Option<T>, Misfit> {
    Ok(item.word_opt(name, map)?.map(|word| T::from(word.as_str())))
}

/// What kind of person it is about. A server that has one kind only needs no member for it; a member that the profile names
/// has to be there, since nothing may be kept of people who are not meant.
pub(crate) fn person_type(item: &Item<'_>) -> Result<PersonType, Misfit> {
    if !item.has("person_type") {
        return Ok(PersonType::Personnel);
    }
    Ok(PersonType::from(item.word("person_type", "person_type")?.as_str()))
}

/// Yes or no in the server's spelling; nothing where it does not say.
pub(crate) fn enabled(item: &Item<'_>, name: &str) -> Result<Option<bool>, Misfit> {
    match item.word_opt(name, "enabled")? {
        None => Ok(None),
        Some(word) => match word.known() {
            Some("yes") => Ok(Some(true)),
            Some("no") => Ok(Some(false)),
            _ => Err(item.misfit_of(name, "a word of [values.enabled]")),
        },
    }
}

/// An instant for which the offset does not matter.
pub(crate) fn utc(item: &Item<'_>, name: &str, zone: Option<Tz>) -> Result<Option<DateTime<Utc>>, Misfit> {
    Ok(item.instant_opt(name, zone)?.map(|at| at.to_utc()))
}

/// A text that says something.
pub(crate) fn text(item: &Item<'_>, name: &str) -> Result<Option<String>, Misfit> {
    Ok(item.text_opt(name)?.filter(|text| !text.trim().is_empty()))
}

pub(crate) fn protocol(misfit: Misfit) -> Error {
    misfit.into()
}
