//! Requests: routing, credentials, faults, answers.

use std::time::Duration;

use http::header::{self, HeaderName, HeaderValue};
use http::{Method, Response, StatusCode};
use serde_json::{Value, json};

use super::Service;
use crate::body::{self, Fields};
use crate::contact::ContactKey;
use crate::error::Refusal;
use crate::fault::Effect;
use crate::grants::{Caller, Grant, GrantKind};
use crate::operation::{Credential, Operation};
use crate::output::{Output, RequestId};

/// The header that carries the token of a participant.
const BEARER: HeaderName = HeaderName::from_static("x-amz-bearer");
/// The header that names the exception.
const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");
/// The header that numbers the answer.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");

/// The request headers that the AWS SDKs for browsers send.
const ALLOWED_HEADERS: &str = "authorization,content-type,x-amz-bearer,x-amz-date,\
    x-amz-content-sha256,x-amz-security-token,x-amz-user-agent,amz-sdk-invocation-id,\
    amz-sdk-request,content-disposition,x-amz-acl";

impl Service {
    /// Answers a request, as the faults allow.
    pub(super) fn serve(&mut self, request: RequestId, http: &http::Request<Vec<u8>>) {
        if http.method() == Method::OPTIONS {
            let response = self.preflight();
            self.emit(Output::Respond { request, response });
            return;
        }
        let (operation, parameters) = Operation::route(http.method(), http.uri().path())
            .map_or((None, ""), |(operation, parameters)| {
                (Some(operation), parameters)
            });
        let grant = match operation.map(Operation::credential) {
            Some(Credential::Url) => self.grants.get(parameters),
            Some(_) | None => self.bearer(http),
        };
        let contact = match grant {
            Some(grant) => Some(grant.caller.contact),
            None => self.named_contact(operation, http.body()),
        };
        if let Some(operation) = operation {
            self.count(operation, contact);
        }
        let delay = match self.strike(contact, operation, |effect| {
            matches!(effect, Effect::Delay { .. })
        }) {
            Some(Effect::Delay { by }) => by,
            Some(_) | None => Duration::ZERO,
        };
        let output = match self.strike(contact, operation, Effect::decides_request) {
            Some(Effect::Stall) => return,
            Some(Effect::DropRequest) => Output::Drop { request },
            Some(Effect::LoseResponse) => {
                // The answer is made for what it changes, and is lost on the way.
                let _lost = self.answer(operation, parameters, grant, http);
                Output::Drop { request }
            }
            Some(Effect::Answer {
                status,
                error_type,
                message,
                retry_after,
            }) => {
                let status = status_or_500(status);
                let mut response = self.error(status, &error_type, &message);
                if let Some(seconds) = retry_after {
                    response
                        .headers_mut()
                        .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
                }
                Output::Respond { request, response }
            }
            Some(Effect::AnswerRaw {
                status,
                content_type,
                body,
            }) => {
                let response =
                    self.respond(status_or_500(status), &content_type, body.into_bytes());
                Output::Respond { request, response }
            }
            Some(_) | None => {
                let response = self.answer(operation, parameters, grant, http);
                Output::Respond { request, response }
            }
        };
        self.emit_after(delay, output);
    }

    /// Processes the request and makes its answer.
    fn answer(
        &mut self,
        operation: Option<Operation>,
        parameters: &str,
        grant: Option<Grant>,
        http: &http::Request<Vec<u8>>,
    ) -> Response<Vec<u8>> {
        let result = match operation {
            Some(Operation::UploadAttachment | Operation::DownloadAttachment) => {
                return self.serve_file(grant, http);
            }
            Some(operation) => self.perform(operation, parameters, grant, http.body()),
            None => Err(Refusal::UnknownOperation(
                "No operation of this service has this method and path.".to_owned(),
            )),
        };
        match result {
            Ok(body) => self.respond(
                StatusCode::OK,
                "application/json",
                body.to_string().into_bytes(),
            ),
            Err(refusal) => {
                let (status, error_type, message) = refusal.answer(operation);
                self.error(status, error_type, &message)
            }
        }
    }

