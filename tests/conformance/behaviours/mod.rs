//! The behaviours, by subject.

mod bulk;
mod cancelled;
mod connection;
mod conversation;
mod demo;
mod dropped;
mod files;
mod hub;
mod lifetime;
mod operations;
mod proxies;
mod reach;
mod resume;
mod server;
mod settings;
mod shutdown;
mod start;
mod transfers;

use std::pin::Pin;

use crate::adapter::{Adapter, begin};
use crate::chat::Plan;
use crate::stage::Stage;
use crate::tokio::Tokio;

/// Where a behaviour has a meaning.
#[derive(Clone, Copy)]
pub(crate) enum Stages {
    All,
    Plain,
    Encrypted,
}

impl Stages {
    pub(crate) fn have(self, stage: &Stage) -> bool {
        match self {
            Self::All => true,
            Self::Plain => !stage.is_encrypted(),
            Self::Encrypted => stage.is_encrypted(),
        }
    }
}

/// Something that every adapter does.
pub(crate) struct Behaviour {
    pub(crate) name: &'static str,
    pub(crate) stages: Stages,
    pub(crate) run: fn(Stage) -> Pin<Box<dyn Future<Output = ()>>>,
}

/// The behaviours that these functions show, each named as its function.
macro_rules! behaviours {
    ($adapter:ident on $stages:ident: $($name:ident),* $(,)?) => {
        vec![$($crate::behaviours::Behaviour {
            name: stringify!($name),
            stages: $crate::behaviours::Stages::$stages,
            run: |stage| Box::pin($name::<$adapter>(stage)),
        }),*]
    };
}
use behaviours;

/// All of them.
pub(crate) fn all<A: Adapter>() -> Vec<Behaviour> {
    let subjects = [
        conversation::all::<A>(),
        demo::all::<A>(),
        start::all::<A>(),
        operations::all::<A>(),
        files::all::<A>(),
        hub::all::<A>(),
        resume::all::<A>(),
        lifetime::all::<A>(),
        reach::all::<A>(),
        server::all::<A>(),
        connection::all::<A>(),
        bulk::all::<A>(),
        proxies::all::<A>(),
        settings::all::<A>(),
        transfers::all::<A>(),
        shutdown::all::<A>(),
        cancelled::all::<A>(),
        dropped::all::<A>(),
    ];
    subjects.into_iter().flatten().collect()
}

/// The names of those that are wanted.
pub(crate) fn names(wanted: impl Fn(&str) -> bool) -> Vec<&'static str> {
    let names = all::<Tokio>().into_iter().map(|behaviour| behaviour.name);
    names.filter(|name| wanted(name)).collect()
}

/// Does once what every behaviour begins with.
pub(crate) fn warm_up<A: Adapter>(stage: &Stage) {
    A::block_on(async {
        let on_tokio = begin::<A, _>(async { tokio::runtime::Handle::try_current().is_ok() });
        assert_eq!(on_tokio.await, Ok(A::ON_TOKIO), "where tasks run");
        let chat = Plan::<A>::new(stage).connect().await;
        chat.session.abandon().await.unwrap();
    });
}
