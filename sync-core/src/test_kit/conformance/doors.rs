//! What every door system has to pass besides what every sink has to.

use std::collections::BTreeSet;
use std::fmt;

use super::reading::list;
use super::{Breach, Samples, check, declared, difference, failed};
use crate::connector::{
    Changes, CodeKind, DoorSystem, Draft, ErrorClass, Key, Marker, Precondition, Record, Removal, SyncError,
};
use crate::model::{ExternalId, Known, Person, SecretText};

/// Values to work with at a door system.
pub struct DoorSamples {
    people: Samples<Person>,
    doors: [String; 2],
    kind: CodeKind,
    code: Box<dyn Fn(usize) -> String + Send + Sync>,
    foreign: Foreign,
}

/// Somebody without the marker who is there before the checks begin, and must be as before after each.
#[derive(Clone)]
#[expect(clippy::exhaustive_structs, reason = "a caller has to name all of it")]
pub struct Foreign {
    /// The id.
    pub id: ExternalId,
    /// The mail address, as the system stores it.
    pub email: String,
    /// A code of the kind that is checked.
    pub code: String,
}

impl DoorSamples {
    /// `people` makes people with a mail address and without doors and codes; `doors` are two that can be opened one
    /// without the other; `code(n)` is the n-th code, acceptable to the system and in use nowhere.
    pub fn new(
        people: Samples<Person>,
        doors: [&str; 2],
        kind: CodeKind,
        code: impl Fn(usize) -> String + Send + Sync + 'static,
        foreign: Foreign,
    ) -> Self {
        Self { people, doors: doors.map(str::to_owned), kind, code: Box::new(code), foreign }
    }

    fn doors(&self, wanted: [bool; 2]) -> BTreeSet<String> {
        self.doors.iter().zip(wanted).filter(|(_, wanted)| *wanted).map(|(door, _)| door.clone()).collect()
    }

    /// Changes that set doors alone.
    fn opening(&self, wanted: [bool; 2]) -> Person {
        let doors = self.doors(wanted);
        Person { doors: if doors.is_empty() { Known::Empty } else { Known::Value(doors) }, ..Person::default() }
    }

    /// Changes that set the code alone.
    fn coding(&self, code: &str) -> Person {
        let code = Known::Value(SecretText::new(code));
        match self.kind {
            CodeKind::Pin => Person { pin: code, ..Person::default() },
            CodeKind::Number => Person { code, ..Person::default() },
        }
    }

    fn code_of(&self, person: &Person) -> Option<String> {
        let code = match self.kind {
            CodeKind::Pin => &person.pin,
            CodeKind::Number => &person.code,
        };
        code.value().map(|code| code.expose().to_owned())
    }
}

impl fmt::Debug for DoorSamples {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DoorSamples").field("doors", &self.doors).field("kind", &self.kind).finish_non_exhaustive()
    }
}

impl fmt::Debug for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Foreign").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Everything that a door system has to pass. What every sink has to pass is asked by [`super::sink`].
///
/// # Errors
/// The first thing that is not as it has to be.
pub async fn door_system(system: &dyn DoorSystem, samples: &DoorSamples) -> Result<(), Breach> {
    doors_lists_doors(system, samples).await?;
    doors_hides_foreign_people(system, samples).await?;
    doors_refuses_to_change_foreign_people(system, samples).await?;
    doors_finds_strangers(system, samples).await?;
    doors_lists_codes_of_everybody(system, samples).await?;
    doors_are_replaced_as_a_set(system, samples).await?;
    doors_are_withdrawn(system, samples).await?;
    doors_leaves_other_fields_alone(system, samples).await?;
    doors_refuses_an_unknown_door(system, samples).await?;
    doors_refuses_a_code_in_use(system, samples).await?;
    doors_can_be_found_after_a_lost_reply(system, samples).await?;
    doors_frees_the_code_of_whoever_goes(system, samples).await?;
    doors_hides_foreign_people(system, samples).await
}

/// The doors of the samples are listed, each once.
///
/// # Errors
/// They are not, or it fails.
pub async fn doors_lists_doors(system: &dyn DoorSystem, samples: &DoorSamples) -> Result<(), Breach> {
    let doors = system.doors().await.map_err(|error| failed("listing doors", &error))?;
    for door in &samples.doors {
        let listed = doors.iter().filter(|record| record.id.as_str() == door).count();
        check(listed == 1, || format!("door {door} is listed {listed} times"))?;
    }
    Ok(())
}

