use std::future::poll_fn;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_tungstenite::accept_async;

use super::*;
use crate::testing::{Tokio, connector};
use crate::tls;

/// No test takes nearly as long.
const DEADLINE: Duration = Duration::from_secs(10);

/// A server that does this with its one client, and a socket that is being opened to it.
async fn socket<T: Send + 'static, F: Future<Output = T> + Send + 'static>(
    serve: impl FnOnce(TcpStream) -> F + Send + 'static,
) -> (Socket<Tokio>, JoinHandle<T>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        serve(stream).await
    });
    let opener = Opener {
        connector: connector(),
        tls: Arc::new(tls::default_config().unwrap()),
        frame_limit: 1024,
        headers: HeaderMap::new(),
        rewrite: None,
    };
    let url = format!("ws://127.0.0.1:{port}/path?token=secret");
    (
        Socket::open(opener, SocketUrl::from(url), Span::none()),
        server,
    )
}

/// What the socket tells next.
async fn next(socket: &mut Socket<Tokio>) -> SocketInput {
    let told = poll_fn(|cx| {
        loop {
            match socket.poll(cx) {
                Poll::Ready(Some(input)) => return Poll::Ready(input),
                Poll::Ready(None) => {}
                Poll::Pending => return Poll::Pending,
            }
        }
    });
    clock::within::<Tokio, _>(DEADLINE, told).await.unwrap()
}

fn failed_as(input: SocketInput) -> TransportError {
    let SocketInput::Failed(error) = input else {
        panic!("{input:?}");
    };
    error
}

#[tokio::test]
async fn frames_go_both_ways_and_a_ping_is_answered() {
    let (mut socket, server) = socket(|stream| async {
        let mut peer = accept_async(stream).await.unwrap();
        let first = peer.next().await.unwrap().unwrap();
        peer.send(Message::Ping("are you there".into()))
            .await
            .unwrap();
        let pong = peer.next().await.unwrap().unwrap();
        peer.send(Message::binary(vec![0; 3])).await.unwrap();
        peer.send(Message::text("hello")).await.unwrap();
        (first, pong, peer)
    })
    .await;
    assert_eq!(next(&mut socket).await, SocketInput::Opened);
    socket.send("one".into()).unwrap();
    assert_eq!(next(&mut socket).await, SocketInput::Binary(3));
    assert_eq!(
        next(&mut socket).await,
        SocketInput::Text("hello".to_owned())
    );
    let (first, pong, _peer) = server.await.unwrap();
    assert_eq!(first, Message::text("one"));
    assert_eq!(pong, Message::Pong("are you there".into()));
}

#[tokio::test]
async fn a_refused_handshake_says_with_which_status_and_not_for_which_url() {
    let (mut socket, _server) = socket(|mut stream| async move {
        let mut head = [0; 1024];
        assert!(stream.read(&mut head).await.unwrap() > 0);
        let answer = b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n";
        stream.write_all(answer).await.unwrap();
    })
    .await;
    let error = failed_as(next(&mut socket).await);
    assert_eq!(error.kind, TransportErrorKind::HandshakeRefused);
    assert!(error.detail.contains("403"), "{error}");
    assert!(!error.to_string().contains("secret"), "{error}");
}

#[tokio::test]
async fn the_peers_close_code_is_told_and_1006_where_there_is_none() {
    let (mut closed, server) = socket(|stream| async {
        let mut peer = accept_async(stream).await.unwrap();
        let frame = CloseFrame {
            code: 1001.into(),
            reason: "away".into(),
        };
        peer.close(Some(frame)).await.unwrap();
        // The answer to the close frame.
        peer.next().await.unwrap().unwrap()
    })
    .await;
    assert_eq!(next(&mut closed).await, SocketInput::Opened);
    assert_eq!(next(&mut closed).await, SocketInput::Closed(1001));
    closed.close(1000).await;
    assert!(server.await.unwrap().is_close());

    let (mut cut, _server) = socket(|stream| async {
        drop(accept_async(stream).await.unwrap());
    })
    .await;
    assert_eq!(next(&mut cut).await, SocketInput::Opened);
    assert_eq!(next(&mut cut).await, SocketInput::Closed(1006));

    let (mut cut, _server) = socket(|stream| async {
        let mut stream = accept_async(stream).await.unwrap().into_inner();
        stream.write_all(b"\x81\x05he").await.unwrap(); // "hello", not to its end
    })
    .await;
    assert_eq!(next(&mut cut).await, SocketInput::Opened);
    assert_eq!(next(&mut cut).await, SocketInput::Closed(1006));
}

