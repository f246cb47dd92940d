"""Agents and bots that are clients of their own, with boto3."""

from peer.case import Case, behaviour
from peer.chat import BOTH, INSTANCE, Chat


class Seat(Chat):
    """A participant other than the customer."""

    def __init__(self, chat, token):
        self.simulator, self.id = chat.simulator, chat.id
        self.client = chat.client
        self.participant_token = token
        self.token, self.sockets = None, []


@behaviour("agent seat")
class AgentSeat(Case):
    def seat(self, chat, name, role="AGENT"):
        seat = Seat(chat, chat.post("/seats", display_name=name, role=role)["participant_token"])
        self.addCleanup(seat.close)
        return seat

    def joined(self, seat):
        """Its socket; the participant has joined."""
        answer = seat.connection(BOTH, ConnectParticipant=True)
        seat.token = answer["ConnectionCredentials"]["ConnectionToken"]
        return seat.opened(answer["Websocket"]["Url"])

    def test_a_customer_and_an_agent_talk_both_with_boto3(self):
        chat = self.chat()
        customer = chat.socket()
        agent = self.seat(chat, "Jo")
        socket = self.joined(agent)
        wanted = lambda item: item.get("DisplayName") == "Jo"
        self.assertEqual(customer.until(wanted)["ParticipantRole"], "AGENT")
        chat.say("Ahoy")
        received = socket.message("Ahoy")
        agent.receipt("read", received["Id"])
        agent.tell("typing")
        agent.say("Hello")
        answer = customer.message("Hello")
        self.assertEqual(answer["ParticipantRole"], "AGENT")
        self.assertEqual(answer["DisplayName"], "Jo")
        read = customer.until(lambda item: item["Type"] == "MESSAGEMETADATA")
        self.assertEqual(read["MessageMetadata"]["MessageId"], received["Id"])
        self.assertEqual(agent.all_items(), chat.all_items())

    def test_an_agent_leaves_and_the_chat_goes_on(self):
        chat = self.chat()
        customer = chat.socket()
        agent = self.seat(chat, "Jo")
        self.joined(agent)
        agent.call("disconnect_participant")
        left = customer.event("participant.left")
        self.assertEqual(left["ParticipantRole"], "AGENT")
        chat.say("still here")
        self.assert_refused(
            self.participant, "AccessDeniedException", 403, agent.say, "not any more"
        )

    def test_with_a_supervisor_nobody_sends_receipts(self):
        chat = self.chat()
        chat.socket()
        agent = self.seat(chat, "Jo")
        self.joined(agent)
        said = agent.say("Hello")
        chat.receipt("delivered", said["Id"])
        supervisor = self.seat(chat, "Max", "SUPERVISOR")
        self.joined(supervisor)
        supervisor.say("I listen")
        self.assert_refused(
            self.participant, "ConflictException", 409, chat.receipt, "read", said["Id"]
        )

    def test_a_transfer_gives_the_other_agent_a_seat(self):
        chat = self.chat()
        customer = chat.socket()
        self.joined(self.seat(chat, "Jo"))
        given = chat.post("/transfer", to_agent="Kim")
        customer.event("transfer.succeeded")
        self.assertEqual(given["initial_contact_id"], chat.id)
        kim = Seat(chat, given["participant_token"])
        self.addCleanup(kim.close)
        socket = self.joined(kim)
        kim.say("Kim here")
        item = customer.message("Kim here")
        self.assertEqual(item["ContactId"], given["contact_id"])
        self.assertEqual(item["InitialContactId"], chat.id)
        chat.say("Hello Kim")
        socket.message("Hello Kim")

    def test_one_socket_of_an_agent_carries_all_chats(self):
        first, second = self.chat(), self.chat()
        for chat in (first, second):
            chat.post("/agent/join", display_name="Jo")
        socket = first.opened(self.simulator.post("/agent-sockets", agent_name="Jo")["url"])
        for chat in (first, second):
            chat.say(f"in {chat.id}")
            self.assertEqual(socket.message(f"in {chat.id}")["ContactId"], chat.id)

    def test_a_custom_bot_is_made_with_boto3_and_may_not_have_the_files_of_customers(self):
        chat = self.chat()
        customer = chat.socket()
        details = {"ParticipantRole": "CUSTOM_BOT", "DisplayName": "Robo"}
        ids = {"InstanceId": INSTANCE, "ContactId": chat.id}
        made = self.connect.create_participant(**ids, ParticipantDetails=details)
        bot = Seat(chat, made["ParticipantCredentials"]["ParticipantToken"])
        self.addCleanup(bot.close)
        self.joined(bot)
        bot.say("Beep")
        item = customer.message("Beep")
        self.assertEqual(item["ParticipantRole"], "CUSTOM_BOT")
        self.assertEqual(item["ParticipantId"], made["ParticipantId"])
        self.assertEqual(item["DisplayName"], "Robo")
        key = chat.attach("boat.txt", "text/plain", b"boat")
        customer.until(lambda item: item["Type"] == "ATTACHMENT")
        chat.call("get_attachment", AttachmentId=key)
        self.assert_refused(
            self.participant,
            "AccessDeniedException",
            403,
            bot.call,
            "get_attachment",
            AttachmentId=key,
        )
