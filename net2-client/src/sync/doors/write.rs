//! Writing what opens doors: the whole set at once, read back.

use std::collections::BTreeSet;

use connector_http::{Error, ErrorKind};
use sync_core::connector::SyncError;

use super::Net2Doors;
use super::access::{Wanted, list, no_door, refused};
use super::rights::Form;
use super::site::Site;
use crate::id::{AccessLevelId, DoorId, UserId};
use crate::permissions::{PermissionSet, SetPermissions};
use crate::users::User;

/// What became of one attempt at a set.
enum Attempt {
    /// Stored, with the user as read back.
    Stored(Box<User>),
    /// Taken, and something else was stored.
    Other(PermissionSet),
    /// The server does not take it.
    Refused(Error),
}

impl Net2Doors {
    /// Makes these doors, and no others, open for a user, and returns the user as read back.
    ///
    /// A text that is no door at all is refused, and nothing is written. Else what cannot be given is never a reason to
    /// leave open what is to be shut: then the set is narrowed at least.
    pub(super) async fn set_doors(
        &self,
        site: &Site,
        user: UserId,
        now: &PermissionSet,
        doors: &BTreeSet<String>,
    ) -> Result<User, SyncError> {
        if let Some(text) = doors.iter().find(|door| door.parse::<DoorId>().is_err()) {
            return Err(no_door(text));
        }
        let failed = match site.rules.wanted(doors) {
            Ok(wanted) => match self.write_set(site, user, now, doors, &wanted).await {
                Ok(stored) => return Ok(stored),
                Err(failed) => failed,
            },
            Err(error) => Failed { error, now: Some(now.clone()) },
        };
        if let Some(now) = failed.now {
            self.narrow(site, user, &now, doors).await;
        }
        Err(failed.error)
    }

    /// Tries the forms of a right until one is stored.
    async fn write_set(
        &self,
        site: &Site,
        user: UserId,
        now: &PermissionSet,
        doors: &BTreeSet<String>,
        wanted: &Wanted,
    ) -> Result<User, Failed> {
        let mut forms = self.forms();
        if wanted.areas.is_empty() {
            forms.truncate(1);
        }
        let mut failed = Failed::nothing_tried();
        for form in forms {
            let set = site.rules.set(wanted, &form);
            match self.attempt(site, user, &set, doors).await? {
                Attempt::Stored(stored) => {
                    if !wanted.areas.is_empty() {
                        self.remember(|memory| memory.stored_form = Some(form));
                    }
                    return Ok(*stored);
                }
                Attempt::Other(stored) => {
                    let keeps_some = !stored.individual_permissions.is_empty();
                    failed = Failed { error: not_stored(site, doors, &stored), now: Some(stored) };
                    if keeps_some {
                        // The form is not what is wrong.
                        break;
                    }
                    self.remember(|memory| memory.stored_form = None);
                }
                // What was taken and changed tells more than a refusal of another form.
                Attempt::Refused(_) if failed.now.is_some() => {}
                Attempt::Refused(error) => {
                    failed = Failed { error: refused(NOT_TAKEN).with_remedy(USE_LEVELS).with_source(error), now: None };
                }
            }
        }
        failed.now.get_or_insert_with(|| now.clone());
        Err(failed)
    }

    async fn attempt(
        &self,
        site: &Site,
        user: UserId,
        set: &PermissionSet,
        doors: &BTreeSet<String>,
    ) -> Result<Attempt, SyncError> {
        match self.put_set(user, set).await {
            Err(error) if error.kind() == ErrorKind::Rejected && !error.may_have_been_applied() => {
                return Ok(Attempt::Refused(error));
            }
            other => other?,
        }
        let mut stored = self.endpoint.net2.users().get(user).await?;
        let access = match stored.permissions.take() {
            Some(access) => access,
            None => self.endpoint.net2.user(user).permissions().await?,
        };
        self.learn(site, &access);
        if site.rules.shown(&access) != *doors {
            return Ok(Attempt::Other(access));
        }
        stored.permissions = Some(access);
        Ok(Attempt::Stored(Box::new(stored)))
    }

    /// Writes a set as a whole. Some servers want "no access level" spelt out.
    pub(super) async fn put_set(&self, user: UserId, set: &PermissionSet) -> Result<(), Error> {
        self.endpoint.details.forget(user).await;
        let spelt_out = PermissionSet { access_levels: vec![AccessLevelId::NONE], ..set.clone() };
        let send = async |set: &PermissionSet| self.endpoint.once.send(&SetPermissions::new(user, set.clone())).await;
        let is_empty = set.access_levels.is_empty();
        let outcome = if is_empty && self.remember(|memory| memory.spells_out) {
            send(&spelt_out).await
        } else {
            match send(set).await {
                Err(error) if is_empty && error.kind() == ErrorKind::Rejected => {
                    send(&spelt_out).await?;
                    self.remember(|memory| memory.spells_out = true);
                    Ok(())
                }
                other => other,
            }
        };
        self.endpoint.details.forget(user).await;
        outcome
    }

    /// Shuts the doors that are not wanted, as far as that can be done alone.
    async fn narrow(&self, site: &Site, user: UserId, now: &PermissionSet, doors: &BTreeSet<String>) {
        let open = site.rules.shown(now);
        let kept: BTreeSet<String> = open.intersection(doors).cloned().collect();
        if kept == open {
            return;
        }
        let Some(form) = self.forms().into_iter().next() else { return };
        let set = match site.rules.wanted(&kept) {
            Ok(wanted) => site.rules.set(&wanted, &form),
            Err(_) => PermissionSet::none(),
        };
        match self.put_set(user, &set).await {
            Ok(()) => tracing::warn!(user = user.get(), "doors were shut, others could not be opened"),
            Err(error) => tracing::warn!(user = user.get(), %error, "doors could not be shut"),
        }
    }

    /// The forms of a right, the one most likely to be stored first.
    fn forms(&self) -> Vec<Form> {
        let learned = self.remember(|memory| [memory.stored_form.clone(), memory.shown_form.clone()]);
        let mut forms: Vec<Form> = Vec::new();
        for form in learned.into_iter().flatten().chain(Form::known()) {
            if !forms.contains(&form) {
                forms.push(form);
            }
        }
        forms
    }
}

/// An attempt that failed, and what opens doors after it, where that is known.
struct Failed {
    error: SyncError,
    now: Option<PermissionSet>,
}

impl Failed {
    fn nothing_tried() -> Self {
        Self { error: refused(NOT_TAKEN), now: None }
    }
}

impl From<SyncError> for Failed {
    /// Nobody knows what is stored: nothing more is written before it is read.
    fn from(error: SyncError) -> Self {
        Self { error, now: None }
    }
}

fn not_stored(site: &Site, doors: &BTreeSet<String>, stored: &PermissionSet) -> SyncError {
    let shown = site.rules.shown(stored);
    let (wanted, shown) = (or_nothing(list(doors)), or_nothing(list(&shown)));
    refused(format!("the server took the rights and stored others: {shown} instead of {wanted}"))
        .with_remedy(USE_LEVELS)
}

fn or_nothing(list: String) -> String {
    if list.is_empty() { "no door".to_owned() } else { list }
}

const NOT_TAKEN: &str = "the server does not take these rights";
const USE_LEVELS: &str = "run the connection test: where this server does not keep individual rights, name an access level \
                          for each door under `levels`";
