"""A chat with everything in it that the control API can show."""

import itertools
import json

from websockets.sync.client import connect

from simulator import call

# From so many participants on, others may be refused.
ROOM = 6
# A customer who is quiet for so long is idle.
IDLE = {
    "ParticipantRole": "CUSTOMER",
    "TimerType": "IDLE",
    "TimerValue": {"ParticipantTimerDurationInMinutes": 480},
}


class Chat:
    """A chat of a customer with a socket and an agent, who have written to each other."""

    def __init__(self, endpoint):
        self.endpoint = endpoint
        started = self.control("POST", "/contacts", {"display_name": "Ana"})
        self.id = started["contact_id"]
        self.path = f"/contacts/{self.id}"
        types = {"Type": ["WEBSOCKET", "CONNECTION_CREDENTIALS"]}
        answer = call(
            endpoint, "POST", "/participant/connection", types, started["participant_token"]
        )
        # Nothing reads it, and what it gets is small. When faults have cut it, nothing answers a
        # close frame.
        options = {"proxy": None, "max_queue": None, "ping_interval": None, "close_timeout": 1}
        self.socket = connect(answer["Websocket"]["Url"], **options)
        subscribe = {"topic": "aws/subscribe", "content": {"topics": ["aws/chat"]}}
        self.socket.send(json.dumps(subscribe))
        self.socket.recv(timeout=10)
        asked = self.control("POST", f"{self.path}/agent/message", {"content": "How can I help?"})
        message = {"Content": "Hello", "ContentType": "text/plain"}
        bearer = answer["ConnectionCredentials"]["ConnectionToken"]
        said = call(endpoint, "POST", "/participant/message", message, bearer)
        self.messages = itertools.cycle([said["Id"], asked["item"]["Id"]])
        self.control("POST", f"{self.path}/agent/read", {"message_id": said["Id"]})
        instance = self.control("GET", self.path)["instance_id"]
        timers = {"ChannelConfiguration": {"Chat": {"ParticipantTimerConfigList": [IDLE]}}}
        call(endpoint, "PUT", f"/contact/participant-role-config/{instance}/{self.id}", timers)

    def control(self, method, path, body=None):
        return call(self.endpoint, method, f"/_sim{path}", body)

    def is_of_use(self):
        """Whether it goes on, has an agent, and has room for others."""
        contact = self.control("GET", self.path)
        present = [person for person in contact["participants"] if person["present"]]
        has_agent = any(person["role"] == "AGENT" for person in present)
        return contact["ended"] is None and has_agent and len(contact["participants"]) < ROOM

    def close(self):
        self.socket.close()
