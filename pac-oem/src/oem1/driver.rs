//! The driver: key file, TLS, greeting, session.

use super::{
    NAME,
    frame::FrameReader,
    gap::GapMemory,
    hello,
    key::Identity,
    link::{Link, Rules},
    session::Session,
    tls,
};
use crate::model::{KeyFile, KeySummary, PacDriver, PacEndpoint, PacError, PacErrorKind, PacSession, ServerInfo};
use async_trait::async_trait;
use chrono::Utc;
use std::sync::Arc;
use tokio::{
    io::{AsyncRead, AsyncWrite, split},
    time::timeout,
};

/// Speaks `oem1`, the profile that this project designed; it is not PAC's own interface.
#[derive(Debug, Default)]
pub struct Oem1Driver {
    gaps: Arc<GapMemory>,
}

impl Oem1Driver {
    /// A driver; it remembers, from session to session, which records of the logs were missing.
    pub fn new() -> Self {
        Self::default()
    }

    async fn open(&self, endpoint: &PacEndpoint, key: &KeyFile) -> Result<Arc<dyn PacSession>, PacError> {
        let identity = Identity::read(key, Utc::now())?;
        let client = identity.summary.client.clone();
        for warning in &identity.summary.warnings {
            tracing::warn!(key_file = %key.path.display(), "{warning}");
        }
        let stream = tls::connect(endpoint, identity).await?;
        let tls = tls::version(&stream);
        let session = self.over(stream, endpoint, &client, |info| info.tls = tls).await?;
        Ok(Arc::new(session))
    }

    /// A session over a stream that is there already.
    pub(crate) async fn over<S>(
        &self,
        stream: S,
        endpoint: &PacEndpoint,
        client: &str,
        note: impl FnOnce(&mut ServerInfo),
    ) -> Result<Session, PacError>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (reader, mut writer) = split(stream);
        let mut reader = FrameReader::new(reader);
        let mut info = hello::greet(&mut reader, &mut writer, endpoint, client).await?;
        note(&mut info);
        tracing::info!(
            server = ?info.name, version = ?info.version, profile = NAME, tls = %info.tls, skew = %info.clock_skew,
            "session begun; the profile is this project's own, not PAC's"
        );
        let rules = Rules {
            organisation: endpoint.organisation,
            limits: info.limits,
            request_timeout: endpoint.request_timeout,
            trace_frames: endpoint.trace_frames,
        };
        let link = Link::begin(reader, writer, rules, info.clock_skew);
        Ok(Session::new(link, info, endpoint.request_timeout, self.gaps.clone()))
    }
}

#[async_trait]
impl PacDriver for Oem1Driver {
    fn name(&self) -> &'static str {
        NAME
    }

    fn inspect_key(&self, key: &KeyFile) -> Result<KeySummary, PacError> {
        Identity::read(key, Utc::now()).map(|identity| identity.summary)
    }

    async fn connect(&self, endpoint: &PacEndpoint, key: KeyFile) -> Result<Arc<dyn PacSession>, PacError> {
        if endpoint.organisation != 1 {
            return Err(PacError::new(PacErrorKind::Config, "the organisation is always 1"));
        }
        let limit = endpoint.connect_timeout;
        timeout(limit, self.open(endpoint, &key)).await.unwrap_or_else(|_| {
            let text = format!("no session came about within {} s", limit.as_secs_f32());
            Err(PacError::new(PacErrorKind::Timeout, text))
        })
    }
}
