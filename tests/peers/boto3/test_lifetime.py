"""Sockets come and go, chats end, and later ones continue them."""

from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from peer.case import Case, behaviour
from peer.chat import EVENT, INSTANCE, Chat


@behaviour("reconnect")
class Reconnect(Case):
    def test_what_was_missed_is_in_the_transcript_from_the_last_item_on(self):
        chat = self.chat()
        socket = chat.socket()
        last = chat.say("before")
        socket.message("before")
        self.assertEqual(chat.post("/sockets/cut")["cut"], 1)
        self.assertIsNone(socket.until_closed())
        for number in range(30):
            chat.post("/agent/message", content=f"missed {number}")
        again = chat.socket()
        missed, more = [], {"StartPosition": {"Id": last["Id"]}}
        while more:
            page = chat.transcript(
                ScanDirection="FORWARD", SortOrder="ASCENDING", MaxResults=7, **more
            )
            missed += [item["Content"] for item in page["Transcript"] if item["Type"] == "MESSAGE"]
            more = {"NextToken": page["NextToken"]} if "NextToken" in page else None
        self.assertEqual(missed, ["before", *(f"missed {number}" for number in range(30))])
        chat.post("/agent/message", content="after")
        again.message("after")
        self.assertNotIn("missed 0", [item.get("Content") for item in again.items])

    def test_a_url_opens_one_socket_and_not_for_ever(self):
        chat = self.chat()
        for make_stale in (
            lambda url: self.open(url).close(),
            lambda _: self.simulator.advance(101),
        ):
            url = chat.connection(["WEBSOCKET"])["Websocket"]["Url"]
            make_stale(url)
            self.assertEqual(self.refused_handshake(url), 403)

    def open(self, url):
        return connect(url, proxy=None, open_timeout=5)

    def refused_handshake(self, url):
        with self.assertRaises(InvalidStatus) as caught:
            self.open(url)
        return caught.exception.response.status_code

    def test_a_participant_has_five_sockets_at_most(self):
        chat = self.chat()
        for _ in range(5):
            chat.socket()
        url = chat.connection(["WEBSOCKET"])["Websocket"]["Url"]
        self.assertEqual(self.refused_handshake(url), 429)

    def test_a_connection_token_expires_and_another_is_had(self):
        chat = self.chat(ChatDurationInMinutes=2880)
        chat.say("with the first")
        self.simulator.advance(24 * 3600 + 1)
        self.assert_refused(
            self.participant, "AccessDeniedException", 403, chat.say, "with the first"
        )
        chat.connected()
        chat.say("with the second")


@behaviour("rotation")
class Rotation(Case):
    def test_a_new_socket_takes_over_before_the_old_one_expires_and_nothing_is_lost(self):
        self.simulator.set(socket_lifetime_ms=3_600_000)
        chat = self.chat()
        socket = chat.socket()
        chat.say("on the first")
        socket.message("on the first")
        self.simulator.advance(3540)
        other = chat.socket()
        chat.say("on both")
        for one in (socket, other):
            one.message("on both")
        self.simulator.advance(61)
        socket.until_closed()
        chat.say("on the second")
        other.message("on the second")
        self.assertNotIn("on the second", [item.get("Content") for item in socket.items])
        said = [item["Content"] for item in chat.all_items() if item["Type"] == "MESSAGE"]
        self.assertEqual(said, ["on the first", "on both", "on the second"])

    def test_a_socket_ends_when_it_was_said_to(self):
        self.simulator.fault({"short_connection": {"lifetime_ms": 60_000}}, times=1)
        chat = self.chat()
        socket = chat.socket()
        self.simulator.advance(61)
        socket.until_closed()
        other = chat.socket()
        chat.say("on the next")
        other.message("on the next")


