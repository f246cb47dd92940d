//! Where the crate and the model differ on purpose, and why. What is not here must not differ, and what
//! is here must.

pub(crate) const DIFFERENCES: &[(&str, &[&str])] = &[
    (
        "An empty token would make different requests look like repetitions of one.",
        &[
            "CreateParticipant ClientToken of 0 characters",
            "CreatePersistentContactAssociation ClientToken of 0 characters",
            "DisconnectParticipant ClientToken of 0 characters",
            "SendEvent ClientToken of 0 characters",
            "SendMessage ClientToken of 0 characters",
            "StartChatContact ClientToken of 0 characters",
            "StartContactStreaming ClientToken of 0 characters",
        ],
    ),
    (
        "Always sent, so that a repetition is recognised.",
        &[
            "DisconnectParticipant ClientToken absent",
            "SendMessage ClientToken absent",
        ],
    ),
    (
        "Nothing has an empty id; the model has no least length for this one alone.",
        &["StartChatContact ContactFlowId of 0 characters"],
    ),
    (
        "The model bounds no code; ours is bounded, as all is that is sent.",
        &[
            "StopContact DisconnectReason.Code of 0 characters",
            "StopContact DisconnectReason.Code of 40000 characters",
        ],
    ),
    (
        "The documentation of the operation takes in only a CUSTOM_BOT or, in a call, a \
         CUSTOMER.",
        &[
            "CreateParticipant ParticipantDetails.ParticipantRole = AGENT",
            "CreateParticipant ParticipantDetails.ParticipantRole = SUPERVISOR",
            "CreateParticipant ParticipantDetails.ParticipantRole = SYSTEM",
        ],
    ),
    (
        "A participant without a role or a name is none.",
        &[
            "CreateParticipant ParticipantDetails.DisplayName absent",
            "CreateParticipant ParticipantDetails.ParticipantRole absent",
        ],
    ),
    (
        "Both are needed to continue a past chat.",
        &[
            "StartChatContact PersistentChat.RehydrationType absent",
            "StartChatContact PersistentChat.SourceContactId absent",
        ],
    ),
    (
        "The documentation: the operation acts on WEBSOCKET and CONNECTION_CREDENTIALS \
         alone, and the answer has no member for the others.",
        &[
            "StartChatContact ConnectionTypes[] = AUTHENTICATION_SESSION",
            "StartChatContact ConnectionTypes[] = WEBRTC_CONNECTION",
        ],
    ),
    (
        "Only four timers differ, and the service refuses one that is set twice.",
        &[
            "UpdateParticipantRoleConfig ChannelConfiguration.Chat.ParticipantTimerConfigList of 6 items",
        ],
    ),
    (
        "The answer has no meaning without it.",
        &[
            "CreateParticipant ParticipantCredentials absent answer",
            "CreateParticipant ParticipantCredentials.ParticipantToken absent answer",
            "CreateParticipant ParticipantId absent answer",
            "CreateParticipantConnection ConnectionCredentials.ConnectionToken absent answer",
            "CreateParticipantConnection Websocket.Url absent answer",
            "DescribeView View absent answer",
            "GetAttachment Url absent answer",
            "GetAuthenticationUrl AuthenticationUrl absent answer",
            "SendMessage Id absent answer",
            "StartAttachmentUpload AttachmentId absent answer",
            "StartAttachmentUpload UploadMetadata absent answer",
            "StartAttachmentUpload UploadMetadata.Url absent answer",
            "StartChatContact ConnectionCredentials.ConnectionToken absent answer",
            "StartChatContact ContactId absent answer",
            "StartChatContact ParticipantId absent answer",
            "StartChatContact ParticipantToken absent answer",
            "StartChatContact Websocket.Url absent answer",
        ],
    ),
    ("Only on the WebSocket.", &["ChatItemType MESSAGEMETADATA"]),
    (
        "Named in the documentation of StartChatContact, not among its errors.",
        &["TooManyRequestsException"],
    ),
];
