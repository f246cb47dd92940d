"""Every operation of both services, signed and unsigned, with every member of its request."""

from peer.case import Case, behaviour
from peer.chat import START, Chat
from peer.clients import client
from peer.valid_requests import ARN, MAKERS, service_of, valid_requests
from test_model_limits import method_name

# What each operation answers to a request that asks for all it can give.
ANSWERED = {
    "StartChatContact": {
        "ContactId",
        "ParticipantId",
        "ParticipantToken",
        "ConnectionCredentials",
        "Websocket",
        "StreamingId",
    },
    "CreateParticipant": {"ParticipantCredentials", "ParticipantId"},
    "CreatePersistentContactAssociation": {"ContinuedFromContactId"},
    "StartContactStreaming": {"StreamingId"},
    "CreateParticipantConnection": {"Websocket", "ConnectionCredentials"},
    "SendMessage": {"Id", "AbsoluteTime"},
    "SendEvent": {"Id", "AbsoluteTime"},
    "GetTranscript": {"InitialContactId", "Transcript"},
    "StartAttachmentUpload": {"AttachmentId", "UploadMetadata"},
    "GetAttachment": {"Url", "UrlExpiry", "AttachmentSizeInBytes"},
    "DescribeView": {"View"},
    "GetAuthenticationUrl": {"AuthenticationUrl"},
}
# What is answered only in some chats.
SOMETIMES = {"GetTranscript": {"NextToken"}, "StartChatContact": {"ContinuedFromContactId"}}


@behaviour("connect")
class Operations(Case):
    def ask_each(self, signed):
        for operation in MAKERS:
            asking = client(service_of(operation), self.endpoint, signed=signed)
            variants = len(valid_requests(self.simulator, operation))
            for variant in range(variants):
                with self.subTest(operation=operation, variant=variant):
                    request = valid_requests(self.simulator, operation)[variant]
                    answer = getattr(asking, method_name(operation))(**request)
                    self.check(operation, answer)

    def check(self, operation, answer):
        metadata = answer.pop("ResponseMetadata")
        self.assertEqual(metadata["HTTPStatusCode"], 200)
        self.assertEqual(metadata["RetryAttempts"], 0)
        self.assertEqual(metadata["RequestId"], metadata["HTTPHeaders"]["x-amzn-requestid"])
        expected = ANSWERED.get(operation, set())
        self.assertEqual(set(answer) - SOMETIMES.get(operation, set()), expected)

    def test_each_operation_answers_a_signed_request(self):
        self.ask_each(signed=True)

    def test_each_operation_answers_an_unsigned_request(self):
        self.ask_each(signed=False)

    def test_signed_requests_are_signed_and_unsigned_ones_are_not(self):
        seen = []

        def look(request, **_):
            seen.append("Authorization" in request.headers)

        for signed in (True, False):
            sender = client("connect", self.endpoint, signed=signed)
            sender.meta.events.register("before-send.connect", look)
            try:
                sender.start_chat_contact(**START)
            finally:
                sender.meta.events.unregister("before-send.connect", look)
        self.assertEqual(seen, [True, False])

    def test_every_operation_of_the_participant_service_is_there(self):
        known = {name for name in MAKERS if service_of(name) == "connectparticipant"}
        self.assertEqual(set(self.participant.meta.service_model.operation_names), known)

    def test_a_connection_has_the_parts_that_are_asked_for(self):
        chat = self.chat()
        for types, parts in (
            (["WEBSOCKET"], {"Websocket"}),
            (["CONNECTION_CREDENTIALS"], {"ConnectionCredentials"}),
            (["CONNECTION_CREDENTIALS", "WEBSOCKET"], {"Websocket", "ConnectionCredentials"}),
        ):
            answer = chat.connection(types)
            self.assertEqual(set(answer) - {"ResponseMetadata"}, parts)
        url = answer["Websocket"]["Url"]
        self.assertTrue(url.startswith("ws://127.0.0.1:"), url.split("?")[0])
        now = self.simulator.get("/state")["now"]
        self.assertGreater(answer["Websocket"]["ConnectionExpiry"], now)
        self.assertGreater(answer["ConnectionCredentials"]["Expiry"], now)

    def test_the_customer_is_connected_by_the_socket_and_is_seen(self):
        chat = self.chat()
        socket = chat.socket()
        joined = socket.event("participant.joined")
        self.assertEqual(joined["ParticipantRole"], "CUSTOMER")
        self.assertEqual(joined["DisplayName"], "Ana")
        self.assertEqual(joined["ParticipantId"], chat.started["ParticipantId"])
        for topic in ("aws/heartbeat", "aws/ping"):
            socket.send({"topic": topic})
            socket.until_frame(topic)
        self.assertEqual(len(chat.control("GET", "")["sockets"]), 1)


