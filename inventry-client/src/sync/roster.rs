//! The people as last listed, and what has changed since.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use sync_core::connector::{InvalidRecord, Record, SyncError};
use sync_core::model::Person;

use super::config::{InventryConfig, PersonalField};
use super::endpoint::InventryEndpoint;
use super::events::Leavers;
use super::person;
use super::table::{invalid, twice};
use crate::deletions::Deletion;
use crate::error;
use crate::id::PersonId;
use crate::info::Capability;
use crate::personnel;
use crate::reading::Listing;
use crate::words::DeletedEntity;

/// A person's record that went into another one at the source.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Merge {
    /// The record that is gone.
    pub from: PersonId,
    /// The record that stands for both.
    pub into: PersonId,
    /// When.
    pub at: Option<DateTime<Utc>>,
}

/// Everybody, as far as their fields are read at all.
#[derive(Debug, Default)]
pub(super) struct Roster {
    people: BTreeMap<String, Result<Record<Person>, InvalidRecord>>,
    nameless: Vec<InvalidRecord>,
    /// Who is no longer enabled, and when their record was last changed: not before they were disabled.
    left: BTreeMap<String, DateTime<Utc>>,
    /// When the whole list was read.
    listed: Option<Instant>,
    /// When the list or its changes were read.
    read: Option<Instant>,
    /// The latest change seen; none where a record does not tell.
    newest: Option<DateTime<Utc>>,
    /// Place in the list of deletions, where there is one.
    deletions: Option<String>,
    /// When the data was made, by the server's word.
    pub(super) as_of: Option<DateTime<Utc>>,
    pub(super) merges: Vec<Merge>,
}

/// How old the list of people may be that tells who has left, where nobody else reads it.
const LEAVERS: Duration = Duration::from_mins(15);
/// Changes that are stamped earlier than records which were seen already.
const BACK: TimeDelta = TimeDelta::minutes(5);

impl Roster {
    /// Records in order of their ids, and what cannot be one.
    pub(super) fn all(&self) -> (Vec<Record<Person>>, Vec<InvalidRecord>) {
        let records = self.people.values().filter_map(|entry| entry.as_ref().ok().cloned()).collect();
        let invalid = self.people.values().filter_map(|entry| entry.as_ref().err().cloned());
        (records, invalid.chain(self.nameless.iter().cloned()).collect())
    }

    /// Whether changes may be laid over it.
    fn is_fresh(&self, config: &InventryConfig) -> bool {
        let longest = Duration::from_secs(u64::from(config.full_scan_minutes) * 60);
        self.newest.is_some() && self.listed.is_some_and(|listed| listed.elapsed() < longest)
    }

    fn take(
        &mut self,
        endpoint: &InventryEndpoint,
        listing: &Listing<personnel::Person>,
        whole: bool,
    ) -> Result<(), SyncError> {
        let dated = listing.items.iter().all(|person| person.updated_at.is_some()) && listing.invalid.is_empty();
        for person in &listing.items {
            let id = person.id.as_str().to_owned();
            match person.updated_at.filter(|_| !person.enabled) {
                Some(at) => self.left.insert(id.clone(), at),
                None => self.left.remove(&id),
            };
            if !endpoint.is_of_our_people(person) {
                self.people.remove(&id);
            } else if self.people.insert(id, person::record(&endpoint.config, person)).is_some() && whole {
                return Err(twice("person", person.id.as_str()));
            }
        }
        self.take_invalid(&listing.invalid);
        // An undated record may change unseen: then only whole lists are to be trusted.
        let newest = listing.items.iter().filter_map(|person| person.updated_at).max();
        self.newest = if dated { self.newest.max(newest) } else { None };
        self.as_of = listing.as_of;
        Ok(())
    }

    fn take_invalid(&mut self, items: &[crate::reading::InvalidItem]) {
        for item in items {
            match &item.id {
                Some(id) => {
                    self.people.insert(id.clone(), Err(invalid(item)));
                }
                None => self.nameless.push(invalid(item)),
            }
        }
    }

