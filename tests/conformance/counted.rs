//! A runtime that counts the tasks which are begun on it, and is otherwise the one of the adapter.

use std::io;
use std::marker::PhantomData;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use chat_driver::NoRuntime;
use chat_driver::connector::Connector;
use chat_driver::runtime::{OpenError, ReadFrom, Reader, Runtime, WriteTo, Writer};
use http::Request;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tungstenite::protocol::WebSocketConfig;

/// One process has one adapter, so this is what there is of it.
static ALIVE: AtomicUsize = AtomicUsize::new(0);

/// How many tasks are there now: those of sessions and hubs, and those of the script. What an
/// adapter's HTTP begins by itself is not among them; its connections are file descriptors.
pub(crate) fn tasks() -> usize {
    ALIVE.load(Ordering::SeqCst)
}

/// A task that is there, until this is dropped.
struct Alive;

impl Alive {
    fn new() -> Self {
        ALIVE.fetch_add(1, Ordering::SeqCst);
        Self
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        ALIVE.fetch_sub(1, Ordering::SeqCst);
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Counted<R>(PhantomData<R>);

impl<R: Runtime> Runtime for Counted<R> {
    const USER_AGENT: &'static str = R::USER_AGENT;
    type TcpStream = R::TcpStream;
    type WebSocket = R::WebSocket;
    type Http = R::Http;

    fn check() -> Result<(), NoRuntime> {
        R::check()
    }

    fn spawn(task: impl Future<Output = ()> + Send + 'static) {
        let alive = Alive::new();
        R::spawn(async move {
            let _alive = alive;
            task.await;
        });
    }

    fn now() -> Instant {
        R::now()
    }

    fn sleep(duration: Duration) -> impl Future<Output = ()> + Send + 'static {
        R::sleep(duration)
    }

    fn yield_now() -> impl Future<Output = ()> + Send {
        R::yield_now()
    }

    fn unblock<T: Send + 'static>(
        work: impl FnOnce() -> io::Result<T> + Send + 'static,
    ) -> impl Future<Output = io::Result<T>> + Send {
        R::unblock(work)
    }

    fn file_reader(file: std::fs::File) -> Reader {
        R::file_reader(file)
    }

    fn file_writer(file: std::fs::File) -> Writer {
        R::file_writer(file)
    }

    fn resolve(host: String) -> impl Future<Output = io::Result<Vec<IpAddr>>> + Send {
        R::resolve(host)
    }

    fn connect(address: SocketAddr) -> impl Future<Output = io::Result<R::TcpStream>> + Send {
        R::connect(address)
    }

    fn web_socket(
        tcp: R::TcpStream,
        tls: Option<(ServerName<'static>, Arc<ClientConfig>)>,
        request: Request<()>,
        config: WebSocketConfig,
    ) -> impl Future<Output = Result<R::WebSocket, OpenError>> + Send {
        R::web_socket(tcp, tls, request, config)
    }

    fn http(connector: Connector<Self>, tls: ClientConfig) -> R::Http {
        R::http(connector.on(), tls)
    }
}

impl<T, R: ReadFrom<T>> ReadFrom<T> for Counted<R> {
    fn reader(reader: T) -> Reader {
        R::reader(reader)
    }
}

impl<T, R: WriteTo<T>> WriteTo<T> for Counted<R> {
    fn writer(writer: T) -> Writer {
        R::writer(writer)
    }
}
