//! What a client brings along: its own profile, and what it needs of any.

use crate::ErrorKind;

/// A client's own profile and what it needs of any other.
///
/// The text has every section and key that there is; a file may only say these. A path, field, parameter or header that is
/// empty in it may be filled by a file.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a client has to say all of it")]
pub struct BuiltIn {
    /// Name of the vendor, for messages.
    pub vendor: &'static str,
    /// The profile as TOML.
    pub toml: &'static str,
    /// The objects of `[fields.*]` as far as there is more to know than text.
    pub objects: &'static [ObjectShape],
    /// Holes that a path may have besides those of the built-in one.
    pub placeholders: &'static [&'static str],
    /// Paths that must not be empty.
    pub required_paths: &'static [&'static str],
    /// Value maps whose words are not a closed list.
    pub open_values: &'static [&'static str],
    /// Settings of the vendor's own sections with few allowed texts: section, key, texts.
    pub choices: &'static [(&'static str, &'static str, &'static [&'static str])],
    /// Names of problems (words of `[values.problem]`), their kind, and our words for them.
    pub problems: &'static [ProblemShape],
}

/// What there is to know of one object of `[fields.*]`.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a client has to say all of it")]
pub struct ObjectShape {
    /// Its name: `badge` for `[fields.badge]`.
    pub name: &'static str,
    /// Fields that must have a pointer, and a value in every answer.
    pub required: &'static [&'static str],
    /// Fields that are not plain text.
    pub kinds: &'static [(&'static str, FieldKind)],
    /// Fields that are lists, with what stands in their elements.
    pub lists: &'static [ListShape],
}

/// A list inside an object; pointers of its members are relative to one element.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a client has to say all of it")]
pub struct ListShape {
    /// The field that points to the list.
    pub list: &'static str,
    /// The member that is the element itself when its pointer is empty: a list of plain values.
    pub element: &'static str,
    /// The other members.
    pub members: &'static [&'static str],
}

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FieldKind {
    /// Text, or a number taken as text.
    Text,
    /// A whole number.
    Int,
    /// Yes or no.
    Bool,
    /// A time.
    Instant,
    /// A day.
    Date,
    /// A word of the value map of this name.
    Word(&'static str),
    /// A list of plain texts.
    Texts,
}

/// A problem that the vendor may answer with.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a client has to say all of it")]
pub struct ProblemShape {
    /// Its name: a word of `[values.problem]`.
    pub name: &'static str,
    /// What kind of error it is.
    pub kind: ErrorKind,
    /// Our words for it.
    pub message: &'static str,
}

impl ObjectShape {
    /// The list that a member belongs to.
    pub(super) fn list_of(&self, member: &str) -> Option<&'static ListShape> {
        self.lists.iter().find(|list| list.element == member || list.members.contains(&member))
    }

    pub(super) fn kind(&self, field: &str) -> FieldKind {
        self.kinds.iter().find(|(name, _)| *name == field).map_or(FieldKind::Text, |(_, kind)| *kind)
    }
}