@behaviour("start chat")
class StartChat(Case):
    def test_a_chat_that_starts_with_its_connection_needs_no_other_call(self):
        chat = Chat(self.simulator, ConnectionTypes=["WEBSOCKET", "CONNECTION_CREDENTIALS"])
        chat.token = chat.started["ConnectionCredentials"]["ConnectionToken"]
        self.assertTrue(chat.say("Hello")["Id"])
        self.assertEqual(chat.requests("CreateParticipantConnection"), 0)

    def test_an_initial_message_is_the_first_of_the_customer(self):
        message = {"ContentType": "text/markdown", "Content": "**Hello**"}
        chat = self.chat(InitialMessage=message)
        said = [item for item in chat.all_items() if item["Type"] == "MESSAGE"]
        self.assertEqual(
            [(item["ContentType"], item["Content"]) for item in said],
            [("text/markdown", "**Hello**")],
        )
        self.assertEqual(said[0]["ParticipantRole"], "CUSTOMER")

    def test_content_types_that_the_chat_does_not_support_are_refused(self):
        chat = self.chat(SupportedMessagingContentTypes=["text/plain"])
        chat.say("plain")
        self.assert_refused(
            self.participant, "ValidationException", 400, chat.say, "{}", "application/json"
        )

    def test_a_chat_ends_when_its_duration_is_over(self):
        chat = self.chat(ChatDurationInMinutes=60)
        socket = chat.socket()
        self.simulator.advance(59 * 60)
        chat.say("still there")
        self.simulator.advance(61)
        socket.event("chat.ended")
        self.assertEqual(chat.control("GET", "")["ended"]["reason"], "duration_over")

    def test_a_chat_ends_to_which_nobody_connects(self):
        chat = Chat(self.simulator)
        self.simulator.advance(5 * 60 + 1)
        self.assertEqual(chat.control("GET", "")["ended"]["reason"], "never_connected")
        self.assert_refused(
            self.participant, "AccessDeniedException", 403, chat.connection, ["WEBSOCKET"]
        )

    def test_streaming_can_be_started_stopped_and_started_again(self):
        chat = self.chat(ChatStreamingConfiguration={"StreamingEndpointArn": ARN})
        streaming = chat.started["StreamingId"]
        self.assertEqual(chat.control("GET", "")["streaming_id"], streaming)
        ids = {"InstanceId": START["InstanceId"], "ContactId": chat.id}
        endpoint = {"ChatStreamingConfiguration": {"StreamingEndpointArn": ARN}}
        self.assert_refused(
            self.connect,
            "LimitExceededException",
            429,
            self.connect.start_contact_streaming,
            **ids,
            **endpoint,
        )
        self.connect.stop_contact_streaming(**ids, StreamingId=streaming)
        self.assertIsNone(chat.control("GET", "")["streaming_id"])
        again = self.connect.start_contact_streaming(**ids, **endpoint)["StreamingId"]
        self.assertNotEqual(again, streaming)

    def test_the_timers_of_a_role_are_set_and_unset(self):
        chat = self.chat()
        ids = {"InstanceId": START["InstanceId"], "ContactId": chat.id}

        def configure(value):
            timer = {"ParticipantRole": "CUSTOMER", "TimerType": "IDLE", "TimerValue": value}
            configuration = {"Chat": {"ParticipantTimerConfigList": [timer]}}
            self.connect.update_participant_role_config(**ids, ChannelConfiguration=configuration)
            return chat.control("GET", "")["timers"]

        timers = configure({"ParticipantTimerDurationInMinutes": 480})
        self.assertEqual(timers, [{"role": "CUSTOMER", "type": "IDLE", "ms": 480 * 60_000}])
        self.assertEqual(configure({"ParticipantTimerAction": "Unset"}), [])
