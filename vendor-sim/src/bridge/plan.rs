//! What a bridge is started with, besides what every simulator is.

use std::path::Path;

use anyhow::Context;

use crate::host::{Options, Vendor};

/// Settings of the seeded site.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Plan<W> {
    /// Number of people.
    pub people: usize,
    /// How many past days have events.
    pub event_days: i64,
    /// Text of a profile file; `None`: the contract as it is.
    pub profile: Option<String>,
    /// A ready site instead of a seeded one; its clock and switches do not count.
    pub world: Option<Box<W>>,
}

impl<W> Default for Plan<W> {
    fn default() -> Self {
        Self { people: 40, event_days: 3, profile: None, world: None }
    }
}

impl<V: Vendor<Plan = Plan<W>>, W> Options<V> {
    /// Number of people of the seeded site.
    pub fn people(mut self, people: usize) -> Self {
        self.plan.people = people;
        self
    }

    /// How many past days have events; whoever is enabled comes on working days.
    pub fn event_days(mut self, days: i64) -> Self {
        self.plan.event_days = days;
        self
    }

    /// Serves what a profile file says; this is its text.
    pub fn profile(mut self, text: &str) -> Self {
        self.plan.profile = Some(text.to_owned());
        self
    }

    /// Serves what a profile file says.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn profile_file(self, file: impl AsRef<Path>) -> anyhow::Result<Self> {
        let file = file.as_ref();
        let text = std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
        Ok(self.profile(&text))
    }

    /// A ready site instead of a seeded one.
    pub fn world(mut self, world: W) -> Self {
        self.plan.world = Some(Box::new(world));
        self
    }
}
