//! Self-signed certificates.

use std::sync::Arc;

use anyhow::Context;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::version::{TLS12, TLS13};
use rustls::{ServerConfig, SupportedProtocolVersion};
use sha2::{Digest, Sha256};
use tokio_rustls::TlsAcceptor;

/// A certificate and what serves it.
#[derive(Clone)]
pub(crate) struct Tls {
    pub(crate) acceptor: TlsAcceptor,
    /// SHA-256 of the leaf in hex.
    pub(crate) fingerprint: String,
    pub(crate) pem: String,
    names: Vec<String>,
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tls").field("fingerprint", &self.fingerprint).finish_non_exhaustive()
    }
}

impl Tls {
    /// Makes one for these names, for HTTP.
    pub(crate) fn generate(names: Vec<String>) -> anyhow::Result<Self> {
        Self::make(names, &[&TLS13, &TLS12], &[b"http/1.1"])
    }

    /// Makes one for these names, for TLS 1.2 and nothing newer.
    #[cfg(feature = "sqlserver")]
    pub(crate) fn generate_tls12(names: Vec<String>) -> anyhow::Result<Self> {
        Self::make(names, &[&TLS12], &[])
    }

    /// Puts another certificate for the same names in place; gives what serves it.
    pub(crate) fn renew(tls: Option<&mut Self>) -> anyhow::Result<TlsAcceptor> {
        let tls = tls.context("this simulator runs without TLS")?;
        *tls = Self::generate(tls.names.clone())?;
        Ok(tls.acceptor.clone())
    }

    fn make(
        names: Vec<String>,
        versions: &[&'static SupportedProtocolVersion],
        protocols: &[&[u8]],
    ) -> anyhow::Result<Self> {
        let made = rcgen::generate_simple_self_signed(names.clone()).context("the certificate cannot be made")?;
        let leaf = made.cert.der().clone();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
        let mut config = ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(versions)?
            .with_no_client_auth()
            .with_single_cert(vec![leaf.clone()], key)?;
        config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
        Ok(Self {
            acceptor: TlsAcceptor::from(Arc::new(config)),
            fingerprint: fingerprint(&leaf),
            pem: made.cert.pem(),
            names,
        })
    }
}

/// The algorithms that all simulators use.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

/// SHA-256 of a certificate in small hex letters.
pub(crate) fn fingerprint(certificate: &[u8]) -> String {
    hex::encode(Sha256::digest(certificate))
}
