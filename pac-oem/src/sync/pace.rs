//! No more writes in a second than the server takes: what is refused for that would stop a whole run.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// Turns at a steady pace; whoever has waited long gets a few at once.
#[derive(Debug)]
pub(super) struct Pace {
    gap: Duration,
    next: Mutex<Option<Instant>>,
}

impl Pace {
    pub(super) fn per_second(most: u16) -> Self {
        // A little slower, since the server's clock is not ours.
        Self { gap: Duration::from_millis(1050) / u32::from(most.max(1)), next: Mutex::default() }
    }

    /// Waits until it is the caller's turn.
    pub(super) async fn turn(&self) {
        let turn = {
            let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
            let now = Instant::now();
            let earliest = now.checked_sub(self.gap * AT_ONCE).unwrap_or(now);
            let turn = next.unwrap_or(earliest).max(earliest);
            *next = Some(turn + self.gap);
            turn
        };
        sleep_until(turn).await;
    }
}

/// Turns at once after a rest.
const AT_ONCE: u32 = 5;

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_server_that_takes_ten_in_a_second_is_never_asked_for_more() {
        let pace = Pace::per_second(10);
        tokio::time::advance(Duration::from_mins(1)).await;
        let begun = Instant::now();
        let mut turns = Vec::new();
        for _ in 0..50 {
            pace.turn().await;
            turns.push(begun.elapsed());
        }
        assert_eq!(turns[4], Duration::ZERO, "a few at once");
        // A bucket of ten that is filled by ten in a second never runs dry.
        for (made, at) in (1..).zip(&turns) {
            let filled = 10 + at.as_millis() / 100;
            assert!(filled >= made, "{made} at {at:?}");
        }
    }
}
