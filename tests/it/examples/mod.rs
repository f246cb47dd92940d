//! The examples of chat-tokio against the simulator: the same `run` that the `main` of each calls,
//! and what the service has recorded of it.

#![expect(
    clippy::unwrap_used,
    reason = "a test tells what is wrong by panicking"
)]

#[path = "../../crates/chat-tokio/examples/agent_hub.rs"]
#[expect(dead_code, reason = "its `main` is for cargo")]
mod agent_hub;
#[path = "../../crates/chat-tokio/examples/bot.rs"]
#[expect(dead_code, reason = "its `main` is for cargo")]
mod bot;
#[path = "../../crates/chat-tokio/examples/bridge.rs"]
#[expect(dead_code, reason = "its `main` is for cargo")]
mod bridge;
#[path = "../../crates/chat-tokio/examples/custom_tls.rs"]
#[expect(dead_code, reason = "its `main` is for cargo")]
mod custom_tls;
#[path = "../../crates/chat-tokio/examples/resume.rs"]
#[expect(dead_code, reason = "its `main` is for cargo")]
mod resume;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use chat_sim::{
    Contact, CutWhen, Effect, EndReason, Fault, Role, Script, Service, Settings, Simulator,
};
use chat_tokio::Client;
use chat_tokio::chat_proto::{Config, Draft, Endpoint};
use tokio::join;

use crate::support::tokio_chat::{in_time, start_chat};

const DEADLINE: Duration = Duration::from_secs(20);

async fn echo() -> Simulator {
    let simulator = Simulator::builder().script(Script::echo()).start().await;
    simulator.unwrap()
}

fn arguments(given: &[&str]) -> Vec<String> {
    given.iter().map(ToString::to_string).collect()
}

fn text(shown: Vec<u8>) -> String {
    String::from_utf8(shown).unwrap()
}

/// A path of this test's own, where nothing is.
fn place(name: &str) -> PathBuf {
    let name = format!("chat-examples-{}-{name}", std::process::id());
    let path = std::env::temp_dir().join(name);
    drop(std::fs::remove_file(&path));
    path
}

/// What somebody of this role has said in a chat, as the service recorded it.
fn said(contact: &Contact, role: Role) -> Vec<&str> {
    let items = contact.transcript().iter();
    items
        .filter(|item| item.content_type == "text/plain" && item.participant_role == Some(role))
        .filter_map(|item| item.content.as_deref())
        .collect()
}

/// Waits until the last thing that somebody of this role has said is this.
async fn until_said(simulator: &Simulator, contact: &str, role: Role, text: &str) {
    let is_said = |service: &Service| {
        let contact = service.contact(contact).unwrap();
        said(contact, role).last() == Some(&text)
    };
    simulator.wait_until(is_said, DEADLINE).await.unwrap();
}

#[tokio::test]
async fn a_bot_answers_each_message_once_and_leaves_at_goodbye() {
    in_time(async {
        let simulator = Simulator::start().await.unwrap();
        let (contact, details) = start_chat(&simulator);
        let agent_sends = |text: &str| {
            simulator
                .with(|service, now| service.agent_sends(now, &contact, "text/plain", text))
                .unwrap();
        };
        agent_sends("This was before the bot");
        let given = arguments(&[
            &simulator.endpoint(),
            &contact,
            details.participant_id.as_str(),
        ]);
        let token = Some(details.participant_token.expose().to_owned());
        let mut shown = Vec::new();
        let agent = async {
            let until = |text| until_said(&simulator, &contact, Role::Customer, text);
            until("I am a bot. What can I do for you?").await;
            agent_sends("One");
            until("You said: One").await;
            agent_sends("Two");
            agent_sends("Three");
            until("You said: Three").await;
            agent_sends("Good bye");
        };
        let (ended, ()) = join!(bot::run(&given, token, &mut shown), agent);
        ended.unwrap();
        simulator.with(|service, _| {
            let contact = service.contact(&contact).unwrap();
            assert_eq!(
                said(contact, Role::Customer),
                [
                    "I am a bot. What can I do for you?",
                    "You said: One",
                    "You said: Two",
                    "You said: Three",
                    "Goodbye."
                ]
            );
            assert_eq!(contact.ended(), Some(EndReason::CustomerLeft));
            let last = contact.transcript().iter();
            let mut last = last.filter(|item| item.content.as_deref() == Some("Good bye"));
            let last = last.next().unwrap().id.as_str();
            let mut receipts = contact.receipts();
            assert!(receipts.any(|(id, it)| id == last && it.read_timestamp.is_some()));
        });
        let shown = text(shown);
        assert!(
            shown.ends_with("The bot has left: Disconnected\n"),
            "{shown}"
        );
    })
    .await;
}

