//! What every simulator of a site is told before it starts: address, seed, clock, time zone, certificate.

use chrono::{DateTime, Utc};

use crate::clock::{Clock, Zone};
use crate::tls::Tls;

/// Address, seed, clock and time zone.
#[derive(Debug, Clone)]
pub(crate) struct Basics {
    pub(crate) listen: String,
    pub(crate) seed: u64,
    pub(crate) start_at: Option<DateTime<Utc>>,
    pub(crate) frozen: bool,
    pub(crate) zone: Zone,
}

impl Basics {
    pub(crate) fn in_zone(zone: Zone) -> Self {
        Self { listen: "127.0.0.1:0".to_owned(), seed: 1, start_at: None, frozen: false, zone }
    }

    /// The clock as it is at the start.
    pub(crate) fn clock(&self) -> Clock {
        let start = self.start_at.unwrap_or_else(Utc::now);
        if self.frozen { Clock::standing_at(start) } else { Clock::starting_at(start) }
    }
}

/// Whether there is TLS, and the names in the certificate.
#[derive(Debug, Clone)]
pub(crate) struct Secured {
    pub(crate) on: bool,
    pub(crate) names: Vec<String>,
}

impl Default for Secured {
    fn default() -> Self {
        Self { on: false, names: vec!["localhost".to_owned(), "127.0.0.1".to_owned()] }
    }
}

impl Secured {
    pub(crate) fn certificate(&self) -> anyhow::Result<Option<Tls>> {
        self.on.then(|| Tls::generate(self.names.clone())).transpose()
    }
}

/// The methods of a builder with a field `basics`.
macro_rules! set_basics {
    () => {
        /// Address to listen on; loopback only, port 0 takes a free one.
        pub fn listen(mut self, address: &str) -> Self {
            address.clone_into(&mut self.basics.listen);
            self
        }

        /// Seed; the same seed on the same day gives the same site.
        pub fn seed(mut self, seed: u64) -> Self {
            self.basics.seed = seed;
            self
        }

        /// What the clock shows at the start.
        pub fn start_at(mut self, time: chrono::DateTime<chrono::Utc>) -> Self {
            self.basics.start_at = Some(time);
            self
        }

        /// Whether the clock stands still until moved.
        pub fn frozen(mut self, frozen: bool) -> Self {
            self.basics.frozen = frozen;
            self
        }

        /// Time zone of the site.
        pub fn zone(mut self, zone: crate::clock::Zone) -> Self {
            self.basics.zone = zone;
            self
        }
    };
}

/// The methods of a builder with a field `secured`.
macro_rules! set_secured {
    () => {
        /// With TLS and a self-signed certificate.
        pub fn tls(mut self, tls: bool) -> Self {
            self.secured.on = tls;
            self
        }

        /// Names in the certificate.
        pub fn tls_names(mut self, names: &[&str]) -> Self {
            self.secured.names = names.iter().map(|name| (*name).to_owned()).collect();
            self
        }
    };
}
