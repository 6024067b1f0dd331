//! The driver against a server that other people wrote from the same description, checking every message by the schema.
#![cfg(unix)]
#![allow(clippy::wildcard_imports, reason = "the whole vocabulary")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may stop")]

use futures::StreamExt as _;
use pac_oem::{Backoff, PacClient, Trust, driver, model::*};
use std::{sync::Arc, time::Duration};
use tempfile::TempDir;
use uuid::Uuid;
use vendor_sim::pac::{PacOptions, PacSim};

struct Site {
    sim: PacSim,
    client: PacClient,
    _folder: TempDir,
}

impl Site {
    async fn new(shape: impl FnOnce(PacOptions) -> PacOptions) -> Self {
        let sim = shape(PacSim::builder().people(5).strict(true).rate(10_000, 10_000)).start().await.unwrap();
        let key = sim.add_client("Head office bridge").unwrap();
        Self::with_key(sim, &key)
    }

    fn with_key(sim: PacSim, key: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bridge.oemkey");
        vendor_sim::pac::write_key_file(&path, key).unwrap();
        let address = sim.address();
        let trust = Trust::OnlyRoots(sim.ca_pem().into_bytes());
        let mut endpoint = PacEndpoint::new(address.ip().to_string(), address.port(), path, trust);
        endpoint.request_timeout = Duration::from_secs(5);
        Self { sim, client: PacClient::new(driver("oem1").unwrap(), endpoint), _folder: folder }
    }

    /// A session without waiting for pauses: tests lose connections on purpose.
    async fn session(&self) -> Arc<dyn PacSession> {
        self.client.try_now().await.unwrap()
    }

    async fn refusal(&self) -> PacError {
        self.client.try_now().await.err().expect("a refusal")
    }

    fn first_person(&self) -> PersonId {
        PersonId::new(self.sim.world(|world| *world.people.keys().next().unwrap()))
    }

    fn named(&self, first: &str) -> usize {
        self.sim.world(|world| world.people.values().filter(|person| person.first == first).count())
    }
}

fn opts() -> WriteOpts {
    WriteOpts::new(Uuid::new_v4())
}

fn draft(first: &str, ext: &str) -> PersonDraft {
    let mut draft = PersonDraft::new(first);
    draft.ext = Some(ext.to_owned());
    draft
}

#[tokio::test]
async fn people_are_written_and_read() {
    let site = Site::new(|options| options).await;
    let session = site.session().await;
    let group = session.definitions(None).await.unwrap().unwrap().default_group().unwrap().id;
    for (n, name) in ["Renée", "Weiß", "Łukasz", "O'Brien \"Bob\" & <Söhne>", "👩‍👧 emoji"].into_iter().enumerate()
    {
        let mut person = draft(name, &format!("astrow:{n}"));
        person.last = Some(name.to_owned());
        person.groups = vec![GroupGrant::new(group)];
        person.credentials = vec![Credential::new(CredentialKey::wiegand26(77, 40_000 + u16::try_from(n).unwrap()))];
        person.fields = vec![FreeField::new(1, name)];
        let saved = session.put_person(person.clone(), PutMode::Create, opts()).await.unwrap();
        assert!(saved.created && saved.changed);
        let read = session.person(PersonKey::Ext(format!("astrow:{n}"))).await.unwrap().unwrap();
        assert_eq!(read.created_by.as_deref(), Some(session.server().origin.as_str()));
        person.id = Some(saved.id);
        assert!(read.draft() == person, "{name}");
        let by_card = session.person(PersonKey::Credential(person.credentials.first().unwrap().key())).await.unwrap();
        assert_eq!(by_card.unwrap().id, saved.id);
    }
    let again = session.put_person(draft("X", "astrow:0"), PutMode::Create, opts()).await.unwrap_err();
    assert_eq!((again.kind(), again.retry()), (PacErrorKind::AlreadyExists, RetryClass::ReRead));
}

