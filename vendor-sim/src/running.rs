//! How every simulator runs: a port of loopback, and a thread that serves it until the simulator is dropped.

use std::net::{SocketAddr, TcpListener};
use std::thread::JoinHandle;

use anyhow::Context;
use tokio::sync::oneshot;
use tracing::warn;

use crate::listen::loopback;

/// A port that is taken and not yet served.
#[derive(Debug)]
pub(crate) struct Port {
    pub(crate) listener: TcpListener,
    pub(crate) address: SocketAddr,
}

impl Port {
    /// Takes a port; nothing but loopback will do, port 0 takes a free one.
    pub(crate) fn take(listen: &str) -> anyhow::Result<Self> {
        let address = loopback(listen)?;
        let listener = TcpListener::bind(address).with_context(|| format!("{address} cannot be used"))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }
}

/// The thread of a simulator; dropping it stops it and waits until it has ended.
#[derive(Debug)]
pub(crate) struct Running {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Running {
    /// Runs what serves; it is to end when it hears that the simulator is no longer wanted.
    pub(crate) fn start<F: Future<Output = ()>>(
        name: &str,
        serve: impl FnOnce(oneshot::Receiver<()>) -> F + Send + 'static,
    ) -> anyhow::Result<Self> {
        let (stop, stopped) = oneshot::channel();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let thread = std::thread::Builder::new()
            .name(format!("{name}-sim"))
            .spawn(move || runtime.block_on(serve(stopped)))
            .context("the simulator gets no thread")?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // The thread may have ended already.
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            warn!("the simulator's thread ended badly");
        }
    }
}
