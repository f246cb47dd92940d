//! Chats on async-std over real sockets, with a simulator that runs on a tokio of its own.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test tells what is wrong by panicking"
)]

use std::sync::Arc;
use std::time::Duration;

use async_std::io::Cursor;
use chat_async_std::chat_proto::{
    ChatDetails, Config, ConnectError, Diagnostic, Draft, Endpoint, Event, Item, ItemKind,
    RequestError, TransportErrorKind,
};
use chat_async_std::{AttachmentSink, AttachmentSource, ChatSession, Client, Events};
use chat_sim::Simulator;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

/// No test takes nearly as long.
const DEADLINE: Duration = Duration::from_secs(40);

/// A simulator that speaks TLS, beside async-std.
struct Service {
    simulator: Simulator,
    _runtime: tokio::runtime::Runtime,
}

impl Service {
    fn start() -> Self {
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = runtime.worker_threads(1).enable_all().build().unwrap();
        let simulator = runtime.block_on(Simulator::builder().tls_self_signed().start());
        Self {
            simulator: simulator.unwrap(),
            _runtime: runtime,
        }
    }

    /// Trusts the simulator's authority alone.
    fn client(&self) -> Client {
        let pem = self.simulator.ca().unwrap();
        let mut roots = RootCertStore::empty();
        roots
            .add(CertificateDer::from_pem_slice(pem.as_bytes()).unwrap())
            .unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let client = Client::builder().tls_config(Arc::new(config));
        client.build().unwrap()
    }

    /// A chat's contact and a session of it.
    fn session(&self, client: &Client) -> (String, ChatSession, Events) {
        let started = self
            .simulator
            .with(|service, now| service.start_chat(now, "Ann"));
        let started = started.unwrap();
        let details = ChatDetails {
            contact_id: started.contact_id.as_str().into(),
            participant_id: started.participant_id.into(),
            participant_token: started.participant_token.into(),
        };
        let endpoint = self.simulator.endpoint();
        assert!(endpoint.starts_with("https://"), "{endpoint}");
        let config = Config::new(Endpoint::custom(&endpoint).unwrap());
        let (session, events) = client.session(config, details).unwrap();
        (started.contact_id, session, events)
    }

    fn agent_sends(&self, contact: &str, text: &str) {
        let sent = self
            .simulator
            .with(|service, now| service.agent_sends(now, contact, "text/plain", text));
        sent.unwrap();
    }
}

fn test(steps: impl Future<Output = ()>) {
    let ended = async_std::task::block_on(async_std::future::timeout(DEADLINE, steps));
    assert!(ended.is_ok(), "the test takes longer than {DEADLINE:?}");
}

async fn until(events: &mut Events, wanted: impl Fn(&Event) -> bool) -> Event {
    loop {
        let Some(event) = events.next().await else {
            panic!("the events have ended");
        };
        if wanted(&event) {
            return event;
        }
    }
}

async fn until_message(events: &mut Events, text: &str) {
    let has_text = |item: &Item| format!("{:?}", item.content).contains(text);
    let wanted = |event: &Event| matches!(event, Event::Item(received) if has_text(&received.item));
    until(events, wanted).await;
}

#[test]
fn a_chat_goes_through_tls_and_outlives_its_connection() {
    test(async {
        let service = Service::start();
        let client = service.client();
        let (contact, session, mut events) = service.session(&client);
        session.connect().await.unwrap();
        session.send_message(Draft::text("ahoy")).await.unwrap();
        service.agent_sends(&contact, "understood");
        until_message(&mut events, "understood").await;
        assert_eq!(service.simulator.cut_sockets(&contact), 1);
        service.agent_sends(&contact, "still there");
        until_message(&mut events, "still there").await;
        session.disconnect().await.unwrap();
    });
}

#[test]
fn files_go_up_and_come_down_through_the_readers_and_writers_of_futures() {
    test(async {
        let service = Service::start();
        let client = service.client();
        let (_, session, mut events) = service.session(&client);
        session.connect().await.unwrap();
        let boat: Vec<u8> = (0_u8..=255).cycle().take(300_001).collect();
        let name = format!("chat-async-std-{}", std::process::id());
        let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::create_dir_all(&folder).unwrap();
        let (sent, saved) = (folder.join("sent.txt"), folder.join("saved.txt"));
        std::fs::write(&sent, &boat).unwrap();
        for source in [
            AttachmentSource::file(&sent).await.unwrap(),
            AttachmentSource::reader(300_001, Cursor::new(boat.clone())),
        ] {
            let attachment = session.send_attachment("boat.txt", "text/plain", source);
            let id = attachment.await.unwrap();
            let is_there = |event: &Event| matches!(event, Event::Item(received) if received.kind == ItemKind::Attachment);
            until(&mut events, is_there).await;
            let file = async_std::fs::File::create(&saved).await.unwrap();
            for sink in [AttachmentSink::writer(file), AttachmentSink::file(&saved)] {
                let length = session.download_attachment(id.clone(), sink).await;
                assert_eq!(length.unwrap(), 300_001);
                assert!(std::fs::read(&saved).unwrap() == boat, "another file");
            }
        }
        std::fs::remove_dir_all(&folder).unwrap();
    });
}

#[test]
fn an_authority_that_is_not_trusted_is_refused() {
    test(async {
        let service = Service::start();
        let stranger = Service::start().client();
        let (_, session, mut events) = service.session(&stranger);
        let connecting = async_std::task::spawn({
            let session = session.clone();
            async move { session.connect().await }
        });
        let failed = |event: &Event| {
            matches!(
                event,
                Event::Diagnostic(Diagnostic::ConnectAttemptFailed {
                    error: ConnectError::Request(RequestError::Transport(error)),
                    ..
                }) if error.kind == TransportErrorKind::Tls
            )
        };
        until(&mut events, failed).await;
        session.abandon().await.unwrap();
        assert!(connecting.await.is_err());
    });
}
