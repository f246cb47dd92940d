//! What the facade `metrics` is told of a chat.

#![expect(
    clippy::unwrap_used,
    reason = "a test tells what is wrong by panicking"
)]

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex};

use chat_sim::{Operation, Service};
use chat_tests::{on_send, refusal};
use chat_tokio::Client;
use chat_tokio::chat_proto::{self, Draft, Entry, Event, Network, Quota, Quotas, ReceiptKind};
use chat_tokio::metrics::{
    CONNECTION_LOSSES, CONNECTS, EVENTS_WAITING, GAP_ITEMS, GAPS_FILLED, MESSAGES_FAILED,
    MESSAGES_SENT, MESSAGES_WAITING, RECEIPTS, RECONNECT_SECONDS, RECONNECTS, REQUEST_SECONDS,
    REQUESTS_WAITING, SEND_SECONDS, SESSIONS, SESSIONS_ENDED, THROTTLED,
};
use metrics::{
    Counter, CounterFn, Gauge, GaugeFn, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder,
    SharedString, Unit,
};

use crate::support::tokio_chat::{Chat, Plan, in_time};

/// Keeps everything it is told.
#[derive(Clone, Default)]
struct Book(Arc<Mutex<Pages>>);

#[derive(Default)]
struct Pages {
    described: BTreeMap<String, Option<Unit>>,
    /// What was counted, and how many samples histograms have.
    counts: BTreeMap<String, u64>,
    seconds: BTreeMap<String, f64>,
    /// Each gauge, and the most it has been.
    gauges: BTreeMap<String, (f64, f64)>,
}

/// A line of the book.
struct Line(Book, String);

impl CounterFn for Line {
    fn increment(&self, value: u64) {
        let mut pages = self.0.0.lock().unwrap();
        *pages.counts.entry(self.1.clone()).or_default() += value;
    }

    fn absolute(&self, _: u64) {
        unreachable!("nothing is set at once");
    }
}

impl GaugeFn for Line {
    fn increment(&self, value: f64) {
        let mut pages = self.0.0.lock().unwrap();
        let (now, most) = pages.gauges.entry(self.1.clone()).or_default();
        *now += value;
        *most = most.max(*now);
    }

    fn decrement(&self, value: f64) {
        GaugeFn::increment(self, -value);
    }

    fn set(&self, _: f64) {
        unreachable!("a gauge is of several sessions");
    }
}

impl HistogramFn for Line {
    fn record(&self, value: f64) {
        let mut pages = self.0.0.lock().unwrap();
        *pages.counts.entry(self.1.clone()).or_default() += 1;
        *pages.seconds.entry(self.1.clone()).or_default() += value;
    }
}

impl Book {
    fn describe(&self, name: &KeyName, unit: Option<Unit>) {
        let name = name.as_str().to_owned();
        self.0.lock().unwrap().described.insert(name, unit);
    }

    fn line(&self, key: &Key) -> Arc<Line> {
        let mut name = key.name().to_owned();
        for label in key.labels() {
            name = format!("{name} {}={}", label.key(), label.value());
        }
        Arc::new(Line(self.clone(), name))
    }

    fn gauge(&self, name: &str) -> (f64, f64) {
        self.0.lock().unwrap().gauges[name]
    }
}

impl Recorder for Book {
    fn describe_counter(&self, name: KeyName, unit: Option<Unit>, _: SharedString) {
        self.describe(&name, unit);
    }

    fn describe_gauge(&self, name: KeyName, unit: Option<Unit>, _: SharedString) {
        self.describe(&name, unit);
    }

    fn describe_histogram(&self, name: KeyName, unit: Option<Unit>, _: SharedString) {
        self.describe(&name, unit);
    }

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.line(key))
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(self.line(key))
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::from_arc(self.line(key))
    }
}

fn gap_filled(event: &Event) -> bool {
    matches!(event, Event::GapFilled { .. })
}

