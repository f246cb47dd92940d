//! A service behind a private authority: its certificate is in a PEM file.
//!
//! ```sh
//! connect-chat simulate --port 8443 --script echo --tls self-signed --ca ca.pem    # a service
//! cargo run -p chat-async-std --example async_std_custom_tls -- https://127.0.0.1:8443 ca.pem    # elsewhere
//! ```
//!
//! It says something, and shows the answer. HTTP, the WebSocket and files go over the same TLS.

#![expect(clippy::print_stderr, reason = "a program says why it failed")]

use std::error::Error;
use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use async_std::future::timeout;
use async_std::task::block_on;
use chat_async_std::chat_proto::api::StartChatContact;
use chat_async_std::chat_proto::{Config, Draft, Endpoint, Event, ItemKind};
use chat_async_std::{Client, Events};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

/// How long to wait for an answer.
const PATIENCE: Duration = Duration::from_secs(60);

const USAGE: &str = "Usage: custom_tls URL PEM_FILE";

type Failure = Box<dyn Error + Send + Sync>;

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    match block_on(run(&arguments, &mut io::stdout())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

pub(crate) async fn run(arguments: &[String], shown: &mut impl Write) -> Result<(), Failure> {
    let [url, file] = arguments else {
        return Err(USAGE.into());
    };
    let endpoint = Endpoint::custom(url)?;
    let client = Client::builder().tls_config(trusting(file)?).build()?;
    // A local service allows this; elsewhere a backend starts chats.
    let request = StartChatContact::new("local", "flow", "Ada");
    let details = client.start_chat(&endpoint, &request).await?;
    let (session, mut events) = client.session(Config::new(endpoint), details)?;
    session.connect().await?;
    session
        .send_message(Draft::text("Is this private?"))
        .await?;
    let answer = timeout(PATIENCE, answer(&mut events)).await?;
    writeln!(
        shown,
        "Answer: {}",
        answer.ok_or("the chat is over too early")?
    )?;
    drop(events);
    session.disconnect().await?;
    Ok(())
}

/// Trusts the authorities in this file, and no others. To trust more, begin with the roots you
/// have: `webpki-roots`, or those of the platform.
fn trusting(file: &str) -> Result<Arc<ClientConfig>, Failure> {
    let mut roots = RootCertStore::empty();
    let certificates = CertificateDer::pem_file_iter(file);
    for certificate in certificates.map_err(|error| format!("{file}: {error}"))? {
        roots.add(certificate?)?;
    }
    if roots.is_empty() {
        return Err(format!("{file} holds no certificate").into());
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// The first message of somebody else.
async fn answer(events: &mut Events) -> Option<String> {
    loop {
        if let Event::Item(received) = events.next().await? {
            if received.kind == ItemKind::Message && !received.own {
                return received.item.content.clone();
            }
        }
    }
}
