//! Settings of a client that show on the wire.

use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use chat_driver::runtime::Runtime;
use tokio::net::{TcpListener, TcpSocket, TcpStream};

use crate::adapter::chat_proto::api::StartChatContact;
use crate::adapter::chat_proto::{Config, Draft, Endpoint, TransportErrorKind};
use crate::adapter::{Adapter, ClientBuilder};
use crate::behaviours::files::send_and_receive_a_file;
use crate::behaviours::reach::{assert_fails, session_of};
use crate::behaviours::{Behaviour, behaviours};
use crate::chat::{Chat, Plan};
use crate::recorder::Recorder;
use crate::service::on_network;
use crate::stage::Stage;

pub(super) fn all<A: Adapter>() -> Vec<Behaviour> {
    behaviours![A on All:
        headers_go_with_requests_and_handshakes_and_not_with_files,
        a_rewritten_websocket_url_is_the_one_that_is_opened,
        a_rewritten_websocket_url_that_cannot_be_used_is_told,
        a_service_that_never_accepts_is_given_up_after_the_connect_timeout,
    ]
}

async fn headers_go_with_requests_and_handshakes_and_not_with_files<A: Adapter>(stage: Stage) {
    let recorder = Recorder::start(&stage).await;
    let mut plan = Plan::<A>::new(&stage).client(|client| {
        client
            .header("X-Gateway-Key", "replaced")
            .header("x-gateway-key", "open sesame")
            .user_agent_suffix("ferries/2.1")
    });
    plan.simulator = plan.simulator.reached_at(recorder.address.as_str());
    let mut chat = plan.start().await;
    recorder.lead_to(chat.service.port());
    chat.connect().await;
    let request = StartChatContact::new("instance", "flow", "Ann");
    let started = chat.client.start_chat(chat.config.endpoint(), &request);
    started.await.unwrap();
    chat.session.send_message(Draft::text("hi")).await.unwrap();
    send_and_receive_a_file(&mut chat).await;
    chat.balance().await;

    let (mut requests, mut handshakes, mut files) = (0, 0, 0);
    let user_agent = format!("{} ferries/2.1", A::Runtime::USER_AGENT);
    for head in recorder.heads() {
        let key = head.headers.get("x-gateway-key").map(String::as_str);
        let is_request = [" /participant/", " /contact/"]
            .iter()
            .any(|path| head.line.contains(path));
        let is_handshake = head.headers.contains_key("sec-websocket-key");
        if is_request || is_handshake {
            assert_eq!(key, Some("open sesame"), "{}", head.line);
            assert_eq!(head.headers["user-agent"], user_agent, "{}", head.line);
        } else {
            assert_eq!(key, None, "{}", head.line);
        }
        requests += u32::from(is_request);
        handshakes += u32::from(is_handshake);
        files += u32::from(!is_request && !is_handshake);
    }
    assert!(requests >= 6, "{requests} requests");
    assert_eq!((handshakes, files), (1, 2), "one file up and down");
}

/// Where the service says that its WebSockets are.
const SAID: &str = "gateway.invalid:1";

/// A session of a service whose WebSocket URLs lead nowhere, and which is itself where it is.
async fn misled<A: Adapter>(stage: &Stage, client: ClientBuilder<A>) -> Chat<A> {
    let mut plan = Plan::<A>::new(stage).client(|_| client);
    plan.simulator = plan.simulator.reached_at(SAID);
    let mut chat = plan.start().await;
    let url = stage.url("127.0.0.1", chat.service.port());
    chat.config = Config::new(Endpoint::custom(&url).unwrap());
    let deadline = Duration::from_secs(1);
    chat.config.connect_deadline(deadline).unwrap();
    let details = chat.session.chat_details();
    let session = chat.client.session(chat.config.clone(), details);
    (chat.session, chat.events) = session.unwrap();
    chat
}

async fn a_rewritten_websocket_url_is_the_one_that_is_opened<A: Adapter>(stage: Stage) {
    let (seen, port) = (
        Arc::new(Mutex::new(Vec::new())),
        Arc::new(OnceLock::<u16>::new()),
    );
    let (sees, leads_to) = (Arc::clone(&seen), Arc::clone(&port));
    let client = stage.client::<A>().rewrite_websocket_url(move |url| {
        sees.lock().unwrap().push(url.to_owned());
        let real = format!("127.0.0.1:{}", leads_to.get().unwrap());
        url.replace(SAID, &real)
    });
    let mut chat = misled::<A>(&stage, client).await;
    port.set(chat.service.port()).unwrap();
    chat.connect().await;
    chat.service.cut_sockets(&chat.contact);
    chat.agent_sends("missed");
    chat.until_lost().await;
    chat.balance().await;
    let scheme = if stage.is_encrypted() { "wss" } else { "ws" };
    let seen = seen.lock().unwrap();
    assert_eq!(seen.len(), 2, "each URL once");
    let from = format!("{scheme}://{SAID}/");
    assert!(seen.iter().all(|url| url.starts_with(&from)));
    assert_ne!(seen[0], seen[1]);
}

async fn a_rewritten_websocket_url_that_cannot_be_used_is_told<A: Adapter>(stage: Stage) {
    use TransportErrorKind::{NotAllowed, Protocol};
    for (url, kind, words) in [
        ("no URL", Protocol, "the rewritten WebSocket URL"),
        ("https://127.0.0.1/", Protocol, "wss://"),
        // The rules are those for the service's own.
        ("ws://192.0.2.1/", NotAllowed, "allow_insecure"),
    ] {
        let client = stage.client::<A>();
        let client = client.rewrite_websocket_url(move |_| url.to_owned());
        let mut chat = misled::<A>(&stage, client).await;
        assert_fails(&mut chat, kind, words).await;
    }
}

/// A listener, and the connections it lets wait.
type Full = (TcpListener, Vec<TcpStream>);

/// A listener that has as many connections as it lets wait, and accepts none; and what fills it.
async fn full() -> (Full, u16) {
    on_network(async {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = socket.listen(1).unwrap();
        let address = listener.local_addr().unwrap();
        let mut waiting = Vec::new();
        let glance = Duration::from_millis(200);
        while let Ok(connected) = tokio::time::timeout(glance, TcpStream::connect(address)).await {
            waiting.push(connected.unwrap());
            assert!(waiting.len() < 64, "it accepts without end");
        }
        ((listener, waiting), address.port())
    })
    .await
}

async fn a_service_that_never_accepts_is_given_up_after_the_connect_timeout<A: Adapter>(
    stage: Stage,
) {
    if !cfg!(target_os = "linux") {
        // How many connections a listener lets wait is for the system to say.
        return;
    }
    let (_full, port) = full().await;
    let plan = Plan::<A>::new(&stage);
    let plan = plan.client(|client| client.connect_timeout(Duration::from_millis(300)));
    let mut chat = session_of(plan, &stage.url("127.0.0.1", port)).await;
    let words = "no connection within 300ms";
    assert_fails(&mut chat, TransportErrorKind::Connect, words).await;
}
