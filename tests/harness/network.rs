//! The network between client and service: seeded delays, order kept on each socket as TCP keeps
//! it, and cuts.

use std::collections::BTreeMap;
use std::time::Duration;

use chat_proto::{RequestId, SocketId, SocketInput, TransportError, TransportErrorKind};
use rand_core::{Rng, SeedableRng};
use rand_xoshiro::SplitMix64;

/// Something under way.
#[derive(Debug)]
pub(crate) enum Delivery {
    /// An HTTP request, to the service.
    Request(RequestId, http::Request<Vec<u8>>),
    /// An HTTP response or its failure, to the client.
    Response(RequestId, Result<http::Response<Vec<u8>>, TransportError>),
    /// A WebSocket handshake, to the service.
    Upgrade(SocketId, String),
    /// A frame, to the service.
    Frame(SocketId, String),
    /// The client has closed a socket.
    Closed(SocketId),
    /// Something of a socket, to the client.
    Socket(SocketId, SocketInput),
}

impl Delivery {
    const fn socket(&self) -> Option<SocketId> {
        match self {
            Self::Request(..) | Self::Response(..) => None,
            Self::Upgrade(socket, _)
            | Self::Frame(socket, _)
            | Self::Closed(socket)
            | Self::Socket(socket, _) => Some(*socket),
        }
    }

    const fn is_to_client(&self) -> bool {
        matches!(self, Self::Response(..) | Self::Socket(..))
    }
}

/// A network with delays of its own, in both directions.
#[derive(Debug)]
pub struct Network {
    under_way: BTreeMap<(Duration, u64), Delivery>,
    count: u64,
    random: SplitMix64,
    /// The latest arrival on each socket and direction: later ones come no earlier.
    last: BTreeMap<(SocketId, bool), Duration>,
    /// Nothing gets through before this time: requests and handshakes fail.
    down_until: Duration,
    slowest: Duration,
}

impl Network {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            under_way: BTreeMap::new(),
            count: 0,
            random: SplitMix64::seed_from_u64(seed),
            last: BTreeMap::new(),
            down_until: Duration::ZERO,
            slowest: Duration::from_millis(40),
        }
    }

    /// Every way takes up to this long from now on.
    pub fn set_slowest(&mut self, slowest: Duration) {
        self.slowest = slowest;
    }

    /// Takes the network away until this time.
    pub(crate) fn down_until(&mut self, until: Duration) {
        self.down_until = self.down_until.max(until);
    }

    pub(crate) fn is_down(&self, now: Duration) -> bool {
        now < self.down_until
    }

    /// Sends something on its way. While the network is down, requests and handshakes fail, and
    /// everything else is lost.
    pub(crate) fn send(&mut self, now: Duration, delivery: Delivery) {
        let delivery = if self.is_down(now) {
            let detail = "the simulated network is down";
            let error = TransportError::new(TransportErrorKind::Connect, detail);
            match delivery {
                Delivery::Request(id, _) => Delivery::Response(id, Err(error)),
                Delivery::Upgrade(socket, _) => {
                    Delivery::Socket(socket, SocketInput::Failed(error))
                }
                Delivery::Response(id, _) => {
                    let detail = "the simulated network went down";
                    let broken = TransportError::new(TransportErrorKind::Broken, detail);
                    Delivery::Response(id, Err(broken))
                }
                Delivery::Closed(_) => delivery,
                Delivery::Frame(..) | Delivery::Socket(..) => return,
            }
        } else {
            delivery
        };
        let mut at = now + self.delay();
        if let Some(socket) = delivery.socket() {
            let last = self
                .last
                .entry((socket, delivery.is_to_client()))
                .or_default();
            at = at.max(*last);
            *last = at;
        }
        self.count += 1;
        self.under_way.insert((at, self.count), delivery);
    }

    /// Drops what is under way on a socket, in both directions.
    pub(crate) fn forget_socket(&mut self, socket: SocketId) {
        self.under_way
            .retain(|_, delivery| delivery.socket() != Some(socket));
    }

    /// The client is gone: nothing comes to it any more. Answers the requests that get through to
    /// the service all the same, about half of those under way.
    pub(crate) fn client_dies(&mut self) -> Vec<(RequestId, http::Request<Vec<u8>>)> {
        self.last.clear();
        let mut requests = Vec::new();
        for delivery in std::mem::take(&mut self.under_way).into_values() {
            if let Delivery::Request(id, http) = delivery {
                if self.random.next_u64() % 2 == 0 {
                    requests.push((id, http));
                }
            }
        }
        requests
    }

    pub(crate) fn next(&self) -> Option<Duration> {
        self.under_way.keys().next().map(|(at, _)| *at)
    }

    pub(crate) fn arrive(&mut self, now: Duration) -> Option<Delivery> {
        let first = self.under_way.first_entry()?;
        (first.key().0 <= now).then(|| first.remove())
    }

    fn delay(&mut self) -> Duration {
        let drawn = self.random.next_u64();
        let slowest = u64::try_from(self.slowest.as_micros()).unwrap_or(u64::MAX);
        Duration::from_micros(1 + drawn % slowest.max(1))
    }
}
