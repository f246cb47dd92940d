//! Any bytes on a connection: requests and frames that were good before some of their bytes were
//! changed, lost, doubled or cut off. The simulator answers or closes, and serves the next client.

use std::time::Duration;

use chat_sim::{Operation, Settings, Simulator};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::bench::SUBSCRIBE;
use crate::http_client::{Connected, connect, dial, open, soon, start};

/// What happens to bytes on their way.
#[derive(Debug, Clone)]
enum Damage {
    Set(usize, u8),
    Flip(usize, u8),
    Insert(usize, Vec<u8>),
    Remove(usize, usize),
    Repeat(usize, usize),
    Cut(usize),
}

fn damage() -> impl Strategy<Value = Vec<Damage>> {
    let place = any::<usize>();
    let piece = prop_oneof![
        Just(b"\r\n".to_vec()),
        Just(b"\r\n\r\n".to_vec()),
        Just(b"\0".to_vec()),
        Just(b"content-length: 99999999999999999999\r\n".to_vec()),
        Just(b"transfer-encoding: chunked\r\n".to_vec()),
        Just(vec![0x88, 0x80, 0, 0, 0, 0]),
        Just(vec![
            0x81, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF
        ]),
        prop::collection::vec(any::<u8>(), 1..20),
    ];
    let one = prop_oneof![
        3 => (place, any::<u8>()).prop_map(|(at, byte)| Damage::Set(at, byte)),
        3 => (place, 0_u8..8).prop_map(|(at, bit)| Damage::Flip(at, bit)),
        2 => (place, piece).prop_map(|(at, bytes)| Damage::Insert(at, bytes)),
        1 => (place, 1_usize..30).prop_map(|(at, count)| Damage::Remove(at, count)),
        1 => (place, 1_usize..60).prop_map(|(at, count)| Damage::Repeat(at, count)),
        1 => place.prop_map(Damage::Cut),
    ];
    prop::collection::vec(one, 1..6)
}

fn apply(bytes: &mut Vec<u8>, damage: &[Damage]) {
    for one in damage {
        let length = bytes.len().max(1);
        match one {
            Damage::Set(at, byte) => {
                if let Some(place) = bytes.get_mut(at % length) {
                    *place = *byte;
                }
            }
            Damage::Flip(at, bit) => {
                if let Some(place) = bytes.get_mut(at % length) {
                    *place ^= 1 << bit;
                }
            }
            Damage::Insert(at, piece) => {
                let at = at % (bytes.len() + 1);
                bytes.splice(at..at, piece.iter().copied());
            }
            Damage::Remove(at, count) => {
                let at = at % (bytes.len() + 1);
                let end = (at + count).min(bytes.len());
                bytes.drain(at..end);
            }
            Damage::Repeat(at, count) => {
                let at = at % (bytes.len() + 1);
                let end = (at + count).min(bytes.len());
                bytes.extend_from_within(at..end);
            }
            Damage::Cut(at) => bytes.truncate(at % length),
        }
    }
}

/// Good requests, which the damage is done to.
fn requests(chat: &Connected, which: usize) -> Vec<u8> {
    let message = r#"{"ContentType":"text/plain","Content":"Hello","ClientToken":"t"}"#;
    let post = |operation: Operation, body: &str| {
        format!(
            "{} {} HTTP/1.1\r\nhost: localhost\r\nx-amz-bearer: {}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            operation.method(),
            operation.path(),
            chat.token,
            body.len()
        )
    };
    let text = match which % 5 {
        0 => post(Operation::SendMessage, message),
        1 => post(
            Operation::GetTranscript,
            r#"{"MaxResults":100,"SortOrder":"ASCENDING"}"#,
        ),
        2 => post(Operation::SendMessage, message).repeat(3),
        3 => format!(
            "POST /participant/message HTTP/1.1\r\nhost: x\r\nx-amz-bearer: {}\r\n\
             transfer-encoding: chunked\r\n\r\n{:x}\r\n{message}\r\n0\r\n\r\n",
            chat.token,
            message.len()
        ),
        _ => format!(
            "GET {} HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
             sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
            crate::bench::target(&chat.url)
        ),
    };
    text.into_bytes()
}

/// Good frames of a client.
fn frames() -> Vec<u8> {
    let mut bytes = Vec::new();
    for text in [
        SUBSCRIBE,
        r#"{"topic":"aws/ping"}"#,
        r#"{"topic":"aws/heartbeat"}"#,
    ] {
        let length = u8::try_from(text.len()).expect("a short text");
        bytes.extend([0x81, 0x80 | length, 1, 2, 3, 4]);
        let mask = [1, 2, 3, 4].into_iter().cycle();
        bytes.extend(text.bytes().zip(mask).map(|(byte, mask)| byte ^ mask));
        bytes.extend([0x89, 0x81, 0, 0, 0, 0, b'p']);
    }
    bytes
}

/// Sends bytes, says that no more come, and waits until the other side has said all it has to say.
async fn send_all(mut stream: TcpStream, bytes: &[u8]) {
    // It may have had enough of them before the last.
    let _ = stream.write_all(bytes).await;
    let _ = stream.shutdown().await;
    let mut answer = Vec::new();
    let _ = soon(stream.read_to_end(&mut answer)).await;
}

async fn simulator() -> Simulator {
    let mut settings = Settings::default();
    settings.head_timeout = Duration::from_millis(500);
    settings.body_timeout = Duration::from_millis(500);
    Simulator::builder()
        .seed(1)
        .settings(settings)
        .start()
        .await
        .expect("a free port")
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
}

fn cases(cases: u32) -> TestRunner {
    TestRunner::new(ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    })
}

#[test]
fn damaged_requests_are_survived() {
    let runtime = runtime();
    let simulator = runtime.block_on(simulator());
    let moves = (any::<usize>(), damage());
    let survived = cases(1_000).run(&moves, |(which, damage)| {
        runtime.block_on(async {
            let mut http = dial(&simulator).await;
            let chat = start(&mut http).await;
            let mut bytes = requests(&chat, which);
            apply(&mut bytes, &damage);
            send_all(dial(&simulator).await, &bytes).await;
            start(&mut http).await;
        });
        Ok(())
    });
    survived.expect("every case is survived");
}

#[test]
fn damaged_frames_are_survived() {
    let runtime = runtime();
    let simulator = runtime.block_on(simulator());
    let survived = cases(1_000).run(&damage(), |damage| {
        runtime.block_on(async {
            let mut http = dial(&simulator).await;
            let chat = start(&mut http).await;
            let (url, _) = connect(&mut http, &chat.participant_token).await;
            let socket = open(dial(&simulator).await, &url)
                .await
                .expect("the handshake");
            let mut bytes = frames();
            apply(&mut bytes, &damage);
            send_all(socket.into_inner(), &bytes).await;
            start(&mut http).await;
        });
        Ok(())
    });
    survived.expect("every case is survived");
    runtime.block_on(async {
        simulator
            .wait_until(
                |service| service.open_sockets() == 0,
                crate::http_client::SOON,
            )
            .await
            .expect("every socket is forgotten");
    });
}

#[test]
fn any_bytes_are_survived() {
    let runtime = runtime();
    let simulator = runtime.block_on(simulator());
    let bytes = prop::collection::vec(any::<u8>(), 0..300);
    let survived = cases(1_000).run(&bytes, |bytes| {
        runtime.block_on(async {
            send_all(dial(&simulator).await, &bytes).await;
        });
        Ok(())
    });
    survived.expect("every case is survived");
    runtime.block_on(async {
        start(&mut dial(&simulator).await).await;
    });
}