/// Nobody without the marker is in a list or can be read.
///
/// # Errors
/// Somebody is, or it fails.
pub async fn doors_hides_foreign_people(system: &dyn DoorSystem, samples: &DoorSamples) -> Result<(), Breach> {
    let listed = list(system).await?;
    let unmarked = listed.records.iter().find(|record| record.marker.is_none());
    check(unmarked.is_none(), || "somebody without the marker is in the list".to_owned())?;
    let foreign = &samples.foreign.id;
    check(listed.records.iter().all(|record| record.id != *foreign), || "a foreign person is in the list".to_owned())?;
    check(!listed.invalid.contains(foreign), || "a foreign person is called invalid".to_owned())?;
    let read = system.get(foreign).await.map_err(|error| failed("reading a foreign person", &error))?;
    check(read.is_none(), || "a foreign person is shown by its id".to_owned())
}

/// Nobody without the marker is changed or removed, whoever asks for it.
///
/// # Errors
/// Somebody is.
pub async fn doors_refuses_to_change_foreign_people(
    system: &dyn DoorSystem,
    samples: &DoorSamples,
) -> Result<(), Breach> {
    let before = foreign(system, samples).await?;
    let id = &samples.foreign.id;
    let any = Precondition::default();
    let changes = Changes(samples.opening([true, false]));
    let answer = system.update(id, &changes, &any, &samples.people.attempt()).await;
    check(answer.is_err(), || "a foreign person could be changed".to_owned())?;
    let removed = system.remove(id, &Removal::Delete, &any, &samples.people.attempt()).await;
    check(removed.is_err(), || "a foreign person could be removed".to_owned())?;
    let after = foreign(system, samples).await?;
    check(before == after, || "a foreign person is not as before, though the write was refused".to_owned())
}

/// People without the marker are found by their mail address, however it is written; ours are not among them.
///
/// # Errors
/// They are not, or it fails.
pub async fn doors_finds_strangers(system: &dyn DoorSystem, samples: &DoorSamples) -> Result<(), Breach> {
    let odd = format!(" {} ", samples.foreign.email.to_uppercase());
    for asked in [samples.foreign.email.clone(), odd] {
        let found = strangers(system, &asked).await?;
        check(found.iter().any(|record| record.id == samples.foreign.id), || {
            "a foreign person is not found by its mail address".to_owned()
        })?;
    }
    let ours = make(system, samples).await?;
    let Some(email) = ours.value.email.value() else {
        return Err(Breach("the samples make people without a mail address".to_owned()));
    };
    let found = strangers(system, email).await?;
    check(found.iter().all(|record| record.id != ours.id), || "one of ours is called a stranger".to_owned())?;
    let nobody = system.strangers(&BTreeSet::new()).await.map_err(|error| failed("looking for nobody", &error))?;
    check(nobody.is_empty(), || "somebody is found though nobody was asked for".to_owned())
}

/// The codes in use are those of everybody.
///
/// # Errors
/// One is not listed, or it fails.
pub async fn doors_lists_codes_of_everybody(system: &dyn DoorSystem, samples: &DoorSamples) -> Result<(), Breach> {
    let ours = make(system, samples).await?;
    let code = fresh_code(samples);
    update(system, samples, &ours.id, samples.coding(&code)).await?;
    for (holder, code) in [(&ours.id, &code), (&samples.foreign.id, &samples.foreign.code)] {
        let holders = holders(system, samples, code).await?;
        check(holders.contains(holder), || format!("a code of {holder} is not among the codes in use"))?;
    }
    Ok(())
}

/// A set of doors replaces the one before, and is read back from the answer, by id and in the list.
///
/// # Errors
/// It does not, or it fails.
pub async fn doors_are_replaced_as_a_set(system: &dyn DoorSystem, samples: &DoorSamples) -> Result<(), Breach> {
    let record = make(system, samples).await?;
    for wanted in [[true, false], [true, true], [false, true], [true, false]] {
        let answer = update(system, samples, &record.id, samples.opening(wanted)).await?;
        let doors = samples.doors(wanted);
        check(open(&answer) == doors, || format!("{doors:?} were set, the answer has {:?}", open(&answer)))?;
        let read = read(system, &record.id).await?;
        check(open(&read) == doors, || format!("{doors:?} were set, {:?} is read", open(&read)))?;
    }
    let listed = list(system).await?.records.into_iter().find(|listed| listed.id == record.id);
    let listed = listed.ok_or_else(|| Breach("somebody of ours is not in the list".to_owned()))?;
    check(open(&listed) == samples.doors([true, false]), || "the list has other doors than were set".to_owned())
}

