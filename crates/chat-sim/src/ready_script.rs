//! Scripts that are ready, by name.

use std::time::Duration;

use serde_json::{Value, json};

use crate::error::ControlError;
use crate::item::{INTERACTIVE, TEXT_PLAIN};
use crate::script::{RATES, Rule, Script, Step};
use crate::view::View;

impl Script {
    /// The names of the scripts that are ready. `chatterbox=5` is one too, with any number of
    /// messages a second from 1 to 1000.
    pub const READY: &[&str] = &[
        "silent",
        "greeter",
        "echo",
        "streaming-bot",
        "menu",
        "slow-agent",
        "chatterbox",
    ];

    /// The script of this name, one of [`READY`](Self::READY) or `chatterbox=N`.
    ///
    /// ```
    /// use chat_sim::Script;
    ///
    /// assert_eq!(Script::ready("echo")?, Script::echo());
    /// assert_eq!(Script::ready("chatterbox=5")?, Script::chatterbox(5));
    /// # Ok::<(), chat_sim::ControlError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Says which there are when no script has the name.
    pub fn ready(name: &str) -> Result<Self, ControlError> {
        let script = match name {
            "silent" => Some(Self::silent()),
            "greeter" => Some(Self::greeter()),
            "echo" => Some(Self::echo()),
            "streaming-bot" => Some(Self::streaming_bot()),
            "menu" => Some(Self::menu()),
            "slow-agent" => Some(Self::slow_agent()),
            "chatterbox" => Some(Self::chatterbox(1)),
            _ => name
                .strip_prefix("chatterbox=")
                .and_then(|rate| rate.parse().ok())
                .filter(|rate| RATES.contains(rate))
                .map(Self::chatterbox),
        };
        script.ok_or_else(|| {
            ControlError::Invalid(format!(
                "no script has the name {name}; there are {}, and chatterbox=N for N messages a \
                 second, {} to {}",
                Self::READY.join(", "),
                RATES.start(),
                RATES.end()
            ))
        })
    }

    /// No agent at all.
    pub fn silent() -> Self {
        Self {
            agent_name: "Agent".to_owned(),
            on_join: Vec::new(),
            on_message: Vec::new(),
            on_attachment: Vec::new(),
        }
    }

    /// An agent who greets the customer: joins, types, says hello.
    pub fn greeter() -> Self {
        Self {
            on_join: vec![
                wait(200),
                Step::Type,
                wait(400),
                Step::Say("Hello, how can I help you?".to_owned()),
            ],
            ..Self::silent()
        }
    }

    /// An agent who types and then answers each message with its own text.
    pub fn echo() -> Self {
        Self::answering(vec![
            Step::Type,
            wait(100),
            Step::Say("{message}".to_owned()),
        ])
    }

    /// A bot that answers each message word by word.
    pub fn streaming_bot() -> Self {
        Self::answering(vec![Step::Stream {
            text: "I have read your message, and this is my answer to it: {message}".to_owned(),
            chunks: 10,
            every: Duration::from_millis(100),
        }])
    }

    /// An agent who takes time: receives a message, reads it, types and answers, ten seconds in
    /// all.
    pub fn slow_agent() -> Self {
        Self::answering(vec![
            wait(1_000),
            Step::Deliver,
            wait(3_000),
            Step::Read,
            wait(2_000),
            Step::Type,
            wait(4_000),
            Step::Say("Sorry for the wait. You wrote: {message}".to_owned()),
        ])
    }

    /// An agent who talks without end, so many times a second; at least once, and at most a
    /// thousand times.
    pub fn chatterbox(per_second: u32) -> Self {
        Self {
            on_join: vec![Step::Chatter {
                per_second: per_second.clamp(*RATES.start(), *RATES.end()),
                text: "Message {n}".to_owned(),
            }],
            ..Self::silent()
        }
    }

    /// A bot with an interactive message of every template: `list`, `time`, `panel`, `carousel`,
    /// `quick` and `view` bring one each; to everything else, and so to every choice, it answers
    /// what it was told.
    pub fn menu() -> Self {
        let on = |word: &str, steps| Rule {
            equals: Some(word.to_owned()),
            steps,
            ..Rule::default()
        };
        let shows = |word, message: Value| on(word, vec![interactive(&message)]);
        let on_message = vec![
            shows("list", list_picker()),
            shows("time", time_picker()),
            shows("panel", panel()),
            shows("carousel", carousel()),
            shows("quick", quick_reply()),
            on("view", vec![Step::ShowView(form())]),
            Rule {
                steps: vec![text("You chose: {message}")],
                ..Rule::default()
            },
        ];
        Self {
            on_join: vec![text(
                "Write list, time, panel, carousel, quick or view to see an interactive message.",
            )],
            on_message,
            on_attachment: vec![text("You sent the file {message}")],
            ..Self::silent()
        }
    }

