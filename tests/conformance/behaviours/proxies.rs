//! HTTP proxies between the session and the service, whose host nobody else can find.

use std::time::Duration;

use chat_sim::{Operation, Script};

use crate::adapter::chat_proto::api::StartChatContact;
use crate::adapter::chat_proto::{Diagnostic, Draft, Network, TransportErrorKind};
use crate::adapter::{Adapter, ConnectFailure, Proxy};
use crate::behaviours::files::send_and_receive_a_file;
use crate::behaviours::reach::{assert_fails, session_of};
use crate::behaviours::{Behaviour, behaviours};
use crate::chat::{Chat, Plan, back};
use crate::connect_proxy::{ConnectProxy, KIM, Manner};
use crate::faulty_proxy::FaultyProxy;
use crate::matrix::LEFT_OUT;
use crate::service::until;
use crate::stage::Stage;

pub(super) fn all<A: Adapter>() -> Vec<Behaviour> {
    behaviours![A on All:
        everything_goes_through_the_proxy_and_nothing_goes_past_it,
        a_proxy_that_wants_to_know_who_asks_is_told,
        a_wrong_password_is_an_error_of_the_proxy,
        a_proxy_that_dies_and_comes_back_costs_no_message,
        connections_through_the_proxy_may_be_reset,
        the_proxy_of_the_environment_is_asked_for_what_it_does_not_leave_out,
        a_proxy_that_never_answers_is_given_up,
    ]
}

/// Only a proxy finds it.
const HOST: &str = "chat.invalid";

/// A session that has not been connected, and what stands between the proxy and the service.
async fn behind<A: Adapter>(plan: Plan<A>, proxy: Proxy) -> (Chat<A>, FaultyProxy) {
    let plan = plan.client(|client| client.proxy(proxy).allow_insecure(true));
    plan.start_through_faults(HOST).await
}

/// A chat with requests, a WebSocket and files.
async fn talk<A: Adapter>(chat: &mut Chat<A>) {
    chat.connect().await;
    chat.session.send_message(Draft::text("up")).await.unwrap();
    chat.until_message("up").await;
    send_and_receive_a_file(chat).await;
    let request = StartChatContact::new("instance", "flow", "Ann");
    let started = chat.client.start_chat(chat.config.endpoint(), &request);
    started.await.unwrap();
    chat.balance().await;
}

async fn everything_goes_through_the_proxy_and_nothing_goes_past_it<A: Adapter>(stage: Stage) {
    let proxy = ConnectProxy::start(Manner::Open).await;
    let plan = Plan::<A>::new(&stage).script(Script::echo());
    let (mut chat, before) = behind(plan, proxy.proxy("")).await;
    talk(&mut chat).await;
    let tunnels = proxy.tunnels();
    assert!(tunnels.len() >= 2, "a WebSocket and another: {tunnels:?}");
    let wanted = format!("{HOST}:{}", before.address.port());
    assert!(tunnels.iter().all(|to| *to == wanted), "{tunnels:?}");
    assert_eq!(tunnels.len(), before.connections());
}

async fn a_proxy_that_wants_to_know_who_asks_is_told<A: Adapter>(stage: Stage) {
    let proxy = ConnectProxy::start(Manner::Guarded).await;
    let plan = Plan::<A>::new(&stage).script(Script::echo());
    let (mut chat, _before) = behind(plan, proxy.proxy(KIM)).await;
    talk(&mut chat).await;
}

async fn a_wrong_password_is_an_error_of_the_proxy<A: Adapter>(stage: Stage) {
    let proxy = ConnectProxy::start(Manner::Guarded).await;
    for credentials in ["kim:SECRET", ""] {
        let plan = Plan::<A>::new(&stage).config(|config| {
            let soon = Duration::from_secs(1);
            config.connect_deadline(soon).unwrap();
        });
        let (mut chat, before) = behind(plan, proxy.proxy(credentials)).await;
        assert_fails(&mut chat, TransportErrorKind::Proxy, "HTTP 407").await;
        let failure = chat.session.connect().await.unwrap_err();
        assert!(matches!(failure, ConnectFailure::Failed(_)), "{failure:?}");
        assert!(!format!("{failure} {failure:?}").contains("SECRET"));
        assert_eq!(before.connections(), 0);
    }
    assert!(proxy.tunnels().is_empty());
}

