//! Files, up and down.

use std::path::PathBuf;

use chat_sim::{Effect, Fault, Operation, Settings};

use crate::adapter::chat_proto::AttachmentStage;
use crate::adapter::chat_proto::api::GetAttachment;
use crate::adapter::{
    Adapter, AttachmentFailure, AttachmentSink, AttachmentSource, CallError, ChatSession,
};
use crate::behaviours::{Behaviour, behaviours};
use crate::chat::{Chat, Plan, is_attachment};
use crate::stage::Stage;
use crate::units::Unit;

pub(super) fn all<A: Adapter>() -> Vec<Behaviour> {
    let mut all = behaviours![A on All:
        files_go_up_from_anywhere_and_come_down_to_anywhere,
        an_attachment_that_failed_is_resumed_and_not_uploaded_again,
        an_upload_whose_connection_breaks_is_begun_again,
        a_refused_upload_says_its_stage_and_a_stream_cannot_be_sent_twice,
        a_file_that_is_not_there_is_not_downloaded,
    ];
    all.extend(behaviours![A on Plain: a_download_cut_in_its_middle_is_begun_again]);
    all.extend(behaviours![A on Encrypted: an_encrypted_download_cut_in_its_middle_is_begun_again]);
    all
}

/// Larger than what is read at once.
pub(super) fn boat() -> Vec<u8> {
    (0_u8..=255).cycle().take(300_001).collect()
}

/// A place for a file of this column.
pub(super) fn temporary(name: &str) -> PathBuf {
    let name = format!("conformance-{}-{name}", std::process::id());
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name)
}

/// A few bytes, up and down.
pub(super) async fn send_and_receive_a_file<A: Adapter>(chat: &mut Chat<A>) {
    let source = AttachmentSource::<A>::bytes("a small boat");
    let sent = chat.session.send_attachment("a.txt", "text/plain", source);
    let id = sent.await.unwrap();
    until_attachment(chat).await;
    let received = chat.session.attachment_bytes(id).await;
    assert_eq!(received.unwrap(), b"a small boat");
}

pub(super) async fn until_attachment<A: Adapter>(chat: &mut Chat<A>) {
    chat.until(is_attachment).await;
}

async fn files_go_up_from_anywhere_and_come_down_to_anywhere<A: Adapter>(stage: Stage) {
    let mut plan = Plan::<A>::new(&stage);
    let mut settings = Settings::default();
    settings.scan_delay = std::time::Duration::from_millis(10);
    plan.simulator = plan.simulator.settings(settings);
    let mut chat = plan.connect().await;
    let (uploaded, saved) = (temporary("sent.txt"), temporary("saved.txt"));
    std::fs::write(&uploaded, boat()).unwrap();
    let size = u64::try_from(boat().len()).unwrap();
    for source in [
        AttachmentSource::<A>::bytes(boat()),
        AttachmentSource::<A>::file(&uploaded).await.unwrap(),
        A::streamed(boat()),
    ] {
        assert_eq!(source.size(), size);
        let sent = chat
            .session
            .send_attachment("boat.txt", "text/plain", source)
            .await;
        let id = sent.unwrap();
        until_attachment(&mut chat).await;
        let held = chat.service.with(|service, _| {
            let bytes = service.attachment_bytes(&chat.contact, id.as_str());
            bytes.map(<[u8]>::to_vec)
        });
        assert!(held.unwrap() == boat(), "the service has another file");
        let bytes = chat.session.attachment_bytes(id.clone()).await.unwrap();
        assert!(bytes == boat(), "another file in memory");
        for streaming in [false, true] {
            let sink = if streaming {
                A::streaming(&saved).await
            } else {
                AttachmentSink::<A>::file(&saved)
            };
            let length = chat.session.download_attachment(id.clone(), sink).await;
            assert_eq!(length.unwrap(), size);
            assert!(std::fs::read(&saved).unwrap() == boat(), "another file");
            std::fs::remove_file(&saved).unwrap();
        }
        let url = chat.session.attachment_url(GetAttachment::new(id)).await;
        assert_eq!(url.unwrap().attachment_size_in_bytes, Some(size));
    }
    std::fs::remove_file(&uploaded).unwrap();
    chat.balance().await;
}

/// Sends a file of a few bytes, which fails at this stage.
async fn send_in_vain<A: Adapter>(
    session: &ChatSession,
    source: AttachmentSource<A>,
    stage: AttachmentStage,
) -> crate::adapter::FailedAttachment {
    let failed = session
        .send_attachment("boat.txt", "text/plain", source)
        .await;
    let Err(AttachmentFailure::Failed(failed)) = failed else {
        panic!("{failed:?}");
    };
    assert_eq!(failed.error.stage, stage);
    failed
}

