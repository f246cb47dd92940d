//! How many requests and frames a second a simulator sustains on one core: over real sockets, and
//! its core alone. Takes about twenty seconds.
//!
//! The simulator runs in a thread of its own, the clients in another. What a whole core would do is
//! told by how long the simulator's thread was on a processor meanwhile.

#![expect(clippy::print_stdout, reason = "the numbers are the result")]
#![expect(clippy::expect_used, reason = "a bench that goes wrong stops")]

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use chat_sim::{Operation, Output, RequestId, Service, Settings, Simulator, SocketId, Start};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::{Semaphore, oneshot};

/// How long each measurement takes, and how long it runs before that.
const TIME: Duration = Duration::from_secs(4);
const WARM_UP: Duration = Duration::from_millis(500);
/// A message of a hundred bytes.
const MESSAGE: &str = r#"{"ContentType":"text/plain","Content":"0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"}"#;
const CONNECT: &str = r#"{"Type":["WEBSOCKET","CONNECTION_CREDENTIALS"]}"#;
const SUBSCRIBE: &str = r#"{"topic":"aws/subscribe","content":{"topics":["aws/chat"]}}"#;
/// How many chats there are, and how many sockets each of them has where frames are counted.
const CHATS: usize = 10;
const SOCKETS: usize = 5;
/// How many frames may be under way: fewer than a socket's queue holds.
const UNDER_WAY: usize = 800;
/// How many requests a service gets before it makes way for a new one: its transcripts are bounded.
const ROUND: u64 = 50_000;

fn main() {
    println!("| what | a second | the core busy | with a whole core |");
    println!("|---|---|---|---|");
    for connections in [1, 32] {
        let what = format!("SendMessage, connections: {connections}");
        show(&what, &requests_over_sockets(connections));
    }
    let what = format!("frames out, sockets: {}", CHATS * SOCKETS);
    show(&what, &frames_over_sockets());
    show("SendMessage, the core alone", &core(0));
    show("frames out, the core alone", &core(SOCKETS));
}

/// What was done in what time.
struct Measured {
    count: u64,
    time: Duration,
    /// How long the simulator was on a processor; unknown where the system does not tell.
    busy: Option<Duration>,
}

fn show(what: &str, measured: &Measured) {
    let rate = measured.count as f64 / measured.time.as_secs_f64();
    let (share, whole) = match measured.busy {
        Some(busy) => {
            let share = busy.as_secs_f64() / measured.time.as_secs_f64();
            (
                format!("{:.0} %", share * 100.0),
                format!("{:.0}", rate / share),
            )
        }
        None => ("?".to_owned(), "?".to_owned()),
    };
    println!("| {what} | {rate:.0} | {share} | {whole} |");
}

/// How long the calling thread has been on a processor.
fn on_processor() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanoseconds = text.split(' ').next()?.parse().ok()?;
    Some(Duration::from_nanos(nanoseconds))
}

/// A simulator in a thread of its own.
struct Host {
    simulator: Arc<Simulator>,
    runtime: Handle,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Host {
    fn start() -> Self {
        let (ready, started) = mpsc::channel();
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            runtime().block_on(async {
                let mut settings = Settings::default();
                // One chat gets what a thousand would otherwise.
                settings.items_per_contact = usize::MAX;
                let simulator = Simulator::builder().settings(settings).start();
                let simulator = simulator.await.expect("a free port");
                let simulator = Arc::new(simulator);
                let runtime = Handle::current();
                ready.send((simulator, runtime)).expect("it is awaited");
                let _ = stopped.await;
            });
        });
        let (simulator, runtime) = started.recv().expect("it starts");
        Self {
            simulator,
            runtime,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    async fn on_processor(&self) -> Option<Duration> {
        let there = self.runtime.spawn(async { on_processor() });
        there.await.expect("it runs")
    }

    /// Counts for a while.
    async fn measure(&self, counter: &AtomicU64) -> Measured {
        tokio::time::sleep(WARM_UP).await;
        let busy = self.on_processor().await;
        let (count, begin) = (counter.load(Ordering::Relaxed), Instant::now());
        tokio::time::sleep(TIME).await;
        let (later, time) = (counter.load(Ordering::Relaxed), begin.elapsed());
        let later_busy = self.on_processor().await;
        Measured {
            count: later - count,
            time,
            busy: later_busy.zip(busy).map(|(later, earlier)| later - earlier),
        }
    }

    fn start_chat(&self) -> (String, String) {
        let chat = self
            .simulator
            .with(|service, now| service.start_chat(now, "Ana"))
            .expect("there is room");
        (chat.contact_id, chat.participant_token)
    }

    async fn dial(&self) -> TcpStream {
        let stream = TcpStream::connect(("127.0.0.1", self.simulator.port()))
            .await
            .expect("it listens");
        stream.set_nodelay(true).expect("it can be set");
        stream
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            thread.join().expect("it ends");
        }
    }
}