    fn perform(
        &mut self,
        operation: Operation,
        parameters: &str,
        grant: Option<Grant>,
        body: &[u8],
    ) -> Result<Value, Refusal> {
        // Who is calling comes first: a stranger learns nothing about the form of a request.
        let caller = self.authorise(operation, grant)?;
        if body.len() > self.settings.body_limit {
            return Err(Refusal::TooLarge(format!(
                "The request body must not have more than {} bytes.",
                self.settings.body_limit
            )));
        }
        self.keep_quotas(operation, caller)?;
        let members = body::parse(body)?;
        let fields = Fields::new(&members);
        match (operation, caller) {
            (Operation::StartChatContact, _) => self.start_chat_contact(&fields),
            (Operation::StopContact, _) => self.stop_contact(&fields),
            (Operation::CreateParticipant, _) => self.create_participant(&fields),
            (Operation::CreatePersistentContactAssociation, _) => {
                self.create_persistent_contact_association(parameters, &fields)
            }
            (Operation::StartContactStreaming, _) => self.start_contact_streaming(&fields),
            (Operation::StopContactStreaming, _) => self.stop_contact_streaming(&fields),
            (Operation::UpdateParticipantRoleConfig, _) => {
                self.update_participant_role_config(parameters, &fields)
            }
            (Operation::CreateParticipantConnection, Some(caller)) => {
                self.create_participant_connection(caller, &fields)
            }
            (Operation::SendMessage, Some(caller)) => self.send_message(caller, &fields),
            (Operation::SendEvent, Some(caller)) => self.send_event(caller, &fields),
            (Operation::GetTranscript, Some(caller)) => self.get_transcript(caller, &fields),
            (Operation::DisconnectParticipant, Some(caller)) => {
                self.disconnect_participant(caller, &fields)
            }
            (Operation::StartAttachmentUpload, Some(caller)) => {
                self.start_attachment_upload(caller, &fields)
            }
            (Operation::CompleteAttachmentUpload, Some(caller)) => {
                self.complete_attachment_upload(caller, &fields)
            }
            (Operation::GetAttachment, Some(caller)) => self.get_attachment(caller, &fields),
            (Operation::DescribeView, Some(caller)) => self.describe_view(caller, parameters),
            (Operation::GetAuthenticationUrl, Some(caller)) => {
                self.get_authentication_url(caller, &fields)
            }
            (Operation::CancelParticipantAuthentication, Some(caller)) => {
                self.cancel_participant_authentication(caller, &fields)
            }
            (_, _) => Err(Refusal::AccessDenied("X-Amz-Bearer is required.")),
        }
    }

    /// The participant who is calling; none for operations that are signed.
    fn authorise(
        &self,
        operation: Operation,
        grant: Option<Grant>,
    ) -> Result<Option<Caller>, Refusal> {
        let wanted = match operation.credential() {
            Credential::Signature | Credential::Url => return Ok(None),
            Credential::ParticipantToken => GrantKind::Participant,
            Credential::ConnectionToken => GrantKind::Connection,
        };
        let grant = grant
            .filter(|grant| grant.kind == wanted)
            .ok_or(Refusal::AccessDenied(
                "X-Amz-Bearer is missing or not a token for this operation.",
            ))?;
        if grant.is_expired(self.now) {
            return Err(Refusal::AccessDenied("The token has expired."));
        }
        let contact = self
            .contacts
            .get(&grant.caller.contact)
            .ok_or(Refusal::AccessDenied("The contact does not exist."))?;
        if let Some((_, at)) = contact.end {
            let grace = at.saturating_add(self.settings.transcript_grace);
            if operation != Operation::GetTranscript || self.now >= grace {
                return Err(Refusal::AccessDenied("The contact has ended."));
            }
        }
        let has_left = contact
            .participants
            .get(grant.caller.participant)
            .is_none_or(|participant| participant.left);
        if has_left && contact.end.is_none() {
            return Err(Refusal::AccessDenied("The participant has left."));
        }
        Ok(Some(grant.caller))
    }