    /// The same answer to every message.
    fn answering(steps: Vec<Step>) -> Self {
        Self {
            on_message: vec![Rule {
                steps,
                ..Rule::default()
            }],
            ..Self::silent()
        }
    }
}

fn wait(milliseconds: u64) -> Step {
    Step::Wait(Duration::from_millis(milliseconds))
}

fn text(content: &str) -> Step {
    Step::Send {
        content_type: TEXT_PLAIN.to_owned(),
        content: content.to_owned(),
    }
}

fn interactive(content: &Value) -> Step {
    Step::Send {
        content_type: INTERACTIVE.to_owned(),
        content: content.to_string(),
    }
}

fn list_picker() -> Value {
    json!({
        "templateType": "ListPicker",
        "version": "1.0",
        "templateIdentifier": "boats",
        "data": {
            "replyMessage": { "title": "Your boat", "subtitle": "It will be ready for you" },
            "content": {
                "title": "Which boat would you like?",
                "subtitle": "Tap to choose",
                "elements": [
                    { "title": "Dinghy", "subtitle": "For two" },
                    { "title": "Sloop", "subtitle": "For five" },
                    { "title": "Ferry" },
                ],
            },
        },
    })
}

fn time_picker() -> Value {
    json!({
        "templateType": "TimePicker",
        "version": "1.0",
        "data": {
            "replyMessage": { "title": "Your visit" },
            "content": {
                "title": "When would you like to come?",
                "subtitle": "Tap to choose",
                "timeZoneOffset": -60,
                "location": {
                    "latitude": 53.55,
                    "longitude": 9.99,
                    "title": "The pier",
                    "radius": 1,
                },
                "timeslots": [
                    { "date": "2040-05-06T09:00+00:00", "duration": 60 },
                    { "date": "2040-05-06T14:30+00:00", "duration": 60 },
                    { "date": "2040-05-07T09:00+00:00", "duration": 30 },
                ],
            },
        },
    })
}

fn panel() -> Value {
    json!({
        "templateType": "Panel",
        "version": "1.0",
        "data": {
            "replyMessage": { "title": "Your question" },
            "content": {
                "title": "What is it about?",
                "subtitle": "Tap to choose",
                "elements": [
                    { "title": "Fares" },
                    { "title": "Timetable" },
                    { "title": "Something lost" },
                ],
            },
        },
    })
}

fn carousel() -> Value {
    let trip = |identifier: &str, title: &str, link: &str| {
        json!({
            "templateIdentifier": identifier,
            "templateType": "Panel",
            "version": "1.0",
            "data": {
                "content": {
                    "title": title,
                    "elements": [
                        { "title": "Book" },
                        { "title": "Read more", "type": "hyperlink", "url": link },
                    ],
                },
            },
        })
    };
    json!({
        "templateType": "Carousel",
        "version": "1.0",
        "data": {
            "content": {
                "title": "Our trips",
                "elements": [
                    trip("north", "Northern islands", "https://trips.example/north"),
                    trip("south", "Southern coast", "https://trips.example/south"),
                ],
            },
        },
    })
}

fn quick_reply() -> Value {
    json!({
        "templateType": "QuickReply",
        "version": "1.0",
        "data": {
            "content": {
                "title": "Where would you like to sit?",
                "elements": [{ "title": "Aisle" }, { "title": "Window" }],
            },
        },
    })
}

fn form() -> View {
    View {
        id: "booking".to_owned(),
        name: "Booking".to_owned(),
        version: 1,
        input_schema: json!({
            "type": "object",
            "properties": { "Heading": { "type": "string" } },
        })
        .to_string(),
        template: json!({
            "Head": { "Title": "Booking" },
            "Body": [
                { "_id": "name", "Type": "FormInput", "Props": { "Label": "Name" } },
                { "_id": "submit", "Type": "Button", "Props": { "Action": "Submit" } },
            ],
        })
        .to_string(),
        actions: vec!["Submit".to_owned(), "Cancel".to_owned()],
    }
}
