//! The simulators as a program.

mod program;

use clap::{Parser, Subcommand};

/// Simulated vendor servers for tests and demonstrations. They listen on loopback only.
#[derive(Debug, Parser)]
#[command(name = "vendor-sim", version)]
struct Cli {
    #[command(subcommand)]
    vendor: Vendor,
}

#[derive(Debug, Subcommand)]
enum Vendor {
    /// Astrow: the REST bridge of this project, folders of bookings and employees.
    ///
    /// Prints one line of JSON with url, user, password, fingerprint, control url and the folders, then serves until it
    /// is interrupted. A GET of the control url lists the control calls.
    #[cfg(feature = "astrow")]
    Astrow(program::astrow::Astrow),
    /// A Paxton Net2 server: local web API, live hub, a believable site.
    ///
    /// Prints one line of JSON with url, client id, operator, password, fingerprint and control url, then serves until
    /// it is interrupted. A GET of the control url lists the control calls.
    #[cfg(feature = "net2")]
    Net2(program::net2::Net2),
    /// Booking feeds as Skedda or Booked write them, with a small venue behind them.
    ///
    /// Prints one line of JSON with url, feed (the link of the whole venue), rooms (name to link), fingerprint and
    /// control url, then serves until it is interrupted. A GET of the control url lists the control calls.
    #[cfg(feature = "feed")]
    Feed(program::feed::Feed),
    /// A tenant of Microsoft Graph: rooms, their mailboxes and meetings, the token endpoint.
    ///
    /// Prints one line of JSON with base url, authority, tenant, client id, secret, rooms, fingerprint and control url,
    /// then serves until it is interrupted. A GET of the control url lists the control calls.
    #[cfg(feature = "graph")]
    Graph(program::graph::Graph),
    /// The bridge to InVentry: personnel, departments, devices, events or visits.
    ///
    /// Prints one line of JSON with url, key, user and password (for profiles with such a sign-in), fingerprint and
    /// control url, then serves until it is interrupted. A GET of the control url lists the control calls.
    #[cfg(feature = "inventry")]
    Inventry(program::inventry::Inventry),
    /// The bridge to Almas Optima: badges, access groups, readers, events.
    ///
    /// Prints one line of JSON with url, key, user and password (for profiles with such a sign-in), fingerprint and
    /// control url, then serves until it is interrupted. A GET of the control url lists the control calls.
    #[cfg(feature = "optima")]
    Optima(program::optima::Optima),
    /// A PAC Access Central server with the interface `oem1`, which is a design of this project.
    ///
    /// `serve` prints one line of JSON with host, port, ca, fingerprint, key (the text of a key file) and control url, then
    /// serves until it is interrupted; `init`, `client` and `run` keep a site in a folder.
    #[cfg(feature = "pac")]
    Pac(program::pac::Pac),
    /// A server with the wire of Microsoft SQL Server, and the tables of timeware.
    ///
    /// Prints one line of JSON with host, port, database, user, password, certificate and fingerprint, then serves until
    /// it is interrupted.
    #[cfg(feature = "sqlserver")]
    Sqlserver(program::sqlserver::SqlServer),
}

fn main() -> anyhow::Result<()> {
    match Cli::parse().vendor {
        #[cfg(feature = "astrow")]
        Vendor::Astrow(astrow) => astrow.serve(),
        #[cfg(feature = "net2")]
        Vendor::Net2(net2) => net2.serve(),
        #[cfg(feature = "feed")]
        Vendor::Feed(feed) => feed.serve(),
        #[cfg(feature = "graph")]
        Vendor::Graph(graph) => graph.serve(),
        #[cfg(feature = "inventry")]
        Vendor::Inventry(inventry) => inventry.serve(),
        #[cfg(feature = "optima")]
        Vendor::Optima(optima) => optima.serve(),
        #[cfg(feature = "pac")]
        Vendor::Pac(pac) => pac.serve(),
        #[cfg(feature = "sqlserver")]
        Vendor::Sqlserver(sqlserver) => sqlserver.serve(),
    }
}
