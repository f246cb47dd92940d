//! `GET /participant/views/{ViewToken}`

use serde_json::{Value, json};

use crate::error::Refusal;
use crate::grants::Caller;
use crate::service::Service;

impl Service {
    pub(crate) fn describe_view(&self, caller: Caller, parameters: &str) -> Result<Value, Refusal> {
        let token = super::decode(parameters)
            .filter(|token| (1..=1000).contains(&token.chars().count()))
            .ok_or_else(|| {
                Refusal::Invalid("ViewToken must have 1 to 1000 characters.".to_owned())
            })?;
        let contact = self
            .contacts
            .get(&caller.contact)
            .ok_or(Refusal::AccessDenied("The contact does not exist."))?;
        let (_, view) = contact
            .views
            .iter()
            .find(|(known, _)| *known == token)
            .ok_or_else(|| Refusal::ResourceNotFound("The view does not exist.".to_owned()))?;
        Ok(json!({
            "View": {
                "Id": view.id,
                "Arn": format!(
                    "arn:aws:connect:us-east-1:000000000000:instance/{}/view/{}",
                    contact.instance_id, view.id
                ),
                "Name": view.name,
                "Version": view.version,
                "Content": {
                    "InputSchema": view.input_schema,
                    "Template": view.template,
                    "Actions": view.actions,
                },
            },
        }))
    }
}