/// Empty doors withdraw all of them, and nothing stands there in words.
///
/// # Errors
/// They do not, or it fails.
pub async fn doors_are_withdrawn(system: &dyn DoorSystem, samples: &DoorSamples) -> Result<(), Breach> {
    let record = make(system, samples).await?;
    update(system, samples, &record.id, samples.opening([true, true])).await?;
    update(system, samples, &record.id, samples.opening([false, false])).await?;
    let read = read(system, &record.id).await?;
    check(read.value.doors == Known::Empty, || format!("all doors were withdrawn, {:?} is read", open(&read)))
}

/// Setting doors leaves every other field as it was, and the other way round.
///
/// # Errors
/// Something else changed, or it fails.
pub async fn doors_leaves_other_fields_alone(system: &dyn DoorSystem, samples: &DoorSamples) -> Result<(), Breach> {
    let record = make(system, samples).await?;
    let code = fresh_code(samples);
    let before = update(system, samples, &record.id, samples.coding(&code)).await?;
    let after = update(system, samples, &record.id, samples.opening([true, false])).await?;
    let (mut was, mut is) = (declared(system, &before.value), declared(system, &after.value));
    was.remove("doors");
    is.remove("doors");
    let differs = difference(&was, &is);
    check(differs.is_none(), || format!("setting doors changed {:?}", differs.unwrap_or_default()))?;
    check(samples.code_of(&after.value) == Some(code), || "setting doors changed the code".to_owned())?;
    check(after.marker == before.marker, || "setting doors changed our key".to_owned())?;
    let renewed = update(system, samples, &record.id, samples.coding(&fresh_code(samples))).await?;
    check(open(&renewed) == samples.doors([true, false]), || "a new code changed the doors".to_owned())
}

/// A door that is not there is refused, and nothing is opened or withdrawn.
///
/// # Errors
/// It is not, or it fails.
pub async fn doors_refuses_an_unknown_door(system: &dyn DoorSystem, samples: &DoorSamples) -> Result<(), Breach> {
    let record = make(system, samples).await?;
    update(system, samples, &record.id, samples.opening([true, false])).await?;
    let mut doors = samples.doors([false, true]);
    doors.insert("no such door".to_owned());
    let changes = Changes(Person { doors: Known::Value(doors), ..Person::default() });
    let refused = system.update(&record.id, &changes, &Precondition::default(), &samples.people.attempt()).await;
    let Err(error) = refused else { return Err(Breach("a door that is not there could be set".to_owned())) };
    expect(&error, ErrorClass::Invalid, "a door that is not there")?;
    let read = read(system, &record.id).await?;
    check(open(&read) == samples.doors([true, false]), || "a refused set of doors changed the doors".to_owned())
}

/// A code that somebody has is refused as a duplicate that names the field, and neither code nor doors of the same write
/// are there.
///
/// # Errors
/// It is not, or it fails.
pub async fn doors_refuses_a_code_in_use(system: &dyn DoorSystem, samples: &DoorSamples) -> Result<(), Breach> {
    let record = make(system, samples).await?;
    let own = fresh_code(samples);
    update(system, samples, &record.id, samples.coding(&own)).await?;
    let Person { doors, .. } = samples.opening([true, true]);
    let changes = Changes(Person { doors, ..samples.coding(&samples.foreign.code) });
    let refused = system.update(&record.id, &changes, &Precondition::default(), &samples.people.attempt()).await;
    let Err(error) = refused else { return Err(Breach("a code that is in use was given a second time".to_owned())) };
    expect(&error, ErrorClass::Duplicate, "a code that is in use")?;
    check(error.clashing_key().is_some(), || "a duplicate does not say which key clashes".to_owned())?;
    check(!error.chain().contains(&samples.foreign.code), || "a refusal says somebody's code".to_owned())?;
    let read = read(system, &record.id).await?;
    check(open(&read).is_empty(), || "a refused write opened doors".to_owned())?;
    check(samples.code_of(&read.value) == Some(own), || "a refused code replaced the one before".to_owned())?;
    let holders = holders(system, samples, &samples.foreign.code).await?;
    check(holders == BTreeSet::from([samples.foreign.id.clone()]), || "a refused code has two holders".to_owned())
}

/// Marker and key are in the request that creates, so that a creation whose reply was lost is found by the key, with no
/// door open that was not asked for.
///
/// # Errors
/// It is not found, or it fails.
pub async fn doors_can_be_found_after_a_lost_reply(
    system: &dyn DoorSystem,
    samples: &DoorSamples,
) -> Result<(), Breach> {
    check(system.writes().marker_in_create, || {
        "the marker is not declared to be in the request that creates".to_owned()
    })?;
    let key = samples.people.key(system);
    let (_, value) = samples.people.fresh();
    let draft = Draft { value: Person { doors: Known::Value(samples.doors([true, false])), ..value }, key };
    // Whatever the answer is: it is lost.
    drop(system.create(&draft, &samples.people.attempt()).await);
    let found = system.find(&Key::Marker(key)).await.map_err(|error| failed("searching by our key", &error))?;
    let [found] = found.as_slice() else {
        return Err(Breach(format!("{} records are found by the key of one creation", found.len())));
    };
    check(found.marker == Some(Marker::Ours(key)), || "what was created does not carry our key".to_owned())?;
    let read = read(system, &found.id).await?;
    let more: Vec<_> = open(&read).into_iter().filter(|door| samples.doors.get(1) == Some(door)).collect();
    check(more.is_empty(), || "a creation opened a door that was not asked for".to_owned())
}

