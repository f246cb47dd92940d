//! The tokens of a session, and CreateParticipantConnection, which gives them.

use std::time::Duration;

use http::HeaderValue;

use crate::action::WakeReason;
use crate::api::{self, ConnectionCredentials, CreateParticipantConnection, ParticipantConnection};
use crate::error::{CommandError, ProtocolError, RequestError, RetryClass};
use crate::ids::{ConnectionToken, ParticipantToken, SocketUrl};
use crate::resume_state::SavedToken;
use crate::session::outputs::{Outputs, Purpose};
use crate::time::{Instant, WallClock};
use crate::wire::AbsoluteTime;

/// A token is renewed so long before its end, or at half its life where that is shorter.
const TOKEN_MARGIN: Duration = Duration::from_secs(60);
/// No token lives longer than this (one day, as documented); a longer expiry is not believed.
const TOKEN_LIFETIME_LIMIT: Duration = Duration::from_secs(24 * 3_600);
/// No socket lives longer than this; a longer expiry is not believed.
const SOCKET_LIFETIME_LIMIT: Duration = Duration::from_secs(24 * 3_600);
/// A refused renewal is not asked for again before this time.
const REFUSED_PAUSE: Duration = Duration::from_secs(30);
/// The first wait after a failed renewal; each further one doubles it, up to the pause above.
const WAIT_FIRST: Duration = Duration::from_secs(1);

/// Whether there is a connection token to use.
#[derive(Debug)]
pub(super) enum TokenState {
    /// Use this one.
    Ready(HeaderValue),
    /// One is being fetched.
    Pending,
    /// The service refuses to give one.
    Refused(RequestError),
}

#[derive(Debug)]
struct Token {
    bearer: HeaderValue,
    connection_token: ConnectionToken,
    /// In milliseconds since 1970.
    expires: Option<i64>,
    renew_at: Option<Instant>,
    expires_at: Option<Instant>,
}

#[derive(Debug)]
pub(super) struct Access {
    participant_bearer: HeaderValue,
    clock: WallClock,
    token: Option<Token>,
    /// Whether the service has refused the token.
    token_refused: bool,
    failures: u32,
    /// No renewal before this time.
    not_before: Option<Instant>,
    refused: Option<RequestError>,
    /// Whether the caller gives the tokens, as for agents.
    by_caller: bool,
}

impl Access {
    pub(super) fn new(
        token: &ParticipantToken,
        clock: WallClock,
        by_caller: bool,
    ) -> Result<Self, CommandError> {
        Ok(Self {
            participant_bearer: api::bearer(token.expose())?,
            clock,
            token: None,
            token_refused: false,
            failures: 0,
            not_before: None,
            refused: None,
            by_caller,
        })
    }

    /// What another process needs to go on.
    pub(super) fn save(&self) -> Option<SavedToken> {
        self.token.as_ref().map(|token| SavedToken {
            token: token.connection_token.clone(),
            expires: token.expires,
        })
    }

    /// Goes on with the token of another process.
    pub(super) fn restore(&mut self, now: Instant, saved: SavedToken) -> Result<(), CommandError> {
        let bearer = api::bearer(saved.token.expose())?;
        let token = self.token_of(now, bearer, saved.token, saved.expires);
        // One that has expired meanwhile is as good as refused.
        self.token_refused = token.expires.is_some() && token.renew_at.is_none();
        self.token = Some(token);
        Ok(())
    }

    fn token_of(
        &self,
        now: Instant,
        bearer: HeaderValue,
        connection_token: ConnectionToken,
        expires: Option<i64>,
    ) -> Token {
        let left =
            expires.and_then(|expires| self.clock.time_left(now, expires, TOKEN_LIFETIME_LIMIT));
        Token {
            bearer,
            connection_token,
            expires,
            renew_at: left.map(|left| now + left.saturating_sub(TOKEN_MARGIN).max(left / 2)),
            expires_at: left.map(|left| now + left),
        }
    }

    /// The last token there was, good or not: at the end of a chat there will be no other.
    pub(super) fn last_token(&self) -> TokenState {
        match &self.token {
            Some(token) => TokenState::Ready(token.bearer.clone()),
            None => TokenState::Refused(RequestError::Ended),
        }
    }

    /// When this time of the service's comes; now, when it has passed.
    pub(super) fn instant_of(&self, now: Instant, time: &AbsoluteTime) -> Instant {
        let millis = time.unix_millis();
        let left = self.clock.time_left(now, millis, TOKEN_LIFETIME_LIMIT);
        now + left.unwrap_or_default()
    }

    /// Whether the last token there was should still be good.
    pub(super) fn is_last_token_good(&self, now: Instant) -> bool {
        let token = self.token.as_ref().filter(|_| !self.token_refused);
        token.is_some_and(|token| token.expires_at.is_none_or(|at| now < at))
    }

    /// Asks for a URL and a token.
    pub(super) fn fetch_url(&self, now: Instant, outputs: &mut Outputs) {
        let request = CreateParticipantConnection::both();
        outputs.request(now, Purpose::Url, &self.participant_bearer, &request);
    }

    /// The service has refused the token: it is not used again.
    pub(super) const fn token_refused(&mut self) {
        self.token_refused = true;
    }

