//! The statements this crate needs itself: everybody in a constant number of calls.

use connector_http::Error;

use super::{CustomQuery, Row, Select, Where};
use crate::id::{AccessLevelId, AreaId, DepartmentId, DoorId, EventId, PeripheralId, UserId};
use crate::text::TokenValue;
use crate::token_types::TokenType;

/// Where a user belongs, from one statement over all users.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UserRow {
    /// The user.
    pub user: UserId,
    /// Their department; 0 for none.
    pub department: DepartmentId,
    /// Their access level; a private one ([`AccessLevelId::is_private`]) stands for several levels or individual rights,
    /// which only the user's permission set tells.
    pub level: AccessLevelId,
    /// The user is not retired.
    pub is_active: bool,
}

/// A card and its owner, from one statement over all cards.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CardRow {
    /// The owner.
    pub user: UserId,
    /// The number.
    pub card: TokenValue,
    /// The kind, where its number is known.
    pub kind: Option<TokenType>,
    /// Reported lost.
    pub is_lost: bool,
}

/// A reader of a door and the area it leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DoorArea {
    /// The door.
    pub door: DoorId,
    /// Which side of it.
    pub side: i64,
    /// The reader.
    pub reader: PeripheralId,
    /// The area behind.
    pub area: AreaId,
}

impl CustomQuery {
    /// Department and access level of all users that are not retired, in one call.
    ///
    /// # Errors
    /// As [`CustomQuery::select`].
    pub async fn users(&self) -> Result<Vec<UserRow>, Error> {
        let select = Select::from("sdk.UsersEx", "u")
            .column("u.UserID", "userid")
            .column("u.DepartmentID", "departmentid")
            .column("u.AccessLevelID", "accesslevelid")
            .column("u.Active", "active")
            .matching(Where::equal("u.Active", 1));
        self.read(&select, |row| {
            Ok(UserRow {
                user: UserId::new(row.number("userid")?.unwrap_or(-1)),
                department: DepartmentId::new(row.number("departmentid")?.unwrap_or(0)),
                level: AccessLevelId::new(row.number("accesslevelid")?.unwrap_or(0)),
                is_active: row.truth("active")?.unwrap_or(true),
            })
        })
        .await
    }

    /// All cards with their owners, in one call.
    ///
    /// # Errors
    /// As [`CustomQuery::select`].
    pub async fn cards(&self) -> Result<Vec<CardRow>, Error> {
        let rows = self.read(&cards(), card_row).await?;
        Ok(rows.into_iter().flatten().collect())
    }

    /// Who owns a card.
    ///
    /// # Errors
    /// As [`CustomQuery::select`].
    pub async fn card_owner(&self, card: &TokenValue) -> Result<Option<UserId>, Error> {
        let select = cards().matching(Where::equal("c.CardNumber", card.as_str()));
        Ok(self.read(&select, card_row).await?.into_iter().flatten().next().map(|row| row.user))
    }

    /// Which areas each door leads to, in one call.
    ///
    /// # Errors
    /// As [`CustomQuery::select`].
    pub async fn door_areas(&self) -> Result<Vec<DoorArea>, Error> {
        let select = Select::from("sdk.PeripheralNames", "p")
            .column("p.SerialNumber", "door")
            .column("p.SubAddress", "side")
            .column("p.PeripheralID", "reader")
            .column("g.ToAreaID", "area")
            .join("sdk.AreaGateways", "g", "p.PeripheralID", "g.PeripheralID");
        self.read(&select, |row| {
            Ok(DoorArea {
                door: DoorId::new(row.number("door")?.unwrap_or(0)),
                side: row.number("side")?.unwrap_or(0),
                reader: PeripheralId::new(row.number("reader")?.unwrap_or(0)),
                area: AreaId::new(row.number("area")?.unwrap_or(0)),
            })
        })
        .await
    }

    /// Number of the newest event; `None` in an empty log.
    ///
    /// # Errors
    /// As [`CustomQuery::select`].
    pub async fn last_event(&self) -> Result<Option<EventId>, Error> {
        let select = Select::from("sdk.EventsEx", "e").max("e.EventID", "last");
        let rows = self.read(&select, |row| row.number("last")).await?;
        Ok(rows.into_iter().flatten().next().map(EventId::new))
    }

    async fn read<T>(&self, select: &Select, read: impl Fn(&Row) -> Result<T, Error>) -> Result<Vec<T>, Error> {
        self.select(select).await?.iter().map(read).collect()
    }
}

fn cards() -> Select {
    Select::from("sdk.Cards", "c")
        .column("c.UserID", "userid")
        .column("c.CardNumber", "cardnumber")
        .column("c.CardTypeID", "cardtypeid")
        .column("c.LostCard", "lostcard")
}

/// A card without an owner or a number is none.
fn card_row(row: &Row) -> Result<Option<CardRow>, Error> {
    let (Some(user), Some(card)) = (row.number("userid")?, row.text("cardnumber")?) else { return Ok(None) };
    Ok(Some(CardRow {
        user: UserId::new(user),
        card: TokenValue::new(card),
        kind: row.number("cardtypeid")?.and_then(TokenType::from_number),
        is_lost: row.truth("lostcard")?.unwrap_or(false),
    }))
}
