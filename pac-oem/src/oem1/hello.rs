//! The greeting: what the client says first, and what the server says of itself.

use super::{
    LONGEST_FRAME, NAME, frame,
    frame::FrameReader,
    tls,
    wire::{Hello, Incoming, Request, RequestBody, ResponseBody, Welcome, decode},
};
use crate::model::{Capability, PacEndpoint, PacError, PacErrorKind, ServerInfo};
use chrono::{DateTime, TimeDelta, Utc};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};

/// Greets, and hears what the server is.
pub(crate) async fn greet<R: AsyncRead + Unpin, W: AsyncWrite + Unpin>(
    reader: &mut FrameReader<R>,
    writer: &mut W,
    endpoint: &PacEndpoint,
    client: &str,
) -> Result<ServerInfo, PacError> {
    let sent = Utc::now();
    let hello = Request { id: 1, org: endpoint.organisation, key: None, body: hello(endpoint, client, sent) };
    let bytes = frame::encode(&hello.encode(), LONGEST_FRAME)?;
    let written = async {
        writer.write_all(&bytes).await?;
        writer.flush().await
    };
    let written = written.await;
    // A server that refuses the client says so before the write fails: what can still be read is the better reason.
    let payload = reader.next().await.map_err(early)?;
    written.map_err(|error| tls::broken(&error).with_source(error))?;
    match decode(&payload.ok_or_else(hung_up)?).map_err(|undecoded| undecoded.error)? {
        Incoming::Response(response) => match response.body {
            ResponseBody::Welcome(welcome) => read(*welcome, sent, Utc::now()),
            ResponseBody::Error(error) => Err(error.into_error()),
            _ => Err(PacError::new(PacErrorKind::Protocol, "the greeting was answered with something else")),
        },
        Incoming::Notice(_) => Err(PacError::new(PacErrorKind::Protocol, "a notice came before the greeting")),
    }
}

fn early(error: PacError) -> PacError {
    if error.kind() == PacErrorKind::ConnectionLost { hung_up().with_source(error) } else { error }
}

fn hung_up() -> PacError {
    let text = "the server hung up before its greeting; perhaps it does not accept the client's certificate";
    PacError::new(PacErrorKind::ConnectionLost, text)
}

fn hello(endpoint: &PacEndpoint, client: &str, now: DateTime<Utc>) -> RequestBody {
    let short = |text: &str| text.chars().take(64).collect::<String>();
    RequestBody::Hello(Hello {
        client: short(if client.is_empty() { &endpoint.product } else { client }),
        product: short(&endpoint.product),
        version: short(&endpoint.product_version),
        profile_min: 1,
        profile_max: 1,
        now: now.into(),
    })
}

fn read(welcome: Welcome, sent: DateTime<Utc>, arrived: DateTime<Utc>) -> Result<ServerInfo, PacError> {
    if welcome.profile != 1 {
        let text = format!("the server chose profile {}, only 1 is known", welcome.profile);
        return Err(PacError::new(PacErrorKind::ProfileUnsupported, text));
    }
    let mut info = ServerInfo::new(NAME, welcome.server);
    info.version = welcome.version;
    info.profile = welcome.profile;
    info.session = welcome.session;
    info.time_zone = welcome.tz;
    info.organisation = welcome.organisation;
    info.origin = welcome.origin;
    info.limits = welcome.limits.first().copied().unwrap_or_default();
    info.capabilities = welcome.capabilities.iter().filter_map(|name| Capability::of(&name.name)).collect();
    info.logs = welcome.logs;
    info.clock_skew = skew(sent, arrived, welcome.now.to_utc());
    Ok(info)
}

/// The other clock less ours, at the middle of the way there and back.
pub(crate) fn skew(sent: DateTime<Utc>, arrived: DateTime<Utc>, theirs: DateTime<Utc>) -> TimeDelta {
    theirs - (sent + (arrived - sent) / 2)
}
