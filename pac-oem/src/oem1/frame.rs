//! Frames: a header of 16 bytes with the length, then the payload.

use super::{LONGEST_FRAME, tls};
use crate::model::{PacError, PacErrorKind};
use std::time::Duration;
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    time::{Instant, timeout_at},
};

const HEADER: usize = 16;
const HEADER_TIME: Duration = Duration::from_secs(10);
const PAYLOAD_TIME: Duration = Duration::from_secs(30);

/// A whole frame around a payload.
pub(crate) fn encode(payload: &str, longest: u32) -> Result<Vec<u8>, PacError> {
    let longest = longest.min(LONGEST_FRAME) as usize;
    if payload.is_empty() || payload.len() > longest {
        let text = format!("a message of {} bytes, {longest} are allowed", payload.len());
        return Err(PacError::new(PacErrorKind::LimitExceeded, text));
    }
    let mut frame = format!("OEM/01/{:08}/", payload.len()).into_bytes();
    frame.extend_from_slice(payload.as_bytes());
    Ok(frame)
}

/// The length that a header gives.
pub(crate) fn length(header: &[u8]) -> Result<usize, PacError> {
    let bad = |text: &str| PacError::new(PacErrorKind::BadHeader, text);
    let (Some(word), Some(version), Some(digits)) = (header.get(..4), header.get(4..6), header.get(7..15)) else {
        return Err(bad("a header is too short"));
    };
    if word != b"OEM/" || header.get(6) != Some(&b'/') || header.get(15) != Some(&b'/') || header.len() != HEADER {
        return Err(bad("what arrives does not begin as a message does; check the port"));
    }
    if !version.iter().chain(digits).all(u8::is_ascii_digit) {
        return Err(bad("a header has something else than digits in its numbers"));
    }
    if version != b"01" {
        return Err(PacError::new(PacErrorKind::WireVersion, "the server speaks another version of the framing"));
    }
    let length = digits.iter().fold(0, |sum, digit| sum * 10 + usize::from(digit - b'0'));
    match length {
        0 => Err(bad("a message without content")),
        n if n > LONGEST_FRAME as usize => {
            Err(PacError::new(PacErrorKind::FrameTooLarge, format!("a message of {n} bytes is announced")))
        }
        n => Ok(n),
    }
}

/// Cuts what arrives into payloads; may be dropped while waiting and asked again.
#[derive(Debug)]
pub(crate) struct FrameReader<R> {
    inner: R,
    buffer: Vec<u8>,
    want: Option<usize>,
    deadline: Option<Instant>,
}

impl<R: AsyncRead + Unpin> FrameReader<R> {
    pub(crate) fn new(inner: R) -> Self {
        Self { inner, buffer: Vec::new(), want: None, deadline: None }
    }

    /// The next payload; none when the other side hung up between two frames.
    ///
    /// # Cancel safety
    /// Nothing is lost when the future is dropped.
    pub(crate) async fn next(&mut self) -> Result<Option<Vec<u8>>, PacError> {
        let mut chunk = vec![0; 16 * 1024];
        loop {
            if let Some(payload) = self.cut()? {
                return Ok(Some(payload));
            }
            let read = match self.deadline {
                None => self.inner.read(&mut chunk).await,
                Some(deadline) => timeout_at(deadline, self.inner.read(&mut chunk)).await.map_err(|_| slow())?,
            };
            match read.map_err(|error| tls::broken(&error).with_source(error))? {
                0 if self.buffer.is_empty() => return Ok(None),
                0 => {
                    let text = "the connection ended in the middle of a message";
                    return Err(PacError::new(PacErrorKind::ConnectionLost, text));
                }
                n => self.buffer.extend_from_slice(chunk.get(..n).unwrap_or_default()),
            }
        }
    }

    /// A payload that is there already; sets how long to wait for the rest.
    fn cut(&mut self) -> Result<Option<Vec<u8>>, PacError> {
        if self.want.is_none() && !self.header()? {
            return Ok(None);
        }
        let want = self.want.unwrap_or_default();
        if self.buffer.len() < HEADER + want {
            return Ok(None);
        }
        let rest = self.buffer.split_off(HEADER + want);
        let mut payload = std::mem::replace(&mut self.buffer, rest);
        payload.drain(..HEADER);
        self.want = None;
        self.deadline = None;
        Ok(Some(payload))
    }

