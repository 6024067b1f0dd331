//! Users: the people of Net2.

mod changes;
mod model;
mod operations;

use connector_http::{Error, ErrorKind};

pub use changes::{Change, NewUser, UserChanges};
pub use model::User;
pub use operations::{CreateUser, DeleteUser, DeleteUsers, GetUser, ListUsers, UpdateUser};

use crate::answer::Listing;
use crate::client::Net2Client;
use crate::custom_fields::CustomFields;
use crate::id::UserId;

/// All users.
#[derive(Clone, Debug)]
pub struct Users(pub(crate) Net2Client);

impl Users {
    /// Lists all users; users of a shape that cannot be read are set aside.
    ///
    /// The list has no permission sets: [`User::permissions`] is `None` in it, which says nothing about access.
    ///
    /// # Errors
    /// As any read: see [`ErrorKind`].
    pub async fn list(&self) -> Result<Listing<User>, Error> {
        self.0.send_long(&ListUsers::new()).await
    }

    /// Reads one user, permission set included.
    ///
    /// # Errors
    /// `NotFound` if there is no such user; else as any read.
    pub async fn get(&self, id: UserId) -> Result<User, Error> {
        self.0.send(&GetUser::new(id)).await
    }

    /// Creates a user, without department and without access, and returns it as stored.
    ///
    /// # Cancel safety
    /// Dropping the future leaves open whether the user was created.
    ///
    /// # Errors
    /// `OutcomeUnknown` if the answer was lost: look for the user before trying again. `Rejected` if a value is not
    /// acceptable, before sending or by the server. `Protocol` if the answer is not about this user.
    pub async fn create(&self, user: &NewUser) -> Result<User, Error> {
        self.0.send(&CreateUser::new(user.clone())).await
    }

    /// Changes some fields of a user: reads the user, merges, writes it back.
    ///
    /// Validity dates are always part of what is written, since Net2 takes a missing expiry for "never expires";
    /// fields this crate does not know go back as they came; access is never touched. If nothing would change, nothing
    /// is written. Returns the user as it should be now; see [`Users::update_and_verify`] to read it back.
    ///
    /// # Errors
    /// `NotFound` if there is no such user, `Rejected` if the expiry would come before the activation, `OutcomeUnknown` if
    /// the answer to the write was lost.
    pub async fn update(&self, id: UserId, changes: &UserChanges) -> Result<User, Error> {
        let current = self.get(id).await?;
        let wanted = changes.applied_to(&current)?;
        if wanted != current {
            self.0.send(&UpdateUser::new(wanted.clone(), changes.clone())).await?;
        }
        Ok(wanted)
    }

    /// As [`Users::update`], then reads the user back and returns it as stored.
    ///
    /// The server may keep less than it was given: it cuts the time of day off an expiry, for one.
    ///
    /// # Errors
    /// As [`Users::update`] and [`Users::get`].
    pub async fn update_and_verify(&self, id: UserId, changes: &UserChanges) -> Result<User, Error> {
        self.update(id, changes).await?;
        self.get(id).await
    }

    /// Deletes a user; one that is gone already counts as deleted.
    ///
    /// # Errors
    /// As any write: see [`ErrorKind`]. `Rejected`, without sending, for the System engineer.
    pub async fn delete(&self, id: UserId) -> Result<(), Error> {
        if id == UserId::SYSTEM_ENGINEER {
            return Err(Error::new(ErrorKind::Rejected, "the built-in System engineer is never deleted"));
        }
        match self.0.send(&DeleteUser::new(id)).await {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            other => other,
        }
    }

    /// Deletes several users with their history.
    ///
    /// # Errors
    /// As [`Users::delete`].
    pub async fn purge(&self, ids: &[UserId]) -> Result<(), Error> {
        if ids.contains(&UserId::SYSTEM_ENGINEER) {
            return Err(Error::new(ErrorKind::Rejected, "the built-in System engineer is never deleted"));
        }
        self.0.send(&DeleteUsers::new(ids.to_vec(), true)).await
    }

    /// The definitions of the custom fields.
    pub fn custom_fields(&self) -> CustomFields {
        CustomFields(self.0.clone())
    }
}

/// One user.
#[derive(Clone, Debug)]
pub struct UserHandle {
    pub(crate) client: Net2Client,
    pub(crate) id: UserId,
}

impl UserHandle {
    /// Which user this is.
    pub const fn id(&self) -> UserId {
        self.id
    }

    /// Reads the user.
    ///
    /// # Errors
    /// As [`Users::get`].
    pub async fn get(&self) -> Result<User, Error> {
        self.client.users().get(self.id).await
    }

    /// Changes some fields.
    ///
    /// # Errors
    /// As [`Users::update`].
    pub async fn update(&self, changes: &UserChanges) -> Result<User, Error> {
        self.client.users().update(self.id, changes).await
    }

    /// Deletes the user.
    ///
    /// # Errors
    /// As [`Users::delete`].
    pub async fn delete(&self) -> Result<(), Error> {
        self.client.users().delete(self.id).await
    }
}
