//! The signals that ask the program to stop.

use std::io;

/// Which signal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Stop {
    /// Ctrl-C, or SIGINT.
    Interrupt,
    /// SIGTERM.
    #[cfg_attr(not(unix), expect(dead_code, reason = "only unix has this signal"))]
    Terminate,
}

#[cfg(unix)]
mod system {
    use tokio::signal::unix::{Signal, SignalKind, signal};

    use super::{Stop, io};

    /// Listens for signals; they do not end the process by themselves any more.
    #[derive(Debug)]
    pub(crate) struct StopSignals {
        interrupt: Signal,
        terminate: Signal,
    }

    impl StopSignals {
        pub(crate) fn listen() -> io::Result<Self> {
            Ok(Self {
                interrupt: signal(SignalKind::interrupt())?,
                terminate: signal(SignalKind::terminate())?,
            })
        }

        /// Waits for one. Dropping the future loses none.
        pub(crate) async fn received(&mut self) -> Stop {
            tokio::select! {
                _ = self.interrupt.recv() => Stop::Interrupt,
                _ = self.terminate.recv() => Stop::Terminate,
            }
        }
    }
}

#[cfg(not(unix))]
mod system {
    use super::{Stop, io};

    /// Listens for signals; they do not end the process by themselves any more.
    #[derive(Debug)]
    pub(crate) struct StopSignals;

    impl StopSignals {
        pub(crate) fn listen() -> io::Result<Self> {
            Ok(Self)
        }

        /// Waits for one.
        pub(crate) async fn received(&mut self) -> Stop {
            if tokio::signal::ctrl_c().await.is_err() {
                // It cannot be listened for; the system's own handling stays.
                std::future::pending::<()>().await;
            }
            Stop::Interrupt
        }
    }
}

pub(crate) use system::StopSignals;
