//! TLS as the server asks for it: certificates on both sides.

use std::sync::Arc;

use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::version::{TLS12, TLS13};
use rustls::{RootCertStore, ServerConfig};

use super::pki::{Authority, Identity};
use crate::tls::provider;

/// How connections are accepted.
pub(super) fn server_config(
    authority: &Authority,
    identity: &Identity,
    only_tls12: bool,
) -> anyhow::Result<Arc<ServerConfig>> {
    let provider = provider();
    let mut roots = RootCertStore::empty();
    roots.add(authority.der()?)?;
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider)).build()?;
    let versions = if only_tls12 { [&TLS12] } else { [&TLS13] };
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&versions)?
        .with_client_cert_verifier(verifier)
        .with_single_cert(vec![identity.der()?], identity.key()?)?;
    // No resumption, no early data.
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    config.max_early_data_size = 0;
    Ok(Arc::new(config))
}
