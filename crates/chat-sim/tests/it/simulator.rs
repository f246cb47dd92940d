//! The shell, over real sockets.

use std::time::Duration;

use chat_sim::{Effect, Fault, Operation, Script, Settings, Simulator};
use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use tokio::io::AsyncReadExt;
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{self, Message};

use crate::bench::{contents, item};
use crate::http_client::{
    SOON, ask, connect, dial, hear, listen, next, open, read, soon, start, tell, write,
};

async fn simulator() -> Simulator {
    Simulator::start().await.expect("a free port")
}

fn message(content: &str) -> serde_json::Value {
    json!({ "ContentType": "text/plain", "Content": content })
}

#[tokio::test]
async fn a_customer_and_an_agent_talk() {
    let mut settings = Settings::default();
    settings.close_after_end = Duration::from_millis(10);
    let simulator = Simulator::builder()
        .settings(settings)
        .start()
        .await
        .expect("a free port");
    let mut http = dial(&simulator).await;
    let chat = start(&mut http).await;
    let prefix = format!("ws://127.0.0.1:{}/", simulator.port());
    assert!(chat.url.starts_with(&prefix));
    let mut socket = listen(dial(&simulator).await, &chat.url).await;

    let (status, sent) = ask(
        &mut http,
        Operation::SendMessage,
        &chat.token,
        &message("Hi"),
    )
    .await;
    assert_eq!(status, 200);
    assert_eq!(item(&hear(&mut socket).await)["Id"], sent["Id"]);

    simulator
        .with(|service, now| service.agent_sends(now, &chat.contact, "text/plain", "Hello"))
        .expect("the agent can send");
    hear(&mut socket).await;
    assert_eq!(item(&hear(&mut socket).await)["Content"], "Hello");

    tell(&mut socket, r#"{"topic":"aws/ping"}"#).await;
    assert_eq!(hear(&mut socket).await["statusCode"], 200);

    let (status, _) = ask(
        &mut http,
        Operation::DisconnectParticipant,
        &chat.token,
        &json!({}),
    )
    .await;
    assert_eq!(status, 200);
    hear(&mut socket).await;
    let ended = item(&hear(&mut socket).await);
    assert_eq!(ended["ContentType"], crate::bench::ENDED);
    match next(&mut socket).await {
        Some(Ok(Message::Close(Some(frame)))) => assert_eq!(frame.code, CloseCode::Normal),
        other => panic!("no close frame but {other:?}"),
    }
}

#[tokio::test]
async fn a_script_runs_in_real_time() {
    let simulator = Simulator::builder()
        .script(Script::echo())
        .start()
        .await
        .expect("a free port");
    let mut http = dial(&simulator).await;
    let chat = start(&mut http).await;
    let mut socket = listen(dial(&simulator).await, &chat.url).await;
    ask(
        &mut http,
        Operation::SendMessage,
        &chat.token,
        &message("Echo"),
    )
    .await;
    let mut items = Vec::new();
    while items.len() < 4 {
        items.push(item(&hear(&mut socket).await));
    }
    assert_eq!(contents(&items), ["Echo", "Echo"]);
}

#[tokio::test]
async fn a_dropped_request_ends_its_connection_without_a_byte() {
    let simulator = simulator().await;
    let mut http = dial(&simulator).await;
    let chat = start(&mut http).await;
    simulator.with(|service, now| {
        service.inject(now, Fault::new(Effect::LoseResponse).once());
    });
    write(&mut http, Operation::SendMessage, &chat.token, b"{}")
        .await
        .expect("the request is written");
    let mut rest = Vec::new();
    soon(http.read_to_end(&mut rest))
        .await
        .expect("an orderly end of the stream");
    assert!(rest.is_empty());
}

#[tokio::test]
async fn a_stalled_request_holds_up_nobody_else() {
    let simulator = simulator().await;
    let mut stalled = dial(&simulator).await;
    let chat = start(&mut stalled).await;
    simulator.with(|service, now| {
        service.inject(now, Fault::new(Effect::Stall).once());
    });
    write(&mut stalled, Operation::SendMessage, &chat.token, b"{}")
        .await
        .expect("the request is written");
    simulator
        .wait_until(
            |service| service.requests(Operation::SendMessage) == 1,
            SOON,
        )
        .await
        .expect("the request arrives");
    let mut http = dial(&simulator).await;
    start(&mut http).await;
    // It ends with the simulator at the latest.
    simulator.shutdown().await;
    assert_eq!(soon(read(&mut stalled)).await, None);
}

#[tokio::test]
async fn cutting_a_socket_sends_no_close_frame() {
    let simulator = simulator().await;
    let mut http = dial(&simulator).await;
    let chat = start(&mut http).await;
    let mut socket = listen(dial(&simulator).await, &chat.url).await;
    assert_eq!(simulator.cut_sockets(&chat.contact), 1);
    assert!(matches!(next(&mut socket).await, Some(Err(_))));
    let (url, _) = connect(&mut http, &chat.participant_token).await;
    open(dial(&simulator).await, &url)
        .await
        .expect("the handshake");
}

#[tokio::test]
async fn a_close_fault_sends_its_code() {
    let simulator = simulator().await;
    let chat = start(&mut dial(&simulator).await).await;
    let mut socket = listen(dial(&simulator).await, &chat.url).await;
    simulator.with(|service, now| {
        service.inject(now, Fault::new(Effect::CloseSocket { code: 4001 }));
    });
    match next(&mut socket).await {
        Some(Ok(Message::Close(Some(frame)))) => assert_eq!(u16::from(frame.code), 4001),
        other => panic!("no close frame but {other:?}"),
    }
    soon(async { while let Some(Ok(_)) = socket.next().await {} }).await;
    simulator
        .wait_until(|service| service.open_sockets() == 0, SOON)
        .await
        .expect("the socket is forgotten");
}

#[tokio::test]
async fn a_connection_ends_as_soon_as_both_sides_have_said_goodbye() {
    let simulator = simulator().await;
    let chat = start(&mut dial(&simulator).await).await;
    let mut socket = listen(dial(&simulator).await, &chat.url).await;
    simulator.with(|service, now| {
        service.inject(now, Fault::new(Effect::CloseSocket { code: 1000 }));
    });
    assert!(matches!(
        next(&mut socket).await,
        Some(Ok(Message::Close(Some(_))))
    ));
    let answered = std::time::Instant::now();
    // The client answers and waits for the end, as clients do.
    assert!(next(&mut socket).await.is_none());
    assert!(answered.elapsed() < Duration::from_millis(500));
}

#[tokio::test]
async fn a_half_open_socket_does_not_even_answer_protocol_pings() {
    let simulator = simulator().await;
    let chat = start(&mut dial(&simulator).await).await;
    let mut socket = listen(dial(&simulator).await, &chat.url).await;
    socket
        .send(Message::Ping("1".into()))
        .await
        .expect("the ping is sent");
    assert!(matches!(
        next(&mut socket).await,
        Some(Ok(Message::Pong(_)))
    ));

    simulator.with(|service, now| {
        service.inject(now, Fault::new(Effect::HalfOpen));
    });
    socket
        .send(Message::Ping("2".into()))
        .await
        .expect("the ping is sent");
    tell(&mut socket, r#"{"topic":"aws/heartbeat"}"#).await;
    simulator
        .with(|service, now| service.agent_sends(now, &chat.contact, "text/plain", "x"))
        .expect("the agent can send");
    // Whatever the simulator were to do about them, it has the time for it here.
    let mut http = dial(&simulator).await;
    for _ in 0..5 {
        start(&mut http).await;
    }
    // Nothing came before the end.
    simulator.cut_sockets(&chat.contact);
    assert!(matches!(next(&mut socket).await, Some(Err(_))));
}

#[tokio::test]
async fn a_client_that_leaves_is_forgotten() {
    let simulator = simulator().await;
    let chat = start(&mut dial(&simulator).await).await;
    let mut polite = listen(dial(&simulator).await, &chat.url).await;
    let (url, _) = connect(&mut dial(&simulator).await, &chat.participant_token).await;
    let rude = open(dial(&simulator).await, &url)
        .await
        .expect("the handshake");
    polite.close(None).await.expect("the close frame is sent");
    drop(rude);
    simulator
        .wait_until(|service| service.open_sockets() == 0, SOON)
        .await
        .expect("both are forgotten");
    // The handshake of the polite one is completed.
    assert!(matches!(
        next(&mut polite).await,
        Some(Ok(Message::Close(_)))
    ));
    assert!(next(&mut polite).await.is_none());
}

#[tokio::test]
async fn a_client_that_never_reads_is_cut_off() {
    let simulator = simulator().await;
    let chat = start(&mut dial(&simulator).await).await;
    let stream = TcpSocket::new_v4().expect("a socket");
    stream
        .set_recv_buffer_size(4_096)
        .expect("a small buffer fills sooner");
    let stream = stream
        .connect(([127, 0, 0, 1], simulator.port()).into())
        .await
        .expect("the simulator listens");
    let socket = listen(stream, &chat.url).await;
    let large = "x".repeat(4_096);
    let mut sent = 0;
    while simulator.with(|service, _| service.open_sockets()) > 0 {
        assert!(sent < 20_000, "it is still there after {sent} messages");
        simulator
            .with(|service, now| service.agent_sends(now, &chat.contact, "text/plain", &large))
            .expect("the agent can send");
        sent += 1;
        // The simulator has its turn: it writes as long as the client takes anything.
        tokio::task::yield_now().await;
    }
    assert!(sent > 1_024);
    drop(socket);
}

#[tokio::test]
async fn refused_handshakes_carry_their_status() {
    let simulator = simulator().await;
    let chat = start(&mut dial(&simulator).await).await;
    let socket = open(dial(&simulator).await, &chat.url)
        .await
        .expect("the handshake");
    match open(dial(&simulator).await, &chat.url).await {
        Err(tungstenite::Error::Http(response)) => assert_eq!(response.status().as_u16(), 403),
        other => panic!("no refusal but {other:?}"),
    }
    drop(socket);
}

#[tokio::test]
async fn a_stalled_handshake_ends_with_the_client() {
    let simulator = simulator().await;
    let chat = start(&mut dial(&simulator).await).await;
    let fault = simulator
        .with(|service, now| service.inject(now, Fault::new(Effect::StallHandshake).once()));
    let stream = dial(&simulator).await;
    let url = chat.url.clone();
    let attempt = tokio::spawn(async move {
        tokio_tungstenite::client_async(url, stream)
            .await
            .map(|_| ())
    });
    simulator
        .wait_until(|service| service.fault_hits(fault) == 1, SOON)
        .await
        .expect("the handshake arrives");
    assert!(!attempt.is_finished());
    attempt.abort();
    open(dial(&simulator).await, &chat.url)
        .await
        .expect("the URL is still good");
}

#[tokio::test]
async fn binary_frames_are_no_topics_and_large_frames_close_the_socket() {
    let mut settings = Settings::default();
    settings.frame_limit = 4_096;
    let simulator = Simulator::builder()
        .settings(settings)
        .start()
        .await
        .expect("a free port");
    let chat = start(&mut dial(&simulator).await).await;
    let mut socket = listen(dial(&simulator).await, &chat.url).await;
    socket
        .send(Message::binary(vec![0xFF, 0x00]))
        .await
        .expect("the frame is sent");
    assert_eq!(hear(&mut socket).await["message"], "Forbidden");
    tell(&mut socket, &" ".repeat(4_097)).await;
    match next(&mut socket).await {
        Some(Ok(Message::Close(Some(frame)))) => assert_eq!(frame.code, CloseCode::Size),
        other => panic!("no close frame but {other:?}"),
    }
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_refused() {
    let simulator = simulator().await;
    let mut http = dial(&simulator).await;
    let chat = start(&mut http).await;
    let body = vec![b' '; 257 * 1024];
    write(&mut http, Operation::SendMessage, &chat.token, &body)
        .await
        .expect("the request is written");
    let (status, _) = soon(read(&mut http)).await.expect("an answer");
    assert_eq!(status, 413);
}

#[tokio::test]
async fn an_absent_service_refuses_connections_and_comes_back_as_it_was() {
    let simulator = simulator().await;
    let mut http = dial(&simulator).await;
    let chat = start(&mut http).await;
    let mut socket = listen(dial(&simulator).await, &chat.url).await;
    simulator.stop_listening().await;
    assert!(matches!(next(&mut socket).await, Some(Err(_))));
    assert_eq!(soon(read(&mut http)).await, None);
    let refused = TcpStream::connect(("127.0.0.1", simulator.port())).await;
    assert_eq!(
        refused.expect_err("nobody listens").kind(),
        std::io::ErrorKind::ConnectionRefused
    );
    assert_eq!(simulator.with(|service, _| service.open_sockets()), 0);

    simulator.resume_listening().await.expect("the same port");
    simulator.resume_listening().await.expect("nothing to do");
    let mut http = dial(&simulator).await;
    let (status, _) = ask(
        &mut http,
        Operation::SendMessage,
        &chat.token,
        &message("x"),
    )
    .await;
    assert_eq!(status, 200);
}

#[tokio::test]
async fn a_shutdown_says_goodbye_and_frees_the_port() {
    let simulator = simulator().await;
    let port = simulator.port();
    let mut http = dial(&simulator).await;
    let chat = start(&mut http).await;
    let mut socket = listen(dial(&simulator).await, &chat.url).await;
    let (ended, ()) = tokio::join!(
        async {
            let mut ended = None;
            while let Some(Ok(message)) = socket.next().await {
                if let Message::Close(Some(frame)) = message {
                    ended = Some(frame.code);
                }
            }
            ended
        },
        soon(simulator.shutdown()),
    );
    assert_eq!(ended, Some(CloseCode::Away));
    assert_eq!(soon(read(&mut http)).await, None);
    assert!(TcpStream::connect(("127.0.0.1", port)).await.is_err());
}

#[tokio::test]
async fn a_shutdown_lets_a_request_finish() {
    let simulator = simulator().await;
    let mut http = dial(&simulator).await;
    let chat = start(&mut http).await;
    let by = Duration::from_millis(30);
    let delay =
        simulator.with(|service, now| service.inject(now, Fault::new(Effect::Delay { by }).once()));
    let body = message("last").to_string();
    write(
        &mut http,
        Operation::SendMessage,
        &chat.token,
        body.as_bytes(),
    )
    .await
    .expect("the request is written");
    simulator
        .wait_until(|service| service.fault_hits(delay) == 1, SOON)
        .await
        .expect("the request arrives");
    simulator.shutdown().await;
    let (status, _) = soon(read(&mut http)).await.expect("an answer");
    assert_eq!(status, 200);
}

#[tokio::test]
async fn everything_ends_when_the_simulator_is_dropped() {
    let simulator = simulator().await;
    let chat = start(&mut dial(&simulator).await).await;
    let mut socket = listen(dial(&simulator).await, &chat.url).await;
    drop(simulator);
    assert!(matches!(next(&mut socket).await, Some(Err(_))));
}

#[tokio::test]
async fn a_taken_port_is_explained() {
    let simulator = simulator().await;
    let error = Simulator::builder()
        .port(simulator.port())
        .start()
        .await
        .expect_err("the port is taken");
    assert!(error.to_string().contains("use another port"));
}

#[tokio::test]
async fn connections_beyond_the_limit_wait() {
    let simulator = Simulator::builder()
        .connections(1)
        .start()
        .await
        .expect("a free port");
    let mut first = dial(&simulator).await;
    start(&mut first).await;
    let mut second = dial(&simulator).await;
    write(&mut second, Operation::SendMessage, "nobody", b"{}")
        .await
        .expect("the request is written");
    start(&mut first).await;
    assert_eq!(
        simulator.with(|service, _| service.requests(Operation::SendMessage)),
        0
    );
    drop(first);
    let (status, _) = soon(read(&mut second)).await.expect("an answer");
    assert_eq!(status, 403);
}

#[tokio::test]
async fn what_is_stalled_ends_with_its_client() {
    let simulator = Simulator::builder()
        .connections(1)
        .start()
        .await
        .expect("a free port");
    let mut http = dial(&simulator).await;
    let chat = start(&mut http).await;
    let stall =
        simulator.with(|service, now| service.inject(now, Fault::new(Effect::Stall).once()));
    write(&mut http, Operation::SendMessage, &chat.token, b"{}")
        .await
        .expect("the request is written");
    simulator
        .wait_until(|service| service.fault_hits(stall) == 1, SOON)
        .await
        .expect("the request arrives");
    drop(http);

    let stall = simulator
        .with(|service, now| service.inject(now, Fault::new(Effect::StallHandshake).once()));
    let mut socket = std::pin::pin!(open(dial(&simulator).await, &chat.url));
    tokio::select! {
        _ = &mut socket => panic!("the handshake is stalled"),
        arrived = simulator.wait_until(|service| service.fault_hits(stall) == 1, SOON) => {
            arrived.expect("the handshake arrives");
        }
    }
    socket.set(open(dial(&simulator).await, "ws://127.0.0.1/elsewhere"));
    let refused = soon(socket).await;
    assert!(matches!(refused, Err(tungstenite::Error::Http(_))));
    start(&mut dial(&simulator).await).await;
}

#[tokio::test]
async fn waiting_for_what_does_not_come_ends_in_time() {
    let simulator = simulator().await;
    let limit = Duration::from_millis(20);
    let error = simulator
        .wait_until(|_| false, limit)
        .await
        .expect_err("it is never true");
    assert_eq!(error.0, limit);
}
