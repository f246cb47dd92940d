//! The examples of each adapter against the simulator: the same `run` that the `main` of each
//! calls, and what the service has recorded of it.

#![expect(
    clippy::unwrap_used,
    reason = "a test tells what is wrong by panicking"
)]

mod async_std;
mod tokio;

use std::collections::BTreeMap;
use std::error::Error;
#[cfg(unix)]
use std::fs::Permissions;
#[cfg(unix)]
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::Duration;

use ::tokio::join;
use chat_sim::{
    Contact, CutWhen, Effect, EndReason, Fault, Role, Script, Service, Settings, Simulator,
};
use chat_tokio::Client;
use chat_tokio::chat_proto::{Config, Draft, Endpoint};

use self::async_std::AsyncStd;
use self::tokio::Tokio;
use crate::support::tokio_chat::{in_time, start_chat};

const DEADLINE: Duration = Duration::from_secs(20);

/// An example that every adapter has.
pub(crate) enum Example {
    AgentHub,
    Bot { token: Option<String> },
    Bridge,
    CustomTls,
    Resume,
}

/// How an example has ended.
pub(crate) struct Ended {
    result: Result<(), Box<dyn Error + Send + Sync>>,
    /// What it has shown.
    shown: String,
}

impl Ended {
    pub(crate) fn new(result: Result<(), Box<dyn Error + Send + Sync>>, shown: Vec<u8>) -> Self {
        let shown = String::from_utf8(shown).unwrap();
        Self { result, shown }
    }

    /// What an example has shown that must not fail.
    fn well(self) -> String {
        self.result.unwrap();
        self.shown
    }

    /// Why an example has failed, which must.
    fn badly(self) -> String {
        self.result.unwrap_err().to_string()
    }
}

/// An adapter, which has each example.
pub(crate) trait Adapter {
    const NAME: &str;

    /// Runs an example to its end.
    async fn run(example: Example, arguments: Vec<String>) -> Ended;
}

/// Makes a test of each behaviour for each adapter.
macro_rules! of_each_adapter {
    ($($behaviour:ident)*) => {
        mod of_tokio {
            $(#[::tokio::test]
            async fn $behaviour() {
                super::in_time(super::$behaviour::<super::Tokio>()).await;
            })*
        }
        mod of_async_std {
            $(#[::tokio::test]
            async fn $behaviour() {
                super::in_time(super::$behaviour::<super::AsyncStd>()).await;
            })*
        }
    };
}

of_each_adapter! {
    a_bot_answers_each_message_once_and_leaves_at_goodbye
    a_bot_that_cannot_do_its_work_says_why
    a_bridge_joins_a_hundred_chats_to_phones_over_connections_that_are_cut
    a_bridge_works_where_the_service_has_quotas
    a_program_that_is_stopped_goes_on_where_it_was
    a_private_authority_is_trusted_from_its_file
    an_agent_has_all_chats_on_one_socket_until_each_is_over
}

async fn echo() -> Simulator {
    let simulator = Simulator::builder().script(Script::echo()).start().await;
    simulator.unwrap()
}

fn arguments(given: &[&str]) -> Vec<String> {
    given.iter().map(ToString::to_string).collect()
}

