//! Access groups, cardholder policies and cardholder groups: what people may enter.

use chrono::{DateTime, FixedOffset};
use chrono_tz::Tz;
use connector_http::Error;
use connector_http::profile::{Item, Misfit};
use serde_json::Value;

use crate::client::OptimaClient;
use crate::dialect::{Dialect, Read, etag, needed};
use crate::id::{AccessGroupId, IdempotencyKey, ReaderId};
use crate::listing::Listing;
use crate::operation::operation;
use crate::words::{Capability, GroupKind};

/// What people may enter, under whichever of Optima's names.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AccessGroup {
    /// Its id.
    pub id: AccessGroupId,
    /// Its name.
    pub name: String,
    /// Which of Optima's names it has.
    pub kind: GroupKind,
    /// Whether it is in use.
    pub enabled: Option<bool>,
    /// A text of the link.
    pub reference: Option<String>,
    /// The readers that it opens; none may mean that the server does not tell.
    pub readers: Vec<ReaderId>,
    /// When it was last changed.
    pub updated_at: Option<DateTime<FixedOffset>>,
    /// Its revision.
    pub etag: Option<String>,
}

/// An access group to be created. It opens nothing until somebody says so at the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAccessGroup {
    name: String,
    kind: GroupKind,
    reference: Option<String>,
}

/// What to change of an access group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccessGroupPatch {
    name: Option<String>,
    enabled: Option<bool>,
}

impl NewAccessGroup {
    /// With a name.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), kind: GroupKind::AccessGroup, reference: None }
    }

    /// Under another of Optima's names.
    #[must_use]
    pub fn kind(mut self, kind: GroupKind) -> Self {
        self.kind = kind;
        self
    }

    /// With a text of the link.
    #[must_use]
    pub fn reference(mut self, reference: impl Into<String>) -> Self {
        self.reference = Some(reference.into());
        self
    }

    fn body(&self, dialect: &Dialect) -> Value {
        let mut body = dialect.profile().body("access_group");
        body.set("name", self.name.as_str());
        body.word("kind", "access_group_kind", self.kind.as_str());
        if let Some(reference) = &self.reference {
            body.set("reference", reference.as_str());
        }
        body.into_value()
    }
}

impl AccessGroupPatch {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Another name.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// In use or not.
    #[must_use]
    pub fn enabled(mut self, enabled: bool) -> Self {
        self.enabled = Some(enabled);
        self
    }

    fn body(&self, dialect: &Dialect) -> Value {
        let mut body = dialect.profile().body("access_group");
        if let Some(name) = &self.name {
            body.set("name", name.as_str());
        }
        if let Some(enabled) = self.enabled {
            body.set("enabled", enabled);
        }
        body.into_value()
    }
}

impl Read for AccessGroup {
    const OBJECT: &'static str = "access_group";

    fn read(item: Item<'_>, zone: Option<Tz>) -> Result<Self, Misfit> {
        needed(item, "kind", "a word")?;
        let readers = item.list("readers")?.unwrap_or_default();
        Ok(Self {
            id: item.id("id")?.into(),
            name: item.text("name")?,
            kind: item.word_opt("kind", "access_group_kind")?.map_or(GroupKind::AccessGroup, Into::into),
            enabled: item.bool_opt("enabled")?,
            reference: item.text_opt("reference")?.filter(|text| !text.trim().is_empty()),
            readers: readers
                .into_iter()
                .map(|reader| reader.id("reader_id").map(Into::into))
                .collect::<Result<_, _>>()?,
            updated_at: item.instant_opt("updated_at", zone)?,
            etag: item.text_opt("etag")?,
        })
    }
}

/// The access groups.
#[derive(Clone, Debug)]
pub struct AccessGroups(pub(crate) OptimaClient);

impl AccessGroups {
    /// All of them, under whichever name.
    ///
    /// # Errors
    /// `Config` where the server does not offer them; else as any read.
    pub async fn list(&self) -> Result<Listing<AccessGroup>, Error> {
        self.0.list(&Capability::AccessGroups, "access_groups", &[]).await
    }

