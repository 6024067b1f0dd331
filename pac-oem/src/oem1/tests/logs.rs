//! Following the logs: order, repeats, holes, positions that are no more.

use super::script::{Server, begin, begin_with, done, error, welcome};
use crate::{
    model::{
        Change, ChangeEntity, ChangeOp, Cursor, Epoch, LogBatch, LogStream, LostRange, PacError, PacErrorKind,
        PacSession,
    },
    oem1::{
        Oem1Driver,
        wire::{Batch, NoticeBody, Request, RequestBody, ResponseBody, Subscribed},
    },
};
use futures::{StreamExt, stream::BoxStream};
use std::time::Duration;

const EPOCH: Epoch = Epoch::new([0x5d, 0x1e, 0, 0xc7, 0xa2, 0xb4, 0x9f, 3]);
const STREAM: LogStream = LogStream::Changes;

type Batches = BoxStream<'static, Result<LogBatch, PacError>>;

fn batch(seqs: &[u64]) -> Batch<Change> {
    let change = |seq: &u64| {
        let mut change =
            Change::new(*seq, chrono::DateTime::UNIX_EPOCH.into(), ChangeEntity::Person, ChangeOp::Updated, 1);
        change.origin = "operator:sim".into();
        change
    };
    Batch { epoch: EPOCH, more: false, records: seqs.iter().map(change).collect() }
}

fn seqs(batch: &LogBatch) -> Vec<u64> {
    batch.changes().iter().map(|change| change.seq).collect()
}

async fn agree(server: &mut Server) -> Request {
    let request = server.request().await;
    let RequestBody::Subscribe(subscribe) = &request.body else { panic!("{request:?}") };
    let subscribed = Subscribed { stream: STREAM, epoch: EPOCH, next: subscribe.after + 1 };
    server.answer(&request, ResponseBody::Subscribed(subscribed)).await;
    request
}

async fn push(server: &mut Server, seqs: &[u64]) {
    server.notice(NoticeBody::ChangeBatch(batch(seqs))).await;
}

/// The client stops listening and reads; it is given this.
async fn give(server: &mut Server, after: u64, seqs: &[u64]) {
    let request = server.request().await;
    let RequestBody::LogRead(read) = &request.body else { panic!("{request:?}") };
    assert_eq!(read.after, after);
    server.answer(&request, ResponseBody::ChangeBatch(batch(seqs))).await;
}

async fn unsubscribed(server: &mut Server) {
    let request = server.request().await;
    assert!(matches!(request.body, RequestBody::Unsubscribe(_)), "{request:?}");
    server.answer(&request, done()).await;
}

async fn follow(session: &impl PacSession, server: &mut Server, after: u64) -> Batches {
    let (batches, request) = tokio::join!(session.subscribe(STREAM, Cursor::new(EPOCH, after)), agree(server));
    let RequestBody::Subscribe(subscribe) = request.body else { panic!("no subscription") };
    assert_eq!((subscribe.after, subscribe.window), (after, 200));
    batches.unwrap()
}

#[tokio::test]
async fn records_come_once_each_and_in_order() {
    let (session, mut server) = begin().await;
    let mut batches = follow(&session, &mut server, 4).await;
    push(&mut server, &[6, 5]).await;
    push(&mut server, &[5, 6]).await;
    push(&mut server, &[6, 7, 7]).await;
    assert_eq!(seqs(&batches.next().await.unwrap().unwrap()), [5, 6]);
    let second = batches.next().await.unwrap().unwrap();
    assert_eq!((seqs(&second), second.cursor()), (vec![7], Some(Cursor::new(EPOCH, 7))));
    let (ack, ()) = tokio::join!(session.ack(STREAM, Cursor::new(EPOCH, 7)), async {
        let request = server.request().await;
        assert!(matches!(&request.body, RequestBody::Ack(ack) if ack.seq == 7));
        server.answer(&request, done()).await;
    });
    ack.unwrap();
}

#[tokio::test]
async fn a_hole_is_filled_by_reading() {
    let (session, mut server) = begin().await;
    let mut batches = follow(&session, &mut server, 4).await;
    push(&mut server, &[5, 9]).await;
    let (first, ()) = tokio::join!(batches.next(), async {
        unsubscribed(&mut server).await;
        give(&mut server, 4, &[5, 6, 7]).await;
    });
    assert_eq!(seqs(&first.unwrap().unwrap()), [5, 6, 7]);
    session.ack(STREAM, Cursor::new(EPOCH, 7)).await.unwrap(); // answered on our side while the log is read
    let (second, ()) = tokio::join!(batches.next(), give(&mut server, 7, &[8, 9, 10]));
    assert_eq!(seqs(&second.unwrap().unwrap()), [8, 9, 10]);
    let (third, ()) = tokio::join!(batches.next(), async {
        agree(&mut server).await;
        push(&mut server, &[11]).await;
    });
    assert_eq!(seqs(&third.unwrap().unwrap()), [11]);
}

