//! `POST /participant/authentication-url`

use std::time::Duration;

use serde_json::{Value, json};

use crate::body::Fields;
use crate::error::Refusal;
use crate::grants::Caller;
use crate::service::Service;

/// How long after `authentication.initiated` the URL can be had.
const WITHIN: Duration = Duration::from_secs(60);

impl Service {
    pub(crate) fn get_authentication_url(
        &self,
        caller: Caller,
        fields: &Fields<'_>,
    ) -> Result<Value, Refusal> {
        fields.text("RedirectUri", 1..=1024)?;
        let session = self.authentication(caller, fields)?;
        if self.now >= session.initiated.saturating_add(WITHIN) {
            return Err(Refusal::AccessDenied(
                "The authentication was initiated more than a minute ago.",
            ));
        }
        let base = &self.settings.http_base;
        let session = &session.session_id;
        Ok(json!({ "AuthenticationUrl": format!("{base}/_authenticate?session={session}") }))
    }
}