    /// Those under one of Optima's names.
    ///
    /// # Errors
    /// As [`AccessGroups::list`].
    pub async fn of_kind(&self, kind: &GroupKind) -> Result<Listing<AccessGroup>, Error> {
        let kind = spelled(&self.0, "access_group_kind", kind.as_str());
        self.0.list(&Capability::AccessGroups, "access_groups", &[("kind", Some(&kind))]).await
    }

    #[cfg(feature = "sync")]
    pub(crate) async fn first_page(&self) -> Result<(usize, Vec<String>), Error> {
        self.0.first_page::<AccessGroup>(&Capability::AccessGroups, "access_groups").await
    }

    /// One of them.
    ///
    /// # Errors
    /// `NotFound` where there is none; else as [`AccessGroups::list`].
    pub async fn get(&self, id: &AccessGroupId) -> Result<AccessGroup, Error> {
        let dialect = self.0.dialect_for(&Capability::AccessGroups).await?;
        self.0.send(&GetAccessGroup::new(dialect, id.clone())).await
    }

    /// Creates one, without rights.
    ///
    /// # Errors
    /// `Conflict` or `Rejected` where the server refuses it; `OutcomeUnknown` where no answer came: the same attempt may be
    /// sent again with the same key.
    pub async fn create(&self, group: &NewAccessGroup, key: IdempotencyKey) -> Result<AccessGroup, Error> {
        let dialect = self.0.dialect_for(&Capability::WriteAccessGroups).await?;
        self.0.send(&CreateAccessGroup::new(dialect, group.clone(), key)).await
    }

    /// Changes one; with a revision, only if it still has that one.
    ///
    /// # Errors
    /// `Conflict` where it has another revision or is locked; `NotFound` where there is none.
    pub async fn update(
        &self,
        id: &AccessGroupId,
        patch: &AccessGroupPatch,
        etag: Option<&str>,
    ) -> Result<AccessGroup, Error> {
        let dialect = self.0.dialect_for(&Capability::WriteAccessGroups).await?;
        self.0.send(&UpdateAccessGroup::new(dialect, id.clone(), patch.clone(), etag.map(str::to_owned))).await
    }
}

/// How the vendor spells one of our words, for a query.
pub(crate) fn spelled(client: &OptimaClient, map: &str, word: &str) -> String {
    match client.profile().values(map).map(|map| map.write(word)) {
        Some(Value::String(text)) => text,
        Some(value) => value.to_string(),
        None => word.to_owned(),
    }
}

fn revised(mut group: AccessGroup, parts: &http::response::Parts) -> AccessGroup {
    group.etag = group.etag.or_else(|| etag(parts));
    group
}

operation! {
    /// Reads one access group.
    GetAccessGroup { id: AccessGroupId } = "optima.get_access_group", Safe -> AccessGroup;
    request(op, base) => op.dialect.get(base, "access_group", Some(op.id.as_str()));
    response(op, parts, body) => Ok(revised(op.dialect.one(parts, body, "access_group")?, parts));
}

operation! {
    /// Creates an access group.
    CreateAccessGroup { group: NewAccessGroup, key: IdempotencyKey } = "optima.create_access_group", Never -> AccessGroup;
    request(op, base) => op.dialect.post(base, "access_groups", &op.group.body(&op.dialect), op.key);
    response(op, parts, body) => Ok(revised(op.dialect.one(parts, body, "access_groups")?, parts));
}

operation! {
    /// Changes an access group.
    UpdateAccessGroup { id: AccessGroupId, patch: AccessGroupPatch, etag: Option<String> }
        = "optima.update_access_group", Never -> AccessGroup;
    request(op, base) => {
        op.dialect.patch(base, ("access_group", op.id.as_str()), &op.patch.body(&op.dialect), op.etag.as_deref())
    };
    response(op, parts, body) => Ok(revised(op.dialect.one(parts, body, "access_group")?, parts));
}
