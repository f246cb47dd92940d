//! Whatever comes over a TCP connection instead of a proper request: it is answered or refused, and
//! the next connection is served.

use std::time::Duration;

use chat_sim::{Operation, Settings, Simulator};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::http_client::{SOON, ask, dial, listen, read, soon, start, write};

async fn simulator() -> Simulator {
    Simulator::start().await.expect("a free port")
}

async fn impatient() -> Simulator {
    let mut settings = Settings::default();
    settings.head_timeout = Duration::from_millis(200);
    settings.body_timeout = Duration::from_millis(200);
    Simulator::builder()
        .settings(settings)
        .start()
        .await
        .expect("a free port")
}

/// The status line of the answer to these bytes; empty when the connection ends without one.
async fn status_of(simulator: &Simulator, bytes: &[u8]) -> String {
    let mut stream = dial(simulator).await;
    // The simulator may have answered and closed before it has all of it.
    let _ = stream.write_all(bytes).await;
    let mut answer = Vec::new();
    let mut buffer = [0; 1_024];
    while !answer.windows(2).any(|pair| pair == b"\r\n") {
        match soon(stream.read(&mut buffer)).await {
            Ok(0) | Err(_) => break,
            Ok(count) => answer.extend_from_slice(&buffer[..count]),
        }
    }
    let answer = String::from_utf8_lossy(&answer).into_owned();
    answer.lines().next().unwrap_or_default().to_owned()
}

/// It still serves.
async fn serves(simulator: &Simulator) {
    start(&mut dial(simulator).await).await;
}

/// Reads answers from a stream, which may come in one piece.
async fn statuses(stream: &mut TcpStream, count: usize) -> Vec<u16> {
    let mut text = String::new();
    let mut buffer = [0; 4_096];
    loop {
        let found: Vec<u16> = text
            .split("HTTP/1.1 ")
            .skip(1)
            .filter_map(|answer| answer.get(..3)?.parse().ok())
            .collect();
        if found.len() >= count {
            return found;
        }
        match soon(stream.read(&mut buffer)).await {
            Ok(0) | Err(_) => return found,
            Ok(read) => text.push_str(&String::from_utf8_lossy(&buffer[..read])),
        }
    }
}

#[tokio::test]
async fn what_is_not_http_is_refused() {
    let simulator = simulator().await;
    let long_name = format!("GET / HTTP/1.1\r\n{}: x\r\n\r\n", "a".repeat(200_000));
    let long_line = format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(200_000));
    let many = format!("GET / HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(500));
    let cases: [(&[u8], &str); 14] = [
        (b"\0\0\0\0\r\n\r\n", "400"),
        (
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
            "400",
        ),
        (b"hello\r\n\r\n", "400"),
        (b"GET\r\n\r\n", "400"),
        (b"GET / HTTP/9.9\r\n\r\n", "400"),
        (b"GET / HTTP/1.1\r\nno colon\r\n\r\n", "400"),
        (b"GET / HTTP/1.1\r\na\0b: c\r\n\r\n", "400"),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", ""),
        (
            b"POST /participant/message HTTP/1.1\r\ncontent-length: -1\r\n\r\n",
            "400",
        ),
        (
            b"POST /participant/message HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
            "400",
        ),
        (
            b"POST /participant/message HTTP/1.1\r\ntransfer-encoding: sideways\r\n\r\n",
            "400",
        ),
        (long_name.as_bytes(), "431"),
        (long_line.as_bytes(), "431"),
        (many.as_bytes(), "431"),
    ];
    for (bytes, status) in cases {
        let line = status_of(&simulator, bytes).await;
        let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(60)]).into_owned();
        if status.is_empty() {
            assert!(
                line.is_empty() || line.contains(" 4") || line.contains(" 505"),
                "{shown}: {line}"
            );
        } else {
            assert_eq!(line.split(' ').nth(1), Some(status), "{shown}: {line}");
        }
    }
    serves(&simulator).await;
}

