//! The conversation of the demonstration: the network fails twice in the middle of it.

use chat_sim::{Effect, Fault, Operation};

use crate::adapter::Adapter;
use crate::adapter::chat_proto::{Draft, EndReason, Event, ItemKind, Network};
use crate::behaviours::{Behaviour, behaviours};
use crate::chat::{Chat, Plan, back, lost, quick_heartbeats};
use crate::service::until;
use crate::stage::Stage;

pub(super) fn all<A: Adapter>() -> Vec<Behaviour> {
    behaviours![A on All: the_demonstration_loses_nothing_and_doubles_nothing]
}

async fn agent_writes<A: Adapter>(chat: &mut Chat<A>, text: &str) {
    chat.service
        .with(|service, now| service.agent_types(now, &chat.contact))
        .unwrap();
    chat.until(|event| matches!(event, Event::Item(item) if item.kind == ItemKind::Typing))
        .await;
    chat.agent_sends(text);
    chat.until_message(text).await;
}

async fn customer_writes<A: Adapter>(chat: &Chat<A>, text: &str) {
    // It is not told again within ten seconds.
    chat.session.typing().unwrap();
    chat.session.send_message(Draft::text(text)).await.unwrap();
}

/// The network comes back, and the system says so.
async fn network_comes_back<A: Adapter>(chat: &mut Chat<A>, failures: usize) {
    chat.until_count(failures, lost).await;
    chat.service.resume_listening().await;
    chat.session.network(Network::Online);
    chat.until_count(failures, back).await;
}

async fn the_demonstration_loses_nothing_and_doubles_nothing<A: Adapter>(stage: Stage) {
    let plan = Plan::<A>::new(&stage).config(quick_heartbeats);
    let mut chat = plan.connect().await;
    agent_writes(&mut chat, "Good morning. How can I help?").await;
    customer_writes(&chat, "Hello! The night ferry on Friday, please.").await;
    agent_writes(&mut chat, "With pleasure. How many are you?").await;
    customer_writes(&chat, "Two adults and a dog.").await;

    // The network fails while the agent writes.
    chat.service.stop_listening().await;
    let cabins = [
        "Inside, two berths",
        "Seaside, two berths",
        "With a balcony",
    ];
    for text in cabins {
        chat.agent_sends(text);
    }
    network_comes_back(&mut chat, 1).await;
    assert!(chat.until_message(cabins[2]).await, "it is recovered");
    customer_writes(&chat, "The seaside one, please.").await;
    agent_writes(&mut chat, "Shall I add breakfast?").await;

    // It fails while the customer writes: an answer is lost, and more is written offline.
    let fault = Fault::new(Effect::LoseResponse).on(Operation::SendMessage);
    chat.inject(fault.once());
    chat.session
        .queue_message(Draft::text("Yes, for both of us."))
        .unwrap();
    until::<A>("the message whose answer is lost", || {
        chat.recorded_texts().len() == 4
    })
    .await;
    chat.service.stop_listening().await;
    chat.until_count(2, lost).await;
    for text in ["We do not eat meat.", "Where can the dog walk?"] {
        chat.session.queue_message(Draft::text(text)).unwrap();
    }
    network_comes_back(&mut chat, 2).await;
    agent_writes(&mut chat, "Noted. The dog deck is on level 9.").await;
    chat.balance().await;
    assert_eq!(chat.losses(), (2, 2));
    let expected = [
        "Hello! The night ferry on Friday, please.",
        "Two adults and a dog.",
        "The seaside one, please.",
        "Yes, for both of us.",
        "We do not eat meat.",
        "Where can the dog walk?",
    ];
    assert_eq!(chat.recorded_texts(), expected);
    let repeated = chat.service.with(|service, _| {
        let contact = service.contact(&chat.contact).unwrap();
        contact.sends().filter(|send| send.uses > 1).count()
    });
    assert_eq!(repeated, 1, "the one whose answer was lost");
    let ended = chat.session.disconnect().await;
    assert_eq!(ended, Ok(EndReason::Disconnected));
    chat.until_ended().await;
}
