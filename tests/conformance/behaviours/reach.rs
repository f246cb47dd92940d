//! Services that cannot be reached, and certificates that are not good.

use std::io::Read;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use chat_sim::Simulator;
use rustls::ServerConfig;

use crate::adapter::chat_proto::{
    Config, ConnectError, Endpoint, Event, Phase, RequestError, TransportError, TransportErrorKind,
};
use crate::adapter::{Adapter, ConnectFailure};
use crate::behaviours::{Behaviour, behaviours};
use crate::certificates::Authority;
use crate::chat::{Chat, Plan};
use crate::matrix::LEFT_OUT;
use crate::stage::Stage;

pub(super) fn all<A: Adapter>() -> Vec<Behaviour> {
    let mut all = behaviours![A on All:
        a_host_that_does_not_exist_is_told,
        a_refused_connection_is_told,
        an_attempt_in_vain_can_be_repeated,
    ];
    all.extend(behaviours![A on Plain:
        plain_http_to_another_machine_is_refused,
    ]);
    all.extend(behaviours![A on Encrypted:
        an_unknown_authority_is_refused_and_told,
        an_expired_certificate_is_refused_and_told,
        a_certificate_of_another_name_is_refused_and_told,
        a_service_that_speaks_no_tls_is_refused_and_told,
        a_tls_handshake_that_ends_early_is_told,
    ]);
    all
}

/// Sooner than a second attempt comes.
const SOON: Duration = Duration::from_secs(1);

/// A session of a service that is at this URL, and gives up soon.
async fn session_with<A: Adapter>(stage: &Stage, url: &str) -> Chat<A> {
    session_of(Plan::<A>::new(stage), url).await
}

/// The same, by a plan.
pub(super) async fn session_of<A: Adapter>(plan: Plan<A>, url: &str) -> Chat<A> {
    let plan = plan.client(|client| client.allow_insecure(true));
    let mut chat = plan.start().await;
    let mut config = Config::new(Endpoint::custom(url).unwrap());
    config.connect_deadline(SOON).unwrap();
    let details = chat.session.chat_details();
    (chat.session, chat.events) = chat.client.session(config, details).unwrap();
    chat
}

/// Connecting fails in this way, and can be tried again.
pub(super) async fn assert_fails<A: Adapter>(
    chat: &mut Chat<A>,
    kind: TransportErrorKind,
    words: &str,
) {
    let ConnectFailure::Failed(error) = chat.session.connect().await.unwrap_err() else {
        panic!("it ended, or did not begin");
    };
    assert_transport(&error, kind, words);
    let told = chat
        .until(|event| matches!(event, Event::ConnectFailed(_)))
        .await;
    assert_eq!(told, Event::ConnectFailed(error));
    assert_eq!(chat.session.phase(), Phase::Idle);
}

fn assert_transport(error: &ConnectError, wanted: TransportErrorKind, words: &str) {
    let (ConnectError::Request(RequestError::Transport(error)) | ConnectError::Socket(error)) =
        error
    else {
        panic!("{error:?}");
    };
    let TransportError { kind, detail, .. } = error;
    assert_eq!(*kind, wanted, "{detail}");
    assert!(detail.contains(words), "{detail}");
}

async fn a_host_that_does_not_exist_is_told<A: Adapter>(stage: Stage) {
    let url = stage.url(LEFT_OUT, 443);
    let mut chat = session_with::<A>(&stage, &url).await;
    assert_fails(&mut chat, TransportErrorKind::Resolve, "").await;
}

/// A port on which nobody listens.
fn deserted() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

async fn a_refused_connection_is_told<A: Adapter>(stage: Stage) {
    let url = stage.url("127.0.0.1", deserted());
    let mut chat = session_with::<A>(&stage, &url).await;
    assert_fails(&mut chat, TransportErrorKind::Connect, "").await;
}

async fn an_attempt_in_vain_can_be_repeated<A: Adapter>(stage: Stage) {
    let plan = Plan::<A>::new(&stage).config(|config| {
        config.connect_deadline(SOON).unwrap();
    });
    let mut chat = plan.start().await;
    chat.service.stop_listening().await;
    assert_fails(&mut chat, TransportErrorKind::Connect, "").await;
    chat.service.resume_listening().await;
    chat.session.connect().await.unwrap();
    chat.balance().await;
}

async fn plain_http_to_another_machine_is_refused<A: Adapter>(stage: Stage) {
    // TEST-NET-1 of RFC 5737: nobody has this address.
    let chat = Plan::<A>::new(&stage).start().await;
    let config = Config::new(Endpoint::custom("http://192.0.2.1:8080").unwrap());
    let details = chat.session.chat_details();
    let (session, _events) = chat.client.session(config, details).unwrap();
    let failure = session.connect().await.unwrap_err().to_string();
    assert!(failure.contains("is not allowed"), "{failure}");
    assert!(failure.contains("allow_insecure"), "{failure}");
}

/// Connecting to a service with this certificate fails.
async fn refused<A: Adapter>(stage: &Stage, server: Arc<ServerConfig>, words: &str) {
    let mut plan = Plan::<A>::new(stage).config(|config| {
        config.connect_deadline(SOON).unwrap();
    });
    plan.simulator = Simulator::builder().tls(server);
    let mut chat = plan.start().await;
    assert_fails(&mut chat, TransportErrorKind::Tls, words).await;
}

async fn an_unknown_authority_is_refused_and_told<A: Adapter>(stage: Stage) {
    refused::<A>(
        &stage,
        Authority::new("a stranger").server(),
        "UnknownIssuer",
    )
    .await;
}

async fn an_expired_certificate_is_refused_and_told<A: Adapter>(stage: Stage) {
    refused::<A>(&stage, stage.authority().expired(), "expired").await;
}

async fn a_certificate_of_another_name_is_refused_and_told<A: Adapter>(stage: Stage) {
    let server = stage.authority().of_another_name();
    refused::<A>(&stage, server, "not valid for").await;
}

async fn a_service_that_speaks_no_tls_is_refused_and_told<A: Adapter>(stage: Stage) {
    let mut plan = Plan::<A>::new(&stage);
    plan.simulator = Simulator::builder();
    let chat = plan.start().await;
    let url = stage.url("127.0.0.1", chat.service.port());
    let mut chat = session_with::<A>(&stage, &url).await;
    assert_fails(&mut chat, TransportErrorKind::Tls, "").await;
}

async fn a_tls_handshake_that_ends_early_is_told<A: Adapter>(stage: Stage) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = stage.url("127.0.0.1", listener.local_addr().unwrap().port());
    // It hears us out, as far as it has to, so that its end is none by a reset.
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut hello = [0; 5];
        stream.read_exact(&mut hello).unwrap();
        let length = u16::from_be_bytes([hello[3], hello[4]]);
        stream.read_exact(&mut vec![0; length.into()]).unwrap();
    });
    let mut chat = session_with::<A>(&stage, &url).await;
    let failing = assert_fails(
        &mut chat,
        TransportErrorKind::Tls,
        "ended during the handshake",
    );
    failing.await;
    server.join().unwrap();
}
