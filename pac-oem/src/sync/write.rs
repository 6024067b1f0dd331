//! Storing a person: the one narrow request where that is enough, the whole person else; what takes away comes first.

use std::sync::PoisonError;

use sync_core::connector::{AttemptKey, SyncError};
use sync_core::model::HashKey;
use uuid::Uuid;

use super::PacEndpoint;
use crate::model::{
    Capability, Credential, CredentialKey, CredentialState, CredentialType, GroupGrant, Person, PersonDraft, PersonId,
    PersonState, PutMode, Rev, Saved, WriteOpts,
};

/// One request.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Remove(CredentialKey),
    State(PersonState),
    Groups(Vec<GroupGrant>),
    Set(Credential),
    Put(Box<PersonDraft>),
}

impl PacEndpoint {
    /// Makes a person what it should be; the revision that it has then.
    pub(super) async fn store(
        &self,
        current: &Person,
        wanted: &PersonDraft,
        attempt: &AttemptKey,
    ) -> Result<Rev, SyncError> {
        let steps = steps(current, wanted, |capability| self.can(capability))?;
        let mut rev = current.rev;
        for (place, step) in steps.into_iter().enumerate() {
            let saved = self.send(current.id, step, key(attempt, rev, place), rev).await?;
            self.note_written(saved.id, saved.rev);
            rev = saved.rev;
        }
        Ok(rev)
    }

    async fn send(&self, id: PersonId, step: Step, key: Uuid, rev: Rev) -> Result<Saved, SyncError> {
        let session = self.ready().await?;
        let opts = WriteOpts::new(key).if_rev(rev);
        let call = match step {
            Step::Remove(key) => session.remove_credential(id, key, opts),
            Step::State(state) => session.set_person_state(id, state, opts),
            Step::Groups(groups) => session.set_groups(id, groups, opts),
            // Never moved by itself: whoever has the card keeps it.
            Step::Set(credential) => session.set_credential(id, credential, false, opts),
            Step::Put(draft) => session.put_person(*draft, PutMode::Update, opts),
        };
        self.write(&session, call).await
    }

    pub(super) fn note_written(&self, id: PersonId, rev: Rev) {
        self.written.lock().unwrap_or_else(PoisonError::into_inner).note(id, rev);
    }
}

/// The requests that make a person what it should be, what takes away first.
///
/// One that does not fit a narrow request, or that needs several, is written whole: that is one step, or none. Only a person
/// with something in it that is not known here is never written whole, since that would be lost.
fn steps(current: &Person, wanted: &PersonDraft, can: impl Fn(Capability) -> bool) -> Result<Vec<Step>, SyncError> {
    let base = current.draft();
    if base == *wanted {
        return Ok(Vec::new());
    }
    let rest = PersonDraft {
        active: wanted.active,
        until: wanted.until,
        groups: wanted.groups.clone(),
        credentials: wanted.credentials.clone(),
        ..base.clone()
    };
    let whole = vec![Step::Put(Box::new(wanted.clone()))];
    let odd = current.credentials.iter().any(is_odd);
    if rest != *wanted {
        return if odd { Err(unknown_content()) } else { Ok(whole) };
    }
    let narrow = narrow(&base, wanted)?;
    if !odd && (narrow.len() > 1 || narrow.iter().any(|step| !can(needed(step)))) {
        return Ok(whole);
    }
    Ok(narrow)
}

fn narrow(base: &PersonDraft, wanted: &PersonDraft) -> Result<Vec<Step>, SyncError> {
    let has = |list: &[Credential], key: &CredentialKey| list.iter().any(|credential| credential.key() == *key);
    let mut steps = Vec::new();
    for gone in base.credentials.iter().filter(|credential| !has(&wanted.credentials, &credential.key())) {
        if is_odd(gone) {
            return Err(unknown_content());
        }
        steps.push(Step::Remove(gone.key()));
    }
    let state = (base.active, base.until) != (wanted.active, wanted.until);
    let state = state.then(|| Step::State(PersonState::new(wanted.active).with_until(wanted.until)));
    let (first, last) = if wanted.active { (None, state) } else { (state, None) };
    steps.extend(first);
    if base.groups != wanted.groups {
        steps.push(Step::Groups(wanted.groups.clone()));
    }
    let new = wanted.credentials.iter().filter(|credential| !base.credentials.contains(credential));
    let (open, barred): (Vec<_>, Vec<_>) = new.cloned().partition(|new| new.state == CredentialState::Active);
    steps.extend(barred.into_iter().chain(open).map(Step::Set));
    steps.extend(last);
    Ok(steps)
}

fn needed(step: &Step) -> Capability {
    match step {
        Step::Remove(_) | Step::Set(_) => Capability::CredentialsWrite,
        Step::Groups(_) => Capability::GroupsWrite,
        Step::State(_) | Step::Put(_) => Capability::PeopleWrite,
    }
}

