//! Trusting whom the operating system trusts.

#![cfg(target_os = "linux")] // where a variable names the file with the authorities
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test tells what is wrong by panicking"
)]

use chat_sim::Simulator;
use chat_tokio::chat_proto::api::StartChatContact;
use chat_tokio::chat_proto::{Endpoint, RequestError, TransportErrorKind};
use chat_tokio::{Client, StartChatError};
use tokio::process::Command;

/// Says to the process that the test begins which service is to be used, and whether it is
/// trusted.
const ENDPOINT: &str = "CHAT_TOKIO_TEST_ENDPOINT";
const TRUSTED: &str = "CHAT_TOKIO_TEST_TRUSTED";

/// What the authorities are is read once in the life of a process, so each case has one of its
/// own.
#[tokio::test]
async fn an_authority_of_the_operating_system_is_trusted_and_no_other() {
    if let Ok(endpoint) = std::env::var(ENDPOINT) {
        return start_chat(&endpoint, std::env::var(TRUSTED).unwrap() == "true").await;
    }
    let simulator = Simulator::builder()
        .tls_self_signed()
        .start()
        .await
        .unwrap();
    let file = std::env::temp_dir().join(format!("chat-tokio-{}.pem", std::process::id()));
    std::fs::write(&file, simulator.ca().unwrap()).unwrap();
    for trusted in [true, false] {
        let mut case = Command::new(std::env::current_exe().unwrap());
        case.env(ENDPOINT, simulator.endpoint());
        case.env(TRUSTED, trusted.to_string());
        case.env_remove("SSL_CERT_DIR");
        if trusted {
            case.env("SSL_CERT_FILE", &file);
        }
        let ran = case.output().await.unwrap();
        let told = String::from_utf8_lossy(&ran.stdout);
        assert!(ran.status.success(), "trusted: {trusted}\n{told}");
        assert!(told.contains("1 passed"), "{told}");
    }
    std::fs::remove_file(file).unwrap();
}

async fn start_chat(endpoint: &str, trusted: bool) {
    let client = Client::builder().platform_verifier().build().unwrap();
    let endpoint = Endpoint::custom(endpoint).unwrap();
    let request = StartChatContact::new("instance", "flow", "Ann");
    let started = client.start_chat(&endpoint, &request).await;
    if trusted {
        started.unwrap();
        return;
    }
    let error = started.unwrap_err();
    let StartChatError::Request(RequestError::Transport(reason)) = &error else {
        panic!("{error}");
    };
    assert_eq!(reason.kind, TransportErrorKind::Tls, "{error}");
}
