//! The examples of chat-async-std, each on a thread where no tokio runtime is.

#[path = "../../../crates/chat-async-std/examples/agent_hub.rs"]
#[expect(dead_code, reason = "its `main` is for cargo")]
mod agent_hub;
#[path = "../../../crates/chat-async-std/examples/bot.rs"]
#[expect(dead_code, reason = "its `main` is for cargo")]
mod bot;
#[path = "../../../crates/chat-async-std/examples/bridge.rs"]
#[expect(dead_code, reason = "its `main` is for cargo")]
mod bridge;
#[path = "../../../crates/chat-async-std/examples/custom_tls.rs"]
#[expect(dead_code, reason = "its `main` is for cargo")]
mod custom_tls;
#[path = "../../../crates/chat-async-std/examples/resume.rs"]
#[expect(dead_code, reason = "its `main` is for cargo")]
mod resume;

use std::thread;

use async_std::task::block_on;
use tokio::sync::oneshot;

use super::{Adapter, Ended, Example};

pub(crate) struct AsyncStd;

impl Adapter for AsyncStd {
    const NAME: &str = "async-std";

    async fn run(example: Example, arguments: Vec<String>) -> Ended {
        let (done, ended) = oneshot::channel();
        // Where the test is over first, nobody wants to know how it ended.
        thread::spawn(move || done.send(block_on(run(example, arguments))));
        ended.await.unwrap()
    }
}

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
