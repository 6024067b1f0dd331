//! Reads frames, with the server's time limits.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::timeout;

use super::wire::frame::{self, HEADER};
use super::wire::refusal::{Code, Refusal};

/// What came in.
#[derive(Debug)]
pub(super) enum Incoming {
    Payload(Vec<u8>),
    /// That is no frame.
    Bad(Refusal),
    /// No hello in time.
    Silent,
    /// Nothing for too long.
    Idle,
    /// More requests at once than are allowed.
    Overflow,
    /// The client has gone.
    Gone,
}

/// The time limits.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    pub(super) hello: Duration,
    pub(super) idle: Duration,
    pub(super) header: Duration,
    pub(super) payload: Duration,
    pub(super) in_flight: usize,
}

/// Reads until something is wrong, then waits for ever: who listens ends the connection.
pub(super) async fn read_all(
    mut stream: impl AsyncRead + Unpin,
    patience: Patience,
    in_flight: &AtomicUsize,
    out: UnboundedSender<Incoming>,
) {
    let mut quiet = patience.hello;
    let mut greeted = false;
    let last = loop {
        match read_one(&mut stream, quiet, patience).await {
            Ok(payload) => {
                if in_flight.fetch_add(1, Ordering::SeqCst) >= patience.in_flight {
                    break Incoming::Overflow;
                }
                if out.send(Incoming::Payload(payload)).is_err() {
                    break Incoming::Gone;
                }
            }
            Err(Incoming::Idle) if !greeted => break Incoming::Silent,
            Err(last) => break last,
        }
        quiet = patience.idle;
        greeted = true;
    };
    // Nobody listens to a connection that has ended.
    let _ = out.send(last);
    std::future::pending::<()>().await;
}

async fn read_one(
    stream: &mut (impl AsyncRead + Unpin),
    quiet: Duration,
    patience: Patience,
) -> Result<Vec<u8>, Incoming> {
    let mut header = [0; HEADER];
    let (first, rest) = header.split_at_mut(1);
    timeout(quiet, stream.read_exact(first)).await.map_err(|_| Incoming::Idle)?.map_err(|_| Incoming::Gone)?;
    let slow = || Incoming::Bad(Refusal::new(Code::SlowFrame, "The frame was not complete in time."));
    timeout(patience.header, stream.read_exact(rest)).await.map_err(|_| slow())?.map_err(|_| Incoming::Gone)?;
    let mut payload = vec![0; frame::length(&header).map_err(Incoming::Bad)?];
    timeout(patience.payload, stream.read_exact(&mut payload))
        .await
        .map_err(|_| slow())?
        .map_err(|_| Incoming::Gone)?;
    Ok(payload)
}
