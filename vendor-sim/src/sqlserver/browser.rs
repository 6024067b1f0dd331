//! The browser: tells a client at which port an instance listens.

use std::net::UdpSocket;

use anyhow::Context;
use tracing::debug;

use crate::listen::loopback;

/// A browser that is not yet serving.
#[derive(Debug)]
pub(crate) struct Browser {
    socket: UdpSocket,
    instance: String,
    answer: Vec<u8>,
    pub(crate) port: u16,
}

/// A client asks for one instance.
const ONE_INSTANCE: u8 = 4;
const ANSWER: u8 = 5;

impl Browser {
    /// For an instance of a server that listens at a port; itself on a free port of loopback.
    pub(crate) fn open(server: &str, instance: &str, port: u16) -> anyhow::Result<Self> {
        let socket = UdpSocket::bind(loopback("127.0.0.1:0")?).context("no port for the browser")?;
        socket.set_nonblocking(true)?;
        let text =
            format!("ServerName;{server};InstanceName;{instance};IsClustered;No;Version;15.0.4096.0;tcp;{port};;");
        let length = u16::try_from(text.len()).context("the instance's name is too long")?;
        let answer = std::iter::once(ANSWER).chain(length.to_le_bytes()).chain(text.into_bytes()).collect();
        let own = socket.local_addr()?.port();
        Ok(Self { socket, instance: instance.to_owned(), answer, port: own })
    }

    /// Answers until it is dropped; another instance gets no answer, as from the real one.
    pub(crate) async fn serve(self) {
        let socket = match tokio::net::UdpSocket::from_std(self.socket) {
            Ok(socket) => socket,
            Err(error) => {
                debug!(%error, "the browser's socket cannot be used");
                return;
            }
        };
        let mut question = [0; 256];
        while let Ok((length, from)) = socket.recv_from(&mut question).await {
            let Some((ONE_INSTANCE, name)) =
                question.get(..length).and_then(<[u8]>::split_first).map(|(kind, name)| (*kind, name))
            else {
                continue;
            };
            let name = String::from_utf8_lossy(name);
            if name.trim_end_matches('\0').eq_ignore_ascii_case(&self.instance)
                && let Err(error) = socket.send_to(&self.answer, from).await
            {
                debug!(%error, "the browser's answer was not sent");
            }
        }
    }
}
