//! How the simulated service behaves, and where it starts from.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::script::Script;

/// Where the core starts: everything it cannot know by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Start {
    /// The time at which the core is made, since an origin the caller chooses. Every later `now`
    /// counts from the same origin.
    pub now: Duration,
    /// The wall clock at `now`, since 1970-01-01T00:00:00Z.
    pub unix: Duration,
    /// The seed of every identifier, token and chance. The same seed and the same inputs give the
    /// same outputs.
    pub seed: u64,
}

/// How a message that a bot makes word by word reaches the customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResponseMode {
    /// In chunks as they come, and then whole.
    Incremental,
    /// Whole.
    Complete,
}

/// The extensions that files may have when nothing else is said.
const ATTACHMENT_EXTENSIONS: [&str; 18] = [
    "csv", "doc", "docx", "heic", "jfif", "jpeg", "jpg", "mov", "mp4", "pdf", "png", "ppt", "pptx",
    "rtf", "txt", "wav", "xls", "xlsx",
];

/// How the service behaves.
///
/// Made with [`Settings::default`]; then fields are set.
///
/// ```
/// use std::time::Duration;
///
/// let mut settings = chat_sim::Settings::default();
/// settings.socket_lifetime = Duration::from_secs(5);
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Settings {
    /// What WebSocket URLs begin with: scheme, host and port, no slash at the end. The shell sets
    /// it to its own address. Default `ws://127.0.0.1`.
    pub websocket_base: String,
    /// What the URLs of files begin with: scheme, host and port, no slash at the end. The shell sets
    /// it to its own address. Default `http://127.0.0.1`.
    pub http_base: String,
    /// How long a WebSocket URL can be opened after it was issued. Default 100 s, from the
    /// service's documentation.
    pub url_lifetime: Duration,
    /// How long after the URL was issued its socket is closed (`ConnectionExpiry`). Default
    /// 3600 s; the service documents no number, clients renew after 59 minutes.
    pub socket_lifetime: Duration,
    /// How long a connection token is good. Default 1 day, from the service's documentation.
    pub token_lifetime: Duration,
    /// How long a customer may take from StartChatContact to the first
    /// CreateParticipantConnection before the contact ends. Default 5 min, from the service's
    /// documentation.
    pub connect_within: Duration,
    /// How long a chat lasts when StartChatContact names no duration. Default 25 h, from the
    /// service's documentation.
    pub chat_duration: Duration,
    /// How long after the end of a chat its sockets are closed. Default 1 s; the service
    /// documents none.
    pub close_after_end: Duration,
    /// How long after the end of a chat GetTranscript still answers. Default zero: it is denied
    /// like everything else.
    pub transcript_grace: Duration,
    /// How many sockets one participant may have open. Default 5, from the service's
    /// documentation; the next one is refused with 429.
    pub sockets_per_participant: usize,
    /// How many participants may be in a chat at a time. Default 6, from the service's
    /// documentation.
    pub participants_per_contact: usize,
    /// Whether the service refuses what exceeds its quotas, with 429: so many requests per second
    /// of each operation, with a burst, for each instance or for the account, with the default
    /// numbers of the service's documentation. SendMessage and SendEvent share one quota, as other
    /// operations do that the documentation names together. Default false.
    pub quotas: bool,
    /// How many files a chat may have. Default 35, from the service's documentation; the next one
    /// is refused with 402.
    pub attachments_per_contact: usize,
    /// The largest file, in bytes. Default 20 MiB, from the service's documentation, where an
    /// administrator may set 1 to 100 MB.
    pub attachment_bytes: usize,
    /// The extensions that files may have, in any case of letters. The default list is from the
    /// service's documentation.
    pub attachment_extensions: Vec<String>,
    /// How many bytes of files are kept, over all contacts; the oldest files go first. Default
    /// 256 MiB.
    pub attachment_memory: usize,
    /// How long the URL for an upload is good. Default 15 min; the service documents none.
    pub upload_url_lifetime: Duration,
    /// How long the scanner looks at a file before its item is published. Default 500 ms; the
    /// service documents at most 60 s.
    pub scan_delay: Duration,
    /// Whether an item with the status `IN_PROGRESS` is published when the scanner begins. The
    /// same item, with the same id and time, is then published again with the verdict. Default
    /// false.
    pub announce_scans: bool,
    /// The scanner rejects files whose names contain this text; none when it is empty. Default
    /// `.rejected.`.
    pub rejected_files: String,
    /// How many contacts are kept. When a new one needs room, the one that ended first is
    /// forgotten; when none has ended, StartChatContact answers 429. Default 10,000.
    pub contacts: usize,
    /// How many items the transcript of a contact holds. What comes after is refused. Default
    /// 100,000.
    pub items_per_contact: usize,
    /// How many published items, and how many accepted sends with their client tokens, are
    /// remembered for each contact; the oldest go first. Default 100,000.
    pub log_per_contact: usize,
    /// How many connection tokens and WebSocket URLs of one participant are good at a time; the
    /// oldest go first. Default 256.
    pub tokens_per_participant: usize,
    /// How many bytes of memory the service may hold, over all contacts: items, logs, receipts,
    /// sends, tokens, and what faults and scripts hold back, each by an estimate of its fields and
    /// its blocks on the heap. Beyond that, the contacts that ended first are forgotten; when none
    /// has ended, the oldest of what is only logged goes, and further messages, participants,
    /// tokens and chats are refused. Files have a bound of their own. Default 1 GiB.
    pub memory: usize,
    /// The largest request body, in bytes. Default 256 KiB, which fits the largest valid
    /// StartChatContact.
    pub body_limit: usize,
    /// The largest text frame a client may send, in bytes. Default 128 KiB.
    pub frame_limit: usize,
    /// How many frames a client may send on a socket in a second of real time, and at once, pings
    /// and pongs of the protocol included; at the next one it is closed with 1008. The shell counts
    /// them. Default 100: published clients send two every ten seconds, and no more than ten at
    /// once.
    pub frames_per_second: u32,
    /// How long a client may take to send the head of a request, from the end of the last one, or to
    /// begin the next one. Default 75 s.
    pub head_timeout: Duration,
    /// How long a client may take to send the body of a request; then it is answered with 408.
    /// Default 30 s.
    pub body_timeout: Duration,
    /// How long a client may take nothing of what it is sent, or leave a close frame unanswered,
    /// before its connection ends. Default 10 s.
    pub read_timeout: Duration,
    /// How many frames a fault may hold back on one socket; the socket is cut at the next one.
    /// Default 1,000.
    pub held_frames_per_socket: usize,
    /// How many script steps of one contact may wait; steps for which there is no room are
    /// dropped and counted. Default 1,000.
    pub script_steps_per_contact: usize,
    /// The message content types of a chat whose StartChatContact names none. Default: all four
    /// that SendMessage knows. The service documents no default.
    pub unspecified_content_types: Vec<String>,
    /// How the messages of bots reach a customer whose StartChatContact does not say. Default
    /// [`ResponseMode::Incremental`]; the service documents no default.
    pub unspecified_response_mode: ResponseMode,
    /// Whether a receipt is also published to the sockets of the participant who sent it.
    /// Default true: published clients filter such echoes out.
    pub echo_receipts: bool,
    /// How long the service looks at each message of SendMessage before anybody gets it; not at
    /// all when absent, which is the default. The service documents no time, and of the rest
    /// little: see the README. Messages keep the order in which they were accepted.
    pub message_processing: Option<Duration>,
    /// Messages that contain this text fail when they are looked at; none when it is empty. Default
    /// `#failed#`.
    pub failed_messages: String,
    /// Messages that contain this text are rejected when they are looked at; none when it is
    /// empty. Default `#rejected#`.
    pub rejected_messages: String,
    /// What the scripted agent does. Default [`Script::silent`].
    pub script: Script,
    /// The JavaScript client of the service, for the customer's page of the console. Default none:
    /// the page says how to provide it.
    pub chatjs: Option<Bundle>,
}