#[test]
fn an_end_in_the_middle_of_a_tls_record_is_an_end_and_a_reset_is_a_failure() {
    let of = |kind: io::ErrorKind| is_end(&WebSocketError::Io(kind.into()));
    assert!(of(io::ErrorKind::UnexpectedEof));
    assert!(!of(io::ErrorKind::ConnectionReset));
}

#[tokio::test]
async fn a_frame_over_the_limit_fails_the_socket() {
    let (mut socket, server) = socket(|stream| async {
        let mut peer = accept_async(stream).await.unwrap();
        peer.send(Message::text("x".repeat(1024))).await.unwrap();
        peer.send(Message::text("x".repeat(1025))).await.unwrap();
        peer
    })
    .await;
    assert_eq!(next(&mut socket).await, SocketInput::Opened);
    assert_eq!(next(&mut socket).await, SocketInput::Text("x".repeat(1024)));
    let error = failed_as(next(&mut socket).await);
    assert_eq!(error.kind, TransportErrorKind::TooLarge);
    drop(server.await.unwrap());
}

#[tokio::test]
async fn a_peer_that_breaks_the_rules_fails_the_socket() {
    let (mut socket, _server) = socket(|stream| async {
        let mut stream = accept_async(stream).await.unwrap().into_inner();
        // A text frame of one byte with reserved bits set.
        stream.write_all(b"\xf1\x01x").await.unwrap();
        stream
    })
    .await;
    assert_eq!(next(&mut socket).await, SocketInput::Opened);
    let error = failed_as(next(&mut socket).await);
    assert_eq!(error.kind, TransportErrorKind::Protocol);
}

#[tokio::test]
async fn a_paused_socket_still_brings_its_first_frame_and_no_other() {
    let (mut socket, server) = socket(|stream| async {
        let mut peer = accept_async(stream).await.unwrap();
        peer.send(Message::text("first")).await.unwrap();
        peer.send(Message::text("second")).await.unwrap();
        let heard = peer.next().await.unwrap().unwrap();
        (heard, peer)
    })
    .await;
    assert!(!socket.set_reading(false));
    assert_eq!(next(&mut socket).await, SocketInput::Opened);
    assert!(!socket.set_reading(false));
    assert_eq!(
        next(&mut socket).await,
        SocketInput::Text("first".to_owned())
    );
    assert!(socket.set_reading(false));
    // It writes nevertheless; when the peer has it, "second" has long been there to be read.
    socket.send("written".into()).unwrap();
    let mut server = server;
    let written = async {
        tokio::select! {
            read = next(&mut socket) => panic!("{read:?}"),
            served = &mut server => served.unwrap(),
        }
    };
    let (heard, _peer) = written.await;
    assert_eq!(heard, Message::text("written"));
    assert!(socket.set_reading(true));
    assert_eq!(
        next(&mut socket).await,
        SocketInput::Text("second".to_owned())
    );
}

#[tokio::test]
async fn closing_sends_what_is_queued_and_a_close_frame() {
    let (mut socket, server) = socket(|stream| async {
        let mut peer = accept_async(stream).await.unwrap();
        let mut heard = Vec::new();
        while let Some(Ok(message)) = peer.next().await {
            heard.push(message);
        }
        heard
    })
    .await;
    assert_eq!(next(&mut socket).await, SocketInput::Opened);
    socket.send("last words".into()).unwrap();
    socket.close(1000).await;
    let heard = server.await.unwrap();
    assert_eq!(heard.len(), 2);
    assert_eq!(heard[0], Message::text("last words"));
    let Message::Close(Some(frame)) = &heard[1] else {
        panic!("{:?}", heard[1]);
    };
    assert_eq!(u16::from(frame.code), 1000);
}

#[tokio::test]
async fn a_peer_that_does_not_answer_the_close_frame_is_not_waited_for_long() {
    let (mut socket, server) = socket(|stream| async {
        let peer = accept_async(stream).await.unwrap();
        std::future::pending::<()>().await;
        drop(peer);
    })
    .await;
    assert_eq!(next(&mut socket).await, SocketInput::Opened);
    tokio::time::pause(); // only timers are waited for from here on
    assert!(
        clock::within::<Tokio, _>(FAREWELL * 2, socket.close(1000))
            .await
            .is_some()
    );
    server.abort();
}

#[tokio::test]
async fn more_frames_than_may_wait_are_refused() {
    let (mut socket, _server) = socket(|_| std::future::pending::<()>()).await;
    for _ in 0..WRITE_QUEUE {
        socket.send("frame".into()).unwrap();
    }
    let error = socket.send("one too many".into()).unwrap_err();
    assert_eq!(error.kind, TransportErrorKind::Broken);
}
