//! `POST /contact/stop`

use serde::Serialize;

use crate::api::{ApiRequest, Operation, limits, private};
use crate::error::{CommandError, ProtocolError};
use crate::ids::ContactId;

/// Ends a contact for everybody in it. This operation belongs to the service `connect`, which
/// demands a SigV4 signature.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct StopContact {
    /// The contact, 1 to 256 characters.
    pub contact_id: ContactId,
    /// The Amazon Connect instance, 1 to 100 characters.
    pub instance_id: String,
    /// The code of the reason, for contacts of outbound campaigns; 1 to 1000 characters.
    pub disconnect_reason: Option<String>,
}

impl StopContact {
    /// Ends this contact of this instance.
    #[must_use]
    pub fn new(instance_id: impl Into<String>, contact_id: ContactId) -> Self {
        Self {
            contact_id,
            instance_id: instance_id.into(),
            disconnect_reason: None,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Body<'a> {
    contact_id: &'a str,
    instance_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    disconnect_reason: Option<DisconnectReason<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct DisconnectReason<'a> {
    code: &'a str,
}

impl private::Sealed for StopContact {}

impl ApiRequest for StopContact {
    const OPERATION: Operation = Operation::StopContact;
    type Answer = ();

    fn check(&self) -> Result<(), CommandError> {
        limits::length("ContactId", self.contact_id.as_str(), 256)?;
        limits::length("InstanceId", &self.instance_id, 100)?;
        // The service states no limit; this one only keeps the request bounded.
        let code = self.disconnect_reason.as_deref();
        limits::optional_length("DisconnectReason.Code", code, 1_000)
    }

    fn body(&self) -> Vec<u8> {
        super::json_body(&Body {
            contact_id: self.contact_id.as_str(),
            instance_id: &self.instance_id,
            disconnect_reason: self
                .disconnect_reason
                .as_deref()
                .map(|code| DisconnectReason { code }),
        })
    }

    fn parse(body: &[u8]) -> Result<(), ProtocolError> {
        super::empty_answer("the answer of StopContact", body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::refusal;

    #[test]
    fn each_limit_is_named_when_it_is_broken() {
        let request =
            |instance, contact| StopContact::new("i".repeat(instance), "c".repeat(contact).into());
        assert_eq!(request(100, 256).check(), Ok(()));
        assert!(refusal(&request(0, 1)).starts_with("InstanceId is empty"));
        assert!(refusal(&request(101, 1)).contains("at most 100"));
        assert!(refusal(&request(1, 0)).starts_with("ContactId is empty"));
        assert!(refusal(&request(1, 257)).contains("at most 256"));
        let mut reasoned = request(1, 1);
        reasoned.disconnect_reason = Some(String::new());
        assert!(refusal(&reasoned).starts_with("DisconnectReason.Code is empty"));
        reasoned.disconnect_reason = Some("r".repeat(1_001));
        assert!(refusal(&reasoned).contains("at most 1000"));
    }

    #[test]
    fn an_answer_without_a_body_is_success() {
        assert_eq!(StopContact::parse(b""), Ok(()));
        assert_eq!(StopContact::parse(b"{}"), Ok(()));
    }
}
