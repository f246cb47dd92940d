//! The canary: drives the client through every path with marked secrets, and looks for the marks in
//! all logs, every `Debug` and every error.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test tells what is wrong by panicking"
)]

mod capture;
mod connections;
mod conversation;
mod files;
mod gateway;
mod hub;
mod marks;
mod names;
mod requests;
mod stage;
mod starting;

use std::pin::Pin;
use std::time::Duration;

use chat_driver::runtime::{ReadFrom, Runtime, WriteTo};
use futures_util::future::join_all;

use crate::capture::{Place, see, see_error};
use crate::marks::{is_known, leaks, mark};

/// No path takes nearly as long.
const DEADLINE: Duration = Duration::from_secs(45);

/// One way through the client.
type Path = Pin<Box<dyn Future<Output = ()>>>;

/// All paths, over one runtime.
async fn live<R>()
where
    R: Runtime + ReadFrom<&'static [u8]> + WriteTo<Vec<u8>>,
{
    let paths: [(&str, Path); 15] = [
        (
            "everything_is_said",
            Box::pin(conversation::everything_is_said::<R>()),
        ),
        (
            "another_process_goes_on",
            Box::pin(conversation::another_process_goes_on::<R>()),
        ),
        (
            "the_application_is_slow",
            Box::pin(conversation::the_application_is_slow::<R>()),
        ),
        (
            "frames_are_wrong",
            Box::pin(connections::frames_are_wrong::<R>()),
        ),
        (
            "connections_fail",
            Box::pin(connections::connections_fail::<R>()),
        ),
        (
            "the_first_connect_fails",
            Box::pin(connections::the_first_connect_fails::<R>()),
        ),
        ("tls_fails", Box::pin(connections::tls_fails::<R>())),
        (
            "the_proxy_refuses",
            Box::pin(connections::the_proxy_refuses::<R>()),
        ),
        ("requests_fail", Box::pin(requests::requests_fail::<R>())),
        (
            "the_gap_is_refused",
            Box::pin(requests::the_gap_is_refused::<R>()),
        ),
        (
            "files_go_both_ways",
            Box::pin(files::files_go_both_ways::<R>()),
        ),
        ("files_fail", Box::pin(files::files_fail::<R>())),
        ("an_agent_works", Box::pin(hub::an_agent_works::<R>())),
        (
            "chats_are_started",
            Box::pin(starting::chats_are_started::<R>()),
        ),
        (
            "settings_are_wrong",
            Box::pin(starting::settings_are_wrong::<R>()),
        ),
    ];
    let walks = paths.map(|(name, path)| async move {
        let walked = tokio::time::timeout(DEADLINE, path).await;
        walked.err().map(|_| name)
    });
    let hanging: Vec<_> = join_all(walks).await.into_iter().flatten().collect();
    assert!(
        hanging.is_empty(),
        "not over after {DEADLINE:?}: {hanging:?}"
    );
}

/// A way to show a secret.
type Show = &'static dyn Fn(&str);

/// The check can fail: whatever shows a mark is found.
fn a_leak_is_found() {
    let shows: [(Place, Show); 6] = [
        (Place::Event, &|mark| tracing::trace!("a token: {mark}")),
        (Place::Event, &|mark| {
            tracing::trace!(token = mark, "a field");
        }),
        (Place::Span, &|mark| {
            drop(tracing::trace_span!("a span", token = %mark));
        }),
        (Place::Log, &|mark| log::trace!("a token: {mark}")),
        (Place::Format, &|mark| see(&vec![mark])),
        (Place::Format, &|mark| {
            see_error(&std::io::Error::other(std::io::Error::other(
                mark.to_owned(),
            )));
        }),
    ];
    for (place, show) in shows {
        let mark = mark("own");
        show(&mark);
        let records = capture::take();
        let leaks = leaks(&records);
        assert!(!leaks.is_empty(), "{records:?}");
        for (_, record) in leaks {
            assert_eq!(record.place, place);
            assert!(!is_known(record), "{record}");
        }
    }
}

#[test]
fn no_secret_is_in_any_log_any_debug_or_any_error() {
    capture::install();
    a_leak_is_found();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        live::<chat_tokio::runtime::Tokio>().await;
        live::<chat_async_std::runtime::AsyncStd>().await;
    });
    drop(runtime);
    let records = capture::take();
    let (known, unknown): (Vec<_>, Vec<_>) = leaks(&records)
        .into_iter()
        .partition(|(_, record)| is_known(record));
    let unknown: Vec<_> = unknown
        .iter()
        .map(|(what, record)| format!("{what} in {record}"))
        .collect();
    assert!(
        unknown.is_empty(),
        "{} leaks:\n{}",
        unknown.len(),
        unknown.join("\n")
    );
    assert!(
        !known.is_empty(),
        "tungstenite shows no secrets any more: say so in the documentation"
    );
    names::are_the_documented_ones(&records);
    marked();
}

/// Every kind of secret there is was met.
fn marked() {
    let met = marks::kinds();
    for kind in [
        "ConnectionToken",
        "Url",
        "AuthenticationUrl",
        "WebSocket URL",
        "participant token",
        "header",
        "text",
        "event",
        "file",
        "file name",
        "display name",
        "view token",
        "session id",
        "signed URL",
        "proxy password",
        "attribute",
        "customer",
        "foreign body",
        "frame",
        "path",
    ] {
        assert!(met.contains(kind), "{kind} in {met:?}");
    }
}