@behaviour("chat ended")
class ChatEnded(Case):
    def assert_over(self, chat, reason):
        self.assertEqual(chat.control("GET", "")["ended"]["reason"], reason)
        for call in (
            lambda: chat.connection(["WEBSOCKET"]),
            lambda: chat.say("too late"),
            lambda: chat.tell("typing"),
            chat.transcript,
            lambda: chat.call("disconnect_participant"),
        ):
            self.assert_refused(self.participant, "AccessDeniedException", 403, call)

    def test_the_customer_leaves(self):
        chat = self.chat()
        socket = chat.socket()
        chat.post("/agent/join", display_name="Jo")
        chat.call("disconnect_participant")
        left = socket.event("participant.left")
        self.assertEqual(left["ParticipantRole"], "CUSTOMER")
        socket.event("chat.ended")
        socket.until_closed()
        self.assert_over(chat, "customer_left")

    def test_the_agent_ends_it(self):
        chat = self.chat()
        socket = chat.socket()
        chat.post("/agent/message", content="Bye")
        chat.post("/end")
        ended = socket.event("chat.ended")
        self.assertEqual(ended["Type"], "EVENT")
        self.assertEqual(socket.items[-1], ended)
        socket.until_closed()
        self.assert_over(chat, "agent_ended")

    def test_it_is_stopped(self):
        chat = self.chat()
        socket = chat.socket()
        self.connect.stop_contact(ContactId=chat.id, InstanceId=INSTANCE)
        socket.event("chat.ended")
        self.assert_over(chat, "stopped")
        self.assert_refused(
            self.connect,
            "ContactNotFoundException",
            410,
            self.connect.stop_contact,
            ContactId=chat.id,
            InstanceId=INSTANCE,
        )

    def test_the_transcript_can_be_had_for_a_while_when_the_simulator_is_set_so(self):
        self.simulator.set(transcript_grace_ms=60_000)
        self.addCleanup(self.simulator.set, transcript_grace_ms=0)
        chat = self.chat()
        chat.say("kept")
        chat.post("/end")
        last = chat.all_items()[-1]
        self.assertEqual(last["ContentType"], f"{EVENT}chat.ended")
        self.simulator.advance(61)
        self.assert_refused(self.participant, "AccessDeniedException", 403, chat.transcript)


@behaviour("persistent chat")
class PersistentChat(Case):
    def past(self, *said, **start):
        """A chat that has ended. Answers its id."""
        chat = self.chat(**start)
        for content in said:
            chat.say(content)
        chat.post("/end")
        return chat.id

    def said(self, chat):
        items = [item for item in chat.all_items() if item["Type"] == "MESSAGE"]
        for item in items:
            self.assertEqual("ContactId" in item, "RelatedContactId" not in item)
        return [(item["Content"], item.get("RelatedContactId")) for item in items]

    def continuing(self, kind, source):
        return self.chat(PersistentChat={"RehydrationType": kind, "SourceContactId": source})

    def test_an_entire_past_session_is_continued(self):
        first = self.past("one", "two")
        link = {"RehydrationType": "ENTIRE_PAST_SESSION", "SourceContactId": first}
        second = self.past("three", PersistentChat=link)
        chat = self.continuing("FROM_SEGMENT", second)
        self.assertEqual(chat.started["ContinuedFromContactId"], second)
        socket = chat.socket()
        socket.event("chat.rehydrated")
        chat.say("four")
        expected = [("one", first), ("two", first), ("three", second), ("four", None)]
        self.assertEqual(self.said(chat), expected)

    def test_a_page_has_items_of_this_chat_or_of_the_past_not_of_both(self):
        source = self.past(*(f"past {number}" for number in range(25)))
        chat = self.continuing("FROM_SEGMENT", source)
        chat.say("now")
        page = chat.transcript(MaxResults=100)
        self.assertTrue(all("ContactId" in item for item in page["Transcript"]))
        self.assertIn("NextToken", page)
        past = chat.transcript(MaxResults=100, NextToken=page["NextToken"])
        self.assertTrue(all(item["RelatedContactId"] == source for item in past["Transcript"]))

    def test_a_chat_is_associated_while_it_goes_on(self):
        source = self.past("earlier")
        chat = self.chat()
        chat.socket()
        answer = self.connect.create_persistent_contact_association(
            InstanceId=INSTANCE,
            InitialContactId=chat.id,
            RehydrationType="ENTIRE_PAST_SESSION",
            SourceContactId=source,
        )
        self.assertEqual(answer["ContinuedFromContactId"], source)
        chat.sockets[0].event("chat.rehydrated")
        self.assertEqual(self.said(chat), [("earlier", source)])
        self.assertEqual(chat.control("GET", "")["continued_from"], source)

    def test_a_chat_that_goes_on_is_not_continued(self):
        running = self.chat()
        self.assert_refused(
            self.connect,
            "InvalidRequestException",
            400,
            self.continuing,
            "ENTIRE_PAST_SESSION",
            running.id,
        )
        self.assert_refused(
            self.connect,
            "ResourceNotFoundException",
            404,
            self.continuing,
            "FROM_SEGMENT",
            "no-such-contact",
        )

    def test_a_persistent_chat_is_related_to_nothing_else(self):
        source = self.past()
        self.assert_refused(
            self.connect,
            "InvalidRequestException",
            400,
            Chat,
            self.simulator,
            PersistentChat={"RehydrationType": "FROM_SEGMENT", "SourceContactId": source},
            RelatedContactId=source,
        )
