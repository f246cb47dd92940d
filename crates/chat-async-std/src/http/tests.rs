//! The pool against a server that counts its connections.

use std::convert::Infallible;
use std::future::poll_fn;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::thread;
use std::time::Instant;

use chat_driver::Proxy;
use chat_driver::runtime::Runtime;
use futures_util::future::{Either, join, join_all, select};
use http_body_util::{BodyExt, Empty, Full};
use rustls::RootCertStore;

use super::*;
use crate::runtime::block_on;

const DEADLINE: Duration = Duration::from_secs(10);

/// Answers requests as their paths say, one thread to a connection.
struct Server {
    port: u16,
    seen: Arc<Seen>,
}

#[derive(Default)]
struct Seen {
    connections: AtomicUsize,
    requests: AtomicUsize,
    /// Connections that the client has ended.
    ended: AtomicUsize,
}

impl Server {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Arc::new(Seen::default());
        let counts = Arc::clone(&seen);
        thread::spawn(move || {
            for stream in listener.incoming() {
                counts.connections.fetch_add(1, Ordering::SeqCst);
                let counts = Arc::clone(&counts);
                thread::spawn(move || serve(stream.unwrap(), &counts));
            }
        });
        Self { port, seen }
    }

    fn request(&self, path: &str, body: impl Into<Vec<u8>>) -> Request<RequestBody> {
        let body = Full::new(bytes::Bytes::from(body.into()));
        Request::post(format!("http://127.0.0.1:{}{path}", self.port))
            .body(body.map_err(never).boxed_unsync())
            .unwrap()
    }

    fn connections(&self) -> usize {
        self.seen.connections.load(Ordering::SeqCst)
    }
}

fn never<E>(never: Infallible) -> E {
    match never {}
}

/// Reads a request: its path and its body. Nothing when the client has ended the connection.
fn hear(stream: &mut BufReader<TcpStream>) -> Option<(String, Vec<u8>)> {
    let mut first = String::new();
    if stream.read_line(&mut first).unwrap_or(0) == 0 {
        return None;
    }
    let mut length = 0;
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).unwrap();
        let line = line.trim().to_lowercase();
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line.is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).unwrap();
    Some((first.split(' ').nth(1).unwrap().to_owned(), body))
}

fn serve(stream: TcpStream, seen: &Seen) {
    stream.set_nodelay(true).unwrap();
    let mut out = stream.try_clone().unwrap();
    let mut stream = BufReader::new(stream);
    while let Some((path, body)) = hear(&mut stream) {
        seen.requests.fetch_add(1, Ordering::SeqCst);
        let length = body.len();
        let answer = match path.as_str() {
            "/chunked" => {
                out.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
                    .unwrap();
                out.write_all(format!("{length:x}\r\n").as_bytes()).unwrap();
                out.write_all(&body).unwrap();
                out.write_all(b"\r\n0\r\n\r\n").unwrap();
                continue;
            }
            "/long" => {
                let all = vec![7; length * 64];
                let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", all.len());
                out.write_all(head.as_bytes()).unwrap();
                out.write_all(&all).unwrap();
                continue;
            }
            "/last" => "HTTP/1.1 200 OK\r\nconnection: close\r\n",
            "/hang" => continue,
            _ => "HTTP/1.1 200 OK\r\n",
        };
        let head = format!("{answer}content-length: {length}\r\n\r\n");
        out.write_all(head.as_bytes()).unwrap();
        out.write_all(&body).unwrap();
        match path.as_str() {
            "/last" => break,
            "/then-closed" => return,
            _ => {}
        }
    }
    seen.ended.fetch_add(1, Ordering::SeqCst);
}

fn http() -> PooledHttp {
    keeping(IDLE_TIMEOUT)
}

fn keeping(idle_timeout: Duration) -> PooledHttp {
    let connector = Connector::new(DEADLINE, false, Proxy::none());
    PooledHttp::keeping(connector, trusting(RootCertStore::empty()), idle_timeout)
}

fn trusting(roots: RootCertStore) -> ClientConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth()
}