/// Whoever is deleted is gone, and the code is free again: somebody else may have it.
///
/// # Errors
/// It is not, or it fails.
pub async fn doors_frees_the_code_of_whoever_goes(
    system: &dyn DoorSystem,
    samples: &DoorSamples,
) -> Result<(), Breach> {
    let (first, second) = (make(system, samples).await?, make(system, samples).await?);
    let code = fresh_code(samples);
    update(system, samples, &first.id, samples.coding(&code)).await?;
    update(system, samples, &first.id, samples.opening([true, true])).await?;
    system
        .remove(&first.id, &Removal::Delete, &Precondition::default(), &samples.people.attempt())
        .await
        .map_err(|error| failed("deleting", &error))?;
    let gone = system.get(&first.id).await.map_err(|error| failed("reading", &error))?;
    check(gone.is_none(), || "somebody who was deleted is still there".to_owned())?;
    check(holders(system, samples, &code).await?.is_empty(), || {
        "the code of somebody who is gone is in use".to_owned()
    })?;
    let after = update(system, samples, &second.id, samples.coding(&code)).await?;
    check(samples.code_of(&after.value) == Some(code), || "a code that is free again is not taken".to_owned())?;
    let again = system.remove(&first.id, &Removal::Delete, &Precondition::default(), &samples.people.attempt()).await;
    let Err(error) = again else { return Err(Breach("nobody was deleted a second time".to_owned())) };
    expect(&error, ErrorClass::NotFound, "deleting somebody who is gone")
}

async fn make(system: &dyn DoorSystem, samples: &DoorSamples) -> Result<Record<Person>, Breach> {
    let draft = Draft { value: samples.people.fresh().1, key: samples.people.key(system) };
    let made = system.create(&draft, &samples.people.attempt()).await.map_err(|error| failed("creating", &error))?;
    read(system, &made.id).await
}

async fn update(
    system: &dyn DoorSystem,
    samples: &DoorSamples,
    id: &ExternalId,
    changes: Person,
) -> Result<Record<Person>, Breach> {
    let answer = system.update(id, &Changes(changes), &Precondition::default(), &samples.people.attempt()).await;
    answer.map_err(|error| failed("an update", &error))
}

async fn read(system: &dyn DoorSystem, id: &ExternalId) -> Result<Record<Person>, Breach> {
    let read = system.get(id).await.map_err(|error| failed("reading", &error))?;
    read.ok_or_else(|| Breach(format!("record {id} is not there")))
}

async fn strangers(system: &dyn DoorSystem, email: &str) -> Result<Vec<Record<Person>>, Breach> {
    let asked = BTreeSet::from([email.to_owned()]);
    system.strangers(&asked).await.map_err(|error| failed("looking for strangers", &error))
}

/// All that is seen of the foreign person.
async fn foreign(
    system: &dyn DoorSystem,
    samples: &DoorSamples,
) -> Result<(Vec<Record<Person>>, BTreeSet<ExternalId>), Breach> {
    let mut seen = strangers(system, &samples.foreign.email).await?;
    seen.retain(|record| record.id == samples.foreign.id);
    Ok((seen, holders(system, samples, &samples.foreign.code).await?))
}

/// Who has a code.
async fn holders(system: &dyn DoorSystem, samples: &DoorSamples, code: &str) -> Result<BTreeSet<ExternalId>, Breach> {
    let codes = system.codes().await.map_err(|error| failed("listing the codes in use", &error))?;
    let same = codes.into_iter().filter(|used| used.kind == samples.kind && used.code.expose() == code);
    Ok(same.map(|used| used.holder).collect())
}

fn fresh_code(samples: &DoorSamples) -> String {
    (samples.code)(usize::try_from(samples.people.take()).unwrap_or(usize::MAX))
}

fn open(record: &Record<Person>) -> BTreeSet<String> {
    record.value.doors.value().cloned().unwrap_or_default()
}

fn expect(error: &SyncError, class: ErrorClass, what: &str) -> Result<(), Breach> {
    check(error.class() == class, || format!("{what} is refused as {} instead of {class}", error.class()))
}
