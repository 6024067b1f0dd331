//! A whole list of places, from a server that forgets to say that there is more.

use std::collections::HashSet;
use std::fmt;

use connector_http::{Error, Operation};

use super::model::Listed;
use crate::client::GraphClient;
use crate::page::{MOST_PAGES, NextLink, Page, Walk};

/// What was found, and what is odd about it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Found<T> {
    /// The things, in the order in which they came, each once.
    pub items: Vec<T>,
    /// What somebody should know.
    pub warnings: Vec<Warning>,
}

/// What is odd about a list.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Warning {
    /// The server says that there are more than it gave.
    Incomplete {
        /// That were given.
        got: usize,
        /// That there are.
        total: u64,
    },
    /// Nothing was found, which is seldom true.
    Empty,
    /// A thing without an address was left out: there is no calendar to be asked for.
    NoAddress {
        /// What it is called.
        name: String,
    },
    /// A thing that could not be read was left out.
    Unreadable {
        /// Its field at fault, and what is wrong with it.
        why: String,
    },
}

impl Warning {
    /// Why rooms may be missing from the list, and what the tenant's administrator does about each cause.
    pub const WHY_MISSING: [&'static str; 5] = [
        "the tenant's places are not prepared: run Set-PlacesSettings -EnableBuildings 'Default:true' once",
        "the room is hidden from the address list: show it, or type its address here",
        "the room is new or was renamed: that takes 4 to 24 hours to show",
        "its mailbox is that of a person or a shared one: make it a room mailbox",
        "this is another tenant, or a cloud without a list of places: check both, or type the addresses here",
    ];
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Incomplete { got, total } => write!(f, "{got} of {total} were given; the others are missing"),
            Self::Empty => write!(f, "the list is empty; {}", Self::WHY_MISSING.join("; or ")),
            Self::NoAddress { name } => write!(f, "{name:?} has no address and cannot be used"),
            Self::Unreadable { why } => write!(f, "one could not be read: {why}"),
        }
    }
}

/// Reads all pages: by link where there is one, else by number.
pub(super) async fn all<T, O>(
    client: &GraphClient,
    page: impl Fn(usize, usize) -> O,
    link: impl Fn(NextLink) -> O,
) -> Result<Found<T>, Error>
where
    T: Listed,
    O: Operation<Output = Page<T>>,
{
    let mut list = List { items: Vec::new(), keys: HashSet::new(), warnings: Vec::new(), total: None };
    // What pages of the usual size leave out, one large page may show.
    for top in [USUAL, LARGE] {
        list.walk(client, top, &page, &link).await?;
        if list.missing().is_none() {
            break;
        }
    }
    Ok(list.finish())
}

struct List<T> {
    items: Vec<T>,
    keys: HashSet<String>,
    warnings: Vec<Warning>,
    total: Option<u64>,
}

impl<T: Listed> List<T> {
    async fn walk<O: Operation<Output = Page<T>>>(
        &mut self,
        client: &GraphClient,
        top: usize,
        page: &impl Fn(usize, usize) -> O,
        link: &impl Fn(NextLink) -> O,
    ) -> Result<(), Error> {
        let mut walk = Walk::new();
        let (mut skip, mut next): (usize, Option<NextLink>) = (0, None);
        for _ in 0..MOST_PAGES {
            let call = match next.take() {
                Some(to) => link(to),
                None => page(top, skip),
            };
            let answer = client.send(&call).await?;
            let returned = answer.items.len() + answer.invalid.len();
            skip += returned;
            self.total = self.total.max(answer.count);
            let (news, link) = self.take(answer);
            next = link;
            if let Some(to) = &next {
                // An empty page may lead on; one that leads to what was read already may not.
                walk.follow(to)?;
                if returned > 0 && news == 0 {
                    return Ok(());
                }
                continue;
            }
            let reached = self.total.is_some_and(|total| self.seen() >= total);
            if news == 0 || returned < top && reached {
                return Ok(());
            }
        }
        Ok(())
    }

    /// How many things of this page were not known before, and where the list goes on.
    fn take(&mut self, page: Page<T>) -> (usize, Option<NextLink>) {
        let mut news = 0;
        for item in page.items {
            let address = item.address();
            let key =
                address.as_ref().map_or_else(|| item.id().map(str::to_owned), |address| Some(address.to_string()));
            if !self.keys.insert(key.unwrap_or_else(|| format!("?{}", item.name()))) {
                continue;
            }
            news += 1;
            if address.is_some() {
                self.items.push(item);
            } else {
                self.warnings.push(Warning::NoAddress { name: item.name() });
            }
        }
        for invalid in page.invalid {
            let key = invalid.id.clone().unwrap_or_else(|| format!("?{}", invalid.why));
            if self.keys.insert(key) {
                news += 1;
                self.warnings.push(Warning::Unreadable { why: format!("{} {}", invalid.field, invalid.why) });
            }
        }
        (news, page.next)
    }

    fn seen(&self) -> u64 {
        self.keys.len() as u64
    }

    fn missing(&self) -> Option<u64> {
        self.total.filter(|total| *total > self.seen())
    }

    fn finish(mut self) -> Found<T> {
        if let Some(total) = self.missing() {
            self.warnings.push(Warning::Incomplete { got: self.keys.len(), total });
        }
        if self.items.is_empty() && self.warnings.is_empty() {
            self.warnings.push(Warning::Empty);
        }
        Found { items: self.items, warnings: self.warnings }
    }
}

/// As many as the server gives at most by itself.
const USUAL: usize = 100;
const LARGE: usize = 1000;
