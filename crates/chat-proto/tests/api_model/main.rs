//! The REST API against the public model of the service: botocore's `service-2.json` for
//! `connectparticipant` and `connect`, which `.ci/api-model` fetches.
//!
//! Everything follows from the model. For each operation it gives values that are allowed (the
//! whole, each limit, each value of each enum, each member left out) and forbidden (just beyond
//! each limit); requests made of them must go out as they are or be refused by the field's name,
//! and answers must come back whole. What differs on purpose stands in [`DIFFERENCES`].

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test tells what is wrong by panicking"
)]

mod answers;
mod differences;
mod model;
mod requests;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use chat_proto::api::{self, *};
use chat_proto::wire::{AttachmentStatus, ItemType, MessageProcessingStatus, ParticipantRole};
use chat_proto::{CommandError, RequestError, ServiceError};
use differences::DIFFERENCES;
use http::{Request, Response};
use model::{Direction, LATER, Model, Probe};
use serde_json::{Value, json};

/// Follows a value of an enum that this version does not know.
const UNKNOWN: &str = " (unknown)";

/// One operation: its typed request made of a value and sent, and its answer read and written as a
/// value again.
struct Checked {
    name: &'static str,
    send: fn(&Value, Option<&str>) -> Option<Sent>,
    request_debug: fn(&Value) -> String,
    answer: fn(&Response<Vec<u8>>) -> Result<Read, RequestError>,
}

type Sent = Result<Request<Vec<u8>>, CommandError>;

/// An answer as a value, and its `Debug`.
type Read = (Value, String);

macro_rules! checked {
    ($( $request:ident: $make:ident -> $show:ident, $read:expr; )+) => {
        [$( Checked {
            name: $request::OPERATION.name(),
            send: |input, bearer| {
                let request: $request = requests::$make(input)?;
                let endpoint = Endpoint::region("us-west-2").unwrap();
                Some(api::to_http(&endpoint, bearer, &request))
            },
            request_debug: |input| format!("{:?}", requests::$make(input)),
            answer: |response| {
                let answer = $read(response)?;
                Ok((answers::$show(&answer), format!("{answer:?}")))
            },
        } ),+]
    };
    ($( $request:ident: $make:ident -> $show:ident; )+) => {
        checked!($( $request: $make -> $show, from_http::<$request>; )+)
    };
}

fn participant_service() -> [Checked; 11] {
    checked! {
        CreateParticipantConnection: create_participant_connection -> participant_connection;
        SendMessage: send_message -> sent_message;
        SendEvent: send_event -> sent_event;
        GetTranscript: get_transcript -> transcript_page;
        DisconnectParticipant: disconnect_participant -> nothing;
        StartAttachmentUpload: start_attachment_upload -> started_attachment_upload;
        CompleteAttachmentUpload: complete_attachment_upload -> nothing;
        GetAttachment: get_attachment -> attachment_url;
        DescribeView: describe_view -> view;
        GetAuthenticationUrl: get_authentication_url -> authentication_url;
        CancelParticipantAuthentication: cancel_participant_authentication -> nothing;
    }
}

fn connect() -> [Checked; 7] {
    let [start_chat] = checked! {
        StartChatContact: start_chat_contact -> started_chat, StartChatContact::read_answer;
    };
    let [stop, create, associate, stream, stop_streaming, timers] = checked! {
        StopContact: stop_contact -> nothing;
        CreateParticipant: create_participant -> created_participant;
        CreatePersistentContactAssociation:
            create_persistent_contact_association -> continued_from;
        StartContactStreaming: start_contact_streaming -> streaming_id;
        StopContactStreaming: stop_contact_streaming -> nothing;
        UpdateParticipantRoleConfig: update_participant_role_config -> nothing;
    };
    [
        start_chat,
        stop,
        create,
        associate,
        stream,
        stop_streaming,
        timers,
    ]
}

/// What was found: how much was tried, and each difference by its name with what happened.
#[derive(Default)]
struct Report {
    probes: usize,
    differences: BTreeMap<String, String>,
}

impl Report {
    fn differs(&mut self, name: String, how: impl Into<String>) {
        self.differences.insert(name, how.into());
    }
}

