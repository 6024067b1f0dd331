//! Badges: the people at Optima, with their access groups and credentials.

mod model;
mod write;

use connector_http::Error;
use http::response::Parts;

pub use model::{Badge, Credential, Membership};
pub use write::{BadgePatch, Card, Field, NewBadge};

use crate::access_groups::spelled;
use crate::client::OptimaClient;
use crate::dialect::etag;
use crate::id::{BadgeId, IdempotencyKey};
use crate::listing::Listing;
use crate::operation::operation;
use crate::words::{BadgeState, Capability};

/// Which badges to list; all of them unless something is set.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct BadgeQuery {
    state: Option<BadgeState>,
    reference: Option<String>,
    credential: Option<String>,
}

impl BadgeQuery {
    /// All badges.
    pub fn all() -> Self {
        Self::default()
    }

    /// Only those in a state.
    #[must_use]
    pub fn state(mut self, state: BadgeState) -> Self {
        self.state = Some(state);
        self
    }

    /// Only those with a reference.
    #[must_use]
    pub fn reference(mut self, reference: impl Into<String>) -> Self {
        self.reference = Some(reference.into());
        self
    }

    /// Only those with a card of a number.
    #[must_use]
    pub fn credential(mut self, number: impl Into<String>) -> Self {
        self.credential = Some(number.into());
        self
    }
}

/// Reference and card number stay out.
impl std::fmt::Debug for BadgeQuery {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BadgeQuery").field("state", &self.state).finish_non_exhaustive()
    }
}

/// The badges.
#[derive(Clone, Debug)]
pub struct Badges(pub(crate) OptimaClient);

impl Badges {
    /// All badges, disabled ones too.
    ///
    /// # Errors
    /// `Config` where the server does not offer them; `Protocol`, naming section, name and pointer of the profile, where none
    /// can be read; else as any read. Badges that cannot be read among others stand in [`Listing::invalid`].
    pub async fn list(&self) -> Result<Listing<Badge>, Error> {
        self.query(&BadgeQuery::all()).await
    }

    /// Some badges. A server that lacks a parameter answers with all: what does not fit is left out here.
    ///
    /// # Errors
    /// As [`Badges::list`].
    pub async fn query(&self, query: &BadgeQuery) -> Result<Listing<Badge>, Error> {
        let state = query.state.as_ref().map_or("all", BadgeState::as_str);
        let state = spelled(&self.0, "state", state);
        let asked = [
            ("state", Some(state.as_str())),
            ("reference", query.reference.as_deref()),
            ("credential", query.credential.as_deref()),
        ];
        let mut listing: Listing<Badge> = self.0.list(&Capability::Badges, "badges", &asked).await?;
        listing.items.retain(|badge| badge.fits(query));
        Ok(listing)
    }

    #[cfg(feature = "sync")]
    pub(crate) async fn first_page(&self) -> Result<(usize, Vec<String>), Error> {
        self.0.first_page::<Badge>(&Capability::Badges, "badges").await
    }

    /// One badge.
    ///
    /// # Errors
    /// `NotFound` where there is none; else as [`Badges::list`].
    pub async fn get(&self, id: &BadgeId) -> Result<Badge, Error> {
        let dialect = self.0.dialect_for(&Capability::Badges).await?;
        self.0.send(&GetBadge::new(dialect, id.clone())).await
    }

    /// Creates a badge.
    ///
    /// # Errors
    /// `Duplicate` where another badge has the card ([`crate::refusal`] tells which); `Rejected` where a value is refused;
    /// `OutcomeUnknown` where no answer came: the same attempt may be sent again with the same key.
    ///
    /// # Cancel safety
    /// A dropped call may have been applied; send it again with the same key.
    pub async fn create(&self, badge: &NewBadge, key: IdempotencyKey) -> Result<Badge, Error> {
        let dialect = self.0.dialect_for(&Capability::WriteBadges).await?;
        self.0.send(&CreateBadge::new(dialect, badge.clone(), key)).await
    }

    /// Changes a badge; with a revision, only if it still has that one.
    ///
    /// # Errors
    /// `Conflict` where it has another revision, or somebody is editing it; `Duplicate` where another badge has a card;
    /// `NotFound` where there is none.
    pub async fn update(&self, id: &BadgeId, patch: &BadgePatch, etag: Option<&str>) -> Result<Badge, Error> {
        let dialect = self.0.dialect_for(&Capability::WriteBadges).await?;
        self.0.send(&UpdateBadge::new(dialect, id.clone(), patch.clone(), etag.map(str::to_owned))).await
    }

    /// Deletes a badge for good; with a revision, only if it still has that one.
    ///
    /// # Errors
    /// As [`Badges::update`].
    pub async fn delete(&self, id: &BadgeId, etag: Option<&str>) -> Result<(), Error> {
        let dialect = self.0.dialect_for(&Capability::DeleteBadges).await?;
        self.0.send(&DeleteBadge::new(dialect, id.clone(), etag.map(str::to_owned))).await
    }
}

fn revised(mut badge: Badge, parts: &Parts) -> Badge {
    badge.etag = badge.etag.or_else(|| etag(parts));
    badge
}

operation! {
    /// Reads one badge.
    GetBadge { id: BadgeId } = "optima.get_badge", Safe -> Badge;
    request(op, base) => op.dialect.get(base, "badge", Some(op.id.as_str()));
    response(op, parts, body) => Ok(revised(op.dialect.one(parts, body, "badge")?, parts));
}

operation! {
    /// Creates a badge.
    CreateBadge { badge: NewBadge, key: IdempotencyKey } = "optima.create_badge", Never -> Badge;
    request(op, base) => op.dialect.post(base, "badges", &op.badge.body(&op.dialect)?, op.key);
    response(op, parts, body) => Ok(revised(op.dialect.one(parts, body, "badges")?, parts));
}

operation! {
    /// Changes a badge.
    UpdateBadge { id: BadgeId, patch: BadgePatch, etag: Option<String> } = "optima.update_badge", Never -> Badge;
    request(op, base) => {
        op.dialect.patch(base, ("badge", op.id.as_str()), &op.patch.body(&op.dialect)?, op.etag.as_deref())
    };
    response(op, parts, body) => Ok(revised(op.dialect.one(parts, body, "badge")?, parts));
}

operation! {
    /// Deletes a badge.
    DeleteBadge { id: BadgeId, etag: Option<String> } = "optima.delete_badge", Never -> ();
    request(op, base) => op.dialect.delete(base, ("badge", op.id.as_str()), op.etag.as_deref());
    response(op, parts, body) => op.dialect.check(parts, body);
}