fn is_odd(credential: &Credential) -> bool {
    credential.kind == CredentialType::Unknown || credential.state == CredentialState::Unknown
}

fn unknown_content() -> SyncError {
    let error = SyncError::wrong("credentials", "at PAC hold something that this version does not know");
    error.with_remedy("change this person at PAC, or update this program")
}

/// The key of one request of an attempt. It stands for the revision that the request was made from: after a change by
/// somebody else the same attempt has something else to say.
fn key(attempt: &AttemptKey, rev: Rev, place: usize) -> Uuid {
    let mut hasher = HashKey::from_bytes(attempt.get().to_be_bytes()).hasher();
    hasher.number(rev.get().into());
    hasher.number(place as u64);
    Uuid::from_bytes(hasher.finish().to_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{FreeField, GroupId};

    fn person() -> Person {
        let mut person = Person::new(PersonId::new(101), Rev::new(7), "Mira");
        person.groups = vec![GroupGrant::new(GroupId::new(1))];
        person.credentials = vec![Credential::new(CredentialKey::pac_prox("8E4C0A1F"))];
        person.fields = vec![FreeField::new(1, "Dock 3")];
        person
    }

    fn plan(current: &Person, change: impl FnOnce(&mut PersonDraft)) -> Vec<Step> {
        let mut wanted = current.draft();
        change(&mut wanted);
        steps(current, &wanted, |_| true).unwrap()
    }

    fn other_card() -> Credential {
        Credential::new(CredentialKey::wiegand26(77, 40211))
    }

    #[test]
    fn one_change_is_one_narrow_request() {
        let person = person();
        assert_eq!(plan(&person, |_| ()), []);
        assert_eq!(plan(&person, |draft| draft.active = false), [Step::State(PersonState::new(false))]);
        assert_eq!(plan(&person, |draft| draft.groups.clear()), [Step::Groups(Vec::new())]);
        assert_eq!(plan(&person, |draft| draft.credentials.push(other_card())), [Step::Set(other_card())]);
        let gone = CredentialKey::pac_prox("8E4C0A1F");
        assert_eq!(plan(&person, |draft| draft.credentials.clear()), [Step::Remove(gone)]);
    }

    #[test]
    fn what_needs_more_than_one_request_is_written_whole_with_everything_in_it() {
        let person = person();
        for change in [
            (|draft: &mut PersonDraft| draft.last = Some("V".to_owned())) as fn(&mut PersonDraft),
            |draft| (draft.active, draft.credentials) = (false, Vec::new()),
            |draft| draft.credentials = vec![other_card()],
        ] {
            match plan(&person, change).as_slice() {
                [Step::Put(draft)] => assert_eq!(draft.fields, person.fields),
                steps => panic!("{steps:?}"),
            }
        }
        let mut wanted = person.draft();
        wanted.groups.clear();
        let unable = steps(&person, &wanted, |capability| capability != Capability::GroupsWrite).unwrap();
        assert!(matches!(unable.as_slice(), [Step::Put(_)]), "{unable:?}");
    }

    #[test]
    fn around_unknown_content_narrow_requests_take_away_first_and_nothing_is_written_whole() {
        let mut person = person();
        person.credentials.push(Credential::new(CredentialKey::new(CredentialType::Unknown, "1", None)));
        let change = |draft: &mut PersonDraft| {
            draft.active = false;
            draft.credentials[0] = other_card();
            draft.credentials.push(other_card_lost());
        };
        let steps_made = plan(&person, change);
        let gone = Step::Remove(CredentialKey::pac_prox("8E4C0A1F"));
        let state = Step::State(PersonState::new(false));
        assert_eq!(steps_made, [gone, state, Step::Set(other_card_lost()), Step::Set(other_card())]);
        let mut renamed = person.draft();
        renamed.last = Some("V".to_owned());
        assert!(steps(&person, &renamed, |_| true).is_err());
        let mut emptied = person.draft();
        emptied.credentials.clear();
        assert!(steps(&person, &emptied, |_| true).is_err());
    }

    fn other_card_lost() -> Credential {
        Credential::new(CredentialKey::wiegand26(1, 2)).with_state(CredentialState::Lost)
    }

    #[test]
    fn each_request_of_an_attempt_has_a_key_that_stands_for_what_it_was_made_from() {
        let attempt = AttemptKey::from_u128(7);
        let one = key(&attempt, Rev::new(1), 0);
        assert_eq!(one, key(&attempt, Rev::new(1), 0));
        assert_ne!(one, key(&attempt, Rev::new(2), 0));
        assert_ne!(one, key(&attempt, Rev::new(1), 1));
        assert_ne!(one, key(&AttemptKey::from_u128(8), Rev::new(1), 0));
    }
}
