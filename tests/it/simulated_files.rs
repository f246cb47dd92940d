//! Files, views and customer authentication against the simulated service.

#![expect(
    clippy::unwrap_used,
    reason = "a test tells what is wrong by panicking"
)]

use chat_proto::wire::AttachmentStatus;
use chat_proto::wire::interactive::Template;
use chat_proto::{
    AttachmentError, AttachmentId, AttachmentStage, CallAnswer, CallId, Event, InteractiveMessage,
    ItemKind, RequestError, TransferError, UploadId, ViewToken,
};
use chat_sim::{ChatEvent, Effect, Fault, Operation, Role, Settings, View};
use chat_tests::{SECOND, World, refusal};

const BOAT: &[u8] = b"a small boat";

fn connected(configure: impl FnOnce(&mut Settings)) -> World {
    let mut settings = Settings::default();
    configure(&mut settings);
    let mut world = World::with(1, settings, |_| {});
    world.connect();
    world.run(SECOND * 5);
    world
}

fn settled(world: &World, upload: UploadId) -> Result<AttachmentId, AttachmentError> {
    world.journal.files[&upload].clone()
}

fn answer(world: &World, call: CallId) -> Result<CallAnswer, RequestError> {
    world.journal.calls[&call].clone()
}

fn held(world: &World, id: &AttachmentId) -> Vec<u8> {
    let contact = world.session.chat_details().contact_id.as_str();
    let bytes = world.service.0.attachment_bytes(contact, id.as_str());
    bytes.unwrap().to_vec()
}

/// The files in the record of the chat.
fn recorded(world: &World) -> usize {
    let items = world.record().transcript().iter();
    items.map(|item| item.attachments.len()).sum()
}

#[test]
fn a_file_comes_into_the_chat_and_back_again() {
    for announced in [false, true] {
        let mut world = connected(|settings| settings.announce_scans = announced);
        let upload = world.send_file("boat.txt", BOAT);
        world.send("here is my boat");
        world.run(SECOND * 10);
        let id = settled(&world, upload).unwrap();
        assert_eq!(held(&world, &id), BOAT);
        assert_eq!(recorded(&world), 1);
        let entries = world.session.transcript().iter();
        let attachment = entries.flat_map(|entry| &entry.item.attachments).next();
        let status = attachment.unwrap().status.clone();
        assert_eq!(status, Some(AttachmentStatus::Approved));
        let call = world.download(&id);
        world.run(SECOND * 5);
        let bytes = u64::try_from(BOAT.len()).unwrap();
        let downloaded = CallAnswer::AttachmentDownloaded { bytes };
        assert_eq!(answer(&world, call), Ok(downloaded));
        assert_eq!(world.downloaded[&call], BOAT);
        world.verify();
    }
}

#[test]
fn a_rejected_file_is_told_by_its_status_and_cannot_be_downloaded() {
    let mut world = connected(|settings| settings.announce_scans = true);
    let upload = world.send_file("boat.rejected.txt", BOAT);
    world.run(SECOND * 10);
    let id = settled(&world, upload).unwrap();
    let entries = world.session.transcript().iter();
    let attachment = entries.flat_map(|entry| &entry.item.attachments).next();
    let status = attachment.unwrap().status.clone();
    assert_eq!(status, Some(AttachmentStatus::Rejected));
    let call = world.download(&id);
    world.run(SECOND * 5);
    let error = answer(&world, call).unwrap_err();
    assert!(matches!(error, RequestError::Service(_)), "{error}");
    world.verify();
}

#[test]
fn whatever_happens_on_the_way_a_file_comes_once() {
    let operations = [
        Operation::StartAttachmentUpload,
        Operation::CompleteAttachmentUpload,
    ];
    for operation in operations {
        for effect in [
            refusal(500),
            refusal(429),
            refusal(403),
            Effect::DropRequest,
            Effect::LoseResponse,
            Effect::Stall,
        ] {
            let mut world = connected(|_| {});
            world.inject_fault(Fault::new(effect.clone()).on(operation).once());
            let upload = world.send_file("boat.txt", BOAT);
            world.run(SECOND * 30);
            let sent = settled(&world, upload);
            assert!(sent.is_ok(), "{operation:?} {effect:?}: {sent:?}");
            assert_eq!(recorded(&world), 1, "{operation:?} {effect:?}");
            world.verify();
        }
    }
}

