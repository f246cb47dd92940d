//! Everything is dropped, whatever is going on: nothing is left of it.

use std::collections::BTreeSet;
use std::sync::mpsc;
use std::time::Duration;

use chat_sim::{Effect, Fault, Operation};
use futures_util::future::join;

use crate::adapter::chat_proto::{Draft, Phase};
use crate::adapter::{
    Adapter, AttachmentSink, AttachmentSource, ChatSession, meanwhile, poll_once,
};
use crate::behaviours::files::{boat, temporary, until_attachment};
use crate::behaviours::hub::Desk;
use crate::behaviours::{Behaviour, behaviours};
use crate::chat::{Chat, Plan};
use crate::counted;
use crate::faulty_proxy::Drip;
use crate::service::{open_sockets, until};
use crate::stage::Stage;

pub(super) fn all<A: Adapter>() -> Vec<Behaviour> {
    behaviours![A on All:
        what_is_dropped_before_it_is_connected_leaves_nothing,
        what_is_dropped_while_it_connects_leaves_nothing,
        what_is_dropped_while_it_waits_for_an_answer_leaves_nothing,
        what_is_dropped_while_it_recovers_or_sleeps_leaves_nothing,
        what_is_dropped_while_files_go_up_and_down_leaves_nothing,
        what_is_dropped_while_it_leaves_leaves_nothing,
        a_hub_that_is_dropped_with_its_sessions_leaves_nothing,
        a_handle_that_only_a_file_holds_goes_with_the_file,
        a_handle_that_a_refused_file_holds_goes_with_it,
    ]
}

/// Everything of this chat is dropped but the service, which is asked whether anything is left.
async fn drop_all<A: Adapter>(chat: Chat<A>) {
    let Chat {
        service,
        client,
        session,
        events,
        ..
    } = chat;
    drop((client, session, events));
    assert_nothing_is_left::<A>().await;
    drop(service);
}

async fn assert_nothing_is_left<A: Adapter>() {
    until::<A>("no task", || counted::tasks() == 0).await;
    until::<A>("no socket", || open_sockets() == 0).await;
}

async fn what_is_dropped_before_it_is_connected_leaves_nothing<A: Adapter>(stage: Stage) {
    let chat = Plan::<A>::new(&stage).start().await;
    assert_eq!(chat.session.phase(), Phase::Idle);
    assert_eq!(counted::tasks(), 1);
    drop_all(chat).await;
}

async fn what_is_dropped_while_it_connects_leaves_nothing<A: Adapter>(stage: Stage) {
    let faults = [
        Fault::new(Effect::Stall).on(Operation::CreateParticipantConnection),
        Fault::new(Effect::StallHandshake),
        Fault::new(Effect::MuteSubscribe),
    ];
    for fault in faults {
        let chat = Plan::<A>::new(&stage).start().await;
        let struck = chat.inject(fault);
        let stuck = until::<A>("it is stuck", || chat.struck(struck) > 0);
        meanwhile(stuck, chat.session.connect()).await;
        assert_eq!(chat.session.phase(), Phase::Connecting);
        drop_all(chat).await;
    }
}

async fn what_is_dropped_while_it_waits_for_an_answer_leaves_nothing<A: Adapter>(stage: Stage) {
    let chat = Plan::<A>::new(&stage).connect().await;
    let stall = chat.inject(Fault::new(Effect::Stall).on(Operation::SendMessage));
    chat.session.queue_message(Draft::text("one")).unwrap();
    until::<A>("it is asked", || chat.struck(stall) > 0).await;
    drop_all(chat).await;
}

async fn what_is_dropped_while_it_recovers_or_sleeps_leaves_nothing<A: Adapter>(stage: Stage) {
    let mut chat = Plan::<A>::new(&stage).connect().await;
    chat.service.stop_listening().await;
    chat.until_lost().await;
    chat.until_diagnostic("connect_attempt_failed").await;
    assert_eq!(chat.session.phase(), Phase::Recovering);
    drop_all(chat).await;

    let chat = Plan::<A>::new(&stage).connect().await;
    chat.session.suspend().unwrap();
    drop_all(chat).await;
}