/// A file of JavaScript for a page of the console.
#[derive(Clone, PartialEq, Eq)]
pub struct Bundle(Arc<[u8]>);

impl Bundle {
    /// The file with these bytes.
    pub fn new(bytes: impl Into<Arc<[u8]>>) -> Self {
        Self(bytes.into())
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

// Written by hand: it is long.
impl fmt::Debug for Bundle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bundle")
            .field("bytes", &self.0.len())
            .finish_non_exhaustive()
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            websocket_base: "ws://127.0.0.1".to_owned(),
            http_base: "http://127.0.0.1".to_owned(),
            url_lifetime: Duration::from_secs(100),
            socket_lifetime: Duration::from_secs(3_600),
            token_lifetime: Duration::from_secs(24 * 3_600),
            connect_within: Duration::from_secs(5 * 60),
            chat_duration: Duration::from_secs(25 * 3_600),
            close_after_end: Duration::from_secs(1),
            transcript_grace: Duration::ZERO,
            sockets_per_participant: 5,
            participants_per_contact: 6,
            quotas: false,
            attachments_per_contact: 35,
            attachment_bytes: 20 * 1024 * 1024,
            attachment_extensions: ATTACHMENT_EXTENSIONS.map(str::to_owned).to_vec(),
            attachment_memory: 256 * 1024 * 1024,
            upload_url_lifetime: Duration::from_secs(15 * 60),
            scan_delay: Duration::from_millis(500),
            announce_scans: false,
            rejected_files: ".rejected.".to_owned(),
            contacts: 10_000,
            items_per_contact: 100_000,
            log_per_contact: 100_000,
            tokens_per_participant: 256,
            memory: 1024 * 1024 * 1024,
            body_limit: 256 * 1024,
            frame_limit: 128 * 1024,
            frames_per_second: 100,
            head_timeout: Duration::from_secs(75),
            body_timeout: Duration::from_secs(30),
            read_timeout: Duration::from_secs(10),
            held_frames_per_socket: 1_000,
            script_steps_per_contact: 1_000,
            unspecified_content_types: crate::item::MESSAGE_CONTENT_TYPES
                .map(str::to_owned)
                .to_vec(),
            unspecified_response_mode: ResponseMode::Incremental,
            echo_receipts: true,
            message_processing: None,
            failed_messages: "#failed#".to_owned(),
            rejected_messages: "#rejected#".to_owned(),
            script: Script::silent(),
            chatjs: None,
        }
    }
}
