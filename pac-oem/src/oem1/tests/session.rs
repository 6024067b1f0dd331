//! Sessions with a server that follows a script.

use super::script::{Server, begin, begin_with, done, error, greet, welcome};
use crate::{
    model::{
        ActiveFilter, Capability, CloseReason, Direction, DoorReason, Etag, PacError, PacErrorKind, PacSession,
        PersonDraft, PersonId, PersonKey, PersonState, PutMode, ReaderId, RetryClass, Rev, Saved, WriteOpts,
    },
    oem1::{
        Oem1Driver,
        session::Session,
        wire::{Closing, NoticeBody, Pong, RequestBody, ResponseBody},
    },
};
use std::time::Duration;
use tokio::time::Instant;
use uuid::Uuid;

fn opts() -> WriteOpts {
    WriteOpts::new(Uuid::from_u128(7))
}

fn saved() -> ResponseBody {
    ResponseBody::Saved(Saved::new(PersonId::new(1), Rev::new(2), false, true))
}

async fn delete(session: &Session) -> Result<(), PacError> {
    session.delete_person(PersonId::new(1), opts()).await.map(drop)
}

/// What the client says when the server does this with a write.
async fn write_meets(play: impl AsyncFnOnce(Server)) -> PacError {
    let (session, mut server) = begin().await;
    let (result, ()) = tokio::join!(delete(&session), async move {
        let request = server.request().await;
        assert!(request.key.is_some());
        play(server).await;
    });
    result.unwrap_err()
}

#[tokio::test]
async fn the_greeting_tells_what_the_server_is() {
    let (session, _server) = begin().await;
    let info = session.server();
    assert_eq!(
        (info.driver, info.name.as_str(), info.time_zone.as_str()),
        ("oem1", "PAC simulator", "Europe/Brussels")
    );
    assert_eq!(info.origin, "oem:head-office-bridge");
    assert_eq!(info.log(crate::model::LogStream::Events).unwrap().head().seq, 52317);
    assert!(session.supports(Capability::BookingsWrite) && session.clock_skew().num_seconds().abs() < 5);
    assert!(session.is_open());
}

#[tokio::test]
async fn refusals_of_the_greeting_keep_their_names() {
    for (code, kind) in [
        (201, PacErrorKind::ClientUnknown),
        (202, PacErrorKind::ClientRevoked),
        (204, PacErrorKind::OrgForbidden),
        (205, PacErrorKind::ProfileUnsupported),
        (206, PacErrorKind::LicenceMissing),
        (207, PacErrorKind::TooManySessions),
    ] {
        let (result, _server) = greet(&Oem1Driver::new(), error(code)).await;
        let refusal = result.unwrap_err();
        assert_eq!((refusal.kind(), refusal.code()), (kind, Some(code)));
    }
    let (result, _server) = greet(&Oem1Driver::new(), done()).await;
    assert_eq!(result.unwrap_err().kind(), PacErrorKind::Protocol);
}