#[tokio::test]
async fn a_bot_that_cannot_do_its_work_says_why() {
    in_time(async {
        let simulator = Simulator::start().await.unwrap();
        let (contact, details) = start_chat(&simulator);
        let endpoint = simulator.endpoint();
        let given = arguments(&[&endpoint, &contact, details.participant_id.as_str()]);
        let run = async |given: &[String], token: Option<&str>| {
            let ended = bot::run(given, token.map(str::to_owned), &mut Vec::new()).await;
            ended.unwrap_err().to_string()
        };
        let error = run(&given, Some("another token")).await;
        assert!(error.contains("AccessDenied"), "{error}");
        for (given, token) in [(&given[..], None), (&given[..2], Some("t")), (&[], None)] {
            let error = run(given, token).await;
            assert!(error.starts_with("Usage: bot"), "{error}");
        }
        let error = run(&arguments(&["nowhere"]), None).await;
        assert!(error.contains("region"), "{error}");
    })
    .await;
}

#[tokio::test]
async fn a_bridge_joins_a_hundred_chats_to_phones_over_connections_that_are_cut() {
    in_time(async {
        let simulator = echo().await;
        let cut = Effect::CutSocket {
            when: CutWhen::NextItem,
        };
        let cut = simulator.with(|service, now| service.inject(now, Fault::new(cut).times(20)));
        let given = arguments(&[&simulator.endpoint(), "100", "unlimited"]);
        let mut shown = Vec::new();
        bridge::run(&given, &mut shown).await.unwrap();
        assert_eq!(text(shown), "100 chats, 400 messages each way.\n");
        simulator.with(|service, _| {
            assert_eq!(service.fault_hits(cut), 20);
            let mut chats = 0;
            for contact in service.contacts() {
                let customer = contact.participants().first().unwrap().display_name();
                let number = customer.strip_prefix("Phone ").unwrap();
                let texts: Vec<_> = (0..4).map(|turn| format!("{number}.{turn}")).collect();
                assert_eq!(said(contact, Role::Customer), texts);
                assert_eq!(said(contact, Role::Agent), texts);
                assert_eq!(contact.ended(), Some(EndReason::CustomerLeft));
                chats += 1;
            }
            assert_eq!(chats, 100);
        });
    })
    .await;
}

#[tokio::test]
async fn a_bridge_works_where_the_service_has_quotas() {
    in_time(async {
        let mut settings = Settings::default();
        settings.quotas = true;
        settings.script = Script::echo();
        let simulator = Simulator::builder().settings(settings).start();
        let simulator = simulator.await.unwrap();
        let given = arguments(&[&simulator.endpoint(), "5"]);
        let mut shown = Vec::new();
        bridge::run(&given, &mut shown).await.unwrap();
        assert_eq!(text(shown), "5 chats, 20 messages each way.\n");
        simulator.with(|service, _| {
            for contact in service.contacts() {
                assert_eq!(said(contact, Role::Customer).len(), 4);
                assert_eq!(contact.ended(), Some(EndReason::CustomerLeft));
            }
        });
    })
    .await;
}

#[tokio::test]
async fn a_program_that_is_stopped_goes_on_where_it_was() {
    in_time(async {
        let questions: Vec<_> = (1..=5).map(|number| format!("Question {number}")).collect();
        for events in [0, 2, 9, 14, 20] {
            let simulator = echo().await;
            let file = place(&format!("{events}.json"));
            let endpoint = simulator.endpoint();
            let path = file.to_str().unwrap();
            let stops = arguments(&[&endpoint, path, &events.to_string()]);
            let mut shown = Vec::new();
            resume::run(&stops, &mut shown).await.unwrap();
            assert!(text(shown).starts_with("Stopped with"), "{events} events");
            assert!(file.exists());

            let mut shown = Vec::new();
            let goes_on = arguments(&[&endpoint, path]);
            resume::run(&goes_on, &mut shown).await.unwrap();
            let shown = text(shown);
            let answers: Vec<_> = shown
                .lines()
                .filter_map(|line| line.strip_prefix("Answer: "))
                .collect();
            assert_eq!(answers, questions, "{events} events");
            assert!(!file.exists());
            simulator.with(|service, _| {
                let mut contacts = service.contacts();
                let contact = contacts.next().unwrap();
                assert_eq!(said(contact, Role::Customer), questions, "{events} events");
                assert_eq!(contact.ended(), Some(EndReason::CustomerLeft));
                assert!(contacts.next().is_none());
            });
        }
    })
    .await;
}

