"""What the customer's socket carries, and what of it boto3 finds in the transcript."""

import json

from peer.case import Case, behaviour
from peer.chat import EVENT, MESSAGE

JSON_TEXT = '{"a":"ä"}'


class Conversation(Case):
    def setUp(self):
        super().setUp()
        self.chatting = self.chat()
        self.socket = self.chatting.socket()

    def assert_stored(self, item):
        """GetTranscript has the item as the socket had it, but for what only sockets tell of it."""
        stored = [other for other in self.chatting.all_items() if other["Id"] == item["Id"]]
        expected = {name: value for name, value in item.items() if name != "InitialContactId"}
        metadata = expected.get("MessageMetadata", {})
        if "MessageCompleted" in metadata:
            del expected["MessageMetadata"]
        self.assertEqual(stored, [expected])


@behaviour("messages")
class Messages(Conversation):
    def test_what_the_customer_says_comes_back_on_the_socket(self):
        for content_type, content in (
            ("text/plain", 'Ahoy \N{SAILBOAT}\n\t"quoted"'),
            ("text/markdown", "**Ahoy**"),
            ("application/json", JSON_TEXT),
            (f"{MESSAGE}interactive.response", '{"action":"Go"}'),
        ):
            with self.subTest(content_type):
                sent = self.chatting.say(content, content_type)
                item = self.socket.message(content)
                self.assertEqual(item["Id"], sent["Id"])
                self.assertEqual(item["AbsoluteTime"], sent["AbsoluteTime"])
                self.assertEqual(item["ContentType"], content_type)
                self.assertEqual(item["ParticipantRole"], "CUSTOMER")
                self.assertEqual(item["ParticipantId"], self.chatting.started["ParticipantId"])
                self.assertEqual(item["DisplayName"], "Ana")
                self.assertEqual(item["ContactId"], self.chatting.id)
                self.assertEqual(item["InitialContactId"], self.chatting.id)
                self.assert_stored(item)

    def test_what_the_agent_says_comes_on_the_socket(self):
        said = self.chatting.post("/agent/message", content="Hello", content_type="text/markdown")
        joined = self.socket.event("participant.joined")
        item = self.socket.message("Hello")
        self.assertEqual(item, said["item"])
        self.assertEqual(item["ParticipantRole"], "AGENT")
        self.assertEqual(item["ContentType"], "text/markdown")
        self.assertLess(joined["AbsoluteTime"], item["AbsoluteTime"])
        self.assert_stored(item)

    def test_two_sockets_of_the_customer_get_the_same(self):
        other = self.chatting.socket()
        sent = self.chatting.say("to both")
        items = [socket.message("to both") for socket in (self.socket, other)]
        self.assertEqual(items[0], items[1])
        self.assertEqual(items[0]["Id"], sent["Id"])

    def test_items_come_in_the_order_of_their_times(self):
        for number in range(20):
            self.chatting.say(f"customer {number}")
            self.chatting.post("/agent/message", content=f"agent {number}")
        self.socket.message("agent 19")
        times = [item["AbsoluteTime"] for item in self.socket.items]
        self.assertEqual(times, sorted(set(times)))


@behaviour("typing")
class Typing(Conversation):
    def test_typing_comes_and_is_not_kept(self):
        self.chatting.post("/agent/join", display_name="Jo")
        self.chatting.post("/agent/typing")
        typing = lambda role: (
            lambda item: item["ContentType"] == f"{EVENT}typing" and item["ParticipantRole"] == role
        )
        item = self.socket.until(typing("AGENT"))
        self.assertEqual((item["Type"], item["DisplayName"]), ("EVENT", "Jo"))
        sent = self.chatting.tell("typing")
        self.assertEqual(self.socket.until(typing("CUSTOMER"))["Id"], sent["Id"])
        kept = [item["ContentType"] for item in self.chatting.all_items()]
        self.assertNotIn(f"{EVENT}typing", kept)


