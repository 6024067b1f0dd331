//! The stream: connects, hears, connects again.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use connector_http::{Error, ErrorKind};
use futures::SinkExt as _;
use futures::stream::{self, BoxStream, Stream, StreamExt as _};
use serde_json::Value;
use tokio_tungstenite::tungstenite::Message;

use super::connect::{Connection, protocol, unavailable};
use super::frames::{Answer, Call, Frame, subscribe};
use super::{LiveHealth, LiveSignal, Subscription};
use crate::client::Net2Client;
use crate::json::FromJson;

/// What happens, as it happens. Dropping it ends the connection.
pub struct LiveStream {
    signals: BoxStream<'static, LiveSignal>,
    health: LiveHealth,
}

impl LiveStream {
    pub(super) fn new(client: Net2Client, subscriptions: Vec<Subscription>, pause: Duration) -> Self {
        let health = LiveHealth::default();
        let listener = Listener {
            client,
            subscriptions,
            pause,
            health: health.clone(),
            waiting: VecDeque::new(),
            state: State::Apart { wait: false },
        };
        let signals = stream::unfold(listener, |mut listener| async {
            let signal = listener.next().await?;
            Some((signal, listener))
        });
        Self { signals: signals.boxed(), health }
    }

    /// A view of the connection that stays valid beside the stream.
    pub fn health(&self) -> LiveHealth {
        self.health.clone()
    }
}

impl Stream for LiveStream {
    type Item = LiveSignal;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<LiveSignal>> {
        self.signals.poll_next_unpin(context)
    }
}

impl fmt::Debug for LiveStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LiveStream").field("health", &self.health.state()).finish_non_exhaustive()
    }
}

struct Listener {
    client: Net2Client,
    subscriptions: Vec<Subscription>,
    pause: Duration,
    health: LiveHealth,
    waiting: VecDeque<LiveSignal>,
    state: State,
}

enum State {
    /// Not connected; after a failure a pause comes first.
    Apart {
        wait: bool,
    },
    Connected(Box<Hearing>),
    Over,
}

/// An open connection with the calls that were made on it.
struct Hearing {
    connection: Connection,
    pending: HashMap<u64, (Subscription, bool)>,
    next_call: u64,
}

impl Listener {
    async fn next(&mut self) -> Option<LiveSignal> {
        loop {
            if let Some(signal) = self.waiting.pop_front() {
                return Some(signal);
            }
            match &mut self.state {
                State::Over => return None,
                State::Apart { wait } => {
                    if std::mem::take(wait) {
                        tokio::time::sleep(self.pause).await;
                    }
                    match Hearing::begin(&self.client, &self.subscriptions, &self.health).await {
                        Ok((hearing, signals)) => {
                            self.state = State::Connected(Box::new(hearing));
                            self.waiting.push_back(LiveSignal::Connected);
                            self.waiting.extend(signals);
                        }
                        Err(error) => self.part(error),
                    }
                }
                State::Connected(hearing) => match hearing.hear(&self.health).await {
                    Ok(signals) => self.waiting.extend(signals),
                    Err(error) => self.part(error),
                },
            }
        }
    }

    fn part(&mut self, error: Error) {
        self.health.change(|state| state.connected = false);
        self.state = if is_final(&error) { State::Over } else { State::Apart { wait: true } };
        self.waiting.push_back(LiveSignal::Disconnected(error));
    }
}

impl Hearing {
    async fn begin(
        client: &Net2Client,
        subscriptions: &[Subscription],
        health: &LiveHealth,
    ) -> Result<(Self, Vec<LiveSignal>), Error> {
        let connection = Connection::open(client).await?;
        let mut hearing = Self { connection, pending: HashMap::new(), next_call: 0 };
        let early = hearing.hear(health).await?;
        client.send(&hearing.connection.start()).await?;
        for subscription in subscriptions {
            hearing.subscribe(*subscription, false).await?;
        }
        health.change(|state| {
            state.connected = true;
            state.connections += 1;
        });
        Ok((hearing, early))
    }

    async fn subscribe(&mut self, subscription: Subscription, as_text: bool) -> Result<(), Error> {
        let number = self.next_call;
        self.next_call += 1;
        self.pending.insert(number, (subscription, as_text));
        let call = subscribe(subscription, as_text, number);
        self.connection.socket.send(Message::text(call)).await.map_err(|_| unavailable("the live connection broke"))
    }

    /// Waits for one frame and says what came with it.
    async fn hear(&mut self, health: &LiveHealth) -> Result<Vec<LiveSignal>, Error> {
        let next = tokio::time::timeout(self.connection.patience, self.connection.socket.next()).await;
        let message = match next {
            Err(_) => return Err(unavailable("the live connection fell silent")),
            Ok(None) => return Err(unavailable("the server closed the live connection")),
            Ok(Some(Err(_))) => return Err(unavailable("the live connection broke")),
            Ok(Some(Ok(message))) => message,
        };
        health.change(|state| state.last_heard = Some(Instant::now()));
        let text = match &message {
            Message::Text(text) => text.as_str(),
            Message::Close(_) => return Err(unavailable("the server closed the live connection")),
            // Pings are answered by the library.
            _ => return Ok(Vec::new()),
        };
        let frame = Frame::parse(text).map_err(|shape| protocol("a frame could not be read").with_source(shape))?;
        let mut signals = Vec::new();
        if let Some(Answer { number, is_refusal }) = frame.answer {
            signals.extend(self.answered(number, is_refusal).await?);
        }
        for call in frame.calls {
            read_call(call, health, &mut signals);
        }
        Ok(signals)
    }

    /// A refused number is tried again as text; a refused text is the end of it.
    async fn answered(&mut self, number: u64, is_refusal: bool) -> Result<Option<LiveSignal>, Error> {
        match self.pending.remove(&number) {
            Some((subscription, false)) if is_refusal && subscription.id().is_some() => {
                self.subscribe(subscription, true).await?;
                Ok(None)
            }
            Some((subscription, _)) if is_refusal => Ok(Some(LiveSignal::Refused(subscription))),
            _ => Ok(None),
        }
    }
}

/// What a person must mend, or what this server does not have, is not tried again.
fn is_final(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Auth | ErrorKind::MfaRequired | ErrorKind::Config | ErrorKind::Permission | ErrorKind::NotFound
    )
}

fn read_call(call: Call, health: &LiveHealth, signals: &mut Vec<LiveSignal>) {
    let Call { method, arguments } = call;
    for argument in arguments {
        let signal = match method.as_str() {
            "liveevents" => read(argument, LiveSignal::Event),
            "doorevents" => read(argument, LiveSignal::Door),
            "doorstatusevents" => read(argument, LiveSignal::DoorStatus),
            "rollcallevents" => read(argument, LiveSignal::RollCall),
            _ => continue,
        };
        match signal {
            Some(signal) => signals.push(signal),
            None => health.change(|state| state.unreadable += 1),
        }
    }
}

fn read<T: FromJson>(value: Value, signal: impl Fn(T) -> LiveSignal) -> Option<LiveSignal> {
    T::from_json(value).ok().map(signal)
}
