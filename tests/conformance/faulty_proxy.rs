//! A small TCP proxy that goes wrong below what it carries: it cuts, resets, swallows and drips.

use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};

use crate::service::{on_network, spawn_on_network};
use crate::units::{Follower, Unit};

/// What becomes of the connections there are. Those that come later are sound.
#[derive(Clone, Copy)]
enum Order {
    Forward,
    /// They are reset, towards both sides.
    Reset,
    /// Nothing gets through any more, and neither side is told.
    Swallow,
}

/// How slowly bytes go through: pieces of so many, and a pause after each.
#[derive(Clone, Copy)]
pub(crate) struct Drip {
    pub(crate) bytes: usize,
    pub(crate) pause: Duration,
}

/// The proxy. It is gone, and all its connections with it, when it is dropped.
pub(crate) struct FaultyProxy {
    pub(crate) address: SocketAddr,
    shared: Arc<Shared>,
    listening: AbortHandle,
}

/// What is cut in its middle.
struct Cut {
    unit: Unit,
    /// How long it is at least, in bytes.
    at_least: usize,
}

struct Shared {
    /// Where the connections go.
    target: OnceLock<SocketAddr>,
    order: watch::Sender<Order>,
    drip: Mutex<Option<Drip>>,
    /// The next of these is cut in its middle.
    cut: Mutex<Option<Cut>>,
    cuts: AtomicUsize,
    connections: AtomicUsize,
}

impl FaultyProxy {
    /// A proxy that does not know yet where to.
    pub(crate) async fn start() -> Self {
        let listener = on_network(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))).await;
        let listener = listener.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            target: OnceLock::new(),
            order: watch::Sender::new(Order::Forward),
            drip: Mutex::new(None),
            cut: Mutex::new(None),
            cuts: AtomicUsize::new(0),
            connections: AtomicUsize::new(0),
        });
        let listening = spawn_on_network(listen(listener, Arc::clone(&shared)));
        Self {
            address,
            shared,
            listening,
        }
    }

    /// From now on the connections go to this port.
    pub(crate) fn lead_to(&self, port: u16) {
        let target = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        self.shared.target.set(target).unwrap();
    }

    /// Resets the connections there are.
    pub(crate) fn reset(&self) {
        self.shared.order.send_replace(Order::Reset);
    }

    /// The same, from anywhere.
    pub(crate) fn resetting(&self) -> impl Fn() + Send + use<> {
        let shared = Arc::clone(&self.shared);
        move || {
            shared.order.send_replace(Order::Reset);
        }
    }

    /// Loses all that is sent on the connections there are, and tells nobody.
    pub(crate) fn swallow(&self) {
        self.shared.order.send_replace(Order::Swallow);
    }

    /// Bytes go through slowly, or no longer so.
    pub(crate) fn drip(&self, drip: Option<Drip>) {
        *lock(&self.shared.drip) = drip;
    }

    /// Ends a connection in the middle of the next such unit of a server.
    pub(crate) fn cut_inside(&self, unit: Unit) {
        *lock(&self.shared.cut) = Some(Cut { unit, at_least: 2 });
    }

    /// The same, of a unit that carries much.
    pub(crate) fn cut_inside_large(&self, unit: Unit) {
        const LARGE: usize = 4 * 1024;
        *lock(&self.shared.cut) = Some(Cut {
            unit,
            at_least: LARGE,
        });
    }

    /// How many units were cut.
    pub(crate) fn cuts(&self) -> usize {
        self.shared.cuts.load(Ordering::SeqCst)
    }

    /// How many connections there have been.
    pub(crate) fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }
}

impl Drop for FaultyProxy {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn listen(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        shared.connections.fetch_add(1, Ordering::SeqCst);
        connections.spawn(carry(client, Arc::clone(&shared)));
        while connections.try_join_next().is_some() {}
    }
}

/// Carries a connection until both sides have ended it, or an order does.
async fn carry(mut client: TcpStream, shared: Arc<Shared>) {
    let mut order = shared.order.subscribe();
    let target = *shared.target.get().unwrap();
    let Ok(mut server) = TcpStream::connect(target).await else {
        return;
    };
    for stream in [&client, &server] {
        stream.set_nodelay(true).unwrap();
    }
    let order = {
        let (from_client, to_client) = client.split();
        let (from_server, to_server) = server.split();
        let requests = requests(from_client, to_server, &shared);
        let answers = answers(from_server, to_client, &shared);
        tokio::select! {
            biased; // nothing that is sent after an order gets through
            changed = order.changed() => match changed {
                Ok(()) => *order.borrow(),
                Err(_) => return,
            },
            _ = async { tokio::try_join!(requests, answers) } => return,
        }
    };
    match order {
        Order::Forward => {}
        Order::Reset => {
            for stream in [&client, &server] {
                stream.set_zero_linger().unwrap();
            }
        }
        Order::Swallow => std::future::pending().await,
    }
}

/// Carries what a client sends.
async fn requests(
    mut from: ReadHalf<'_>,
    mut to: WriteHalf<'_>,
    shared: &Shared,
) -> Result<(), ()> {
    let mut bytes = vec![0; 64 * 1024];
    loop {
        let read = from.read(&mut bytes).await.map_err(|_| ())?;
        if read == 0 {
            return to.shutdown().await.map_err(|_| ());
        }
        forward(&bytes[..read], &mut to, shared).await?;
    }
}

/// Carries what a server sends, unit by unit, so that each can be cut in its middle.
async fn answers(mut from: ReadHalf<'_>, mut to: WriteHalf<'_>, shared: &Shared) -> Result<(), ()> {
    let mut follower = Follower::new();
    let mut waiting = VecDeque::new();
    let mut next = None;
    let mut bytes = vec![0; 64 * 1024];
    loop {
        if next.is_none() {
            next = follower.next(waiting.make_contiguous());
        }
        if let Some(unit) = next.take_if(|unit| unit.length <= waiting.len()) {
            let whole: Vec<u8> = waiting.drain(..unit.length).collect();
            let cut = unit.middle.filter(|(kind, _)| {
                let mut cut = lock(&shared.cut);
                cut.take_if(|cut| cut.unit == *kind && cut.at_least <= whole.len())
                    .is_some()
            });
            if let Some((_, middle)) = cut {
                forward(&whole[..middle], &mut to, shared).await?;
                shared.cuts.fetch_add(1, Ordering::SeqCst);
                // What the client sends is still taken: a connection that is closed with bytes
                // unread would be reset, which can overtake what was forwarded.
                return to.shutdown().await.map_err(|_| ());
            }
            forward(&whole, &mut to, shared).await?;
            continue;
        }
        let read = from.read(&mut bytes).await.map_err(|_| ())?;
        if read == 0 {
            forward(waiting.make_contiguous(), &mut to, shared).await?;
            return to.shutdown().await.map_err(|_| ());
        }
        waiting.extend(&bytes[..read]);
    }
}

/// Passes bytes on, as slowly as they are to go.
async fn forward(bytes: &[u8], to: &mut WriteHalf<'_>, shared: &Shared) -> Result<(), ()> {
    let mut left = bytes;
    while !left.is_empty() {
        let drip = *lock(&shared.drip);
        let length = drip.map_or(left.len(), |drip| drip.bytes.min(left.len()));
        let (piece, rest) = left.split_at(length);
        to.write_all(piece).await.map_err(|_| ())?;
        left = rest;
        if let Some(drip) = drip {
            tokio::time::sleep(drip.pause).await;
        }
    }
    Ok(())
}