    fn forget(&mut self, deletion: &Deletion) {
        if deletion.entity != DeletedEntity::Person {
            return;
        }
        self.people.remove(&deletion.id);
        if let Some(into) = &deletion.merged_into {
            let merge = Merge { from: deletion.id.as_str().into(), into: into.as_str().into(), at: deletion.at };
            if !self.merges.contains(&merge) {
                self.merges.push(merge);
            }
        }
    }
}

impl InventryEndpoint {
    /// Everybody, now: a whole list where it is time for one, else the last list with its changes.
    pub(super) async fn everybody(&self, whole: bool) -> Result<(Vec<Record<Person>>, Vec<InvalidRecord>), SyncError> {
        self.require(Capability::Personnel).await?;
        let mut kept = self.roster.lock().await;
        if !whole && kept.is_fresh(&self.config) && self.bring_up_to_date(&mut kept).await? {
            kept.read = Some(Instant::now());
            return Ok(kept.all());
        }
        let roster = self.whole_roster(std::mem::take(&mut kept.merges)).await?;
        *kept = roster;
        Ok(kept.all())
    }

    /// Since when people are no longer to come, as the last list of people has it.
    ///
    /// Events may be read where people are not: what is not known then speaks against nothing.
    pub(super) async fn leavers(&self) -> Leavers {
        let old = self.roster.lock().await.read.is_none_or(|read| read.elapsed() > LEAVERS);
        if old && let Err(error) = self.everybody(false).await {
            tracing::debug!(%error, "people could not be read: events of leavers cannot be told");
        }
        Arc::new(self.roster.lock().await.left.clone())
    }

    async fn whole_roster(&self, merges: Vec<Merge>) -> Result<Roster, SyncError> {
        let mut roster = Roster { merges, ..Roster::default() };
        // The place in the list of deletions first: what is deleted meanwhile is then either not listed, or told next time.
        roster.deletions = self.end_of_deletions(&mut roster).await?;
        let listed = Instant::now();
        let listing = self.people_query().list().await.map_err(error::sync)?;
        roster.take(self, &listing, true)?;
        self.tell_of_plates(&listing);
        roster.listed = Some(listed);
        roster.read = Some(listed);
        Ok(roster)
    }

    /// Attendance systems keep one number plate.
    fn tell_of_plates(&self, listing: &Listing<personnel::Person>) {
        let several = listing.items.iter().filter(|person| person.car_registrations.len() > 1).count();
        if several > 0 && self.config.fields_on.contains(&PersonalField::VehicleRegistration) {
            tracing::warn!(people = several, "people with several number plates: the first of each is taken");
        }
    }

    /// Lays changes and deletions over the list; `false` asks for a whole one.
    async fn bring_up_to_date(&self, roster: &mut Roster) -> Result<bool, SyncError> {
        if let Some(from) = roster.deletions.clone() {
            match self.client().deletions().since(&from).await {
                Ok(changes) if changes.reset => return Ok(false),
                Ok(changes) => {
                    changes.items.iter().for_each(|deletion| roster.forget(deletion));
                    roster.deletions = changes.next;
                }
                Err(failure) if error::is_cursor_expired(&failure) => return Ok(false),
                Err(failure) => return Err(error::sync(failure)),
            }
        }
        let Some(newest) = roster.newest else { return Ok(false) };
        let since = newest.checked_sub_signed(BACK).unwrap_or(newest);
        // Of all sites: who went to another one would else never be told.
        let listing = self.client().personnel().updated_after(since).list().await.map_err(error::sync)?;
        roster.take(self, &listing, false)?;
        Ok(true)
    }

    async fn end_of_deletions(&self, roster: &mut Roster) -> Result<Option<String>, SyncError> {
        if !self.offers(Capability::Deletions).await? {
            return Ok(None);
        }
        let changes = self.client().deletions().all().await.map_err(error::sync)?;
        changes.items.iter().for_each(|deletion| roster.forget(deletion));
        Ok(changes.next)
    }
}
