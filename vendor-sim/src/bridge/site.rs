//! How a site's answers leave: pages, single objects, all as the profile shows them.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::front::Front;
use super::paging::{Cut, Envelope, Mark, cut, envelope};
use super::problem::Problem;
use super::profile::TimeForm;
use super::switches::Common;
use crate::clock::Zone;
use crate::host::{Call, Reply};

/// A world behind a bridge.
pub(crate) trait Site {
    fn front(&self) -> &Front;
    fn common(&self) -> Common;
    fn zone(&self) -> Zone;
    /// What the clock shows, without any offset.
    fn clock_now(&self) -> DateTime<Utc>;

    /// How instants are written now.
    fn time_form(&self) -> TimeForm {
        self.front().time(&self.common(), self.zone())
    }

    /// The page that a call asks for.
    fn paged<T>(&self, call: &Call, prefix: &str, all: Vec<(Mark, T)>) -> Result<Cut<T>, Problem> {
        cut(&self.front().profile.paging, &self.common(), call, prefix, all)
    }

    /// A page as the profile shows it.
    fn listed(&self, kind: &str, page: Cut<Value>, as_of: Option<Value>) -> Reply {
        let (profile, time) = (&self.front().profile, self.time_form());
        let items = page.items.into_iter().map(|item| profile.show(kind, item, &time)).collect();
        let parts = Envelope { items, next: page.next, total: Some(page.total), as_of, last: None };
        Reply::json(200, &envelope(&profile.paging, parts))
    }

    /// One object as the profile shows it.
    fn shown(&self, status: u16, kind: &str, object: Value) -> Reply {
        Reply::json(status, &self.front().profile.show(kind, object, &self.time_form()))
    }
}

impl<T> Cut<T> {
    /// The same page of something else.
    pub(crate) fn map<U>(self, change: impl FnMut(T) -> U) -> Cut<U> {
        Cut { items: self.items.into_iter().map(change).collect(), next: self.next, total: self.total }
    }
}
