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
use crate::event_types::EventType;
use crate::events::EventQuery;
use crate::id::{AccessLevelId, DepartmentId, EventId, UserId};
use crate::query::{Condition, EventColumn};
use crate::text::TokenValue;
use crate::token_types::TokenType;
use crate::tokens::Token;
use crate::users::{User, UserHandle};

/// What stands beside a user.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Details {
    pub(super) department: DepartmentId,
    pub(super) levels: Vec<AccessLevelId>,
    pub(super) cards: Vec<TokenValue>,
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
        let levels = match &user.permissions {
            Some(set) => set.access_levels.clone(),
            None => handle.permissions().await?.access_levels,
        };
        Ok(Details { levels, ..rest(&handle).await? })
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
            let levels = vec![row.level];
            found.insert(row.user, Details { department: row.department, levels, cards: Vec::new() });
        }
        for card in query.cards().await? {
            let opens = !card.is_lost && is_card(card.kind.as_ref());
            if let Some(details) = found.get_mut(&card.user).filter(|_| opens) {
                details.cards.push(card.card);
            }
        }
        let singly: Vec<_> =
            users.iter().filter(|user| private.contains_key(&user.id) || !found.contains_key(&user.id)).collect();
        for (id, details) in self.cached(&singly, |id| private.get(&id).copied()).await? {
            match found.get_mut(&id) {
                Some(known) => known.levels = details.levels,
                None => {
                    found.insert(id, details);
                }
            }
        }
        Ok(found)
    }

    async fn details_one_by_one(&self, users: &[User]) -> Result<HashMap<UserId, Details>, Error> {
        self.cached(&users.iter().collect::<Vec<_>>(), |_| None).await
    }

    /// Details from the cache; calls only for users whose row changed, whom an event named, and for all once a day.
    /// Of users whose private level is known, only the permission set is read.
    async fn cached(
        &self,
        users: &[&User],
        private: impl Fn(UserId) -> Option<AccessLevelId>,
    ) -> Result<HashMap<UserId, Details>, Error> {
        if users.is_empty() {
            return Ok(HashMap::new());
        }
        let mut cache = self.details.0.lock().await;
        self.drop_changed(&mut cache).await?;
        let row = |user: &User| fingerprint(user, private(user.id));
        let stale: Vec<_> = users
            .iter()
            .copied()
            .filter(|user| cache.users.get(&user.id).is_none_or(|kept| kept.row != row(user)))
            .collect();
        let calls: Vec<_> = stale.into_iter().map(|user| self.fresh(user, private(user.id).is_some())).collect();
        let fresh: Vec<_> = stream::iter(calls).buffer_unordered(PARALLEL).try_collect().await?;
        for (user, details) in fresh {
            match details {
                Some(details) => cache.users.insert(user.id, Kept { row: row(user), details }),
                None => cache.users.remove(&user.id),
            };
        }
        let asked: HashSet<_> = users.iter().map(|user| user.id).collect();
        if !self.config.querydb {
            cache.users.retain(|id, _| asked.contains(id));
        }
        Ok(cache
            .users
            .iter()
            .filter(|(id, _)| asked.contains(id))
            .map(|(id, kept)| (*id, kept.details.clone()))
            .collect())
    }

    fn fresh<'a>(
        &'a self,
        user: &'a User,
        levels_only: bool,
    ) -> BoxFuture<'a, Result<(&'a User, Option<Details>), Error>> {
        async move {
            let read = if levels_only {
                let set = self.net2.user(user.id).permissions().await;
                set.map(|set| Details { levels: set.access_levels, ..Details::default() })
            } else {
                self.details_of(user).await
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
    /// question just makes everything be read afresh.
    async fn drop_changed(&self, cache: &mut Cache) -> Result<(), Error> {
        let now = Utc::now();
        let newest = self.net2.events().newest_cursor().await?.last_id();
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

/// Department and cards.
async fn rest(handle: &UserHandle) -> Result<Details, Error> {
    let department = handle.department().await?.map_or(DepartmentId::NONE, |department| department.id);
    let cards = cards(&handle.tokens().list().await?);
    Ok(Details { department, levels: Vec::new(), cards })
}

/// The numbers of tokens that open doors: neither lost nor number plates.
fn cards(tokens: &[Token]) -> Vec<TokenValue> {
    let good = |token: &&Token| !token.is_lost && is_card(Some(&token.token_type));
    tokens.iter().filter(good).map(|token| token.token_value.clone()).collect()
}

pub(super) fn is_card(kind: Option<&TokenType>) -> bool {
    !matches!(kind, Some(TokenType::VehicleNumberPlate | TokenType::TelephoneCallerId))
}

/// What a list says about a user; equal as long as nothing in its row changed.
fn fingerprint(user: &User, private: Option<AccessLevelId>) -> u64 {
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