@behaviour("receipts")
class Receipts(Conversation):
    def receipt(self, message_id, timestamp):
        wanted = lambda item: (
            item["Type"] == "MESSAGEMETADATA"
            and item["MessageMetadata"]["MessageId"] == message_id
            and timestamp in item["MessageMetadata"]["Receipts"][0]
        )
        item = self.socket.until(wanted)
        self.assertEqual(item["ContentType"], f"{EVENT}message.metadata")
        self.assertEqual(len(item["MessageMetadata"]["Receipts"]), 1)
        return item["MessageMetadata"]["Receipts"][0]

    def test_the_agent_delivers_and_reads_what_the_customer_says(self):
        agent = self.chatting.post("/agent/join", display_name="Jo")["participant_id"]
        sent = self.chatting.say("seen?")
        self.chatting.post("/agent/delivered", message_id=sent["Id"])
        delivered = self.receipt(sent["Id"], "DeliveredTimestamp")
        self.assertEqual(delivered["RecipientParticipantId"], agent)
        self.assertNotIn("ReadTimestamp", delivered)
        self.chatting.post("/agent/read", message_id=sent["Id"])
        read = self.receipt(sent["Id"], "ReadTimestamp")
        self.assertEqual(read["DeliveredTimestamp"], delivered["DeliveredTimestamp"])
        self.assertGreater(read["ReadTimestamp"], delivered["DeliveredTimestamp"])

    def test_the_customer_delivers_and_reads_what_the_agent_says(self):
        said = self.chatting.post("/agent/message", content="Hello")["item"]["Id"]
        for kind, timestamp in (("delivered", "DeliveredTimestamp"), ("read", "ReadTimestamp")):
            self.assertTrue(self.chatting.receipt(kind, said)["Id"])
            receipt = self.receipt(said, timestamp)
            self.assertEqual(
                receipt["RecipientParticipantId"], self.chatting.started["ParticipantId"]
            )
        [held] = self.chatting.control("GET", "")["receipts"]
        self.assertEqual(held["message_id"], said)
        self.assertEqual(held["read"], receipt["ReadTimestamp"])
        self.assertEqual(held["delivered"], receipt["DeliveredTimestamp"])

    def test_a_receipt_for_what_is_no_message_is_refused(self):
        for content in ('{"messageId":"nothing"}', "{}", "not json", '{"messageId":7}'):
            error = self.assert_refused(
                self.participant,
                "ValidationException",
                400,
                self.chatting.tell,
                "message.read",
                Content=content,
            )
            self.assertIn("Content", error["Error"]["Message"])


@behaviour("streamed message")
class StreamedMessage(Conversation):
    def streamed(self, key):
        return [item for item in self.socket.items if item["Id"] == key]

    def test_a_message_comes_in_chunks_and_then_whole(self):
        chunks = ["Good ", "morn", "ing"]
        key = self.chatting.post("/bot/stream", chunks=chunks, every_ms=20)["id"]
        whole = self.socket.message("Good morning")
        *parts, last = self.streamed(key)
        self.assertEqual(last, whole)
        self.assertEqual([part["Content"] for part in parts], chunks)
        self.assertEqual(
            [part["MessageMetadata"] for part in parts],
            [{"MessageCompleted": False, "ChunkNumber": number} for number in (1, 2, 3)],
        )
        self.assertEqual(whole["MessageMetadata"], {"MessageCompleted": True})
        self.assertEqual({item["ParticipantRole"] for item in self.streamed(key)}, {"SYSTEM"})
        self.assert_stored(whole)

    def test_a_customer_who_wants_it_complete_gets_the_whole_only(self):
        chat = self.chat(ParticipantConfiguration={"ResponseMode": "COMPLETE"})
        socket = chat.socket()
        key = chat.post("/bot/stream", chunks=["a", "b"], every_ms=10)["id"]
        whole = socket.message("ab")
        self.assertEqual([item for item in socket.items if item["Id"] == key], [whole])
        self.assertNotIn("MessageMetadata", whole)


