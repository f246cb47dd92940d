//! Connections that go wrong below HTTP and WebSocket.

use std::time::Duration;

use chat_sim::{Effect, Fault};

use crate::adapter::chat_proto::api::GetTranscript;
use crate::adapter::chat_proto::{Draft, Event, LossCause, Network, TransportErrorKind};
use crate::adapter::{Adapter, within};
use crate::behaviours::{Behaviour, behaviours};
use crate::chat::{Chat, Plan, back, lost, quick_heartbeats};
use crate::faulty_proxy::{Drip, FaultyProxy};
use crate::service::until;
use crate::stage::Stage;
use crate::units::Unit;

pub(super) fn all<A: Adapter>() -> Vec<Behaviour> {
    let mut all = behaviours![A on All:
        a_reset_connection_is_recovered_and_what_was_missed_comes_once,
        resets_one_after_the_other_lose_nothing,
        a_half_open_connection_is_found_and_replaced,
        slow_drips_lose_nothing_and_starve_no_heartbeat,
        heartbeats_go_on_after_a_reset_and_after_a_half_open_connection,
        the_hint_that_the_network_is_gone_makes_a_heartbeat_and_no_loss,
    ];
    all.extend(behaviours![A on Plain:
        a_frame_cut_in_its_middle_is_recovered,
        an_answer_cut_in_its_middle_is_asked_for_again,
        a_message_whose_answer_is_cut_is_sent_once,
    ]);
    all.extend(behaviours![A on Encrypted:
        a_tls_record_cut_in_its_middle_is_recovered,
        an_encrypted_answer_cut_in_its_middle_is_asked_for_again,
        a_message_whose_encrypted_answer_is_cut_is_sent_once,
    ]);
    all
}

async fn a_reset_connection_is_recovered_and_what_was_missed_comes_once<A: Adapter>(stage: Stage) {
    let (mut chat, proxy) = Plan::<A>::new(&stage).connect_through_faults().await;
    chat.agent_sends("before");
    assert!(!chat.until_message("before").await);
    proxy.reset();
    chat.until_sockets(0).await;
    for number in 1..=5 {
        chat.agent_sends(&format!("missed {number}"));
    }
    let mine = chat.session.queue_message(Draft::text("mine"));
    mine.unwrap();
    let cause = chat.until_lost().await;
    let LossCause::Failed(error) = &cause else {
        panic!("{cause:?}");
    };
    assert_eq!(error.kind, TransportErrorKind::Broken);
    assert!(chat.until_message("missed 5").await);
    chat.balance().await;
    assert_eq!(chat.losses(), (1, 1));
    assert_eq!(chat.recorded_texts(), ["mine"]);
}

async fn resets_one_after_the_other_lose_nothing<A: Adapter>(stage: Stage) {
    let (mut chat, proxy) = Plan::<A>::new(&stage).connect_through_faults().await;
    let texts: Vec<String> = (1..=8).map(|number| format!("message {number}")).collect();
    for (number, text) in (1..).zip(&texts) {
        chat.session.queue_message(Draft::text(text)).unwrap();
        chat.agent_sends(text);
        proxy.reset();
        chat.until_count(number, lost).await;
        chat.session.network(Network::Online);
        chat.until_count(number, back).await;
    }
    chat.balance().await;
    assert_eq!(chat.losses(), (8, 8));
    assert_eq!(chat.recorded_texts(), texts);
}

async fn a_half_open_connection_is_found_and_replaced<A: Adapter>(stage: Stage) {
    let plan = Plan::<A>::new(&stage).config(|config| {
        quick_heartbeats(config);
        config.request_timeout(Duration::from_secs(1)).unwrap();
    });
    let (mut chat, proxy) = plan.connect_through_faults().await;
    proxy.swallow();
    chat.agent_sends("swallowed");
    // A request on a connection that swallows it is repeated on another.
    chat.session.queue_message(Draft::text("mine")).unwrap();
    assert_eq!(chat.until_lost().await, LossCause::HeartbeatMissed);
    assert!(chat.until_message("swallowed").await);
    chat.balance().await;
    assert_eq!(chat.losses(), (1, 1));
    assert_eq!(chat.recorded_texts(), ["mine"]);
}

async fn slow_drips_lose_nothing_and_starve_no_heartbeat<A: Adapter>(stage: Stage) {
    let plan = Plan::<A>::new(&stage).config(quick_heartbeats);
    let (mut chat, proxy) = plan.connect_through_faults().await;
    // Pings prove life; the fault counts the heartbeats.
    let heartbeats = chat.inject(Fault::new(Effect::MuteHeartbeats));
    let pause = Duration::from_millis(4);
    proxy.drip(Some(Drip { bytes: 16, pause }));
    let texts: Vec<String> = (1..=30).map(|number| format!("message {number}")).collect();
    for text in &texts {
        chat.agent_sends(text);
    }
    chat.session.queue_message(Draft::text("mine")).unwrap();
    until::<A>("three heartbeats", || chat.struck(heartbeats) >= 3).await;
    proxy.drip(None);
    chat.balance().await;
    assert_eq!(chat.received()[..30], texts);
    assert_eq!(chat.losses(), (0, 0));
    assert_eq!(chat.recorded_texts(), ["mine"]);
}

