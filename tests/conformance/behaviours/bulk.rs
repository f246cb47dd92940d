//! Much at once, and large frames.

use std::time::{Duration, Instant};

use chat_sim::{Effect, Fault, Operation, Settings};

use crate::adapter::chat_proto::{Diagnostic, Draft, Event, LossCause, TransportErrorKind};
use crate::adapter::{Adapter, begin};
use crate::behaviours::{Behaviour, behaviours};
use crate::chat::{Plan, message, quick_heartbeats, start_chat};
use crate::stage::Stage;

pub(super) fn all<A: Adapter>() -> Vec<Behaviour> {
    behaviours![A on All:
        ten_thousand_frames_reach_a_slow_application_and_no_heartbeat_starves,
        an_application_that_does_not_read_keeps_its_connection,
        an_application_that_has_dropped_the_events_hinders_nothing,
        sessions_of_one_client_keep_to_the_quotas_together,
        a_frame_of_64_kib_is_taken_in,
        a_frame_over_the_limit_loses_the_socket_and_its_item_comes_by_the_transcript,
    ]
}

const FRAMES: usize = 10_000;

/// How many frames may be under way: the service cuts off who lets more wait.
const UNDER_WAY: usize = 1_000;

async fn ten_thousand_frames_reach_a_slow_application_and_no_heartbeat_starves<A: Adapter>(
    stage: Stage,
) {
    let plan = Plan::<A>::new(&stage).config(|config| {
        quick_heartbeats(config);
        config.transcript_limit(2 * FRAMES).unwrap();
    });
    let mut chat = plan.connect().await;
    // Pings prove life; the fault counts the heartbeats.
    let heartbeats = chat.inject(Fault::new(Effect::MuteHeartbeats));
    let began = Instant::now();
    let mut said = 0;
    let mut heard = 0;
    while heard < FRAMES {
        while said < FRAMES && said < heard + UNDER_WAY {
            said += 1;
            chat.agent_sends(&format!("frame {said}"));
        }
        let event = chat.next().await;
        if message(&event).is_some() {
            heard += 1;
            if heard % 50 == 0 {
                A::sleep(Duration::from_millis(10)).await;
            }
        }
    }
    let intervals = began.elapsed().as_secs();
    assert!(intervals >= 2, "it was not slow: {:?}", began.elapsed());
    let beats = chat.struck(heartbeats);
    assert!(beats >= intervals, "{beats} heartbeats in {intervals} s");
    let texts = (1..=FRAMES).map(|number| format!("frame {number}"));
    assert!(chat.received().into_iter().eq(texts), "another order");
    assert_eq!(chat.losses(), (0, 0));
    chat.balance().await;
}

async fn an_application_that_does_not_read_keeps_its_connection<A: Adapter>(stage: Stage) {
    let plan = Plan::<A>::new(&stage)
        .client(|client| client.event_queue(2))
        .config(quick_heartbeats);
    let mut chat = plan.connect().await;
    let pings = chat.inject(Fault::new(Effect::MutePings));
    let texts: Vec<String> = (1..=300)
        .map(|number| format!("message {number}"))
        .collect();
    for text in &texts {
        chat.agent_sends(text);
    }
    // Nobody reads events; two heartbeats later the connection is still there.
    crate::service::until::<A>("three pings", || chat.struck(pings) >= 3).await;
    let read = chat.session.transcript().len();
    assert!(read < 10, "{read} items were read from the socket");
    chat.until_message("message 300").await;
    assert_eq!(chat.received(), texts);
    let paused = |event: &Event| matches!(event, Event::Diagnostic(Diagnostic::ReadingPaused));
    assert!(chat.count(paused) >= 1);
    assert_eq!(chat.losses(), (0, 0));
    chat.balance().await;
}

async fn an_application_that_has_dropped_the_events_hinders_nothing<A: Adapter>(stage: Stage) {
    let plan = Plan::<A>::new(&stage).client(|client| client.event_queue(2));
    let chat = plan.connect().await;
    drop(chat.events);
    for number in 1..=100 {
        let text = number.to_string();
        chat.service
            .with(|service, now| service.agent_sends(now, &chat.contact, "text/plain", &text))
            .unwrap();
    }
    let wanted = chat.service.with(|service, _| {
        let contact = service.contact(&chat.contact).unwrap();
        contact.transcript().len()
    });
    crate::service::until::<A>("all items", || chat.session.transcript().len() == wanted).await;
}

async fn sessions_of_one_client_keep_to_the_quotas_together<A: Adapter>(stage: Stage) {
    let mut plan = Plan::<A>::new(&stage);
    let mut settings = Settings::default();
    settings.quotas = true;
    plan.simulator = plan.simulator.settings(settings);
    let chat = plan.start().await;
    let mut running = Vec::new();
    for _ in 0..12 {
        let (contact, details) = start_chat(&chat.service);
        let session = chat.client.session(chat.config.clone(), details);
        let (session, events) = session.unwrap();
        let chatting = begin::<A, _>(async move {
            session.connect().await.unwrap();
            let texts = ["one", "two"];
            for text in texts {
                session.queue_message(Draft::text(text)).unwrap();
            }
            // What waits is sent before the end.
            session.disconnect().await.unwrap();
            drop(events);
        });
        running.push((contact, chatting));
    }
    for (contact, chatting) in running {
        chatting.await.unwrap();
        let said: Vec<_> = chat.service.with(|service, _| {
            let items = service.contact(&contact).unwrap().transcript().iter();
            items.filter_map(|item| item.content.clone()).collect()
        });
        assert_eq!(said, ["one", "two"]);
    }
    let throttled = |operation| chat.service.with(|service, _| service.throttled(operation));
    assert_eq!(throttled(Operation::CreateParticipantConnection), 0);
    assert_eq!(throttled(Operation::SendMessage), 0);
    assert_eq!(throttled(Operation::DisconnectParticipant), 0);
}

async fn a_frame_of_64_kib_is_taken_in<A: Adapter>(stage: Stage) {
    let mut chat = Plan::<A>::new(&stage).connect().await;
    // Nobody sent it and no transcript has it; the frame is what matters.
    chat.inject(Fault::new(Effect::OversizedFrame { bytes: 64 * 1024 }).once());
    let large = |event: &Event| message(event).is_some_and(|text| text.len() > 60 * 1024);
    chat.until(large).await;
    chat.agent_sends("after it");
    assert!(!chat.until_message("after it").await);
    assert_eq!(chat.losses(), (0, 0));
}

async fn a_frame_over_the_limit_loses_the_socket_and_its_item_comes_by_the_transcript<
    A: Adapter,
>(
    stage: Stage,
) {
    let plan = Plan::<A>::new(&stage).client(|client| client.frame_limit(4 * 1024));
    let mut chat = plan.connect().await;
    let long = "x".repeat(6_000);
    chat.agent_sends("short");
    chat.agent_sends(&long);
    let loss = chat.until_lost().await;
    let LossCause::Failed(error) = &loss else {
        panic!("{loss:?}");
    };
    assert_eq!(error.kind, TransportErrorKind::TooLarge);
    assert!(chat.until_message(&long).await);
    chat.balance().await;
    assert_eq!(chat.received()[..2], ["short", long.as_str()]);
}
