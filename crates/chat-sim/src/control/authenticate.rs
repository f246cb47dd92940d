//! The page behind AuthenticationUrl, on which a person plays the identity provider.

use http::Method;

use super::pages::Page;
use super::{Answer, Call, Failure};
use crate::chat_event::ChatEvent;
use crate::grants::Caller;
use crate::item::Role;
use crate::service::Service;

/// The path of the page.
pub(crate) const PATH: &str = "/_authenticate";

impl Service {
    /// Shows the page, or does what was chosen on it.
    pub(super) fn authenticate(&mut self, call: &Call<'_>) -> Result<Answer, Failure> {
        match *call.http.method() {
            Method::GET => {
                let session = call.parameter("session").unwrap_or_default();
                let (_, redirect_uri) = self.signing_in(&session)?;
                let page = include_str!("../console/authenticate.html")
                    .replace("{session}", &escaped(&session))
                    .replace("{redirect_uri}", &escaped(&redirect_uri));
                Ok(Answer::Page(Page::html(&page)))
            }
            Method::POST => self.choose(call.http.body()),
            _ => Err(Failure::wrong_method(PATH, &["GET", "POST"])),
        }
    }

    fn choose(&mut self, form: &[u8]) -> Result<Answer, Failure> {
        let field = |name: &str| {
            form_urlencoded::parse(form)
                .find(|(known, _)| known == name)
                .map(|(_, value)| value.into_owned())
                .unwrap_or_default()
        };
        let (event, result) = match field("outcome").as_str() {
            "succeeded" => (ChatEvent::AuthenticationSucceeded, ("code", "simulated")),
            "failed" => (ChatEvent::AuthenticationFailed, ("error", "access_denied")),
            "cancelled" => (ChatEvent::AuthenticationCancelled, ("error", "cancelled")),
            _ => {
                return Err(Failure::bad(
                    "outcome must be one of succeeded, failed and cancelled.",
                ));
            }
        };
        let session = field("session");
        let (customer, redirect_uri) = self.signing_in(&session)?;
        if !redirect_uri.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Failure::bad(
                "RedirectUri must have printable ASCII characters only, and no spaces.",
            ));
        }
        self.publish_chat_event(customer, &event);
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair(result.0, result.1)
            .append_pair("state", &session)
            .finish();
        let (place, fragment) = match redirect_uri.split_once('#') {
            Some((place, fragment)) => (place, format!("#{fragment}")),
            None => (redirect_uri.as_str(), String::new()),
        };
        let joint = if place.contains('?') { '&' } else { '?' };
        Ok(Answer::Redirect(format!("{place}{joint}{query}{fragment}")))
    }

    /// The customer who proves who they are in this session, and where they go afterwards.
    fn signing_in(&self, session: &str) -> Result<(Caller, String), Failure> {
        let live = self
            .contacts
            .iter()
            .filter(|(_, contact)| contact.end.is_none());
        let mut known = live.filter_map(|(key, contact)| {
            let known = contact.authentication.as_ref()?;
            let customer = contact
                .participants()
                .iter()
                .position(|participant| participant.role() == Role::Customer)?;
            let caller = Caller {
                contact: *key,
                participant: customer,
            };
            let redirect_uri = known.redirect_uri.clone()?;
            (known.session_id == session).then_some((caller, redirect_uri))
        });
        known.next().ok_or_else(|| {
            Failure::not_found(
                "This session is over or was never begun; ask GetAuthenticationUrl for another \
                 URL.",
            )
        })
    }
}

/// A text as HTML shows it.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}