#[test]
fn the_api_is_that_of_the_public_model() {
    let Some(folder) = std::env::var_os("CHAT_API_MODEL") else {
        println!("skipped: CHAT_API_MODEL names no folder with the models; run .ci/api-model");
        return;
    };
    let mut report = Report::default();
    let mut statuses = BTreeMap::new();
    for (service, operations) in [
        ("connectparticipant", participant_service().as_slice()),
        ("connect", connect().as_slice()),
    ] {
        let path = Path::new(&folder).join(service).with_extension("json");
        let requests = Model::load(&path, Direction::Request);
        let answers = Model::load(&path, Direction::Answer);
        check_operations(service, &requests, operations, &mut report);
        for operation in operations {
            let Some(definition) = requests.operations().get(operation.name) else {
                report.differs(operation.name.to_owned(), "the model has no such operation");
                continue;
            };
            check_requests(operation, definition, &requests, &mut report);
            check_answers(operation, definition, &answers, &mut report);
            check_errors(operation, definition, &answers, &mut statuses, &mut report);
        }
        check_enums(service, &answers, &mut report);
    }
    check_exceptions(&statuses, &mut report);

    let expected: BTreeSet<&str> = DIFFERENCES
        .iter()
        .flat_map(|(_, names)| names.iter().copied())
        .collect();
    let mut problems: Vec<_> = report
        .differences
        .iter()
        .filter(|(name, _)| !expected.contains(name.as_str()))
        .map(|(name, how)| format!("{name}: {how}"))
        .collect();
    let stale = expected
        .into_iter()
        .filter(|name| !report.differences.contains_key(*name))
        .map(|name| format!("{name}: stands in DIFFERENCES and does not differ"));
    problems.extend(stale);
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
    println!(
        "api model: 18 operations, {} probes, {} differences on purpose",
        report.probes,
        report.differences.len()
    );
}

/// All operations of the Participant Service are ours; of `connect`, those that have to do with
/// chats.
fn check_operations(service: &str, model: &Model, ours: &[Checked], report: &mut Report) {
    if service != "connectparticipant" {
        return;
    }
    for name in model.operations().keys() {
        if !ours.iter().any(|operation| operation.name == name) {
            report.differs(name.clone(), "the operation is missing");
        }
    }
}

fn check_requests(operation: &Checked, definition: &Value, model: &Model, report: &mut Report) {
    let input = definition["input"]["shape"].as_str().unwrap();
    for probe in model.allowed(input) {
        let probe = adapted(operation.name, probe);
        report.probes += 1;
        let how = match send(operation, &probe.value, input, model) {
            Some(Ok(sent)) if sent == what_is_sent(&probe.value, definition, input, model) => {
                continue;
            }
            Some(Ok(sent)) => format!("{} went out as {}", cut(&probe.value), cut(&sent)),
            Some(Err(error)) => format!("the model allows it, and it was refused: {error}"),
            None => "the model allows it, and our types cannot say it".to_owned(),
        };
        report.differs(name(operation, &probe), how);
    }
    for probe in model.forbidden(input) {
        let probe = adapted(operation.name, probe);
        report.probes += 1;
        match send(operation, &probe.value, input, model) {
            Some(Ok(sent)) if sent == what_is_sent(&probe.value, definition, input, model) => {
                report.differs(
                    name(operation, &probe),
                    "the model forbids it, and it went out",
                );
            }
            Some(Err(error)) if !names_the_field(&error.to_string(), &probe.path) => {
                let how = format!("refused by another name: {error}");
                report.differs(name(operation, &probe), how);
            }
            _ => {}
        }
    }
    let whole = adapted(operation.name, model.allowed(input).remove(0));
    let shown = (operation.request_debug)(&whole.value);
    assert!(!shown.contains("SECRET"), "{}: {shown}", operation.name);
}

fn name(operation: &Checked, probe: &Probe) -> String {
    let place = if probe.path.is_empty() {
        "as a whole"
    } else {
        &probe.path
    };
    format!("{} {place} {}", operation.name, probe.what)
        .trim_end()
        .to_owned()
}