fn test(steps: impl Future<Output = ()>) {
    block_on(async {
        let (steps, limit) = (pin!(steps), pin!(AsyncStd::sleep(DEADLINE)));
        let ended = select(steps, limit).await;
        assert!(matches!(ended, Either::Left(_)), "not within {DEADLINE:?}");
    });
}

async fn until(mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < DEADLINE, "not within {DEADLINE:?}");
        AsyncStd::sleep(Duration::from_millis(1)).await;
    }
}

/// Performs a request whose answer is its body.
async fn echo(http: &PooledHttp, server: &Server, path: &str) {
    let response = http.exchange(server.request(path, "boat")).await.unwrap();
    let body = response.into_body().collect().await.unwrap();
    assert_eq!(body.to_bytes().as_ref(), b"boat", "{path}");
}

#[test]
fn requests_one_after_another_share_a_connection() {
    test(async {
        let (http, server) = (http(), Server::start());
        for _ in 0..100 {
            echo(&http, &server, "/").await;
            echo(&http.clone(), &server, "/chunked").await;
        }
        assert_eq!(server.connections(), 1);
    });
}

#[test]
fn a_connection_is_free_again_only_when_its_answer_has_been_read() {
    test(async {
        let (http, server) = (http(), Server::start());
        let first = http.exchange(server.request("/long", vec![7; 100_000]));
        let first = first.await.unwrap();
        echo(&http, &server, "/").await;
        assert_eq!(server.connections(), 2, "the first answer is under way");
        let body = first.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(body.len(), 6_400_000);
        for _ in 0..10 {
            join(echo(&http, &server, "/"), echo(&http, &server, "/")).await;
        }
        assert_eq!(server.connections(), 2, "both are used again");
    });
}

#[test]
fn a_connection_that_the_server_has_closed_is_not_used() {
    test(async {
        let (http, server) = (http(), Server::start());
        for count in 1..5 {
            echo(&http, &server, "/then-closed").await;
            until(|| http.pool.open_connections() == 0).await;
            assert_eq!(server.connections(), count);
        }
        for count in 5..10 {
            echo(&http, &server, "/last").await;
            assert_eq!(
                server.connections(),
                count,
                "the server wants no more of it"
            );
        }
    });
}

#[test]
fn a_request_that_finds_its_connection_closed_is_sent_on_another() {
    test(async {
        let (http, server) = (http(), Server::start());
        // A connection whose task has not noticed yet that the server is gone.
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let stream = AsyncStd::connect(listener.local_addr().unwrap()).await;
        let stream = Either::Left(stream.unwrap().into_inner());
        let (link, task) = http.pool.link(stream).await.unwrap();
        let mut task = pin!(task);
        let ended = poll_fn(|cx| Poll::Ready(task.as_mut().poll(cx))).await;
        assert!(ended.is_pending());
        let request = server.request("/", "boat");
        let address = Address::of_http(request.uri()).unwrap();
        http.pool.put(address, link);
        drop(listener.accept().unwrap());
        let exchange = pin!(http.exchange(request));
        let Either::Right((_, exchange)) = select(exchange, task).await else {
            panic!("an answer of nobody")
        };
        let response = exchange.await.unwrap();
        let body = response.into_body().collect().await.unwrap();
        assert_eq!(body.to_bytes().as_ref(), b"boat");
        assert_eq!(server.connections(), 1);
    });
}

#[test]
fn a_request_that_may_have_been_taken_is_not_repeated() {
    test(async {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = thread::spawn(move || {
            let (stream, _) = listener.accept().unwrap();
            let mut out = stream.try_clone().unwrap();
            let mut stream = BufReader::new(stream);
            hear(&mut stream).unwrap();
            out.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
                .unwrap();
            hear(&mut stream).unwrap();
            drop((stream, out));
            listener.set_nonblocking(true).unwrap();
            listener.accept().map(drop).unwrap_err().kind()
        });
        let http = http();
        let request = || at(port).request("/", "boat");
        assert_eq!(http.exchange(request()).await.unwrap().status(), 200);
        let error = http.exchange(request()).await.unwrap_err();
        assert_eq!(error.kind, TransportErrorKind::Broken);
        assert_eq!(server.join().unwrap(), std::io::ErrorKind::WouldBlock);
    });
}

