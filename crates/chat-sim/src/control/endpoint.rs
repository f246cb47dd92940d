//! The endpoints of the control API: methods and paths.

use http::Method;

/// What a request to the control API asks for. Texts are parts of its path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Endpoint<'a> {
    Page(&'a str),
    State,
    Settings,
    ChangeSettings,
    Clock,
    Scripts,
    Script,
    ChangeScript,
    Faults,
    Inject,
    ClearFaults,
    ClearFault(&'a str),
    Contacts,
    StartChat,
    AgentSockets,
    Contact(&'a str),
    Transcript(&'a str),
    Published(&'a str),
    Chat(&'a str, Act),
}

/// What is done in a chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Act {
    AgentJoins,
    AgentSends,
    AgentTypes,
    AgentAttaches,
    AgentDelivers,
    AgentReads,
    AgentLeaves,
    BotSends,
    BotStreams,
    BotShowsView,
    Event,
    Seat,
    Transfer,
    End,
    CutSockets,
}

impl<'a> Endpoint<'a> {
    /// What is at a path, with this method.
    pub(super) fn route(method: &Method, segments: &[&'a str]) -> Option<Self> {
        let get = *method == Method::GET;
        let post = *method == Method::POST;
        let put = *method == Method::PUT;
        let patch = *method == Method::PATCH;
        let delete = *method == Method::DELETE;
        let endpoint = match *segments {
            ["state"] if get => Self::State,
            ["settings"] if get => Self::Settings,
            ["settings"] if patch => Self::ChangeSettings,
            ["clock"] if post => Self::Clock,
            ["scripts"] if get => Self::Scripts,
            ["script"] if get => Self::Script,
            ["script"] if put => Self::ChangeScript,
            ["faults"] if get => Self::Faults,
            ["faults"] if post => Self::Inject,
            ["faults"] if delete => Self::ClearFaults,
            ["faults", id] if delete => Self::ClearFault(id),
            ["contacts"] if get => Self::Contacts,
            ["contacts"] if post => Self::StartChat,
            ["agent-sockets"] if post => Self::AgentSockets,
            ["contacts", id] if get => Self::Contact(id),
            ["contacts", id, "transcript"] if get => Self::Transcript(id),
            ["contacts", id, "published"] if get => Self::Published(id),
            ["contacts", id, ref act @ ..] if post => Self::Chat(id, Act::of(act)?),
            [
                "" | "console.css" | "console.js" | "customer" | "customer.js" | "chatjs.js"
                | "openapi.json",
            ] if get => Self::Page(segments.first().copied()?),
            _ => return None,
        };
        Some(endpoint)
    }
}

impl Act {
    fn of(segments: &[&str]) -> Option<Self> {
        let act = match segments {
            ["agent", "join"] => Self::AgentJoins,
            ["agent", "message"] => Self::AgentSends,
            ["agent", "typing"] => Self::AgentTypes,
            ["agent", "attachment"] => Self::AgentAttaches,
            ["agent", "delivered"] => Self::AgentDelivers,
            ["agent", "read"] => Self::AgentReads,
            ["agent", "leave"] => Self::AgentLeaves,
            ["bot", "message"] => Self::BotSends,
            ["bot", "stream"] => Self::BotStreams,
            ["bot", "view"] => Self::BotShowsView,
            ["events"] => Self::Event,
            ["seats"] => Self::Seat,
            ["transfer"] => Self::Transfer,
            ["end"] => Self::End,
            ["sockets", "cut"] => Self::CutSockets,
            _ => return None,
        };
        Some(act)
    }
}
