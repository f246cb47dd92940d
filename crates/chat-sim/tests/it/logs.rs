//! What the log says of clients that are cut off: the reason, nothing secret, and not too much.

use std::io;
use std::sync::{Arc, Mutex};

use chat_sim::{Settings, Simulator};
use futures_util::SinkExt;
use tokio_tungstenite::tungstenite::{self, Message};

use crate::http_client::{SOON, connect, dial, listen, open, start, tell, write};

/// Keeps what is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("it is whole").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn lines(&self, word: &str) -> Vec<String> {
        let bytes = self.0.lock().expect("it is whole").clone();
        let text = String::from_utf8(bytes).expect("text");
        let lines = text.lines().filter(|line| line.contains(word));
        lines.map(str::to_owned).collect()
    }
}

/// Logs of this thread, on which the simulator of a test runs too.
fn log() -> (Log, tracing::subscriber::DefaultGuard) {
    use tracing_subscriber::util::SubscriberInitExt;
    let log = Log::default();
    let writer = log.clone();
    let guard = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_writer(move || writer.clone())
        .set_default();
    (log, guard)
}

#[tokio::test]
async fn a_client_that_is_cut_off_is_in_the_log_with_the_reason_and_no_secret() {
    let (log, _guard) = log();
    let mut settings = Settings::default();
    settings.frames_per_second = 5;
    let simulator = Simulator::builder()
        .settings(settings)
        .start()
        .await
        .expect("a free port");
    let mut http = dial(&simulator).await;
    let chat = start(&mut http).await;
    let mut socket = listen(dial(&simulator).await, &chat.url).await;
    tell(&mut socket, "the words").await;
    for _ in 0..20 {
        let _ = socket.feed(Message::text("the words")).await;
    }
    let _ = socket.flush().await;
    simulator
        .wait_until(|service| service.cut_off().contains_key("frame_rate"), SOON)
        .await
        .expect("it is cut off");
    let warnings = log.lines("WARN");
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    for part in ["frame_rate", "Too many frames", "socket="] {
        assert!(warnings[0].contains(part), "{warnings:?}");
    }
    let url_token = chat.url.split_once('=').expect("a token").1;
    for secret in [
        "the words",
        url_token,
        chat.token.as_str(),
        chat.participant_token.as_str(),
    ] {
        assert_eq!(log.lines(secret), [""; 0]);
    }
}

#[tokio::test]
async fn a_client_that_tries_again_and_again_does_not_fill_the_log() {
    let (log, _guard) = log();
    let simulator = Simulator::start().await.expect("a free port");
    let mut http = dial(&simulator).await;
    let chat = start(&mut http).await;
    let mut sockets = Vec::new();
    for _ in 0..5 {
        let (url, _) = connect(&mut http, &chat.participant_token).await;
        sockets.push(
            open(dial(&simulator).await, &url)
                .await
                .expect("the handshake"),
        );
    }
    let begin = std::time::Instant::now();
    for _ in 0..200 {
        let (url, _) = connect(&mut http, &chat.participant_token).await;
        let refused = open(dial(&simulator).await, &url).await;
        assert!(matches!(refused, Err(tungstenite::Error::Http(_))));
    }
    let refused = simulator.with(|service, _| service.cut_off()["too_many_sockets"]);
    assert_eq!(refused, 200);
    let most = 20 + usize::try_from(begin.elapsed().as_secs()).expect("not that long") + 1;
    let lines = log.lines("WARN").len();
    assert!((20..=most).contains(&lines), "{lines}");
}

#[tokio::test]
async fn connections_that_have_to_wait_are_in_the_log() {
    let (log, _guard) = log();
    let simulator = Simulator::builder()
        .connections(1)
        .start()
        .await
        .expect("a free port");
    let mut first = dial(&simulator).await;
    start(&mut first).await;
    let mut second = dial(&simulator).await;
    write(
        &mut second,
        chat_sim::Operation::SendMessage,
        "nobody",
        b"{}",
    )
    .await
    .expect("it is written");
    start(&mut first).await;
    let warnings = log.lines("WARN");
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].contains("as many connections are open as may be"));
}