@behaviour("interactive message")
class InteractiveMessage(Conversation):
    def test_an_interactive_message_comes_and_is_answered(self):
        content = {
            "templateType": "ListPicker",
            "version": "1.0",
            "data": {"content": {"title": "Boat?", "elements": [{"title": "Ferry"}]}},
        }
        self.chatting.post(
            "/bot/message", content=json.dumps(content), content_type=f"{MESSAGE}interactive"
        )
        item = self.socket.message(json.dumps(content))
        self.assertEqual(item["ContentType"], f"{MESSAGE}interactive")
        self.assertEqual(item["ParticipantRole"], "SYSTEM")
        self.assert_stored(item)
        answer = '{"templateType":"ListPicker","version":"1.0","action":"Ferry"}'
        sent = self.chatting.say(answer, f"{MESSAGE}interactive.response")
        self.assertEqual(self.socket.message(answer)["Id"], sent["Id"])

    def test_a_customer_sends_no_interactive_message(self):
        self.assert_refused(
            self.participant,
            "ValidationException",
            400,
            self.chatting.say,
            "{}",
            f"{MESSAGE}interactive",
        )


@behaviour("participant events")
class ParticipantEvents(Conversation):
    # Name in the control API, name on the wire, whether the transcript keeps it.
    EVENTS = (
        ("participant_idle", "participant.idle", False),
        ("participant_returned", "participant.returned", False),
        ("participant_invited", "participant.invited", True),
        ("auto_disconnection", "participant.autodisconnection", False),
        ({"display_name_updated": "Anna"}, "participant.displayname.updated", False),
        ("chat_rehydrated", "chat.rehydrated", False),
        ("transfer_succeeded", "transfer.succeeded", True),
        ("transfer_failed", "transfer.failed", True),
    )

    def test_each_event_comes_and_is_kept_or_not(self):
        for name, on_the_wire, kept in self.EVENTS:
            with self.subTest(name):
                published = self.chatting.post("/events", name=name)["item"]
                item = self.socket.event(on_the_wire)
                self.assertEqual(item, published)
                self.assertEqual(item["Type"], "EVENT")
                stored = [other["Id"] for other in self.chatting.all_items()]
                self.assertEqual(item["Id"] in stored, kept)

    def test_the_agent_joins_and_leaves(self):
        agent = self.chatting.post("/agent/join", display_name="Jo")["participant_id"]
        of_agent = lambda name: (
            lambda item: (
                item["ContentType"] == f"{EVENT}participant.{name}"
                and item["ParticipantRole"] == "AGENT"
            )
        )
        joined = self.socket.until(of_agent("joined"))
        self.assertEqual((joined["ParticipantId"], joined["DisplayName"]), (agent, "Jo"))
        self.chatting.post("/agent/leave")
        left = self.socket.until(of_agent("left"))
        self.assertEqual(left["ParticipantId"], agent)
        self.assert_stored(joined)
        self.assert_stored(left)

    def test_the_idle_timer_of_a_customer_runs_while_an_agent_is_there(self):
        ids = {"InstanceId": self.chatting.control("GET", "")["instance_id"]}
        timers = [
            {
                "ParticipantRole": "CUSTOMER",
                "TimerType": "IDLE",
                "TimerValue": {"ParticipantTimerDurationInMinutes": 2},
            }
        ]
        self.connect.update_participant_role_config(
            **ids,
            ContactId=self.chatting.id,
            ChannelConfiguration={"Chat": {"ParticipantTimerConfigList": timers}},
        )
        self.chatting.post("/agent/join", display_name="Jo")
        self.simulator.advance(121)
        self.assertEqual(self.socket.event("participant.idle")["ParticipantRole"], "CUSTOMER")
        self.chatting.say("back")
        self.assertEqual(self.socket.event("participant.returned")["ParticipantRole"], "CUSTOMER")
