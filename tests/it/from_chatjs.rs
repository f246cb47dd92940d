//! `docs/from-chatjs.md` has every public name of ChatJS, and every name of ours and every test in it
//! exists.

#![expect(
    clippy::expect_used,
    reason = "a test tells what is wrong by panicking"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use crate::protocol_document::{root, rows, sources, test_exists};

/// The public names of amazon-connect-chatjs 5.0.0: the members of the interfaces of its typings.
const TYPINGS: [(&str, &str); 29] = [
    (
        "ChatSessionObject",
        "create setGlobalConfig LogLevel Logger SessionTypes csmService setFeatureFlag setRegionOverride",
    ),
    (
        "ChatJSObject",
        "version name source repository build timestamp environment",
    ),
    ("ChatSessionTypes", "AGENT CUSTOMER"),
    ("MessageProcessingStatus", "PROCESSING FAILED REJECTED"),
    (
        "ChatDetailsInput",
        "contactId participantId participantToken",
    ),
    (
        "CustomerChatSessionArgs",
        "chatDetails options region type disableCSM",
    ),
    ("AgentChatSessionArgs", "websocketManager"),
    (
        "WebSocketManager",
        "onConnectionGain onConnectionLost onMessage sendMessage connect disconnect",
    ),
    ("ChatLogLevel", "DEBUG INFO WARN ERROR"),
    (
        "ChatGlobalConfig",
        "loggerConfig customizedLogger level useDefaultLogger region features messageReceipts \
         shouldSendMessageReceipts throttleTime customUserAgentSuffix webSocketManagerConfig isNetworkOnline",
    ),
    ("ChatLogger", "debug info warn error"),
    (
        "NetworkLinkStatus",
        "NeverEstablished Establishing Established Broken",
    ),
    ("ChatController", "subscribe"),
    (
        "ChatSessionInterface",
        "controller getChatDetails connect getTranscript cancelParticipantAuthentication \
         getAuthenticationUrl sendEvent sendAttachment downloadAttachment getAttachmentURL \
         sendMessage describeView onConnectionBroken onConnectionEstablished \
         onAuthenticationInitiated onAuthenticationSuccessful onAuthenticationFailed \
         onAuthenticationTimeout onAuthenticationCanceled onParticipantDisplayNameUpdated onEnded \
         onConnectionLost onMessage onTyping onReadReceipt onDeliveredReceipt onParticipantIdle \
         onParticipantReturned onParticipantInvited onAutoDisconnection onDeepHeartbeatSuccess \
         onDeepHeartbeatFailure onChatRehydrated onTranscriptUpdated",
    ),
    ("AgentChatSession", "cleanUpOnParticipantDisconnect"),
    ("CustomerChatSession", "disconnectParticipant"),
    (
        "ChatDetails",
        "initialContactId connectionDetails connectionToken ConnectionId PreSignedConnectionUrl",
    ),
    (
        "AWSResponse",
        "data error requestId redirectCount retryCount metadata",
    ),
    ("ConnectChatResult", "connectCalled connectSuccess"),
    (
        "GetTranscriptArgs",
        "contactId maxResults nextToken scanDirection sortOrder startPosition absoluteTime id mostRecent",
    ),
    (
        "GetTranscriptResult",
        "InitialContactId NextToken Transcript",
    ),
    (
        "GetAuthenticationUrlArgs",
        "redirectUri sessionId AuthenticationUrl",
    ),
    (
        "ChatTranscriptItem",
        "AbsoluteTime Attachments Content ContentType DisplayName Id ParticipantId ParticipantRole \
         Type MessageMetadata MessageId Status MessageProcessingStatus Receipts DeliveredTimestamp \
         ReadTimestamp MessageCompleted ChunkNumber serializedContent ContactId",
    ),
    ("AttachmentItem", "AttachmentId AttachmentName Status Url"),
    (
        "SendMessageArgs",
        "message contentType clientToken content attachment attachmentId",
    ),
    ("DescribeViewArgs", "InstanceId viewToken"),
    (
        "View",
        "View Id Arn Name Status Type Description Version VersionDescription Content Tags \
         CreatedTime LastModifiedTime ViewContentSha256 InputSchema Template Actions",
    ),
    (
        "ChatTranscriptUpdatedEvent",
        "transcript previousTranscriptNextToken",
    ),
    (
        "CSMService",
        "widgetType csmInitialized loadCsmScriptAndExecute initializeCSM updateCsmConfig \
         getDefaultDimensions addMetric setDimensions addLatencyMetric addLatencyMetricWithStartTime \
         addCountAndErrorMetric addCountMetric addAgentCountMetric",
    ),
];

/// What its code and its README have besides.
const NOT_IN_THE_TYPINGS: &str = "onAuthenticationExpired endpoint stage cell reconnect csmConfig \
     logger advancedLogWriter advancedLog ADVANCED_LOG LogManager ChatJS getConnectionToken \
     getConnectionStatus breakConnection disableThrottle messageId statusCode stack _debug \
     IllegalArgumentException ValueError CONN_ACK_FAILED SENDING SENT DELIVERED READ UNKNOWN";

