//! Calls that a server makes itself: one POST over loopback, HTTP/1.1, without TLS.

use std::io;
use std::time::Duration;

use anyhow::{Context, ensure};
use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use url::Url;

/// How long the other side may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Most bytes of an answer that are read.
const LARGEST_ANSWER: u64 = 64 * 1024;

/// A POST that the server wants made.
#[derive(Debug, Clone)]
pub struct Errand {
    /// Number by which the vendor knows it again.
    pub id: u64,
    /// Where to; anything but `http` to loopback fails.
    pub url: String,
    /// Content type of the body.
    pub content_type: String,
    /// Body.
    pub body: Vec<u8>,
}

/// What became of an errand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Delivery {
    /// Status of the answer; 0 if there was none.
    pub status: u16,
    /// Content type of the answer.
    pub content_type: String,
    /// Body of the answer.
    pub body: Vec<u8>,
    /// Why there was no answer.
    pub fault: Option<String>,
}

/// Makes the call; a call that fails is a delivery too.
pub(super) async fn post(errand: Errand) -> Delivery {
    let answer = tokio::time::timeout(PATIENCE, exchange(&errand)).await;
    let failed = |fault: String| Delivery { fault: Some(fault), ..Delivery::default() };
    match answer {
        Ok(Ok(delivery)) => delivery,
        Ok(Err(error)) => failed(format!("{error:#}")),
        Err(_) => failed("no answer in time".to_owned()),
    }
}

async fn exchange(errand: &Errand) -> anyhow::Result<Delivery> {
    let url = Url::parse(&errand.url).context("the address is none")?;
    ensure!(url.scheme() == "http", "simulators call http only");
    let host = url.host_str().context("the address has no host")?;
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let loopback = bare == "localhost" || bare.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
    ensure!(loopback, "simulators call loopback only");
    let port = url.port_or_known_default().unwrap_or(80);
    let mut stream = TcpStream::connect((bare, port)).await.context("nobody listens")?;
    let target = url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
    let head = format!(
        "POST {target} HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Type: {}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        errand.content_type,
        errand.body.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(&errand.body).await?;
    stream.flush().await?;
    let mut answer = Vec::new();
    match stream.take(LARGEST_ANSWER).read_to_end(&mut answer).await {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::ConnectionReset && !answer.is_empty() => {}
        Err(error) => return Err(error.into()),
    }
    read(&answer)
}

/// Reads an answer that came whole.
fn read(answer: &[u8]) -> anyhow::Result<Delivery> {
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").context("the answer has no end of its head")?;
    let (head, body) = answer.split_at_checked(end).context("the answer is too short")?;
    let head = std::str::from_utf8(head).context("the head is not text")?;
    let body = body.get(4..).unwrap_or_default();
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).context("the answer has no status")?.parse()?;
    let mut delivery = Delivery { status, ..Delivery::default() };
    let mut chunked = false;
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        let value = value.trim();
        if name.eq_ignore_ascii_case("content-type") {
            value.clone_into(&mut delivery.content_type);
        }
        chunked |= name.eq_ignore_ascii_case("transfer-encoding") && value.eq_ignore_ascii_case("chunked");
    }
    delivery.body = if chunked { joined(body).context("the chunks are broken")? } else { body.to_vec() };
    Ok(delivery)
}

fn joined(body: &[u8]) -> Option<Vec<u8>> {
    let mut rest = Bytes::copy_from_slice(body);
    let mut whole = Vec::new();
    loop {
        let line = rest.windows(2).position(|two| two == b"\r\n")?;
        let size = std::str::from_utf8(rest.get(..line)?).ok()?.split(';').next()?.trim();
        let size = usize::from_str_radix(size, 16).ok()?;
        if size == 0 {
            return Some(whole);
        }
        let start = line + 2;
        let end = start.checked_add(size)?;
        whole.extend_from_slice(rest.get(start..end)?);
        rest = rest.slice(rest.len().min(end + 2)..);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read_with_a_length_and_in_chunks() {
        let whole = read(b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 2\r\n\r\nok").unwrap();
        assert_eq!(
            (whole.status, whole.content_type.as_str(), whole.body.as_slice()),
            (200, "text/plain", b"ok".as_slice())
        );
        let chunks =
            read(b"HTTP/1.1 202 Accepted\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n").unwrap();
        assert_eq!((chunks.status, chunks.body.as_slice()), (202, b"abc".as_slice()));
        assert!(read(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nab").is_err());
        assert!(read(b"").is_err());
    }

    #[tokio::test]
    async fn nothing_but_loopback_is_called() {
        for url in ["http://example.org/", "https://127.0.0.1/", "nonsense", "http://10.0.0.1:80/"] {
            let errand = Errand { id: 1, url: url.into(), content_type: String::new(), body: Vec::new() };
            let delivery = post(errand).await;
            assert_eq!((delivery.status, delivery.fault.is_some()), (0, true), "{url}");
        }
    }
}