#[tokio::test]
async fn a_private_authority_is_trusted_from_its_file() {
    in_time(async {
        let start = || {
            let simulator = Simulator::builder().script(Script::echo());
            simulator.tls_self_signed().start()
        };
        let simulator = start().await.unwrap();
        let file = place("ca.pem");
        std::fs::write(&file, simulator.ca().unwrap()).unwrap();
        let path = file.to_str().unwrap();
        let mut shown = Vec::new();
        let given = arguments(&[&simulator.endpoint(), path]);
        custom_tls::run(&given, &mut shown).await.unwrap();
        assert_eq!(text(shown), "Answer: Is this private?\n");
        simulator.with(|service, _| {
            let contact = service.contacts().next().unwrap();
            assert_eq!(said(contact, Role::Customer), ["Is this private?"]);
            assert_eq!(contact.ended(), Some(EndReason::CustomerLeft));
        });

        let another = start().await.unwrap();
        let given = arguments(&[&another.endpoint(), path]);
        let error = custom_tls::run(&given, &mut Vec::new()).await.unwrap_err();
        assert!(error.to_string().starts_with("TLS failed"), "{error}");
        std::fs::write(&file, "").unwrap();
        let error = custom_tls::run(&given, &mut Vec::new()).await.unwrap_err();
        assert!(
            error.to_string().contains("holds no certificate"),
            "{error}"
        );
        std::fs::remove_file(&file).unwrap();
    })
    .await;
}

#[tokio::test]
async fn an_agent_has_all_chats_on_one_socket_until_each_is_over() {
    in_time(async {
        let simulator = Simulator::start().await.unwrap();
        let contacts: Vec<_> = (0..3).map(|_| start_chat(&simulator)).collect();
        let endpoint = simulator.endpoint();
        let mut given = arguments(&[&endpoint, "Kim"]);
        given.extend(contacts.iter().map(|(contact, _)| contact.clone()));

        let customers = async {
            let config = Endpoint::custom(&endpoint).unwrap();
            let config = Config::new(config);
            let client = Client::builder().build().unwrap();
            let mut sessions = BTreeMap::new();
            for (contact, details) in contacts {
                let (session, _) = client.session(config.clone(), details).unwrap();
                session.connect().await.unwrap();
                sessions.insert(contact, session);
            }
            for (contact, session) in &sessions {
                let until = |text| until_said(&simulator, contact, Role::Agent, text);
                until("Kim here. How can I help?").await;
                let draft = Draft::text("My ferry is late");
                session.send_message(draft).await.unwrap();
                until("I have noted: My ferry is late").await;
            }
            simulator.with(|service, _| assert_eq!(service.agent_sockets("Kim"), 1));
            let (first, _) = sessions.pop_first().unwrap();
            let transfer = simulator.with(|service, now| service.transfer(now, &first, "Lee"));
            transfer.unwrap();
            for session in sessions.values() {
                session.disconnect().await.unwrap();
            }
            first
        };
        let mut shown = Vec::new();
        let (ended, transferred) = join!(agent_hub::run(&given, &mut shown), customers);
        ended.unwrap();
        let shown = text(shown);
        for contact in &given[2..] {
            let reason = if *contact == transferred {
                "Transferred"
            } else {
                "ChatEnded"
            };
            let over = format!("{contact} is over: {reason}\n");
            assert_eq!(shown.matches(&over).count(), 1, "{shown}");
            simulator.with(|service, _| {
                let contact = service.contact(contact).unwrap();
                assert_eq!(
                    said(contact, Role::Agent),
                    [
                        "Kim here. How can I help?",
                        "I have noted: My ferry is late"
                    ]
                );
            });
        }
        let is_closed = |service: &Service| service.agent_sockets("Kim") == 0;
        simulator.wait_until(is_closed, DEADLINE).await.unwrap();
    })
    .await;
}