#[tokio::test]
async fn parts_of_a_person_are_written() {
    let site = Site::new(|options| options).await;
    let session = site.session().await;
    let id = session.put_person(draft("Teo", "astrow:1"), PutMode::Upsert, opts()).await.unwrap().id;
    let group = session.definitions(None).await.unwrap().unwrap().access_groups.last().unwrap().id;
    let until = chrono::DateTime::parse_from_rfc3339("2027-03-31T23:59:59+02:00").unwrap();
    let saved = session.set_person_state(id, PersonState::new(false).with_until(Some(until)), opts()).await.unwrap();
    let groups = vec![GroupGrant::new(group).with_validity(None, Some(until))];
    let stale = opts().if_rev(Rev::new(saved.rev.get() - 1));
    let conflict = session.set_groups(id, groups.clone(), stale).await.unwrap_err();
    assert_eq!((conflict.kind(), conflict.rev()), (PacErrorKind::RevisionConflict, Some(saved.rev)));
    session.set_groups(id, groups.clone(), opts().if_rev(saved.rev)).await.unwrap();
    let card = Credential::new(CredentialKey::pac_prox("8E4C0B77"));
    session.set_credential(id, card.clone(), false, opts()).await.unwrap();
    let read = session.person(PersonKey::Id(id)).await.unwrap().unwrap();
    assert_eq!(
        (read.active, read.until, &read.groups, &read.credentials),
        (false, Some(until), &groups, &vec![card.clone()])
    );

    let other = session.put_person(draft("Ana", "astrow:2"), PutMode::Create, opts()).await.unwrap().id;
    let taken = session.set_credential(other, card.clone(), false, opts()).await.unwrap_err();
    assert_eq!((taken.kind(), taken.holder()), (PacErrorKind::CredentialInUse, Some(format!("person:{id}").as_str())));
    assert!(session.set_credential(other, card.clone(), true, opts()).await.unwrap().changed);
    assert!(session.remove_credential(other, card.key(), opts()).await.unwrap().changed);
    assert!(!session.remove_credential(other, card.key(), opts()).await.unwrap().changed);
    assert!(session.delete_person(other, opts()).await.unwrap().existed);
    assert!(!session.delete_person(other, opts()).await.unwrap().existed);
    assert!(session.person(PersonKey::Id(other)).await.unwrap().is_none());
}

#[tokio::test]
async fn lists_come_in_pages_and_begin_again_when_they_must() {
    let site = Site::new(|options| options.limits(2, 200)).await;
    let session = site.session().await;
    let (mut seen, mut next, mut pages) = (Vec::new(), None, 0);
    loop {
        let page = session.people(next.take(), ActiveFilter::All).await.unwrap();
        pages += 1;
        seen.extend(page.people.iter().map(|person| person.id));
        next = page.next;
        if next.is_none() {
            break;
        }
    }
    assert!(pages >= 3 && seen.len() >= 5 && seen.is_sorted());
    let first = session.people(None, ActiveFilter::All).await.unwrap();
    site.sim.fault("page-expire").unwrap();
    let expired = session.people(first.next, ActiveFilter::All).await.unwrap_err();
    assert_eq!((expired.kind(), expired.retry()), (PacErrorKind::PageExpired, RetryClass::ReRead));
}

#[tokio::test]
async fn definitions_are_sent_once() {
    let site = Site::new(|options| options).await;
    let session = site.session().await;
    let all = session.definitions(None).await.unwrap().unwrap();
    assert!(all.readers.len() >= 3 && all.default_group().is_some());
    assert!(session.definitions(Some(&all.etag)).await.unwrap().is_none());
    assert!(!session.status().await.unwrap().controllers.is_empty());
    assert!(session.ping().await.unwrap() < Duration::from_secs(5));
}

#[tokio::test]
async fn a_write_with_a_lost_answer_is_repeated_once() {
    let site = Site::new(|options| options).await;
    let (session, attempt) = (site.session().await, opts());
    site.sim.fault("drop-response=1").unwrap();
    let lost = session.put_person(draft("Teo", "astrow:1"), PutMode::Create, attempt).await.unwrap_err();
    assert!(lost.may_have_been_applied() && lost.ends_session(), "{lost}");
    let session = site.session().await;
    let saved = session.put_person(draft("Teo", "astrow:1"), PutMode::Create, attempt).await.unwrap();
    assert!(saved.created && site.named("Teo") == 1);
    let other = session.put_person(draft("Ana", "astrow:2"), PutMode::Create, attempt).await.unwrap_err();
    assert_eq!(other.kind(), PacErrorKind::KeyReused);
}

#[tokio::test]
async fn a_connection_lost_at_any_frame_makes_no_second_person() {
    let site = Site::new(|options| options).await;
    for frames in 0..6 {
        let name = format!("Teo {frames}");
        let attempt = opts();
        let mut tries = 0;
        site.sim.fault(&format!("close-after={frames}")).unwrap();
        loop {
            tries += 1;
            assert!(tries < 20, "never done at {frames}");
            let Ok(session) = site.client.try_now().await else { continue };
            let _ = session.status().await;
            let put = session.put_person(draft(&name, &name), PutMode::Create, attempt).await;
            if put.is_ok() {
                break;
            }
        }
        site.sim.clear_faults();
        assert_eq!(site.named(&name), 1, "at {frames}");
    }
}

