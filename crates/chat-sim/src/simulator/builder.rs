//! Starting a simulator.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{Mutex, Semaphore};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

use super::clock::Clock;
use super::shared::Shared;
use super::tasks::Tasks;
use super::{Simulator, authority, loopback};
use crate::script::Script;
use crate::service::Service;
use crate::settings::{Settings, Start};

/// How many connections may be open when nothing else is said.
const CONNECTIONS: usize = 4_096;

/// Why a simulator cannot listen.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The port cannot be had.
    #[error("cannot listen on 127.0.0.1:{port}: {source}; use another port, or 0 for a free one")]
    Port {
        /// The port that was asked for.
        port: u16,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// No certificate can be made.
    #[error("the certificate cannot be made: {0}")]
    Certificate(String),
}

/// Whose certificate is shown to clients.
#[derive(Debug)]
enum Tls {
    Off,
    SelfSigned,
    Given(Arc<ServerConfig>),
}

/// How a simulator starts.
#[derive(Debug)]
#[must_use = "nothing runs before start() is awaited"]
pub struct SimulatorBuilder {
    port: u16,
    reached_at: Option<String>,
    settings: Settings,
    seed: Option<u64>,
    tls: Tls,
    connections: usize,
    manual_clock: bool,
    unix: Option<Duration>,
}

impl SimulatorBuilder {
    pub(super) fn new() -> Self {
        Self {
            port: 0,
            reached_at: None,
            settings: Settings::default(),
            seed: None,
            tls: Tls::Off,
            connections: CONNECTIONS,
            manual_clock: false,
            unix: None,
        }
    }

    /// The port to listen on. Default 0: a free one.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Where clients reach the simulator when something stands before it, such as a proxy that
    /// loses packets: the endpoint and every URL name this host and port, `host:port`. Default:
    /// the address it listens on.
    pub fn reached_at(mut self, host_and_port: impl Into<String>) -> Self {
        self.reached_at = Some(host_and_port.into());
        self
    }

    /// How the service behaves. The base of its WebSocket URLs is set by the simulator. Replaces
    /// the script too.
    pub fn settings(mut self, settings: Settings) -> Self {
        self.settings = settings;
        self
    }

    /// What the scripted agent does. Default: there is none.
    pub fn script(mut self, script: Script) -> Self {
        self.settings.script = script;
        self
    }

    /// The seed of every identifier and chance. Default: taken from the clock, so that two runs
    /// have different identifiers.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Serves HTTPS and secure WebSockets with this configuration, whose certificate must be good
    /// for the address 127.0.0.1. Default: plain HTTP.
    pub fn tls(mut self, config: Arc<ServerConfig>) -> Self {
        self.tls = Tls::Given(config);
        self
    }

    /// Serves HTTPS and secure WebSockets with a certificate for 127.0.0.1, ::1 and localhost, of
    /// an authority made for this simulator alone: [`Simulator::ca`] is what clients have to trust.
    pub fn tls_self_signed(mut self) -> Self {
        self.tls = Tls::SelfSigned;
        self
    }

    /// How many connections may be open; further ones wait to be accepted. Default 4096.
    pub fn connections(mut self, connections: usize) -> Self {
        self.connections = connections.clamp(1, Semaphore::MAX_PERMITS);
        self
    }

    /// The service's time stands still, and passes only by [`Simulator::advance`]. Default: it
    /// passes as it does everywhere.
    ///
    /// With [`seed`](Self::seed) and [`wall_clock`](Self::wall_clock), everything the service says
    /// is then the same in each run. Time limits on connections, such as for sending a request,
    /// are those of the real clock all the same.
    pub fn manual_clock(mut self) -> Self {
        self.manual_clock = true;
        self
    }

    /// The wall clock at the start, since 1970. Default: what it is.
    pub fn wall_clock(mut self, unix: Duration) -> Self {
        self.unix = Some(unix);
        self
    }

    /// Starts the simulator.
    ///
    /// # Errors
    ///
    /// When the port cannot be had, or no certificate can be made.
    pub async fn start(self) -> Result<Simulator, StartError> {
        let listener = bind(self.port).await?;
        let address = listener.local_addr().map_err(|source| StartError::Port {
            port: self.port,
            source,
        })?;
        let clock = Clock::start(self.manual_clock);
        let (tls, ca) = match self.tls {
            Tls::Off => (None, None),
            Tls::Given(config) => (Some(config), None),
            Tls::SelfSigned => {
                let (config, ca) = authority::self_signed(clock.unix())?;
                (Some(config), Some(ca))
            }
        };
        let seed = self.seed.unwrap_or_else(|| clock.seed());
        let mut settings = self.settings;
        let reached_at = self.reached_at.unwrap_or_else(|| address.to_string());
        let scheme = if tls.is_some() { "wss" } else { "ws" };
        settings.websocket_base = format!("{scheme}://{reached_at}");
        let scheme = if tls.is_some() { "https" } else { "http" };
        settings.http_base = format!("{scheme}://{reached_at}");
        let start = Start {
            now: clock.now(),
            unix: self.unix.unwrap_or_else(|| clock.unix()),
            seed,
        };
        let shared = Shared::new(clock, Service::new(start, settings));
        let clockwork = Tasks::default();
        let timekeeper = Arc::clone(&shared);
        clockwork.spawn(async move { timekeeper.keep_time().await });
        let simulator = Simulator {
            shared,
            address,
            reached_at,
            tls: tls.map(TlsAcceptor::from),
            ca,
            connection_limit: Arc::new(Semaphore::new(self.connections)),
            clockwork,
            listening: Mutex::new(Tasks::default()),
            seed,
        };
        simulator.listen(&*simulator.listening.lock().await, listener);
        Ok(simulator)
    }
}

/// Listens on a port of the loopback address.
pub(super) async fn bind(port: u16) -> Result<TcpListener, StartError> {
    TcpListener::bind(loopback(port))
        .await
        .map_err(|source| StartError::Port { port, source })
}
