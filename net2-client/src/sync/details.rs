//! What a list of users leaves out: department, access and cards, with few calls.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::time::Duration;

use chrono::{DateTime, Utc};
use connector_http::{Error, ErrorKind};
use futures::future::{BoxFuture, FutureExt as _};
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use tokio::sync::Mutex;

use super::Net2Endpoint;
use crate::custom_query::CardRow;
use crate::event_types::EventType;
use crate::events::EventQuery;
use crate::id::{AccessLevelId, DepartmentId, EventId, UserId};
use crate::permissions::PermissionSet;
use crate::query::{Condition, EventColumn};
use crate::text::TokenValue;
use crate::token_types::TokenType;
use crate::tokens::Token;
use crate::users::{User, UserHandle};

/// What stands beside a user.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Details {
    pub(super) department: DepartmentId,
    pub(super) access: PermissionSet,
    pub(super) tokens: Vec<HeldToken>,
}

/// A token that a user holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct HeldToken {
    pub(super) value: TokenValue,
    pub(super) kind: Option<TokenType>,
    pub(super) is_lost: bool,
}

impl Details {
    /// The numbers of tokens that open doors: neither lost nor number plates.
    pub(super) fn cards(&self) -> impl Iterator<Item = &TokenValue> {
        let opens = |token: &&HeldToken| !token.is_lost && is_card(token.kind.as_ref());
        self.tokens.iter().filter(opens).map(|token| &token.value)
    }
}

impl From<&Token> for HeldToken {
    fn from(token: &Token) -> Self {
        Self { value: token.token_value.clone(), kind: Some(token.token_type.clone()), is_lost: token.is_lost }
    }
}

impl From<CardRow> for HeldToken {
    fn from(row: CardRow) -> Self {
        Self { value: row.card, kind: row.kind, is_lost: row.is_lost }
    }
}

/// Which details of one user to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    All,
    /// The permission set of a user with this private level; the rest is known from elsewhere.
    Access(AccessLevelId),
    Tokens,
}

/// Details read one by one, kept while nothing says that they changed.
#[derive(Debug, Default)]
pub(super) struct DetailCache(Mutex<Cache>);

#[derive(Debug, Default)]
struct Cache {
    users: HashMap<UserId, Kept>,
    /// The last event looked at for changes of users.
    last_event: Option<EventId>,
    /// When everything was read afresh.
    whole_at: Option<DateTime<Utc>>,
}

#[derive(Clone, Debug)]
struct Kept {
    row: u64,
    details: Details,
}

impl DetailCache {
    /// Forgets a user, after a write or on a hint.
    pub(super) async fn forget(&self, user: UserId) {
        self.0.lock().await.users.remove(&user);
    }
}

impl Net2Endpoint {
    /// The details of all these users. Users that vanish meanwhile are left out.
    pub(super) async fn all_details(&self, users: &[User]) -> Result<HashMap<UserId, Details>, Error> {
        if self.config.querydb { self.details_by_sql(users).await } else { self.details_one_by_one(users).await }
    }

    /// The details of one user, read afresh.
    pub(super) async fn details_of(&self, user: &User) -> Result<Details, Error> {
        let handle = self.net2.user(user.id);
        let access = match &user.permissions {
            Some(set) => set.clone(),
            None => handle.permissions().await?,
        };
        Ok(Details { access, ..rest(&handle).await? })
    }

    /// The tokens of all these users, by the calls that a cache leaves over.
    pub(super) async fn all_tokens(
        &self,
        cache: &DetailCache,
        users: &[User],
    ) -> Result<HashMap<UserId, Vec<HeldToken>>, Error> {
        let users: Vec<_> = users.iter().collect();
        let found = self.cached(cache, &users, |_| Part::Tokens).await?;
        Ok(found.into_iter().map(|(id, details)| (id, details.tokens)).collect())
    }

    /// Two statements for everybody, and a call for each user with a private level whose row changed.
    async fn details_by_sql(&self, users: &[User]) -> Result<HashMap<UserId, Details>, Error> {
        let query = self.net2.custom_query();
        let rows = query.users().await?;
        let mut found: HashMap<UserId, Details> = HashMap::with_capacity(rows.len());
        let mut private = HashMap::new();
        for row in rows {
            if row.level.is_private() {
                private.insert(row.user, row.level);
            }
            let access = PermissionSet::levels([row.level]);
            found.insert(row.user, Details { department: row.department, access, tokens: Vec::new() });
        }
        for card in query.cards().await? {
            if let Some(details) = found.get_mut(&card.user) {
                details.tokens.push(card.into());
            }
        }
        let singly: Vec<_> =
            users.iter().filter(|user| private.contains_key(&user.id) || !found.contains_key(&user.id)).collect();
        let part = |id| private.get(&id).map_or(Part::All, |level| Part::Access(*level));
        for (id, details) in self.cached(&self.details, &singly, part).await? {
            match found.get_mut(&id) {
                Some(known) => known.access = details.access,
                None => {
                    found.insert(id, details);
                }
            }
        }
        Ok(found)
    }

    async fn details_one_by_one(&self, users: &[User]) -> Result<HashMap<UserId, Details>, Error> {
        self.cached(&self.details, &users.iter().collect::<Vec<_>>(), |_| Part::All).await
    }