#[tokio::test]
async fn requests_are_numbered_upwards_and_answers_find_their_call() {
    let (session, mut server) = begin().await;
    let (first, second, ()) = tokio::join!(
        session.person(PersonKey::Id(PersonId::new(1))),
        session.set_person_state(PersonId::new(2), PersonState::new(false), opts()),
        async {
            let (a, b) = (server.request().await, server.request().await);
            assert_eq!((a.id, b.id), (2, 3));
            // Notices come between, and an answer to nothing harms nobody.
            server.raw(r#"<Notice n="1"><EventBatch epoch="5D1E00C7A2B49F03" more="false"/></Notice>"#).await;
            server.raw(r#"<Response re="77" status="ok"><Done/></Response>"#).await;
            server.answer(&a, error(300)).await;
            server.answer(&b, saved()).await;
        }
    );
    assert!(first.unwrap().is_none(), "nobody is no error");
    assert_eq!(second.unwrap().rev, Rev::new(2));
}

#[tokio::test(start_paused = true)]
async fn no_more_requests_are_under_way_than_the_server_takes() {
    let ResponseBody::Welcome(mut greeting) = welcome() else { panic!("no welcome") };
    greeting.limits[0].max_in_flight = 2;
    let (session, mut server) = begin_with(&Oem1Driver::new(), ResponseBody::Welcome(greeting)).await;
    let calls = futures::future::join_all((0..3).map(|_| session.status()));
    let play = async {
        let first = server.request().await;
        let _second = server.request().await;
        let third = tokio::time::timeout(Duration::from_secs(5), server.request()).await;
        assert!(third.is_err(), "a third request although two are open");
        server.answer(&first, error(901)).await;
        let _third = server.request().await;
        server.hang_up().await;
    };
    let (results, ()) = tokio::join!(calls, play);
    let kinds: Vec<_> = results.into_iter().map(|result| result.unwrap_err().kind()).collect();
    assert_eq!(kinds, [PacErrorKind::Busy, PacErrorKind::ConnectionLost, PacErrorKind::ConnectionLost]);
}

#[tokio::test(start_paused = true)]
async fn a_call_without_an_answer_ends_the_session() {
    let (session, mut server) = begin().await;
    let begin = Instant::now();
    let (result, _) = tokio::join!(session.status(), server.request());
    assert_eq!((result.unwrap_err().kind(), begin.elapsed().as_secs()), (PacErrorKind::Timeout, 30));
    assert!(!session.is_open());
    assert_eq!(session.status().await.unwrap_err().kind(), PacErrorKind::Timeout);
}

#[tokio::test(start_paused = true)]
async fn lists_are_given_a_minute() {
    let (session, mut server) = begin().await;
    let begin = Instant::now();
    let silent = async {
        let _list = server.request().await;
        // A ping waits behind the list; its time has not begun.
        let ping = server.request().await;
        assert!(matches!(ping.body, RequestBody::Ping(_)));
    };
    let (result, ()) = tokio::join!(session.people(None, ActiveFilter::All), silent);
    assert_eq!((result.unwrap_err().kind(), begin.elapsed().as_secs()), (PacErrorKind::Timeout, 60));
}

#[tokio::test(start_paused = true)]
async fn silence_is_broken_by_pings_and_measures_the_clock() {
    let (session, mut server) = begin().await;
    let begin = Instant::now();
    let ping = server.request().await;
    assert_eq!(begin.elapsed().as_secs(), 30);
    let RequestBody::Ping(body) = &ping.body else { panic!("no ping") };
    let now = (chrono::Utc::now() + chrono::TimeDelta::hours(30)).into();
    server.answer(&ping, ResponseBody::Pong(Pong { t: body.t, now })).await;
    let _second = server.request().await;
    assert_eq!(begin.elapsed().as_secs(), 60);
    assert_eq!(crate::model::ClockState::of(session.clock_skew()), crate::model::ClockState::Unusable);
    // The second one stays unanswered.
    server.is_left().await;
    assert_eq!(begin.elapsed().as_secs(), 75);
    assert_eq!(session.ended().unwrap().kind(), PacErrorKind::Timeout);
}

#[tokio::test]
async fn a_lost_answer_leaves_a_write_in_doubt() {
    let lost = write_meets(async |server| server.hang_up().await).await;
    assert_eq!((lost.kind(), lost.may_have_been_applied()), (PacErrorKind::ConnectionLost, true));
    let garbled = write_meets(async |mut server| server.raw("<Response").await).await;
    assert_eq!((garbled.kind(), garbled.may_have_been_applied()), (PacErrorKind::XmlMalformed, true));
    let other = write_meets(async |mut server| server.bytes(b"OEM/02/00000001/x").await).await;
    assert_eq!((other.kind(), other.may_have_been_applied()), (PacErrorKind::WireVersion, true));
    let refused = write_meets(async |mut server| {
        server.raw(r#"<Response re="2" status="error"><Error code="304" name="x" retry="never" holder="person:102"><Message>m</Message></Error></Response>"#).await;
    })
    .await;
    assert_eq!((refused.kind(), refused.may_have_been_applied()), (PacErrorKind::CredentialInUse, false));
    assert_eq!((refused.retry(), refused.holder()), (RetryClass::AfterFix, Some("person:102")), "the kind decides");
    let inner = write_meets(async |mut server| {
        server.raw(r#"<Response re="2" status="error"><Error code="900" name="x" retry="backoff"><Message>m</Message></Error></Response>"#).await;
    })
    .await;
    assert!(inner.may_have_been_applied(), "a fault inside the server says nothing of what was done");
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_costs_one_call_alone() {
    let (session, mut server) = begin().await;
    let (result, ()) = tokio::join!(delete(&session), async {
        server.request().await;
        server.raw(r#"<Response re="2" status="ok"><Deleted id="x" existed="true"/></Response>"#).await;
    });
    let error = result.unwrap_err();
    assert_eq!((error.kind(), error.path()), (PacErrorKind::SchemaViolation, Some("Deleted/@id")));
    assert!(error.may_have_been_applied() && session.is_open());
}

#[tokio::test]
async fn an_error_to_no_request_ends_the_session_with_its_name() {
    let error = write_meets(async |mut server| {
        server.raw(r#"<Response re="0" status="error"><Error code="111" name="xml-forbidden" retry="never"><Message>DOCTYPE is not allowed</Message></Error></Response>"#).await;
    })
    .await;
    assert_eq!((error.kind(), error.retry()), (PacErrorKind::XmlForbidden, RetryClass::Never));
}

#[tokio::test]
async fn a_server_that_takes_leave_says_why() {
    for (reason, kind, retry) in [
        ("shutdown", PacErrorKind::ShuttingDown, RetryClass::Reconnect),
        ("client-revoked", PacErrorKind::ClientRevoked, RetryClass::Never),
        ("client-expired", PacErrorKind::ClientExpired, RetryClass::Never),
        ("session-replaced", PacErrorKind::Closing, RetryClass::Reconnect),
        ("of-tomorrow", PacErrorKind::Closing, RetryClass::Reconnect),
    ] {
        let end = write_meets(async |mut server| {
            let closing = Closing { reason: reason.to_owned(), retry_after_ms: Some(15_000) };
            server.notice(NoticeBody::Closing(closing)).await;
            server.hang_up().await;
        })
        .await;
        assert_eq!((end.kind(), end.retry()), (kind, retry), "{reason}");
        assert_eq!(end.retry_after(), Some(Duration::from_secs(15)));
    }
}

#[tokio::test]
async fn what_a_server_does_not_offer_is_not_asked_for() {
    let ResponseBody::Welcome(mut greeting) = welcome() else { panic!("no welcome") };
    greeting.capabilities.clear();
    let (session, _server) = begin_with(&Oem1Driver::new(), ResponseBody::Welcome(greeting)).await;
    let booking = crate::model::BookingDraft::new("k", PersonId::new(1), chrono::Utc::now().into(), Direction::In);
    let refusals = [
        session.definitions(Some(&Etag::new("x"))).await.unwrap_err(),
        session.status().await.unwrap_err(),
        session.put_person(PersonDraft::new("A"), PutMode::Create, opts()).await.unwrap_err(),
        session.open_door(ReaderId::new(1), 5, DoorReason::new("me"), opts()).await.unwrap_err(),
        session.put_booking(booking, opts()).await.unwrap_err(),
    ];
    for refusal in refusals {
        assert_eq!((refusal.kind(), refusal.may_have_been_applied()), (PacErrorKind::NotSupported, false));
    }
}

#[tokio::test]
async fn a_door_command_is_sent_once_whatever_happens() {
    for code in [500, 501, 901, 903] {
        let (session, mut server) = begin().await;
        let open = session.open_door(ReaderId::new(11), 5, DoorReason::new("astrow:hr").because("visitor"), opts());
        let (result, ()) = tokio::join!(open, async {
            let request = server.request().await;
            assert!(matches!(request.body, RequestBody::DoorOpen(_)) && request.key.is_some());
            server.answer(&request, error(code)).await;
        });
        assert_eq!(result.unwrap_err().may_have_been_applied(), code == 501);
        // Nothing but the leave-taking follows.
        tokio::join!(session.close(CloseReason::Stop), server.is_left());
    }
    let (session, _server) = begin().await;
    for seconds in [0, 61] {
        let refused = session.open_door(ReaderId::new(11), seconds, DoorReason::new("me"), opts()).await.unwrap_err();
        assert_eq!(refused.kind(), PacErrorKind::CommandRefused);
    }
}

#[tokio::test(start_paused = true)]
async fn a_door_command_that_waited_too_long_is_not_sent() {
    let ResponseBody::Welcome(mut greeting) = welcome() else { panic!("no welcome") };
    greeting.limits[0].max_in_flight = 1;
    let (session, mut server) = begin_with(&Oem1Driver::new(), ResponseBody::Welcome(greeting)).await;
    let play = async {
        let first = server.request().await;
        tokio::time::sleep(Duration::from_secs(12)).await;
        server.answer(&first, error(901)).await;
        server
    };
    let open = session.open_door(ReaderId::new(11), 5, DoorReason::new("me"), opts());
    let (_, result, mut server) = tokio::join!(session.status(), open, play);
    let error = result.unwrap_err();
    assert_eq!((error.kind(), error.may_have_been_applied()), (PacErrorKind::Busy, false));
    drop(session);
    server.is_left().await;
}

#[tokio::test]
async fn leave_is_taken_before_hanging_up() {
    let (session, mut server) = begin().await;
    let ((), bye) = tokio::join!(session.close(CloseReason::Stop), async {
        let bye = server.request().await;
        server.answer(&bye, done()).await;
        bye
    });
    assert!(matches!(bye.body, RequestBody::Bye(bye) if bye.reason == "client-stop"));
    assert_eq!(session.status().await.unwrap_err().kind(), PacErrorKind::Closed);
}

#[tokio::test(start_paused = true)]
async fn a_deaf_server_does_not_keep_us() {
    let (session, _server) = begin().await;
    let begin = Instant::now();
    session.close(CloseReason::Stop).await;
    assert!(begin.elapsed() <= Duration::from_secs(2));
}

#[tokio::test]
async fn a_list_that_goes_in_a_circle_is_told() {
    let (session, mut server) = begin().await;
    let token = crate::model::PageToken::new("p:2:8d21");
    let (result, ()) = tokio::join!(session.people(Some(token), ActiveFilter::All), async {
        let request = server.request().await;
        let page = r#"<PersonPage next="p:2:8d21" total="1" asOf="1" epoch="5D1E00C7A2B49F03"/>"#;
        server.raw(&format!(r#"<Response re="{}" status="ok">{page}</Response>"#, request.id)).await;
    });
    assert_eq!(result.unwrap_err().kind(), PacErrorKind::Protocol);
}

#[tokio::test]
async fn another_answer_than_asked_for_is_told() {
    let (session, mut server) = begin().await;
    let (result, ()) = tokio::join!(session.status(), async {
        let request = server.request().await;
        server.answer(&request, done()).await;
    });
    assert_eq!(result.unwrap_err().kind(), PacErrorKind::Protocol);
}
