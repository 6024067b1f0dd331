//! Writes frames, well or as a fault wants them.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

use super::faults::{Kind, Spoil};
use super::state::Shared;
use super::wire::element::Element;
use super::wire::frame::{self, MAX_FRAME};

/// A client that does not read for so long is given up.
const PATIENCE: Duration = Duration::from_secs(30);

/// What became of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sent {
    Well,
    /// The connection is to be cut now.
    Last,
}

/// Sends one document; `message` is the name that faults go by.
pub(super) async fn send(
    stream: &mut (impl AsyncWrite + Unpin),
    shared: &Shared,
    message: &str,
    root: &Element,
) -> io::Result<Sent> {
    let (spoil, last, split) = {
        let mut state = shared.lock();
        let (spoil, last) = state.faults.frame(message);
        (spoil, last, state.faults.split)
    };
    let payload = root.render();
    let mut bytes = frame::header(payload.len()).into_bytes();
    bytes.extend_from_slice(payload.as_bytes());
    let half = bytes.len() / 2;
    match spoil {
        Spoil::Nothing => write(stream, &bytes, split).await?,
        Spoil::Cut => {
            write(stream, bytes.get(..half).unwrap_or_default(), split).await?;
            return Ok(Sent::Last);
        }
        Spoil::Stall(pause) => {
            let (before, after) = bytes.split_at(half);
            write(stream, before, split).await?;
            if pause.is_zero() {
                std::future::pending::<()>().await;
            }
            tokio::time::sleep(pause).await;
            write(stream, after, split).await?;
        }
        Spoil::Wrong(kind) => write(stream, &spoiled(kind, &payload), split).await?,
    }
    Ok(if last { Sent::Last } else { Sent::Well })
}

fn spoiled(kind: Kind, payload: &str) -> Vec<u8> {
    let header = match kind {
        Kind::Header => format!("HTTP/1.1 {:06} ", payload.len() % 1_000_000),
        Kind::Length => frame::header(payload.len().saturating_sub(5).max(1)),
        Kind::Oversize => frame::header(MAX_FRAME + 1),
        _ => {
            let payload = format!("<!DOCTYPE Response [<!ENTITY a \"b\">]>{payload}");
            return format!("{}{payload}", frame::header(payload.len())).into_bytes();
        }
    };
    format!("{header}{payload}").into_bytes()
}

async fn write(stream: &mut (impl AsyncWrite + Unpin), bytes: &[u8], split: Option<usize>) -> io::Result<()> {
    for piece in bytes.chunks(split.unwrap_or(bytes.len()).max(1)) {
        timeout(PATIENCE, stream.write_all(piece)).await??;
        timeout(PATIENCE, stream.flush()).await??;
    }
    Ok(())
}
