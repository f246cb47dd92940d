//! A chat over real sockets, when nothing goes wrong.

use chat_sim::{Operation, Script, Settings, Simulator};
use chat_tokio::chat_proto::api::{GetTranscript, SendEvent, StartChatContact};
use chat_tokio::chat_proto::{
    CommandError, Config, ConnectError, ContentType, Draft, EndReason, Endpoint, Event, Item,
    ItemKind, Phase, RequestError,
};
use chat_tokio::{CallError, Client, ConnectFailure, ResendFailure, SendFailure};

use crate::support::tokio_chat::{Chat, Plan, in_time};

#[tokio::test]
async fn a_conversation_goes_both_ways_and_ends() {
    in_time(async {
        let settings = Settings::default();
        let simulator = Simulator::builder().settings(settings).script(Script::echo());
        let mut chat = Plan {
            simulator,
            ..Plan::default()
        }
        .connect()
        .await;
        assert_eq!(chat.session.phase(), Phase::Live);
        for text in ["one", "two", "three"] {
            let sent = chat.session.send_message(Draft::text(text)).await.unwrap();
            assert!(!chat.until_message(text).await, "it comes live");
            let entries = chat.session.transcript();
            let mut ids = entries.iter().filter_map(|entry| entry.item.id.as_ref());
            assert!(ids.any(|id| *id == sent.id));
        }
        assert_eq!(chat.received(), ["one", "two", "three"]);
        assert_eq!(chat.recorded(), ["one", "two", "three"]);
        assert!(chat.session.typing().unwrap());
        assert!(!chat.session.typing().unwrap(), "one in ten seconds");
        chat.assert_same_transcript();

        let ended = chat.session.disconnect().await.unwrap();
        assert_eq!(ended, EndReason::Disconnected);
        assert_eq!(chat.session.ended().await, EndReason::Disconnected);
        assert_eq!(chat.session.phase(), Phase::Ended);
        chat.until_ended().await;
        let typing = |event: &Event| {
            matches!(event, Event::Item(item) if item.kind == ItemKind::Typing && !item.own)
        };
        assert_eq!(chat.count(typing), 3);
        assert!(chat.events.next().await.is_none());
    })
    .await;
}

#[tokio::test]
async fn a_chat_is_started_over_http() {
    in_time(async {
        let simulator = Simulator::start().await.unwrap();
        let endpoint = Endpoint::custom(&simulator.endpoint()).unwrap();
        let client = Client::builder().build().unwrap();
        let request = StartChatContact::new("instance", "flow", "Ann");
        let details = client.start_chat(&endpoint, &request).await.unwrap();
        let (session, events) = client.session(Config::new(endpoint), details).unwrap();
        drop(events); // the session goes on without
        session.connect().await.unwrap();
        session.send_message(Draft::text("hello")).await.unwrap();
        let known = |service: &chat_sim::Service| service.requests(Operation::SendMessage);
        assert_eq!(simulator.with(|service, _| known(service)), 1);
    })
    .await;
}

#[tokio::test]
async fn calls_are_answered_in_their_kind() {
    in_time(async {
        let mut chat = Chat::connect().await;
        for number in 1..=3 {
            chat.agent_sends(&number.to_string());
        }
        chat.until_message("3").await;
        let acknowledged = SendEvent::new(ContentType::ConnectionAcknowledged);
        let sent = chat.session.send_event(acknowledged).await.unwrap();
        assert!(sent.id.is_some());
        let page = chat.session.get_transcript(GetTranscript::default()).await;
        let texts = |page: &[Item]| {
            let texts = page.iter().filter_map(|item| item.content.clone());
            texts.collect::<Vec<_>>()
        };
        assert_eq!(texts(&page.unwrap().items), ["3", "2", "1", "history"]);
        let older = chat.session.load_older().await.unwrap();
        assert!(older.complete);
        chat.assert_same_transcript();
    })
    .await;
}

#[tokio::test]
async fn a_wrong_token_fails_the_connect_with_the_services_words() {
    in_time(async {
        let simulator = Simulator::start().await.unwrap();
        let (_, mut details) = crate::support::tokio_chat::start_chat(&simulator);
        details.participant_token = "wrong".into();
        let endpoint = Endpoint::custom(&simulator.endpoint()).unwrap();
        let client = Client::builder().build().unwrap();
        let (session, _events) = client.session(Config::new(endpoint), details).unwrap();
        let failure = session.connect().await.unwrap_err();
        let ConnectFailure::Failed(ConnectError::Request(RequestError::Service(error))) = &failure
        else {
            panic!("{failure:?}");
        };
        assert_eq!(error.status, 403);
        assert!(!error.message.is_empty());
        assert!(failure.to_string().contains(&error.message), "{failure}");
        assert_eq!(session.phase(), Phase::Idle, "it can be tried again");
        let again = session.connect().await.unwrap_err();
        assert!(matches!(again, ConnectFailure::Failed(_)), "{again}");
    })
    .await;
}

#[tokio::test]
async fn a_refused_command_says_why_and_hands_back_what_it_carried() {
    in_time(async {
        let chat = Chat::connect().await;
        let session = &chat.session;
        assert!(matches!(
            session.connect().await,
            Err(ConnectFailure::Command(CommandError::WrongPhase { .. }))
        ));
        let too_long = Draft::text("x".repeat(16_385));
        let refused = session.send_message(too_long.clone()).await.unwrap_err();
        assert!(matches!(&refused, SendFailure::Refused(_)), "{refused}");
        assert_eq!(refused.into_draft(), too_long);
        let local_id = session.queue_message(Draft::text("fine")).unwrap();
        assert!(matches!(
            session.resend(local_id).await,
            Err(ResendFailure::Command(CommandError::UnknownMessage(_)))
        ));
        assert_eq!(session.abandon().await, Ok(EndReason::Abandoned));
        let after = session.get_transcript(GetTranscript::default()).await;
        assert!(matches!(after, Err(CallError::Command(_))), "{after:?}");
        let after = session.send_message(Draft::text("late")).await;
        assert_eq!(after.unwrap_err().into_draft(), Draft::text("late"));
    })
    .await;
}

#[tokio::test]
async fn plain_http_to_another_machine_is_refused() {
    in_time(async {
        let client = Client::builder().build().unwrap();
        // TEST-NET-1 of RFC 5737: nobody has this address.
        let endpoint = Endpoint::custom("http://192.0.2.1:8080").unwrap();
        let simulator = Simulator::start().await.unwrap();
        let (_, details) = crate::support::tokio_chat::start_chat(&simulator);
        let (session, _events) = client.session(Config::new(endpoint), details).unwrap();
        let failure = session.connect().await.unwrap_err().to_string();
        assert!(failure.contains("is not allowed"), "{failure}");
        assert!(failure.contains("allow_insecure"), "{failure}");
    })
    .await;
}