#[tokio::test]
async fn unusual_requests_have_the_services_own_answers() {
    let simulator = simulator().await;
    let cases: [(&str, u16); 9] = [
        ("BREW /participant/message HTTP/1.1\r\nhost: x\r\n\r\n", 404),
        (
            "DELETE /participant/message HTTP/1.1\r\nhost: x\r\n\r\n",
            404,
        ),
        ("GET /participant/message/ HTTP/1.1\r\nhost: x\r\n\r\n", 404),
        ("GET /%zz/%00 HTTP/1.1\r\nhost: x\r\n\r\n", 404),
        ("CONNECT 127.0.0.1:1 HTTP/1.1\r\nhost: x\r\n\r\n", 404),
        ("OPTIONS * HTTP/1.1\r\nhost: x\r\n\r\n", 204),
        (
            "POST http://elsewhere/participant/message HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}",
            403,
        ),
        ("POST /participant/message HTTP/1.0\r\n\r\n", 403),
        ("POST /participant/message?x=%zz HTTP/1.1\r\n\r\n", 403),
    ];
    for (request, status) in cases {
        let line = status_of(&simulator, request.as_bytes()).await;
        let found = line
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok());
        assert_eq!(found, Some(status), "{request}: {line}");
    }
    serves(&simulator).await;
}

#[tokio::test]
async fn bodies_that_are_no_request_are_refused_by_the_service() {
    let simulator = simulator().await;
    let mut http = dial(&simulator).await;
    let chat = start(&mut http).await;
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let nested = format!(
        r#"{{"ContentType":{}1{}}}"#,
        r#"{"a":"#.repeat(20_000),
        "}".repeat(20_000)
    );
    let cases: [&[u8]; 10] = [
        b"\xFF\xFE",
        b"{\"Content\":\"\xC3\x28\"}",
        b"null",
        b"[]",
        b"{",
        b"{\"Content\":\"\\ud800\"}",
        b"{\"Content\":1e999}",
        b"{\"ContentType\":123456789012345678901234567890}",
        deep.as_bytes(),
        nested.as_bytes(),
    ];
    for body in cases {
        write(&mut http, Operation::SendMessage, &chat.token, body)
            .await
            .expect("the request is written");
        let (status, text) = soon(read(&mut http)).await.expect("an answer");
        let shown = String::from_utf8_lossy(&body[..body.len().min(60)]).into_owned();
        assert_eq!(status, 400, "{shown}");
        let answer: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(answer["__type"], "ValidationException", "{shown}");
    }
    // Of a member that comes twice, the last one counts.
    let body = br#"{"ContentType":"x","ContentType":"text/plain","Content":"a","Content":"b"}"#;
    write(&mut http, Operation::SendMessage, &chat.token, body)
        .await
        .expect("the request is written");
    assert_eq!(
        soon(read(&mut http)).await.map(|(status, _)| status),
        Some(200)
    );
    let said = simulator.with(|service, _| {
        let chat = service.contact(&chat.contact)?;
        chat.transcript().last()?.content.clone()
    });
    assert_eq!(said.as_deref(), Some("b"));
}

#[tokio::test]
async fn whoever_sends_far_too_much_reads_the_refusal_and_goes_on() {
    let simulator = simulator().await;
    let mut http = dial(&simulator).await;
    let chat = start(&mut http).await;
    let body = vec![b' '; 10_000_000];
    for _ in 0..2 {
        write(&mut http, Operation::SendMessage, &chat.token, &body)
            .await
            .expect("all of it is written");
        let (status, text) = soon(read(&mut http)).await.expect("an answer");
        assert_eq!(status, 413);
        assert!(text.contains("RequestEntityTooLargeException"), "{text}");
    }
    let message = json!({ "ContentType": "text/plain", "Content": "a" });
    let (status, _) = ask(&mut http, Operation::SendMessage, &chat.token, &message).await;
    assert_eq!(status, 200);
}

