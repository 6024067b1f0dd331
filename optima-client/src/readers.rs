//! Readers, and the doors and controllers that they belong to.

use chrono::{DateTime, FixedOffset};
use chrono_tz::Tz;
use connector_http::Error;
use connector_http::profile::{Item, Misfit, Word};

use crate::client::OptimaClient;
use crate::dialect::{Read, needed};
use crate::id::{ControllerId, DoorId, ReaderId};
use crate::listing::Listing;
use crate::operation::operation;
use crate::words::{Capability, ReaderDirection, Technology};

/// A reader.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reader {
    /// Its id.
    pub id: ReaderId,
    /// Its name.
    pub name: Option<String>,
    /// The door that it opens.
    pub door: Option<Named<DoorId>>,
    /// Which way people pass it.
    pub direction: ReaderDirection,
    /// The controller that it hangs on.
    pub controller: Option<Named<ControllerId>>,
    /// What it reads.
    pub technology: Vec<Technology>,
    /// Whether it is in use.
    pub enabled: Option<bool>,
    /// Whether it is connected.
    pub online: Option<bool>,
    /// When it was last changed.
    pub updated_at: Option<DateTime<FixedOffset>>,
    /// Its revision.
    pub etag: Option<String>,
}

/// Something with an id and a name.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Named<I> {
    /// Its id.
    pub id: I,
    /// Its name.
    pub name: Option<String>,
}

impl Read for Reader {
    const OBJECT: &'static str = "reader";

    fn read(item: Item<'_>, zone: Option<Tz>) -> Result<Self, Misfit> {
        needed(item, "name", "a text")?;
        let technology = item.texts("technology")?.into_iter();
        let mapped = |text: String| item.mapped("technology", &text).unwrap_or_else(|| Word::unmapped(text)).into();
        Ok(Self {
            id: item.id("id")?.into(),
            name: item.text_opt("name")?,
            door: named(item, "door_id", "door_name")?,
            direction: item.word_opt("direction", "direction")?.map_or(ReaderDirection::None, Into::into),
            controller: named(item, "controller_id", "controller_name")?,
            technology: technology.map(mapped).collect(),
            enabled: item.bool_opt("enabled")?,
            online: item.bool_opt("online")?,
            updated_at: item.instant_opt("updated_at", zone)?,
            etag: item.text_opt("etag")?,
        })
    }
}

/// Something with an id and a name, if there is an id.
pub(crate) fn named<I: From<String>>(item: Item<'_>, id: &str, name: &str) -> Result<Option<Named<I>>, Misfit> {
    let Some(id) = item.id_opt(id)? else { return Ok(None) };
    Ok(Some(Named { id: id.into(), name: item.text_opt(name)? }))
}

/// The readers.
#[derive(Clone, Debug)]
pub struct Readers(pub(crate) OptimaClient);

impl Readers {
    /// All readers.
    ///
    /// # Errors
    /// `Config` where the server does not offer them; else as any read.
    pub async fn list(&self) -> Result<Listing<Reader>, Error> {
        self.0.list(&Capability::Readers, "readers", &[]).await
    }

    #[cfg(feature = "sync")]
    pub(crate) async fn first_page(&self) -> Result<(usize, Vec<String>), Error> {
        self.0.first_page::<Reader>(&Capability::Readers, "readers").await
    }

    /// One reader.
    ///
    /// # Errors
    /// `NotFound` where there is none; else as [`Readers::list`].
    pub async fn get(&self, id: &ReaderId) -> Result<Reader, Error> {
        let dialect = self.0.dialect_for(&Capability::Readers).await?;
        self.0.send(&GetReader::new(dialect, id.clone())).await
    }
}

operation! {
    /// Reads one reader.
    GetReader { id: ReaderId } = "optima.get_reader", Safe -> Reader;
    request(op, base) => op.dialect.get(base, "reader", Some(op.id.as_str()));
    response(op, parts, body) => op.dialect.one(parts, body, "reader");
}
