//! The service: a simulator on a runtime of its own, so that the client's runtime has the client
//! alone.

use std::ops::Deref;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant};

use chat_sim::{Simulator, SimulatorBuilder};
use tokio::runtime::{Builder, Runtime};

use crate::adapter::Adapter;

/// Of the simulators and of everything else that the script puts on the network.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(1).enable_all().build().unwrap()
});

/// The simulators of the behaviour that runs.
static RUNNING: Mutex<Vec<Arc<Simulator>>> = Mutex::new(Vec::new());

/// Nothing that is waited for takes nearly as long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(15);

/// How often what is waited for is looked at.
const GLANCE: Duration = Duration::from_millis(2);

/// Does something on the runtime of the service.
pub(crate) async fn on_network<T: Send + 'static>(
    future: impl Future<Output = T> + Send + 'static,
) -> T {
    RUNTIME.spawn(future).await.unwrap()
}

/// The same, for who may block.
pub(crate) fn block_on_network<T>(future: impl Future<Output = T>) -> T {
    RUNTIME.block_on(future)
}

/// Runs something on the runtime of the service, for as long as it likes.
pub(crate) fn spawn_on_network(
    future: impl Future<Output = ()> + Send + 'static,
) -> tokio::task::AbortHandle {
    RUNTIME.spawn(future).abort_handle()
}

/// Waits until something is so.
pub(crate) async fn until<A: Adapter>(what: &str, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(
            began.elapsed() < PATIENCE,
            "not within {PATIENCE:?}: {what}"
        );
        A::sleep(GLANCE).await;
    }
}

/// A running simulator.
#[derive(Clone)]
pub(crate) struct Service(Arc<Simulator>);

impl Service {
    pub(crate) async fn start(builder: SimulatorBuilder) -> Self {
        let simulator = Arc::new(on_network(builder.start()).await.unwrap());
        RUNNING
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(Arc::clone(&simulator));
        Self(simulator)
    }

    pub(crate) async fn stop_listening(&self) {
        let simulator = Arc::clone(&self.0);
        on_network(async move { simulator.stop_listening().await }).await;
    }

    pub(crate) async fn resume_listening(&self) {
        let simulator = Arc::clone(&self.0);
        on_network(async move { simulator.resume_listening().await.unwrap() }).await;
    }
}

impl Deref for Service {
    type Target = Simulator;

    fn deref(&self) -> &Simulator {
        &self.0
    }
}

/// How many WebSockets are open at the simulators of the behaviour.
pub(crate) fn open_sockets() -> usize {
    let running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
    let open = |simulator: &Arc<Simulator>| simulator.with(|service, _| service.open_sockets());
    running.iter().map(open).sum()
}

/// The simulators of the behaviour go away.
pub(crate) fn forget() {
    RUNNING
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clear();
}

/// Whether nothing of the service is left: it holds no socket any more.
pub(crate) fn is_gone() -> bool {
    RUNTIME.metrics().num_alive_tasks() == 0
}
