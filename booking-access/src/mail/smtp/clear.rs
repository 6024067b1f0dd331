//! What is said before TLS: just enough to ask for it.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::net::TcpStream;

/// Longest answer that is read.
const LONGEST_ANSWER: usize = 64 * 1024;

/// The conversation in the clear.
pub(super) struct Clear<'a> {
    stream: &'a mut TcpStream,
    read: Vec<u8>,
}

/// An answer of the server.
pub(super) struct Reply {
    pub(super) code: u16,
    pub(super) lines: Vec<String>,
}

impl<'a> Clear<'a> {
    pub(super) fn new(stream: &'a mut TcpStream) -> Self {
        Self { stream, read: Vec::new() }
    }

    pub(super) async fn command(&mut self, command: &str) -> io::Result<Reply> {
        self.stream.write_all(format!("{command}\r\n").as_bytes()).await?;
        self.reply().await
    }

    pub(super) async fn reply(&mut self) -> io::Result<Reply> {
        let mut lines = Vec::new();
        loop {
            let line = self.line().await?;
            let wrong = || io::Error::new(io::ErrorKind::InvalidData, "whatever answers there does not speak SMTP");
            let code = line.get(..3).and_then(|code| code.parse().ok()).ok_or_else(wrong)?;
            lines.push(line.get(4..).unwrap_or_default().to_owned());
            if line.as_bytes().get(3) != Some(&b'-') {
                return Ok(Reply { code, lines });
            }
        }
    }

    /// Whether the server said more than it was asked for: somebody between may have put that there.
    pub(super) fn is_ahead(&self) -> bool {
        !self.read.is_empty()
    }

    async fn line(&mut self) -> io::Result<String> {
        loop {
            if let Some(end) = self.read.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.read.drain(..=end).collect();
                return Ok(String::from_utf8_lossy(&line).trim_end().to_owned());
            }
            if self.read.len() > LONGEST_ANSWER {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "the answer has no end"));
            }
            if self.stream.read_buf(&mut self.read).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }
}

impl Reply {
    pub(super) fn offers(&self, extension: &str) -> bool {
        let first =
            |line: &String| line.split_whitespace().next().is_some_and(|word| word.eq_ignore_ascii_case(extension));
        self.lines.iter().skip(1).any(first)
    }

    pub(super) fn text(&self) -> String {
        format!("{} {}", self.code, self.lines.join(" "))
    }
}

/// A stream on which the server has greeted already: the greeting is heard once more, for a client that waits for it.
#[derive(Debug)]
pub(super) struct Greeted<S> {
    inner: S,
    peer: SocketAddr,
    greeting: &'static [u8],
}

impl<S> Greeted<S> {
    pub(super) fn new(inner: S, peer: SocketAddr) -> Self {
        Self { inner, peer, greeting: b"220 ready\r\n" }
    }

    /// A stream on which the server will greet by itself.
    pub(super) fn not_yet(inner: S, peer: SocketAddr) -> Self {
        Self { inner, peer, greeting: b"" }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Greeted<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.greeting.is_empty() {
            return Pin::new(&mut self.inner).poll_read(cx, into);
        }
        let (now, later) = self.greeting.split_at(self.greeting.len().min(into.remaining()));
        into.put_slice(now);
        self.greeting = later;
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Greeted<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

impl<S> AsyncTokioStream for Greeted<S>
where
    S: AsyncRead + AsyncWrite + Send + Sync + Unpin + std::fmt::Debug,
{
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.peer)
    }
}
