//! The shell: serves a [`Service`] on a loopback port.

mod authority;
mod builder;
mod clock;
mod connection;
mod handshake;
mod patient;
mod request_body;
mod shared;
mod tasks;
mod warnings;
mod websocket;

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Mutex, Semaphore};
use tokio_rustls::TlsAcceptor;

use self::patient::Patient;
use self::shared::Shared;
use self::tasks::Tasks;
use crate::service::Service;

pub use self::builder::{SimulatorBuilder, StartError};

/// How long a client may take for a TLS handshake.
const TLS_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a shutdown waits for clients to answer the close frames.
const FAREWELL: Duration = Duration::from_secs(1);

/// A running simulator. It listens on 127.0.0.1 only and ends when it is dropped.
///
/// It needs a tokio runtime with time and IO enabled, and lives on the one on which it was started.
pub struct Simulator {
    shared: Arc<Shared>,
    address: SocketAddr,
    reached_at: String,
    tls: Option<TlsAcceptor>,
    ca: Option<String>,
    connection_limit: Arc<Semaphore>,
    /// The task that keeps the core's time.
    clockwork: Tasks,
    /// The task that accepts connections; none while the simulator is away.
    listening: Mutex<Tasks>,
    seed: u64,
}

/// A condition that did not come true in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the condition was not met within {0:?}; look at Simulator::with for what the service holds"
)]
pub struct NotMet(pub Duration);

impl Simulator {
    /// Starts a simulator with the default settings on a free port.
    ///
    /// # Errors
    ///
    /// When no port can be had.
    pub async fn start() -> Result<Self, StartError> {
        Self::builder().start().await
    }

    /// A simulator with other settings.
    pub fn builder() -> SimulatorBuilder {
        SimulatorBuilder::new()
    }

    /// What clients take for the endpoint of both services: `http://127.0.0.1:PORT`, or `https`.
    pub fn endpoint(&self) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.reached_at)
    }

    /// Where the control API is: `http://127.0.0.1:PORT/_sim`. With a slash at the end it is the
    /// console in the browser.
    pub fn control(&self) -> String {
        format!("{}/_sim", self.endpoint())
    }

    /// The certificate of the authority that clients have to trust, as PEM; only with
    /// [`tls_self_signed`](SimulatorBuilder::tls_self_signed).
    pub fn ca(&self) -> Option<&str> {
        self.ca.as_deref()
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// The seed of every identifier and chance.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Does something with the service: the agent's side, faults, the truth. What comes of it goes
    /// out to the clients. The second argument is the `now` that the methods of [`Service`] take.
    ///
    /// The service stands still meanwhile: the closure must be short, and must not call the
    /// simulator itself.
    pub fn with<T>(&self, act: impl FnOnce(&mut Service, Duration) -> T) -> T {
        self.shared.step(act)
    }

    /// Lets the service's time jump: see [`Service::advance_clock`]. The real clock, and the
    /// timers of clients, know nothing of it. When much is due on the way, clients are given the
    /// time to read it.
    pub async fn advance(&self, by: Duration) {
        let mut changes = self.shared.changes();
        self.with(|service, now| service.advance_clock(now, by));
        while self.shared.look(Service::is_jumping) && changes.changed().await.is_ok() {}
    }

    /// Waits until the service has come to a state. The condition is looked at after every change.
    ///
    /// # Errors
    ///
    /// When the state has not come within the limit.
    pub async fn wait_until(
        &self,
        mut condition: impl FnMut(&Service) -> bool,
        limit: Duration,
    ) -> Result<(), NotMet> {
        let mut changes = self.shared.changes();
        let met = async {
            loop {
                changes.mark_unchanged();
                if self.shared.look(&mut condition) || changes.changed().await.is_err() {
                    return;
                }
            }
        };
        clock::within(limit, met).await.ok_or(NotMet(limit))
    }

    /// Ends the TCP connections of all sockets of a contact at once, without a close frame.
    /// Answers how many there were.
    pub fn cut_sockets(&self, contact: &str) -> usize {
        self.with(|service, now| service.cut_sockets(now, contact))
    }

    /// Goes away: nothing listens on the port any more, and every connection ends without a word.
    /// The service keeps what it knows.
    pub async fn stop_listening(&self) {
        self.listening.lock().await.stop().await;
        self.shared.connections.stop().await;
    }

    /// Comes back on the same port after [`stop_listening`](Self::stop_listening).
    ///
    /// # Errors
    ///
    /// When the port has been taken meanwhile.
    pub async fn resume_listening(&self) -> Result<(), StartError> {
        let listening = self.listening.lock().await;
        if !listening.is_empty() {
            return Ok(());
        }
        let listener = builder::bind(self.address.port()).await?;
        self.listen(&listening, listener);
        Ok(())
    }

    /// Ends in good order: closes every socket with code 1001 and lets requests finish, for up to
    /// a second.
    pub async fn shutdown(self) {
        self.listening.lock().await.stop().await;
        self.shared.closing.send_replace(true);
        self.shared.close_all_sockets();
        clock::within(FAREWELL, self.shared.connections.ended()).await;
        self.shared.connections.stop().await;
        self.clockwork.stop().await;
    }

    fn listen(&self, tasks: &Tasks, listener: TcpListener) {
        let shared = Arc::clone(&self.shared);
        let tls = self.tls.clone();
        let limit = Arc::clone(&self.connection_limit);
        tasks.spawn(async move {
            loop {
                if limit.available_permits() == 0 {
                    shared.warn("as many connections are open as may be; the next one waits");
                }
                let Ok(permit) = Arc::clone(&limit).acquire_owned().await else {
                    return;
                };
                let (stream, _) = match listener.accept().await {
                    Ok(accepted) => accepted,
                    Err(error) => {
                        // Most often the process has no file handle left: the next one that is
                        // closed makes room.
                        shared.warn(&format!("could not accept a connection: {error}"));
                        clock::pause().await;
                        continue;
                    }
                };
                let task = serve(Arc::clone(&shared), stream, tls.clone(), permit);
                shared.connections.spawn(task);
            }
        });
    }
}

// Written by hand: the TLS acceptor has no Debug of its own.
impl fmt::Debug for Simulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Simulator")
            .field("address", &self.address)
            .field("tls", &self.tls.is_some())
            .field("seed", &self.seed)
            .finish_non_exhaustive()
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.clockwork.abort();
        self.listening.get_mut().abort();
        self.shared.connections.abort();
    }
}

async fn serve(
    shared: Arc<Shared>,
    stream: TcpStream,
    tls: Option<TlsAcceptor>,
    permit: tokio::sync::OwnedSemaphorePermit,
) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "could not turn off the delay of small packets");
    }
    let stream = Patient::new(stream, shared.limits.read_timeout);
    let Some(tls) = tls else {
        connection::serve(shared, stream, permit).await;
        return;
    };
    match clock::within(TLS_TIMEOUT, tls.accept(stream)).await {
        Some(Ok(stream)) => connection::serve(shared, stream, permit).await,
        Some(Err(error)) => tracing::debug!(%error, "a TLS handshake failed"),
        None => tracing::debug!("a TLS handshake took too long"),
    }
}

/// The address for a port.
fn loopback(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}
