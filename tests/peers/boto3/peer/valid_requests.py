"""For each operation: requests in which all is valid, and together every member of its shape."""

import functools
import itertools
import json

from peer.chat import EVENT, INSTANCE, MESSAGE, START, Chat

ARN = "arn:aws:sns:us-east-1:000000000000:chat"
TYPES = [
    "text/plain",
    "text/markdown",
    "application/json",
    f"{MESSAGE}interactive",
    f"{MESSAGE}interactive.response",
]
CLIENT_TOKEN = "one-of-a-client"
NUMBERS = itertools.count(1)
CONNECT = {
    "StartChatContact",
    "StopContact",
    "CreateParticipant",
    "CreatePersistentContactAssociation",
    "StartContactStreaming",
    "StopContactStreaming",
    "UpdateParticipantRoleConfig",
}


@functools.cache
def ended(simulator):
    """The id of a chat that has ended."""
    chat = Chat(simulator)
    chat.connect_client.stop_contact(ContactId=chat.id, InstanceId=INSTANCE)
    return chat.id


def start_chat_contact(simulator, _):
    request = {
        **START,
        "Attributes": {"c": ""},
        "ParticipantConfiguration": {"ResponseMode": "INCREMENTAL"},
        "InitialMessage": {"ContentType": "text/plain", "Content": "Hello"},
        # Another client token with each chat, or it would be the same chat again.
        "ClientToken": f"start-{next(NUMBERS)}",
        "ChatDurationInMinutes": 60,
        "SupportedMessagingContentTypes": TYPES,
        "SegmentAttributes": {
            "text": {"ValueString": "one"},
            "map": {"ValueMap": {"text": {"ValueString": "two"}}},
            "number": {"ValueInteger": 3},
            "list": {"ValueList": [{"ValueString": "four"}]},
            "arn": {"ValueArn": ARN},
            "deep": {
                "ValueMap": {
                    "map": {"ValueMap": {"text": {"ValueString": "five"}}},
                    "number": {"ValueInteger": 6},
                    "list": {"ValueList": [{"ValueString": "seven"}]},
                    "arn": {"ValueArn": ARN},
                }
            },
            "row": {
                "ValueList": [
                    {"ValueMap": {"text": {"ValueString": "eight"}}},
                    {"ValueInteger": 9},
                    {"ValueList": [{"ValueString": "ten"}]},
                    {"ValueArn": ARN},
                ]
            },
        },
        "CustomerId": "customer-1",
        "DisconnectOnCustomerExit": ["AGENT"],
        "ConnectionTypes": ["WEBSOCKET", "CONNECTION_CREDENTIALS"],
        "ChatStreamingConfiguration": {"StreamingEndpointArn": ARN},
    }
    source = {"RehydrationType": "FROM_SEGMENT", "SourceContactId": ended(simulator)}
    related = {**request, "RelatedContactId": ended(simulator)}
    another = {"ClientToken": f"start-{next(NUMBERS)}"}
    return [related, {**request, **another, "PersistentChat": source}]


def stop_contact(_, chat):
    reason = {"Code": "OTHER"}
    return [{"ContactId": chat.id, "InstanceId": INSTANCE, "DisconnectReason": reason}]


def create_participant(_, chat):
    details = {
        "ParticipantRole": "CUSTOM_BOT",
        "DisplayName": "Bot",
        "ParticipantCapabilities": {"Video": "SEND", "ScreenShare": "SEND"},
    }
    return [
        {
            "InstanceId": INSTANCE,
            "ContactId": chat.id,
            "ClientToken": CLIENT_TOKEN,
            "ParticipantDetails": details,
        }
    ]


def create_persistent_contact_association(simulator, chat):
    return [
        {
            "InstanceId": INSTANCE,
            "InitialContactId": chat.id,
            "RehydrationType": "FROM_SEGMENT",
            "SourceContactId": ended(simulator),
            "ClientToken": CLIENT_TOKEN,
        }
    ]


def start_contact_streaming(_, chat):
    return [
        {
            "InstanceId": INSTANCE,
            "ContactId": chat.id,
            "ChatStreamingConfiguration": {"StreamingEndpointArn": ARN},
            "ClientToken": CLIENT_TOKEN,
        }
    ]


def stop_contact_streaming(_, chat):
    request = start_contact_streaming(None, chat)[0]
    streaming = chat.connect_client.start_contact_streaming(**request)["StreamingId"]
    return [{"InstanceId": INSTANCE, "ContactId": chat.id, "StreamingId": streaming}]


