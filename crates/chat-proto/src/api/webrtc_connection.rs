//! What a call takes: the `WebRTCConnection` in the answer of CreateParticipantConnection.

use std::fmt;

use serde::{Deserialize, Deserializer};

use crate::ids::JoinToken;
use crate::wire::open_enum::open_enum;

/// Lets a participant join a call through a client of Amazon Chime. This crate makes no calls; it
/// passes on what the service answers.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct WebRtcConnection {
    /// Who the participant is in the call.
    pub attendee: Option<Attendee>,
    /// The call.
    pub meeting: Option<WebRtcMeeting>,
}

/// A participant of a call.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct Attendee {
    /// Names the participant in the call.
    pub attendee_id: Option<String>,
    /// Lets the participant in.
    pub join_token: Option<JoinToken>,
}

/// A call.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct WebRtcMeeting {
    /// Names the call, a UUID.
    pub meeting_id: Option<String>,
    /// Where its media is.
    pub media_placement: Option<WebRtcMediaPlacement>,
    /// What it can do.
    pub meeting_features: Option<MeetingFeatures>,
}

/// Where the media of a call is: URLs of 1 to 2000 characters.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct WebRtcMediaPlacement {
    /// The host of the audio.
    pub audio_host_url: Option<String>,
    /// Where to go when that host cannot be reached.
    pub audio_fallback_url: Option<String>,
    /// Where the call is negotiated.
    pub signaling_url: Option<String>,
    /// Where the client reports what happens to it.
    pub event_ingestion_url: Option<String>,
}

impl fmt::Debug for WebRtcMediaPlacement {
    /// URLs stay out of logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebRtcMediaPlacement(REDACTED)")
    }
}

/// What a call can do.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct MeetingFeatures {
    /// What it can do to the audio.
    pub audio: Option<AudioFeatures>,
}

/// What a call can do to its audio.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct AudioFeatures {
    /// Whether echoes can be reduced.
    #[serde(default, deserialize_with = "meeting_feature_status")]
    pub echo_reduction: Option<MeetingFeatureStatus>,
}

open_enum! {
    /// Whether a call has a feature.
    MeetingFeatureStatus {
        /// It has.
        Available = "AVAILABLE",
        /// It has not.
        Unavailable = "UNAVAILABLE",
    }
}

fn meeting_feature_status<'de, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<MeetingFeatureStatus>, D::Error> {
    let text = Option::<String>::deserialize(from)?;
    Ok(text.map(|text| text.as_str().into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_hides_the_join_token_and_the_urls() {
        let connection: WebRtcConnection = serde_json::from_str(
            r#"{"Attendee":{"AttendeeId":"a1","JoinToken":"SECRET"},"Meeting":{"MediaPlacement":
                {"AudioHostUrl":"SECRET"},"MeetingFeatures":{"Audio":{"EchoReduction":"SOON"}}}}"#,
        )
        .unwrap();
        let shown = format!("{connection:?}");
        assert!(!shown.contains("SECRET"), "{shown}");
        let attendee = connection.attendee.unwrap();
        assert_eq!(attendee.join_token.unwrap().expose(), "SECRET");
        let features = connection.meeting.unwrap().meeting_features.unwrap();
        let echo_reduction = features.audio.unwrap().echo_reduction.unwrap();
        assert_eq!(echo_reduction.as_str(), "SOON");
        assert!(
            serde_json::from_str::<WebRtcConnection>(
                r#"{"Meeting":{"MeetingFeatures":
            {"Audio":{}}}}"#
            )
            .is_ok()
        );
    }
}
