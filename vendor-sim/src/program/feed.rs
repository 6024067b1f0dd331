//! `vendor-sim feed`.

use anyhow::Context;
use clap::Args;
use vendor_sim::feed::{FeedSim, Style, Switches, Zone};

use super::Common;

/// Options of `vendor-sim feed`.
#[derive(Debug, Args)]
pub(crate) struct Feed {
    #[command(flatten)]
    common: Common,
    /// Whose feeds: skedda or booked.
    #[arg(long, default_value = "skedda", value_name = "STYLE")]
    style: String,
    /// How many bookings the venue has.
    #[arg(long, default_value_t = 40, value_name = "N")]
    bookings: usize,
}

impl Feed {
    pub(crate) fn serve(self) -> anyhow::Result<()> {
        let Self { common, style, bookings } = self;
        let mut switches = Switches::default();
        for (name, value) in common.switches()? {
            switches.set(name, value)?;
        }
        let zone = Zone::named(&common.zone).with_context(|| format!("'{}' is not a time zone", common.zone))?;
        let kind = Style::named(&style).with_context(|| format!("'{style}' is not a style"))?;
        let mut options = FeedSim::builder()
            .listen(&common.listen)
            .tls(common.tls)
            .style(kind)
            .bookings(bookings)
            .seed(common.seed)
            .frozen(common.frozen)
            .zone(zone)
            .switches(switches);
        if let Some(now) = common.now {
            options = options.start_at(now);
        }
        let sim = options.start_blocking()?;
        let names: Vec<String> = sim.world(|world| world.rooms.values().map(|room| room.name.clone()).collect());
        let rooms: serde_json::Map<_, _> =
            names.into_iter().map(|name| (name.clone(), sim.room_url(&name).into())).collect();
        common.until_stopped(&serde_json::json!({
            "vendor": "feed",
            "style": style,
            "url": sim.url(),
            "feed": sim.feed_url(),
            "rooms": rooms,
            "fingerprint": sim.fingerprint(),
            "control": sim.control_url(),
        }))?;
        sim.stop();
        Ok(())
    }
}
