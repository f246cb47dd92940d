"""How each error of each operation comes about: for real, or on purpose where it cannot be."""

from peer.chat import START, Chat
from peer.clients import client
from peer.differences import CANNOT_BE_SENT
from peer.limits import changed, example_at, find, members, probes
from peer.pipeline import bytes_of, send_many
from peer.valid_requests import ended, valid_requests

STRANGER = "stranger"
NO_CONTACT = "no-such-contact"

# Errors for which the simulator has no state: a fault answers them. Why, for each.
BROKEN = "the simulator does not break by itself"
UNSIGNED = "signatures are not checked, so that nobody is a stranger to this service"
NO_QUOTA = "the documentation names no quota of this operation"
ONE_REGION = "there is one region"
HAS_PLACE = "a file has its place from the start of its upload on"
BY_FAULT = {
    ("*", "InternalServerException"): BROKEN,
    ("*", "InternalServiceException"): BROKEN,
    ("CreatePersistentContactAssociation", "AccessDeniedException"): UNSIGNED,
    ("UpdateParticipantRoleConfig", "AccessDeniedException"): UNSIGNED,
    ("DescribeView", "ThrottlingException"): NO_QUOTA,
    ("GetAuthenticationUrl", "ThrottlingException"): NO_QUOTA,
    ("CancelParticipantAuthentication", "ThrottlingException"): NO_QUOTA,
    ("StopContact", "InvalidActiveRegionException"): ONE_REGION,
    ("CompleteAttachmentUpload", "ServiceQuotaExceededException"): HAS_PLACE,
}


def by_fault(operation, code):
    return (operation, code) in BY_FAULT or ("*", code) in BY_FAULT


def request(case, operation):
    return valid_requests(case.simulator, operation)[0]


def stranger(case, operation):
    """A token that nobody has been given."""
    valid = request(case, operation)
    name = "ParticipantToken" if "ParticipantToken" in valid else "ConnectionToken"
    return {**valid, name: STRANGER}


def beyond(case, operation, limits):
    """A request that is valid but for one member."""
    valid = request(case, operation)
    shape = case.operation_model(operation).input_shape
    for member in members(shape):
        if member.location == "header" or find(valid, member.path) is None:
            continue
        for probe in probes(member, example_at(valid, member)):
            if (operation, str(member), probe.limit) in CANNOT_BE_SENT:
                continue
            if probe.limit in limits and not probe.allowed and not probe.on_the_wire:
                return changed(valid, probe)
    raise AssertionError(f"{operation} has no limit of {limits}")


def invalid(case, operation):
    return beyond(case, operation, ("min", "max", "enum"))


def malformed(case, operation):
    """A member is missing; of a path, none can be."""
    valid = request(case, operation)
    shape = case.operation_model(operation).input_shape
    for name in shape.required_members:
        if "location" not in shape.members[name].serialization and name in valid:
            return {key: value for key, value in valid.items() if key != name}
    raise AssertionError(f"{operation} requires no member of its body")


def of_unknown_contact(case, operation):
    valid = request(case, operation)
    name = "InitialContactId" if "InitialContactId" in valid else "ContactId"
    return {**valid, name: NO_CONTACT}


def continuing_unknown_contact(case, _):
    link = {"RehydrationType": "FROM_SEGMENT", "SourceContactId": NO_CONTACT}
    return {**START, "PersistentChat": link}


def of_another_instance(case, operation):
    return {**request(case, operation), "InstanceId": "another"}


def of_ended_contact(case, operation):
    return {**request(case, operation), "ContactId": ended(case.simulator)}


def second_streaming(case, operation):
    valid = request(case, operation)
    case.connect.start_contact_streaming(**valid)
    return {**valid, "ClientToken": "another"}


def second_bot(case, operation):
    valid = request(case, operation)
    case.connect.create_participant(**valid)
    return {**valid, "ClientToken": "another"}


def chat_too_many(case, operation):
    """The instance has as many chats as it may have."""
    sender = client("connect", case.crowded.endpoint, validated=False)
    start = case.prepared(sender, operation, {**START, "ClientToken": ""})
    for _ in range(100):
        statuses = send_many(case.crowded.endpoint, [bytes_of(start)] * 100)
        assert set(statuses) == {200}, statuses
    return START


def unknown_view(case, operation):
    return {**request(case, operation), "ViewToken": "no/such+view="}


def completed_again(case, operation):
    valid = request(case, operation)
    case.participant.complete_attachment_upload(**valid)
    return {**valid, "ClientToken": "another"}


def one_file_too_many(case, operation):
    chat = Chat(case.simulator).connected()
    for number in range(35):
        chat.upload(f"{number}.txt", "text/plain", b"x")
    return {**request(case, operation), "ConnectionToken": chat.token}


def receipt_in_company(case, _):
    chat = Chat(case.simulator).connected()
    chat.client.create_participant_connection(
        ParticipantToken=chat.participant_token, ConnectParticipant=True
    )
    said = chat.post("/agent/message", content="Hello")["item"]["Id"]
    seat = chat.post("/seats", display_name="Max", role="SUPERVISOR")["participant_token"]
    chat.client.create_participant_connection(ParticipantToken=seat, ConnectParticipant=True)
    return {
        "ConnectionToken": chat.token,
        "ContentType": "application/vnd.amazonaws.connect.event.message.read",
        "Content": f'{{"messageId":"{said}"}}',
    }


# The request that has the error, by operation and error; for all operations unless one is named.
FOR_REAL = {
    ("*", "ValidationException"): invalid,
    ("*", "AccessDeniedException"): stranger,
    ("*", "InvalidRequestException"): malformed,
    ("*", "InvalidParameterException"): invalid,
    ("*", "ResourceNotFoundException"): of_unknown_contact,
    ("StartChatContact", "ResourceNotFoundException"): continuing_unknown_contact,
    ("StartChatContact", "LimitExceededException"): chat_too_many,
    ("StopContact", "ContactNotFoundException"): of_ended_contact,
    ("StopContact", "ResourceNotFoundException"): of_another_instance,
    ("CreateParticipant", "ServiceQuotaExceededException"): second_bot,
    ("CreateParticipant", "ConflictException"): of_ended_contact,
    ("StartContactStreaming", "LimitExceededException"): second_streaming,
    ("DescribeView", "ResourceNotFoundException"): unknown_view,
    ("SendEvent", "ConflictException"): receipt_in_company,
    ("StartAttachmentUpload", "ServiceQuotaExceededException"): one_file_too_many,
    ("CompleteAttachmentUpload", "ConflictException"): completed_again,
}


def for_real(operation, code):
    return FOR_REAL.get((operation, code)) or FOR_REAL.get(("*", code))