    /// Details from a cache; calls only for users whose row changed, whom an event named, and for all once a day.
    async fn cached(
        &self,
        cache: &DetailCache,
        users: &[&User],
        part: impl Fn(UserId) -> Part,
    ) -> Result<HashMap<UserId, Details>, Error> {
        if users.is_empty() {
            return Ok(HashMap::new());
        }
        let mut cache = cache.0.lock().await;
        self.drop_changed(&mut cache).await?;
        let row = |user: &User| fingerprint(user, part(user.id));
        let stale: Vec<_> = users
            .iter()
            .copied()
            .filter(|user| cache.users.get(&user.id).is_none_or(|kept| kept.row != row(user)))
            .collect();
        let calls: Vec<_> = stale.into_iter().map(|user| self.fresh(user, part(user.id))).collect();
        let fresh: Vec<_> = stream::iter(calls).buffer_unordered(PARALLEL).try_collect().await?;
        for (user, details) in fresh {
            match details {
                Some(details) => cache.users.insert(user.id, Kept { row: row(user), details }),
                None => cache.users.remove(&user.id),
            };
        }
        let asked: HashSet<_> = users.iter().map(|user| user.id).collect();
        cache.users.retain(|id, _| asked.contains(id));
        Ok(cache.users.iter().map(|(id, kept)| (*id, kept.details.clone())).collect())
    }

    fn fresh<'a>(&'a self, user: &'a User, part: Part) -> BoxFuture<'a, Result<(&'a User, Option<Details>), Error>> {
        async move {
            let handle = self.net2.user(user.id);
            let read = match part {
                Part::All => self.details_of(user).await,
                Part::Access(_) => handle.permissions().await.map(|access| Details { access, ..Details::default() }),
                Part::Tokens => tokens(&handle).await.map(|tokens| Details { tokens, ..Details::default() }),
            };
            match read {
                Ok(details) => Ok((user, Some(details))),
                Err(error) if error.kind() == ErrorKind::NotFound => Ok((user, None)),
                Err(error) => Err(error),
            }
        }
        .boxed()
    }

    /// Forgets whom a change event names, and everybody once a day. The events are hints only: a server that refuses the
    /// question, or does not let this operator ask it, just makes everything be read afresh.
    async fn drop_changed(&self, cache: &mut Cache) -> Result<(), Error> {
        let now = Utc::now();
        let newest = match self.net2.events().newest_cursor().await {
            Ok(cursor) => cursor.last_id(),
            Err(error) if matches!(error.kind(), ErrorKind::Permission | ErrorKind::NotFound) => {
                (cache.last_event, cache.whole_at) = (None, None);
                cache.users.clear();
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        let day_over = cache.whole_at.is_none_or(|at| (now - at).to_std().map_or(true, |age| age > DAY));
        match cache.last_event {
            Some(since) if newest == since && !day_over => {}
            Some(since) if newest > since && !day_over => self.drop_named(cache, since).await?,
            _ => {
                cache.users.clear();
                cache.whole_at = Some(now);
            }
        }
        cache.last_event = Some(newest);
        Ok(())
    }

    async fn drop_named(&self, cache: &mut Cache, since: EventId) -> Result<(), Error> {
        let condition = Condition::greater(EventColumn::EventId, since.get())
            .and(Condition::equal(EventColumn::EventType, EventType::USER_CHANGED.get()));
        let hints = match self.net2.events().query(&EventQuery::oldest(HINTS).matching(condition)).await {
            Ok(hints) => hints,
            Err(error) if error.kind() == ErrorKind::Rejected => {
                cache.users.clear();
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        let named_all = hints.items.iter().all(|event| event.user.is_some());
        if !named_all || !hints.invalid.is_empty() || hints.items.len() >= HINTS as usize {
            cache.users.clear();
        }
        for user in hints.items.iter().filter_map(|event| event.user) {
            cache.users.remove(&user);
        }
        Ok(())
    }
}

/// Department and tokens.
async fn rest(handle: &UserHandle) -> Result<Details, Error> {
    let department = handle.department().await?.map_or(DepartmentId::NONE, |department| department.id);
    Ok(Details { department, access: PermissionSet::none(), tokens: tokens(handle).await? })
}

async fn tokens(handle: &UserHandle) -> Result<Vec<HeldToken>, Error> {
    Ok(handle.tokens().list().await?.iter().map(HeldToken::from).collect())
}

pub(super) fn is_card(kind: Option<&TokenType>) -> bool {
    !matches!(kind, Some(TokenType::VehicleNumberPlate | TokenType::TelephoneCallerId))
}

/// What a list says about a user; equal as long as nothing in its row changed.
fn fingerprint(user: &User, part: Part) -> u64 {
    let private = match part {
        Part::Access(level) => Some(level),
        Part::All | Part::Tokens => None,
    };
    let mut hasher = DefaultHasher::new();
    let User { first_name, middle_name, last_name, telephone, extension, fax, pin, .. } = user;
    (first_name, middle_name, last_name, telephone, extension, fax, pin).hash(&mut hasher);
    (user.activate_date, user.expiry_date, user.is_alarm_user, user.is_anti_passback_user).hash(&mut hasher);
    (user.is_lockdown_exempt, private).hash(&mut hasher);
    let fields: &BTreeMap<_, _> = &user.custom_fields;
    fields.hash(&mut hasher);
    hasher.finish()
}

const PARALLEL: usize = 4;
const HINTS: u32 = 1000;
const DAY: Duration = Duration::from_hours(24);
