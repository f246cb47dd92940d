//! Clients that do what no client should: they are cut off, counted and told why.

use std::time::Duration;

use chat_sim::{Effect, Fault, Operation, Settings, Simulator};
use futures_util::SinkExt;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{self, Message};

use crate::bench::{Bench, Heard};
use crate::http_client::{SOON, Socket, ask, connect, dial, listen, next, open, soon, start, tell};

async fn with(set: impl FnOnce(&mut Settings)) -> Simulator {
    let mut settings = Settings::default();
    set(&mut settings);
    Simulator::builder()
        .settings(settings)
        .start()
        .await
        .expect("a free port")
}

fn cut_off(simulator: &Simulator, reason: &str) -> u64 {
    simulator.with(|service, _| service.cut_off().get(reason).copied().unwrap_or(0))
}

async fn is_cut_off(simulator: &Simulator, reason: &str) {
    simulator
        .wait_until(|service| service.cut_off().contains_key(reason), SOON)
        .await
        .expect("it is counted");
}

/// The close frame, after whatever comes before it.
async fn closed(socket: &mut Socket<TcpStream>) -> (CloseCode, String) {
    loop {
        match next(socket).await {
            Some(Ok(Message::Close(Some(frame)))) => {
                return (frame.code, frame.reason.to_string());
            }
            Some(Ok(_)) => {}
            other => panic!("no close frame but {other:?}"),
        }
    }
}

/// A connection with little room for what it does not read.
async fn narrow(simulator: &Simulator) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket
        .set_recv_buffer_size(4_096)
        .expect("a small buffer fills sooner");
    socket
        .connect(([127, 0, 0, 1], simulator.port()).into())
        .await
        .expect("the simulator listens")
}

/// Frames of a client as bytes, masked with zeros unless told otherwise.
fn frame(first: u8, payload: &[u8], is_masked: bool) -> Vec<u8> {
    let length = u8::try_from(payload.len()).expect("a short payload");
    assert!(length < 126);
    let mut bytes = vec![first, length | if is_masked { 0x80 } else { 0 }];
    if is_masked {
        bytes.extend([0; 4]);
    }
    bytes.extend(payload);
    bytes
}