    /// Refuses what exceeds a quota.
    fn keep_quotas(&mut self, operation: Operation, caller: Option<Caller>) -> Result<(), Refusal> {
        if !self.settings.quotas {
            return Ok(());
        }
        let instance = caller
            .and_then(|caller| self.contacts.get(&caller.contact))
            .map_or("", |contact| contact.instance_id.as_str());
        if self.quotas.take(operation, instance, self.now) {
            Ok(())
        } else {
            Err(Refusal::Throttled)
        }
    }

    fn bearer(&self, http: &http::Request<Vec<u8>>) -> Option<Grant> {
        let token = http.headers().get(BEARER)?.to_str().ok()?;
        self.grants.get(token)
    }

    /// The contact that the body of a signed request names.
    fn named_contact(&self, operation: Option<Operation>, body: &[u8]) -> Option<ContactKey> {
        let names_one = matches!(
            operation,
            Some(
                Operation::StopContact
                    | Operation::CreateParticipant
                    | Operation::StartContactStreaming
                    | Operation::StopContactStreaming
            )
        );
        if !names_one || body.len() > self.settings.body_limit {
            return None;
        }
        let members = body::parse(body).ok()?;
        self.key(members.get("ContactId")?.as_str()?)
    }

    fn count(&mut self, operation: Operation, contact: Option<ContactKey>) {
        *self.requests.entry(operation).or_default() += 1;
        let contact = contact.and_then(|key| self.contacts.get_mut(&key));
        if let Some(contact) = contact {
            *contact.requests.entry(operation).or_default() += 1;
            if contact.end.is_some() {
                contact.requests_after_end += 1;
            }
        }
    }

    /// An error in the service's own form.
    pub(crate) fn error(
        &mut self,
        status: StatusCode,
        error_type: &str,
        message: &str,
    ) -> Response<Vec<u8>> {
        let body = json!({ "__type": error_type, "message": message, "Message": message });
        let mut response = self.respond(status, "application/json", body.to_string().into_bytes());
        if let Ok(value) = HeaderValue::from_str(error_type) {
            response.headers_mut().insert(ERROR_TYPE, value);
        }
        response
    }

    pub(super) fn respond(
        &mut self,
        status: StatusCode,
        content_type: &str,
        body: Vec<u8>,
    ) -> Response<Vec<u8>> {
        let mut response = Response::new(body);
        *response.status_mut() = status;
        let request_id = self.random.uuid();
        let headers = response.headers_mut();
        if let Ok(value) = HeaderValue::from_str(content_type) {
            headers.insert(header::CONTENT_TYPE, value);
        }
        if let Ok(value) = HeaderValue::from_str(&request_id) {
            headers.insert(REQUEST_ID, value);
        }
        headers.insert(
            header::ACCESS_CONTROL_ALLOW_ORIGIN,
            HeaderValue::from_static("*"),
        );
        headers.insert(
            header::ACCESS_CONTROL_EXPOSE_HEADERS,
            HeaderValue::from_static("x-amzn-errortype,x-amzn-requestid,retry-after"),
        );
        response
    }

    /// The answer to a browser that asks what it may send.
    fn preflight(&mut self) -> Response<Vec<u8>> {
        let mut response = self.respond(StatusCode::NO_CONTENT, "text/plain", Vec::new());
        let headers = response.headers_mut();
        headers.remove(header::CONTENT_TYPE);
        headers.insert(
            header::ACCESS_CONTROL_ALLOW_METHODS,
            HeaderValue::from_static("GET,POST,PUT,PATCH,DELETE,OPTIONS"),
        );
        headers.insert(
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            HeaderValue::from_static(ALLOWED_HEADERS),
        );
        headers.insert(
            header::ACCESS_CONTROL_MAX_AGE,
            HeaderValue::from_static("3600"),
        );
        response
    }
}

/// The status, or 500 when the number is none that ends a request.
pub(super) fn status_or_500(status: u16) -> StatusCode {
    StatusCode::from_u16(status)
        .ok()
        .filter(|status| !status.is_informational())
        .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}