/// A path of this test's own, where nothing is.
fn place<A: Adapter>(name: &str) -> PathBuf {
    let name = format!("chat-examples-{}-{}-{name}", std::process::id(), A::NAME);
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

async fn a_bot_answers_each_message_once_and_leaves_at_goodbye<A: Adapter>() {
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
    let (ended, ()) = join!(A::run(Example::Bot { token }, given), agent);
    let shown = ended.well();
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
    assert!(
        shown.ends_with("The bot has left: Disconnected\n"),
        "{shown}"
    );
}

async fn a_bot_that_cannot_do_its_work_says_why<A: Adapter>() {
    let simulator = Simulator::start().await.unwrap();
    let (contact, details) = start_chat(&simulator);
    let endpoint = simulator.endpoint();
    let given = arguments(&[&endpoint, &contact, details.participant_id.as_str()]);
    let run = async |given: &[String], token: Option<&str>| {
        let token = token.map(str::to_owned);
        let ended = A::run(Example::Bot { token }, given.to_vec()).await;
        ended.badly()
    };
    let error = run(&given, Some("another token")).await;
    assert!(error.contains("AccessDenied"), "{error}");
    for (given, token) in [(&given[..], None), (&given[..2], Some("t")), (&[], None)] {
        let error = run(given, token).await;
        assert!(error.starts_with("Usage: bot"), "{error}");
    }
    let error = run(&arguments(&["nowhere"]), None).await;
    assert!(error.contains("region"), "{error}");
}

async fn a_bridge_joins_a_hundred_chats_to_phones_over_connections_that_are_cut<A: Adapter>() {
    let simulator = echo().await;
    let cut = Effect::CutSocket {
        when: CutWhen::NextItem,
    };
    let cut = simulator.with(|service, now| service.inject(now, Fault::new(cut).times(20)));
    let given = arguments(&[&simulator.endpoint(), "100", "unlimited"]);
    let shown = A::run(Example::Bridge, given).await.well();
    assert_eq!(shown, "100 chats, 400 messages each way.\n");
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
}

async fn a_bridge_works_where_the_service_has_quotas<A: Adapter>() {
    let mut settings = Settings::default();
    settings.quotas = true;
    settings.script = Script::echo();
    let simulator = Simulator::builder().settings(settings).start();
    let simulator = simulator.await.unwrap();
    let given = arguments(&[&simulator.endpoint(), "5"]);
    let shown = A::run(Example::Bridge, given).await.well();
    assert_eq!(shown, "5 chats, 20 messages each way.\n");
    simulator.with(|service, _| {
        for contact in service.contacts() {
            assert_eq!(said(contact, Role::Customer).len(), 4);
            assert_eq!(contact.ended(), Some(EndReason::CustomerLeft));
        }
    });
}

async fn a_program_that_is_stopped_goes_on_where_it_was<A: Adapter>() {
    let questions: Vec<_> = (1..=5).map(|number| format!("Question {number}")).collect();
    for events in [0, 2, 9, 14, 20] {
        let simulator = echo().await;
        let file = place::<A>(&format!("{events}.json"));
        let endpoint = simulator.endpoint();
        let path = file.to_str().unwrap();
        let killed = file.with_extension("part");
        std::fs::write(&killed, "of a process that was killed").unwrap();
        #[cfg(unix)]
        std::fs::set_permissions(&killed, Permissions::from_mode(0o644)).unwrap();
        let stops = arguments(&[&endpoint, path, &events.to_string()]);
        let shown = A::run(Example::Resume, stops).await.well();
        assert!(shown.starts_with("Stopped with"), "{events} events");
        assert!(file.exists());
        #[cfg(unix)]
        {
            let mode = std::fs::metadata(&file).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "for the user alone");
        }

        let goes_on = arguments(&[&endpoint, path]);
        let shown = A::run(Example::Resume, goes_on).await.well();
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
}

async fn a_private_authority_is_trusted_from_its_file<A: Adapter>() {
    let start = || {
        let simulator = Simulator::builder().script(Script::echo());
        simulator.tls_self_signed().start()
    };
    let simulator = start().await.unwrap();
    let file = place::<A>("ca.pem");
    std::fs::write(&file, simulator.ca().unwrap()).unwrap();
    let path = file.to_str().unwrap();
    let given = arguments(&[&simulator.endpoint(), path]);
    let shown = A::run(Example::CustomTls, given).await.well();
    assert_eq!(shown, "Answer: Is this private?\n");
    simulator.with(|service, _| {
        let contact = service.contacts().next().unwrap();
        assert_eq!(said(contact, Role::Customer), ["Is this private?"]);
        assert_eq!(contact.ended(), Some(EndReason::CustomerLeft));
    });

    let another = start().await.unwrap();
    let given = arguments(&[&another.endpoint(), path]);
    let error = A::run(Example::CustomTls, given.clone()).await.badly();
    assert!(error.starts_with("TLS failed"), "{error}");
    std::fs::write(&file, "").unwrap();
    let error = A::run(Example::CustomTls, given).await.badly();
    assert!(error.contains("holds no certificate"), "{error}");
    std::fs::remove_file(&file).unwrap();
}

async fn an_agent_has_all_chats_on_one_socket_until_each_is_over<A: Adapter>() {
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
    let (ended, transferred) = join!(A::run(Example::AgentHub, given.clone()), customers);
    let shown = ended.well();
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
}