/// A chat in which one message is throttled and one refused, two wait, and the socket is cut.
async fn conversation(book: &Book) -> Chat {
    let mut quotas = Quotas::unlimited();
    let (ten, one) = (NonZeroU32::new(10).unwrap(), NonZeroU32::MIN);
    let operation = chat_proto::Operation::SendMessage;
    quotas.set(operation, Some(Quota::new(ten, one)));
    let mut chat = Plan {
        client: Client::builder().quotas(quotas),
        ..Plan::default()
    }
    .start()
    .await;
    chat.session.connect().await.unwrap();
    chat.until(gap_filled).await;
    assert_eq!(book.gauge(SESSIONS).0, 1.0);

    chat.inject(on_send(refusal(429)).once());
    let session = chat.session.clone();
    session.send_message(Draft::text("one")).await.unwrap();
    chat.inject(on_send(refusal(400)).once());
    session.send_message(Draft::text("two")).await.unwrap_err();
    for text in ["three", "four"] {
        session.queue_message(Draft::text(text)).unwrap();
    }
    for _ in 0..3 {
        chat.until(|event| matches!(event, Event::MessageSent { .. }))
            .await;
    }

    chat.agent_sends("read me");
    chat.until_message("read me").await;
    let entries = chat.session.transcript();
    let theirs = |entry: &&Entry| entry.item.content.as_deref() == Some("read me");
    let id = entries
        .iter()
        .find(theirs)
        .unwrap()
        .item
        .id
        .clone()
        .unwrap();
    chat.session.send_receipt(ReceiptKind::Read, &id).unwrap();
    chat.until(|event| matches!(event, Event::ReceiptSettled { .. }))
        .await;

    chat.simulator.cut_sockets(&chat.contact);
    chat.agent_sends("missed");
    chat.until_lost().await;
    chat.session.network(Network::Online);
    chat.until(gap_filled).await;
    chat.session.abandon().await.unwrap();
    chat.until_ended().await;
    chat
}

#[test]
fn a_chat_with_a_cut_connection_is_counted_exactly() {
    let book = Book::default();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    // The recorder is that of this thread, on which everything runs.
    let chat = metrics::with_local_recorder(&book, || {
        runtime.block_on(in_time(async { conversation(&book).await }))
    });
    let asked = |operation| {
        let asked = |service: &Service| service.requests(operation);
        chat.simulator.with(|service, _| asked(service))
    };
    let items = chat.told.iter().map(|event| {
        if let Event::GapFilled { items } = event {
            *items
        } else {
            0
        }
    });
    let request = |operation: Operation, status: &str| {
        format!(
            "{REQUEST_SECONDS} operation={} status={status}",
            operation.name()
        )
    };
    let expected = [
        (CONNECTS.to_owned(), 1),
        (format!("{CONNECTION_LOSSES} cause=closed"), 1),
        (RECONNECTS.to_owned(), 1),
        (RECONNECT_SECONDS.to_owned(), 1),
        (GAPS_FILLED.to_owned(), 2),
        (GAP_ITEMS.to_owned(), items.sum()),
        (MESSAGES_SENT.to_owned(), 3),
        (MESSAGES_FAILED.to_owned(), 1),
        (SEND_SECONDS.to_owned(), 3),
        (format!("{RECEIPTS} kind=read outcome=sent"), 1),
        (format!("{SESSIONS_ENDED} reason=abandoned"), 1),
        (format!("{THROTTLED} operation=SendMessage"), 1),
        (request(Operation::CreateParticipantConnection, "2xx"), 2),
        (request(Operation::SendMessage, "2xx"), 3),
        (request(Operation::SendMessage, "4xx"), 2),
        (
            request(Operation::SendEvent, "2xx"),
            asked(Operation::SendEvent),
        ),
        (
            request(Operation::GetTranscript, "2xx"),
            asked(Operation::GetTranscript),
        ),
    ];
    drop(chat);
    let pages = book.0.lock().unwrap();
    assert_eq!(pages.counts, BTreeMap::from(expected));
    assert!(pages.counts[GAP_ITEMS] >= 1, "the message that was missed");
    for (name, seconds) in &pages.seconds {
        assert!(*seconds > 0.0 && *seconds < 30.0, "{name}: {seconds}");
    }
    for (name, most) in [
        (SESSIONS, 1.0),
        (MESSAGES_WAITING, 2.0),
        (REQUESTS_WAITING, 1.0),
    ] {
        assert_eq!(pages.gauges[name], (0.0, most), "{name}");
    }
    let (waiting, most) = pages.gauges[EVENTS_WAITING];
    assert!(waiting == 0.0 && most >= 1.0, "{waiting} {most}");
    for name in pages.counts.keys().chain(pages.gauges.keys()) {
        let name = name.split(' ').next().unwrap();
        assert!(pages.described.contains_key(name), "{name}");
    }
}