async fn heartbeats_go_on_after_a_reset_and_after_a_half_open_connection<A: Adapter>(stage: Stage) {
    let plan = Plan::<A>::new(&stage).config(|config| {
        quick_heartbeats(config);
        config.request_timeout(Duration::from_secs(1)).unwrap();
    });
    let (mut chat, proxy) = plan.connect_through_faults().await;
    // Pings prove life; the fault counts the heartbeats that reach the service.
    let heartbeats = chat.inject(Fault::new(Effect::MuteHeartbeats));
    for (number, break_it) in [FaultyProxy::reset, FaultyProxy::swallow]
        .iter()
        .enumerate()
    {
        until::<A>("a heartbeat", || chat.struck(heartbeats) >= 1).await;
        break_it(&proxy);
        chat.until_lost().await;
        chat.until_count(number + 1, back).await;
        // The first comes with the connection; others show that they go on.
        let before = chat.struck(heartbeats);
        until::<A>("two heartbeats", || chat.struck(heartbeats) >= before + 2).await;
    }
    chat.balance().await;
    assert_eq!(chat.losses(), (2, 2));
}

async fn the_hint_that_the_network_is_gone_makes_a_heartbeat_and_no_loss<A: Adapter>(stage: Stage) {
    let mut chat = Plan::<A>::new(&stage).connect().await;
    until_quiet(&mut chat).await;
    // The next one is ten seconds away.
    let heartbeats = chat.inject(Fault::new(Effect::MuteHeartbeats));
    chat.session.network(Network::Offline);
    let heard = until::<A>("a heartbeat", || chat.struck(heartbeats) == 1);
    assert!(within::<A, _>(SOON, heard).await.is_some());
    let answered = |event: &Event| matches!(event, Event::DeepHeartbeatSucceeded);
    chat.until_count(2, answered).await;
    chat.balance().await;
    assert_eq!(chat.losses(), (0, 0));
}

/// Sooner than a heartbeat comes by itself.
const SOON: Duration = Duration::from_secs(5);

/// Waits for the answers to the first heartbeat and ping: the next that the service sends is
/// something else.
async fn until_quiet<A: Adapter>(chat: &mut Chat<A>) {
    let answered = |event: &Event| matches!(event, Event::DeepHeartbeatSucceeded);
    chat.until_count(1, answered).await;
}

/// The socket is cut in the middle of what carries a message.
async fn cut_a_message<A: Adapter>(stage: &Stage, unit: Unit) {
    let (mut chat, proxy) = Plan::<A>::new(stage).connect_through_faults().await;
    chat.agent_sends("before");
    chat.until_message("before").await;
    until_quiet(&mut chat).await;
    proxy.cut_inside(unit);
    chat.agent_sends("cut in its middle");
    let cause = chat.until_lost().await;
    assert_eq!(proxy.cuts(), 1);
    // An end without a close frame, wherever it comes.
    assert_eq!(cause, LossCause::Closed(1006));
    assert!(chat.until_message("cut in its middle").await);
    chat.balance().await;
    assert_eq!(chat.losses(), (1, 1));
}

async fn a_frame_cut_in_its_middle_is_recovered<A: Adapter>(stage: Stage) {
    cut_a_message::<A>(&stage, Unit::Frame).await;
}

async fn a_tls_record_cut_in_its_middle_is_recovered<A: Adapter>(stage: Stage) {
    cut_a_message::<A>(&stage, Unit::Record).await;
}

/// Nothing but answers is cut, and the chat goes on.
async fn assert_only_requests_failed<A: Adapter>(chat: &mut Chat<A>, proxy: &FaultyProxy) {
    assert_eq!(proxy.cuts(), 1);
    chat.balance().await;
    assert_eq!(chat.losses(), (0, 0));
}

async fn cut_a_page<A: Adapter>(stage: &Stage, unit: Unit) {
    let (mut chat, proxy) = Plan::<A>::new(stage).connect_through_faults().await;
    chat.agent_sends("hello");
    chat.until_message("hello").await;
    until_quiet(&mut chat).await;
    proxy.cut_inside(unit);
    let page = chat.session.get_transcript(GetTranscript::default()).await;
    let said: Vec<_> = page.unwrap().items;
    assert!(
        said.iter()
            .any(|item| item.content.as_deref() == Some("hello"))
    );
    assert_only_requests_failed(&mut chat, &proxy).await;
}

async fn an_answer_cut_in_its_middle_is_asked_for_again<A: Adapter>(stage: Stage) {
    cut_a_page::<A>(&stage, Unit::Body).await;
}

async fn an_encrypted_answer_cut_in_its_middle_is_asked_for_again<A: Adapter>(stage: Stage) {
    cut_a_page::<A>(&stage, Unit::Record).await;
}

async fn cut_a_confirmation<A: Adapter>(stage: &Stage, unit: Unit) {
    let (mut chat, proxy) = Plan::<A>::new(stage).connect_through_faults().await;
    // The echo on the socket comes too late to be cut in place of the answer.
    let by = Duration::from_millis(300);
    chat.inject(Fault::new(Effect::DelayItems { by }).once());
    until_quiet(&mut chat).await;
    proxy.cut_inside(unit);
    let sent = chat.session.send_message(Draft::text("once")).await;
    sent.unwrap();
    assert_only_requests_failed(&mut chat, &proxy).await;
    assert_eq!(chat.recorded_texts(), ["once"]);
}

async fn a_message_whose_answer_is_cut_is_sent_once<A: Adapter>(stage: Stage) {
    cut_a_confirmation::<A>(&stage, Unit::Body).await;
}

async fn a_message_whose_encrypted_answer_is_cut_is_sent_once<A: Adapter>(stage: Stage) {
    cut_a_confirmation::<A>(&stage, Unit::Record).await;
}