fn runtime() -> Runtime {
    Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
}

fn request(operation: Operation, bearer: &str, body: &str) -> String {
    format!(
        "{} {} HTTP/1.1\r\nhost: 127.0.0.1\r\nx-amz-bearer: {bearer}\r\ncontent-length: {}\r\n\r\n{body}",
        operation.method(),
        operation.path(),
        body.len()
    )
}

/// Sends a request and reads its answer: the body begins at the answer's number.
async fn exchange(stream: &mut TcpStream, request: &str, buffer: &mut Vec<u8>) -> usize {
    stream
        .write_all(request.as_bytes())
        .await
        .expect("it is sent");
    buffer.clear();
    loop {
        stream.read_buf(buffer).await.expect("it answers");
        let Some(end) = buffer.windows(4).position(|bytes| bytes == b"\r\n\r\n") else {
            continue;
        };
        assert!(buffer.starts_with(b"HTTP/1.1 200"));
        let head = std::str::from_utf8(&buffer[..end]).expect("text");
        let length: usize = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .and_then(|length| length.parse().ok())
            .expect("a length");
        if buffer.len() >= end + 4 + length {
            return end + 4;
        }
    }
}

/// What CreateParticipantConnection answers: the URL of a socket and a token.
async fn connect(stream: &mut TcpStream, participant_token: &str) -> (String, String) {
    let operation = Operation::CreateParticipantConnection;
    let mut buffer = Vec::new();
    let request = request(operation, participant_token, CONNECT);
    let body = exchange(stream, &request, &mut buffer).await;
    credentials(&buffer[body..])
}

fn credentials(body: &[u8]) -> (String, String) {
    let answer: Value = serde_json::from_slice(body).expect("JSON");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    (
        text(&answer["Websocket"]["Url"]),
        text(&answer["ConnectionCredentials"]["ConnectionToken"]),
    )
}

/// The path and query of a WebSocket URL.
fn target(url: &str) -> &str {
    let (_, rest) = url.split_once("://").expect("a URL");
    &rest[rest.find('/').expect("a path")..]
}

