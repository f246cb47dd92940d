//! What goes wrong with requests.

use std::time::Duration;

use chat_driver::runtime::Runtime;
use chat_proto::{Draft, Event};
use chat_sim::{Effect, Fault, Operation, Settings};
use chat_tests::{foreign, on_send, on_transcript, refusal, throttled};

use crate::capture::{see, see_error};
use crate::marks::mark;
use crate::stage::{Stage, client, gap_filled, lost};

/// A message behind each fault of a request.
pub(crate) async fn requests_fail<R: Runtime>() {
    let stage = Stage::open(Settings::default(), client::<R>().body_limit(16 * 1024)).await;
    let mut chat = stage.connect().await;
    for effect in [
        refusal(400),
        refusal(401),
        refusal(403),
        refusal(404),
        refusal(429),
        refusal(500),
        throttled(Duration::from_secs(1)),
        foreign(200, &mark("foreign body")),
        foreign(302, &mark("foreign body")),
        foreign(502, &mark("foreign body")),
        foreign(
            200,
            &format!("{}{}", mark("foreign body"), "x".repeat(20_000)),
        ),
        Effect::DropRequest,
        Effect::LoseResponse,
        Effect::Stall,
        Effect::Delay {
            by: Duration::from_millis(20),
        },
    ] {
        chat.inject(on_send(effect).once());
        match chat.session.send_message(Draft::text(mark("text"))).await {
            Ok(sent) => see(&sent),
            Err(error) => {
                see_error(&error);
                let failed = |event: &Event| matches!(event, Event::MessageFailed { .. });
                let event = chat.until(failed).await;
                let Event::MessageFailed { local_id, .. } = event else {
                    unreachable!("it is what was waited for");
                };
                see(&chat.session.resend(local_id).await.unwrap());
            }
        }
    }
    chat.inject(Fault::new(refusal(400)).on(Operation::SendEvent).once());
    chat.session.typing().unwrap();
    chat.until_diagnostic("typing_failed").await;
    chat.inject(on_transcript(refusal(400)).once());
    see_error(&chat.session.load_older().await.unwrap_err());
    let fault = Fault::new(refusal(400)).on(Operation::DisconnectParticipant);
    chat.inject(fault.once());
    see(&chat.session.disconnect().await);
    chat.until_ended().await;
}

/// What was missed cannot be read, and a page cannot be understood.
pub(crate) async fn the_gap_is_refused<R: Runtime>() {
    let stage = Stage::open(Settings::default(), client::<R>()).await;
    let mut chat = stage.connect().await;
    for effect in [refusal(400), foreign(200, &mark("foreign body"))] {
        let refused = effect == refusal(400);
        let fault = on_transcript(effect);
        chat.inject(if refused { fault } else { fault.once() });
        chat.simulator.cut_sockets(&chat.contact);
        chat.agent_sends(&mark("text"));
        chat.until(lost).await;
        chat.until_back().await;
        if refused {
            let unresolved = |event: &Event| matches!(event, Event::GapUnresolved(_));
            chat.since_lost(unresolved).await;
            chat.simulator.with(|service, _| service.clear_faults());
        } else {
            chat.since_lost(gap_filled).await;
        }
    }
}
