//! Lists in pages, with a guard against servers that run in circles.

use super::{Misfit, Profile, values::plain};
use crate::{Error, ErrorKind, Phase};
use serde_json::Value;
use std::{
    collections::HashSet,
    hash::{DefaultHasher, Hash, Hasher},
};
use url::Url;

/// How lists come in pages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paging {
    pub(super) style: PagingStyle,
    pub(super) items: String,
    pub(super) next: String,
    pub(super) total: String,
    pub(super) limit_param: String,
    pub(super) page_param: String,
    pub(super) offset_param: String,
    pub(super) after_param: String,
    pub(super) first_page: i64,
    pub(super) page_size: i64,
}

/// The way to the next page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PagingStyle {
    /// The answer has a link to it.
    Link,
    /// By its number.
    Page,
    /// By how many items were before.
    Offset,
    /// By the id of the last item.
    AfterId,
    /// There is one page.
    None,
}

/// The state of reading one list: where to ask next, and whether the end was reached.
///
/// ```text
/// let mut pager = profile.pager("badge", url);
/// while let Some(url) = pager.next_url() {
///     let body = ask(url);
///     let items = pager.take(&body)?;
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Pager {
    profile: Profile,
    object: String,
    first: Url,
    next: Option<Url>,
    asked: HashSet<Url>,
    last_page: Option<u64>,
    page: i64,
    seen: u64,
    total: Option<u64>,
}

impl Paging {
    /// The way to the next page.
    pub fn style(&self) -> PagingStyle {
        self.style
    }

    /// How many items to ask for at a time.
    pub fn page_size(&self) -> i64 {
        self.page_size
    }
}

impl PagingStyle {
    pub(super) fn parse(text: &str) -> Option<Self> {
        match text {
            "link" => Some(Self::Link),
            "page" => Some(Self::Page),
            "offset" => Some(Self::Offset),
            "after-id" => Some(Self::AfterId),
            "none" => Some(Self::None),
            _ => None,
        }
    }
}

impl Pager {
    pub(super) fn new(profile: &Profile, object: &str, first: Url) -> Self {
        let page = profile.paging().first_page;
        let mut pager = Self {
            profile: profile.clone(),
            object: object.to_owned(),
            first,
            next: None,
            asked: HashSet::new(),
            last_page: None,
            page,
            seen: 0,
            total: None,
        };
        pager.next = Some(pager.address(None));
        pager
    }

    /// With another number of items per page.
    pub fn with_page_size(mut self, size: i64) -> Self {
        let parameter = self.paging().limit_param.clone();
        if let (Some(url), false) = (&mut self.next, parameter.is_empty()) {
            let kept: Vec<_> = url
                .query_pairs()
                .filter(|(name, _)| *name != parameter)
                .map(|(n, v)| (n.into_owned(), v.into_owned()))
                .collect();
            url.query_pairs_mut().clear().extend_pairs(kept).append_pair(&parameter, &size.to_string());
        }
        self
    }

    /// What to ask next; nothing after the end.
    pub fn next_url(&self) -> Option<&Url> {
        self.next.as_ref()
    }

    /// How many items the list has, where the server says so.
    pub fn total(&self) -> Option<u64> {
        self.total
    }

    /// How many items came so far.
    pub fn seen(&self) -> u64 {
        self.seen
    }

    /// The items of an answer; moves on to the next page.
    ///
    /// # Errors
    /// `Protocol`, naming the setting of the profile, where there are no items, the next link goes to another server or in a
    /// circle, or the list does not end.
    pub fn take(&mut self, body: &Value) -> Result<Vec<Value>, Error> {
        let Some(asked) = self.next.take() else { return Err(standstill("the list has ended already")) };
        let items = self.items_of(body, asked.path())?;
        self.total = self.count(body);
        self.seen += items.len() as u64;
        self.next = self.following(body, &items, &asked)?;
        let circle = self.next.as_ref().is_some_and(|next| *next == asked || self.asked.contains(next));
        self.asked.insert(asked);
        if circle {
            return Err(standstill("the link to the next page leads to one that was read already"));
        }
        if self.asked.len() >= PAGES && self.next.is_some() {
            return Err(standstill("the list has more pages than any list can have"));
        }
        Ok(items)
    }

