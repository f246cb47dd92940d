//! Catches everything that could show a secret: logs of both facades at every level, and whatever
//! a test has formatted.

use std::collections::BTreeSet;
use std::error::Error;
use std::fmt::{self, Debug, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tracing::field::{Field, Visit};
use tracing::span;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry};

/// Where something was shown.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Place {
    /// An event of `tracing`.
    Event,
    /// A span of `tracing`, and its fields.
    Span,
    /// A record of `log`.
    Log,
    /// A `Debug` or a `Display`.
    Format,
}

/// Something that was shown.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Record {
    pub(crate) place: Place,
    pub(crate) level: String,
    pub(crate) target: String,
    /// The message of an event, or the name of a span.
    pub(crate) name: String,
    /// The names of the spans around it, the outermost first.
    pub(crate) within: Vec<String>,
    pub(crate) text: String,
}

static RECORDS: Mutex<BTreeSet<Record>> = Mutex::new(BTreeSet::new());

fn records() -> MutexGuard<'static, BTreeSet<Record>> {
    RECORDS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// All that was shown since it was last asked for, each once.
pub(crate) fn take() -> BTreeSet<Record> {
    std::mem::take(&mut records())
}

/// Begins to catch.
pub(crate) fn install() {
    Registry::default().with(Catch).init();
    log::set_logger(&Catch).unwrap();
    log::set_max_level(log::LevelFilter::Trace);
}

/// Shows a value as an application might in its log.
pub(crate) fn see(value: &(impl Debug + ?Sized)) {
    formatted(format!("{value:?}"));
    formatted(format!("{value:#?}"));
}

/// Shows an error in every way, with its causes.
pub(crate) fn see_error(error: &(dyn Error + 'static)) {
    let mut next = Some(error);
    while let Some(error) = next {
        see(error);
        formatted(error.to_string());
        formatted(format!("{error:#}"));
        next = error.source();
    }
}

fn formatted(text: String) {
    records().insert(Record {
        place: Place::Format,
        level: String::new(),
        target: String::new(),
        name: String::new(),
        within: Vec::new(),
        text,
    });
}

struct Catch;

#[derive(Default)]
struct Fields {
    message: String,
    all: String,
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "message" {
            self.message = format!("{value:?}");
        }
        write!(self.all, " {}={value:?}", field.name()).unwrap();
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Catch {
    fn on_new_span(&self, new: &span::Attributes<'_>, id: &span::Id, context: Context<'_, S>) {
        let mut fields = Fields::default();
        new.record(&mut fields);
        let metadata = new.metadata();
        let scope = context.span_scope(id);
        let mut within = names(scope.into_iter().flat_map(|scope| scope.from_root()));
        within.pop();
        records().insert(Record {
            place: Place::Span,
            level: metadata.level().to_string(),
            target: metadata.target().to_owned(),
            name: metadata.name().to_owned(),
            within,
            text: fields.all,
        });
    }

    fn on_record(&self, _: &span::Id, values: &span::Record<'_>, _: Context<'_, S>) {
        let mut fields = Fields::default();
        values.record(&mut fields);
        formatted(fields.all);
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let metadata = event.metadata();
        let scope = context.event_scope(event);
        records().insert(Record {
            place: Place::Event,
            level: metadata.level().to_string(),
            target: metadata.target().to_owned(),
            name: fields.message,
            within: names(scope.into_iter().flat_map(|scope| scope.from_root())),
            text: fields.all,
        });
    }
}

fn names<'a, S: LookupSpan<'a> + 'a>(
    spans: impl Iterator<Item = tracing_subscriber::registry::SpanRef<'a, S>>,
) -> Vec<String> {
    spans.map(|span| span.name().to_owned()).collect()
}

impl log::Log for Catch {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        records().insert(Record {
            place: Place::Log,
            level: record.level().to_string(),
            target: record.target().to_owned(),
            name: String::new(),
            within: Vec::new(),
            text: record.args().to_string(),
        });
    }

    fn flush(&self) {}
}

/// The levels that are shown when nobody asks for more.
pub(crate) fn is_loud(level: &str) -> bool {
    [Level::INFO, Level::WARN, Level::ERROR]
        .map(|loud| loud.to_string())
        .contains(&level.to_owned())
}

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            place,
            level,
            target,
            text,
            ..
        } = self;
        write!(f, "{place:?} {level} {target}: {text}")
    }
}
