//! The control API: the agent's side, the truth and the faults over HTTP, for programs in any
//! language and for the console in the browser. `openapi.json` describes it.
//!
//! Its requests are no requests to the service: no fault strikes them, nothing counts them, and
//! those that only look draw nothing from the seeded generator.

mod authenticate;
mod chat;
mod contacts;
mod endpoint;
mod pages;
mod simulation;

use http::header::{self, HeaderName, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use serde_json::{Value, json};

use self::endpoint::Endpoint;
use self::pages::Page;
use crate::body::{self, Fields};
use crate::error::{ControlError, Refusal};
use crate::output::{Output, RequestId};
use crate::service::Service;

pub(crate) use self::authenticate::PATH as AUTHENTICATION_PATH;

/// What the paths of the control API begin with.
const PREFIX: &str = "/_sim";
/// The header that forbids a page everything but its own files.
const CONTENT_SECURITY_POLICY: HeaderName = HeaderName::from_static("content-security-policy");

/// Whether a path belongs to the control API, and not to the service.
pub(crate) fn is_control(path: &str) -> bool {
    path == authenticate::PATH || within(path).is_some()
}

/// Whether the body of a request to this path is a file.
pub(crate) fn takes_file(path: &str) -> bool {
    within(path).is_some_and(|path| path.ends_with("/agent/attachment"))
}

/// What follows the prefix.
fn within(path: &str) -> Option<&str> {
    path.strip_prefix(PREFIX)
        .filter(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// An answer.
enum Answer {
    /// A JSON object.
    Json(Value),
    /// A page of the console, or a part of one.
    Page(Page),
    /// Elsewhere.
    Redirect(String),
    /// None yet: it comes when what was asked for is done.
    Later,
}

/// Why there is no such answer: the status, and a sentence that says what to do.
struct Failure {
    status: StatusCode,
    text: String,
    /// The methods that the path takes, when it is the method that is wrong.
    allow: Option<String>,
}

impl Failure {
    fn new(status: StatusCode, text: impl Into<String>) -> Self {
        Self {
            status,
            text: text.into(),
            allow: None,
        }
    }

    /// The path takes these methods, and not the one of the request.
    fn wrong_method(path: &str, methods: &[&str]) -> Self {
        let text = format!("{path} takes {} only.", methods.join(" and "));
        Self {
            allow: Some(methods.join(", ")),
            ..Self::new(StatusCode::METHOD_NOT_ALLOWED, text)
        }
    }

    fn bad(text: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, text)
    }

    fn not_found(text: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, text)
    }
}

impl From<ControlError> for Failure {
    fn from(error: ControlError) -> Self {
        let status = match error {
            ControlError::NoSuchContact(_) | ControlError::NoSuchMessage(_) => {
                StatusCode::NOT_FOUND
            }
            ControlError::Invalid(_) => StatusCode::BAD_REQUEST,
            ControlError::Ended(_)
            | ControlError::NoAgent(_)
            | ControlError::NobodyWithRole(_)
            | ControlError::TooManyBots
            | ControlError::TooManySupervisors
            | ControlError::NoReceipts
            | ControlError::TooManyParticipants(_)
            | ControlError::TooManyAttachments(_)
            | ControlError::TranscriptFull(_)
            | ControlError::MemoryFull(_)
            | ControlError::TooManyContacts(_) => StatusCode::CONFLICT,
        };
        Self::new(status, error.to_string())
    }
}

// What is wrong with a body is told as the service tells it.
impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        let (_, _, text) = refusal.answer(None);
        Self::bad(text)
    }
}

/// A request to the control API.
struct Call<'a> {
    request: RequestId,
    http: &'a Request<Vec<u8>>,
}

impl Call<'_> {
    /// A parameter of the query.
    fn parameter(&self, name: &str) -> Option<String> {
        let query = self.http.uri().query().unwrap_or_default();
        form_urlencoded::parse(query.as_bytes())
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.into_owned())
    }

    /// A whole number in the query.
    fn number(&self, name: &str, default: u64) -> Result<u64, Failure> {
        self.parameter(name).map_or(Ok(default), |text| {
            text.parse()
                .map_err(|_| Failure::bad(format!("{name} must be a whole number.")))
        })
    }

    /// What the body's members say, which are of these names only: a name that is written wrong
    /// must not go unnoticed.
    fn read<T>(
        &self,
        names: &[&str],
        read: impl FnOnce(&Fields<'_>) -> Result<T, Refusal>,
    ) -> Result<T, Failure> {
        let members = body::parse(self.http.body())?;
        if let Some(unknown) = members.keys().find(|name| !names.contains(&name.as_str())) {
            let known = match names {
                [] => "the body has no members".to_owned(),
                names => format!("there are {}", names.join(", ")),
            };
            return Err(Failure::bad(format!(
                "There is no member {unknown}; {known}."
            )));
        }
        Ok(read(&Fields::new(&members))?)
    }

    /// Nothing is said.
    fn nothing(&self) -> Result<(), Failure> {
        self.read(&[], |_| Ok(()))
    }

    /// The body as a value of its own form.
    fn value<T: serde::de::DeserializeOwned>(&self, what: &str) -> Result<T, Failure> {
        serde_json::from_slice(self.http.body())
            .map_err(|error| Failure::bad(format!("The body is not {what}: {error}.")))
    }
}