    fn header(&mut self) -> Result<bool, PacError> {
        if let Some(header) = self.buffer.get(..HEADER) {
            self.want = Some(length(header)?);
            self.deadline = Some(Instant::now() + PAYLOAD_TIME);
            return Ok(true);
        }
        if !self.buffer.iter().zip(b"OEM/").all(|(seen, due)| seen == due) {
            let text = "what arrives does not begin as a message does; check the port";
            return Err(PacError::new(PacErrorKind::BadHeader, text));
        }
        if !self.buffer.is_empty() && self.deadline.is_none() {
            self.deadline = Some(Instant::now() + HEADER_TIME);
        }
        Ok(false)
    }
}

fn slow() -> PacError {
    PacError::new(PacErrorKind::SlowFrame, "a message did not arrive whole in time")
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncWriteExt;

    #[test]
    fn headers_are_read_to_the_letter() {
        assert_eq!(length(b"OEM/01/00000104/").unwrap(), 104);
        assert_eq!(length(b"OEM/01/08388608/").unwrap(), 8_388_608);
        for (header, kind) in [
            (&b"OEM/01/00000000/"[..], PacErrorKind::BadHeader),
            (b"OEM/01/08388609/", PacErrorKind::FrameTooLarge),
            (b"OEM/01/99999999/", PacErrorKind::FrameTooLarge),
            (b"OEM/02/00000104/", PacErrorKind::WireVersion),
            (b"OEM/01/+0000104/", PacErrorKind::BadHeader),
            (b"OEM/01/ 0000104/", PacErrorKind::BadHeader),
            (b"OEM/01/000001040", PacErrorKind::BadHeader),
            (b"OEM-01/00000104/", PacErrorKind::BadHeader),
            (b"HTTP/1.1 400 Bad", PacErrorKind::BadHeader),
            (b"OEM/01/", PacErrorKind::BadHeader),
        ] {
            assert_eq!(length(header).unwrap_err().kind(), kind, "{:?}", String::from_utf8_lossy(header));
        }
    }

    #[tokio::test]
    async fn two_frames_are_read_whatever_the_cut() {
        let mut bytes = encode("<é/>", LONGEST_FRAME).unwrap();
        assert!(bytes.starts_with(b"OEM/01/00000005/"), "bytes are counted, not characters");
        bytes.extend(encode("<b/>", LONGEST_FRAME).unwrap());
        for at in 0..=bytes.len() {
            let (mut near, far) = tokio::io::duplex(1024);
            let mut reader = FrameReader::new(far);
            let (head, tail) = bytes.split_at(at);
            near.write_all(head).await.unwrap();
            let early =
                tokio::select! { biased; frame = reader.next() => Some(frame), () = tokio::task::yield_now() => None };
            near.write_all(tail).await.unwrap();
            drop(near);
            let mut seen = Vec::new();
            seen.extend(early.and_then(|frame| frame.unwrap()));
            while let Some(frame) = reader.next().await.unwrap() {
                seen.push(frame);
            }
            assert_eq!(seen, ["<é/>".as_bytes(), b"<b/>"], "cut at {at}");
        }
    }

    #[tokio::test]
    async fn an_end_inside_a_frame_is_told_at_every_byte() {
        let bytes = encode("<a/>", LONGEST_FRAME).unwrap();
        for at in 1..bytes.len() {
            let mut reader = FrameReader::new(bytes.get(..at).unwrap());
            assert_eq!(reader.next().await.unwrap_err().kind(), PacErrorKind::ConnectionLost, "{at}");
        }
        assert!(FrameReader::new(&b""[..]).next().await.unwrap().is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn a_frame_that_dawdles_is_given_up() {
        for (part, seconds) in [(&b"OEM/"[..], 10), (b"OEM/01/00000104/<a", 30)] {
            let (mut near, far) = tokio::io::duplex(64);
            near.write_all(part).await.unwrap();
            let begin = Instant::now();
            let error = FrameReader::new(far).next().await.unwrap_err();
            assert_eq!((error.kind(), begin.elapsed().as_secs()), (PacErrorKind::SlowFrame, seconds));
        }
    }

    #[tokio::test]
    async fn something_else_than_a_frame_is_told_at_its_first_bytes() {
        let (mut near, far) = tokio::io::duplex(64);
        near.write_all(b"SSH").await.unwrap();
        assert_eq!(FrameReader::new(far).next().await.unwrap_err().kind(), PacErrorKind::BadHeader);
    }
}
