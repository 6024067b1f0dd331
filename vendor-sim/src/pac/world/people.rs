//! The persons of a site, found by id, by a client's key and by credential.

use std::collections::{BTreeMap, HashMap};
use std::ops::Deref;

use serde::{Deserialize, Serialize};

use super::credential::CredentialKey;
use super::record::Person;

/// All persons by id, to be read; the methods of the world change them.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(from = "Vec<Person>", into = "Vec<Person>")]
pub struct People {
    all: BTreeMap<u32, Person>,
    by_ext: HashMap<String, u32>,
    by_credential: HashMap<CredentialKey, u32>,
}

impl People {
    /// The person with this key of a client.
    pub fn with_ext(&self, ext: &str) -> Option<&Person> {
        self.all.get(self.by_ext.get(ext)?)
    }

    /// The person who has this credential.
    pub fn holding(&self, key: &CredentialKey) -> Option<&Person> {
        self.all.get(self.by_credential.get(key)?)
    }

    /// Puts a record in place of the one with its id.
    pub(in crate::pac) fn put(&mut self, person: Person) {
        self.take(person.id);
        if let Some(ext) = &person.ext {
            self.by_ext.insert(ext.clone(), person.id);
        }
        for credential in &person.credentials {
            self.by_credential.insert(credential.key.clone(), person.id);
        }
        self.all.insert(person.id, person);
    }

    /// Takes a record out.
    pub(in crate::pac) fn take(&mut self, id: u32) -> Option<Person> {
        let person = self.all.remove(&id)?;
        if let Some(ext) = &person.ext {
            self.by_ext.remove(ext);
        }
        for credential in &person.credentials {
            self.by_credential.remove(&credential.key);
        }
        Some(person)
    }

    /// Changes what no index knows of.
    pub(in crate::pac) fn get_mut(&mut self, id: u32) -> Option<&mut Person> {
        self.all.get_mut(&id)
    }
}

impl Deref for People {
    type Target = BTreeMap<u32, Person>;

    fn deref(&self) -> &Self::Target {
        &self.all
    }
}

impl From<Vec<Person>> for People {
    fn from(list: Vec<Person>) -> Self {
        let mut people = Self::default();
        for person in list {
            people.put(person);
        }
        people
    }
}

impl From<People> for Vec<Person> {
    fn from(people: People) -> Self {
        people.all.into_values().collect()
    }
}