async fn what_is_dropped_while_files_go_up_and_down_leaves_nothing<A: Adapter>(stage: Stage) {
    let (mut chat, proxy) = Plan::<A>::new(&stage).connect_through_faults().await;
    let source = AttachmentSource::<A>::bytes(boat());
    let sent = chat.session.send_attachment("a.txt", "text/plain", source);
    let id = sent.await.unwrap();
    until_attachment(&mut chat).await;
    let pause = Duration::from_millis(20);
    proxy.drip(Some(Drip {
        bytes: 1_000,
        pause,
    }));
    let (tell, told) = mpsc::channel();
    let path = temporary("never.txt");
    let tell_also = tell.clone();
    let sink =
        AttachmentSink::<A>::file(&path).on_progress(move |_| tell.send("down").unwrap_or(()));
    let source = AttachmentSource::<A>::bytes(boat());
    let source = source.on_progress(move |_| tell_also.send("up").unwrap_or(()));
    let down = chat.session.download_attachment(id, sink);
    let up = chat.session.send_attachment("b.txt", "text/plain", source);
    let mut both = BTreeSet::new();
    let under_way = until::<A>("both are under way", || {
        both.extend(told.try_iter());
        both.len() == 2
    });
    meanwhile(under_way, join(down, up)).await;
    drop_all(chat).await;
    assert!(!path.exists());
    let folder = std::fs::read_dir(path.parent().unwrap()).unwrap();
    let name = path.file_name().unwrap().to_str().unwrap();
    let names = folder.map(|file| file.unwrap().file_name().into_string().unwrap());
    let parts: Vec<_> = names.filter(|other| other.starts_with(name)).collect();
    assert!(parts.is_empty(), "{parts:?}");
}

async fn what_is_dropped_while_it_leaves_leaves_nothing<A: Adapter>(stage: Stage) {
    let chat = Plan::<A>::new(&stage).connect().await;
    let leaving = chat.inject(Fault::new(Effect::Stall).on(Operation::DisconnectParticipant));
    poll_once(chat.session.disconnect());
    until::<A>("it is asked", || chat.struck(leaving) > 0).await;
    drop_all(chat).await;
}

async fn a_hub_that_is_dropped_with_its_sessions_leaves_nothing<A: Adapter>(stage: Stage) {
    let desk = Desk::<A>::open(Plan::new(&stage)).await;
    let (to_ann, to_bob) = (desk.seat(&desk.ann), desk.seat(&desk.bob));
    to_ann.send_message(Draft::text("Hello")).await.unwrap();
    let stall = Fault::new(Effect::Stall).on(Operation::SendMessage);
    let stalled = desk.ann.inject(stall);
    to_bob.queue_message(Draft::text("never")).unwrap();
    until::<A>("it is asked", || desk.ann.struck(stalled) > 0).await;
    let service = desk.ann.service.clone();
    drop((desk, to_ann, to_bob));
    assert_nothing_is_left::<A>().await;
    drop(service);
}

/// A file whose progress is told to somebody who holds a handle of this chat.
fn holding<A: Adapter>(session: &ChatSession) -> AttachmentSource<A> {
    let held = session.clone();
    AttachmentSource::<A>::bytes(boat()).on_progress(move |_| {
        let _ = held.phase();
    })
}

async fn a_handle_that_only_a_file_holds_goes_with_the_file<A: Adapter>(stage: Stage) {
    let desk = Desk::<A>::open(Plan::new(&stage)).await;
    let seat = desk.seat(&desk.bob);
    for session in [&desk.ann.session, &seat] {
        let file = holding::<A>(session);
        poll_once(session.send_attachment("b.txt", "text/plain", file));
    }
    let service = desk.ann.service.clone();
    let contacts = [desk.ann.contact.clone(), desk.bob.contact.clone()];
    drop((desk, seat));
    assert_nothing_is_left::<A>().await;
    for contact in contacts {
        // Once it has been scanned.
        until::<A>("the file is in the chat", || {
            service.with(|service, _| {
                let items = service.contact(&contact).unwrap().transcript().iter();
                items.filter(|item| !item.attachments.is_empty()).count() == 1
            })
        })
        .await;
    }
}

async fn a_handle_that_a_refused_file_holds_goes_with_it<A: Adapter>(stage: Stage) {
    let chat = Plan::<A>::new(&stage).start().await;
    let (session, service) = (chat.session.clone(), chat.service.clone());
    let file = holding::<A>(&session);
    drop(chat);
    let sending = async move {
        // Of a name that the service does not take.
        let sent = session.send_attachment("", "text/plain", file);
        sent.await.map(drop).unwrap_err();
    };
    sending.await;
    assert_nothing_is_left::<A>().await;
    drop(service);
}