impl Service {
    /// Answers a request to the control API.
    pub(crate) fn serve_control(&mut self, request: RequestId, http: &Request<Vec<u8>>) {
        let response = match self.control(&Call { request, http }) {
            Ok(Answer::Json(value)) => {
                response(StatusCode::OK, "application/json", value.to_string().into())
            }
            Ok(Answer::Page(page)) => {
                let mut response = response(StatusCode::OK, page.content_type, page.bytes);
                response.headers_mut().insert(
                    CONTENT_SECURITY_POLICY,
                    HeaderValue::from_static(pages::POLICY),
                );
                response
            }
            Ok(Answer::Later) => return,
            Ok(Answer::Redirect(to)) => {
                let mut response = response(StatusCode::SEE_OTHER, "text/plain", Vec::new());
                if let Ok(to) = HeaderValue::from_str(&to) {
                    response.headers_mut().insert(header::LOCATION, to);
                }
                response
            }
            Err(Failure {
                status,
                text,
                allow,
            }) => {
                let body = json!({ "error": text }).to_string();
                let mut response = response(status, "application/json", body.into());
                if let Some(Ok(methods)) = allow.map(HeaderValue::try_from) {
                    response.headers_mut().insert(header::ALLOW, methods);
                }
                response
            }
        };
        self.emit(Output::Respond { request, response });
    }

    fn control(&mut self, call: &Call<'_>) -> Result<Answer, Failure> {
        let path = call.http.uri().path();
        let limit = if takes_file(path) {
            self.settings.attachment_bytes
        } else {
            self.settings.body_limit
        };
        if call.http.body().len() > limit {
            let text = format!("The body must not have more than {limit} bytes.");
            return Err(Failure::new(StatusCode::PAYLOAD_TOO_LARGE, text));
        }
        if path == authenticate::PATH {
            return self.authenticate(call);
        }
        let segments: Vec<&str> = within(path)
            .unwrap_or_default()
            .trim_start_matches('/')
            .split('/')
            .collect();
        let method = call.http.method();
        let endpoint =
            Endpoint::route(method, &segments).ok_or_else(|| unknown(path, &segments))?;
        self.act(call, endpoint)
    }

    fn act(&mut self, call: &Call<'_>, endpoint: Endpoint<'_>) -> Result<Answer, Failure> {
        let answer = match endpoint {
            Endpoint::Page(name) => {
                return pages::page(name, self.settings.chatjs.as_ref()).map(Answer::Page);
            }
            Endpoint::State => self.state_json(),
            Endpoint::Settings => self.settings.to_json(),
            Endpoint::ChangeSettings => self.change_settings(call)?,
            Endpoint::Clock => {
                self.advance_by(call)?;
                return Ok(Answer::Later);
            }
            Endpoint::Scripts => json!({ "ready": crate::Script::READY }),
            Endpoint::Script => json!(*self.script),
            Endpoint::ChangeScript => self.change_script(call)?,
            Endpoint::Faults => self.faults_json(),
            Endpoint::Inject => self.inject_fault(call)?,
            Endpoint::ClearFaults => {
                self.clear_faults();
                json!({})
            }
            Endpoint::ClearFault(id) => self.clear_one_fault(id)?,
            Endpoint::Contacts => self.contacts_json(call)?,
            Endpoint::StartChat => self.start_chat_by(call)?,
            Endpoint::AgentSockets => self.agent_socket_by(call)?,
            Endpoint::Contact(id) => self.contact_json(id)?,
            Endpoint::Transcript(id) => self.transcript_json(id, call)?,
            Endpoint::Published(id) => self.published_json(id, call)?,
            Endpoint::Chat(id, act) => self.act_in_chat(id, act, call)?,
        };
        Ok(Answer::Json(answer))
    }
}

/// Nothing is at this path, or not with this method.
fn unknown(path: &str, segments: &[&str]) -> Failure {
    let methods = [
        Method::GET,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
    ];
    let methods: Vec<&str> = methods
        .iter()
        .filter(|method| Endpoint::route(method, segments).is_some())
        .map(Method::as_str)
        .collect();
    if methods.is_empty() {
        let text = format!("Nothing is at {path}; {PREFIX}/openapi.json says what there is.");
        Failure::not_found(text)
    } else {
        Failure::wrong_method(path, &methods)
    }
}

/// The answer when the clock has jumped.
pub(crate) fn jumped(now: &str) -> Response<Vec<u8>> {
    let body = json!({ "now": now }).to_string();
    response(StatusCode::OK, "application/json", body.into())
}

fn response(status: StatusCode, content_type: &'static str, body: Vec<u8>) -> Response<Vec<u8>> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_ORIGIN,
        HeaderValue::from_static("*"),
    );
    response
}