#[tokio::test]
async fn what_stays_missing_in_a_second_session_is_lost_and_told() {
    let driver = Oem1Driver::new();
    for attempt in 0..2 {
        let (session, mut server) = begin_with(&driver, welcome()).await;
        let mut batches = follow(&session, &mut server, 4).await;
        push(&mut server, &[9]).await;
        let (item, ()) = tokio::join!(batches.next(), async {
            unsubscribed(&mut server).await;
            give(&mut server, 4, &[9, 10]).await;
        });
        match (attempt, item.unwrap()) {
            (0, Err(error)) => {
                assert_eq!(error.kind(), PacErrorKind::LogGap);
                assert!(error.ends_session());
                assert!(batches.next().await.is_none(), "an error ends the stream");
            }
            (1, Ok(batch)) => assert_eq!((batch.lost, seqs(&batch)), (Some(LostRange::new(5, 8)), vec![9, 10])),
            (_, other) => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_push_that_the_log_does_not_know_is_lost_the_second_time() {
    let driver = Oem1Driver::new();
    for attempt in 0..2 {
        let (session, mut server) = begin_with(&driver, welcome()).await;
        let mut batches = follow(&session, &mut server, 4).await;
        push(&mut server, &[9]).await;
        let (item, ()) = tokio::join!(batches.next(), async {
            unsubscribed(&mut server).await;
            give(&mut server, 4, &[]).await;
        });
        match (attempt, item.unwrap()) {
            (0, Err(error)) => assert_eq!(error.kind(), PacErrorKind::LogGap),
            (1, Ok(batch)) => {
                assert_eq!(batch.lost, Some(LostRange::new(5, 9)));
                let (request, _) =
                    tokio::join!(agree(&mut server), tokio::time::timeout(Duration::from_millis(50), batches.next()));
                assert!(matches!(request.body, RequestBody::Subscribe(subscribe) if subscribe.after == 9));
            }
            (_, other) => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn reading_has_the_same_rules() {
    let (session, mut server) = begin().await;
    let read = || session.read_log(STREAM, Cursor::new(EPOCH, 4), 9999);
    let (batch, ()) = tokio::join!(read(), give(&mut server, 4, &[6, 5, 5, 4, 8]));
    let batch = batch.unwrap();
    assert_eq!(
        (seqs(&batch), batch.more, batch.lost),
        (vec![5, 6], true, None),
        "what is behind a hole is asked for again"
    );
    let (first, ()) = tokio::join!(read(), give(&mut server, 4, &[7]));
    assert_eq!(first.unwrap_err().kind(), PacErrorKind::LogGap);
    let (second, ()) = tokio::join!(read(), give(&mut server, 4, &[7]));
    assert_eq!(second.unwrap().lost, Some(LostRange::new(5, 6)));
}

#[tokio::test]
async fn positions_that_are_no_more_say_what_is_there() {
    let (session, mut server) = begin().await;
    for (code, kind) in [
        (400, PacErrorKind::CursorExpired),
        (401, PacErrorKind::EpochChanged),
        (402, PacErrorKind::CursorAhead),
        (403, PacErrorKind::AlreadySubscribed),
    ] {
        let (result, ()) = tokio::join!(session.subscribe(STREAM, Cursor::new(EPOCH, 4)), async {
            let request = server.request().await;
            server.answer(&request, error(code)).await;
        });
        assert_eq!(result.err().unwrap().kind(), kind);
    }
}

#[tokio::test]
async fn a_new_epoch_in_the_middle_ends_the_stream() {
    let (session, mut server) = begin().await;
    let mut batches = follow(&session, &mut server, 4).await;
    let mut other = batch(&[5]);
    other.epoch = Epoch::new([9; 8]);
    server.notice(NoticeBody::ChangeBatch(other)).await;
    let error = batches.next().await.unwrap().unwrap_err();
    assert_eq!((error.kind(), error.epoch()), (PacErrorKind::EpochChanged, Some(Epoch::new([9; 8]))));
}

#[tokio::test]
async fn a_lost_connection_ends_the_stream_with_an_error() {
    let (session, mut server) = begin().await;
    let mut batches = follow(&session, &mut server, 4).await;
    push(&mut server, &[5]).await;
    server.hang_up().await;
    assert_eq!(seqs(&batches.next().await.unwrap().unwrap()), [5], "what came is handed over first");
    assert_eq!(batches.next().await.unwrap().unwrap_err().kind(), PacErrorKind::ConnectionLost);
    assert!(batches.next().await.is_none());
}

#[tokio::test]
async fn nobody_listening_is_told_to_the_server() {
    let (session, mut server) = begin().await;
    let batches = follow(&session, &mut server, 4).await;
    drop(batches);
    unsubscribed(&mut server).await;
    let _again = follow(&session, &mut server, 4).await;
}

#[tokio::test]
async fn a_server_that_pushes_without_end_is_left() {
    let (session, mut server) = begin().await;
    let batches = follow(&session, &mut server, 0).await;
    for seq in 1..=201 {
        push(&mut server, &[seq]).await;
    }
    server.is_left().await;
    assert_eq!(session.ended().unwrap().kind(), PacErrorKind::Protocol);
    assert_eq!(batches.count().await, 201, "200 batches and the error");
}

#[tokio::test]
async fn an_oversized_notice_ends_the_session() {
    let (session, mut server) = begin().await;
    let _batches = follow(&session, &mut server, 0).await;
    push(&mut server, &(1..=201).collect::<Vec<_>>()).await;
    server.is_left().await;
    assert_eq!(session.ended().unwrap().kind(), PacErrorKind::Protocol);
}