/// A server that runs by itself.
fn at(port: u16) -> Server {
    Server {
        port,
        seen: Arc::default(),
    }
}

#[test]
fn a_dropped_exchange_ends_its_connection() {
    test(async {
        let (http, server) = (http(), Server::start());
        echo(&http, &server, "/").await;
        let requests = || server.seen.requests.load(Ordering::SeqCst);
        {
            let exchange = pin!(http.exchange(server.request("/hang", "")));
            let arrived = pin!(until(|| requests() == 2));
            assert!(matches!(select(exchange, arrived).await, Either::Right(_)));
        }
        until(|| server.seen.ended.load(Ordering::SeqCst) == 1).await;
        echo(&http, &server, "/").await;
        assert_eq!(server.connections(), 2);
    });
}

#[test]
fn an_answer_that_is_not_read_to_its_end_does_not_reach_the_next() {
    test(async {
        let (http, server) = (http(), Server::start());
        let long = http.exchange(server.request("/long", vec![7; 100_000]));
        drop(long.await.unwrap());
        for _ in 0..3 {
            echo(&http, &server, "/").await;
        }
        assert_eq!(server.connections(), 2);
    });
}

#[test]
fn kept_connections_close_with_the_last_clone() {
    test(async {
        let (http, server) = (http(), Server::start());
        join(echo(&http, &server, "/"), echo(&http, &server, "/")).await;
        assert_eq!(server.connections(), 2);
        let clone = http.clone();
        drop(http);
        echo(&clone, &server, "/").await;
        assert_eq!(server.seen.ended.load(Ordering::SeqCst), 0);
        let pool = Arc::downgrade(&clone.pool);
        drop(clone);
        assert_eq!(pool.strong_count(), 0);
        until(|| server.seen.ended.load(Ordering::SeqCst) == 2).await;
        until(|| pool.weak_count() == 0).await; // the tasks of the connections had one each
    });
}

#[test]
fn an_answer_under_way_outlives_the_pool() {
    test(async {
        let (http, server) = (http(), Server::start());
        let long = http.exchange(server.request("/long", vec![7; 100_000]));
        let long = long.await.unwrap();
        drop(http);
        let body = long.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(body.len(), 6_400_000);
        until(|| server.seen.ended.load(Ordering::SeqCst) == 1).await;
    });
}

#[test]
fn a_connection_is_kept_no_longer_than_it_may_be() {
    test(async {
        let (http, server) = (keeping(Duration::from_millis(20)), Server::start());
        echo(&http, &server, "/").await;
        until(|| server.seen.ended.load(Ordering::SeqCst) == 1).await;
        assert_eq!(http.pool.open_connections(), 0);
        echo(&http, &server, "/").await;
        assert_eq!(server.connections(), 2);
    });
}

#[test]
fn of_many_connections_no_more_than_the_limit_are_kept() {
    test(async {
        let (http, server) = (http(), Server::start());
        let all = (0..70).map(|_| echo(&http, &server, "/"));
        join_all(all).await;
        assert_eq!(server.connections(), 70);
        until(|| server.seen.ended.load(Ordering::SeqCst) == 6).await;
        assert_eq!(http.pool.open_connections(), 64);
    });
}

#[test]
fn a_request_names_the_host_in_a_header_only() {
    for (url, path, host) in [
        ("http://127.0.0.1:80", "/", "127.0.0.1"),
        ("https://example.com:443/a?b=c", "/a?b=c", "example.com"),
        ("https://example.com:80/", "/", "example.com:80"),
        ("http://user@[::1]:8080?b", "/?b", "[::1]:8080"),
    ] {
        let body = Empty::new().map_err(never).boxed_unsync();
        let mut request = Request::get(url).body(body).unwrap();
        address_to_origin(&mut request).unwrap();
        assert_eq!(request.uri(), path, "{url}");
        assert_eq!(request.headers()[HOST], host, "{url}");
    }
}