    /// A token for a request, fetching one where there is none. One that is close to its end is
    /// used while the next is fetched.
    pub(super) fn token(&mut self, now: Instant, outputs: &mut Outputs) -> TokenState {
        let fresh = self
            .token
            .as_ref()
            .filter(|_| !self.token_refused)
            .is_some_and(|token| token.renew_at.is_none_or(|at| now < at));
        if !fresh {
            self.renew(now, outputs);
        }
        let token = self.token.as_ref().filter(|_| !self.token_refused);
        match (token, &self.refused) {
            (Some(token), _) => TokenState::Ready(token.bearer.clone()),
            (None, Some(error)) => TokenState::Refused(error.clone()),
            (None, None) => TokenState::Pending,
        }
    }

    fn renew(&mut self, now: Instant, outputs: &mut Outputs) {
        let ways = [Purpose::Url, Purpose::Token, Purpose::CallerToken];
        let under_way = ways.into_iter().any(|way| outputs.is_pending(way));
        if under_way || self.not_before.is_some_and(|at| now < at) {
            return;
        }
        self.not_before = None;
        self.refused = None;
        if self.by_caller {
            outputs.ask_for_token(now);
            return;
        }
        let request = CreateParticipantConnection::credentials_only();
        outputs.request(now, Purpose::Token, &self.participant_bearer, &request);
    }

    /// Asks the service for a token that the caller could not give. It connects the agent, too.
    pub(super) fn fetch_agents_token(&self, now: Instant, outputs: &mut Outputs) {
        let mut request = CreateParticipantConnection::credentials_only();
        request.connect_participant = Some(true);
        outputs.request(now, Purpose::Token, &self.participant_bearer, &request);
    }

    /// Tells the service that the participant is connected.
    pub(super) fn acknowledge(&self, now: Instant, outputs: &mut Outputs) {
        let mut request = CreateParticipantConnection::credentials_only();
        request.connection_credentials = false;
        request.connect_participant = Some(true);
        outputs.request(
            now,
            Purpose::Acknowledge,
            &self.participant_bearer,
            &request,
        );
    }

    /// The answer of a service that denies a token.
    pub(super) fn denied(&self) -> Option<RequestError> {
        let refused = self.refused.clone();
        refused.filter(|error| error.retry_class() == RetryClass::Denied)
    }

    /// Takes the token, and the URL with its lifetime where there is one.
    pub(super) fn answered(
        &mut self,
        now: Instant,
        answer: ParticipantConnection,
    ) -> Result<Option<(SocketUrl, Option<Duration>)>, ProtocolError> {
        if let Some(credentials) = answer.connection_credentials {
            self.take(now, credentials)?;
        }
        let Some(websocket) = answer.websocket else {
            return Ok(None);
        };
        let lifetime = websocket.connection_expiry.and_then(|expiry| {
            let millis = expiry.unix_millis();
            self.clock.time_left(now, millis, SOCKET_LIFETIME_LIMIT)
        });
        check_url(&websocket.url)?;
        Ok(Some((websocket.url, lifetime)))
    }

    /// Takes a token.
    pub(super) fn take(
        &mut self,
        now: Instant,
        credentials: ConnectionCredentials,
    ) -> Result<(), ProtocolError> {
        let bearer = api::bearer(credentials.connection_token.expose()).map_err(|_| {
            ProtocolError::Missing {
                what: "the answer of CreateParticipantConnection",
                field: "ConnectionToken of the form of a token",
            }
        })?;
        let expires = credentials.expiry.map(|expiry| expiry.unix_millis());
        let token = self.token_of(now, bearer, credentials.connection_token, expires);
        self.token = Some(token);
        self.token_refused = false;
        self.failures = 0;
        self.not_before = None;
        self.refused = None;
        Ok(())
    }

    /// A renewal has failed.
    pub(super) fn renewal_failed(
        &mut self,
        now: Instant,
        error: RequestError,
        outputs: &mut Outputs,
    ) {
        let doublings = self.failures.min(5);
        self.failures = self.failures.saturating_add(1);
        let wait = match error.retry_class() {
            RetryClass::Later => error.retry_after().unwrap_or_else(|| {
                let wait = (WAIT_FIRST * 2_u32.pow(doublings)).min(REFUSED_PAUSE);
                outputs.random.jitter(wait)
            }),
            RetryClass::Denied | RetryClass::Never => {
                self.refused = Some(error);
                REFUSED_PAUSE
            }
        };
        self.not_before = Some(now + wait);
    }

    /// When a renewal that has failed may be tried again.
    pub(super) fn next_timeout(&self) -> Option<(Instant, WakeReason)> {
        self.not_before
            .filter(|_| self.token.is_none() || self.token_refused)
            .map(|at| (at, WakeReason::TokenRefresh))
    }

    /// The time for another renewal has come.
    pub(super) fn handle_timeout(&mut self, now: Instant) {
        if self.not_before.is_some_and(|at| at <= now) {
            self.not_before = None;
            self.refused = None;
        }
    }
}

/// The service's URL is one, and one of a WebSocket. Whether it may be used is the driver's to say.
pub(crate) fn check_url(url: &SocketUrl) -> Result<(), ProtocolError> {
    let refuse = |problem| {
        Err(ProtocolError::Url {
            what: "Websocket.Url",
            problem,
        })
    };
    let Ok(uri) = url.expose().parse::<http::Uri>() else {
        return refuse("it is not a URL");
    };
    match uri.scheme_str() {
        Some("wss" | "ws") if uri.host().is_some_and(|host| !host.is_empty()) => Ok(()),
        Some(_) | None => refuse("it does not begin with wss:// or ws:// and a host"),
    }
}
