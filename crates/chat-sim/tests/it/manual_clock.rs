//! A simulator whose time is its test's, over real sockets.

use std::time::Duration;

use chat_sim::{Operation, Script, Simulator};
use serde_json::json;

use crate::bench::item;
use crate::http_client::{ask, connect, dial, hear, listen, soon, start, write};

const UNIX: Duration = Duration::from_secs(1_800_000_000);

async fn simulator() -> Simulator {
    Simulator::builder()
        .manual_clock()
        .wall_clock(UNIX)
        .seed(7)
        .script(Script::greeter())
        .start()
        .await
        .expect("a free port")
}

#[tokio::test]
async fn time_passes_only_when_the_test_says_so() {
    let simulator = simulator().await;
    let mut http = dial(&simulator).await;
    let chat = start(&mut http).await;
    let mut socket = listen(dial(&simulator).await, &chat.url).await;

    simulator.advance(Duration::from_millis(199)).await;
    let agents = |simulator: &Simulator| {
        simulator.with(|service, now| {
            let contact = service.contact(&chat.contact).expect("it is known");
            (contact.participants().len(), now)
        })
    };
    assert_eq!(agents(&simulator), (1, Duration::from_millis(199)));
    simulator.advance(Duration::from_millis(1)).await;
    assert_eq!(agents(&simulator), (2, Duration::from_millis(200)));
    hear(&mut socket).await;
    hear(&mut socket).await;
    simulator.advance(Duration::from_millis(400)).await;
    let said = item(&hear(&mut socket).await);
    assert_eq!(said["Content"], "Hello, how can I help you?");
    assert_eq!(said["AbsoluteTime"], "2027-01-15T08:00:00.600Z");

    // A day later the token is no longer good, and a new one is had at once.
    simulator.advance(Duration::from_secs(24 * 3_600)).await;
    let body = json!({ "ContentType": "text/plain", "Content": "Hi" });
    let (status, _) = ask(&mut http, Operation::SendMessage, &chat.token, &body).await;
    assert_eq!(status, 403);
    let (_, token) = connect(&mut http, &chat.participant_token).await;
    let (status, _) = ask(&mut http, Operation::SendMessage, &token, &body).await;
    assert_eq!(status, 200);
}

#[tokio::test]
async fn the_control_api_lets_time_jump_too() {
    let simulator = simulator().await;
    assert_eq!(
        simulator.control(),
        format!("{}/_sim", simulator.endpoint())
    );
    let mut stream = dial(&simulator).await;
    let request =
        b"POST /_sim/clock HTTP/1.1\r\nhost: x\r\ncontent-length: 19\r\n\r\n{\"advance_ms\":2500}";
    tokio::io::AsyncWriteExt::write_all(&mut stream, request)
        .await
        .expect("it is written");
    let (status, text) = soon(crate::http_client::read(&mut stream))
        .await
        .expect("an answer");
    assert_eq!(status, 200);
    assert_eq!(text, r#"{"now":"2027-01-15T08:00:02.500Z"}"#);
    assert_eq!(simulator.with(|_, now| now), Duration::from_millis(2_500));
}

#[tokio::test]
async fn two_runs_with_one_seed_and_one_clock_say_the_same() {
    let mut runs = Vec::new();
    for _ in 0..2 {
        let simulator = simulator().await;
        let mut http = dial(&simulator).await;
        let chat = start(&mut http).await;
        let mut socket = listen(dial(&simulator).await, &chat.url).await;
        simulator.advance(Duration::from_secs(1)).await;
        let mut heard = Vec::new();
        for _ in 0..3 {
            heard.push(hear(&mut socket).await);
        }
        write(&mut http, Operation::GetTranscript, &chat.token, b"{}")
            .await
            .expect("it is written");
        let page = soon(crate::http_client::read(&mut http)).await;
        runs.push((heard, page));
    }
    assert_eq!(runs[0], runs[1]);
}

#[tokio::test]
async fn a_client_that_reads_hears_everything_that_a_long_jump_brings() {
    let simulator = Simulator::builder()
        .manual_clock()
        .script(Script::chatterbox(1))
        .start()
        .await
        .expect("a free port");
    let mut http = dial(&simulator).await;
    let chat = start(&mut http).await;
    let mut socket = listen(dial(&simulator).await, &chat.url).await;
    // The agent's joining, and a message a second.
    let seconds = 3_000;
    let jump = simulator.advance(Duration::from_secs(seconds));
    let read = async {
        for _ in 0..=seconds {
            hear(&mut socket).await;
        }
    };
    tokio::join!(jump, read);
    let said = item(&hear(&mut socket).await);
    assert_eq!(
        said["Content"].as_str().map(|text| text.contains("3001")),
        Some(true),
        "{said}"
    );
    simulator.with(|service, now| {
        assert!(service.cut_off().is_empty(), "{:?}", service.cut_off());
        assert_eq!(now, Duration::from_secs(seconds));
        assert!(!service.is_jumping());
    });
}