#[tokio::test]
async fn whoever_sends_far_too_much_and_closes_reads_the_refusal() {
    let simulator = simulator().await;
    let chat = start(&mut dial(&simulator).await).await;
    let mut http = dial(&simulator).await;
    let head = format!(
        "POST /participant/message HTTP/1.1\r\nhost: x\r\nx-amz-bearer: {}\r\n\
         connection: close\r\ntransfer-encoding: chunked\r\n\r\n",
        chat.token
    );
    http.write_all(head.as_bytes())
        .await
        .expect("it is written");
    for _ in 0..100 {
        let chunk = format!("186a0\r\n{}\r\n", " ".repeat(100_000));
        http.write_all(chunk.as_bytes())
            .await
            .expect("it is written");
    }
    http.write_all(b"0\r\n\r\n").await.expect("it is written");
    assert_eq!(
        soon(read(&mut http)).await.map(|(status, _)| status),
        Some(413)
    );
}

#[tokio::test]
async fn chunked_bodies_and_requests_in_one_piece_are_understood() {
    let simulator = simulator().await;
    let mut http = dial(&simulator).await;
    let chat = start(&mut http).await;
    let body = r#"{"ContentType":"text/plain","Content":"a"}"#;
    let (one, two) = body.split_at(10);
    let chunked = format!(
        "POST /participant/message HTTP/1.1\r\nhost: x\r\nx-amz-bearer: {}\r\n\
         transfer-encoding: chunked\r\n\r\n{:x}\r\n{one}\r\n{:x}\r\n{two}\r\n0\r\n\r\n",
        chat.token,
        one.len(),
        two.len(),
    );
    http.write_all(chunked.repeat(5).as_bytes())
        .await
        .expect("the requests are written");
    assert_eq!(statuses(&mut http, 5).await, [200; 5]);
    let bad = format!(
        "POST /participant/message HTTP/1.1\r\nhost: x\r\nx-amz-bearer: {}\r\n\
         transfer-encoding: chunked\r\n\r\nzz\r\n{{}}\r\n0\r\n\r\n",
        chat.token
    );
    let line = status_of(&simulator, bad.as_bytes()).await;
    assert!(!line.contains(" 2"), "{line}");
    serves(&simulator).await;
}

#[tokio::test]
async fn a_client_that_asks_before_it_sends_is_told() {
    let simulator = simulator().await;
    let mut http = dial(&simulator).await;
    let chat = start(&mut http).await;
    let head = |length: usize| {
        format!(
            "POST /participant/message HTTP/1.1\r\nhost: x\r\nx-amz-bearer: {}\r\n\
             expect: 100-continue\r\ncontent-length: {length}\r\n\r\n",
            chat.token
        )
    };
    let body = br#"{"ContentType":"text/plain","Content":"a"}"#;
    http.write_all(head(body.len()).as_bytes())
        .await
        .expect("it is written");
    assert_eq!(statuses(&mut http, 1).await, [100]);
    http.write_all(body).await.expect("it is written");
    assert_eq!(statuses(&mut http, 1).await, [200]);
    http.write_all(head(10_000_000).as_bytes())
        .await
        .expect("it is written");
    assert_eq!(statuses(&mut http, 1).await, [413]);
}

#[tokio::test]
async fn a_body_that_does_not_come_is_answered_with_408() {
    let simulator = impatient().await;
    let mut http = dial(&simulator).await;
    let chat = start(&mut http).await;
    let head = format!(
        "POST /participant/message HTTP/1.1\r\nhost: x\r\nx-amz-bearer: {}\r\ncontent-length: 20\r\n\r\n{{",
        chat.token
    );
    http.write_all(head.as_bytes())
        .await
        .expect("it is written");
    let (status, text) = soon(read(&mut http)).await.expect("an answer");
    assert_eq!(status, 408);
    assert!(text.contains("RequestTimeoutException"), "{text}");
    assert_eq!(soon(read(&mut http)).await, None);
    let counted = simulator.with(|service, _| service.cut_off().get("slow_body").copied());
    assert_eq!(counted, Some(1));
    assert_eq!(
        simulator.with(|service, _| service.requests(Operation::SendMessage)),
        0
    );
}

