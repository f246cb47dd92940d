//! The examples of chat-tokio, on the runtime of the test.

#[path = "../../../crates/chat-tokio/examples/agent_hub.rs"]
#[expect(dead_code, reason = "its `main` is for cargo")]
mod agent_hub;
#[path = "../../../crates/chat-tokio/examples/bot.rs"]
#[expect(dead_code, reason = "its `main` is for cargo")]
mod bot;
#[path = "../../../crates/chat-tokio/examples/bridge.rs"]
#[expect(dead_code, reason = "its `main` is for cargo")]
mod bridge;
#[path = "../../../crates/chat-tokio/examples/custom_tls.rs"]
#[expect(dead_code, reason = "its `main` is for cargo")]
mod custom_tls;
#[path = "../../../crates/chat-tokio/examples/resume.rs"]
#[expect(dead_code, reason = "its `main` is for cargo")]
mod resume;

use super::{Adapter, Ended, Example};

pub(crate) struct Tokio;

impl Adapter for Tokio {
    const NAME: &str = "tokio";

    async fn run(example: Example, arguments: Vec<String>) -> Ended {
        let mut shown = Vec::new();
        let result = match example {
            Example::AgentHub => agent_hub::run(&arguments, &mut shown).await,
            Example::Bot { token } => bot::run(&arguments, token, &mut shown).await,
            Example::Bridge => bridge::run(&arguments, &mut shown).await,
            Example::CustomTls => custom_tls::run(&arguments, &mut shown).await,
            Example::Resume => resume::run(&arguments, &mut shown).await,
        };
        Ended::new(result, shown)
    }
}
