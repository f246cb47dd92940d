"""What is asked for twice with one client token happens once, whoever repeats it."""

import json

from peer.case import Case, behaviour
from peer.chat import INSTANCE, START
from peer.clients import client, default_client
from peer.valid_requests import MAKERS, service_of, valid_requests
from test_model_limits import method_name, operation_model


def with_client_token():
    return {
        operation
        for operation in MAKERS
        if "ClientToken" in operation_model(operation).input_shape.members
    }


@behaviour("idempotency")
class Idempotency(Case):
    # What of the answer stays the same, by operation. These have nothing else to say.
    SAME = {
        "StartChatContact": ("ContactId", "ParticipantId", "ParticipantToken"),
        "CreateParticipant": ("ParticipantId",),
        "CreatePersistentContactAssociation": ("ContinuedFromContactId",),
        "StartContactStreaming": ("StreamingId",),
        "SendMessage": ("Id", "AbsoluteTime"),
        "SendEvent": ("Id", "AbsoluteTime"),
        "StartAttachmentUpload": ("AttachmentId",),
        "CompleteAttachmentUpload": (),
    }
    # The first answer ends the chat for the participant, and what follows is denied.
    ONCE = {"DisconnectParticipant"}

    def test_every_operation_with_a_client_token_is_here(self):
        self.assertEqual(with_client_token(), set(self.SAME) | self.ONCE)

    def test_one_client_token_has_one_answer(self):
        for operation, members in self.SAME.items():
            with self.subTest(operation):
                request = valid_requests(self.simulator, operation)[0]
                call = getattr(client(service_of(operation), self.endpoint), method_name(operation))
                answers = [call(**request) for _ in range(3)]
                for member in members:
                    self.assertEqual(len({answer[member] for answer in answers}), 1, member)
                ids = {answer["ResponseMetadata"]["RequestId"] for answer in answers}
                self.assertEqual(len(ids), 3)

    def test_another_client_token_is_another_request(self):
        for operation in ("StartChatContact", "SendMessage", "SendEvent", "StartAttachmentUpload"):
            with self.subTest(operation):
                request = valid_requests(self.simulator, operation)[0]
                call = getattr(client(service_of(operation), self.endpoint), method_name(operation))
                first = call(**request)
                second = call(**{**request, "ClientToken": f"another of {operation}"})
                member = self.SAME[operation][0]
                self.assertNotEqual(first[member], second[member])

    def test_nothing_happens_twice(self):
        chat = self.chat()
        socket = chat.socket()
        for _ in range(3):
            chat.say("once", ClientToken="message")
            chat.tell("typing", ClientToken="event")
            key = chat.upload("boat.txt", "text/plain", b"boat", ClientToken="file")
        for _ in range(3):
            chat.call("complete_attachment_upload", AttachmentIds=[key], ClientToken="done")
        socket.until(lambda item: item["Type"] == "ATTACHMENT")
        published = [entry["item"] for entry in chat.control("GET", "/published")["published"]]
        kinds = [item["ContentType"].rsplit(".")[-1] for item in published]
        self.assertEqual(sorted(kinds), sorted(["joined", "text/plain", "typing", "text/plain"]))

    def test_a_bot_that_is_asked_for_twice_is_one(self):
        chat = self.chat()
        details = {"ParticipantRole": "CUSTOM_BOT", "DisplayName": "Robo"}
        for _ in range(2):
            self.connect.create_participant(
                InstanceId=INSTANCE,
                ContactId=chat.id,
                ParticipantDetails=details,
                ClientToken="bot",
            )
        roles = [person["role"] for person in chat.control("GET", "")["participants"]]
        self.assertEqual(roles.count("CUSTOM_BOT"), 1)

    def test_who_has_left_is_gone_whatever_the_client_token(self):
        chat = self.chat()
        socket = chat.socket()
        chat.call("disconnect_participant", ClientToken="bye")
        socket.event("chat.ended")
        self.assert_refused(
            self.participant,
            "AccessDeniedException",
            403,
            chat.call,
            "disconnect_participant",
            ClientToken="bye",
        )
        left = [
            item
            for item in chat.control("GET", "/transcript")["items"]
            if item["ContentType"].endswith("left")
        ]
        self.assertEqual(len(left), 1)


@behaviour("idempotency")
class Repeats(Case):
    """boto3 repeats by itself what was throttled or broken, with the same client token."""

    def tokens_of(self, sender, operation):
        """Collects the client token of each attempt."""
        tokens = []

        def look(request, **_):
            tokens.append(json.loads(request.body)["ClientToken"])

        service = sender.meta.service_model.service_id.hyphenize()
        sender.meta.events.register(f"before-send.{service}.{operation}", look)
        return tokens

    def send_through(self, *break_with, attempts):
        chat = self.chat()
        chat.client = default_client("connectparticipant", self.endpoint)
        tokens = self.tokens_of(chat.client, "SendMessage")
        for fault in break_with:
            self.simulator.fault(fault, operation="SendMessage", contact=chat.id, times=1)
        sent = chat.say("once")
        self.assertEqual(sent["ResponseMetadata"]["RetryAttempts"], attempts - 1)
        self.assertEqual(chat.requests("SendMessage"), attempts)
        self.assertEqual(len(tokens), attempts)
        self.assertEqual(len(set(tokens)), 1)
        said = [
            item["Id"]
            for item in chat.control("GET", "/transcript")["items"]
            if item["Type"] == "MESSAGE"
        ]
        self.assertEqual(said, [sent["Id"]])

    def answer(self, status, code):
        return {"answer": {"status": status, "error_type": code, "message": "On purpose."}}

    def test_a_message_that_was_throttled_and_then_broken_is_sent_once(self):
        self.send_through(
            self.answer(429, "ThrottlingException"),
            self.answer(500, "InternalServerException"),
            attempts=3,
        )

    def test_a_message_whose_answer_was_lost_is_sent_once(self):
        self.send_through("lose_response", attempts=2)

    def test_a_chat_whose_answer_was_lost_is_started_once(self):
        sender = default_client("connect", self.endpoint)
        tokens = self.tokens_of(sender, "StartChatContact")
        before = self.simulator.get("/state")["contacts"]
        self.simulator.fault("lose_response", operation="StartChatContact", times=1)
        self.simulator.answers(429, "TooManyRequestsException", "StartChatContact", times=1)
        started = sender.start_chat_contact(**START)
        self.assertEqual(len(set(tokens)), 1)
        self.assertEqual(started["ResponseMetadata"]["RetryAttempts"], len(tokens) - 1)
        self.assertGreater(len(tokens), 1)
        self.assertEqual(self.simulator.get("/state")["contacts"], before + 1)

    def test_what_is_refused_for_good_is_not_repeated(self):
        chat = self.chat()
        chat.client = default_client("connectparticipant", self.endpoint)
        before = chat.requests("SendMessage")
        self.assert_refused(chat.client, "ValidationException", 400, chat.say, "x", "text/html")
        self.assertEqual(chat.requests("SendMessage"), before + 1)