/// The document, without its examples.
fn document() -> String {
    let path = root().join("docs/from-chatjs.md");
    let document = fs::read_to_string(path).expect("the document is there");
    document.split("```").step_by(2).collect()
}

/// What stands between backquotes.
fn code(document: &str) -> BTreeSet<&str> {
    document.split('`').skip(1).step_by(2).collect()
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_alphanumeric() && letter != '_')
}

/// Whether this line begins to declare the type, or something of it.
fn is_about(line: &str, name: &str) -> bool {
    let line = line.strip_prefix("pub ").unwrap_or(line);
    let declares = ["struct ", "enum ", "trait ", "impl", "type "];
    // Inside of a macro a type is a name alone.
    line.strip_suffix('{').unwrap_or(line).trim() == name
        || (declares.iter().any(|begin| line.starts_with(begin))
            && words(line).any(|word| word == name))
}

/// Whether this line declares a method, a field, a variant or a setting of this name.
fn declares(line: &str, name: &str) -> bool {
    let rest = match line.split_once("fn ") {
        Some((_, rest)) => rest,
        None => line.strip_prefix("pub ").unwrap_or(line),
    };
    let after = rest.strip_prefix(name).map(str::trim_start);
    after.is_some_and(|after| after.starts_with(['(', '<', '{', ',', ':', '=']))
}

/// Whether a source has this name, written `Type::name`.
fn is_declared(sources: &BTreeMap<String, String>, path: &str) -> bool {
    let Some((of, name)) = path.split_once("::") else {
        return false;
    };
    sources.values().any(|source| {
        let lines = || source.lines().map(str::trim);
        lines().any(|line| is_about(line, of)) && lines().any(|line| declares(line, name))
    })
}

/// The sources that a program can use.
fn public_sources() -> BTreeMap<String, String> {
    let mut sources = sources();
    sources.retain(|module, _| {
        ["chat-proto", "chat-driver", "chat-tokio"]
            .iter()
            .any(|of| module.contains(&format!("::{of}::src::")))
    });
    sources
}

#[test]
fn every_public_name_of_chatjs_is_in_the_document() {
    let document = document();
    let told: BTreeSet<_> = code(&document).into_iter().flat_map(words).collect();
    let all = TYPINGS.iter().chain(&[("its code", NOT_IN_THE_TYPINGS)]);
    let missing: Vec<_> = all
        .flat_map(|(of, names)| names.split_whitespace().map(move |name| (of, name)))
        .filter(|(_, name)| !told.contains(name))
        .collect();
    assert_eq!(missing, []);
}

#[test]
fn every_name_of_ours_and_every_test_in_the_document_exists() {
    let document = document();
    let code = code(&document);
    let paths = code.into_iter().filter(|code| code.contains("::"));
    let (ours, tests): (Vec<_>, Vec<_>) =
        paths.partition(|path| path.starts_with(char::is_uppercase));
    assert!(ours.len() > 150, "{} names of ours are not all", ours.len());
    assert!(tests.len() > 15, "{} tests are not all", tests.len());

    let public = public_sources();
    let unknown: Vec<_> = ours
        .into_iter()
        .filter(|path| !is_declared(&public, path))
        .collect();
    assert_eq!(unknown, Vec::<&str>::new());
    let sources = sources();
    let unknown: Vec<_> = tests
        .into_iter()
        .filter(|test| !test_exists(&sources, test))
        .collect();
    assert_eq!(unknown, Vec::<&str>::new());
}

#[test]
fn every_row_of_a_table_is_filled() {
    let document = document();
    let rows = rows(&document);
    assert!(rows.len() > 120, "{} rows are not all", rows.len());
    for row in rows {
        assert!(row.len() == 2 || row.len() == 3, "{row:?}");
        assert!(row.iter().all(|cell| !cell.is_empty()), "{row:?}");
    }
}

#[test]
fn what_is_checked_would_be_noticed() {
    let source = "impl<R: Runtime> Client<R> {\n    pub async fn shutdown(&self) {}\n}\n\
                  pub enum Event {\n    Item(ReceivedItem),\n    MessageSent {\n}\n\
                  open_enum! {\n    Role {\n        Agent = \"AGENT\",\n}\n\
                  setting! {\n    send_deadline: Duration\n}\n";
    let sources = BTreeMap::from([("a".to_owned(), source.to_owned())]);
    for name in [
        "Client::shutdown",
        "Event::Item",
        "Event::MessageSent",
        "Role::Agent",
        "Client::send_deadline",
    ] {
        assert!(is_declared(&sources, name), "{name}");
    }
    for name in [
        "Client::shut",
        "Event::Sent",
        "Session::shutdown",
        "Roles::Agent",
    ] {
        assert!(!is_declared(&sources, name), "{name}");
    }
    assert_eq!(code("`a` and `b::c(d)`"), BTreeSet::from(["a", "b::c(d)"]));
    assert_eq!(words("a.b_c[]").collect::<Vec<_>>(), ["a", "b_c", "", ""]);
}
