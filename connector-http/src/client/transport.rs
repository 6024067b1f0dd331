//! The road itself: one request out, one whole answer back.

use super::{builder::Timeouts, connect_error};
use crate::{Error, ErrorKind, Phase, Trust};
use async_trait::async_trait;
use http::{Request, Response};
use rustls::{ClientConfig, RootCertStore};
use std::{
    fmt::{self, Debug},
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};
use url::Url;

/// One request out, one whole answer back; no repeats, no redirects.
#[async_trait]
pub trait Transport: Send + Sync + Debug {
    /// Sends the request and reads the whole answer.
    ///
    /// # Errors
    /// When no whole answer came; [`Error::phase`] says whether anything was sent.
    async fn round_trip(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, Error>;
}

/// Name of the operation, among a request's extensions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OperationName(pub &'static str);

/// The network.
#[derive(Clone)]
pub struct NetTransport {
    client: reqwest::Client,
    largest_answer: usize,
}

impl NetTransport {
    /// Bytes of the largest answer that is read unless set otherwise.
    pub const LARGEST_ANSWER: usize = 64 << 20;

    /// A road to the server at this address.
    ///
    /// A proxy of the environment is used, but not for this machine itself.
    ///
    /// # Errors
    /// `Config` when the trust cannot work.
    pub fn new(base: &Url, trust: &Trust, timeouts: Timeouts, largest_answer: usize) -> Result<Self, Error> {
        let mut builder = reqwest::Client::builder()
            .tls_backend_preconfigured(tls(base, trust)?)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .connect_timeout(timeouts.connect)
            .read_timeout(timeouts.read)
            // Shorter than servers keep an idle connection, so that a command seldom meets one that is just closing.
            .pool_idle_timeout(Duration::from_secs(20))
            .dns_resolver(Arc::new(Resolver));
        if is_this_machine(base) {
            builder = builder.no_proxy();
        }
        let client = builder.build().map_err(|e| {
            Error::new(ErrorKind::Config, "no HTTP client can be made of these settings").with_source(e)
        })?;
        Ok(Self { client, largest_answer })
    }

    async fn body(&self, mut answer: reqwest::Response) -> Result<Vec<u8>, Error> {
        let status = answer.status();
        let too_large = || Error::new(ErrorKind::TooLarge, "the answer is larger than allowed").with_status(status);
        if answer.content_length().is_some_and(|length| length > self.largest_answer as u64) {
            return Err(too_large());
        }
        let mut body = Vec::new();
        while let Some(piece) = answer.chunk().await.map_err(connect_error::from_reqwest)? {
            if body.len().saturating_add(piece.len()) > self.largest_answer {
                return Err(too_large());
            }
            body.extend_from_slice(&piece);
        }
        Ok(body)
    }
}

#[async_trait]
impl Transport for NetTransport {
    async fn round_trip(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, Error> {
        let request = reqwest::Request::try_from(request)
            .map_err(|e| Error::new(ErrorKind::Config, "the request cannot be sent").with_source(e.without_url()))?;
        let answer = self.client.execute(request).await.map_err(connect_error::from_reqwest)?;
        let (status, version, headers) = (answer.status(), answer.version(), answer.headers().clone());
        let body = self.body(answer).await?;
        let mut response = Response::new(body);
        *response.status_mut() = status;
        *response.version_mut() = version;
        *response.headers_mut() = headers;
        Ok(response)
    }
}

impl Debug for NetTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NetTransport").field("largest_answer", &self.largest_answer).finish_non_exhaustive()
    }
}

/// Without TLS in the address no root certificate of the system is needed, nor read.
fn tls(base: &Url, trust: &Trust) -> Result<ClientConfig, Error> {
    let mut config = if base.scheme() == "https" {
        trust.client_config()?.as_ref().clone()
    } else {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|e| Error::new(ErrorKind::Config, "no TLS version is available").with_source(e))?
            .with_root_certificates(RootCertStore::empty())
            .with_no_client_auth()
    };
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(ip)) => IpAddr::from(ip).is_loopback(),
        Some(url::Host::Ipv6(ip)) => IpAddr::from(ip).is_loopback(),
        None => false,
    }
}

/// The system's names, with an error that can be told from others.
#[derive(Debug)]
struct Resolver;

/// The host name has no address.
#[derive(Debug, thiserror::Error)]
#[error("the host name could not be resolved")]
pub(crate) struct NoAddress(#[source] Option<std::io::Error>);

impl reqwest::dns::Resolve for Resolver {
    fn resolve(&self, name: reqwest::dns::Name) -> reqwest::dns::Resolving {
        Box::pin(async move {
            let found: Vec<SocketAddr> = lookup(name.as_str(), 0).await?;
            Ok(Box::new(found.into_iter()) as reqwest::dns::Addrs)
        })
    }
}

pub(crate) async fn lookup(host: &str, port: u16) -> Result<Vec<SocketAddr>, NoAddress> {
    let found: Vec<_> = tokio::net::lookup_host((host, port)).await.map_err(|e| NoAddress(Some(e)))?.collect();
    if found.is_empty() { Err(NoAddress(None)) } else { Ok(found) }
}

/// A failure before the request was sent.
pub(crate) fn unsent(kind: ErrorKind, message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(kind, message).with_phase(Phase::NotSent)
}
