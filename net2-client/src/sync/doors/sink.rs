//! Writing bookers. Everything begins by making sure that the user carries the marker still.

use std::collections::BTreeSet;

use async_trait::async_trait;
use connector_http::{Error, ErrorKind};
use sync_core::connector::{
    AttemptKey, Changes, CreateClass, Draft, ErrorClass, LateApply, Precondition, Record, Removal, RemovalCaps, Sink,
    SyncError, Update, WriteCaps,
};
use sync_core::model::{ExternalId, Known, Person, SecretText};

use super::Net2Doors;
use super::booker::{self, Beside};
use super::pins;
use super::site::Site;
use crate::departments::Department;
use crate::id::UserId;
use crate::permissions::PermissionSet;
use crate::sync::NET2;
use crate::users::{DeleteUser, UpdateUser, User, UserChanges};

#[async_trait]
impl Sink<Person> for Net2Doors {
    fn writes(&self) -> WriteCaps {
        WriteCaps {
            create: CreateClass::Searchable,
            marker_in_create: true,
            late_apply: LateApply::Bounded,
            request_lifetime: self.endpoint.config.request_lifetime(),
            update: Update::Replace,
            precondition: false,
            removal: RemovalCaps { delete: true, ..RemovalCaps::default() },
            parallel: 4,
        }
    }

    /// The user first, with marker, key, notes, dates and PIN; department, code and doors follow. What fails after the
    /// first is left to the difference that remains: the booker exists, with less than it should have.
    async fn create(&self, draft: &Draft<Person>, _attempt: &AttemptKey) -> Result<Record<Person>, SyncError> {
        let site = self.site_with(draft.value.doors.value()).await?;
        let department = self.department(&site).await?;
        let mut booker = draft.value.clone();
        if let Some(pin) = booker.pin.value()
            && self.has_another(None, pin).await?
        {
            tracing::warn!("somebody else in Net2 has the PIN of a new booker, who is created without one");
            booker.pin = Known::Unknown;
        }
        let new = booker::new_user(&self.config, &site, &booker, draft.key);
        let created = self.endpoint.once.users().create(&new).await;
        let user = created.map_err(|error| pins::refused(error, &booker.pin))?;
        self.note_pin(user.id, &booker.pin);
        let read_back = match self.equip(&site, &user, &draft.value, &department).await {
            Ok(read_back) => read_back,
            Err(error) => {
                tracing::warn!(user = user.id.get(), %error, "created with less than it should have; the rest follows");
                None
            }
        };
        // The user is there: whatever reading back says, its creation did not fail.
        let stored = match read_back {
            Some(stored) => Ok(Some(stored)),
            None => self.marked_user(&site, &user.id.get().into()).await,
        };
        match stored {
            Ok(Some(stored)) => match self.beside(&stored).await {
                Ok(beside) => Ok(booker::record(&site, &stored, Some(&beside))),
                Err(_) => Ok(booker::record(&site, &stored, None)),
            },
            _ => Ok(booker::record(&site, &user, None)),
        }
    }

    /// What takes access away first, what gives it last. Doors are one write of the whole set.
    async fn update(
        &self,
        id: &ExternalId,
        changes: &Changes<Person>,
        _precondition: &Precondition,
        _attempt: &AttemptKey,
    ) -> Result<Record<Person>, SyncError> {
        let changes = &changes.0;
        let site = self.site_with(changes.doors.value()).await?;
        let user = self.marked_user(&site, id).await?.ok_or_else(|| SyncError::gone(NET2))?;
        let access = self.access_of(&user).await?;
        self.learn(&site, &access);
        let doors = doors(&changes.doors).filter(|doors| site.rules.shown(&access) != *doors);
        let (first, last) = match doors {
            Some(doors) if site.rules.shown(&access).is_subset(&doors) => (None, Some(doors)),
            doors => (doors, None),
        };
        let mut read_back = None;
        if let Some(doors) = &first {
            read_back = Some(self.set_doors(&site, user.id, &access, doors).await?);
        }
        if self.write_beside_doors(&site, &user, changes).await? {
            read_back = None;
        }
        if let Some(doors) = &last {
            read_back = Some(self.set_doors(&site, user.id, &access, doors).await?);
        }
        let stored = match read_back {
            Some(stored) => stored,
            None => self.marked_user(&site, id).await?.ok_or_else(|| SyncError::gone(NET2))?,
        };
        self.answer(&site, &stored, changes).await
    }