#[tokio::test]
async fn a_connection_on_which_no_request_comes_ends() {
    let simulator = impatient().await;
    for begun in ["", "GET /participant/mess"] {
        let mut http = dial(&simulator).await;
        http.write_all(begun.as_bytes())
            .await
            .expect("it is written");
        assert_eq!(soon(read(&mut http)).await, None);
    }
    // Nor does one that has said all it had to say stay for ever.
    let mut http = dial(&simulator).await;
    start(&mut http).await;
    assert_eq!(soon(read(&mut http)).await, None);
}

#[tokio::test]
async fn many_large_bodies_at_once_are_read_one_after_another() {
    let mut settings = Settings::default();
    settings.body_limit = 4 * 1024 * 1024;
    settings.body_timeout = Duration::from_secs(1);
    let simulator = Simulator::builder()
        .settings(settings)
        .start()
        .await
        .expect("a free port");
    let chat = start(&mut dial(&simulator).await).await;
    let head = format!(
        "POST /participant/message HTTP/1.1\r\nhost: x\r\nx-amz-bearer: {}\r\ncontent-length: 1000000\r\n\r\n",
        chat.token
    );
    // They take every place and do not go on.
    let mut stuck = Vec::new();
    for _ in 0..16 {
        let mut http = dial(&simulator).await;
        http.write_all(head.as_bytes())
            .await
            .expect("it is written");
        http.write_all(&[b' '; 100_000])
            .await
            .expect("it is written");
        stuck.push(http);
    }
    // A small one needs no place.
    let mut http = dial(&simulator).await;
    let message = json!({ "ContentType": "text/plain", "Content": "a" });
    let (status, _) = ask(&mut http, Operation::SendMessage, &chat.token, &message).await;
    assert_eq!(status, 200);
    // A large one gets one when theirs are taken from them.
    let mut text = message.to_string();
    text.push_str(&" ".repeat(100_000));
    let deadline = tokio::time::Instant::now() + SOON;
    loop {
        write(
            &mut http,
            Operation::SendMessage,
            &chat.token,
            text.as_bytes(),
        )
        .await
        .expect("the request is written");
        match soon(read(&mut http)).await {
            Some((200, _)) => break,
            Some((408, _)) => http = dial(&simulator).await,
            other => panic!("neither but {other:?}"),
        }
        assert!(tokio::time::Instant::now() < deadline);
    }
    for mut http in stuck {
        assert_eq!(
            soon(read(&mut http)).await.map(|(status, _)| status),
            Some(408)
        );
    }
}

#[tokio::test]
async fn a_handshake_without_its_headers_is_explained() {
    let simulator = simulator().await;
    let chat = start(&mut dial(&simulator).await).await;
    let target = crate::bench::target(&chat.url);
    let good = [
        "connection: upgrade",
        "upgrade: websocket",
        "sec-websocket-version: 13",
        "sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==",
    ];
    let cases: [(usize, &str, u16); 7] = [
        (0, "connection: close", 400),
        (1, "upgrade: h2c", 426),
        (1, "x: y", 426),
        (2, "sec-websocket-version: 8", 426),
        (2, "x: y", 426),
        (3, "sec-websocket-key: short", 400),
        (3, "x: y", 400),
    ];
    for (place, header, status) in cases {
        let mut headers = good;
        headers[place] = header;
        let request = format!(
            "GET {target} HTTP/1.1\r\nhost: x\r\n{}\r\n\r\n",
            headers.join("\r\n")
        );
        let mut http = dial(&simulator).await;
        http.write_all(request.as_bytes())
            .await
            .expect("it is written");
        let (found, text) = soon(read(&mut http)).await.expect("an answer");
        assert_eq!(found, status, "{header}");
        assert!(text.contains("message"), "{text}");
    }
    let old = format!("GET {target} HTTP/1.0\r\n{}\r\n\r\n", good.join("\r\n"));
    let line = status_of(&simulator, old.as_bytes()).await;
    assert_eq!(line.split(' ').nth(1), Some("400"), "{line}");
    // None of them has used the URL up.
    listen(dial(&simulator).await, &chat.url).await;
}