#[tokio::test]
async fn doors_are_released_once_and_their_progress_is_seen() {
    let site = Site::new(|options| options).await;
    let session = site.session().await;
    let from = session.server().log(LogStream::Events).unwrap().head();
    let reader = session.definitions(None).await.unwrap().unwrap().readers.first().unwrap().id;
    let why = || DoorReason::new("astrow:hr.admin").because("visitor");
    let command = session.open_door(reader, 5, why(), opts()).await.unwrap();
    let batch = session.read_log(LogStream::Events, from, 100).await.unwrap();
    assert!(batch.events().iter().any(|event| event.command == Some(command)));
    site.sim.fault("drop-response=1").unwrap();
    let doubt = session.open_door(reader, 5, why(), opts()).await.unwrap_err();
    assert!(doubt.may_have_been_applied());
    assert_eq!(site.sim.world(|world| world.commands.len()), 2);
    let none = site.session().await.open_door(ReaderId::new(9999), 5, why(), opts()).await.unwrap_err();
    assert!(matches!(none.kind(), PacErrorKind::NotFound | PacErrorKind::ReferenceMissing), "{none}");
}

#[tokio::test]
async fn bookings_are_taken_once_per_key() {
    let site = Site::new(|options| options).await;
    let session = site.session().await;
    let time = chrono::DateTime::parse_from_rfc3339("2026-03-02T08:01:14+01:00").unwrap();
    let booking = BookingDraft::new("astrow:1", site.first_person(), time, Direction::In);
    for _ in 0..2 {
        session.put_booking(booking.clone(), opts()).await.unwrap();
    }
    assert_eq!(site.sim.world(|world| world.bookings.len()), 1);
    let without = Site::new(|options| options.without("bookings.write")).await;
    let refused = without.session().await.put_booking(booking, opts()).await.unwrap_err();
    assert_eq!(refused.kind(), PacErrorKind::NotSupported);
}

/// Swipes while the log is followed; every number once, in order, whatever the server does.
async fn followed(site: &Site, plan: &[&str]) {
    let mut session = site.session().await;
    let mut cursor = session.server().log(LogStream::Events).unwrap().head();
    let person = site.first_person().get();
    let begin = cursor.seq;
    for fault in plan {
        site.sim.fault(fault).unwrap();
    }
    for _ in 0..30 {
        site.sim.swipe(11, person, None);
    }
    let end = site.sim.world(|world| world.events.next()) - 1;
    let (mut seen, mut tries) = (Vec::new(), 0);
    while cursor.seq < end {
        tries += 1;
        assert!(tries < 40, "{plan:?}: {} of {end}", cursor.seq);
        if !session.is_open() {
            let Ok(new) = site.client.try_now().await else { continue };
            session = new;
        }
        let Ok(mut batches) = session.subscribe(LogStream::Events, cursor).await else { continue };
        while cursor.seq < end {
            let Ok(Some(Ok(batch))) = tokio::time::timeout(Duration::from_secs(10), batches.next()).await else {
                break;
            };
            assert!(batch.lost.is_none());
            seen.extend(batch.events().iter().map(|event| event.seq));
            cursor = batch.cursor().unwrap_or(cursor);
            // A lost acknowledgement is no harm: the position is ours.
            let _ = session.ack(LogStream::Events, cursor).await;
        }
    }
    assert_eq!(seen, (begin + 1..=end).collect::<Vec<_>>(), "{plan:?}");
    site.sim.clear_faults();
}

#[tokio::test]
async fn events_are_followed_through_every_disturbance() {
    let site = Site::new(|options| options).await;
    for plan in [
        &[][..],
        &["duplicate-events"],
        &["gap-events=2"],
        &["reorder-within-batch"],
        &["duplicate-events", "reorder-within-batch", "gap-events=1"],
        &["split-every=7"],
        &["close-after=1"],
        &["close-after=2"],
        &["close-after=3"],
        &["close-mid-frame=1"],
        &["close-mid-frame=2"],
    ] {
        followed(&site, plan).await;
    }
}

#[tokio::test]
async fn changes_carry_their_origin() {
    let site = Site::new(|options| options).await;
    let session = site.session().await;
    let from = session.server().log(LogStream::Changes).unwrap().head();
    let id = session.put_person(draft("Teo", "astrow:1"), PutMode::Create, opts()).await.unwrap().id;
    site.sim.world(|world| world.edit_person(id.get(), |person| person.department = Some("Finance".into())));
    let batch = session.read_log(LogStream::Changes, from, 100).await.unwrap();
    let [ours, theirs] = batch.changes() else { panic!("{batch:?}") };
    assert_eq!((ours.origin.as_str(), ours.op), (session.server().origin.as_str(), ChangeOp::Created));
    assert!(theirs.origin.starts_with("operator:") && theirs.op == ChangeOp::Updated);
}

