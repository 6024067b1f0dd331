//! A stream of which only so much is read: whoever answers there cannot fill the memory.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A stream that ends with an error once so many bytes were read.
#[derive(Debug)]
pub(super) struct Limited<S> {
    inner: S,
    left: usize,
}

impl<S> Limited<S> {
    pub(super) fn new(inner: S, most: usize) -> Self {
        Self { inner, left: most }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Limited<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        let polled = Pin::new(&mut self.inner).poll_read(cx, into);
        let read = into.filled().len().saturating_sub(before);
        let Some(left) = self.left.checked_sub(read) else {
            // A failed read has read nothing.
            into.set_filled(before);
            return Poll::Ready(Err(io::Error::other("the server says more than is read in one go")));
        };
        self.left = left;
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Limited<S> {
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

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt as _;

    use super::*;

    #[tokio::test]
    async fn what_goes_beyond_the_limit_is_an_error_and_what_does_not_is_read() {
        let mut read = Vec::new();
        let enough = Limited::new(io::Cursor::new(vec![1; 100]), 100).read_to_end(&mut read).await;
        assert_eq!((enough.unwrap(), read.len()), (100, 100));
        assert!(Limited::new(io::Cursor::new(vec![1; 101]), 100).read_to_end(&mut Vec::new()).await.is_err());
    }
}