/// Rules that the model states in words only.
fn adapted(operation: &str, mut probe: Probe) -> Probe {
    if operation == CreateParticipant::OPERATION.name() {
        let details = &mut probe.value["ParticipantDetails"];
        if !probe.path.ends_with("ParticipantRole") {
            details["ParticipantRole"] = "CUSTOM_BOT".into();
        }
    }
    if operation != StartChatContact::OPERATION.name() {
        return probe;
    }
    let past = if probe.path.starts_with("RelatedContactId") {
        "PersistentChat"
    } else {
        "RelatedContactId"
    };
    let input = probe.value.as_object_mut().unwrap();
    input.remove(past);
    if let Some(Value::Array(types)) = input.get_mut("SupportedMessagingContentTypes") {
        types.push("text/plain".into());
    }
    probe
}

fn names_the_field(error: &str, path: &str) -> bool {
    let mut fields = path.split(['.', '[', ']']).filter(|part| !part.is_empty());
    fields.any(|field| error.contains(field))
        // The header that carries the token is named, as the caller gives it apart.
        || path.ends_with("Token") && error.contains("X-Amz-Bearer")
}

/// The parts of a request in one value: method, host, path with its labels, headers, body.
fn send(
    operation: &Checked,
    value: &Value,
    input: &str,
    model: &Model,
) -> Option<Result<Value, CommandError>> {
    let bearer = located(model, input, "header").next();
    let bearer = bearer.and_then(|name| value[name].as_str());
    let http = match (operation.send)(value, bearer)? {
        Ok(http) => http,
        Err(error) => return Some(Err(error)),
    };
    let path: Vec<_> = http.uri().path().split('/').map(percent_decode).collect();
    let bearer = http.headers().get("x-amz-bearer");
    let body = if http.body().is_empty() {
        json!({})
    } else {
        serde_json::from_slice(http.body()).unwrap()
    };
    Some(Ok(json!([
        http.method().as_str(),
        http.uri().host(),
        path,
        bearer.map(|bearer| bearer.to_str().unwrap()),
        body,
    ])))
}

/// What `send` must give for a value.
fn what_is_sent(value: &Value, definition: &Value, input: &str, model: &Model) -> Value {
    let template = definition["http"]["requestUri"].as_str().unwrap();
    let path: Vec<_> = template
        .split('/')
        .map(|part| match part.strip_prefix('{') {
            Some(label) => value[label.trim_end_matches('}')].clone(),
            None => part.into(),
        })
        .collect();
    let bearer = located(model, input, "header").next();
    let mut body = value.clone();
    for elsewhere in located(model, input, "header").chain(located(model, input, "uri")) {
        body.as_object_mut().unwrap().remove(elsewhere);
    }
    json!([
        definition["http"]["method"],
        format!("{}.us-west-2.amazonaws.com", model.host()),
        path,
        bearer.map(|bearer| &value[bearer]),
        body,
    ])
}

/// The members of a request that are not in its body.
fn located<'a>(model: &'a Model, input: &str, place: &'a str) -> impl Iterator<Item = &'a str> {
    let members = model.shape(input)["members"].as_object().unwrap();
    members
        .iter()
        .filter(move |(_, member)| member["location"] == place)
        .map(|(name, _)| name.as_str())
}

fn percent_decode(text: &str) -> String {
    let mut parts = text.split('%');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        bytes.push(u8::from_str_radix(&part[..2], 16).unwrap());
        bytes.extend(&part.as_bytes()[2..]);
    }
    String::from_utf8(bytes).unwrap()
}

fn cut(value: &Value) -> String {
    value.to_string().chars().take(2_000).collect()
}

fn response(status: u16, body: &Value) -> Response<Vec<u8>> {
    let response = Response::builder().status(status);
    response.body(body.to_string().into_bytes()).unwrap()
}

fn check_answers(operation: &Checked, definition: &Value, model: &Model, report: &mut Report) {
    let output = definition["output"]["shape"].as_str().unwrap();
    for probe in model.allowed(output) {
        report.probes += 1;
        let name = format!("{} answer", name(operation, &probe));
        match (operation.answer)(&response(200, &probe.value)) {
            Ok((read, shown)) => {
                assert!(!shown.contains("SECRET"), "{name}: {shown}");
                if read != marked(&probe.value) {
                    let how = format!("{} was read as {}", cut(&probe.value), cut(&read));
                    report.differs(name, how);
                }
            }
            Err(error) => report.differs(name, format!("refused: {error}")),
        }
    }
}

