//! What carries actions, outputs and deliveries between the client, the network and the service.

use chat_proto::{Action, RequestId, SocketInput, Transferred, TransportError, TransportErrorKind};
use chat_sim::Output;

use super::{ACTIONS_PER_MINUTE, LIFE, World};
use crate::journal::CANARY;
use crate::network::Delivery;

impl World {
    pub(super) fn drain_client(&mut self) -> bool {
        let mut acted = false;
        while let Some(action) = self.session.poll_action() {
            acted = true;
            let shown = format!("{action:?}");
            self.count(&shown);
            self.trace.note(self.now, shown);
            self.act(action);
        }
        while self.takes_events {
            let Some(event) = self.session.poll_event() else {
                break;
            };
            acted = true;
            let shown = format!("{event:?}");
            self.journal.note(event, &shown);
            self.trace.note(self.now, shown);
        }
        acted
    }

    /// No busy loop, and nothing secret in what a log may show.
    fn count(&mut self, shown: &str) {
        let minute = self.now.as_secs() / 60;
        if minute != self.minute {
            self.minute = minute;
            self.actions = 0;
        }
        self.actions += 1;
        self.actions_total += 1;
        assert!(
            self.actions <= ACTIONS_PER_MINUTE,
            "seed {}: more than {ACTIONS_PER_MINUTE} actions in minute {minute}",
            self.seed
        );
        let token = self.session.chat_details().participant_token.expose();
        assert!(
            !shown.contains(CANARY) && !shown.contains("token") && !shown.contains(token),
            "a secret shows in {shown}"
        );
    }

    fn act(&mut self, action: Action) {
        let now = self.now;
        match action {
            Action::OpenSocket { socket, url } => {
                self.sockets.insert(socket);
                let name = self.name_of(socket.number());
                self.socket_names.insert(name, socket);
                let url = url.expose();
                let path = url.splitn(4, '/').nth(3).unwrap_or_default();
                let upgrade = Delivery::Upgrade(socket, format!("/{path}"));
                self.network.send(now, upgrade);
            }
            Action::SendText { socket, text } => {
                if self.sockets.contains(&socket) {
                    let frame = Delivery::Frame(socket, text.into_owned());
                    self.network.send(now, frame);
                }
            }
            Action::CloseSocket { socket, .. } => {
                if self.sockets.remove(&socket) {
                    self.network.send(now, Delivery::Closed(socket));
                }
            }
            Action::Request { request, http, .. } => {
                assert!(
                    self.journal.ended.is_none(),
                    "seed {}: a request after the end",
                    self.seed
                );
                let name = self.name_of(request.number());
                self.request_names.insert(name, request);
                self.network.send(now, Delivery::Request(request, http));
            }
            Action::Upload {
                request,
                upload,
                size,
                http,
            } => {
                let file = self.files.get(&upload).cloned().unwrap_or_default();
                assert_eq!(
                    u64::try_from(file.len()).ok(),
                    Some(size),
                    "the size of {upload}"
                );
                self.uploads.insert(request, size);
                self.transfer(request, http.map(|()| file));
            }
            Action::Download {
                request,
                call,
                http,
                ..
            } => {
                self.downloads.insert(request, call);
                self.transfer(request, http.map(|()| Vec::new()));
            }
            Action::CancelRequest { request } => {
                self.cancelled.insert(request);
            }
        }
    }

    /// What the service calls a socket or request of the present life of the client.
    pub(super) const fn name_of(&self, number: u64) -> u64 {
        self.lives * LIFE + number
    }

    /// Puts a transfer on its way, to the service itself, which keeps the files too.
    fn transfer(&mut self, request: RequestId, http: http::Request<Vec<u8>>) {
        assert!(
            !http.headers().contains_key("x-amz-bearer"),
            "a token left for the place where files are kept"
        );
        assert!(
            self.journal.ended.is_none(),
            "seed {}: a transfer after the end",
            self.seed
        );
        let name = self.name_of(request.number());
        self.request_names.insert(name, request);
        self.network
            .send(self.now, Delivery::Request(request, http));
    }