async fn an_attachment_that_failed_is_resumed_and_not_uploaded_again<A: Adapter>(stage: Stage) {
    let mut chat = Plan::<A>::new(&stage).connect().await;
    let refusal = || chat_tests::refusal(400);
    chat.inject(Fault::new(refusal()).on(Operation::UploadAttachment).once());
    let completing = Fault::new(refusal()).on(Operation::CompleteAttachmentUpload);
    chat.inject(completing.once());
    let source = AttachmentSource::<A>::bytes("boat");
    let failed = send_in_vain::<A>(&chat.session, source, AttachmentStage::Upload).await;
    let again = chat.session.resume_attachment(failed.upload).await;
    let Err(AttachmentFailure::Failed(failed)) = again else {
        panic!("{again:?}");
    };
    assert_eq!(failed.error.stage, AttachmentStage::Complete);
    let uploads = chat.requests(Operation::UploadAttachment);
    let id = chat.session.resume_attachment(failed.upload).await.unwrap();
    assert_eq!(chat.requests(Operation::UploadAttachment), uploads);
    until_attachment(&mut chat).await;
    let bytes = chat.session.attachment_bytes(id).await.unwrap();
    assert_eq!(bytes, b"boat");
    chat.balance().await;
}

async fn an_upload_whose_connection_breaks_is_begun_again<A: Adapter>(stage: Stage) {
    let mut chat = Plan::<A>::new(&stage).connect().await;
    let fault = Fault::new(Effect::DropRequest).on(Operation::UploadAttachment);
    let broken = chat.inject(fault.once());
    let source = AttachmentSource::<A>::bytes(boat());
    let sent = chat
        .session
        .send_attachment("boat.txt", "text/plain", source)
        .await;
    let id = sent.unwrap();
    assert_eq!(chat.struck(broken), 1);
    until_attachment(&mut chat).await;
    let bytes = chat.session.attachment_bytes(id).await.unwrap();
    assert!(bytes == boat(), "another file");
    chat.balance().await;
}

async fn a_refused_upload_says_its_stage_and_a_stream_cannot_be_sent_twice<A: Adapter>(
    stage: Stage,
) {
    let mut plan = Plan::<A>::new(&stage);
    let mut settings = Settings::default();
    settings.upload_url_lifetime = std::time::Duration::ZERO;
    plan.simulator = plan.simulator.settings(settings);
    let chat = plan.connect().await;
    let source = A::streamed(b"boat".to_vec());
    let failed = send_in_vain::<A>(&chat.session, source, AttachmentStage::Upload).await;
    assert!(failed.to_string().contains("HTTP 403"), "{failed}");
    let again = chat.session.resume_attachment(failed.upload).await;
    let again = again.unwrap_err().to_string();
    assert!(again.contains("the stream has been read"), "{again}");
}

async fn a_file_that_is_not_there_is_not_downloaded<A: Adapter>(stage: Stage) {
    let chat = Plan::<A>::new(&stage).connect().await;
    let path = temporary("nothing.txt");
    let sink = AttachmentSink::<A>::file(&path);
    let refused = chat.session.download_attachment("nothing".into(), sink);
    let refused = refused.await.unwrap_err();
    assert!(matches!(refused, CallError::Request(_)), "{refused}");
    assert!(!path.exists());
}

async fn cut_a_download<A: Adapter>(stage: &Stage, unit: Unit) {
    let (mut chat, proxy) = Plan::<A>::new(stage).connect_through_faults().await;
    let source = AttachmentSource::<A>::bytes(boat());
    let sent = chat
        .session
        .send_attachment("boat.txt", "text/plain", source);
    let id = sent.await.unwrap();
    until_attachment(&mut chat).await;
    // What the service says is shorter: it is the file that is cut.
    proxy.cut_inside_large(unit);
    let path = temporary("cut.txt");
    let sink = AttachmentSink::<A>::file(&path);
    let length = chat.session.download_attachment(id, sink).await;
    assert_eq!(length, Ok(u64::try_from(boat().len()).unwrap()));
    assert_eq!(proxy.cuts(), 1);
    assert!(std::fs::read(&path).unwrap() == boat(), "another file");
    std::fs::remove_file(&path).unwrap();
    chat.balance().await;
    assert_eq!(chat.losses(), (0, 0));
}

async fn a_download_cut_in_its_middle_is_begun_again<A: Adapter>(stage: Stage) {
    cut_a_download::<A>(&stage, Unit::Body).await;
}

async fn an_encrypted_download_cut_in_its_middle_is_begun_again<A: Adapter>(stage: Stage) {
    cut_a_download::<A>(&stage, Unit::Record).await;
}
