//! `POST /participant/authentication-url`

use std::time::Duration;

use serde_json::{Value, json};

use crate::body::Fields;
use crate::control::AUTHENTICATION_PATH;
use crate::error::Refusal;
use crate::grants::Caller;
use crate::service::Service;

/// How long after `authentication.initiated` the URL can be had.
const WITHIN: Duration = Duration::from_secs(60);

impl Service {
    pub(crate) fn get_authentication_url(
        &mut self,
        caller: Caller,
        fields: &Fields<'_>,
    ) -> Result<Value, Refusal> {
        let redirect_uri = fields.text("RedirectUri", 1..=1024)?;
        let session = self.authentication(caller, fields)?;
        if self.now >= session.initiated.saturating_add(WITHIN) {
            return Err(Refusal::AccessDenied(
                "The authentication was initiated more than a minute ago.",
            ));
        }
        let base = &self.settings.http_base;
        let id = &session.session_id;
        let url = format!("{base}{AUTHENTICATION_PATH}?session={id}");
        let session = self
            .contacts
            .get_mut(&caller.contact)
            .and_then(|contact| contact.authentication.as_mut());
        if let Some(session) = session {
            session.redirect_uri = Some(redirect_uri.to_owned());
        }
        Ok(json!({ "AuthenticationUrl": url }))
    }
}
