//! Files, up and down.

use std::path::PathBuf;
use std::time::Duration;

use chat_driver::runtime::{ReadFrom, Runtime, WriteTo};
use chat_driver::{AttachmentFailure, AttachmentSink, AttachmentSource};
use chat_proto::api::GetAttachment;
use chat_proto::{Event, ItemKind};
use chat_sim::{Fault, Operation, Settings};
use chat_tests::refusal;

use crate::capture::{see, see_error};
use crate::marks::{mark, note_url};
use crate::stage::{Chat, Stage, client};

fn settings() -> Settings {
    let mut settings = Settings::default();
    settings.scan_delay = Duration::from_millis(10);
    settings
}

fn temporary(name: &str) -> PathBuf {
    let name = format!("{}-{name}", std::process::id());
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name)
}

fn name() -> String {
    format!("{}.txt", mark("file name"))
}

async fn until_attachment(chat: &mut Chat) {
    let attachment =
        |event: &Event| matches!(event, Event::Item(item) if item.kind == ItemKind::Attachment);
    chat.until(attachment).await;
}

/// Bytes that live as long as a reader of any runtime wants.
fn marked_bytes() -> &'static [u8] {
    mark("file").leak().as_bytes()
}

pub(crate) async fn files_go_both_ways<R>()
where
    R: Runtime + ReadFrom<&'static [u8]> + WriteTo<Vec<u8>>,
{
    let stage = Stage::open(settings(), client::<R>()).await;
    let mut chat = stage.connect().await;
    let path = temporary(&name());
    std::fs::write(&path, marked_bytes()).unwrap();
    let bytes = marked_bytes();
    let size = u64::try_from(bytes.len()).unwrap();
    let sources: [AttachmentSource<R>; 3] = [
        AttachmentSource::bytes(bytes),
        AttachmentSource::file(&path).await.unwrap(),
        AttachmentSource::reader(size, bytes),
    ];
    for source in sources {
        let source = source.on_progress(|progress| see(&progress));
        see(&source);
        let sent = chat
            .session
            .send_attachment(name(), "text/plain", source)
            .await;
        let id = sent.unwrap();
        until_attachment(&mut chat).await;
        let saved = temporary(&name());
        let sinks: [AttachmentSink<R>; 2] = [
            AttachmentSink::file(&saved),
            AttachmentSink::writer(Vec::new()),
        ];
        for sink in sinks {
            let sink = sink.on_progress(|progress| see(&progress));
            see(&sink);
            chat.session
                .download_attachment(id.clone(), sink)
                .await
                .unwrap();
        }
        std::fs::remove_file(&saved).unwrap();
        chat.session.attachment_bytes(id.clone()).await.unwrap();
        let url = chat
            .session
            .attachment_url(GetAttachment::new(id))
            .await
            .unwrap();
        note_url("signed URL", url.url.expose());
        see(&url);
    }
    std::fs::remove_file(&path).unwrap();
    let sent = chat.simulator.with(|service, now| {
        let bytes = marked_bytes().to_vec();
        service.agent_attaches(now, &chat.contact, &name(), "text/plain", bytes)
    });
    sent.unwrap();
    until_attachment(&mut chat).await;
    see(&chat.session.transcript());
}

pub(crate) async fn files_fail<R>()
where
    R: Runtime + ReadFrom<&'static [u8]> + WriteTo<Vec<u8>>,
{
    let mut settings = settings();
    settings.upload_url_lifetime = Duration::ZERO;
    let stage = Stage::open(settings, client::<R>()).await;
    let chat = stage.connect().await;
    let session = &chat.session;
    let bytes = marked_bytes();
    let of = |size| AttachmentSource::<R>::reader(size, bytes);
    let size = u64::try_from(bytes.len()).unwrap();

    // The URL has expired; then the stream has been read; then it is shorter than its size.
    let failed = session
        .send_attachment(name(), "text/plain", of(size))
        .await;
    let failed = failed.unwrap_err();
    see_error(&failed);
    if let AttachmentFailure::Failed(failed) = failed {
        see_error(&session.resume_attachment(failed.upload).await.unwrap_err());
    }
    let failed = session
        .send_attachment(name(), "text/plain", of(size + 1))
        .await;
    see_error(&failed.unwrap_err());

    for operation in [
        Operation::StartAttachmentUpload,
        Operation::CompleteAttachmentUpload,
    ] {
        chat.inject(Fault::new(refusal(400)).on(operation).once());
        let source = AttachmentSource::<R>::bytes(bytes);
        let failed = session.send_attachment(name(), "text/plain", source).await;
        see_error(&failed.unwrap_err());
    }
    let refused = session.send_attachment("", "text/plain", of(size)).await;
    see_error(&refused.unwrap_err());

    let path = temporary(&name());
    see_error(&AttachmentSource::<R>::file(&path).await.unwrap_err());
    std::fs::write(&path, bytes).unwrap();
    let source = AttachmentSource::<R>::file(&path).await.unwrap();
    std::fs::remove_file(&path).unwrap();
    let failed = session.send_attachment(name(), "text/plain", source).await;
    see_error(&failed.unwrap_err());

    let id = chat.simulator.with(|service, now| {
        service.agent_attaches(now, &chat.contact, &name(), "text/plain", bytes.to_vec())
    });
    let id = id.unwrap();
    let nowhere = temporary(&name()).join(name());
    let sink = AttachmentSink::<R>::file(nowhere);
    let failed = session.download_attachment(id.as_str().into(), sink).await;
    see_error(&failed.unwrap_err());
    chat.inject(Fault::new(refusal(403)).on(Operation::GetAttachment).once());
    let sink = AttachmentSink::<R>::writer(Vec::new());
    match session.download_attachment(id.as_str().into(), sink).await {
        Ok(bytes) => see(&bytes),
        Err(error) => see_error(&error),
    }
    see_error(
        &session
            .attachment_bytes("nothing".into())
            .await
            .unwrap_err(),
    );
}
