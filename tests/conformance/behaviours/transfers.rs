//! How files go: how far they are, slowly, and over connections that break.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use chat_sim::{Effect, Fault, Operation};

use crate::adapter::chat_proto::Network;
use crate::adapter::{Adapter, AttachmentSink, AttachmentSource, Progress};
use crate::behaviours::files::{boat, temporary, until_attachment};
use crate::behaviours::{Behaviour, behaviours};
use crate::chat::{Chat, Plan};
use crate::faulty_proxy::Drip;
use crate::stage::Stage;

pub(super) fn all<A: Adapter>() -> Vec<Behaviour> {
    behaviours![A on All:
        progress_is_told_up_and_down_and_begins_again_with_the_transfer,
        files_go_through_a_slow_network,
        an_upload_that_is_reset_in_its_middle_is_begun_again,
        a_download_that_is_reset_in_its_middle_is_begun_again,
    ]
}

/// All that was told of a transfer.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<Progress>>>);

impl Told {
    fn note(&self, progress: Progress) {
        self.0.lock().unwrap().push(progress);
    }

    /// The transfer has come to its end, and was begun so often. Each time it went on and on.
    fn assert_complete(&self, begun: usize) {
        let told = self.0.lock().unwrap();
        let total = u64::try_from(boat().len()).unwrap();
        assert!(told.iter().all(|progress| progress.total == total));
        let bytes: Vec<u64> = told.iter().map(|progress| progress.bytes).collect();
        assert_eq!(bytes.last(), Some(&total));
        assert!(bytes.iter().all(|bytes| (1..=total).contains(bytes)));
        let again = bytes.windows(2).filter(|two| two[1] <= two[0]).count();
        assert_eq!(again + 1, begun, "{bytes:?}");
        assert!(bytes.len() >= 2 * begun, "in parts: {bytes:?}");
    }
}

/// Sends and receives a file; `note_up` and `note_down` are told how far it is.
async fn exchange<A: Adapter>(
    chat: &mut Chat<A>,
    note_up: impl FnMut(Progress) + Send + 'static,
    note_down: impl FnMut(Progress) + Send + 'static,
) {
    let source = AttachmentSource::<A>::bytes(boat()).on_progress(note_up);
    let sent = chat.session.send_attachment("a.txt", "text/plain", source);
    let id = sent.await.unwrap();
    until_attachment(chat).await;
    let held = chat.service.with(|service, _| {
        let bytes = service.attachment_bytes(&chat.contact, id.as_str());
        bytes.map(<[u8]>::to_vec)
    });
    assert!(held.unwrap() == boat(), "the service has another file");
    let path = temporary("transferred.txt");
    let sink = AttachmentSink::<A>::file(&path).on_progress(note_down);
    let length = chat.session.download_attachment(id, sink).await;
    assert_eq!(length, Ok(u64::try_from(boat().len()).unwrap()));
    assert!(std::fs::read(&path).unwrap() == boat(), "another file");
    std::fs::remove_file(&path).unwrap();
}

async fn progress_is_told_up_and_down_and_begins_again_with_the_transfer<A: Adapter>(stage: Stage) {
    let mut chat = Plan::<A>::new(&stage).connect().await;
    for begun in [1, 2] {
        if begun == 2 {
            let fault = Fault::new(Effect::LoseResponse).on(Operation::UploadAttachment);
            chat.inject(fault.once());
        }
        let (up, down) = (Told::default(), Told::default());
        let (note_up, note_down) = (up.clone(), down.clone());
        exchange(
            &mut chat,
            move |progress| note_up.note(progress),
            move |progress| note_down.note(progress),
        )
        .await;
        up.assert_complete(begun);
        down.assert_complete(1);
    }
    chat.balance().await;
}

async fn files_go_through_a_slow_network<A: Adapter>(stage: Stage) {
    let (mut chat, proxy) = Plan::<A>::new(&stage).connect_through_faults().await;
    let pause = Duration::from_millis(2);
    proxy.drip(Some(Drip {
        bytes: 4_000,
        pause,
    }));
    exchange(&mut chat, |_| {}, |_| {}).await;
    proxy.drip(None);
    chat.balance().await;
    assert_eq!(chat.losses(), (0, 0));
}

/// What does something once, when a transfer has gone some of its way.
fn once_under_way(act: impl Fn()) -> impl FnMut(Progress) {
    let mut act = Some(act);
    move |progress| {
        if let Some(act) = act.take_if(|_| progress.bytes > progress.total / 4) {
            act();
        }
    }
}

/// A file is exchanged over a network that is too slow for all of it to be under way at once, and
/// that resets its connections in the middle of one transfer.
async fn exchange_through_a_reset<A: Adapter>(stage: &Stage, upwards: bool) {
    let (mut chat, proxy) = Plan::<A>::new(stage).connect_through_faults().await;
    let pause = Duration::from_millis(1);
    proxy.drip(Some(Drip {
        bytes: 2_000,
        pause,
    }));
    let (up, down) = (Told::default(), Told::default());
    let mut reset = once_under_way(proxy.resetting());
    let (note_up, note_down) = (up.clone(), down.clone());
    if upwards {
        let note_up = move |progress| {
            note_up.note(progress);
            reset(progress);
        };
        exchange(&mut chat, note_up, move |progress| note_down.note(progress)).await;
    } else {
        let note_down = move |progress| {
            note_down.note(progress);
            reset(progress);
        };
        exchange(&mut chat, move |progress| note_up.note(progress), note_down).await;
    }
    proxy.drip(None);
    chat.session.network(Network::Online);
    chat.balance().await;
    up.assert_complete(if upwards { 2 } else { 1 });
    down.assert_complete(if upwards { 1 } else { 2 });
    assert_eq!(chat.losses(), (1, 1));
}

async fn an_upload_that_is_reset_in_its_middle_is_begun_again<A: Adapter>(stage: Stage) {
    exchange_through_a_reset::<A>(&stage, true).await;
}

async fn a_download_that_is_reset_in_its_middle_is_begun_again<A: Adapter>(stage: Stage) {
    exchange_through_a_reset::<A>(&stage, false).await;
}