#[test]
fn a_cut_network_fails_the_upload_at_its_stage_and_it_can_be_resumed() {
    let mut world = connected(|_| {});
    world.network.set_slowest(SECOND);
    let upload = world.send_file("boat.txt", BOAT);
    world.run(SECOND);
    world.outage(SECOND * 20);
    world.run(SECOND * 19);
    let error = settled(&world, upload).unwrap_err();
    assert!(matches!(error.error, RequestError::Transport(_)), "{error}");
    world.run(SECOND * 30);
    let now = world.instant();
    world.session.resume_attachment(now, upload).unwrap();
    world.run(SECOND * 30);
    let id = settled(&world, upload).unwrap();
    assert_eq!(held(&world, &id), BOAT);
    assert_eq!(recorded(&world), 1);
    world.verify();
}

#[test]
fn an_expired_url_is_a_failed_upload_and_nothing_is_completed() {
    let mut world = connected(|settings| {
        settings.upload_url_lifetime = SECOND / 1_000_000;
    });
    let upload = world.send_file("boat.txt", BOAT);
    world.run(SECOND * 10);
    let error = settled(&world, upload).unwrap_err();
    assert_eq!(error.stage, AttachmentStage::Upload);
    let refused = TransferError::Status { status: 403 };
    assert_eq!(error.error, RequestError::Transfer(refused));
    assert_eq!(world.requests(Operation::CompleteAttachmentUpload), 0);
    assert_eq!(recorded(&world), 0);
    world.verify();
}

#[test]
fn more_files_than_a_chat_takes_are_refused() {
    let mut world = connected(|settings| settings.attachments_per_contact = 2);
    let uploads = [1, 2, 3].map(|_| world.send_file("boat.txt", BOAT));
    world.run(SECOND * 10);
    let failed: Vec<_> = uploads
        .iter()
        .filter_map(|upload| settled(&world, *upload).err())
        .collect();
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0].stage, AttachmentStage::Start);
    let RequestError::Service(error) = &failed[0].error else {
        panic!("{failed:?}");
    };
    assert_eq!(error.status, 402);
    assert_eq!(recorded(&world), 2);
    world.verify();
}

/// The token of the view in the chat.
fn view_token(world: &World) -> Option<ViewToken> {
    let mut entries = world.session.transcript().iter();
    entries.find_map(|entry| {
        let content = entry.item.content.as_deref()?;
        let message = InteractiveMessage::parse(content).ok()?;
        if let Template::ViewResource(view) = message.template {
            view.view_token
        } else {
            None
        }
    })
}

#[test]
fn a_view_is_described_by_the_token_of_its_message() {
    let mut world = connected(|_| {});
    let view = View {
        id: "form-1".to_owned(),
        name: "Form".to_owned(),
        version: 1,
        input_schema: "{}".to_owned(),
        template: "{}".to_owned(),
        actions: vec!["Submit".to_owned()],
    };
    let contact = world.session.chat_details().contact_id.to_string();
    let now = world.now();
    let shown = world.service.0.bot_shows_view(now, &contact, &view);
    assert!(shown.is_ok());
    world.run(SECOND);
    let token = view_token(&world).unwrap();
    let now = world.instant();
    let call = world.session.describe_view(now, token).unwrap();
    world.run(SECOND);
    let CallAnswer::View(described) = answer(&world, call).unwrap() else {
        panic!("another answer");
    };
    assert_eq!(described.id.as_deref(), Some("form-1"));
    assert_eq!(described.content.unwrap().actions, ["Submit"]);
    world.verify();
}

#[test]
fn a_customer_is_told_where_to_sign_in_and_can_give_it_up() {
    let mut world = connected(|_| {});
    let contact = world.session.chat_details().contact_id.to_string();
    let now = world.now();
    let event = ChatEvent::AuthenticationInitiated;
    let initiated = world
        .service
        .0
        .publish_event(now, &contact, &event, Role::Customer)
        .unwrap();
    world.run(SECOND);
    let kinds = |world: &World, wanted: ItemKind| {
        let events = world.journal.events.iter();
        let items = events
            .filter(|event| matches!(event, Event::Item(received) if received.kind == wanted));
        items.count()
    };
    assert_eq!(kinds(&world, ItemKind::AuthenticationInitiated), 1);
    let content = initiated.content.unwrap();
    let session_id = content.split('"').nth(3).unwrap();
    let now = world.instant();
    let back = "https://shop.example/back";
    let call = world
        .session
        .authentication_url(now, session_id.into(), back);
    let call = call.unwrap();
    world.run(SECOND);
    let CallAnswer::AuthenticationUrl(url) = answer(&world, call).unwrap() else {
        panic!("another answer");
    };
    assert!(url.expose().starts_with("http"));
    let now = world.instant();
    let call = world
        .session
        .cancel_authentication(now, session_id.into())
        .unwrap();
    world.run(SECOND);
    assert_eq!(answer(&world, call), Ok(CallAnswer::AuthenticationCanceled));
    assert_eq!(kinds(&world, ItemKind::AuthenticationCanceled), 1);
}