async fn a_proxy_that_dies_and_comes_back_costs_no_message<A: Adapter>(stage: Stage) {
    let mut proxy = ConnectProxy::start(Manner::Open).await;
    let (mut chat, _before) = behind(Plan::<A>::new(&stage), proxy.proxy("")).await;
    chat.connect().await;
    let texts: Vec<String> = (1..=6).map(|number| format!("mine {number}")).collect();
    let (before, after) = texts.split_at(3);
    for text in before {
        chat.session.queue_message(Draft::text(text)).unwrap();
    }
    let sending = || chat.requests(Operation::SendMessage) > 0;
    until::<A>("the first message", sending).await;
    proxy.die();
    for text in after {
        chat.session.queue_message(Draft::text(text)).unwrap();
        chat.agent_sends(text);
    }
    chat.until_lost().await;
    let diagnostic = chat.until_diagnostic("connect_attempt_failed").await;
    let Diagnostic::ConnectAttemptFailed { error, .. } = diagnostic else {
        panic!("{diagnostic:?}");
    };
    let error = error.to_string();
    assert!(
        error.contains("the HTTP proxy made no connection"),
        "{error}"
    );
    proxy.revive().await;
    chat.session.network(Network::Online);
    chat.until(back).await;
    chat.balance().await;
    assert_eq!(chat.losses(), (1, 1));
    assert_eq!(chat.recorded_texts(), texts);
}

async fn connections_through_the_proxy_may_be_reset<A: Adapter>(stage: Stage) {
    let proxy = ConnectProxy::start(Manner::Open).await;
    let (mut chat, before) = behind(Plan::<A>::new(&stage), proxy.proxy("")).await;
    chat.connect().await;
    before.reset();
    chat.agent_sends("missed");
    chat.session.queue_message(Draft::text("mine")).unwrap();
    chat.until_lost().await;
    chat.balance().await;
    assert_eq!(chat.losses(), (1, 1));
    assert_eq!(chat.recorded_texts(), ["mine"]);
}

async fn the_proxy_of_the_environment_is_asked_for_what_it_does_not_leave_out<A: Adapter>(
    stage: Stage,
) {
    // It is there as long as the matrix is made, wants to know who asks, and leads to no address
    // of this machine: what all other behaviours reach, they reach without it.
    let plan = Plan::<A>::new(&stage).script(Script::echo());
    let (mut chat, before) = behind(plan, Proxy::from_environment()).await;
    talk(&mut chat).await;
    assert!(before.connections() >= 2);
    for (host, proxy) in [(LEFT_OUT, Proxy::from_environment()), (HOST, Proxy::none())] {
        let url = stage.url(host, before.address.port());
        let plan = Plan::<A>::new(&stage).client(|client| client.proxy(proxy));
        let mut chat = session_of(plan, &url).await;
        assert_fails(&mut chat, TransportErrorKind::Resolve, host).await;
    }
}

async fn a_proxy_that_never_answers_is_given_up<A: Adapter>(stage: Stage) {
    let proxy = ConnectProxy::start(Manner::Silent).await;
    let plan = Plan::<A>::new(&stage).config(|config| {
        let soon = Duration::from_secs(1);
        config.connect_deadline(soon).unwrap();
    });
    let plan = plan.client(|client| client.connect_timeout(Duration::from_millis(300)));
    let (mut chat, before) = behind(plan, proxy.proxy("")).await;
    let words = "no connection within 300ms";
    assert_fails(&mut chat, TransportErrorKind::Proxy, words).await;
    assert_eq!(before.connections(), 0);
}