    /// Hands an answer to the client, as that of a request or of a transfer.
    fn hand_over(
        &mut self,
        request: RequestId,
        result: Result<http::Response<Vec<u8>>, TransportError>,
    ) {
        let now = self.instant();
        let uploaded = self.uploads.remove(&request);
        let downloaded = self.downloads.remove(&request);
        if self.cancelled.remove(&request) {
            return;
        }
        let (None, None) = (uploaded, downloaded) else {
            let result = result.map(|response| {
                let status = response.status().as_u16();
                let mut bytes = uploaded.unwrap_or_default();
                if let Some(call) = downloaded.filter(|_| response.status().is_success()) {
                    bytes = u64::try_from(response.body().len()).unwrap_or(u64::MAX);
                    self.downloaded.insert(call, response.into_body());
                }
                Transferred { status, bytes }
            });
            self.session.handle_transfer(now, request, result);
            return;
        };
        self.session.handle_response(now, request, result);
    }

    pub(super) fn drain_service(&mut self) -> bool {
        let mut acted = false;
        while let Some(output) = self.service.0.poll_output() {
            acted = true;
            self.serve(output);
        }
        acted
    }

    fn serve(&mut self, output: Output) {
        let broken = |what: &str| TransportError::new(TransportErrorKind::Broken, what);
        let (socket, input) = match output {
            Output::Respond { request, response } => return self.answer(request, Ok(response)),
            Output::Drop { request } => {
                return self.answer(request, Err(broken("the service dropped the request")));
            }
            Output::Accept { socket } => (socket, SocketInput::Opened),
            Output::Refuse { socket, response } => {
                let detail = format!("HTTP {}", response.status());
                let kind = TransportErrorKind::HandshakeRefused;
                (
                    socket,
                    SocketInput::Failed(TransportError::new(kind, detail)),
                )
            }
            Output::Send { socket, text } => (socket, SocketInput::Text(text)),
            Output::Close { socket, code, .. } => (socket, SocketInput::Closed(code)),
            Output::Abort { socket } => (
                socket,
                SocketInput::Failed(broken("the service cut the socket")),
            ),
            // Nothing comes of the first any more, by itself; the second is for a log, and nobody
            // asks for the third: the clock is the world's.
            Output::Freeze { .. } | Output::CutOff { .. } | Output::AdvanceClock { .. } => return,
        };
        if let Some(name) = self.socket_names.get(&socket.0) {
            self.network.send(self.now, Delivery::Socket(*name, input));
        }
    }

    fn answer(
        &mut self,
        request: chat_sim::RequestId,
        result: Result<http::Response<Vec<u8>>, TransportError>,
    ) {
        if let Some(name) = self.request_names.remove(&request.0) {
            self.network
                .send(self.now, Delivery::Response(name, result));
        }
    }

    pub(super) fn deliver(&mut self, delivery: Delivery) {
        let now = self.instant();
        match delivery {
            Delivery::Request(request, http) => {
                let id = chat_sim::RequestId(self.name_of(request.number()));
                self.service.0.handle_request(self.now, id, http);
            }
            Delivery::Response(request, result) => self.hand_over(request, result),
            Delivery::Upgrade(socket, path) => {
                let id = chat_sim::SocketId(self.name_of(socket.number()));
                self.service.0.handle_upgrade(self.now, id, &path);
            }
            Delivery::Frame(socket, text) => {
                let id = chat_sim::SocketId(self.name_of(socket.number()));
                self.service.0.handle_text(self.now, id, &text);
            }
            Delivery::Closed(socket) => {
                let id = chat_sim::SocketId(self.name_of(socket.number()));
                self.service.0.handle_closed(self.now, id);
            }
            Delivery::Socket(socket, input) => {
                // Of one that was closed, input goes on to come for a while: it must be ignored.
                if matches!(input, SocketInput::Closed(_) | SocketInput::Failed(_)) {
                    self.sockets.remove(&socket);
                }
                self.session.handle_socket(now, socket, input);
            }
        }
    }
}
