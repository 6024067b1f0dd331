//! The registered application: what it signs in with and what it may do.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context;
use chrono::{DateTime, Utc};
use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256};
use serde::{Deserialize, Serialize};

use super::World;

/// What an administrator can consent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Permission {
    /// `Place.Read.All`: rooms and room lists.
    #[serde(rename = "Place.Read.All")]
    PlaceReadAll,
    /// `Calendars.ReadBasic.All`: events without bodies.
    #[serde(rename = "Calendars.ReadBasic.All")]
    CalendarsReadBasicAll,
    /// `Calendars.Read`: events with bodies, and notifications.
    #[serde(rename = "Calendars.Read")]
    CalendarsRead,
    /// `Mail.Send`.
    #[serde(rename = "Mail.Send")]
    MailSend,
}

/// A secret of the application.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Secret {
    /// Its id, which people paste by mistake.
    pub id: String,
    /// Its value.
    pub value: String,
    /// Until when it counts.
    pub expires: DateTime<Utc>,
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Secret").field("id", &self.id).field("expires", &self.expires).finish_non_exhaustive()
    }
}

/// The registered application.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Application {
    /// Client id.
    pub client_id: String,
    /// Switched off in the tenant.
    pub disabled: bool,
    /// Its secrets.
    pub secrets: Vec<Secret>,
    /// Its certificates as DER.
    pub certificates: Vec<Vec<u8>>,
    /// What an administrator consented to; counts at once, also for tokens given before.
    pub consents: BTreeSet<Permission>,
}

/// A token that was given.
#[derive(Debug, Clone)]
pub(in crate::graph) struct Token {
    pub(in crate::graph) expires: DateTime<Utc>,
}

/// How busy it was.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Load {
    /// Calls of mailboxes that are being answered.
    pub in_flight: usize,
    /// Most of them at a time so far.
    pub peak: usize,
    /// Calls refused for being too many at a time or too many of one mailbox.
    pub refused: u64,
    /// Tokens given.
    pub tokens: u64,
    /// Since when a mailbox's calls are counted, and how many there were.
    #[serde(skip)]
    pub(in crate::graph) mailboxes: BTreeMap<String, (DateTime<Utc>, u64)>,
}

impl World {
    /// Consents to a permission.
    pub fn grant(&mut self, permission: Permission) {
        self.app.consents.insert(permission);
    }

    /// Withdraws the consent to a permission; the next call hears of it.
    pub fn withdraw_consent(&mut self, permission: Permission) {
        self.app.consents.remove(&permission);
    }

    /// Lets all secrets expire.
    pub fn expire_secrets(&mut self) {
        let now = self.now();
        for secret in &mut self.app.secrets {
            secret.expires = secret.expires.min(now);
        }
    }

    /// Adds a secret that counts from now on.
    pub fn add_secret(&mut self, value: &str) {
        let expires = self.now() + chrono::TimeDelta::days(730);
        let id = crate::graph::ids::guid(&format!("secret {value}"));
        self.app.secrets.push(Secret { id, value: value.to_owned(), expires });
    }

    /// Makes an RSA key with a certificate, uploads the certificate, gives both as PEM: certificate, key.
    ///
    /// # Errors
    /// The machine cannot make a key.
    pub fn add_certificate(&mut self) -> anyhow::Result<(String, String)> {
        let key = KeyPair::generate_for(&PKCS_RSA_SHA256).context("the key cannot be made")?;
        let params = CertificateParams::new(vec!["rooms.example.org".to_owned()])?;
        let certificate = params.self_signed(&key).context("the certificate cannot be made")?;
        self.app.certificates.push(certificate.der().to_vec());
        Ok((certificate.pem(), key.serialize_pem()))
    }

    /// Uploads a certificate, as DER.
    pub fn upload_certificate(&mut self, der: &[u8]) {
        self.app.certificates.push(der.to_vec());
    }

    /// Tokens given so far no longer count.
    pub fn revoke_tokens(&mut self) {
        self.tokens.clear();
    }

    /// A policy shuts a mailbox, by address (or a room by name).
    pub fn deny_mailbox(&mut self, mailbox: &str) {
        let key = self.room(mailbox).map_or_else(|| mailbox.to_lowercase(), |room| room.address.to_lowercase());
        self.denied.insert(key);
    }

    /// Opens a mailbox again.
    pub fn allow_mailbox(&mut self, mailbox: &str) {
        let key = self.room(mailbox).map_or_else(|| mailbox.to_lowercase(), |room| room.address.to_lowercase());
        self.denied.remove(&key);
    }

    /// Delta links given so far no longer count.
    pub fn expire_delta_tokens(&mut self) {
        self.generation += 1;
    }

    pub(in crate::graph) fn may(&self, permission: Permission) -> bool {
        self.app.consents.contains(&permission)
    }

    pub(in crate::graph) fn may_read_calendars(&self) -> bool {
        self.may(Permission::CalendarsRead) || self.may(Permission::CalendarsReadBasicAll)
    }
}