#[tokio::test]
async fn positions_that_are_gone_say_where_to_go_on() {
    let site = Site::new(|options| options.events(50)).await;
    let session = site.session().await;
    let log = *session.server().log(LogStream::Events).unwrap();
    site.sim.trim_log(10);
    let expired = session.read_log(LogStream::Events, log.start(), 100).await.unwrap_err();
    assert_eq!((expired.kind(), expired.first()), (PacErrorKind::CursorExpired, Some(log.next - 10)));
    let ahead = Cursor::new(log.epoch, log.next + 1000);
    assert_eq!(session.read_log(LogStream::Events, ahead, 100).await.unwrap_err().kind(), PacErrorKind::CursorAhead);
    site.sim.new_epoch();
    // The server restarts with its database.
    let session = site.session().await;
    let changed = session.read_log(LogStream::Events, log.head(), 100).await.unwrap_err();
    assert_eq!(changed.kind(), PacErrorKind::EpochChanged);
    assert!(changed.epoch().is_some_and(|epoch| epoch != log.epoch) && changed.first().is_some());
}

#[tokio::test]
async fn clients_that_may_not_come_in_are_told_apart() {
    let sim = PacSim::builder().strict(true).start().await.unwrap();
    let expired = sim.expired_client("Late").unwrap();
    let foreign = sim.foreign_client("Stranger").unwrap();
    let stray = sim.unregistered_client("Unknown").unwrap();
    let revoked = sim.add_client("Gone").unwrap();
    sim.revoke_client("Gone").unwrap();
    let mut site = Site::with_key(sim, &expired);
    let mut kinds = vec![site.refusal().await.kind()];
    for key in [foreign, stray, revoked] {
        site = Site::with_key(site.sim, &key);
        kinds.push(site.refusal().await.kind());
    }
    let unknown = PacErrorKind::ClientUnknown;
    assert_eq!(kinds, [PacErrorKind::KeyExpired, unknown, unknown, PacErrorKind::ClientRevoked]);
}

#[tokio::test]
async fn a_client_that_is_withdrawn_loses_its_session_and_is_told() {
    let site = Site::new(|options| options).await;
    let session = site.session().await;
    let from = session.server().log(LogStream::Events).unwrap().head();
    let mut batches = session.subscribe(LogStream::Events, from).await.unwrap();
    site.sim.fault("revoke-now").unwrap();
    let end = tokio::time::timeout(Duration::from_secs(90), batches.next()).await.unwrap().unwrap().unwrap_err();
    assert_eq!((end.kind(), end.retry()), (PacErrorKind::ClientRevoked, RetryClass::Never));
    assert_eq!(site.refusal().await.kind(), PacErrorKind::ClientRevoked);
    assert_eq!(Backoff::default().next(&end), Duration::from_mins(5));
}

#[tokio::test]
async fn frames_that_no_server_should_send_are_named() {
    let site = Site::new(|options| options).await;
    for (fault, kinds) in [
        ("bad-header=1", &[PacErrorKind::BadHeader, PacErrorKind::WireVersion][..]),
        ("bad-length=1", &[PacErrorKind::BadHeader, PacErrorKind::XmlMalformed]),
        ("doctype=1", &[PacErrorKind::XmlForbidden]),
        ("oversize=1", &[PacErrorKind::FrameTooLarge]),
        ("close-mid-frame=1", &[PacErrorKind::ConnectionLost]),
        ("mute-response=1", &[PacErrorKind::Timeout]),
    ] {
        let session = site.session().await;
        site.sim.fault(fault).unwrap();
        let error = session.status().await.unwrap_err();
        assert!(kinds.contains(&error.kind()), "{fault}: {error}");
        assert!(!session.is_open(), "{fault}");
        site.sim.clear_faults();
    }
}

#[tokio::test]
async fn a_record_that_somebody_edits_says_who() {
    let site = Site::new(|options| options).await;
    let (session, id) = (site.session().await, site.first_person());
    site.sim.fault(&format!("lock-person={id}")).unwrap();
    let locked = session.set_person_state(id, PersonState::new(false), opts()).await.unwrap_err();
    assert_eq!((locked.kind(), locked.retry()), (PacErrorKind::RecordLocked, RetryClass::Backoff));
    assert!(locked.holder().is_some() && locked.retry_after().is_some());
    site.sim.fault(&format!("unlock-person={id}")).unwrap();
    session.set_person_state(id, PersonState::new(false), opts()).await.unwrap();
}

#[tokio::test]
async fn ten_thousand_people_are_listed_in_good_time() {
    let site = Site::new(|options| options.people(10_000).strict(false)).await;
    let session = site.session().await;
    let begin = std::time::Instant::now();
    let (mut seen, mut next) = (0, None);
    loop {
        let page = session.people(next.take(), ActiveFilter::All).await.unwrap();
        seen += page.people.len();
        next = page.next;
        if next.is_none() {
            break;
        }
    }
    assert_eq!(seen, 10_000);
    // Unoptimised, and both sides on the same machine.
    assert!(begin.elapsed() < Duration::from_secs(10), "{:?}", begin.elapsed());
}
