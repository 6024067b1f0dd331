//! Packets and messages.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use anyhow::{Context as _, bail, ensure};
use bytes::{Buf, BytesMut};
use tokio::io::{self, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};

/// Bytes of a packet's header.
const HEADER: usize = 8;
/// The last packet of a message has this status bit.
const LAST: u8 = 1;
/// A message larger than this is no message.
const MOST: usize = 64 << 20;

/// What a message is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Batch,
    Rpc,
    Answer,
    Attention,
    Transaction,
    Login,
    PreLogin,
}

impl Kind {
    fn read(byte: u8) -> anyhow::Result<Self> {
        Ok(match byte {
            1 => Self::Batch,
            3 => Self::Rpc,
            4 => Self::Answer,
            6 => Self::Attention,
            14 => Self::Transaction,
            16 => Self::Login,
            18 => Self::PreLogin,
            other => bail!("a packet of the unknown type {other}"),
        })
    }

    fn byte(self) -> u8 {
        match self {
            Self::Batch => 1,
            Self::Rpc => 3,
            Self::Answer => 4,
            Self::Attention => 6,
            Self::Transaction => 14,
            Self::Login => 16,
            Self::PreLogin => 18,
        }
    }
}

/// A whole message.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) kind: Kind,
    pub(crate) body: Vec<u8>,
}

/// Reads messages from and writes answers to a stream.
#[derive(Debug)]
pub(crate) struct Messages<S> {
    stream: S,
    received: BytesMut,
    partial: Vec<u8>,
    packet_size: usize,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Messages<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self { stream, received: BytesMut::new(), partial: Vec::new(), packet_size: 4096 }
    }

    pub(crate) fn into_inner(self) -> S {
        self.stream
    }

    pub(crate) fn set_packet_size(&mut self, size: usize) {
        self.packet_size = size.clamp(512, 32767);
    }

    /// The next message; `None` when the client has gone.
    ///
    /// Nothing is lost if the caller stops waiting.
    pub(crate) async fn next(&mut self) -> anyhow::Result<Option<Message>> {
        loop {
            if let Some(message) = self.take()? {
                return Ok(Some(message));
            }
            if self.stream.read_buf(&mut self.received).await? == 0 {
                return Ok(None);
            }
        }
    }

    /// Takes packets off what was received until a message is whole.
    fn take(&mut self) -> anyhow::Result<Option<Message>> {
        loop {
            let Some(header) = self.received.get(..HEADER) else { return Ok(None) };
            let [kind, status, high, low, ..] = *header else { return Ok(None) };
            let length = usize::from(u16::from_be_bytes([high, low]));
            ensure!(length >= HEADER, "a packet of {length} bytes");
            if self.received.len() < length {
                return Ok(None);
            }
            let mut packet = self.received.split_to(length);
            packet.advance(HEADER);
            self.partial.extend_from_slice(&packet);
            ensure!(self.partial.len() <= MOST, "a message of more than {MOST} bytes");
            if status & LAST != 0 {
                return Ok(Some(Message { kind: Kind::read(kind)?, body: std::mem::take(&mut self.partial) }));
            }
        }
    }

    /// Sends an answer in as many packets as it needs.
    pub(crate) async fn answer(&mut self, body: &[u8]) -> anyhow::Result<()> {
        self.stream.write_all(&packets(Kind::Answer, body, self.packet_size)).await?;
        self.stream.flush().await.context("the client has gone")
    }
}

/// A message cut into packets.
fn packets(kind: Kind, body: &[u8], packet_size: usize) -> Vec<u8> {
    let room = packet_size - HEADER;
    let count = body.len().div_ceil(room).max(1);
    let mut out = Vec::with_capacity(body.len() + count * HEADER);
    for number in 0..count {
        let part = body.get(number * room..body.len().min((number + 1) * room)).unwrap_or_default();
        let status = if number + 1 == count { LAST } else { 0 };
        let length = u16::try_from(part.len() + HEADER).unwrap_or(u16::MAX);
        let id = u8::try_from((number + 1) % 256).unwrap_or_default();
        out.push(kind.byte());
        out.push(status);
        out.extend_from_slice(&length.to_be_bytes());
        out.extend_from_slice(&[0, 51, id, 0]);
        out.extend_from_slice(part);
    }
    out
}

