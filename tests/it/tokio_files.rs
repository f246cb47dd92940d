//! Files over real sockets.

use std::io::Cursor;
use std::path::PathBuf;

use chat_sim::Settings;
use chat_tokio::chat_proto::api::GetAttachment;
use chat_tokio::chat_proto::{AttachmentStage, Event, ItemKind};
use chat_tokio::{AttachmentFailure, AttachmentSink, AttachmentSource, CallError};

use crate::support::tokio_chat::{Chat, Plan, in_time};

/// Larger than what is read at once.
fn boat() -> Vec<u8> {
    (0_u8..=255).cycle().take(300_001).collect()
}

fn temporary(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name)
}

async fn until_attachment(chat: &mut Chat) {
    let attachment = |event: &Event| matches!(event, Event::Item(received) if received.kind == ItemKind::Attachment);
    chat.until(attachment).await;
}

#[tokio::test]
async fn files_go_up_from_anywhere_and_come_down_to_anywhere() {
    in_time(async {
        let mut chat = Chat::connect().await;
        let path = temporary("sent.txt");
        std::fs::write(&path, boat()).unwrap();
        let size = u64::try_from(boat().len()).unwrap();
        for source in [
            AttachmentSource::bytes(boat()),
            AttachmentSource::file(&path).await.unwrap(),
            AttachmentSource::reader(size, Cursor::new(boat())),
        ] {
            let sent = chat
                .session
                .send_attachment("boat.txt", "text/plain", source)
                .await;
            let id = sent.unwrap();
            until_attachment(&mut chat).await;
            let held = chat.simulator.with(|service, _| {
                let bytes = service.attachment_bytes(&chat.contact, id.as_str());
                bytes.map(<[u8]>::to_vec)
            });
            assert!(held.unwrap() == boat(), "the service has another file");
            let bytes = chat.session.attachment_bytes(id.clone()).await.unwrap();
            assert!(bytes == boat(), "another file in memory");
            let saved = temporary("saved.txt");
            let sink = AttachmentSink::file(&saved);
            let length = chat.session.download_attachment(id.clone(), sink).await;
            assert_eq!(length.unwrap(), size);
            assert!(std::fs::read(&saved).unwrap() == boat(), "another file");
            let file = tokio::fs::File::create(&saved).await.unwrap();
            let sink = AttachmentSink::writer(file);
            let length = chat.session.download_attachment(id.clone(), sink).await;
            assert_eq!(length.unwrap(), size);
            assert!(std::fs::read(&saved).unwrap() == boat(), "another file");
            let url = chat.session.attachment_url(GetAttachment::new(id)).await;
            assert_eq!(url.unwrap().attachment_size_in_bytes, Some(size));
        }
        chat.assert_same_transcript();
    })
    .await;
}

#[tokio::test]
async fn a_refused_upload_says_its_stage_and_a_stream_cannot_be_sent_twice() {
    in_time(async {
        let mut settings = Settings::default();
        settings.upload_url_lifetime = std::time::Duration::ZERO;
        let simulator = chat_sim::Simulator::builder().settings(settings);
        let chat = Plan {
            simulator,
            ..Plan::default()
        }
        .connect()
        .await;
        let source = AttachmentSource::reader(4, &b"boat"[..]);
        let failed = chat
            .session
            .send_attachment("boat.txt", "text/plain", source)
            .await;
        let Err(AttachmentFailure::Failed(failed)) = failed else {
            panic!("{failed:?}");
        };
        assert_eq!(failed.error.stage, AttachmentStage::Upload);
        assert!(failed.to_string().contains("HTTP 403"), "{failed}");
        let again = chat.session.resume_attachment(failed.upload).await;
        let again = again.unwrap_err().to_string();
        assert!(again.contains("the stream has been read"), "{again}");
    })
    .await;
}

#[tokio::test]
async fn a_file_that_is_not_there_is_not_downloaded() {
    in_time(async {
        let chat = Chat::connect().await;
        let path = temporary("nothing.txt");
        let sink = AttachmentSink::file(&path);
        let refused = chat.session.download_attachment("nothing".into(), sink);
        let refused = refused.await.unwrap_err();
        assert!(matches!(refused, CallError::Request(_)), "{refused}");
        assert!(!path.exists());
    })
    .await;
}
