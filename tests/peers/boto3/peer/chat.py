"""A chat of one customer: its requests, and its socket."""

import json
import time

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from peer import shapes
from peer.clients import client, observed
from peer.simulator import request

EVENT = "application/vnd.amazonaws.connect.event."
MESSAGE = "application/vnd.amazonaws.connect.message."
INSTANCE = "11111111-2222-4333-8444-555555555555"
# How long something that is to come may take: much, for machines that are busy.
SECONDS = 10
BOTH = ["WEBSOCKET", "CONNECTION_CREDENTIALS"]
START = {
    "InstanceId": INSTANCE,
    "ContactFlowId": "66666666-7777-4888-9999-000000000000",
    "ParticipantDetails": {"DisplayName": "Ana"},
}


class Socket:
    """A WebSocket that is subscribed; every item on it is checked against the model."""

    def __init__(self, url, shape):
        self.connection = connect(url, proxy=None, open_timeout=SECONDS, close_timeout=2)
        self.items = []
        self.topics = []
        self.shape = shape
        self.send({"topic": "aws/subscribe", "content": {"topics": ["aws/chat"]}})
        answer = self.until_frame("aws/subscribe")
        assert answer["content"] == {"status": "success", "topics": ["aws/chat"]}, answer

    def send(self, frame):
        self.connection.send(json.dumps(frame))

    def receive(self, seconds):
        """The next frame; nothing when none comes in time."""
        try:
            text = self.connection.recv(timeout=seconds)
        except TimeoutError:
            return None
        frame = json.loads(text)
        self.topics.append(frame["topic"])
        if frame["topic"] == "aws/chat":
            assert frame["contentType"] == "application/json", frame["contentType"]
            item = json.loads(frame["content"])
            for deviation in shapes.check(self.shape, item, "item", shapes.ON_SOCKET):
                observed.deviations.append(f"on a socket: {deviation}")
            self.items.append(item)
        return frame

    def until_frame(self, topic, seconds=SECONDS):
        deadline = time.monotonic() + seconds
        while True:
            left = deadline - time.monotonic()
            frame = self.receive(left) if left > 0 else None
            if frame is None:
                raise AssertionError(f"no {topic} within {seconds} s, but {self.topics}")
            if frame["topic"] == topic:
                return frame

    def until(self, wanted, seconds=SECONDS):
        """The first item that is wanted, of those that have come and those that come now."""
        done = 0
        deadline = time.monotonic() + seconds
        while True:
            for item in self.items[done:]:
                done += 1
                if wanted(item):
                    return item
            left = deadline - time.monotonic()
            if left <= 0 or self.receive(left) is None:
                seen = [(item["ContentType"], item.get("ParticipantRole")) for item in self.items]
                raise AssertionError(f"not within {seconds} s; there were {seen}")

    def event(self, name, seconds=SECONDS):
        return self.until(lambda item: item["ContentType"] == EVENT + name, seconds)

    def message(self, content, seconds=SECONDS):
        wanted = lambda item: item["Type"] == "MESSAGE" and item.get("Content") == content
        return self.until(wanted, seconds)

    def until_closed(self, seconds=SECONDS):
        """The code of the close frame; nothing when the connection was cut."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                self.receive(deadline - time.monotonic())
            except ConnectionClosed as closed:
                return closed.rcvd.code if closed.rcvd else None
        raise AssertionError(f"the socket is open after {seconds} s")

    def close(self):
        self.connection.close()


class Chat:
    """A chat that has been started with boto3."""

    def __init__(self, simulator, **start):
        self.simulator = simulator
        self.connect_client = client("connect", simulator.endpoint)
        self.client = client("connectparticipant", simulator.endpoint)
        self.started = self.connect_client.start_chat_contact(**{**START, **start})
        self.id = self.started["ContactId"]
        self.participant_token = self.started["ParticipantToken"]
        self.token = None
        self.sockets = []

    def connected(self):
        """Has a connection token, but no socket."""
        self.token = self.connection(["CONNECTION_CREDENTIALS"])["ConnectionCredentials"][
            "ConnectionToken"
        ]
        return self

    def connection(self, types, **more):
        return self.client.create_participant_connection(
            ParticipantToken=self.participant_token, Type=types, **more
        )

    def socket(self):
        """Another socket, and a new connection token."""
        answer = self.connection(BOTH)
        self.token = answer["ConnectionCredentials"]["ConnectionToken"]
        return self.opened(answer["Websocket"]["Url"])

    def opened(self, url):
        """The socket of a URL."""
        socket = Socket(url, self.client.meta.service_model.shape_for("Item"))
        self.sockets.append(socket)
        return socket

    def call(self, operation, **parameters):
        """An operation of the Participant Service, by its method name."""
        return getattr(self.client, operation)(ConnectionToken=self.token, **parameters)

    def say(self, content, content_type="text/plain", **more):
        return self.call("send_message", Content=content, ContentType=content_type, **more)

    def tell(self, name, **more):
        """An event."""
        return self.call("send_event", ContentType=EVENT + name, **more)

    def receipt(self, kind, message_id):
        return self.tell(f"message.{kind}", Content=json.dumps({"messageId": message_id}))

    def transcript(self, **parameters):
        return self.call("get_transcript", **parameters)

    def all_items(self):
        """The whole transcript, oldest first, as boto3 gets it page by page."""
        items, more = [], {}
        while True:
            page = self.transcript(MaxResults=100, SortOrder="ASCENDING", **more)
            items = page["Transcript"] + items
            if "NextToken" not in page:
                return items
            more = {"NextToken": page["NextToken"]}

    def upload(self, name, content_type, data, **more):
        """Puts a file where the service wants it. Answers its id."""
        started = self.call(
            "start_attachment_upload",
            AttachmentName=name,
            ContentType=content_type,
            AttachmentSizeInBytes=len(data),
            **more,
        )
        metadata = started["UploadMetadata"]
        status, _, body = request("PUT", metadata["Url"], data, metadata["HeadersToInclude"])
        assert status == 200, (status, body)
        return started["AttachmentId"]

    def attach(self, name, content_type, data):
        """Sends a file, whole. Answers its id."""
        attachment = self.upload(name, content_type, data)
        self.call("complete_attachment_upload", AttachmentIds=[attachment])
        return attachment

    def control(self, method, path, body=None):
        return self.simulator.control(method, f"/contacts/{self.id}{path}", body)

    def post(self, path, **body):
        return self.control("POST", path, body)

    def requests(self, operation):
        """How often an operation was asked for in this chat."""
        return self.control("GET", "")["requests"].get(operation, 0)

    def close(self):
        for socket in self.sockets:
            socket.close()