/// A stream whose bytes travel inside sign-in packets while TLS is being agreed, and bare afterwards.
#[derive(Debug)]
pub(crate) struct Wrapped<S> {
    inner: S,
    wrapping: Arc<AtomicBool>,
    head: Vec<u8>,
    left: usize,
    out: Vec<u8>,
    framed: bool,
}

impl<S> Wrapped<S> {
    /// The stream, and the switch that says whether it still wraps.
    pub(crate) fn new(inner: S) -> (Self, Arc<AtomicBool>) {
        let wrapping = Arc::new(AtomicBool::new(true));
        let wrapped =
            Self { inner, wrapping: Arc::clone(&wrapping), head: Vec::new(), left: 0, out: Vec::new(), framed: false };
        (wrapped, wrapping)
    }

    pub(crate) fn into_inner(self) -> S {
        self.inner
    }

    fn wraps(&self) -> bool {
        self.wrapping.load(Ordering::SeqCst)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Wrapped<S> {
    /// Reads a packet's header; false when the stream has ended.
    fn poll_head(&mut self, context: &mut Context<'_>) -> Poll<io::Result<bool>> {
        while self.head.len() < HEADER {
            let mut one = [0; 1];
            let mut buffer = ReadBuf::new(&mut one);
            ready!(Pin::new(&mut self.inner).poll_read(context, &mut buffer))?;
            let Some(byte) = buffer.filled().first() else { return Poll::Ready(Ok(false)) };
            self.head.push(*byte);
        }
        let [kind, _, high, low, ..] = *self.head.as_slice() else { return Poll::Ready(Ok(false)) };
        let length = usize::from(u16::from_be_bytes([high, low]));
        self.head.clear();
        if kind != Kind::PreLogin.byte() || length < HEADER {
            return Poll::Ready(Err(io::ErrorKind::InvalidData.into()));
        }
        self.left = length - HEADER;
        Poll::Ready(Ok(true))
    }

    fn poll_out(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.framed && !self.out.is_empty() {
            self.out = packets(Kind::PreLogin, &self.out, 4096);
            self.framed = true;
        }
        while !self.out.is_empty() {
            let written = ready!(Pin::new(&mut self.inner).poll_write(context, &self.out))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.out.drain(..written);
        }
        self.framed = false;
        Pin::new(&mut self.inner).poll_flush(context)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Wrapped<S> {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if !this.wraps() {
            return Pin::new(&mut this.inner).poll_read(context, buffer);
        }
        ready!(this.poll_out(context))?;
        while this.left == 0 {
            if !ready!(this.poll_head(context))? {
                return Poll::Ready(Ok(()));
            }
        }
        let mut limited = buffer.take(this.left);
        ready!(Pin::new(&mut this.inner).poll_read(context, &mut limited))?;
        let read = limited.filled().to_vec();
        this.left -= read.len();
        buffer.put_slice(&read);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Wrapped<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if !this.wraps() {
            return Pin::new(&mut this.inner).poll_write(context, bytes);
        }
        if this.framed {
            ready!(this.poll_out(context))?;
        }
        this.out.extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.wraps() { this.poll_out(context) } else { Pin::new(&mut this.inner).poll_flush(context) }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_shutdown(context)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may stop")]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_message_in_many_packets_arrives_whole() {
        let body: Vec<u8> = (0..=255).cycle().take(10_000).collect();
        let bytes = packets(Kind::Batch, &body, 512);
        let (client, server) = tokio::io::duplex(100_000);
        let mut client = client;
        client.write_all(&bytes).await.unwrap();
        let message = Messages::new(server).next().await.unwrap().unwrap();
        assert_eq!((message.kind, message.body == body), (Kind::Batch, true));
    }

    #[tokio::test]
    async fn a_packet_shorter_than_its_header_is_an_error() {
        let (mut client, server) = tokio::io::duplex(64);
        client.write_all(&[1, 1, 0, 3, 0, 0, 1, 0]).await.unwrap();
        assert!(Messages::new(server).next().await.is_err());
    }
}
