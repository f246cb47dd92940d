"""Where the simulator differs from the limits of the model on purpose, and why.

A place is an operation, a member and a limit.
"""

DENIED = (403, "AccessDeniedException")

# What has this error, beyond the limit and at it: who is calling comes first, and a text of any
# length that is no token is a stranger's.
DIFFERENT_ERROR = {
    ("*", token, limit): DENIED
    for token in ("ConnectionToken", "ParticipantToken")
    for limit in ("required", "min", "max")
}

# An empty parameter at the end of a path makes another path, which no operation has.
CANNOT_BE_SENT = {("DescribeView", "ViewToken", "min")}

# At the limit, or without a member that the model does not require, these are refused for a reason
# that is none of the model's. The error, and the values that are accepted nevertheless.
REFUSED_FOR_ANOTHER_REASON = {}
# Of these, the text is that of the refusal beyond the limit: one rule covers both.
ONE_RULE = set()


def refused(code, *places, accepted=(), one_rule=False):
    for place in places:
        operation, member, limits = place.split()
        for limit in limits.split("|"):
            REFUSED_FOR_ANOTHER_REASON[(operation, member, limit)] = (code, accepted)
            if one_rule:
                ONE_RULE.add((operation, member, limit))


# There is nothing with such an id.
refused(
    "ResourceNotFoundException",
    "CreateParticipant InstanceId min|max",
    "CreateParticipant ContactId min|max",
    "CreatePersistentContactAssociation InstanceId min|max",
    "CreatePersistentContactAssociation InitialContactId min|max",
    "CreatePersistentContactAssociation SourceContactId min|max",
    "StartChatContact PersistentChat.SourceContactId min|max",
    "StartContactStreaming InstanceId min|max",
    "StartContactStreaming ContactId min|max",
    "StopContact InstanceId min|max",
    "StopContactStreaming InstanceId min|max",
    "StopContactStreaming ContactId min|max",
    "StopContactStreaming StreamingId min|max",
    "UpdateParticipantRoleConfig InstanceId min|max",
    "UpdateParticipantRoleConfig ContactId min|max",
    "DescribeView ViewToken min|max",
)
refused("ContactNotFoundException", "StopContact ContactId min|max")
refused(
    "ValidationException",
    "CompleteAttachmentUpload AttachmentIds.[] min|max",
    "GetAttachment AttachmentId min|max",
    "GetTranscript ContactId min|max",
    "GetTranscript NextToken min|max",
)
# It has a meaning, which such a text does not have.
refused(
    "ValidationException",
    "GetTranscript StartPosition.AbsoluteTime min|max",
    "SendEvent ContentType min|max",
    "SendMessage ContentType min|max",
)
refused("InvalidParameterException", "StartChatContact InitialMessage.ContentType min|max")
refused(
    "InvalidParameterException",
    "StartChatContact SupportedMessagingContentTypes.[] min|max",
    one_rule=True,
)
# The instance is set up so: files of some extensions, and not of any size.
refused("ValidationException", "StartAttachmentUpload AttachmentName min")
refused("ValidationException", "StartAttachmentUpload AttachmentSizeInBytes type")
# An empty id is none, and these are needed, though the model has no least length for them.
refused("InvalidParameterException", "StartChatContact ContactFlowId min", one_rule=True)
refused("InvalidParameterException", "StartContactStreaming ClientToken min", one_rule=True)
# There are two roles with two timers each, and none may be named twice.
refused(
    "InvalidParameterException",
    "UpdateParticipantRoleConfig ChannelConfiguration.Chat.ParticipantTimerConfigList max",
)
# A chat continues a contact in one way or the other: neither can be guessed.
refused(
    "InvalidRequestException",
    "StartChatContact PersistentChat.RehydrationType required",
    "StartChatContact PersistentChat.SourceContactId required",
)
# Other roles are for calls; the reference says so in words.
refused("InvalidRequestException", "CreateParticipant ParticipantDetails.ParticipantRole required")
refused(
    "InvalidRequestException",
    "CreateParticipant ParticipantDetails.ParticipantRole enum",
    accepted=("CUSTOM_BOT",),
)
