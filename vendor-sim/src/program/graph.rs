//! `vendor-sim graph`.

use clap::Args;
use vendor_sim::graph::GraphSim;

use super::Common;

/// Options of `vendor-sim graph`.
#[derive(Debug, Args)]
pub(crate) struct Graph {
    #[command(flatten)]
    common: Common,
    /// How many rooms the tenant has.
    #[arg(long, default_value_t = 6, value_name = "N")]
    rooms: usize,
    /// How many meetings there are.
    #[arg(long, default_value_t = 60, value_name = "N")]
    meetings: usize,
    /// The tenant's domain.
    #[arg(long, default_value = "example.org", value_name = "DOMAIN")]
    domain: String,
    /// Also make a certificate for signing in; it is printed with its key.
    #[arg(long)]
    certificate: bool,
}

impl Graph {
    pub(crate) fn serve(self) -> anyhow::Result<()> {
        let Self { common, rooms, meetings, domain, certificate } = self;
        let options = GraphSim::builder().rooms(rooms).meetings(meetings).domain(&domain);
        let sim = common.on(options)?.start_blocking()?;
        let rooms: Vec<String> = sim.world(|world| world.rooms.values().map(|room| room.address.clone()).collect());
        let certificate = certificate.then(|| sim.add_certificate()).transpose()?;
        common.until_stopped(&serde_json::json!({
            "vendor": "graph",
            "url": sim.url(),
            "base_url": sim.base_url(),
            "authority": sim.authority(),
            "token_url": sim.token_url(),
            "tenant": sim.tenant(),
            "domain": sim.domain(),
            "client_id": sim.client_id(),
            "secret": sim.secret(),
            "certificate": certificate.as_ref().map(|(certificate, _)| certificate),
            "key": certificate.as_ref().map(|(_, key)| key),
            "rooms": rooms,
            "fingerprint": sim.fingerprint(),
            "control": sim.control_url(),
        }))?;
        sim.stop();
        Ok(())
    }
}
