//! Lists that come in pages, with what could not be read of them.

use std::collections::HashSet;

use chrono::{DateTime, FixedOffset};
use connector_http::{Error, ErrorKind, decode};
use futures::stream::{self, BoxStream};
use futures::{StreamExt as _, TryStreamExt as _};
use http::response::Parts;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::model::{AstrowError, InvalidItem, Page, PageCursor};

/// Pages of a list, one after the other; the first error ends them.
pub type Pages<T> = BoxStream<'static, Result<Page<T>, AstrowError>>;

/// A list as it stands on the wire, its items not yet read.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawPage {
    items: Vec<Value>,
    next: Option<PageCursor>,
    as_of: Option<DateTime<FixedOffset>>,
}

/// A list without pages.
#[derive(Deserialize)]
struct Whole<T> {
    items: Vec<T>,
}

/// Reads one page; an item that cannot be read stands beside the others.
pub(crate) fn page<T: DeserializeOwned>(parts: &Parts, body: &[u8], id: &str) -> Result<Page<T>, Error> {
    let RawPage { items, next, as_of } = decode(parts, body)?;
    let (items, invalid) = read_items(items, id);
    Ok(Page { items, invalid, next, as_of })
}

/// Reads a list without pages, all of it.
pub(crate) fn whole<T: DeserializeOwned>(parts: &Parts, body: &[u8]) -> Result<Vec<T>, Error> {
    decode(parts, body).map(|Whole { items }| items)
}

/// Reads items one by one.
pub(crate) fn read_items<T: DeserializeOwned>(items: Vec<Value>, id: &str) -> (Vec<T>, Vec<InvalidItem>) {
    let (mut good, mut invalid) = (Vec::with_capacity(items.len()), Vec::new());
    for (position, item) in items.into_iter().enumerate() {
        let name = item.get(id).and_then(short_text);
        match serde_path_to_error::deserialize(item) {
            Ok(item) => good.push(item),
            Err(error) => invalid.push(fault(name, position, &error)),
        }
    }
    (good, invalid)
}

/// Every page from the first one on. A cursor that comes again, or nothing but empty pages, ends them with an error.
pub(crate) fn pages<T, F, Answer>(mut fetch: F) -> Pages<T>
where
    T: Send + 'static,
    F: FnMut(Option<PageCursor>) -> Answer + Send + 'static,
    Answer: Future<Output = Result<Page<T>, AstrowError>> + Send + 'static,
{
    let state = Walk { next: None, seen: HashSet::new(), restless: 0, over: false };
    stream::try_unfold(state, move |mut walk| {
        let answer = (!walk.over).then(|| fetch(walk.next.take()));
        async move {
            let Some(answer) = answer else { return Ok(None) };
            let page = answer.await?;
            walk.step(&page)?;
            Ok(Some((page, walk)))
        }
    })
    .boxed()
}

/// All pages as one list.
pub(crate) async fn collect<T>(mut pages: Pages<T>) -> Result<Page<T>, AstrowError> {
    let mut all = Page::default();
    while let Some(page) = pages.try_next().await? {
        all.items.extend(page.items);
        all.invalid.extend(page.invalid);
        all.as_of = all.as_of.or(page.as_of);
    }
    Ok(all)
}

struct Walk {
    next: Option<PageCursor>,
    seen: HashSet<PageCursor>,
    restless: usize,
    over: bool,
}

impl Walk {
    fn step<T>(&mut self, page: &Page<T>) -> Result<(), AstrowError> {
        let protocol = |text| AstrowError::from(Error::new(ErrorKind::Protocol, text));
        self.restless = if page.items.is_empty() && page.invalid.is_empty() { self.restless + 1 } else { 0 };
        if self.restless > EMPTY_PAGES {
            return Err(protocol("the list goes on with empty pages only"));
        }
        match &page.next {
            None => self.over = true,
            Some(next) if !self.seen.insert(next.clone()) => {
                return Err(protocol("the list leads back to a page that was read already"));
            }
            Some(next) => self.next = Some(next.clone()),
        }
        Ok(())
    }
}

fn fault(id: Option<String>, position: usize, error: &serde_path_to_error::Error<serde_json::Error>) -> InvalidItem {
    let inner = error.inner().to_string();
    // Serde's other sentences may repeat the value.
    let reason = if inner.starts_with("missing field") { inner } else { "the value is not of its kind".to_owned() };
    InvalidItem::new(id, position, error.path().to_string(), reason)
}

fn short_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if text.len() <= 80 => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Items on a page.
pub(crate) const PAGE: &str = "500";
const EMPTY_PAGES: usize = 100;
