//! `connect-chat demo`: a conversation over a failing network, and the proof that nothing was
//! lost.

mod play;
mod script;
mod seen;
mod verdict;

use crate::arguments::{DemoArguments, RuntimeName};
use crate::outcome::{Failure, Outcome};
use crate::output::Output;
use crate::stop::StopSignals;

use self::play::{Play, Stopped};

/// Plays the conversation and compares both sides.
///
/// # Errors
/// [`Failure`] when the simulator cannot start, or something that must happen does not.
pub(crate) async fn run(
    arguments: &DemoArguments,
    runtime: RuntimeName,
    output: Output,
    signals: &mut StopSignals,
) -> Result<Outcome, Failure> {
    let mut play = Play::begin(arguments, runtime, output).await?;
    let played = tokio::select! {
        played = play.perform(script::STEPS) => played,
        stop = signals.received() => {
            play.finish().await?;
            return Ok(Outcome::Stopped(stop));
        }
    };
    let outcome = match played {
        Ok(verdict) if verdict.is_ok() => Ok(Outcome::Orderly),
        Ok(_) => Ok(Outcome::Failed),
        // Nobody reads any more.
        Err(Stopped::OutputClosed) => Ok(Outcome::Orderly),
        Err(Stopped::Failed(failure)) => Err(failure),
    };
    play.finish().await?;
    outcome
}
