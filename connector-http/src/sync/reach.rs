//! The way to a server as steps of a connection test: its name, its port, its certificate.

use std::time::Duration;

use sync_core::connector::CheckReport;
use url::Url;

use crate::{ConnectFailure, Error, Probe, Trust, probe};

/// The steps `name`, `port` and `TLS` of a connection test, with what is to be said at one system only.
#[derive(Clone, Copy, Debug)]
pub struct Reach<'a> {
    base: &'a Url,
    trust: &'a Trust,
    timeout: Duration,
    refused: (&'static str, &'static str),
    open: (&'static str, &'static str),
    pin: fn(&str) -> String,
}

impl<'a> Reach<'a> {
    /// The way to an address, with the remedies that fit every server.
    pub fn new(base: &'a Url, trust: &'a Trust, timeout: Duration) -> Self {
        Self {
            base,
            trust,
            timeout,
            refused: ("", "check the port in `url`, and that the server is running"),
            open: ("the connection is not encrypted", "use the https address of the server"),
            pin: |pin| format!("trust = {{ pinned_sha256 = [\"{pin}\"] }}"),
        }
    }

    /// What a port that refuses connections means here, and what to do.
    #[must_use]
    pub fn refused(self, meaning: &'static str, remedy: &'static str) -> Self {
        Self { refused: (meaning, remedy), ..self }
    }

    /// What a connection without TLS means here, and what to do.
    #[must_use]
    pub fn open(self, meaning: &'static str, remedy: &'static str) -> Self {
        Self { open: (meaning, remedy), ..self }
    }

    /// The setting that trusts exactly one certificate, from its fingerprint.
    #[must_use]
    pub fn pin(self, setting: fn(&str) -> String) -> Self {
        Self { pin: setting, ..self }
    }

    /// Goes there and adds the steps. `None` ends the test: one of them failed.
    pub async fn check(&self, report: &mut CheckReport) -> Option<Probe> {
        let host = self.base.host_str().unwrap_or_default();
        let port = self.base.port_or_known_default().unwrap_or_default();
        match probe(self.base, self.trust, self.timeout).await {
            Ok(found) => {
                report.passed("name", format!("{host} is {}", found.address.ip()));
                report.passed("port", format!("port {port} answers"));
                self.certificate(&found, report).then_some(found)
            }
            Err(error) => {
                self.unreachable(&error, host, port, report);
                None
            }
        }
    }

    fn unreachable(&self, error: &Error, host: &str, port: u16, report: &mut CheckReport) {
        let failure = error.failure();
        if let Some(ConnectFailure::Dns) = failure {
            let remedy = "check the host in `url`, and the name service of this machine";
            return report.failed("name", format!("the name {host} is not known"), remedy);
        }
        report.passed("name", format!("{host} is known"));
        match failure {
            Some(ConnectFailure::Refused) => {
                let (meaning, remedy) = self.refused;
                report.failed("port", format!("port {port} refuses connections{meaning}"), remedy);
            }
            Some(ConnectFailure::Tls(failure)) => {
                report.passed("port", format!("port {port} answers"));
                report.failed("TLS", failure.to_string(), failure.remedy());
            }
            _ => report.failed(
                "port",
                format!("nothing answers at port {port}: {error}"),
                "check host and port in `url`, the firewall between, and that the server is running",
            ),
        }
    }

    fn certificate(&self, found: &Probe, report: &mut CheckReport) -> bool {
        let Some(shown) = &found.certificate else {
            let (meaning, remedy) = self.open;
            report.warning("TLS", meaning, remedy);
            return true;
        };
        let detail = format!("certificate of {}, SHA-256 {}", shown.subject, shown.fingerprint);
        let Some(failure) = &found.failure else {
            report.passed("TLS", detail);
            return true;
        };
        let setting = (self.pin)(&shown.fingerprint.to_string());
        let remedy =
            format!("compare the fingerprint with the one at the server; if it is the same, trust it: {setting}");
        report.failed("TLS", format!("{failure} ({detail})"), remedy);
        false
    }
}
