//! Which addresses a feed may come from.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use connector_http::ConnectFailure;
use url::{Host, Url};

use super::Failure;

/// The addresses of a host that a connection may go to.
pub(super) async fn allowed(url: &Url, allow_private: bool) -> Result<Vec<SocketAddr>, Failure> {
    let port = url.port_or_known_default().unwrap_or_default();
    let found: Vec<SocketAddr> = match url.host() {
        Some(Host::Ipv4(ip)) => vec![(ip, port).into()],
        Some(Host::Ipv6(ip)) => vec![(ip, port).into()],
        Some(Host::Domain(name)) => match tokio::net::lookup_host((name, port)).await {
            Ok(found) => found.collect(),
            Err(_) => Vec::new(),
        },
        None => Vec::new(),
    };
    if found.is_empty() {
        return Err(Failure::Connect(ConnectFailure::Dns));
    }
    let kept: Vec<_> = found.into_iter().filter(|address| allow_private || !is_off_limits(address.ip())).collect();
    if kept.is_empty() { Err(Failure::PrivateAddress) } else { Ok(kept) }
}

/// This machine, its link, or a service that hands out a cloud's secrets. A server in the own network is none of these.
fn is_off_limits(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_off_limits_v4(ip),
        IpAddr::V6(ip) => is_off_limits_v6(ip),
    }
}

fn is_off_limits_v4(ip: Ipv4Addr) -> bool {
    let [first, ..] = ip.octets();
    first == 0
        || ip.is_loopback()
        || ip.is_link_local()
        || ip.is_multicast()
        || ip.is_broadcast()
        || METADATA.contains(&ip)
}

fn is_off_limits_v6(ip: Ipv6Addr) -> bool {
    let inner = ip.to_ipv4_mapped().or_else(|| translated(ip));
    ip.is_unspecified()
        || ip.is_loopback()
        || ip.is_multicast()
        || ip.is_unicast_link_local()
        || ip == METADATA_V6
        || inner.is_some_and(is_off_limits_v4)
}

/// The address behind a translator from IPv6 to IPv4 (`64:ff9b::/96`), or of the old tunnels (`2002::/16`).
fn translated(ip: Ipv6Addr) -> Option<Ipv4Addr> {
    match ip.segments() {
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => {
            Some(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low)))
        }
        _ => None,
    }
}

/// Where clouds answer outside 169.254.0.0/16.
const METADATA: [Ipv4Addr; 2] = [Ipv4Addr::new(100, 100, 100, 200), Ipv4Addr::new(168, 63, 129, 16)];
const METADATA_V6: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_its_link_and_metadata_are_off_limits() {
        for text in [
            "127.0.0.1",
            "127.9.9.9",
            "0.0.0.0",
            "0.1.2.3",
            "169.254.169.254",
            "100.100.100.200",
            "168.63.129.16",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "fe80::1",
            "ff02::1",
            "fd00:ec2::254",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::7f00:1",
            "64:ff9b::a9fe:a9fe",
            "2002:7f00:1::1",
        ] {
            assert!(is_off_limits(text.parse().unwrap()), "{text}");
        }
        for text in ["10.0.0.7", "192.168.1.4", "93.184.216.34", "2606:2800:220:1::1", "::ffff:10.0.0.7", "fd12::1"] {
            assert!(!is_off_limits(text.parse().unwrap()), "{text}");
        }
    }

    #[tokio::test]
    async fn a_name_counts_for_what_it_stands_for() {
        let url = Url::parse("http://localhost:8080/").unwrap();
        assert_eq!(allowed(&url, false).await, Err(Failure::PrivateAddress));
        assert!(allowed(&url, true).await.is_ok_and(|found| found.iter().all(|address| address.port() == 8080)));
    }

    /// Other ways to write 127.0.0.1, which the address parser turns into it.
    #[tokio::test]
    async fn disguises_do_not_help() {
        for text in ["http://2130706433/", "http://0x7f.1/", "http://127.1/", "http://[::ffff:7f00:1]/"] {
            let url = Url::parse(text).unwrap();
            assert_eq!(allowed(&url, false).await, Err(Failure::PrivateAddress), "{text}");
        }
    }
}
