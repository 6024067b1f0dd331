//! Waiting for events.

use std::time::{Duration, Instant};

use connector_http::{Error, ErrorKind};
use futures::stream::{self, BoxStream, StreamExt as _};

use super::query::{EventPage, EventQuery};
use crate::info::Capability;

/// How long the server may hold a call back, in seconds.
const WAIT: u64 = 25;
/// Empty answers that may come at once before the client slows down.
const FREE: u64 = 3;
/// How long a call may take beyond that.
const MARGIN: Duration = Duration::from_secs(20);

impl EventQuery {
    /// Reads on and waits for what comes: pages with something in them, without end. The first error ends the stream; read
    /// on from the last page then.
    ///
    /// The server holds each call back until there is something, or for 25 seconds. Whether it can is in
    /// [`Info::offers`](crate::Info::offers).
    pub fn follow(self) -> BoxStream<'static, Result<EventPage, Error>> {
        if !self.client.knows(Capability::EventsFollow) {
            let text = "the profile has no parameter for waiting: [query] wait is empty";
            return stream::iter([Err(Error::new(ErrorKind::Config, text))]).boxed();
        }
        let mut query = self;
        query.client = query.client.with_deadline(Duration::from_secs(WAIT) + MARGIN);
        stream::unfold(Some(query), |query| async move {
            let mut query = query?;
            match query.next_page().await {
                Ok(page) => Some((Ok(page), Some(query))),
                Err(error) => Some((Err(error), None)),
            }
        })
        .boxed()
    }

    async fn next_page(&mut self) -> Result<EventPage, Error> {
        let mut quick = 0;
        loop {
            let asked = Instant::now();
            let page = self.page_waiting(Some(WAIT)).await?;
            if page.position.is_some() {
                self.advance(&page)?;
                return Ok(page);
            }
            // A server that does not hold calls back is not asked without end.
            quick = if asked.elapsed() < Duration::from_secs(1) { quick + 1 } else { 0 };
            if quick > FREE {
                tokio::time::sleep(Duration::from_secs(quick.min(WAIT))).await;
            }
        }
    }
}