/// The value as a reader must give it that does not know what the service adds later.
fn marked(value: &Value) -> Value {
    let text = value.to_string();
    serde_json::from_str(&text.replace(LATER, &format!("{LATER}{UNKNOWN}"))).unwrap()
}

fn check_errors(
    operation: &Checked,
    definition: &Value,
    model: &Model,
    statuses: &mut BTreeMap<String, u16>,
    report: &mut Report,
) {
    for error in definition["errors"].as_array().unwrap() {
        let exception = error["shape"].as_str().unwrap();
        let status = &model.shape(exception)["error"]["httpStatusCode"];
        let status = u16::try_from(status.as_u64().unwrap()).unwrap();
        let before = statuses.insert(exception.to_owned(), status);
        assert!(before.is_none_or(|before| before == status), "{exception}");
        for probe in model.allowed(exception) {
            report.probes += 1;
            let name = format!("{} {exception}", name(operation, &probe));
            let mut body = probe.value.clone();
            body["__type"] = exception.into();
            let error = refused(operation, &response(status, &body));
            let read = answers::service_error(&error);
            if read != marked(&probe.value) {
                let how = format!("{} was read as {}", cut(&probe.value), cut(&read));
                report.differs(name, how);
            } else if error.exception.as_str() != exception
                || !Exception::KNOWN.contains(&error.exception)
                || error.status != status
            {
                report.differs(name, format!("it is {:?}", error.exception));
            }
        }
    }
}

fn refused(operation: &Checked, response: &Response<Vec<u8>>) -> ServiceError {
    match (operation.answer)(response) {
        Err(RequestError::Service(error)) => error,
        other => panic!("{}: {other:?}", operation.name),
    }
}

/// Each enum of ours that has unknown values has those of the model and no others.
fn check_enums(service: &str, model: &Model, report: &mut Report) {
    fn texts<T: ToString>(known: &[T]) -> Vec<String> {
        known.iter().map(ToString::to_string).collect()
    }
    let participant = [
        ("ChatItemType", texts(ItemType::KNOWN)),
        ("ParticipantRole", texts(ParticipantRole::KNOWN)),
        ("ArtifactStatus", texts(AttachmentStatus::KNOWN)),
        (
            "MessageProcessingStatus",
            texts(MessageProcessingStatus::KNOWN),
        ),
        ("MeetingFeatureStatus", texts(MeetingFeatureStatus::KNOWN)),
        ("ResourceType", texts(ResourceType::KNOWN)),
    ];
    let invalid = texts(AttachedFileInvalidRequestExceptionReason::KNOWN);
    let quota = texts(AttachedFileServiceQuotaExceededExceptionReason::KNOWN);
    let connect = [
        ("ParticipantRole", texts(ParticipantRole::KNOWN)),
        ("AttachedFileInvalidRequestExceptionReason", invalid),
        ("AttachedFileServiceQuotaExceededExceptionReason", quota),
    ];
    let enums = match service {
        "connect" => connect.as_slice(),
        _ => participant.as_slice(),
    };
    for (shape, ours) in enums {
        let theirs = model.values(shape);
        assert!(!theirs.is_empty(), "the model has no enum {shape}");
        for value in &theirs {
            if !ours.iter().any(|ours| ours == value) {
                report.differs(format!("{shape} {value}"), "it is missing");
            }
        }
        for value in ours {
            if !theirs.contains(&value.as_str()) {
                report.differs(format!("{shape} {value}"), "the model does not have it");
            }
        }
    }
}

/// Each exception of ours is one of the model, and a status without a name gives one that the
/// model has for that status.
fn check_exceptions(statuses: &BTreeMap<String, u16>, report: &mut Report) {
    for exception in Exception::KNOWN {
        if !statuses.contains_key(exception.as_str()) {
            report.differs(exception.to_string(), "the model does not have it");
        }
    }
    let [connection, ..] = participant_service();
    for status in statuses.values() {
        let error = refused(&connection, &response(*status, &json!({})));
        if statuses.get(error.exception.as_str()) != Some(status) {
            let how = format!("it is taken for {}", error.exception);
            report.differs(format!("status {status}"), how);
        }
    }
}
