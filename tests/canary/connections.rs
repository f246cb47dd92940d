//! What goes wrong with sockets and the way to them.

use std::time::Duration;

use chat_driver::Proxy;
use chat_driver::runtime::Runtime;
use chat_proto::{ChatDetails, Config, ConnectError, Diagnostic, Draft, Endpoint, Event, Network};
use chat_sim::{CutWhen, Effect, Fault, Settings, Simulator};
use chat_tests::{on_connect, refusal};

use crate::capture::{see, see_error};
use crate::gateway;
use crate::marks::{mark, note};
use crate::stage::{Chat, Stage, client, gap_filled, lost};

/// The longest frame that is taken in.
const FRAME_LIMIT: usize = 4 * 1024;

/// Frames that nobody can understand, and those that are too long.
pub(crate) async fn frames_are_wrong<R: Runtime>() {
    let client = client::<R>().frame_limit(FRAME_LIMIT);
    let stage = Stage::open(Settings::default(), client).await;
    let mut chat = stage.connect().await;
    let frame = || mark("frame");
    let item = |item: String| {
        let content = serde_json::Value::from(item);
        format!(r#"{{"topic":"aws/chat","contentType":"application/json","content":{content}}}"#)
    };
    for (text, kind) in [
        (format!("<html>{}", frame()), "malformed_frame"),
        (
            format!(r#"{{"topic":7,"content":"{}"}}"#, frame()),
            "malformed_frame",
        ),
        (format!(r#"["{}"]"#, frame()), "malformed_frame"),
        (item(format!("<html>{}", frame())), "malformed_item"),
        (
            item(format!(r#"{{"Id":7,"Content":"{}"}}"#, frame())),
            "malformed_item",
        ),
        (
            item(format!(
                r#"{{"Id":"i","ContactId":"elsewhere","InitialContactId":"elsewhere","Type":"MESSAGE","Content":"{}",
                    "AbsoluteTime":"2026-01-01T00:00:00.000Z"}}"#,
                frame()
            )),
            "unknown_contact",
        ),
        (
            format!(r#"{{"topic":"aws/none","content":"{}"}}"#, frame()),
            "unknown_topic",
        ),
    ] {
        chat.inject(Fault::new(Effect::RawFrame { text }).once());
        chat.until_diagnostic(kind).await;
    }
    chat.inject(Fault::new(Effect::GarbageFrame { bytes: 600 }).once());
    chat.until_diagnostic("malformed_frame").await;
    for effect in [
        Effect::OversizedFrame {
            bytes: 2 * FRAME_LIMIT,
        },
        Effect::GarbageFrame {
            bytes: 2 * FRAME_LIMIT,
        },
        Effect::CloseSocket { code: 1011 },
        Effect::CutSocket { when: CutWhen::Now },
    ] {
        chat.inject(Fault::new(effect).once());
        see(&chat.until(lost).await);
        chat.until_back().await;
        chat.since_lost(gap_filled).await;
    }
    for effect in [
        Effect::DuplicateItems,
        Effect::ReorderItems {
            within: Duration::from_millis(50),
        },
        Effect::DelayItems {
            by: Duration::from_millis(50),
        },
    ] {
        chat.inject(Fault::new(effect).times(1));
        say(&mut chat).await;
    }
    let when = CutWhen::NextItem;
    chat.inject(Fault::new(Effect::CutSocket { when }).once());
    chat.agent_sends(&mark("text"));
    chat.until(lost).await;
    chat.until_back().await;
    chat.session.abandon().await.unwrap();
    chat.until_ended().await;
}

async fn say(chat: &mut Chat) {
    let text = mark("text");
    chat.agent_sends(&text);
    let told = |event: &Event| matches!(event, Event::Item(item) if item.item.content.as_ref() == Some(&text));
    chat.until(told).await;
}

/// Every way in which a new connection does not come about.
pub(crate) async fn connections_fail<R: Runtime>() {
    let stage = Stage::open(Settings::default(), client::<R>()).await;
    let mut chat = stage.connect().await;
    let short = Duration::from_millis(1);
    for fault in [
        Fault::new(Effect::RefuseHandshake { status: 503 }),
        Fault::new(Effect::RefuseHandshake { status: 403 }),
        Fault::new(Effect::RefuseHandshake { status: 301 }),
        Fault::new(Effect::StallHandshake),
        Fault::new(Effect::ShortUrl {
            lifetime: Duration::ZERO,
        }),
        on_connect(refusal(429)),
        on_connect(refusal(500)),
        on_connect(Effect::AnswerRaw {
            status: 200,
            content_type: "application/json".to_owned(),
            body: format!(
                r#"{{"Websocket":{{"Url":"not a url {}"}},"ConnectionCredentials":{{"ConnectionToken":"{}"}}}}"#,
                mark("foreign body"),
                mark("ConnectionToken")
            ),
        }),
        on_connect(Effect::AnswerRaw {
            status: 200,
            content_type: "application/json".to_owned(),
            body: format!(
                r#"{{"Websocket":{{"Url":"wss://host.invalid/{}"}},"ConnectionCredentials":{{"ConnectionToken":"{}"}}}}"#,
                mark("path"),
                mark("ConnectionToken")
            ),
        }),
        on_connect(Effect::AnswerRaw {
            status: 200,
            content_type: "application/json".to_owned(),
            body: format!(
                r#"{{"Websocket":{{"Url":"ws://example.com/{}"}},"ConnectionCredentials":{{"ConnectionToken":"{}"}}}}"#,
                mark("path"),
                mark("ConnectionToken")
            ),
        }),
    ] {
        chat.inject(fault.once());
        chat.simulator.cut_sockets(&chat.contact);
        chat.until(lost).await;
        chat.session.network(Network::Online);
        let failed = chat.until_diagnostic("connect_attempt_failed").await;
        if let Diagnostic::ConnectAttemptFailed { error, .. } = failed {
            see_error(&error);
        }
        chat.until_back().await;
    }
    chat.inject(Fault::new(Effect::FailSubscribe));
    chat.simulator.cut_sockets(&chat.contact);
    chat.until(lost).await;
    chat.session.network(Network::Online);
    chat.until_diagnostic("connect_attempt_failed").await;
    chat.simulator.with(|service, _| service.clear_faults());
    chat.until_back().await;
    chat.inject(Fault::new(Effect::ShortToken { lifetime: short }).once());
    chat.inject(
        Fault::new(Effect::ShortConnection {
            lifetime: Duration::from_secs(60),
        })
        .once(),
    );
    chat.simulator.cut_sockets(&chat.contact);
    chat.until(lost).await;
    chat.until_back().await;
    chat.session
        .send_message(Draft::text(mark("text")))
        .await
        .unwrap();
    chat.simulator.stop_listening().await;
    chat.until(lost).await;
    chat.session.network(Network::Online);
    chat.until_diagnostic("connect_attempt_failed").await;
    chat.simulator.resume_listening().await.unwrap();
    chat.until_back().await;
    chat.inject(on_connect(refusal(403)));
    assert_eq!(chat.simulator.cut_sockets(&chat.contact), 1);
    chat.until(lost).await;
    chat.session.network(Network::Online);
    chat.until_ended().await;
}

/// The first connect is given up, and refused for good.
pub(crate) async fn the_first_connect_fails<R: Runtime>() {
    let stage = Stage::open(Settings::default(), client::<R>()).await;
    let mut config = stage.config();
    config.connect_deadline(Duration::from_millis(300)).unwrap();
    let (_, details) = stage.start();
    let (session, mut events) = stage.client.session(config, details).unwrap();
    let fault = on_connect(refusal(500));
    stage
        .simulator
        .with(|service, now| service.inject(now, fault));
    see_error(&session.connect().await.unwrap_err());
    session.abandon().await.unwrap();
    while let Some(event) = events.next().await {
        see(&event);
    }
    stage.simulator.with(|service, _| service.clear_faults());
    let (_, mut details) = stage.start();
    details.participant_token = mark("participant token").into();
    let (session, mut events) = stage.client.session(stage.config(), details).unwrap();
    see_error(&session.connect().await.unwrap_err());
    session.abandon().await.unwrap();
    while let Some(event) = events.next().await {
        see(&event);
    }
}

/// What `connect` says when nothing can be reached, until it is given up.
async fn fails_to_connect<R: Runtime>(
    client: &chat_driver::Client<R>,
    endpoint: &str,
) -> ConnectError {
    let mut config = Config::new(Endpoint::custom(endpoint).unwrap());
    config
        .connect_deadline(Duration::from_millis(1_500))
        .unwrap();
    let details = ChatDetails {
        contact_id: "c".into(),
        participant_id: "p".into(),
        participant_token: mark("participant token").into(),
    };
    let (session, mut events) = client.session(config, details).unwrap();
    let connecting = session.connect();
    let seeing = async {
        loop {
            let event = events.next().await.expect("the session goes on");
            see(&event);
            if let Event::Diagnostic(Diagnostic::ConnectAttemptFailed { error, .. })
            | Event::ConnectFailed(error) = event
            {
                see_error(&error);
                return error;
            }
        }
    };
    let (connected, error) = tokio::join!(connecting, seeing);
    see_error(&connected.unwrap_err());
    error
}

/// An authority that is not trusted; and a server that does not speak TLS.
pub(crate) async fn tls_fails<R: Runtime>() {
    let simulator = Simulator::builder()
        .tls_self_signed()
        .start()
        .await
        .unwrap();
    let client = client::<R>().build().unwrap();
    let error = fails_to_connect(&client, &simulator.endpoint()).await;
    assert!(error.to_string().contains("TLS"), "{error}");
    let plain = gateway::answering(gateway::http("200 OK", &mark("foreign body")));
    let error = fails_to_connect(&client, &format!("https://{plain}")).await;
    assert!(error.to_string().contains("TLS"), "{error}");
    let error = fails_to_connect(&client, &format!("http://{plain}")).await;
    see_error(&error);
}

/// A proxy that wants another password, and one that is none.
pub(crate) async fn the_proxy_refuses<R: Runtime>() {
    let simulator = Simulator::start().await.unwrap();
    for answer in [
        gateway::http("407 Proxy Authentication Required", &mark("foreign body")),
        gateway::http("200 OK", &mark("foreign body")),
        mark("foreign body"),
    ] {
        let proxy = gateway::answering(answer);
        let (user, password) = (mark("proxy user"), mark("proxy password"));
        let pair = base64(&format!("{user}:{password}"));
        note("proxy password", &pair);
        let proxy = Proxy::url(format!("http://{user}:{password}@{proxy}")).unwrap();
        see(&proxy);
        let client = client::<R>().proxy(proxy);
        see(&client);
        let client = client.build().unwrap();
        see(&client);
        see_error(&fails_to_connect(&client, &simulator.endpoint()).await);
    }
    see_error(&Proxy::url(format!("socks5://{}@x", mark("proxy password"))).unwrap_err());
}

/// As the header `Proxy-Authorization` has it.
fn base64(text: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut encoded = String::new();
    for chunk in text.as_bytes().chunks(3) {
        let bits = chunk.iter().enumerate().fold(0_u32, |bits, (place, byte)| {
            bits | u32::from(*byte) << (16 - 8 * place)
        });
        for place in 0..=chunk.len() {
            let digit = bits >> (18 - 6 * place) & 63;
            encoded.push(char::from(DIGITS[usize::try_from(digit).unwrap()]));
        }
    }
    encoded
}
