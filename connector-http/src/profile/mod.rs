//! Paths, names, values and sign-in of a REST interface, read from a file.
//!
//! Some vendors keep their interface to themselves. Who has its documentation writes it down in a profile file, and the client
//! follows that file: it holds no path and no member name of its own. Each client brings a built-in profile as an example and
//! as the default; a file overlays it and says only what is different.
//!
//! ```toml
//! [auth]                      # bearer | header | basic | session
//! kind = "header"
//! header = "X-Key"
//! prefix = ""
//!
//! [paths]                     # {id} is replaced; "" = there is no such call
//! people = "/staff"
//!
//! [paging]                    # link | page | offset | after-id | none
//! style = "page"
//! items = "/data"             # JSON pointers
//!
//! [fields.person]             # our name = JSON pointer inside one item; "" = not there
//! first_name = "/givenName"
//!
//! [values.state]              # our word = the vendor's spellings; or "the vendor's spelling" = "our word"
//! enabled = ["A", "active"]
//!
//! [time]
//! format = "unix-s"           # rfc3339 | unix-s | unix-ms | a strftime pattern
//! ```
//!
//! Reading a profile finds all faults at once, each with line, reason and remedy ([`Profile::parse`]). An answer that lacks
//! something required is an error that names section, logical name, pointer and path, never a value ([`Misfit`]).
//!
//! Everything here is pure but [`Profile::sign_in`], which gives the client its tokens.

mod auth;
mod body;
mod build;
mod built_in;
mod document;
mod fault;
mod item;
mod paging;
mod paths;
mod pointer;
mod problem;
mod sample;
#[cfg(test)]
mod signing_tests;
#[cfg(test)]
mod tests;
mod time;
mod values;

use crate::{Error, ErrorKind};
use chrono_tz::Tz;
use serde_json::Value;
use std::{collections::BTreeMap, fmt, sync::Arc};
use url::Url;

pub use auth::{Auth, AuthKind, Credentials};
pub use body::Body;
pub use built_in::{BuiltIn, FieldKind, ListShape, ObjectShape, ProblemShape};
pub use document::Setting;
pub use fault::{InvalidProfile, ProfileFault};
pub use item::{Item, Misfit};
pub use paging::{Pager, Paging, PagingStyle};
pub use paths::PathTemplate;
pub use problem::Problem;
pub use sample::{Sample, SampleRow};
pub use time::{TimeFormat, TimeRules};
pub use values::{ValueMap, Word};

/// How one installation of a vendor's interface speaks. Cheap to clone.
#[derive(Clone)]
pub struct Profile(Arc<Inner>);

struct Inner {
    vendor: &'static str,
    file: String,
    shape: &'static BuiltIn,
    auth: Auth,
    base: PathTemplate,
    paths: BTreeMap<String, Option<PathTemplate>>,
    paging: Paging,
    fields: BTreeMap<String, Fields>,
    values: BTreeMap<String, ValueMap>,
    time: TimeRules,
    settings: BTreeMap<(String, String), Placed>,
}

/// Logical name → pointer of one object; `None` = not there.
#[derive(Clone, Debug, Default)]
struct Fields(BTreeMap<String, Option<String>>);

/// A setting and the line it stands on; `None` for the built-in profile.
#[derive(Clone, Debug)]
struct Placed {
    setting: Setting,
    line: Option<usize>,
}

impl Profile {
    /// The profile that a client brings along.
    ///
    /// # Errors
    /// The built-in text has faults, which a test of its crate finds.
    pub fn built_in(built_in: &'static BuiltIn) -> Result<Self, InvalidProfile> {
        build::profile(None, built_in)
    }

    /// A file over the built-in profile: it says what is different, the rest stays.
    ///
    /// # Errors
    /// All faults of the file, each with line, reason and remedy.
    pub fn parse(text: &str, file_name: &str, built_in: &'static BuiltIn) -> Result<Self, InvalidProfile> {
        build::profile(Some((text, file_name)), built_in)
    }

    /// `builtin`, or the name of the file.
    pub fn file_name(&self) -> &str {
        &self.0.file
    }

    /// How calls are signed.
    pub fn auth(&self) -> &Auth {
        &self.0.auth
    }

    /// How lists come in pages.
    pub fn paging(&self) -> &Paging {
        &self.0.paging
    }

    /// How times are written.
    pub fn time(&self) -> &TimeRules {
        &self.0.time
    }

    /// A map of values by its name, such as `state` for `[values.state]`.
    pub fn values(&self, name: &str) -> Option<&ValueMap> {
        self.0.values.get(name)
    }

    /// Whether there is a call of this name.
    pub fn has_path(&self, name: &str) -> bool {
        matches!(self.0.paths.get(name), Some(Some(_)))
    }