#[tokio::test]
async fn a_flood_of_frames_ends_with_1008() {
    let simulator = with(|settings| settings.frames_per_second = 20).await;
    let chat = start(&mut dial(&simulator).await).await;
    let mut socket = listen(dial(&simulator).await, &chat.url).await;
    for _ in 0..200 {
        if socket
            .feed(Message::text(r#"{"topic":"aws/heartbeat"}"#))
            .await
            .is_err()
        {
            break;
        }
    }
    let _ = socket.flush().await;
    let (code, reason) = closed(&mut socket).await;
    assert_eq!(code, CloseCode::Policy);
    assert_eq!(reason, "Too many frames");
    assert_eq!(cut_off(&simulator, "frame_rate"), 1);
    assert_eq!(simulator.with(|service, _| service.open_sockets()), 0);
}

#[tokio::test]
async fn pings_of_the_protocol_count_as_frames() {
    let simulator = with(|settings| settings.frames_per_second = 20).await;
    let chat = start(&mut dial(&simulator).await).await;
    let mut socket = listen(dial(&simulator).await, &chat.url).await;
    for number in 0_u8..200 {
        let frame = if number.is_multiple_of(2) {
            Message::Ping(vec![number].into())
        } else {
            Message::Pong(vec![number].into())
        };
        if socket.feed(frame).await.is_err() {
            break;
        }
    }
    let _ = socket.flush().await;
    assert_eq!(closed(&mut socket).await.0, CloseCode::Policy);
    assert_eq!(cut_off(&simulator, "frame_rate"), 1);
}

#[tokio::test]
async fn what_real_clients_send_is_no_flood() {
    let simulator = Simulator::start().await.expect("a free port");
    let chat = start(&mut dial(&simulator).await).await;
    let mut socket = listen(dial(&simulator).await, &chat.url).await;
    for _ in 0..10 {
        tell(&mut socket, crate::bench::SUBSCRIBE).await;
        tell(&mut socket, r#"{"topic":"aws/ping"}"#).await;
        tell(&mut socket, r#"{"topic":"aws/heartbeat"}"#).await;
        socket
            .send(Message::Ping("1".into()))
            .await
            .expect("the ping is sent");
    }
    let mut answers = 0;
    while answers < 30 {
        if let Some(Ok(Message::Text(_))) = next(&mut socket).await {
            answers += 1;
        }
    }
    assert!(simulator.with(|service, _| service.cut_off().is_empty()));
}

#[tokio::test]
async fn a_frame_of_any_size_beyond_the_limit_ends_with_1009() {
    for size in [4_097, 10_000, 3_000_000] {
        let simulator = with(|settings| settings.frame_limit = 4_096).await;
        let chat = start(&mut dial(&simulator).await).await;
        let mut socket = listen(dial(&simulator).await, &chat.url).await;
        // The simulator may close before it has all of it.
        let _ = socket.send(Message::text(" ".repeat(size))).await;
        assert_eq!(closed(&mut socket).await.0, CloseCode::Size, "{size}");
        assert_eq!(cut_off(&simulator, "frame_size"), 1);
    }
}

#[tokio::test]
async fn what_is_not_the_protocol_ends_with_1002_and_what_is_no_text_with_1007() {
    let cases: [(&str, Vec<u8>, CloseCode); 8] = [
        ("unmasked", frame(0x81, b"{}", false), CloseCode::Protocol),
        (
            "reserved bits",
            frame(0xF1, b"{}", true),
            CloseCode::Protocol,
        ),
        (
            "unknown kind",
            frame(0x83, b"{}", true),
            CloseCode::Protocol,
        ),
        (
            "unknown control",
            frame(0x8B, b"", true),
            CloseCode::Protocol,
        ),
        ("ping in parts", frame(0x09, b"", true), CloseCode::Protocol),
        (
            "nothing to go on with",
            frame(0x80, b"{}", true),
            CloseCode::Protocol,
        ),
        (
            "a text within a text",
            [frame(0x01, b"{", true), frame(0x81, b"}", true)].concat(),
            CloseCode::Protocol,
        ),
        (
            "no UTF-8",
            frame(0x81, &[0xC3, 0x28], true),
            CloseCode::Invalid,
        ),
    ];
    for (name, bytes, code) in cases {
        let simulator = Simulator::start().await.expect("a free port");
        let chat = start(&mut dial(&simulator).await).await;
        let mut socket = listen(dial(&simulator).await, &chat.url).await;
        socket
            .get_mut()
            .write_all(&bytes)
            .await
            .expect("the bytes are sent");
        assert_eq!(closed(&mut socket).await.0, code, "{name}");
        let reason = if code == CloseCode::Invalid {
            "not_text"
        } else {
            "protocol"
        };
        assert_eq!(cut_off(&simulator, reason), 1, "{name}");
        assert_eq!(simulator.with(|service, _| service.open_sockets()), 0);
    }
}

#[tokio::test]
async fn a_text_in_parts_is_a_frame_like_another() {
    let simulator = Simulator::start().await.expect("a free port");
    let chat = start(&mut dial(&simulator).await).await;
    let mut socket = listen(dial(&simulator).await, &chat.url).await;
    let parts = [
        frame(0x01, br#"{"topic":"#, true),
        frame(0x89, b"", true),
        frame(0x00, b"", true),
        frame(0x80, br#""aws/heartbeat"}"#, true),
    ];
    socket
        .get_mut()
        .write_all(&parts.concat())
        .await
        .expect("the bytes are sent");
    assert!(matches!(
        next(&mut socket).await,
        Some(Ok(Message::Pong(_)))
    ));
    assert_eq!(
        crate::http_client::hear(&mut socket).await["topic"],
        "aws/heartbeat"
    );
}

#[tokio::test]
async fn a_client_that_vanishes_is_not_cut_off() {
    let simulator = Simulator::start().await.expect("a free port");
    let chat = start(&mut dial(&simulator).await).await;
    drop(listen(dial(&simulator).await, &chat.url).await);
    simulator
        .wait_until(|service| service.open_sockets() == 0, SOON)
        .await
        .expect("it is forgotten");
    assert!(simulator.with(|service, _| service.cut_off().is_empty()));
}

#[tokio::test]
async fn a_socket_too_many_is_refused_and_counted() {
    let simulator = Simulator::start().await.expect("a free port");
    let mut http = dial(&simulator).await;
    let chat = start(&mut http).await;
    let mut open_sockets = Vec::new();
    for number in 0..7 {
        let (url, _) = connect(&mut http, &chat.participant_token).await;
        match open(dial(&simulator).await, &url).await {
            Ok(socket) => open_sockets.push(socket),
            Err(tungstenite::Error::Http(response)) => {
                assert!(number >= 5);
                assert_eq!(response.status().as_u16(), 429);
            }
            other => panic!("no refusal but {other:?}"),
        }
    }
    assert_eq!(open_sockets.len(), 5);
    assert_eq!(cut_off(&simulator, "too_many_sockets"), 2);
}

#[tokio::test]
async fn few_large_frames_that_are_not_read_are_as_bad_as_many_small_ones() {
    let simulator = Simulator::start().await.expect("a free port");
    let chat = start(&mut dial(&simulator).await).await;
    let socket = listen(narrow(&simulator).await, &chat.url).await;
    // Each of these characters is seven in a frame.
    let large = "\u{1}".repeat(16_384);
    let mut sent = 0;
    while simulator.with(|service, _| service.open_sockets()) > 0 {
        assert!(sent < 1_000, "it is still there after {sent} messages");
        simulator
            .with(|service, now| service.agent_sends(now, &chat.contact, "text/plain", &large))
            .expect("the agent can send");
        sent += 1;
        tokio::task::yield_now().await;
    }
    assert!(sent > 4 * 1_024 * 1_024 / (7 * 16_384));
    assert_eq!(cut_off(&simulator, "unread"), 1);
    drop(socket);
}

#[tokio::test]
async fn a_frame_that_nobody_takes_ends_the_socket_in_time() {
    let simulator = with(|settings| settings.read_timeout = Duration::from_millis(200)).await;
    let chat = start(&mut dial(&simulator).await).await;
    let socket = listen(narrow(&simulator).await, &chat.url).await;
    // Fewer than fill the queue, more than fit into the buffers of the system.
    let text = "x".repeat(1_000_000);
    for _ in 0..3 {
        simulator.with(|service, now| {
            let text = text.clone();
            service.inject(now, Fault::new(Effect::RawFrame { text }))
        });
    }
    is_cut_off(&simulator, "unread").await;
    simulator
        .wait_until(|service| service.open_sockets() == 0, SOON)
        .await
        .expect("it is forgotten");
    drop(socket);
}

#[tokio::test]
async fn an_answer_that_nobody_reads_ends_the_connection_in_time() {
    let simulator = with(|settings| settings.read_timeout = Duration::from_millis(200)).await;
    let mut http = narrow(&simulator).await;
    let chat = start(&mut http).await;
    simulator.with(|service, now| {
        let body = "x".repeat(12_000_000);
        let effect = Effect::AnswerRaw {
            status: 200,
            content_type: "text/plain".to_owned(),
            body,
        };
        service.inject(now, Fault::new(effect).on(Operation::GetTranscript))
    });
    crate::http_client::write(&mut http, Operation::GetTranscript, &chat.token, b"{}")
        .await
        .expect("the request is written");
    is_cut_off(&simulator, "unread").await;
    let mut rest = Vec::new();
    let _ = soon(http.read_to_end(&mut rest)).await;
    assert!(rest.len() < 12_000_000);
}

#[tokio::test]
async fn answers_that_nobody_reads_do_not_pile_up() {
    let simulator = Simulator::start().await.expect("a free port");
    let mut http = dial(&simulator).await;
    let chat = start(&mut http).await;
    let fault = simulator.with(|service, now| {
        let effect = Effect::AnswerRaw {
            status: 200,
            content_type: "text/plain".to_owned(),
            body: "x".repeat(100 * 1024 * 1024),
        };
        service.inject(now, Fault::new(effect).on(Operation::GetTranscript))
    });
    let mut unread = Vec::new();
    for number in 1..=2 {
        let mut other = narrow(&simulator).await;
        crate::http_client::write(&mut other, Operation::GetTranscript, &chat.token, b"{}")
            .await
            .expect("the request is written");
        simulator
            .wait_until(|service| service.fault_hits(fault) == number, SOON)
            .await
            .expect("the request arrives");
        unread.push(other);
    }
    let (status, answer) = ask(&mut http, Operation::GetTranscript, &chat.token, &json!({})).await;
    assert_eq!(status, 503);
    assert_eq!(answer["__type"], "ServiceUnavailableException");
    drop(unread);
    let mut status = 503;
    let deadline = std::time::Instant::now() + SOON;
    while status == 503 && std::time::Instant::now() < deadline {
        crate::http_client::write(&mut http, Operation::GetTranscript, &chat.token, b"{}")
            .await
            .expect("the request is written");
        let mut head = [0; 12];
        soon(http.read_exact(&mut head)).await.expect("an answer");
        status = std::str::from_utf8(&head[9..]).map_or(0, |status| status.parse().unwrap_or(0));
        if status == 503 {
            soon(crate::http_client::read(&mut http)).await;
        }
    }
    assert_eq!(status, 200);
}

#[test]
fn what_the_core_cuts_off_is_counted_there() {
    let mut bench = Bench::with(|settings| {
        settings.frame_limit = 10;
        settings.held_frames_per_socket = 1;
        settings.sockets_per_participant = 1;
    });
    let chat = bench.chat();
    let socket = bench.open(&chat.url);
    let (url, _) = bench.connect(&chat.participant_token);
    let refused = bench.knock(&url);
    assert_eq!(bench.take(refused), [Heard::Refused(429)]);
    bench.text(socket, "01234567890");
    assert_eq!(bench.take(socket), [Heard::Closed(1009)]);
    let counts: Vec<_> = bench.service.cut_off().iter().collect();
    assert_eq!(counts, [(&"frame_size", &1), (&"too_many_sockets", &1)]);
}
