//! Which Microsoft cloud a tenant lives in.

use std::fmt;
use std::str::FromStr;

/// A Microsoft cloud: where tokens come from, where Graph is, and what a token is asked for, always together.
///
/// A token of one cloud is worth nothing in another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Cloud {
    /// The worldwide one, with the United States' GCC.
    #[default]
    Global,
    /// United States government, level 4 (GCC High).
    UsGovL4,
    /// United States government, level 5 (Department of Defense).
    UsGovL5,
    /// China, run by 21Vianet.
    China,
    /// France (Bleu). It has no list of rooms.
    France,
    /// Germany (Delos). It has no list of rooms.
    Germany,
}

impl Cloud {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Global, Self::UsGovL4, Self::UsGovL5, Self::China, Self::France, Self::Germany];

    /// Where tokens come from.
    pub const fn authority(self) -> &'static str {
        match self {
            Self::Global => "https://login.microsoftonline.com",
            Self::UsGovL4 | Self::UsGovL5 => "https://login.microsoftonline.us",
            Self::China => "https://login.partner.microsoftonline.cn",
            Self::France => "https://login.sovcloud-identity.fr",
            Self::Germany => "https://login.sovcloud-identity.de",
        }
    }

    /// Where Graph is.
    pub const fn graph(self) -> &'static str {
        match self {
            Self::Global => "https://graph.microsoft.com",
            Self::UsGovL4 => "https://graph.microsoft.us",
            Self::UsGovL5 => "https://dod-graph.microsoft.us",
            Self::China => "https://microsoftgraph.chinacloudapi.cn",
            Self::France => "https://graph.svc.sovcloud.fr",
            Self::Germany => "https://graph.svc.sovcloud.de",
        }
    }

    /// What a token is asked for.
    pub fn scope(self) -> String {
        format!("{}/.default", self.graph())
    }

    /// Whether it can list rooms. Where it cannot, somebody types their addresses.
    pub const fn lists_rooms(self) -> bool {
        !matches!(self, Self::France | Self::Germany)
    }

    /// Its name in configuration files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Global => "global",
            Self::UsGovL4 => "us_gov_l4",
            Self::UsGovL5 => "us_gov_l5",
            Self::China => "china",
            Self::France => "france",
            Self::Germany => "germany",
        }
    }
}

impl fmt::Display for Cloud {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Not the name of a cloud.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no such cloud; there are global, us_gov_l4, us_gov_l5, china, france and germany")]
pub struct UnknownCloud;

impl FromStr for Cloud {
    type Err = UnknownCloud;

    fn from_str(text: &str) -> Result<Self, UnknownCloud> {
        Self::ALL.into_iter().find(|cloud| cloud.as_str() == text.trim()).ok_or(UnknownCloud)
    }
}