    /// Whether an object has a field of this name.
    pub fn has_field(&self, object: &str, name: &str) -> bool {
        self.0.fields.get(object).is_some_and(|fields| matches!(fields.0.get(name), Some(Some(_))))
    }

    /// The logical name of the field that an object has at a pointer.
    pub fn field_at(&self, object: &str, pointer: &str) -> Option<&str> {
        let fields = self.0.fields.get(object)?;
        fields.0.iter().find(|(_, known)| known.as_deref() == Some(pointer)).map(|(name, _)| name.as_str())
    }

    /// Address of a call below the server's address; values of the holes are percent-encoded.
    ///
    /// # Errors
    /// `Config` where the profile has no such call or a hole has no value; `Rejected` for a value that would change the path.
    pub fn url(&self, server: &Url, name: &str, holes: &[(&str, &str)]) -> Result<Url, Error> {
        let Some(Some(path)) = self.0.paths.get(name) else { return Err(self.no_path(name)) };
        path.below(&self.0.base.below(server, &[])?, holes)
    }

    /// A path as it is written, with its holes and the base before it, for messages; empty where there is no such call.
    pub fn path_text(&self, name: &str) -> String {
        match self.0.paths.get(name) {
            Some(Some(path)) => format!("{}{path}", self.0.base),
            _ => String::new(),
        }
    }

    /// The name of a query parameter by its name under `[query]`; `None` where the vendor has none.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.text("query", name)
    }

    /// Appends a query parameter, if the vendor has it; says whether it did.
    pub fn query(&self, url: &mut Url, name: &str, value: &str) -> bool {
        let Some(parameter) = self.parameter(name) else { return false };
        url.query_pairs_mut().append_pair(parameter, value);
        true
    }

    /// The name of a header by its name under `[headers]`; `None` where the vendor has none.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.text("headers", name)
    }

    /// A setting of a section that only this vendor has.
    pub fn setting(&self, section: &str, key: &str) -> Option<&Setting> {
        let place = (section.to_owned(), key.to_owned());
        self.0.settings.get(&place).map(|placed| &placed.setting)
    }

    /// A text that is not empty, of a section that only this vendor has.
    pub fn text(&self, section: &str, key: &str) -> Option<&str> {
        self.setting(section, key).and_then(Setting::as_text).filter(|text| !text.is_empty())
    }

    /// The keys of a section that only this vendor has.
    pub fn keys(&self, section: &str) -> impl Iterator<Item = &str> {
        let keys = self.0.settings.keys().filter(move |(known, _)| known == section);
        keys.map(|(_, key)| key.as_str())
    }

    /// A fault of a setting, for what only the client can judge.
    pub fn fault(&self, section: &str, key: &str, reason: &str, remedy: &str) -> ProfileFault {
        let place = (section.to_owned(), key.to_owned());
        let line = self.0.settings.get(&place).and_then(|placed| placed.line);
        ProfileFault::new(&self.0.file, line, format!("[{section}] {key}"), reason, remedy)
    }

    /// A look at one object of an answer through the names of the profile. `path` is what was asked for, without query.
    pub fn item<'a>(&'a self, object: &'a str, value: &'a Value, path: &'a str) -> Item<'a> {
        Item::new(self, object, value, path)
    }

    /// A request body that is filled by the names of the profile.
    pub fn body<'a>(&'a self, object: &'a str) -> Body<'a> {
        Body::new(self, object)
    }

    /// Reads a list page by page, beginning at an address. `object` is what its items are.
    pub fn pager(&self, object: &str, first: Url) -> Pager {
        Pager::new(self, object, first)
    }

    /// An instant as the vendor writes it; `zone` is for texts without an offset, unless the profile names one.
    ///
    /// # Errors
    /// What was expected instead.
    pub fn instant(
        &self,
        value: &Value,
        zone: Option<Tz>,
    ) -> Result<chrono::DateTime<chrono::FixedOffset>, &'static str> {
        self.0.time.read(value, zone)
    }

    fn fields(&self, object: &str) -> Option<&Fields> {
        self.0.fields.get(object)
    }

    fn shape_of(&self, object: &str) -> Option<&'static ObjectShape> {
        self.0.shape.objects.iter().find(|shape| shape.name == object)
    }

    fn no_path(&self, name: &str) -> Error {
        let text = format!("the profile {} has no call for this: [paths] {name} is empty", self.0.file);
        Error::new(ErrorKind::Config, text)
    }
}

impl Fields {
    fn pointer(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Option::as_deref)
    }
}

impl fmt::Debug for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Profile").field("vendor", &self.0.vendor).field("file", &self.0.file).finish_non_exhaustive()
    }
}