/// Clients that send one message after another.
fn requests_over_sockets(connections: usize) -> Measured {
    let host = Host::start();
    let counter = Arc::new(AtomicU64::new(0));
    runtime().block_on(async {
        for _ in 0..connections {
            let (_, participant_token) = host.start_chat();
            let mut stream = host.dial().await;
            let (_, token) = connect(&mut stream, &participant_token).await;
            let counter = Arc::clone(&counter);
            tokio::spawn(async move {
                let request = request(Operation::SendMessage, &token, MESSAGE);
                let mut buffer = Vec::new();
                loop {
                    exchange(&mut stream, &request, &mut buffer).await;
                    counter.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        host.measure(&counter).await
    })
}

/// An agent who talks to many customers, each with several sockets.
fn frames_over_sockets() -> Measured {
    let host = Host::start();
    let counter = Arc::new(AtomicU64::new(0));
    let room = Arc::new(Semaphore::new(UNDER_WAY));
    let done = Arc::new(AtomicBool::new(false));
    runtime().block_on(async {
        let mut contacts = Vec::new();
        for _ in 0..CHATS {
            let (contact, participant_token) = host.start_chat();
            contacts.push(contact);
            let mut http = host.dial().await;
            for _ in 0..SOCKETS {
                let (url, _) = connect(&mut http, &participant_token).await;
                let mut stream = host.dial().await;
                open(&mut stream, target(&url)).await;
                let counted = (Arc::clone(&counter), Arc::clone(&room));
                tokio::spawn(listen(stream, counted.0, counted.1));
            }
        }
        while host.simulator.with(|service, _| service.open_sockets()) < CHATS * SOCKETS {
            tokio::task::yield_now().await;
        }
        let (simulator, stop) = (Arc::clone(&host.simulator), Arc::clone(&done));
        let talking = host.runtime.spawn(async move {
            while !stop.load(Ordering::Relaxed) {
                for contact in &contacts {
                    let permits = u32::try_from(SOCKETS).expect("a small number");
                    room.acquire_many(permits)
                        .await
                        .expect("it is open")
                        .forget();
                    simulator
                        .with(|service, now| {
                            service.agent_sends(
                                now,
                                contact,
                                "text/plain",
                                &"0123456789".repeat(10),
                            )
                        })
                        .expect("the agent can send");
                }
            }
        });
        let measured = host.measure(&counter).await;
        done.store(true, Ordering::Relaxed);
        talking.await.expect("it ends");
        measured
    })
}

/// Opens a WebSocket and subscribes.
async fn open(stream: &mut TcpStream, target: &str) {
    let handshake = format!(
        "GET {target} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
         sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    );
    stream
        .write_all(handshake.as_bytes())
        .await
        .expect("it is sent");
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.expect("it answers"));
    }
    assert!(head.starts_with(b"HTTP/1.1 101"));
    let length = u8::try_from(SUBSCRIBE.len()).expect("a short frame");
    let mut frame = vec![0x81, 0x80 | length, 0, 0, 0, 0];
    frame.extend(SUBSCRIBE.as_bytes());
    stream.write_all(&frame).await.expect("it is sent");
}

/// Counts the frames of items that come.
async fn listen(mut stream: TcpStream, counter: Arc<AtomicU64>, room: Arc<Semaphore>) {
    const ITEM: &[u8] = br#"{"topic":"aws/chat""#;
    let mut buffer = Vec::with_capacity(64 * 1024);
    while matches!(stream.read_buf(&mut buffer).await, Ok(1..)) {
        let mut read = 0;
        while let Some((head, length)) = frame(&buffer[read..]) {
            let payload = &buffer[read + head..read + head + length];
            read += head + length;
            // The events of those who join are not what room was made for.
            if payload.starts_with(ITEM) && payload.windows(10).any(|part| part == b"0123456789") {
                counter.fetch_add(1, Ordering::Relaxed);
                room.add_permits(1);
            }
        }
        buffer.drain(..read);
    }
}

/// The lengths of the head and of the payload of a frame that has come as a whole.
fn frame(bytes: &[u8]) -> Option<(usize, usize)> {
    let (head, length) = match *bytes.get(1)? {
        126 => (
            4,
            usize::from(u16::from_be_bytes([*bytes.get(2)?, *bytes.get(3)?])),
        ),
        length => (2, usize::from(length)),
    };
    (bytes.len() >= head + length).then_some((head, length))
}

/// The core without sockets: messages in, and as many frames out for each as there are sockets.
/// What is counted are the frames, or the requests where there are none.
fn core(sockets: usize) -> Measured {
    let mut count = 0;
    let mut time = Duration::ZERO;
    let mut busy = Some(Duration::ZERO);
    while time < TIME {
        let (mut service, tokens) = filled(sockets);
        let (earlier, begin) = (on_processor(), Instant::now());
        for number in 0..ROUND {
            let token = &tokens[number as usize % tokens.len()];
            let (answers, frames) = send(&mut service, number + 1_000, token);
            assert_eq!((answers, frames), (1, sockets as u64));
            count += frames.max(1);
        }
        time += begin.elapsed();
        let now_busy = on_processor()
            .zip(earlier)
            .map(|(now, earlier)| now - earlier);
        busy = busy.zip(now_busy).map(|(all, more)| all + more);
    }
    Measured { count, time, busy }
}

/// A service with chats, each with so many sockets, and their connection tokens.
fn filled(sockets: usize) -> (Service, Vec<String>) {
    let start = Start {
        now: Duration::ZERO,
        unix: Duration::from_secs(1_800_000_000),
        seed: 1,
    };
    let mut service = Service::new(start, Settings::default());
    let now = Duration::ZERO;
    let mut number = 0;
    let tokens = (0..CHATS).map(|_| {
        let chat = service.start_chat(now, "Ana").expect("there is room");
        let mut token = String::new();
        for _ in 0..sockets.max(1) {
            number += 1;
            let request = http::Request::builder()
                .method(Operation::CreateParticipantConnection.method())
                .uri(Operation::CreateParticipantConnection.path())
                .header("x-amz-bearer", &chat.participant_token)
                .body(CONNECT.as_bytes().to_vec())
                .expect("a request");
            service.handle_request(now, RequestId(number), request);
            while let Some(output) = service.poll_output() {
                if let Output::Respond { response, .. } = output {
                    let (url, new_token) = credentials(response.body());
                    token = new_token;
                    if sockets > 0 {
                        let socket = SocketId(number);
                        service.handle_upgrade(now, socket, target(&url));
                        service.handle_text(now, socket, SUBSCRIBE);
                    }
                }
            }
        }
        token
    });
    let tokens = tokens.collect();
    (service, tokens)
}

/// Sends a message. Answers how many answers and frames come of it.
fn send(service: &mut Service, number: u64, token: &str) -> (u64, u64) {
    let request = http::Request::builder()
        .method("POST")
        .uri(Operation::SendMessage.path())
        .header("x-amz-bearer", token)
        .body(MESSAGE.as_bytes().to_vec())
        .expect("a request");
    let now = Duration::from_micros(number);
    service.handle_request(now, RequestId(number), request);
    let (mut answers, mut frames) = (0, 0);
    while let Some(output) = service.poll_output() {
        if let Output::Respond { response, .. } = output {
            assert_eq!(response.status(), 200);
            answers += 1;
        } else {
            assert!(matches!(output, Output::Send { .. }));
            frames += 1;
        }
    }
    (answers, frames)
}
