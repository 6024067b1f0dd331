//! Hints that a source has new events, from its own word.

use std::time::Duration;

use futures::stream::{self, BoxStream, StreamExt as _};

/// How long a source that broke off is left alone.
const PAUSE: Duration = Duration::from_secs(30);

/// Follows a source; when it breaks off, begins again after a while.
pub(crate) fn again_and_again<F>(follow: F) -> BoxStream<'static, ()>
where
    F: Fn() -> BoxStream<'static, ()> + Send + 'static,
{
    stream::repeat_with(follow)
        .enumerate()
        .then(|(attempt, hints)| async move {
            if attempt > 0 {
                tokio::time::sleep(PAUSE).await;
            }
            hints
        })
        .flatten()
        .boxed()
}
