//! Writing what opens doors: the whole set at once, read back.

use std::collections::BTreeSet;

use connector_http::{Error, ErrorKind};
use sync_core::connector::SyncError;

use super::Net2Doors;
use super::access::{Wanted, list, refused};
use super::rights::Form;
use super::site::Site;
use crate::id::{AccessLevelId, UserId};
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
    /// The set to write for doors. A door that is new to the site is looked for again.
    pub(super) async fn wanted(&self, site: &Site, doors: &BTreeSet<String>) -> Result<Wanted, SyncError> {
        let is_new = |door: &&String| door.parse().is_ok_and(|door| !site.rules.is_known(door));
        if !doors.iter().any(|door| is_new(&door)) {
            return site.rules.wanted(doors);
        }
        self.site_again(site).await?.rules.wanted(doors)
    }

    /// Makes these doors, and no others, open for a user, and returns the user as read back.
    ///
    /// What cannot be given is never a reason to leave open what is to be shut: then the set is narrowed at least.
    pub(super) async fn set_doors(
        &self,
        site: &Site,
        user: UserId,
        now: &PermissionSet,
        doors: &BTreeSet<String>,
    ) -> Result<User, SyncError> {
        let failed = match self.wanted(site, doors).await {
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

    /// Tries the forms of a right until one is stored; the one that this server shows, where it showed one.
    async fn write_set(
        &self,
        site: &Site,
        user: UserId,
        now: &PermissionSet,
        doors: &BTreeSet<String>,
        wanted: &Wanted,
    ) -> Result<User, Failed> {
        let mut forms = match self.remember(|memory| memory.form.clone()) {
            Some(form) => vec![form],
            None => Form::known().to_vec(),
        };
        if wanted.areas.is_empty() {
            forms.truncate(1);
        }
        let mut failed = Failed::nothing_tried();
        for form in forms {
            let set = site.rules.set(wanted, &form, now);
            match self.attempt(site, user, &set, doors).await? {
                Attempt::Stored(stored) => return Ok(*stored),
                Attempt::Other(stored) => {
                    failed = Failed { error: not_stored(site, doors, &stored), now: Some(stored) }
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
        let set = match site.rules.wanted(&kept) {
            Ok(wanted) => site.rules.set(&wanted, &self.form(), now),
            Err(_) => PermissionSet::none(),
        };
        match self.put_set(user, &set).await {
            Ok(()) => tracing::warn!(user = user.get(), "doors were shut, others could not be opened"),
            Err(error) => tracing::warn!(user = user.get(), %error, "doors could not be shut"),
        }
    }

    fn form(&self) -> Form {
        let [first, ..] = Form::known();
        self.remember(|memory| memory.form.clone()).unwrap_or(first)
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