def update_participant_role_config(_, chat):
    def timer(role, kind, value):
        return {"ParticipantRole": role, "TimerType": kind, "TimerValue": value}

    timers = [
        timer("CUSTOMER", "IDLE", {"ParticipantTimerDurationInMinutes": 2}),
        timer("AGENT", "DISCONNECT_NONCUSTOMER", {"ParticipantTimerAction": "Unset"}),
    ]
    chat_config = {"Chat": {"ParticipantTimerConfigList": timers}}
    return [{"InstanceId": INSTANCE, "ContactId": chat.id, "ChannelConfiguration": chat_config}]


def create_participant_connection(_, chat):
    return [
        {
            "ParticipantToken": chat.participant_token,
            "Type": ["WEBSOCKET", "CONNECTION_CREDENTIALS"],
            "ConnectParticipant": True,
        }
    ]


def send_message(_, chat):
    return [
        {
            "ConnectionToken": chat.token,
            "ContentType": "text/plain",
            "Content": "Hello",
            "ClientToken": CLIENT_TOKEN,
        }
    ]


def send_event(_, chat):
    return [
        {
            "ConnectionToken": chat.token,
            "ContentType": f"{EVENT}typing",
            "Content": "{}",
            "ClientToken": CLIENT_TOKEN,
        }
    ]


def get_transcript(_, chat):
    sent = chat.say("Hello")
    chat.say("Hello again")
    page = chat.transcript(MaxResults=1)
    request = {
        "ConnectionToken": chat.token,
        "ContactId": chat.id,
        "MaxResults": 2,
        "ScanDirection": "BACKWARD",
        "SortOrder": "ASCENDING",
    }
    return [
        {**request, "StartPosition": {"Id": sent["Id"]}},
        {**request, "StartPosition": {"AbsoluteTime": sent["AbsoluteTime"]}},
        {**request, "StartPosition": {"MostRecent": 1}},
        {**request, "NextToken": page["NextToken"]},
    ]


def disconnect_participant(_, chat):
    return [{"ConnectionToken": chat.token, "ClientToken": CLIENT_TOKEN}]


def start_attachment_upload(_, chat):
    return [
        {
            "ConnectionToken": chat.token,
            "ContentType": "text/plain",
            "AttachmentSizeInBytes": 4,
            "AttachmentName": "boat.txt",
            "ClientToken": CLIENT_TOKEN,
        }
    ]


def complete_attachment_upload(_, chat):
    uploaded = chat.upload("boat.txt", "text/plain", b"boat")
    return [
        {
            "ConnectionToken": chat.token,
            "AttachmentIds": [uploaded],
            "ClientToken": CLIENT_TOKEN,
        }
    ]


def get_attachment(simulator, chat):
    sent = chat.attach("boat.txt", "text/plain", b"boat")
    simulator.advance(1)
    return [
        {
            "ConnectionToken": chat.token,
            "AttachmentId": sent,
            "UrlExpiryInSeconds": 5,
            "UrlContentDisposition": "INLINE",
        }
    ]


def describe_view(_, chat):
    return [{"ConnectionToken": chat.token, "ViewToken": view_token(chat)}]


def view_token(chat):
    """The token of a view that is shown now."""
    item = chat.post("/bot/view", id="form", name="Form")["item"]
    return json.loads(item["Content"])["data"]["content"]["viewToken"]


def session_id(chat):
    """The id of an authentication that begins now."""
    chat.post("/events", name="authentication_initiated")
    return chat.control("GET", "")["authentication_session"]


def get_authentication_url(_, chat):
    redirect = "https://example.com/back"
    session = session_id(chat)
    return [{"ConnectionToken": chat.token, "SessionId": session, "RedirectUri": redirect}]


def cancel_participant_authentication(_, chat):
    return [{"ConnectionToken": chat.token, "SessionId": session_id(chat)}]


MAKERS = {
    "StartChatContact": start_chat_contact,
    "StopContact": stop_contact,
    "CreateParticipant": create_participant,
    "CreatePersistentContactAssociation": create_persistent_contact_association,
    "StartContactStreaming": start_contact_streaming,
    "StopContactStreaming": stop_contact_streaming,
    "UpdateParticipantRoleConfig": update_participant_role_config,
    "CreateParticipantConnection": create_participant_connection,
    "SendMessage": send_message,
    "SendEvent": send_event,
    "GetTranscript": get_transcript,
    "DisconnectParticipant": disconnect_participant,
    "StartAttachmentUpload": start_attachment_upload,
    "CompleteAttachmentUpload": complete_attachment_upload,
    "GetAttachment": get_attachment,
    "DescribeView": describe_view,
    "GetAuthenticationUrl": get_authentication_url,
    "CancelParticipantAuthentication": cancel_participant_authentication,
}


def valid_requests(simulator, operation):
    """Valid requests for an operation, in a chat of their own."""
    chat = None if operation == "StartChatContact" else Chat(simulator).connected()
    return MAKERS[operation](simulator, chat)


def service_of(operation):
    return "connect" if operation in CONNECT else "connectparticipant"
