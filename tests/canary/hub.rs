//! An agent with two customers.

use std::sync::Arc;
use std::time::Duration;

use chat_driver::runtime::Runtime;
use chat_driver::{AgentProvider, AttachmentSource, HubEvents, ProvidedFuture};
use chat_proto::api::ConnectionCredentials;
use chat_proto::{
    ChatDetails, ContactId, Draft, Event, HubEvent, HubUrl, Network, SocketUrl, TransportError,
    TransportErrorKind,
};
use chat_sim::{Effect, Fault, Role, Settings, Simulator};

use crate::capture::{see, see_error};
use crate::conversation::content;
use crate::marks::{mark, note, note_url};
use crate::stage::{Stage, client};

const AGENT: &str = "Kim";
const DEADLINE: Duration = Duration::from_secs(40);

struct Application(Arc<Simulator>);

impl AgentProvider for Application {
    fn socket_url(&self) -> ProvidedFuture<HubUrl> {
        let url = self
            .0
            .with(|service, now| service.agent_socket_url(now, AGENT));
        let url = url.unwrap();
        note_url("WebSocket URL", &url);
        let url = HubUrl {
            url: SocketUrl::from(url),
            lifetime: None,
        };
        see(&url);
        Box::pin(std::future::ready(Ok(url)))
    }

    fn connection_token(&self, _: ContactId) -> ProvidedFuture<ConnectionCredentials> {
        let none = TransportError::new(TransportErrorKind::Protocol, "there is none");
        Box::pin(std::future::ready(Err(none)))
    }
}

async fn until(events: &mut HubEvents, wanted: impl Fn(&HubEvent) -> bool) {
    let reading = async {
        loop {
            let event = events.next().await.expect("the hub goes on");
            see(&event);
            if wanted(&event) {
                return;
            }
        }
    };
    tokio::time::timeout(DEADLINE, reading)
        .await
        .expect("it comes in time");
}

fn said(event: &HubEvent) -> Option<&str> {
    if let HubEvent::Session { event, .. } = event {
        return content(event);
    }
    None
}

pub(crate) async fn an_agent_works<R: Runtime>() {
    let stage = Stage::open(Settings::default(), client::<R>()).await;
    let ann = stage.connect().await;
    let bob = stage.connect().await;
    let application = Application(Arc::clone(&stage.simulator));
    let (hub, mut events) = stage.client.hub(stage.config(), application).unwrap();
    see(&hub);
    see(&events);
    hub.connect().unwrap();
    until(&mut events, |event| matches!(event, HubEvent::Established)).await;
    let seat = |contact: &str| {
        let name = mark("display name");
        let seat = stage
            .simulator
            .with(|service, now| service.seat_agent(now, contact, &name, Role::Agent));
        let seat = seat.unwrap();
        note("participant token", &seat.participant_token);
        let details = ChatDetails {
            contact_id: seat.contact_id.into(),
            participant_id: seat.participant_id.into(),
            participant_token: seat.participant_token.into(),
        };
        (hub.add(details.clone()).unwrap(), details)
    };
    let (to_ann, details) = seat(&ann.contact);
    let (to_bob, _) = seat(&bob.contact);
    see_error(&hub.add(details).unwrap_err());
    see(&hub);
    see(&to_ann);
    to_ann
        .send_message(Draft::text(mark("text")))
        .await
        .unwrap();
    to_bob
        .send_message(Draft::text(mark("text")))
        .await
        .unwrap();
    let file = AttachmentSource::<R>::bytes(mark("file"));
    let name = format!("{}.txt", mark("file name"));
    let sent = to_ann
        .send_attachment(name, "text/plain", file)
        .await
        .unwrap();
    see(&sent);

    let text = format!("<html>{}", mark("frame"));
    let fault = Fault::new(Effect::RawFrame { text }).once();
    stage
        .simulator
        .with(|service, now| service.inject(now, fault));
    stage
        .simulator
        .with(|service, now| service.cut_agent_sockets(now, AGENT));
    let missed = mark("text");
    ann.session
        .send_message(Draft::text(&*missed))
        .await
        .unwrap();
    until(&mut events, |event| {
        matches!(event, HubEvent::ConnectionLost(_))
    })
    .await;
    hub.network(Network::Online);
    until(&mut events, |event| said(event) == Some(missed.as_str())).await;
    let state = to_ann.resume_state().unwrap();
    see(&state);
    drop(to_ann);
    until(&mut events, |event| {
        matches!(
            event,
            HubEvent::Session {
                event: Event::Ended(_),
                ..
            }
        )
    })
    .await;
    let to_ann = hub.restore(state).unwrap();
    to_ann
        .send_message(Draft::text(mark("text")))
        .await
        .unwrap();
    hub.close();
    see(&to_ann.ended().await);
    while let Some(event) = events.next().await {
        see(&event);
    }
    see_error(&hub.connect().unwrap_err());
    see(&to_bob);
}