    fn paging(&self) -> &Paging {
        self.profile.paging()
    }

    /// The items of an answer alone, for a caller who goes on in its own way.
    ///
    /// # Errors
    /// `Protocol`, naming the setting of the profile, where there are none.
    pub fn items_of(&self, body: &Value, path: &str) -> Result<Vec<Value>, Error> {
        let pointer = &self.paging().items;
        let found = if pointer.is_empty() { Some(body) } else { body.pointer(pointer) };
        match found {
            Some(Value::Array(items)) => Ok(items.clone()),
            other => {
                let other = other.filter(|value| !value.is_null());
                let kinds = ("a list", other);
                Err(Misfit::of_setting(&self.profile, "paging", "items", pointer, path, kinds).into())
            }
        }
    }

    fn count(&self, body: &Value) -> Option<u64> {
        let pointer = self.paging().total.as_str();
        if pointer.is_empty() { None } else { plain(body.pointer(pointer)?)?.parse().ok() }
    }

    fn following(&mut self, body: &Value, items: &[Value], asked: &Url) -> Result<Option<Url>, Error> {
        let style = self.paging().style;
        if matches!(style, PagingStyle::Page | PagingStyle::Offset | PagingStyle::AfterId) {
            let ended = items.is_empty() || self.total.is_some_and(|total| self.seen >= total);
            if ended {
                return Ok(None);
            }
            self.must_differ(items)?;
        }
        match style {
            PagingStyle::None => Ok(None),
            PagingStyle::Link => self.link(body, asked),
            PagingStyle::Page => {
                self.page = self.page.saturating_add(1);
                Ok(Some(self.address(None)))
            }
            PagingStyle::Offset => Ok(Some(self.address(None))),
            PagingStyle::AfterId => {
                let last = items.last().unwrap_or(&Value::Null);
                let id = self.profile.item(&self.object, last, asked.path()).id("id")?;
                Ok(Some(self.address(Some(&id))))
            }
        }
    }

    fn link(&self, body: &Value, asked: &Url) -> Result<Option<Url>, Error> {
        let pointer = &self.paging().next;
        let link = match body.pointer(pointer) {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::String(text)) if text.trim().is_empty() => return Ok(None),
            Some(Value::String(text)) => text,
            other => {
                let kinds = ("a link", other);
                return Err(Misfit::of_setting(&self.profile, "paging", "next", pointer, asked.path(), kinds).into());
            }
        };
        let next = asked.join(link).map_err(|_| standstill("the link to the next page is no address"))?;
        if next.origin() != asked.origin() || !next.username().is_empty() || next.password().is_some() {
            return Err(standstill("the link to the next page goes to another server, which is not followed"));
        }
        Ok(Some(next))
    }

    /// A server that does not know the parameter sends the same page for ever.
    fn must_differ(&mut self, items: &[Value]) -> Result<(), Error> {
        let mut hasher = DefaultHasher::new();
        for item in items {
            item.to_string().hash(&mut hasher);
        }
        let hash = hasher.finish();
        match self.last_page.replace(hash) {
            Some(last) if last == hash => {
                Err(standstill("the server sends the same page again; see [paging] of the profile"))
            }
            _ => Ok(()),
        }
    }

    /// The first address with what leads to the present page.
    fn address(&self, after: Option<&str>) -> Url {
        let paging = self.paging();
        let mut url = self.first.clone();
        let mut add = |parameter: &str, value: &str| {
            if !parameter.is_empty() {
                url.query_pairs_mut().append_pair(parameter, value);
            }
        };
        if paging.style != PagingStyle::None {
            add(&paging.limit_param, &paging.page_size.to_string());
        }
        match (paging.style, after) {
            (PagingStyle::Page, _) => add(&paging.page_param, &self.page.to_string()),
            (PagingStyle::Offset, _) => add(&paging.offset_param, &self.seen.to_string()),
            (PagingStyle::AfterId, Some(after)) => add(&paging.after_param, after),
            _ => {}
        }
        url
    }
}

fn standstill(message: &'static str) -> Error {
    Error::new(ErrorKind::Protocol, message).with_phase(Phase::Answered)
}

const PAGES: usize = 100_000;