    /// Nothing opens any more, then the user goes, and is seen gone.
    async fn remove(
        &self,
        id: &ExternalId,
        how: &Removal,
        _precondition: &Precondition,
        _attempt: &AttemptKey,
    ) -> Result<(), SyncError> {
        let site = self.site().await?;
        let user = self.marked_user(&site, id).await?.ok_or_else(|| SyncError::gone(NET2))?;
        if *how != Removal::Delete {
            return Err(SyncError::new(ErrorClass::Config, "bookers of Net2 can only be deleted"));
        }
        if !self.access_of(&user).await?.is_empty() {
            self.put_set(user.id, &PermissionSet::none()).await?;
        }
        match self.endpoint.once.send(&DeleteUser::new(user.id)).await {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            other => other?,
        }
        self.remember(|memory| {
            memory.codes.remove(&user.id);
            memory.unplaced.remove(&user.id);
        });
        match self.endpoint.user(id).await? {
            None => Ok(()),
            Some(_) => Err(SyncError::new(ErrorClass::InDoubt, "the server took the deletion and still has the user")),
        }
    }
}

impl Net2Doors {
    async fn access_of(&self, user: &User) -> Result<PermissionSet, Error> {
        match &user.permissions {
            Some(set) => Ok(set.clone()),
            None => self.endpoint.net2.user(user.id).permissions().await,
        }
    }

    /// Gives a new user what a user cannot be created with, and returns it where it was read back.
    async fn equip(
        &self,
        site: &Site,
        user: &User,
        booker: &Person,
        department: &Department,
    ) -> Result<Option<User>, SyncError> {
        let no_code = booker::code(&[], self.config.code_kind().as_ref());
        self.remember(|memory| {
            memory.unplaced.insert(user.id);
            memory.codes.insert(user.id, no_code);
        });
        self.place(user.id, department).await?;
        if let Some(code) = booker.code.value() {
            self.set_code(user.id, Some(code.expose())).await?;
        }
        let doors = doors(&booker.doors).unwrap_or_default();
        let none = PermissionSet::none();
        if site.rules.shown(&none) == doors {
            return Ok(None);
        }
        self.set_doors(site, user.id, &none, &doors).await.map(Some)
    }

    /// What stands beside a user that was just written.
    async fn beside(&self, stored: &User) -> Result<Beside, Error> {
        Ok(Beside {
            access: self.access_of(stored).await?,
            code: self.known_code(stored.id).await?,
            unplaced: self.remember(|memory| memory.unplaced.contains(&stored.id)),
        })
    }

    async fn place(&self, user: UserId, department: &Department) -> Result<(), Error> {
        self.endpoint.details.forget(user).await;
        self.endpoint.once.user(user).set_department(department).await?;
        self.remember(|memory| memory.unplaced.remove(&user));
        Ok(())
    }

    /// Everything of a booker but its doors, as far as it changes. Returns whether the user was written.
    async fn write_beside_doors(&self, site: &Site, user: &User, changes: &Person) -> Result<bool, SyncError> {
        let written = booker::user_changes(site, changes, user);
        let is_written = written != UserChanges::new();
        if is_written {
            if let Some(pin) = changes.pin.value()
                && self.has_another(Some(user.id), pin).await?
            {
                return Err(pins::clash());
            }
            let merged = written.applied_to(user)?;
            let update = UpdateUser::new(merged, written);
            self.endpoint.once.send(&update).await.map_err(|error| pins::refused(error, &changes.pin))?;
            self.note_pin(user.id, &changes.pin);
        }
        if changes.doors.is_known() && self.remember(|memory| memory.unplaced.contains(&user.id)) {
            self.place(user.id, &self.department(site).await?).await?;
        }
        if changes.code.is_known() {
            self.set_code(user.id, changes.code.value().map(SecretText::expose)).await?;
        }
        if is_written || changes.code.is_known() {
            self.endpoint.details.forget(user.id).await;
        }
        Ok(is_written)
    }

    /// The record as it is stored; a PIN or code that is not there as it was sent is an error.
    async fn answer(&self, site: &Site, stored: &User, changes: &Person) -> Result<Record<Person>, SyncError> {
        let record = booker::record(site, stored, Some(&self.beside(stored).await?));
        let plain = |person: &Person| person.code.value().map(|code| booker::plain_number(code.expose()).to_owned());
        if changes.pin.is_known() && changes.pin != record.value.pin {
            return Err(other_stored("pin").with_remedy(pins::REMEDY));
        }
        if changes.code.is_known() && plain(changes) != plain(&record.value) {
            return Err(other_stored("code"));
        }
        Ok(record)
    }
}

fn other_stored(field: &'static str) -> SyncError {
    SyncError::new(ErrorClass::Invalid, format!("the server took the {field} and stored another")).with_field(field)
}

/// The doors of a change, if it is about doors.
fn doors(known: &Known<BTreeSet<String>>) -> Option<BTreeSet<String>> {
    match known {
        Known::Unknown => None,
        Known::Empty => Some(BTreeSet::new()),
        Known::Value(doors) => Some(doors.clone()),
    }
}
